//! What a component says of itself, before anything believes it: what `describe` names is kept in the clear and shown.

use claimhost_rules::Table;

use super::load::Active;
use super::manifest::{Manifest, Permissions};
use crate::claim::Rule;
use crate::rules::COMPONENT;

/// Rules of one set.
const RULES_MAX: usize = 10_000;
/// Fields that an adapter delivers: the contract has some hundreds.
const DELIVERS_MAX: usize = 2_000;
/// Characters of a text that is shown.
const TEXT_MAX: usize = 2_000;

/// Whether a description can be used, and fits its manifest. The error is for the plugin's author and repeats nothing that the
/// component said.
pub(super) fn check(active: &Active) -> Result<(), String> {
    let told = match active {
        Active::Adapter(adapter) => &adapter.description().id,
        Active::Puller(puller) => &puller.description().id,
        Active::Poster(poster) => &poster.description().id,
        Active::Rules(rules) => &rules.description().id,
    };
    of_id(told, &active.plugin().manifest)?;
    match active {
        Active::Adapter(adapter) => {
            let told = adapter.description();
            texts(&[&told.title, &told.family])?;
            of_fields(&told.delivers)?;
            let formats = &adapter.manifest().formats;
            if told.formats.iter().any(|format| !formats.contains(format)) {
                return Err("formats: names one that plugin.toml does not have; make both the same".to_owned());
            }
            Ok(())
        }
        Active::Puller(puller) => texts(&[&puller.description().title]),
        Active::Poster(poster) => {
            let told = poster.description();
            if !super::poster::is_extension(&told.extension) {
                return Err("extension: expected 1 to 8 lower-case letters and digits, as `csv`".to_owned());
            }
            texts(&[&told.title])
        }
        Active::Rules(rules) => {
            let told = rules.description();
            texts(&[&told.title])?;
            of_rules(&told.rules)?;
            let asked = &rules.manifest().permissions;
            match &rules.table {
                Some(table) => of_table(&table.table, asked),
                // A folder over the component of tables whose table cannot be read: what that component asks for by itself says nothing
                // of it, and the table's own error is told where it is opened.
                None if rules.manifest().base.as_deref() == Some(COMPONENT) => Ok(()),
                None => of_look_back(told.look_back_days, asked),
            }
        }
    }
}

/// It is the plugin that its manifest says it is: of one that names a base, the base.
fn of_id(told: &str, manifest: &Manifest) -> Result<(), String> {
    let expected = manifest.base.as_ref().unwrap_or(&manifest.id);
    if told == expected {
        return Ok(());
    }
    Err(format!("id: it says another than `{expected}` of plugin.toml; make both the same"))
}

/// What an adapter delivers are names of fields.
fn of_fields(delivers: &[String]) -> Result<(), String> {
    if delivers.len() > DELIVERS_MAX {
        let found = delivers.len();
        return Err(format!("delivers: found {found} fields, expected at most {DELIVERS_MAX}; name each once"));
    }
    let field = |(at, field): (usize, &String)| texts(&[field]).map_err(|problem| format!("delivers {at}: {problem}"));
    delivers.iter().enumerate().try_for_each(field)
}

/// Each rule has an id of its own that can be printed and typed.
fn of_rules(rules: &[Rule]) -> Result<(), String> {
    if rules.len() > RULES_MAX {
        return Err(format!("found {} rules, expected at most {RULES_MAX}; split the rule set", rules.len()));
    }
    let mut ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err("two rules have the same id; give each its own".to_owned());
    }
    for (at, rule) in rules.iter().enumerate() {
        if !is_rule_id(&rule.id) {
            return Err(format!("rule {at}: id: expected 1 to 100 letters, digits, `.`, `-` and `_`"));
        }
        texts(&[&rule.title, &rule.source_url]).map_err(|problem| format!("rule {at}: {problem}"))?;
    }
    Ok(())
}

/// What a component looks back its manifest has to ask for: nobody could grant it, and its claims would be held for good.
fn of_look_back(days: u16, asked: &Permissions) -> Result<(), String> {
    if days > asked.look_back_days {
        return Err(format!(
            "it looks back {days} days, [permissions] has look_back_days = {}; write look_back_days = {days}",
            asked.look_back_days
        ));
    }
    Ok(())
}

/// What a table asks for its manifest has to ask for: else its rules would see no earlier lines, and its fixes be taken off, unsaid.
fn of_table(table: &Table, asked: &Permissions) -> Result<(), String> {
    let days = table.look_back_days();
    if days > asked.look_back_days {
        return Err(format!(
            "its table looks back {days} days, [permissions] has look_back_days = {}; write look_back_days = {days}",
            asked.look_back_days
        ));
    }
    if table.proposes_fixes() && !asked.fixes {
        return Err("its table proposes a fix, [permissions] has no fixes = true; write it".to_owned());
    }
    Ok(())
}

fn texts(all: &[&str]) -> Result<(), String> {
    match all.iter().find(|text| text.chars().count() > TEXT_MAX || text.chars().any(char::is_control)) {
        None => Ok(()),
        Some(text) => Err(format!(
            "a text of {} characters, expected at most {TEXT_MAX} and no control characters; shorten it",
            text.chars().count()
        )),
    }
}

/// Ids of rules are kept in the clear, printed and typed.
fn is_rule_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !id.is_empty() && id.len() <= 100 && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::{DateBasis, Severity};

    fn rule(id: &str, title: &str) -> Rule {
        Rule {
            id: id.to_owned(),
            title: title.to_owned(),
            severity: Severity::Hold,
            source_url: String::new(),
            effective: None,
            ended: None,
            basis: DateBasis::Service,
        }
    }

    #[test]
    fn fields_that_are_delivered_are_few_short_and_plain() {
        assert_eq!(of_fields(&["header.patient.name".to_owned(), "line.drug".to_owned()]), Ok(()));
        for (fields, words) in [
            (vec!["line.drug".to_owned(), "\u{1b}]0;VANCE\u{7}".to_owned()], "delivers 1: "),
            (vec!["\u{9b}2J".to_owned()], "no control characters"),
            (vec!["x".repeat(TEXT_MAX + 1)], "a text of 2001 characters"),
            (vec![String::new(); DELIVERS_MAX + 1], "found 2001 fields"),
        ] {
            let error = of_fields(&fields).unwrap_err();
            assert!(error.contains(words) && !error.contains("VANCE"), "{error}");
        }
    }

    #[test]
    fn rules_are_told_apart_and_repeat_nothing_that_a_guest_said() {
        assert_eq!(of_rules(&[rule("medicare.one", "One"), rule("medicare.two", "Two")]), Ok(()));
        let many = (0..=RULES_MAX).map(|n| rule(&format!("r{n}"), "")).collect::<Vec<_>>();
        for (rules, words) in [
            (vec![rule("a", ""), rule("a", "")], "same id"),
            (vec![rule("VANCE ORLA", "")], "rule 0: id"),
            (vec![rule("", "")], "rule 0: id"),
            (vec![rule(&"a".repeat(101), "")], "rule 0: id"),
            (vec![rule("a", "\u{1b}[2J")], "no control characters"),
            (
                vec![Rule { source_url: "https://cms.gov/\u{1b}[2J".to_owned(), ..rule("a", "") }],
                "no control characters",
            ),
            (vec![Rule { source_url: "x".repeat(TEXT_MAX + 1), ..rule("a", "") }], "a text of 2001 characters"),
            (vec![rule("a", &"x".repeat(TEXT_MAX + 1))], "a text of 2001 characters"),
            (many, "found 10001 rules"),
        ] {
            let error = of_rules(&rules).unwrap_err();
            assert!(error.contains(words) && !error.contains("VANCE"), "{error}");
        }
    }
}
