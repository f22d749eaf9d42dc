//! Settings of a session: single values by name. A name that the plugin does not have is a problem, never ignored.

use crate::intake::{Place, Problem, Setup};

/// Refuses every setting whose name is not among `known`.
///
/// # Errors
/// One problem for each, `setting.unknown`, at its name.
pub fn only(setup: &Setup, known: &[&str]) -> Result<(), Vec<Problem>> {
    let expected = match known {
        [] => "no settings: this plugin has none".to_owned(),
        _ => format!("one of {}", known.join(", ")),
    };
    let unknown = setup.settings.iter().filter(|(name, _)| !known.contains(&name.as_str()));
    let problem = |(name, _): &(String, String)| Problem {
        id: "setting.unknown".to_owned(),
        at: Place { path: name.clone(), offset: None },
        found: "a setting that this plugin does not have".to_owned(),
        expected: expected.clone(),
        remedy: "correct its name, or take it out".to_owned(),
    };
    let problems: Vec<Problem> = unknown.map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// The value of a setting.
pub fn value<'a>(setup: &'a Setup, name: &str) -> Option<&'a str> {
    setup.settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[test]
fn an_unknown_setting_is_named() {
    let setting = |name: &str| (name.to_owned(), "1".to_owned());
    let setup = Setup { settings: vec![setting("strict"), setting("strickt")], mapping: String::new() };
    let problems = only(&setup, &["strict"]).unwrap_err();
    assert_eq!((problems.len(), problems[0].at.path.as_str()), (1, "strickt"));
    assert_eq!(problems[0].expected, "one of strict");
    assert_eq!((value(&setup, "strict"), value(&setup, "other")), (Some("1"), None));
    assert!(only(&setup, &["strict", "strickt"]).is_ok());
}
