//! Looks at claims before they may leave: the host's own edits, then the payer's rule sets, with the patient's earlier lines.
//!
//! Rules fail closed: a rule set that is missing or cannot be evaluated holds its claims.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::audit::demographics::{Known, member_key, people_of};
use crate::claim::{
    Claim, ClaimInContext, ClaimPlace, Date, Finding, Frequency, Severity, destination, iso, service_span,
};
use crate::eligibility::{Cover, Question};
use crate::plugin::{Checked, RuleSet};
use crate::practice::{Payer, Route};
use crate::rules::{self, RuleTable, TableRef};
use crate::scrub::{self, EarlierClaim, VisitDays};
use crate::store::claim::{AppliedFix, ClaimKey, Looked};
use crate::store::finding::StoredFinding;
use crate::store::{StoreResult, Tx};
use crate::visit::{ChargeKey, Verdict, no_claim, same_person};

use super::earlier::{Earlier, Window, lines_in, look_back, seen_claims};
use super::host::{Host, Practice};
use super::{ClaimState, HostError, VersionState, fixes, inquire, upcoming};

/// Claims of other records that are compared at most: more share a birth date, a day and a total by chance only.
const ALIKE_MAX: usize = 16;

/// A claim to look at.
pub(super) struct Candidate {
    pub(super) claim: Claim,
    /// The lineage, where it has one: it is no duplicate of itself.
    pub(super) claim_id: Option<u64>,
    /// The visit, whose other claims are no duplicates either.
    pub(super) visit_id: Option<u64>,
    /// What has left of the visit's other claims, and stands.
    pub(super) beside: Vec<EarlierClaim>,
    /// What has left of its own lineage, and stands until this takes its place.
    pub(super) stands: Option<EarlierClaim>,
    /// Charges of its lines.
    pub(super) takes: Vec<ChargeKey>,
    /// Charges of what has left of its own lineage, and stands until this takes its place.
    pub(super) gives_up: Vec<ChargeKey>,
    /// It is looked at with the other claims of its visit.
    pub(super) has_siblings: bool,
    pub(super) patient: [u8; 32],
    /// Elements that no interface of the visit has a place for.
    pub(super) undelivered: Vec<String>,
    /// What is known already (problems of the visit), and then everything found.
    pub(super) findings: Vec<StoredFinding>,
    /// What fixes have changed.
    pub(super) fixed: Vec<AppliedFix>,
    /// Who looked at it.
    pub(super) looked: Vec<Looked>,
    pub(super) state: VersionState,
    /// The state is no longer the one before anybody looked.
    is_decided: bool,
    /// What is known of the visit's days.
    pub(super) days: VisitDays,
    /// People of roster and eligibility answers with a key of the claim's patient.
    people: Vec<Known>,
    /// Claims of other patient records that may be the same person's.
    alike: Vec<EarlierClaim>,
    /// What is known of the patient's cover; none where the payer is not asked.
    cover: Option<Cover>,
    /// What there is to ask about it.
    pub(super) question: Option<Question>,
    /// Nobody has asked it yet.
    pub(super) is_unasked: bool,
    /// It corrects what we have sent: it leaves as that did, whoever sends the payer's claims now.
    pub(super) of_ours: bool,
}

impl Candidate {
    pub(super) fn new(claim: Claim, claim_id: Option<u64>, patient: [u8; 32]) -> Self {
        let (undelivered, findings, fixed, looked, people) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (visit_id, state, days, alike) = (None, VersionState::Held, VisitDays::default(), Vec::new());
        let (cover, question, is_unasked, of_ours, has_siblings, is_decided, beside, stands) =
            (None, None, false, false, false, false, Vec::new(), None);
        let (takes, gives_up) = (Vec::new(), Vec::new());
        #[rustfmt::skip] // one row
        let candidate = Self { claim, claim_id, visit_id, beside, stands, takes, gives_up, has_siblings, patient, undelivered, findings, fixed, looked, state, is_decided, days, people, alike, cover, question, is_unasked, of_ours };
        candidate
    }

    /// Digests of the rule sets that looked, for the history.
    pub(super) fn rule_digests(&self) -> String {
        let sets = self.looked.iter().filter(|looked| !looked.rule_set.is_empty());
        let mut digests: Vec<&str> = Vec::new();
        for looked in sets {
            let table = looked.table.as_ref().map(|table| table.digest.as_str());
            for digest in [Some(looked.digest.as_str()), table].into_iter().flatten() {
                if !digests.contains(&digest) {
                    digests.push(digest);
                }
            }
        }
        digests.join(" ")
    }
}

/// Id of the finding that another person has the same patient id.
pub(super) const IDENTITY_CONFLICT: &str = "patient.identity-conflict";

/// A finding that holds, from the host itself.
pub(super) fn hold(rule: &str, field: &str, words: &str) -> StoredFinding {
    let at = ClaimPlace { line: None, field: field.to_owned() };
    let finding = Finding { rule: rule.to_owned(), severity: Severity::Hold, at, words: words.to_owned(), fix: None };
    StoredFinding::new(finding, "")
}

/// Looks at every candidate; sets findings and state.
pub(super) fn review(host: &Host, practice: &Practice, candidates: &mut [Candidate]) -> Result<(), HostError> {
    let mut known: Vec<Vec<StoredFinding>> = candidates.iter().map(|candidate| candidate.findings.clone()).collect();
    let earlier = look_back(host, practice, candidates)?;
    let people = known_people(practice, candidates)?;
    let alike = claims_alike(practice, candidates)?;
    for ((candidate, people), alike) in candidates.iter_mut().zip(people).zip(alike) {
        candidate.people = people;
        candidate.alike = alike;
    }
    look_up_covers(host, practice, candidates)?;
    let all: Vec<usize> = (0..candidates.len()).collect();
    look(host, practice, candidates, &earlier, &all);
    let mut again = Vec::new();
    for (at, candidate) in candidates.iter_mut().enumerate() {
        if apply_fixes(practice, candidate)? {
            again.push(at);
        }
    }
    // What was changed stands beside the other claims of its visit.
    let changed: HashSet<u64> = again.iter().filter_map(|at| visit_of(candidates, *at)).collect();
    let beside: Vec<usize> = (0..candidates.len())
        .filter(|at| !again.contains(at))
        .filter(|at| visit_of(candidates, *at).is_some_and(|visit| changed.contains(&visit)))
        .collect();
    again.extend(beside);
    forget(candidates, &known, &again);
    // What the second look finds of a fix that was refused is told with the refusal, too.
    look(host, practice, candidates, &earlier, &again);
    for at in &again {
        if let Some(candidate) = candidates.get_mut(*at) {
            note_refused(practice, candidate)?;
        }
    }
    note_accepted(practice, candidates)?;
    set_states(practice, candidates);
    // What is held does not leave with the others, which are looked at again as long as that holds another one.
    let mut held_before = 0;
    loop {
        wait_for_corrections(candidates, &mut known);
        let is_held = |at: &usize| candidates.get(*at).is_some_and(|one| one.state == VersionState::Held);
        let (held, free): (Vec<usize>, Vec<usize>) = (0..candidates.len()).partition(is_held);
        let visits: HashSet<u64> = held.iter().filter_map(|at| visit_of(candidates, *at)).collect();
        let is_beside = |at: &usize| visit_of(candidates, *at).is_some_and(|visit| visits.contains(&visit));
        let free: Vec<usize> = free.into_iter().filter(is_beside).collect();
        if free.is_empty() || held.len() <= held_before {
            return Ok(());
        }
        held_before = held.len();
        forget(candidates, &known, &free);
        look(host, practice, candidates, &earlier, &free);
        for at in &free {
            if let Some(candidate) = candidates.get_mut(*at) {
                note_refused(practice, candidate)?;
            }
        }
        note_accepted(practice, candidates)?;
        set_states(practice, candidates);
    }
}

/// Id of the finding that a charge of a claim is still on another one at its payer.
pub(super) const WAITS: &str = "claim.waits-for-correction";

/// A charge leaves on another claim once what the payer has of it is taken back with it, and not before: it would be billed twice.
fn wait_for_corrections(candidates: &mut [Candidate], known: &mut [Vec<StoredFinding>]) {
    let mut standing: HashMap<(u64, ChargeKey), u64> = HashMap::new();
    for held in candidates.iter().filter(|candidate| candidate.state == VersionState::Held) {
        let (Some(visit_id), Some(claim_id)) = (held.visit_id, held.claim_id) else { continue };
        standing.extend(held.gives_up.iter().map(|key| ((visit_id, key.clone()), claim_id)));
    }
    if standing.is_empty() {
        return;
    }
    for (candidate, known) in candidates.iter_mut().zip(known) {
        let Some(visit_id) = candidate.visit_id else { continue };
        if candidate.state == VersionState::Held || candidate.claim.frequency == Frequency::Void {
            continue;
        }
        let taken = candidate.takes.iter().find_map(|key| standing.get(&(visit_id, key.clone())));
        if let Some(other) = taken.filter(|other| Some(**other) != candidate.claim_id) {
            let words = format!(
                "A charge of this claim is on claim {other}, which the payer has and whose correction is held: billed now, it \
                 would be billed twice. Mend what holds claim {other}."
            );
            let finding = hold(WAITS, "lines", &words);
            known.push(finding.clone());
            candidate.findings.push(finding);
            candidate.state = VersionState::Held;
        }
    }
}

/// The visit of a candidate that is looked at with its other claims.
fn visit_of(candidates: &[Candidate], at: usize) -> Option<u64> {
    candidates.get(at).filter(|candidate| candidate.has_siblings)?.visit_id
}

/// Takes findings back to what was known before anybody looked.
fn forget(candidates: &mut [Candidate], known: &[Vec<StoredFinding>], which: &[usize]) {
    for at in which {
        if let (Some(candidate), Some(known)) = (candidates.get_mut(*at), known.get(*at)) {
            candidate.findings.clone_from(known);
        }
    }
}

fn set_states(practice: &Practice, candidates: &mut [Candidate]) {
    for candidate in candidates {
        let payer = destination(&candidate.claim).and_then(|coverage| payer_of(practice, &coverage.payer.id));
        candidate.is_decided = true;
        candidate.state = if candidate.findings.iter().any(StoredFinding::holds) {
            VersionState::Held
        } else if !candidate.of_ours && payer.is_some_and(|payer| payer.route == Route::ViaEhr) {
            VersionState::ViaEhr
        } else {
            VersionState::Ready
        };
    }
}

/// Marks fixes that an operator has refused.
fn note_refused(practice: &Practice, candidate: &mut Candidate) -> Result<(), HostError> {
    let Some(visit_id) = candidate.visit_id else { return Ok(()) };
    Ok(practice.store.read(|tx| -> StoreResult<()> {
        let known = tx.acceptances(visit_id)?;
        for stored in candidate.findings.iter_mut().filter(|stored| stored.finding.fix.is_some()) {
            stored.fix_refused = tx.accepted(&known, &fixes::refusal(&stored.finding.rule)).cloned();
        }
        Ok(())
    })?)
}

/// Marks what an operator has accepted of each visit.
fn note_accepted(practice: &Practice, candidates: &mut [Candidate]) -> Result<(), HostError> {
    Ok(practice.store.read(|tx| -> StoreResult<()> {
        for candidate in candidates.iter_mut().filter(|candidate| candidate.findings.iter().any(StoredFinding::holds)) {
            let Some(visit_id) = candidate.visit_id else { continue };
            let known = tx.acceptances(visit_id)?;
            for stored in candidate.findings.iter_mut().filter(|stored| stored.finding.severity == Severity::Hold) {
                stored.accepted = tx.accepted(&known, &stored.finding).cloned();
            }
        }
        Ok(())
    })?)
}

fn payer_of<'a>(practice: &'a Practice, id: &str) -> Option<&'a Payer> {
    practice.profile.payer.iter().find(|payer| payer.id == id)
}

/// Applies the fixes that policy allows. True where the claim changed.
fn apply_fixes(practice: &Practice, candidate: &mut Candidate) -> Result<bool, HostError> {
    let allowed = &practice.profile.apply_fixes;
    let proposed = |stored: &StoredFinding| stored.finding.fix.is_some() && allowed.contains(&stored.finding.rule);
    if !candidate.findings.iter().any(proposed) {
        return Ok(false);
    }
    let refused = match candidate.visit_id {
        Some(visit_id) => practice.store.read(|tx| -> StoreResult<_> {
            let known = tx.acceptances(visit_id)?;
            let word = |stored: &StoredFinding| tx.accepted(&known, &fixes::refusal(&stored.finding.rule)).cloned();
            Ok(candidate.findings.iter().map(word).collect())
        })?,
        None => vec![None; candidate.findings.len()],
    };
    let mut changed = false;
    for (stored, refused) in candidate.findings.iter_mut().zip(refused) {
        let Some(fix) = stored.finding.fix.as_ref().filter(|_| allowed.contains(&stored.finding.rule)) else {
            continue;
        };
        if refused.is_some() {
            stored.fix_refused = refused;
            continue;
        }
        let Some(change) = fixes::apply(&mut candidate.claim, fix) else { continue };
        candidate.fixed.push(AppliedFix {
            rule: stored.finding.rule.clone(),
            digest: stored.plugin_digest.clone(),
            table: stored.table.clone(),
            line: change.line,
            field: change.field.to_owned(),
            before: change.before,
            after: change.after,
        });
        changed = true;
    }
    Ok(changed)
}

fn look(host: &Host, practice: &Practice, candidates: &mut [Candidate], earlier: &[Vec<Earlier>], which: &[usize]) {
    let mut by_set: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let tables = host.tables.active();
    let mut by_table: Vec<Vec<usize>> = vec![Vec::new(); tables.len()];
    let siblings: Vec<Vec<EarlierClaim>> = which.iter().map(|at| siblings(candidates, *at)).collect();
    for (&at, siblings) in which.iter().zip(&siblings) {
        let (Some(candidate), Some(earlier)) = (candidates.get_mut(at), earlier.get(at)) else { continue };
        let own: Vec<EarlierClaim> = earlier.iter().map(Earlier::as_scrub).collect();
        // A second look, after fixes, takes the place of the first.
        candidate.looked.clear();
        candidate.looked.push(Looked::new("", env!("CARGO_PKG_VERSION")));
        let (profile, known) = (&practice.profile, candidate.people.as_slice());
        let (alike, visit) = (candidate.alike.as_slice(), candidate.days);
        let (as_of, codes) = (host.as_of(), &*host.codes);
        let cover = candidate.cover.as_ref();
        let undelivered = candidate.undelivered.as_slice();
        #[rustfmt::skip] // one row
        let context = scrub::Context { as_of, profile, earlier: &own, siblings, codes, known, alike, visit, cover, undelivered };
        let mut found = scrub::scrub(&candidate.claim, &context);
        scrub::undelivered::explain(&mut found, &candidate.undelivered);
        for finding in found {
            if !candidate.findings.iter().any(|stored| is_one(&stored.finding, &finding)) {
                candidate.findings.push(StoredFinding::new(finding, ""));
            }
        }
        let person = &candidate.claim.header.patient;
        // Of two people neither is billed before somebody has looked. A correction of what has left is held only for what may
        // leave, or came before it.
        let counts = |earlier: &Earlier| {
            let came_before = candidate.visit_id.is_none_or(|own| earlier.visit_id < own);
            earlier.live || came_before || candidate.claim.frequency == Frequency::Original
        };
        let other = |earlier: &&Earlier| {
            counts(earlier) && same_person(person, &earlier.claim.header.patient) == Verdict::Conflict
        };
        if let Some(other) = earlier.iter().find(other) {
            let words = format!(
                "Claim {} has another person under the same patient id. Find out whose id it is; both may be wrong.",
                other.claim.control_number
            );
            candidate.findings.push(hold(IDENTITY_CONFLICT, "header.patient.ids", &words));
        }
        let payer = destination(&candidate.claim).and_then(|coverage| payer_of(practice, &coverage.payer.id));
        let sets = practice.profile.rules.iter().chain(payer.iter().flat_map(|payer| &payer.rules));
        for set in sets {
            let members = by_set.entry(set.clone()).or_default();
            if members.last() != Some(&at) {
                members.push(at);
            }
        }
        for (table, members) in tables.iter().zip(&mut by_table) {
            if table.is_for(practice.store.id(), &candidate.claim, host.as_of()) {
                members.push(at);
            }
        }
    }
    for (set, mut members) in by_set {
        match host.plugins.rules(&set) {
            Some(rules) => {
                let table = rules.table_with(&practice.profile.rule_setup(&set));
                if let Some(table) = &table {
                    let claim = |at: &usize| candidates.get(*at).map(|candidate| &candidate.claim);
                    let is_for = |claim| table.is_for(practice.store.id(), claim, host.as_of());
                    members.retain(|at| claim(at).is_some_and(is_for));
                }
                match rules.withheld(table.as_deref()) {
                    _ if members.is_empty() => {}
                    Some(why) => {
                        let words = format!("Rule set `{set}` {why}. Until then this claim is not checked.");
                        not_evaluated(candidates, &members, &words);
                    }
                    None => ask(host, practice, &rules, None, candidates, earlier, &members),
                }
            }
            None => {
                let words = format!(
                    "Rule set `{set}` is not loaded, so this claim is not checked. Install it, or take it off the profile."
                );
                not_evaluated(candidates, &members, &words);
            }
        }
    }
    for (table, members) in tables.iter().zip(by_table).filter(|(_, members)| !members.is_empty()) {
        match host.plugins.rules(rules::COMPONENT) {
            Some(rules) => match rules.withheld(Some(table)) {
                Some(why) => {
                    let words =
                        format!("Rule table `{}` {why}. Until then this claim is not checked.", table.header().id);
                    not_evaluated(candidates, &members, &words);
                }
                None => ask(host, practice, &rules, Some(table), candidates, earlier, &members),
            },
            None => {
                let words = format!(
                    "The plugin `{}`, which runs rule table `{}`, is not loaded, so this claim is not checked. Install it.",
                    rules::COMPONENT,
                    table.header().id
                );
                not_evaluated(candidates, &members, &words);
            }
        }
    }
}

/// The other claims of a candidate's visit, as they will stand: those that are looked at with it, and what has left.
fn siblings(candidates: &[Candidate], at: usize) -> Vec<EarlierClaim> {
    let Some(own) = candidates.get(at).filter(|own| own.has_siblings) else { return Vec::new() };
    let others = candidates
        .iter()
        .enumerate()
        .filter(|(other, candidate)| *other != at && candidate.has_siblings && candidate.visit_id == own.visit_id);
    own.beside.iter().cloned().chain(others.filter_map(|(_, other)| as_sibling(other))).collect()
}

/// A claim as it stands beside another of its visit. Where it is held, what has left before it stands still; nothing has left: it leaves later,
/// if at all. It has no id before it has left.
fn as_sibling(other: &Candidate) -> Option<EarlierClaim> {
    let is_held = other.is_decided && other.state == VersionState::Held;
    match other.stands.as_ref().filter(|_| is_held) {
        Some(stands) => Some(stands.clone()),
        None if other.claim.frequency == Frequency::Void => None,
        None => Some(EarlierClaim { claim_id: String::new(), ..EarlierClaim::of(&other.claim, !is_held) }),
    }
}

/// Whether two findings of a rule are one: of one place, or of an element and a part of it. What the profile lacks for a payer is told
/// of the payer, and by the scrub of its id.
fn is_one(a: &Finding, b: &Finding) -> bool {
    let part =
        |whole: &str, of: &str| of.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let [one, two] = [a, b].map(|finding| finding.at.field.trim_start_matches("header."));
    a.rule == b.rule && a.at.line == b.at.line && (part(one, two) || part(two, one))
}

/// Holds claims that nobody could look at.
fn not_evaluated(candidates: &mut [Candidate], members: &[usize], words: &str) {
    for at in members {
        if let Some(candidate) = candidates.get_mut(*at) {
            candidate.findings.push(hold("rules.not-evaluated", "claim", words));
        }
    }
}

/// Asks a rule set, or the component of rule tables with one of them.
fn ask(
    host: &Host,
    practice: &Practice,
    rules: &Arc<RuleSet>,
    table: Option<&Arc<RuleTable>>,
    candidates: &mut [Candidate],
    earlier: &[Vec<Earlier>],
    members: &[usize],
) {
    let asked = table.map_or(u16::MAX, |table| table.table.look_back_days());
    let days = i64::from(rules.look_back_days().min(asked));
    // Claims are lent, not copied: a typical one has some three hundred allocations.
    let (mut lent, mut contexts) = (Vec::with_capacity(members.len()), Vec::with_capacity(members.len()));
    for at in members {
        let (Some(candidate), Some(earlier)) = (candidates.get_mut(*at), earlier.get(*at)) else { continue };
        let lines = lines_in(earlier, Window::of(&candidate.claim, days));
        let claim = std::mem::replace(&mut candidate.claim, no_claim());
        lent.push(*at);
        contexts.push(ClaimInContext { claim, as_of: host.as_of(), earlier: lines });
    }
    let id = practice.store.id();
    let setup = match table {
        Some(table) => table.setup(),
        None => practice.profile.rule_setup(rules.id()),
    };
    let digest = rules.digest_with(&setup);
    let answers = match table {
        Some(table) => rules.check_declared(id, &setup, &contexts, &table.rules),
        None => rules.check(id, &setup, &contexts),
    };
    for (at, context) in lent.iter().zip(contexts) {
        if let Some(candidate) = candidates.get_mut(*at) {
            candidate.claim = context.claim;
        }
    }
    let reference = table.map(|table| TableRef::of(table, host.as_of()));
    let named = match &reference {
        Some(table) => format!("Rule table `{}`", table.id),
        None => format!("Rule set `{}`", rules.id()),
    };
    for (at, answer) in lent.iter().zip(answers) {
        let Some(candidate) = candidates.get_mut(*at) else { continue };
        match answer {
            Checked::Findings(findings) => {
                // Only what tables saw is told again (`claim why`): who ran them is named, and their text is kept.
                let earlier = earlier.get(*at).filter(|_| reference.is_some());
                let seen = earlier.map(|earlier| seen_claims(earlier, Window::of(&candidate.claim, days)));
                candidate.looked.push(Looked {
                    table: reference.clone(),
                    earlier: seen.unwrap_or_default(),
                    ..Looked::new(rules.id(), &digest)
                });
                let stored = findings
                    .into_iter()
                    .map(|finding| StoredFinding { table: reference.clone(), ..StoredFinding::new(finding, &digest) });
                candidate.findings.extend(stored);
            }
            Checked::NotEvaluated(fault) => {
                if let Some(visit_id) = candidate.visit_id.filter(|_| fault.was_not_run()) {
                    practice.unjudged.note(rules.id(), visit_id);
                }
                let words = format!("{named} could not be evaluated: {fault}. The claim waits until it can.");
                let mut finding = hold("rules.not-evaluated", "claim", &words);
                finding.plugin_digest.clone_from(&digest);
                candidate.findings.push(finding);
            }
        }
    }
}

/// For each candidate, the known people with one of its keys. Without a roster nobody is looked up.
fn known_people(practice: &Practice, candidates: &[Candidate]) -> Result<Vec<Vec<Known>>, HostError> {
    Ok(practice.store.read(|tx| -> StoreResult<_> {
        if tx.known_people_count()? == 0 {
            return Ok(vec![Vec::new(); candidates.len()]);
        }
        candidates.iter().map(|candidate| people_of(tx, &candidate.claim)).collect()
    })?)
}

/// For each candidate to a first payer that is asked, the question about its cover and what is known of it.
fn look_up_covers(host: &Host, practice: &Practice, candidates: &mut [Candidate]) -> Result<(), HostError> {
    let profile = &practice.profile;
    if !profile.payer.iter().any(Payer::is_asked) {
        return Ok(());
    }
    Ok(practice.store.read(|tx| -> StoreResult<()> {
        for candidate in candidates.iter_mut() {
            let claim = &candidate.claim;
            let (Some(coverage), Some(span)) = (destination(claim), service_span(&claim.lines)) else { continue };
            let Some(payer) = upcoming::asked_payer(profile, coverage) else { continue };
            if claim.destination > 0 || claim.frequency == Frequency::Void {
                continue;
            }
            candidate.question = Question::of(&claim.header.patient, coverage, payer, span.start);
            let mut cover = match &candidate.question {
                Some(question) => inquire::cover(tx, &profile.eligibility, question)?,
                None => Cover { is_unaskable: true, ..Cover::default() },
            };
            candidate.is_unasked = cover.folded.is_none() && candidate.question.is_some();
            if candidate.is_unasked && profile.eligibility.at_assembly {
                cover = Cover::wanted(host.as_of()); // the question is kept with the claim
            }
            candidate.cover = Some(cover);
        }
        Ok(())
    })?)
}

/// What claims have in common that may be of one person, registered twice: birth date, first day and total; or payer, member id
/// and first day. Look-up values are made of it, so it is never stored.
pub(crate) fn alike(claim: &Claim) -> Vec<AlikeKey> {
    let Some(span) = service_span(&claim.lines) else { return Vec::new() };
    let text = |day: Date| iso(day).into_bytes();
    let total = claim.total_charge.to_string().into_bytes();
    let born = claim.header.patient.birth_date;
    let by_birth = born.map(|born| (ClaimKey::BirthDayCharge, vec![text(born), text(span.start), total]));
    let by_member = destination(claim).and_then(|coverage| {
        let member = member_key(&coverage.subscriber.member_id);
        let parts = vec![coverage.payer.id.clone().into_bytes(), member.into_bytes(), text(span.start)];
        parts.iter().all(|part| !part.is_empty()).then_some((ClaimKey::MemberDay, parts))
    });
    by_birth.into_iter().chain(by_member).collect()
}

/// A name that claims may share, and its parts.
pub(crate) type AlikeKey = (ClaimKey, Vec<Vec<u8>>);

/// For each candidate, live claims of other patient records with what [`alike`] says: stored ones, and those before it among
/// the candidates, which have no number yet and are called by their visit.
fn claims_alike(practice: &Practice, candidates: &[Candidate]) -> Result<Vec<Vec<EarlierClaim>>, HostError> {
    Ok(practice.store.read(|tx| -> StoreResult<_> {
        let mut before: HashMap<AlikeKey, Vec<usize>> = HashMap::new();
        let mut out = Vec::with_capacity(candidates.len());
        for (at, candidate) in candidates.iter().enumerate() {
            let keys = alike(&candidate.claim);
            let mut others = stored_alike(tx, &keys, candidate.visit_id, &candidate.patient)?;
            let mut beside: Vec<usize> = Vec::new();
            for key in keys {
                let known = before.entry(key).or_default();
                beside.extend(known.iter().filter(|at| !beside.contains(at)).copied().collect::<Vec<_>>());
                known.push(at);
            }
            let beside = beside.into_iter().filter_map(|at| candidates.get(at));
            for other in beside.filter(|other| other.patient != candidate.patient).take(ALIKE_MAX) {
                let named = other.visit_id.map_or_else(String::new, |visit| format!("of visit {visit}"));
                others.push(EarlierClaim { claim_id: named, ..EarlierClaim::of(&other.claim, true) });
            }
            out.push(others);
        }
        Ok(out)
    })?)
}

/// Live claims of other patient records with one of these keys: those of visits before this one (all, where it is not stored
/// yet), and later ones that are not held. So the later of two is held however often and beside whatever it is looked at.
pub(super) fn stored_alike(
    tx: &Tx<'_>,
    keys: &[AlikeKey],
    own_visit: Option<u64>,
    patient: &[u8; 32],
) -> StoreResult<Vec<EarlierClaim>> {
    let (mut others, mut seen) = (Vec::new(), Vec::new());
    for (kind, parts) in keys {
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        for claim_id in tx.claims_named(*kind, &parts, ALIKE_MAX)? {
            if seen.contains(&claim_id) {
                continue;
            }
            seen.push(claim_id);
            let Some(row) = tx.claim(claim_id)? else { continue };
            let of_another = Some(row.visit_id) != own_visit
                && tx.patient_of_claim(claim_id)?.is_some_and(|other| other != patient.as_slice());
            let counts = own_visit.is_none_or(|own| row.visit_id < own) || row.state != ClaimState::Held.as_str();
            if of_another && row.billed_cents > 0 && counts {
                let body = tx.version_body(claim_id, row.live_version)?;
                others.push(EarlierClaim::of(&body.claim, true));
            }
        }
    }
    Ok(others)
}
