//! Checks of one transaction set beyond segment order: counts, elements, codes, dates, hierarchy, limits.
//!
//! What fails here is a 999. What a payer decides (unknown member, charge that does not add up) is `business`.

use crate::claim::{Claim, cents, claims, thousandths};
use crate::inquiry::{self, Question};
use crate::reader::{Segment, TransactionSet, npi_is_valid};
use crate::walk::{Placed, SegmentError, walk};

/// The verdict on one ST..SE.
#[derive(Debug)]
pub struct Checked {
    /// ST02.
    pub control: String,
    /// BHT03.
    pub batch: String,
    /// IK3 and IK4 errors.
    pub errors: Vec<SegmentError>,
    /// IK502 codes about the set itself.
    pub set_codes: Vec<&'static str>,
    /// Claims; empty when there are errors.
    pub claims: Vec<Claim>,
    /// ST01 that the group is for: 837 or 270.
    pub kind: &'static str,
    /// Of a 270: its questions; empty when there are errors.
    pub questions: Vec<Question>,
}

impl Checked {
    /// True when the 999 accepts the set.
    pub fn accepted(&self) -> bool {
        self.errors.is_empty() && self.set_codes.is_empty()
    }

    /// What it asks for, by keys that are the same when it is sent again.
    pub fn keys(&self) -> Vec<String> {
        let questions = self.questions.iter().map(|question| format!("270|{}", question.trace));
        self.claims.iter().map(Claim::key).chain(questions).collect()
    }
}

/// Checks one transaction set of a group of 270s.
pub fn check_inquiries(set: &TransactionSet) -> Checked {
    let mut set_codes = envelope(set, "270", "005010X279A1");
    let (errors, batch, questions) = inquiry::read(set);
    if !errors.is_empty() {
        set_codes.push("5");
    }
    let control = set.segments.first().map_or("", |st| st.element(2)).to_owned();
    let questions = if set_codes.is_empty() { questions } else { Vec::new() };
    Checked { control, batch, errors, set_codes, claims: Vec::new(), kind: "270", questions }
}

/// IK502 codes of ST and SE.
fn envelope(set: &TransactionSet, kind: &str, version: &str) -> Vec<&'static str> {
    let at = |index: usize, element: usize| set.segments.get(index).map_or("", |s| s.element(element));
    let mut set_codes = Vec::new();
    if at(0, 1) != kind {
        set_codes.push("1");
    }
    let known = ["", version].contains(&at(0, 3));
    if !known || !(4..=9).contains(&at(0, 2).len()) {
        set_codes.push(if known { "7" } else { "6" });
    }
    let last = set.segments.len().saturating_sub(1);
    if !set.closed {
        set_codes.push("2");
    } else {
        if at(last, 2) != at(0, 2) {
            set_codes.push("3");
        }
        if at(last, 1).parse() != Ok(set.segments.len()) {
            set_codes.push("4");
        }
    }
    set_codes
}

/// Checks one transaction set.
pub fn check(set: &TransactionSet) -> Checked {
    let at = |index: usize, element: usize| set.segments.get(index).map_or("", |s| s.element(element));
    let mut set_codes = envelope(set, "837", "005010X222A1");
    let (placed, mut errors) = walk(&set.segments);
    for place in &placed {
        if let Some(segment) = set.segments.get(place.index) {
            let elements = elements(place, segment);
            add(&mut errors, place, segment, elements);
        }
    }
    hierarchy(set, &placed, &mut errors);
    claim_limits(set, &placed, &mut errors);
    errors.sort_by_key(|error| error.position);
    if !errors.is_empty() {
        set_codes.push("5");
    }
    let claims = if set_codes.is_empty() { claims(set, &placed) } else { Vec::new() };
    let batch = set.segments.iter().find(|s| s.id() == "BHT").map_or("", |s| s.element(3)).to_owned();
    let (control, questions) = (at(0, 2).to_owned(), Vec::new());
    Checked { control, batch, errors, set_codes, claims, kind: "837", questions }
}

fn add(errors: &mut Vec<SegmentError>, place: &Placed, segment: &Segment, elements: Vec<(usize, usize, &'static str)>) {
    if elements.is_empty() {
        return;
    }
    let in_loop = if place.in_loop == "ST" { "" } else { place.in_loop };
    errors.push(SegmentError {
        position: place.index + 1,
        id: segment.id().to_owned(),
        in_loop: in_loop.to_owned(),
        code: "8",
        elements,
    });
}

/// Table rules, then what a table of codes cannot say.
fn elements(place: &Placed, segment: &Segment) -> Vec<(usize, usize, &'static str)> {
    let mut bad = Vec::new();
    for rule in &place.node.elements {
        let value = match rule.component {
            0 => segment.element(rule.element),
            component => segment.component(rule.element, component),
        };
        if value.is_empty() {
            if rule.required {
                bad.push((rule.element, rule.component, "1"));
            }
        } else if !rule.codes.is_empty() && !rule.codes.iter().any(|code| code == value) {
            bad.push((rule.element, rule.component, "7"));
        }
    }
    let mut need = |good: bool, element: usize, component: usize, code: &'static str| {
        if !good {
            bad.push((element, component, code));
        }
    };
    let e = |position| segment.element(position);
    match segment.id() {
        "NM1" => {
            need(e(8).is_empty() == e(9).is_empty() || place.in_loop == "2010BA", 9, 0, "2");
            need(e(8) != "XX" || npi_is_valid(e(9)), 9, 0, "7");
            need(place.in_loop != "2010AA" || e(2) == "2" || !e(4).is_empty(), 4, 0, "2");
            let person = ["2310A", "2310B", "2310D"].contains(&place.in_loop);
            need(!person || e(2) != "1" || !e(4).is_empty(), 4, 0, "2");
        }
        "DTP" => need(period_is_valid(e(2), e(3)), 3, 0, "8"),
        "DMG" => need(date_is_valid(e(2)), 2, 0, "8"),
        "BHT" => {
            need(date_is_valid(e(4)), 4, 0, "8");
            need(time_is_valid(e(5)), 5, 0, "9");
        }
        "N4" => {
            need(!e(2).is_empty() && !e(3).is_empty(), 2, 0, "2");
            let zip = e(3).len();
            need(zip == 9 || (zip == 5 && place.in_loop != "2010AA"), 3, 0, "7");
            need(e(3).bytes().all(|b| b.is_ascii_digit()), 3, 0, "6");
        }
        "REF" if e(1) == "EI" || (e(1) == "SY" && place.in_loop == "2010AA") => {
            need(e(2).len() == 9 && e(2).bytes().all(|b| b.is_ascii_digit()), 2, 0, "7");
        }
        "CLM" => {
            need(e(1).len() <= 38, 1, 0, "5");
            need(cents(e(2)).is_some_and(|amount| amount >= 0), 2, 0, "6");
            need(segment.component(5, 1).len() == 2, 5, 1, "7");
        }
        "SV1" => {
            need(cents(e(2)).is_some_and(|amount| amount >= 0), 2, 0, "6");
            need(thousandths(e(4)).is_some_and(|units| units > 0), 4, 0, "6");
        }
        "SVD" => need(cents(e(2)).is_some(), 2, 0, "6"),
        "CAS" => need(cents(e(3)).is_some(), 3, 0, "6"),
        "AMT" => need(cents(e(2)).is_some(), 2, 0, "6"),
        "HI" => {
            need(segment.len() <= 12, 13, 0, "3");
            let principal = ["ABK", "BK"].contains(&segment.component(1, 1));
            for position in 2..=segment.len().min(12) {
                let code = segment.component(position, 1);
                need(!principal || ["ABF", "BF"].contains(&code), position, 1, "7");
                need(!segment.component(position, 2).is_empty(), position, 2, "1");
            }
        }
        _ => {}
    }
    bad
}

fn time_is_valid(text: &str) -> bool {
    let hour = text.get(..2).and_then(|h| h.parse::<u32>().ok());
    let minute = text.get(2..4).and_then(|m| m.parse::<u32>().ok());
    [4, 6, 8].contains(&text.len()) && hour.is_some_and(|h| h < 24) && minute.is_some_and(|m| m < 60)
}

/// True for a calendar day as CCYYMMDD.
pub fn date_is_valid(text: &str) -> bool {
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let number = |range: std::ops::Range<usize>| text.get(range).and_then(|t| t.parse::<u32>().ok()).unwrap_or(0);
    let (year, month, day) = (number(0..4), number(4..6), number(6..8));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => 0,
    };
    (1850..2100).contains(&year) && (1..=days).contains(&day)
}

fn period_is_valid(format: &str, text: &str) -> bool {
    match format {
        "D8" => date_is_valid(text),
        "RD8" => text.split_once('-').is_some_and(|(a, b)| date_is_valid(a) && date_is_valid(b) && a <= b),
        _ => true, // the table has reported the format
    }
}

/// HL01 in sequence, HL02 the right parent, HL04 and SBR02 agree with what follows.
fn hierarchy(set: &TransactionSet, placed: &[Placed], errors: &mut Vec<SegmentError>) {
    let hls: Vec<_> = placed
        .iter()
        .filter_map(|place| set.segments.get(place.index).map(|segment| (place, segment)))
        .filter(|(_, segment)| segment.id() == "HL")
        .collect();
    let (mut billing, mut subscriber) = ("", "");
    for (at, (place, segment)) in hls.iter().enumerate() {
        let mut bad = Vec::new();
        if segment.element(1).parse() != Ok(at + 1) {
            bad.push((1, 0, "7"));
        }
        let parent = match segment.element(3) {
            "20" => {
                billing = segment.element(1);
                ""
            }
            "22" => {
                subscriber = segment.element(1);
                billing
            }
            _ => subscriber,
        };
        if segment.element(2) != parent {
            bad.push((2, 0, "7"));
        }
        let next = hls.get(at + 1).map_or(0, |(_, next)| next.element(3).parse::<u32>().unwrap_or(0));
        let level = segment.element(3).parse::<u32>().unwrap_or(0);
        if (segment.element(4) == "1") != (next > level) && segment.element(3) != "23" {
            bad.push((4, 0, "7"));
        }
        add(errors, place, segment, bad);
    }
    let mut itself = false;
    for place in placed {
        let Some(segment) = set.segments.get(place.index) else {
            continue;
        };
        match (place.in_loop, segment.id()) {
            ("2000B", "SBR") => itself = segment.element(2) == "18",
            ("2000C", "HL") => {
                if itself {
                    add(errors, place, segment, vec![(3, 0, "7")]);
                }
                itself = true; // claims below are the dependent's
            }
            ("2300", "CLM") if !itself => errors.push(SegmentError {
                position: place.index + 1,
                id: "HL".to_owned(),
                in_loop: "2000C".to_owned(),
                code: "I7",
                elements: Vec::new(),
            }),
            _ => {}
        }
    }
}

/// SV107 within the HI count, LX counting from 1, a claim under every innermost HL.
fn claim_limits(set: &TransactionSet, placed: &[Placed], errors: &mut Vec<SegmentError>) {
    let (mut diagnoses, mut lines) = (0, 0);
    for place in placed {
        let Some(segment) = set.segments.get(place.index) else {
            continue;
        };
        match (place.in_loop, segment.id()) {
            ("2300", "CLM") => (diagnoses, lines) = (0, 0),
            ("2300", "HI") if ["ABK", "BK"].contains(&segment.component(1, 1)) => diagnoses = segment.len(),
            ("2400", "LX") => {
                lines += 1;
                if segment.element(1).parse() != Ok(lines) {
                    add(errors, place, segment, vec![(1, 0, "7")]);
                }
            }
            ("2400", "SV1") => {
                let pointers = segment.components(7);
                let mut bad = Vec::new();
                if pointers.len() > 4 {
                    bad.push((7, 5, "3"));
                }
                for (at, pointer) in pointers.iter().enumerate() {
                    let inside = pointer.parse::<usize>().is_ok_and(|p| (1..=diagnoses).contains(&p));
                    if !pointer.is_empty() && !inside {
                        bad.push((7, at + 1, "7"));
                    }
                }
                add(errors, place, segment, bad);
            }
            _ => {}
        }
    }
    if !placed.iter().any(|place| place.in_loop == "2400") {
        errors.push(SegmentError {
            position: set.segments.len(),
            id: "CLM".to_owned(),
            in_loop: "2300".to_owned(),
            code: "I7",
            elements: Vec::new(),
        });
    }
}
