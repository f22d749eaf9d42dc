//! A cursor over the segments of one claim frame, with typed elements and located problems.
//!
//! A problem holds segment, position, element and the class of what was found; never the value.

use claimhost_sdk::claim::{Date, DateRange};
use claimhost_sdk::intake::{Place, Problem};
use claimhost_x12::{Detected, Segment, Segments, cents, count, detect, shape, thousandths};

/// Most problems told of one document.
const PROBLEMS_MAX: usize = 20;

/// A table of code values.
pub(crate) type Codes<T> = [(&'static str, T)];

pub(crate) struct Reader<'a> {
    segments: Vec<Segment<'a>>,
    position: usize,
    pub problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Reader<'a>, Box<Problem>> {
        match detect(bytes, 0, true) {
            Detected::Found(delimiters, _) => {
                let segments = Segments::new(bytes, delimiters, 0, 1).collect();
                Ok(Reader { segments, position: 0, problems: Vec::new() })
            }
            Detected::No(problem) => Err(Box::new(isa(problem.found.to_string()))),
            Detected::NeedMore => Err(Box::new(isa(format!("{} bytes", bytes.len())))),
        }
    }

    /// The next segment, not taken.
    pub(crate) fn peek(&self) -> Option<Segment<'a>> {
        self.segments.get(self.position).copied()
    }

    /// Takes the next segment when it has this id.
    pub(crate) fn take(&mut self, id: &str) -> Option<Segment<'a>> {
        let segment = self.peek().filter(|segment| segment.is(id))?;
        self.position += 1;
        Some(segment)
    }

    /// Takes the next segment when it has this id and one of these qualifiers in its first element.
    pub(crate) fn take_with(&mut self, id: &str, qualifiers: &[&str]) -> Option<Segment<'a>> {
        self.peek().filter(|s| s.is(id) && qualifiers.contains(&s.text(1).as_ref()))?;
        self.take(id)
    }

    /// As `take_with`, and a problem at the segment that stands there when it is another.
    pub(crate) fn require(&mut self, id: &str, qualifiers: &[&str], expected: &str) -> Option<Segment<'a>> {
        let taken = if qualifiers.is_empty() { self.take(id) } else { self.take_with(id, qualifiers) };
        if taken.is_none() {
            self.missing(expected);
        }
        taken
    }

    /// A problem: something else stands where a segment must.
    pub(crate) fn missing(&mut self, expected: &str) {
        match self.peek() {
            Some(segment) => {
                let found = format!("{} (segment {})", segment.segment_id(), segment.ordinal);
                self.problem("x12.missing", &segment, 0, 0, found, expected);
            }
            None => self.ended(expected),
        }
    }

    /// A problem: the document ends where a segment must come.
    fn ended(&mut self, expected: &str) {
        if let Some(last) = self.segments.last().copied() {
            self.problem("x12.missing", &last, 0, 0, "the end of the document".to_owned(), expected);
        }
    }

    /// Whether the last segment was cut off.
    pub(crate) fn cut_off(&self) -> Option<Segment<'a>> {
        self.segments.last().copied().filter(|segment| !segment.terminated)
    }

    pub(crate) fn problem(
        &mut self,
        id: &str,
        at: &Segment<'_>,
        element: usize,
        component: usize,
        found: String,
        expected: &str,
    ) {
        if self.problems.len() >= PROBLEMS_MAX {
            return;
        }
        self.problems.push(Problem {
            id: id.to_owned(),
            at: place(at, element, component),
            found,
            expected: expected.to_owned(),
            remedy: "correct it in the system that exports the 837 and export the claim again".to_owned(),
        });
    }

    /// A problem of an element, or one of its components, that cannot be read.
    pub(crate) fn bad(&mut self, at: &Segment<'_>, element: usize, component: usize, expected: &str) {
        let part = if component == 0 { at.element(element) } else { at.component(element, component) };
        let found = if part.is_empty() { "empty".to_owned() } else { shape(part.trimmed()) };
        self.problem("x12.element", at, element, component, found, expected);
    }

    /// A problem for each element that holds something but is not among those the guide uses.
    pub(crate) fn only(&mut self, at: &Segment<'_>, used: &[usize]) {
        for (n, element) in at.elements().enumerate() {
            if !element.is_empty() && !used.contains(&(n + 1)) {
                self.bad(at, n + 1, 0, "nothing: the guide does not use this element");
            }
        }
    }

    /// Text that must be there.
    pub(crate) fn required(&mut self, at: &Segment<'_>, element: usize, expected: &str) -> String {
        if at.element(element).is_empty() {
            self.bad(at, element, 0, expected);
        }
        at.string(element)
    }

    /// A code of a table; a problem when it is none of it. Empty: `None`.
    pub(crate) fn code<T: Copy>(&mut self, at: &Segment<'_>, element: usize, table: &Codes<T>) -> Option<T> {
        let text = at.text(element);
        if text.is_empty() {
            return None;
        }
        let found = table.iter().find(|(code, _)| *code == text).map(|(_, value)| *value);
        if found.is_none() {
            self.bad(at, element, 0, &one_of(table));
        }
        found
    }

    /// As `code`, of an element that must be there.
    pub(crate) fn required_code<T: Copy>(&mut self, at: &Segment<'_>, element: usize, table: &Codes<T>, or: T) -> T {
        if at.element(element).is_empty() {
            self.bad(at, element, 0, &one_of(table));
            return or;
        }
        self.code(at, element, table).unwrap_or(or)
    }

    /// `Y`, or nothing.
    pub(crate) fn yes(&mut self, at: &Segment<'_>, element: usize) -> bool {
        self.code(at, element, &[("Y", true), ("N", false)]).unwrap_or(false)
    }

    /// An amount in cents, or nothing.
    pub(crate) fn money(&mut self, at: &Segment<'_>, element: usize) -> Option<i64> {
        self.number(at, element, cents, "an amount with at most two decimals")
    }

    /// A quantity, percentage or measured value in thousandths, or nothing.
    pub(crate) fn decimal(&mut self, at: &Segment<'_>, element: usize) -> Option<i64> {
        self.number(at, element, thousandths, "a number with at most three decimals")
    }

    /// A count, or nothing.
    pub(crate) fn whole(&mut self, at: &Segment<'_>, element: usize) -> Option<u16> {
        let read = |text: &[u8]| count(text).map(i64::from).or_else(|| whole_decimal(text));
        let number = self.number(at, element, read, "a whole number")?;
        u16::try_from(number).ok()
    }

    fn number(
        &mut self,
        at: &Segment<'_>,
        element: usize,
        read: impl Fn(&[u8]) -> Option<i64>,
        expected: &str,
    ) -> Option<i64> {
        let text = at.element(element);
        if text.is_empty() {
            return None;
        }
        let number = read(text.trimmed());
        if number.is_none() {
            self.bad(at, element, 0, expected);
        }
        number
    }

    /// As `money` or `decimal`, of an element that must be there.
    pub(crate) fn must<T>(&mut self, at: &Segment<'_>, element: usize, value: Option<T>, or: T, expected: &str) -> T {
        if at.element(element).is_empty() {
            self.bad(at, element, 0, expected);
        }
        value.unwrap_or(or)
    }

    /// A day in `element`, CCYYMMDD.
    pub(crate) fn day(&mut self, at: &Segment<'_>, element: usize) -> Option<Date> {
        let text = at.element(element);
        if text.is_empty() {
            return None;
        }
        let day = claimhost_x12::Date::parse(text.trimmed());
        if day.is_none() {
            self.bad(at, element, 0, "a day as CCYYMMDD");
        }
        day.map(date)
    }

    /// DTP02 and DTP03.
    pub(crate) fn period(&mut self, at: &Segment<'_>) -> Option<DateRange> {
        self.only(at, &[1, 2, 3]);
        let range = match at.text(2).as_ref() {
            "D8" => claimhost_x12::Date::parse(at.element(3).trimmed()).map(|day| (day, day)),
            "RD8" => Some(at.element(3).trimmed()).filter(|t| t.len() == 17).and_then(claimhost_x12::Date::parse_range),
            _ => {
                self.bad(at, 2, 0, "D8 or RD8");
                return None;
            }
        };
        if range.is_none() {
            self.bad(at, 3, 0, "a day as CCYYMMDD, or two with a hyphen");
        }
        range.map(|(start, end)| DateRange { start: date(start), end: date(end) })
    }

    /// A problem for a segment that has no place here, and steps over it.
    pub(crate) fn stray(&mut self, expected: &str) {
        if let Some(segment) = self.peek() {
            self.position += 1;
            let qualifier = segment.text(1);
            let known = (1..=3).contains(&qualifier.len()) && qualifier.bytes().all(|b| b.is_ascii_alphanumeric());
            let found = if known {
                format!("{} with {qualifier}", segment.segment_id())
            } else {
                segment.segment_id().to_string()
            };
            self.problem("x12.out-of-place", &segment, 0, 0, found, expected);
        }
    }
}

/// A document without a readable ISA.
fn isa(found: String) -> Problem {
    Problem {
        id: "x12.isa".to_owned(),
        at: Place { path: "ISA (segment 1)".to_owned(), offset: Some(0) },
        found,
        expected: "an ISA of 106 bytes, with its separators".to_owned(),
        remedy: "ask the sender for a file with an ISA of the X12 layout".to_owned(),
    }
}

/// `21.00` as 21.
fn whole_decimal(text: &[u8]) -> Option<i64> {
    thousandths(text).filter(|value| value % 1_000 == 0 && *value >= 0).map(|value| value / 1_000)
}

fn one_of<T>(table: &Codes<T>) -> String {
    let codes: Vec<&str> = table.iter().map(|(code, _)| *code).collect();
    format!("one of {}", codes.join(", "))
}

fn date(day: claimhost_x12::Date) -> Date {
    Date { year: day.year, month: day.month, day: day.day }
}

/// `CLM05-2 (segment 24)`, with the byte in the document.
pub(crate) fn place(at: &Segment<'_>, element: usize, component: usize) -> Place {
    let mut path = at.segment_id().to_string();
    if element > 0 {
        path.push_str(&format!("{element:02}"));
    }
    if component > 0 {
        path.push_str(&format!("-{component}"));
    }
    path.push_str(&format!(" (segment {})", at.ordinal));
    Place { path, offset: u32::try_from(at.offset).ok() }
}
