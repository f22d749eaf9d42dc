//! The same report as a page: one file, nothing loaded from elsewhere.

use std::fmt::Write;

use super::super::html::{STYLE, text};
use super::super::output::dollars;
use super::super::reference::name;
use super::shadow::{Told, change_word, estimate, outcome_words, place, sides};

/// The page.
pub(super) fn page(told: &Told) -> String {
    let Told { candidate, active, since, report } = told;
    let mut out = String::new();
    let beside = active.as_ref().map_or("no active table".to_owned(), |active| format!("version {}", active.version));
    let title = format!("{} version {} beside {beside}", candidate.id, candidate.version);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title><style>{STYLE}</style></head><body>\n\
         <h1>{0}</h1>\n<p>Services since {1}: {2} claims, {3} that it is for, {4} of these as today.<br><small>candidate {5}</small></p>\n\
         <table><tr><th></th><th class=\"n\">claims</th><th class=\"n\">billed</th><th class=\"n\">held now</th>\
         <th class=\"n\">payer paid</th><th class=\"n\">payer refused</th><th class=\"n\">denied</th></tr>\n",
        text(&title),
        text(since),
        report.looked_at,
        report.concerned,
        report.unchanged,
        text(&candidate.digest),
    );
    for (what, side) in sides(report) {
        let _ = writeln!(
            out,
            "<tr><td>{what}</td><td class=\"n\">{}</td><td class=\"n\">${}</td><td class=\"n\">${}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td class=\"n\">${}</td></tr>",
            side.claims,
            dollars(side.billed_cents),
            dollars(side.held_now_cents),
            side.paid,
            side.refused,
            dollars(side.denied_cents)
        );
    }
    let _ = write!(
        out,
        "</table>\n<p>{}</p>\n<table><tr><th>claim</th><th>service</th><th>change</th><th class=\"n\">billed</th>\
         <th>payer</th><th>findings</th></tr>\n",
        text(&estimate(report))
    );
    for one in &report.claims {
        let findings =
            one.added.iter().map(|told| ("add", "+", told)).chain(one.removed.iter().map(|told| ("gone", "-", told)));
        let findings: Vec<String> = findings
            .map(|(class, sign, told)| {
                format!("<span class=\"{class}\">{sign} {}</span>: {}", text(&place(told)), text(&told.words))
            })
            .collect();
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">${}</td><td>{}</td><td>{}</td></tr>",
            text(&name(&one.practice, one.claim_id)),
            one.service,
            change_word(one.change),
            dollars(one.billed_cents),
            text(&outcome_words(one)),
            findings.join("<br>")
        );
    }
    out.push_str("</table>\n</body></html>\n");
    out
}
