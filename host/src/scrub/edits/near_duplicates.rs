//! Visits that look like one that is billed already: keyed again with another charge or other units, by another provider, or
//! under another record of the same person. Exact repeats: `duplicates.rs`.

use crate::audit::demographics::{BirthIs, MemberIs, NameIs, compare_births, compare_members, compare_names};
use crate::audit::slip::Slip;
use crate::claim::{Claim, Frequency, PersonName, ServiceLine, Severity, day_number, destination, rendering};
use crate::scrub::earlier::{EarlierPerson, record_numbers};
use crate::scrub::form::{age_years, blank, same_modifiers, says_distinct};
use crate::scrub::{Context, EarlierClaim, EarlierService, Edit, Explain, Report};

/// See [`Edit::text`].
pub const NEAR_DUPLICATE: Edit = Edit {
    id: "typo.near-duplicate",
    title: "The visit looks like one that is billed already, with another charge, or under another record or provider",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 1, section 120.2 and 120.3 (suspect duplicates: patient, provider, day and code; neither units nor charge)",
    explain: Explain {
        what: "Holds a line whose code, modifiers, day and provider are on a live claim of the patient with other units or another charge, where neither says that it is distinct (76, 77, 91, 59, XE, XS, XP, XU). Holds a claim whose services are all on a live claim of that day of another patient record that is the same person's: the same birth date, and a name that is the same, one slip away or a nickname; or the same member id, and one of birth date and last name that differs by a slip or a marriage. Warns where it may be a twin (a minor whose first name is a slip away), a father and son of one name, or a nickname without an id in common; and where the patient's own claim has all services by another provider. Exact repeats are duplicate.claim.",
        why: "A visit that was keyed twice, or a patient who was registered a second time, is billed twice; the second claim is refused, or paid and taken back.",
        known_problems: "Two real visits of a day to one doctor with one code are held until 25, 76 or 59 says so. Twins are told by other first names with other member ids, ids that differ in the two digits of the family member, or record numbers in a row; drugs without a code of their own (J3490, J3590, J9999) are not compared.",
        example: "Vance and Vanec, born on one day, 99213 on one day. Repair: merge the records, cancel one visit.",
        fix: "None: whether it is one person, the registration says.",
    },
    check: near_duplicate,
};

fn near_duplicate(claim: &Claim, context: &Context, report: &mut Report) {
    if claim.frequency == Frequency::Void || claim.lines.is_empty() {
        return;
    }
    keyed_again(claim, context, report);
    let on_record = context.alike.iter().filter(|other| other.live).find_map(|other| of_one_person(claim, other));
    if let Some((severity, words)) = on_record {
        return report.at_as(severity, None, "patient.name", words);
    }
    let by_another = |line: &ServiceLine, service: &EarlierService| {
        same(line, service) && service.rendering_npi != rendering_npi(claim, line)
    };
    if let Some(other) = live(claim, context).find(|other| all_on(claim, other, by_another)) {
        let words = format!(
            "Claim {} bills the same services of that day for this patient, by another provider. See whether the visit was entered twice.",
            other.claim_id
        );
        report.at_as(Severity::Warn, None, "lines", words);
    }
}

fn live<'a>(claim: &'a Claim, context: &Context<'a>) -> impl Iterator<Item = &'a EarlierClaim> {
    context.earlier.iter().filter(|other| other.live && other.claim_id != claim.control_number)
}

fn all_on(claim: &Claim, other: &EarlierClaim, same: impl Fn(&ServiceLine, &EarlierService) -> bool) -> bool {
    claim.lines.iter().all(|line| other.services.iter().any(|service| same(line, service)))
}

fn rendering_npi<'a>(claim: &'a Claim, line: &'a ServiceLine) -> &'a str {
    rendering(&claim.header, line).and_then(|provider| provider.npi.as_deref()).unwrap_or_default()
}

/// Code, days and modifiers.
fn same_service(line: &ServiceLine, service: &EarlierService) -> bool {
    service.code == line.procedure.code
        && service.service_dates == line.service_dates
        && same_modifiers(&service.modifiers, &line.procedure.modifiers)
}

/// As often, for as much.
fn same_amount(line: &ServiceLine, service: &EarlierService) -> bool {
    service.units_thousandths == line.units.thousandths && service.charge == line.charge
}

fn same(line: &ServiceLine, service: &EarlierService) -> bool {
    same_service(line, service) && same_amount(line, service)
}

/// Codes that name no drug: two of them on a day are two drugs.
const UNNAMED_DRUGS: &[&str] =
    &["J3490", "J3590", "J7199", "J7599", "J7699", "J7799", "J7999", "J8499", "J8999", "J9999", "C9399"];

/// The patient's own record: a service again, with other units or another charge.
fn keyed_again(claim: &Claim, context: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let code = line.procedure.code.as_str();
        if blank(code) || UNNAMED_DRUGS.contains(&code) || line.procedure.modifiers.iter().any(|one| says_distinct(one))
        {
            continue;
        }
        let by_same = |service: &&EarlierService| {
            same_service(line, service) && service.rendering_npi == rendering_npi(claim, line)
        };
        // What is there with the same amount is an exact repeat, told of by duplicate.claim.
        if live(claim, context).any(|other| other.services.iter().filter(by_same).any(|one| same_amount(line, one))) {
            continue;
        }
        let known = live(claim, context).find_map(|other| Some((other, other.services.iter().find(by_same)?)));
        if let Some((other, service)) = known {
            let how =
                if service.units_thousandths == line.units.thousandths { "another charge" } else { "other units" };
            let words = format!(
                "Line {number} ({}) was already billed on claim {} for that day by the same provider, with {how}. If it was given twice, enter the modifier that says so (76, 77, 91, 59; 25 on a visit); if it was keyed twice, cancel one of the visits.",
                super::code(line),
                other.claim_id
            );
            report.line(number, "procedure", words);
        }
    }
}

/// What is to be told where another record is the same person's, and all services are on its claim.
fn of_one_person(claim: &Claim, other: &EarlierClaim) -> Option<(Severity, String)> {
    let theirs = other.person.as_ref()?;
    let ids = MemberIds::of(claim, other);
    let (severity, what) = one_person(claim, theirs, ids)?;
    // Another charge is another visit, unless the member id says whose it is.
    let repeated = all_on(claim, other, same) || ids == MemberIds::Same && all_on(claim, other, same_service);
    repeated.then(|| {
        let words = format!(
            "Claim {} bills all of these services of that day for another patient record, with {what}. If it is one person, merge the records and cancel one of the visits.",
            other.claim_id
        );
        (severity, words)
    })
}

/// Two member ids of one payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MemberIds {
    /// One id: one person, or a family.
    Same,
    /// One is a slip of the other.
    Slip,
    /// They differ in the last two digits, which tell members of a family apart.
    Family,
    /// Two people.
    Other,
    /// None in common.
    Unknown,
}

impl MemberIds {
    fn of(claim: &Claim, other: &EarlierClaim) -> Self {
        let Some(ours) = destination(claim) else { return Self::Unknown };
        let id = &ours.subscriber.member_id;
        let theirs = other.members.iter().filter(|(payer, _)| *payer == ours.payer.id).map(|(_, member)| member);
        let all: Vec<Self> = theirs.map(|known| Self::between(id, known)).collect();
        let worst = [Self::Other, Self::Family, Self::Slip].into_iter().find(|kind| all.contains(kind));
        if all.contains(&Self::Same) { Self::Same } else { worst.unwrap_or(Self::Unknown) }
    }

    fn between(a: &str, b: &str) -> Self {
        match compare_members(a, b) {
            MemberIs::Same => Self::Same,
            MemberIs::Slip(_) if is_family(a, b) => Self::Family,
            MemberIs::Slip(_) => Self::Slip,
            MemberIs::Other | MemberIs::PersonCode => Self::Other,
            MemberIs::Unknown => Self::Unknown,
        }
    }
}

/// `BW55512340102` and `BW55512340103`: one stem of nine characters or more, two digits behind it.
fn is_family(a: &str, b: &str) -> bool {
    let stem = |id: &'_ str| -> Option<(String, String)> {
        let at = id.len().checked_sub(2).filter(|at| *at >= 9)?;
        let (stem, code) = id.split_at_checked(at)?;
        code.bytes().all(|byte| byte.is_ascii_digit()).then(|| (stem.to_ascii_uppercase(), code.to_owned()))
    };
    matches!((stem(a.trim()), stem(b.trim())), (Some(a), Some(b)) if a.0 == b.0 && a.1 != b.1)
}

/// Record numbers that were given one after the other.
fn in_a_row(ours: &[String], theirs: &[String]) -> bool {
    let number = |id: &String| {
        let digits: String = id.chars().filter(char::is_ascii_digit).collect();
        digits.parse::<u64>().ok()
    };
    ours.iter().filter_map(number).any(|a| theirs.iter().filter_map(number).any(|b| a.abs_diff(b) == 1))
}

/// How sure it is that two records are one person's, and what says so; none where they may well be two.
fn one_person(claim: &Claim, theirs: &EarlierPerson, ids: MemberIds) -> Option<(Severity, String)> {
    use NameIs::{OtherLast, Same, Swapped, Typo, Variant};
    let patient = &claim.header.patient;
    if patient.gender.is_some() && theirs.gender.is_some() && patient.gender != theirs.gender || ids == MemberIds::Other
    {
        return None;
    }
    let known = PersonName {
        last: theirs.last.clone(),
        first: theirs.first.clone(),
        middle: String::new(),
        suffix: String::new(),
    };
    let name = match compare_names(&patient.name, &known) {
        // Short names are others to a payer; on one day, with one birth date and the same services, they are slips.
        NameIs::OtherFirst if is_slip(&patient.name.first, &known.first) => Typo(false),
        OtherLast if is_slip(&patient.name.last, &known.last) => Typo(true),
        other => other,
    };
    // Twins have first names of their own; a last name alone that differs is no twin's.
    let twins = ids == MemberIds::Family || in_a_row(&record_numbers(patient), &theirs.ids);
    if twins && matches!(name, Typo(false) | Variant(_)) {
        return None;
    }
    let first_day = claim.lines.iter().map(|line| line.service_dates.start).min_by_key(|day| day_number(*day))?;
    let is_minor = patient.birth_date.and_then(|born| age_years(born, first_day)).is_some_and(|age| age < 18);
    let of_first = if is_minor { Severity::Warn } else { Severity::Hold };
    let same_id = ids == MemberIds::Same;
    let (severity, name) = match (name, same_id) {
        (Same, _) => (Severity::Hold, "the same name".to_owned()),
        (Swapped, _) => (Severity::Hold, "first and last name swapped".to_owned()),
        (Typo(true), _) => (Severity::Hold, "a last name one slip away".to_owned()),
        (Typo(false), _) => (of_first, "a first name one slip away".to_owned()),
        (Variant(how), true) => (of_first, format!("a form of the name ({how})")),
        (Variant(how), false) => (Severity::Warn, format!("a form of the name ({how})")),
        (OtherLast, true) => (Severity::Hold, "the same first name and another last name (a marriage?)".to_owned()),
        _ => return None,
    };
    let id = if same_id { "the same member id, " } else { "" };
    match compare_births(patient.birth_date, theirs.birth_date) {
        BirthIs::Same => Some((severity, format!("{id}the same birth date and {name}"))),
        BirthIs::Slip(how) if same_id && matches!(compare_names(&patient.name, &known), Same | Variant(_)) => {
            let years = patient.birth_date.zip(theirs.birth_date).map_or(0, |(a, b)| a.year.abs_diff(b.year));
            // A father and a son of one name.
            let severity = if (15..100).contains(&years) { Severity::Warn } else { severity };
            Some((severity, format!("{id}{name} and a birth date that is a slip away ({how})")))
        }
        BirthIs::Slip(_) | BirthIs::Other | BirthIs::Unknown => None,
    }
}

/// One slip of the keyboard between names of three letters or more.
fn is_slip(a: &str, b: &str) -> bool {
    let letters = |text: &str| -> String {
        text.chars().filter(|letter| letter.is_alphabetic()).flat_map(char::to_lowercase).collect()
    };
    let (a, b) = (letters(a), letters(b));
    a.chars().count().max(b.chars().count()) >= 3 && Slip::between(&a, &b).is_some()
}
