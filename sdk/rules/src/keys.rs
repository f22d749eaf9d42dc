//! Reads the keys of one TOML table: each once, by kind; what nobody asked for is a problem with the nearest known key.

use std::ops::Range;

use claimhost_sdk::review::Severity;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::problem::{Problems, meant};
use crate::value::number_of;

/// A text and where its string stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Text {
    pub(crate) value: String,
    pub(crate) span: Range<usize>,
}

/// The keys of one table.
pub(crate) struct Keys<'k, 'd, 'p, 't> {
    table: &'k DeTable<'d>,
    /// `rule "x"`
    of: String,
    offset: usize,
    known: Vec<&'static str>,
    pub(crate) problems: &'p mut Problems<'t>,
}

impl<'k, 'd, 'p, 't> Keys<'k, 'd, 'p, 't> {
    pub(crate) fn new(table: &'k DeTable<'d>, of: &str, offset: usize, problems: &'p mut Problems<'t>) -> Self {
        Self { table, of: of.to_owned(), offset, known: Vec::new(), problems }
    }

    fn ask(&mut self, key: &'static str) -> Option<&'k Spanned<DeValue<'d>>> {
        self.known.push(key);
        self.table.get(key)
    }

    pub(crate) fn named(&mut self, of: String) {
        self.of = of;
    }

    pub(crate) fn wrong(&mut self, offset: usize, key: &str, found: &str, expected: &str, remedy: &str) {
        let of = if self.of.is_empty() { key.to_owned() } else { format!("{}, {key}", self.of) };
        self.problems.at(offset, &of, found, expected, remedy);
    }

    fn kind(&mut self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) {
        self.wrong(value.span().start, key, kind(value.get_ref()), expected, "");
    }

    pub(crate) fn missing(&mut self, key: &str, expected: &str) {
        self.wrong(self.offset, key, "nothing", expected, "write it");
    }

    /// A text.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<Text> {
        let value = self.ask(key)?;
        let DeValue::String(text) = value.get_ref() else {
            self.kind(key, value, "a text in quotes");
            return None;
        };
        Some(Text { value: text.to_string(), span: value.span() })
    }

    /// A text that has to be there and hold something.
    pub(crate) fn required(&mut self, key: &'static str, expected: &str) -> Option<Text> {
        if self.table.get(key).is_none() {
            self.known.push(key);
            self.missing(key, expected);
            return None;
        }
        let text = self.text(key)?;
        if text.value.trim().is_empty() {
            self.wrong(text.span.start, key, "an empty text", expected, "");
            return None;
        }
        Some(text)
    }

    /// Texts of a list.
    pub(crate) fn texts(&mut self, key: &'static str) -> Vec<Text> {
        let Some(value) = self.ask(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.kind(key, value, "a list of texts");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::String(text) if !text.trim().is_empty() => {
                    texts.push(Text { value: text.trim().to_owned(), span: item.span() });
                }
                DeValue::String(_) => self.wrong(item.span().start, key, "an empty text", "a text", "take it away"),
                _ => self.kind(key, item, "a text in quotes"),
            }
        }
        texts
    }

    /// A day, as a number of days since 1970.
    pub(crate) fn day(&mut self, key: &'static str) -> Option<(i64, usize)> {
        let value = self.ask(key)?;
        let day = day_of(value.get_ref());
        if day.is_none() {
            self.kind(key, value, "a day without quotes: 2026-01-31");
        }
        day.map(|day| (day, value.span().start))
    }

    /// A whole number from 0.
    pub(crate) fn count(&mut self, key: &'static str, most: u16) -> Option<u16> {
        let value = self.ask(key)?;
        let expected = format!("a whole number, at most {most}");
        let DeValue::Integer(number) = value.get_ref() else {
            self.kind(key, value, &expected);
            return None;
        };
        let read = u16::from_str_radix(number.as_str(), number.radix()).ok().filter(|number| *number <= most);
        if read.is_none() {
            self.wrong(value.span().start, key, &format!("{number}"), &expected, "");
        }
        read
    }

    /// One of these words.
    pub(crate) fn word<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text.value).map(|(_, value)| *value);
        if found.is_none() {
            let remedy = meant(&text.value, words.iter().map(|(word, _)| *word));
            self.wrong(text.span.start, key, &format!("\"{}\"", text.value), "one of the words", &remedy);
        }
        found
    }

    /// The value of a key, whatever it is.
    pub(crate) fn any(&mut self, key: &'static str) -> Option<&'k Spanned<DeValue<'d>>> {
        self.ask(key)
    }

    /// A table in it.
    pub(crate) fn table(&mut self, key: &'static str) -> Option<(&'k DeTable<'d>, usize)> {
        let value = self.ask(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some((table, value.span().start)),
            _ => {
                self.kind(key, value, "a table");
                None
            }
        }
    }

    /// The tables of `[[key]]`.
    pub(crate) fn tables(&mut self, key: &'static str) -> Vec<(&'k DeTable<'d>, usize)> {
        let Some(value) = self.ask(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.kind(key, value, &format!("[[{key}]] blocks"));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::Table(table) => tables.push((table, item.span().start)),
                _ => self.kind(key, item, "a table"),
            }
        }
        tables
    }

    /// Every key was asked for, or is told.
    pub(crate) fn finish(mut self) {
        for (key, _) in self.table {
            let name = key.get_ref().as_ref();
            if !self.known.contains(&name) {
                let remedy = meant(name, self.known.iter().copied());
                self.wrong(key.span().start, name, &format!("key `{name}`"), "a key of rule tables", &remedy);
            }
        }
    }
}

/// A TOML day.
pub(crate) fn day_of(value: &DeValue<'_>) -> Option<i64> {
    let DeValue::Datetime(when) = value else { return None };
    let date = when.date.filter(|_| when.time.is_none() && when.offset.is_none())?;
    number_of(i64::from(date.year), i64::from(date.month), i64::from(date.day))
}

/// What a value is, in words.
pub(crate) const fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with decimals",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a day or a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Words of severities.
pub(crate) const SEVERITIES: [(&str, Severity); 4] =
    [("reject", Severity::Reject), ("hold", Severity::Hold), ("warn", Severity::Warn), ("info", Severity::Info)];
