//! The README of a new plugin: what lies where, and the next commands.

use super::new::{Kind, Language, New};

/// Its text.
pub(super) fn of(new: &New) -> String {
    let New { kind, name, language, base } = new;
    let what = match kind {
        Kind::Adapter => "Translates the documents of one EHR to visit events.",
        Kind::Rules => "Checks professional claims against the rules of one payer.",
        Kind::Puller => "Asks an EHR's interface for what is new. The host sends each request, and keeps what came.",
    };
    let over = match (kind, language) {
        (Kind::Adapter, Language::Toml) => {
            format!(" No code: it is data over the component `{}`, which the host has to have.", base.id())
        }
        (Kind::Rules, Language::Toml) => {
            " No code: it is a table over the component `rule-table`, which the host has to have.".to_owned()
        }
        (Kind::Puller, Language::Toml) => {
            " No code: it is data over the component `http-pull`, which the host has to have.".to_owned()
        }
        _ => String::new(),
    };
    let mut rows = vec![("plugin.toml", "id, kind, limits, permissions: read before anything is loaded")];
    rows.extend(match (kind, language) {
        (Kind::Adapter, Language::Toml) => vec![("mapping.toml", "where each element stands; begin here")],
        (Kind::Puller, Language::Toml) => {
            vec![("mapping.toml", "which requests, and what of their answers; begin here")]
        }
        (Kind::Rules, Language::Toml) => {
            vec![("table.toml", "the rules, each with its source and its cases; begin here")]
        }
        (_, Language::Rust) => vec![
            ("src/lib.rs", "the plugin; begin here"),
            ("mapping.toml", "what may differ by site; sessions are opened with it"),
            ("claimhost/", "the SDK and the contract, as the claimhost that wrote this has them"),
        ],
        (_, Language::Python) => vec![
            ("plugin.py", "the plugin; begin here"),
            ("mapping.toml", "what may differ by site; sessions are opened with it"),
            ("claimhost.py", "empty records of the contract, numbers"),
            ("wit/", "the contract, as the claimhost that wrote this has it"),
        ],
        (_, Language::JavaScript) => vec![
            ("plugin.js", "the plugin; begin here"),
            ("mapping.toml", "what may differ by site; sessions are opened with it"),
            ("claimhost.js", "empty records of the contract, JSON, numbers, days, mappings"),
            ("wit/", "the contract, as the claimhost that wrote this has it"),
        ],
    });
    let input = match kind {
        Kind::Adapter => "a file as the system sends it (`input.*`), and what has to become of it (`expected.json`)",
        Kind::Rules => "claims (`claim.json`), and what has to be found in them (`expected.json`)",
        Kind::Puller => {
            "answers of the interface (`responses.json`; `turn.json`: what the turn begins with), and every step (`expected.json`)"
        }
    };
    rows.push(("fixtures/<case>/", input));
    let table: String = rows.iter().map(|(path, what)| format!("| `{path}` | {what} |\n")).collect();
    let build = if *language == Language::Toml {
        ""
    } else {
        "claimhost plugin build .          # makes plugin.wasm; says what is missing and how to get it\n"
    };
    let build_hint = match language {
        Language::Toml => "",
        Language::Rust => "\nNeeds Rust (rustup); the target wasm32-wasip2 is added by `plugin build`.\n",
        Language::Python => {
            "\nNeeds Python 3.10 or later; componentize-py is installed into the user's cache by `plugin build`.\n"
        }
        Language::JavaScript => {
            "\nNeeds node 20 or later with npm; componentize-js is installed into the user's cache by `plugin build`.\n"
        }
    };
    let use_it = match kind {
        Kind::Adapter => {
            format!("[[intake.folder]]\npractice = \"my-practice\"\npath = \"inbox/{name}\"\nadapter = \"{name}\"\n")
        }
        Kind::Puller => format!(
            "[[intake.pull]]               # credentials, rates and times: docs/pulling.md\npractice = \"my-practice\"\nname = \"{name}\"\n\
             puller = \"{name}\"\nadapter = \"my-ehr\"            # what reads the documents that come\nbase_url = \"https://ehr.example.org\"\n"
        ),
        Kind::Rules => format!(
            "# in the practice's profile.toml: for every claim at the top, for one payer's below its [[payer]]\nrules = [\"{name}\"]\n"
        ),
    };
    let accept = match kind {
        Kind::Adapter => "disguises who is in it (`--synthetic`: nobody is) and writes what the plugin answers to that",
        Kind::Puller | Kind::Rules => "`--synthetic`, where nobody is in it, writes what the plugin answers now",
    };
    // A puller waits for a server: there is nothing to measure.
    let bench = if *kind == Kind::Puller { "" } else { "claimhost plugin bench .          # documents a second\n" };
    format!(
        "# {name}\n\n{what}{over}\n\n| | |\n|---|---|\n{table}\n## Next\n\nIn this folder:\n\n```\n{build}\
         claimhost plugin test .           # the fixtures, in the sandbox, alone and among each other\n\
         claimhost plugin inspect .        # what it is and what it asks for\n\
         claimhost plugin dev .            # builds and tests on every save, until Ctrl-C\n\
         {bench}claimhost plugin docs --dir docs  # the contract and the mappings as pages\n```\n{build_hint}\n\
         Put a file of yours into a folder below `fixtures/`, then `claimhost plugin test . --accept` {accept}: read it before you keep it. A \
         fixture holds nobody's data.\n\n\
         In a folder made by `claimhost init`, with its claimhost.toml:\n\n```\nclaimhost plugin add {name}   # shows it, asks, copies it to the plugins and pins it\n```\n\n\
         ```toml\n{use_it}```\n"
    )
}
