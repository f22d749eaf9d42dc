//! Hand-off failures that need more than the claim: crosswalk, fee schedule, other claims, the schedule, the fee schedule's
//! indicators. What each edit finds, with its fix, and the near-misses that none may find. Codes, prices and lists are of the test.

use std::sync::LazyLock;

use super::*;
use crate::codes::container::{Cover, Label, OPEN_END, Table};
use crate::codes::list::{Entry, NO_FIRST, NO_LAST, pack};
use crate::codes::shelf::Shelf;
use crate::ncci::Code;
use crate::pfs::{self, Global, Indicators};
use crate::practice::Fees;

/// What an edit sees.
pub(super) struct Setup {
    claim: Claim,
    profile: Profile,
    earlier: Vec<EarlierClaim>,
    alike: Vec<EarlierClaim>,
    visit: VisitDays,
    undelivered: Vec<String>,
}

const CROSSWALK: &str = "code,set,target,modifiers,from,to\n\
    OLD,,99213,,,2025-12-31\n\
    TWO,,99213,,2026-01-01,\n\
    TWO,,99214,,2026-03-01,\n\
    INJ,,J0001,,,\n\
    ONE,,99215,,2026-01-01,\n\
    CGH,diagnosis,R05.9,,,2026-01-31\n\
    BAD,diagnosis,E11,,,\n";
const FEES: &str = "code,modifiers,fee,from,to\n\
    99213,,150.00,,\n\
    99214,,225.00,,\n\
    93000,,60.00,2026-01-01,\n\
    93000,,50.00,,2025-12-31\n\
    20610,,120.00,,\n\
    71046,,80.00,,\n\
    71046,26,30.00,,\n";

fn table(kind: &str, rows: usize, payload: &[u8]) -> Table {
    let cover = Cover { first: 0, last: OPEN_END };
    let (version, source) = (text("2026Q1"), text("test"));
    let label = Label { kind: text(kind), version, cover, rows: rows as u64, source, source_sha256: [0; 32] };
    Table::in_memory(&label, payload).unwrap()
}

/// HCPCS and ICD-10-CM of a few codes, and indicators.
fn shelf() -> &'static Shelf {
    static SHELF: LazyLock<Shelf> = LazyLock::new(|| {
        let entry = |code: &str, last: i32, category: bool, by: &str| Entry {
            code: text(code),
            first: NO_FIRST,
            last,
            category,
            replaced_by: text(by),
        };
        let ended = i32::try_from(day_number(on(2025, 12, 31))).unwrap();
        let hcpcs = [entry("J0001", ended, false, "J0002"), entry("J0002", NO_LAST, false, "")];
        let icd = ["E119", "I10", "R059"].map(|code| entry(code, NO_LAST, false, ""));
        let icd = [icd.to_vec(), vec![entry("E11", NO_LAST, true, "")]].concat();
        let pfs: Vec<Indicators> = [
            ("99213", Global::None, [0, 0, 0]),
            ("99284", Global::None, [0, 0, 0]),
            ("99396", Global::None, [0, 0, 0]),
            ("93000", Global::None, [4, 0, 0]),
            ("17110", Global::Ten, [0, 0, 1]),
            ("20610", Global::Day, [0, 1, 1]),
            ("69210", Global::Day, [0, 2, 1]),
            ("92014", Global::None, [0, 2, 0]),
            ("27447", Global::Ninety, [0, 1, 2]),
            ("66984", Global::Ninety, [0, 1, 1]),
            ("71046", Global::None, [1, 0, 0]),
        ]
        .map(|(code, global, [components, bilateral, assistant])| Indicators {
            code: Code::parse(code).unwrap(),
            global,
            components,
            bilateral,
            assistant,
            co_surgeons: 0,
            team: 0,
        })
        .to_vec();
        Shelf::of([
            table("hcpcs", 2, &pack(&hcpcs, true)),
            table("icd10cm", 4, &pack(&icd, true)),
            table(pfs::KIND, pfs.len(), &pfs::build(&pfs)),
        ])
    });
    &SHELF
}

fn setup() -> Setup {
    let mut profile = profile();
    profile.crosswalk.take_file("crosswalk.csv", CROSSWALK).unwrap();
    profile.fee_schedule = Fees::read("fees.csv", FEES).unwrap();
    Setup { claim: clean(), profile, earlier: vec![], alike: vec![], visit: VisitDays::default(), undelivered: vec![] }
}

fn found(change: fn(&mut Setup)) -> Vec<Finding> {
    let mut setup = setup();
    change(&mut setup);
    let Setup { claim, profile, earlier, alike, visit, undelivered } = &setup;
    let (codes, visit) = (shelf(), *visit);
    let context = Context {
        as_of: AS_OF,
        profile,
        earlier,
        siblings: &[],
        codes,
        known: &[],
        alike,
        visit,
        cover: None,
        undelivered,
    };
    let mut found = scrub(claim, &context);
    // The lists of this shelf are short, and what they lack is not asked here.
    found.retain(|finding| !finding.rule.starts_with("code."));
    found
}

fn own(s: &mut Setup, code: &str) {
    s.claim.lines[0].procedure = Procedure {
        system: ProcedureSystem::Internal,
        code: text(code),
        modifiers: vec![],
        description: String::new(),
    };
}

fn charge(s: &mut Setup, cents: i64) {
    s.claim.lines[0].charge = cents;
    sum(&mut s.claim);
}

/// The interface that sent the visit has no place for modifiers.
fn without_modifiers(s: &mut Setup) {
    s.undelivered = vec![text("header.billing"), text("line.procedure.modifiers")];
}

/// The lines of the claim: `99213-25`, code and modifiers, priced by the schedule or at 100.00.
fn lines(claim: &mut Claim, of: &[&str]) {
    let fees = Fees::read("fees.csv", FEES).unwrap();
    claim.lines = of
        .iter()
        .map(|text| {
            let parts: Vec<&str> = text.split('-').collect();
            let mut line = line(parts[0], &parts[1..], 10_000);
            if let Some(fee) = fees.of(parts[0], &line.procedure.modifiers, day_number(on(2026, 3, 2))) {
                line.charge = fee.cents;
            }
            line
        })
        .collect();
    sum(claim);
}

/// An earlier claim of the same patient, to the same payer, by the same doctor.
fn before(number: &str, of: &[&str], day: Date, change: fn(&mut Claim)) -> EarlierClaim {
    let mut claim = Claim { control_number: text(number), ..clean() };
    lines(&mut claim, of);
    served(&mut claim, day);
    change(&mut claim);
    EarlierClaim::of(&claim, true)
}

/// Another record with the claim's birth date, day, services and charges.
fn other_record(last: &str, first: &str, change: fn(&mut EarlierClaim)) -> EarlierClaim {
    let mut other = EarlierClaim::of(&Claim { control_number: text("C9"), ..clean() }, true);
    let person = other.person.as_mut().unwrap();
    (person.last, person.first) = (text(last), text(first));
    change(&mut other);
    other
}

/// Another record with the claim's member id as well, of somebody who differs as said.
fn record(change: fn(&mut crate::scrub::EarlierPerson)) -> EarlierClaim {
    let mut other = other_record("O'Hara-Finch", "Jo", |_| {});
    change(other.person.as_mut().unwrap());
    other
}

/// Jaden and Jayden, born on one day, with person codes and record numbers of a family.
fn twin(s: &mut Setup, change: fn(&mut EarlierClaim)) {
    let patient = &mut s.claim.header.patient;
    (patient.name.first, patient.birth_date) = (text("Jaden"), Some(on(2018, 4, 2)));
    patient.ids = vec![PatientId { kind: PatientIdKind::MedicalRecord, authority: text("SITE"), value: text("M0101") }];
    let coverage = &mut s.claim.header.coverages[0];
    (coverage.relationship, coverage.subscriber.member_id) = (Relationship::Child, text("BW55512340102"));
    let mut other = EarlierClaim::of(&Claim { control_number: text("C9"), ..s.claim.clone() }, true);
    let person = other.person.as_mut().unwrap();
    (person.first, person.ids) = (text("Jayden"), vec![text("Q7")]);
    change(&mut other);
    s.alike = vec![other];
}

fn point(s: &mut Setup, line: usize, pointers: &[u8]) {
    s.claim.lines[line].diagnosis_pointers = pointers.to_vec();
}

type Case = (&'static str, &'static str, fn(&mut Setup));

/// Edit, fix (`modifier@line`, empty: none), and what is done: exactly this edit speaks.
#[rustfmt::skip]
pub(super) const FAULTS: &[Case] = &[
    ("crosswalk.other-days", "", |s| own(s, "old")),
    ("crosswalk.other-days", "", |s| s.claim.header.diagnoses[1] = Diagnosis { system: DiagnosisSystem::Other, code: text("CGH") }),
    ("crosswalk.ambiguous", "", |s| own(s, "TWO")),
    ("crosswalk.retired", "", |s| { s.claim.lines[1].procedure.code = text("J0001"); s.claim.lines[1].procedure.system = ProcedureSystem::Hcpcs; }),
    ("crosswalk.retired", "", |s| s.claim.header.diagnoses[1].code = text("E11")),
    ("procedure.unmapped", "", |s| own(s, "NEW")),
    ("modifiers.undelivered", "", |s| without_modifiers(s)),
    ("modifiers.undelivered", "", |s| { lines(&mut s.claim, &["20610"]); without_modifiers(s); }),
    ("typo.charge", "", |s| charge(s, 150_000)),
    ("typo.charge", "", |s| charge(s, 1_500_000)),
    ("typo.charge", "", |s| charge(s, 1_500)),
    ("typo.charge", "", |s| charge(s, 150)),
    ("typo.charge", "", |s| charge(s, 51_000)),
    ("typo.charge", "", |s| charge(s, 19_000)),
    ("typo.charge", "", |s| { s.claim.lines[1].units.thousandths = 3000; }),
    ("typo.charge", "", |s| { s.claim.lines[1].units.thousandths = 3000; s.claim.lines[1].charge = 54_000; sum(&mut s.claim); }),
    ("typo.charge", "", |s| { s.claim.lines[1].units.thousandths = 9000; s.claim.lines[1].charge = 50_400; sum(&mut s.claim); }), // 540 swapped, within 10%
    ("typo.charge", "", |s| { served(&mut s.claim, on(2025, 12, 31)); s.claim.lines[0].charge = 15_000; s.claim.lines[1].charge = 500; sum(&mut s.claim); }),
    ("typo.charge", "", |s| { s.claim.lines[0].charge = 6_000; s.claim.lines[1].charge = 15_000; sum(&mut s.claim); }), // interchanged
    ("typo.charge", "", |s| charge(s, 22_500)), // the fee of 99214
    ("charge.fee-schedule", "", |s| charge(s, 17_700)),
    ("charge.fee-schedule", "", |s| { lines(&mut s.claim, &["71046-26"]); s.claim.lines[0].charge = 4_500; sum(&mut s.claim); }),
    ("typo.member-id", "", |s| { s.earlier = vec![before("C0", &["99213"], on(2026, 2, 2), |_| {})]; s.claim.header.coverages[0].subscriber.member_id = text("NFH4171"); }),
    ("typo.member-id", "", |s| { s.earlier = vec![before("C0", &["99213"], on(2026, 2, 2), |_| {})]; s.claim.header.coverages[0].subscriber.member_id = text("NFH471"); }),
    ("typo.service-date", "", |s| { s.visit.heard = Some(on(2026, 1, 10)); served(&mut s.claim, on(2025, 1, 8)); charge(s, 15_000); s.claim.lines[1].charge = 5_000; sum(&mut s.claim); }),
    ("typo.service-date", "", |s| { s.visit.heard = Some(on(2026, 3, 3)); s.claim.lines[1].service_dates = DateRange { start: on(2025, 3, 2), end: on(2025, 3, 2) }; s.claim.lines[1].charge = 5_000; sum(&mut s.claim); }),
    ("typo.service-date", "", |s| s.visit.booked = Some(on(2026, 2, 3))),
    ("typo.service-date", "", |s| s.visit.booked = Some(on(2025, 3, 2))),
    ("typo.service-date", "", |s| { s.visit.heard = Some(on(2026, 3, 3)); served(&mut s.claim, on(2022, 3, 15)); s.claim.lines[1].charge = 5_000; sum(&mut s.claim); }),
    ("typo.near-duplicate", "", |s| s.earlier = vec![before("C0", &["99213-25", "93000"], on(2026, 3, 2), |c| { for line in &mut c.lines { line.charge += 100; } })]),
    ("typo.near-duplicate", "", |s| s.earlier = vec![before("C0", &["93000"], on(2026, 3, 2), |c| { c.lines[0].units.thousandths = 2000; c.lines[0].charge *= 2; })]),
    ("typo.near-duplicate", "", |s| s.alike = vec![record(|p| p.birth_date = Some(on(1980, 6, 5)))]),
    ("typo.near-duplicate", "", |s| s.alike = vec![record(|p| p.birth_date = Some(on(1981, 5, 6)))]),
    ("typo.near-duplicate", "", |s| { s.claim.header.patient.name.first = text("Robert"); s.claim.header.coverages[0].subscriber.name.first = text("Robert"); s.alike = vec![record(|p| p.first = text("Bob"))]; }),
    ("typo.near-duplicate", "", |s| s.alike = vec![record(|p| p.last = text("Completely"))]),
    ("typo.near-duplicate", "", |s| { // the next record number, and one first name: no twin
        s.claim.header.patient.ids = vec![PatientId { kind: PatientIdKind::MedicalRecord, authority: text("SITE"), value: text("M0101") }];
        s.alike = vec![record(|p| { p.last = text("O'Hara-Finhc"); p.ids = vec![text("M0102")]; })];
    }),
    ("typo.near-duplicate", "", |s| { let mut other = record(|p| p.ids = vec![text("Q1")]); for service in &mut other.services { service.charge += 100; } s.alike = vec![other]; }),
    ("new-patient.established", "", |s| { lines(&mut s.claim, &["99203"]); s.earlier = vec![before("C0", &["99213"], on(2024, 4, 6), |_| {})]; }),
    ("new-patient.established", "", |s| { lines(&mut s.claim, &["99203"]); s.earlier = vec![before("C0", &["99203"], on(2026, 2, 6), |c| c.header.coverages[0].payer.id = text("90002"))]; }),
    ("new-patient.established", "", |s| { lines(&mut s.claim, &["92004"]); s.earlier = vec![before("C0", &["17110"], on(2025, 2, 6), |_| {})]; }),
    ("new-patient.established", "", |s| { // a partner of the same specialty
        lines(&mut s.claim, &["99203"]);
        s.profile.provider[0].taxonomy = text("207Q00000X");
        s.profile.provider.push(crate::practice::RosterProvider { npi: text("1124000005"), ..s.profile.provider[0].clone() });
        s.earlier = vec![before("C0", &["99213"], on(2026, 2, 6), |c| c.header.rendering.as_mut().unwrap().npi = Some(text("1124000005")))];
    }),
    ("modifier.side-against-diagnosis", "", |s| { lines(&mut s.claim, &["20610-LT"]); codes(&mut s.claim, &["M1711"]); point(s, 0, &[1]); }),
    ("modifier.side-against-diagnosis", "", |s| { lines(&mut s.claim, &["66984-LT"]); codes(&mut s.claim, &["H2511", "I10"]); point(s, 0, &[1, 2]); }),
    ("modifier.fee-schedule", "", |s| { lines(&mut s.claim, &["93000-50"]); }),
    ("modifier.fee-schedule", "", |s| { lines(&mut s.claim, &["93000-26"]); }),
    ("modifier.fee-schedule", "", |s| { lines(&mut s.claim, &["93000-TC"]); }),
    ("modifier.fee-schedule", "", |s| { lines(&mut s.claim, &["20610-RT-80"]); }),
    ("modifier.fee-schedule", "", |s| { lines(&mut s.claim, &["20610-50"]); s.claim.lines[0].units.thousandths = 2000; }),
    ("modifier.fee-schedule", "", |s| { lines(&mut s.claim, &["71046-TC"]); s.claim.header.place_of_service = text("22"); }),
    ("modifier.fee-schedule", "", |s| { lines(&mut s.claim, &["69210-50"]); medicare(&mut s.claim); }),
    ("modifier-omission.decision-for-surgery", "", |s| lines(&mut s.claim, &["99213-25", "27447-RT"])),
    ("modifier-omission.decision-for-surgery", "", |s| lines(&mut s.claim, &["99213-57", "17110"])),
    ("modifier-omission.global-visit", "", |s| { lines(&mut s.claim, &["27447-RT"]); s.earlier = vec![before("C0", &["99213"], on(2026, 3, 9), |_| {})]; }),
    ("modifier-omission.global-procedure", "", |s| { lines(&mut s.claim, &["66984-RT"]); s.earlier = vec![before("C0", &["66984-LT"], on(2026, 3, 9), |_| {})]; }),
    ("typo.near-duplicate", "", |s| s.alike = vec![other_record("O'Hara-Finhc", "Jo", |_| {})]),
    ("typo.near-duplicate", "", |s| s.alike = vec![other_record("Ohara Finch", "Joe", |other| other.members.clear())]),
    ("typo.near-duplicate", "", |s| s.alike = vec![other_record("O'Hara-Finch", "Jo", |other| other.members[0].1 = text("NFH4712"))]),
    ("typo.near-duplicate", "", |s| s.earlier = vec![before("C0", &["99213-25", "93000"], on(2026, 3, 2), |c| c.header.rendering.as_mut().unwrap().npi = Some(text("1124000005")))]),
    ("modifier-omission.bilateral", "RT@1", |s| { lines(&mut s.claim, &["20610"]); codes(&mut s.claim, &["M1711"]); }),
    ("modifier-omission.bilateral", "RT@1 LT@2", |s| { lines(&mut s.claim, &["20610", "20610-GC"]); codes(&mut s.claim, &["M1711", "M1712"]); point(s, 0, &[1]); point(s, 1, &[2]); }),
    ("modifier-omission.bilateral", "", |s| { lines(&mut s.claim, &["20610", "20610-GC"]); }),
    ("modifier-omission.bilateral", "", |s| { lines(&mut s.claim, &["20610"]); s.claim.lines[0].units.thousandths = 2000; s.claim.lines[0].charge = 24_000; sum(&mut s.claim); }),
    ("modifier-omission.bilateral", "", |s| { lines(&mut s.claim, &["20610"]); codes(&mut s.claim, &["M170"]); }),
    ("modifier-omission.separate-visit", "", |s| { lines(&mut s.claim, &["99213", "17110"]); point(s, 1, &[2]); }),
    ("modifier-omission.separate-visit", "", |s| lines(&mut s.claim, &["99213", "17110"])),
    ("modifier-omission.decision-for-surgery", "57@1", |s| { lines(&mut s.claim, &["99284", "27447-RT"]); s.claim.lines[0].place_of_service = text("23"); }),
    ("modifier-omission.decision-for-surgery", "", |s| { lines(&mut s.claim, &["99213", "27447-RT"]); s.claim.lines[0].service_dates = DateRange { start: on(2026, 3, 1), end: on(2026, 3, 1) }; }),
    ("modifier-omission.decision-for-surgery", "", |s| { lines(&mut s.claim, &["27447-RT"]); s.earlier = vec![before("C0", &["99213"], on(2026, 3, 1), |_| {})]; }),
    ("modifier-omission.component", "26@1", |s| { lines(&mut s.claim, &["71046"]); s.claim.header.place_of_service = text("22"); }),
    ("modifier-omission.assistant", "AS@1", |s| { lines(&mut s.claim, &["27447-RT"]); s.claim.lines[0].charge = 2_000; sum(&mut s.claim); s.claim.header.rendering.as_mut().unwrap().taxonomy = Some(text("363A00000X")); s.earlier = vec![before("C0", &["27447-RT"], on(2026, 3, 2), |c| c.header.rendering.as_mut().unwrap().npi = Some(text("1124000005")))]; }),
    ("modifier-omission.assistant", "", |s| { lines(&mut s.claim, &["27447-RT"]); s.claim.lines[0].charge = 2_000; sum(&mut s.claim); s.earlier = vec![before("C0", &["27447-RT"], on(2026, 3, 2), |c| c.header.rendering.as_mut().unwrap().npi = Some(text("1124000005")))]; }),
    ("modifier-omission.global-visit", "", |s| { lines(&mut s.claim, &["99213"]); s.earlier = vec![before("C0", &["27447-RT"], on(2026, 1, 12), |c| codes(c, &["M1711"]))]; }),
    ("modifier-omission.global-visit", "", |s| { lines(&mut s.claim, &["99213"]); s.earlier = vec![before("C0", &["27447-RT"], on(2025, 12, 2), |c| codes(c, &["I10"]))]; }),
    ("modifier-omission.global-visit", "", |s| { lines(&mut s.claim, &["17110", "99213"]); s.claim.lines[1].service_dates = DateRange { start: on(2026, 3, 10), end: on(2026, 3, 10) }; }),
    ("modifier-omission.global-procedure", "79@1", |s| { lines(&mut s.claim, &["66984-LT"]); s.earlier = vec![before("C0", &["66984-RT"], on(2026, 2, 16), |_| {})]; }),
    ("modifier-omission.global-procedure", "", |s| { lines(&mut s.claim, &["17110"]); s.earlier = vec![before("C0", &["27447-RT"], on(2026, 2, 16), |c| codes(c, &["M1711"]))]; }),
    ("modifier-omission.global-procedure", "", |s| { lines(&mut s.claim, &["20610-RT"]); s.earlier = vec![before("C0", &["27447-RT"], on(2026, 2, 16), |_| {})]; }),
];

type Near = (&'static str, fn(&mut Setup));

/// Nothing may be said.
#[rustfmt::skip]
const NEAR_MISSES: &[Near] = &[
    ("the clean claim", |_| {}),
    ("modifiers on every line, though the interface has no place for them", |s| { lines(&mut s.claim, &["20610-RT"]); without_modifiers(s); }),
    ("an interface without a place for another element", |s| s.undelivered = vec![text("line.units"), text("header.billing")]),
    ("a public code that the crosswalk had as its own until last year", |s| { s.profile.crosswalk.take_file("c.csv", "code,target,to\n99213,99214,2025-12-31\n").unwrap(); }),
    ("a code that no list knows", |s| { s.profile.crosswalk.take_file("c.csv", "code,target\nOV3,99213\n").unwrap(); }),
    ("a code that ended after the day", |s| { lines(&mut s.claim, &["J0001"]); s.claim.lines[0].procedure.system = ProcedureSystem::Hcpcs; served(&mut s.claim, on(2025, 12, 31)); }),
    ("a little over the fee", |s| charge(s, 15_300)),
    ("a tenth over the fee", |s| charge(s, 16_500)),
    ("no fee for the code", |s| { lines(&mut s.claim, &["99284"]); s.claim.header.place_of_service = text("23"); s.claim.lines[0].charge = 99_000; sum(&mut s.claim); }),
    ("two units at twice the fee", |s| { s.claim.lines[1].units.thousandths = 2000; s.claim.lines[1].charge = 12_000; sum(&mut s.claim); }),
    ("last year's fee last year", |s| { served(&mut s.claim, on(2025, 12, 30)); s.claim.lines[1].charge = 5_000; sum(&mut s.claim); }),
    ("the fee of the professional component", |s| lines(&mut s.claim, &["71046-26"])),
    ("a modifier with another price", |s| { lines(&mut s.claim, &["20610-50"]); s.claim.lines[0].charge = 18_000; sum(&mut s.claim); }),
    ("reduced services", |s| { lines(&mut s.claim, &["99213-52"]); s.claim.lines[0].charge = 7_500; sum(&mut s.claim); }),
    ("the same member id", |s| s.earlier = vec![before("C0", &["99213"], on(2026, 2, 2), |_| {})]),
    ("a member id with a dash", |s| s.earlier = vec![before("C0", &["99213"], on(2026, 2, 2), |c| c.header.coverages[0].subscriber.member_id = text("NFH-4711"))]),
    ("another payer's member id", |s| s.earlier = vec![before("C0", &["99213"], on(2026, 2, 2), |c| { c.header.coverages[0].payer.id = text("90002"); c.header.coverages[0].subscriber.member_id = text("NFH4712"); })]),
    ("a new member id altogether", |s| s.earlier = vec![before("C0", &["99213"], on(2026, 2, 2), |c| c.header.coverages[0].subscriber.member_id = text("KX99812"))]),
    ("the other id was refused", |s| { let mut other = before("C0", &["99213"], on(2026, 2, 2), |c| c.header.coverages[0].subscriber.member_id = text("NFH4171")); other.stands = false; s.earlier = vec![other]; }),
    ("both ids on earlier claims", |s| s.earlier = vec![before("C0", &["99213"], on(2026, 2, 2), |c| c.header.coverages[0].subscriber.member_id = text("NFH4171")), before("C2", &["99213"], on(2026, 2, 9), |_| {})]),
    ("told of on the day", |s| s.visit = VisitDays { heard: Some(on(2026, 3, 2)), booked: Some(on(2026, 3, 2)) }),
    ("booked a day before", |s| s.visit.booked = Some(on(2026, 3, 1))),
    ("a charge of another day of a booked visit", |s| { s.visit.booked = Some(on(2026, 3, 2)); s.claim.lines[1].service_dates = DateRange { start: on(2026, 2, 3), end: on(2026, 2, 3) }; }),
    ("a late charge", |s| { s.visit.heard = Some(on(2026, 3, 2)); served(&mut s.claim, on(2025, 11, 20)); s.claim.lines[1].charge = 5_000; sum(&mut s.claim); }),
    ("a year late with a delay reason", |s| { s.visit.heard = Some(on(2026, 1, 10)); served(&mut s.claim, on(2025, 1, 8)); s.claim.lines[1].charge = 5_000; sum(&mut s.claim); extras(&mut s.claim).delay_reason = text("7"); }),
    ("a second visit of the day with 76", |s| { lines(&mut s.claim, &["93000-76"]); s.earlier = vec![before("C0", &["93000"], on(2026, 3, 2), |c| c.lines[0].charge += 100)]; }),
    ("the same visit a day before at another price", |s| s.earlier = vec![before("C0", &["99213-25", "93000"], on(2026, 3, 1), |c| c.lines[0].charge += 100)]),
    ("two drugs without a code", |s| { lines(&mut s.claim, &["J3490"]); s.earlier = vec![before("C0", &["J3490"], on(2026, 3, 2), |c| c.lines[0].charge += 100)]; }),
    ("a brother under one member id", |s| s.alike = vec![record(|p| { p.first = text("Milo"); p.birth_date = Some(on(2011, 7, 9)); p.gender = Some(Gender::Male); })]),
    ("a sister under one member id", |s| s.alike = vec![record(|p| { p.first = text("Mara"); p.birth_date = Some(on(1981, 5, 6)); })]),
    ("a twin with a name a letter away and the next person code", |s| twin(s, |other| other.members[0].1 = text("BW55512340103"))),
    ("a twin with a name a letter away and the next record number", |s| twin(s, |other| { other.members[0].1 = text("BW55512340102"); other.person.as_mut().unwrap().ids = vec![text("M0102")]; })),
    ("a birth date that is no slip", |s| s.alike = vec![record(|p| p.birth_date = Some(on(1962, 11, 30)))]),
    ("a namesake of another member id with a slip in the birth date", |s| s.alike = vec![{ let mut other = record(|p| p.birth_date = Some(on(1981, 5, 6))); other.members[0].1 = text("KX99812"); other }]),
    ("a new patient of this doctor", |s| { lines(&mut s.claim, &["99203"]); s.earlier = vec![before("C0", &["99213"], on(2026, 2, 6), |c| c.header.rendering.as_mut().unwrap().npi = Some(text("1124000005")))]; }),
    ("a new patient after three years", |s| { lines(&mut s.claim, &["99203"]); s.earlier = vec![before("C0", &["99213"], on(2023, 3, 2), |_| {})]; }),
    ("a new patient of whom an X-ray was read", |s| { lines(&mut s.claim, &["99203"]); s.earlier = vec![before("C0", &["71046-26"], on(2026, 2, 6), |_| {})]; }),
    ("a new patient who wrote to the portal", |s| { lines(&mut s.claim, &["99203"]); s.earlier = vec![before("C0", &["99421"], on(2026, 2, 6), |_| {})]; }),
    ("an established patient", |s| { lines(&mut s.claim, &["99213"]); s.earlier = vec![before("C0", &["99213"], on(2026, 2, 6), |_| {})]; }),
    ("the side of the diagnosis", |s| { lines(&mut s.claim, &["20610-RT"]); codes(&mut s.claim, &["M1711"]); }),
    ("one side for a diagnosis of both", |s| { lines(&mut s.claim, &["20610-LT"]); codes(&mut s.claim, &["M170"]); }),
    ("a side for a diagnosis without one", |s| { lines(&mut s.claim, &["20610-LT"]); codes(&mut s.claim, &["M0600"]); }),
    ("the left toe, a left foot", |s| { lines(&mut s.claim, &["17110-TA"]); codes(&mut s.claim, &["M79672"]); }),
    ("both ears for another payer", |s| lines(&mut s.claim, &["69210-50"])),
    ("the technical component in the office", |s| { lines(&mut s.claim, &["71046-TC"]); }),
    ("a visit with 25 and 57 beside surgery", |s| lines(&mut s.claim, &["99213-25-57", "27447-RT", "17110-59"])),
    ("a visit with 57, surgery on the next day", |s| { lines(&mut s.claim, &["99213-57", "17110"]); s.earlier = vec![before("C0", &["27447-RT-79"], on(2026, 3, 3), |_| {})]; }),
    ("a visit with 25 on the day before surgery", |s| { lines(&mut s.claim, &["99213-25"]); s.earlier = vec![before("C0", &["27447-RT"], on(2026, 3, 3), |_| {})]; }),
    ("surgery after a visit", |s| { lines(&mut s.claim, &["27447-RT"]); s.earlier = vec![before("C0", &["99213"], on(2026, 2, 9), |_| {})]; }),
    ("surgery before a visit with 24", |s| { lines(&mut s.claim, &["27447-RT"]); s.earlier = vec![before("C0", &["99213-24"], on(2026, 3, 9), |_| {})]; }),
    ("a charge between two fees", |s| charge(s, 15_900)),
    ("another first name", |s| s.alike = vec![other_record("O'Hara-Finch", "Mara", |_| {})]),
    ("a twin", |s| s.alike = vec![other_record("O'Hara-Finch", "Jon", |other| other.person.as_mut().unwrap().gender = Some(Gender::Male))]),
    ("a namesake with a member id of their own", |s| s.alike = vec![other_record("O'Hara-Finch", "Jo", |other| other.members[0].1 = text("KX99812"))]),
    ("a namesake with another service", |s| s.alike = vec![other_record("O'Hara-Finch", "Jo", |other| other.services[1].code = text("36415"))]),
    ("a record whose claim is held", |s| s.alike = vec![other_record("O'Hara-Finch", "Jo", |other| other.live = false)]),
    ("sides on both lines", |s| lines(&mut s.claim, &["20610-RT", "20610-LT"])),
    ("one line with 50", |s| { lines(&mut s.claim, &["20610-50"]); codes(&mut s.claim, &["M170"]); }),
    ("a distinct second site", |s| lines(&mut s.claim, &["20610-RT", "20610-RT-XS"])),
    ("a visit with 25", |s| lines(&mut s.claim, &["99213-25", "17110"])),
    ("a visit beside an ECG", |s| lines(&mut s.claim, &["99213", "93000"])),
    ("a visit with 57", |s| lines(&mut s.claim, &["99213-57", "27447-RT"])),
    ("a visit two days before surgery", |s| { lines(&mut s.claim, &["99213", "27447-RT"]); s.claim.lines[0].service_dates = DateRange { start: on(2026, 2, 28), end: on(2026, 2, 28) }; }),
    ("a chest film in the office", |s| lines(&mut s.claim, &["71046"])),
    ("a chest film read in the hospital", |s| { lines(&mut s.claim, &["71046-26"]); s.claim.header.place_of_service = text("22"); }),
    ("assistant with 80", |s| { lines(&mut s.claim, &["27447-RT-80"]); s.earlier = vec![before("C0", &["27447-RT"], on(2026, 3, 2), |c| c.header.rendering.as_mut().unwrap().npi = Some(text("1124000005")))]; }),
    ("the other knee by another surgeon", |s| { lines(&mut s.claim, &["27447-LT"]); s.earlier = vec![before("C0", &["27447-RT"], on(2026, 3, 2), |c| c.header.rendering.as_mut().unwrap().npi = Some(text("1124000005")))]; }),
    ("a visit after ninety days", |s| { lines(&mut s.claim, &["99213"]); s.earlier = vec![before("C0", &["27447-RT"], on(2025, 12, 1), |_| {})]; }),
    ("a visit to another doctor", |s| { lines(&mut s.claim, &["99213"]); s.earlier = vec![before("C0", &["27447-RT"], on(2026, 2, 16), |c| c.header.rendering.as_mut().unwrap().npi = Some(text("1124000005")))]; }),
    ("a visit after an injection", |s| { lines(&mut s.claim, &["99213"]); s.earlier = vec![before("C0", &["20610-RT"], on(2026, 3, 1), |_| {})]; }),
    ("a visit with 24", |s| { lines(&mut s.claim, &["99213-24"]); s.earlier = vec![before("C0", &["27447-RT"], on(2026, 2, 16), |_| {})]; }),
    ("a preventive visit after surgery", |s| { lines(&mut s.claim, &["99396"]); s.earlier = vec![before("C0", &["27447-RT"], on(2026, 2, 16), |_| {})]; }),
    ("a staged procedure with 58", |s| { lines(&mut s.claim, &["20610-RT-58"]); s.earlier = vec![before("C0", &["27447-RT"], on(2026, 2, 16), |_| {})]; }),
    ("surgery that is not live", |s| { lines(&mut s.claim, &["99213"]); s.earlier = vec![EarlierClaim { live: false, ..before("C0", &["27447-RT"], on(2026, 2, 16), |_| {}) }]; }),
    ("a payer that does not follow Medicare's policy", |s| {
        lines(&mut s.claim, &["99213", "17110"]);
        let mut payer = s.profile.payer[0].clone();
        (payer.id, payer.ncci) = (text("90001"), false);
        s.profile.payer.push(payer);
    }),
];

#[test]
fn each_fault_is_found_by_its_edit_with_its_fix_and_by_no_other() {
    let (mut words, mut wrong) = (String::new(), Vec::new());
    for (at, (id, fixes, change)) in FAULTS.iter().enumerate() {
        let found = found(*change);
        let rules: Vec<&str> = found.iter().map(|finding| finding.rule.as_str()).collect();
        let fixed: Vec<String> = found
            .iter()
            .filter_map(|finding| match &finding.fix {
                Some(Fix::AddModifier(LineModifier { line, modifier })) => Some(format!("{modifier}@{line}")),
                _ => None,
            })
            .collect();
        if rules.is_empty() || rules.iter().any(|rule| rule != id) || fixed.join(" ") != *fixes {
            wrong.push(format!("{at} {id} {fixes}: {rules:?} {fixed:?}"));
        }
        for finding in &found {
            words.push_str(&told(id, finding));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    insta::assert_snapshot!(words);
}

#[test]
fn near_misses_are_let_pass() {
    let cried: Vec<String> = NEAR_MISSES
        .iter()
        .flat_map(|(what, change)| {
            found(*change).into_iter().map(move |finding| format!("{what}: {}: {}", finding.rule, finding.words))
        })
        .collect();
    assert!(cried.is_empty(), "{cried:#?}");
}

#[test]
fn what_is_off_the_schedule_holds_where_the_practice_says_so() {
    assert!(!holds(&found(|s| charge(s, 17_700))));
    assert!(holds(&found(|s| {
        s.profile.fee_difference = crate::practice::Consequence::Hold;
        charge(s, 17_700);
    })));
    assert!(holds(&found(|s| charge(s, 150_000))));
    assert!(!holds(&found(|s| {
        s.profile.fee_tolerance_percent = 20;
        charge(s, 17_700);
    })));
}

#[test]
fn a_late_year_slip_is_a_warning_after_february() {
    let late = found(|s| {
        s.visit.heard = Some(on(2026, 3, 10));
        served(&mut s.claim, on(2025, 3, 8));
        s.claim.lines[1].charge = 5_000;
        sum(&mut s.claim);
    });
    let rules: Vec<&str> = late.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, ["typo.service-date", "typo.service-date"]);
    assert!(!holds(&late));
}

#[test]
fn an_npi_with_a_slip_is_told_beside_the_roster() {
    let told = found(|s| s.claim.header.rendering.as_mut().unwrap().npi = Some(text("1245315999")));
    assert_eq!(told.len(), 1);
    assert!(told[0].words.contains("two digits are swapped beside the one of Osei in the roster"), "{}", told[0].words);
}
