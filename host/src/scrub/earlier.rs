//! What was billed before for the same patient, as light as the duplicate edit needs it.

use crate::claim::{Claim, DateRange, destination, rendering};

/// An earlier claim of the same patient at the same practice.
#[derive(Clone)]
pub struct EarlierClaim {
    /// The id claimhost minted for its live version (CLM01).
    pub claim_id: String,
    /// Sent or ready, and neither voided nor replaced.
    pub live: bool,
    /// 2010BB NM109 of the payer it went to.
    pub payer_id: String,
    /// Its service lines.
    pub services: Vec<EarlierService>,
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
        Self {
            claim_id: claim.control_number.clone(),
            live,
            payer_id: destination(claim).map(|coverage| coverage.payer.id.clone()).unwrap_or_default(),
            services: services.collect(),
        }
    }
}
