//! Texts of requests with placeholders: `{since}`, `{until}`, `{now}`, `{token}`, `{offset}`, `{limit}`, `{page}`, `{each}`, `{setting.NAME}`,
//! `{secret.NAME}`, `{item.PATH}`, `{id.PATH}` (what follows the last `/` of a reference), `{day.PATH}` (the day of a time stamp). Other braces stay as they are: bodies are JSON.

use std::collections::BTreeSet;

use claimhost_fhir::Json;
use claimhost_sdk::path::Path;

/// What can stand in braces, for messages.
pub const KNOWN: &str =
    "since, until, now, token, offset, limit, page, each, setting.NAME, secret.NAME, item.PATH, id.PATH, day.PATH";

/// A text with its placeholders.
#[derive(Debug, Clone, Default)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Since,
    Until,
    Now,
    Token,
    Offset,
    Limit,
    Page,
    Each,
    Setting(String),
    Secret(String),
    Item(Path),
    Id(Path),
    Day(Path),
}

/// How values are written where they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// A header.
    Plain,
    /// A part of an address, or a form.
    Component,
    /// An XML body.
    Xml,
    /// A JSON body.
    Json,
}

/// What placeholders stand for.
pub struct Values<'v, 'a> {
    /// Formatted; empty: there is none.
    pub since: String,
    /// The end of the window.
    pub until: String,
    /// The host's clock.
    pub now: String,
    /// What the last page gave for the next.
    pub token: &'v str,
    /// Items before this page.
    pub offset: u64,
    /// Items of a page.
    pub limit: u64,
    /// Number of this page.
    pub page: u64,
    /// The value of `over` that is asked for.
    pub each: &'v str,
    /// Settings of the site.
    pub settings: &'v [(String, String)],
    /// The item that a request is for.
    pub item: Option<&'v Json<'a>>,
}

/// A text that was filled.
pub struct Filled {
    /// The text.
    pub text: String,
    /// A placeholder stood for nothing.
    pub lacks: bool,
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// What stands in braces and is no placeholder.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some(open) = rest.find('{') {
            let (before, from) = rest.split_at(open);
            parts.push(Part::Text(before.to_owned()));
            let word = from.get(1..).and_then(|inner| inner.split_once('}')).map(|(word, _)| word);
            let looks = |word: &&str| {
                word.starts_with(|first: char| first.is_ascii_lowercase()) && !word.contains([':', '"', '{', '\n'])
            };
            match word.filter(looks) {
                Some(word) => {
                    parts.push(Part::parse(word).ok_or_else(|| word.to_owned())?);
                    rest = from.get(word.len() + 2..).unwrap_or_default();
                }
                None => {
                    parts.push(Part::Text("{".to_owned()));
                    rest = from.get(1..).unwrap_or_default();
                }
            }
        }
        parts.push(Part::Text(rest.to_owned()));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(Self { parts })
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether something of the item has to stand in it.
    pub fn is_of_item(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Item(_) | Part::Id(_) | Part::Day(_)))
    }

    /// Adds the names of settings and secrets that it has.
    pub fn names(&self, settings: &mut BTreeSet<String>, secrets: &mut BTreeSet<String>) {
        for part in &self.parts {
            match part {
                Part::Setting(name) => settings.insert(name.clone()),
                Part::Secret(name) => secrets.insert(name.clone()),
                _ => false,
            };
        }
    }

    /// Writes it with values.
    pub fn fill(&self, values: &Values<'_, '_>, escape: Escape) -> Filled {
        let (mut text, mut lacks) = (String::new(), false);
        for part in &self.parts {
            let value = match part {
                Part::Text(plain) => {
                    text.push_str(plain);
                    continue;
                }
                // The host fills it in, and escapes it: it is no value of ours.
                Part::Secret(name) => {
                    text.push_str(&format!("{{{{secret.{name}}}}}"));
                    continue;
                }
                Part::Since => values.since.clone(),
                Part::Until => values.until.clone(),
                Part::Now => values.now.clone(),
                Part::Token => values.token.to_owned(),
                Part::Offset => values.offset.to_string(),
                Part::Limit => values.limit.to_string(),
                Part::Page => values.page.to_string(),
                Part::Each => values.each.to_owned(),
                Part::Setting(name) => values
                    .settings
                    .iter()
                    .find(|(known, _)| known == name)
                    .map(|(_, value)| value.clone())
                    .unwrap_or_default(),
                Part::Item(path) => values.item.map(|item| path.text(item)).unwrap_or_default(),
                Part::Day(path) => {
                    let text = values.item.map(|item| path.text(item)).unwrap_or_default();
                    text.split('T').next().unwrap_or_default().to_owned()
                }
                Part::Id(path) => {
                    let reference = values.item.map(|item| path.text(item)).unwrap_or_default();
                    reference.rsplit_once('/').map_or(reference.clone(), |(_, id)| id.to_owned())
                }
            };
            lacks |= value.is_empty();
            write(&mut text, &value, escape);
        }
        Filled { text, lacks }
    }
}

impl Part {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "since" => Self::Since,
            "until" => Self::Until,
            "now" => Self::Now,
            "token" => Self::Token,
            "offset" => Self::Offset,
            "limit" => Self::Limit,
            "page" => Self::Page,
            "each" => Self::Each,
            other => match other.split_once('.')? {
                ("setting", name) if !name.is_empty() => Self::Setting(name.to_owned()),
                ("secret", name) if !name.is_empty() => Self::Secret(name.to_owned()),
                ("item", path) if !path.is_empty() => Self::Item(Path::parse(path)?),
                ("id", path) if !path.is_empty() => Self::Id(Path::parse(path)?),
                ("day", path) if !path.is_empty() => Self::Day(Path::parse(path)?),
                _ => return None,
            },
        })
    }
}

fn write(out: &mut String, value: &str, escape: Escape) {
    match escape {
        Escape::Plain => out.extend(value.chars().filter(|letter| !letter.is_control())),
        Escape::Component => {
            for byte in value.bytes() {
                // RFC 3986, unreserved.
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
                    _ => out.push_str(&format!("%{byte:02X}")),
                }
            }
        }
        Escape::Xml => {
            for letter in value.chars() {
                match letter {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '"' => out.push_str("&quot;"),
                    '\'' => out.push_str("&apos;"),
                    other => out.push(other),
                }
            }
        }
        Escape::Json => quote(out, value),
    }
}

/// The inside of a JSON text (RFC 8259, 7).
pub fn quote(out: &mut String, value: &str) {
    for letter in value.chars() {
        match letter {
            '"' | '\\' => {
                out.push('\\');
                out.push(letter);
            }
            letter if letter < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<'v, 'a>(item: Option<&'v Json<'a>>, settings: &'v [(String, String)]) -> Values<'v, 'a> {
        Values {
            since: "2026-03-02".to_owned(),
            until: String::new(),
            now: String::new(),
            token: "a b&c",
            offset: 40,
            limit: 20,
            page: 3,
            each: "97|1",
            settings,
            item,
        }
    }

    #[test]
    fn values_are_written_as_their_place_wants_it() {
        let item = Json::parse(
            r#"{"id": 7, "name": "O'Hara <x>", "ref": "https://a/Patient/p|9", "at": "2026-03-02T16:00:00Z"}"#,
        )
        .unwrap();
        let settings = [("office".to_owned(), "N\"1".to_owned())];
        let all = values(Some(&item), &settings);
        for (text, escape, wanted, lacks) in [
            ("/x/{item.id}?t={token}", Escape::Component, "/x/7?t=a%20b%26c", false),
            ("<a>{item.name}</a>", Escape::Xml, "<a>O&apos;Hara &lt;x&gt;</a>", false),
            (r#"{"o":"{setting.office}","n":{offset}}"#, Escape::Json, r#"{"o":"N\"1","n":40}"#, false),
            ("{page}/{limit}", Escape::Plain, "3/20", false),
            ("?_id={each}", Escape::Component, "?_id=97%7C1", false),
            ("gt{until}", Escape::Component, "gt", true),
            ("{item.none}", Escape::Component, "", true),
            ("?p={id.ref}", Escape::Component, "?p=p%7C9", false),
            ("{id.id}", Escape::Component, "7", false),
            ("{day.at}", Escape::Component, "2026-03-02", false),
            ("{day.none}", Escape::Component, "", true),
            ("<k>{secret.key}</k>", Escape::Xml, "<k>{{secret.key}}</k>", false),
        ] {
            let filled = Template::parse(text).unwrap().fill(&all, escape);
            assert_eq!((filled.text.as_str(), filled.lacks), (wanted, lacks), "{text}");
        }
    }

    #[test]
    fn a_word_in_braces_that_is_none_is_told() {
        for text in ["/x?since={sinse}", "{setting.}", "{item}", "{other.x}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
        let template = Template::parse("{\"a\": {\"b\": 1}}").unwrap();
        assert_eq!(template.fill(&values(None, &[]), Escape::Json).text, "{\"a\": {\"b\": 1}}");
    }
}
