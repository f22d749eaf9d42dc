//! What is wrong with an entry, by the host's own means: the adapter that will read its rows, the practice profile, the
//! roster, every edit of the scrub and the payer's rule sets. Nothing is written.

use std::io::Cursor;
use std::sync::Arc;

use super::entry::{Entry, Problem, Texts, Weight};
use super::rows_text;
use crate::audit::demographics;
use crate::claim::{
    ChargeAction, Claim, ClaimInContext, Date, Document, DocumentEvent, Finding, Frequency, Outcome, Setup, Severity,
    VisitUpdate, destination, total_charge,
};
use crate::cli::reader::load_profile;
use crate::cli::{Failure, Global};
use crate::codes::shelf::Shelf;
use crate::codes::{Library, System};
use crate::config::Config;
use crate::intake::framing::{Framer, Framing, Item, Joins};
use crate::lifecycle::{ENTRY_ADAPTER, ENTRY_MAPPING, ENTRY_SOURCE, master_key, other_claims};
use crate::plugin::{Adapter, Checked, CodeTables, PluginHost, PluginHostConfig, Translated};
use crate::practice::{Profile, Requirement};
use crate::rules::{COMPONENT, RuleTable, Tables};
use crate::scrub::{self, Context, VisitDays};
use crate::store::visit::StoredEvent;
use crate::store::{PracticeStore, Store, StoreError, StoreResult};
use crate::visit::{Event, VisitProblem, complete_visit, event_digest, fold};

/// Looks at entries of one practice.
pub(super) struct Checker {
    practice: String,
    profile: Profile,
    codes: Arc<Shelf>,
    plugins: PluginHost,
    tables: Tables,
    adapter: Arc<Adapter>,
    setup: Setup,
    /// None before the first run: nobody is known, and nothing was charged.
    store: Option<PracticeStore>,
    as_of: Date,
}

/// What few entries need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// The days of a stay: inpatient places.
    pub(super) stay: bool,
    /// Where an ambulance went.
    pub(super) ride: bool,
    /// The payer's referral number.
    pub(super) referral: bool,
}

/// What the store says of an entry's charge ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// None of them is there.
    No,
    /// All of them are, with the same content.
    Yes,
}

impl Checker {
    /// Opens what is looked at. Beside a running `serve` too.
    pub(super) fn open(global: &Global, config: &Config, practice: &str) -> Result<Self, Failure> {
        let ids = || config.practice.iter().map(|known| known.id.as_str());
        let Some(configured) = config.practice.iter().find(|known| known.id == practice) else {
            let known: Vec<&str> = ids().collect();
            let near = crate::config::suggest(practice, ids());
            let words =
                format!("there is no practice `{practice}`{near}\nhint: the practices are {}", known.join(", "));
            return Err(Failure::missing(words));
        };
        let profile = load_profile(&configured.profile).map_err(Failure::config)?;
        let store = match Store::open_reader(&config.store.path, master_key(config)?) {
            Ok(store) => store.known_practice(practice)?,
            Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => None,
            Err(other) => return Err(other.into()),
        };
        let library = Arc::new(Library::open(&config.codes.folder));
        let of_plugins =
            PluginHostConfig { tables: Arc::clone(&library) as Arc<dyn CodeTables>, ..config.plugins.host() };
        let plugins = PluginHost::open(of_plugins).map_err(|error| Failure::internal(error.to_string()))?;
        let adapter = plugins.adapter(ENTRY_ADAPTER).ok_or_else(|| {
            Failure::config(format!(
                "plugin `{ENTRY_ADAPTER}`, which reads what is keyed, is not active; see `plugin list`"
            ))
        })?;
        Ok(Self {
            practice: practice.to_owned(),
            profile,
            codes: library.shelf(),
            plugins,
            tables: Tables::look_at(&config.rules.folder),
            adapter,
            setup: Setup { settings: Vec::new(), mapping: ENTRY_MAPPING.to_owned() },
            store,
            as_of: global.today(),
        })
    }

    /// Everything that is wrong with a whole entry, worst first.
    pub(super) fn look(&self, entry: &Entry) -> Result<Vec<Problem>, Failure> {
        let updates = match self.translate(entry)? {
            Ok(updates) => updates,
            Err(problems) => return Ok(problems),
        };
        let mut problems = self.of_claim(entry, updates, true)?;
        problems.sort_by_key(|problem| std::cmp::Reverse(problem.weight));
        Ok(problems)
    }

    /// What is wrong with one field of an entry that is still being keyed. Fields that are empty so far are no problem.
    pub(super) fn look_at(&self, entry: &Entry, field: &str) -> Result<Vec<Problem>, Failure> {
        let mut so_far = entry.clone();
        if so_far.charges.is_empty() {
            // A line, so that the day of service is known; what is found about it is not told.
            so_far.charges.push(provisional(&so_far.visit));
        }
        let mut problems = match self.translate(&so_far)? {
            Ok(updates) => self.of_claim(entry, updates, false)?,
            Err(problems) => problems,
        };
        let blank = |rule: &str| rule.ends_with(".missing") || rule.ends_with(".undelivered");
        problems.retain(|problem| asked_with(&problem.field, field) && !blank(&problem.rule));
        Ok(problems)
    }

    /// What the entry's place and payer need beside what every entry has, as far as both are known.
    pub(super) fn needs(&self, visit: &Texts) -> Needs {
        let said = |key: &str| visit.get(key).map(String::as_str).filter(|text| !text.is_empty());
        let of_location = || Some(self.profile.location_by(said("location")?)?.place_of_service.as_str());
        let place = said("place_of_service").or_else(of_location).unwrap_or_default();
        let payer = self.profile.payer_by(said("payer"));
        Needs {
            stay: matches!(place, "21" | "51" | "61"),
            ride: matches!(place, "41" | "42"),
            referral: payer.is_some_and(|payer| payer.requires.contains(&Requirement::ReferralNumber)),
        }
    }

    /// Whether the store has these charges.
    pub(super) fn known(&self, entry: &Entry) -> Result<Result<Known, Problem>, Failure> {
        let Ok(updates) = self.translate(entry)? else { return Ok(Ok(Known::No)) };
        if updates.is_empty() {
            return Ok(Ok(Known::No));
        }
        let stored = self.stored(entry)?;
        let mut same = 0;
        for (at, update) in updates.iter().enumerate() {
            let digest = event_digest(update);
            if stored.iter().any(|event| event.digest == digest) {
                same += 1;
                continue;
            }
            let of_id = |event: &StoredEvent| update.charges.iter().any(|charge| tells_of(event, &charge.id));
            let corrects = entry
                .charges
                .get(at)
                .and_then(|charge| charge.get("action"))
                .is_some_and(|word| word != "new" && !word.is_empty());
            if !corrects && stored.iter().any(of_id) {
                return Ok(Err(Problem {
                    field: format!("charges[{at}].charge_id"),
                    rule: "entry.id-used".to_owned(),
                    weight: Weight::Refuse,
                    words: "this visit has a charge with this id that says something else. To correct it, key it with action \
                            replace; for another service, use another id"
                        .to_owned(),
                }));
            }
        }
        Ok(Ok(if same == updates.len() { Known::Yes } else { Known::No }))
    }

    /// What was keyed for the visit before.
    fn stored(&self, entry: &Entry) -> Result<Vec<StoredEvent>, Failure> {
        let Some(store) = &self.store else { return Ok(Vec::new()) };
        let events = store.read(|tx| -> StoreResult<_> {
            match tx.find_visit(&[ENTRY_SOURCE.to_owned()], entry.number())? {
                Some(visit_id) => tx.events(visit_id),
                None => Ok(Vec::new()),
            }
        })?;
        Ok(events)
    }

    /// The number that puts a correction behind everything that was keyed for the visit before.
    pub(super) fn next_sequence(&self, entry: &Entry) -> Result<u64, Failure> {
        let stored = self.stored(entry)?;
        let last = stored.iter().filter_map(|event| event.update.order.sequence).max().unwrap_or(0);
        Ok(last.saturating_add(1))
    }

    /// The rows as the adapter will read them.
    fn translate(&self, entry: &Entry) -> Result<Result<Vec<VisitUpdate>, Vec<Problem>>, Failure> {
        let text = rows_text(&entry.rows(None));
        let framing =
            |error: &dyn std::fmt::Display| Failure::internal(format!("an entry's rows cannot be cut: {error}"));
        let framer = Framer::open(
            Framing::Delimited,
            self.adapter.manifest().formats.first().map_or("", String::as_str),
            &self.setup.mapping,
            Joins::default(),
            Cursor::new(text.into_bytes()),
        )
        .map_err(|error| framing(&error))?;
        let mut documents = Vec::new();
        for item in framer {
            match item.map_err(|error| framing(&error))? {
                Item::Frame(frame) => documents.push(Document {
                    format: frame.format,
                    content: frame.content,
                    related: frame.related,
                    received: self.as_of,
                    ordinal: frame.ordinal,
                }),
                Item::Problem(problem) => return Err(framing(&problem.id)),
                Item::Gap(_) => {}
            }
        }
        let translated = self
            .adapter
            .translate(&self.practice, &self.setup, &documents)
            .map_err(|error| Failure::internal(error.to_string()))?;
        let (mut updates, mut problems) = (Vec::new(), Vec::new());
        for (at, outcome) in translated.into_iter().enumerate() {
            match outcome {
                Translated::Outcome(Outcome::Events(events)) => {
                    updates.extend(events.into_iter().filter_map(|event| match event {
                        DocumentEvent::Visit(update) => Some(update),
                        DocumentEvent::Expected(_) => None,
                    }));
                }
                Translated::Outcome(Outcome::Ignored(_)) => {}
                Translated::Outcome(Outcome::Rejected(rejected)) => {
                    problems.extend(rejected.into_iter().map(|problem| {
                        let column = problem.at.path.split("column ").nth(1).unwrap_or_default();
                        Problem {
                            field: by_column(column, at),
                            rule: problem.id,
                            weight: Weight::Refuse,
                            words: format!("found {}, expected {}", problem.found, problem.expected),
                        }
                    }))
                }
                Translated::Parked(fault) => return Err(Failure::internal(fault.to_string())),
            }
        }
        Ok(if problems.is_empty() { Ok(updates) } else { Err(problems) })
    }

    /// The findings on the claim that these updates make. `rules`: the payer's rule sets too.
    fn of_claim(&self, entry: &Entry, updates: Vec<VisitUpdate>, rules: bool) -> Result<Vec<Problem>, Failure> {
        let stored = self.stored(entry)?;
        let mut corrections =
            updates.iter().flat_map(|update| &update.charges).filter(|charge| charge.action != ChargeAction::New);
        let corrects_known = corrections.all(|charge| stored.iter().any(|event| tells_of(event, &charge.id)));
        let events: Vec<Event> =
            (0..).zip(updates).map(|(at, update)| Event::new(format!("row {at}"), update, false)).collect();
        let mut visit = fold(&events);
        let completed = complete_visit(&mut visit, &self.profile);
        let hold = |field: &str, rule: &str, words: &str| Problem {
            field: of_place(None, field),
            rule: rule.to_owned(),
            weight: Weight::Hold,
            words: words.to_owned(),
        };
        // The entry is looked at without what was keyed before, and a correction of that is none of the unknown.
        let unmatched = |found: &VisitProblem| found.is_unmatched_replacement() || found.is_unmatched_reversal();
        let found = visit.problems.iter().filter(|found| !(corrects_known && unmatched(found)));
        let mut problems: Vec<Problem> = found.map(|found| hold(&found.at, &found.id, &found.words)).collect();
        problems.extend(completed.iter().map(|found| hold(&found.field, &found.id, &found.words)));
        let (said, lines): (Vec<_>, Vec<_>) = visit.charges.into_iter().map(|charge| (charge.key, charge.line)).unzip();
        let claim = Claim {
            control_number: String::new(),
            frequency: Frequency::Original,
            payer_control_number: None,
            destination: 0,
            total_charge: total_charge(&lines).unwrap_or(i64::MAX),
            header: visit.header,
            lines,
        };
        let unchecked: Vec<Problem> = not_looked_up(&claim, &self.codes);
        let (known, (earlier, alike)) = match &self.store {
            Some(store) => store.read(|tx| -> StoreResult<_> {
                let visit = tx.find_visit(&[ENTRY_SOURCE.to_owned()], entry.number())?;
                Ok((demographics::people_of(tx, &claim)?, other_claims(tx, &claim, visit, &said)?))
            })?,
            None => Default::default(),
        };
        let (profile, codes) = (&self.profile, &self.codes);
        let visit = VisitDays { heard: Some(self.as_of), booked: None };
        let (as_of, known, earlier, alike) = (self.as_of, known.as_slice(), earlier.as_slice(), alike.as_slice());
        #[rustfmt::skip] // one row
        let context = Context { as_of, profile, earlier, siblings: &[], codes, known, alike, visit, cover: None, undelivered: &[] };
        let mut findings = scrub::scrub(&claim, &context);
        if rules {
            findings.extend(self.rules(claim));
        }
        problems.extend(findings.into_iter().map(of_finding));
        problems.extend(unchecked);
        // Of header and line alike, where one datum is both.
        let mut seen = Vec::new();
        problems.retain(|problem| {
            let is_new = !seen.contains(problem);
            seen.push(problem.clone());
            is_new
        });
        Ok(problems)
    }

    /// Findings of the rule sets that look at this payer's claims. One that is missing holds, as it would hold the claim.
    fn rules(&self, claim: Claim) -> Vec<Finding> {
        let payer = destination(&claim).map(|coverage| coverage.payer.id.clone()).unwrap_or_default();
        let payer = self.profile.payer.iter().find(|known| known.id == payer);
        let sets: Vec<&String> = self.profile.rules.iter().chain(payer.iter().flat_map(|payer| &payer.rules)).collect();
        let tables = self.tables.active();
        let tables: Vec<_> = tables.iter().filter(|table| table.is_for(&self.practice, &claim, self.as_of)).collect();
        let context = [ClaimInContext { claim, as_of: self.as_of, earlier: Vec::new() }];
        let mut findings = Vec::new();
        let mut take = |what: String, checked: Option<Result<Vec<Checked>, String>>| match checked {
            None => findings.push(unchecked(&what, "is not loaded")),
            Some(Err(why)) => findings.push(unchecked(&what, &format!("{why}. Until then this claim is not checked"))),
            Some(Ok(checked)) => {
                for checked in checked {
                    match checked {
                        Checked::Findings(found) => findings.extend(found),
                        Checked::NotEvaluated(fault) => {
                            findings.push(unchecked(&what, &format!("could not be evaluated: {fault}")))
                        }
                    }
                }
            }
        };
        for set in sets {
            let setup = self.profile.rule_setup(set);
            let rules = self.plugins.rules(set);
            let table = rules.as_ref().and_then(|rules| rules.table_with(&setup));
            let is_for = |table: &RuleTable, one: &ClaimInContext| table.is_for(&self.practice, &one.claim, self.as_of);
            if table.as_ref().is_some_and(|table| !context.iter().any(|one| is_for(table, one))) {
                continue;
            }
            let checked = rules.map(|rules| match rules.withheld(table.as_deref()) {
                Some(why) => Err(why),
                None => Ok(rules.check(&self.practice, &setup, &context)),
            });
            take(format!("Rule set `{set}`"), checked);
        }
        for table in tables {
            let rules = self.plugins.rules(COMPONENT);
            let checked = rules.map(|rules| match rules.withheld(Some(table)) {
                Some(why) => Err(why),
                None => Ok(rules.check_declared(&self.practice, &table.setup(), &context, &table.rules)),
            });
            take(format!("Rule table `{}`", table.header().id), checked);
        }
        findings
    }
}

/// What nobody could look at holds, as it would hold the claim.
fn unchecked(what: &str, why: &str) -> Finding {
    Finding {
        rule: "rules.not-evaluated".to_owned(),
        severity: Severity::Hold,
        at: crate::claim::ClaimPlace { line: None, field: "claim".to_owned() },
        words: format!("{what} {why}."),
        fix: None,
    }
}

/// CPT numbers where no list of them is loaded: they were not looked up, which must not look like a check that was passed. (Where
/// lists are loaded and none knows the day, `code.not-covered` says so.)
fn not_looked_up(claim: &Claim, codes: &Shelf) -> Vec<Problem> {
    if !codes.tables(System::Cpt.name()).is_empty() {
        return Vec::new();
    }
    let of_cpt = claim.lines.iter().enumerate().filter(|(_, line)| System::Cpt.fits(&line.procedure.code));
    let problem = |(at, line): (usize, &crate::claim::ServiceLine)| Problem {
        field: format!("charges[{at}].procedure"),
        rule: "entry.code-not-checked".to_owned(),
        weight: Weight::Warn,
        words: format!(
            "{} was not looked up: no list of CPT numbers is loaded, so nothing says whether it exists on that day. Import one with `claimhost codes import` ({}).",
            line.procedure.code,
            System::Cpt.published_as()
        ),
    };
    of_cpt.map(problem).collect()
}

/// A service of the entry's day.
fn provisional(visit: &Texts) -> Texts {
    let day = visit.get("service_date").cloned().unwrap_or_default();
    let pairs = [("charge_id", "0"), ("procedure", "99499"), ("units", "1"), ("charge", "1.00")];
    let mut charge: Texts = pairs.into_iter().map(|(key, text)| (key, text.to_owned())).collect();
    if day.is_empty() {
        charge.clear();
    } else {
        charge.insert("service_date", day);
    }
    charge
}

fn of_finding(finding: Finding) -> Problem {
    let weight = match finding.severity {
        Severity::Reject => Weight::Refuse,
        Severity::Hold => Weight::Hold,
        Severity::Warn | Severity::Info => Weight::Warn,
    };
    let line = finding.at.line.map(|line| usize::from(line).saturating_sub(1));
    let field = match (finding.rule.as_str(), line) {
        ("anesthesia.minutes.missing", Some(at)) => format!("charges[{at}].minutes"),
        _ => of_place(line, &finding.at.field),
    };
    Problem { field, rule: finding.rule, weight, words: finding.words }
}

/// The entry's field that a place in the claim speaks of; empty where it speaks of the whole.
fn of_place(line: Option<usize>, place: &str) -> String {
    let place = place.replace('_', "-");
    let has = |part: &str| place.contains(part);
    // Of parts of one place the narrower stands first.
    let of_line = [
        ("modifier", "modifiers"),
        ("ndc", "ndc"),
        ("drug", "ndc"),
        ("pointer", "pointers"),
        ("procedure", "procedure"),
        ("unit", "units"),
        ("service-date", "service_date"),
        ("charge", "charge"),
    ];
    let of_visit = [
        ("extras.dates", "admission_date"),
        ("extras.ambulance.pickup", "pickup_address1"),
        ("referral", "referral"),
        ("subscriber.member", "member_id"),
        ("member", "member_id"),
        ("group", "group_number"),
        ("authorization", "authorization"),
        ("relationship", "relationship"),
        ("subscriber.birth", "subscriber_birth_date"),
        ("subscriber.gender", "subscriber_gender"),
        ("subscriber", "subscriber_last"),
        ("coverages", "payer"),
        ("birth", "patient_birth_date"),
        ("gender", "patient_gender"),
        ("address", "patient_address1"),
        ("patient.ids", "patient_mrn"),
        ("patient", "patient_last"),
        ("rendering", "rendering"),
        ("referring", "referring_npi"),
        ("place-of-service", "place_of_service"),
        ("location", "location"),
        ("facility", "location"),
        ("diagnos", "diagnoses"),
    ];
    let key = |table: &[(&str, &'static str)]| table.iter().find(|(part, _)| has(part)).map(|(_, key)| *key);
    match line {
        Some(at) => match key(&of_line) {
            Some(key) => format!("charges[{at}].{key}"),
            None => key(&of_visit).map_or_else(|| format!("charges[{at}]"), str::to_owned),
        },
        None => key(&of_visit).or_else(|| key(&of_line).map(|_| "charges")).unwrap_or_default().to_owned(),
    }
}

/// The entry's field that is written to a column.
fn by_column(column: &str, row: usize) -> String {
    let named = |fields: &'static [super::field::Field]| fields.iter().find(|field| field.column == column);
    if let Some(field) = named(super::field::VISIT) {
        return field.key.to_owned();
    }
    match named(super::field::CHARGE) {
        Some(field) => format!("charges[{row}].{}", field.key),
        None if column.starts_with("Dx") => "diagnoses".to_owned(),
        None if column.starts_with("Mod") => format!("charges[{row}].modifiers"),
        None if column.starts_with("Rendering") => "rendering".to_owned(),
        None => format!("charges[{row}]"),
    }
}

/// Whether a problem with `found` is told when `field` has been keyed: where several fields are compared together, after the
/// last of them.
fn asked_with(found: &str, field: &str) -> bool {
    let when = match found {
        "patient_last" => "patient_middle",
        "patient_address1" => "patient_postal_code",
        // Who is meant is known by then.
        "patient_mrn" => "member_id",
        "relationship" => "relationship",
        "subscriber_last" => "subscriber_first",
        other => other,
    };
    when == field
        || found == field && !matches!(found, "patient_last" | "patient_address1" | "patient_mrn" | "subscriber_last")
}

/// Whether what was keyed before has a charge of this id.
fn tells_of(event: &StoredEvent, id: &str) -> bool {
    event.update.charges.iter().any(|charge| charge.id == id)
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
