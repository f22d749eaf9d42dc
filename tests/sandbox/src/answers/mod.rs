//! The sandbox's writer: segments, transaction sets and interchanges of its answers.
//!
//! One file per kind of answer; each builds the body of a transaction set, this one the envelopes.

pub mod ack999;
pub mod claim_ack;
pub mod cover;
pub mod remit;
pub mod ta1;

/// Stands for the component separator inside an element until the segment is written.
const COMPONENT: char = '\u{1f}';

/// Who sends an interchange to whom, and when.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// ISA06 and GS02.
    pub sender: String,
    /// ISA07 and ISA08.
    pub receiver: (String, String),
    /// ISA13.
    pub control: u32,
    /// ISA15.
    pub usage: String,
    /// Date, CCYYMMDD.
    pub date: String,
}

/// Segments under construction.
#[derive(Debug, Default, Clone)]
pub struct Body {
    text: String,
    count: usize,
}

impl Body {
    /// Adds a segment; empty elements at its end are left out.
    pub fn add(&mut self, elements: &[&str]) {
        let end = elements.iter().rposition(|element| !element.is_empty()).map_or(0, |last| last + 1);
        for (at, element) in elements.iter().take(end).enumerate() {
            if at > 0 {
                self.text.push('*');
            }
            self.text.extend(element.chars().map(|c| match c {
                '*' | '~' | ':' | '^' | '\n' | '\r' => ' ',
                COMPONENT => ':',
                other => other,
            }));
        }
        self.text.push('~');
        self.text.push('\n');
        self.count += 1;
    }
}

/// A composite element; empty components at its end are left out.
pub fn composite(components: &[&str]) -> String {
    let end = components.iter().rposition(|part| !part.is_empty()).map_or(0, |last| last + 1);
    components.get(..end).unwrap_or(components).join(&COMPONENT.to_string())
}

/// Cents as an X12 decimal without needless zeros.
pub fn money(cents: i64) -> String {
    decimal(cents, 2)
}

/// Thousandths as an X12 decimal.
pub fn quantity(thousandths: i64) -> String {
    decimal(thousandths, 3)
}

fn decimal(value: i64, digits: usize) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let plain = format!("{:0>width$}", value.unsigned_abs(), width = digits + 1);
    let (whole, fraction) = plain.split_at(plain.len() - digits);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// A functional group: GS01, ST01 and the version.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// GS01.
    pub group: &'static str,
    /// ST01.
    pub set: &'static str,
    /// GS08.
    pub version: &'static str,
    /// ST03 is written (not in an 835).
    pub in_header: bool,
}

/// Writes a whole interchange with one group.
pub fn interchange(envelope: &Envelope, kind: Kind, sets: &[Body]) -> String {
    let mut out = Body::default();
    let control = envelope.control.to_string();
    out.text.push_str(&isa(envelope));
    out.add(&[
        "GS",
        kind.group,
        &envelope.sender,
        &envelope.receiver.1,
        &envelope.date,
        "1200",
        &control,
        "X",
        kind.version,
    ]);
    for (at, set) in sets.iter().enumerate() {
        let number = format!("{:04}", at + 1);
        out.add(&["ST", kind.set, &number, if kind.in_header { kind.version } else { "" }]);
        out.text.push_str(&set.text);
        out.add(&["SE", &(set.count + 2).to_string(), &number]);
    }
    out.add(&["GE", &sets.len().to_string(), &control]);
    out.add(&["IEA", "1", &format!("{:09}", envelope.control)]);
    out.text
}

/// The ISA segment, 106 bytes and a line break.
pub fn isa(envelope: &Envelope) -> String {
    let clean = |text: &str| text.replace(['*', '~', ':', '^'], " ");
    let fit = |text: &str| clean(text).chars().filter(char::is_ascii).take(15).collect::<String>();
    let qualifier = if envelope.receiver.0.len() == 2 { clean(&envelope.receiver.0) } else { "ZZ".to_owned() };
    format!(
        "ISA*00*{0}*00*{0}*ZZ*{1:<15}*{2}*{3:<15}*{4}*1200*^*00501*{5:09}*0*{6}*:~\n",
        " ".repeat(10),
        fit(&envelope.sender),
        qualifier,
        fit(&envelope.receiver.1),
        envelope.date.get(2..).unwrap_or("000101"),
        envelope.control,
        if envelope.usage == "P" { "P" } else { "T" },
    )
}

/// The same interchange under another ISA13; nothing else changes.
pub fn renumber(text: &str, old: u32, new: u32) -> String {
    let (old, new) = (format!("{old:09}"), format!("{new:09}"));
    let head = text.replacen(&format!("*00501*{old}*"), &format!("*00501*{new}*"), 1);
    match head.rsplit_once(&format!("*{old}~")) {
        Some((body, rest)) => format!("{body}*{new}~{rest}"),
        None => head,
    }
}

/// The first part of an interchange, cut in the middle of a segment.
pub fn cut(text: &str) -> String {
    let mut at = text.len() / 2;
    let bytes = text.as_bytes();
    let edge =
        |at: usize| matches!(bytes.get(at), Some(b'~' | b'\n')) || matches!(bytes.get(at - 1), Some(b'~' | b'\n'));
    while at > 1 && (edge(at) || !text.is_char_boundary(at)) {
        at -= 1;
    }
    text.get(..at).unwrap_or("").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals() {
        assert_eq!([0, 5, 50, 100, 12345, -250].map(money), ["0", "0.05", "0.5", "1", "123.45", "-2.5"]);
        assert_eq!([1000, 1500, 10500].map(quantity), ["1", "1.5", "10.5"]);
    }

    #[test]
    fn isa_is_106_bytes_and_data_never_holds_a_separator() {
        let envelope = Envelope {
            sender: "SANDBOX".into(),
            receiver: ("ZZ".into(), "CEDAR01".into()),
            control: 7,
            usage: "T".into(),
            date: "20260302".into(),
        };
        assert_eq!(isa(&envelope).len(), 107);
        let mut body = Body::default();
        body.add(&["NM1", "O~Brien*X", &composite(&["HC", "99213", ""]), ""]);
        assert_eq!(body.text, "NM1*O Brien X*HC:99213~\n");
    }
}
