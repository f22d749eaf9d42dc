//! 999 (005010X231A1): one per functional group, with the verdict on each transaction set.
//!
//! IK404 (copy of the bad element) is never written: it would carry patient data.

use super::{Body, Kind, composite};
use crate::reader::Segment;
use crate::validate::Checked;

/// GS and ST of a 999.
pub const KIND: Kind = Kind { group: "FA", set: "999", version: "005010X231A1", in_header: true };

/// The most IK3 of one transaction set; the rest is told by IK5 alone.
const ERRORS_MAX: usize = 100;

/// Writes the body for one group.
pub fn body(group: &Segment, sets: &[Checked]) -> Body {
    let mut out = Body::default();
    out.add(&["AK1", group.element(1), group.element(6), group.element(8)]);
    for set in sets {
        out.add(&["AK2", set.kind, &set.control, group.element(8)]);
        for error in set.errors.iter().take(ERRORS_MAX) {
            out.add(&["IK3", &error.id, &error.position.to_string(), &error.in_loop, error.code]);
            for (element, component, code) in &error.elements {
                let component = if *component == 0 { String::new() } else { component.to_string() };
                out.add(&["IK4", &composite(&[&element.to_string(), &component]), "", code]);
            }
        }
        let mut verdict = vec!["IK5", if set.accepted() { "A" } else { "R" }];
        verdict.extend(set.set_codes.iter().take(5));
        out.add(&verdict);
    }
    let count = sets.len().to_string();
    let accepted = sets.iter().filter(|set| set.accepted()).count();
    let code = match accepted {
        0 => "R",
        all if all == sets.len() => "A",
        _ => "P",
    };
    out.add(&["AK9", code, &count, &count, &accepted.to_string()]);
    out
}
