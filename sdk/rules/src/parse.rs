//! Text to tree, with the `cel` crate, and where each node of the tree stands.
//!
//! The crate's Pratt parser is fast and says nothing of places, but where it finds a mistake. So a text whose tree does not check is
//! parsed once more with a mistake behind its end: the same tokens get the same numbers, and the mistake brings their places.

use std::cell::OnceCell;
use std::sync::Arc;

use cel::common::ast::{IdedExpr, SourceInfo};
use cel::parser::PrattParser;

/// Longer conditions are refused.
pub(crate) const BYTES_MAX: usize = 8_000;
/// Brackets in brackets that the parser follows.
const RECURSION_MAX: u16 = 48;

/// A text and its tree.
pub(crate) struct Parsed<'c> {
    pub(crate) text: &'c str,
    pub(crate) tree: IdedExpr,
    places: OnceCell<Option<Arc<SourceInfo>>>,
}

/// A text that is no expression: where, and what the parser says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) offset: usize,
    pub(crate) found: String,
    pub(crate) remedy: String,
}

pub(crate) fn parse(text: &str) -> Result<Parsed<'_>, Mistake> {
    if text.trim().is_empty() {
        let (found, remedy) = ("nothing".to_owned(), "write a condition, such as true".to_owned());
        return Err(Mistake { offset: 0, found, remedy });
    }
    if text.len() > BYTES_MAX {
        let found = format!("{} bytes", text.len());
        return Err(Mistake { offset: 0, found, remedy: format!("write at most {BYTES_MAX} bytes: make two rules") });
    }
    if let Some((offset, letter)) = foreign(text) {
        let found = format!("`{}` outside of quotes", letter.escape_default());
        return Err(Mistake { offset, found, remedy: "use plain letters; straight quotes, not curly ones".to_owned() });
    }
    let parser = PrattParser::new().max_recursion_depth(RECURSION_MAX).error_recovery_limit(1);
    match parser.parse(text) {
        Ok(tree) => Ok(Parsed { text, tree, places: OnceCell::new() }),
        Err(errors) => {
            let first = errors.errors.iter().find(|error| error.pos.0 > 0).or(errors.errors.first());
            let (pos, words) = first.map_or(((1, 1), String::new()), |error| (error.pos, error.msg.clone()));
            let words = words.trim_start_matches("Syntax error: ").trim().to_owned();
            Err(Mistake { offset: offset_of(text, pos), found: words, remedy: "correct the expression".to_owned() })
        }
    }
}

impl Parsed<'_> {
    /// Where a node stands, in bytes of the text.
    pub(crate) fn offset(&self, id: u64) -> usize {
        let places = self.places.get_or_init(|| {
            let parser = PrattParser::new().max_recursion_depth(RECURSION_MAX).error_recovery_limit(1);
            let errors = parser.parse(&format!("{} )", self.text)).err()?.errors;
            errors.into_iter().find_map(|error| error.source_info)
        });
        let start = places.as_ref().and_then(|places| places.offset_for(id)).map_or(0, |(start, _)| start);
        usize::try_from(start).unwrap_or(0).min(self.text.len())
    }
}

/// The first character outside of quotes that is not plain: the parser cuts texts by bytes.
fn foreign(text: &str) -> Option<(usize, char)> {
    let mut quote = None;
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match (quote, letter) {
            (Some(_), '\\') => {
                letters.next();
            }
            (Some(open), close) if open == close => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, other) if !other.is_ascii() => return Some((at, other)),
            _ => {}
        }
    }
    None
}

/// The byte of a line and column, both from 1.
fn offset_of(text: &str, (line, column): (isize, isize)) -> usize {
    let line = usize::try_from(line - 1).unwrap_or(0);
    let begin: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    (begin + usize::try_from(column - 1).unwrap_or(0)).min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mistake_has_its_place() {
        for (text, offset) in [("", 0), ("a == ", 5), ("a ==\n  == b", 7), ("a == \u{201c}b\u{201d}", 5), ("a ) b", 2)]
        {
            let mistake = parse(text).err().unwrap();
            assert_eq!(mistake.offset, offset, "{text:?} {mistake:?}");
        }
        assert!(parse(&"(".repeat(5_000)).is_err());
        assert!(parse(&format!("a{}", ".b".repeat(3_900))).is_ok(), "a long chain is the checker's to refuse");
        assert!(parse(&" ".repeat(BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn nodes_have_their_places() {
        let parsed = parse("size(\"é\") == 1 && b").unwrap();
        let cel::common::ast::Expr::Call(call) = &parsed.tree.expr else { panic!() };
        assert_eq!(parsed.offset(call.args[1].id), "size(\"é\") == 1 && ".len());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-z0-9 .,()\\[\\]{}?:!&|=<>+*/%'\"\\\\rbu\u{e9}\u{201c}\n-]{0,80}") {
            if let Ok(parsed) = parse(&text) {
                parsed.offset(1);
            }
        }

        #[test]
        fn nor_do_any_characters(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
