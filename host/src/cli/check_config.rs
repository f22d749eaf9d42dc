//! `check-config`: the configuration and everything it names, looked at before documents arrive; all problems at once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use tokio::net::TcpSocket;

use super::output::{GREEN, RED, RESET, print, print_json};
use super::reader::load_profile;
use super::serving::is_served;
use super::{Failure, Global};
use crate::claim::{Problem, Setup};
use crate::config::{Config, Look, Route, suggest};
use crate::intake::framing::Framing;
use crate::lifecycle::HostError;
use crate::lifecycle::{lost_tables, master_key};
use crate::plugin::{Adapter, Fault, FaultKind, Kind, PluginHost};
use crate::practice::{Conflict, Profile};
use crate::rules::{COMPONENT, Tables};
use crate::scrub::EDITS;
use crate::store::{CLEARING, Store, StoreError, StoreResult};
use crate::verify::Difference;
use crate::verify::ends::not_configured;

/// `check-config`
#[derive(Debug, clap::Args)]
pub(crate) struct CheckConfig {}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    what: String,
    ok: bool,
    /// What it came to; each problem on a line of its own.
    words: String,
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    checks: Vec<Check>,
}

impl CheckConfig {
    #[allow(clippy::unused_self, reason = "every command is called alike")]
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let look = Config::look(&global.config).map_err(HostError::from)?;
        let what = format!("configuration {}", global.config.display());
        let mut checks = vec![match look.errors.as_slice() {
            [] => well(&what, "every key is known and fits"),
            errors => wrong(&what, errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
        }];
        if let Some(config) = &look.config {
            named_in(config, &look, &mut checks);
        }
        let report = Report { ok: checks.iter().all(|check| check.ok), checks };
        if global.json {
            print_json(&report);
        } else {
            for Check { what, ok, words } in &report.checks {
                let mark = if *ok { format!("{GREEN}ok{RESET}     ") } else { format!("{RED}problem{RESET}") };
                print(&format!("{mark}  {what}: {}", words.replace('\n', "\n           ")));
            }
        }
        if report.ok {
            return Ok(ExitCode::SUCCESS);
        }
        let problems = report.checks.iter().filter(|check| !check.ok).count();
        Err(Failure::config(format!("{problems} of {} checks found a problem", report.checks.len())))
    }
}

/// What the configuration names. What a table says that has a fault is not looked at: it would be the default, which nobody meant.
fn named_in(config: &Config, look: &Look, checks: &mut Vec<Check>) {
    if config.practice.is_empty() && look.stands("practice") {
        checks.push(wrong("practices", "there is no [[practice]] block: add one, with its profile"));
    }
    let profiles = profiles(config, checks);
    let not_yet = |what: &str, tables: &str| {
        wrong(what, format!("not looked at: {tables} of the configuration has a fault; mend it and check again"))
    };
    if look.stands("store") && look.stands("keys") {
        key_and_store(config, checks);
    } else {
        checks.push(not_yet("key and store", "[store] or [keys]"));
    }
    if look.stands("plugins") && look.stands("rules") {
        plugins(config, &profiles, checks);
    } else {
        checks.push(not_yet("plugins and mappings", "[plugins] or [rules]"));
    }
    folders(config, look, checks);
    addresses(config, look, checks);
}

fn well(what: &str, words: &str) -> Check {
    Check { what: what.to_owned(), ok: true, words: words.to_owned() }
}

fn wrong(what: &str, words: impl Into<String>) -> Check {
    Check { what: what.to_owned(), ok: false, words: words.into() }
}

fn profiles(config: &Config, checks: &mut Vec<Check>) -> Vec<Profile> {
    let mut profiles = Vec::new();
    for practice in &config.practice {
        let what = format!("profile of {}", practice.id);
        match load_profile(&practice.profile) {
            Ok(profile) if profile.id != practice.id => {
                let words = format!(
                    "{}: id is `{}`, claimhost.toml says `{}`",
                    practice.profile.display(),
                    profile.id,
                    practice.id
                );
                checks.push(wrong(&what, words));
            }
            Ok(profile) => {
                let counts = (profile.provider.len(), profile.location.len(), profile.payer.len());
                checks.push(well(&what, &format!("{} providers, {} places, {} payers", counts.0, counts.1, counts.2)));
                let rows = profile.crosswalk.rows().len();
                let conflicts: Vec<String> = profile.crosswalk.conflicts().iter().map(Conflict::words).collect();
                let crosswalk = format!("crosswalk of {}", practice.id);
                if !conflicts.is_empty() {
                    checks.push(wrong(&crosswalk, conflicts.join("\n")));
                } else if rows > 0 {
                    checks.push(well(&crosswalk, &format!("{rows} rows")));
                }
                profiles.push(profile);
            }
            Err(words) => checks.push(wrong(&what, words)),
        }
    }
    profiles
}

/// The key opens the store, for every practice in it; the folder of rule tables is that of the tables that it knows as active.
fn key_and_store(config: &Config, checks: &mut Vec<Check>) {
    let (store, check) = match opened_store(config) {
        Ok((store, check)) => (store, check),
        Err(check) => return checks.push(check),
    };
    checks.push(check);
    waiting_posts(config, &store, checks);
    left_practices(config, &store, checks);
    let lost = store.known_practice(CLEARING).and_then(|clearing| match clearing {
        Some(clearing) => lost_tables(&clearing, &Tables::look_at(&config.rules.folder)),
        None => Ok(None),
    });
    let words = match lost {
        Ok(None) => return,
        Ok(Some(error)) => format!("{error}\na running host keeps them active; it does not start without them"),
        Err(error) => error.to_string(),
    };
    checks.push(wrong("rule tables", words));
}

/// What is under way of a practice that the configuration has no more stands still.
fn left_practices(config: &Config, store: &Store, checks: &mut Vec<Check>) {
    let has = |id: &String| id == CLEARING || config.practice.iter().any(|practice| practice.id == *id);
    let under_way = |id: &str| -> StoreResult<Vec<Difference>> {
        store.known_practice(id)?.map_or(Ok(Vec::new()), |left| Ok(not_configured(&left)?.listed))
    };
    for id in store.tenant_ids().unwrap_or_default().iter().filter(|id| !has(id)) {
        match under_way(id) {
            Ok(found) => checks.extend(found.into_iter().map(|one| wrong(&format!("practice {id}"), one.what))),
            Err(error) => checks.push(wrong(&format!("practice {id}"), error.to_string())),
        }
    }
}

/// What waits for a target that the configuration has no more never leaves.
fn waiting_posts(config: &Config, store: &Store, checks: &mut Vec<Check>) {
    for practice in &config.practice {
        let rows = store.known_practice(&practice.id).and_then(|known| match known {
            Some(known) => known.read(|tx| tx.posts_waiting()),
            None => Ok(Vec::new()),
        });
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => {
                checks.push(wrong(&format!("postings of {}", practice.id), error.to_string()));
                continue;
            }
        };
        let mut gone: BTreeMap<&str, usize> = BTreeMap::new();
        let is_gone = |target: &str| !config.posts_of(&practice.id).any(|post| post.name == target);
        rows.iter().filter(|row| is_gone(&row.target)).for_each(|row| *gone.entry(&row.target).or_default() += 1);
        checks.extend(gone.into_iter().map(|(target, count)| {
            let words = format!(
                "{count} postings wait for it, and no [[post]] of {} has this name: put it back, and they leave; or end them with \
                 `claimhost post drop {target} --reason WORDS --by NAME`",
                practice.id
            );
            wrong(&format!("post target {target} of {}", practice.id), words)
        }));
    }
}

fn opened_store(config: &Config) -> Result<(Store, Check), Check> {
    const WHAT: &str = "key and store";
    let key = match master_key(config) {
        Ok(key) => key,
        Err(error) => return Err(wrong(WHAT, error.to_string())),
    };
    let from_file = std::env::var_os(&config.keys.master_key_env).is_none();
    if from_file && let Some(mode) = open_mode(&config.keys.master_key_file) {
        let path = config.keys.master_key_file.display();
        return Err(wrong(
            WHAT,
            format!("{path}: mode is {mode:o}, expected 600: others can read the key; chmod 600 {path}"),
        ));
    }
    let opened = match Store::open(&config.store.path, key.clone()) {
        Err(StoreError::InUse { .. }) => {
            Store::open_reader(&config.store.path, key).map(|store| (store, "in use by a running claimhost; "))
        }
        other => other.map(|store| (store, "")),
    };
    let (store, note) = match opened {
        Ok(opened) => opened,
        Err(error) => return Err(wrong(WHAT, error.to_string())),
    };
    for practice in &config.practice {
        if let Err(error) = store.known_practice(&practice.id) {
            return Err(wrong(WHAT, format!("practice {}: {error}", practice.id)));
        }
    }
    let check = well(WHAT, &format!("{note}the key opens {}", config.store.path.display()));
    Ok((store, check))
}

/// The mode of a file that others than its owner may touch.
fn open_mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

fn plugins(config: &Config, profiles: &[Profile], checks: &mut Vec<Check>) {
    let host = match PluginHost::open(config.plugins.host()) {
        Ok(host) => host,
        Err(error) => return checks.push(wrong("plugins", error.to_string())),
    };
    let list = host.list();
    for info in list.iter().filter(|info| info.error.is_some()) {
        let words = info.error.as_ref().map(ToString::to_string).unwrap_or_default();
        checks.push(wrong(&format!("plugin {}", info.id), words));
    }
    let absent = |id: &str, kind: Kind| {
        if list.iter().any(|info| info.id == id && info.error.is_some()) {
            return format!("`{id}` is refused, as said above");
        }
        let near = suggest(id, list.iter().filter(|info| info.kind == Some(kind)).map(|info| info.id.as_str()));
        format!("`{id}` is not in the plugin folders{near}; `claimhost plugin list` shows what is")
    };
    for route in config.intake.routes() {
        let what = format!("{}[{}] of {}", route.key.0, route.key.1, route.practice);
        checks.push(match host.adapter(route.adapter) {
            None => wrong(&what, absent(route.adapter, Kind::Adapter)),
            Some(adapter) if route.key.0 == "intake.mllp" && !reads_messages(&adapter) => {
                let words = "reads no HL7 v2 messages (framing `hl7v2`): an MLLP listener needs an adapter that does";
                wrong(&what, format!("{} {words}", adapter.id()))
            }
            Some(adapter) => match opens(&adapter, &route) {
                Ok(()) => {
                    well(&what, &format!("{} {} opens with this mapping", adapter.id(), adapter.manifest().version))
                }
                Err(words) => wrong(&what, words),
            },
        });
    }
    for (at, post) in config.post.iter().enumerate() {
        let what = format!("post[{at}] of {}", post.practice);
        checks.push(match host.poster(&post.poster) {
            None => wrong(&what, absent(&post.poster, Kind::Poster)),
            Some(poster) => match crate::post::setup_of(post) {
                Err(words) => wrong(&what, words),
                Ok(setup) => match poster.try_open(&post.practice, &setup) {
                    Ok(()) => well(&what, &format!("{} opens with this mapping; nothing was posted", poster.id())),
                    Err(fault) => wrong(&what, refusal(&post.poster, &format!("post.{}", post.name), &fault)),
                },
            },
        });
    }
    for (at, pull) in config.intake.pull.iter().enumerate() {
        let what = format!("puller of intake.pull[{at}] of {}", pull.practice);
        checks.push(match host.puller(&pull.puller) {
            None => wrong(&what, absent(&pull.puller, Kind::Puller)),
            Some(puller) => match crate::pull::check(pull, &puller) {
                Ok(()) => well(&what, &format!("{} opens with this mapping; nothing was asked for", puller.id())),
                Err(words) => wrong(&what, words),
            },
        });
    }
    let active = Tables::look_at(&config.rules.folder);
    tables(&host, &active, profiles, checks);
    for profile in profiles {
        for set in profile.rule_sets() {
            let what = format!("rule set {set} of {}", profile.id);
            let Some(rules) = host.rules(set) else {
                let words = format!("{}; until it is, its claims are held", absent(set, Kind::Rules));
                checks.push(wrong(&what, words));
                continue;
            };
            let setup = profile.rule_setup(set);
            let withheld = rules.withheld(rules.table_with(&setup).as_deref());
            checks.push(match rules.try_open(&profile.id, &setup) {
                Ok(()) if withheld.is_some() => {
                    let why = withheld.unwrap_or_default();
                    wrong(&what, format!("{why}\nuntil then the claims that it is for are held"))
                }
                Ok(()) => well(&what, &format!("{} opens with these settings", rules.manifest().version)),
                Err(fault) => wrong(&what, refusal(set, &format!("rule_settings.{set}"), &fault)),
            });
        }
        checks.extend(fixes(&host, &active, profile));
    }
}

/// Every file of the folder of rule tables, whether the component that runs them is there, and whom they are for.
fn tables(host: &PluginHost, tables: &Tables, profiles: &[Profile], checks: &mut Vec<Check>) {
    let active = tables.active();
    for error in tables.problems() {
        let words = format!("{error}\nwhat was active of it stays; a file that never was keeps the host from starting");
        checks.push(wrong(&format!("rule table {}", error.name), words));
    }
    if !active.is_empty() && host.rules(COMPONENT).is_none() {
        let words = format!("plugin `{COMPONENT}`, which runs them, is not loaded; until it is, their claims are held");
        checks.push(wrong("rule tables", words));
    }
    for table in active.iter() {
        let header = table.header();
        let what = format!("rule table {}", header.id);
        let ids = || profiles.iter().map(|profile| profile.id.as_str());
        let unknown: Vec<String> = header
            .practices
            .iter()
            .filter(|id| !ids().any(|known| known.eq_ignore_ascii_case(id)))
            .map(|id| format!("practices: `{id}` is no practice{}", suggest(id, ids())))
            .collect();
        if !unknown.is_empty() {
            checks.push(wrong(&what, unknown.join("\n")));
            continue;
        }
        let opened = host.rules(COMPONENT).map(|rules| {
            let practice = ids().next().unwrap_or("check");
            rules.try_open(practice, &table.setup()).map(|()| rules.withheld(Some(table)))
        });
        let cases: usize = table.table.rules.iter().map(|rule| rule.cases.len()).sum();
        let words = format!("version {}, {} rules, {cases} cases pass", header.version, table.rules.len());
        checks.push(match opened {
            Some(Err(fault)) => wrong(&what, refusal(COMPONENT, &header.id, &fault)),
            Some(Ok(Some(why))) => wrong(&what, format!("{why}\nuntil then the claims that it is for are held")),
            Some(Ok(None)) | None => well(&what, &words),
        });
    }
}

/// Ids of `apply_fixes` that no edit and no rule of the profile's rule sets has: no fix would ever be applied for them.
fn fixes(host: &PluginHost, tables: &Tables, profile: &Profile) -> Option<Check> {
    let sets: Vec<_> = profile.rule_sets().into_iter().filter_map(|set| host.rules(set)).collect();
    let rules = sets.iter().flat_map(|set| set.rules()).map(|rule| rule.id.as_str());
    let tables = tables.active();
    let of_tables = tables.iter().flat_map(|table| &table.rules).map(|rule| rule.id.as_str());
    let known: Vec<&str> = EDITS.iter().map(|edit| edit.id).chain(rules).chain(of_tables).collect();
    let unknown: Vec<String> = profile
        .apply_fixes
        .iter()
        .filter(|id| !known.contains(&id.as_str()))
        .map(|id| {
            let near = suggest(id, known.iter().copied());
            format!("`{id}` is no edit, and no rule of the profile's rule sets{near}; `claimhost plugin inspect ID` lists rules")
        })
        .collect();
    (!unknown.is_empty()).then(|| wrong(&format!("apply_fixes of {}", profile.id), unknown.join("\n")))
}

/// Opens a session with the site's mapping.
fn opens(adapter: &Adapter, route: &Route<'_>) -> Result<(), String> {
    let mapping = match route.mapping {
        Some(path) => std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?,
        None => String::new(),
    };
    let path = route.mapping.map_or(Path::new("mapping"), |path| path.as_path()).display().to_string();
    let setup = Setup { settings: Vec::new(), mapping };
    adapter.try_open(route.practice, &setup).map_err(|fault| refusal(adapter.id(), &path, &fault))
}

/// Why a plugin does not take a setup, a problem a line.
fn refusal(id: &str, of: &str, fault: &Fault) -> String {
    let FaultKind::SetupRefused(problems) = fault.kind() else { return format!("{id} failed: {fault}") };
    let line = |problem: &Problem| {
        let Problem { at, found, expected, remedy, .. } = problem;
        format!("{of}: {}: found {found}, expected {expected}; {remedy}", at.path)
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn folders(config: &Config, look: &Look, checks: &mut Vec<Check>) {
    let named =
        [("clearinghouse.outbox", &config.clearinghouse.outbox), ("clearinghouse.inbox", &config.clearinghouse.inbox)];
    let intake = config.intake.folder.iter().map(|folder| ("intake folder", &folder.path));
    let named = named.into_iter().filter(|_| look.stands("clearinghouse"));
    for (what, path) in named.chain(intake) {
        let what = format!("{what} {}", path.display());
        checks.push(match writable(path) {
            Ok(()) => well(&what, "is there and can be written"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                wrong(&what, "is not there: make it, or change the path")
            }
            Err(error) => wrong(&what, format!("{error}: give the user of claimhost the right to write it")),
        });
    }
}

/// Whether an adapter's files are HL7 v2 messages.
fn reads_messages(adapter: &Adapter) -> bool {
    adapter.manifest().framing.map(Framing::from) == Some(Framing::Hl7v2)
}

/// Addresses that `serve` would listen on.
fn addresses(config: &Config, look: &Look, checks: &mut Vec<Check>) {
    let mllp = config.intake.mllp.iter().enumerate().map(|(at, of)| (format!("intake.mllp[{at}].listen"), of.listen));
    let upload = config.intake.upload.iter().map(|upload| ("intake.upload.listen".to_owned(), upload.listen));
    let service = look.stands("service").then(|| ("service.listen".to_owned(), config.service.listen));
    for (key, address) in service.into_iter().chain(mllp).chain(upload) {
        let what = format!("{key} {address}");
        checks.push(match can_bind(address) {
            Ok(()) => well(&what, "is free"),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && is_served(config) => {
                well(&what, "is in use, and claimhost runs")
            }
            Err(error) => wrong(&what, format!("{error}: choose another address")),
        });
    }
}

/// Whether an address could be listened on. Nothing listens meanwhile, so that two checks at once do not meet.
fn can_bind(address: SocketAddr) -> std::io::Result<()> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)
}

fn writable(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(".claimhost-check.tmp");
    std::fs::write(&probe, b"")?;
    std::fs::remove_file(probe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_that_others_can_read_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(open_mode(&path), Some(0o640));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(open_mode(&path), None);
    }

    #[test]
    fn a_folder_is_probed_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        writable(folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(writable(&folder.path().join("absent")).is_err());
    }
}
