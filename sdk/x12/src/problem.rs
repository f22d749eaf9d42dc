//! What can be wrong with an X12 file, and where.
//!
//! A problem names its place (segment, ordinal, byte, element), the SHAPE of what was found, what was expected
//! and what to do. It never holds a value from the file: shapes show letters as `A`, digits as `9`, so a problem
//! may go to a log. What was counted is shown as a number; what the file says instead is only smaller or greater.

use std::borrow::Cow;
use std::fmt;

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Read anyway and nothing was lost; the sender deviates from the standard.
    Warning,
    /// Something is missing or cannot be trusted: do not post, bill or acknowledge from it without a person.
    Error,
}

/// The kind of a problem, stable for programs to match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// No interchange header (ISA) where one must begin.
    NoIsa,
    /// An ISA is there but its separators cannot be made out, or it is not 106 bytes.
    IsaLayout,
    /// Bytes before the first ISA that are neither a byte order mark nor white space.
    DataBeforeIsa,
    /// Bytes after IEA that begin no new interchange.
    DataAfterIea,
    /// The file ends inside an interchange, group or transaction: bytes are missing.
    Truncated,
    /// A trailer (SE, GE, IEA) is missing although the file goes on.
    MissingTrailer,
    /// A segment stands where the envelope does not allow it (such as ST outside GS).
    OutOfPlace,
    /// SE01, GE01 or IEA01 is not the number counted.
    CountMismatch,
    /// SE02, GE02 or IEA02 is not the control number of its header.
    ControlNumberMismatch,
    /// Blank segments, or white space other than line ends between segments.
    StrayWhitespace,
    /// A segment whose id is not two or three upper case letters and digits.
    BadSegmentId,
    /// An element that must be there is empty.
    MissingElement,
    /// An element that cannot be read as what it must be (amount, date, number, code).
    BadElement,
    /// A segment or loop that must be there is not.
    MissingSegment,
    /// The transaction is of another kind than the one being read (ST01).
    WrongTransaction,
    /// An 837 without a single CLM.
    NoClaims,
    /// A claim (with its parent loops) or a segment is larger than the ceiling.
    TooLarge,
    /// An HL names a parent that is not the loop it stands in.
    HierarchyMismatch,
    /// Amounts of one remittance do not add up (X221 section 1.10.2).
    OutOfBalance,
    /// More problems than a report may hold; the rest is not listed.
    TooMany,
}

impl ProblemKind {
    /// Stable name for records and tables: `missing-segment`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoIsa => "no-isa",
            Self::IsaLayout => "isa-layout",
            Self::DataBeforeIsa => "data-before-isa",
            Self::DataAfterIea => "data-after-iea",
            Self::Truncated => "truncated",
            Self::MissingTrailer => "missing-trailer",
            Self::OutOfPlace => "out-of-place",
            Self::CountMismatch => "count-mismatch",
            Self::ControlNumberMismatch => "control-number-mismatch",
            Self::StrayWhitespace => "stray-whitespace",
            Self::BadSegmentId => "bad-segment-id",
            Self::MissingElement => "missing-element",
            Self::BadElement => "bad-element",
            Self::MissingSegment => "missing-segment",
            Self::WrongTransaction => "wrong-transaction",
            Self::NoClaims => "no-claims",
            Self::TooLarge => "too-large",
            Self::HierarchyMismatch => "hierarchy-mismatch",
            Self::OutOfBalance => "out-of-balance",
            Self::TooMany => "too-many",
        }
    }
}

/// A segment id as it may be printed: two or three letters and digits, else `?`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SegmentId([u8; 3]);

impl SegmentId {
    /// Where no segment is meant, such as the end of a file.
    pub const NONE: SegmentId = SegmentId(*b"-  ");

    /// Takes an id as found. Anything that is no segment id becomes `?`, so that no data can pass through.
    pub fn new(id: &[u8]) -> SegmentId {
        match *id {
            [a, b] if plain(a) && plain(b) => SegmentId([a, b, b' ']),
            [a, b, c] if plain(a) && plain(b) && plain(c) => SegmentId([a, b, c]),
            _ => SegmentId(*b"?  "),
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("?").trim_end()
    }
}

fn plain(b: u8) -> bool {
    b.is_ascii_uppercase() || b.is_ascii_digit()
}

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// Segment id.
    pub segment: SegmentId,
    /// Position of the segment in its interchange, ISA = 1; 0 where no segment is meant.
    pub ordinal: u32,
    /// Byte offset of the segment (or of the problem, where no segment is meant) in the file, from 0.
    pub offset: u64,
    /// Element number, from 1 (`CLP03` is 3).
    pub element: Option<u8>,
    /// Component number in a composite element, from 1.
    pub component: Option<u8>,
}

impl Place {
    /// A byte of the file where no segment is meant.
    pub fn byte(offset: u64) -> Place {
        Place { segment: SegmentId::NONE, ordinal: 0, offset, element: None, component: None }
    }

    /// The same place, at an element.
    pub fn at(mut self, element: usize) -> Place {
        self.element = u8::try_from(element).ok();
        self
    }

    /// The same place, at a component of an element.
    pub fn part(mut self, element: usize, component: usize) -> Place {
        self.component = u8::try_from(component).ok();
        self.at(element)
    }

    /// The element in the words of the guide: `CLP03`, `SVC01-2`, `CLP`. Empty where no segment is meant.
    pub fn element_name(&self) -> String {
        if self.segment == SegmentId::NONE {
            return String::new();
        }
        let mut name = self.segment.to_string();
        if let Some(element) = self.element {
            name.push_str(&format!("{element:02}"));
        }
        if let Some(component) = self.component {
            name.push_str(&format!("-{component}"));
        }
        name
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segment == SegmentId::NONE {
            return write!(f, "byte {}", self.offset);
        }
        write!(f, "{} (segment {}, byte {})", self.element_name(), self.ordinal, self.offset)
    }
}

/// One thing wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Kind, for programs.
    pub kind: ProblemKind,
    /// Whether the reading can be trusted all the same.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// Shape or class of what was found, never its text.
    pub found: String,
    /// What the standard or the reader expects there.
    pub expected: Cow<'static, str>,
    /// What to do about it.
    pub remedy: Cow<'static, str>,
}

impl Problem {
    /// An error.
    pub fn error(
        kind: ProblemKind,
        place: Place,
        found: impl Into<String>,
        expected: impl Into<Cow<'static, str>>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Problem {
        Problem {
            kind,
            severity: Severity::Error,
            place,
            found: found.into(),
            expected: expected.into(),
            remedy: remedy.into(),
        }
    }

    /// The same as a warning.
    pub fn warning(mut self) -> Problem {
        self.severity = Severity::Warning;
        self
    }

    /// Whether this is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: found {}, expected {}; {}", self.place, self.found, self.expected, self.remedy)
    }
}

impl std::error::Error for Problem {}

/// Problems kept of one file; a file of rubbish must not become a list as long as itself.
pub const PROBLEMS_MAX: usize = 1000;

/// Adds a problem, up to [`PROBLEMS_MAX`]; the one after that says that there are more.
pub(crate) fn push(list: &mut Vec<Problem>, problem: Problem) {
    if list.len() < PROBLEMS_MAX {
        list.push(problem);
    } else if list.len() == PROBLEMS_MAX {
        list.push(Problem::error(
            ProblemKind::TooMany,
            problem.place,
            "more problems than are listed",
            format!("at most {PROBLEMS_MAX} problems"),
            "repair the ones listed and read the file again",
        ));
    }
}

/// Returns the shape of a value: letters as `A`, digits as `9`, other bytes as themselves or `?`; cut at 20.
pub fn shape(value: &[u8]) -> String {
    if value.is_empty() {
        return "nothing".to_owned();
    }
    let mut text = String::with_capacity(24);
    text.push('`');
    for &b in value.iter().take(20) {
        text.push(match b {
            b'0'..=b'9' => '9',
            b'a'..=b'z' | b'A'..=b'Z' => 'A',
            b'`' => '\'',
            b' '..=b'~' => char::from(b),
            _ => '?',
        });
    }
    text.push('`');
    if value.len() > 20 {
        text.push_str(&format!(" ({} bytes)", value.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // a problem goes to logs: neither a value nor a garbage segment id may show
    fn shows_shapes_only() {
        assert_eq!(shape(b"DOE, Jo3"), "`AAA, AA9`");
        assert_eq!(shape(b"\xff\n`"), "`??'`");
        assert_eq!(shape(&[b'x'; 30]), "`AAAAAAAAAAAAAAAAAAAA` (30 bytes)");
        assert_eq!(SegmentId::new(b"DOE JOHN").as_str(), "?");
        assert_eq!(SegmentId::new(b"N3").as_str(), "N3");
        let place = Place { segment: SegmentId::new(b"CLP"), ordinal: 9, offset: 400, element: None, component: None };
        let problem =
            Problem::error(ProblemKind::BadElement, place.at(3), shape(b"12,5"), "an amount", "ask the payer");
        assert_eq!(problem.to_string(), "CLP03 (segment 9, byte 400): found `99,9`, expected an amount; ask the payer");
        assert_eq!(place.part(1, 2).to_string(), "CLP01-2 (segment 9, byte 400)");
    }

    #[test]
    fn a_list_of_problems_is_bounded() {
        let mut list = Vec::new();
        for n in 0..5000 {
            push(&mut list, Problem::error(ProblemKind::NoIsa, Place::byte(n), "", "", ""));
        }
        assert_eq!(list.len(), PROBLEMS_MAX + 1);
        assert_eq!(list[PROBLEMS_MAX].kind, ProblemKind::TooMany);
    }
}
