//! The subscriber, and what the patient is to them.

use crate::claim::{Claim, Relationship, Severity, day_number};
use crate::scrub::form::{blank, is_day, same_letters};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const MISSING: Edit = Edit {
    id: "subscriber.name.missing",
    title: "The patient is not the subscriber, and the subscriber has no name",
    severity: Severity::Reject,
    source: "005010X222A1 2010BA/2330A NM103, NM104",
    explain: Explain {
        what: "Where the patient is a dependant, looks for the subscriber's name: last and first of a person, one name of an employer.",
        why: "2010BA then names the subscriber, and the payer finds the policy by them.",
        known_problems: "None known.",
        example: "IN1-17 says child, IN1-16 is empty. Repair: enter the policy holder.",
        fix: "None.",
    },
    check: missing,
};

fn missing(claim: &Claim, _: &Context, report: &mut Report) {
    for (at, coverage) in claim.header.coverages.iter().enumerate() {
        let subscriber = &coverage.subscriber;
        let no_name = blank(&subscriber.name.last) || (subscriber.is_person && blank(&subscriber.name.first));
        if coverage.relationship != Relationship::PatientIsSubscriber && no_name {
            let words = format!(
                "The patient is not the subscriber of coverage {}, and the subscriber's name is missing. Enter the policy holder, or correct the relationship.",
                at + 1
            );
            report.header(format!("coverages[{at}].subscriber.name"), words);
        }
    }
}

/// See [`Edit::text`].
pub const SELF_DIFFERS: Edit = Edit {
    id: "subscriber.self.differs",
    title: "The patient is said to be the subscriber but is somebody else",
    severity: Severity::Hold,
    source: "005010X222A1 2000B SBR02 = 18",
    explain: Explain {
        what: "With relationship self: the dates of birth agree where both are known, and not both names differ. Case, blanks and marks do not count.",
        why: "A child registered with the parent's card and relationship self is denied as 'not our member'.",
        known_problems: "One differing name alone (nickname, maiden name) is only a warning: `subscriber.self.name-differs`.",
        example: "Relationship self, other date of birth. Repair: correct relationship or date.",
        fix: "None.",
    },
    check: self_differs,
};

fn self_differs(claim: &Claim, _: &Context, report: &mut Report) {
    let patient = &claim.header.patient;
    for (at, coverage) in claim.header.coverages.iter().enumerate() {
        let subscriber = &coverage.subscriber;
        if coverage.relationship != Relationship::PatientIsSubscriber || !subscriber.is_person {
            continue;
        }
        let births = patient.birth_date.zip(subscriber.birth_date);
        let birth_differs = births.is_some_and(|(one, other)| is_day(one) && is_day(other) && one != other);
        if birth_differs || names_that_differ(claim, at) == 2 {
            let which = if birth_differs { "date of birth" } else { "name" };
            let words = format!(
                "Coverage {} says the patient is the subscriber, but the subscriber's {which} is another. Correct the relationship or the registration.",
                at + 1
            );
            report.header(format!("coverages[{at}].relationship"), words);
        }
    }
}

/// How many of last and first name differ, where both sides have one.
fn names_that_differ(claim: &Claim, at: usize) -> u8 {
    let Some(coverage) = claim.header.coverages.get(at) else { return 0 };
    let (patient, subscriber) = (&claim.header.patient.name, &coverage.subscriber.name);
    let differs = |one: &str, other: &str| !blank(one) && !blank(other) && !same_letters(one, other);
    u8::from(differs(&patient.last, &subscriber.last)) + u8::from(differs(&patient.first, &subscriber.first))
}

/// See [`Edit::text`].
pub const SELF_NAME: Edit = Edit {
    id: "subscriber.self.name-differs",
    title: "Patient and subscriber are one person under two names",
    severity: Severity::Warn,
    source: "005010X222A1 2000B SBR02 = 18",
    explain: Explain {
        what: "With relationship self, last or first name (not both) differs between patient and subscriber.",
        why: "The 837P sends one name only; the payer knows the one on the card.",
        known_problems: "Nicknames and double names warn.",
        example: "The patient has a married name, the card the former. Repair: register the name on the card.",
        fix: "None.",
    },
    check: self_name,
};

fn self_name(claim: &Claim, _: &Context, report: &mut Report) {
    for (at, coverage) in claim.header.coverages.iter().enumerate() {
        let itself = coverage.relationship == Relationship::PatientIsSubscriber && coverage.subscriber.is_person;
        if itself && names_that_differ(claim, at) == 1 {
            let words = format!(
                "Patient and subscriber of coverage {} are one person under two names. The payer knows the one on the card.",
                at + 1
            );
            report.header(format!("coverages[{at}].subscriber.name"), words);
        }
    }
}

/// See [`Edit::text`].
pub const DEPENDANT_SAME: Edit = Edit {
    id: "subscriber.dependant.same-person",
    title: "The patient is said to be a dependant but is the subscriber",
    severity: Severity::Warn,
    source: "005010X222A1 2000B SBR02, 2000C PAT01",
    explain: Explain {
        what: "Relationship other than self, but name and date of birth of patient and subscriber agree.",
        why: "The payer looks for a dependant it does not have.",
        known_problems: "Needs both dates of birth; father and son of one name are told apart by them.",
        example: "Spouse, with the patient's own data. Repair: relationship self, or the spouse's data.",
        fix: "None.",
    },
    check: dependant_same,
};

fn dependant_same(claim: &Claim, _: &Context, report: &mut Report) {
    let patient = &claim.header.patient;
    for (at, coverage) in claim.header.coverages.iter().enumerate() {
        let subscriber = &coverage.subscriber;
        let dependant = coverage.relationship != Relationship::PatientIsSubscriber;
        let same_birth = patient.birth_date.is_some() && patient.birth_date == subscriber.birth_date;
        let same_name = !blank(&patient.name.last)
            && same_letters(&patient.name.last, &subscriber.name.last)
            && same_letters(&patient.name.first, &subscriber.name.first);
        if dependant && same_birth && same_name {
            let words = format!(
                "The patient is said to be a dependant of the subscriber of coverage {} but is the same person. Correct the relationship.",
                at + 1
            );
            report.header(format!("coverages[{at}].relationship"), words);
        }
    }
}

/// See [`Edit::text`].
pub const CHILD_OLDER: Edit = Edit {
    id: "subscriber.child.older",
    title: "A child is older than the subscriber",
    severity: Severity::Hold,
    source: "005010X222A1 2000C PAT01 = 19, 2010BA and 2010CA DMG02",
    explain: Explain {
        what: "With relationship child: the patient is not born before the subscriber.",
        why: "Patient and subscriber were swapped, or the relationship is wrong.",
        known_problems: "Needs both dates of birth.",
        example: "The parent is registered as the child. Repair: correct relationship or dates.",
        fix: "None.",
    },
    check: child_older,
};

fn child_older(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(birth) = claim.header.patient.birth_date.filter(|date| is_day(*date)) else { return };
    for (at, coverage) in claim.header.coverages.iter().enumerate() {
        let subscriber = coverage.subscriber.birth_date.filter(|date| is_day(*date));
        let older = subscriber.is_some_and(|other| day_number(birth) < day_number(other));
        if coverage.relationship == Relationship::Child && older {
            let words = format!(
                "The patient is said to be a child of the subscriber of coverage {} but is older. Correct the relationship or the dates of birth.",
                at + 1
            );
            report.header(format!("coverages[{at}].relationship"), words);
        }
    }
}
