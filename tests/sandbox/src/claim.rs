//! A claim as the payer sees it, taken from placed segments of a valid transaction.
//!
//! Money is in cents, units in thousandths. Only what answers need is kept.

use crate::reader::{Segment, TransactionSet};
use crate::walk::Placed;
use serde::{Deserialize, Serialize};

/// A person or organisation (NM103..NM109).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Party {
    /// NM102: 1 person, 2 organisation.
    pub kind: String,
    /// NM103.
    pub last: String,
    /// NM104.
    pub first: String,
    /// NM105.
    pub middle: String,
    /// NM107.
    pub suffix: String,
    /// NM109.
    pub id: String,
    /// DMG02.
    pub birth_date: String,
}

/// One adjustment: group, reason, cents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adjustment {
    /// CAS01.
    pub group: String,
    /// CAS02, CAS05, ...
    pub reason: String,
    /// Cents.
    pub amount: i64,
}

/// A service line (2400).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// REF 6R, empty when not sent.
    pub control: String,
    /// SV101-1.
    pub qualifier: String,
    /// SV101-2.
    pub code: String,
    /// SV101-3..6.
    pub modifiers: Vec<String>,
    /// SV102, cents.
    pub charge: i64,
    /// SV103.
    pub unit: String,
    /// SV104, thousandths.
    pub units: i64,
    /// DTP 472: CCYYMMDD, or two of them with `-`.
    pub date: String,
    /// PR amounts of the last payer in 2430; absent when the line has no 2430.
    pub patient_share: Option<i64>,
}

/// Another payer (2320) of the claim.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OtherPayer {
    /// SBR01.
    pub responsibility: String,
    /// SBR09.
    pub filing: String,
    /// 2330B NM109.
    pub payer: String,
    /// 2330B NM103.
    pub name: String,
    /// 2330A.
    pub subscriber: Party,
    /// PR amounts of the claim-level CAS; absent without any CAS.
    pub patient_share: Option<i64>,
}

/// A claim with its context.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// 1000A.
    pub submitter: Party,
    /// 2010AA.
    pub billing: Party,
    /// 2010AA REF EI or SY: qualifier and number.
    pub tax_id: (String, String),
    /// 2010BB NM109.
    pub payer: String,
    /// SBR01.
    pub responsibility: String,
    /// SBR09.
    pub filing: String,
    /// 2010BA.
    pub subscriber: Party,
    /// 2010CA, or the subscriber.
    pub patient: Party,
    /// CLM01.
    pub number: String,
    /// CLM02, cents.
    pub charge: i64,
    /// CLM05-1.
    pub place: String,
    /// CLM05-3.
    pub frequency: String,
    /// REF F8, empty when not sent.
    pub original: String,
    /// 2320 loops.
    pub others: Vec<OtherPayer>,
    /// 2400 loops.
    pub lines: Vec<Line>,
    /// ISA05 and ISA06 of the interchange, to address the 835.
    #[serde(default)]
    pub partner: (String, String),
    /// ISA15.
    #[serde(default)]
    pub usage: String,
    /// Hash of the claim's segments, to tell a resent claim from another one.
    pub content: String,
}

impl Claim {
    /// The claim's identity at a payer: billing NPI (or tax id), payer, CLM01.
    pub fn key(&self) -> String {
        format!("{}|{}|{}", self.payee(), self.payer, self.number)
    }

    /// Billing NPI, or the tax id of an atypical provider.
    pub fn payee(&self) -> &str {
        if self.billing.id.is_empty() { &self.tax_id.1 } else { &self.billing.id }
    }

    /// True when another payer's adjudication has to be there (SBR01 other than P).
    pub fn is_secondary(&self) -> bool {
        self.responsibility != "P"
    }
}

/// Cents of an X12 decimal with at most two decimals; absent for anything else.
pub fn cents(text: &str) -> Option<i64> {
    scaled(text, 2)
}

/// Thousandths of an X12 decimal with at most three decimals.
pub fn thousandths(text: &str) -> Option<i64> {
    scaled(text, 3)
}

fn scaled(text: &str, digits: usize) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if text.is_empty() || whole.len() > 15 || !plain(whole) || !plain(fraction) {
        return None;
    }
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > digits {
        return None;
    }
    format!("{whole}{fraction:0<digits$}").parse::<i64>().ok().map(|value| sign * value)
}

fn party(segment: &Segment) -> Party {
    Party {
        kind: segment.element(2).to_owned(),
        last: segment.element(3).to_owned(),
        first: segment.element(4).to_owned(),
        middle: segment.element(5).to_owned(),
        suffix: segment.element(7).to_owned(),
        id: segment.element(9).to_owned(),
        birth_date: String::new(),
    }
}

/// Adjustments of one CAS segment, up to six.
fn adjustments(segment: &Segment) -> impl Iterator<Item = Adjustment> + '_ {
    (0..6).filter_map(move |at| {
        let reason = segment.element(2 + 3 * at);
        let amount = cents(segment.element(3 + 3 * at))?;
        let group = segment.element(1).to_owned();
        (!reason.is_empty()).then(|| Adjustment { group, reason: reason.to_owned(), amount })
    })
}

fn share(segment: &Segment) -> i64 {
    adjustments(segment).filter(|a| a.group == "PR").map(|a| a.amount).sum()
}

/// Takes the claims of a transaction that passed `validate`.
pub fn claims(set: &TransactionSet, placed: &[Placed]) -> Vec<Claim> {
    let mut context = Claim::default();
    let mut claims: Vec<Claim> = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    for place in placed {
        let Some(segment) = set.segments.get(place.index) else {
            continue;
        };
        match (place.in_loop, segment.id()) {
            ("1000A", "NM1") => context.submitter = party(segment),
            ("2000A", "HL") => {
                context = Claim { submitter: context.submitter.clone(), ..Claim::default() };
            }
            ("2010AA", "NM1") => context.billing = party(segment),
            ("2010AA", "REF") if ["EI", "SY"].contains(&segment.element(1)) => {
                context.tax_id = (segment.element(1).to_owned(), segment.element(2).to_owned());
            }
            ("2000B", "SBR") => {
                context.responsibility = segment.element(1).to_owned();
                context.filing = segment.element(9).to_owned();
            }
            ("2010BA", "NM1") => {
                context.subscriber = party(segment);
                context.patient = party(segment);
            }
            ("2010BA", "DMG") => {
                context.subscriber.birth_date = segment.element(2).to_owned();
                context.patient.birth_date = segment.element(2).to_owned();
            }
            ("2010BB", "NM1") => context.payer = segment.element(9).to_owned(),
            ("2010CA", "NM1") => context.patient = party(segment),
            ("2010CA", "DMG") => context.patient.birth_date = segment.element(2).to_owned(),
            ("2300", "CLM") => {
                claims.push(Claim {
                    number: segment.element(1).to_owned(),
                    charge: cents(segment.element(2)).unwrap_or(0),
                    place: segment.component(5, 1).to_owned(),
                    frequency: segment.component(5, 3).to_owned(),
                    ..context.clone()
                });
                let person = |p: &Party| [&p.last, &p.first, &p.id, &p.birth_date].map(String::as_str).join("*");
                let ids = [person(&context.subscriber), person(&context.patient), context.responsibility.clone()];
                texts.push(ids.join("~"));
            }
            _ => {}
        }
        let inside = matches!(
            place.in_loop.get(..3),
            Some("230" | "231" | "232" | "233" | "240" | "241" | "242" | "243" | "244")
        );
        if let (true, Some(claim), Some(text)) = (inside, claims.last_mut(), texts.last_mut()) {
            text.push('~');
            text.push_str(&segment.canonical());
            inside_claim(claim, place.in_loop, segment);
        }
    }
    for (claim, text) in claims.iter_mut().zip(&texts) {
        claim.content = crate::faults::fingerprint(text.as_bytes());
    }
    claims
}

fn inside_claim(claim: &mut Claim, in_loop: &str, segment: &Segment) {
    match (in_loop, segment.id()) {
        ("2300", "REF") if segment.element(1) == "F8" => claim.original = segment.element(2).to_owned(),
        ("2320", "SBR") => claim.others.push(OtherPayer {
            responsibility: segment.element(1).to_owned(),
            filing: segment.element(9).to_owned(),
            ..OtherPayer::default()
        }),
        ("2400", "LX") => claim.lines.push(Line::default()),
        (in_loop, id) if in_loop.starts_with("23") => {
            let Some(other) = claim.others.last_mut() else {
                return;
            };
            match (in_loop, id) {
                ("2320", "CAS") => other.patient_share = Some(other.patient_share.unwrap_or(0) + share(segment)),
                ("2330A", "NM1") => other.subscriber = party(segment),
                ("2330B", "NM1") => {
                    other.name = segment.element(3).to_owned();
                    other.payer = segment.element(9).to_owned();
                }
                _ => {}
            }
        }
        (in_loop, id) => {
            let Some(line) = claim.lines.last_mut() else {
                return;
            };
            match (in_loop, id) {
                ("2400", "SV1") => {
                    let parts = segment.components(1);
                    line.qualifier = segment.component(1, 1).to_owned();
                    line.code = segment.component(1, 2).to_owned();
                    line.modifiers =
                        parts.iter().skip(2).take(4).filter(|m| !m.is_empty()).map(|m| (*m).to_owned()).collect();
                    line.charge = cents(segment.element(2)).unwrap_or(0);
                    line.unit = segment.element(3).to_owned();
                    line.units = thousandths(segment.element(4)).unwrap_or(0);
                }
                ("2400", "DTP") if segment.element(1) == "472" => line.date = segment.element(3).to_owned(),
                ("2400", "REF") if segment.element(1) == "6R" => line.control = segment.element(2).to_owned(),
                // Each further payer's 2430 starts anew: the last one's patient share is what is left.
                ("2430", "SVD") => line.patient_share = Some(0),
                ("2430", "CAS") => line.patient_share = Some(line.patient_share.unwrap_or(0) + share(segment)),
                _ => {}
            }
        }
    }
}
