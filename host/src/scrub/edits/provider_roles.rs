//! Whether a provider can be what the claim says: a person, somebody else than the group, the one whose NPI it is.

use crate::claim::{Claim, Provider, Severity};
use crate::scrub::form::{blank, cpt_number, same_letters};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const PERSON: Edit = Edit {
    id: "provider.not-a-person",
    title: "An organisation stands where a person is needed",
    severity: Severity::Reject,
    source: "005010X222A1 2310A, 2310D, 2420D, 2420E, 2420F NM102 = 1",
    explain: Explain {
        what: "Referring, supervising, ordering and primary care providers are persons.",
        why: "The guide allows no organisation there; the claim is rejected.",
        known_problems: "Rendering providers may be organisations and pass.",
        example: "The referring practice instead of the doctor. Repair: enter the person.",
        fix: "None.",
    },
    check: person,
};

fn person(claim: &Claim, _: &Context, report: &mut Report) {
    let header = &claim.header;
    let of_claim = [
        ("referring", &header.referring),
        ("primary_care", &header.primary_care),
        ("supervising", &header.supervising),
    ];
    let organisation = |provider: &Option<Provider>| provider.as_ref().is_some_and(|one| !one.is_person);
    const WORDS: &str = "An organisation stands where a person is needed. Enter the person.";
    for (field, provider) in of_claim {
        if organisation(provider) {
            report.header(field, WORDS);
        }
    }
    for (number, line) in super::numbered(claim) {
        let Some(own) = &line.providers else { continue };
        for (field, provider) in [
            ("providers.supervising", &own.supervising),
            ("providers.ordering", &own.ordering),
            ("providers.referring", &own.referring),
            ("providers.primary_care", &own.primary_care),
        ] {
            if organisation(provider) {
                report.line(number, field, WORDS);
            }
        }
    }
}

/// See [`Edit::text`].
pub const GROUP_NPI: Edit = Edit {
    id: "rendering.npi.of-group",
    title: "The rendering person has the NPI of the group",
    severity: Severity::Hold,
    source: "45 CFR 162.406: an organisation's NPI is not a person's; 005010X222A1 2310B NM109",
    explain: Explain {
        what: "A rendering, referring or supervising person has not the billing organisation's NPI.",
        why: "The payer knows the number as an organisation and denies the line.",
        known_problems: "None known: a person who bills under their own NPI is billed as a person (NM102 = 1).",
        example: "The group's NPI in every doctor's entry. Repair: the doctor's own NPI in EHR or roster.",
        fix: "None.",
    },
    check: group_npi,
};

fn group_npi(claim: &Claim, _: &Context, report: &mut Report) {
    let header = &claim.header;
    let Some(billing) = header.billing.as_ref().filter(|billing| !billing.is_person) else { return };
    let Some(npi) = billing.npi.as_deref().filter(|npi| !blank(npi)) else { return };
    let same = |provider: &Option<Provider>| {
        provider.as_ref().is_some_and(|one| one.is_person && one.npi.as_deref() == Some(npi))
    };
    const WORDS: &str =
        "This person has the NPI of the billing organisation. Enter the person's own NPI in the EHR or the roster.";
    for (field, provider) in [
        ("rendering.npi", &header.rendering),
        ("referring.npi", &header.referring),
        ("supervising.npi", &header.supervising),
    ] {
        if same(provider) {
            report.header(field, WORDS);
        }
    }
    for (number, line) in super::numbered(claim) {
        if line.providers.as_ref().is_some_and(|own| same(&own.rendering)) {
            report.line(number, "providers.rendering.npi", WORDS);
        }
    }
}

/// See [`Edit::text`].
pub const NAME: Edit = Edit {
    id: "provider.name.differs",
    title: "An NPI of the roster stands under another name",
    severity: Severity::Hold,
    source: "005010X222A1 2310B NM103, NM104, NM109; the roster of the practice profile",
    explain: Explain {
        what: "Where the roster knows the NPI of a rendering or supervising person: last and first name do not both differ from it.",
        why: "The claim is paid to, and counted for, the wrong doctor.",
        known_problems: "One differing name alone (married, short form) passes.",
        example: "Two doctors' NPIs swapped in the EHR. Repair: correct the EHR or the roster.",
        fix: "None.",
    },
    check: name,
};

fn name(claim: &Claim, context: &Context, report: &mut Report) {
    let other = |provider: &Option<Provider>| {
        let Some(one) = provider.as_ref().filter(|one| one.is_person) else { return false };
        let Some(npi) = one.npi.as_deref().filter(|npi| !blank(npi)) else { return false };
        let known = context.profile.provider.iter().find(|known| known.npi == npi);
        known.is_some_and(|known| {
            let differs = |left: &str, right: &str| !blank(left) && !blank(right) && !same_letters(left, right);
            differs(&one.name.last, &known.last) && differs(&one.name.first, &known.first)
        })
    };
    const WORDS: &str = "The roster of the practice profile knows this NPI under another name. Correct the NPI in the EHR, or the roster.";
    for (field, provider) in
        [("rendering.npi", &claim.header.rendering), ("supervising.npi", &claim.header.supervising)]
    {
        if other(provider) {
            report.header(field, WORDS);
        }
    }
    for (number, line) in super::numbered(claim) {
        if line.providers.as_ref().is_some_and(|own| other(&own.rendering)) {
            report.line(number, "providers.rendering.npi", WORDS);
        }
    }
}

/// See [`Edit::text`].
pub const REFERRING: Edit = Edit {
    id: "referring.missing",
    title: "A consultation, or a test by a laboratory, names nobody who asked for it",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 26, section 10.4, item 17; 005010X222A1 2310A, 2420E, 2420F",
    explain: Explain {
        what: "A consultation (CPT 99242-99245, 99252-99255), and any line of a laboratory, imaging centre or equipment supplier (billing taxonomy 291, 292, 293, 261QR02, 332B), needs a referring or ordering provider on claim or line.",
        why: "Such services exist by request only; payers reject them without the one who asked.",
        known_problems: "Tests that a practice orders for itself pass: list referring-provider in `requires` of payers that want it there too.",
        example: "A consultation without 2310A. Repair: enter who sent the patient.",
        fix: "None.",
    },
    check: referring,
};

fn referring(claim: &Claim, _: &Context, report: &mut Report) {
    let header = &claim.header;
    if header.referring.is_some() {
        return;
    }
    let taxonomy = header.billing.as_ref().and_then(|billing| billing.taxonomy.as_deref()).unwrap_or_default();
    let by_request = ["291", "292", "293", "261QR02", "332B"].iter().any(|start| taxonomy.starts_with(start));
    for (number, line) in super::numbered(claim) {
        let own = line.providers.as_ref();
        let named = own.is_some_and(|own| own.referring.is_some() || own.ordering.is_some());
        let consultation =
            cpt_number(&line.procedure.code).is_some_and(|code| matches!(code, 99_242..=99_245 | 99_252..=99_255));
        if (by_request || consultation) && !named {
            let words = format!(
                "Line {number} ({}) does not say who asked for it. Enter the referring or ordering provider.",
                super::code(line)
            );
            report.line(number, "providers.referring", words);
        }
    }
}
