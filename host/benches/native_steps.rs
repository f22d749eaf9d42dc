//! What the host's own steps cost on one core: the scrub of a typical claim with every table loaded, and writing it into an 837P.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::hint::black_box;

use claimhost::claim::{Claim, Contact, ContactKind, ContactNumber, day_number, from_day_number, parse_iso};
use claimhost::clearinghouse::professional::{Created, Envelope, Partner, Purpose, Receiver, Submitter, write};
use claimhost::codes::Library;
use claimhost::scrub::{Context, EarlierClaim, VisitDays, holds, scrub};
use support::{claims, figure, median, per_second, practice, tables};

const CLAIMS: usize = 1_000;

fn envelope() -> Envelope {
    let partner = |id: &str| Partner { qualifier: "ZZ".into(), id: id.into(), application_id: id.into() };
    let number = ContactNumber { kind: ContactKind::Telephone, value: "6145550150".into() };
    Envelope {
        sender: partner("BIRCH1"),
        receiver: partner("NORTH"),
        submitter: Submitter {
            is_person: false,
            name: "Birchfield Clinic 1".into(),
            first: String::new(),
            id: "BIRCH1".into(),
            contacts: vec![Contact { name: "Billing Office".into(), numbers: vec![number] }],
        },
        receiver_name: Receiver { name: "NORTH CLEARING".into(), id: "NORTH".into() },
        test: true,
        interchange_control: 1,
        group_control: 1,
        first_transaction: 1,
        reference: "000000001".into(),
        purpose: Purpose::Chargeable,
        created: Created { day: parse_iso(practice::AS_OF).unwrap(), hour: 12, minute: 0 },
    }
}

/// Four visits of the same patient, some forty days apart.
fn history(claim: &Claim) -> Vec<EarlierClaim> {
    let before = |days: i64| {
        let mut earlier = claim.clone();
        earlier.control_number = format!("BEFORE{days}");
        for line in &mut earlier.lines {
            let range = &mut line.service_dates;
            range.start = from_day_number(day_number(range.start) - days);
            range.end = from_day_number(day_number(range.end) - days);
        }
        EarlierClaim::of(&earlier, true)
    };
    [41, 83, 127, 166].map(before).to_vec()
}

fn main() {
    support::machine();
    let host = support::plugins(&support::plugin_folders());
    let claims = claims::typical(&host.adapter("hl7v2-dft").unwrap(), CLAIMS);
    let profile = claims::profile();
    let shelf = Library::open(&tables::folder()).shelf();
    let context = Context {
        as_of: parse_iso(practice::AS_OF).unwrap(),
        profile: &profile,
        earlier: &[],
        siblings: &[],
        codes: &shelf,
        known: &[],
        alike: &[],
        visit: VisitDays::default(),
        cover: None,
        undelivered: &[],
    };

    let scrubbed = median(|| {
        for claim in &claims {
            let findings = scrub(black_box(claim), &context);
            assert!(findings.is_empty() && !holds(&findings), "a typical claim is clean: {}", findings[0].words);
        }
    });
    figure("scrub_claims_per_s", per_second(scrubbed, CLAIMS), "1/s");

    // The same patient was here four times before.
    let known: Vec<Vec<EarlierClaim>> = claims.iter().map(history).collect();
    let with_history = median(|| {
        for (claim, earlier) in claims.iter().zip(&known) {
            let findings = scrub(black_box(claim), &Context { earlier, ..context });
            assert!(!holds(&findings), "a typical claim is clean: {}", findings[0].words);
        }
    });
    figure("scrub_with_history_claims_per_s", per_second(with_history, CLAIMS), "1/s");

    let (envelope, claims) = (envelope(), claims.iter().collect::<Vec<&Claim>>());
    let written = median(|| {
        let written = write(&envelope, black_box(&claims)).unwrap();
        assert_eq!(written.claims.len(), CLAIMS);
        assert!(written.claims.iter().all(|claim| claim.lines.len() == practice::LINES));
    });
    figure("x12_837_write_claims_per_s", per_second(written, CLAIMS), "1/s");
}
