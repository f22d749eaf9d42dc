//! `plugin add|digest`: consent to a version of a plugin, and what a signature is made over.

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::output::{BOLD, GREEN, RESET, print, print_json};
use super::{Failure, Global};
use crate::config::{Config, suggest};
use crate::lifecycle::HostError;
use crate::plugin::{FixturePolicy, Limits, Offer, Permissions, PluginHost, PluginHostConfig, Trust};

/// `plugin add`
#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    /// Folders with plugin.toml; one outside the configured folders is copied into the first of them
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
    /// Consent without being asked
    #[arg(long)]
    yes: bool,
    /// Of what it asks for, do not grant this: the name of a table or a host, `look-back` or `fixes`
    #[arg(long, value_name = "WHAT")]
    refuse: Vec<String>,
}

/// `plugin digest`
#[derive(Debug, clap::Args)]
pub(crate) struct Digest {
    /// A folder with plugin.toml
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Digest {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        // A connector's base is looked for where the configuration says, and beside the connector.
        let mut config = match Config::load(&global.config) {
            Ok(config) => config.plugins.host(),
            Err(_) => PluginHostConfig::new(Vec::new(), PathBuf::new()),
        };
        config.folders.extend(self.folder.parent().map(std::path::Path::to_owned));
        let offer = Offer::read(&config, &self.folder).map_err(|error| Failure::missing(error.to_string()))?;
        if global.json {
            print_json(&json!({ "id": offer.manifest().id, "digest": offer.digest() }));
        } else {
            print(offer.digest());
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Add {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let config = Config::load(&global.config).map_err(HostError::from)?;
        let of_host = config.plugins.host();
        let mut added = Vec::new();
        let mut offers = Vec::new();
        for folder in &self.folders {
            offers.push(Offer::read(&of_host, folder).map_err(|error| Failure::missing(error.to_string()))?);
        }
        for what in &self.refuse {
            let asked: Vec<String> = offers.iter().flat_map(|offer| names(&offer.manifest().permissions)).collect();
            if !asked.contains(what) {
                let near = suggest(what, asked.iter().map(String::as_str));
                return Err(Failure::usage(format!(
                    "nothing asks for `{what}`{near}; asked for are: {}",
                    asked.join(", ")
                )));
            }
        }
        for offer in offers {
            let manifest = offer.manifest();
            let grants = without(&manifest.permissions, &self.refuse);
            let limits = manifest.limits.capped(&of_host.limits_cap);
            if !global.json {
                show(&offer, &grants, &limits);
            }
            if let (Trust::Signed, Err(words)) = (config.plugins.trust, &offer.signer) {
                return Err(Failure::missing(format!("`{}` {words}, and plugins.trust is `signed`", manifest.id)));
            }
            if !self.yes && !asked()? {
                return Err(Failure::missing(format!("`{}` was not added; nothing was changed for it", manifest.id)));
            }
            let place = offer.install(&config.plugins.folders)?;
            offer
                .consent(&config.plugins.lock, grants.clone())
                .map_err(|error| Failure::internal(error.to_string()))?;
            added.push(json!({
                "id": manifest.id, "version": manifest.version, "digest": offer.digest(), "folder": place,
                "signer": offer.signer.as_ref().ok(), "asks": manifest.permissions, "granted": grants, "limits": limits,
            }));
        }
        // Said at once, though the running serve says it too.
        let host = PluginHostConfig { fixtures: FixturePolicy::Remember, ..config.plugins.host() };
        let host = PluginHost::open(host).map_err(|error| Failure::internal(error.to_string()))?;
        let ids: Vec<&str> = added.iter().filter_map(|added| added.get("id")?.as_str()).collect();
        let refused: Vec<String> = host
            .list()
            .iter()
            .filter(|info| ids.contains(&info.id.as_str()))
            .filter_map(|info| info.error.as_ref().map(ToString::to_string))
            .collect();
        if global.json {
            print_json(&json!({ "added": added, "refused": refused }));
        } else {
            ids.iter()
                .for_each(|id| print(&format!("{GREEN}pinned{RESET}  {id} in {}", config.plugins.lock.display())));
        }
        if refused.is_empty() { Ok(ExitCode::SUCCESS) } else { Err(Failure::missing(refused.join("\n"))) }
    }
}

/// What is asked for, one name each.
fn names(asked: &Permissions) -> Vec<String> {
    let mut names: Vec<String> = asked.code_tables.iter().chain(&asked.http_hosts).cloned().collect();
    names.extend((asked.look_back_days > 0).then(|| "look-back".to_owned()));
    names.extend(asked.fixes.then(|| "fixes".to_owned()));
    names
}

fn without(asked: &Permissions, refused: &[String]) -> Permissions {
    let is_refused = |name: &str| refused.iter().any(|refused| refused == name);
    let kept = |names: &[String]| names.iter().filter(|name| !is_refused(name)).cloned().collect::<Vec<_>>();
    Permissions {
        http_hosts: kept(&asked.http_hosts),
        code_tables: kept(&asked.code_tables),
        look_back_days: if is_refused("look-back") { 0 } else { asked.look_back_days },
        fixes: asked.fixes && !is_refused("fixes"),
    }
}

/// The same for people: names of code tables and hosts as what they are, look-back with its days.
fn words(asked: &Permissions) -> String {
    let mut words: Vec<String> = asked.code_tables.iter().map(|table| format!("code table {table}")).collect();
    words.extend(asked.http_hosts.iter().map(|host| format!("requests to {host}")));
    let days = asked.look_back_days;
    words.extend((days > 0).then(|| format!("look-back of {days} {}", if days == 1 { "day" } else { "days" })));
    words.extend(asked.fixes.then(|| "fixes".to_owned()));
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

/// What it may use of the machine: what its manifest asks for, and no more than the configuration allows.
fn ceilings(limits: &Limits) -> String {
    let Limits { deadline_ms, memory_mib, table_elements, output_mib, log_lines, results } = limits;
    format!(
        "{deadline_ms} ms a call, {memory_mib} MiB of memory, {output_mib} MiB of answers, {results} results, \
         {log_lines} log lines, {table_elements} table elements"
    )
}

fn show(offer: &Offer, grants: &Permissions, limits: &Limits) {
    let manifest = offer.manifest();
    print(&format!("{BOLD}{}{RESET} {}", manifest.id, manifest.version));
    print(&format!("  digest    {}", offer.digest()));
    print(&match &offer.signer {
        Ok(name) => format!("  signed    by {name}"),
        Err(words) => format!("  unsigned  {words}"),
    });
    print(&format!("  asks for  {}", words(&manifest.permissions)));
    if *grants != manifest.permissions {
        print(&format!("  granted   {}", words(grants)));
    }
    print(&format!("  limits    {}", ceilings(limits)));
}

/// Asks at the terminal; where there is none, `--yes` says it.
fn asked() -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("nobody is there to ask\nhint: --yes consents to what is shown"));
    }
    anstream::eprint!("Let this version run with these grants? [y/N] ");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_not_granted_and_the_rest_is() {
        let asked = Permissions {
            code_tables: vec!["hcpcs".to_owned(), "icd10cm".to_owned()],
            look_back_days: 30,
            fixes: true,
            ..Permissions::default()
        };
        assert_eq!(names(&asked), ["hcpcs", "icd10cm", "look-back", "fixes"]);
        let granted = without(&asked, &["hcpcs".to_owned(), "fixes".to_owned()]);
        assert_eq!(names(&granted), ["icd10cm", "look-back"]);
        assert_eq!(words(&asked), "code table hcpcs, code table icd10cm, look-back of 30 days, fixes");
        assert_eq!(words(&Permissions::default()), "nothing");
    }
}
