//! A watched folder: which files are complete, and where they go once they are stored.
//!
//! Files of one folder are taken in the order of their names. Unfinished ones are left alone: names that begin with a
//! dot or end with `.tmp` or `.part`, and, while watching, files that changed since the last look. Names come from
//! outside and may hold a patient's name: they are never logged.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Where stored files are moved, inside the watched folder.
pub const ARCHIVE: &str = "archive";

/// A file that waits to be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Where it is.
    pub path: PathBuf,
    /// Its name as the sender chose it.
    pub name: String,
    /// Bytes.
    pub size: u64,
}

impl std::fmt::Debug for Arrival {
    /// Prints the size: a name from outside may be a patient's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<file of {} bytes>", self.size)
    }
}

/// Lists the files that wait in a folder, sorted by name. For `--once` and tests; [`Watch::scan`] also waits for writers.
///
/// # Errors
/// When the folder cannot be read. A file that vanishes meanwhile is none.
pub fn scan(folder: &Path) -> io::Result<Vec<Arrival>> {
    Ok(look(folder)?.into_iter().map(|(arrival, _)| arrival).collect())
}

fn look(folder: &Path) -> io::Result<Vec<(Arrival, Option<SystemTime>)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if is_unfinished(&name) {
            continue;
        }
        // Of a link, what it leads to; a folder or a device is no document.
        let Ok(data) = fs::metadata(&path) else { continue };
        if data.is_file() {
            found.push((Arrival { path, name, size: data.len() }, data.modified().ok()));
        }
    }
    found.sort_by(|(left, _), (right, _)| left.name.cmp(&right.name));
    Ok(found)
}

fn is_unfinished(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name.starts_with('.') || lower.ends_with(".tmp") || lower.ends_with(".part")
}

/// Looks at one folder again and again.
#[derive(Default)]
pub struct Watch {
    before: HashMap<PathBuf, (u64, Option<SystemTime>)>,
}

impl Watch {
    /// Files whose size and time of change are the same as at the last look.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn scan(&mut self, folder: &Path) -> io::Result<Vec<Arrival>> {
        let now = look(folder)?;
        let stable = |(arrival, changed): &&(Arrival, Option<SystemTime>)| {
            self.before.get(&arrival.path) == Some(&(arrival.size, *changed))
        };
        let ready = now.iter().filter(stable).map(|(arrival, _)| arrival.clone()).collect();
        self.before = now.into_iter().map(|(arrival, changed)| (arrival.path, (arrival.size, changed))).collect();
        Ok(ready)
    }

    /// How many files were seen at the last look, ready or not.
    pub fn waiting(&self) -> usize {
        self.before.len()
    }
}

/// Moves a stored file to `archive/` beside it, under a name that is still free, and says where it went.
///
/// Call it after the bytes are durable in the store: a crash in between stores the file again, which the store's keys
/// make harmless.
///
/// # Errors
/// When the file cannot be moved. It then stays where it is.
pub fn archive(arrival: &Arrival) -> io::Result<PathBuf> {
    let parent = arrival.path.parent().unwrap_or_else(|| Path::new("."));
    let folder = parent.join(ARCHIVE);
    fs::create_dir_all(&folder)?;
    let name = arrival.path.file_name().unwrap_or_default();
    for attempt in 0_u32..100_000 {
        let target = folder.join(numbered(name, attempt));
        // A hard link fails if the name is taken, where a rename would overwrite.
        match fs::hard_link(&arrival.path, &target) {
            Ok(()) => {
                fs::remove_file(&arrival.path)?;
                return Ok(target);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(_) if !target.exists() => {
                // No hard links on this file system.
                fs::rename(&arrival.path, &target)?;
                return Ok(target);
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "archive/ has 100,000 files of one name; empty it"))
}

/// `day.csv`, `day.csv.1`, `day.csv.2`.
fn numbered(name: &std::ffi::OsStr, attempt: u32) -> OsString {
    let mut numbered = name.to_owned();
    if attempt > 0 {
        numbered.push(format!(".{attempt}"));
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(arrivals: &[Arrival]) -> Vec<&str> {
        arrivals.iter().map(|arrival| arrival.name.as_str()).collect()
    }

    #[test]
    fn takes_finished_files_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.hl7", "a.hl7", ".hidden", "c.tmp", "d.PART", "e.csv"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        fs::create_dir(folder.path().join("archive")).unwrap();
        assert_eq!(names(&scan(folder.path()).unwrap()), ["a.hl7", "b.hl7", "e.csv"]);
        assert!(scan(&folder.path().join("none")).is_err());
    }

    #[test]
    fn while_watching_waits_until_a_file_stops_growing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.hl7");
        let mut watch = Watch::default();
        fs::write(&file, "one").unwrap();
        assert!(watch.scan(folder.path()).unwrap().is_empty());
        fs::write(&file, "one two").unwrap();
        assert!(watch.scan(folder.path()).unwrap().is_empty());
        assert_eq!(names(&watch.scan(folder.path()).unwrap()), ["a.hl7"]);
        assert_eq!(watch.waiting(), 1);
    }

    #[test]
    fn archives_under_a_free_name_and_keeps_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["first", "second", "third"] {
            fs::write(folder.path().join("day.csv"), text).unwrap();
            let arrivals = scan(folder.path()).unwrap();
            archive(&arrivals[0]).unwrap();
        }
        assert!(scan(folder.path()).unwrap().is_empty());
        for (name, text) in [("day.csv", "first"), ("day.csv.1", "second"), ("day.csv.2", "third")] {
            assert_eq!(fs::read_to_string(folder.path().join("archive").join(name)).unwrap(), text);
        }
        let gone = Arrival { path: folder.path().join("gone"), name: "gone".to_owned(), size: 0 };
        assert!(archive(&gone).is_err());
        assert!(!format!("{gone:?}").contains("gone"));
    }
}
