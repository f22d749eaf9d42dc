//! X12 envelope reader and segment writer of the sandbox.
//!
//! A second reader on purpose: the engine's reader is never used here, so that a mistake in it shows up as
//! a rejected file. Reads one interchange (ISA..IEA), checks what a TA1 answers for, and leaves the
//! transaction sets (ST..SE) to `walk` and `validate`. Values are never part of an error, only codes.

/// Separators, all taken from the ISA segment.
#[derive(Debug, Clone, Copy)]
pub struct Separators {
    /// ISA, 4th byte.
    pub element: char,
    /// ISA16.
    pub component: char,
    /// The byte after ISA16.
    pub terminator: char,
}

/// One segment: element 0 is the segment id. Components are split on demand.
#[derive(Debug, Clone)]
pub struct Segment {
    elements: Vec<String>,
    component: char,
}

impl Segment {
    fn parse(text: &str, separators: Separators) -> Self {
        let elements = text.split(separators.element).map(str::to_owned).collect();
        Segment { elements, component: separators.component }
    }

    /// Segment id, such as `NM1`.
    pub fn id(&self) -> &str {
        self.element(0)
    }

    /// Element `position` (1 is the first after the id), empty when absent.
    pub fn element(&self, position: usize) -> &str {
        self.elements.get(position).map_or("", String::as_str)
    }

    /// Component `component` (1 is the first) of an element, empty when absent.
    pub fn component(&self, position: usize, component: usize) -> &str {
        self.element(position).split(self.component).nth(component.saturating_sub(1)).unwrap_or("")
    }

    /// All components of an element; one empty component when the element is absent.
    pub fn components(&self, position: usize) -> Vec<&str> {
        self.element(position).split(self.component).collect()
    }

    /// Number of elements after the id.
    pub fn len(&self) -> usize {
        self.elements.len().saturating_sub(1)
    }

    /// The segment with `*` and `:` whatever the file used, to compare contents.
    pub fn canonical(&self) -> String {
        self.elements.join("*").replace(self.component, ":")
    }
}

/// ST..SE with both ends.
#[derive(Debug, Clone)]
pub struct TransactionSet {
    /// Segments from ST to SE.
    pub segments: Vec<Segment>,
    /// False when SE is missing.
    pub closed: bool,
}

/// GS..GE.
#[derive(Debug, Clone)]
pub struct Group {
    /// The GS segment.
    pub header: Segment,
    /// Transaction sets in order.
    pub sets: Vec<TransactionSet>,
}

/// The interchange header facts a TA1 echoes, readable even when the rest is not.
#[derive(Debug, Clone, Default)]
pub struct Header {
    /// ISA05 and ISA06, trimmed.
    pub sender: (String, String),
    /// ISA09.
    pub date: String,
    /// ISA10.
    pub time: String,
    /// ISA13.
    pub control: String,
    /// ISA15.
    pub usage: String,
}

/// A whole interchange.
#[derive(Debug)]
pub struct Interchange {
    /// Header facts.
    pub header: Header,
    /// Groups in order.
    pub groups: Vec<Group>,
}

/// Reads one interchange. The error is the header, as far as readable, and the TA105 note code.
pub fn read(bytes: &[u8]) -> Result<Interchange, Box<(Header, &'static str)>> {
    let fail = |header: &Header, code| Err(Box::new((header.clone(), code)));
    let mut header = Header::default();
    let Ok(text) = std::str::from_utf8(bytes) else {
        return fail(&header, "024");
    };
    let (text, separators) = match separators(text) {
        Some(found) => found,
        None => return fail(&header, "022"),
    };
    let body = text.trim_end_matches(['\r', '\n', ' ']);
    let whole = body.ends_with(separators.terminator);
    let segments: Vec<Segment> = body
        .split(separators.terminator)
        .map(|part| part.trim_start_matches(['\r', '\n']))
        .filter(|part| !part.is_empty())
        .map(|part| Segment::parse(part, separators))
        .collect();
    let Some(isa) = segments.first() else {
        return fail(&header, "022");
    };
    let trimmed = |position| isa.element(position).trim().to_owned();
    header = Header {
        sender: (trimmed(5), trimmed(6)),
        date: trimmed(9),
        time: trimmed(10),
        control: trimmed(13),
        usage: trimmed(15),
    };
    if isa.len() != 16 {
        return fail(&header, "022");
    }
    if let Some(code) = header_fault(isa) {
        return fail(&header, code);
    }
    let Some(iea) = segments.last().filter(|last| whole && last.id() == "IEA") else {
        return fail(&header, "023");
    };
    let inside = segments.get(1..segments.len() - 1).unwrap_or(&[]);
    let groups = match groups(inside) {
        Ok(groups) => groups,
        Err(code) => return fail(&header, code),
    };
    if iea.element(2).trim() != header.control {
        return fail(&header, "001");
    }
    if iea.element(1).parse() != Ok(groups.len()) || groups.is_empty() {
        return fail(&header, "021");
    }
    Ok(Interchange { header, groups })
}

/// The separators, and the text from ISA on. ISA has a fixed length of 106 with its terminator.
fn separators(text: &str) -> Option<(&str, Separators)> {
    let text = text.trim_start_matches(['\u{feff}', '\r', '\n', ' ']);
    let head = text.get(..106)?;
    let at = |position: usize| head.as_bytes().get(position).map(|byte| *byte as char);
    let found = Separators { element: at(3)?, component: at(104)?, terminator: at(105)? };
    let distinct =
        found.element != found.component && found.element != found.terminator && found.component != found.terminator;
    let sound =
        [found.element, found.component, found.terminator].iter().all(|c| c.is_ascii() && !c.is_ascii_alphanumeric());
    (head.starts_with("ISA") && distinct && sound).then_some((text, found))
}

fn header_fault(isa: &Segment) -> Option<&'static str> {
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    let lengths = [2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1];
    let widths = lengths.iter().enumerate().all(|(at, width)| isa.element(at + 1).len() == *width);
    let checks = [
        (!widths, "022"),
        (!["00", "03"].contains(&isa.element(1)), "010"),
        (!["00", "01"].contains(&isa.element(3)), "012"),
        (!["01", "14", "20", "27", "28", "29", "30", "33", "ZZ"].contains(&isa.element(5)), "005"),
        (isa.element(6).trim().is_empty(), "006"),
        (!["01", "14", "20", "27", "28", "29", "30", "33", "ZZ"].contains(&isa.element(7)), "007"),
        (isa.element(8).trim().is_empty(), "008"),
        (!digits(isa.element(9), 6), "014"),
        (!digits(isa.element(10), 4), "015"),
        (isa.element(12) != "00501", "017"),
        (!digits(isa.element(13), 9), "018"),
        (!["0", "1"].contains(&isa.element(14)), "019"),
        (!["P", "T"].contains(&isa.element(15)), "020"),
    ];
    checks.iter().find(|(bad, _)| *bad).map(|(_, code)| *code)
}

fn groups(segments: &[Segment]) -> Result<Vec<Group>, &'static str> {
    let mut groups: Vec<Group> = Vec::new();
    let mut open = false;
    let mut in_set = false;
    for segment in segments {
        match (segment.id(), open) {
            ("GS", false) => {
                let kind = (segment.element(1), segment.element(8));
                let known = [("HC", "005010X222A1"), ("HS", "005010X279A1")].contains(&kind);
                if !known || groups.iter().any(|group| group.header.element(6) == segment.element(6)) {
                    return Err("024");
                }
                groups.push(Group { header: segment.clone(), sets: Vec::new() });
                open = true;
            }
            ("GE", true) => {
                let group = groups.last().ok_or("024")?;
                let count = segment.element(1).parse() == Ok(group.sets.len());
                if !count || segment.element(2) != group.header.element(6) || group.sets.is_empty() {
                    return Err("024");
                }
                open = false;
                in_set = false;
            }
            ("ST", true) => {
                let group = groups.last_mut().ok_or("024")?;
                group.sets.push(TransactionSet { segments: vec![segment.clone()], closed: false });
                in_set = true;
            }
            ("ISA" | "IEA" | "GS" | "GE", _) | (_, false) => return Err("024"),
            (id, true) => {
                let set = groups.last_mut().and_then(|group| group.sets.last_mut()).filter(|_| in_set);
                let set = set.ok_or("024")?;
                set.segments.push(segment.clone());
                if id == "SE" {
                    set.closed = true;
                    in_set = false;
                }
            }
        }
    }
    if open { Err("024") } else { Ok(groups) }
}

/// True for a 10-digit NPI whose last digit is the Luhn check digit over prefix 80840.
pub fn npi_is_valid(npi: &str) -> bool {
    if npi.len() != 10 || !npi.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = "80840".chars().chain(npi.chars()).rev().enumerate().fold(0, |sum, (at, digit)| {
        let value = digit.to_digit(10).unwrap_or(0) * if at % 2 == 1 { 2 } else { 1 };
        sum + value / 10 + value % 10
    });
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn npi_check_digit() {
        assert!(npi_is_valid("1234567893"));
        for wrong in ["1234567890", "1234567839", "123456789", "12345678933", "12345A7893", ""] {
            assert!(!npi_is_valid(wrong), "{wrong}");
        }
    }

    #[test]
    fn unreadable_bytes_are_a_ta1_code() {
        for bytes in [&b""[..], b"ISA*00", b"hello", &[0xff, 0xfe]] {
            assert!(read(bytes).is_err());
        }
    }
}
