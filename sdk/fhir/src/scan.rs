//! Finds the resources of a file while it streams by: entries of a Bundle, a single resource, one resource a line (bulk
//! export), or an array of them. What they are is `head.rs`, what belongs together `group.rs`.
//!
//! Memory is bounded by the largest entry taken. Only brackets and strings are followed here; each entry is then read as
//! JSON by itself, so that one bad entry does not hold the others. After broken nesting the scan goes on where the next
//! entry begins a line as the entries before it did; without such a line the rest is one problem.

use std::collections::VecDeque;
use std::ops::Range;

use crate::json::DEPTH_MAX;

/// Largest entry taken: 16 MiB.
pub const ENTRY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A piece of the file. Pieces come in order and cover it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanned {
    /// Entry of a bundle, or a resource.
    Entry(Entry),
    /// What is around entries: the bundle itself, brackets, commas.
    Envelope(Range<u64>),
    /// Spaces between documents, a byte order mark.
    Filler(Range<u64>),
    /// Bytes that are no entry.
    Problem(ScanProblem),
}

/// The bytes of one entry.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is in the file.
    pub range: Range<u64>,
    /// Position in its bundle or array, from 0; `None` of a resource that stands alone.
    pub number: Option<u32>,
    /// The text, brackets balanced but not yet read.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<entry {:?} at {:?}>", self.number, self.range)
    }
}

/// Why bytes are no entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanProblem {
    /// Which bytes.
    pub range: Range<u64>,
    /// The byte that shows it.
    pub at: u64,
    /// `Bundle.entry[3]`, or `resource`.
    pub path: String,
    /// Kind of fault.
    pub fault: ScanFault,
}

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanFault {
    /// Brackets or strings that do not fit, or text where an entry belongs.
    Malformed,
    /// The file ends inside.
    Truncated,
    /// Larger than [`ENTRY_BYTES_MAX`].
    TooLarge,
    /// Nested deeper than [`DEPTH_MAX`].
    TooDeep,
}

/// What entries stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    /// The file itself.
    File,
    /// `[...]` of the file.
    Array,
    /// `entry` of a bundle.
    Bundle,
}

impl Container {
    /// Brackets open where its entries begin.
    fn base(self) -> &'static [u8] {
        match self {
            Self::File => b"",
            Self::Array => b"[",
            Self::Bundle => b"{[",
        }
    }
}

/// Is given a file in chunks.
#[derive(Debug)]
pub struct EntryScanner {
    /// Bytes taken.
    offset: u64,
    /// Brackets open.
    open: Vec<u8>,
    container: Container,
    in_string: bool,
    escaped: bool,
    in_entry: bool,
    /// Bytes of the open entry; a file's own object counts as one until it turns out to be a bundle.
    buffer: Vec<u8>,
    /// Where the next piece begins.
    start: u64,
    too_large: bool,
    /// Entries of this container so far.
    number: u32,
    /// Spaces at the start of this line, while there is nothing else on it.
    indent: Option<usize>,
    /// How far the entries of this container are indented, where they begin lines.
    entry_indent: Option<usize>,
    /// The last string of the file's own object, and the name in force there.
    text: Vec<u8>,
    name: Vec<u8>,
    /// The file's own object says that it is no Bundle.
    not_bundle: bool,
    /// What is wrong, while the next entry is looked for.
    broken: Option<ScanProblem>,
    out: VecDeque<Scanned>,
}

impl Default for EntryScanner {
    fn default() -> Self {
        Self {
            offset: 0,
            open: Vec::new(),
            container: Container::File,
            in_string: false,
            escaped: false,
            in_entry: false,
            buffer: Vec::new(),
            start: 0,
            too_large: false,
            number: 0,
            indent: Some(0),
            entry_indent: None,
            text: Vec::new(),
            name: Vec::new(),
            not_bundle: false,
            broken: None,
            out: VecDeque::new(),
        }
    }
}

impl EntryScanner {
    /// Takes the next bytes.
    pub fn push(&mut self, chunk: &[u8]) {
        let mut rest = chunk;
        while let Some((byte, after)) = rest.split_first() {
            // Most bytes of a string mean nothing: they are taken together.
            if self.in_string && !self.escaped {
                let plain = rest.iter().take_while(|byte| **byte >= 0x20 && **byte != b'"' && **byte != b'\\').count();
                if let Some((text, after)) = rest.split_at_checked(plain).filter(|(text, _)| !text.is_empty()) {
                    self.keep(text);
                    rest = after;
                    continue;
                }
            }
            let indent = self.indent;
            self.indent = match byte {
                b'\n' => Some(0),
                b' ' | b'\t' => indent.map(|spaces| spaces + 1),
                b'\r' => indent,
                _ => None,
            };
            self.byte(*byte, indent);
            rest = after;
        }
    }

    /// The file has ended.
    pub fn finish(&mut self) {
        if let Some(problem) = self.broken.take() {
            self.out.push_back(Scanned::Problem(ScanProblem { range: self.start..self.offset, ..problem }));
        } else if self.in_entry || !self.open.is_empty() {
            if !self.in_entry {
                self.gap();
            }
            let problem = self.problem(ScanFault::Truncated);
            self.out.push_back(Scanned::Problem(problem));
        } else {
            self.gap();
        }
        self.start = self.offset;
    }

    /// The next piece.
    pub fn next_piece(&mut self) -> Option<Scanned> {
        self.out.pop_front()
    }

    fn byte(&mut self, byte: u8, indent: Option<usize>) {
        if self.broken.is_some() {
            return self.look_for_entry(byte, indent);
        }
        if self.in_string {
            match byte {
                0..0x20 => return self.fail(ScanFault::Malformed),
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => {
                    self.in_string = false;
                    return self.keep_unnamed(byte);
                }
                _ => {}
            }
            return self.keep(&[byte]);
        }
        let at_base = !self.in_entry && self.open == self.container.base();
        let in_file = self.container == Container::File;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => self.keep_unnamed(byte),
            b'{' if at_base => self.begin_entry(indent),
            b'[' if at_base && in_file => {
                self.gap();
                self.container = Container::Array;
                (self.number, self.entry_indent) = (0, None);
                self.open.push(byte);
                self.keep_unnamed(byte);
            }
            b',' if at_base && !in_file => self.keep_unnamed(byte),
            b']' if at_base && !in_file => {
                self.container = Container::File;
                self.end(byte);
            }
            0xef | 0xbb | 0xbf if self.offset < 3 && at_base => self.keep_unnamed(byte),
            _ if at_base => self.fail(ScanFault::Malformed),
            b'"' => {
                self.text.clear();
                self.keep_unnamed(byte);
                self.in_string = true;
            }
            b'[' if self.begins_entries() => {
                self.in_entry = false;
                self.buffer = Vec::new();
                self.container = Container::Bundle;
                self.entry_indent = None;
                self.open.push(byte);
                self.keep_unnamed(byte);
            }
            b'{' | b'[' => self.begin(byte),
            b'}' | b']' => self.end(byte),
            _ => {
                if self.open.len() == 1 {
                    self.colon_or_comma(byte);
                }
                self.keep_unnamed(byte);
            }
        }
    }

    /// Whether `[` here opens the entries of a bundle.
    fn begins_entries(&self) -> bool {
        self.container == Container::File && self.open == b"{" && self.name == b"entry" && !self.not_bundle
    }

    fn colon_or_comma(&mut self, byte: u8) {
        if byte == b':' {
            self.name.clone_from(&self.text);
        } else if byte == b',' {
            if self.name == b"resourceType" {
                self.not_bundle = self.text != b"Bundle";
            }
            self.name.clear();
        }
    }

    /// Takes bytes of an entry or a gap. Those of a string one level deep may be a name.
    fn keep(&mut self, bytes: &[u8]) {
        if self.open.len() == 1 && self.text.len() + bytes.len() <= 64 {
            self.text.extend_from_slice(bytes);
        }
        self.offset += bytes.len() as u64;
        if !self.in_entry {
            return;
        }
        if self.buffer.len() + bytes.len() <= ENTRY_BYTES_MAX {
            self.buffer.extend_from_slice(bytes);
        } else {
            (self.too_large, self.buffer) = (true, Vec::new());
        }
    }

    fn keep_unnamed(&mut self, byte: u8) {
        self.offset += 1;
        if self.in_entry && !self.too_large {
            self.buffer.push(byte);
        }
    }

    fn begin_entry(&mut self, indent: Option<usize>) {
        self.gap();
        self.entry_indent = self.entry_indent.or(indent);
        (self.in_entry, self.too_large, self.not_bundle) = (true, false, false);
        (self.buffer, self.name) = (Vec::new(), Vec::new());
        self.begin(b'{');
    }

    fn begin(&mut self, bracket: u8) {
        if self.open.len() > DEPTH_MAX + 3 {
            return self.fail(ScanFault::TooDeep);
        }
        self.open.push(bracket);
        self.keep_unnamed(bracket);
    }

    fn end(&mut self, bracket: u8) {
        let opened = if bracket == b'}' { b'{' } else { b'[' };
        if self.open.last() != Some(&opened) {
            return self.fail(ScanFault::Malformed);
        }
        self.open.pop();
        self.keep_unnamed(bracket);
        if self.in_entry && self.open == self.container.base() {
            self.in_entry = false;
            let range = self.start..self.offset;
            let number = (self.container != Container::File).then_some(self.number);
            let piece = if self.too_large {
                Scanned::Problem(self.problem(ScanFault::TooLarge))
            } else {
                Scanned::Entry(Entry { range, number, bytes: std::mem::take(&mut self.buffer) })
            };
            self.out.push_back(piece);
            self.number = self.number.saturating_add(1);
            self.start = self.offset;
        } else if self.open.is_empty() {
            self.envelope();
            (self.number, self.entry_indent) = (0, None);
        }
    }

    /// Bytes since the last piece that belong to no entry.
    fn gap(&mut self) {
        if self.container == Container::File && self.open.is_empty() {
            if self.offset > self.start {
                self.out.push_back(Scanned::Filler(self.start..self.offset));
                self.start = self.offset;
            }
        } else {
            self.envelope();
        }
    }

    fn envelope(&mut self) {
        if self.offset > self.start {
            self.out.push_back(Scanned::Envelope(self.start..self.offset));
            self.start = self.offset;
        }
    }

    fn problem(&self, fault: ScanFault) -> ScanProblem {
        let path = match self.container {
            Container::Bundle => format!("Bundle.entry[{}]", self.number),
            Container::Array => format!("[{}]", self.number),
            Container::File => "resource".to_owned(),
        };
        ScanProblem { range: self.start..self.offset, at: self.offset, path, fault }
    }

    /// Notes what is wrong at this byte, and begins to look for the next entry.
    fn fail(&mut self, fault: ScanFault) {
        if !self.in_entry {
            self.gap();
        }
        self.broken = Some(self.problem(fault));
        if self.in_entry {
            self.number = self.number.saturating_add(1);
        }
        (self.in_entry, self.in_string, self.escaped, self.buffer) = (false, false, false, Vec::new());
        self.offset += 1;
    }

    fn look_for_entry(&mut self, byte: u8, indent: Option<usize>) {
        let as_before = indent.is_some() && indent == self.entry_indent;
        // At the very left a document of its own begins, unless entries stand there.
        let document = indent == Some(0) && self.entry_indent != Some(0);
        if byte == b'{' && (as_before || document || indent == Some(0) && self.container == Container::File) {
            if document {
                (self.container, self.number, self.entry_indent) = (Container::File, 0, None);
            }
            if let Some(problem) = self.broken.take() {
                self.out.push_back(Scanned::Problem(ScanProblem { range: self.start..self.offset, ..problem }));
            }
            self.start = self.offset;
            self.open = self.container.base().to_vec();
            return self.begin_entry(indent);
        }
        self.offset += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scan(file: &[u8], size: usize) -> Vec<Scanned> {
        let mut scanner = EntryScanner::default();
        let mut pieces = Vec::new();
        for chunk in file.chunks(size.max(1)) {
            scanner.push(chunk);
            pieces.extend(std::iter::from_fn(|| scanner.next_piece()));
        }
        scanner.finish();
        pieces.extend(std::iter::from_fn(|| scanner.next_piece()));
        pieces
    }

    fn told(file: &str) -> Vec<String> {
        let told = |piece: &Scanned| match piece {
            Scanned::Entry(entry) => {
                let number = entry.number.map_or(String::new(), |number| number.to_string());
                Some(format!("{number}{}", String::from_utf8_lossy(&entry.bytes)))
            }
            Scanned::Problem(problem) => Some(format!("{:?} {} at {}", problem.fault, problem.path, problem.at)),
            _ => None,
        };
        scan(file.as_bytes(), 7).iter().filter_map(told).collect()
    }

    #[test]
    fn bundles_resources_lines_and_arrays() {
        assert_eq!(told(r#"{"entry":[{"a":"}"}, {"b":[1]}],"x":{"entry":[{}]}}"#), [r#"0{"a":"}"}"#, r#"1{"b":[1]}"#]);
        assert_eq!(told("{\"a\":1}\n\n{\"b\":[{}]}\n"), [r#"{"a":1}"#, r#"{"b":[{}]}"#]);
        assert_eq!(told("\u{feff}[{\"a\":1},{}]"), [r#"0{"a":1}"#, "1{}"]);
        // A List has entries too; it is one resource.
        assert_eq!(told(r#"{"resourceType":"List","entry":[{"item":{}}]}"#).len(), 1);
        assert_eq!(told(r#"{"entry":[]}{"entry":[{}]}"#), ["0{}"]);
    }

    #[test]
    fn a_broken_entry_does_not_hold_the_others() {
        let file = "{\"entry\":[\n  {\"a\":1},\n  {\"b\":[}\n   ]},\n  {\"c\":3}\n]}";
        assert_eq!(told(file), [r#"0{"a":1}"#, "Malformed Bundle.entry[1] at 30", r#"2{"c":3}"#]);
        let lines = "{\"a\":1}\n{\"b\":\"x\n{\"c\":3}\n";
        assert_eq!(told(lines), [r#"{"a":1}"#, "Malformed resource at 15", r#"{"c":3}"#]);
        assert_eq!(told(r#"{"entry":[{"a":1},{"b":]"#), [r#"0{"a":1}"#, "Malformed Bundle.entry[1] at 23"]);
        assert_eq!(told(r#"{"entry":[{"a":1},{"b":"#), [r#"0{"a":1}"#, "Truncated Bundle.entry[1] at 23"]);
        assert_eq!(told(r#"{"entry":[{"a":1}]"#), [r#"0{"a":1}"#, "Truncated resource at 18"]);
        assert_eq!(told(r#"{"entry":[null,{"a":1}]}"#), ["Malformed Bundle.entry[0] at 10"]);
        assert!(told(&"[".repeat(1000)).len() == 1);
    }

    proptest! {
        #[test]
        fn every_byte_is_told_once_whatever_the_chunks(
            parts in prop::collection::vec("\\{\"entry\":\\[|\\{\"a\":\\[1,2\\]\\}|[{}\\[\\]\",:]|\n ?|x|\\\\\"", 0..30),
            size in 1_usize..20,
        ) {
            let file = parts.concat().into_bytes();
            let pieces = scan(&file, size);
            prop_assert_eq!(&pieces, &scan(&file, usize::MAX));
            let mut at = 0;
            for piece in &pieces {
                let range = match piece {
                    Scanned::Entry(entry) => {
                        let held = &file[entry.range.start as usize..entry.range.end as usize];
                        prop_assert_eq!(held, entry.bytes.as_slice());
                        entry.range.clone()
                    }
                    Scanned::Envelope(range) | Scanned::Filler(range) => range.clone(),
                    Scanned::Problem(problem) => problem.range.clone(),
                };
                prop_assert_eq!(range.start, at);
                at = range.end;
            }
            prop_assert_eq!(at, file.len() as u64);
        }
    }
}
