//! `plugins.lock`: which version of each plugin may run, and what it was granted. Written by `plugin add` and by a
//! rollback; kept under version control beside `claimhost.toml` like it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::cache::write_atomically;
use super::manifest::Permissions;

/// First lines of the file.
const HEAD: &str = "# Plugins that may run here, each with the version and the grants that were consented to.\n\
                    # `claimhost plugin add DIR` writes it.\n";

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// By id.
    #[serde(default)]
    pub plugin: Vec<Locked>,
}

/// One plugin of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// Its id.
    pub id: String,
    /// Its version, for people.
    pub version: String,
    /// SHA-256 of component, manifest and mapping, hex: the version that may run.
    pub digest: String,
    /// The version in the plugin's folder that this one was put back for; it does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back_from: Option<String>,
    /// What it was granted: at most what its manifest asks for.
    #[serde(default)]
    pub grants: Permissions,
}

/// A lock file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct LockError {
    /// The file.
    pub path: PathBuf,
    /// Found, expected, what to do.
    pub problem: String,
}

impl Lock {
    /// Reads the file; one that is not there pins nothing.
    ///
    /// # Errors
    /// [`LockError`]: it cannot be read, or is no lock file.
    pub fn read(path: &Path) -> Result<Self, LockError> {
        let fail = |problem: String| LockError { path: path.to_owned(), problem };
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            text => text.map_err(|error| fail(format!("cannot be read: {error}")))?,
        };
        toml::from_str(&text).map_err(|error| {
            let line = error
                .span()
                .and_then(|span| text.get(..span.start))
                .map_or(1, |before| before.matches('\n').count() + 1);
            let words = error.message().trim_end();
            fail(format!("line {line}: {words}; restore it, or remove it and `claimhost plugin add` what may run"))
        })
    }

    /// Writes the file: a reader sees the old one or the new one.
    ///
    /// # Errors
    /// [`LockError`]: it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), LockError> {
        let fail = |problem: String| LockError { path: path.to_owned(), problem };
        let text = toml::to_string(self).map_err(|error| fail(error.to_string()))?;
        let text = format!("{HEAD}\n{text}");
        write_atomically(path, text.as_bytes()).map_err(|error| fail(format!("cannot be written: {error}")))
    }

    /// Changes the file: nobody else changes it between the reading and the writing.
    ///
    /// # Errors
    /// [`LockError`]: it cannot be read, locked or written.
    pub fn change<T>(path: &Path, change: impl FnOnce(&mut Self) -> T) -> Result<T, LockError> {
        let fail =
            |error: std::io::Error| LockError { path: path.to_owned(), problem: format!("cannot be locked: {error}") };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // The folder, since a write puts another file in the file's place. Let go with the handle.
        let guard = std::fs::File::open(folder).map_err(fail)?;
        guard.lock().map_err(fail)?;
        let mut lock = Self::read(path)?;
        let before = lock.clone();
        let done = change(&mut lock);
        if lock != before {
            lock.write(path)?;
        }
        Ok(done)
    }

    /// What it says of a plugin.
    pub fn of(&self, id: &str) -> Option<&Locked> {
        self.plugin.iter().find(|locked| locked.id == id)
    }

    /// Puts a plugin in the place of what was said of it.
    pub fn put(&mut self, locked: Locked) {
        self.plugin.retain(|known| known.id != locked.id);
        self.plugin.push(locked);
        self.plugin.sort_by(|left, right| left.id.cmp(&right.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_a_damaged_file_names_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plugins.lock");
        assert_eq!(Lock::read(&path).unwrap(), Lock::default());
        let of = |id: &str, digest: &str| Locked {
            id: id.to_owned(),
            version: "1.0.0".to_owned(),
            digest: digest.to_owned(),
            rolled_back_from: None,
            grants: Permissions { look_back_days: 30, ..Permissions::default() },
        };
        let mut lock = Lock::default();
        lock.put(of("b", "1"));
        lock.put(of("a", "2"));
        lock.put(of("b", "3"));
        lock.write(&path).unwrap();
        let read = Lock::read(&path).unwrap();
        assert_eq!(read, lock);
        assert_eq!(read.plugin.iter().map(|locked| locked.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(read.of("b").unwrap().digest, "3");
        // Many at once: nobody's change is lost.
        std::thread::scope(|scope| {
            for id in ["d", "e", "f", "g"] {
                let (path, of) = (&path, &of);
                scope.spawn(move || {
                    for turn in 0..25 {
                        Lock::change(path, |lock| lock.put(of(&format!("{id}{turn}"), "1"))).unwrap();
                    }
                });
            }
        });
        assert_eq!(Lock::read(&path).unwrap().plugin.len(), 102);
        std::fs::write(&path, "[[plugin]]\nid = \"a\"\ndigset = 1\n").unwrap();
        let error = Lock::read(&path).unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains("digset"), "{error}");
    }
}
