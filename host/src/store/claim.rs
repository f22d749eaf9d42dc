//! Claims (lineages), their versions, and what the scrub found.

mod lineage;

use claimhost_derive::Read;
use serde::{Deserialize, Serialize};

use super::figures::Marks;
use super::{Encoded, Known, StoreError, StoreResult, Tx};
use crate::claim::Claim;
use crate::lifecycle::VersionState;
use crate::rules::TableRef;

/// What a version is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionKind {
    /// CLM05-3 = 1.
    Original,
    /// 7.
    Replacement,
    /// 8.
    Void,
    /// To the second payer, after the first has decided.
    Secondary,
    /// To the third.
    Tertiary,
}

impl VersionKind {
    const ALL: [Self; 5] = [Self::Original, Self::Replacement, Self::Void, Self::Secondary, Self::Tertiary];

    /// The column's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Replacement => "replacement",
            Self::Void => "void",
            Self::Secondary => "secondary",
            Self::Tertiary => "tertiary",
        }
    }

    /// Whether it goes to the first payer.
    pub const fn is_primary(self) -> bool {
        matches!(self, Self::Original | Self::Replacement | Self::Void)
    }

    fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).unwrap_or(Self::Original)
    }
}

/// Another name of a version, beside its CLM01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClaimKey {
    /// 277CA REF 1K, CLP07: (payer id, number).
    PayerControlNumber,
    /// (member id, first day, last day, CLM02).
    MemberDatesCharge,
    /// (patient's birth date, first day, CLM02): who may be one person, registered twice.
    BirthDayCharge,
    /// (payer id, member id, first day): as `BirthDayCharge`, where the birth date or the charge was keyed otherwise.
    MemberDay,
}

impl ClaimKey {
    /// As a match is reported.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PayerControlNumber => "payer-control-number",
            Self::MemberDatesCharge => "member-dates-charge",
            Self::BirthDayCharge => "birth-day-charge",
            Self::MemberDay => "member-day",
        }
    }
}

/// A claim's clear columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimRow {
    /// Id within the practice: the lineage.
    pub claim_id: u64,
    /// The visit it bills.
    pub visit_id: u64,
    /// Payer of the first version.
    pub payer_id: String,
    /// `clearinghouse` or `via-ehr`.
    pub route: String,
    /// The fold's answer.
    pub state: String,
    /// The version whose charges are live.
    pub live_version: u32,
    /// CLM02 of the live version; 0 once voided.
    pub billed_cents: i64,
    /// Day numbers.
    pub service_from: i64,
    /// Day number.
    pub service_to: i64,
    /// What figures count of it.
    #[serde(skip)]
    pub marks: Marks,
}

/// A version's clear columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRow {
    /// The lineage.
    pub claim_id: u64,
    /// From 1.
    pub version: u32,
    /// CLM01.
    pub control_number: String,
    /// What it is for.
    pub kind: VersionKind,
    /// The payer it goes to.
    pub payer_id: String,
    /// The fold's answer.
    pub state: VersionState,
    /// CLM02.
    pub charge_cents: i64,
    /// Day numbers.
    pub created_day: i64,
    /// Day it was first written into an 837.
    pub submitted_day: Option<i64>,
}

/// What a version holds: the claim, and which charge each line came from.
#[derive(Clone, Serialize, Read)]
pub struct VersionBody {
    /// The claim as it is sent. Its CLM01 is the row's and not kept again here: a body is written down before there is a row.
    pub claim: Claim,
    /// Source system and visit number, for the trace.
    pub source_system: String,
    /// Visit number in the source.
    pub visit_number: String,
    /// For each line: its charge key, and the digest of what it says.
    pub charges: Vec<(crate::visit::ChargeKey, [u8; 32])>,
    /// Why the visit was split here.
    pub split: String,
    /// Who looked at it before it might leave.
    pub looked: Vec<Looked>,
    /// What fixes have changed of it, in the order in which they did.
    pub fixed: Vec<AppliedFix>,
}

/// A fix that the practice's policy let claimhost apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Read)]
pub struct AppliedFix {
    /// The rule that proposed it.
    pub rule: String,
    /// Digest of its plugin; empty for claimhost's own edits.
    pub digest: String,
    /// Its rule table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<TableRef>,
    /// Line, from 1.
    pub line: u16,
    /// Field of the line, in the contract's words.
    pub field: String,
    /// What it said.
    pub before: String,
    /// What it says.
    pub after: String,
}

impl VersionBody {
    /// Writes it down, for [`Tx::put_version`]. Its CLM01 is taken from it.
    ///
    /// # Errors
    /// As [`Encoded::of`].
    pub fn encode(&mut self) -> StoreResult<Encoded> {
        self.claim.control_number.clear();
        Ok(Encoded::of(BODY, self)?)
    }
}

/// Who looked at a version, as they were then: claimhost's own edits, or a rule set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Read)]
pub struct Looked {
    /// Rule set; empty for claimhost's own edits.
    pub rule_set: String,
    /// Digest of the rule set's plugin; version of claimhost for its own edits.
    pub digest: String,
    /// The rule table that the plugin ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<TableRef>,
    /// The patient's other claims whose lines the table saw, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<SeenClaim>,
}

/// Another claim of the patient, as a rule table saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Read)]
pub struct SeenClaim {
    /// Lineage.
    pub claim_id: u64,
    /// Its version that was live.
    pub version: u32,
    /// Digest of its lines: a version that has not left yet may be made anew.
    pub lines: String,
}

impl Looked {
    /// A rule set, or claimhost's own edits, which have no name.
    pub fn new(rule_set: &str, digest: &str) -> Self {
        Self { rule_set: rule_set.to_owned(), digest: digest.to_owned(), table: None, earlier: Vec::new() }
    }
}

impl Tx<'_> {
    /// Adds or replaces a version. A version that was sent is never replaced: only its state moves.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_version(&self, version: &VersionRow, body: &Encoded) -> StoreResult<()> {
        let sealed = self.seal(BODY, version_row_id(version.claim_id, version.version), &body.0);
        let added = self.insert(
            "claim_version",
            Known::Stays,
            &[
                ("practice_id", &self.practice_id()),
                ("claim_id", &version.claim_id),
                ("version", &version.version),
                ("control_number", &version.control_number),
                ("kind", &version.kind.as_str()),
                ("payer_id", &version.payer_id),
                ("state", &version.state.as_str()),
                ("charge_cents", &version.charge_cents),
                ("created_day", &version.created_day),
                ("submitted_day", &version.submitted_day),
            ],
        )?;
        let key = (self.practice_id(), version.claim_id, version.version);
        if added {
            self.insert(
                "claim_body",
                Known::Fails,
                &[("practice_id", &key.0), ("claim_id", &key.1), ("version", &key.2), ("body", &sealed)],
            )?;
            return Ok(());
        }
        let rewritten = self.execute(
            "UPDATE claim_version SET kind = ?4, payer_id = ?5, state = ?6, charge_cents = ?7
             WHERE practice_id = ?1 AND claim_id = ?2 AND version = ?3 AND submitted_day IS NULL",
            (
                key.0,
                key.1,
                key.2,
                version.kind.as_str(),
                &version.payer_id,
                version.state.as_str(),
                version.charge_cents,
            ),
        )?;
        if rewritten == 1 {
            let sql = "UPDATE claim_body SET body = ?4 WHERE practice_id = ?1 AND claim_id = ?2 AND version = ?3";
            self.execute(sql, (key.0, key.1, key.2, sealed))?;
            return Ok(());
        }
        // It has left and stays. Else it is not there, for another version has its CLM01.
        let left = self.version(version.claim_id, version.version)?;
        left.map(|_| ()).ok_or(StoreError::Taken { what: "CLM01 of a version of claim", id: version.claim_id })
    }

    /// Moves a version. The day is kept the first time it is submitted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_version_state(
        &self,
        version: &VersionRow,
        state: VersionState,
        submitted: Option<i64>,
    ) -> StoreResult<()> {
        self.execute(
            "UPDATE claim_version SET state = ?4, submitted_day = COALESCE(submitted_day, ?5)
             WHERE practice_id = ?1 AND claim_id = ?2 AND version = ?3",
            (self.practice_id(), version.claim_id, version.version, state.as_str(), submitted),
        )?;
        Ok(())
    }

    /// The versions of a lineage, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn versions(&self, claim_id: u64) -> StoreResult<Vec<VersionRow>> {
        self.rows(&format!("{VERSION} AND claim_id = ?2 ORDER BY version"), (self.practice_id(), claim_id), version_row)
    }

    /// One version.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn version(&self, claim_id: u64, version: u32) -> StoreResult<Option<VersionRow>> {
        let key = (self.practice_id(), claim_id, version);
        self.row(&format!("{VERSION} AND claim_id = ?2 AND version = ?3"), key, version_row)
    }

    /// Versions in a state, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn versions_in(&self, state: VersionState, limit: usize) -> StoreResult<Vec<VersionRow>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = format!("{VERSION} AND state = ?2 ORDER BY claim_id, version LIMIT ?3");
        self.rows(&sql, (self.practice_id(), state.as_str(), limit), version_row)
    }

    /// The version with this CLM01.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn version_by_control_number(&self, control_number: &str) -> StoreResult<Option<VersionRow>> {
        self.row(&format!("{VERSION} AND control_number = ?2"), (self.practice_id(), control_number), version_row)
    }

    /// Gives a version another name that answers may carry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn name_version(&self, kind: ClaimKey, parts: &[&[u8]], claim_id: u64, version: u32) -> StoreResult<()> {
        self.insert(
            "claim_key",
            Known::Stays,
            &[
                ("practice_id", &self.practice_id()),
                ("kind", &kind.as_str()),
                ("key_mac", &self.lookup(kind.as_str(), parts)),
                ("claim_id", &claim_id),
                ("version", &version),
            ],
        )?;
        Ok(())
    }

    /// The versions with a name. More than one is ambiguous.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn versions_named(&self, kind: ClaimKey, parts: &[&[u8]]) -> StoreResult<Vec<VersionRow>> {
        let keys: Vec<(u64, u32)> = self.rows(
            "SELECT claim_id, version FROM claim_key WHERE practice_id = ?1 AND kind = ?2 AND key_mac = ?3",
            (self.practice_id(), kind.as_str(), self.lookup(kind.as_str(), parts)),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        keys.into_iter().filter_map(|(claim_id, version)| self.version(claim_id, version).transpose()).collect()
    }

    /// The newest lineages with a name, at most so many, each once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claims_named(&self, kind: ClaimKey, parts: &[&[u8]], limit: usize) -> StoreResult<Vec<u64>> {
        self.rows(
            "SELECT DISTINCT claim_id FROM claim_key WHERE practice_id = ?1 AND kind = ?2 AND key_mac = ?3
             ORDER BY claim_id DESC LIMIT ?4",
            (
                self.practice_id(),
                kind.as_str(),
                self.lookup(kind.as_str(), parts),
                i64::try_from(limit).unwrap_or(i64::MAX),
            ),
            |row| row.get(0),
        )
    }

    /// Lineages with a version that left on or before a day and has no decision yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unanswered_since(&self, day: i64) -> StoreResult<Vec<(u64, i64)>> {
        self.rows(
            "SELECT claim_id, MAX(charge_cents) FROM claim_version WHERE practice_id = ?1
             AND state IN ('submitted', 'accepted', 'reversed') AND submitted_day <= ?2 GROUP BY claim_id",
            (self.practice_id(), day),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// A payment was posted: the next payer may be due.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn expect_later(&self, claim_id: u64) -> StoreResult<()> {
        self.execute(
            "INSERT OR IGNORE INTO pending_later (practice_id, claim_id) VALUES (?1, ?2)",
            (self.practice_id(), claim_id),
        )?;
        Ok(())
    }

    /// Lineages to look at for a next payer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn expected_later(&self) -> StoreResult<Vec<u64>> {
        self.rows(
            "SELECT claim_id FROM pending_later WHERE practice_id = ?1 ORDER BY claim_id",
            [self.practice_id()],
            |row| row.get(0),
        )
    }

    /// Looked at.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn later_done(&self, claim_id: u64) -> StoreResult<()> {
        self.execute(
            "DELETE FROM pending_later WHERE practice_id = ?1 AND claim_id = ?2",
            (self.practice_id(), claim_id),
        )?;
        Ok(())
    }

    /// What a version holds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn version_body(&self, claim_id: u64, version: u32) -> StoreResult<VersionBody> {
        let found: Option<(String, Vec<u8>)> = self.row(
            "SELECT control_number, body FROM claim_version JOIN claim_body USING (practice_id, claim_id, version)
             WHERE practice_id = ?1 AND claim_id = ?2 AND version = ?3",
            (self.practice_id(), claim_id, version),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let (control_number, sealed) = found.ok_or(StoreError::Missing { what: "claim version", id: claim_id })?;
        let mut body: VersionBody = self.unseal_json(BODY, version_row_id(claim_id, version), &sealed)?;
        body.claim.control_number = control_number;
        Ok(body)
    }
}

const BODY: &str = "claim_body";

/// The row id that a version's body is sealed under.
pub(super) fn version_row_id(claim_id: u64, version: u32) -> u64 {
    claim_id.wrapping_shl(16) ^ u64::from(version)
}

const VERSION: &str = "SELECT claim_id, version, control_number, kind, payer_id, state, charge_cents, created_day, \
                       submitted_day FROM claim_version WHERE practice_id = ?1";

fn version_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<VersionRow> {
    let kind: String = row.get(3)?;
    let state: String = row.get(5)?;
    Ok(VersionRow {
        claim_id: row.get(0)?,
        version: row.get(1)?,
        control_number: row.get(2)?,
        kind: VersionKind::parse(&kind),
        payer_id: row.get(4)?,
        state: VersionState::parse(&state),
        charge_cents: row.get(6)?,
        created_day: row.get(7)?,
        submitted_day: row.get(8)?,
    })
}
