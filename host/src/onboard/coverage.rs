//! Which elements of a clean claim the visits of a sample have: counted on what the adapter made of them, so the same for every format.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::claim::{
    Charge, ChargeAction, ClaimHeader, DiagnosisSystem, PersonName, ProcedureSystem, Provider, VisitUpdate, day_number,
};
use crate::codes::shelf::Shelf;
use crate::codes::{System, Verdict, look};
use crate::store::visit::StoredEvent;

/// Codes, payers, roster entries that a report lists at most of a kind.
const LISTED_MAX: usize = 200;
/// Longest code that is shown: a longer text is none.
const CODE_MAX: usize = 12;
/// A word without a digit is shown as a code from so many charges on.
const RARE: u64 = 3;

/// What an element is counted over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Visit,
    Charge,
}

/// An element of a clean claim.
struct Item {
    id: &'static str,
    title: &'static str,
    of: Of,
    /// What supplies it where the export does not.
    derivable: &'static str,
    /// The finding that holds a claim without it; empty: none does.
    finding: &'static str,
    /// What its absence means, where no finding says it.
    without: &'static str,
}

#[rustfmt::skip] // a table
const ITEMS: &[Item] = &[
    item("patient.name", "patient name", Of::Visit, "", "patient.name.missing", ""),
    item("patient.birth-date", "birth date", Of::Visit, "", "patient.birth-date.missing", ""),
    item("patient.sex", "sex", Of::Visit, "", "patient.gender.missing", ""),
    item("patient.address", "address", Of::Visit, "", "patient.address.missing", ""),
    item("patient.id", "patient id", Of::Visit, "", "", "the roster and earlier claims are matched by name and birth date alone"),
    item("payer.primary", "primary payer", Of::Visit, "", "payer.missing", ""),
    item("member-id", "member id", Of::Visit, "", "member-id.missing", ""),
    item("group-number", "group number", Of::Visit, "", "", "only payers that require it (profile, requires) hold claims without"),
    item("payer.secondary", "secondary payer", Of::Visit, "", "", "no claim is made for a second payer"),
    item("subscriber.name", "subscriber name", Of::Visit, "", "subscriber.name.missing", ""),
    item("rendering.npi", "rendering NPI", Of::Visit, "profile [[provider]], by the local id", "rendering.missing", ""),
    item("rendering.name", "rendering name", Of::Visit, "profile [[provider]], by NPI or local id", "rendering.missing", ""),
    item("referring", "referring provider", Of::Visit, "", "", "services that need one are held (referring.missing)"),
    item("billing", "billing provider", Of::Visit, "profile", "billing.missing", ""),
    item("location", "location", Of::Visit, "", "", "place of service and facility have to come another way"),
    item("place-of-service", "place of service", Of::Visit, "profile [[location]], by the location", "place-of-service.missing", ""),
    item("filing-indicator", "claim filing indicator", Of::Visit, "profile [[payer]]", "payer.filing-indicator.missing", ""),
    item("authorization", "prior authorization", Of::Visit, "", "", "only payers that require it (profile, requires) hold claims without"),
    item("diagnoses", "diagnoses", Of::Visit, "", "diagnosis.missing", ""),
    item("closed", "close of the visit", Of::Visit, "profile bill_hold_days", "", "visits are billed when the bill-hold ends"),
    item("charge.id", "charge id", Of::Charge, "", "", "a charge that comes again cannot be told from a second one"),
    item("service-date", "service date", Of::Charge, "", "service-date.invalid", ""),
    item("procedure", "procedure", Of::Charge, "", "procedure.missing", ""),
    item("modifiers", "modifiers", Of::Charge, "", "", "services that call for one are held (modifier-omission.*)"),
    item("units", "units", Of::Charge, "", "units.not-positive", ""),
    item("charge", "charge", Of::Charge, "", "charge.zero", ""),
    item("pointers", "diagnosis pointers", Of::Charge, "", "pointer.missing", ""),
    item("ndc", "drug (NDC)", Of::Charge, "", "", "payers that require it hold claims for drugs without"),
];

const fn item(
    id: &'static str,
    title: &'static str,
    of: Of,
    derivable: &'static str,
    finding: &'static str,
    without: &'static str,
) -> Item {
    Item { id, title, of, derivable, finding, without }
}

/// How far an element is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// In all.
    Present,
    /// In some.
    Partly,
    /// In none, or not in all, and something else supplies it.
    Derivable,
    /// In none.
    Missing,
}

/// One element of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Element {
    /// Stable id.
    pub(crate) id: String,
    /// What people call it.
    pub(crate) title: String,
    /// `visits` or `charges`.
    pub(crate) of: String,
    /// In how many.
    pub(crate) present: u64,
    /// Of how many.
    pub(crate) total: u64,
    /// What that comes to.
    pub(crate) state: State,
    /// What supplies it where the export does not; empty: nothing.
    pub(crate) derivable: String,
    /// Where it is not in all: the finding that holds the claim, or what else its absence means.
    pub(crate) consequence: String,
}

/// A code that leads to no code in force on its day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Code {
    /// `procedure` or `diagnosis`.
    pub(crate) set: String,
    /// The code; empty: a text too long for one, which is not shown.
    pub(crate) code: String,
    /// Charges with it, or visits.
    pub(crate) count: u64,
    /// What it is.
    pub(crate) words: String,
}

/// What was counted over the visits of a sample, and what the profile takes of them.
#[derive(Default)]
pub(crate) struct Counted {
    visits: u64,
    charges: u64,
    present: BTreeMap<&'static str, u64>,
    codes: BTreeMap<(&'static str, String), (u64, &'static str)>,
    /// Charges with modifiers.
    pub(crate) with_modifiers: u64,
    /// Payers as they came, with the ids beside their names, and how many visits have them.
    pub(crate) payers: BTreeMap<String, (BTreeSet<String>, u64)>,
    /// Rendering providers: NPI (empty: none), local ids, name.
    pub(crate) providers: BTreeMap<(String, String), (String, String)>,
    /// Locations, with the place of service that is beside them where it is one.
    pub(crate) locations: BTreeMap<String, BTreeSet<String>>,
    /// Texts that are a patient's: what equals one is shown nowhere.
    private: BTreeSet<String>,
    /// The newest day of service.
    pub(crate) newest: Option<i64>,
}

impl Counted {
    /// Takes one visit.
    pub(crate) fn visit(&mut self, events: &[StoredEvent], shelf: &Shelf) {
        let updates = || events.iter().map(|event| &event.update);
        self.visits += 1;
        updates().for_each(|update| self.note_private(update));
        for item in ITEMS.iter().filter(|item| item.of == Of::Visit) {
            let has = updates().any(|update| of_visit(item.id, update));
            *self.present.entry(item.id).or_default() += u64::from(has);
        }
        let charges: Vec<&Charge> = updates()
            .flat_map(|update| &update.charges)
            .filter(|charge| matches!(charge.action, ChargeAction::New | ChargeAction::Replace))
            .collect();
        for charge in &charges {
            self.charge(charge, shelf);
        }
        let mut payers = BTreeSet::new();
        let mut diagnoses = BTreeSet::new();
        for update in updates() {
            self.roster(update);
            let header = &update.header;
            for coverage in &header.coverages {
                let payer = &coverage.payer;
                let ids = payer.local_ids.iter().chain([&payer.id]).filter(|id| !id.is_empty());
                let name = [&payer.name].into_iter().chain(ids.clone()).find(|name| !name.is_empty());
                if let Some(name) = name {
                    let known = self.payers.entry(name.clone()).or_default();
                    known.0.extend(ids.cloned());
                    payers.insert(name.clone());
                }
            }
            let day = update.charges.first().map(|charge| charge.line.service_dates.start);
            diagnoses.extend(
                header.diagnoses.iter().map(|found| (found.system as u8, found.code.clone(), day.map(day_number))),
            );
        }
        for name in payers {
            if let Some((_, visits)) = self.payers.get_mut(&name) {
                *visits += 1;
            }
        }
        for (system, code, day) in diagnoses {
            let words = match day {
                _ if system == DiagnosisSystem::Other as u8 => Some(
                    "a code of another system: the profile's [crosswalk.diagnosis] has to say which ICD-10-CM code it is",
                ),
                Some(day) if system == DiagnosisSystem::Icd10cm as u8 => fault(shelf, System::Icd10cm, &code, day),
                _ => None,
            };
            if let Some(words) = words {
                self.codes.entry(("diagnosis", code)).or_insert((0, words)).0 += 1;
            }
        }
    }

    fn charge(&mut self, charge: &Charge, shelf: &Shelf) {
        self.charges += 1;
        let line = &charge.line;
        for item in ITEMS.iter().filter(|item| item.of == Of::Charge) {
            *self.present.entry(item.id).or_default() += u64::from(of_charge(item.id, charge));
        }
        self.with_modifiers += u64::from(!line.procedure.modifiers.is_empty());
        let day = day_number(line.service_dates.start);
        if line.service_dates.start.year > 0 {
            self.newest = self.newest.max(Some(day_number(line.service_dates.end)));
        }
        let code = &line.procedure.code;
        let words = match line.procedure.system {
            _ if code.is_empty() => None,
            ProcedureSystem::Internal => {
                Some("no CPT or HCPCS code: the profile's [crosswalk.procedure] has to say which it is")
            }
            ProcedureSystem::Hcpcs => fault(shelf, System::Hcpcs, code, day),
            ProcedureSystem::Cpt => fault(shelf, System::Cpt, code, day),
            _ => None,
        };
        if let Some(words) = words {
            self.codes.entry(("procedure", code.clone())).or_insert((0, words)).0 += 1;
        }
    }

    /// Providers and places, for the profile's draft.
    fn roster(&mut self, update: &VisitUpdate) {
        let header = &update.header;
        let of_lines = update.charges.iter().filter_map(|charge| charge.line.providers.as_ref()?.rendering.as_ref());
        for provider in header.rendering.iter().chain(of_lines) {
            let key = (provider.npi.clone().unwrap_or_default(), provider.local_id.clone());
            let known = self.providers.entry(key).or_default();
            if known.0.is_empty() {
                *known = (provider.name.last.clone(), provider.name.first.clone());
            }
        }
        if !header.location.is_empty() {
            let known = self.locations.entry(header.location.clone()).or_default();
            let places =
                update.charges.iter().map(|charge| &charge.line.place_of_service).chain([&header.place_of_service]);
            known.extend(places.filter(|place| !place.is_empty()).cloned());
        }
    }

    fn note_private(&mut self, update: &VisitUpdate) {
        let patient = &update.header.patient;
        let mut note = |text: &str| {
            if text.trim().len() > 2 {
                self.private.insert(text.trim().to_uppercase());
            }
        };
        note(&update.visit_number);
        patient.ids.iter().for_each(|id| note(&id.value));
        let mut person = |name: &PersonName| [&name.last, &name.first].into_iter().for_each(|text| note(text));
        person(&patient.name);
        update.header.coverages.iter().for_each(|coverage| person(&coverage.subscriber.name));
        let addresses = update.header.coverages.iter().filter_map(|coverage| coverage.subscriber.address.as_ref());
        for address in patient.address.iter().chain(addresses) {
            [&address.line1, &address.line2, &address.city].into_iter().for_each(|text| note(text));
        }
        update.header.coverages.iter().for_each(|coverage| note(&coverage.subscriber.member_id));
        update.charges.iter().for_each(|charge| note(&charge.id));
    }

    /// A text that may be shown: none of what is a patient's somewhere in the sample.
    pub(crate) fn shown(&self, text: &str) -> Option<String> {
        let plain = text.trim().to_uppercase();
        let is_private = self.private.contains(&plain)
            || plain.split([' ', ',', '^']).any(|word| word.len() > 3 && self.private.contains(word));
        (!is_private).then(|| text.trim().to_owned())
    }

    /// The elements of the report.
    pub(crate) fn elements(&self) -> Vec<Element> {
        let element = |item: &Item| {
            let total = if item.of == Of::Visit { self.visits } else { self.charges };
            let present = self.present.get(item.id).copied().unwrap_or(0);
            let has = |id: &str| self.present.get(id).is_some_and(|count| *count > 0);
            // A place comes from the profile by the location, which has to be there itself.
            let can = !item.derivable.is_empty()
                && match item.id {
                    "place-of-service" => has("location"),
                    "rendering.npi" => self.providers.keys().any(|(_, local)| !local.is_empty()),
                    "rendering.name" => !self.providers.is_empty(),
                    _ => true,
                };
            let state = match present {
                all if all == total && total > 0 => State::Present,
                _ if can => State::Derivable,
                0 => State::Missing,
                _ => State::Partly,
            };
            let consequence = match state {
                State::Present => String::new(),
                _ if item.finding.is_empty() => item.without.to_owned(),
                _ => format!("{} holds the claim", item.finding),
            };
            Element {
                id: item.id.to_owned(),
                title: item.title.to_owned(),
                of: if item.of == Of::Visit { "visits" } else { "charges" }.to_owned(),
                present,
                total,
                state,
                derivable: if can { item.derivable.to_owned() } else { String::new() },
                consequence,
            }
        };
        ITEMS.iter().map(element).collect()
    }

    /// Codes that lead to no code in force, the most frequent first.
    pub(crate) fn codes(&self) -> Vec<Code> {
        let mut codes: Vec<Code> = self
            .codes
            .iter()
            .map(|((set, code), (count, words))| Code {
                set: (*set).to_owned(),
                code: self.shown(code).filter(|code| is_code(code, *count)).unwrap_or_default(),
                count: *count,
                words: (*words).to_owned(),
            })
            .collect();
        codes.sort_by(|left, right| right.count.cmp(&left.count).then_with(|| left.code.cmp(&right.code)));
        codes.truncate(LISTED_MAX);
        codes
    }
}

/// Whether a text may be a code, and nothing of a patient that stands in its place: no day, no long number, and no word that is rare.
fn is_code(text: &str, count: u64) -> bool {
    let plain = (1..=CODE_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    plain && digits <= 5 && (digits > 0 || count >= RARE)
}

/// Why a code is not in force on a day; none where it is, or where no table knows.
fn fault(shelf: &Shelf, system: System, code: &str, day: i64) -> Option<&'static str> {
    match look(shelf, system, &code.replace('.', ""), day).verdict {
        Verdict::Unknown => Some("no table of its day has it"),
        Verdict::Retired { .. } => Some("it was retired before its day"),
        Verdict::NotYet { .. } => Some("it comes into force after its day"),
        Verdict::NotBillable => Some("a category: codes below it can be billed"),
        Verdict::Valid | Verdict::NotCovered => None,
    }
}

fn is_named(name: &PersonName) -> bool {
    !name.last.trim().is_empty()
}

/// Whether an update has an element of the visit.
fn of_visit(id: &str, update: &VisitUpdate) -> bool {
    let ClaimHeader { patient, coverages, .. } = &update.header;
    let header = &update.header;
    let rendering = |has: &dyn Fn(&Provider) -> bool| {
        let of_lines = update.charges.iter().filter_map(|charge| charge.line.providers.as_ref()?.rendering.as_ref());
        header.rendering.iter().chain(of_lines).any(has)
    };
    match id {
        "patient.name" => is_named(&patient.name) && !patient.name.first.trim().is_empty(),
        "patient.birth-date" => patient.birth_date.is_some(),
        "patient.sex" => patient.gender.is_some(),
        "patient.address" => {
            patient.address.as_ref().is_some_and(|address| !address.line1.is_empty() && !address.city.is_empty())
        }
        "patient.id" => !patient.ids.is_empty(),
        "payer.primary" => coverages.first().is_some_and(|coverage| {
            let payer = &coverage.payer;
            !payer.name.is_empty() || !payer.id.is_empty() || payer.local_ids.iter().any(|id| !id.is_empty())
        }),
        "payer.secondary" => coverages.len() > 1,
        "member-id" => coverages.first().is_some_and(|coverage| !coverage.subscriber.member_id.is_empty()),
        "group-number" => coverages.first().is_some_and(|coverage| !coverage.subscriber.group_number.is_empty()),
        "subscriber.name" => coverages.first().is_some_and(|coverage| is_named(&coverage.subscriber.name)),
        "filing-indicator" => coverages.first().is_some_and(|coverage| !coverage.filing_indicator.is_empty()),
        "authorization" => coverages.first().is_some_and(|coverage| coverage.prior_authorization.is_some()),
        "rendering.npi" => rendering(&|provider| provider.npi.as_deref().is_some_and(|npi| !npi.is_empty())),
        "rendering.name" => rendering(&|provider| is_named(&provider.name)),
        "referring" => header.referring.is_some(),
        "billing" => header.billing.as_ref().is_some_and(|billing| billing.npi.is_some()),
        "location" => !header.location.is_empty(),
        "place-of-service" => {
            let of_lines = update.charges.iter().any(|charge| !charge.line.place_of_service.is_empty());
            !header.place_of_service.is_empty() || of_lines
        }
        "diagnoses" => !header.diagnoses.is_empty(),
        "closed" => update.status == crate::claim::VisitStatus::Closed,
        _ => false,
    }
}

fn of_charge(id: &str, charge: &Charge) -> bool {
    let line = &charge.line;
    match id {
        "charge.id" => !charge.id.is_empty(),
        "service-date" => line.service_dates.start.year > 0,
        "procedure" => !line.procedure.code.is_empty(),
        "modifiers" => !line.procedure.modifiers.is_empty(),
        "units" => line.units.thousandths > 0,
        "charge" => line.charge != 0 || line.unit_charge.is_some_and(|price| price != 0),
        "pointers" => !line.diagnosis_pointers.is_empty(),
        "ndc" => line.drug.is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_consequence_is_a_finding_of_the_scrub() {
        for item in ITEMS {
            assert!(
                item.finding.is_empty() || crate::scrub::EDITS.iter().any(|edit| edit.id == item.finding),
                "{}",
                item.id
            );
            assert!(!item.finding.is_empty() || !item.without.is_empty(), "{} says nothing of its absence", item.id);
        }
    }

    #[test]
    fn a_day_a_long_number_and_a_rare_word_are_not_shown_as_codes() {
        for (text, count, shown) in [
            ("OV3", 1, true),
            ("M54.50", 1, true),
            ("NOSHOW", 3, true),
            ("VANCE", 1, false),
            ("01-14-1980", 9, false),
            ("01/14/1980", 9, false),
            ("555010099", 9, false),
            ("", 9, false),
        ] {
            assert_eq!(is_code(text, count), shown, "{text}");
        }
    }

    #[test]
    fn what_is_a_patients_somewhere_is_shown_nowhere() {
        let counted =
            Counted { private: BTreeSet::from(["ZQVANCE".to_owned(), "P77".to_owned()]), ..Counted::default() };
        for text in ["zqvance", "ZQVANCE, ORLA", " P77 "] {
            assert_eq!(counted.shown(text), None, "{text}");
        }
        assert_eq!(counted.shown(" Northfield Health "), Some("Northfield Health".to_owned()));
    }
}
