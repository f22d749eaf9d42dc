//! Paths into JSON, as a site's mapping writes them: FHIR resources, and documents of any other shape.
//!
//! `a.b` goes down, through every item of an array; `a[0]` takes one of them; `identifier[type=MR].value` keeps items whose
//! `type` is that text or has that code (several filters hold together); `extension(name)` keeps extensions whose URL is that or ends in it; `[by PATH]` puts items in the order of
//! the whole numbers that the path below each leads to, those without one last; `A|B` takes the first with something; the empty path finds nothing: the interface does not have it.

use claimhost_fhir::{Json, Value};

use crate::mapping::Mapping;

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    name: String,
    filters: Vec<Filter>,
}

/// Which of the items a step keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Filter {
    /// The one at this position, from 0.
    At(usize),
    /// Those whose element has to be this.
    Is(String, String),
    /// All, in the order of a number of theirs.
    By(Path),
}

/// A path of the mapping, compiled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path {
    alternatives: Vec<Vec<Step>>,
}

impl Path {
    /// Reads a path; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return Some(Self::default());
        }
        let alternatives = split(text, '|').into_iter().map(|part| split(part, '.').into_iter().map(step).collect());
        alternatives.collect::<Option<Vec<Vec<Step>>>>().map(|alternatives| Self { alternatives })
    }

    /// Reads the path of a key of the mapping; a path that is none is a problem at its line.
    pub fn of_key(mapping: &mut Mapping<'_>, key: &str, default: &str) -> Self {
        let text = mapping.text(key, default);
        Self::parse(&text).unwrap_or_else(|| {
            mapping.problem(key, "mapping.path", &format!("`{text}`"), "a path such as identifier[type=MR].value");
            Self::default()
        })
    }

    /// Everything the path finds below a value; of alternatives the first that finds something.
    pub fn all<'j, 'a>(&self, json: &'j Json<'a>) -> Vec<&'j Json<'a>> {
        for steps in &self.alternatives {
            let mut found = vec![json];
            for step in steps {
                found = found.into_iter().flat_map(|here| step.below(here)).collect();
            }
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// Whether a value has what the path leads to: with an array that is empty, or filters that keep nothing of it, there is a list of
    /// nothing; `null`, or a name that is not there, is no list at all.
    pub fn is_there(&self, json: &Json<'_>) -> bool {
        if json.items().is_empty() {
            return !is_null(json) && !self.is_none();
        }
        self.alternatives.iter().any(|steps| {
            let mut found = vec![json];
            for step in steps {
                let mut named = found.iter().flat_map(|here| here.items()).filter_map(|item| item.get(&step.name));
                if named.all(is_null) {
                    return false;
                }
                found = found.into_iter().flat_map(|here| step.below(here)).collect();
                if found.is_empty() {
                    return true;
                }
            }
            true
        })
    }

    /// The first of [`Path::all`].
    pub fn first<'j, 'a>(&self, json: &'j Json<'a>) -> Option<&'j Json<'a>> {
        self.all(json).into_iter().next()
    }

    /// The text of the first; empty where there is none. Numbers count as text: some sources write ids so.
    pub fn text(&self, json: &Json<'_>) -> String {
        self.all(json).into_iter().map(plain).find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// Whether the interface has no such element.
    pub fn is_none(&self) -> bool {
        self.alternatives.is_empty()
    }
}

fn is_null(json: &Json<'_>) -> bool {
    matches!(json.value, Value::Null)
}

/// A string, a number, true or false as text.
pub fn plain(json: &Json<'_>) -> String {
    match &json.value {
        Value::Text(text) => text.trim().to_owned(),
        Value::Number(number) => (*number).to_owned(),
        Value::Bool(value) => value.to_string(),
        _ => String::new(),
    }
}

impl Step {
    fn below<'j, 'a>(&self, json: &'j Json<'a>) -> Vec<&'j Json<'a>> {
        let items = json.items().iter().filter_map(|item| item.get(&self.name)).flat_map(Json::items);
        self.filters.iter().fold(items.collect(), |items: Vec<&'j Json<'a>>, filter| match filter {
            Filter::At(position) => items.into_iter().skip(*position).take(1).collect(),
            Filter::Is(name, wanted) => items.into_iter().filter(|item| keeps(item, name, wanted)).collect(),
            Filter::By(path) => {
                let mut items = items;
                items.sort_by_key(|item| path.text(item).parse().unwrap_or(u64::MAX));
                items
            }
        })
    }
}

fn keeps(item: &Json<'_>, name: &str, wanted: &str) -> bool {
    let Some(value) = item.get(name) else { return false };
    if name == "url" {
        let url = value.text().unwrap_or_default();
        return url == wanted || url.strip_suffix(wanted).is_some_and(|rest| rest.ends_with(['/', '#', '-']));
    }
    let is = |text: Option<&str>| text.is_some_and(|text| text.eq_ignore_ascii_case(wanted));
    value.items().iter().any(|value| {
        let codings = value.get("coding").map(Json::items).unwrap_or_default();
        is(Some(plain(value).as_str()))
            || is(value.text_of("code"))
            || codings.iter().any(|coding| is(coding.text_of("code")))
    })
}

/// Splits outside of brackets: filters hold URLs.
fn split(text: &str, at: char) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(|letter: char| {
        depth += i32::from(matches!(letter, '[' | '(')) - i32::from(matches!(letter, ']' | ')'));
        letter == at && depth == 0
    })
    .map(str::trim)
    .collect()
}

fn step(text: &str) -> Option<Step> {
    let name_end = text.find(['[', '(']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(name_end)?;
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return None;
    }
    let mut filters = Vec::new();
    let mut rest = rest;
    while let Some(bracket) = rest.chars().next() {
        let end = rest.find(if bracket == '(' { ')' } else { ']' })?;
        let (inside, after) = (rest.get(1..end)?, rest.get(end + 1..)?);
        filters.push(match (bracket, inside.split_once('='), inside.parse()) {
            ('(', ..) if !inside.is_empty() => Filter::Is("url".to_owned(), inside.to_owned()),
            ('[', Some((name, value)), _) => Filter::Is(name.trim().to_owned(), value.trim().to_owned()),
            ('[', None, Ok(position)) => Filter::At(position),
            ('[', None, _) => Filter::By(Path::parse(inside.strip_prefix("by ")?).filter(|path| !path.is_none())?),
            _ => return None,
        });
        rest = after;
    }
    Some(Step { name: name.to_owned(), filters })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_nothing_is_there_and_no_list_is_not() {
        let path = Path::parse("data.rows[kind=a] | results").unwrap();
        for (text, wanted) in [
            (r#"{"results": []}"#, true),
            (r#"{"results": [1]}"#, true),
            (r#"{"data": {"rows": []}}"#, true),
            (r#"{"data": {"rows": [{"kind": "b"}]}}"#, true),
            (r#"{"data": []}"#, true),
            ("[]", true),
            (r#"{"data": null}"#, false),
            (r#"{"data": {"rows": null}}"#, false),
            (r#"{"data": {}}"#, false),
            (r#"{"error": "x"}"#, false),
            ("{}", false),
            ("null", false),
            ("7", false),
        ] {
            assert_eq!(path.is_there(&Json::parse(text).unwrap()), wanted, "{text}");
        }
        assert!(!Path::default().is_there(&Json::parse("{}").unwrap()));
    }

    #[test]
    fn paths_find_what_they_say() {
        let text = r#"{"identifier":[{"system":"http://a.b/c","value":"1"},{"type":{"coding":[{"code":"MR"}]},"value":"2"}],
            "extension":[{"url":"http://x/modifier-code","extension":[{"url":"code","valueCode":"25"}]}],"n":7,"class":{"code":"AMB"}}"#;
        let json = Json::parse(text).unwrap();
        let find = |path: &str| Path::parse(path).unwrap().text(&json);
        assert_eq!(find("identifier.value"), "1");
        assert_eq!(find("identifier[type=MR].value"), "2");
        assert_eq!(find("identifier[system=http://a.b/c].value"), "1");
        assert_eq!(find("identifier[type=XX].value | n"), "7");
        assert_eq!(find("extension(modifier-code).extension(code).valueCode"), "25");
        assert_eq!(find("identifier[type=MR][0].value"), "2");
        assert_eq!(find("identifier[type=MR][value=1].value"), "");
        assert_eq!(find("identifier[1].value"), "2");
        assert_eq!(find("identifier[2].value"), "");
        assert_eq!(find(""), "");
        let ranked =
            Json::parse(r#"{"m":[{"v":"d"},{"v":"c","p":{"n":10}},{"v":"a","p":{"n":2}},{"v":"b","p":{"n":2}}]}"#)
                .unwrap();
        let all: Vec<String> = Path::parse("m[by p.n].v").unwrap().all(&ranked).into_iter().map(plain).collect();
        assert_eq!(all, ["a", "b", "c", "d"]);
        assert_eq!(Path::parse("identifier.value").unwrap().all(&json).len(), 2);
        for text in ["a..b", "a[b", "a(b", "a[b]", "a-b", "|a", "a()", "a[0]b", "a[by ]", "a[by b..c]"] {
            assert_eq!(Path::parse(text), None, "{text}");
        }
    }
}
