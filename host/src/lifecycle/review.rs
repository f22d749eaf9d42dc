//! Looks at claims before they may leave: the host's own edits, then the payer's rule sets, with the patient's earlier lines.
//!
//! Rules fail closed: a rule set that is missing or cannot be evaluated holds its claims.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::audit::demographics::{Known, keys_of_claim};
use crate::claim::{
    Claim, ClaimInContext, ClaimPlace, EarlierLine, Finding, Severity, day_number, destination, rendering, service_span,
};
use crate::plugin::{Checked, RuleSet};
use crate::practice::{Payer, Route};
use crate::scrub::{self, EarlierClaim};
use crate::store::claim::{Looked, StoredFinding, VersionBody};
use crate::store::{StoreResult, Tx};
use crate::visit::{Verdict, same_person};

use super::host::{Host, Practice};
use super::{ClaimState, HostError, VersionState, fixes};

/// Days that the host itself looks back: for repeats of a service, and for another person under the same id.
const OWN_LOOK_BACK_DAYS: i64 = 400;

/// A claim to look at.
pub(super) struct Candidate {
    pub(super) claim: Claim,
    /// The lineage, where it has one: it is no duplicate of itself.
    pub(super) claim_id: Option<u64>,
    /// The visit, whose other claims are no duplicates either.
    pub(super) visit_id: Option<u64>,
    pub(super) patient: [u8; 32],
    /// Elements that no interface of the visit has a place for.
    pub(super) undelivered: Vec<String>,
    /// What is known already (problems of the visit), and then everything found.
    pub(super) findings: Vec<StoredFinding>,
    /// Rules whose fixes were applied, with the digest that proposed them.
    pub(super) fixed: Vec<(String, String)>,
    /// Who looked at it.
    pub(super) looked: Vec<Looked>,
    pub(super) state: VersionState,
    /// People of roster and eligibility answers with a key of the claim's patient.
    people: Vec<Known>,
}

impl Candidate {
    pub(super) fn new(claim: Claim, claim_id: Option<u64>, patient: [u8; 32]) -> Self {
        let (undelivered, findings, fixed, looked, people) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let state = VersionState::Held;
        Self { claim, claim_id, visit_id: None, patient, undelivered, findings, fixed, looked, state, people }
    }

    /// Digests of the rule sets that looked, for the history.
    pub(super) fn rule_digests(&self) -> String {
        let sets = self.looked.iter().filter(|looked| !looked.rule_set.is_empty());
        sets.map(|looked| looked.digest.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// A finding that holds, from the host itself.
pub(super) fn hold(rule: &str, field: &str, words: &str) -> StoredFinding {
    let at = ClaimPlace { line: None, field: field.to_owned() };
    let finding = Finding { rule: rule.to_owned(), severity: Severity::Hold, at, words: words.to_owned(), fix: None };
    StoredFinding { finding, plugin_digest: String::new() }
}

/// Looks at every candidate; sets findings and state.
pub(super) fn review(host: &Host, practice: &Practice, candidates: &mut [Candidate]) -> Result<(), HostError> {
    let known: Vec<Vec<StoredFinding>> = candidates.iter().map(|candidate| candidate.findings.clone()).collect();
    let earlier = look_back(host, practice, candidates)?;
    let people = known_people(practice, candidates)?;
    for (candidate, people) in candidates.iter_mut().zip(people) {
        candidate.people = people;
    }
    let all: Vec<usize> = (0..candidates.len()).collect();
    look(host, practice, candidates, &earlier, &all);
    let mut again = Vec::new();
    for (at, candidate) in candidates.iter_mut().enumerate() {
        if apply_fixes(practice, candidate) {
            candidate.findings = known.get(at).cloned().unwrap_or_default();
            again.push(at);
        }
    }
    look(host, practice, candidates, &earlier, &again);
    for candidate in candidates {
        let payer = destination(&candidate.claim).and_then(|coverage| payer_of(practice, &coverage.payer.id));
        candidate.state = if candidate.findings.iter().any(|stored| holds(stored.finding.severity)) {
            VersionState::Held
        } else if payer.is_some_and(|payer| payer.route == Route::ViaEhr) {
            VersionState::ViaEhr
        } else {
            VersionState::Ready
        };
    }
    Ok(())
}

fn holds(severity: Severity) -> bool {
    matches!(severity, Severity::Reject | Severity::Hold)
}

fn payer_of<'a>(practice: &'a Practice, id: &str) -> Option<&'a Payer> {
    practice.profile.payer.iter().find(|payer| payer.id == id)
}

/// Applies the fixes that policy allows. True where the claim changed.
fn apply_fixes(practice: &Practice, candidate: &mut Candidate) -> bool {
    let allowed = &practice.profile.apply_fixes;
    let mut changed = false;
    for stored in &candidate.findings {
        if let Some(fix) = stored.finding.fix.as_ref().filter(|_| allowed.contains(&stored.finding.rule))
            && fixes::apply(&mut candidate.claim, fix)
        {
            candidate.fixed.push((stored.finding.rule.clone(), stored.plugin_digest.clone()));
            changed = true;
        }
    }
    changed
}

fn look(host: &Host, practice: &Practice, candidates: &mut [Candidate], earlier: &[Vec<Earlier>], which: &[usize]) {
    let mut by_set: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for &at in which {
        let (Some(candidate), Some(earlier)) = (candidates.get_mut(at), earlier.get(at)) else { continue };
        let own: Vec<EarlierClaim> = earlier.iter().map(Earlier::as_scrub).collect();
        // A second look, after fixes, takes the place of the first.
        candidate.looked.clear();
        candidate.looked.push(Looked { rule_set: String::new(), digest: env!("CARGO_PKG_VERSION").to_owned() });
        let (profile, known) = (&practice.profile, candidate.people.as_slice());
        let context = scrub::Context { as_of: host.as_of(), profile, earlier: &own, codes: &*host.codes, known };
        let mut found = scrub::scrub(&candidate.claim, &context);
        scrub::undelivered::explain(&mut found, &candidate.undelivered);
        for finding in found {
            let same = |stored: &StoredFinding| stored.finding.rule == finding.rule && stored.finding.at == finding.at;
            if !candidate.findings.iter().any(same) {
                candidate.findings.push(StoredFinding { finding, plugin_digest: String::new() });
            }
        }
        let person = &candidate.claim.header.patient;
        let other = |earlier: &&Earlier| same_person(person, &earlier.claim.header.patient) == Verdict::Conflict;
        if let Some(other) = earlier.iter().find(other) {
            let words = format!(
                "Claim {} has another person under the same patient id. Find out whose id it is; both may be wrong.",
                other.claim.control_number
            );
            candidate.findings.push(hold("patient.identity-conflict", "header.patient.ids", &words));
        }
        let payer = destination(&candidate.claim).and_then(|coverage| payer_of(practice, &coverage.payer.id));
        let sets = practice.profile.rules.iter().chain(payer.iter().flat_map(|payer| &payer.rules));
        for set in sets {
            let members = by_set.entry(set.clone()).or_default();
            if members.last() != Some(&at) {
                members.push(at);
            }
        }
    }
    for (set, members) in by_set {
        match host.plugins.rules(&set) {
            Some(rules) => ask(host, practice, &rules, candidates, earlier, &members),
            None => {
                for at in members {
                    if let Some(candidate) = candidates.get_mut(at) {
                        let words = format!(
                            "Rule set `{set}` is not loaded, so this claim is not checked. Install it, or take it off the profile."
                        );
                        candidate.findings.push(hold("rules.not-evaluated", "claim", &words));
                    }
                }
            }
        }
    }
}

fn ask(
    host: &Host,
    practice: &Practice,
    rules: &Arc<RuleSet>,
    candidates: &mut [Candidate],
    earlier: &[Vec<Earlier>],
    members: &[usize],
) {
    let from = i64::from(rules.look_back_days());
    let contexts: Vec<ClaimInContext> = members
        .iter()
        .filter_map(|at| Some((candidates.get(*at)?, earlier.get(*at)?)))
        .map(|(candidate, earlier)| {
            let first = service_span(&candidate.claim.lines).map_or(i64::MAX, |span| day_number(span.start));
            let seen =
                |line: &&EarlierLine| from > 0 && day_number(line.service_dates.start) >= first.saturating_sub(from);
            let lines = earlier.iter().flat_map(|claim| &claim.lines).filter(seen).cloned().collect();
            ClaimInContext { claim: candidate.claim.clone(), as_of: host.as_of(), earlier: lines }
        })
        .collect();
    let setup = practice.profile.rule_setup(rules.id());
    let answers = rules.check(practice.store.id(), &setup, &contexts);
    for (at, answer) in members.iter().zip(answers) {
        let Some(candidate) = candidates.get_mut(*at) else { continue };
        match answer {
            Checked::Findings(findings) => {
                candidate.looked.push(Looked { rule_set: rules.id().to_owned(), digest: rules.digest().to_owned() });
                candidate.findings.extend(
                    findings
                        .into_iter()
                        .map(|finding| StoredFinding { finding, plugin_digest: rules.digest().to_owned() }),
                );
            }
            Checked::NotEvaluated(fault) => {
                let words =
                    format!("Rule set `{}` could not be evaluated: {fault}. The claim waits until it can.", rules.id());
                let mut finding = hold("rules.not-evaluated", "claim", &words);
                rules.digest().clone_into(&mut finding.plugin_digest);
                candidate.findings.push(finding);
            }
        }
    }
}

/// One claim of the patient, as the store has it.
struct Billed {
    claim_id: u64,
    visit_id: u64,
    service_from: i64,
    body: VersionBody,
    live: bool,
}

/// One earlier claim of the same patient.
struct Earlier {
    claim: Claim,
    live: bool,
    lines: Vec<EarlierLine>,
}

impl Earlier {
    fn as_scrub(&self) -> EarlierClaim {
        EarlierClaim::of(&self.claim, self.live)
    }
}

/// For each candidate, the patient's other claims in the widest window that anybody asks for, newest first.
fn look_back(host: &Host, practice: &Practice, candidates: &[Candidate]) -> Result<Vec<Vec<Earlier>>, HostError> {
    let sets = practice.profile.rules.iter().chain(practice.profile.payer.iter().flat_map(|payer| &payer.rules));
    let days = sets.filter_map(|set| host.plugins.rules(set)).map(|rules| i64::from(rules.look_back_days())).max();
    let days = days.unwrap_or(0).max(OWN_LOOK_BACK_DAYS);
    Ok(practice.store.read(|tx| -> StoreResult<_> {
        let mut known: HashMap<[u8; 32], Vec<Billed>> = HashMap::new();
        let mut out = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let Some(span) = service_span(&candidate.claim.lines) else {
                out.push(Vec::new());
                continue;
            };
            let from = day_number(span.start) - days;
            let claims = match known.entry(candidate.patient) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(empty) => {
                    empty.insert(claims_of(tx, &candidate.patient, from)?)
                }
            };
            let other = |claim: &&Billed| {
                Some(claim.claim_id) != candidate.claim_id
                    && Some(claim.visit_id) != candidate.visit_id
                    && claim.service_from >= from
            };
            out.push(claims.iter().filter(other).map(|claim| earlier(&claim.body, claim.live)).collect());
        }
        Ok(out)
    })?)
}

/// For each candidate, the known people with one of its keys. Without a roster nobody is looked up.
fn known_people(practice: &Practice, candidates: &[Candidate]) -> Result<Vec<Vec<Known>>, HostError> {
    Ok(practice.store.read(|tx| -> StoreResult<_> {
        if tx.known_people_count()? == 0 {
            return Ok(vec![Vec::new(); candidates.len()]);
        }
        candidates
            .iter()
            .map(|candidate| {
                let keys = keys_of_claim(&candidate.claim);
                let keys: Vec<[u8; 32]> = keys.iter().map(|key| tx.lookup("person", &[key.as_bytes()])).collect();
                tx.known_people(&keys)
            })
            .collect()
    })?)
}

fn claims_of(tx: &Tx<'_>, patient: &[u8; 32], from: i64) -> StoreResult<Vec<Billed>> {
    let mut claims = Vec::new();
    for row in tx.claims_of_patient(patient, from)? {
        let body = tx.version_body(row.claim_id, row.live_version)?;
        // A held claim is no reason to hold another: only what has left, or may leave, counts.
        let live = row.billed_cents > 0 && row.state != ClaimState::Held.as_str();
        claims.push(Billed {
            claim_id: row.claim_id,
            visit_id: row.visit_id,
            service_from: row.service_from,
            body,
            live,
        });
    }
    Ok(claims)
}

fn earlier(body: &VersionBody, live: bool) -> Earlier {
    let header = &body.claim.header;
    let lines = body.claim.lines.iter().filter(|_| live).map(|line| EarlierLine {
        claim_id: body.claim.control_number.clone(),
        service_dates: line.service_dates,
        procedure: line.procedure.clone(),
        units: line.units,
        charge: line.charge,
        rendering_npi: rendering(header, line).and_then(|provider| provider.npi.clone()).unwrap_or_default(),
        diagnoses: header.diagnoses.iter().map(|diagnosis| diagnosis.code.clone()).collect(),
    });
    Earlier { claim: body.claim.clone(), live, lines: lines.collect() }
}
