//! Rows about service lines and their rare groups (loop 2400).

use super::*;

pub(super) fn line_rows() -> Vec<Row> {
    vec![
        row("line", Blocks, "2400: fifty lines; split the claim", |c| beyond(&c.lines, 50)),
        row("line.procedure.system", Blocks, INTERNAL, |c| {
            lines(c, |l| when(l.procedure.system == ProcedureSystem::Internal))
        }),
        row("line.procedure.modifiers[]", Blocks, MODIFIERS, |c| lines(c, |l| beyond(&l.procedure.modifiers, 4))),
        row("line.unit-charge", NotSent, "SV1 has the charge of all units; the unit price is only checked", |c| {
            lines(c, |l| when(l.unit_charge.is_some()))
        }),
        row("line.units.unit", Blocks, "SV103 takes units and minutes", |c| {
            lines(c, |l| when(codes::service_unit(l.units.unit).is_none()))
        }),
        row("line.diagnosis-pointers[]", NotSent, "SV107 takes the first four", |c| {
            lines(c, |l| beyond(&l.diagnosis_pointers, 4))
        }),
        row(
            "line.drug.amount.unit",
            Blocks,
            "CTP05 takes units, international units, gram, milligram, milliliter",
            |c| {
                lines(c, |l| {
                    let amount = l.drug.as_ref().and_then(|d| d.amount);
                    when(amount.is_some_and(|amount| codes::drug_unit(amount.unit).is_none()))
                })
            },
        ),
        row(
            "line.drug.link-sequence",
            NotSent,
            "2410 has one REF: the prescription number, else the link sequence",
            |c| {
                lines(c, |l| {
                    when(l.drug.as_ref().is_some_and(|d| !d.prescription.is_empty() && !d.link_sequence.is_empty()))
                })
            },
        ),
        row("line.adjudications[]", Blocks, "2430: fifteen", |c| lines(c, |l| beyond(&l.adjudications, 15))),
        row("line.adjudications[].procedure.system", Blocks, INTERNAL, |c| {
            lines(c, |l| at(&l.adjudications, |a| a.procedure.system == ProcedureSystem::Internal))
        }),
        row("line.adjudications[].procedure.modifiers[]", Blocks, MODIFIERS, |c| {
            lines(c, |l| each(&l.adjudications, |_, a| beyond(&a.procedure.modifiers, 4)))
        }),
        row("line.adjudications[].adjustments[]", Blocks, CAS, |c| {
            lines(c, |l| each(&l.adjudications, |_, a| repeated(&a.adjustments, |a| a.group, |_| 6)))
        }),
    ]
}

pub(super) fn line_extra_rows() -> Vec<Row> {
    vec![
        row("line.extras.dates[]", Blocks, ONE_OF_A_KIND, |c| {
            line_extras(c, |e| repeated(&e.dates, |d| d.kind, |_| 1))
        }),
        row(
            "line.extras.references[]",
            Blocks,
            "REF of 2400: one of each kind, five authorizations, five referrals",
            |c| {
                let max = |r: &LineReference| {
                    codes::LINE_REFERENCES.iter().find(|row| row.0 == r.kind).map_or(1, |row| row.2)
                };
                line_extras(c, |e| repeated(&e.references, |r| r.kind, max))
            },
        ),
        row("line.extras.references[].payer-id", NotSent, "REF04 stands with authorizations and referrals only", |c| {
            line_extras(c, |e| at(&e.references, |r| !r.payer_id.is_empty() && !names_payer(r.kind)))
        }),
        row("line.extras.notes[]", Blocks, "NTE of 2400: one note or goal, one for third parties", |c| {
            line_extras(c, |e| {
                let taken: Vec<usize> = taken_notes(&e.notes).collect();
                (0..e.notes.len()).filter(|n| !taken.contains(n)).map(|n| vec![n]).collect()
            })
        }),
        row("line.extras.attachments[]", Blocks, "PWK: ten", |c| line_extras(c, |e| beyond(&e.attachments, 10))),
        row("line.extras.repricing.procedure.system", Blocks, INTERNAL, |c| {
            line_extras(c, |e| {
                let procedure = e.repricing.as_ref().and_then(|r| r.procedure.as_ref());
                when(procedure.is_some_and(|p| p.system == ProcedureSystem::Internal))
            })
        }),
        row("line.extras.repricing.procedure.modifiers[]", NotSent, "HCP10 is a code without modifiers", |c| {
            line_extras(c, |e| {
                let procedure = e.repricing.as_ref().and_then(|r| r.procedure.as_ref());
                procedure.map(|p| beyond(&p.modifiers, 0)).unwrap_or_default()
            })
        }),
        row("line.extras.repricing.procedure.description", NotSent, "HCP10 is a code without description", |c| {
            line_extras(c, |e| {
                let procedure = e.repricing.as_ref().and_then(|r| r.procedure.as_ref());
                when(procedure.is_some_and(|p| !p.description.is_empty()))
            })
        }),
        row("line.extras.repricing.approved.unit", Blocks, "HCP11 takes units and minutes", |c| {
            line_extras(c, |e| {
                let approved = e.repricing.as_ref().and_then(|r| r.approved);
                when(approved.is_some_and(|q| codes::service_unit(q.unit).is_none()))
            })
        }),
        row("line.extras.ambulance.certifications[]", Blocks, CERTIFICATIONS, |c| {
            line_extras(c, |e| conditions(&[], certifications(e.ambulance.as_ref()), &codes::AMBULANCE_CONDITIONS))
        }),
        row("line.extras.ambulance.certifications[].codes[]", Blocks, CRC_CODES, |c| {
            line_extras(c, |e| condition_codes(certifications(e.ambulance.as_ref())))
        }),
        row("line.extras.conditions[]", Blocks, CRC, |c| {
            line_extras(c, |e| conditions(certifications(e.ambulance.as_ref()), &e.conditions, &codes::LINE_CONDITIONS))
        }),
        row("line.extras.conditions[].codes[]", Blocks, CRC_CODES, |c| {
            line_extras(c, |e| condition_codes(&e.conditions))
        }),
        row("line.extras.equipment.rental.procedure.system", Blocks, "SV501 takes HC only", |c| {
            rentals(c, |r| when(codes::procedure(r.procedure.system) != Some("HC")))
        }),
        row("line.extras.equipment.rental.procedure.modifiers[]", NotSent, "SV501 is a code without modifiers", |c| {
            rentals(c, |r| beyond(&r.procedure.modifiers, 0))
        }),
        row(
            "line.extras.equipment.rental.procedure.description",
            NotSent,
            "SV501 is a code without description",
            |c| rentals(c, |r| when(!r.procedure.description.is_empty())),
        ),
        row("line.extras.equipment.forms[].answers[]", Blocks, "FRM: ninety-nine", |c| {
            line_extras(c, |e| {
                e.equipment.as_ref().map(|q| each(&q.forms, |_, f| beyond(&f.answers, 99))).unwrap_or_default()
            })
        }),
        row("line.extras.measurements[]", Blocks, "MEA: five", |c| line_extras(c, |e| beyond(&e.measurements, 5))),
        row("line.extras.file-information[]", Blocks, "K3: ten", |c| {
            line_extras(c, |e| beyond(&e.file_information, 10))
        }),
    ]
}

fn rentals(claim: &Claim, find: impl Fn(&Rental) -> Found) -> Found {
    line_extras(claim, |e| {
        let rental = e.equipment.as_ref().and_then(|q| q.rental.as_ref());
        rental.map(&find).unwrap_or_default()
    })
}
