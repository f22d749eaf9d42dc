//! What was billed before for the same patient, or for who may be the same, as light as the edits need it.

use crate::claim::{Claim, Date, DateRange, Gender, Patient, PatientIdKind, destination, rendering};

/// An earlier claim of the same patient at the same practice.
#[derive(Clone)]
pub struct EarlierClaim {
    /// The id claimhost minted for its live version (CLM01).
    pub claim_id: String,
    /// Sent or ready, and neither voided nor replaced.
    pub live: bool,
    /// Live, and neither refused nor denied: what it says of the member may be believed.
    pub stands: bool,
    /// 2010BB NM109 of the payer it went to.
    pub payer_id: String,
    /// 2010BB NM109 and 2010BA NM109 of each coverage.
    pub members: Vec<(String, String)>,
    /// Whose it is.
    pub person: Option<EarlierPerson>,
    /// Its service lines.
    pub services: Vec<EarlierService>,
}

/// The patient of a claim.
#[derive(Clone)]
pub struct EarlierPerson {
    /// The practice's record numbers (REF EA): not accounts, which are counted on from visit to visit.
    pub ids: Vec<String>,
    /// 2010BA or 2010CA NM103.
    pub last: String,
    /// NM104.
    pub first: String,
    /// DMG02.
    pub birth_date: Option<Date>,
    /// DMG03.
    pub gender: Option<Gender>,
}

/// One line of an earlier claim.
#[derive(Clone)]
pub struct EarlierService {
    /// DTP 472.
    pub service_dates: DateRange,
    /// SV101-2.
    pub code: String,
    /// SV101-3..6, in any order.
    pub modifiers: Vec<String>,
    /// SV104 in thousandths.
    pub units_thousandths: i64,
    /// SV102, cents.
    pub charge: i64,
    /// NM109 of 2420A or 2310B; empty where the billing provider renders.
    pub rendering_npi: String,
}

/// Medical record numbers of a patient.
pub(super) fn record_numbers(patient: &Patient) -> Vec<String> {
    let records = patient.ids.iter().filter(|id| id.kind == PatientIdKind::MedicalRecord);
    records.map(|id| id.value.clone()).collect()
}

impl EarlierClaim {
    /// The light record of a claim.
    pub fn of(claim: &Claim, live: bool) -> Self {
        let services = claim.lines.iter().map(|line| EarlierService {
            service_dates: line.service_dates,
            code: line.procedure.code.clone(),
            modifiers: line.procedure.modifiers.clone(),
            units_thousandths: line.units.thousandths,
            charge: line.charge,
            rendering_npi: rendering(&claim.header, line).and_then(|provider| provider.npi.clone()).unwrap_or_default(),
        });
        let patient = &claim.header.patient;
        let coverages = claim.header.coverages.iter();
        let members = coverages.map(|coverage| (coverage.payer.id.clone(), coverage.subscriber.member_id.clone()));
        Self {
            claim_id: claim.control_number.clone(),
            live,
            stands: live,
            members: members.collect(),
            person: Some(EarlierPerson {
                ids: record_numbers(patient),
                last: patient.name.last.clone(),
                first: patient.name.first.clone(),
                birth_date: patient.birth_date,
                gender: patient.gender,
            }),
            payer_id: destination(claim).map(|coverage| coverage.payer.id.clone()).unwrap_or_default(),
            services: services.collect(),
        }
    }
}
