//! The folder transport, outgoing: write, fsync, rename under the control number, fsync the folder.
//!
//! The bytes were committed before: a crash between the commit and the rename sends the same bytes under the same name.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Puts a file into the folder so that a reader sees all of it or nothing. Sending it again is harmless.
///
/// # Errors
/// The operating system's.
pub fn deliver(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    make_private(folder)?;
    let unfinished = folder.join(format!(".{name}.tmp"));
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(name))?;
    File::open(folder)?.sync_all()
}

/// Makes a transport folder: only its owner may look, because 837s and 835s are clear text.
///
/// # Errors
/// The operating system's.
pub fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    if folder.is_dir() {
        let mode = fs::metadata(folder)?.permissions().mode() & 0o777;
        if mode != 0o700 {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        }
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn delivers_whole_files_into_a_private_folder_and_again_the_same() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("transport/out");
        for _ in 0..2 {
            deliver(&folder, "p-000000001.837", b"ISA*").unwrap();
            let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(names, ["p-000000001.837"]);
            assert_eq!(fs::read(folder.join("p-000000001.837")).unwrap(), b"ISA*");
        }
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
