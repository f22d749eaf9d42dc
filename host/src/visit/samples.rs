//! Records for this folder's tests: one invented patient, payer and service, changed by each test.

use crate::claim::*;

pub(crate) fn day(day: u8) -> Date {
    Date { year: 2026, month: 3, day }
}

pub(crate) fn name(last: &str, first: &str) -> PersonName {
    PersonName { last: last.into(), first: first.into(), middle: String::new(), suffix: String::new() }
}

pub(crate) fn diagnosis(code: &str) -> Diagnosis {
    Diagnosis { system: DiagnosisSystem::Icd10cm, code: code.into() }
}

pub(crate) fn provider(npi: &str) -> Provider {
    Provider {
        is_person: true,
        name: name("Okafor", "Ines"),
        npi: (!npi.is_empty()).then(|| npi.into()),
        taxonomy: None,
        address: None,
        ids: vec![],
        contacts: vec![],
        local_id: String::new(),
    }
}

pub(crate) fn patient() -> Patient {
    Patient {
        ids: vec![PatientId { kind: PatientIdKind::MedicalRecord, authority: "CLINIC".into(), value: "M100".into() }],
        name: name("Quillfeather", "Tamsin"),
        birth_date: Some(Date { year: 1980, month: 5, day: 6 }),
        gender: Some(Gender::Female),
        address: None,
        death_date: None,
        weight_pounds: None,
        pregnant: false,
        casualty_patient_id: None,
        contact: None,
    }
}

pub(crate) fn coverage(payer_id: &str, member_id: &str) -> Coverage {
    Coverage {
        responsibility: Responsibility::Unknown,
        payer: Payer {
            name: String::new(),
            id_kind: PayerIdKind::Payer,
            id: payer_id.into(),
            address: None,
            secondary_ids: vec![],
            local_ids: vec![],
        },
        subscriber: Subscriber {
            is_person: true,
            name: name("", ""),
            member_id_kind: MemberIdKind::Member,
            member_id: member_id.into(),
            birth_date: None,
            gender: None,
            address: None,
            group_number: String::new(),
            group_name: String::new(),
            social_security_number: None,
            contact: None,
            insurance_type: String::new(),
        },
        relationship: Relationship::PatientIsSubscriber,
        filing_indicator: String::new(),
        casualty_claim_number: None,
        billing_provider_ids: vec![],
        prior_authorization: None,
        referral_number: None,
        benefits_assignment: None,
        release: None,
        signature_on_file_generated: false,
        adjudication: None,
        other_payer_providers: vec![],
    }
}

pub(crate) fn header() -> ClaimHeader {
    ClaimHeader {
        patient: patient(),
        coverages: vec![coverage("90001", "W100")],
        diagnoses: vec![diagnosis("J069"), diagnosis("M545")],
        billing: None,
        rendering: Some(provider("1234567893")),
        referring: None,
        primary_care: None,
        service_facility: None,
        supervising: None,
        place_of_service: "11".into(),
        location: String::new(),
        provider_signature: None,
        assignment: None,
        patient_paid: None,
        stated_total: None,
        extras: None,
    }
}

pub(crate) fn line(code: &str, cents: i64) -> ServiceLine {
    ServiceLine {
        procedure: Procedure {
            system: ProcedureSystem::Cpt,
            code: code.into(),
            modifiers: vec![],
            description: String::new(),
        },
        charge: cents,
        unit_charge: None,
        units: Quantity { unit: Unit::Units, thousandths: 1_000 },
        place_of_service: String::new(),
        diagnosis_pointers: vec![1],
        service_dates: DateRange { start: day(2), end: day(2) },
        emergency: false,
        epsdt: false,
        family_planning: false,
        copay_exempt: false,
        drug: None,
        providers: None,
        adjudications: vec![],
        extras: None,
    }
}

pub(crate) fn charge(id: &str, code: &str, cents: i64) -> Charge {
    Charge {
        id: id.into(),
        action: ChargeAction::New,
        reverses: String::new(),
        line: line(code, cents),
        coverages: vec![],
        at: Place { path: "FT1[1]".into(), offset: None },
    }
}

pub(crate) fn act(action: ChargeAction, id: &str, code: &str, cents: i64) -> Charge {
    Charge { action, ..charge(id, code, cents) }
}

pub(crate) fn update(sequence: u64) -> VisitUpdate {
    VisitUpdate {
        source_system: "CLINIC".into(),
        visit_number: "V1".into(),
        order: SourceOrder { sequence: Some(sequence), event_time: String::new() },
        status: VisitStatus::Unchanged,
        header: header(),
        charges: vec![],
        complete: false,
        undelivered: vec![],
        doubts: vec![],
    }
}

/// An event of a document named after order and content.
pub(crate) fn event(sequence: u64, charges: Vec<Charge>) -> super::Event {
    let update = VisitUpdate { charges, ..update(sequence) };
    let document = format!("{sequence}-{}", hex::encode(&super::event_digest(&update)[..4]));
    super::Event::new(document, update, false)
}

/// A right profile: two places, two providers, a payer that takes all, one that takes no 7, one that takes neither.
pub(crate) const PROFILE: &str = r#"
id = "willow-bend"
name = "Willow Bend Medicine"
npi = "1234567893"
taxonomy = "207Q00000X"
tax_id = { kind = "ein", value = "987654321" }
address = { line1 = "12 Harrow Lane", city = "Dunmere", state = "OH", postal_code = "430010000" }
contact = { name = "Billing Office", telephone = "6145550100" }
submitter = { name = "Willow Bend Medicine", id = "WILLOW01", contact = "Billing Office", telephone = "6145550101" }
receiver = { name = "SANDBOX CLEARINGHOUSE", id = "SANDBOX" }
[[provider]]
ids = ["DR01"]
npi = "1098765435"
last = "Okafor"
first = "Ines"
taxonomy = "207Q00000X"
[[provider]]
ids = ["DR02"]
npi = "1245319599"
last = "Venn"
first = "Ada"
[[location]]
ids = ["MAIN"]
place_of_service = "11"
[[location]]
ids = ["TELE"]
place_of_service = "10"
[[payer]]
id = "90001"
name = "Northfield Health Plan"
aliases = ["NFHP", "NORTHFIELD"]
filing_indicator = "CI"
[[payer]]
id = "90002"
name = "Eastern Harbor Mutual"
aliases = ["EASTERN"]
replacement = false
[[payer]]
id = "90003"
name = "Granite Gap Trust"
replacement = false
void = false
[crosswalk.procedure]
"OV3" = "99213"
[crosswalk.diagnosis]
"CGH" = "R05.9"
"#;

pub(crate) fn profile() -> crate::practice::Profile {
    toml::from_str(PROFILE).unwrap()
}

/// Properties over sets of events: a few ids, codes and payers, so that events meet.
pub(crate) mod arbitrary {
    use super::*;
    use crate::visit::Event;
    use proptest::prelude::*;

    fn action() -> impl Strategy<Value = ChargeAction> {
        prop_oneof![
            5 => Just(ChargeAction::New),
            2 => Just(ChargeAction::Replace),
            1 => Just(ChargeAction::Cancel),
            2 => Just(ChargeAction::Credit),
        ]
    }

    fn one_of<T: Clone + std::fmt::Debug + 'static>(values: &'static [T]) -> impl Strategy<Value = T> {
        proptest::sample::select(values)
    }

    fn charge() -> impl Strategy<Value = Charge> {
        let names = (one_of(&["", "C1", "C2", "C3", "C4"]), one_of(&["", "", "", "C1", "C2"]));
        let said = (one_of(&["99213", "87880", "J1100"]), one_of(&[1_000, 2_500]), one_of(&["", "", "25"]));
        let place = (one_of(&["", "", "", "90002"]), one_of(&["", "", "", "1245319599"]), 0..4_u8);
        (action(), names, said, place).prop_map(|(action, (id, reverses), (code, cents, modifier), place)| {
            let mut charge = act(action, id, code, cents);
            charge.reverses = reverses.into();
            let (payer, rendering, pointer) = place;
            charge.line.diagnosis_pointers = if pointer == 0 { vec![] } else { vec![pointer] };
            if !modifier.is_empty() {
                charge.line.procedure.modifiers.push(modifier.into());
            }
            if !payer.is_empty() {
                charge.coverages.push(coverage(payer, "X1"));
            }
            if !rendering.is_empty() {
                let rendering = Some(provider(rendering));
                charge.line.providers = Some(LineProviders { rendering, ..crate::visit::fold::nobody() });
            }
            charge
        })
    }

    /// Sequence, first diagnosis and rendering provider, charges, and what is rare.
    type Drawn = (u64, (usize, u8), Vec<Charge>, u8);

    /// Up to ten events over five places in the source's order: ties occur.
    pub(crate) fn events() -> impl Strategy<Value = Vec<Event>> {
        let header = (0..3_usize, 0..3_u8);
        let event = (0..5_u64, header, proptest::collection::vec(charge(), 0..3), 0..12_u8);
        proptest::collection::vec(event, 1..10).prop_map(|events| {
            let one = |(number, (sequence, (diagnoses, who), charges, rare)): (usize, Drawn)| {
                let mut update = VisitUpdate { charges, ..update(sequence) };
                update.header.diagnoses =
                    ["J069", "M545", "Z0000"][diagnoses..].iter().map(|code| diagnosis(code)).collect();
                update.header.rendering =
                    (who > 0).then(|| provider(["1234567893", "1098765435"][usize::from(who) - 1]));
                if rare == 1 {
                    update.status = VisitStatus::Cancelled;
                } else if rare < 4 {
                    update.status = VisitStatus::Closed;
                }
                Event::new(format!("document {number}"), update, rare == 5)
            };
            events.into_iter().enumerate().map(one).collect()
        })
    }
}
