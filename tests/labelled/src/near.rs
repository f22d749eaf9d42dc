//! Near-misses: what looks like a defect and is right.

use crate::kinds::{Kind, kind};
use crate::maker::{AS_OF, Maker};
use crate::model::{Claim, Label, Line, Needs, Person};
use crate::shapes::{JOINT, OFFICE, PARTICULAR, Pays, SENIOR, Shape, TESTS, Who};

const NONE: &[&str] = &[];

const fn near(name: &'static str, make: fn(&mut Maker) -> Vec<Claim>) -> Kind {
    kind(Label::NearMiss, name, "", NONE, Needs::Nothing, make)
}

fn office(maker: &mut Maker, change: impl FnOnce(&mut Maker, &mut Claim)) -> Vec<Claim> {
    shaped(maker, OFFICE, change)
}

fn shaped(maker: &mut Maker, shape: Shape, change: impl FnOnce(&mut Maker, &mut Claim)) -> Vec<Claim> {
    let mut claim = maker.make(shape);
    change(maker, &mut claim);
    vec![claim]
}

/// The patient is the subscriber.
fn alone(claim: &mut Claim) {
    let cover = claim.cover();
    cover.subscriber = None;
    cover.relationship = "18".into();
}

fn again(line: &Line, modifiers: &[&str]) -> Line {
    let mut next = line.clone();
    next.modifiers.extend(modifiers.iter().map(|modifier| (*modifier).to_owned()));
    next
}

/// Two visits of one patient.
fn two(maker: &mut Maker, shape: Shape, change: impl FnOnce(&mut Maker, &Claim, &mut Claim)) -> Vec<Claim> {
    let first = maker.make(shape);
    let mut second = maker.make(shape);
    second.patient = first.patient.clone();
    second.covers = first.covers.clone();
    second.mrn.clone_from(&first.mrn);
    second.lines = first.lines.clone();
    second.rendering = first.rendering.clone();
    second.referring = first.referring.clone();
    change(maker, &first, &mut second);
    vec![first, second]
}

/// A shape of this table's own.
const fn shape(
    services: &'static str,
    diagnoses: &'static str,
    who: Who,
    sex: &'static str,
    pos: &'static str,
    pays: Pays,
) -> Shape {
    Shape { services, diagnoses, who, sex, pos, pays }
}

use Pays::{Commercial, Medicare};
use Who::{Middle, Senior, Toddler, Young};

/// All of them.
#[rustfmt::skip] // a table
pub const NEAR: &[Kind] = &[
    near("modifier-25-present", |m| vec![m.make(JOINT)]),
    near("repeat-with-76", |m| shaped(m, TESTS, |_, c| { let next = again(c.line(2), &["76"]); c.lines.insert(2, next); })),
    near("repeat-with-77-other-doctor", |m| shaped(m, TESTS, |m, c| { let mut next = again(c.line(2), &["77"]); next.rendering = Some(m.other_doctor(c)); c.lines.insert(2, next); })),
    near("laboratory-repeat-91", |m| shaped(m, shape("82947 82947-91", "E119", Middle, "", "11", Commercial), |_, _| {})),
    near("bilateral-50-one-line", |m| shaped(m, shape("20610-50", "M170", Middle, "", "11", Commercial), |_, _| {})),
    near("right-and-left-two-lines", |m| shaped(m, shape("73562-RT 73562-LT", "M170", Middle, "", "11", Commercial), |_, _| {})),
    near("two-visits-one-day-two-doctors", |m| two(m, OFFICE, |m, a, b| b.rendering = Some(m.other_doctor(a)))),
    near("same-visit-next-day", |m| two(m, OFFICE, |_, a, b| b.move_to(a.day().plus(1)))),
    near("same-tests-weeks-earlier", |m| two(m, TESTS, |_, a, b| b.move_to(a.day().plus(-20)))),
    near("same-procedure-twice-a-day-with-59", |m| two(m, shape("20610-RT-59", "M1711", Middle, "", "11", Commercial), |_, _, _| {})),
    near("twins-own-ids", |m| two(m, shape("99393", "Z00129", Who::Child, "", "11", Commercial), |m, a, b| {
        b.mrn = format!("{}T", a.mrn);
        b.patient.first = if a.patient.first == "Robin" { "Marlow".into() } else { "Robin".into() };
        b.cover().member = format!("{}02", m.cover(crate::maker::COMMERCIAL).member);
    })),
    near("twins-a-letter-apart-with-person-codes", |m| two(m, shape("99393", "Z00129", Who::Child, "", "11", Commercial), |_, a, b| {
        b.mrn = format!("{}T", a.mrn);
        b.patient.first = format!("{}n", a.patient.first);
        b.cover().member = format!("{}2", a.covers.first().map(|cover| cover.member.get(..cover.member.len() - 1).unwrap_or_default()).unwrap_or_default());
    })),
    near("new-patient-of-another-specialty", |m| two(m, shape("99203", "R5383", Middle, "", "11", Commercial), |m, a, b| { b.move_to(a.day().plus(1)); b.rendering = Some(m.other_doctor(a)); })),
    near("the-side-of-the-diagnosis", |m| shaped(m, shape("20610-LT", "M1712", Middle, "", "11", Commercial), |_, _| {})),
    near("twins-same-name-and-birth-date", |m| two(m, shape("99212", "B349", Who::Child, "", "11", Commercial), |m, a, b| {
        b.mrn = format!("{}T", a.mrn);
        b.cover().member = m.cover(crate::maker::COMMERCIAL).member;
    })),
    near("hyphenated-name", |m| office(m, |_, c| c.patient.last = "Marchetti-O'Rourke".into())),
    near("name-with-blank-and-stop", |m| office(m, |_, c| { c.patient.last = "St. John Rivers".into(); c.patient.first = "T.".into(); })),
    near("name-of-one-letter", |m| office(m, |_, c| c.patient.last = "E".into())),
    near("name-that-is-a-word", |m| office(m, |_, c| { let name = m_pick(c, &["Null", "Doe", "Testa", "Testerman", "Unger"]); c.patient.last = name; })),
    near("zip4-of-zeros", |m| office(m, |_, c| { c.patient.address.state = "OH".into(); c.patient.address.zip = "430110000".into(); })),
    near("zip-with-leading-zero", |m| office(m, |_, c| { c.patient.address.state = "MA".into(); c.patient.address.zip = "01001".into(); })),
    near("zip-prefix-of-two-states", |m| office(m, |_, c| { c.patient.address.state = "TN".into(); c.patient.address.zip = "42223".into(); })),
    near("island-zip-of-another-state", |m| office(m, |_, c| { c.patient.address.state = "NY".into(); c.patient.address.zip = "06390".into(); })),
    near("newborn-on-the-day-of-birth", |m| shaped(m, shape("99460", "Z3800", Who::Infant, "", "21", Commercial), |_, c| {
        let day = c.day();
        c.patient.born = day.compact();
        c.dates = vec![("435", day)];
    })),
    near("newborn-without-a-name-yet", |m| shaped(m, shape("99460", "Z3800", Who::Infant, "", "21", Commercial), |_, c| {
        let day = c.day();
        (c.patient.born, c.patient.first) = (day.plus(-1).compact(), "Baby Boy".into());
        c.dates = vec![("435", day.plus(-1))];
    })),
    near("died-on-the-day-of-service", |m| office(m, |_, c| { alone(c); c.died = c.day().compact(); })),
    near("served-on-the-day-of-the-check", |m| office(m, |_, c| c.move_to(AS_OF))),
    near("a-hundred-and-four-years-old", |m| shaped(m, SENIOR, |_, c| c.patient.born = AS_OF.years_before(104).compact())),
    near("born-on-29-february", |m| office(m, |_, c| c.patient.born = "19800229".into())),
    near("gender-unknown-with-one-sex-code", |m| shaped(m, shape("99213", "N401", Senior, "M", "11", Commercial), |_, c| c.patient.sex = "U".into())),
    near("gender-incongruence-with-45", |m| shaped(m, shape("99213", "N401", Middle, "F", "11", Commercial), |_, c| c.conditions.push("45"))),
    near("screening-with-kx", |m| shaped(m, shape("G0103-KX", "Z125", Senior, "F", "11", Medicare), |_, _| {})),
    near("perinatal-code-of-a-child", |m| shaped(m, shape("99213", "P271", Toddler, "", "11", Commercial), |_, _| {})),
    near("preventive-visit-on-the-birthday", |m| shaped(m, shape("99396", "Z0000", Middle, "", "11", Commercial), |_, c| c.patient.born = c.day().years_before(40).compact())),
    near("mother-at-forty-nine", |m| shaped(m, shape("99213", "O09521", Middle, "F", "11", Commercial), |_, c| c.patient.born = c.day().years_before(44).compact())),
    near("mbi-with-letters-like-digits", |m| shaped(m, SENIOR, |_, c| c.cover().member = "1Q00QQ0QQ00".into())),
    near("mbi-with-the-dashes-of-the-card", |m| shaped(m, SENIOR, |_, c| { let id = c.cover().member.clone(); c.cover().member = format!("{}-{}-{}", id.get(..4).unwrap_or_default(), id.get(4..7).unwrap_or_default(), id.get(7..).unwrap_or_default()); })),
    near("mbi-without-letters-where-either", |m| shaped(m, SENIOR, |_, c| c.cover().member = "9A09A09AA09".into())),
    near("member-id-of-nine-digits", |m| office(m, |m, c| { let digits = m.rng.digits(7); c.cover().member = format!("91{digits}"); })),
    near("member-id-with-dashes-and-letters", |m| office(m, |m, c| { let digits = m.rng.digits(7); c.cover().member = format!("XQ-{digits}-01"); })),
    near("group-number-absent-not-required", |m| office(m, |_, c| c.cover().group.clear())),
    near("timely-filing-last-day-payer", |m| office(m, |_, c| c.move_to(AS_OF.plus(-180)))),
    near("timely-filing-last-day-medicare", |m| shaped(m, SENIOR, |_, c| c.move_to(AS_OF.years_before(1)))),
    near("late-with-delay-reason", |m| shaped(m, SENIOR, |_, c| { c.move_to(AS_OF.years_before(1).plus(-40)); c.delay = "7".into(); })),
    near("secondary-with-decision", |m| shaped(m, SENIOR, |m, c| m.bill_second(c))),
    near("two-policies-of-one-payer", |m| office(m, |m, c| { alone(c); let mut other = m.cover(crate::maker::COMMERCIAL); other.responsibility = "S".into(); c.covers.push(other); })),
    near("spouse-of-another-name", |m| office(m, |m, c| {
        let mut holder: Person = m.person(Middle, "", AS_OF);
        holder.last = "Quillfeather".into();
        let cover = c.cover();
        cover.subscriber = Some(holder);
        cover.relationship = "01".into();
    })),
    near("external-cause-second", |m| shaped(m, shape("99213", "S93401A W010XXA", Young, "", "11", Commercial), |_, c| c.line(1).pointers = vec![1, 2])),
    near("manifestation-second", |m| shaped(m, shape("99214", "G309 F0280", Senior, "", "11", Medicare), |_, _| {})),
    near("body-mass-index-second", |m| shaped(m, shape("99213", "E6601 Z6841", Middle, "", "11", Commercial), |_, _| {})),
    near("twelve-diagnoses", |m| office(m, |_, c| c.diagnoses = ["I10", "E785", "E119", "M1711", "J309", "K219", "F411", "R519", "M5459", "L700", "H6121", "Z87891"].map(str::to_owned).to_vec())),
    near("four-pointers", |m| office(m, |_, c| { c.diagnoses = ["I10", "E785", "E119", "M1711"].map(str::to_owned).to_vec(); c.line(1).pointers = vec![4, 2, 1, 3]; })),
    near("four-modifiers", |m| shaped(m, shape("20610-RT-59-GC-22", "M1711", Middle, "", "11", Commercial), |_, _| {})),
    near("units-over-range-dates", |m| shaped(m, shape("99232*3", "J189", Senior, "", "21", Medicare), |_, _| {})),
    near("half-a-unit-of-a-drug", |m| shaped(m, JOINT, |_, c| c.line(3).units = "0.5".into())),
    near("anesthesia-of-six-hours", |m| shaped(m, shape("00567-AA-P4@372", "I25110", Senior, "", "21", Medicare), |_, _| {})),
    near("epidural-by-the-day", |m| shaped(m, shape("01996", "G8918", Middle, "", "21", Commercial), |_, _| {})),
    near("performance-code-without-charge", |m| office(m, |_, c| { let mut next = c.line(1).clone(); (next.code, next.charge) = ("3074F".into(), 0); c.lines.push(next); })),
    near("postoperative-visit-without-charge", |m| office(m, |_, c| { let line = c.line(1); (line.code, line.charge) = ("99024".into(), 0); })),
    near("charge-of-99999", |m| office(m, |_, c| c.line(1).charge = 9_999_999)),
    near("telehealth-at-home", |m| shaped(m, shape("99214-95", "F411", Young, "", "10", Commercial), |_, _| {})),
    near("visit-in-outpatient-hospital", |m| shaped(m, shape("99213", "C50911", Middle, "F", "22", Commercial), |_, _| {})),
    near("observation-in-22", |m| shaped(m, shape("99222", "R079", Middle, "", "22", Commercial), |_, _| {})),
    near("auto-accident-with-day-and-state", |m| office(m, |_, c| { c.cause = "AA:::OH".into(); let day = c.day(); c.dates.push(("439", day.plus(-2))); })),
    near("accident-on-the-day-of-service", |m| office(m, |_, c| { c.cause = "OA".into(); let day = c.day(); c.dates.push(("439", day)); })),
    near("accident-at-work", |m| office(m, |_, c| c.cause = "EM".into())),
    near("pregnancy-of-a-woman", |m| shaped(m, shape("99213", "O2441 Z3A28", Young, "F", "11", Commercial), |_, c| {
        alone(c);
        (c.pregnant, c.diagnoses) = (true, vec!["O24410".into(), "Z3A28".into()]);
        let day = c.day();
        c.dates.push(("484", day.plus(-196)));
    })),
    near("particular-plan-satisfied", |m| vec![m.make(PARTICULAR)]),
    near("ambulance-with-ql", |m| shaped(m, shape("A0428-QL", "I469", Senior, "", "41", Medicare), |_, _| {})),
    near("doctor-under-a-married-name", |m| office(m, |_, c| if let Some(doctor) = &mut c.rendering { doctor.last = "Fernsby".into(); })),
    // What the tables of NCCI decide: the manual's own pairs, told apart as it says.
    kind(Label::NearMiss, "ptp-59-other-lesion", "", NONE, Needs::Ncci, |m| shaped(m, shape("11102 17000-59", "D485 L570", Middle, "", "11", Commercial), |_, _| {})),
    kind(Label::NearMiss, "ptp-xs-other-site", "", NONE, Needs::Ncci, |m| shaped(m, shape("11055 11720-XS", "L84 B351", Senior, "", "11", Medicare), |_, _| {})),
    kind(Label::NearMiss, "ptp-other-shoulder", "", NONE, Needs::Ncci, |m| shaped(m, shape("29827-RT 29820-LT", "M75121 M6588", Middle, "", "24", Commercial), |_, c| c.line(2).pointers = vec![2])),
    kind(Label::NearMiss, "ptp-deleted-before-the-day", "", NONE, Needs::Ncci, |m| shaped(m, shape("G0101 G0102", "Z0000", Middle, "", "11", Commercial), |_, c| { c.patient.sex = "U".into(); c.lines.truncate(2); })),
    kind(Label::NearMiss, "ptp-not-yet-effective", "", NONE, Needs::Ncci, |m| shaped(m, shape("J1642 J1644", "Z452", Middle, "", "11", Commercial), |_, _| {})),
    kind(Label::NearMiss, "ptp-another-day", "", NONE, Needs::Ncci, |m| shaped(m, shape("45385 45380", "D122", Middle, "", "24", Commercial), |_, c| { let line = c.line(2); (line.from, line.to) = (line.from.plus(-1), line.to.plus(-1)); })),
    kind(Label::NearMiss, "mue-at-the-limit", "", NONE, Needs::Ncci, |m| shaped(m, shape("J3301*16 20610-RT", "M1711", Middle, "", "11", Commercial), |_, _| {})),
    kind(Label::NearMiss, "mue-at-the-limit-over-two-lines", "", NONE, Needs::Ncci, |m| shaped(m, shape("93000 93000-76 93000-76", "R079", Middle, "", "11", Commercial), |_, _| {})),
    // Chapter 1, section V of the policy manual: a limit of 0 is Medicare's coverage; GY asks for its denial. Chapter 12, 40.7 of the
    // processing manual: both sides are one line with 50 for Medicare, and two lines elsewhere.
    kind(Label::NearMiss, "preventive-visit-that-medicare-does-not-cover", "", NONE, Needs::Ncci, |m| shaped(m, shape("99396", "Z0000", Middle, "", "11", Commercial), |_, _| {})),
    kind(Label::NearMiss, "consultation-that-medicare-does-not-cover", "", NONE, Needs::Ncci, |m| shaped(m, shape("99243", "R1310", Middle, "", "11", Commercial), |_, _| {})),
    kind(Label::NearMiss, "not-covered-by-medicare-with-gy", "", NONE, Needs::Ncci, |m| shaped(m, shape("99397-GY", "Z0000", Senior, "", "11", Medicare), |_, _| {})),
    kind(Label::NearMiss, "both-knees-on-two-lines", "", NONE, Needs::Ncci, |m| shaped(m, shape("29881-RT 29881-LT", "S83241A S83242A", Middle, "", "24", Commercial), |_, c| c.line(2).pointers = vec![2])),
    kind(Label::NearMiss, "both-knees-with-50-for-medicare", "", NONE, Needs::Ncci, |m| shaped(m, shape("29881-50", "M1711 M1712", Senior, "", "24", Medicare), |_, _| {})),
    kind(Label::NearMiss, "add-on-with-its-primary", "", NONE, Needs::Ncci, |m| shaped(m, shape("11104 11103", "D485", Middle, "", "11", Commercial), |_, _| {})),
    kind(Label::NearMiss, "code-valid-up-to-the-day", "", NONE, Needs::Codes, |m| office(m, |_, c| { (c.diagnoses, c.delay) = (vec!["B880".into()], "7".into()); c.line(1).pointers = vec![1]; c.move_to(crate::day::Day::from_ymd(2025, 9, 30)); })),
    kind(Label::NearMiss, "code-on-its-first-day", "", NONE, Needs::Codes, |m| office(m, |_, c| { (c.diagnoses, c.delay) = (vec!["B8801".into()], "7".into()); c.line(1).pointers = vec![1]; c.move_to(crate::day::Day::from_ymd(2025, 10, 1)); })),
    kind(Label::NearMiss, "charge-a-little-off-the-schedule", "", NONE, Needs::Capture, |m| office(m, |_, c| c.line(1).charge += 300)),
    kind(Label::NearMiss, "nickname-of-the-roster", "", NONE, Needs::Capture, |m| office(m, |_, c| c.patient.first = "Bea".into())),
];

fn m_pick(claim: &Claim, names: &[&str]) -> String {
    let at = claim.visit.bytes().map(usize::from).sum::<usize>() % names.len().max(1);
    names.get(at).copied().unwrap_or_default().to_owned()
}
