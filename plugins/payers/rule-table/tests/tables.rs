//! The tables that come with claimhost: their cases pass, and the component's fixtures are made of them (`UPDATE=1` writes them).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use claimhost_rules::cases::{Outcome, run, untried};
use claimhost_rules::{End, Table};
use claimhost_sdk::Rules;
use claimhost_sdk::intake::Setup;
use claimhost_sdk::review::ClaimInContext;
use plugin_rule_table::RuleTable;

fn tables() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tables");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let tables: Vec<_> = paths.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect();
    assert!(!tables.is_empty());
    tables
}

#[test]
fn every_case_of_every_table_passes() {
    for (path, text) in tables() {
        let table =
            Table::read_with_cases(&text).unwrap_or_else(|problems| panic!("{}: {}", path.display(), problems[0]));
        assert_eq!(path.file_stem().unwrap().to_str().unwrap(), table.header.id);
        let failed: Vec<Outcome> = run(&table).into_iter().filter(|outcome| !outcome.passes()).collect();
        assert!(failed.is_empty(), "{failed:#?}");
        assert_eq!(untried(&table), []);
        for rule in &table.rules {
            let of_rule = |context: &ClaimInContext| {
                table.explain(context).into_iter().find(|seen| seen.rule == rule.id).unwrap().end
            };
            let outside = rule.cases.iter().filter(|case| of_rule(&case.context) == End::NotInForce);
            assert!(outside.count() > 0, "{} has no case of another day", rule.id);
        }
    }
}

#[test]
fn the_component_answers_as_its_fixtures_say() {
    for (path, text) in tables() {
        let table = Table::read_with_cases(&text).unwrap();
        let claims: Vec<&ClaimInContext> =
            table.rules.iter().flat_map(|rule| &rule.cases).map(|case| &case.context).collect();
        let session = RuleTable::open(Setup { settings: vec![], mapping: text.clone() }).unwrap();
        let answers: Vec<_> = claims.iter().map(|claim| session.check(claim)).collect();
        assert!(answers.iter().filter(|findings| !findings.is_empty()).count() >= table.rules.len());
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path.file_stem().unwrap());
        let json = |text: serde_json::Result<String>| text.unwrap() + "\n";
        for (name, content) in [
            ("mapping.toml", text.clone()),
            ("claim.json", json(serde_json::to_string_pretty(&claims))),
            ("expected.json", json(serde_json::to_string_pretty(&answers))),
        ] {
            let file = folder.join(name);
            if std::env::var_os("UPDATE").is_some() {
                fs::create_dir_all(&folder).unwrap();
                fs::write(&file, &content).unwrap();
            }
            let known = fs::read_to_string(&file).unwrap_or_default();
            assert!(known == content, "{} differs; UPDATE=1 writes it", file.display());
        }
    }
}

#[test]
fn an_empty_table_finds_nothing_and_a_bad_one_is_told_at_its_line() {
    let open = |mapping: &str| RuleTable::open(Setup { settings: vec![], mapping: mapping.to_owned() });
    assert!(open("").is_ok());
    let problems = open("[table]\nid = \"x\"\n").unwrap_err();
    assert!(problems.iter().any(|problem| problem.at.path == "line 1, column 1, table, title"), "{problems:?}");
    let setting = vec![("strict".to_owned(), "1".to_owned())];
    assert!(RuleTable::open(Setup { settings: setting, mapping: String::new() }).is_err());
}
