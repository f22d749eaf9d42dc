//! What README says that the demo prints is what it prints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use claimhost_tests::programs::{run, workspace};

/// The command above the block, and the heading at which README leaves off.
const COMMAND: &str = "`cargo run --release -- demo --seed 7`, shortened:";
const LEFT_OUT: &str = "What was caught";

/// Lines without the blanks that a table puts at its ends.
fn lines(text: &str) -> Vec<&str> {
    text.trim().lines().map(str::trim_end).collect()
}

#[test]
fn the_demo_prints_what_readme_shows() {
    let readme = std::fs::read_to_string(workspace().join("README.md")).unwrap();
    let (_, behind) = readme.split_once(COMMAND).expect("README names the command of its block");
    let shown = behind.split("```").nth(1).expect("a block behind the command");
    let folder = tempfile::tempdir().unwrap();
    let output = run(&["demo", "--data-dir", folder.path().to_str().unwrap(), "--seed", "7"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (start, _) = printed.split_once(&format!("\n{LEFT_OUT}\n")).expect("the table of all findings");
    let (shown, start) = (lines(shown), lines(start));
    let differs: Vec<String> = (0..shown.len().max(start.len()))
        .filter(|at| shown.get(*at) != start.get(*at))
        .map(|at| format!("README {:?}\n  demo {:?}", shown.get(at), start.get(at)))
        .collect();
    assert!(differs.is_empty(), "README's block is not what `demo --seed 7` prints:\n{}", differs.join("\n"));
}
