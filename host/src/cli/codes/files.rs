//! `codes import` of pairs that CMS cut into several files: each is kept, and the table is made once all are there, however they come.

use sha2::{Digest, Sha256};

use super::super::Failure;
use super::import::Ready;
use crate::codes::container::{Cover, Label};
use crate::codes::shelf::Shelf;
use crate::ncci::import as ncci;
use crate::ncci::parts::{self, Part};

/// A file of the quarter: one that is given, or one that is on the shelf.
struct File {
    number: u8,
    name: String,
    bytes: Vec<u8>,
}

/// The given files and, where with those on the shelf they are all of `count`, the table. `given` is what the given ones are together.
pub(super) fn joined(
    shelf: &Shelf,
    sources: &[ncci::Source<'_>],
    given: ncci::Imported,
    count: u8,
    cover: Option<Cover>,
) -> Result<Vec<Ready>, Failure> {
    let refused = |words: String| Failure::missing(format!("nothing imported: {words}"));
    let (kind, quarter) = (given.kind, given.quarter);
    let mut files: Vec<File> = Vec::new();
    for source in sources {
        let name = source.name;
        let number = parts::number(name).ok_or_else(|| {
            refused(format!("{name}: found no number in its name beside files that have one, expected f1 to f{count}"))
        })?;
        if number > count {
            return Err(refused(format!("{name}: found f{number}, expected f1 to f{count}; --parts {number}?")));
        }
        if let Some(twin) = files.iter().find(|file| file.number == number) {
            return Err(refused(format!(
                "{name}: found f{number}, which {} is too, expected each file once",
                twin.name
            )));
        }
        files.push(File { number, name: name.to_owned(), bytes: source.bytes.to_vec() });
    }
    let asked = ncci::Asked { quarter: Some(quarter), service: kind.service() };
    let read = |files: &[File]| {
        let sources: Vec<ncci::Source<'_>> =
            files.iter().map(|file| ncci::Source { name: &file.name, bytes: &file.bytes }).collect();
        ncci::import(&sources, asked).map_err(|error| refused(error.to_string()))
    };
    let mut ready = Vec::new();
    for file in &files {
        let rows = if files.len() == 1 { given.rows } else { read(std::slice::from_ref(file))?.rows };
        let sha256 = Sha256::digest(&file.bytes).into();
        let label = Part { kind, quarter, number: file.number, source: &file.name, rows, sha256 }.label();
        let payload = parts::pack(&file.bytes)?;
        ready.push(Ready { label, payload, partial: false });
    }
    let is_given_whole = files.len() == usize::from(count);
    for (number, kept) in parts::of(shelf, kind, quarter) {
        if number <= count && !files.iter().any(|file| file.number == number) {
            let bytes = parts::unpack(kept.payload())
                .map_err(|error| refused(format!("{}: {error}; import that file again", kept.label().name())))?;
            files.push(File { number, name: kept.label().source.clone(), bytes });
        }
    }
    if files.len() < usize::from(count) {
        return Ok(ready);
    }
    files.sort_by_key(|file| file.number);
    let whole = if is_given_whole { given } else { read(&files)? };
    let mut sum = Sha256::new();
    files.iter().for_each(|file| sum.update(&file.bytes));
    let (first, last) = whole.cover;
    let name = files.first().map_or("", |file| &file.name);
    let label = Label {
        kind: kind.name().to_owned(),
        version: quarter.to_string(),
        cover: cover.unwrap_or(Cover { first, last }),
        rows: whole.rows,
        source: format!("{} (f1 to f{count})", name.chars().take(180).collect::<String>()),
        source_sha256: sum.finalize().into(),
    };
    ready.push(Ready { label, payload: whole.payload, partial: false });
    Ok(ready)
}
