//! Figures of a practice over a period: `claimhost kpi`.
//!
//! `define.rs` says what each one is, in the words that the command and `docs/kpi.md` use; `count.rs` counts, from clear columns
//! alone; `baseline.rs` reads figures of an earlier period; `days.rs` has the arithmetic. Here: figures made of counts.
//! Everything is a whole number: rates in parts per ten thousand, days in hundredths, money in cents.

mod baseline;
mod count;
mod days;
mod define;

pub use baseline::read as read_baseline;
pub use count::{Counts, Denied};
pub use days::{Days, ratio};
pub use define::{CHARGE_DAYS, Definition, FIGURES, TERMS, Unit};

use serde::Serialize;

use crate::claim::{from_day_number, iso};
use crate::store::figures::BaselineRow;
use define::{ACCURACY, CAPTURE, CLEAN, CYCLE, DAYS_IN_AR, DENIAL, FIRST_PASS, LAG, POSTING};

/// The same figure of an earlier period, and how far it has moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Earlier {
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// As it was imported.
    pub numerator: i64,
    /// As it was imported.
    pub denominator: i64,
    /// In the figure's unit.
    pub value: Option<i64>,
    /// Hundredths of a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median: Option<i64>,
    /// The value now less the value then; none where either is none.
    pub change: Option<i64>,
}

/// One reason of denials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// CARC number.
    pub reason: String,
    /// Decisions with it.
    pub decisions: i64,
    /// Cents.
    pub cents: i64,
}

/// The part of the denial rate that is a payer's, under one group or all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Our id of the payer, or the 835's where we know none.
    pub payer: String,
    /// CAS01; empty: any.
    pub group: String,
    /// Decisions that denied something.
    pub numerator: i64,
    /// Decisions of the payer.
    pub denominator: i64,
    /// Parts per ten thousand.
    pub value: Option<i64>,
    /// Denied, cents.
    pub cents: i64,
    /// By reason, where the group is one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// The earlier period.
    pub earlier: Option<Earlier>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Its id.
    pub figure: &'static str,
    /// As people call it.
    pub name: &'static str,
    /// Numerator over denominator in words.
    pub formula: &'static str,
    /// What belongs to the period.
    pub cut: &'static str,
    /// What the numerator counts.
    pub numerator_unit: &'static str,
    /// The numerator.
    pub numerator: i64,
    /// What the denominator counts.
    pub denominator_unit: &'static str,
    /// The denominator.
    pub denominator: i64,
    /// `per-ten-thousand` or `hundredths-of-a-day`.
    pub unit: &'static str,
    /// The value; none where the denominator is not above zero.
    pub value: Option<i64>,
    /// Hundredths of a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median: Option<i64>,
    /// Of the denominator, claims that no answer has decided: they count as not passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<i64>,
    /// The earlier period.
    pub earlier: Option<Earlier>,
    /// By payer and group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Part>,
}

/// Makes the figures of counts, with those of an earlier period beside them.
pub fn figures(counts: &Counts, baseline: &[BaselineRow]) -> Vec<Figure> {
    let denying = counts.denying.values().sum();
    let numbers = [
        (&FIRST_PASS, counts.passed, counts.sent),
        (&CLEAN, counts.clean, counts.made),
        (&ACCURACY, counts.accurate, counts.closed),
        (&DENIAL, denying, counts.decisions.values().sum()),
        (&DAYS_IN_AR, counts.open_cents, counts.charge_cents),
        (&CYCLE, counts.cycle.sum(), counts.cycle.count()),
        (&LAG, counts.lag.sum(), counts.lag.count()),
        (&CAPTURE, counts.captured.0, counts.captured.0 + counts.captured.1),
        (&POSTING, counts.payments.0, counts.payments.1),
    ];
    let figure = |(definition, numerator, denominator): (&'static Definition, i64, i64)| {
        let value = value(definition, numerator, denominator);
        let of = |id: &str| definition.id == id;
        Figure {
            figure: definition.id,
            name: definition.name,
            formula: definition.formula,
            cut: definition.cut,
            numerator_unit: definition.counts.0,
            numerator,
            denominator_unit: definition.counts.1,
            denominator,
            unit: definition.unit.as_str(),
            value,
            median: match definition.id {
                id if id == CYCLE.id => counts.cycle.median_hundredths(),
                id if id == LAG.id => counts.lag.median_hundredths(),
                _ => None,
            },
            waiting: of(FIRST_PASS.id).then_some(counts.waiting),
            earlier: earlier(definition, ("", ""), value, baseline),
            by: if of(DENIAL.id) { parts(counts, baseline) } else { Vec::new() },
        }
    };
    numbers.into_iter().map(figure).collect()
}

/// The value of a figure in its unit.
fn value(definition: &Definition, numerator: i64, denominator: i64) -> Option<i64> {
    let scale = match definition.unit {
        Unit::Rate => 10_000,
        Unit::Days if definition.id == DAYS_IN_AR.id => CHARGE_DAYS * 100,
        Unit::Days => 100,
    };
    ratio(numerator, denominator, scale)
}

fn earlier(
    definition: &Definition,
    (payer, group): (&str, &str),
    now: Option<i64>,
    baseline: &[BaselineRow],
) -> Option<Earlier> {
    let row =
        baseline.iter().find(|row| row.figure == definition.id && row.payer_id == payer && row.group_code == group)?;
    let then = value(definition, row.numerator, row.denominator);
    let day = |number: i64| iso(from_day_number(number));
    Some(Earlier {
        from: day(row.days.0),
        to: day(row.days.1),
        numerator: row.numerator,
        denominator: row.denominator,
        value: then,
        median: row.median_hundredths,
        change: now.zip(then).map(|(now, then)| now - then),
    })
}

/// Each payer that decided, then what it denied by group.
fn parts(counts: &Counts, baseline: &[BaselineRow]) -> Vec<Part> {
    let mut parts = Vec::new();
    for (payer, decisions) in &counts.decisions {
        let own: Vec<(&String, &Denied)> = counts
            .denied
            .iter()
            .filter(|((of, _), _)| of == payer)
            .map(|((_, group), denied)| (group, denied))
            .collect();
        let part = |group: &str, numerator: i64, cents: i64, reasons: Vec<Reason>| {
            let value = value(&DENIAL, numerator, *decisions);
            Part {
                payer: payer.clone(),
                group: group.to_owned(),
                numerator,
                denominator: *decisions,
                value,
                cents,
                reasons,
                earlier: earlier(&DENIAL, (payer, group), value, baseline),
            }
        };
        let denying = counts.denying.get(payer).copied().unwrap_or(0);
        parts.push(part("", denying, own.iter().map(|(_, denied)| denied.cents).sum(), Vec::new()));
        for (group, denied) in own {
            let reason = |(reason, (decisions, cents)): (&String, &(i64, i64))| Reason {
                reason: reason.clone(),
                decisions: *decisions,
                cents: *cents,
            };
            parts.push(part(group, denied.decisions, denied.cents, denied.reasons.iter().map(reason).collect()));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_nothing_every_figure_is_none() {
        for figure in figures(&Counts::default(), &[]) {
            assert_eq!((figure.numerator, figure.denominator, figure.value), (0, 0, None), "{}", figure.figure);
            assert_eq!((figure.median, figure.earlier), (None, None), "{}", figure.figure);
        }
    }

    #[test]
    fn figures_change_against_the_earlier_period_and_none_has_no_change() {
        let row = |figure: &str, payer: &str, group: &str| BaselineRow {
            figure: figure.into(),
            payer_id: payer.into(),
            group_code: group.into(),
            numerator: 1,
            denominator: 4,
            median_hundredths: None,
            days: (20_000, 20_030),
        };
        let mut counts = Counts { sent: 4, passed: 3, waiting: 1, ..Counts::default() };
        counts.open_cents = 90_000;
        counts.charge_cents = 180_000;
        counts.decisions.insert("P1".into(), 10);
        counts.denying.insert("P1".into(), 3);
        let denied = Denied { decisions: 2, cents: 70, reasons: [("16".to_owned(), (2, 70))].into() };
        counts.denied.insert(("P1".into(), "CO".into()), denied);
        let baseline = [row("first-pass-rate", "", ""), row("capture-rate", "", ""), row("denial-rate", "P1", "CO")];
        let made = figures(&counts, &baseline);
        let of = |id: &str| made.iter().find(|figure| figure.figure == id).unwrap();
        let change = |figure: &Figure| figure.earlier.as_ref().map(|earlier| (earlier.value, earlier.change));
        assert_eq!((of("first-pass-rate").value, of("first-pass-rate").waiting), (Some(7_500), Some(1)));
        assert_eq!(change(of("first-pass-rate")), Some((Some(2_500), Some(5_000))));
        assert_eq!(change(of("capture-rate")), Some((Some(2_500), None)), "nothing was expected");
        assert_eq!(of("days-in-ar").value, Some(4_500), "900 open at 20 a day");
        let by: Vec<(&str, &str, i64, Option<i64>)> =
            of("denial-rate").by.iter().map(|part| (&*part.payer, &*part.group, part.numerator, part.value)).collect();
        assert_eq!(by, [("P1", "", 3, Some(3_000)), ("P1", "CO", 2, Some(2_000))]);
        assert_eq!(of("denial-rate").by[1].earlier.as_ref().unwrap().change, Some(-500));
    }

    #[test]
    fn ids_are_apart_and_every_figure_is_made() {
        let made: Vec<&str> = figures(&Counts::default(), &[]).iter().map(|figure| figure.figure).collect();
        assert_eq!(made, FIGURES.map(|definition| definition.id));
    }
}
