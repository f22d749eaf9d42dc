//! Records of a JSON or an XML file: what the file is, its first letter says.

use std::collections::VecDeque;

use super::json_records::JsonRecords;
use super::xml_records::XmlRecords;
use super::{Cutter, Item};

/// Cuts by the kind of file that it turns out to be.
pub(super) struct Records {
    path: String,
    inner: Option<Box<dyn Cutter + Send>>,
}

impl Records {
    pub(super) fn new(path: &str) -> Self {
        Self { path: path.to_owned(), inner: None }
    }

    fn of_kind(path: &str, beginning: &[u8]) -> Box<dyn Cutter + Send> {
        let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).trim_ascii_start();
        if text.starts_with(b"<") {
            Box::new(XmlRecords::new("xml", path))
        } else {
            Box::new(JsonRecords::new("json", path))
        }
    }
}

impl Cutter for Records {
    fn push(&mut self, chunk: &[u8], out: &mut VecDeque<Item>) {
        // The first chunk has all of the file's beginning that says what it is.
        self.inner.get_or_insert_with(|| Self::of_kind(&self.path, chunk)).push(chunk, out);
    }

    fn finish(&mut self, out: &mut VecDeque<Item>) {
        self.inner.get_or_insert_with(|| Self::of_kind(&self.path, b"")).finish(out);
    }
}
