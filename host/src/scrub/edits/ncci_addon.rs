//! NCCI add-on codes: a service that is paid only beside another.

use crate::claim::{Claim, Severity};
use crate::ncci::addon::AddonType;
use crate::ncci::{Code, Tables};
use crate::scrub::billed::{self, Billed, Place};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const PRIMARY_MISSING: Edit = Edit {
    id: "ncci.addon.primary-missing",
    title: "An add-on code stands without the procedure it adds to",
    severity: Severity::Hold,
    source: "CMS Medicare NCCI add-on code edits (types 1, 2, 3); NCCI Policy Manual, chapter 1, section R",
    explain: Explain {
        what: "Type 1: one of the listed primaries is billed for the same day by the same rendering provider, on the claim, on another claim of the visit, or on an earlier live one to the same payer. Types 2 and 3, whose primaries contractors decide: any listed one, or any other procedure that is no add-on code.",
        why: "An add-on code is never paid alone.",
        known_problems: "99292 may follow the 99291 of another physician of the group: any provider's is taken.",
        example: "99292 without 99291. Repair: add the primary, or correct the code.",
        fix: "None.",
    },
    check: primary_missing,
};

/// The one exception of CMS: critical care by several physicians of one group and specialty.
const SHARED: &str = "99292";
/// Primaries named in words at most.
const NAMED_MAX: usize = 5;

fn primary_missing(claim: &Claim, context: &Context, report: &mut Report) {
    if !billed::follows_ncci(claim, context) {
        return;
    }
    let tables = Tables::of(context.codes);
    for billed in billed::own(claim) {
        let Place::Line(number) = billed.place else { continue };
        let Some((table, label)) = tables.addon(billed.days.0).known() else { continue };
        let Ok(day) = i32::try_from(billed.days.0) else { continue };
        let rows = table.lookup(billed.code, day);
        let Some(kind) = rows.clone().map(|row| row.kind).min() else { continue };
        let shared = Code::parse(SHARED) == Some(billed.code);
        let beside = |other: &Billed<'_>| {
            other.place != billed.place
                && if shared { other.shares_day(&billed).is_some() } else { other.meets(&billed).is_some() }
        };
        let mut others = billed::own(claim).chain(billed::may_leave(claim, context)).filter(beside);
        let listed = |code: Code| rows.clone().any(|row| row.primary == Some(code));
        let found =
            others.any(|other| listed(other.code) || (kind != AddonType::Listed && !table.is_addon(other.code, day)));
        if found {
            continue;
        }
        let primaries: Vec<String> = rows.filter_map(|row| row.primary).map(|code| code.to_string()).collect();
        let needed = match (kind, primaries.len()) {
            (AddonType::Listed, count) if count <= NAMED_MAX => {
                format!("none of its primaries ({}) is", primaries.join(", "))
            }
            (AddonType::Listed, count) => {
                let some: Vec<&str> = primaries.iter().take(NAMED_MAX).map(String::as_str).collect();
                format!("none of its {count} primaries ({} and others) is", some.join(", "))
            }
            _ => "no procedure that it could add to is".to_owned(),
        };
        let words = format!(
            "Line {number} ({}) is an add-on code, and {needed} billed for that day by the same provider (NCCI add-on codes, table {}, {}). Add the primary procedure, or correct the code.",
            billed.code, label.version, label.cover
        );
        report.line(number, "procedure.code", words);
    }
}
