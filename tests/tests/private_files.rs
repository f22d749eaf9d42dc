//! What holds a patient is made for its owner only, whatever the umask: store, inboxes, archives, transport, key, the demo's folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use claimhost_tests::programs::claimhost;
use claimhost_tests::site::{Charge, Site};

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

/// Every folder below has mode 0700 and every file 0600.
fn assert_closed(folder: &Path) {
    assert_eq!(mode(folder), 0o700, "{}", folder.display());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_closed(&path);
        } else {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
}

#[test]
fn a_site_at_work_opens_nothing_to_others() {
    let site = Site::new();
    // As somebody else's program leaves it.
    for number in 1..=2 {
        site.hl7(&format!("{number}.hl7"), Charge::new(number).message().as_bytes());
    }
    site.csv("1.csv", b"Visit\n");
    site.answer("1.835", b"ISA*");
    for folder in ["inbox/my-practice", "inbox/csv", "transport/in"] {
        for entry in std::fs::read_dir(site.dir().join(folder)).unwrap() {
            std::fs::set_permissions(entry.unwrap().path(), PermissionsExt::from_mode(0o644)).unwrap();
        }
    }
    let run = format!(
        "umask 000; exec {:?} --config {:?} --as-of 2026-05-20 run --once",
        claimhost(),
        site.dir().join("claimhost.toml")
    );
    for _ in 0..2 {
        let output = Command::new("sh").args(["-c", &run]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        // Claims wait for it, and leave in the second run.
        site.approve("2026-05-20");
    }
    for folder in ["inbox/my-practice", "inbox/csv/archive", "transport/in", "transport/out", "store"] {
        assert_closed(&site.dir().join(folder));
    }
    assert_eq!(std::fs::read_dir(site.dir().join("transport/out")).unwrap().count(), 1);
    assert_eq!(mode(&site.dir().join("key")), 0o600);
}

#[test]
fn the_demo_makes_a_folder_for_its_owner() {
    let root = tempfile::tempdir().unwrap();
    std::fs::set_permissions(root.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let folder = root.path().join("demo");
    let run = format!("umask 000; exec {:?} demo --json --seed 11 --data-dir {folder:?}", claimhost());
    let output = Command::new("sh").args(["-c", &run]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(mode(&folder), 0o700);
    for inner in ["inbox", "store", "transport/out"] {
        assert_closed(&folder.join(inner));
    }
    assert_eq!(mode(&folder.join("key")), 0o600);
}
