//! Files as they are fetched: plain, or in an archive beside layouts, notes and other formats of the same list.

use std::io::{Cursor, Read};

use super::{ImportError, Period, System};

/// Bytes that a file in an archive may unpack to: ten times the largest that CMS publishes.
const UNPACKED_MAX: u64 = 512 * 1024 * 1024;

/// One file to import.
#[derive(Debug)]
pub struct Unpacked {
    /// Its name, without folders; in an archive that of the archive too, for either may tell the version.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The files of an archive that may be lists, or the file itself.
///
/// # Errors
/// [`ImportError`]: a damaged archive, or none of its files is text.
pub fn unpack(name: &str, bytes: Vec<u8>) -> Result<Vec<Unpacked>, ImportError> {
    if bytes.starts_with(b"\x1F\x8B") {
        return gunzip(name, &bytes).map(|file| vec![file]);
    }
    if !bytes.starts_with(b"PK\x03\x04") {
        return Ok(vec![Unpacked { name: name.to_owned(), bytes }]);
    }
    if name.to_ascii_lowercase().ends_with(".xlsx") {
        return Err(ImportError::new(name, None, "a spreadsheet", "csv: open it and save the sheet as csv"));
    }
    let damaged =
        |what: &str| ImportError::new(name, None, what, "a whole archive: it is cut off or damaged; fetch it again");
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged("an archive that cannot be opened"))?;
    let mut files = Vec::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).map_err(|_| damaged("an archive with a file that cannot be read"))?;
        let path = file.name().map_err(|_| damaged("a file whose name cannot be read"))?.into_owned();
        let inner = path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let lower = inner.to_ascii_lowercase();
        let is_text = [".txt", ".csv", ".tsv"].iter().any(|end| lower.ends_with(end));
        // Beside the list lie its record layout, notes, and changes since the last one.
        let beside = ["layout", "readme", "note", "transreport", "changes"];
        if file.is_dir() || !is_text || beside.iter().any(|word| lower.contains(word)) {
            continue;
        }
        if file.size() > UNPACKED_MAX {
            return Err(damaged("a file of more than 512 MB"));
        }
        let mut content = Vec::new();
        file.by_ref().take(UNPACKED_MAX).read_to_end(&mut content).map_err(|_| damaged("a file whose sum differs"))?;
        let told = Period::of_file_name(&inner, System::Cpt).is_some();
        let name = if told { inner } else { format!("{inner} in {name}") };
        files.push(Unpacked { name, bytes: content });
    }
    if files.is_empty() {
        return Err(ImportError::new(
            name,
            None,
            "an archive without a .txt or .csv list",
            "the archive that CMS publishes",
        ));
    }
    Ok(files)
}

/// The file in a gzip file; its name is that without `.gz`.
fn gunzip(name: &str, bytes: &[u8]) -> Result<Unpacked, ImportError> {
    let refused = |found: &str, expected: &str| ImportError::new(name, None, found, expected);
    let mut content = Vec::new();
    let read = flate2::read::MultiGzDecoder::new(bytes).take(UNPACKED_MAX + 1).read_to_end(&mut content);
    read.map_err(|_| {
        refused("a gzip file that cannot be read", "a whole one: it is cut off or damaged; fetch it again")
    })?;
    if content.len() as u64 > UNPACKED_MAX {
        return Err(refused("a file of more than 512 MB", "a published list"));
    }
    let inner = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".GZ")).unwrap_or(name);
    Ok(Unpacked { name: inner.to_owned(), bytes: content })
}
