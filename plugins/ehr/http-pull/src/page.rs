//! An answer, read: whether it is an error, its items as pieces of its text, and what leads to the next page.

use claimhost_fhir::json::Parser;
use claimhost_fhir::{Json, Value};
use claimhost_sdk::intake::{Place, Problem};
use claimhost_sdk::path::plain;
use claimhost_sdk::xml;

use crate::plan::{Format, Wanted};
use crate::spot::Spot;

/// An answer as a text.
pub fn text(body: Vec<u8>) -> Result<String, Box<Problem>> {
    let text = String::from_utf8(body).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        malformed(at, "a byte that is no UTF-8", "UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Its tree.
pub fn tree(text: &str, format: Format) -> Result<Json<'_>, Box<Problem>> {
    match format {
        Format::Xml => xml::parse(text).map_err(|(at, found)| malformed(at, found, "well-formed XML")),
        Format::Json | Format::Fhir => {
            Json::parse(text).map_err(|error| malformed(error.at, error.found, error.expected))
        }
    }
}

/// An answer that is none.
pub fn malformed(at: usize, found: &str, expected: &str) -> Box<Problem> {
    Box::new(Problem {
        id: "pull.malformed".to_owned(),
        at: Place { path: "answer".to_owned(), offset: u32::try_from(at).ok() },
        found: found.to_owned(),
        expected: expected.to_owned(),
        remedy: "look at base_url and `pull.format`: a page for people is no answer of an API".to_owned(),
    })
}

/// What an answer has to have, so that one without items says that there are none: a list where `path` leads, a FHIR bundle.
///
/// Of XML an empty list and one that is not there look alike: there the mapping's `errors` tell.
pub fn is_list(tree: &Json<'_>, path: &Spot, format: Format) -> Result<(), Box<Problem>> {
    let (found, expected) = match format {
        Format::Fhir if tree.text_of("resourceType") != Some("Bundle") => ("something else", "a FHIR Bundle"),
        Format::Json if !path.is_none() && !path.is_there(tree) => {
            ("no list", "a list where `items` leads, or an empty one")
        }
        _ => return Ok(()),
    };
    Err(malformed(tree.at, found, expected))
}

/// What an answer for one item has to be: a list where the mapping names one, a FHIR resource.
pub fn is_answer(tree: &Json<'_>, path: &Spot, format: Format) -> Result<(), Box<Problem>> {
    match format {
        Format::Fhir if tree.text_of("resourceType").is_none() => {
            Err(malformed(tree.at, "something else", "a FHIR resource"))
        }
        Format::Fhir => Ok(()),
        Format::Json | Format::Xml => is_list(tree, path, format),
    }
}

/// An error that came with status 200: what the mapping says, and of FHIR an outcome that is one.
pub fn error_in(tree: &Json<'_>, wanted: &[(Spot, Wanted, String)], format: Format) -> Option<Problem> {
    if format == Format::Fhir && outcomes(tree).any(|outcome| is_failure(outcome)) {
        return Some(told("OperationOutcome.issue.severity", "neither error nor fatal"));
    }
    let fails = |(path, wanted, _): &&(Spot, Wanted, String)| {
        let all = path.all(tree);
        let says = |word: &str| all.iter().any(|json| plain(json).eq_ignore_ascii_case(word));
        match wanted {
            Wanted::Empty => all.iter().any(|json| !is_empty(json)),
            Wanted::True => !says("true"),
            Wanted::False => says("true"),
            Wanted::NotFalse => says("false"),
        }
    };
    let (_, wanted, words) = wanted.iter().find(fails)?;
    Some(told(
        words,
        match wanted {
            Wanted::Empty => "nothing there",
            Wanted::True => "true",
            Wanted::False => "false",
            Wanted::NotFalse => "true, or nothing",
        },
    ))
}

fn told(path: &str, expected: &str) -> Problem {
    Problem {
        id: "pull.error-in-answer".to_owned(),
        at: Place { path: path.to_owned(), offset: None },
        found: "an error of the server, in an answer with status 200".to_owned(),
        expected: expected.to_owned(),
        remedy: "it is asked again in the next turn; if it is always so, ask the EHR's support what the request lacks"
            .to_owned(),
    }
}

/// The outcome that an answer is, or those that a bundle has.
fn outcomes<'j, 'a>(tree: &'j Json<'a>) -> impl Iterator<Item = &'j Json<'a>> {
    let is_bundle = tree.text_of("resourceType") == Some("Bundle");
    let entries = tree.get("entry").filter(|_| is_bundle).map(Json::items).unwrap_or_default().iter();
    std::iter::once(tree)
        .chain(entries.filter_map(|entry| entry.get("resource")))
        .filter(|resource| is_outcome(resource))
}

/// FHIR R4, OperationOutcome.issue.severity: these two say that the request was not done.
fn is_failure(outcome: &Json<'_>) -> bool {
    let issues = outcome.get("issue").map(Json::items).unwrap_or_default();
    issues.iter().any(|issue| matches!(issue.text_of("severity"), Some("error" | "fatal")))
}

fn is_outcome(resource: &Json<'_>) -> bool {
    resource.text_of("resourceType") == Some("OperationOutcome")
}

fn is_empty(json: &Json<'_>) -> bool {
    match &json.value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => plain(json).is_empty(),
    }
}

/// Where an item stands in the text of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub from: usize,
    pub to: usize,
    /// `fullUrl` of a FHIR resource; empty: the answer has none.
    pub url: String,
}

impl Piece {
    /// Its text.
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.from..self.to).unwrap_or_default()
    }
}

/// The items of an answer. Of FHIR: the resources of a bundle, or the resource itself, without outcomes of a search.
pub fn items(text: &str, tree: &Json<'_>, path: &Spot, format: Format) -> Vec<Piece> {
    let piece =
        |item: &Json<'_>, url: &str| Piece { from: item.at, to: end(text, item.at, format), url: url.to_owned() };
    match format {
        Format::Fhir if tree.text_of("resourceType") == Some("Bundle") => {
            let entries = tree.get("entry").map(Json::items).unwrap_or_default().iter();
            let resources = entries.filter_map(|entry| Some((entry.get("resource")?, entry.text_of("fullUrl"))));
            let kept = resources.filter(|(resource, _)| !is_outcome(resource));
            kept.map(|(resource, url)| piece(resource, url.unwrap_or_default())).collect()
        }
        Format::Fhir if is_outcome(tree) => Vec::new(),
        Format::Fhir => vec![piece(tree, "")],
        Format::Json | Format::Xml => {
            let found = if path.is_none() { vec![tree] } else { path.all(tree) };
            let found = found.into_iter().filter(|item| !matches!(item.value, Value::Null));
            found.map(|item| piece(item, "")).collect()
        }
    }
}

/// Where the value that begins here ends.
fn end(text: &str, at: usize, format: Format) -> usize {
    if format == Format::Xml {
        return element_end(text, at).unwrap_or(text.len());
    }
    let mut parser = Parser::new(text, at);
    match parser.skip() {
        Ok(()) => parser.offset(),
        Err(_) => text.len(),
    }
}

/// Where the element of well-formed XML that begins here ends: tags are counted, comments and CDATA are passed over.
fn element_end(text: &str, from: usize) -> Option<usize> {
    let (mut at, mut depth) = (from, 0_usize);
    loop {
        let open = at + text.get(at..)?.find('<')?;
        let rest = text.get(open..)?;
        let marks = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
        if let Some((_, close)) = marks.iter().find(|(begin, _)| rest.starts_with(begin)) {
            at = open + rest.find(close)? + close.len();
            continue;
        }
        let end = tag_end(rest)?;
        at = open + end;
        if rest.starts_with("</") {
            depth = depth.checked_sub(1)?;
        } else if !rest.get(..end)?.ends_with("/>") {
            depth += 1;
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Where a tag ends: behind its `>`, which may stand in a value in quotes too.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, letter) in tag.char_indices() {
        match (quote, letter) {
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), letter) if open == letter => quote = None,
            (None, '>') => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// A status that is no answer.
pub fn refused(status: u16, what: &str) -> Problem {
    Problem {
        id: "pull.status".to_owned(),
        at: Place { path: what.to_owned(), offset: None },
        found: format!("status {status}"),
        expected: "status 200".to_owned(),
        remedy: match status {
            403 => "ask the EHR for the right to read this: a scope or a role is missing",
            404 => "correct base_url or the path in the mapping",
            _ => "correct the request in the mapping, or a setting of the site",
        }
        .to_owned(),
    }
}

/// The problem of one item's answer, with its place in the listing and what to do about it.
pub fn of_item(mut problem: Box<Problem>, place: &str) -> Box<Problem> {
    problem.at.path = format!("{place}: {}", problem.at.path);
    problem.remedy = "the source waits at this item: look at it in the EHR, by its place in the list, and ask the EHR's support why \
                      it is answered so; correct the request in the mapping where all are"
        .to_owned();
    problem
}

/// No item of a page was answered.
pub fn all_refused(name: &str, items: usize) -> Problem {
    Problem {
        id: "pull.status".to_owned(),
        at: Place { path: format!("[[pull.with]] {name}"), offset: None },
        found: format!("status 403, 404 or 410 for all {items} addresses of a page"),
        expected: "an answer for some of them".to_owned(),
        remedy: "ask the EHR for the right to read these: a scope or a role is missing; or correct the path in the mapping, \
                 or grant the host that the items name with `claimhost plugin add`"
            .to_owned(),
    }
}

#[test]
fn elements_of_xml_are_cut_out_as_they_stand() {
    let text = "<?xml version=\"1.0\"?><s:E a='>'><Rows><!-- <Row> --><b:Row x=\"a>b\"><ID>1</ID><Row/></b:Row><b:Row><![CDATA[</b:Row>]]></b:Row>\n \
                <b:Row/></Rows></s:E>";
    let tree = tree(text, Format::Xml).unwrap();
    let pieces = |path: &str| -> Vec<&str> {
        items(text, &tree, &Spot::parse(path).unwrap(), Format::Xml).iter().map(|piece| piece.text(text)).collect()
    };
    let rows = ["<b:Row x=\"a>b\"><ID>1</ID><Row/></b:Row>", "<b:Row><![CDATA[</b:Row>]]></b:Row>", "<b:Row/>"];
    assert_eq!(pieces("//Rows.Row"), rows);
    assert_eq!(pieces("Rows.Row"), rows);
    assert!(pieces("")[0].starts_with("<s:E") && pieces("")[0].ends_with("</s:E>"));
}
