//! The same report as a page: one file, nothing loaded from elsewhere.

use std::fmt::Write;

use super::super::output::dollars;
use super::super::reference::name;
use super::shadow::{Told, change_word, estimate, outcome_words, place, sides};

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1c2430}\
h1{font-size:1.4rem}table{border-collapse:collapse;width:100%;margin:1rem 0}\
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d9dee6;vertical-align:top}\
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.add{color:#8a1f11}.gone{color:#1d6b37}small{color:#5a6675}";

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

/// A text as HTML shows it.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[test]
fn what_a_table_says_is_no_markup() {
    assert_eq!(text("<b>&\"'"), "&lt;b&gt;&amp;&quot;&#39;");
}
