//! A watched folder: which files are complete, and where they go once they are stored.
//!
//! Files of one folder are taken in the order of their names. Unfinished ones are left alone: names that begin with a
//! dot or end with `.tmp` or `.part`. Names come from outside and may hold a patient's name: they are never logged.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::private;

/// Where stored files are moved, inside the watched folder.
pub const ARCHIVE: &str = "archive";

/// Files of one name in an archive, at most.
const SAME_NAME_MAX: u32 = 100_000;

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

/// What lies in a folder.
#[derive(Debug, Default)]
pub struct Found {
    /// Files that wait, sorted by name.
    pub files: Vec<Arrival>,
    /// What is no file and will never be taken: other folders than the archive, links that lead nowhere, devices.
    pub odd: u64,
}

/// Looks into a folder.
///
/// # Errors
/// When the folder cannot be read. A file that vanishes meanwhile is none.
pub fn scan(folder: &Path) -> io::Result<Found> {
    let mut found = Found::default();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if is_unfinished(&name) {
            continue;
        }
        // Of a link, what it leads to; a folder or a device is no document.
        match fs::metadata(&path) {
            Ok(data) if data.is_file() => found.files.push(Arrival { path, name, size: data.len() }),
            Ok(data) if data.is_dir() && name == ARCHIVE => {}
            Ok(_) => found.odd += 1,
            // Of a link that leads nowhere the link itself is there.
            Err(_) => found.odd += u64::from(fs::symlink_metadata(&path).is_ok()),
        }
    }
    found.files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(found)
}

fn is_unfinished(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name.starts_with('.') || lower.ends_with(".tmp") || lower.ends_with(".part")
}

/// An open file of a watched folder.
pub struct Opened {
    /// To read from.
    pub file: File,
    /// When it was changed last, nanoseconds since 1970.
    pub changed_ns: i128,
    /// Its inode.
    pub inode: u64,
    /// Bytes.
    pub size: u64,
}

impl Opened {
    /// Opens a file.
    ///
    /// # Errors
    /// The operating system's: gone, not readable.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let data = file.metadata()?;
        if !data.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(Self { changed_ns: changed_ns(&data), inode: data.ino(), size: data.len(), file })
    }

    /// Whether nobody has written to it since it was opened.
    ///
    /// # Errors
    /// The operating system's.
    pub fn is_unchanged(&self) -> io::Result<bool> {
        let data = self.file.metadata()?;
        Ok((data.len(), changed_ns(&data)) == (self.size, self.changed_ns))
    }
}

fn changed_ns(data: &fs::Metadata) -> i128 {
    i128::from(data.mtime()) * 1_000_000_000 + i128::from(data.mtime_nsec())
}

/// Moves a stored file to `archive/` beside it, under a name that is still free, and gives that name. Again after it was
/// broken off in the middle, it does the rest.
///
/// Call it after the bytes are durable in the store.
///
/// # Errors
/// When the file cannot be moved. It then stays where it is.
pub fn archive(path: &Path) -> io::Result<OsString> {
    let folder = archive_of(path);
    private::make_folder(&folder)?;
    let name = path.file_name().unwrap_or_default();
    for attempt in 0..SAME_NAME_MAX {
        let archived = numbered(name, attempt);
        let target = folder.join(&archived);
        // A hard link fails if the name is taken, where a rename would overwrite.
        match fs::hard_link(path, &target) {
            Ok(()) => fs::remove_file(path)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if !is_same_file(path, &target)? {
                    continue;
                }
                fs::remove_file(path)?;
            }
            // No hard links on this file system.
            Err(_) if fs::symlink_metadata(&target).is_err() => fs::rename(path, &target)?,
            Err(error) => return Err(error),
        }
        // The folder is closed already: a file of another owner keeps its mode.
        if fs::symlink_metadata(&target).is_ok_and(|data| data.is_file()) {
            let _ = private::close_file(&target);
        }
        return Ok(archived);
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "archive/ has 100,000 files of one name; empty it"))
}

/// The archive of the folder that a file lies in.
pub fn archive_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or_else(|| Path::new(".")).join(ARCHIVE)
}

/// The names under which files of one name lie in an archive, as long as they follow each other.
pub fn archived<'a>(archive: &'a Path, name: &'a OsStr) -> impl Iterator<Item = OsString> + 'a {
    let names = (0..SAME_NAME_MAX).map(move |attempt| numbered(name, attempt));
    names.take_while(|name| fs::symlink_metadata(archive.join(name)).is_ok())
}

fn is_same_file(left: &Path, right: &Path) -> io::Result<bool> {
    let (left, right) = (fs::symlink_metadata(left)?, fs::symlink_metadata(right)?);
    Ok((left.dev(), left.ino()) == (right.dev(), right.ino()))
}

/// `day.csv`, `day.csv.1`, `day.csv.2`.
fn numbered(name: &OsStr, attempt: u32) -> OsString {
    let mut numbered = name.to_owned();
    if attempt > 0 {
        numbered.push(format!(".{attempt}"));
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn names(found: &Found) -> Vec<&str> {
        found.files.iter().map(|arrival| arrival.name.as_str()).collect()
    }

    #[test]
    fn takes_finished_files_in_the_order_of_their_names_and_counts_what_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.hl7", "a.hl7", ".hidden", "c.tmp", "d.PART", "e.csv", "f\ng.hl7"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        fs::create_dir(folder.path().join("archive")).unwrap();
        let found = scan(folder.path()).unwrap();
        assert_eq!((names(&found), found.odd), (vec!["a.hl7", "b.hl7", "e.csv", "f\ng.hl7"], 0));
        fs::create_dir(folder.path().join("g.hl7")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("h.hl7")).unwrap();
        std::os::unix::fs::symlink("a.hl7", folder.path().join("i.hl7")).unwrap();
        let found = scan(folder.path()).unwrap();
        assert_eq!((found.files.len(), found.odd), (5, 2), "a link to a file is that file");
        assert!(scan(&folder.path().join("none")).is_err());
    }

    #[test]
    fn a_file_that_is_written_to_while_it_is_read_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.hl7");
        fs::write(&path, "one").unwrap();
        let opened = Opened::open(&path).unwrap();
        assert!(opened.is_unchanged().unwrap());
        fs::write(&path, "one two").unwrap();
        assert!(!opened.is_unchanged().unwrap());
        assert!(Opened::open(folder.path()).is_err(), "a folder is no file");
    }

    #[test]
    fn archives_under_a_free_name_and_keeps_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let (file, archive_folder) = (folder.path().join("day.csv"), folder.path().join("archive"));
        for text in ["first", "second", "third"] {
            fs::write(&file, text).unwrap();
            archive(&file).unwrap();
        }
        assert!(scan(folder.path()).unwrap().files.is_empty());
        for (name, text) in [("day.csv", "first"), ("day.csv.1", "second"), ("day.csv.2", "third")] {
            assert_eq!(fs::read_to_string(archive_folder.join(name)).unwrap(), text);
        }
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&archive_folder), mode(&archive_folder.join("day.csv"))), (0o700, 0o600));
        assert_eq!(archived(&archive_folder, OsStr::new("day.csv")).count(), 3);
        assert_eq!(archived(&archive_folder, OsStr::new("other.csv")).count(), 0);
        let gone = Arrival { path: folder.path().join("gone"), name: "gone".to_owned(), size: 0 };
        assert!(archive(&gone.path).is_err());
        assert!(!format!("{gone:?}").contains("gone"));
    }

    #[test]
    fn a_move_that_was_broken_off_is_finished_under_the_name_it_had() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("day.csv");
        fs::write(&file, "text").unwrap();
        fs::create_dir(folder.path().join("archive")).unwrap();
        fs::hard_link(&file, folder.path().join("archive/day.csv")).unwrap();
        assert_eq!(archive(&file).unwrap(), "day.csv");
        assert!(!file.exists());
        assert_eq!(fs::read_dir(folder.path().join("archive")).unwrap().count(), 1);
    }
}
