//! Folders as `init` makes them, and charge messages in their inboxes.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use claimhost::config::Config;
use claimhost::store::MasterKey;

use super::practice;

const MESSAGES_PER_FILE: usize = 250;

/// Makes the folder anew, with practices `birch-0`, `birch-1`, ..., each with an inbox.
pub fn make(root: &Path, plugins: &[PathBuf], practices: usize) -> Config {
    let _ = fs::remove_dir_all(root);
    fs::create_dir_all(root).unwrap();
    let quoted = |path: &Path| toml::Value::String(path.display().to_string()).to_string();
    let folders: Vec<String> = plugins.iter().map(|path| quoted(path)).collect();
    let cache = quoted(&super::plugin_cache());
    let mut text = format!("[plugins]\ntrust = \"any\"\nfolders = [{}]\ncache = {cache}\n", folders.join(", "));
    for n in 0..practices {
        let id = id(n);
        text += &format!("[[practice]]\nid = \"{id}\"\nprofile = \"{id}.toml\"\n");
        text += &format!("[[intake.folder]]\npractice = \"{id}\"\npath = \"inbox/{id}\"\nadapter = \"hl7v2-dft\"\n");
        fs::write(root.join(format!("{id}.toml")), practice::profile(&id, n as u64)).unwrap();
        fs::create_dir_all(root.join("inbox").join(&id)).unwrap();
    }
    fs::write(root.join("key"), MasterKey::generate().unwrap().to_hex().as_bytes()).unwrap();
    fs::write(root.join("claimhost.toml"), text).unwrap();
    config(root)
}

/// Its configuration.
pub fn config(root: &Path) -> Config {
    Config::load(&root.join("claimhost.toml")).unwrap()
}

/// Id of practice number `n`.
pub fn id(n: usize) -> String {
    format!("birch-{n}")
}

/// Puts the messages of these visits, of these days of service, into the inboxes: four in a row to each practice.
pub fn deliver(root: &Path, practices: usize, visits: Range<usize>, days: [&str; 2]) {
    for n in 0..practices {
        let visits: Vec<usize> = visits.clone().filter(|visit| visit / 4 % practices == n).collect();
        for visits in visits.chunks(MESSAGES_PER_FILE) {
            let mut text = String::new();
            visits.iter().for_each(|visit| practice::message_of(&mut text, *visit, days));
            fs::write(root.join("inbox").join(id(n)).join(format!("{:09}.hl7", visits[0])), text).unwrap();
        }
    }
}
