//! The billing provider (2000A, 2010AA): the practice profile has it, no message does.

use crate::claim::{Claim, ProviderIdKind, Severity};
use crate::scrub::form::{blank, digits, is_state, is_us, is_zip, shape};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const MISSING: Edit = Edit {
    id: "billing.missing",
    title: "Billing provider, its name, NPI or address is missing",
    severity: Severity::Reject,
    source: "005010X222A1 2010AA NM103, NM109, N3, N4",
    explain: Explain {
        what: "Looks for the billing provider with name, NPI, street, city, state and ZIP.",
        why: "2010AA is required whole.",
        known_problems: "Providers without NPI by law (atypical) cannot be billed yet.",
        example: "The practice profile has no NPI. Repair: complete profile.toml.",
        fix: "None.",
    },
    check: missing,
};

fn missing(claim: &Claim, _: &Context, report: &mut Report) {
    const DO: &str = "Complete the practice profile.";
    let Some(billing) = &claim.header.billing else {
        report.header("billing", format!("The claim has no billing provider. {DO}"));
        return;
    };
    if blank(&billing.name.last) {
        report.header("billing.name", format!("The billing provider has no name. {DO}"));
    }
    if billing.npi.as_deref().is_none_or(blank) {
        report.header("billing.npi", format!("The billing provider has no NPI. {DO}"));
    }
    let whole = |address: &crate::claim::Address| {
        let us = is_us(address);
        !blank(&address.line1)
            && !blank(&address.city)
            && (!us || (is_state(&address.state) && is_zip(&address.postal_code)))
    };
    if !billing.address.as_ref().is_some_and(whole) {
        report.header(
            "billing.address",
            format!("The billing provider's address lacks street, city, state or ZIP. {DO}"),
        );
    }
}

/// See [`Edit::text`].
pub const ADDRESS_FORM: Edit = Edit {
    id: "billing.address.post-office-box",
    title: "The billing provider's address is a post office box",
    severity: Severity::Hold,
    source: "005010X222A1 2010AA N301: a street address; a box belongs into 2010AB",
    explain: Explain {
        what: "Finds a street line that begins with PO Box, P.O. Box or Post Office Box.",
        why: "The guide forbids it, and clearinghouses reject it.",
        known_problems: "A lock box named in other words is not found.",
        example: "line1 = P.O. Box 12. Repair: the street in address, the box in pay_to_address of profile.toml.",
        fix: "None.",
    },
    check: address_form,
};

fn address_form(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(address) = claim.header.billing.as_ref().and_then(|billing| billing.address.as_ref()) else { return };
    for (field, text) in [("billing.address.line1", &address.line1), ("billing.address.line2", &address.line2)] {
        let mut letters = text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase());
        let box_again =
            ["pobox", "postofficebox"].iter().any(|words| letters.clone().take(words.len()).eq(words.bytes()));
        if box_again && letters.any(|byte| byte.is_ascii_digit()) {
            report.header(field, "The billing address is a post office box. Put the street into address and the box into pay_to_address of the practice profile.");
        }
    }
}

/// See [`Edit::text`].
pub const ZIP4: Edit = Edit {
    id: "billing.address.zip4",
    title: "The billing ZIP has not nine digits",
    severity: Severity::Warn,
    source: "005010X222A1 2010AA N403: the full nine digits in the US",
    explain: Explain {
        what: "Looks for ZIP+4 at the billing provider.",
        why: "Clearinghouses ask for nine digits; several reject five.",
        known_problems: "None known.",
        example: "43001. Repair: 430011234 in profile.toml.",
        fix: "None.",
    },
    check: zip4,
};

fn zip4(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(address) = claim.header.billing.as_ref().and_then(|billing| billing.address.as_ref()) else { return };
    if is_us(address) && digits(&address.postal_code, 5) {
        report.header(
            "billing.address.postal_code",
            "The billing ZIP has five digits; clearinghouses ask for nine. Complete the practice profile.",
        );
    }
}

/// See [`Edit::text`].
pub const TAX_ID: Edit = Edit {
    id: "billing.tax-id",
    title: "The billing provider's tax id is missing or has not nine digits",
    severity: Severity::Reject,
    source: "005010X222A1 2010AA REF EI or SY",
    explain: Explain {
        what: "Looks for an EIN or SSN of nine digits, without dashes.",
        why: "REF EI or SY is required; payers pay to the tax id.",
        known_problems: "None known.",
        example: "12-3456789. Repair: 123456789 in profile.toml.",
        fix: "None.",
    },
    check: tax_id,
};

fn tax_id(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(billing) = &claim.header.billing else { return };
    let tax_id =
        billing.ids.iter().find(|id| matches!(id.kind, ProviderIdKind::Employer | ProviderIdKind::SocialSecurity));
    match tax_id {
        None => report.header("billing.ids", "The billing provider has no tax id. Complete the practice profile."),
        Some(id) if !digits(&id.value, 9) => {
            let words = format!(
                "The billing provider's tax id has not nine digits (found {}). Correct the practice profile.",
                shape(&id.value)
            );
            report.header("billing.ids", words);
        }
        Some(_) => {}
    }
}

/// See [`Edit::text`].
pub const FACILITY: Edit = Edit {
    id: "facility.incomplete",
    title: "The service facility has no name or address",
    severity: Severity::Reject,
    source: "005010X222A1 2310C NM103, N3, N4",
    explain: Explain {
        what: "Where a service facility is named: name, street and city are there.",
        why: "2310C is required whole when it is sent.",
        known_problems: "None known.",
        example: "A location of the profile with a facility without address. Repair: complete it, or drop the facility where it is the billing address.",
        fix: "None.",
    },
    check: facility,
};

fn facility(claim: &Claim, _: &Context, report: &mut Report) {
    let of_lines = super::numbered(claim)
        .filter_map(|(number, line)| Some((Some(number), line.providers.as_ref()?.service_facility.as_ref()?)));
    let of_claim = claim.header.service_facility.as_ref().map(|facility| (None, facility));
    for (line, facility) in of_claim.into_iter().chain(of_lines) {
        let whole = facility.address.as_ref().is_some_and(|address| !blank(&address.line1) && !blank(&address.city));
        if blank(&facility.name.last) || !whole {
            report.at(
                line,
                "service_facility",
                "The service facility lacks name, street or city. Complete the location in the practice profile.",
            );
        }
    }
}

/// See [`Edit::text`].
pub const TAX_ID_DIFFERS: Edit = Edit {
    id: "billing.tax-id.differs",
    title: "The billing provider's tax id is not the one of the profile",
    severity: Severity::Hold,
    source: "005010X222A1 2010AA REF EI or SY; the practice profile: npi, tax_id",
    explain: Explain {
        what: "Where the claim is billed under the profile's NPI: its tax id is the profile's.",
        why: "Payers match NPI and tax id and deny or pay to somebody else.",
        known_problems: "A practice with two tax ids under one NPI needs two profiles.",
        example: "A digit typed wrongly in the practice system. Repair: correct it there, or in profile.toml.",
        fix: "None.",
    },
    check: tax_id_differs,
};

fn tax_id_differs(claim: &Claim, context: &Context, report: &mut Report) {
    let Some(billing) = &claim.header.billing else { return };
    let own = billing.npi.as_deref() == Some(context.profile.npi.as_str());
    let other = |id: &&crate::claim::ProviderId| {
        matches!(id.kind, ProviderIdKind::Employer | ProviderIdKind::SocialSecurity)
            && digits(&id.value, 9)
            && id.value != context.profile.tax_id.value
    };
    if own && billing.ids.iter().any(|id| other(&id)) {
        report.header(
            "billing.ids",
            "The billing provider's tax id is not the one of the practice profile. Correct it in the system that sends, or in the profile.",
        );
    }
}
