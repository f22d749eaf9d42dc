//! `keys rotate`: another master key. The keys of practices are wrapped anew, what they have sealed stays as it is.
//!
//! The next key is on the disk before anything is wrapped by it, and opens beside the old one until it has taken its place:
//! interrupted at any moment, the store opens, and the same command goes on where it was.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use super::output::{print, print_json};
use super::{Failure, Global};
use crate::config::Config;
use crate::lifecycle::{HostError, crash_point, master_key, next_key_file};
use crate::private;
use crate::store::{MasterKey, copy};

/// Manages the master key.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Keys {
    /// Makes another master key and wraps the keys of practices with it, while `serve` runs too
    Rotate,
}

#[derive(Serialize)]
struct Rotated {
    key_file: PathBuf,
    practices: u64,
}

impl Keys {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let Self::Rotate = self;
        let config = Config::load(&global.config).map_err(HostError::from)?;
        let (variable, path) = (&config.keys.master_key_env, &config.keys.master_key_file);
        if std::env::var_os(variable).is_some() {
            return Err(Failure::config(format!(
                "the master key comes from {variable}, which this command cannot change\nhint: write it into {} (mode 0600), \
                 unset {variable}, rotate, and put the new key of that file where {variable} comes from",
                path.display()
            )));
        }
        let practices = rotate(&config, path)?;
        let rotated = Rotated { key_file: path.clone(), practices };
        if global.json {
            print_json(&rotated);
        } else {
            print(&format!("{}: a new master key, {practices} practice keys are wrapped with it", path.display()));
            anstream::eprintln!(
                "Copy it to where you keep the old one; backups made before open with the old one only"
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn rotate(config: &Config, path: &Path) -> Result<u64, Failure> {
    let store = &config.store.path;
    if !store.exists() {
        return Err(Failure::missing(format!("{} is not there: there is nothing to wrap anew", store.display())));
    }
    // With the next key of a rotation that was interrupted, where there is one.
    let from = master_key(config)?;
    copy::opens(store, &from)?;
    let next_path = next_key_file(path);
    let next = match fs::read_to_string(&next_path) {
        Ok(text) => {
            MasterKey::from_hex(&text).ok_or_else(|| Failure::config(format!("{}: no key", next_path.display())))?
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let next = MasterKey::generate().map_err(|error| Failure::internal(error.to_string()))?;
            put(&next_path, next.to_hex().as_bytes())?;
            next
        }
        Err(error) => return Err(of(&next_path)(error)),
    };
    crash_point("key-next");
    let practices = copy::rewrap(store, &from, &next)?;
    crash_point("key-wrapped");
    let old = PathBuf::from(format!("{}.old", path.display()));
    let text = zeroize::Zeroizing::new(fs::read(path).map_err(of(path))?);
    put(&old, &text)?;
    crash_point("key-old");
    fs::rename(&next_path, path).map_err(of(path))?;
    sync(path).map_err(of(path))?;
    crash_point("key-renamed");
    copy::opens(store, &master_key(config)?)?;
    fs::remove_file(&old).map_err(of(&old))?;
    Ok(practices)
}

/// Writes a key file that is whole or not there.
fn put(path: &Path, text: &[u8]) -> Result<(), Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    private::write_whole(folder_of(path), &name, text).map_err(of(path))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync(path: &Path) -> io::Result<()> {
    fs::File::open(folder_of(path))?.sync_all()
}

fn of(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let path = path.to_owned();
    move |error| Failure::internal(format!("{}: {error}", path.display()))
}
