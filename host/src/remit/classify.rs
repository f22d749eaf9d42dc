//! CAS group and reason to whose money it is: contract, coordination, patient, or nobody's yet.
//!
//! Fails towards work: a pair that is not listed is denied, so an unpaid amount is never written off by silence.
//! A reason alone decides nothing (CO-1 is not PR-1), and no descriptions of codes are kept here.

use claimhost_x12::remittance::GroupCode;

/// Where an adjusted amount goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Share {
    /// CO-45, CO-253: the contract, or the law (sequestration), takes it. Written off.
    Contractual,
    /// OA-23: what earlier payers did with it. Posted when they answered, not again.
    Coordination,
    /// PR-1, PR-2, PR-3: deductible, coinsurance, copay. The patient owes it.
    Patient,
    /// Every other pair: unpaid and disputed until somebody works it.
    Denied,
}

/// Classifies one adjustment by CAS01 and its claim adjustment reason code.
pub fn classify(group: &GroupCode, reason: &str) -> Share {
    match (group, reason) {
        (GroupCode::Contractual, "45" | "253") => Share::Contractual,
        (GroupCode::Other, "23") => Share::Coordination,
        (GroupCode::PatientResponsibility, "1" | "2" | "3") => Share::Patient,
        _ => Share::Denied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use GroupCode::{Contractual, Correction, Other, PatientResponsibility, PayerInitiated};

    #[test] // the group matters as much as the reason
    fn only_the_listed_pairs_are_not_work() {
        let listed = [
            (Contractual, "45", Share::Contractual),
            (Contractual, "253", Share::Contractual),
            (Other, "23", Share::Coordination),
            (PatientResponsibility, "1", Share::Patient),
            (PatientResponsibility, "2", Share::Patient),
            (PatientResponsibility, "3", Share::Patient),
        ];
        let groups =
            [Contractual, Correction, Other, PatientResponsibility, PayerInitiated, GroupCode::Unknown("co".into())];
        let reasons = ["", "1", "01", "2", "3", "23", "45", "253", "96", "204", "A2", "B11"];
        for group in &groups {
            for reason in reasons {
                let found = classify(group, reason);
                let pair = listed.iter().find(|(g, r, _)| g == group && *r == reason);
                assert_eq!(found, pair.map_or(Share::Denied, |(_, _, share)| *share), "{group}-{reason}");
            }
        }
    }
}
