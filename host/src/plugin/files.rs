//! Reads a file of a plugin folder, and nothing outside it: a plugin that comes from others may hold links to anywhere.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// The bytes of a file below a folder. The error is for people: found, expected, what to do.
///
/// A link that leads out of the folder would hand the plugin whatever this process may read; a pipe would never end.
pub(super) fn read(folder: &Path, name: &Path, bytes_max: u64) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let root = fs::canonicalize(folder).map_err(cannot)?;
    let path = fs::canonicalize(folder.join(name)).map_err(cannot)?;
    if !path.starts_with(&root) {
        return Err("is a link out of the plugin's folder; put the file itself there".to_owned());
    }
    let metadata = fs::metadata(&path).map_err(cannot)?;
    if !metadata.is_file() {
        return Err("is no file; put the file itself there".to_owned());
    }
    let too_large = |length: u64| format!("found {length} bytes, expected at most {bytes_max}");
    if metadata.len() > bytes_max {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    File::open(&path).and_then(|file| file.take(bytes_max + 1).read_to_end(&mut bytes)).map_err(cannot)?;
    if bytes.len() as u64 > bytes_max { Err(too_large(bytes.len() as u64)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_out_of_the_folder_pipes_and_giants_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("plugin");
        fs::create_dir(&folder).unwrap();
        fs::write(root.path().join("key"), "secret").unwrap();
        fs::write(folder.join("own"), "12345").unwrap();
        symlink("../key", folder.join("out")).unwrap();
        symlink("own", folder.join("in")).unwrap();
        symlink("..", folder.join("up")).unwrap();
        let told = |name: &str, max: u64| read(&folder, Path::new(name), max);
        assert_eq!(told("own", 5).unwrap(), b"12345");
        assert_eq!(told("in", 5).unwrap(), b"12345", "a link inside is no way out");
        for (name, words) in [("out", "link out"), ("up/key", "link out"), ("..", "link out"), (".", "is no file")] {
            let error = told(name, 5).unwrap_err();
            assert!(error.contains(words), "{name}: {error}");
        }
        assert!(told("own", 4).unwrap_err().contains("found 5 bytes, expected at most 4"));
    }
}
