//! The draft of the practice profile: `init`'s, with the roster, places and payers of the sample, and what only the site can supply
//! left as named keys that begin with `TODO`, which `check-config` refuses one by one.
//!
//! The dry run is given the same text with invented values in these places, as `init` has them: it answers what happens once they are
//! supplied.

use std::collections::{BTreeMap, BTreeSet};

use super::coverage::Counted;
use super::draft::{Hints, quoted};
use crate::claim::npi_is_valid;
use crate::practice::TO_DO;

/// `init`'s profile.
pub(super) const TEMPLATE: &str = include_str!("../cli/init/profile.toml");
/// Filing indicator of a payer in the dry run where the sample has none.
const COMMERCIAL: &str = "CI";
/// Keys of the top of `init`'s profile that only the site knows, as they begin their line, with what the draft has instead.
#[rustfmt::skip] // a table
const TOP: &[(&str, &str)] = &[
    ("name = ", "name = \"TODO: legal name of the billing provider\""),
    ("npi = ", "npi = \"TODO: NPI of the billing provider\""),
    ("taxonomy = ", "taxonomy = \"TODO: taxonomy code of the billing provider, or nothing\""),
    ("tax_id = ", "tax_id = { kind = \"ein\", value = \"TODO: nine digits\" }"),
    ("address = ", "address = { line1 = \"TODO: street\", line2 = \"\", city = \"TODO: city\", state = \"TODO: state\", postal_code = \"TODO: ZIP+4, nine digits\" }"),
    ("contact = ", "contact = { name = \"TODO: billing office\", telephone = \"TODO: ten digits\" }"),
    ("submitter = ", "submitter = { name = \"TODO: name\", id = \"TODO: id that the clearinghouse gave\", contact = \"TODO: name\", telephone = \"TODO: ten digits\" }"),
    ("receiver = ", "receiver = { name = \"TODO: clearinghouse\", id = \"TODO: its id\" }"),
];

/// Both texts of a profile.
pub(crate) struct Drafted {
    /// For the site.
    pub(crate) draft: String,
    /// For the dry run.
    pub(crate) filled: String,
    /// Keys that are left to the site.
    pub(crate) to_do: Vec<String>,
}

/// Drafts a profile from `init`'s, what was counted, and what the samples hold beside.
pub(crate) fn draft(template: &str, counted: &Counted, hints: &Hints) -> Drafted {
    let (top, rest) = template.split_once("# One block for each person").unwrap_or((template, ""));
    let tail = rest.find("# Internal codes to codes").and_then(|at| rest.get(at..)).unwrap_or_default();
    let mut out = Drafted { draft: String::new(), filled: String::new(), to_do: Vec::new() };
    for line in top.lines() {
        let left = TOP.iter().find(|(key, _)| line.starts_with(key));
        out.draft += &format!("{}\n", left.map_or(line, |(_, draft)| draft));
        // Visits of a sample are billed at once: nobody waits for late charges of it.
        let filled = if line.starts_with("bill_hold_days = ") { "bill_hold_days = 0" } else { line };
        out.filled += &format!("{filled}\n");
        out.to_do.extend(left.map(|(key, _)| key.trim_end_matches(" = ").to_owned()));
    }
    out.providers(counted, hints);
    out.locations(counted);
    out.payers(counted, hints);
    for text in [&mut out.draft, &mut out.filled] {
        *text += tail;
    }
    out
}

/// One key of both texts: what is known, or what is left to the site and invented for the dry run.
fn key(known: Option<&str>, wanted: &str, invented: &str) -> (String, String, bool) {
    match known.filter(|text| !text.trim().is_empty()) {
        Some(text) => (quoted(text), quoted(text), false),
        None => (quoted(&format!("{TO_DO}: {wanted}")), quoted(invented), true),
    }
}

impl Drafted {
    /// A line of both, and whether it is left to the site.
    fn line(&mut self, path: &str, name: &str, (draft, filled, left): (String, String, bool)) {
        self.draft += &format!("{name} = {draft}\n");
        self.filled += &format!("{name} = {filled}\n");
        if left {
            self.to_do.push(format!("{path}.{name}"));
        }
    }

    fn both(&mut self, text: &str) {
        self.draft += text;
        self.filled += text;
    }

    fn providers(&mut self, counted: &Counted, hints: &Hints) {
        // One block for each NPI, with every local id that came with it; a local id without an NPI is a block of its own.
        let mut blocks: BTreeMap<(String, String), (BTreeSet<String>, String, String)> = BTreeMap::new();
        for ((npi, local), (last, first)) in &counted.providers {
            let own = if npi.is_empty() { local.clone() } else { String::new() };
            if npi.is_empty() && local.is_empty() {
                continue;
            }
            let block = blocks.entry((npi.clone(), own)).or_default();
            // A local id that came with an NPI elsewhere is that one's.
            block.0.extend((!local.is_empty()).then(|| local.clone()));
            if block.1.is_empty() {
                (block.1, block.2) = (last.clone(), first.clone());
            }
        }
        let with_npi: BTreeSet<String> =
            blocks.iter().filter(|((npi, _), _)| !npi.is_empty()).flat_map(|(_, (ids, ..))| ids.clone()).collect();
        blocks.retain(|(npi, own), _| !npi.is_empty() || !with_npi.contains(own));
        if blocks.is_empty() {
            self.both("# Nobody in the sample renders; one block for each person who does.\n");
        }
        let mut owned = BTreeSet::new();
        for (at, ((npi, _), (mut ids, mut last, mut first))) in blocks.into_iter().enumerate() {
            ids.retain(|id| owned.insert(id.clone()));
            let hint = hints.providers.get(&npi).cloned().unwrap_or_default();
            if last.is_empty() {
                (last, first) = (hint.0.unwrap_or_default(), hint.1.unwrap_or_default());
            }
            let path = format!("provider[{at}]");
            let ids: Vec<String> = ids.iter().map(|id| quoted(id)).collect();
            self.both(&format!("\n[[provider]]\nids = [{}]\n", ids.join(", ")));
            let valid = Some(npi.as_str()).filter(|npi| npi_is_valid(npi));
            self.line(&path, "npi", key(valid, "NPI, ten digits", &invented_npi(at)));
            self.line(&path, "last", key(Some(&last), "last name (NM103)", "CHANGEME"));
            self.both(&format!("first = {}\n", quoted(&first)));
            let taxonomy =
                hint.2.filter(|code| code.len() == 10 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            self.both(&format!("taxonomy = {}\n", quoted(taxonomy.as_deref().unwrap_or_default())));
        }
    }

    fn locations(&mut self, counted: &Counted) {
        for (at, (id, places)) in counted.locations.iter().enumerate() {
            let path = format!("location[{at}]");
            self.both(&format!("\n[[location]]\nids = [{}]\n", quoted(id)));
            let mut places =
                places.iter().filter(|place| place.len() == 2 && place.bytes().all(|byte| byte.is_ascii_digit()));
            let only = places.next().filter(|_| places.next().is_none()).map(String::as_str);
            self.line(&path, "place_of_service", key(only, "place of service, two digits", "11"));
        }
    }

    fn payers(&mut self, counted: &Counted, hints: &Hints) {
        let (mut ids_given, mut at) = (BTreeSet::new(), 0_usize);
        let mut named = BTreeSet::new();
        for (name, (aliases, _)) in &counted.payers {
            // Compared trimmed and without case, as the profile does: of two ways to write one name, one is enough.
            if counted.shown(name).is_none() || !named.insert(name.trim().to_uppercase()) {
                continue;
            }
            let hint = hints.payers.get(name).cloned().unwrap_or_default();
            let id = hint.0.filter(|id| (2..=80).contains(&id.len()));
            if id.as_ref().is_some_and(|id| !ids_given.insert(id.to_uppercase())) {
                continue; // one payer under two names: the second is an alias of the first
            }
            let path = format!("payer[{at}]");
            self.both("\n[[payer]]\n");
            let of_sample = "# As the sample has it beside this name; compare it with your clearinghouse's list.\n";
            self.both(if id.is_some() { of_sample } else { "" });
            self.line(
                &path,
                "id",
                key(id.as_deref(), &format!("electronic payer id of {name}"), &format!("ONBOARD{at}")),
            );
            self.both(&format!("name = {}\n", quoted(name.trim())));
            let same_id = |other: &&String| {
                let other_id = hints.payers.get(*other).and_then(|(id, _)| id.as_deref());
                *other != name && id.is_some() && other_id == id.as_deref()
            };
            let more: BTreeSet<&String> = aliases.iter().chain(counted.payers.keys().filter(same_id)).collect();
            let mut aliases = Vec::new();
            for alias in more {
                let plain = alias.trim().to_uppercase();
                if plain != name.trim().to_uppercase() && counted.shown(alias).is_some() && named.insert(plain) {
                    aliases.push(quoted(alias));
                }
            }
            self.both(&format!("aliases = [{}]\n", aliases.join(", ")));
            let wanted = "claim filing indicator (SBR09): CI commercial, MB Medicare, MC Medicaid, BL Blue Cross ...";
            self.line(&path, "filing_indicator", key(hint.1.as_deref(), wanted, COMMERCIAL));
            at += 1;
        }
        if named.is_empty() {
            self.draft += "\n[[payer]]\nid = \"TODO: electronic payer id\"\nname = \"TODO: the payer\"\n";
            self.filled += "\n[[payer]]\nid = \"ONBOARD0\"\nname = \"NO PAYER OF THE SAMPLE\"\n";
            self.to_do.extend(["payer[0].id".to_owned(), "payer[0].name".to_owned()]);
        }
        self.both("\n");
    }
}

/// An invented NPI with its check digit, another one for each position.
fn invented_npi(at: usize) -> String {
    let base = 199_900_000_usize + at % 90_000;
    (0..10).map(|digit| format!("{base}{digit}")).find(|npi| npi_is_valid(npi)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::Profile;

    fn counted() -> Counted {
        let mut counted = Counted::default();
        counted.payers.insert("FIRST PLAN".to_owned(), (BTreeSet::from(["FIRST".to_owned()]), 3));
        counted.payers.insert("Second".to_owned(), (BTreeSet::new(), 1));
        counted.payers.insert("The Second".to_owned(), (BTreeSet::new(), 1));
        counted.providers.insert(("1234567893".to_owned(), "DR1".to_owned()), (String::new(), String::new()));
        counted.providers.insert((String::new(), "DR1".to_owned()), (String::new(), String::new()));
        counted.providers.insert((String::new(), "DR2".to_owned()), ("ADLER".to_owned(), "PAT".to_owned()));
        counted.locations.insert("MAIN".to_owned(), BTreeSet::from(["11".to_owned()]));
        counted.locations.insert("ER".to_owned(), BTreeSet::new());
        counted
    }

    fn hints() -> Hints {
        let second = || (Some("60054".to_owned()), Some("CI".to_owned()));
        let mut hints = Hints::default();
        hints.payers.insert("Second".to_owned(), second());
        hints.payers.insert("The Second".to_owned(), second());
        hints.providers.insert("1234567893".to_owned(), (Some("Brandt".to_owned()), Some("Milo".to_owned()), None));
        hints
    }

    #[test]
    fn what_only_the_site_knows_is_refused_key_by_key_and_the_dry_run_has_all() {
        let drafted = draft(TEMPLATE, &counted(), &hints());
        let filled = Profile::load(&drafted.filled, "p").map_err(|error| error.to_string()).unwrap();
        assert_eq!((filled.provider.len(), filled.location.len(), filled.payer.len()), (2, 2, 2), "{}", drafted.filled);
        assert_eq!(filled.bill_hold_days, 0);
        let second = filled.payer.iter().find(|payer| payer.id == "60054").unwrap();
        assert_eq!(
            (second.aliases.as_slice(), second.filing_indicator.as_str()),
            (&["The Second".to_owned()][..], "CI")
        );
        let error = Profile::load(&drafted.draft, "p").unwrap_err();
        let refused: BTreeSet<String> = error.problems.iter().map(|problem| problem.key.clone()).collect();
        for key in [
            "npi",
            "tax_id.value",
            "address.line1",
            "submitter.id",
            "provider[0].npi",
            "location[0].place_of_service",
            "payer[0].id",
        ] {
            assert!(refused.contains(key), "{key}: {error}");
        }
        assert!(error.problems.iter().all(|problem| problem.words.contains("TODO")), "{error}");
        for key in ["npi", "provider[0].npi", "location[0].place_of_service", "payer[0].id"] {
            assert!(drafted.to_do.iter().any(|to_do| to_do == key), "{key}: {:?}", drafted.to_do);
        }
        assert!(!refused.contains("provider[1].last") && drafted.draft.contains("Brandt"), "{error}");
    }
}
