//! Why something in a clearinghouse file was refused: problems in the shape that adapters give, for the document's detail.
//!
//! A problem has an id, a place (element, segment, byte), the class of what was found, what was expected and what to do; never
//! a value of the file.

use claimhost_x12::remittance::Remittance;
use claimhost_x12::{self as x12, Segment, Transaction, Transmission};
use serde_json::{Value, json};

use super::answers::Answer;
use crate::claim::{Place, Problem};
use crate::remit::RemittanceBalance;

const ANOTHER: &str = "find out whose answer it is, the original is kept; where it is yours, restore the store that sent the \
                       837 or 270 or add the practice, then run `claimhost document retry`";

/// The problems of the codec that make a file or a transaction unusable. What only deviates is no reason.
pub(super) fn of_codec(reason: &'static str, problems: &[x12::Problem]) -> Answer {
    let problem = |problem: &x12::Problem| Problem {
        id: format!("x12.{}", problem.kind.as_str()),
        at: place(problem.place),
        found: problem.found.clone(),
        expected: problem.expected.to_string(),
        remedy: problem.remedy.to_string(),
    };
    refused(reason, problems.iter().filter(|problem| problem.is_error()).map(problem).collect())
}

/// An 835 among what is refused says what it says of money, whether that balances, and by how much it does not: it is
/// money that waits for another file.
pub(super) fn with_balance(mut answer: Answer, remittances: &[&Remittance]) -> Answer {
    let balances: Vec<RemittanceBalance> = remittances.iter().map(|one| RemittanceBalance::of(one)).collect();
    if let Some(detail) = answer.detail.as_object_mut() {
        match balances.as_slice() {
            [] => return answer,
            [one] => detail.insert("balance".to_owned(), json!(one)),
            all => detail.insert("balances".to_owned(), json!(all)),
        };
        let words: Vec<String> = balances.iter().map(ToString::to_string).collect();
        detail
            .insert("reason".to_owned(), format!("an 835 that cannot be read to its end: {}", words.join("; ")).into());
    }
    answer.amount_cents = balances.iter().fold(0_i64, |sum, one| sum.saturating_add(one.payment_cents));
    answer
}

/// A file that is too large to be read as a whole.
pub(super) fn too_large(size_bytes: u64, megabytes_max: u32) -> Answer {
    let expected = format!("at most {megabytes_max} MB in one file");
    let remedy = "have the clearinghouse send an interchange in each file, or raise [clearinghouse] answer_megabytes_max, \
                  then run `claimhost document retry`";
    refused("x12.too-large", vec![problem("x12.too-large", whole(), format!("{size_bytes} bytes"), &expected, remedy)])
}

/// A transaction that is none of those that answer an 837.
pub(super) fn kind(transmission: &Transmission<'_>, transaction: Option<&Transaction<'_>>) -> Answer {
    let digits = |kind: &str| kind.len() == 3 && kind.bytes().all(|byte| byte.is_ascii_digit());
    let (at, found) = match transaction {
        Some(other) if digits(&other.kind) => (first(other, b"ST", 1), format!("transaction {}", other.kind)),
        Some(other) => (first(other, b"ST", 1), "something that is no transaction set identifier".to_owned()),
        None => {
            let isa = transmission.interchanges.first().map(|interchange| place(interchange.isa.place()));
            (isa.unwrap_or_else(whole), "an interchange without a transaction".to_owned())
        }
    };
    let remedy =
        "this folder takes a clearinghouse's answers: put claims into an intake folder with the adapter x12-837";
    refused("x12.kind", vec![problem("x12.kind", at, found, "TA1, 999, 277CA, 271 or 835", remedy)])
}

/// A TA1 for an interchange that is not ours.
pub(super) fn unowned_interchange(ta1: Option<&Segment<'_>>) -> Answer {
    let at = ta1.map_or_else(whole, |ta1| place(ta1.place().at(1)));
    let found = "a control number that this host gave to no interchange";
    unowned(at, found, "ISA13 of an 837 or 270 that this host sent")
}

/// A 999 for a group that is not ours.
pub(super) fn unowned_group(ack: &Transaction<'_>) -> Answer {
    let found = "a control number that this host gave to no functional group";
    unowned(first(ack, b"AK1", 2), found, "GS06 of an 837 or 270 that this host sent")
}

/// A 277CA of which no claim is ours. `at`: the first of them.
pub(super) fn unowned_claims(ack: &Transaction<'_>, claims: u64) -> Answer {
    let found = format!("{claims} claims or batches, none of them with a number that this host gave");
    unowned(first(ack, b"TRN", 2), found, "CLM01 of a claim, or BHT03 of an 837, that this host sent")
}

/// A 271 in which somebody is not of ours; the others in it are known all the same.
pub(super) fn unowned_people(answer: &Transaction<'_>, unowned_people: u64, all: usize) -> Answer {
    let found =
        format!("{unowned_people} of {all} people were asked for by an NPI of nobody here; the others are known now");
    unowned(first(answer, b"NM1", 9), found, "2100B NM109: the NPI of a practice, or of a provider of its roster")
}

/// A 271 in which somebody answers a question that is none of ours, under a number of our form; the others in it are known.
pub(super) fn untraced_people(answer: &Transaction<'_>, untraced: u64, all: usize) -> Answer {
    let found = format!("{untraced} of {all} people carry a trace number that this host gave to no question");
    unowned(first(answer, b"TRN", 2), found, "TRN02 of a 270 that this host sent")
}

/// A 271 that answers a question of one practice and names another as who asked: whose it is cannot be told.
pub(super) fn of_another_practice(answer: &Transaction<'_>, questions: u64) -> Answer {
    let found = format!("answers to {questions} questions name an NPI of another practice of this host as who asked");
    unowned(first(answer, b"NM1", 9), found, "2100B NM109: the NPI of the practice that asked")
}

/// An 835 of which no claim and no payee is ours: what it says of money is told all the same.
pub(super) fn unowned_remittance(payee: Option<x12::Place>, balance: &RemittanceBalance) -> Answer {
    let at = payee.map_or_else(whole, |payee| place(payee.at(4)));
    let found = "a payee that is no practice, and no claim with a number that this host gave";
    let expected = "the NPI of a practice of this host, or CLM01 of a claim that it sent";
    let mut answer = unowned(at, found, expected);
    if let Some(detail) = answer.detail.as_object_mut() {
        detail.insert("reason".to_owned(), format!("an 835 of nobody: {balance}").into());
        detail.insert("balance".to_owned(), json!(balance));
    }
    answer.amount_cents = balance.payment_cents;
    answer
}

fn unowned(at: Place, found: impl Into<String>, expected: &str) -> Answer {
    refused("clearing.unowned", vec![problem("clearing.unowned", at, found, expected, ANOTHER)])
}

fn refused(reason: &'static str, problems: Vec<Problem>) -> Answer {
    Answer::rejected(reason, detail(&problems))
}

/// As `document show` reads it.
fn detail(problems: &[Problem]) -> Value {
    json!({ "problems": problems })
}

fn problem(id: &str, at: Place, found: impl Into<String>, expected: &str, remedy: &str) -> Problem {
    Problem { id: id.to_owned(), at, found: found.into(), expected: expected.to_owned(), remedy: remedy.to_owned() }
}

/// An element of the first segment with this id; of the first segment where there is none.
fn first(transaction: &Transaction<'_>, id: &[u8], element: usize) -> Place {
    let named = transaction.segments().find(|segment| segment.id() == id).map(|segment| segment.place().at(element));
    let start = || transaction.segments().next().map(|segment| segment.place());
    named.or_else(start).map_or_else(whole, place)
}

/// As adapters write it: `CLP03 (segment 9)`, with the byte.
fn place(at: x12::Place) -> Place {
    let name = at.element_name();
    let path = if name.is_empty() { "file".to_owned() } else { format!("{name} (segment {})", at.ordinal) };
    Place { path, offset: u32::try_from(at.offset).ok() }
}

fn whole() -> Place {
    Place { path: "file".to_owned(), offset: Some(0) }
}
