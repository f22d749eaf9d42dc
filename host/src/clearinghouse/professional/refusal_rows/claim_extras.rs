//! Rows about the rare groups of a claim (loop 2300).

use super::*;

pub(super) fn claim_extra_rows() -> Vec<Row> {
    vec![
        row("header.extras.dates[]", Blocks, "DTP of 2300: one of each kind, one of the three of disability", |c| {
            extras(c, |e| {
                let taken: Vec<usize> = taken_dates(&e.dates).map(|(n, _)| n).collect();
                (0..e.dates.len()).filter(|n| !taken.contains(n)).map(|n| vec![n]).collect()
            })
        }),
        row(
            "header.extras.dates[].value",
            Blocks,
            "DTP of 2300 is a day (D8); only disability (314) may span days",
            |c| extras(c, |e| at(&e.dates, |d| d.kind != ClaimDateKind::Disability && d.value.start != d.value.end)),
        ),
        row("header.extras.references[]", Blocks, ONE_OF_A_KIND, |c| {
            extras(c, |e| repeated(&e.references, |r| r.kind, |_| 1))
        }),
        row("header.extras.notes[]", Blocks, "NTE of 2300: one note", |c| extras(c, |e| beyond(&e.notes, 1))),
        row("header.extras.attachments[]", Blocks, "PWK: ten", |c| extras(c, |e| beyond(&e.attachments, 10))),
        row("header.extras.repricing.procedure", NotSent, "HCP09 and HCP10 stand on lines", |c| {
            extras(c, |e| when(e.repricing.as_ref().is_some_and(|r| r.procedure.is_some())))
        }),
        row("header.extras.repricing.approved", NotSent, "HCP11 and HCP12 stand on lines", |c| {
            extras(c, |e| when(e.repricing.as_ref().is_some_and(|r| r.approved.is_some())))
        }),
        row("header.extras.ambulance.certifications[]", Blocks, CERTIFICATIONS, |c| {
            extras(c, |e| conditions(&[], certifications(e.ambulance.as_ref()), &codes::AMBULANCE_CONDITIONS))
        }),
        row("header.extras.ambulance.certifications[].codes[]", Blocks, CRC_CODES, |c| {
            extras(c, |e| condition_codes(certifications(e.ambulance.as_ref())))
        }),
        row("header.extras.conditions[]", Blocks, CRC, |c| {
            extras(c, |e| conditions(certifications(e.ambulance.as_ref()), &e.conditions, &codes::CLAIM_CONDITIONS))
        }),
        row("header.extras.conditions[].codes[]", Blocks, CRC_CODES, |c| extras(c, |e| condition_codes(&e.conditions))),
        row("header.extras.conditions[].applies", Blocks, HOMEBOUND, |c| extras(c, |e| homebound_not(&e.conditions))),
        row("header.extras.related-cause.causes[]", Blocks, "CLM11: two causes", |c| {
            extras(c, |e| e.related_cause.as_ref().map(|r| beyond(&r.causes, 2)).unwrap_or_default())
        }),
        row("header.extras.anesthesia-procedures[]", Blocks, "HI BP and BO: two", |c| {
            extras(c, |e| beyond(&e.anesthesia_procedures, 2))
        }),
        row("header.extras.condition-codes[]", Blocks, "HI BG: two segments of twelve", |c| {
            extras(c, |e| beyond(&e.condition_codes, 24))
        }),
        row("header.extras.file-information[]", Blocks, "K3: ten", |c| extras(c, |e| beyond(&e.file_information, 10))),
        row(
            "header.extras.pay-to-plan.secondary-ids[]",
            NotSent,
            "2010AC: one number beside the tax id, which is a field of its own",
            |c| {
                extras(c, |e| {
                    let ids = e.pay_to_plan.as_ref().map_or(&[][..], |p| &p.secondary_ids);
                    let first = ids.iter().position(|id| id.kind != PayerSecondaryKind::Employer);
                    (0..ids.len()).filter(|n| Some(*n) != first).map(|n| vec![n]).collect()
                })
            },
        ),
    ]
}
