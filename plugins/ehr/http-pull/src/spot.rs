//! Where something stands in an answer: a path, or in XML `//a.b`, which may begin anywhere. A SOAP service names the elements
//! around its result itself, and a mapping need not know them.

use claimhost_fhir::{Json, Value};
use claimhost_sdk::mapping::Mapping;
use claimhost_sdk::path::Path;

/// What stands before a path that may begin anywhere.
const ANYWHERE: &str = "//";

/// A place in an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spot {
    anywhere: bool,
    path: Path,
}

impl Spot {
    /// Reads a text; none where it is no path.
    pub fn parse(text: &str) -> Option<Self> {
        let (anywhere, path) = match text.trim().strip_prefix(ANYWHERE) {
            Some(path) => (true, path),
            None => (false, text),
        };
        let path = Path::parse(path)?;
        (!anywhere || !path.is_none()).then_some(Self { anywhere, path })
    }

    /// Reads a key of the mapping; what is no path is a problem at its line.
    pub fn of_key(mapping: &mut Mapping<'_>, key: &str) -> Self {
        let text = mapping.text(key, "");
        Self::parse(&text).unwrap_or_else(|| {
            mapping.problem(key, "mapping.path", &format!("`{text}`"), "a path such as data.rows, of XML also //Row");
            Self::default()
        })
    }

    /// Whether there is no such place.
    pub fn is_none(&self) -> bool {
        self.path.is_none()
    }

    /// Whether an answer has a list there, or one of nothing.
    pub fn is_there(&self, json: &Json<'_>) -> bool {
        self.anywhere || self.path.is_there(json)
    }

    /// Everything that stands there, in the order of the answer.
    pub fn all<'j, 'a>(&self, json: &'j Json<'a>) -> Vec<&'j Json<'a>> {
        if !self.anywhere {
            return self.path.all(json);
        }
        let mut found = Vec::new();
        self.gather(json, &mut found);
        found
    }

    fn gather<'j, 'a>(&self, json: &'j Json<'a>, found: &mut Vec<&'j Json<'a>>) {
        match &json.value {
            Value::Object(fields) => {
                let here = self.path.all(json);
                let is_end = !here.is_empty();
                found.extend(here);
                if !is_end {
                    fields.iter().for_each(|(_, inner)| self.gather(inner, found));
                }
            }
            Value::Array(items) => items.iter().for_each(|inner| self.gather(inner, found)),
            _ => {}
        }
    }
}

#[test]
fn a_place_is_found_wherever_its_path_begins() {
    let json =
        Json::parse(r#"{"Body":{"Reply":{"Rows":{"Row":[{"ID":"1"},{"ID":"2"}]},"Error":{"IsError":"false"}}}}"#);
    let json = json.unwrap();
    let texts = |path: &str| -> Vec<String> {
        Spot::parse(path).unwrap().all(&json).into_iter().map(claimhost_sdk::path::plain).collect()
    };
    assert_eq!(texts("//Row.ID"), ["1", "2"]);
    assert_eq!(texts("//Error.IsError"), ["false"]);
    assert_eq!(texts("Body.Reply.Rows.Row.ID"), ["1", "2"]);
    assert!(texts("Row.ID").is_empty() && texts("//Nothing").is_empty());
    assert!(Spot::parse("//").is_none() && Spot::parse("//a..b").is_none());
    assert!(Spot::parse("").unwrap().is_none());
}
