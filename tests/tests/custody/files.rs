//! Files outside the store, one at a time changed or taken away: which of it is told of, and which of it is nobody's loss.

use super::*;

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// One byte of it is another one.
    Byte,
    /// It is gone.
    Gone,
}

/// Tables that `verify` and `trace --unaccounted` name with the check `file`.
fn told(config: &Path) -> [Vec<String>; 2] {
    let report = listed(config, &["verify", "--all"]);
    let left = listed(config, &["--as-of", DAY, "trace", "--unaccounted"]);
    [&report["differences"], &left].map(|told| {
        let all = told.as_array().unwrap().iter();
        all.map(|one| {
            assert_eq!(one["check"], "file", "{one}");
            one["table"].as_str().unwrap().to_owned()
        })
        .collect()
    })
}

fn file_in(site: &Site, folder: &str, ends: &str) -> PathBuf {
    let entries = std::fs::read_dir(site.dir().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.to_string_lossy().ends_with(ends)).collect();
    found.sort();
    found.pop().unwrap_or_else(|| panic!("no {ends} in {folder}"))
}

#[test]
fn a_file_that_is_lost_or_another_one_is_told_of_and_one_that_others_take_is_not() {
    use Change::{Byte, Gone};
    let site = site();
    site.csv("patients-1.csv", b"Patient ID,Last\nP1,VANCE\n");
    let answered = file_in(&site, "transport/out", ".837");
    site.hl7("7.hl7", Charge::new(7).message().replace("VANCE", "VANCEH").as_bytes());
    site.run(DAY);
    let unanswered = file_in(&site, "transport/out", ".837");
    assert_ne!(answered, unanswered);
    let config = site.dir().join("claimhost.toml");
    let (original, answer) = ("inbox/my-practice/archive", "transport/in/archive");
    let joined = file_in(&site, "inbox/csv/archive", "patients-1.csv");
    // The file, the change, and the table it is told of under; none: the reason why it is no loss.
    let cases = [
        (unanswered.clone(), Byte, Ok("submission")),
        (unanswered.clone(), Gone, Ok("submission")),
        (answered.clone(), Byte, Ok("submission")),
        (answered, Gone, Err("a 999 has answered it: the clearinghouse has it, and the store has its bytes")),
        (file_in(&site, "transport/out", ".270"), Byte, Ok("submission")),
        (file_in(&site, original, "1.hl7"), Byte, Ok("file")),
        (
            file_in(&site, original, "1.hl7"),
            Gone,
            Err("the store has its bytes: a practice empties its archive as it likes"),
        ),
        (file_in(&site, answer, "3.835"), Byte, Ok("file")),
        (file_in(&site, answer, "3.835"), Gone, Err("the store has its bytes")),
        (joined.clone(), Byte, Ok("file")),
        (joined, Gone, Ok("file")),
        (file_in(&site, "post", ".csv"), Byte, Ok("post_batch")),
        (
            file_in(&site, "post", ".csv"),
            Gone,
            Err("the EHR takes its files away, and `post confirm` says that it has them"),
        ),
    ];
    for (path, change, expected) in cases {
        let bytes = std::fs::read(&path).unwrap();
        match change {
            Byte => {
                let mut other = bytes.clone();
                let at = other.len() / 2;
                other[at] ^= 1;
                std::fs::write(&path, other).unwrap();
            }
            Gone => std::fs::remove_file(&path).unwrap(),
        }
        let expected: Vec<String> = expected.ok().map(str::to_owned).into_iter().collect();
        assert_eq!(told(&config), [expected.clone(), expected], "{change:?} of {}", path.display());
        std::fs::write(&path, bytes).unwrap();
    }
    site.assert_accounted(DAY);
    // Where what fetches them takes them away, one that is gone has left.
    site.edit("claimhost.toml", "takes_away = false", "takes_away = true");
    std::fs::remove_file(unanswered).unwrap();
    site.assert_accounted(DAY);
}
