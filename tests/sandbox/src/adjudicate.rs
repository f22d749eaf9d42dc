//! Payers (payers.toml) and what they pay for a claim: arithmetic only, in cents.
//!
//! A claim's result depends on the claim and the fee schedule, never on the batch, the turn or the clock.

use crate::claim::{Adjustment, Claim, Line};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// payers.toml.
#[derive(Debug, Default, Deserialize)]
pub struct Payers {
    /// `[[payer]]`
    #[serde(default)]
    pub payer: Vec<Payer>,
}

impl Payers {
    /// The payer with this electronic id.
    pub fn find(&self, id: &str) -> Option<&Payer> {
        self.payer.iter().find(|payer| payer.id == id)
    }
}

/// One payer's rules of payment.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Payer {
    /// 2010BB NM109.
    pub id: String,
    /// 835 N1*PR.
    pub name: String,
    /// Copay in cents for some codes.
    #[serde(default)]
    pub copay: Copay,
    /// Percent of the allowed amount after the copay.
    #[serde(default)]
    pub coinsurance_percent: i64,
    /// Percent taken off the payment (CO 253).
    #[serde(default)]
    pub sequestration_percent: i64,
    /// Cents of interest, once per remittance (PLB L6).
    #[serde(default)]
    pub interest: i64,
    /// Percent of the patient share paid as secondary payer.
    #[serde(default)]
    pub secondary_percent: i64,
    /// Payer ids to which claims are forwarded.
    #[serde(default)]
    pub crossover: Vec<String>,
    /// Takes frequency 7.
    #[serde(default = "yes")]
    pub takes_replacement: bool,
    /// Code to allowed cents per unit.
    #[serde(default)]
    pub fees: BTreeMap<String, i64>,
    /// Code to group and reason of a denial.
    #[serde(default)]
    pub denies: BTreeMap<String, (String, String)>,
    /// Member ids without coverage (CO 27).
    #[serde(default)]
    pub terminated_members: Vec<String>,
    /// Members who are not as a question may have them, by member id.
    #[serde(default)]
    pub members: BTreeMap<String, Member>,
}

/// What a payer knows of a member otherwise than the question, `[payer.members."W1"]`. Empty: as asked.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Member {
    /// NM103.
    pub last: String,
    /// NM104.
    pub first: String,
    /// DMG02, CCYYMMDD.
    pub birth_date: String,
    /// DMG03.
    pub gender: String,
    /// NM109.
    pub member_id: String,
    /// EB01 = 6.
    pub inactive: bool,
    /// DTP 347, CCYYMMDD: last day of the cover.
    pub ended: String,
    /// AAA03: the question is refused.
    pub refused: String,
    /// EB01 = R: the primary payer.
    pub other_payer: String,
}

/// `copay = { codes = [..], amount = 2500 }`
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Copay {
    /// Procedure codes with the copay.
    #[serde(default)]
    pub codes: Vec<String>,
    /// Cents.
    #[serde(default)]
    pub amount: i64,
}

fn yes() -> bool {
    true
}

/// The result for one line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LineResult {
    /// SVC03.
    pub paid: i64,
    /// AMT B6, 0 when denied.
    pub allowed: i64,
    /// CAS.
    pub adjustments: Vec<Adjustment>,
}

/// The result for a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adjudication {
    /// CLP02: 1, 2, 4 or 19.
    pub status: String,
    /// CLP04.
    pub paid: i64,
    /// CLP05.
    pub patient: i64,
    /// One result per line, in order.
    pub lines: Vec<LineResult>,
    /// Payer id the claim is forwarded to.
    pub forwarded_to: Option<String>,
}

/// n/d rounded half away from zero.
fn round_half_up(numerator: i64, denominator: i64) -> i64 {
    let (n, d) = (i128::from(numerator.abs()), i128::from(denominator.max(1)));
    let rounded = i64::try_from((2 * n + d) / (2 * d)).unwrap_or(i64::MAX);
    if numerator < 0 { -rounded } else { rounded }
}

fn adjust(list: &mut Vec<Adjustment>, group: &str, reason: &str, amount: i64) {
    if amount != 0 {
        list.push(Adjustment { group: group.to_owned(), reason: reason.to_owned(), amount });
    }
}

fn total(payer_lines: Vec<LineResult>, status: &str, forwarded_to: Option<String>) -> Adjudication {
    let patient = payer_lines.iter().flat_map(|line| &line.adjustments).filter(|a| a.group == "PR");
    Adjudication {
        status: status.to_owned(),
        paid: payer_lines.iter().map(|line| line.paid).sum(),
        patient: patient.map(|a| a.amount).sum(),
        lines: payer_lines,
        forwarded_to,
    }
}

/// Adjudicates as primary. `forward` is the payer id of the patient's secondary coverage, when it exists.
pub fn primary(payer: &Payer, claim: &Claim, forward: Option<&str>) -> Adjudication {
    let terminated = payer.terminated_members.contains(&claim.subscriber.id);
    let lines: Vec<_> = claim.lines.iter().map(|line| primary_line(payer, line, terminated)).collect();
    let denied = lines.iter().all(|(_, denied)| *denied);
    let forwarded = forward.filter(|id| !denied && payer.crossover.iter().any(|known| known == id));
    let status = if denied {
        "4"
    } else if forwarded.is_some() {
        "19"
    } else {
        "1"
    };
    total(lines.into_iter().map(|(line, _)| line).collect(), status, forwarded.map(str::to_owned))
}

/// The line's result, and whether it was denied.
fn primary_line(payer: &Payer, line: &Line, terminated: bool) -> (LineResult, bool) {
    let mut list = Vec::new();
    let fee = payer.fees.get(&line.code);
    let denial = match (terminated, payer.denies.get(&line.code), fee) {
        (true, _, _) => Some(("CO", "27")),
        (_, Some((group, reason)), _) => Some((group.as_str(), reason.as_str())),
        (_, _, None) => Some(("CO", "204")),
        _ => None,
    };
    if let Some((group, reason)) = denial {
        adjust(&mut list, group, reason, line.charge);
        return (LineResult { paid: 0, allowed: 0, adjustments: list }, true);
    }
    let fee = fee.copied().unwrap_or(0);
    let allowed = line.charge.min(round_half_up(fee.saturating_mul(line.units), 1000));
    let copay = if payer.copay.codes.contains(&line.code) { payer.copay.amount.min(allowed) } else { 0 };
    let coinsurance = round_half_up((allowed - copay) * payer.coinsurance_percent, 100);
    let before = allowed - copay - coinsurance;
    let sequestration = round_half_up(before * payer.sequestration_percent, 100);
    adjust(&mut list, "CO", "45", line.charge - allowed);
    adjust(&mut list, "CO", "253", sequestration);
    adjust(&mut list, "PR", "3", copay);
    adjust(&mut list, "PR", "2", coinsurance);
    (LineResult { paid: before - sequestration, allowed, adjustments: list }, false)
}

/// Adjudicates as secondary; `shares` is the patient share the earlier payer left on each line.
pub fn secondary(payer: &Payer, claim: &Claim, shares: &[i64]) -> Adjudication {
    let line = |(line, share): (&Line, &i64)| {
        let mut list = Vec::new();
        let paid = round_half_up(share * payer.secondary_percent, 100);
        adjust(&mut list, "OA", "23", line.charge - share);
        adjust(&mut list, "PR", "2", share - paid);
        LineResult { paid, allowed: *share, adjustments: list }
    };
    total(claim.lines.iter().zip(shares).map(line).collect(), "2", None)
}

/// Patient shares of an adjudication, per line: what a crossover hands on.
pub fn shares(adjudication: &Adjudication) -> Vec<i64> {
    let share = |line: &LineResult| line.adjustments.iter().filter(|a| a.group == "PR").map(|a| a.amount).sum();
    adjudication.lines.iter().map(share).collect()
}

/// Patient shares from a secondary claim: 2430 of each line, or 2320 spread over the lines by charge.
pub fn shares_of_claim(claim: &Claim) -> Option<Vec<i64>> {
    if claim.lines.iter().any(|line| line.patient_share.is_some()) {
        return Some(claim.lines.iter().map(|line| line.patient_share.unwrap_or(0)).collect());
    }
    let whole = claim.others.iter().rev().find_map(|other| other.patient_share)?;
    let mut left = whole;
    let last = claim.lines.len().saturating_sub(1);
    let part = |(at, line): (usize, &Line)| {
        let part = if at == last { left } else { round_half_up(whole * line.charge, claim.charge.max(1)).min(left) };
        left -= part;
        part
    };
    Some(claim.lines.iter().enumerate().map(part).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payer() -> Payer {
        toml::from_str(
            r#"
            id = "90001"
            name = "Northfield Health Plan"
            copay = { codes = ["99213"], amount = 2500 }
            coinsurance_percent = 20
            sequestration_percent = 2
            secondary_percent = 80
            crossover = ["90003"]
            terminated_members = ["GONE1"]
            [fees]
            "99213" = 9205
            "J1100" = 333
            [denies]
            "G0296" = ["CO", "50"]
            "#,
        )
        .unwrap()
    }

    fn claim(lines: &[(&str, i64, i64)]) -> Claim {
        let line = |(code, charge, units): &(&str, i64, i64)| Line {
            code: (*code).to_owned(),
            charge: *charge,
            units: *units,
            ..Line::default()
        };
        Claim {
            lines: lines.iter().map(line).collect(),
            charge: lines.iter().map(|l| l.1).sum(),
            responsibility: "P".into(),
            ..Claim::default()
        }
    }

    fn list(line: &LineResult) -> Vec<(String, i64)> {
        line.adjustments.iter().map(|a| (format!("{}{}", a.group, a.reason), a.amount)).collect()
    }

    #[test]
    fn golden_primary() {
        // 99213: allowed 92.05, copay 25.00, coinsurance 13.41, before 53.64, sequestration 1.07.
        // J1100 x 1.5: 4.995 -> 5.00 allowed, coinsurance 1.00, before 4.00, sequestration 0.08.
        let a = primary(&payer(), &claim(&[("99213", 15000, 1000), ("J1100", 900, 1500), ("G0296", 700, 1000)]), None);
        let want = |pairs: &[(&str, i64)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect::<Vec<_>>();
        assert_eq!(list(&a.lines[0]), want(&[("CO45", 5795), ("CO253", 107), ("PR3", 2500), ("PR2", 1341)]));
        assert_eq!(list(&a.lines[1]), want(&[("CO45", 400), ("CO253", 8), ("PR2", 100)]));
        assert_eq!(list(&a.lines[2]), want(&[("CO50", 700)]));
        assert_eq!((a.status.as_str(), a.paid, a.patient), ("1", 5257 + 392, 3941));
    }

    #[test]
    fn golden_denied_unknown_terminated_and_low_charge() {
        let a = primary(&payer(), &claim(&[("99999", 100, 1000)]), Some("90003"));
        assert_eq!((a.status.as_str(), list(&a.lines[0])), ("4", vec![("CO204".to_owned(), 100)]));
        let mut gone = claim(&[("99213", 100, 1000)]);
        gone.subscriber.id = "GONE1".into();
        assert_eq!(list(&primary(&payer(), &gone, None).lines[0]), [("CO27".to_owned(), 100)]);
        let low = primary(&payer(), &claim(&[("99213", 1000, 1000)]), None);
        assert_eq!((low.paid, list(&low.lines[0])), (0, vec![("PR3".to_owned(), 1000)]));
        assert_eq!(low.status, "1", "unpaid by copay is not a denial");
    }

    #[test]
    fn golden_crossover_and_secondary() {
        let c = claim(&[("99213", 15000, 1000), ("J1100", 900, 1500)]);
        let first = primary(&payer(), &c, Some("90003"));
        assert_eq!((first.status.as_str(), first.forwarded_to.as_deref()), ("19", Some("90003")));
        assert_eq!(shares(&first), [3841, 100]);
        let second = secondary(&payer(), &c, &shares(&first));
        // 38.41 x 80% = 30.728 -> 30.73
        assert_eq!(list(&second.lines[0]), [("OA23".to_owned(), 11159), ("PR2".to_owned(), 768)]);
        assert_eq!((second.status.as_str(), second.paid, second.patient), ("2", 3073 + 80, 788));
    }

    #[test]
    fn claim_level_share_is_spread_to_the_cent() {
        let mut c = claim(&[("99213", 100, 1000), ("99213", 100, 1000), ("99213", 100, 1000)]);
        c.others.push(crate::claim::OtherPayer { patient_share: Some(100), ..Default::default() });
        assert_eq!(shares_of_claim(&c), Some(vec![33, 33, 34]));
    }

    #[test]
    fn every_line_balances_for_random_claims() {
        let mut state = 7u64;
        let mut next = |bound: i64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            i64::try_from((state >> 33) % u64::try_from(bound).unwrap()).unwrap()
        };
        let codes = ["99213", "J1100", "G0296", "99999"];
        for _ in 0..5000 {
            let count = 1 + next(6);
            let lines: Vec<_> =
                (0..count).map(|_| (codes[next(4) as usize], 1 + next(60000), 1 + next(9000))).collect();
            let mut p = payer();
            p.coinsurance_percent = next(101);
            p.sequestration_percent = next(5);
            p.secondary_percent = next(101);
            let c = claim(&lines);
            let first = primary(&p, &c, Some("90003"));
            let second = secondary(&p, &c, &shares(&first));
            for a in [&first, &second] {
                for (line, result) in c.lines.iter().zip(&a.lines) {
                    let adjusted: i64 = result.adjustments.iter().map(|a| a.amount).sum();
                    assert_eq!(line.charge - adjusted, result.paid);
                    assert!(result.paid >= 0);
                }
                let adjusted: i64 = a.lines.iter().flat_map(|l| &l.adjustments).map(|a| a.amount).sum();
                assert_eq!(c.charge - adjusted, a.paid);
            }
        }
    }
}
