//! `init DIR`: a folder that works at once, with invented values to replace.
//!
//! Nothing that is there already is overwritten. Plugins are copied from the project's sources, built where they are
//! missing, so that the folder stands for itself.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use super::output::{BOLD, RESET, print, print_json};
use super::{Failure, Global, demo, peers};
use crate::lifecycle::HostError;
use crate::plugin::{Lock, Offer, PluginHostConfig};
use crate::private;
use crate::store::MasterKey;

pub(super) const CLAIMHOST: &str = include_str!("claimhost.toml");
const PROFILE: &str = include_str!("profile.toml");
const MAPPING_HL7: &str = include_str!("mapping.hl7v2-dft.toml");
const MAPPING_CSV: &str = include_str!("mapping.csv-superbill.toml");

/// Text files, by path in the folder.
const FILES: [(&str, &str); 4] = [
    ("claimhost.toml", CLAIMHOST),
    ("practices/my-practice/profile.toml", PROFILE),
    ("practices/my-practice/mapping.toml", MAPPING_HL7),
    ("practices/my-practice/mapping.csv-superbill.toml", MAPPING_CSV),
];
/// Folders for their owner only: what lies in them is clear text.
const PRIVATE: [&str; 5] = ["inbox/my-practice", "transport/out", "transport/in", "store", "cache"];
/// What a plugin folder is made of, beside its sources.
const PLUGIN_PARTS: [&str; 5] = ["plugin.toml", "plugin.wasm", "fixtures", "data", "tables"];

/// `init`
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// The folder to make, or to fill
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Leave the plugins folder empty
    #[arg(long)]
    no_plugins: bool,
}

/// What was made.
#[derive(Serialize)]
pub(super) struct Made {
    /// The folder.
    pub(super) folder: PathBuf,
    /// Files in it.
    pub(super) files: Vec<String>,
    /// Plugins in it.
    pub(super) plugins: Vec<String>,
}

impl Init {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let folder = &self.folder;
        let taken: Vec<&str> = FILES
            .iter()
            .map(|(path, _)| *path)
            .chain(["key"])
            .filter(|path| folder.join(path).symlink_metadata().is_ok())
            .collect();
        if !taken.is_empty() {
            let words = format!("{} has {} already; nothing was changed", folder.display(), taken.join(", "));
            return Err(Failure::missing(format!("{words}\nhint: name another folder, or move these away")));
        }
        let texts: Vec<(String, String)> = FILES.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
        let made = fill(folder, &texts, &PRIVATE, !self.no_plugins)?;
        if global.json {
            print_json(&made);
        } else {
            tell(&made, folder);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Makes a folder that works at once: these texts (the configuration first: it is written last, so that a folder with one is complete),
/// private folders, plugins that are pinned, and a key. A text that is there is replaced, a key that is there stays.
pub(super) fn fill(
    folder: &Path,
    texts: &[(String, String)],
    private: &[&str],
    plugins: bool,
) -> Result<Made, Failure> {
    fs::create_dir_all(folder).map_err(HostError::io(folder))?;
    for path in private {
        private::close_folder(&folder.join(path))?;
    }
    fs::create_dir_all(folder.join("plugins"))?;
    let plugins = if plugins { copy_plugins(folder)? } else { Vec::new() };
    pin(folder, &plugins)?;
    if folder.join("key").symlink_metadata().is_err() {
        let key = MasterKey::generate().map_err(|error| Failure::internal(error.to_string()))?;
        demo::write_key(&folder.join("key"), &key)?;
    }
    for (path, text) in texts.iter().rev() {
        let path = folder.join(path);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => write_new(&path, text)?,
        }
    }
    let files = texts.iter().map(|(path, _)| path.clone()).chain(["key".to_owned()]).collect();
    Ok(Made { folder: fs::canonicalize(folder)?, files, plugins })
}

/// Copies the project's plugins. Returns their ids.
fn copy_plugins(folder: &Path) -> Result<Vec<String>, Failure> {
    let Some(workspace) = peers::workspace() else {
        anstream::eprintln!(
            "the project's sources are not at hand: put plugins into {}",
            folder.join("plugins").display()
        );
        return Ok(Vec::new());
    };
    crate::plugin::build::build_missing(&workspace).map_err(|error| Failure::internal(error.to_string()))?;
    let mut ids = Vec::new();
    let sources = crate::plugin::build::sources(&workspace).map_err(|error| Failure::internal(error.to_string()))?;
    for source in sources {
        let id = source.id().to_owned();
        for part in PLUGIN_PARTS {
            copy(&source.folder.join(part), &folder.join("plugins").join(&id).join(part))?;
        }
        ids.push(id);
    }
    Ok(ids)
}

/// Pins what was copied, with what it asks for: whoever takes the project's own plugins consents to them.
fn pin(folder: &Path, ids: &[String]) -> Result<(), Failure> {
    let lock = folder.join("plugins.lock");
    let cache = folder.join("cache");
    let folder = folder.join("plugins");
    // What somebody has consented to before stays.
    if lock.symlink_metadata().is_err() {
        Lock::default().write(&lock).map_err(|error| Failure::internal(error.to_string()))?;
    }
    let config = PluginHostConfig::new(vec![folder.clone()], cache);
    for id in ids {
        let offer = Offer::read(&config, &folder.join(id)).map_err(|error| Failure::internal(error.to_string()))?;
        let asked = offer.manifest().permissions.clone();
        offer.consent(&lock, asked).map_err(|error| Failure::internal(error.to_string()))?;
    }
    Ok(())
}

fn tell(made: &Made, typed: &Path) {
    let folder = typed.display();
    print(&format!("{BOLD}Made {folder}{RESET}"));
    for file in &made.files {
        print(&format!("  {file}"));
    }
    print(&format!("  plugins: {}", if made.plugins.is_empty() { "none".to_owned() } else { made.plugins.join(", ") }));
    print("\nNext");
    print(&format!("  fill in {folder}/practices/my-practice/profile.toml"));
    print(&format!("  claimhost --config {folder}/claimhost.toml check-config"));
    print(&format!("  put documents into {folder}/inbox/my-practice"));
    print(&format!("  claimhost --config {folder}/claimhost.toml run --once"));
    print(&format!(
        "  claimhost --config {folder}/claimhost.toml go-live my-practice   # claims wait for your approval"
    ));
}

/// Writes a file that must not exist yet.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o640).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Copies a file or a folder of files; nothing where there is none.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if from.is_dir() {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else if from.is_file() {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(from, to)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::practice::Profile;

    /// Every key of a default configuration, as `section.key`.
    fn keys(value: &toml::Value, prefix: &str, out: &mut Vec<String>) {
        match value {
            toml::Value::Table(table) => {
                for (key, value) in table {
                    keys(value, &format!("{prefix}.{key}"), out);
                }
            }
            toml::Value::Array(items) if items.iter().any(toml::Value::is_table) => {
                items.iter().for_each(|item| keys(item, prefix, out));
            }
            _ => out.push(prefix.to_owned()),
        }
    }

    #[test]
    fn the_configuration_has_every_key_with_its_default_and_each_has_a_comment() {
        let given: Config = toml::from_str(CLAIMHOST).unwrap();
        let defaults: Config = toml::from_str("").unwrap();
        assert_eq!(given.store, defaults.store);
        assert_eq!(given.keys, defaults.keys);
        assert_eq!(given.plugins, defaults.plugins);
        assert_eq!(given.clearinghouse, defaults.clearinghouse);
        assert_eq!(given.service, defaults.service);
        let (mut known, mut written) = (Vec::new(), Vec::new());
        keys(&toml::Value::try_from(&given).unwrap(), "", &mut known);
        keys(&toml::from_str(CLAIMHOST).unwrap(), "", &mut written);
        known.sort();
        written.sort();
        assert_eq!(known, written);
        let lines: Vec<&str> = CLAIMHOST.lines().collect();
        for pair in lines.windows(2) {
            assert!(
                !pair[1].contains(" = ") || pair[1].starts_with('#') || pair[0].starts_with('#'),
                "no comment above: {}",
                pair[1]
            );
        }
    }

    #[test]
    fn the_profile_is_valid_as_it_is() {
        let profile = Profile::load(PROFILE, "profile.toml").map_err(|error| error.to_string()).unwrap();
        assert_eq!(profile.id, "my-practice");
    }

    #[test]
    fn mappings_are_toml_with_their_defaults_too() {
        let active = MAPPING_HL7.replace("\n# ", "\n");
        let without_prose: String = active
            .lines()
            .filter(|line| line.contains(" = ") || line.starts_with('['))
            .fold(String::new(), |text, line| text + line + "\n");
        assert!(toml::from_str::<toml::Table>(&without_prose).unwrap().contains_key("charge"));
        assert!(
            toml::from_str::<toml::Table>(MAPPING_HL7).is_ok() && toml::from_str::<toml::Table>(MAPPING_CSV).is_ok()
        );
    }
}
