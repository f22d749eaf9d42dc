//! The providers' NPIs, the rendering provider's name and taxonomy.

use crate::audit::slip::Slip;
use crate::claim::{Claim, Provider, Severity, npi_is_valid};
use crate::scrub::form::{blank, shape};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const RENDERING_MISSING: Edit = Edit {
    id: "rendering.missing",
    title: "No rendering provider, and the billing provider is a group of practitioners",
    severity: Severity::Hold,
    source: "005010X222A1 2310B, 2420A",
    explain: Explain {
        what: "Every line needs a rendering provider of its own or of the claim, unless the billing provider is a person or by its taxonomy an agency, facility, laboratory, transport or supplier (25 to 34).",
        why: "Payers reject a group's claim that does not say who rendered the service.",
        known_problems: "A group of practitioners that bills tests only, without anybody rendering, is held.",
        example: "FT1-20 and PV1-7 are empty. Repair: enter the provider in the EHR, or map the field that has them.",
        fix: "None.",
    },
    check: rendering_missing,
};

fn rendering_missing(claim: &Claim, _: &Context, report: &mut Report) {
    let header = &claim.header;
    let Some(billing) = &header.billing else { return };
    let taxonomy = billing.taxonomy.as_deref().unwrap_or_default();
    let has_no_practitioner = matches!(taxonomy.as_bytes(), [b'2', b'5'..=b'9', ..] | [b'3', b'0'..=b'4', ..]);
    if header.rendering.is_some() || billing.is_person || has_no_practitioner {
        return;
    }
    for (number, line) in super::numbered(claim) {
        if crate::claim::rendering(header, line).is_none() {
            let words = format!(
                "Line {number} ({}) does not say who rendered the service. Enter the rendering provider.",
                super::code(line)
            );
            report.line(number, "providers.rendering", words);
        }
    }
}

/// See [`Edit::text`].
pub const RENDERING_NPI: Edit = Edit {
    id: "rendering.npi.missing",
    title: "The rendering provider has no NPI or no name",
    severity: Severity::Reject,
    source: "005010X222A1 2310B/2420A NM103, NM109; 45 CFR 162.410",
    explain: Explain {
        what: "Looks for the NPI and name of every rendering provider. The host fills them from the roster by NPI or local id.",
        why: "The payer pays by the rendering NPI.",
        known_problems: "None known.",
        example: "A new doctor whose local id is not in the roster. Repair: add them to profile.toml.",
        fix: "None.",
    },
    check: rendering_npi,
};

fn rendering_npi(claim: &Claim, _: &Context, report: &mut Report) {
    let of_lines = super::numbered(claim)
        .filter_map(|(number, line)| Some((Some(number), line.providers.as_ref()?.rendering.as_ref()?)));
    let of_claim = claim.header.rendering.as_ref().map(|provider| (None, provider));
    for (line, provider) in of_claim.into_iter().chain(of_lines) {
        let (npi, name) = if line.is_some() {
            ("providers.rendering.npi", "providers.rendering.name")
        } else {
            ("rendering.npi", "rendering.name")
        };
        if provider.npi.as_deref().is_none_or(blank) {
            report.at(line, npi, "The rendering provider has no NPI: neither the EHR nor the roster of the practice profile knows it. Add the provider to the roster.");
        } else if blank(&provider.name.last) {
            report.at(
                line,
                name,
                "The rendering provider has no name. Add the provider to the roster of the practice profile.",
            );
        }
    }
}

/// See [`Edit::text`].
pub const NPI_FORM: Edit = Edit {
    id: "npi.check-digit",
    title: "An NPI is none: ten digits, first 1 or 2, right check digit",
    severity: Severity::Reject,
    source: "45 CFR 162.406; CMS, NPI check digit calculation (Luhn over 80840 and the NPI)",
    explain: Explain {
        what: "Checks every NPI of the claim and its lines: billing, rendering, referring, primary care, facility, supervising, ordering.",
        why: "Every receiver computes the check digit and rejects the claim.",
        known_problems: "A right check digit does not say that the NPI was ever given out.",
        example: "Two digits swapped. Repair: look the provider up in the NPI registry and correct roster or EHR.",
        fix: "None.",
    },
    check: npi_form,
};

/// Providers of claim and lines with line and field, in the order of the 837P.
fn each<'a>(claim: &'a Claim, see: &mut dyn FnMut(Option<u16>, &'static str, &'a Provider)) {
    let header = &claim.header;
    let of_claim = [
        ("billing.npi", &header.billing),
        ("referring.npi", &header.referring),
        ("primary_care.npi", &header.primary_care),
        ("rendering.npi", &header.rendering),
        ("service_facility.npi", &header.service_facility),
        ("supervising.npi", &header.supervising),
    ];
    for (field, provider) in of_claim {
        if let Some(provider) = provider {
            see(None, field, provider);
        }
    }
    for (number, line) in super::numbered(claim) {
        let Some(providers) = &line.providers else { continue };
        let of_line = [
            ("providers.rendering.npi", &providers.rendering),
            ("providers.service_facility.npi", &providers.service_facility),
            ("providers.supervising.npi", &providers.supervising),
            ("providers.ordering.npi", &providers.ordering),
            ("providers.referring.npi", &providers.referring),
            ("providers.primary_care.npi", &providers.primary_care),
        ];
        for (field, provider) in of_line {
            if let Some(provider) = provider {
                see(Some(number), field, provider);
            }
        }
    }
}

fn npi_form(claim: &Claim, context: &Context, report: &mut Report) {
    each(claim, &mut |line, field, provider| {
        let npi = provider.npi.as_deref().unwrap_or_default();
        if !blank(npi) && !npi_is_valid(npi) {
            let why = if npi.len() == 10 && npi.bytes().all(|byte| byte.is_ascii_digit()) {
                let roster = context.profile.provider.iter().find(|known| Slip::between(&known.npi, npi).is_some());
                let near = roster.and_then(|known| Some((known, Slip::between(&known.npi, npi)?)));
                near.map_or_else(
                    || "its check digit is wrong".to_owned(),
                    |(known, slip)| {
                        format!(
                            "its check digit is wrong; {} beside the one of {} in the roster",
                            slip.of_digits(),
                            known.last
                        )
                    },
                )
            } else {
                format!("found {}, expected ten digits", shape(npi))
            };
            report.at(
                line,
                field,
                format!("The NPI is not valid: {why}. Correct it in the EHR or in the roster of the practice profile."),
            );
        }
    });
}

/// See [`Edit::text`].
pub const OTHER_NPI: Edit = Edit {
    id: "referring.npi.missing",
    title: "A referring, ordering or supervising provider has no NPI",
    severity: Severity::Warn,
    source: "005010X222A1 2310A, 2310D, 2420D, 2420E, 2420F NM109",
    explain: Explain {
        what: "Providers beside billing and rendering that are named without NPI.",
        why: "Some payers deny tests and consultations without it; others do not look.",
        known_problems: "A service facility may have no NPI and is not looked at.",
        example: "PV1-8 has a local id only. Repair: add the provider to the roster.",
        fix: "None.",
    },
    check: other_npi,
};

fn other_npi(claim: &Claim, _: &Context, report: &mut Report) {
    each(claim, &mut |line, field, provider| {
        let looked_at = !field.contains("rendering") && !field.contains("facility") && field != "billing.npi";
        if looked_at && provider.npi.as_deref().is_none_or(blank) {
            report.at(
                line,
                field,
                "This provider is named without an NPI. Add the provider to the roster of the practice profile.",
            );
        }
    });
}

/// See [`Edit::text`].
pub const TAXONOMY: Edit = Edit {
    id: "taxonomy.form",
    title: "A taxonomy code has not ten letters and digits",
    severity: Severity::Reject,
    source: "005010X222A1 2000A, 2310B, 2420A PRV03; NUCC Health Care Provider Taxonomy",
    explain: Explain {
        what: "A taxonomy of billing or rendering provider that is there has ten letters and digits.",
        why: "PRV03 has that form; payers choose the contract by it.",
        known_problems: "Whether the code is in the NUCC list is not checked here.",
        example: "207Q. Repair: the whole code in the profile, 207Q00000X.",
        fix: "None.",
    },
    check: taxonomy,
};

fn taxonomy(claim: &Claim, _: &Context, report: &mut Report) {
    each(claim, &mut |line, field, provider| {
        let code = provider.taxonomy.as_deref().unwrap_or_default();
        let fits = code.len() == 10 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !code.is_empty() && !fits {
            let words = format!(
                "The taxonomy code has not ten letters and digits (found {}). Correct it in the practice profile.",
                shape(code)
            );
            report.at(line, field.replace(".npi", ".taxonomy"), words);
        }
    });
}
