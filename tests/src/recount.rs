//! A recount of the exchanged bytes that shares nothing with host, sdk or sandbox: what left in 837s, what came back in 835s.
//!
//! It splits X12 by `*` and `~` and reads SBR01, CLM, REF F8, CLP and CAS; nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Money of one CLM01, cents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claim {
    /// CLM02 of the 837 it was in, and CLM05-3.
    pub billed: Option<(i64, String)>,
    /// It went to the first payer (SBR01 is P).
    pub first: bool,
    /// REF F8 of 2300: the payer's number of what it replaces or voids.
    pub replaces: String,
    /// CLP07 of its decisions.
    pub payer_numbers: BTreeSet<String>,
    /// Sum of CLP04.
    pub paid: i64,
    /// CO-45 and CO-253.
    pub contractual: i64,
    /// PR-1, -2, -3 of first payers.
    pub patient_first: i64,
    /// OA-23 of later payers, against their CLP03.
    pub released: i64,
    /// PR-1, -2, -3 of later payers.
    pub patient_later: i64,
    /// All other adjustments.
    pub denied: i64,
}

impl Claim {
    /// The patient's share: the first payer's, less what the later one took over, plus what it left.
    pub fn patient(&self) -> i64 {
        self.patient_first - self.released + self.patient_later
    }
}

/// What a lineage of claims comes to: an original to the first payer, and what replaced or voided it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lineage {
    /// CLM02 of the version that stands, cents; a void leaves nothing.
    pub billed: i64,
    /// What its versions were denied.
    pub denied: i64,
}

/// The lineages among these claims. A later version names the one before it by the number that the payer gave that one.
pub fn lineages(claims: &[&Claim]) -> Vec<Lineage> {
    let originals = claims.iter().filter(|claim| claim.first && claim.replaces.is_empty());
    let of = |original: &&Claim| {
        let (mut version, mut denied) = (*original, original.denied);
        let next = |version: &Claim| claims.iter().find(|later| version.payer_numbers.contains(&later.replaces));
        for _ in 1..claims.len() {
            let Some(later) = next(version) else { break };
            (version, denied) = (*later, denied + later.denied);
        }
        let billed = version.billed.as_ref().map_or(0, |(cents, frequency)| if frequency == "8" { 0 } else { *cents });
        Lineage { billed, denied }
    };
    originals.map(of).collect()
}

/// Reads every 837 in `out` and every 835 in `in` (archives included).
///
/// # Errors
/// The file system's, or a file that is no X12.
pub fn recount(transport: &Path) -> anyhow::Result<BTreeMap<String, Claim>> {
    let mut claims: BTreeMap<String, Claim> = BTreeMap::new();
    for file in files(&transport.join("out"))? {
        let (mut first, mut current) = (false, None);
        for segment in segments(&std::fs::read_to_string(file)?) {
            match element(&segment, 0) {
                "HL" => current = None,
                "SBR" if current.is_none() => first = element(&segment, 1) == "P",
                // 2320 or 2400: what follows is of another payer or of a line.
                "SBR" | "LX" => current = Some(None),
                "CLM" => {
                    let frequency = element(&segment, 5).split(':').nth(2).unwrap_or_default().to_owned();
                    let number = element(&segment, 1).to_owned();
                    let claim = claims.entry(number.clone()).or_default();
                    claim.billed = Some((cents(element(&segment, 2)), frequency));
                    claim.first = first;
                    current = Some(Some(number));
                }
                "REF" if element(&segment, 1) == "F8" => {
                    let claim = current.as_ref().and_then(Option::as_ref).and_then(|number| claims.get_mut(number));
                    claim.into_iter().for_each(|claim| element(&segment, 2).clone_into(&mut claim.replaces));
                }
                _ => {}
            }
        }
    }
    let mut seen = BTreeSet::new();
    for file in files(&transport.join("in"))? {
        let text = std::fs::read_to_string(file)?.replace(['\n', '\r'], "");
        for transaction in text.split("ST*835*").skip(1) {
            // A cut file is no remittance; the same remittance in a new envelope is one remittance.
            let Some((body, _)) = transaction.split_once("~SE*") else { continue };
            let body = body.split_once('~').map_or("", |(_, body)| body);
            if seen.insert(body.to_owned()) {
                remittance(body, &mut claims);
            }
        }
    }
    Ok(claims)
}

fn remittance(body: &str, claims: &mut BTreeMap<String, Claim>) {
    let all: Vec<Vec<String>> = segments(body);
    let starts = all.iter().enumerate().filter(|(_, segment)| element(segment, 0) == "CLP").map(|(at, _)| at);
    let starts: Vec<usize> = starts.collect();
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(all.len());
        let Some(loop_segments) = all.get(*start..end) else { continue };
        let Some(clp) = loop_segments.first() else { continue };
        let claim = claims.entry(element(clp, 1).to_owned()).or_default();
        let number = element(clp, 7);
        claim.payer_numbers.extend((!number.is_empty()).then(|| number.to_owned()));
        claim.paid += cents(element(clp, 4));
        let mut adjustments: Vec<(String, String, i64)> = Vec::new();
        for cas in loop_segments.iter().filter(|segment| element(segment, 0) == "CAS") {
            for triplet in 0..6 {
                let reason = element(cas, 2 + triplet * 3);
                if !reason.is_empty() {
                    adjustments.push((
                        element(cas, 1).to_owned(),
                        reason.to_owned(),
                        cents(element(cas, 3 + triplet * 3)),
                    ));
                }
            }
        }
        let coordination: i64 =
            adjustments.iter().filter(|(group, reason, _)| group == "OA" && reason == "23").map(|one| one.2).sum();
        let later = coordination != 0 || matches!(element(clp, 2), "2" | "3");
        if later {
            claim.released += cents(element(clp, 3)) - coordination;
        }
        for (group, reason, amount) in adjustments {
            match (group.as_str(), reason.as_str()) {
                ("OA", "23") => {}
                ("CO", "45" | "253") => claim.contractual += amount,
                ("PR", "1" | "2" | "3") if later => claim.patient_later += amount,
                ("PR", "1" | "2" | "3") => claim.patient_first += amount,
                _ => claim.denied += amount,
            }
        }
    }
}

pub(crate) fn files(folder: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if !name.starts_with('.') && !name.ends_with(".part") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

pub(crate) fn segments(text: &str) -> Vec<Vec<String>> {
    let split = |segment: &str| segment.trim().split('*').map(str::to_owned).collect::<Vec<_>>();
    text.split('~').filter(|segment| !segment.trim().is_empty()).map(split).collect()
}

pub(crate) fn element(segment: &[String], at: usize) -> &str {
    segment.get(at).map(String::as_str).unwrap_or_default()
}

pub(crate) fn cents(text: &str) -> i64 {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole: i64 = whole.parse().unwrap_or(0);
    let fraction: i64 = format!("{fraction:0<2}").get(..2).and_then(|text| text.parse().ok()).unwrap_or(0);
    sign * (whole * 100 + fraction)
}
