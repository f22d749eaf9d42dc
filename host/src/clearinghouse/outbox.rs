//! The folder transport, outgoing: write, fsync, rename under the control number, fsync the folder.
//!
//! The bytes were committed before: a crash between the commit and the rename sends the same bytes under the same name.

use std::io;
use std::path::Path;

use crate::private;

/// Puts a file into the folder so that a reader sees all of it or nothing. Sending it again is harmless.
///
/// # Errors
/// The operating system's.
pub fn deliver(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    private::close_folder(folder)?;
    private::write_whole(folder, name, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
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
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("p-000000001.837"))), (0o700, 0o600));
    }
}
