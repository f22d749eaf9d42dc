//! Evaluates checked conditions over a claim. Nothing is copied, and nothing panics: what cannot be computed is a [`Trouble`].
//! Loops are in `eval/lists.rs`, arithmetic in `eval/numbers.rs`.

mod lists;
mod numbers;

use std::cmp::Ordering;
use std::fmt;

use claimhost_sdk::calendar::civil;
use claimhost_sdk::claim::{Coverage, Provider, ServiceLine};
use claimhost_sdk::review::ClaimInContext;

use crate::ir::{DatePart, Node, Order, Test};
use crate::value::{Reflect, Value, add_months, day_number};
use numbers::arithmetic;

/// Loop variables of one rule at most, with `line`.
pub(crate) const SLOTS: usize = 8;
/// Steps of loops that one rule may take on one claim.
const STEPS_MAX: u32 = 1_000_000;

/// Why a condition has no answer on a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// By zero.
    Division,
    /// A number that does not fit.
    Overflow,
    /// A loop that is too long.
    TooLong,
    /// A day that no calendar has.
    NoDay,
    /// A value of another kind, or none: the check should have refused the condition.
    Kind,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Division => "it divides by zero",
            Self::Overflow => "a number in it is too large",
            Self::TooLong => "it takes too many steps",
            Self::NoDay => "a day in it is none of the calendar",
            Self::Kind => "a value in it is missing or of another kind",
        })
    }
}

/// What one rule sees of one claim.
pub(crate) struct Env<'a> {
    pub(crate) context: &'a ClaimInContext,
    pub(crate) coverage: Option<&'a Coverage>,
    /// First day of the look-back; earlier lines before it are not seen.
    pub(crate) since: i64,
    pub(crate) line_number: u16,
    pub(crate) slots: [Value<'a>; SLOTS],
    steps: u32,
}

type Answer<T> = Result<T, Trouble>;

impl<'a> Env<'a> {
    pub(crate) fn new(context: &'a ClaimInContext) -> Self {
        let claim = &context.claim;
        let coverage = claim.header.coverages.get(usize::from(claim.destination));
        Self { context, coverage, since: i64::MAX, line_number: 0, slots: [Value::Missing; SLOTS], steps: 0 }
    }

    /// Takes the steps back: each rule has its own.
    pub(crate) const fn restart(&mut self) {
        self.steps = 0;
    }

    fn step(&mut self) -> Answer<()> {
        self.steps += 1;
        if self.steps > STEPS_MAX { Err(Trouble::TooLong) } else { Ok(()) }
    }

    /// Whether a condition holds.
    pub(crate) fn holds(&mut self, node: &'a Node) -> Answer<bool> {
        match node {
            Node::Bool(is) => Ok(*is),
            Node::All(parts) => {
                for part in parts {
                    if !self.holds(part)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Node::Any(parts) => {
                for part in parts {
                    if self.holds(part)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Node::Not(part) => Ok(!self.holds(part)?),
            Node::Choose(condition, then, other) => {
                if self.holds(condition)? {
                    self.holds(then)
                } else {
                    self.holds(other)
                }
            }
            Node::Same(left, right) => Ok(match (self.value(left)?, self.value(right)?) {
                (Value::Text(left), Value::Text(right)) => left == right,
                (Value::Int(left), Value::Int(right)) => left == right,
                (Value::Bool(left), Value::Bool(right)) => left == right,
                _ => false,
            }),
            Node::Compare(order, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                let is = compare(left, right)?;
                Ok(match order {
                    Order::Less => is.is_lt(),
                    Order::LessOrSame => is.is_le(),
                    Order::Greater => is.is_gt(),
                    Order::GreaterOrSame => is.is_ge(),
                })
            }
            Node::OneOf(of, texts) => Ok(match self.value(of)? {
                Value::Text(text) => texts.binary_search_by(|known| (**known).cmp(text)).is_ok(),
                _ => false,
            }),
            Node::OneOfInts(of, numbers) => Ok(match self.value(of)? {
                Value::Int(number) => numbers.contains(&number),
                _ => false,
            }),
            Node::In(of, list) => {
                let wanted = self.value(of)?;
                if matches!(wanted, Value::Missing) {
                    return Ok(false);
                }
                let mut found = false;
                self.each(list, &mut |_, item| {
                    found = same(item, wanted);
                    Ok(!found)
                })?;
                Ok(found)
            }
            Node::Has(of) => Ok(match self.value(of)? {
                Value::Missing => false,
                Value::Text(text) => !text.is_empty(),
                _ => true,
            }),
            Node::Test(test, text, part) => {
                let (text, part) = (self.text(text)?, self.text(part)?);
                Ok(match test {
                    Test::StartsWith => text.starts_with(part),
                    Test::EndsWith => text.ends_with(part),
                    Test::Contains => text.contains(part),
                })
            }
            Node::Between(of, from, to) => {
                let (of, from, to) = (self.value(of)?, self.value(from)?, self.value(to)?);
                if matches!(of, Value::Missing) {
                    return Ok(false);
                }
                Ok(compare(of, from)?.is_ge() && compare(of, to)?.is_le())
            }
            Node::Exists(list, slot, part) => {
                let mut found = false;
                self.each_in(list, *slot, &mut |env, _| {
                    found = env.holds(part)?;
                    Ok(!found)
                })?;
                Ok(found)
            }
            Node::Every(list, slot, part) => {
                let mut all = true;
                self.each_in(list, *slot, &mut |env, _| {
                    all = env.holds(part)?;
                    Ok(all)
                })?;
                Ok(all)
            }
            Node::One(list, slot, part) => {
                let mut count = 0_u32;
                self.each_in(list, *slot, &mut |env, _| {
                    count += u32::from(env.holds(part)?);
                    Ok(count < 2)
                })?;
                Ok(count == 1)
            }
            other => match self.value(other)? {
                Value::Bool(is) => Ok(is),
                _ => Err(Trouble::Kind),
            },
        }
    }

    /// The value of a node.
    pub(crate) fn value(&mut self, node: &'a Node) -> Answer<Value<'a>> {
        let claim = &self.context.claim;
        Ok(match node {
            Node::Int(number) => Value::Int(*number),
            Node::Text(text) => Value::Text(text),
            Node::Missing | Node::List(_) => Value::Missing,
            Node::Slot(at) => self.slots.get(usize::from(*at)).copied().unwrap_or(Value::Missing),
            Node::Claim => claim.value(),
            Node::AsOf => self.context.as_of.value(),
            Node::Coverage => self.coverage.map_or(Value::Missing, Reflect::value),
            Node::LineNumber => Value::Int(i64::from(self.line_number)),
            Node::Field(of, at) => match self.value(of)? {
                Value::Record(record) => record.field(*at),
                _ => Value::Missing,
            },
            Node::Item(list, at) => {
                let Ok(at) = usize::try_from(self.int(at)?) else { return Ok(Value::Missing) };
                let (mut found, mut passed) = (Value::Missing, 0_usize);
                self.each(list, &mut |_, item| {
                    if passed == at {
                        found = item;
                    }
                    passed += 1;
                    Ok(passed <= at)
                })?;
                found
            }
            Node::Choose(condition, then, other) => {
                if self.holds(condition)? {
                    self.value(then)?
                } else {
                    self.value(other)?
                }
            }
            Node::OrElse(first, other) => match self.value(first)? {
                Value::Missing => self.value(other)?,
                found => found,
            },
            Node::Arithmetic(kind, left, right) => Value::Int(arithmetic(*kind, self.int(left)?, self.int(right)?)?),
            Node::DatePart(part, of) => match self.value(of)? {
                Value::Int(day) => {
                    let (year, month, day) = civil(day);
                    Value::Int(match part {
                        DatePart::Year => year,
                        DatePart::Month => month,
                        DatePart::Day => day,
                    })
                }
                _ => Value::Missing,
            },
            Node::AddMonths(day, months) => {
                Value::Int(add_months(self.int(day)?, self.int(months)?).ok_or(Trouble::NoDay)?)
            }
            Node::Years(from, to) => {
                let ((year, month, day), (to_year, to_month, to_day)) = (civil(self.int(from)?), civil(self.int(to)?));
                Value::Int(to_year - year - i64::from((to_month, to_day) < (month, day)))
            }
            Node::Substring(text, from, to) => {
                let text = self.text(text)?;
                let from = usize::try_from(self.int(from)?).unwrap_or(0);
                let to = match to {
                    Some(to) => usize::try_from(self.int(to)?).unwrap_or(0),
                    None => usize::MAX,
                };
                let place = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(place, _)| place);
                Value::Text(text.get(place(from)..place(to.max(from))).unwrap_or_default())
            }
            Node::Length(text) => Value::Int(count(self.text(text)?.chars().count())),
            Node::Size(list) => {
                let mut size = 0;
                if let Some(items) = self.plain(list)? {
                    size = count(items.count());
                } else {
                    self.each(list, &mut |_, _| {
                        size += 1;
                        Ok(true)
                    })?;
                }
                Value::Int(size)
            }
            Node::Sum(list) => {
                let mut sum = 0_i64;
                self.each(list, &mut |_, item| {
                    if let Value::Int(number) = item {
                        sum = sum.checked_add(number).ok_or(Trouble::Overflow)?;
                    }
                    Ok(true)
                })?;
                Value::Int(sum)
            }
            Node::Min(list) => self.extreme(list, Ordering::Less)?,
            Node::Max(list) => self.extreme(list, Ordering::Greater)?,
            Node::Place(line) => {
                let own = match self.value(line)? {
                    Value::Record(line) => line.field(fields::LINE_PLACE),
                    _ => Value::Missing,
                };
                match own {
                    Value::Text(place) if !place.is_empty() => own,
                    _ => claim.header.place_of_service.value(),
                }
            }
            Node::Renderer(line) => {
                let own = match self.value(line)? {
                    Value::Record(line) => match line.field(fields::LINE_PROVIDERS) {
                        Value::Record(providers) => providers.field(fields::PROVIDERS_RENDERING),
                        _ => Value::Missing,
                    },
                    _ => Value::Missing,
                };
                let header = &claim.header;
                let other = || header.rendering.as_ref().or(header.billing.as_ref()).map_or(Value::Missing, provider);
                if matches!(own, Value::Missing) { other() } else { own }
            }
            other => Value::Bool(self.holds(other)?),
        })
    }

    fn int(&mut self, node: &'a Node) -> Answer<i64> {
        match self.value(node)? {
            Value::Int(number) => Ok(number),
            _ => Err(Trouble::Kind),
        }
    }

    fn text(&mut self, node: &'a Node) -> Answer<&'a str> {
        match self.value(node)? {
            Value::Text(text) => Ok(text),
            _ => Err(Trouble::Kind),
        }
    }
}

/// Positions of fields that are read here: `tests::positions` compares them with the schema.
mod fields {
    pub(super) const LINE_PLACE: u16 = 4;
    pub(super) const LINE_POINTERS: u16 = 5;
    pub(super) const LINE_PROVIDERS: u16 = 12;
    pub(super) const PROVIDERS_RENDERING: u16 = 0;
}

fn provider(provider: &Provider) -> Value<'_> {
    provider.value()
}

fn same(left: Value<'_>, right: Value<'_>) -> bool {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => left == right,
        (Value::Int(left), Value::Int(right)) => left == right,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        _ => false,
    }
}

fn compare(left: Value<'_>, right: Value<'_>) -> Answer<Ordering> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => Ok(left.cmp(&right)),
        (Value::Text(left), Value::Text(right)) => Ok(left.cmp(right)),
        _ => Err(Trouble::Kind),
    }
}

fn count(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// First day of service.
pub(crate) fn first_day(lines: &[ServiceLine]) -> Option<i64> {
    lines.iter().map(|line| day_number(line.service_dates.start)).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{LINE_PROVIDERS, SERVICE_LINE};

    #[test]
    fn positions() {
        let at = |name: &str| SERVICE_LINE.field(name).unwrap().0;
        assert_eq!(at("place_of_service"), fields::LINE_PLACE);
        assert_eq!(at("diagnosis_pointers"), fields::LINE_POINTERS);
        assert_eq!(at("providers"), fields::LINE_PROVIDERS);
        assert_eq!(LINE_PROVIDERS.field("rendering").unwrap().0, fields::PROVIDERS_RENDERING);
    }
}
