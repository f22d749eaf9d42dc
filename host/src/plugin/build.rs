//! Builds guests: plugin crates to components, with cargo, in a target directory of their own; those in Python and JavaScript with the
//! tools of `script.rs`.
//!
//! A plugin's sources are a folder with `plugin.toml` and `Cargo.toml`, `plugin.py` or `plugin.js`: one below `plugins/` of the project, or
//! any folder that a path names. What needs a tool beside cargo is built only where somebody asks for it. At run time and not in a build script: a nested cargo on the same target directory waits for
//! itself.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use super::discover;
use super::manifest::Manifest;
use super::script::{self, Script};

/// The one target guests are built for.
pub const TARGET: &str = "wasm32-wasip2";

/// What every component of the project is made of beside its own folder; a change in any of it makes them old.
const SHARED_SOURCES: &[&str] = &["sdk", "wit", "Cargo.toml", "Cargo.lock"];

/// The sources of one plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its folder, with `plugin.toml` and `Cargo.toml`, `plugin.py` or `plugin.js`.
    pub folder: PathBuf,
    /// Name of the cargo package; of the folder, where it is written in another language.
    pub package: String,
    script: Option<Script>,
}

impl Source {
    /// The sources in a folder.
    ///
    /// # Errors
    /// [`BuildError::NotASource`] where it is no folder of a plugin crate.
    pub fn at(folder: &Path) -> Result<Self, BuildError> {
        let fail = |problem: String| BuildError::NotASource { path: folder.to_owned(), problem };
        if !folder.join("plugin.toml").is_file() {
            return Err(fail("has no plugin.toml".to_owned()));
        }
        let crate_file = folder.join("Cargo.toml");
        if let (Some(script), false) = (Script::of(folder), crate_file.is_file()) {
            let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            return Ok(Self { folder: folder.to_owned(), package: name, script: Some(script) });
        }
        let manifest =
            fs::read_to_string(crate_file).map_err(|error| fail(format!("its Cargo.toml cannot be read: {error}")))?;
        let manifest: toml::Table = manifest.parse().map_err(|_| fail("its Cargo.toml is not TOML".to_owned()))?;
        let name = manifest.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
        let package = name.ok_or_else(|| fail("its Cargo.toml names no package".to_owned()))?.to_owned();
        Ok(Self { folder: folder.to_owned(), package, script: None })
    }

    /// The folder's name, which is the plugin's id.
    pub fn id(&self) -> &str {
        self.folder.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }
}

/// Every plugin below `plugins/` of the project that is a crate.
///
/// # Errors
/// [`BuildError::NotASource`] where one's `Cargo.toml` cannot be used.
pub fn sources(workspace: &Path) -> Result<Vec<Source>, BuildError> {
    let folders = discover::folders(&[workspace.join("plugins")]);
    folders.iter().filter(|folder| folder.join("Cargo.toml").is_file()).map(|folder| Source::at(folder)).collect()
}

/// Every plugin below `plugins/` of the project that is written in Python or JavaScript: built where it is asked for by name.
///
/// # Errors
/// [`BuildError::NotASource`].
pub fn scripts(workspace: &Path) -> Result<Vec<Source>, BuildError> {
    let folders = discover::folders(&[workspace.join("plugins")]);
    let is_script = |folder: &&PathBuf| !folder.join("Cargo.toml").is_file() && Script::of(folder).is_some();
    folders.iter().filter(is_script).map(|folder| Source::at(folder)).collect()
}

/// Folders of the project's plugins, but for those in Python and JavaScript that nobody has built yet.
pub fn folders(workspace: &Path) -> Vec<PathBuf> {
    let is_script = |folder: &Path| !folder.join("Cargo.toml").is_file() && Script::of(folder).is_some();
    let folders = discover::folders(&[workspace.join("plugins")]);
    folders.into_iter().filter(|folder| !is_script(folder) || folder.join("plugin.wasm").is_file()).collect()
}

/// Why a guest was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// cargo or rustup cannot be run.
    #[error("`{program}` cannot be run: {source}; install Rust from rustup.rs")]
    Program {
        /// What was run.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// cargo ended with an error; what it said is above.
    #[error("cargo could not build {packages}; what it says is above")]
    Cargo {
        /// Packages asked for.
        packages: String,
    },
    /// A folder is no plugin crate.
    #[error("{}: {problem}; expected a folder with plugin.toml and the Cargo.toml of a plugin crate, a plugin.py or a plugin.js", path.display())]
    NotASource {
        /// The folder.
        path: PathBuf,
        /// What is missing.
        problem: String,
    },
    /// cargo made no component of a package.
    #[error("{package} builds no component: give it [lib] crate-type = [\"cdylib\"]")]
    NoComponent {
        /// The package.
        package: String,
    },
    /// A tool that builds plugins of its language is not there and cannot be installed.
    #[error("{tool}: {problem}\nhint: {remedy}")]
    Tool {
        /// Its name and version.
        tool: String,
        /// What is wrong.
        problem: String,
        /// How to get it.
        remedy: &'static str,
    },
    /// A plugin in Python or JavaScript is not built.
    #[error("{} cannot be built:\n{said}", file.display())]
    Script {
        /// Its first file.
        file: PathBuf,
        /// What the tool said.
        said: String,
    },
    /// The component cannot be copied into its folder.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Builds one package of the workspace; returns its component in `target/guests`.
///
/// # Errors
/// [`BuildError`] where cargo fails.
pub fn build_guest(workspace: &Path, package: &str) -> Result<PathBuf, BuildError> {
    let mut made = cargo_build(workspace, &[package], Some(&workspace.join("target/guests")))?;
    made.remove(package).ok_or_else(|| BuildError::NoComponent { package: package.to_owned() })
}

/// Builds every plugin of the project whose `plugin.wasm` is missing or older than its sources, in one cargo call, and puts
/// it into its folder. Returns the folders that changed.
///
/// # Errors
/// [`BuildError`] where cargo or the copy fails.
pub fn build_missing(workspace: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let old: Vec<Source> = sources(workspace)?.into_iter().filter(|source| is_old(Some(workspace), source)).collect();
    build_of_workspace(workspace, &old)?;
    Ok(old.into_iter().map(|source| source.folder).collect())
}

/// Whether a plugin's `plugin.wasm` is missing, or older than what it is made of: its own sources, and for one of the project what it
/// shares with the others.
pub fn is_old(workspace: Option<&Path>, source: &Source) -> bool {
    let built = fs::metadata(source.folder.join("plugin.wasm")).and_then(|file| file.modified()).ok();
    let shared = source.script.map_or(SHARED_SOURCES, Script::shared_sources);
    // A script is made of modules of its language and of the contract, whatever else lies there; a crate may take in any file.
    let counts = |path: &Path| {
        let extension = path.extension().unwrap_or_default();
        source.script.map_or(extension != "md", |script| extension == script.extension() || extension == "wit")
    };
    // Manifest and mapping lie beside the component, and the host reads them there.
    let mapping = Manifest::read(&source.folder).ok().and_then(|manifest| manifest.mapping);
    let is_data = |path: &Path| {
        let data = ["plugin.toml"].into_iter().chain(mapping.as_deref());
        data.map(|name| source.folder.join(name)).any(|data| data == path)
    };
    let own = newest(&source.folder, &|path| counts(path) && !is_data(path));
    let of_project = workspace.filter(|workspace| is_of(workspace, source));
    let of_all =
        of_project.and_then(|workspace| shared.iter().filter_map(|name| newest(&workspace.join(name), &counts)).max());
    built.is_none() || built < own || built < of_all
}

/// Plugin folders in or below the given ones whose component is older than its sources.
pub fn stale(workspace: Option<&Path>, roots: &[PathBuf]) -> Vec<PathBuf> {
    let is_stale = |folder: &PathBuf| {
        let is_built = folder.join("plugin.wasm").is_file();
        is_built && Source::at(folder).is_ok_and(|source| is_old(workspace, &source))
    };
    discover::folders(roots).into_iter().filter(is_stale).collect()
}

/// Whether a plugin is a member of the project.
fn is_of(workspace: &Path, source: &Source) -> bool {
    let absolute = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    absolute(&source.folder).starts_with(absolute(workspace).join("plugins"))
}

/// Builds plugins from their sources, wherever those lie, and puts each component into its folder.
///
/// A folder of the project is built as a member of its workspace, any other one as cargo finds it (a package of its own, or a
/// member of its own workspace), in release mode.
///
/// # Errors
/// [`BuildError`] where cargo or the copy fails.
pub fn build(workspace: Option<&Path>, source: &Source) -> Result<(), BuildError> {
    if let Some(script) = source.script {
        return write(&script::build(script, &source.folder)?, &source.folder);
    }
    match workspace {
        Some(workspace) if is_of(workspace, source) => build_of_workspace(workspace, std::slice::from_ref(source)),
        _ => put(&cargo_build(&source.folder, &[&source.package], None)?, source),
    }
}

fn build_of_workspace(workspace: &Path, sources: &[Source]) -> Result<(), BuildError> {
    if sources.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = sources.iter().map(|source| source.package.as_str()).collect();
    let made = cargo_build(workspace, &packages, Some(&workspace.join("target/guests")))?;
    sources.iter().try_for_each(|source| put(&made, source))
}

fn put(made: &BTreeMap<String, PathBuf>, source: &Source) -> Result<(), BuildError> {
    let component = made.get(&source.package);
    let component = component.ok_or_else(|| BuildError::NoComponent { package: source.package.clone() })?;
    install(component, &source.folder)
}

/// Copies a component to `plugin.wasm` of a plugin folder; a host that watches it sees the old file or the new one.
///
/// # Errors
/// [`BuildError::File`].
pub fn install(component: &Path, folder: &Path) -> Result<(), BuildError> {
    let bytes = fs::read(component).map_err(|source| BuildError::File { path: component.to_owned(), source })?;
    write(&bytes, folder)
}

fn write(component: &[u8], folder: &Path) -> Result<(), BuildError> {
    let path = folder.join("plugin.wasm");
    super::cache::write_atomically(&path, component).map_err(|source| BuildError::File { path, source })
}

/// Builds packages in a folder; gives the component of each that has one. With a target directory: the project's own profile.
fn cargo_build(
    folder: &Path,
    packages: &[&str],
    target: Option<&Path>,
) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command.current_dir(folder).args(["build", "--target", TARGET, "--message-format", "json-render-diagnostics"]);
    match target {
        Some(target) => command.args(["--profile", "plugin", "--target-dir"]).arg(target),
        None => command.arg("--release"),
    };
    packages.iter().for_each(|package| {
        command.args(["-p", package]);
    });
    // Flags meant for the host's own build (coverage, a linker) must not reach the guests.
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("CARGO_TARGET_DIR");
    if !has_target(folder) {
        let rustup: OsString = "rustup".into();
        let mut command = Command::new(&rustup);
        command.current_dir(folder).args(["target", "add", TARGET]);
        command.status().map_err(cannot_run(&rustup))?;
    }
    let fail = || BuildError::Cargo { packages: packages.join(", ") };
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(cannot_run(&cargo))?;
    let mut made = BTreeMap::new();
    for line in child.stdout.take().into_iter().flat_map(|output| io::BufReader::new(output).lines()) {
        let message = serde_json::from_str::<serde_json::Value>(&line.map_err(cannot_run(&cargo))?).unwrap_or_default();
        made.extend(component_of(&message));
    }
    if child.wait().map_err(cannot_run(&cargo))?.success() { Ok(made) } else { Err(fail()) }
}

/// Package and component of cargo's message that one was made.
fn component_of(message: &serde_json::Value) -> Option<(String, PathBuf)> {
    let file = message.get("filenames")?.as_array()?.iter().filter_map(|name| name.as_str());
    let component =
        file.map(PathBuf::from).find(|file| file.extension().is_some_and(|extension| extension == "wasm"))?;
    let manifest = PathBuf::from(message.get("manifest_path")?.as_str()?);
    // The package id's form is cargo's own; the manifest it names says the name.
    let manifest: toml::Table = fs::read_to_string(manifest).ok()?.parse().ok()?;
    Some((manifest.get("package")?.get("name")?.as_str()?.to_owned(), component))
}

/// Whether the standard library for guests is installed. Unknown counts as yes: cargo will say.
fn has_target(workspace: &Path) -> bool {
    let asked =
        Command::new("rustc").current_dir(workspace).args(["--print", "target-libdir", "--target", TARGET]).output();
    asked.is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout);
        !output.status.success() || Path::new(folder.trim()).is_dir()
    })
}

fn cannot_run(program: &OsString) -> impl Fn(io::Error) -> BuildError {
    let program = program.to_string_lossy().into_owned();
    move |source| BuildError::Program { program: program.clone(), source }
}

/// Newest change of a file that counts below a path; outputs, fixtures and what tools leave aside.
fn newest(path: &Path, counts: &dyn Fn(&Path) -> bool) -> Option<SystemTime> {
    let metadata = fs::metadata(path).ok()?;
    if metadata.is_file() {
        let is_output = path.extension().is_some_and(|extension| extension == "wasm");
        return if is_output || !counts(path) { None } else { metadata.modified().ok() };
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let aside = ["target", "fixtures", "tests", "benches", "node_modules", "venv"];
    if aside.contains(&name) || name.starts_with('.') || name.starts_with("__") {
        return None;
    }
    fs::read_dir(path).ok()?.flatten().filter_map(|entry| newest(&entry.path(), counts)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(workspace: &Path, folder: &str, package: &str) -> PathBuf {
        let folder = workspace.join("plugins").join(folder);
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("src/lib.rs"), "").unwrap();
        fs::write(folder.join("plugin.toml"), "").unwrap();
        fs::write(folder.join("Cargo.toml"), format!("[package]\nname = \"{package}\"\n")).unwrap();
        folder
    }

    #[test]
    fn every_plugin_folder_is_found_whatever_it_is_called() {
        let workspace = tempfile::tempdir().unwrap();
        plugin(workspace.path(), "ehr/one", "plugin-one");
        plugin(workspace.path(), "payers/any-name", "rules-of-somebody");
        let data_only = plugin(workspace.path(), "payers/tables", "none");
        fs::remove_file(data_only.join("Cargo.toml")).unwrap();
        let found = sources(workspace.path()).unwrap();
        let named: Vec<_> = found.iter().map(|source| (source.id(), source.package.as_str())).collect();
        assert_eq!(named, [("one", "plugin-one"), ("any-name", "rules-of-somebody")]);
    }

    #[test]
    fn what_is_written_in_another_language_is_built_only_by_name() {
        let workspace = tempfile::tempdir().unwrap();
        plugin(workspace.path(), "ehr/one", "plugin-one");
        for (name, file) in [("py", "plugin.py"), ("js", "plugin.js"), ("data", "mapping.toml")] {
            let folder = plugin(workspace.path(), &format!("examples/{name}"), "none");
            fs::remove_file(folder.join("Cargo.toml")).unwrap();
            fs::write(folder.join(file), "").unwrap();
        }
        let ids = |sources: Vec<Source>| sources.iter().map(|source| source.id().to_owned()).collect::<Vec<_>>();
        assert_eq!(ids(sources(workspace.path()).unwrap()), ["one"]);
        assert_eq!(ids(scripts(workspace.path()).unwrap()), ["js", "py"]);
        let listed = || -> Vec<String> {
            let name = |folder: &PathBuf| folder.file_name().unwrap().to_string_lossy().into_owned();
            folders(workspace.path()).iter().map(name).collect()
        };
        assert_eq!(listed(), ["one", "data"]);
        fs::write(workspace.path().join("plugins/examples/py/plugin.wasm"), "").unwrap();
        assert_eq!(listed(), ["one", "data", "py"]);
    }

    #[test]
    fn a_folder_that_is_no_plugin_crate_says_what_is_missing() {
        let workspace = tempfile::tempdir().unwrap();
        let folder = plugin(workspace.path(), "ehr/one", "plugin-one");
        for (file, text, expected) in [
            ("Cargo.toml", Some("[package]"), "names no package"),
            ("Cargo.toml", Some("="), "is not TOML"),
            ("Cargo.toml", None, "cannot be read"),
            ("plugin.toml", None, "has no plugin.toml"),
        ] {
            match text {
                Some(text) => fs::write(folder.join(file), text).unwrap(),
                None => fs::remove_file(folder.join(file)).unwrap(),
            }
            let error = Source::at(&folder).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_component_newer_than_its_sources_is_not_built_again() {
        let workspace = tempfile::tempdir().unwrap();
        let folder = plugin(workspace.path(), "ehr/one", "plugin-one");
        fs::write(folder.join("plugin.wasm"), "").unwrap();
        let set = |path: &str, seconds| {
            let file = fs::File::options().write(true).open(folder.join(path)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds)).unwrap();
        };
        for source in ["src/lib.rs", "plugin.toml", "Cargo.toml"] {
            set(source, 100);
        }
        set("plugin.wasm", 200);
        assert!(build_missing(workspace.path()).unwrap().is_empty());
        set("src/lib.rs", 300);
        // There is no workspace to build here: the attempt is what shows that it was found old.
        assert!(build_missing(workspace.path()).is_err());
        // What the host reads beside the component is not in it.
        set("src/lib.rs", 100);
        set("plugin.toml", 300);
        assert!(build_missing(workspace.path()).unwrap().is_empty());
    }

    #[test]
    fn a_component_of_a_script_is_as_old_as_its_language_s_modules_and_the_contract() {
        let workspace = tempfile::tempdir().unwrap();
        let folder = plugin(workspace.path(), "examples/py", "none");
        fs::remove_file(folder.join("Cargo.toml")).unwrap();
        let put = |path: &Path, seconds| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds)).unwrap();
        };
        put(&folder.join("plugin.py"), 100);
        assert!(is_old(None, &Source::at(&folder).unwrap()));
        let stale = || stale(Some(workspace.path()), &[workspace.path().join("plugins")]);
        assert!(stale().is_empty(), "what is not built is not stale");
        put(&folder.join("plugin.wasm"), 200);
        assert!(stale().is_empty());
        for aside in ["notes.txt", "src/lib.rs", "tests/cases.py", "__pycache__/x.py", "node_modules/x/x.py"] {
            put(&folder.join(aside), 300);
        }
        let shared = workspace.path();
        put(&shared.join("sdk/src/lib.rs"), 300);
        put(&shared.join("sdk/javascript/claimhost.js"), 300);
        assert!(stale().is_empty());
        for source in [
            "plugins/examples/py/parts/more.py",
            "plugins/examples/py/wit/claim.wit",
            "sdk/python/claimhost.py",
            "wit/x.wit",
        ] {
            put(&shared.join(source), 300);
            assert_eq!(stale(), std::slice::from_ref(&folder), "{source}");
            put(&shared.join(source), 100);
        }
        put(&shared.join("wit/x.wit"), 300);
        assert!(!is_old(None, &Source::at(&folder).unwrap()), "elsewhere the project's sources are not its own");
    }
}
