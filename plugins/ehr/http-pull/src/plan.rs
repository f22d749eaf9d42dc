//! `[pull]` of a mapping: which requests there are, where items, pages and errors stand in their answers. Keys: `README.md`.

use std::collections::BTreeSet;

use claimhost_sdk::http::{Header, Method};
use claimhost_sdk::intake::Problem;
use claimhost_sdk::mapping::Mapping;
use claimhost_sdk::path::Path;

use crate::moment::minutes;
use crate::spot::Spot;
use crate::template::{Escape, KNOWN, Template, Values};

/// What answers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON of any shape.
    Json,
    /// FHIR R4 in JSON: bundles and resources.
    Fhir,
    /// XML of any shape.
    Xml,
}

/// How the next page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// There is one page.
    None,
    /// An address in the answer.
    Link(Path),
    /// A token in the answer, for `{token}`.
    Token(Path),
    /// `{offset}` or `{page}`, from this number on, until a page has fewer items than its size.
    Count { size: u64, first: u64 },
    /// `{offset}` is the number of items that came, until an answer has none: however few a server gives at once.
    Rows,
    /// The same request until an answer has no items: reading consumes.
    Drain,
}

/// A second pass over a listing: what was read before is asked for again, since who reads consumes, and an answer may be lost.
#[derive(Debug, Clone)]
pub struct Reread {
    pub ask: Ask,
    pub paging: Paging,
}

/// What an answer has to say where it is no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing, or an empty text.
    Empty,
    /// `true`.
    True,
    /// `false`, or nothing.
    False,
    /// Anything but `false`.
    NotFalse,
}

/// One kind of request.
#[derive(Debug, Clone)]
pub struct Ask {
    method: Method,
    path: Template,
    query: Vec<(String, Template)>,
    headers: Vec<(String, Template)>,
    body: Template,
    escape: Escape,
}

/// A request for each item, whose answer belongs to the item's document.
#[derive(Debug, Clone)]
pub struct With {
    /// Its name in the document.
    pub name: String,
    /// The name of the request whose answers it is for; empty: the item.
    pub of: String,
    /// By addresses in the item, as FHIR references have them.
    pub reference: Path,
    /// Else by a path.
    pub ask: Ask,
    /// The items of its answer; none: the whole of it.
    pub items: Spot,
    /// The address of its next page.
    pub next: Path,
    /// 404 and 410 mean that there is none.
    pub optional: bool,
}

/// The whole of it.
#[derive(Debug, Clone)]
pub struct Plan {
    pub format: Format,
    pub list: Ask,
    /// The items of a page; none: the page is one, or the resources of a bundle.
    pub items: Spot,
    /// An answer has an item even where there is nothing: one without is no answer.
    pub never_empty: bool,
    /// A document for each item, not for each page.
    pub per_item: bool,
    pub paging: Paging,
    /// What is asked for again after the listing.
    pub reread: Option<Reread>,
    /// The setting whose values are asked for one after another, as `{each}`.
    pub over: String,
    /// How moments are written.
    pub pattern: String,
    /// Minutes that a listing goes back before the last one began.
    pub overlap: i64,
    /// Minutes of a listing; none: until now.
    pub window: Option<i64>,
    /// What an answer has to say, with the mapping's own words for it.
    pub wanted: Vec<(Spot, Wanted, String)>,
    pub with: Vec<With>,
    /// Names of settings that requests have.
    pub settings: BTreeSet<String>,
}

impl Plan {
    /// Reads a mapping.
    ///
    /// # Errors
    /// Everything that is wrong with it, by line.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let mut mapping = Mapping::parse(text);
        let format = match one_of(&mut mapping, "pull.format", "json", &["json", "fhir", "xml"]).as_str() {
            "fhir" => Format::Fhir,
            "xml" => Format::Xml,
            _ => Format::Json,
        };
        let list = Ask::read(&mut mapping, "pull");
        if list.path.is_empty() {
            mapping.problem("pull.path", "mapping.path", "no path", "the path of the list, below the site's base_url");
        }
        // Of FHIR, the resources of the bundle are meant.
        let fhir = format == Format::Fhir;
        let items = if fhir { Spot::default() } else { Spot::of_key(&mut mapping, "pull.items") };
        let never_empty = one_of(&mut mapping, "pull.never_empty", "no", &["yes", "no"]) == "yes";
        let documents = one_of(&mut mapping, "pull.documents", "page", &["page", "item"]);
        let paging = paging(&mut mapping, "pull.paging", format);
        let reread = reread(&mut mapping, &list, format);
        let over = mapping.text("pull.over", "");
        let pattern = mapping.text("pull.since.format", "YYYY-MM-DD");
        let overlap = time(&mut mapping, "pull.since.overlap", "1h").unwrap_or(0);
        let window = time(&mut mapping, "pull.since.window", "");
        if window == Some(0) {
            mapping.problem("pull.since.window", "mapping.time", "no time", "a time such as 30d");
        }
        let wanted = wanted(&mut mapping);
        let count = mapping.array("pull.with");
        let with: Vec<With> =
            (0..count).map(|at| With::read(&mut mapping, &format!("pull.with.{at}"), format)).collect();
        if (reread.is_some() || !over.is_empty()) && window.is_some() || reread.is_some() && !over.is_empty() {
            let found = "more than one of since.window, reread and over";
            mapping.problem("pull.over", "mapping.passes", found, "one of them");
        }
        for (at, one) in with.iter().enumerate() {
            if !one.of.is_empty() && !with.iter().take(at).any(|other| other.name == one.of) {
                let key = format!("pull.with.{at}.of");
                mapping.problem(&key, "mapping.with", &format!("`{}`", one.of), "the name of a request before it");
            }
            // In XML it is the name of an element.
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
            if format == Format::Xml && !one.name.chars().all(is_name) {
                let key = format!("pull.with.{at}.name");
                mapping.problem(&key, "mapping.with", &format!("`{}`", one.name), "letters, digits, `-` and `_`");
            }
        }
        if documents == "page" && !with.is_empty() {
            mapping.problem(
                "pull.documents",
                "mapping.documents",
                "a document a page, with requests for items",
                "item",
            );
        }
        let (mut settings, mut secrets) = (BTreeSet::new(), BTreeSet::new());
        let again = reread.iter().map(|reread| &reread.ask);
        for ask in std::iter::once(&list).chain(again).chain(with.iter().map(|with| &with.ask)) {
            ask.names(&mut settings, &mut secrets);
        }
        if !over.is_empty() {
            settings.insert(over.clone());
        }
        mapping.finish()?;
        let per_item = documents == "item";
        Ok(Self {
            format,
            list,
            items,
            never_empty,
            per_item,
            paging,
            reread,
            over,
            pattern,
            overlap,
            window,
            wanted,
            with,
            settings,
        })
    }
}

fn one_of(mapping: &mut Mapping<'_>, key: &str, default: &str, known: &[&str]) -> String {
    let word = mapping.text(key, default);
    if !known.contains(&word.as_str()) {
        mapping.problem(key, "mapping.word", &format!("`{word}`"), &known.join(" or "));
    }
    word
}

fn time(mapping: &mut Mapping<'_>, key: &str, default: &str) -> Option<i64> {
    let text = mapping.text(key, default);
    if text.is_empty() {
        return None;
    }
    let time = minutes(&text);
    if time.is_none() {
        mapping.problem(key, "mapping.time", &format!("`{text}`"), "a number and m, h or d, such as 1d");
    }
    time
}

fn number(mapping: &mut Mapping<'_>, key: &str, default: &str) -> u64 {
    let text = mapping.text(key, default);
    text.trim().parse().unwrap_or_else(|_| {
        mapping.problem(key, "mapping.number", &format!("`{text}`"), "a number in quotes");
        0
    })
}

fn paging(mapping: &mut Mapping<'_>, key: &str, format: Format) -> Paging {
    let fhir = format == Format::Fhir;
    let kinds = ["none", "link", "token", "count", "rows", "drain"];
    let kind = one_of(mapping, &format!("{key}.by"), if fhir { "link" } else { "none" }, &kinds);
    let next = Path::of_key(mapping, &format!("{key}.next"), if fhir { "link[relation=next].url" } else { "" });
    let size = number(mapping, &format!("{key}.size"), "100");
    let first = number(mapping, &format!("{key}.first"), "0");
    if matches!(kind.as_str(), "link" | "token") && next.is_none() {
        mapping.problem(&format!("{key}.next"), "mapping.path", "no path", "where the answer has the next page");
    }
    if kind == "count" && size == 0 {
        mapping.problem(&format!("{key}.size"), "mapping.number", "0", "the items of a full page");
    }
    match kind.as_str() {
        "link" => Paging::Link(next),
        "token" => Paging::Token(next),
        "count" => Paging::Count { size, first },
        "rows" => Paging::Rows,
        "drain" => Paging::Drain,
        _ => Paging::None,
    }
}

/// `[pull.reread]`: its query is laid over that of the list; paging is its own.
fn reread(mapping: &mut Mapping<'_>, list: &Ask, format: Format) -> Option<Reread> {
    let own = templates(mapping, "pull.reread.query");
    let paging = paging(mapping, "pull.reread.paging", format);
    if own.is_empty() {
        return None;
    }
    let kept = list.query.iter().filter(|(name, _)| !own.iter().any(|(other, _)| other == name)).cloned();
    let query = kept.chain(own.iter().cloned()).filter(|(_, template)| !template.is_empty()).collect();
    Some(Reread { ask: Ask { query, ..list.clone() }, paging })
}

fn wanted(mapping: &mut Mapping<'_>) -> Vec<(Spot, Wanted, String)> {
    let mut all = Vec::new();
    let kinds = [
        ("empty", Wanted::Empty),
        ("is_true", Wanted::True),
        ("is_false", Wanted::False),
        ("not_false", Wanted::NotFalse),
    ];
    for (name, wanted) in kinds {
        let key = format!("pull.errors.{name}");
        for text in mapping.list(&key, &[]) {
            match Spot::parse(&text) {
                Some(path) => all.push((path, wanted, text)),
                None => mapping.problem(&key, "mapping.path", &format!("`{text}`"), "a path such as Response.IsError"),
            }
        }
    }
    all
}

impl With {
    fn read(mapping: &mut Mapping<'_>, key: &str, format: Format) -> Self {
        let fhir = format == Format::Fhir;
        let name = mapping.text(&format!("{key}.name"), "");
        let of = mapping.text(&format!("{key}.of"), "");
        let reference = Path::of_key(mapping, &format!("{key}.reference"), "");
        let ask = Ask::read(mapping, key);
        if reference.is_none() == ask.path.is_empty() {
            mapping.problem(&format!("{key}.name"), "mapping.with", "both or neither", "one of path and reference");
        }
        let items = if fhir { Spot::default() } else { Spot::of_key(mapping, &format!("{key}.items")) };
        let next = Path::of_key(mapping, &format!("{key}.next"), if fhir { "link[relation=next].url" } else { "" });
        let optional = one_of(mapping, &format!("{key}.optional"), "no", &["yes", "no"]) == "yes";
        Self { name, of, reference, ask, items, next, optional }
    }
}

impl Ask {
    fn read(mapping: &mut Mapping<'_>, key: &str) -> Self {
        let method = match one_of(mapping, &format!("{key}.method"), "get", &["get", "post"]).as_str() {
            "post" => Method::Post,
            _ => Method::Get,
        };
        let path = template(mapping, &format!("{key}.path"), "");
        let body = mapping.text(&format!("{key}.body"), "");
        let escape = match body.trim_start().as_bytes().first() {
            Some(b'<') => Escape::Xml,
            Some(b'{' | b'[') => Escape::Json,
            _ => Escape::Component,
        };
        let body = template(mapping, &format!("{key}.body"), "");
        // A site leaves out a parameter of the plugin's by an empty text.
        let mut query = templates(mapping, &format!("{key}.query"));
        query.retain(|(_, template)| !template.is_empty());
        let headers = templates(mapping, &format!("{key}.headers"));
        Self { method, path, query, headers, body, escape }
    }

    fn names(&self, settings: &mut BTreeSet<String>, secrets: &mut BTreeSet<String>) {
        let named = self.query.iter().chain(&self.headers).map(|(_, template)| template);
        for template in named.chain([&self.path, &self.body]) {
            template.names(settings, secrets);
        }
    }

    /// The request with values. None where its path lacks one, or the body of a request for an item, or what a parameter of one wants of
    /// the item: there is nothing to ask for, and asked without it a server answers with everybody's.
    pub fn request(&self, values: &Values<'_, '_>) -> Option<claimhost_sdk::http::Request> {
        let path = self.path.fill(values, Escape::Component);
        if path.lacks || values.item.is_some() && self.body.fill(values, self.escape).lacks {
            return None;
        }
        let mut url = path.text;
        for (name, template) in &self.query {
            let value = template.fill(values, Escape::Component);
            if value.lacks && values.item.is_some() && template.is_of_item() {
                return None;
            }
            // Any other parameter without its value is left out: the first page has no token, the first listing no since.
            if !value.lacks {
                url.push(if url.contains('?') { '&' } else { '?' });
                url.push_str(name);
                url.push('=');
                url.push_str(&value.text);
            }
        }
        Some(self.at(url, values))
    }

    /// The same with an address that the server gave: a page that follows.
    pub fn at(&self, url: String, values: &Values<'_, '_>) -> claimhost_sdk::http::Request {
        let (mut settings, mut secrets) = (BTreeSet::new(), BTreeSet::new());
        self.names(&mut settings, &mut secrets);
        let header = |(name, template): &(String, Template)| Header {
            name: name.clone(),
            value: template.fill(values, Escape::Plain).text,
        };
        claimhost_sdk::http::Request {
            method: self.method,
            url,
            headers: self.headers.iter().map(header).collect(),
            body: self.body.fill(values, self.escape).text.into_bytes(),
            secrets: secrets.into_iter().collect(),
        }
    }
}

fn template(mapping: &mut Mapping<'_>, key: &str, default: &str) -> Template {
    let text = mapping.text(key, default);
    parsed(mapping, key, &text)
}

fn templates(mapping: &mut Mapping<'_>, key: &str) -> Vec<(String, Template)> {
    let table = mapping.table(key, &[]);
    table
        .into_iter()
        .map(|(name, text)| {
            let template = parsed(mapping, &format!("{key}.{name}"), &text);
            (name, template)
        })
        .collect()
}

fn parsed(mapping: &mut Mapping<'_>, key: &str, text: &str) -> Template {
    Template::parse(text).unwrap_or_else(|word| {
        mapping.problem(key, "mapping.placeholder", &format!("`{{{word}}}`"), KNOWN);
        Template::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_mapping_is_named_at_its_line() {
        for (text, id) in [
            ("", "mapping.path"),
            ("[pull]\npath = \"/x\"\nformat = \"yaml\"\n", "mapping.word"),
            ("[pull]\npath = \"/x?since={sinse}\"\n", "mapping.placeholder"),
            ("[pull]\npath = \"/x\"\n[pull.paging]\nby = \"token\"\n", "mapping.path"),
            ("[pull]\npath = \"/x\"\n[pull.since]\noverlap = \"soon\"\n", "mapping.time"),
            ("[pull]\npath = \"/x\"\n[[pull.with]]\nname = \"a\"\npath = \"/y\"\n", "mapping.documents"),
            ("[pull]\npath = \"/x\"\ndocuments = \"item\"\n[[pull.with]]\nname = \"a\"\n", "mapping.with"),
            (
                "[pull]\npath = \"/x\"\ndocuments = \"item\"\n[[pull.with]]\nname = \"a\"\npath = \"/y\"\nitmes = \"b\"\n",
                "mapping.unknown-key",
            ),
            ("[pull]\npath = \"/x\"\nwith = \"a\"\n", "mapping.type"),
            ("[pull]\npath = \"/x\"\nitmes = \"a\"\n", "mapping.unknown-key"),
            (
                "[pull]\npath = \"/x\"\nformat = \"xml\"\ndocuments = \"item\"\n[[pull.with]]\nname = \"a b\"\npath = \"/y\"\n",
                "mapping.with",
            ),
            (
                "[pull]\npath = \"/x\"\ndocuments = \"item\"\n[[pull.with]]\nname = \"a\"\npath = \"/y\"\nof = \"b\"\n",
                "mapping.with",
            ),
            ("[pull]\npath = \"/{each}\"\nover = \"ids\"\n[pull.since]\nwindow = \"1d\"\n", "mapping.passes"),
        ] {
            let problems = Plan::parse(text).unwrap_err();
            assert!(problems.iter().any(|problem| problem.id == id), "{text}: {problems:?}");
        }
    }

    #[test]
    fn fhir_has_its_own_defaults() {
        let plan = Plan::parse("[pull]\nformat = \"fhir\"\npath = \"/Encounter\"\n").unwrap();
        assert!(matches!(plan.paging, Paging::Link(_)) && plan.items.is_none());
    }
}
