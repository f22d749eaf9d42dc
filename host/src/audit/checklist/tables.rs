//! Lines about tables: are those that a practice loads still current, and can modifiers be looked at.

use super::{Draft, Facts, Line, Status, text};
use crate::audit::family::{MODIFIERS, claims};
use crate::codes::System;
use crate::codes::container::OPEN_END;
use crate::codes::list::List;
use crate::codes::shelf::Shelf;
use crate::ncci::Kind;
use crate::pfs;
use crate::store::{StoreResult, Tx};

/// What the tables of a system know of a day.
enum Known {
    /// None was ever loaded.
    Absent,
    /// The day, and up to this one; none: until replaced.
    To(Option<i64>),
    /// Not the day; the last one that they know.
    Until(i64),
}

/// Whether complete tables of a kind know a day.
fn known(shelf: &Shelf, kind: &str, day: i64) -> Known {
    let complete = |table: &&std::sync::Arc<crate::codes::container::Table>| {
        !List::open(table.payload()).is_some_and(|list| list.is_partial())
    };
    let covers: Vec<_> = shelf.tables(kind).iter().filter(complete).map(|table| table.label().cover).collect();
    let Some(last) = covers.iter().map(|cover| cover.last).max() else { return Known::Absent };
    if !covers.iter().any(|cover| cover.has(day)) {
        return Known::Until(last);
    }
    Known::To((last < OPEN_END).then_some(last))
}

/// Every kind of table that can be loaded, but for the codes of a time that is over.
fn kinds() -> impl Iterator<Item = &'static str> {
    let systems = System::ALL.into_iter().filter(|system| *system != System::Icd9cm).map(System::name);
    systems.chain(Kind::ALL.map(Kind::name)).chain(std::iter::once(pfs::KIND))
}

/// Code tables current.
pub(super) fn code_tables(facts: &Facts<'_>) -> Line {
    let draft = Draft { id: "code-tables", what: "code tables current", counts: "kinds of tables that know today" };
    let (mut current, mut loaded, mut first_end) = (0, 0, None::<i64>);
    let (mut old, mut absent) = (Vec::new(), Vec::new());
    for kind in kinds() {
        match known(facts.shelf, kind, facts.today) {
            Known::Absent => absent.push(kind),
            Known::To(last) => {
                (current, loaded) = (current + 1, loaded + 1);
                first_end = first_end.into_iter().chain(last).min();
            }
            Known::Until(last) => {
                loaded += 1;
                old.push(format!("{kind} until {}", text(last)));
            }
        }
    }
    let needed = [System::Icd10cm, System::Hcpcs].map(System::name);
    let missing: Vec<&str> = needed.into_iter().filter(|kind| absent.contains(kind)).collect();
    let mut found = format!("{current} of {loaded} kinds know today");
    for (words, list) in [("too old: ", old.join(", ")), ("not loaded, so not checked: ", absent.join(", "))] {
        if !list.is_empty() {
            found += &format!("; {words}{list}");
        }
    }
    let status = match () {
        () if !missing.is_empty() => Status::Fail,
        () if !old.is_empty() => Status::Overdue,
        () => Status::Pass,
    };
    let due = first_end.map(|last| last + 1);
    draft.line(status, (current, Some(loaded)), due, found, "`claimhost codes status` says what to import")
}

/// Modifier rules in charge entry.
pub(super) fn modifier_rules(tx: &Tx<'_>, facts: &Facts<'_>) -> StoreResult<Line> {
    let draft = Draft {
        id: "modifier-rules",
        what: "modifier rules in charge entry",
        counts: "claims with a finding about a modifier",
    };
    let needed = [Kind::PtpPractitioner.name(), pfs::KIND];
    let states = needed.map(|kind| (kind, known(facts.shelf, kind, facts.today)));
    let mut found = Vec::new();
    let (mut status, mut due) = (Status::Pass, None::<i64>);
    for (kind, state) in &states {
        match state {
            Known::Absent => {
                status = Status::Fail;
                found.push(format!("{kind} was never imported"));
            }
            Known::Until(last) => {
                if status == Status::Pass {
                    status = Status::Overdue;
                }
                found.push(format!("{kind} knows days until {}", text(*last)));
            }
            Known::To(last) => {
                due = due.into_iter().chain(*last).min();
                found.push(format!("{kind} knows today"));
            }
        }
    }
    let waiting = i64::try_from(claims(tx, &MODIFIERS)?.len()).unwrap_or(i64::MAX);
    found.push(format!("{waiting} claims have a finding about a modifier"));
    let to_do = "`claimhost codes import` with CMS's NCCI pairs and fee schedule indicators; without them no modifier is asked for";
    Ok(draft.line(status, (waiting, None), due.map(|last| last + 1), found.join("; "), to_do))
}
