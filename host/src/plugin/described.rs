//! What a component says of itself, before anything believes it: what `describe` names is kept in the clear and shown.

use super::load::Active;

/// Rules of one set.
const RULES_MAX: usize = 10_000;
/// Characters of a text that is shown.
const TEXT_MAX: usize = 2_000;

/// Whether a description can be used, and fits its manifest. The error is for the plugin's author and repeats nothing that the
/// component said.
pub(super) fn check(active: &Active) -> Result<(), String> {
    match active {
        Active::Adapter(adapter) => {
            let told = adapter.description();
            texts(&[&told.id, &told.title, &told.family])?;
            let formats = &adapter.manifest().formats;
            if told.formats.iter().any(|format| !formats.contains(format)) {
                return Err("formats: names one that plugin.toml does not have; make both the same".to_owned());
            }
            Ok(())
        }
        Active::Rules(rules) => {
            let told = rules.description();
            texts(&[&told.id, &told.title])?;
            let rules = rules.rules();
            if rules.len() > RULES_MAX {
                return Err(format!("found {} rules, expected at most {RULES_MAX}; split the rule set", rules.len()));
            }
            let mut ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
            ids.sort_unstable();
            if ids.windows(2).any(|pair| pair.first() == pair.last()) {
                return Err("two rules have the same id; give each its own".to_owned());
            }
            for (at, rule) in rules.iter().enumerate() {
                let place = |problem: &str| format!("rule {at}: {problem}");
                if !is_rule_id(&rule.id) {
                    return Err(place("id: expected at most 100 letters, digits, `.`, `-` and `_`"));
                }
                texts(&[&rule.title]).map_err(|problem| place(&problem))?;
            }
            Ok(())
        }
    }
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
