//! What the commands that only look are opened with: the configuration and a store that is read, beside a running
//! `serve` too. No plugin is loaded. Commands that move something find out here what is meant, and then open the host.

use std::path::Path;

use super::reference::Reference;
use super::{Failure, Global};
use crate::config::Config;
use crate::lifecycle::{HostError, master_key};
use crate::practice::Profile;
use crate::store::clearing::Owned;
use crate::store::{CLEARING, PracticeStore, SealError, Store, StoreError};

/// The configuration and every tenant that has something.
pub(crate) struct Reader {
    pub(crate) config: Config,
    pub(crate) store: Store,
    practices: Vec<PracticeStore>,
    /// Practices of the store that the configuration no longer has.
    left: Vec<PracticeStore>,
    clearing: Option<PracticeStore>,
}

impl Reader {
    /// Opens the store that the configuration names.
    pub(crate) fn open(global: &Global) -> Result<Self, Failure> {
        let config = Config::load(&global.config).map_err(HostError::from)?;
        let store = match Store::open_reader(&config.store.path, master_key(&config)?) {
            Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                let words =
                    format!("{} holds nothing yet\nhint: `claimhost run --once` makes it", config.store.path.display());
                return Err(Failure::missing(words));
            }
            other => other?,
        };
        let mut practices = Vec::new();
        for practice in &config.practice {
            practices.extend(store.known_practice(&practice.id)?);
        }
        let clearing = store.known_practice(CLEARING)?;
        let mut left = Vec::new();
        for id in store.tenant_ids()?.iter().filter(|id| *id != CLEARING && !has(&config, id)) {
            match store.known_practice(id) {
                Ok(tenant) => left.extend(tenant),
                // `verify` and `trace --unaccounted` tell of it; nobody is held up by it.
                Err(StoreError::Seal(SealError::WrongMasterKey { .. })) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self { config, store, practices, left, clearing })
    }

    /// All practices, or the one asked for. The clearing tenant, and a practice that only the store has, count only by name.
    pub(crate) fn chosen(&self, practice: Option<&str>) -> Result<Vec<PracticeStore>, Failure> {
        let Some(id) = practice else { return Ok(self.practices.clone()) };
        self.check(id)?;
        let all = self.practices.iter().chain(&self.left).chain(&self.clearing);
        let known = all.filter(|known| known.id() == id);
        Ok(known.cloned().collect())
    }

    /// The ids of the practices that the configuration has, or the one asked for; the host's own tenant is none. A practice that
    /// nothing has come for yet is among them.
    pub(crate) fn practice_ids(&self, practice: Option<&str>) -> Result<Vec<&str>, Failure> {
        if let Some(id) = practice {
            self.check(id)?;
            if id == CLEARING {
                let words =
                    format!("`{CLEARING}` is the host's own tenant, which bills nothing\nhint: name a practice");
                return Err(Failure::missing(words));
            }
            if !self.is_configured(id) {
                let words =
                    format!("`{id}` is in the store, and not in the configuration\nhint: put its [[practice]] back");
                return Err(Failure::missing(words));
            }
        }
        let ids = self.config.practice.iter().map(|known| known.id.as_str());
        Ok(ids.filter(|id| practice.is_none_or(|asked| asked == *id)).collect())
    }

    /// Whether the configuration has a tenant; the host's own needs no place in it.
    pub(crate) fn is_configured(&self, id: &str) -> bool {
        id == CLEARING || has(&self.config, id)
    }

    /// All tenants of the store, the host's own too and those that the configuration no longer has, or the one asked for.
    pub(crate) fn tenants(&self, practice: Option<&str>) -> Result<Vec<PracticeStore>, Failure> {
        if practice.is_some() {
            return self.chosen(practice);
        }
        Ok(self.practices.iter().chain(&self.left).chain(&self.clearing).cloned().collect())
    }

    /// The profile of a practice; none for the host's own tenant, which has none.
    pub(crate) fn profile(&self, id: &str) -> Result<Option<Profile>, Failure> {
        let practice = self.config.practice.iter().find(|practice| practice.id == id);
        Ok(practice.map(|practice| crate::lifecycle::load_profile(&practice.profile)).transpose()?)
    }

    /// Refuses a practice that neither the configuration nor the store has.
    fn check(&self, id: &str) -> Result<(), Failure> {
        if self.is_configured(id) || self.left.iter().any(|left| left.id() == id) {
            return Ok(());
        }
        let ids = || self.config.practice.iter().map(|practice| practice.id.as_str());
        let near = crate::config::suggest(id, ids());
        let known: Vec<&str> = ids().collect();
        Err(Failure::missing(format!(
            "there is no practice `{id}`{near}\nhint: the practices are {}",
            known.join(", ")
        )))
    }

    /// The practice and lineage that a reference means: our id, or the CLM01 of a version, which payers and findings name.
    pub(crate) fn claim(&self, reference: &Reference, practice: Option<&str>) -> Result<(PracticeStore, u64), Failure> {
        let number = reference.id();
        let owner = match (reference.number(), &self.clearing) {
            (None, Some(clearing)) => clearing.read(|tx| tx.owner(Owned::Claim, number))?,
            _ => None,
        };
        let Some(owner) = owner.filter(|owner| reference.practice().or(practice).is_none_or(|asked| asked == owner))
        else {
            return self.one(reference, practice, "claim", "claim list");
        };
        let missing = || no_such("claim", reference, "claim list");
        let store = self.chosen(Some(&owner))?.into_iter().next().ok_or_else(missing)?;
        let version = store.read(|tx| tx.version_by_control_number(number))?.ok_or_else(missing)?;
        Ok((store, version.claim_id))
    }

    /// The tenant and id that a reference means. `what` and `list` are for its error: "claim", "claim list".
    pub(crate) fn one(
        &self,
        reference: &Reference,
        practice: Option<&str>,
        what: &str,
        list: &str,
    ) -> Result<(PracticeStore, u64), Failure> {
        let id = reference.number().ok_or_else(|| no_such(what, reference, list))?;
        let named = reference.practice().or(practice);
        let named = match (named, self.config.practice.as_slice()) {
            (Some(named), _) => named,
            (None, [only]) => only.id.as_str(),
            (None, _) => {
                let example = self.config.practice.first().map_or("PRACTICE", |practice| practice.id.as_str());
                let words =
                    format!("`{reference}` may be of several practices\nhint: write {example}/{id}, or add --practice");
                return Err(Failure::missing(words));
            }
        };
        let store = self.chosen(Some(named))?.into_iter().next().ok_or_else(|| no_such(what, reference, list))?;
        Ok((store, id))
    }
}

fn has(config: &Config, id: &str) -> bool {
    config.practice.iter().any(|practice| practice.id == id)
}

/// Reads and checks a profile with the files that it names; the error has every problem.
pub(crate) fn load_profile(path: &Path) -> Result<Profile, String> {
    crate::lifecycle::load_profile(path).map_err(|error| error.to_string())
}

/// The failure for an id that is not there.
pub(crate) fn no_such(what: &str, reference: &Reference, list: &str) -> Failure {
    Failure::missing(format!("there is no {what} `{reference}`\nhint: `claimhost {list}` shows what there is"))
}
