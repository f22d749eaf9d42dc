//! Files, the documents cut out of them, and the 837s and 270s that left: bytes, ranges, counts.

use super::{Found, Outside, named};
use crate::store::clearing::Owned;
use crate::store::document::{DocumentRow, DocumentStatus, parse_ranges};
use crate::store::file::{FileRow, PART};
use crate::store::submission::{SubmissionKind, SubmissionRow};
use crate::store::{CLEARING, StoreResult, Tx};

/// Goes over files with ids in a range. Their content: `Tx::recount_table`.
pub(super) fn files(tx: &Tx<'_>, outside: Option<&Outside>, from: u64, to: u64, found: &mut Found) -> StoreResult<()> {
    for (file, state) in tx.files_between(from, to)? {
        let result = one_file(tx, &file, &state, found);
        found.settle("file", file.file_id, result)?;
        if let Some(outside) = outside {
            let result = outside.original(tx, file.file_id, &file.channel, found);
            found.settle("file", file.file_id, result)?;
        }
    }
    Ok(())
}

fn one_file(tx: &Tx<'_>, file: &FileRow, state: &str, found: &mut Found) -> StoreResult<()> {
    let id = file.file_id;
    found.expect(matches!(state, "stored" | "framed"), "state", "file", id, "is in no state");
    found.expect(tx.file_chunk(id, 0)?.is_some(), "missing", "file", id, "its bytes are not there");
    let documents = tx.documents_of_file(id)?;
    for document in &documents {
        one_document(tx, file, document, found)?;
    }
    let cut = u64::try_from(documents.len()).unwrap_or(0);
    // Answers and parts of them are read whole; what arrives for a practice is cut, and each piece counted.
    let counted = tx.practice_id() != CLEARING && file.channel != PART;
    if counted && state == "framed" {
        found.expect(cut >= file.cut.pieces, "missing", "document", id, "the file has fewer documents than pieces");
    }
    let whole = !counted && state == "framed" && file.size_bytes > 0;
    found.expect(!whole || cut > 0, "missing", "document", id, "the file has no document");
    Ok(())
}

fn one_document(tx: &Tx<'_>, file: &FileRow, document: &DocumentRow, found: &mut Found) -> StoreResult<()> {
    let id = document.document_id;
    let ranges = parse_ranges(&document.ranges);
    let inside = ranges.iter().all(|(start, end)| start <= end && *end <= file.size_bytes);
    found.expect(!ranges.is_empty() && inside, "range", "document", id, "its bytes are not within its file");
    found.expect(
        document.received_day == file.received_day,
        "day",
        "document",
        id,
        "received_day is not that of its file",
    );
    needed_work(tx, document, found)
}

/// What was refused or parked has open work.
pub(super) fn needed_work(tx: &Tx<'_>, document: &DocumentRow, found: &mut Found) -> StoreResult<()> {
    let kind = match document.status {
        DocumentStatus::Rejected => "document.rejected",
        DocumentStatus::Parked => "document.parked",
        DocumentStatus::Pending | DocumentStatus::Translated | DocumentStatus::Ignored => return Ok(()),
    };
    let id = document.document_id;
    let open = tx.open_work_kinds(("document", id))?;
    let what = format!("has no open work {kind}");
    found.expect(open.iter().any(|known| known == kind), "work", "document", id, &what);
    Ok(())
}

/// Goes over 837s with ids in a range.
pub(super) fn submissions(
    tx: &Tx<'_>,
    clearing: Option<&Tx<'_>>,
    outside: Option<&Outside>,
    from: u64,
    to: u64,
    found: &mut Found,
) -> StoreResult<()> {
    for row in tx.submissions_between(from, to)? {
        let result = submission(tx, clearing, outside, &row, found);
        found.settle("submission", row.submission_id, result)?;
    }
    Ok(())
}

fn submission(
    tx: &Tx<'_>,
    clearing: Option<&Tx<'_>>,
    outside: Option<&Outside>,
    row: &SubmissionRow,
    found: &mut Found,
) -> StoreResult<()> {
    let id = row.submission_id;
    found.expect(matches!(row.state.as_str(), "pending" | "sent"), "state", "submission", id, "is in no state");
    let number = format!("{id:09}");
    let called = row.file_name == format!("{}-{number}.{}", tx.practice_id(), row.kind.as_str());
    found.expect(called, "look-up", "submission", id, "its file is named otherwise");
    if let Some(clearing) = clearing {
        let owner = clearing.owner(Owned::Interchange, &number)?;
        let own = owner.as_deref() == Some(tx.practice_id());
        found.expect(own, "look-up", "owner", id, "nobody owns its control number (ISA13)");
    }
    let bytes = tx.submission_bytes(id)?;
    found.expect(
        isa13(&bytes) == Some(number.as_bytes()),
        "look-up",
        "submission",
        id,
        "ISA13 of its bytes is another one",
    );
    if let Some(outside) = outside.filter(|_| row.state == "sent") {
        outside.submission(tx, row, &bytes, found)?;
    }
    if row.kind == SubmissionKind::Inquiries {
        return super::inquiries::submission(tx, row, &bytes, found);
    }
    let claims = tx.claims_in_submission(id, None)?;
    let count = u64::try_from(claims.len()).unwrap_or(0);
    found.expect(row.claim_count == count, "count", "submission", id, "claim_count is not the number of its claims");
    let mut charge = 0;
    let (mut ends, mut total) = (Vec::with_capacity(claims.len()), 0);
    for claim in claims {
        let Some(version) = tx.version(claim.claim_id, claim.version)? else {
            found.tell(
                "missing",
                "submission_claim",
                named("submission_claim", id),
                format!("claim {} is not there", claim.claim_id),
            );
            continue;
        };
        charge += version.charge_cents;
        let range = parse_ranges(&claim.range).first().copied().unwrap_or_default();
        let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
        let part = bytes.get(at(range.0)..at(range.1)).unwrap_or_default();
        let begins = format!("CLM*{}*", version.control_number);
        if !part.starts_with(begins.as_bytes()) || !part.ends_with(b"~") {
            let what = format!("claim {} is not at its bytes", claim.claim_id);
            found.tell("range", "submission_claim", named("submission_claim", id), what);
        }
        ends.push(range);
        total += 1;
    }
    ends.sort_unstable();
    let apart = ends.windows(2).all(|pair| matches!(pair, [first, second] if first.1 <= second.0));
    found.expect(apart, "range", "submission_claim", id, "two claims are at the same bytes");
    found.expect(row.charge_cents == charge, "money", "submission", id, "charge_cents is not the sum of its claims");
    let written = bytes.windows(5).filter(|part| *part == b"~CLM*" || *part == b"\nCLM*").count();
    found.expect(written == total, "count", "submission", id, "the 837 has other claims than are told of");
    Ok(())
}

/// ISA13 stands at a fixed place.
fn isa13(bytes: &[u8]) -> Option<&[u8]> {
    bytes.get(90..99).filter(|_| bytes.starts_with(b"ISA"))
}
