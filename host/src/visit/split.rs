//! Cuts a visit into claims: by coverages, rendering provider, service facility and authorization, then at 12 diagnoses
//! (HI of 2300) and 50 lines (2400). Greedy in charge order, so that the same visit always splits the same way.
//!
//! What all lines of a claim share stands in its header (2310B, 2310C, CLM05-1) and is elided from the lines. The billing
//! provider is the visit's and cannot differ between charges. Control numbers and frequency are minted by `lifecycle`.

use serde::{Deserialize, Serialize};

use super::charge::{ChargeKey, Pointer, follow, point};
use super::event::digest_of;
use super::fold::{LiveCharge, Visit, VisitProblem, nobody};
use super::header::{coverages_of, provider_identity};
use crate::claim::{
    Claim, ClaimHeader, Coverage, Diagnosis, Frequency, LineExtras, LineReference, LineReferenceKind, Provider,
    ServiceLine, place_of_service, rendering, total_charge,
};

const DIAGNOSES_MAX: usize = 12;
const LINES_MAX: usize = 50;

/// A visit's claims.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// In order of their first charge.
    pub claims: Vec<Draft>,
    /// What holds them.
    pub problems: Vec<VisitProblem>,
}

/// A claim before it has a control number. Frequency original, destination the first coverage.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The claim; CLM01 empty, CLM02 set.
    pub claim: Claim,
    /// Key of each line, in line order, and the digest of what the line says with all it inherits from its header.
    pub charges: Vec<(ChargeKey, [u8; 32])>,
    /// Why it is a claim of its own.
    pub why: SplitReason,
}

/// Why a claim is not part of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitReason {
    /// It is the first.
    First,
    /// Other payers or members.
    Coverage,
    /// Another rendering provider (2310B).
    Rendering,
    /// Another service facility (2310C).
    Facility,
    /// Another prior authorization (REF G1).
    Authorization,
    /// A thirteenth diagnosis.
    Diagnoses,
    /// A fifty-first line.
    Lines,
}

/// A charge with what it inherits.
struct Piece<'a> {
    charge: &'a LiveCharge,
    coverages: &'a [Coverage],
    rendering: Option<&'a Provider>,
    facility: Option<&'a Provider>,
    place: &'a str,
    pointers: Vec<Pointer>,
    group: Group,
}

/// Charges of one group may share a claim.
#[derive(PartialEq, Serialize)]
struct Group {
    coverages: Vec<(String, String)>,
    rendering: Option<String>,
    facility: Option<String>,
    authorization: Vec<String>,
}

/// Splits a completed visit. `mint` gives the line control number (2400 REF 6R) of a charge; one that the source gave is
/// replaced, for it is not ours to keep unique.
pub fn split(visit: &Visit, mint: &dyn Fn(&ChargeKey) -> String) -> Split {
    let mut groups: Vec<Vec<Piece<'_>>> = Vec::new();
    for piece in visit.charges.iter().map(|charge| Piece::of(charge, &visit.header)) {
        let known = groups.iter_mut().find(|group| group.first().is_some_and(|first| first.group == piece.group));
        match known {
            Some(group) => group.push(piece),
            None => groups.push(vec![piece]),
        }
    }
    let mut claims: Vec<Draft> = Vec::new();
    let mut problems = Vec::new();
    let main = groups.first().and_then(|group| group.first()).map(|piece| &piece.group);
    let reason = |group: &Vec<Piece<'_>>| match (group.first(), main) {
        (Some(piece), Some(main)) => piece.group.differs_from(main),
        _ => SplitReason::First,
    };
    let reasons: Vec<SplitReason> = groups.iter().map(reason).collect();
    for (group, reason) in groups.into_iter().zip(reasons) {
        let mut group = group.into_iter().peekable();
        let mut why = reason;
        while let Some(first) = group.next() {
            let mut pieces = vec![first];
            let next = loop {
                let Some(piece) = group.peek() else { break SplitReason::First };
                if pieces.len() == LINES_MAX {
                    break SplitReason::Lines;
                }
                if diagnoses_with(&pieces, piece) > DIAGNOSES_MAX {
                    break SplitReason::Diagnoses;
                }
                pieces.extend(group.next());
            };
            claims.push(draft(&visit.header, &pieces, why, mint, &mut problems));
            why = next;
        }
    }
    if let [only] = claims.as_mut_slice() {
        keep_unpointed(&visit.header, only);
    }
    stated_amounts(&visit.header, &mut claims, &mut problems);
    Split { claims, problems }
}

impl<'a> Piece<'a> {
    fn of(charge: &'a LiveCharge, header: &'a ClaimHeader) -> Self {
        let line = &charge.line;
        let coverages = coverages_of(&charge.coverages, header);
        let rendering = rendering(header, line);
        let own_facility = line.providers.as_ref().and_then(|providers| providers.service_facility.as_ref());
        let facility = own_facility.or(header.service_facility.as_ref());
        let of_claim = coverages.first().and_then(|coverage| coverage.prior_authorization.clone());
        let references = line.extras.iter().flat_map(|extras| &extras.references);
        let of_line = references.filter(|reference| reference.kind == LineReferenceKind::PriorAuthorization);
        let group = Group {
            coverages: coverages.iter().map(coverage_identity).collect(),
            rendering: rendering.map(provider_identity),
            facility: facility.map(provider_identity),
            authorization: of_claim.into_iter().chain(of_line.map(|reference| reference.value.clone())).collect(),
        };
        let pointers = follow(&line.diagnosis_pointers, &header.diagnoses);
        Self { charge, coverages, rendering, facility, place: place_of_service(header, line), pointers, group }
    }

    fn diagnoses(&self) -> impl Iterator<Item = &Diagnosis> {
        self.pointers.iter().filter_map(|pointer| match pointer {
            Pointer::To(diagnosis) => Some(diagnosis),
            Pointer::Lost(_) => None,
        })
    }

    /// What the line says, wherever it stands: moving a value between header and line changes nothing.
    fn digest(&self) -> [u8; 32] {
        let mut line = self.charge.line.clone();
        let providers = line.providers.take();
        let others =
            providers.iter().flat_map(|own| [&own.supervising, &own.ordering, &own.referring, &own.primary_care]);
        let others: Vec<_> = others.map(|provider| provider.as_ref().map(provider_identity)).collect();
        let others = others.iter().any(Option::is_some).then_some(others);
        line.place_of_service = String::new();
        line.diagnosis_pointers = Vec::new();
        line.unit_charge = None;
        if let Some(extras) = &mut line.extras {
            extras.references.retain(|reference| reference.kind != LineReferenceKind::LineControlNumber);
        }
        digest_of(&(&self.group, self.place, &self.pointers, others, line))
    }
}

impl Group {
    fn differs_from(&self, main: &Self) -> SplitReason {
        if self.coverages != main.coverages {
            SplitReason::Coverage
        } else if self.rendering != main.rendering {
            SplitReason::Rendering
        } else if self.facility != main.facility {
            SplitReason::Facility
        } else if self.authorization != main.authorization {
            SplitReason::Authorization
        } else {
            SplitReason::First
        }
    }
}

/// Payer and member of a coverage.
pub(super) fn coverage_identity(coverage: &Coverage) -> (String, String) {
    let payer = &coverage.payer;
    let names = std::iter::once(&payer.id).chain(&payer.local_ids).chain(std::iter::once(&payer.name));
    let name = names.map(|name| name.trim()).find(|name| !name.is_empty()).unwrap_or_default();
    (name.to_uppercase(), coverage.subscriber.member_id.trim().to_owned())
}

fn diagnoses_with(pieces: &[Piece<'_>], next: &Piece<'_>) -> usize {
    let mut known: Vec<&Diagnosis> = Vec::new();
    for diagnosis in pieces.iter().chain(std::iter::once(next)).flat_map(Piece::diagnoses) {
        if !known.contains(&diagnosis) {
            known.push(diagnosis);
        }
    }
    known.len()
}

/// Those that the lines point to, in the header's order; the header's first twelve where no line points.
fn claim_diagnoses(header: &ClaimHeader, pieces: &[Piece<'_>]) -> Vec<Diagnosis> {
    let mut kept: Vec<Diagnosis> = Vec::new();
    for diagnosis in &header.diagnoses {
        if pieces.iter().flat_map(Piece::diagnoses).any(|used| used == diagnosis) && !kept.contains(diagnosis) {
            kept.push(diagnosis.clone());
        }
    }
    if kept.is_empty() {
        kept = header.diagnoses.iter().take(DIAGNOSES_MAX).cloned().collect();
    }
    kept
}

/// A visit on one claim keeps what no line points to: a payer counts it too, and the scrub sees what the source said, twice
/// or in a wrong order. Beyond twelve, those that lines point to come first.
fn keep_unpointed(visit: &ClaimHeader, draft: &mut Draft) {
    let claim = &mut draft.claim;
    let pointed = std::mem::take(&mut claim.header.diagnoses);
    let mut room = DIAGNOSES_MAX.saturating_sub(pointed.len());
    let all_fit = visit.diagnoses.len() <= DIAGNOSES_MAX;
    let kept = visit.diagnoses.iter().filter(|diagnosis| {
        let is_pointed = pointed.contains(diagnosis);
        let fits = all_fit || is_pointed || room > 0;
        room = room.saturating_sub(usize::from(fits && !is_pointed));
        fits
    });
    let kept: Vec<Diagnosis> = kept.cloned().collect();
    for line in &mut claim.lines {
        line.diagnosis_pointers = point(&follow(&line.diagnosis_pointers, &pointed), &kept);
    }
    claim.header.diagnoses = kept;
}

fn draft(
    visit: &ClaimHeader,
    pieces: &[Piece<'_>],
    why: SplitReason,
    mint: &dyn Fn(&ChargeKey) -> String,
    problems: &mut Vec<VisitProblem>,
) -> Draft {
    let mut header = visit.clone();
    header.diagnoses = claim_diagnoses(visit, pieces);
    if let Some(first) = pieces.first() {
        header.coverages = first.coverages.to_vec();
        header.rendering = first.rendering.cloned();
        header.service_facility = first.facility.cloned();
        first.place.clone_into(&mut header.place_of_service);
    }
    let lines: Vec<ServiceLine> = pieces.iter().map(|piece| claim_line(piece, &header, mint)).collect();
    if header.diagnoses.len() > DIAGNOSES_MAX {
        let words = "one line points to more than twelve diagnoses; the 837P has no place for them";
        problems.push(VisitProblem::new("visit.too-many-diagnoses", "line.diagnosis-pointers", words));
    }
    let total = total_charge(&lines).unwrap_or_else(|| {
        let words = "the charges of a claim add up to more than an amount can hold; correct them in the source";
        problems.push(VisitProblem::new("visit.total-overflow", "claim.total-charge", words));
        i64::MAX
    });
    let claim = Claim {
        control_number: String::new(),
        frequency: Frequency::Original,
        payer_control_number: None,
        destination: 0,
        total_charge: total,
        header,
        lines,
    };
    let charges = pieces.iter().map(|piece| (piece.charge.key.clone(), piece.digest())).collect();
    Draft { claim, charges, why }
}

fn claim_line(piece: &Piece<'_>, header: &ClaimHeader, mint: &dyn Fn(&ChargeKey) -> String) -> ServiceLine {
    let mut line = piece.charge.line.clone();
    line.diagnosis_pointers = point(&piece.pointers, &header.diagnoses);
    let place = if piece.place == header.place_of_service { "" } else { piece.place };
    place.clone_into(&mut line.place_of_service);
    if let Some(own) = &mut line.providers {
        // The claim is of one rendering provider and one facility: they stand in its header.
        own.rendering = None;
        own.service_facility = None;
    }
    line.providers = line.providers.filter(|own| *own != nobody());
    let references = &mut line.extras.get_or_insert_with(no_extras).references;
    references.retain(|reference| reference.kind != LineReferenceKind::LineControlNumber);
    references.push(LineReference {
        kind: LineReferenceKind::LineControlNumber,
        value: mint(&piece.charge.key),
        payer_id: String::new(),
    });
    line
}

/// What the source states of the visit as a whole: the patient's payment belongs to one claim only, and a total of
/// several claims is checked here, for none of them can carry it.
fn stated_amounts(header: &ClaimHeader, claims: &mut [Draft], problems: &mut Vec<VisitProblem>) {
    if claims.len() < 2 {
        return;
    }
    for claim in claims.iter_mut().skip(1) {
        claim.claim.header.patient_paid = None;
    }
    for claim in claims.iter_mut() {
        claim.claim.header.stated_total = None;
    }
    let total = claims.iter().try_fold(0_i64, |sum, draft| sum.checked_add(draft.claim.total_charge));
    if header.stated_total.is_some() && header.stated_total != total {
        let words = "the source's total is not the sum of the visit's charges; correct the charges or the total";
        problems.push(VisitProblem::new("visit.total-differs", "header.stated-total", words));
    }
}

const fn no_extras() -> LineExtras {
    LineExtras {
        dates: Vec::new(),
        references: Vec::new(),
        notes: Vec::new(),
        attachments: Vec::new(),
        contract: None,
        repricing: None,
        ambulance: None,
        equipment: None,
        conditions: Vec::new(),
        measurements: Vec::new(),
        purchased: None,
        sales_tax: None,
        postage: None,
        ambulance_patients: None,
        anesthesia_units: None,
        file_information: Vec::new(),
    }
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
