//! One FT1 to one charge.
//!
//! Called after `align.rs` has found every field to be of its kind, so what fails here is a value out of range.

use claimhost_hl7v2::{Group, Segment, Value};

use super::Site;
use super::align::{cents, code_value};
use super::coverage::Coverages;
use super::diagnoses::Diagnoses;
use super::paths::text;
use super::people;
use super::place::{of_date, of_value, problem};
use crate::claim::{DateRange, LineProviders, Procedure, Provider, Quantity, ServiceLine, Unit};
use crate::code;
use crate::intake::{Charge, ChargeAction, Problem};

/// What a transaction type (FT1-6) means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChargeType {
    /// It does something to a charge.
    Does(ChargeAction),
    /// It is no charge: a payment, a co-pay.
    Ignore,
}

impl ChargeType {
    /// A word of the mapping's `[types]`.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "new" => Self::Does(ChargeAction::New),
            "credit" => Self::Does(ChargeAction::Credit),
            "cancel" => Self::Does(ChargeAction::Cancel),
            "replace" => Self::Does(ChargeAction::Replace),
            "ignore" => Self::Ignore,
            _ => return None,
        })
    }
}

/// What one FT1 says. `None`: it is no charge, or `problems` says why not.
pub fn charge(
    site: &Site,
    group: &Group<'_, '_>,
    diagnoses: &mut Diagnoses<'_>,
    coverages: &Coverages<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Charge> {
    let p = &site.paths;
    let head = group.head()?;
    let declared = match p.kind.of(group) {
        Some(value) => *site.types.get(value.component(1).text().trim())?,
        None => ChargeType::Does(ChargeAction::New),
    };
    let ChargeType::Does(action) = declared else { return None };

    let units = signed_units(site, group, problems)?;
    let unit_charge = p.unit_amount.of(group).as_ref().and_then(cents);
    let amount = p.amount.of(group).as_ref().and_then(cents);
    let amount = amount.or_else(|| times(units, unit_charge?)).unwrap_or(0);
    let negative = units < 0 || amount < 0;
    let action = match action {
        ChargeAction::New if negative => ChargeAction::Credit,
        ChargeAction::Replace if negative => {
            let value = p.amount.of(group).or_else(|| p.units.of(group))?;
            let remedy = "map this transaction type to credit under [types] if the site reverses with it";
            problems.push(problem(
                "hl7.negative-replacement",
                &value,
                "the new, positive amount of the charge",
                remedy,
            ));
            return None;
        }
        other => other,
    };

    let procedure = procedure(site, group, problems)?;
    let own_procedure = own_procedure(group, &procedure.code);
    let modifiers = modifiers(site, group, own_procedure);
    let thousandths = p.ndc_quantity.of(group).and_then(|value| value.component(1).thousandths().ok());
    let line = ServiceLine {
        charge: amount.checked_abs()?,
        unit_charge: unit_charge.and_then(i64::checked_abs),
        units: quantity(site, group, units, problems)?,
        place_of_service: text(p.place_of_service.of(group)),
        diagnosis_pointers: diagnoses.pointers(group, own_procedure),
        service_dates: service_dates(site, group, problems)?,
        drug: code::drug(&text(p.ndc.of(group)), thousandths, &text(p.ndc_unit.of(group))),
        providers: providers(site, group),
        procedure: Procedure { modifiers, ..procedure },
        ..ServiceLine::default()
    };
    Some(Charge {
        id: text(p.charge_id.of(group)),
        action,
        reverses: text(p.reverses.of(group)),
        line,
        coverages: coverages.own(group, problems),
        at: at(&head),
    })
}

/// `FT1[2]`, at its first byte.
pub fn at(head: &Segment<'_>) -> crate::intake::Place {
    crate::intake::Place { path: format!("{}[{}]", head.id(), head.ordinal()), offset: Some(head.offset()) }
}

/// Thousandths; 0 where the quantity is empty. The scrub holds a line without units; a guessed 1 would be underpaid.
fn signed_units(site: &Site, group: &Group<'_, '_>, problems: &mut Vec<Problem>) -> Option<i64> {
    let Some(value) = site.paths.units.of(group).and_then(Value::present) else { return Some(0) };
    let read = value.component(1).thousandths();
    read.map_err(|error| problems.push(of_value(&error, site.paths.units.key))).ok()
}

/// Minutes, where the site sends them for this charge; else units.
fn quantity(site: &Site, group: &Group<'_, '_>, units: i64, problems: &mut Vec<Problem>) -> Option<Quantity> {
    let field = &site.paths.minutes;
    let Some(value) = field.of(group).and_then(Value::present) else {
        return Some(Quantity { unit: Unit::Units, thousandths: units.checked_abs()? });
    };
    match value.component(1).thousandths() {
        Ok(minutes) => Some(Quantity { unit: Unit::Minutes, thousandths: minutes.checked_abs()? }),
        Err(error) => {
            problems.push(of_value(&error, field.key));
            None
        }
    }
}

/// Units times price, where that is a whole number of cents.
fn times(thousandths: i64, unit_cents: i64) -> Option<i64> {
    let product = thousandths.checked_mul(unit_cents)?;
    (product % 1000 == 0).then_some(product / 1000)
}

fn procedure(site: &Site, group: &Group<'_, '_>, problems: &mut Vec<Problem>) -> Option<Procedure> {
    let value = code_value(&site.paths, group)?;
    let at = value.location();
    let segment = group.segments().find(|segment| (segment.id(), segment.ordinal()) == (at.segment, at.ordinal));
    // A charge is one service: a second code would be one that nobody bills.
    if let Some(field) = segment.map(|segment| segment.field(at.field))
        && field.repetitions().filter(Value::is_present).count() > 1
    {
        let remedy = "have the sender write one charge (FT1) for each service";
        problems.push(problem("hl7.repetition", &field, "one code", remedy));
        return None;
    }
    let part = |number| value.component(number).text().trim().to_owned();
    let code = part(1);
    Some(Procedure { system: code::procedure_system(&part(3), &code), code, ..Procedure::default() })
}

/// The PR1 of this charge that is about the same code, or its only one.
fn own_procedure<'a>(group: &Group<'_, 'a>, code: &str) -> Option<Segment<'a>> {
    let all: Vec<Segment<'a>> = group.segments().filter(|segment| segment.id().as_str() == "PR1").collect();
    let same = all.iter().find(|segment| segment.get(3, 1, 1, 0).text().trim() == code);
    same.or(all.first().filter(|_| all.len() == 1)).copied()
}

fn modifiers(site: &Site, group: &Group<'_, '_>, own_procedure: Option<Segment<'_>>) -> Vec<String> {
    let read = |value: Value<'_>| value.component(1).text().trim().to_owned();
    let mapped = site.paths.modifiers.path.iter().flat_map(|path| group.repetitions(path)).map(read);
    let mut modifiers: Vec<String> = mapped.filter(|modifier| !modifier.is_empty()).collect();
    if modifiers.is_empty() {
        let own = own_procedure.iter().flat_map(|segment| segment.repetitions(16)).map(read);
        modifiers = own.filter(|modifier| !modifier.is_empty()).collect();
    }
    modifiers
}

/// DR (start^end) of 2.5.1, or TS of 2.3, whose second component is a letter that tells the precision.
fn service_dates(site: &Site, group: &Group<'_, '_>, problems: &mut Vec<Problem>) -> Option<DateRange> {
    let value = site.paths.date.of(group)?;
    let start = people::day(value.component(1).date().ok()?);
    let last = value.component(2);
    if !last.is_present() || (last.raw().len() == 1 && last.raw().first().is_some_and(u8::is_ascii_alphabetic)) {
        return Some(DateRange { start, end: start });
    }
    match last.date() {
        Ok(end) => Some(DateRange { start, end: people::day(end) }),
        Err(error) => {
            problems.push(of_date(&error, &last, site.paths.date.key));
            None
        }
    }
}

fn providers(site: &Site, group: &Group<'_, '_>) -> Option<LineProviders> {
    let read = |field: &super::paths::Field| -> Option<Provider> {
        people::provider(field.path.iter().flat_map(|path| group.repetitions(path)))
    };
    let (rendering, ordering) = (read(&site.paths.rendering), read(&site.paths.ordering));
    let any = rendering.is_some() || ordering.is_some();
    any.then(|| LineProviders { rendering, ordering, ..LineProviders::default() })
}
