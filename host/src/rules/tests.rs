//! Whom a table is for, and what becomes of the folder's files: good ones, bad ones, and what was active before.

use std::fs;
use std::path::Path;

use super::{ActivationError, RuleTable, Tables};
use crate::claim::{Address, Claim, Frequency, parse_iso};
use crate::visit::samples;

/// A table of one rule; `header` are its other keys, `message` makes its text another.
fn text(id: &str, header: &str, message: &str) -> String {
    format!(
        "[table]\nid = \"{id}\"\ntitle = \"T\"\nversion = \"1\"\n{header}\n[[rule]]\nid = \"r\"\ntitle = \"R\"\nseverity = \"hold\"\n\
         source = \"https://example.org\"\neach = \"line\"\nwhen = 'line.procedure.code == \"99213\"'\nmessage = \"{message}\"\n\
         [[rule.case]]\nname = \"a visit\"\nfinds = 1\n[[rule.case]]\nname = \"another\"\nfinds = false\nlines = [\"99214\"]\n"
    )
}

fn address(state: &str) -> Address {
    let text = |text: &str| text.to_owned();
    Address {
        line1: text("1 MAIN ST"),
        line2: String::new(),
        city: text("ANYTOWN"),
        state: text(state),
        postal_code: text("430010001"),
        country: String::new(),
        subdivision: String::new(),
    }
}

fn claim() -> Claim {
    let mut header = samples::header();
    header.coverages = vec![samples::coverage("PAYER1", "M1")];
    header.coverages[0].filing_indicator = "CI".to_owned();
    header.coverages[0].subscriber.group_number = "G-77".to_owned();
    header.coverages[0].payer.local_ids = vec!["GOLD".to_owned()];
    let billing = header.billing.get_or_insert_with(|| samples::provider("1234567893"));
    billing.address = Some(address("OH"));
    header.service_facility = None;
    let line = samples::line("99213", 9_000);
    Claim {
        control_number: "C1".to_owned(),
        frequency: Frequency::Original,
        payer_control_number: None,
        destination: 0,
        total_charge: 9_000,
        header,
        lines: vec![line],
    }
}

#[test]
fn a_table_is_for_the_claims_that_its_header_names() {
    let claim = claim();
    let start = claim.lines[0].service_dates.start;
    let service = crate::claim::iso(start);
    let before = crate::claim::iso(crate::claim::from_day_number(crate::claim::day_number(start) - 1));
    let as_of = parse_iso("2030-01-01").unwrap();
    for (header, expected) in [
        (String::new(), true),
        ("payers = [\"PAYER1\"]".to_owned(), true),
        ("payers = [\"payer1\", \"X\"]".to_owned(), true),
        ("payers = [\"PAYER2\"]".to_owned(), false),
        ("filing_indicators = [\"CI\"]".to_owned(), true),
        ("filing_indicators = [\"MB\"]".to_owned(), false),
        ("plans = [\"g-77\"]".to_owned(), true),
        ("plans = [\"GOLD\"]".to_owned(), true),
        ("plans = [\"SILVER\"]".to_owned(), false),
        ("states = [\"OH\"]".to_owned(), true),
        ("states = [\"TX\"]".to_owned(), false),
        ("practices = [\"elm\"]".to_owned(), true),
        ("practices = [\"oak\"]".to_owned(), false),
        ("payers = [\"PAYER1\"]\nstates = [\"TX\"]".to_owned(), false),
        (format!("effective = {service}\nended = {service}"), true),
        (format!("ended = {before}"), false),
        (format!("basis = \"receipt\"\neffective = {service}\nended = {service}"), false),
        ("basis = \"receipt\"\neffective = 2030-01-01".to_owned(), true),
    ] {
        let table = RuleTable::load("t", text("t", &header, "m").as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(table.is_for("elm", &claim, as_of), expected, "{header}");
    }
    // Without a coverage nobody knows payer or plan; practice, state and days are known.
    let mut bare = claim.clone();
    bare.header.coverages.clear();
    for (header, expected) in [
        ("practices = [\"elm\"]\nstates = [\"OH\"]".to_owned(), true),
        ("practices = [\"oak\"]".to_owned(), false),
        ("states = [\"TX\"]".to_owned(), false),
        (format!("effective = {service}\nended = {service}"), true),
        (format!("ended = {before}"), false),
        ("payers = [\"PAYER1\"]".to_owned(), false),
    ] {
        let table = RuleTable::load("t", text("t", &header, "m").as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(table.is_for("elm", &bare, as_of), expected, "{header}");
    }
    let mut facility = claim;
    let mut place = samples::provider("1234567893");
    place.address = Some(address("TX"));
    facility.header.service_facility = Some(place);
    let table = RuleTable::load("t", text("t", "states = [\"TX\"]", "m").as_bytes()).unwrap();
    assert!(table.is_for("elm", &facility, as_of), "where services are given counts before where bills are written");
}

#[test]
fn a_table_has_to_pass_its_own_cases_and_to_have_them() {
    let good = text("t", "", "m");
    let wrong = good.replace("finds = 1", "finds = 2").replace("[\"99214\"]", "[\"99213\"]");
    let error = RuleTable::load("t.toml", wrong.as_bytes()).unwrap_err().to_string();
    for part in [
        "t.toml: line 14, column 1, rule \"t.r\", case \"a visit\": found 1 findings, expected 2 findings",
        "case \"another\": found 1 findings, expected none",
    ] {
        assert!(error.contains(part), "{error}");
    }
    let zero = good.replace(
        "line.procedure.code == ",
        "line.charge / (claim.destination * 1) > usd(1) && line.procedure.code == ",
    );
    let error = RuleTable::load("t.toml", zero.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("case \"a visit\": found The rule could not be evaluated"), "{error}");
    let untried = good.split("[[rule.case]]").next().unwrap().to_owned();
    let error = RuleTable::load("t.toml", untried.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("no case that finds something") && error.contains("no case that finds nothing"), "{error}");
    let bytes = [good.as_bytes(), &[b'\n', b'#', 0xff]].concat();
    let error = RuleTable::load("t.toml", &bytes).unwrap_err().to_string();
    let line = good.matches('\n').count() + 2;
    assert!(error.contains(&format!("line {line}, column 2: found bytes that are no UTF-8")), "{error}");
    assert!(RuleTable::load("t.toml", b"").is_err());
}

fn ids(tables: &Tables) -> Vec<(String, String)> {
    tables.active().iter().map(|table| (table.header().id.clone(), table.digest.chars().take(6).collect())).collect()
}

fn put(folder: &Path, name: &str, text: &str) {
    // Another size or time, as an editor would leave it.
    fs::write(folder.join(name), text).unwrap();
}

#[test]
fn a_bad_file_changes_nothing_and_what_was_active_outlives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules");
    let tables = Tables::open(&path);
    assert!(tables.active().is_empty() && tables.problems().is_empty(), "no folder, no tables");
    let first = tables.activate("candidate", text("t", "", "first").as_bytes(), "Kit").unwrap();
    assert_eq!((first.activation.by.as_str(), first.activation.replaced.as_str()), ("Kit", ""));
    let active = ids(&tables);

    // A candidate that fails changes nothing.
    let bad = text("t", "", "x").replace("finds = 1", "finds = 0");
    assert!(matches!(tables.activate("candidate", bad.as_bytes(), "Kit"), Err(ActivationError::Table(_))));
    assert_eq!(ids(&tables), active);
    // Nor does an editor that writes something wrong into the folder, nor a restart after it.
    put(&path, "t.toml", "[table]\nid = \"t\"\n");
    let refreshed = tables.refresh();
    assert!(!refreshed.moved && refreshed.refused, "the same is active: {refreshed:?}");
    assert_eq!(tables.refresh(), super::Refreshed::default(), "told once");
    assert_eq!((ids(&tables), tables.problems().len()), (active.clone(), 1));
    let again = Tables::open(&path);
    assert_eq!((ids(&again), again.problems().len(), again.never_active().len()), (active.clone(), 1, 0));
    // A good edit is taken up, and kept as somebody's who did not say who.
    put(&path, "t.toml", &text("t", "", "second, by hand"));
    assert!(tables.refresh().moved && !tables.refresh().moved);
    assert_ne!(ids(&tables), active);
    let kept = tables.activations().unwrap();
    assert_eq!(kept.iter().map(|one| one.by.as_str()).collect::<Vec<_>>(), ["Kit", "file changed"]);
    assert_eq!(kept[1].replaced, kept[0].digest);
    // Every text that was active can be read again by its digest, and one that was changed since cannot.
    assert_eq!(tables.text(&kept[0].digest).unwrap(), text("t", "", "first"));
    fs::write(path.join("history").join(format!("{}.toml", kept[0].digest)), "[table]").unwrap();
    assert_eq!(tables.text(&kept[0].digest), None);
    assert_eq!(tables.text("../t"), None);
    // The file goes, and the table with it; who brings it back is kept.
    fs::remove_file(path.join("t.toml")).unwrap();
    assert!(tables.refresh().moved && tables.active().is_empty());
    let again = tables.activate("candidate", text("t", "", "second, by hand").as_bytes(), "Lou").unwrap();
    assert_eq!((again.activation.by.as_str(), again.unchanged), ("Lou", false));
    // So is a removal that nobody saw.
    fs::remove_file(path.join("t.toml")).unwrap();
    assert!(Tables::open(&path).active().is_empty());
    let kept = tables.activations().unwrap();
    let told: Vec<(&str, bool)> = kept.iter().map(|one| (one.by.as_str(), one.removed)).collect();
    let by_hand = "file changed";
    assert_eq!(told, [("Kit", false), (by_hand, false), (by_hand, true), ("Lou", false), (by_hand, true)]);
    assert_eq!(kept[2].digest, kept[1].digest);
}

#[test]
fn a_folder_or_file_that_cannot_be_read_is_not_one_that_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let (path, aside) = (folder.path().join("rules"), folder.path().join("aside"));
    let tables = Tables::open(&path);
    tables.activate("candidate", text("t", "", "first").as_bytes(), "Kit").unwrap();
    let active = ids(&tables);

    // A folder that cannot be listed.
    fs::rename(&path, &aside).unwrap();
    fs::write(&path, "").unwrap();
    let refreshed = tables.refresh();
    assert!(!refreshed.moved && refreshed.refused, "{refreshed:?}");
    assert_eq!(tables.refresh(), super::Refreshed::default(), "told once");
    assert_eq!((ids(&tables), tables.problems().len(), tables.never_active().len()), (active.clone(), 1, 0));
    let told = tables.problems()[0].to_string();
    assert!(told.contains("rules: line 1") && told.contains("expected a folder that can be listed"), "{told}");
    let refused = tables.activate("candidate", text("t", "", "second").as_bytes(), "Kit");
    assert!(matches!(refused, Err(ActivationError::Table(_))), "{refused:?}");
    // A host that starts now knows of no table, and is told so.
    assert_eq!(Tables::open(&path).never_active().len(), 1);
    fs::remove_file(&path).unwrap();
    fs::rename(&aside, &path).unwrap();
    assert!(!tables.refresh().moved && tables.problems().is_empty());
    assert_eq!((ids(&tables), tables.activations().unwrap().len()), (active.clone(), 1), "nothing was removed");

    // A file that leads nowhere, also after a restart; when it can be read again, nothing else has to change.
    fs::rename(path.join("t.toml"), &aside).unwrap();
    std::os::unix::fs::symlink(folder.path().join("aside"), path.join("t.toml")).unwrap();
    assert!(!tables.refresh().moved && tables.problems().is_empty(), "a link to a table is one");
    fs::rename(&aside, folder.path().join("elsewhere")).unwrap();
    let refreshed = tables.refresh();
    assert!(!refreshed.moved && refreshed.refused, "{refreshed:?}");
    for tables in [&tables, &Tables::open(&path)] {
        assert_eq!((ids(tables), tables.problems().len(), tables.never_active().len()), (active.clone(), 1, 0));
    }
    fs::rename(folder.path().join("elsewhere"), &aside).unwrap();
    assert!(!tables.refresh().moved && tables.problems().is_empty());
}

#[test]
fn a_folder_that_goes_as_a_whole_takes_no_table_with_it() {
    let root = tempfile::tempdir().unwrap();
    let (path, aside) = (root.path().join("rules"), root.path().join("aside"));
    let tables = Tables::open(&path);
    tables.activate("candidate", text("t", "", "first").as_bytes(), "Kit").unwrap();
    let active = ids(&tables);
    fs::rename(&path, &aside).unwrap();
    // Not there; then another one in its place, as where something is mounted there no longer.
    for there in [false, true] {
        if there {
            fs::create_dir(&path).unwrap();
        }
        assert_eq!(tables.refresh(), super::Refreshed { moved: false, refused: !there }, "told once");
        assert_eq!((ids(&tables), tables.never_active().len()), (active.clone(), 0));
        let told = tables.problems()[0].to_string();
        assert!(told.contains("expected the folder of the tables that are active: t; put it back"), "{told}");
        assert!(tables.activate("candidate", text("t", "", "second").as_bytes(), "Kit").is_err());
    }
    // A host that starts now knows of them by its store only.
    let known = ["t".to_owned()];
    assert!(Tables::open(&path).lost(&known).is_some() && Tables::open(&path).lost(&[]).is_none());
    fs::remove_dir(&path).unwrap();
    fs::rename(&aside, &path).unwrap();
    assert_eq!(tables.refresh(), super::Refreshed::default());
    assert_eq!((ids(&tables), tables.problems().len(), tables.activations().unwrap().len()), (active, 0, 1));
    assert!(Tables::open(&path).lost(&known).is_none());
    // Emptied on purpose: its history is there.
    fs::remove_dir_all(&path).unwrap();
    fs::create_dir_all(path.join("history")).unwrap();
    assert!(Tables::open(&path).lost(&known).is_none());
    assert!(tables.refresh().moved && ids(&tables).is_empty() && tables.problems().is_empty());
}

#[test]
fn what_was_last_active_of_a_file_is_the_last_word_on_its_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    put(path, "a.toml", &text("x", "", "first"));
    let tables = Tables::open(path);
    // A file takes another id; then a bad save, and a restart: the newest of it stays.
    put(path, "a.toml", &text("y", "", "second, longer"));
    assert!(tables.refresh().moved);
    put(path, "a.toml", "[table]");
    for tables in [&tables, &Tables::open(path)] {
        tables.refresh();
        let active: Vec<String> = ids(tables).into_iter().map(|(id, _)| id).collect();
        assert_eq!((active, tables.never_active().len()), (vec!["y".to_owned()], 0));
    }
    // A table whose file was renamed, and taken away under its new name, comes back under neither.
    put(path, "a.toml", &text("y", "", "second, longer"));
    fs::rename(path.join("a.toml"), path.join("b.toml")).unwrap();
    tables.refresh();
    put(path, "a.toml", "[table]");
    let again = Tables::open(path);
    assert_eq!((ids(&again).len(), again.never_active().len()), (1, 1), "it is active as b.toml");
    fs::remove_file(path.join("b.toml")).unwrap();
    assert_eq!(ids(&Tables::open(path)), [], "it was taken away");
    assert_eq!(ids(&Tables::open(path)), [], "and stays so");
}

#[test]
fn a_line_that_a_crash_cut_off_costs_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("history/activations.jsonl");
    let tables = Tables::open(folder.path());
    tables.activate("candidate", text("t", "", "first").as_bytes(), "Kit").unwrap();
    // Cut off within a letter of somebody's name.
    let whole = fs::read(&list).unwrap();
    let cut = "{\"at\":\"2026-05-01T00:00:00+00:00\",\"by\":\"J\u{e9}".as_bytes();
    fs::write(&list, [&whole, &cut[..cut.len() - 1]].concat()).unwrap();
    assert_eq!(tables.activations().unwrap().len(), 1);
    tables.activate("candidate", text("t", "", "second").as_bytes(), "Lou").unwrap();
    let kept = tables.activations().unwrap();
    assert_eq!(kept.iter().map(|one| one.by.as_str()).collect::<Vec<_>>(), ["Kit", "Lou"]);
    assert!(fs::read(&list).unwrap().ends_with(b"}\n"));
}

#[test]
fn the_file_that_is_active_keeps_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let files = |tables: &Tables| -> Vec<String> {
        let active = tables.active();
        let told = |text: &str| ["first", "second", "third", "fourth"].into_iter().find(|word| text.contains(word));
        active.iter().map(|table| format!("{} {}", table.header().id, told(&table.text).unwrap())).collect()
    };
    put(path, "b.toml", &text("t", "", "first"));
    let tables = Tables::open(path);
    // Another file with its id comes, before it in the order of names: it is told and changes nothing, nor after a restart.
    put(path, "a.toml", &text("t", "", "second"));
    assert!(!tables.refresh().moved);
    for tables in [&tables, &Tables::open(path)] {
        assert_eq!((files(tables), tables.never_active().len()), (vec!["t first".to_owned()], 1));
    }
    // Nor while the active file holds a text that cannot be used.
    put(path, "b.toml", "[table]");
    tables.refresh();
    for tables in [&tables, &Tables::open(path)] {
        assert_eq!((files(tables), tables.problems().len()), (vec!["t first".to_owned()], 2));
    }
    // One that had another id and takes this one keeps what was active of it.
    put(path, "c.toml", &text("u", "", "third"));
    assert!(tables.refresh().moved);
    put(path, "c.toml", &text("t", "", "fourth, longer"));
    assert!(!tables.refresh().moved);
    assert_eq!((files(&tables), tables.problems().len()), (vec!["t first".to_owned(), "u third".to_owned()], 3));
    // When the file goes, another has the id, as it is.
    fs::remove_file(path.join("b.toml")).unwrap();
    assert!(tables.refresh().moved);
    assert_eq!((files(&tables), tables.problems().len()), (vec!["t second".to_owned(), "u third".to_owned()], 1));
}

#[test]
fn an_activation_never_overwrites_another_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    put(path, "x.toml", &text("t", "", "m"));
    put(path, "z.toml", "half a tab");
    let tables = Tables::open(path);
    for (id, holds) in
        [("x", "found table \"t\", expected no file or table \"x\""), ("z", "found a file that is no table")]
    {
        let refused = tables.activate("candidate", text(id, "", "m").as_bytes(), "Kit").unwrap_err();
        assert!(matches!(refused, ActivationError::Taken { .. }), "{refused}");
        assert!(
            refused.to_string().contains(holds) && refused.to_string().contains(&format!("{id}.toml")),
            "{refused}"
        );
    }
    assert_eq!(fs::read_to_string(path.join("x.toml")).unwrap(), text("t", "", "m"));
    assert_eq!(fs::read_to_string(path.join("z.toml")).unwrap(), "half a tab");
    assert_eq!((ids(&tables).len(), tables.activations().unwrap().len()), (1, 1));
    // Nor the text of another table in the file that its own was active of.
    put(path, "x.toml", &text("u", "", "m"));
    put(path, "u.toml", &text("u", "", "m"));
    fs::remove_file(path.join("x.toml")).unwrap();
    tables.refresh();
    put(path, "x.toml", &text("x", "", "m"));
    tables.refresh();
    put(path, "x.toml", &text("u", "", "another"));
    tables.refresh();
    let refused = tables.activate("candidate", text("x", "", "new").as_bytes(), "Kit").unwrap_err();
    assert!(refused.to_string().contains("found the text of table \"u\""), "{refused}");
}

#[test]
fn one_id_is_one_table_and_a_file_that_never_was_active_is_told() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "a.toml", &text("t", "", "m"));
    put(folder.path(), "b.toml", &text("t", "", "other"));
    put(folder.path(), "c.toml", "");
    put(folder.path(), ".d.toml", "");
    put(folder.path(), "notes.txt", "");
    let tables = Tables::open(folder.path());
    let told: Vec<String> = tables.never_active().iter().map(ToString::to_string).collect();
    assert_eq!((ids(&tables).len(), told.len()), (1, 2), "{told:?}");
    assert!(told[0].contains("b.toml") && told[0].contains("a.toml has it"), "{told:?}");
    // Looking writes nothing.
    let other = tempfile::tempdir().unwrap();
    put(other.path(), "a.toml", &text("t", "", "m"));
    assert_eq!(ids(&Tables::look_at(other.path())).len(), 1);
    assert!(!other.path().join("history").exists());
    // An activation takes the place of the file that has the id, whatever it is called.
    let looked = Tables::open(other.path());
    let done = looked.activate("x", text("t", "", "new").as_bytes(), "Kit").unwrap();
    assert_eq!((done.activation.file.as_str(), done.unchanged), ("a.toml", false));
    assert!(looked.activate("x", text("t", "", "new").as_bytes(), "Kit").unwrap().unchanged);
}
