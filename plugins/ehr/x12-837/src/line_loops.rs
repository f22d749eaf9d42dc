//! Loops of a line: drug (2410), providers (2420A to 2420H), other payers' decisions (2430), equipment forms (2440).

use claimhost_sdk::claim::*;

use crate::reader::Reader;
use crate::{codes, parts};

/// 2410.
pub(crate) fn drug(r: &mut Reader<'_>, line: &mut ServiceLine) {
    let Some(lin) = r.take("LIN") else { return };
    r.only(&lin, &[2, 3]);
    let mut drug = Drug {
        qualifier: r.required_code(&lin, 2, codes::DRUG, DrugQualifier::Ndc),
        code: r.required(&lin, 3, "the drug's code"),
        amount: None,
        prescription: String::new(),
        link_sequence: String::new(),
    };
    match r.take("CTP") {
        Some(ctp) => {
            r.only(&ctp, &[4, 5]);
            let thousandths = r.decimal(&ctp, 4);
            let thousandths = r.must(&ctp, 4, thousandths, 0, "a quantity");
            let unit = r.required_code(&ctp, 5, codes::DRUG_UNIT, Unit::Units);
            drug.amount = Some(Quantity { unit, thousandths });
        }
        None => r.missing("CTP, the drug's quantity (2410)"),
    }
    while let Some(segment) = r.take_with("REF", &["XZ", "VY"]) {
        let (value, _) = parts::reference(r, &segment, false);
        if segment.text(1) == "XZ" {
            drug.prescription = value;
        } else {
            drug.link_sequence = value;
        }
    }
    line.drug = Some(drug);
}

/// 2420A to 2420H.
pub(crate) fn providers(r: &mut Reader<'_>, line: &mut ServiceLine, rare: &mut LineExtras) {
    while let Some(nm1) = r.take_with("NM1", &["82", "QB", "77", "DQ", "DK", "DN", "P3"]) {
        let qualifier = nm1.string(1);
        let mut provider = parts::provider(r, &nm1);
        let kinds: &[&str] = match qualifier.as_str() {
            "77" => &["G2", "LU"],
            "82" | "DQ" => &["0B", "1G", "G2", "LU"],
            _ => &["0B", "1G", "G2"],
        };
        match qualifier.as_str() {
            "82" => provider.taxonomy = parts::taxonomy(r, "PE"),
            "77" => provider.address = parts::required_address(r),
            "DK" => provider.address = parts::address(r),
            _ => {}
        }
        provider.ids = parts::provider_ids(r, kinds, true);
        if qualifier == "DK"
            && let Some(per) = r.take("PER")
        {
            provider.contacts.push(parts::contact(r, &per));
        }
        if qualifier == "QB" {
            match &mut rare.purchased {
                Some(purchased) => purchased.provider = Some(provider),
                None => {
                    r.problem("x12.out-of-place", &nm1, 1, 0, "QB without PS1".to_owned(), "PS1 (2400) before 2420B")
                }
            }
            continue;
        }
        let own = line.providers.get_or_insert_default();
        let slot = match qualifier.as_str() {
            "82" => &mut own.rendering,
            "77" => &mut own.service_facility,
            "DQ" => &mut own.supervising,
            "DK" => &mut own.ordering,
            "DN" => &mut own.referring,
            _ => &mut own.primary_care,
        };
        if slot.is_some() {
            r.problem(
                "x12.out-of-place",
                &nm1,
                1,
                0,
                "a second loop of its kind".to_owned(),
                "one provider of each kind (2420)",
            );
        }
        *slot = Some(provider);
    }
    parts::route(r, &mut rare.ambulance);
}

/// 2430.
pub(crate) fn adjudications(r: &mut Reader<'_>, line: &mut ServiceLine) {
    while let Some(svd) = r.take("SVD") {
        r.only(&svd, &[1, 2, 3, 5, 6]);
        let (paid, units) = (r.money(&svd, 2), r.decimal(&svd, 5));
        let mut decision = LineAdjudication {
            payer_id: r.required(&svd, 1, "NM109 of that payer's 2330B"),
            paid: r.must(&svd, 2, paid, 0, "an amount"),
            procedure: parts::procedure(r, &svd, 3),
            units: r.must(&svd, 5, units, 0, "a quantity"),
            bundled_into: r.whole(&svd, 6),
            adjustments: parts::adjustments(r),
            adjudicated: Date { year: 0, month: 0, day: 0 },
            remaining_liability: None,
        };
        if let Some(dtp) = r.require("DTP", &["573"], "DTP with 573, the day of decision (2430)")
            && let Some(period) = r.period(&dtp)
        {
            decision.adjudicated = period.start;
        }
        if let Some(amt) = r.take_with("AMT", &["EAF"]) {
            r.only(&amt, &[1, 2]);
            decision.remaining_liability = r.money(&amt, 2);
        }
        line.adjudications.push(decision);
    }
}

/// 2440.
pub(crate) fn forms(r: &mut Reader<'_>, rare: &mut LineExtras) {
    while let Some(lq) = r.take("LQ") {
        r.only(&lq, &[1, 2]);
        let is_cms = r.required_code(&lq, 1, &[("UT", true), ("AS", false)], true);
        let mut form = SupportingForm { is_cms, code: r.required(&lq, 2, "the form's code"), answers: Vec::new() };
        while let Some(frm) = r.take("FRM") {
            r.only(&frm, &[1, 2, 3, 4, 5]);
            form.answers.push(FormAnswer {
                question: r.required(&frm, 1, "the question's number"),
                response: frm.string(2),
                text: frm.string(3),
                date: r.day(&frm, 4),
                percent: r.decimal(&frm, 5),
            });
        }
        if form.answers.is_empty() {
            r.missing("FRM, an answer (2440)");
        }
        rare.equipment.get_or_insert_default().forms.push(form);
    }
}
