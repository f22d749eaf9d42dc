//! Folders and files that only their owner may look into: store, archives, transport, keys, whatever holds a patient.
//!
//! The mode is set when they are made, whatever the umask says. Not for what a plugin or a table is kept in: those hold no
//! patient.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Mode of a folder: its owner lists, enters and writes.
const FOLDER: u32 = 0o700;
/// Mode of a file: its owner reads and writes.
const FILE: u32 = 0o600;

/// Makes a folder, and those above it, with mode 0700. One that is there keeps its mode: whoever made it may let others
/// deliver into it.
///
/// # Errors
/// The operating system's.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(folder)
}

/// Makes a folder with mode 0700, or gives one that is there this mode.
///
/// # Errors
/// The operating system's.
pub fn close_folder(folder: &Path) -> io::Result<()> {
    make_folder(folder)?;
    restrict(folder, FOLDER)
}

/// Gives a file mode 0600.
///
/// # Errors
/// The operating system's.
pub fn close_file(path: &Path) -> io::Result<()> {
    restrict(path, FILE)
}

fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    if fs::metadata(path)?.permissions().mode() & 0o777 == mode {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// Opens a file for writing, empty, with mode 0600. One that is there is emptied, and closed to others first.
///
/// # Errors
/// The operating system's.
pub fn create(path: &Path) -> io::Result<File> {
    let file = open(OpenOptions::new().write(true).create(true), path)?;
    file.set_len(0)?;
    Ok(file)
}

/// As [`create`], for a file that must not be there yet.
///
/// # Errors
/// The operating system's; `AlreadyExists`.
pub fn create_new(path: &Path) -> io::Result<File> {
    open(OpenOptions::new().write(true).create_new(true), path)
}

/// Makes a file with mode 0600 where there is none, and closes one that is there; what it holds stays.
///
/// # Errors
/// The operating system's.
pub fn touch(path: &Path) -> io::Result<File> {
    open(OpenOptions::new().write(true).create(true).truncate(false), path)
}

fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.mode(FILE).open(path)?;
    // The mode above is only that of a new file.
    if file.metadata()?.permissions().mode() & 0o777 != FILE {
        file.set_permissions(Permissions::from_mode(FILE))?;
    }
    Ok(file)
}

/// Writes a file so that a reader sees all of it or nothing: under another name, then renamed, both on the disk.
///
/// # Errors
/// The operating system's. The file under its own name is then as it was before.
pub fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    let unfinished = folder.join(format!(".{name}.tmp"));
    let mut file = create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(name))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_closed_and_what_is_there_is_closed_where_it_is_ours() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        make_folder(&folder).unwrap();
        assert_eq!((mode(&folder), mode(&root.path().join("a"))), (0o700, 0o700));
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        make_folder(&folder).unwrap();
        assert_eq!(mode(&folder), 0o755, "somebody delivers here");
        close_folder(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
        let file = folder.join("f");
        fs::write(&file, "old and longer").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        drop(touch(&file).unwrap());
        assert_eq!((mode(&file), fs::read_to_string(&file).unwrap().as_str()), (0o600, "old and longer"));
        drop(create(&file).unwrap());
        assert_eq!(fs::read(&file).unwrap(), b"");
        assert_eq!(create_new(&file).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        for _ in 0..2 {
            write_whole(&folder, "whole", b"text").unwrap();
        }
        assert_eq!((mode(&folder.join("whole")), fs::read(folder.join("whole")).unwrap()), (0o600, b"text".to_vec()));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing unfinished is left");
    }
}
