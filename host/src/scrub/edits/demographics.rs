//! Demographics that differ from the practice's roster or a payer's eligibility answer. What differs is found by
//! `audit::demographics`; here is what each difference means for the claim.
//!
//! Unlike other edits these write the values into their words: a biller has to see both to know which is right. Findings are
//! sealed, and shown to readers of the practice only.

use crate::audit::demographics::{Field, compare, compare_with};
use crate::claim::{Claim, Severity};
use crate::eligibility::Cover;
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const NAME: Edit = Edit {
    id: "demographic.name",
    title: "The patient's name is not the one that is known",
    severity: Severity::Hold,
    source: "005010X222A1 2010BA/2010CA NM1, N3, N4, DMG; 005010X279A1 2100C/2100D",
    explain: Explain {
        what: "Compares last and first name with the roster or the payer's answer: swapped, misspelled or other names.",
        why: "The payer looks its member up by name, birth date and id; a name it does not have is refused before anybody reads the claim.",
        known_problems: "A new name after a marriage holds until the roster or the registration has it too.",
        example: "The card says Vance, PID-5 says Vanec. Repair: correct the registration and send it again.",
        fix: "None: only the card or the patient knows.",
    },
    check: name,
};

/// See [`Edit::text`].
pub const NAME_VARIANT: Edit = Edit {
    id: "demographic.name-variant",
    title: "The patient's name is written in another form",
    severity: Severity::Warn,
    source: "005010X222A1 2010BA/2010CA NM1, N3, N4, DMG; 005010X279A1 2100C/2100D",
    explain: Explain {
        what: "Finds nicknames, initials, middle names, parts of double names, cut names and other suffixes. Accents, hyphens, apostrophes and case are no difference.",
        why: "Most payers find the member all the same; some do not, and then it is the first place to look.",
        known_problems: "The table of nicknames is English and Spanish, and short.",
        example: "Bob on the visit, Robert on the roster. Repair: bill the name on the card.",
        fix: "None: only the card or the patient knows.",
    },
    check: name_variant,
};

/// See [`Edit::text`].
pub const BIRTH_DATE: Edit = Edit {
    id: "demographic.birth-date",
    title: "The birth date is not the one that is known",
    severity: Severity::Hold,
    source: "005010X222A1 2010BA/2010CA NM1, N3, N4, DMG; 005010X279A1 2100C/2100D",
    explain: Explain {
        what: "Compares birth dates, and names swapped day and month, swapped digits and a wrong century.",
        why: "Payers match on the birth date; one that differs is a member who cannot be found.",
        known_problems: "Stand-ins such as 1900-01-01 are no birth date and are passed over.",
        example: "1980-03-04 on the visit, 1980-04-03 on the roster. Repair: look at the card.",
        fix: "None: only the card or the patient knows.",
    },
    check: birth_date,
};

/// See [`Edit::text`].
pub const GENDER: Edit = Edit {
    id: "demographic.gender",
    title: "The gender is not the one that is known",
    severity: Severity::Hold,
    source: "005010X222A1 2010BA/2010CA NM1, N3, N4, DMG; 005010X279A1 2100C/2100D",
    explain: Explain {
        what: "Compares female and male; unknown on either side is passed over. A warning where condition code 45 or modifier KX says that the difference is known.",
        why: "Payers look their member up by name, birth date and gender (271 AAA03 66), and refuse services that are for one gender only; often the visit is another person's.",
        known_problems: "A change that the payer has not recorded is a difference too: correct the roster, or enter condition code 45.",
        example: "M on the visit, female on the roster. Repair: ask what the payer has.",
        fix: "None: only the card or the patient knows.",
    },
    check: gender,
};

/// See [`Edit::text`].
pub const MEMBER_ID: Edit = Edit {
    id: "demographic.member-id",
    title: "The member id is not the one that is known",
    severity: Severity::Hold,
    source: "005010X222A1 2010BA NM109; 005010X279A1 2100C NM109; CMS, Understanding the MBI",
    explain: Explain {
        what: "Compares member ids without case, blanks and dashes; names look-alike letters in Medicare ids, old HICNs, lost zeros and prefixes, and swapped or changed characters.",
        why: "A wrong member id is the commonest reason why a claim is refused at the door.",
        known_problems: "An id of another payer than the roster's is not compared; the id of the patient's second payer is no difference.",
        example: "1EG4TES0K73 on the visit, 1EG4TE50K73 on the roster. Repair: type it from the card.",
        fix: "None: only the card or the patient knows.",
    },
    check: member_id,
};

/// See [`Edit::text`].
pub const MEMBER_ID_FORM: Edit = Edit {
    id: "demographic.member-id-form",
    title: "The member id has another form",
    severity: Severity::Warn,
    source: "005010X222A1 2010BA NM109; 005010X279A1 2100C NM109; CMS, Understanding the MBI",
    explain: Explain {
        what: "Finds a person code on one side only, and another id where the roster names no payer.",
        why: "Some payers want the person code, some refuse it.",
        known_problems: "None known.",
        example: "W12345678901 on the visit, W123456789 on the roster. Repair: as the payer's guide says.",
        fix: "None: only the card or the patient knows.",
    },
    check: member_id_form,
};

/// See [`Edit::text`].
pub const ADDRESS: Edit = Edit {
    id: "demographic.address",
    title: "The address is not the one that is known",
    severity: Severity::Warn,
    source: "005010X222A1 2010BA/2010CA NM1, N3, N4, DMG; 005010X279A1 2100C/2100D",
    explain: Explain {
        what: "Compares ZIP code (five digits) and house number.",
        why: "An address does not deny a claim; mail to the patient comes back.",
        known_problems: "Two flats of one house are not told apart.",
        example: "12 Elm Street, 43001 on the visit, 14 Elm Street on the roster. Repair: ask the patient.",
        fix: "None: only the card or the patient knows.",
    },
    check: address,
};

/// See [`Edit::text`].
pub const COVERAGE_DATES: Edit = Edit {
    id: "demographic.coverage-dates",
    title: "The service lies outside of the cover",
    severity: Severity::Hold,
    source: "005010X279A1 2100C/2110C DTP, EB01; 005010X222A1 2400 DTP 472",
    explain: Explain {
        what: "Compares service days with the first and last day of cover that the roster or the 271 gives.",
        why: "Services before or after the cover are denied in full.",
        known_problems: "A cover that was renewed after the list was made counts as ended.",
        example: "Service on 2026-05-01, cover ended 2026-04-30. Repair: ask for the new cover.",
        fix: "None: only the card or the patient knows.",
    },
    check: coverage_dates,
};

/// See [`Edit::text`].
pub const SUBSCRIBER: Edit = Edit {
    id: "demographic.subscriber",
    title: "The patient is not the subscriber",
    severity: Severity::Hold,
    source: "005010X222A1 2010BA/2010CA NM1, N3, N4, DMG; 005010X279A1 2100C/2100D",
    explain: Explain {
        what: "Finds a claim that says the patient is the subscriber where the roster or the 271 says dependent, or knows only another of the family under the member id.",
        why: "A dependent billed as the subscriber is a name and birth date that the payer does not find under the id.",
        known_problems: "None known.",
        example: "A child billed as self under the mother's id. Repair: send the subscriber and the relationship.",
        fix: "None: only the card or the patient knows.",
    },
    check: subscriber,
};

/// See [`Edit::text`].
pub const IDENTITY: Edit = Edit {
    id: "demographic.identity",
    title: "The patient id is another person's on the roster",
    severity: Severity::Warn,
    source: "005010X222A1 2010BA/2010CA NM1, N3, N4, DMG; 005010X279A1 2100C/2100D",
    explain: Explain {
        what: "Finds a patient id under which the roster has another name and another birth date.",
        why: "A visit in the wrong chart is billed to the wrong person.",
        known_problems: "A roster from another system may use the same numbers for other people; it is no reason to hold.",
        example: "M100 is Orla Vance on the roster, the visit is Milo Brandt's. Repair: find out whose visit it is.",
        fix: "None: only the card or the patient knows.",
    },
    check: identity,
};

/// See [`Edit::text`].
pub const TWO_ALIKE: Edit = Edit {
    id: "demographic.two-alike",
    title: "Several people of the roster can be this patient",
    severity: Severity::Warn,
    source: "005010X222A1 2010BA/2010CA NM1, N3, N4, DMG; 005010X279A1 2100C/2100D",
    explain: Explain {
        what: "Names the rows that fit equally well. Nothing else is compared then.",
        why: "To compare with the wrong one would hold claims for nothing.",
        known_problems: "None known.",
        example: "Two rows of Jon Smith with one birth date. Repair: put the patient id into the rows.",
        fix: "None: only the card or the patient knows.",
    },
    check: two_alike,
};

fn name(claim: &Claim, context: &Context, report: &mut Report) {
    tell(Field::Name, claim, context, report);
}

fn name_variant(claim: &Claim, context: &Context, report: &mut Report) {
    tell(Field::NameVariant, claim, context, report);
}

fn birth_date(claim: &Claim, context: &Context, report: &mut Report) {
    tell(Field::BirthDate, claim, context, report);
}

fn gender(claim: &Claim, context: &Context, report: &mut Report) {
    let severity = if super::sex_age::incongruence_is_told(claim) { Severity::Warn } else { Severity::Hold };
    tell_as(Some(severity), Field::Gender, claim, context, report);
}

fn member_id(claim: &Claim, context: &Context, report: &mut Report) {
    tell(Field::MemberId, claim, context, report);
}

fn member_id_form(claim: &Claim, context: &Context, report: &mut Report) {
    tell(Field::MemberIdForm, claim, context, report);
}

fn address(claim: &Claim, context: &Context, report: &mut Report) {
    tell(Field::Address, claim, context, report);
}

fn coverage_dates(claim: &Claim, context: &Context, report: &mut Report) {
    tell(Field::CoverageDates, claim, context, report);
}

fn subscriber(claim: &Claim, context: &Context, report: &mut Report) {
    tell(Field::Subscriber, claim, context, report);
}

fn identity(claim: &Claim, context: &Context, report: &mut Report) {
    tell(Field::Identity, claim, context, report);
}

fn two_alike(claim: &Claim, context: &Context, report: &mut Report) {
    tell(Field::TwoAlike, claim, context, report);
}

fn tell(field: Field, claim: &Claim, context: &Context, report: &mut Report) {
    tell_as(None, field, claim, context, report);
}

/// With another severity than the edit's, where one is given.
fn tell_as(severity: Option<Severity>, field: Field, claim: &Claim, context: &Context, report: &mut Report) {
    // Most practices have no roster and no answer: nothing to compare, nothing to pay for.
    let known = (!context.known.is_empty()).then(|| compare(claim, context.known, context.profile));
    // The days of a cover that was asked about are `eligibility.inactive`, by the practice's policy.
    let answered = context.cover.and_then(Cover::answer).and_then(|answer| answer.known.as_ref());
    let answered = answered.filter(|_| field != Field::CoverageDates);
    let answered = answered.map(|known| compare_with(claim, known, context.profile));
    for difference in known.into_iter().chain(answered).flatten() {
        if difference.field == field {
            match severity {
                Some(severity) => report.at_as(severity, None, difference.at, difference.words),
                None => report.header(difference.at, difference.words),
            }
        }
    }
}
