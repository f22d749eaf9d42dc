//! Rows about coverages: subscriber, payer, and what a payer before has decided (loops 2000B, 2010B, 2320, 2330).

use super::*;

pub(super) fn coverage_rows() -> Vec<Row> {
    vec![
        row("header.coverages[]", Blocks, "2320 takes ten other payers", |c| beyond(&c.header.coverages, 11)),
        row("header.coverages[].payer.local-ids[]", NotSent, "what the sending system calls the payer", |c| {
            coverages(c, |_, v| at(&v.payer.local_ids, |id| !id.is_empty()))
        }),
        row("header.coverages[].payer.secondary-ids[]", NotSent, "REF: three in 2010BB, two in 2330B", |c| {
            coverages(c, |billed, v| beyond(&v.payer.secondary_ids, if billed { 3 } else { 2 }))
        }),
        row("header.coverages[].subscriber.is-person", Blocks, "a patient who is the subscriber is a person", |c| {
            coverages(c, |billed, v| when(billed && patient_subscribes(v) && !v.subscriber.is_person))
        }),
        row(
            "header.coverages[].subscriber.name",
            NotSent,
            "2010BA names the patient when the patient is the subscriber",
            |c| {
                let name = &c.header.patient.name;
                coverages(c, |billed, v| {
                    when(billed && patient_subscribes(v) && !name.last.is_empty() && v.subscriber.name != *name)
                })
            },
        ),
        row("header.coverages[].subscriber.name.first", NotSent, NAME_OF_ORGANISATION, |c| {
            coverages(c, |_, v| organisation(v, |name| &name.first))
        }),
        row("header.coverages[].subscriber.name.middle", NotSent, NAME_OF_ORGANISATION, |c| {
            coverages(c, |_, v| organisation(v, |name| &name.middle))
        }),
        row("header.coverages[].subscriber.name.suffix", NotSent, NAME_OF_ORGANISATION, |c| {
            coverages(c, |_, v| organisation(v, |name| &name.suffix))
        }),
        row(
            "header.coverages[].subscriber.birth-date",
            NotSent,
            "DMG of 2010BA is the patient's when the patient is the subscriber; 2330A has none",
            |c| {
                let patient = c.header.patient.birth_date;
                coverages(c, |billed, v| {
                    let sent = billed
                        && (!patient_subscribes(v) || patient.is_none_or(|day| v.subscriber.birth_date == Some(day)));
                    when(v.subscriber.birth_date.is_some() && !sent)
                })
            },
        ),
        row(
            "header.coverages[].subscriber.gender",
            NotSent,
            "DMG of 2010BA is the patient's when the patient is the subscriber; 2330A has none",
            |c| {
                let patient = c.header.patient.gender;
                coverages(c, |billed, v| {
                    let sent = billed
                        && (!patient_subscribes(v) || patient.is_none_or(|gender| v.subscriber.gender == Some(gender)));
                    when(v.subscriber.gender.is_some() && !sent)
                })
            },
        ),
        row(
            "header.coverages[].subscriber.address",
            NotSent,
            "N3 and N4 of 2010BA are the patient's when the patient is the subscriber",
            |c| {
                let patient = c.header.patient.address.as_ref();
                coverages(c, |billed, v| {
                    let sent =
                        !patient_subscribes(v) || patient.is_none_or(|a| v.subscriber.address.as_ref() == Some(a));
                    when(billed && v.subscriber.address.is_some() && !sent)
                })
            },
        ),
        row(
            "header.coverages[].subscriber.group-name",
            NotSent,
            "SBR04 is sent only when there is no group number (SBR03)",
            |c| coverages(c, |_, v| when(!v.subscriber.group_number.is_empty() && !v.subscriber.group_name.is_empty())),
        ),
        row("header.coverages[].subscriber.contact", NotSent, SECOND_PAYER, |c| {
            coverages(c, |billed, v| when(!billed && v.subscriber.contact.is_some()))
        }),
        row(
            "header.coverages[].subscriber.contact.numbers[]",
            NotSent,
            "PER of 2010BA takes a telephone and its extension",
            |c| {
                coverages(c, |billed, v| {
                    let contact = v.subscriber.contact.as_ref().filter(|_| billed);
                    let found = contact.map(|contact| left(0, contact, false)).unwrap_or_default();
                    found.into_iter().map(|positions| positions.into_iter().skip(1).collect()).collect()
                })
            },
        ),
        row("header.coverages[].casualty-claim-number", NotSent, SECOND_PAYER, |c| {
            coverages(c, |billed, v| when(!billed && v.casualty_claim_number.is_some()))
        }),
        row(
            "header.coverages[].billing-provider-ids[]",
            NotSent,
            "REF of 2010BB and 2330G: one commercial number, one location number",
            |c| {
                coverages(c, |billed, v| {
                    let stated = v.other_payer_providers.iter().filter(|p| !billed && p.role == ProviderRole::Billing);
                    let taken: usize = stated.map(|p| p.ids.len()).sum();
                    id_positions(
                        &v.billing_provider_ids,
                        &[ProviderIdKind::Commercial, ProviderIdKind::Location],
                        2_usize.saturating_sub(taken),
                    )
                })
            },
        ),
        row(
            "header.coverages[].billing-provider-ids[].payer-id",
            NotSent,
            "REF of 2010BB and 2330G is of that payer anyway",
            |c| coverages(c, |_, v| at(&v.billing_provider_ids, |id| !id.payer_id.is_empty())),
        ),
        row(
            "header.coverages[].adjudication",
            NotSent,
            "2320 tells what OTHER payers decided; the payer billed has not yet",
            |c| coverages(c, |billed, v| when(billed && v.adjudication.is_some())),
        ),
        row("header.coverages[].adjudication.adjustments[]", Blocks, CAS, |c| {
            coverages(c, |_, v| {
                v.adjudication.as_ref().map(|d| repeated(&d.adjustments, |a| a.group, |_| 6)).unwrap_or_default()
            })
        }),
        row("header.coverages[].adjudication.outpatient.remarks[]", NotSent, "MOA03 to MOA07: five remarks", |c| {
            coverages(c, |_, v| {
                let moa = v.adjudication.as_ref().and_then(|d| d.outpatient.as_ref());
                moa.map(|moa| beyond(&moa.remarks, 5)).unwrap_or_default()
            })
        }),
        row(
            "header.coverages[].other-payer-providers",
            NotSent,
            "2330C to 2330G are of other payers; of the payer billed it is REF of 2310",
            |c| coverages(c, |billed, v| when(billed && !v.other_payer_providers.is_empty())),
        ),
        row("header.coverages[].other-payer-providers[]", NotSent, "2330C to 2330G: one of each role", |c| {
            coverages(c, |_, v| repeated(&v.other_payer_providers, |p| p.role, |_| 1))
        }),
        row("header.coverages[].other-payer-providers[].is-person", NotSent, "NM102 of this role is fixed", |c| {
            coverages(c, |_, v| {
                at(&v.other_payer_providers, |p| match loops::other_payer(p.role).0 {
                    loops::Entity::Person => !p.is_person,
                    loops::Entity::Organisation => p.is_person,
                    loops::Entity::Either => false,
                })
            })
        }),
        row(
            "header.coverages[].other-payer-providers[].ids[]",
            NotSent,
            "REF of 2330C to 2330G takes other kinds, or fewer",
            |c| {
                coverages(c, |_, v| {
                    each(&v.other_payer_providers, |_, p| {
                        let (_, kinds, max) = loops::other_payer(p.role);
                        id_positions(&p.ids, kinds, max)
                    })
                })
            },
        ),
        row(
            "header.coverages[].other-payer-providers[].ids[].payer-id",
            NotSent,
            "2330C to 2330G stand under their payer",
            |c| coverages(c, |_, v| each(&v.other_payer_providers, |_, p| at(&p.ids, |id| !id.payer_id.is_empty()))),
        ),
    ]
}
