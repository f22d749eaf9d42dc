use super::*;
use crate::visit::samples::PROFILE;

#[test]
fn the_sample_is_right() {
    assert_eq!(Profile::load(PROFILE, "profile.toml").unwrap().payer.len(), 3);
}

/// Every fault alone, at its line, in words that do not repeat the value.
#[test]
fn each_fault_is_found_at_its_line() {
    let faults = [
        ("npi = \"1234567893\"", "npi = \"1234567890\"", "check digit is wrong"),
        ("value = \"987654321\"", "value = \"98-7654321\"", "nine digits"),
        ("state = \"OH\"", "state = \"ZZ\"", "a state or territory"),
        ("postal_code = \"430010000\"", "postal_code = \"43001-0000\"", "nine digits without a dash"),
        ("postal_code = \"430010000\"", "postal_code = \"43001\"", "ZIP+4"),
        ("place_of_service = \"10\"", "place_of_service = \"1\"", "two digits"),
        ("ids = [\"TELE\"]", "ids = []", "empty list"),
        ("ids = [\"TELE\"]", "ids = [\"MAIN\"]", "location[0] has too"),
        ("ids = [\"DR02\"]", "ids = [\"DR01\"]", "provider[0] has too"),
        ("aliases = [\"EASTERN\"]", "aliases = [\" nfhp\"]", "payer[0] has too"),
        ("aliases = [\"EASTERN\"]", "aliases = [\"northfield HEALTH plan\"]", "payer[0] has too"),
        ("\"OV3\" = \"99213\"", "\"OV3\" = \"9921\"", "five characters"),
        ("telephone = \"6145550100\"", "telephone = \"614-555-0100\"", "ten digits"),
        ("filing_indicator = \"CI\"", "filing_indicator = \"ZZZ\"", "SBR09"),
    ];
    for (right, wrong, words) in faults {
        assert!(PROFILE.contains(right), "{right}");
        let text = PROFILE.replacen(right, wrong, 1);
        let error = Profile::load(&text, "profile.toml").unwrap_err();
        let [problem] = error.problems.as_slice() else { panic!("{wrong}: {error}") };
        assert!(problem.words.contains(words), "{wrong}: {error}");
        let line = PROFILE.lines().position(|line| line.contains(right)).unwrap() + 1;
        assert_eq!(problem.line, line, "{wrong}: {error}");
        assert!(error.to_string().starts_with(&format!("profile.toml:{line}:")), "{error}");
    }
}

#[test]
fn all_problems_come_at_once_in_the_order_of_the_file() {
    let text = PROFILE.replace("state = \"OH\"", "state = \"Ohio\"").replace("npi = \"1234567893\"", "npi = \"1\"");
    let error = Profile::load(&text, "p").unwrap_err();
    assert!(error.problems.len() >= 2, "{error}");
    assert!(error.problems.is_sorted_by_key(|problem| problem.line));
    assert!(!error.to_string().contains("Ohio"));
}

#[test]
fn values_are_told_beside_keys_that_nobody_knows() {
    let text = PROFILE.replace("state = \"OH\"", "state = \"Ohio\"").replacen("taxonomy =", "taxonomie =", 1);
    let keys: Vec<String> =
        Profile::load(&text, "p").unwrap_err().problems.into_iter().map(|problem| problem.key).collect();
    assert_eq!(keys[..2], ["taxonomie", "address.state"], "{keys:?}");
    // One that has to be there hides nothing either.
    let text = PROFILE.replace("state = \"OH\"", "state = \"Ohio\"").replacen("npi =", "npii =", 1);
    let problems = Profile::load(&text, "p").unwrap_err().problems;
    assert!(problems.iter().any(|problem| problem.key == "npii"), "{problems:?}");
    assert!(problems.iter().any(|problem| problem.key == "address.state"), "{problems:?}");
    // What a key was meant for that is misspelt is not missing too.
    let text =
        PROFILE.replacen("filing_indicator =", "filing_indicatr =", 1).replacen("[[payer]]", "[[payer]]\nx = 1", 1);
    let problems = Profile::load(&text, "p").unwrap_err().problems;
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[test]
fn an_unknown_key_is_located_and_the_known_one_suggested() {
    let text = PROFILE.replacen("taxonomy =", "taxonomie =", 1);
    let error = Profile::load(&text, "p").unwrap_err();
    let problem = &error.problems[0];
    assert!(problem.words.contains("did you mean `taxonomy`?"), "{error}");
    assert_eq!(problem.line, text.lines().position(|line| line.contains("taxonomie")).unwrap() + 1);
    let broken = Profile::load("id = \n", "p").unwrap_err();
    assert_eq!(broken.problems[0].line, 1, "{broken}");
}

#[test]
fn a_profile_without_payers_is_refused() {
    let text = PROFILE.split("[[payer]]").next().unwrap();
    let error = Profile::load(text, "p").unwrap_err();
    assert_eq!(error.problems[0].key, "payer");
}

#[test]
fn what_a_draft_has_left_to_the_site_is_refused_by_its_key() {
    let text = PROFILE.replace("npi = \"1234567893\"", "npi = \"TODO: NPI of the group\"");
    let text = text.replacen("aliases = [", "aliases = [\"TODO\", ", 1);
    let error = Profile::load(&text, "p").unwrap_err();
    let keys: Vec<&str> = error.problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["npi", "payer[0].aliases[0]"], "{error}");
    assert!(error.problems[0].words.contains("`TODO: NPI of the group`"), "{error}");
}
