//! Where everything is, in plain words: what `run --once` and `demo` print for people. Machines get the object itself.

use super::output::{BOLD, GREEN, RESET, dollars, print, table};
use crate::lifecycle::summary::Summary;

/// Claim states, with what they mean to a biller.
const STATES: [(&str, &str); 8] = [
    ("posted", "paid and posted to the cent"),
    ("denied", "denied in full, now work with the payer's reason"),
    ("held", "held before they left, each with what to mend"),
    ("ready", "ready, and waiting: `claimhost go-live PRACTICE` says for what"),
    ("submitted", "sent, unanswered"),
    ("rejected", "refused by clearinghouse or payer"),
    ("accepted", "accepted, unpaid"),
    ("paid", "paid, not yet posted"),
];

/// Prints a summary.
pub(crate) fn tell(heading: &str, summary: &Summary) {
    let (documents, visits, cents) = (&summary.documents, &summary.visits, &summary.cents);
    let claims = |state: &str| summary.claims.get(state).copied().unwrap_or(0);
    print(&format!("{BOLD}{heading}{} documents{RESET}", documents.received));
    print(&format!(
        "  {} translated, {} ignored (repeats and messages without charges), {} rejected, {} parked, {} pending",
        documents.translated, documents.ignored, documents.rejected, documents.parked, documents.pending
    ));
    print(&format!(
        "  {} visits: {} on claims, {} still open, {} that nobody charged for",
        visits.total, visits.assembled, visits.open, visits.missing_charges
    ));
    if let Some(total) = summary.inquiries.get("total") {
        let states = summary.inquiries.iter().filter(|(state, _)| *state != "total");
        let states: Vec<String> = states.map(|(state, count)| format!("{count} {state}")).collect();
        print(&format!("  {total} questions to payers about cover: {}", states.join(", ")));
    }
    print(&format!("\n{BOLD}{} claims, ${} billed{RESET}", claims("total"), dollars(cents.billed)));
    for (state, words) in STATES {
        if claims(state) > 0 {
            print(&format!("  {:>5}  {words}", claims(state)));
        }
    }
    print(&format!("\n{BOLD}Where the ${} is{RESET}", dollars(cents.billed)));
    for (amount, words) in [
        (cents.paid, "paid by payers"),
        (cents.contractual, "contract adjustments"),
        (cents.patient, "owed by patients"),
        (cents.denied, "denied, being worked"),
        (cents.held, "held: would have been denied or rejected, caught before it left"),
        (cents.open, "not yet decided"),
    ] {
        print(&format!("  {:>14}  {words}", dollars(amount)));
    }
    let caught = &summary.caught;
    if caught.total.count > 0 {
        let worth = dollars(caught.total.cents);
        print(&format!("\n{BOLD}Caught where data leaves the EHR: ${worth} that would have been lost{RESET}"));
        let mut rows = table(&["caught", "worth", "what", "otherwise"]);
        for (detector, worth) in caught.rows().filter(|(_, worth)| worth.count > 0) {
            let (count, worth) = (worth.count.to_string(), dollars(worth.cents));
            rows.add_row([count.as_str(), &worth, detector.words, detector.otherwise]);
        }
        print(&rows.to_string());
    }
    if !summary.findings.is_empty() {
        print(&format!("\n{BOLD}What was caught{RESET}"));
        let mut findings = table(&["claims", "finding"]);
        let mut caught: Vec<_> = summary.findings.iter().collect();
        caught.sort_by_key(|(rule, count)| (std::cmp::Reverse(**count), rule.as_str()));
        for (rule, count) in caught {
            findings.add_row([count.to_string(), rule.clone()]);
        }
        print(&findings.to_string());
    }
    print(&format!("\n{GREEN}Ledger{RESET} {}", summary.ledger_digest));
}

#[cfg(test)]
mod tests {
    use super::STATES;
    use crate::lifecycle::ClaimState;

    #[test]
    fn every_claim_state_has_words() {
        for state in ClaimState::ALL {
            assert!(STATES.iter().any(|(known, _)| *known == state.as_str()), "{}", state.as_str());
        }
    }
}
