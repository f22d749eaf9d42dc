//! The claims of an 837P of ours, element by element (005010X222A1): what stands in which loop. Shares nothing with host or sdk.

use std::collections::BTreeMap;

use crate::recount::{cents, element, segments};

/// A claim that left: the name of an element, and its text.
///
/// `patient.name`, `patient.birth-date`, `patient.sex`, `patient.address`, `member-id`, `payer`, `billing`, `rendering`, `place-of-service`,
/// `diagnoses`, `total`, `secondary`; of its lines, with blanks between them, `dates`, `codes`, `modifiers` (with
/// commas; `-`: none), `units`, `charges` (cents),
/// `pointers`. An element that is not there has no entry. Lines are in the order of their codes: which charge of a visit comes first
/// means nothing.
pub type Sent = BTreeMap<&'static str, String>;

/// The loop that a segment stands in, as much of it as these elements need.
#[derive(Clone, Copy, PartialEq)]
enum Loop {
    Other,
    Billing,
    Subscriber,
    Payer,
    Patient,
    Claim,
    ClaimRendering,
    OtherCoverage,
    OtherPayer,
    Line,
    LineRendering,
}

/// Reads the claims of an interchange, in order.
pub fn claims(text: &str) -> Vec<Sent> {
    let (mut claims, mut parents): (Vec<Sent>, Sent) = (Vec::new(), Sent::new());
    let mut at = Loop::Other;
    for segment in segments(text) {
        let of = |number: usize| element(&segment, number).to_owned();
        at = place(&segment, at);
        match element(&segment, 0) {
            // A new subscriber has a payer, a patient and claims of its own; the billing provider stays.
            "HL" if of(3) == "22" => parents.retain(|name, _| *name == "billing"),
            "CLM" => {
                let mut claim = parents.clone();
                claim.insert("total", cents(&of(2)).to_string());
                claim.insert("place-of-service", of(5).split(':').next().unwrap_or_default().to_owned());
                claims.push(claim);
            }
            id => {
                let into = match at {
                    Loop::Billing | Loop::Subscriber | Loop::Payer | Loop::Patient => Some(&mut parents),
                    _ => claims.last_mut(),
                };
                if let Some(into) = into {
                    take(into, at, id, &segment);
                }
            }
        }
    }
    claims.iter_mut().for_each(in_order);
    claims
}

/// Puts the lines of a claim in the order of their codes.
pub fn in_order(claim: &mut Sent) {
    let texts = |claim: &Sent, name: &str| -> Vec<String> {
        claim.get(name).map(|text| text.split(' ').map(str::to_owned).collect()).unwrap_or_default()
    };
    let codes = texts(claim, "codes");
    let mut order: Vec<usize> = (0..codes.len()).collect();
    order.sort_by_key(|at| codes.get(*at));
    for name in ["dates", "codes", "modifiers", "charges", "units", "pointers"] {
        let all = texts(claim, name);
        if all.len() == order.len() {
            let sorted: Vec<&str> = order.iter().filter_map(|at| all.get(*at).map(String::as_str)).collect();
            claim.insert(name, sorted.join(" "));
        }
    }
}

/// The loop after this segment: NM1, SBR, CLM and LX begin one.
fn place(segment: &[String], before: Loop) -> Loop {
    let in_claim = !matches!(before, Loop::Other | Loop::Billing | Loop::Subscriber | Loop::Payer | Loop::Patient);
    let in_line = matches!(before, Loop::Line | Loop::LineRendering);
    match (element(segment, 0), element(segment, 1)) {
        ("HL", _) => Loop::Other,
        ("CLM", _) => Loop::Claim,
        ("LX", _) => Loop::Line,
        ("SBR", _) if in_claim => Loop::OtherCoverage,
        ("NM1", "85") => Loop::Billing,
        ("NM1", "IL") if !in_claim => Loop::Subscriber,
        ("NM1", "QC") => Loop::Patient,
        ("NM1", "PR") => {
            if in_claim {
                Loop::OtherPayer
            } else {
                Loop::Payer
            }
        }
        ("NM1", "82") => {
            if in_line {
                Loop::LineRendering
            } else {
                Loop::ClaimRendering
            }
        }
        ("NM1", _) if in_line => Loop::Line,
        ("NM1", _) if before == Loop::OtherCoverage || before == Loop::OtherPayer => Loop::OtherCoverage,
        ("NM1", _) => {
            if in_claim {
                Loop::Claim
            } else {
                Loop::Other
            }
        }
        _ => before,
    }
}

fn take(into: &mut Sent, at: Loop, id: &str, segment: &[String]) {
    let of = |number: usize| element(segment, number);
    let mut set = |name: &'static str, text: String| {
        into.insert(name, text);
    };
    match (at, id) {
        (Loop::Billing, "NM1") => set("billing", format!("{} {}", of(3), of(9))),
        (Loop::Subscriber, "NM1") => {
            set("member-id", of(9).to_owned());
            set("patient.name", format!("{}, {}", of(3), of(4)));
        }
        (Loop::Patient, "NM1") => set("patient.name", format!("{}, {}", of(3), of(4))),
        (Loop::Subscriber | Loop::Patient, "N3") => set("patient.address", of(1).to_owned()),
        (Loop::Subscriber | Loop::Patient, "N4") => {
            let street = into.get("patient.address").cloned().unwrap_or_default();
            into.insert("patient.address", format!("{street}, {} {} {}", of(1), of(2), of(3)));
        }
        (Loop::Subscriber | Loop::Patient, "DMG") => {
            set("patient.birth-date", of(2).to_owned());
            set("patient.sex", of(3).to_owned());
        }
        (Loop::Payer, "NM1") => set("payer", of(9).to_owned()),
        (Loop::ClaimRendering | Loop::LineRendering, "NM1") => set("rendering", of(9).to_owned()),
        (Loop::OtherPayer, "NM1") => set("secondary", of(9).to_owned()),
        (Loop::Claim, "HI") => {
            let codes = segment.iter().skip(1).filter_map(|code| code.split(':').nth(1));
            let codes: Vec<&str> = codes.collect();
            set("diagnoses", codes.join(" "));
        }
        (Loop::Line, "SV1") => {
            let mut parts = of(1).split(':').skip(1).filter(|part| !part.is_empty());
            add(into, "codes", parts.next().unwrap_or_default());
            let modifiers: Vec<&str> = parts.collect();
            add(into, "modifiers", if modifiers.is_empty() { "-".to_owned() } else { modifiers.join(",") }.as_str());
            add(into, "charges", &cents(of(2)).to_string());
            add(into, "units", of(4));
            add(into, "pointers", of(7));
        }
        (Loop::Line, "DTP") if of(1) == "472" => add(into, "dates", of(3)),
        _ => {}
    }
}

fn add(into: &mut Sent, name: &'static str, text: &str) {
    let all = into.entry(name).or_default();
    *all = if all.is_empty() { text.to_owned() } else { format!("{all} {text}") };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_element_is_read_from_its_own_loop() {
        let text = "NM1*85*2*CLINIC*****XX*1~N3*9 A~HL*2*1*22*0~NM1*IL*1*VANCE*ORLA****MI*P1~N3*1 OAK~N4*SALEM*OR*97301~DMG*D8*19500201*F~\
                    NM1*PR*2*FIRST*****PI*00000~N3*8 B~CLM*C1*144.5***11:B:1~HI*ABK:J069*ABF:R059~NM1*82*1*DOE*A****XX*2~SBR*S*18~\
                    NM1*IL*1*OTHER*NAME****MI*S1~N3*7 C~NM1*PR*2*SECOND*****PI*11111~LX*1~SV1*HC:99213:25*120.5*UN*1***1:2~DTP*472*D8*20260201~\
                    LX*2~SV1*HC:J1100*24*UN*4***2~DTP*472*D8*20260201~HL*3*1*22*0~NM1*IL*1*DAY*A****MI*P2~NM1*PR*2*FIRST*****PI*1~CLM*C2*1***11:B:1~";
        let claims = claims(text);
        let expected = [
            ("billing", "CLINIC 1"),
            ("charges", "12050 2400"),
            ("codes", "99213 J1100"),
            ("dates", "20260201 20260201"),
            ("diagnoses", "J069 R059"),
            ("member-id", "P1"),
            ("modifiers", "25 -"),
            ("patient.address", "1 OAK, SALEM OR 97301"),
            ("patient.birth-date", "19500201"),
            ("patient.name", "VANCE, ORLA"),
            ("patient.sex", "F"),
            ("payer", "00000"),
            ("place-of-service", "11"),
            ("pointers", "1:2 2"),
            ("rendering", "2"),
            ("secondary", "11111"),
            ("total", "14450"),
            ("units", "1 4"),
        ];
        let told: Vec<(&str, &str)> =
            claims.first().into_iter().flatten().map(|(name, text)| (*name, text.as_str())).collect();
        assert_eq!(told, expected);
        assert_eq!(claims.last().and_then(|claim| claim.get("secondary")), None, "nothing of the claim before");
        assert_eq!(claims.last().and_then(|claim| claim.get("member-id")).map(String::as_str), Some("P2"));
    }
}
