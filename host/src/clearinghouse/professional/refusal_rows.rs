//! The rows of the refusal table that are not about provider loops, in the order of the contract.

use super::claim::{medical_record, taken_dates};
use super::emit::{codes_max, taken_ids};
use super::line::{names_payer, taken_notes};
use super::parents::patient_subscribes;
use super::refusal::Sending::{Blocks, NotSent};
use super::refusal::{Row, Sending, left};
use super::{codes, loops};
use crate::claim::*;

type Found = Vec<Vec<usize>>;

const fn row(field: &'static str, sending: Sending, reason: &'static str, find: fn(&Claim) -> Found) -> Row {
    Row { field, sending, reason, find }
}

/// Positions of the items that fulfil a condition.
fn at<T>(items: &[T], condition: impl Fn(&T) -> bool) -> Found {
    items.iter().enumerate().filter(|(_, item)| condition(item)).map(|(n, _)| vec![n]).collect()
}

/// Positions from `max` on.
fn beyond<T>(items: &[T], max: usize) -> Found {
    (max..items.len()).map(|n| vec![n]).collect()
}

fn when(yes: bool) -> Found {
    if yes { vec![Vec::new()] } else { Vec::new() }
}

/// What `find` gives for each item, behind the item's position.
fn each<T>(items: &[T], find: impl Fn(usize, &T) -> Found) -> Found {
    let found = items.iter().enumerate().flat_map(|(n, item)| find(n, item).into_iter().map(move |found| (n, found)));
    found.map(|(n, found)| std::iter::once(n).chain(found).collect()).collect()
}

fn coverages(claim: &Claim, find: impl Fn(bool, &Coverage) -> Found) -> Found {
    each(&claim.header.coverages, |n, coverage| find(n == usize::from(claim.destination), coverage))
}

fn extras(claim: &Claim, find: impl Fn(&ClaimExtras) -> Found) -> Found {
    claim.header.extras.as_ref().map(find).unwrap_or_default()
}

fn lines(claim: &Claim, find: impl Fn(&ServiceLine) -> Found) -> Found {
    each(&claim.lines, |_, line| find(line))
}

fn line_extras(claim: &Claim, find: impl Fn(&LineExtras) -> Found) -> Found {
    lines(claim, |line| line.extras.as_ref().map(&find).unwrap_or_default())
}

fn own(claim: &Claim) -> bool {
    destination(claim).is_some_and(patient_subscribes)
}

/// Items that repeat the kind of an earlier one more often than allowed.
fn repeated<T, K: PartialEq>(items: &[T], kind: impl Fn(&T) -> K, max: impl Fn(&T) -> usize) -> Found {
    let earlier = |n: usize, item: &T| items.iter().take(n).filter(|other| kind(other) == kind(item)).count();
    items.iter().enumerate().filter(|(n, item)| earlier(*n, item) >= max(item)).map(|(n, _)| vec![n]).collect()
}

/// Conditions without a place: `offset` counts those of the same group written before.
fn conditions(before: &[Condition], items: &[Condition], groups: &[(&[ConditionCategory], usize)]) -> Found {
    let group = |c: &Condition| groups.iter().find(|(categories, _)| categories.contains(&c.category));
    let same = |a: &Condition, b: &Condition| group(a).map(|g| g.0) == group(b).map(|g| g.0);
    let count = |n: usize, item: &Condition| {
        before.iter().chain(items.iter().take(n)).filter(|other| same(other, item)).count()
    };
    let refused = |n: usize, item: &Condition| group(item).is_none_or(|(_, max)| count(n, item) >= *max);
    items.iter().enumerate().filter(|(n, item)| refused(*n, item)).map(|(n, _)| vec![n]).collect()
}

fn condition_codes(items: &[Condition]) -> Found {
    each(items, |_, c| beyond(&c.codes, codes_max(c.category)))
}

fn homebound_not(items: &[Condition]) -> Found {
    at(items, |c| c.category == ConditionCategory::Homebound && !c.applies)
}

fn certifications(ambulance: Option<&Ambulance>) -> &[Condition] {
    ambulance.map_or(&[], |a| &a.certifications)
}

fn id_positions(ids: &[ProviderId], kinds: &[ProviderIdKind], max: usize) -> Found {
    let taken: Vec<usize> = taken_ids(ids, kinds, max).collect();
    let left = ids.iter().enumerate().filter(|(n, id)| !id.value.is_empty() && !taken.contains(n));
    left.map(|(n, _)| vec![n]).collect()
}

fn organisation(coverage: &Coverage, part: impl Fn(&PersonName) -> &String) -> Found {
    when(!coverage.subscriber.is_person && !part(&coverage.subscriber.name).is_empty())
}

const NAME_OF_ORGANISATION: &str = "NM102 is 2: an organisation has NM103 only";
const ONE_OF_A_KIND: &str = "2300 and 2400 take one of each kind";
const CRC: &str = "CRC of this level takes other categories, or fewer segments";
const CERTIFICATIONS: &str =
    "certifications of a transport are CRC*07, three of them; other statements have their own list";
const CRC_CODES: &str = "CRC takes five codes; three for EPSDT, two for equipment, one for homebound and hospice";
const HOMEBOUND: &str = "CRC*75 says only that the patient is homebound";
const CAS: &str = "CAS takes six reasons for each group";
const MODIFIERS: &str = "SV101, SVD03: four modifiers";
const INTERNAL: &str = "no code of the practice's own has a qualifier; map it in the crosswalk";
const SECOND_PAYER: &str = "2300 and 2010 loops carry this for the payer billed only";

/// The rows, in the order of the contract.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = header_rows();
    rows.extend(coverage_rows());
    rows.extend(claim_extra_rows());
    rows.extend(line_rows());
    rows.extend(line_extra_rows());
    rows
}

fn header_rows() -> Vec<Row> {
    vec![
        row("header.patient.ids[].authority", NotSent, "REF EA has no place for who assigned the number", |c| {
            at(&c.header.patient.ids, |id| !id.authority.is_empty())
        }),
        row(
            "header.patient.ids[]",
            NotSent,
            "one medical record number is sent (REF EA); the claim is found by CLM01",
            |c| {
                let sent = medical_record(&c.header);
                at(&c.header.patient.ids, |id| {
                    id.kind != PatientIdKind::MedicalRecord || sent != Some(id.value.as_str())
                })
            },
        ),
        row(
            "header.patient.casualty-patient-id",
            NotSent,
            "REF 1W and SY of a patient stand in 2010CA, for a dependent",
            |c| when(own(c) && c.header.patient.casualty_patient_id.is_some()),
        ),
        row(
            "header.patient.contact",
            NotSent,
            "PER of a patient stands in 2010CA, for a dependent; the subscriber's in 2010BA",
            |c| when(own(c) && c.header.patient.contact.is_some()),
        ),
        row("header.patient.contact.numbers[]", NotSent, "PER of 2010CA takes a telephone and its extension", |c| {
            let contact = c.header.patient.contact.as_ref().filter(|_| !own(c));
            let found = contact.map(|contact| left(0, contact, false)).unwrap_or_default();
            found.into_iter().map(|positions| positions.into_iter().skip(1).collect()).collect()
        }),
        row("header.diagnoses[]", Blocks, "HI takes twelve diagnoses; split the visit", |c| {
            beyond(&c.header.diagnoses, 12)
        }),
        row("header.diagnoses[].system", Blocks, "HI takes ICD-10-CM and, before 2015-10-01, ICD-9-CM", |c| {
            at(&c.header.diagnoses, |d| d.system == DiagnosisSystem::Other)
        }),
        row(
            "header.location",
            NotSent,
            "the sending system's location; the profile turns it into CLM05-1 and 2310C",
            |c| when(!c.header.location.is_empty()),
        ),
        row("header.stated-total", NotSent, "CLM02 is the sum of the lines; the source's total is only checked", |c| {
            when(c.header.stated_total.is_some())
        }),
    ]
}

fn coverage_rows() -> Vec<Row> {
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

fn claim_extra_rows() -> Vec<Row> {
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

fn line_rows() -> Vec<Row> {
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

fn line_extra_rows() -> Vec<Row> {
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
