//! Builds plugins that are written in Python or JavaScript: their modules and the contract into one component.
//!
//! The tools are `componentize-py` (from the Python package index) and `componentize-js` (from npm's), each in one version, in the user's
//! cache: installed by the machine's own pip and npm, from wherever those are told to get packages.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};

use super::build::BuildError;
use super::manifest::{Kind, Manifest};
use crate::author;

const PYTHON_TOOL: &str = "componentize-py";
const PYTHON_VERSION: &str = "0.25.1";
const JAVASCRIPT_TOOL: &str = "@bytecodealliance/componentize-js";
const JAVASCRIPT_VERSION: &str = "0.23.0";

/// What the component of a Python plugin begins at: the author's module says `describe` and has `Session`, and componentize-py looks for a
/// class of the interface's name and a module of that name for its resource.
const PYTHON_ENTRY: &str = "claimhost_component";

/// componentize-js by its library call: its command takes no WIT folder that is elsewhere.
const JAVASCRIPT_BUILD: &str = "import { componentize } from '@bytecodealliance/componentize-js';
import { writeFile } from 'node:fs/promises';
const [, , sourcePath, witPath, worldName, output] = process.argv;
const disableFeatures = ['random', 'stdio', 'clocks', 'http', 'fetch-event'];
const { component } = await componentize({ sourcePath, witPath, worldName, disableFeatures });
await writeFile(output, component);
";

/// A language that needs a tool of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    Python,
    JavaScript,
}

impl Script {
    /// The one that a plugin folder is written in: by the file that is there.
    pub(super) fn of(folder: &Path) -> Option<Self> {
        let all = [Self::Python, Self::JavaScript];
        all.into_iter().find(|script| folder.join(script.file()).is_file())
    }

    /// The file that makes a folder one of this language.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Python => "plugin.py",
            Self::JavaScript => "plugin.js",
        }
    }

    /// What every component of this language is made of in the project, beside its own folder.
    pub(super) fn shared_sources(self) -> &'static [&'static str] {
        match self {
            Self::Python => &["sdk/python", "wit"],
            Self::JavaScript => &["sdk/javascript", "wit"],
        }
    }

    /// Of its modules.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Python => "py",
            Self::JavaScript => "js",
        }
    }
}

/// Builds the plugin in a folder and gives its component.
pub(super) fn build(script: Script, folder: &Path) -> Result<Vec<u8>, BuildError> {
    let not_a_source = |problem: String| BuildError::NotASource { path: folder.to_owned(), problem };
    let manifest = Manifest::read(folder).map_err(|error| not_a_source(error.to_string()))?;
    let world = match manifest.kind {
        Kind::Adapter => World { name: "adapter", interface: "translate", class: "Translate" },
        Kind::Rules => World { name: "rules", interface: "check", class: "Check" },
        other => return Err(not_a_source(format!("is of kind {other:?}, which is not built from {}", script.file()))),
    };
    let entry = match script {
        Script::Python => python_entry(&world).to_vec(),
        Script::JavaScript => Vec::new(),
    };
    // An author's module of such a name would be written over, or (a package) be taken for it.
    let is_there = |name: &str| folder.join(name).exists() || folder.join(name.trim_end_matches(".py")).is_dir();
    if let Some((name, _)) = entry.iter().find(|(name, _)| is_there(name)) {
        let package = name.trim_end_matches(".py");
        return Err(not_a_source(format!("has a module `{package}`, which the build makes itself: call it otherwise")));
    }
    let tool = match script {
        Script::Python => python_tool()?,
        Script::JavaScript => javascript_tool()?,
    };
    let stage = Stage::new()?;
    let made = stage.fill(script, folder).and_then(|()| stage.add(&entry));
    made.map_err(|source| BuildError::File { path: stage.0.clone(), source })?;
    let (wit, component) = (stage.0.join("wit"), stage.0.join("component.wasm"));
    let mut command = Command::new(&tool.program);
    match script {
        Script::Python => {
            command.arg("--quiet").arg("-d").arg(&wit).args(["-w", world.name, "componentize", PYTHON_ENTRY]);
            command.arg("-p").arg(&stage.0).arg("-o").arg(&component);
            // A virtual environment of the author's own would be taken into the component.
            command.env_remove("VIRTUAL_ENV").env_remove("PYTHONPATH");
        }
        Script::JavaScript => {
            command.arg(tool.folder.join("build.mjs")).arg(stage.0.join(script.file())).arg(&wit).arg(world.name);
            command.arg(&component);
        }
    }
    let output = run(command.current_dir(&stage.0).env_remove("RUST_BACKTRACE"))?;
    if !output.status.success() {
        return Err(BuildError::Script { file: folder.join(script.file()), said: said(&output) });
    }
    fs::read(&component).map_err(|source| BuildError::File { path: component, source })
}

/// A world of the contract, as the tools call it.
struct World {
    name: &'static str,
    interface: &'static str,
    class: &'static str,
}

fn python_entry(world: &World) -> [(String, Vec<u8>); 2] {
    let World { interface, class, .. } = world;
    let entry =
        format!("import plugin\n\n\nclass {class}:\n    def describe(self):\n        return plugin.describe()\n");
    [
        (format!("{PYTHON_ENTRY}.py"), entry.into_bytes()),
        (format!("{interface}.py"), b"from plugin import Session\n".to_vec()),
    ]
}

/// A folder in which a component is put together; it goes with the value.
struct Stage(PathBuf);

impl Stage {
    fn new() -> Result<Self, BuildError> {
        Self::below(&std::env::temp_dir())
    }

    /// The first name that nobody has: another process of this number may have been killed and have left its own.
    fn below(parent: &Path) -> Result<Self, BuildError> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        loop {
            let turn = COUNTER.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("claimhost-build-{}-{turn}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(BuildError::File { path, source }),
            }
        }
    }

    /// The author's modules, and what the plugin's folder does not have of the SDK and the contract.
    fn fill(&self, script: Script, folder: &Path) -> io::Result<()> {
        self.add(&match script {
            Script::Python => author::python(),
            Script::JavaScript => author::javascript(),
        })?;
        copy(folder, &self.0, script.extension())?;
        let own = folder.join("wit");
        let wit = self.0.join("wit");
        if own.is_dir() {
            return copy(&own, &wit, "wit");
        }
        fs::create_dir_all(&wit)?;
        author::wit().iter().try_for_each(|(path, content)| fs::write(wit.join(path), content))
    }

    fn add(&self, files: &[(String, Vec<u8>)]) -> io::Result<()> {
        files.iter().try_for_each(|(path, content)| fs::write(self.0.join(path), content))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What stays is in the system's folder for what is temporary.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Copies the files of one ending, and those in folders that hold some; not what tools and tests leave there.
fn copy(from: &Path, to: &Path, extension: &str) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        let text = name.to_string_lossy();
        if path.is_dir() {
            let aside = ["fixtures", "tests", "node_modules", "target", "venv", "wit", "docs"];
            if !aside.contains(&text.as_ref()) && !text.starts_with(['.', '_']) {
                copy(&path, &to.join(name), extension)?;
            }
        } else if path.extension().is_some_and(|found| found == extension) {
            fs::create_dir_all(to)?;
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

/// An installed tool.
struct Tool {
    folder: PathBuf,
    program: PathBuf,
}

fn python_tool() -> Result<Tool, BuildError> {
    let missing = |problem: String| BuildError::Tool {
        tool: format!("{PYTHON_TOOL} {PYTHON_VERSION}"),
        problem,
        remedy: "install Python 3.10 or later with pip and venv (CLAIMHOST_PYTHON names another python3), and see that pip can install \
                 packages",
    };
    let folder = tools()?.join(format!("{PYTHON_TOOL}-{PYTHON_VERSION}"));
    let bin = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    once(&folder, || {
        let python = std::env::var_os("CLAIMHOST_PYTHON").unwrap_or_else(|| "python3".into());
        installed(Command::new(&python).args(["-m", "venv", "--clear"]).arg(&folder), &missing)?;
        let wanted = format!("{PYTHON_TOOL}=={PYTHON_VERSION}");
        installed(Command::new(bin.join("pip")).args(["install", "--quiet", &wanted]), &missing)
    })?;
    Ok(Tool { program: bin.join(PYTHON_TOOL), folder })
}

fn javascript_tool() -> Result<Tool, BuildError> {
    let missing = |problem: String| BuildError::Tool {
        tool: format!("componentize-js {JAVASCRIPT_VERSION}"),
        problem,
        remedy: "install node 20 or later with npm, and see that npm can install packages",
    };
    let folder = tools()?.join(format!("componentize-js-{JAVASCRIPT_VERSION}"));
    once(&folder, || {
        let failed = |source| BuildError::File { path: folder.clone(), source };
        fs::create_dir_all(&folder).map_err(failed)?;
        fs::write(folder.join("package.json"), "{\"private\": true}\n").map_err(failed)?;
        fs::write(folder.join("build.mjs"), JAVASCRIPT_BUILD).map_err(failed)?;
        let wanted = format!("{JAVASCRIPT_TOOL}@{JAVASCRIPT_VERSION}");
        let mut npm = Command::new("npm");
        npm.current_dir(&folder).args(["install", "--save-exact", "--no-audit", "--no-fund", "--silent", &wanted]);
        installed(&mut npm, &missing)
    })?;
    Ok(Tool { program: "node".into(), folder })
}

/// The user's cache for tools: `CLAIMHOST_TOOLS`, else `claimhost/tools` in the cache folder of the user.
fn tools() -> Result<PathBuf, BuildError> {
    tools_of(|name| std::env::var_os(name))
}

fn tools_of(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, BuildError> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = || set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    let found = set("CLAIMHOST_TOOLS").or_else(|| cache().map(|cache| cache.join("claimhost/tools")));
    let found = found.ok_or_else(|| BuildError::Tool {
        tool: "the tools that build it".to_owned(),
        problem: "there is no folder to keep them in".to_owned(),
        remedy: "set CLAIMHOST_TOOLS or HOME",
    })?;
    // They are run in another folder than this one.
    std::path::absolute(&found).map_err(|source| BuildError::File { path: found, source })
}

/// Installs a tool where it is not whole yet. Of several processes that want it at once one installs, and the others wait.
fn once(folder: &Path, install: impl FnOnce() -> Result<(), BuildError>) -> Result<(), BuildError> {
    let failed = |source| BuildError::File { path: folder.to_owned(), source };
    let whole = folder.join("whole");
    let parent = folder.parent().unwrap_or(folder);
    fs::create_dir_all(parent).map_err(failed)?;
    let turn = fs::File::create(folder.with_extension("lock")).map_err(failed)?;
    turn.lock().map_err(failed)?;
    if whole.is_file() {
        return Ok(());
    }
    tracing::warn!(folder = %folder.display(), "the tools that build this plugin are installed, once");
    install()?;
    fs::write(&whole, "").map_err(failed)
}

fn installed(command: &mut Command, missing: &dyn Fn(String) -> BuildError) -> Result<(), BuildError> {
    let name = command.get_program().to_string_lossy().into_owned();
    match command.output() {
        Err(error) => Err(missing(format!("`{name}` cannot be run: {error}"))),
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(missing(format!("`{name}` says:\n{}", said(&output)))),
    }
}

fn run(command: &mut Command) -> Result<Output, BuildError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|source| BuildError::Tool {
        tool: Path::new(&program).file_name().unwrap_or(OsStr::new(&program)).to_string_lossy().into_owned(),
        problem: format!("cannot be run: {source}"),
        remedy: "install it; what was installed before is remembered below CLAIMHOST_TOOLS, which may be removed",
    })
}

/// What a tool said, its own traces left out.
fn said(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stdout));
    let text = text.split("\nStack backtrace:").next().unwrap_or_default();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_modules_are_taken_and_the_folder_s_own_go_before_what_is_carried() {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("plugin.py", "own");
        put("parts/more.py", "own");
        for aside in ["fixtures/a/x.py", "tests/x.py", ".venv/x.py", "__pycache__/x.py", "notes.txt"] {
            put(aside, "");
        }
        let there = |stage: &Stage, path: &str| fs::read_to_string(stage.0.join(path)).ok();
        let stage = Stage::new().unwrap();
        stage.fill(Script::Python, folder.path()).unwrap();
        assert_eq!(there(&stage, "plugin.py").as_deref(), Some("own"));
        assert_eq!(there(&stage, "parts/more.py").as_deref(), Some("own"));
        assert!(there(&stage, "claimhost.py").unwrap().contains("def empty"));
        assert!(there(&stage, "wit/claim.wit").unwrap().contains("interface claim"));
        for aside in ["fixtures/a/x.py", "tests/x.py", ".venv/x.py", "__pycache__/x.py", "notes.txt"] {
            assert_eq!(there(&stage, aside), None, "{aside}");
        }
        put("claimhost.py", "older");
        put("wit/claim.wit", "older");
        let stage = Stage::new().unwrap();
        stage.fill(Script::Python, folder.path()).unwrap();
        assert_eq!(there(&stage, "claimhost.py").as_deref(), Some("older"));
        assert_eq!(there(&stage, "wit/claim.wit").as_deref(), Some("older"));
        let path = stage.0.clone();
        drop(stage);
        assert!(!path.exists());
    }

    #[test]
    fn a_stage_that_a_killed_process_left_is_passed_over() {
        let parent = tempfile::tempdir().unwrap();
        let first = Stage::below(parent.path()).unwrap();
        let name = first.0.file_name().unwrap().to_string_lossy().into_owned();
        let (of_process, turn) = name.rsplit_once('-').unwrap();
        // Other tests of this process take turns too.
        let turn: u64 = turn.parse().unwrap();
        for turn in turn + 1..turn + 200 {
            fs::create_dir(parent.path().join(format!("{of_process}-{turn}"))).unwrap();
        }
        let next = Stage::below(parent.path()).unwrap();
        assert_ne!(next.0, first.0);
        assert!(Stage::below(&parent.path().join("nowhere")).is_err());
    }

    #[test]
    fn tools_are_kept_where_they_are_found_from_any_folder() {
        let here = std::env::current_dir().unwrap();
        let of = |set: &'static str, value: &'static str| tools_of(move |name| (name == set).then(|| value.into()));
        assert_eq!(of("CLAIMHOST_TOOLS", "own/tools").unwrap(), here.join("own/tools"));
        assert_eq!(of("XDG_CACHE_HOME", "cache").unwrap(), here.join("cache/claimhost/tools"));
        assert_eq!(of("HOME", "/home/any").unwrap(), Path::new("/home/any/.cache/claimhost/tools"));
        assert!(of("HOME", "").is_err());
    }

    #[test]
    fn a_module_of_the_author_is_never_written_over() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("my-rules");
        fs::create_dir(&folder).unwrap();
        let manifest = "id = \"my-rules\"\nversion = \"1.0.0\"\nkind = \"rules\"\ncontract = \"0.1.0-draft\"\nevidence = \"documented\"\n";
        fs::write(folder.join("plugin.toml"), manifest).unwrap();
        fs::write(folder.join("plugin.py"), "").unwrap();
        for module in ["check", PYTHON_ENTRY] {
            let (file, package) = (folder.join(format!("{module}.py")), folder.join(module));
            fs::write(&file, "").unwrap();
            let refused = || build(Script::Python, &folder).unwrap_err();
            assert!(
                matches!(refused(), BuildError::NotASource { problem, .. } if problem.contains(&format!("`{module}`")))
            );
            fs::remove_file(&file).unwrap();
            fs::create_dir(&package).unwrap();
            assert!(
                matches!(refused(), BuildError::NotASource { problem, .. } if problem.contains(&format!("`{module}`")))
            );
            fs::remove_dir(&package).unwrap();
        }
    }

    #[test]
    fn a_tool_is_installed_once_and_again_where_that_failed() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("tool-1");
        let count = AtomicU64::new(0);
        let install = |works: bool| {
            once(&folder, || {
                count.fetch_add(1, Ordering::Relaxed);
                fs::create_dir_all(&folder).unwrap();
                let failed = || BuildError::Tool { tool: "t".to_owned(), problem: "p".to_owned(), remedy: "r" };
                if works { Ok(()) } else { Err(failed()) }
            })
        };
        assert!(install(false).is_err());
        for _ in 0..3 {
            install(true).unwrap();
        }
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn what_is_missing_is_said_with_how_to_get_it() {
        let missing = |problem: String| BuildError::Tool { tool: "x 1".to_owned(), problem, remedy: "install it" };
        let error = installed(&mut Command::new("/nowhere/at-all"), &missing).unwrap_err().to_string();
        assert!(
            error.contains("x 1") && error.contains("`/nowhere/at-all` cannot be run") && error.contains("install it"),
            "{error}"
        );
    }
}
