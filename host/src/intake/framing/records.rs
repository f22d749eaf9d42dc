//! Records of a JSON or an XML file: what the file is, its first letter says. Records of joined files come with those of JSON that
//! have their key.

use std::collections::VecDeque;

use super::json_records::{JsonRecords, at_names};
use super::xml_records::XmlRecords;
use super::{Cutter, Item, Joins, Settings};
use crate::claim::Related;

/// Cuts by the kind of file that it turns out to be.
pub(super) struct Records {
    settings: Settings,
    joins: Joins,
    inner: Option<Box<dyn Cutter + Send>>,
}

impl Records {
    pub(super) fn new(settings: Settings, joins: Joins) -> Self {
        Self { settings, joins, inner: None }
    }

    fn inner(&mut self, beginning: &[u8]) -> &mut Box<dyn Cutter + Send> {
        let path = &self.settings.records;
        self.inner.get_or_insert_with(|| {
            let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).trim_ascii_start();
            if text.starts_with(b"<") {
                Box::new(XmlRecords::new("xml", path))
            } else {
                Box::new(JsonRecords::new("json", path))
            }
        })
    }

    /// Adds to the records since `from` what is joined to them.
    fn join(&self, out: &mut VecDeque<Item>, from: usize) {
        if self.settings.join.is_empty() {
            return;
        }
        for item in out.iter_mut().skip(from) {
            let Item::Frame(frame) = item else { continue };
            for join in &self.settings.join {
                let key = at_names(&frame.content, &join.on);
                if let Some(row) = key.and_then(|key| self.joins.row(&join.name, key.as_bytes())) {
                    frame.related.push(Related { name: join.name.clone(), content: row.to_vec() });
                }
            }
        }
    }
}

impl Cutter for Records {
    fn push(&mut self, chunk: &[u8], out: &mut VecDeque<Item>) {
        let from = out.len();
        // The first chunk has all of the file's beginning that says what it is.
        self.inner(chunk).push(chunk, out);
        self.join(out, from);
    }

    fn finish(&mut self, out: &mut VecDeque<Item>) {
        let from = out.len();
        self.inner(b"").finish(out);
        self.join(out, from);
    }
}
