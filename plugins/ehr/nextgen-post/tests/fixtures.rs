//! Every case of `fixtures/`, what a site has to say, and the messages as the HL7 codec reads them.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

use std::path::Path;

use claimhost_hl7v2::{Message, frames};
use claimhost_sdk::Poster;
use claimhost_sdk::claim::PatientIdKind;
use claimhost_sdk::intake::Setup;
use claimhost_sdk::post::{Batch, Outcome};
use plugin_nextgen_post::NextGenPost;

fn text(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)).unwrap()
}

fn open(mapping: &str) -> Result<NextGenPost, Vec<String>> {
    let setup = Setup { settings: Vec::new(), mapping: mapping.to_owned() };
    let words = |problem: &claimhost_sdk::intake::Problem| format!("{}: {}", problem.at.path, problem.found);
    NextGenPost::open(setup).map_err(|problems| problems.iter().map(words).collect())
}

#[test]
fn fixtures_give_the_committed_messages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let count = claimhost_sdk::fixtures::run_poster::<NextGenPost>(&folder);
    assert!(count.as_ref().is_ok_and(|count| *count == 2), "{}", count.expect_err("another number of cases"));
}

#[test]
fn what_is_not_public_is_asked_for_and_never_guessed() {
    let found = open("").err().unwrap().join("\n");
    for key in ["sending_application", "receiving_facility", "[types] contractual", "[types] denied", "[codes] payment"]
    {
        assert!(found.contains(&format!("{key}: no value: it is not public")), "{key}: {found}");
    }
    assert!(!found.contains("[types] payment"), "PY is documented: {found}");
    let good = text("confirmed/mapping.toml");
    assert!(open(&good).is_ok());
    for (from, to, words) in [
        ("charge_id = \"FT1-13\"", "charge_id = \"FT1-11\"", "[places] charge_id: `FT1-11`"),
        ("charge_id = \"FT1-13\"", "charge_id = \"FT1-14\"", "[places] charge_id: the place of `payer`"),
        ("reversals = \"negative\"", "reversals = \"yes\"", "reversals: `yes`"),
    ] {
        let found = open(&good.replace(from, to)).err().unwrap_or_default().join("\n");
        assert!(found.contains(words), "{to}: {found}");
    }
}

#[test]
fn each_posting_is_one_message_under_its_id_and_its_amounts_add_up() {
    let batch: Batch = serde_json::from_str(&text("confirmed/batch.json")).unwrap();
    let poster = open(&text("confirmed/mapping.toml")).unwrap();
    let answer = poster.post(&batch);
    let messages: Vec<_> = frames(&answer.file).messages().collect();
    let taken: Vec<_> = batch
        .postings
        .iter()
        .zip(&answer.outcomes)
        .filter(|(_, outcome)| matches!(outcome, Outcome::Taken))
        .map(|(posting, _)| posting)
        .collect();
    assert_eq!(messages.len(), taken.len());
    for (frame, posting) in messages.iter().zip(taken) {
        let message = Message::parse(frame.bytes).unwrap();
        let header = message.segment("MSH").unwrap();
        assert_eq!(header.field(10).text(), posting.id);
        assert_eq!(message.segment("PV1").unwrap().field(19).text(), posting.visit_number);
        let paid = message.segments_named("FT1").filter(|ft1| ft1.field(6).text() == "PY");
        let paid: i64 = paid.map(|ft1| ft1.field(11).cents().unwrap()).sum();
        assert_eq!(paid, posting.paid, "{}", posting.id);
        for (nth, ft1) in message.segments_named("FT1").enumerate() {
            assert_eq!(ft1.field(2).text(), format!("{}-{}", posting.id, nth + 1));
        }
    }
}

#[test]
fn an_account_number_names_no_patient() {
    let mut batch: Batch = serde_json::from_str(&text("confirmed/batch.json")).unwrap();
    let poster = open(&text("confirmed/mapping.toml")).unwrap();
    batch.postings.truncate(1);
    assert!(matches!(poster.post(&batch).outcomes[..], [Outcome::Taken]));
    batch.postings[0].patient.ids[0].kind = PatientIdKind::Account;
    let answer = poster.post(&batch);
    let [Outcome::Refused(problems)] = &answer.outcomes[..] else { panic!("{:?}", answer.outcomes) };
    assert_eq!((problems[0].id.as_str(), problems[0].at.path.as_str()), ("nextgen-post.no-patient", "PID-3"));
    assert!(answer.file.is_empty());
}
