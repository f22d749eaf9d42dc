//! What a draft of fixed width leaves to a person.

use std::collections::BTreeSet;

use claimhost_sdk::delimited::DateFormat;

use crate::onboard::columns::{Column, ELEMENTS};
use crate::onboard::draft::quoted;
use crate::onboard::form::Form;
use crate::onboard::sheet::Sheet;

/// Elements that a claim needs and that no column could be told to be: without names only a form tells, and many columns have one form.
pub(crate) fn to_do(
    placed: &[(&str, String, String)],
    sheet: &Sheet,
    read: &BTreeSet<usize>,
    dates: Option<&DateFormat>,
) -> String {
    const NEEDED: [&str; 17] = [
        "visit",
        "charge_id",
        "patient_mrn",
        "patient_last",
        "patient_first",
        "patient_birth_date",
        "patient_gender",
        "payer",
        "member_id",
        "relationship",
        "rendering_npi",
        "place_of_service",
        "service_date",
        "procedure",
        "units",
        "charge",
        "dx1",
    ];
    let mut out = String::new();
    for element in ELEMENTS.iter().filter(|element| NEEDED.contains(&element.key)) {
        if placed.iter().any(|(key, ..)| *key == element.key) {
            continue;
        }
        let fits = |(at, column): &(usize, &Column)| {
            let (fit, all) = column.fit(element.form, dates);
            !read.contains(at) && all > 0 && fit == all
        };
        let names: Vec<String> =
            sheet.columns.iter().enumerate().filter(fits).map(|(_, column)| quoted(&column.name)).collect();
        let why = match (element.form, names.as_slice()) {
            (Form::Text, _) => "any text may be it".to_owned(),
            (form, []) => format!("no column has {} in every line", form.words()),
            (form, names) => format!("{} stand in {}", form.words(), names.join(", ")),
        };
        let digits = if element.form == Form::Money {
            "; digits without a point need a picture behind the width: 9(7)V99"
        } else {
            ""
        };
        out += &format!("# TODO: which column? {why}{digits}\n# {} = \"\"\n", element.key);
    }
    if out.is_empty() {
        out
    } else {
        format!("# Without names above the columns these are not told apart; nothing is guessed.\n{out}")
    }
}
