//! Goes over lists: those of the claim, those that are written out, and those that loops make of them.

use std::cmp::Ordering;

use claimhost_sdk::review::EarlierLine;

use super::{Answer, Env, compare, fields};
use crate::ir::List;
use crate::value::{Items, Reflect, Value, day_number};

impl<'a> Env<'a> {
    /// The least or the greatest item that is there.
    pub(super) fn extreme(&mut self, list: &'a List, wanted: Ordering) -> Answer<Value<'a>> {
        let mut best = Value::Missing;
        self.each(list, &mut |_, item| {
            let better = match (best, item) {
                (_, Value::Missing) => false,
                (Value::Missing, _) => true,
                (best, item) => compare(item, best)? == wanted,
            };
            if better {
                best = item;
            }
            Ok(true)
        })?;
        Ok(best)
    }

    /// A list as it stands in the claim, where it does.
    pub(super) fn plain(&mut self, list: &'a List) -> Answer<Option<&'a dyn Items>> {
        Ok(match list {
            List::Lines => Some(&self.context.claim.lines),
            List::Of(node) => match self.value(node)? {
                Value::List(items) => Some(items),
                _ => Some(&Nothing),
            },
            _ => None,
        })
    }

    /// Each item with the loop's variable set.
    pub(super) fn each_in(
        &mut self,
        list: &'a List,
        slot: u8,
        visit: &mut dyn FnMut(&mut Self, Value<'a>) -> Answer<bool>,
    ) -> Answer<()> {
        self.each(list, &mut |env, item| {
            if let Some(place) = env.slots.get_mut(usize::from(slot)) {
                *place = item;
            }
            visit(env, item)
        })
    }

    /// Each item, until `visit` says that it is enough.
    pub(crate) fn each(
        &mut self,
        list: &'a List,
        visit: &mut dyn FnMut(&mut Self, Value<'a>) -> Answer<bool>,
    ) -> Answer<()> {
        match list {
            List::Lines | List::Of(_) => {
                let Some(items) = self.plain(list)? else { return Ok(()) };
                for at in 0..items.count() {
                    self.step()?;
                    if !visit(self, items.item(at))? {
                        break;
                    }
                }
            }
            List::Earlier => {
                let since = self.since;
                let seen = |line: &&EarlierLine| day_number(line.service_dates.start) >= since;
                for line in self.context.earlier.iter().filter(seen) {
                    self.step()?;
                    if !visit(self, line.value())? {
                        break;
                    }
                }
            }
            List::Constant(nodes) => {
                for node in nodes {
                    self.step()?;
                    let item = self.value(node)?;
                    if !visit(self, item)? {
                        break;
                    }
                }
            }
            List::Filter(list, slot, part) => self.each_in(list, *slot, &mut |env, item| {
                if env.holds(part)? { visit(env, item) } else { Ok(true) }
            })?,
            List::Map(list, slot, part) => self.each_in(list, *slot, &mut |env, _| {
                let item = env.value(part)?;
                visit(env, item)
            })?,
            List::Diagnoses(line) => {
                let Value::Record(line) = self.value(line)? else { return Ok(()) };
                let Value::List(pointers) = line.field(fields::LINE_POINTERS) else { return Ok(()) };
                let diagnoses = &self.context.claim.header.diagnoses;
                for at in 0..pointers.count() {
                    self.step()?;
                    let Value::Int(pointer) = pointers.item(at) else { continue };
                    let pointed = usize::try_from(pointer - 1).ok().and_then(|at| diagnoses.get(at));
                    if let Some(diagnosis) = pointed
                        && !visit(self, diagnosis.value())?
                    {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The list of a record that is missing.
struct Nothing;

impl Items for Nothing {
    fn count(&self) -> usize {
        0
    }

    fn item(&self, _at: usize) -> Value<'_> {
        Value::Missing
    }
}
