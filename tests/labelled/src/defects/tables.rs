//! What only tables can tell: code sets by date, NCCI, and the practice's own roster and fee schedule.
//!
//! The NCCI cases are pairs and limits that the policy manual and CMS's articles on modifiers 59 and X give as examples (numbers
//! only); `sources.rs` writes them in CMS's layouts, beside pairs of its own invention.

use super::{office, shape, shaped};
use crate::day::Day;
use crate::kinds::{Kind, kind};
use crate::maker::Maker;
use crate::model::{Claim, Label, Needs};
use crate::shapes::{OFFICE, Pays, Shape, TESTS, Who};
use Who::{Middle, Senior, Young};

const DIAGNOSES: &[&str] = &["diagnoses"];
const CODE: &[&str] = &["line:procedure"];
/// Either line of a pair may be named.
const PAIR: &[&str] = &["any:procedure"];
const UNITS: &[&str] = &["any:units", "any:procedure"];

const fn codes(
    name: &'static str,
    family: &'static str,
    places: &'static [&'static str],
    make: fn(&mut Maker) -> Vec<Claim>,
) -> Kind {
    kind(Label::Defect, name, family, places, Needs::Codes, make)
}
const fn ncci(
    name: &'static str,
    family: &'static str,
    places: &'static [&'static str],
    make: fn(&mut Maker) -> Vec<Claim>,
) -> Kind {
    kind(Label::Defect, name, family, places, Needs::Ncci, make)
}
const fn capture(
    name: &'static str,
    family: &'static str,
    places: &'static [&'static str],
    make: fn(&mut Maker) -> Vec<Claim>,
) -> Kind {
    kind(Label::Defect, name, family, places, Needs::Capture, make)
}

fn coded(maker: &mut Maker, code: &str, day: Option<Day>) -> Vec<Claim> {
    office(maker, |_, claim| {
        claim.diagnoses = vec![code.to_owned()];
        claim.line(1).pointers = vec![1];
        if let Some(day) = day {
            claim.move_to(day);
            claim.delay = "7".into();
        }
    })
}

/// Services with nothing changed: the defect is in them.
macro_rules! services {
    ($services:literal, $diagnoses:literal, $pos:literal) => {
        |m| {
            shaped(m, shape($services, $diagnoses, Middle, "", $pos), |_, c| {
                let last = c.lines.len();
                c.line(last);
            })
        }
    };
}

#[rustfmt::skip] // a table
const MEDICARE_PREVENTIVE: Shape = Shape { services: "99397", diagnoses: "Z0000", who: Senior, sex: "", pos: "11", pays: Pays::Medicare };
#[rustfmt::skip] // a table
const MEDICARE_KNEES: Shape = Shape { services: "29881-RT 29881-LT", diagnoses: "S83241A S83242A", who: Senior, sex: "", pos: "24", pays: Pays::Medicare };

#[rustfmt::skip] // a table
pub const KINDS: &[Kind] = &[
    codes("diagnosis-not-billable", "code.*", DIAGNOSES, |m| coded(m, "E11", None)),
    codes("diagnosis-without-its-seventh-character", "code.*", DIAGNOSES, |m| coded(m, "S93401", None)),
    codes("diagnosis-that-is-none", "code.*", DIAGNOSES, |m| coded(m, "I1099", None)),
    codes("diagnosis-after-its-last-day", "code.*", DIAGNOSES, |m| coded(m, "B880", Some(Day::from_ymd(2025, 10, 1)))),
    codes("diagnosis-before-its-first-day", "code.*", DIAGNOSES, |m| coded(m, "B8801", Some(Day::from_ymd(2025, 9, 30)))),
    codes("hcpcs-that-is-none", "code.*", CODE, |m| shaped(m, TESTS, |_, c| c.line(3).code = "G0000".into())),
    codes("place-of-service-that-is-none", "code.*", &["place_of_service"], |m| office(m, |m, c| c.pos = m.rng.pick(&["29", "30", "43", "88"]).into())),
    codes("modifier-that-is-none", "code.*", &["line:procedure.modifiers", "line:procedure"], |m| shaped(m, OFFICE, |_, c| c.line(1).modifiers = vec!["ZY".into()])),
    codes("taxonomy-that-is-none", "code.*", &["rendering.taxonomy"], |m| office(m, |_, c| if let Some(doctor) = &mut c.rendering { doctor.taxonomy = "207ZZ9999X".into(); })),
    ncci("ptp-never-together", "ncci.*", PAIR, services!("80053 80048", "I10", "11")),
    ncci("ptp-never-together-despite-59", "ncci.*", PAIR, services!("80053 80048-59", "I10", "11")),
    ncci("ptp-visit-without-25", "ncci.*", PAIR, services!("99213 20610-RT", "M1711", "11")),
    ncci("ptp-visit-and-vaccination-without-25", "ncci.*", PAIR, services!("99213 90471 90686", "I10 Z23", "11")),
    ncci("ptp-biopsy-and-destruction", "ncci.*", PAIR, services!("11102 17000", "D485 L570", "11")),
    ncci("ptp-paring-and-nails", "ncci.*", PAIR, services!("11055 11720", "L84 B351", "11")),
    ncci("ptp-one-shoulder", "ncci.*", PAIR, services!("29827-RT 29820-RT", "M75121", "24")),
    ncci("ptp-guidance-and-ablation", "ncci.*", PAIR, services!("47370 76942", "C220", "22")),
    ncci("ptp-catheter-and-fluoroscopy", "ncci.*", PAIR, services!("93453 76000", "I2510", "22")),
    ncci("ptp-snare-and-biopsy", "ncci.*", PAIR, services!("45385 45380", "D122", "24")),
    ncci("ptp-uterus-and-ovary", "ncci.*", PAIR, |m| shaped(m, shape("58150 58720", "D259", Young, "F", "22"), |_, c| { c.line(2); })),
    ncci("ptp-modifier-on-neither-side", "ncci.*", PAIR, services!("11042-GC 11720", "L97411 B351", "11")),
    ncci("mue-one-line", "ncci.*", UNITS, services!("17000*2", "L570", "11")),
    ncci("mue-of-a-drug", "ncci.*", UNITS, services!("20610-RT J3301*17", "M1711", "11")),
    ncci("mue-over-the-day", "ncci.*", UNITS, services!("93000 93000-76 93000-76 93000-76", "R079", "11")),
    ncci("mue-absolute-despite-59", "ncci.*", UNITS, services!("11042 11042-59", "L97411", "11")),
    ncci("mue-not-covered-by-medicare", "ncci.*", UNITS, |m| shaped(m, MEDICARE_PREVENTIVE, |_, _| {})),
    ncci("mue-both-knees-on-two-lines-for-medicare", "ncci.*", UNITS, |m| shaped(m, MEDICARE_KNEES, |_, c| c.line(2).pointers = vec![2])),
    ncci("add-on-without-primary", "ncci.*", CODE, services!("11103", "D485", "11")),
    ncci("add-on-with-another-primary", "ncci.*", CODE, services!("99213-25 17003*4", "L570", "11")),
    ncci("critical-care-hour-without-first", "ncci.*", CODE, |m| shaped(m, shape("99292*2", "R6521", Senior, "", "21"), |_, _| {})),
    capture("charge-ten-times-the-schedule", "typo.*", &["line:charge"], |m| office(m, |_, c| c.line(1).charge *= 10)),
    capture("birth-day-and-month-turned", "demographic.*", &["patient.birth_date"], |m| office(m, |_, c| {
        registered(c, "RO000001", ["Ashdown", "Clara", "19750308", "F", "HB100000001"]);
        c.patient.born = "19750803".into();
    })),
    capture("last-name-of-another-person", "demographic.*", &["patient.name"], |m| office(m, |_, c| {
        registered(c, "RO000002", ["Birkett", "Hugo", "19680212", "M", "HB100000002"]);
        c.patient.last = "Quillfeather".into();
    })),
    capture("member-id-two-digits-turned", "demographic.*", &["coverages[0].subscriber.member_id"], |m| office(m, |_, c| {
        registered(c, "RO000003", ["Calloway", "Esme", "19811130", "F", "HB123456789"]);
        c.cover().member = "HB124356789".into();
    })),
];

/// Makes the patient the one of a row of the roster (`sources.rs`): last and first name, birth date, sex, member id.
fn registered(claim: &mut Claim, mrn: &str, [last, first, born, sex, member]: [&str; 5]) {
    claim.mrn = mrn.into();
    let patient = &mut claim.patient;
    (patient.last, patient.first, patient.born, patient.sex) = (last.into(), first.into(), born.into(), sex.into());
    claim.cover().member = member.into();
}
