//! 2300 CLM and HI, and the claim's providers, 2310A to 2310F. The rarer segments of 2300 are in `extras.rs`.

use claimhost_sdk::claim::*;
use claimhost_x12::Segment;

use crate::reader::Reader;
use crate::{codes, extras, parts};

/// What CLM says beside the contract's header.
pub(crate) struct Identity {
    /// CLM01: the practice system's own number of this claim, which is its visit.
    pub visit_number: String,
    /// CLM05-3.
    pub frequency: Frequency,
}

pub(crate) fn loop_2300(r: &mut Reader<'_>, to: &mut ClaimHeader, coverage: &mut Coverage) -> Identity {
    let mut identity = Identity { visit_number: String::new(), frequency: Frequency::Original };
    let Some(segment) = r.require("CLM", &[], "CLM (2300)") else { return identity };
    clm(r, &segment, to, coverage, &mut identity);
    let mut rare = to.extras.take().unwrap_or_default();
    while let Some(next) = r.peek() {
        let known = match next.id() {
            b"HI" => {
                r.take("HI");
                hi(r, &next, to, &mut rare);
                true
            }
            _ => extras::claim_segment(r, &next, to, &mut rare, coverage),
        };
        if !known {
            if matches!(next.id(), b"NM1" | b"SBR" | b"LX" | b"SE" | b"HL") {
                break;
            }
            r.stray("a segment of 2300");
        }
    }
    to.extras = Some(rare);
    identity
}

fn clm(r: &mut Reader<'_>, clm: &Segment<'_>, to: &mut ClaimHeader, coverage: &mut Coverage, identity: &mut Identity) {
    r.only(clm, &[1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 20]);
    identity.visit_number = r.required(clm, 1, "the claim's number");
    let total = r.money(clm, 2);
    r.must(clm, 2, total, 0, "an amount");
    to.stated_total = total;
    // A place of service, a diagnosis or a pointer that is not there leaves a claim that a biller can mend: the scrub holds it.
    to.place_of_service = clm.component(5, 1).text().into_owned();
    if clm.component(5, 2).text() != "B" {
        r.bad(clm, 5, 2, "B");
    }
    let frequency = clm.component(5, 3).text();
    match codes::FREQUENCY.iter().find(|(code, _)| *code == frequency) {
        Some((_, value)) => identity.frequency = *value,
        None => r.bad(clm, 5, 3, "1 (original), 7 (replacement) or 8 (void)"),
    }
    to.provider_signature = Some(r.required_code(clm, 6, codes::YES_NO, false));
    to.assignment = Some(r.required_code(clm, 7, codes::ASSIGNMENT, Assignment::Assigned));
    coverage.benefits_assignment = Some(r.required_code(clm, 8, codes::BENEFITS, BenefitsAssignment::Yes));
    coverage.release = Some(r.required_code(clm, 9, codes::RELEASE, Release::Signed));
    coverage.signature_on_file_generated = r.code(clm, 10, &[("P", true)]).unwrap_or(false);
    let rare = to.extras.get_or_insert_default();
    rare.related_cause = related_cause(r, clm);
    rare.special_program = clm.string(12);
    rare.delay_reason = clm.string(20);
}

/// CLM11.
fn related_cause(r: &mut Reader<'_>, clm: &Segment<'_>) -> Option<RelatedCause> {
    if clm.element(11).is_empty() {
        return None;
    }
    let mut causes = Vec::new();
    for n in 1..=3 {
        let text = clm.component(11, n).text();
        match codes::CAUSE.iter().find(|(code, _)| *code == text) {
            Some((_, cause)) => causes.push(*cause),
            None if text.is_empty() => {}
            None => r.bad(clm, 11, n, "AA, EM or OA"),
        }
    }
    let part = |n| clm.component(11, n).text().into_owned();
    Some(RelatedCause { causes, auto_state: part(4), country: part(5) })
}

/// HI: diagnoses, anesthesia procedures, condition codes.
fn hi(r: &mut Reader<'_>, hi: &Segment<'_>, to: &mut ClaimHeader, rare: &mut ClaimExtras) {
    r.only(hi, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    for (n, element) in hi.elements().enumerate().filter(|(_, element)| !element.is_empty()) {
        let code = element.component(2).text().into_owned();
        if code.is_empty() {
            r.bad(hi, n + 1, 2, "a code behind its qualifier");
            continue;
        }
        if element.components().skip(2).any(|part| !part.is_empty()) {
            r.bad(hi, n + 1, 3, "nothing: the guide does not use this component");
        }
        let system = match element.component(1).text().as_ref() {
            "ABK" | "ABF" => DiagnosisSystem::Icd10cm,
            "BK" | "BF" => DiagnosisSystem::Icd9cm,
            "BP" | "BO" => {
                rare.anesthesia_procedures.push(code);
                continue;
            }
            "BG" => {
                rare.condition_codes.push(code);
                continue;
            }
            _ => {
                r.bad(hi, n + 1, 1, "ABK, ABF, BK, BF, BP, BO or BG");
                continue;
            }
        };
        to.diagnoses.push(Diagnosis { system, code });
    }
}

/// 2310A to 2310F.
pub(crate) fn loops_2310(r: &mut Reader<'_>, to: &mut ClaimHeader) {
    while let Some(nm1) = r.take_with("NM1", &["DN", "P3", "82", "77", "DQ"]) {
        let qualifier = nm1.string(1);
        let mut provider = parts::provider(r, &nm1);
        let (slot, kinds): (&mut Option<Provider>, &[&str]) = match qualifier.as_str() {
            "DN" => (&mut to.referring, &["0B", "1G", "G2"]),
            "P3" => (&mut to.primary_care, &["0B", "1G", "G2"]),
            "82" => (&mut to.rendering, &["0B", "1G", "G2", "LU"]),
            "77" => (&mut to.service_facility, &["0B", "G2", "LU"]),
            _ => (&mut to.supervising, &["0B", "1G", "G2", "LU"]),
        };
        match qualifier.as_str() {
            "82" => provider.taxonomy = parts::taxonomy(r, "PE"),
            "77" => provider.address = parts::required_address(r),
            _ => {}
        }
        provider.ids = parts::provider_ids(r, kinds, false);
        if qualifier == "77"
            && let Some(per) = r.take("PER")
        {
            provider.contacts.push(parts::contact(r, &per));
        }
        if slot.is_some() {
            r.problem(
                "x12.out-of-place",
                &nm1,
                1,
                0,
                "a second loop of its kind".to_owned(),
                "one provider of each kind (2310)",
            );
        }
        *slot = Some(provider);
    }
    let rare = to.extras.get_or_insert_default();
    parts::route(r, &mut rare.ambulance);
}
