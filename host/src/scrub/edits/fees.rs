//! Charges against the practice's fee schedule (`practice/fees.rs`): what was keyed wrong, and what merely differs.

use crate::audit::slip::Slip;
use crate::claim::{Claim, Frequency, ServiceLine, Severity, Unit, day_number};
use crate::practice::{Consequence, Fee};
use crate::scrub::form::{money, quantity};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const SLIP: Edit = Edit {
    id: "typo.charge",
    title: "A charge looks like a slip of the keyboard, beside the fee schedule",
    severity: Severity::Hold,
    source: "the practice's fee schedule (`fees` of the profile); 005010X222A1 2400 SV102",
    explain: Explain {
        what: "Compares charge with fee times units and names the slip: a decimal point (ten or a hundred times, a tenth), swapped digits, one digit, one unit's fee for several, one unit's fee taken too often, the charges of two lines interchanged, the fee of a code one digit away. Within `fee_tolerance_percent` only swapped digits are one.",
        why: "Payers pay the lower of charge and fee: a charge that is too low is money nobody will ask about, one that is too high is refunded with questions.",
        known_problems: "Lines with a modifier that changes the price (50, 52, 53, 22, 26, TC, 80 and their like) are compared only where the schedule has a row with it. Minutes are not compared.",
        example: "99213 at 1200.00, fee 120.00. Repair: correct the charge.",
        fix: "None: the price may have been meant.",
    },
    check: slip,
};

/// See [`Edit::text`].
pub const DIFFERS: Edit = Edit {
    id: "charge.fee-schedule",
    title: "A charge is off the fee schedule",
    severity: Severity::Warn,
    source: "the practice's fee schedule (`fees` of the profile); 005010X222A1 2400 SV102",
    explain: Explain {
        what: "Finds charges further from fee times units than `fee_tolerance_percent`, where no slip of the keyboard explains it (that is typo.charge).",
        why: "Either the charge or the schedule is old.",
        known_problems: "As typo.charge. `fee_difference = \"hold\"` in the profile holds these claims.",
        example: "99213 at 163.00, fee 120.00. Repair: correct the charge, or the schedule.",
        fix: "None.",
    },
    check: differs,
};

/// Modifiers with which a line has another price.
#[rustfmt::skip] // a table
const PRICED: &[&str] = &[
    "22", "26", "TC", "50", "51", "52", "53", "54", "55", "56", "62", "66", "73", "74", "80", "81", "82", "AS", "NU", "UE", "RR",
    "AD", "QK", "QX", "QY", "QZ", "CO", "CQ", "FB", "FC",
];

/// A line whose charge is further from its fee than the practice tolerates, or has its digits swapped.
struct Off<'a> {
    number: u16,
    line: &'a ServiceLine,
    fee: &'a Fee,
    /// Fee times units, in cents.
    expected: i64,
}

fn slip(claim: &Claim, context: &Context, report: &mut Report) {
    each(claim, context, |off| {
        if let Some(what) = told(claim, context, off) {
            report.line(off.number, "charge", words(off, &what));
        }
    });
}

fn differs(claim: &Claim, context: &Context, report: &mut Report) {
    each(claim, context, |off| {
        if told(claim, context, off).is_none() {
            let severity = match context.profile.fee_difference {
                Consequence::Hold => Severity::Hold,
                Consequence::Warn => Severity::Warn,
            };
            let words = words(off, "they differ by more than the practice allows");
            report.at_as(severity, Some(off.number), "charge", words);
        }
    });
}

fn words(off: &Off<'_>, what: &str) -> String {
    let Off { number, line, fee, expected } = off;
    let units = match line.units.thousandths {
        1000 => String::new(),
        thousandths => format!(", {} times {}", quantity(thousandths), money(fee.cents)),
    };
    format!(
        "Line {number} ({}) charges {}; the fee schedule has {}{units} ({}): {what}. Correct the charge, or the schedule.",
        super::code(line),
        money(line.charge),
        money(*expected),
        fee.row
    )
}

fn each<'a>(claim: &'a Claim, context: &Context<'a>, mut call: impl FnMut(&Off<'a>)) {
    let fees = &context.profile.fee_schedule;
    if fees.is_empty() || claim.frequency == Frequency::Void {
        return;
    }
    for (number, line) in super::numbered(claim) {
        let Some((fee, expected)) = expected(context, line) else { continue };
        if expected == line.charge {
            continue;
        }
        let allowed = i128::from(expected) * i128::from(context.profile.fee_tolerance_percent) / 100;
        let is_far = (i128::from(line.charge) - i128::from(expected)).abs() > allowed;
        let off = Off { number, line, fee, expected };
        // Swapped digits are no matter of price, however near they come to it: 110 for 101.
        if is_far || digits_slip(&off) == Some(Slip::Swapped) {
            call(&off);
        }
    }
}

/// The slip that explains a charge, alone or beside the claim's other lines and the schedule's other codes.
fn told(claim: &Claim, context: &Context, off: &Off<'_>) -> Option<String> {
    let fees = &context.profile.fee_schedule;
    named(off).map(str::to_owned).or_else(|| interchanged(claim, context, off)).or_else(|| {
        let units = off.line.units.thousandths;
        let of_one = (units > 0 && off.line.charge * 1000 % units == 0).then(|| off.line.charge * 1000 / units)?;
        let mut others = fees.at(of_one, day_number(off.line.service_dates.start));
        let near = |fee: &&Fee| {
            fee.modifiers.is_empty()
                && matches!(Slip::between(&fee.code, &off.fee.code), Some(Slip::One | Slip::Swapped))
        };
        let other = others.find(near)?;
        Some(format!("that is the fee of {}, one digit away, which may be the code that was meant", other.code))
    })
}

/// Another line that has this one's fee for its charge, while this one has the other's.
fn interchanged(claim: &Claim, context: &Context, off: &Off<'_>) -> Option<String> {
    let other = super::numbered(claim).filter(|(number, _)| *number != off.number).find(|(_, other)| {
        let expected = expected(context, other).map(|(_, expected)| expected);
        expected == Some(off.line.charge) && other.charge == off.expected && other.charge != off.line.charge
    });
    other.map(|(number, other)| {
        format!("the charge is that of line {number} ({}), and the other way round", super::code(other))
    })
}

/// The fee of a line and what it comes to, in cents; none where it has another price than the schedule's.
fn expected<'a>(context: &Context<'a>, line: &ServiceLine) -> Option<(&'a Fee, i64)> {
    let (modifiers, units) = (&line.procedure.modifiers, line.units.thousandths);
    let day = day_number(line.service_dates.start);
    let fee = context.profile.fee_schedule.of(&line.procedure.code, modifiers, day)?;
    let priced = |modifier: &&String| PRICED.contains(&modifier.as_str()) && !fee.modifiers.contains(modifier);
    // A charge of nothing and one below it have edits of their own.
    if line.units.unit != Unit::Units || units <= 0 || line.charge <= 0 || modifiers.iter().any(|one| priced(&one)) {
        return None;
    }
    let expected = (i128::from(fee.cents) * i128::from(units) + 500) / 1000;
    Some((fee, i64::try_from(expected).ok()?))
}

/// The slip that explains a charge.
fn named(off: &Off<'_>) -> Option<&'static str> {
    let (charge, expected) = (off.line.charge, off.expected);
    let units = off.line.units.thousandths;
    let times = |a: i64, b: i64, factor: i64| b.checked_mul(factor) == Some(a);
    if times(charge, expected, 10) {
        return Some("ten times as much, a decimal point or a zero too far");
    }
    if times(charge, expected, 100) {
        return Some("a hundred times as much, the decimal point is lost");
    }
    if times(expected, charge, 10) || times(expected, charge, 100) {
        return Some("a tenth or a hundredth, a decimal point or a zero is lost");
    }
    if units != 1000 && charge == off.fee.cents {
        return Some("that is the fee of one unit");
    }
    if units % 1000 == 0 && units > 1000 && times(charge, expected, units / 1000) {
        return Some("the units were taken twice");
    }
    digits_slip(off).map(Slip::of_digits)
}

/// The slip of one digit. Cents are not typed where the price is in whole dollars.
fn digits_slip(off: &Off<'_>) -> Option<Slip> {
    let (charge, expected) = (off.line.charge, off.expected);
    let both_whole = charge % 100 == 0 && expected % 100 == 0;
    let digits = |cents: i64| if both_whole { (cents / 100).to_string() } else { cents.to_string() };
    Slip::between(&digits(charge), &digits(expected))
}
