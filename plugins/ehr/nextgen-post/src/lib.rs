//! Payers' decisions as the DFT^P03 that NextGen takes: one message for each, one FT1 for each movement of money.
//!
//! Documented are DFT, all or nothing by message, and the type PY of payments. Everything else is a key of the mapping that a site gives, or
//! the standard's position; what is left out is refused, never guessed. `README.md` has every key.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

use std::collections::BTreeMap;

use claimhost_hl7v2::{MessageBuilder, PathError};
use claimhost_sdk::claim::{Gender, PatientIdKind};
use claimhost_sdk::intake::{Ignored, Place, Problem, Setup};
use claimhost_sdk::mapping::Mapping;
use claimhost_sdk::post::{Answer, Batch, Kind, Outcome, Posting};
use claimhost_sdk::posting::{Entry, Movement, day, dollars, entries, record_id};
use claimhost_sdk::{Poster, PosterDescription, evidence, setting};

/// MSH-10 in HL7 2.3.
const CONTROL_ID_MAX: usize = 20;
/// Fields of an FT1 that a site may place a value in.
const FT1_FIELDS: u16 = 43;
/// Those that this poster fills: nothing else goes there.
const OWN_FIELDS: [u16; 8] = [1, 2, 4, 5, 6, 7, 10, 11];
/// What a site may place: its key, and the standard's own place where it has one.
const PLACED: [(&str, &str); 8] = [
    ("payer", "FT1-14"),
    ("code", "FT1-25"),
    ("modifiers", "FT1-26"),
    ("charge_id", ""),
    ("check", ""),
    ("claim", ""),
    ("payer_claim", ""),
    ("reverses", ""),
];
/// What a site says of a movement that is not told.
const NOT_TOLD: &str = "none";

/// One session.
pub struct NextGenPost {
    /// MSH-3 to MSH-6.
    parties: [String; 4],
    version: String,
    processing: String,
    /// FT1-6 of each movement; none: it is not told.
    types: BTreeMap<&'static str, Option<String>>,
    /// FT1-7 of each movement, with `{group}` and `{reason}`.
    codes: BTreeMap<&'static str, String>,
    /// Field of FT1, and what goes there.
    places: BTreeMap<u16, &'static str>,
    reversals: bool,
}

impl Poster for NextGenPost {
    fn describe() -> PosterDescription {
        PosterDescription {
            id: "nextgen-post".to_owned(),
            title: "Payers' decisions as DFT for NextGen".to_owned(),
            extension: "hl7".to_owned(),
            evidence: evidence::Level::Documented,
        }
    }

    fn open(setup: Setup) -> Result<Self, Vec<Problem>> {
        setting::only(&setup, &[])?;
        let mut mapping = Mapping::parse(&setup.mapping);
        let parties = ["sending_application", "sending_facility", "receiving_application", "receiving_facility"]
            .map(|key| needed(&mut mapping, key, "MSH as the site's interface has it"));
        let version = mapping.text("version", "2.3");
        let processing = mapping.text("processing", "P");
        let (mut types, mut codes) = (BTreeMap::new(), BTreeMap::new());
        for movement in Movement::ALL {
            let name = movement.as_str();
            let key = format!("types.{name}");
            let said = match movement {
                Movement::Payment => mapping.text(&key, "PY"),
                // What earlier payers did they have told themselves.
                Movement::Coordination => mapping.text(&key, NOT_TOLD),
                Movement::Contractual | Movement::Patient | Movement::Denied => {
                    needed(&mut mapping, &key, "the type (FT1-6) that the site's NextGen takes for it, or `none`")
                }
            };
            let is_told = said != NOT_TOLD;
            let code = format!("codes.{name}");
            let text = if is_told {
                needed(&mut mapping, &code, "the site's transaction code (FT1-7) for it")
            } else {
                mapping.text(&code, "")
            };
            types.insert(name, is_told.then_some(said));
            codes.insert(name, text);
        }
        let mut places = BTreeMap::new();
        for (name, standard) in PLACED {
            let key = format!("places.{name}");
            let text = mapping.text(&key, standard);
            if text.is_empty() {
                continue;
            }
            match text.strip_prefix("FT1-").and_then(|number| number.parse().ok()) {
                Some(number) if (1..=FT1_FIELDS).contains(&number) && !OWN_FIELDS.contains(&number) => {
                    if let Some(taken) = places.insert(number, name) {
                        mapping.problem(
                            &key,
                            "mapping.place",
                            &format!("the place of `{taken}`"),
                            "a place of its own",
                        );
                    }
                }
                _ => mapping.problem(&key, "mapping.place", &format!("`{text}`"), "a field that is free, as `FT1-13`"),
            }
        }
        let reversals = match mapping.text("reversals", "refuse").as_str() {
            "negative" => true,
            "refuse" => false,
            other => {
                mapping.problem("reversals", "mapping.value", &format!("`{other}`"), "`refuse` or `negative`");
                false
            }
        };
        mapping.finish()?;
        Ok(Self { parties, version, processing, types, codes, places, reversals })
    }

    fn post(&self, batch: &Batch) -> Answer {
        let mut file = String::new();
        let outcomes = batch.postings.iter().map(|posting| self.one(batch, posting, &mut file)).collect();
        Answer { outcomes, file: file.into_bytes() }
    }
}

/// A key that nobody but the site can know.
fn needed(mapping: &mut Mapping<'_>, key: &str, expected: &str) -> String {
    let text = mapping.text(key, "");
    if text.is_empty() {
        mapping.problem(key, "mapping.missing", "no value: it is not public", expected);
    }
    text
}

impl NextGenPost {
    /// Adds the message of one posting, or none: one bad FT1 would have NextGen reject them all.
    fn one(&self, batch: &Batch, posting: &Posting, file: &mut String) -> Outcome {
        let told: Vec<Entry<'_>> = entries(posting)
            .into_iter()
            .filter(|entry| self.types.get(entry.movement.as_str()).is_some_and(Option::is_some))
            .collect();
        if told.is_empty() {
            let reason = "none of its movements is told: the mapping says `none` for them".to_owned();
            return Outcome::Nothing(Ignored { id: "nextgen-post.no-entry".to_owned(), reason });
        }
        if let Some(problem) = self.problem(posting) {
            return Outcome::Refused(vec![problem]);
        }
        match self.message(batch, posting, &told) {
            Ok(message) => {
                *file += &String::from_utf8_lossy(&message);
                Outcome::Taken
            }
            Err(PathError { path, fault }) => Outcome::Refused(vec![Problem {
                id: "nextgen-post.place".to_owned(),
                at: Place { path, offset: None },
                found: "a place that no message has".to_owned(),
                expected: fault.to_owned(),
                remedy: "correct the key of this place in the mapping".to_owned(),
            }]),
        }
    }

    fn message(&self, batch: &Batch, posting: &Posting, told: &[Entry<'_>]) -> Result<Vec<u8>, PathError> {
        let when = day(batch.day, "YYYYMMDD");
        let patient = &posting.patient;
        let mut message = MessageBuilder::default();
        for (party, field) in self.parties.iter().zip(3..) {
            message.set(&format!("MSH-{field}"), party)?;
        }
        message.set("MSH-7", &when)?.set("MSH-9.1", "DFT")?.set("MSH-9.2", "P03")?.set("MSH-10", &posting.id)?;
        message.set("MSH-11", &self.processing)?.set("MSH-12", &self.version)?;
        message.segment("EVN")?.set("EVN-1", "P03")?.set("EVN-2", &when)?;
        message.segment("PID")?.set("PID-1", "1")?.set("PID-3.1", record_id(posting))?;
        let named = [&patient.name.last, &patient.name.first, &patient.name.middle];
        for (part, component) in named.into_iter().zip(1..).filter(|(part, _)| !part.is_empty()) {
            message.set(&format!("PID-5.{component}"), part)?;
        }
        if let Some(born) = patient.birth_date {
            message.set("PID-7", &day(born, "YYYYMMDD"))?;
        }
        let sex = patient.gender.map(|gender| match gender {
            Gender::Female => "F",
            Gender::Male => "M",
            Gender::Unknown => "U",
        });
        message.set("PID-8", sex.unwrap_or_default())?;
        if let Some(account) = patient.ids.iter().find(|id| id.kind == PatientIdKind::Account) {
            message.set("PID-18", &account.value)?;
        }
        message.segment("PV1")?.set("PV1-1", "1")?.set("PV1-2", "O")?.set("PV1-19", &posting.visit_number)?;
        for (at, entry) in told.iter().enumerate() {
            self.transaction(&mut message, posting, entry, at + 1, &when)?;
        }
        Ok(message.build())
    }

    /// Why NextGen cannot be told of it.
    fn problem(&self, posting: &Posting) -> Option<Problem> {
        let problem = |id: &str, path: &str, found: &str, expected: &str, remedy: &str| Problem {
            id: format!("nextgen-post.{id}"),
            at: Place { path: path.to_owned(), offset: None },
            found: found.to_owned(),
            expected: expected.to_owned(),
            remedy: remedy.to_owned(),
        };
        if posting.kind == Kind::Reversal && !self.reversals {
            return Some(problem(
                "reversal",
                "reversals",
                "a decision that is taken back",
                "`reversals = \"negative\"`, once the site knows that its NextGen takes negative amounts: how it is told is not public",
                "take it back in NextGen by hand, or set the key",
            ));
        }
        if posting.visit_number.is_empty() {
            return Some(problem("no-visit", "PV1-19", "nothing", "the visit's number", "post it in NextGen by hand"));
        }
        // An account number there would find nobody, or somebody else.
        if record_id(posting).is_empty() {
            let expected = "the medical record number (MR)";
            return Some(problem("no-patient", "PID-3", "no such id", expected, "post it in NextGen by hand"));
        }
        if posting.id.len() > CONTROL_ID_MAX {
            let found = format!("{} characters", posting.id.len());
            return Some(problem("long-id", "MSH-10", &found, "at most 20", "report it"));
        }
        None
    }

    /// One FT1. Its id is the posting's with its number, so that NextGen can tell what it has.
    fn transaction(
        &self,
        message: &mut MessageBuilder,
        posting: &Posting,
        entry: &Entry<'_>,
        nth: usize,
        when: &str,
    ) -> Result<(), PathError> {
        let (name, line) = (entry.movement.as_str(), entry.line);
        let kind = self.types.get(name).and_then(Option::as_deref).unwrap_or_default();
        let code = self.codes.get(name).map_or("", String::as_str);
        let code = code.replace("{group}", entry.group).replace("{reason}", entry.reason);
        message.segment("FT1")?.set("FT1-1", &nth.to_string())?.set("FT1-2", &format!("{}-{nth}", posting.id))?;
        message.set("FT1-4", &day(posting.paid_on, "YYYYMMDD"))?.set("FT1-5", when)?.set("FT1-6", kind)?;
        message.set("FT1-7", &code)?.set("FT1-10", "1")?.set("FT1-11", &dollars(entry.amount))?;
        for (field, what) in &self.places {
            let value = match *what {
                "payer" => posting.payer_id.as_str(),
                "check" => &posting.trace_number,
                "claim" => &posting.control_number,
                "payer_claim" => &posting.payer_control_number,
                "reverses" => &posting.reverses,
                "charge_id" => line.map_or("", |line| &line.charge_id),
                "code" => line.map_or("", |line| &line.procedure.code),
                _ => "",
            };
            if !value.is_empty() {
                message.set(&format!("FT1-{field}"), value)?;
            }
            let modifiers = line.filter(|_| *what == "modifiers").map(|line| line.procedure.modifiers.as_slice());
            for (modifier, repetition) in modifiers.unwrap_or_default().iter().zip(1..) {
                message.set(&format!("FT1-{field}[{repetition}]"), modifier)?;
            }
        }
        Ok(())
    }
}

claimhost_sdk::poster!(NextGenPost);
