//! A code for a new patient, of a patient whom the practice has seen within three years.

use crate::claim::{Claim, Date, Frequency, Severity, day_number, from_day_number, iso, rendering};
use crate::ncci::modifier::is_visit;
use crate::scrub::billed::{self, Billed};
use crate::scrub::form::cpt_number;
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const ESTABLISHED: Edit = Edit {
    id: "new-patient.established",
    title: "A visit is billed for a new patient, and the practice has seen the patient within three years",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 12, section 30.6.7.A; CPT, Evaluation and Management guidelines, new and established patients",
    explain: Explain {
        what: "For 99202-99205, 92002, 92004, 98000-98003, 98008-98011, 99341-99345 and 99381-99387: looks among the patient's live claims of the three years before, to whichever payer, for a visit or a surgical procedure by the same provider, or by one with the same taxonomy.",
        why: "The payer has the earlier claim: it denies the visit, or pays it as one of an established patient and asks for the difference of older ones.",
        known_problems: "Visits that another system billed are not seen. Taxonomies stand for Medicare's specialties: two subspecialties with one taxonomy are told apart only by other taxonomies in the roster. A test that was only read, and contact without meeting (portal, telephone consults, care management), makes nobody established and is passed over.",
        example: "99213 in April, 99203 in May, one doctor. Repair: 99213.",
        fix: "None: the level of an established patient's visit is another decision.",
    },
    check: established,
};

/// Whether a code is for patients whom the practice has not seen for three years.
pub fn is_new_patient(code: &str) -> bool {
    matches!(
        cpt_number(code),
        Some(92_002 | 92_004 | 98_000..=98_003 | 98_008..=98_011 | 99_202..=99_205 | 99_341..=99_345 | 99_381..=99_387)
    )
}

/// Visits at which nobody meets the patient: prolonged and care plan time, portal, consults between doctors, monitoring, care
/// management.
const fn is_without_meeting(number: u32) -> bool {
    matches!(number, 99_339 | 99_340 | 99_358 | 99_359 | 99_366..=99_380 | 99_415..=99_427 | 99_437..=99_458)
        || matches!(number, 99_473 | 99_474 | 99_484..=99_494)
}

/// Face to face with a doctor: evaluation and management, or a surgical procedure.
fn meets(service: &Billed<'_>) -> bool {
    let number = cpt_number(&service.code.to_string());
    is_visit(service.code) && !number.is_some_and(is_without_meeting) || matches!(number, Some(10_004..=69_990))
}

fn established(claim: &Claim, context: &Context, report: &mut Report) {
    if claim.frequency == Frequency::Void || context.earlier.is_empty() {
        return;
    }
    let roster = |npi: &str| {
        let known = context.profile.provider_by(Some(npi).filter(|npi| !npi.is_empty()), "")?;
        Some(known.taxonomy.as_str()).filter(|taxonomy| !taxonomy.is_empty())
    };
    for (number, line) in super::numbered(claim).filter(|(_, line)| is_new_patient(&line.procedure.code)) {
        let Some(own) = Billed::of_line(claim, number, line) else { continue };
        let day = line.service_dates.start;
        let since = day_number(Date { year: day.year.saturating_sub(3), ..day });
        let by_provider = rendering(&claim.header, line).and_then(|provider| provider.taxonomy.as_deref());
        let specialty = by_provider.or_else(|| roster(own.rendering_npi));
        let seen = billed::of_any_payer(claim, context)
            .filter(|service| meets(service) && service.days.1 < own.days.0 && service.days.1 > since)
            .filter_map(|service| {
                let by_same = service.rendering_npi == own.rendering_npi;
                let who = if by_same { "the same provider" } else { "a provider of the same specialty" };
                let counts = by_same || specialty.is_some() && roster(service.rendering_npi) == specialty;
                counts.then_some((service, who))
            })
            .max_by_key(|(service, _)| service.days.1);
        if let Some((service, who)) = seen {
            let words = format!(
                "Line {number} ({}) is for a new patient; {} was given on {} by {who}. Within three years the patient is established: correct the code.",
                super::code(line),
                service.words(),
                iso(from_day_number(service.days.1))
            );
            report.line(number, "procedure.code", words);
        }
    }
}
