//! What was done, when, for what, how often, for how much.

use super::{alone, office, shape, shaped};
use crate::kinds::{Kind, defect};
use crate::maker::{AS_OF, Maker};
use crate::model::{Claim, Line};
use crate::shapes::{JOINT, OFFICE, Pays, Shape, TESTS, Who};
use Who::{Middle, Senior, Young};

const DATES: &[&str] = &["line:service_dates", "x12:DTP"];
const DIAGNOSES: &[&str] = &["diagnoses", "line:diagnosis_pointers", "x12:HI"];
const CODE: &[&str] = &["line:procedure", "x12:SV101"];
const MODIFIERS: &[&str] = &["line:procedure.modifiers", "line:procedure", "x12:SV101"];
const UNITS: &[&str] = &["line:units", "line:charge", "x12:SV103", "x12:SV104"];
const CHARGE: &[&str] = &["line:charge", "x12:SV102"];
const TOTAL: &[&str] = &["stated_total", "total_charge", "x12:CLM02"];
const POINTERS: &[&str] = &["line:diagnosis_pointers", "x12:SV107"];
const REPEAT: &[&str] = &["line:procedure"];

fn diagnoses(claim: &mut Claim, list: &[&str]) {
    claim.diagnoses = list.iter().map(|code| (*code).to_owned()).collect();
    claim.lines.iter_mut().for_each(|line| line.pointers = vec![1]);
}

fn coded(maker: &mut Maker, list: &'static [&'static str]) -> Vec<Claim> {
    office(maker, |_, claim| diagnoses(claim, list))
}

fn with(maker: &mut Maker, shape: Shape, line: usize, modifiers: &'static [&'static str]) -> Vec<Claim> {
    shaped(maker, shape, |_, claim| {
        claim.line(line).modifiers = modifiers.iter().map(|modifier| (*modifier).to_owned()).collect();
    })
}

fn one(maker: &mut Maker, shape: Shape, line: usize, change: impl FnOnce(&mut Line)) -> Vec<Claim> {
    shaped(maker, shape, |_, claim| change(claim.line(line)))
}

/// The claim again as another visit of the patient.
fn again(maker: &mut Maker, shape: Shape) -> Vec<Claim> {
    let first = maker.make(shape);
    let mut second = first.clone();
    second.visit = maker.make(shape).visit;
    vec![first, second]
}

/// A birth date with another last digit of its year, 29 February apart.
fn turned(born: &str) -> String {
    let (year, day) = born.split_at_checked(4).unwrap_or((born, ""));
    let year: i64 = year.parse().unwrap_or(1970);
    let other = if year % 10 == 9 { year - 1 } else { year + 1 };
    format!("{other:04}{}", if day == "0229" { "0228" } else { day })
}

const XRAY: Shape = shape("71046", "R051", Middle, "", "11");
const KNEE: Shape = shape("20610-RT", "M1711", Middle, "", "11");
const THERAPY: Shape = shape("97110-GP*2 97140-GP", "M5459", Middle, "", "11");
const SLEEP: Shape = shape("00840-AA-P2@95", "K3580", Middle, "", "22");
#[rustfmt::skip] // a table
const SLEEP_MEDICARE: Shape = Shape { services: "01400-QZ@62", diagnoses: "M1711", who: Senior, sex: "", pos: "24", pays: Pays::Medicare };

#[rustfmt::skip] // a table
pub const KINDS: &[Kind] = &[
    defect("service-in-the-future", "service-date.*", DATES, |m| office(m, |m, c| c.move_to(AS_OF.plus(m.rng.range(1, 400))))),
    defect("service-ends-before-it-starts", "service-date.*", DATES, |m| one(m, TESTS, 2, |line| line.to = line.from.plus(-3))),
    defect("no-diagnosis", "diagnosis.*", DIAGNOSES, |m| office(m, |_, c| c.diagnoses.clear())),
    defect("diagnosis-of-two-characters", "diagnosis.*", DIAGNOSES, |m| coded(m, &["I1"])),
    defect("diagnosis-starting-with-a-digit", "diagnosis.*", DIAGNOSES, |m| coded(m, &["110"])),
    defect("diagnosis-of-eight-characters", "diagnosis.*", DIAGNOSES, |m| coded(m, &["S93401AX"])),
    defect("diagnosis-with-letter-o", "diagnosis.*", DIAGNOSES, |m| coded(m, &["IO0"])),
    defect("diagnosis-with-its-dot", "diagnosis.*", DIAGNOSES, |m| coded(m, &["E11.9"])),
    defect("diagnosis-twice", "diagnosis.*", DIAGNOSES, |m| coded(m, &["I10", "E785", "I10"])),
    defect("external-cause-first", "diagnosis.*", DIAGNOSES, |m| coded(m, &["W010XXA", "S93401A"])),
    defect("external-cause-alone", "diagnosis.*", DIAGNOSES, |m| coded(m, &["Y92009"])),
    defect("line-for-an-external-cause", "diagnosis.*", DIAGNOSES, |m| shaped(m, TESTS, |_, c| { diagnoses(c, &["S93401A", "V4352XA"]); c.line(2).pointers = vec![2]; })),
    defect("manifestation-first", "diagnosis.*", DIAGNOSES, |m| coded(m, &["F0280", "G309"])),
    defect("organism-first", "diagnosis.*", DIAGNOSES, |m| coded(m, &["B9620", "N390"])),
    defect("body-mass-index-first", "diagnosis.*", DIAGNOSES, |m| coded(m, &["Z6841", "E6601"])),
    defect("two-types-of-diabetes", "diagnosis.*", DIAGNOSES, |m| coded(m, &["E109", "E119"])),
    defect("hypertension-of-two-kinds", "diagnosis.*", DIAGNOSES, |m| coded(m, &["I10", "I110"])),
    defect("with-and-without-findings", "diagnosis.*", DIAGNOSES, |m| coded(m, &["Z0000", "Z0001"])),
    defect("thirteen-diagnoses", "diagnosis.*|visit.too-many-diagnoses", &["diagnoses", "line:diagnosis_pointers", "x12:HI", "lines"], |m| office(m, |_, c| diagnoses(c, &["I10", "E785", "E119", "M1711", "J309", "K219", "F411", "R519", "M5459", "L700", "H6121", "Z87891", "G4733"]))),
    defect("icd-9-of-today", "diagnosis.*", DIAGNOSES, |m| coded(m, &["25000"])),
    defect("pointer-at-nothing", "pointer.*", POINTERS, |m| office(m, |m, c| { let beyond = c.diagnoses.len() + usize::try_from(m.rng.range(1, 4)).unwrap_or(1); c.line(1).pointers = vec![beyond]; })),
    defect("pointer-zero", "pointer.*", POINTERS, |m| one(m, OFFICE, 1, |line| line.pointers = vec![0])),
    defect("no-pointer", "pointer.*", POINTERS, |m| one(m, TESTS, 2, |line| line.pointers.clear())),
    defect("pointer-twice", "pointer.*", POINTERS, |m| one(m, OFFICE, 1, |line| line.pointers = vec![1, 1])),
    defect("no-procedure-code", "procedure.*", CODE, |m| one(m, TESTS, 2, |line| line.code.clear())),
    defect("procedure-of-four-digits", "procedure.*", CODE, |m| one(m, OFFICE, 1, |line| { line.code.pop(); })),
    defect("procedure-of-six-digits", "procedure.*", CODE, |m| one(m, TESTS, 2, |line| line.code.push('0'))),
    defect("procedure-of-the-practice", "procedure.*", CODE, |m| one(m, OFFICE, 1, |line| line.code = "OVEST".into())),
    defect("procedure-with-letter-o", "procedure.*", CODE, |m| one(m, TESTS, 2, |line| line.code = "93OO0".into())),
    defect("modifier-of-one-character", "modifier.*", MODIFIERS, |m| with(m, XRAY, 1, &["2"])),
    defect("modifier-of-three-characters", "modifier.*", MODIFIERS, |m| with(m, XRAY, 1, &["RTL"])),
    defect("modifier-twice", "modifier.*", MODIFIERS, |m| with(m, KNEE, 1, &["RT", "RT"])),
    defect("right-and-left-on-one-line", "modifier.*", MODIFIERS, |m| with(m, KNEE, 1, &["RT", "LT"])),
    defect("bilateral-and-right", "modifier.*", MODIFIERS, |m| with(m, KNEE, 1, &["50", "RT"])),
    defect("professional-and-technical", "modifier.*", MODIFIERS, |m| with(m, XRAY, 1, &["26", "TC"])),
    defect("wasted-and-not-wasted", "modifier.*", MODIFIERS, |m| with(m, JOINT, 3, &["JW", "JZ"])),
    defect("staged-and-unrelated", "modifier.*", MODIFIERS, |m| with(m, KNEE, 1, &["58", "79"])),
    defect("two-physical-states", "modifier.*", MODIFIERS, |m| with(m, SLEEP, 1, &["AA", "P1", "P3"])),
    defect("25-on-a-procedure", "modifier.*", MODIFIERS, |m| with(m, JOINT, 2, &["RT", "25"])),
    defect("25-on-an-image", "modifier.*", MODIFIERS, |m| with(m, XRAY, 1, &["25"])),
    defect("24-on-a-procedure", "modifier.*", MODIFIERS, |m| with(m, KNEE, 1, &["24"])),
    defect("57-on-a-procedure", "modifier.*", MODIFIERS, |m| with(m, KNEE, 1, &["57"])),
    defect("59-on-a-visit", "modifier.*", MODIFIERS, |m| with(m, OFFICE, 1, &["59"])),
    defect("right-on-a-visit", "modifier.*", MODIFIERS, |m| with(m, OFFICE, 1, &["RT"])),
    defect("26-on-a-visit", "modifier.*", MODIFIERS, |m| with(m, OFFICE, 1, &["26"])),
    defect("bilateral-laboratory", "modifier.*", MODIFIERS, |m| with(m, shape("80061", "E785", Middle, "", "11"), 1, &["50"])),
    defect("physical-state-on-a-visit", "modifier.*", MODIFIERS, |m| with(m, OFFICE, 1, &["P3"])),
    defect("waived-on-an-image", "modifier.*", MODIFIERS, |m| with(m, XRAY, 1, &["QW"])),
    defect("no-units", "units.*", UNITS, |m| one(m, TESTS, 2, |line| line.units = "0".into())),
    defect("negative-units", "units.*", UNITS, |m| one(m, TESTS, 2, |line| line.units = "-1".into())),
    defect("half-a-visit", "units.*", UNITS, |m| one(m, OFFICE, 1, |line| line.units = "1.5".into())),
    defect("minutes-as-units-of-a-visit", "units.*", UNITS, |m| office(m, |m, c| c.line(1).units = m.rng.pick(&["15", "20", "25"]).into())),
    defect("ten-thousand-units", "units.*|amount.*", UNITS, |m| one(m, JOINT, 3, |line| line.units = "10000".into())),
    defect("anesthesia-without-minutes", "anesthesia.*", UNITS, |m| one(m, SLEEP, 1, |line| (line.unit, line.units) = ("UN".into(), "1".into()))),
    defect("therapy-in-minutes", "units.*", UNITS, |m| one(m, THERAPY, 1, |line| (line.unit, line.units) = ("MJ".into(), "30".into()))),
    defect("medicare-anesthesia-by-nobody", "anesthesia.*", MODIFIERS, |m| with(m, SLEEP_MEDICARE, 1, &[])),
    defect("no-charge", "charge.*", CHARGE, |m| one(m, TESTS, 2, |line| line.charge = 0)),
    defect("negative-charge", "charge.*", CHARGE, |m| one(m, TESTS, 2, |line| line.charge = -line.charge)),
    defect("charge-without-its-point", "charge.*|typo.charge", CHARGE, |m| one(m, TESTS, 2, |line| line.charge = 10_000_000 + line.charge * 100)),
    defect("total-too-high", "charge.*", TOTAL, |m| office(m, |_, c| c.total_off = 100)),
    defect("total-too-low", "charge.*", TOTAL, |m| shaped(m, TESTS, |m, c| c.total_off = -m.rng.range(1, 900))),
    defect("line-twice", "duplicate.*", REPEAT, |m| shaped(m, TESTS, |_, c| { let next = c.line(2).clone(); c.lines.push(next); let last = c.lines.len(); c.line(last); })),
    defect("line-twice-modifiers-turned", "duplicate.*", REPEAT, |m| shaped(m, shape("20610-RT-GC", "M1711", Middle, "", "11"), |_, c| { let mut next = c.line(1).clone(); next.modifiers.reverse(); c.lines.push(next); c.line(2); })),
    defect("visit-twice", "duplicate.*", REPEAT, |m| again(m, OFFICE)),
    defect("visit-twice-at-another-price", "typo.*|duplicate.*", REPEAT, |m| { let mut two = again(m, OFFICE); if let Some(second) = two.last_mut() { second.line(1).charge += 100; } two }),
    defect("visit-twice-under-another-record", "typo.*", &["patient.name", "patient.ids"], |m| { let mut two = again(m, OFFICE); if let Some(second) = two.last_mut() { alone(second); second.mrn.push('Q'); second.patient.born = turned(&second.patient.born); } two }),
    defect("new-patient-again", "new-patient.*", CODE, |m| { let mut two = again(m, shape("99203", "R5383", Middle, "", "11")); if let Some(second) = two.last_mut() { second.move_to(second.day().plus(2)); } two }),
    defect("side-of-the-other-knee", "modifier.*", MODIFIERS, |m| shaped(m, shape("20610-LT", "M1711", Middle, "", "11"), |_, c| { c.line(1); })),
    defect("76-on-a-visit", "modifier.*", MODIFIERS, |m| with(m, OFFICE, 1, &["76"])),
    defect("toe-on-a-finger", "modifier.*", MODIFIERS, |m| with(m, shape("26055", "M65341", Middle, "", "24"), 1, &["T5"])),
    defect("procedure-twice-in-two-visits", "duplicate.*", REPEAT, |m| again(m, KNEE)),
    defect("ndc-of-ten-digits", "drug.*", &["line:drug", "x12:LIN"], |m| one(m, JOINT, 3, |line| if let Some((ndc, _, _)) = &mut line.drug { ndc.pop(); })),
    defect("ndc-with-dashes", "drug.*", &["line:drug", "x12:LIN"], |m| one(m, JOINT, 3, |line| if let Some((ndc, _, _)) = &mut line.drug { *ndc = "70012-3456-01".into(); })),
    defect("drug-without-quantity", "drug.*", &["line:drug", "x12:CTP"], |m| one(m, JOINT, 3, |line| if let Some((_, quantity, _)) = &mut line.drug { *quantity = "0".into(); })),
    defect("last-period-of-a-man", "patient.*", &["patient.gender", "extras.dates"], |m| shaped(m, shape("99213", "I10", Young, "M", "11"), |_, c| { alone(c); let day = c.day(); c.dates.push(("484", day.plus(-20))); })),
];
