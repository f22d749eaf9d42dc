//! A file into its folder, once: under a hidden name, then renamed. A crash between any two steps is told apart by what is there.
//!
//! The store says `staged` only when the hidden file is on the disk, and only we rename it: where the store says so and it is gone, it was
//! renamed, and the EHR may have taken it already. So a file is neither lost nor there a second time.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::private;

/// Why a file is not in its folder.
#[derive(Debug, thiserror::Error)]
pub(super) enum FolderError {
    /// The operating system's.
    #[error("{}: {source}; give claimhost the right to write there", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// Somebody else's file has its name.
    #[error("{}: holds another file `{name}` than the one that was written; a store that was put back to an older state writes its numbers again: move that file away once you know what it told the EHR", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
        /// The name.
        name: String,
    },
}

fn hidden(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!(".{name}.part"))
}

/// Writes a file under its hidden name, whole and on the disk. One that is there is written anew. False: a file with its name and its
/// bytes is there already, and there is nothing to rename.
///
/// # Errors
/// [`FolderError`].
pub(super) fn stage(folder: &Path, name: &str, bytes: &[u8]) -> Result<bool, FolderError> {
    let fail = |source| FolderError::Io { path: folder.to_owned(), source };
    private::make_folder(folder).map_err(fail)?;
    match fs::read(folder.join(name)) {
        Ok(there) if there == bytes => return Ok(false),
        Ok(_) => return Err(FolderError::Taken { path: folder.to_owned(), name: name.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(fail(error)),
    }
    let write = || -> io::Result<()> {
        let mut file = private::create(&hidden(folder, name))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        File::open(folder)?.sync_all()
    };
    write().map_err(fail)?;
    Ok(true)
}

/// Gives a staged file its name; where it has none under its hidden name any more, that was done before.
///
/// # Errors
/// [`FolderError`].
pub(super) fn publish(folder: &Path, name: &str) -> Result<(), FolderError> {
    let rename = || -> io::Result<()> {
        match fs::rename(hidden(folder, name), folder.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder.is_dir() => Ok(()),
            Err(error) => Err(error),
            Ok(()) => File::open(folder)?.sync_all(),
        }
    };
    rename().map_err(|source| FolderError::Io { path: folder.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_once_wherever_it_is_begun_again() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("post/one");
        assert!(stage(&folder, "a.csv", b"half").unwrap());
        assert!(stage(&folder, "a.csv", b"whole").unwrap(), "begun again before the store knew");
        assert_eq!(names(&folder), [".a.csv.part"]);
        publish(&folder, "a.csv").unwrap();
        assert_eq!(
            (names(&folder), fs::read(folder.join("a.csv")).unwrap()),
            (vec!["a.csv".to_owned()], b"whole".into())
        );
        // The store did not hear of it: the EHR has taken it, and it does not come back.
        fs::remove_file(folder.join("a.csv")).unwrap();
        publish(&folder, "a.csv").unwrap();
        assert_eq!(names(&folder), Vec::<String>::new());
    }

    #[test]
    fn what_is_there_under_its_name_is_not_written_over() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a.csv"), "theirs").unwrap();
        let error = stage(root.path(), "a.csv", b"ours").unwrap_err().to_string();
        assert!(error.contains("another file `a.csv`"), "{error}");
        assert!(!stage(root.path(), "a.csv", b"theirs").unwrap());
        assert_eq!(fs::read(root.path().join("a.csv")).unwrap(), b"theirs");
        fs::write(root.path().join("file"), "").unwrap();
        assert!(publish(&root.path().join("file"), "a.csv").is_err(), "no folder is no sign that it was renamed");
    }
}
