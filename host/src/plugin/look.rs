//! One look at one plugin folder: what of it may run, and whether that does.

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::engine::Placement;
use super::load::{Active, Shared, info_of, load};
use super::lock::{Lock, LockError, Locked};
use super::manifest::{Manifest, Permissions};
use super::registry::{PluginError, PluginInfo};
use super::reload::Entry;
use super::source::{Pass, Source};
use super::trust::{Decision, Trust, TrustError, both};

/// What one look at a folder came to.
pub(super) enum Look {
    /// As before.
    Same(Box<Entry>),
    /// To be active.
    Sound(Box<Entry>, Box<Source>),
    /// Not to be active.
    Refused(Box<Entry>, PluginError),
}

/// A look that broke: that plugin's error, and no other's.
pub(super) fn broke(folder: &Path, before: Option<&Entry>) -> Look {
    let looked = seen(&[b"broke"]);
    if let Some(old) = before.filter(|old| old.looked == looked) {
        return Look::Same(Box::new(old.clone()));
    }
    let error = PluginError::Broke { path: folder.to_owned() };
    Look::Refused(Box::new(refused(before, info_of(folder, None, ""), looked, error.clone())), error)
}

/// Whether an active version may stay where it is until another takes its place: where consent is asked for, `plugins.lock`
/// has its plugin, and grants every right that it has. That another version is pinned does not stop it: that one may not run.
pub(super) fn goes_on(mode: Trust, lock: Result<&Lock, &LockError>, entry: &Entry) -> bool {
    let (Some(active), Ok(lock)) = (&entry.active, lock) else { return true };
    let plugin = active.plugin();
    let grants = |locked: &Locked| both(&plugin.granted, &locked.grants) == plugin.granted;
    mode == Trust::Any || lock.of(&plugin.manifest.id).is_some_and(grants)
}

/// What `plugins.lock` pins of the plugin that a folder had before it was damaged.
fn pinned_before<'a>(
    shared: &Shared,
    lock: Result<&'a Lock, &LockError>,
    folder: &Path,
    before: Option<&Entry>,
) -> Option<&'a Locked> {
    let active = before.and_then(|old| old.active.as_ref()).map(|active| active.plugin().manifest.id.clone());
    let name = || folder.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let id = active.or_else(|| shared.versions.id_of(folder)).or_else(name)?;
    lock.ok()?.of(&id)
}

/// An entry whose candidate is refused: what was active stays, with the reason.
pub(super) fn refused(before: Option<&Entry>, mut info: PluginInfo, looked: [u8; 32], error: PluginError) -> Entry {
    match before {
        Some(before) if before.active.is_some() => {
            let mut entry = before.clone();
            entry.info.candidate = Some(error);
            entry.looked = looked;
            entry
        }
        _ => {
            info.error = Some(error);
            Entry { info, active: None, looked }
        }
    }
}

/// Reads a folder, decides what of it may run, and loads that where it is not what is active already.
pub(super) fn look(
    shared: &Arc<Shared>,
    pass: &Pass,
    lock: Result<&Lock, &LockError>,
    folder: &Path,
    before: Option<&Entry>,
    again: bool,
) -> Look {
    let same = |looked: &[u8; 32]| {
        let settled = |old: &&Entry| !again || (old.info.error.is_none() && old.info.candidate.is_none());
        before.filter(|old| old.looked == *looked).filter(settled).map(|old| Look::Same(Box::new(old.clone())))
    };
    // Nothing of the folder may run: what was active stays, unless something else is pinned; that was kept, and takes its place.
    let instead = |manifest: Option<&Manifest>, digest: &str, tag: &[u8], error: PluginError| {
        let pinned = pinned_before(shared, lock, folder, before);
        let of_pinned = pinned.and_then(|locked| serde_json::to_vec(locked).ok()).unwrap_or_default();
        let looked = seen(&[tag, digest.as_bytes(), error.to_string().as_bytes(), &of_pinned]);
        if let Some(same) = same(&looked) {
            return same;
        }
        let candidate = Candidate { folder, before, looked };
        let stays = |locked: &Locked| {
            let active = before.and_then(|old| old.active.as_ref()).map(|active| active.plugin().digest.as_str());
            active.is_some_and(|active| match shared.trust.mode {
                // Pins are no consent here: one counts only while what it was put back for would run.
                Trust::Any => locked.rolled_back_from.as_deref() != Some(active),
                Trust::Locked | Trust::Signed => locked.digest == active,
            })
        };
        match pinned.filter(|locked| !stays(locked)).and_then(|locked| pinned_source(shared, locked)) {
            Some((kept, granted)) => candidate.load(shared, kept, granted, Some(error)),
            None => candidate.refuse(info_of(folder, manifest, digest), error),
        }
    };
    let source = match pass.source(folder) {
        Ok(source) => source,
        Err(error) => return instead(Manifest::read(folder).ok().as_ref(), "", b"unreadable", error),
    };
    let (manifest, digest) = (source.manifest.clone(), source.digest.clone());
    let untrusted = |error: TrustError| PluginError::Trust { id: manifest.id.clone(), error };
    let decision = match lock {
        Ok(lock) => shared.trust.decide(lock, folder, &manifest, &digest),
        Err(error) => Decision::Refused(TrustError::Lock(error.clone())),
    };
    let (granted, pinned) = match decision {
        Decision::Run(granted) => (granted, None),
        Decision::Pinned(locked, why) => (locked.grants.clone(), Some((locked, untrusted(why)))),
        Decision::Refused(why) => return instead(Some(&manifest), &digest, b"refused", untrusted(why)),
    };
    let of_grants = serde_json::to_vec(&granted).unwrap_or_default();
    let of_pinned = pinned.as_ref().map_or("", |(locked, _)| locked.digest.as_str());
    let looked = seen(&[b"read", digest.as_bytes(), &source.fixtures, &of_grants, of_pinned.as_bytes()]);
    if let Some(same) = same(&looked) {
        return same;
    }
    let candidate = Candidate { folder, before, looked };
    match pinned {
        None => candidate.load(shared, source, granted, None),
        Some((locked, why)) => match pinned_source(shared, &locked) {
            Some((kept, granted)) => candidate.load(shared, kept, granted, Some(why)),
            None => candidate.refuse(info_of(folder, Some(&manifest), &digest), why),
        },
    }
}

/// What a look is about to try.
struct Candidate<'a> {
    folder: &'a Path,
    before: Option<&'a Entry>,
    looked: [u8; 32],
}

impl Candidate<'_> {
    fn refuse(&self, info: PluginInfo, error: PluginError) -> Look {
        Look::Refused(Box::new(refused(self.before, info, self.looked, error.clone())), error)
    }

    /// Loads a version where it is not what is active already; `why` is not what the folder holds.
    fn load(&self, shared: &Arc<Shared>, source: Source, granted: Permissions, why: Option<PluginError>) -> Look {
        let Self { folder, before, looked } = *self;
        let runs = before.filter(|old| {
            let active = old.active.as_ref().map(Active::plugin);
            active.is_some_and(|active| active.digest == source.digest && active.granted == granted)
        });
        if let (Some(old), Some(why)) = (runs, &why) {
            // What runs stays; the folder holds something else.
            let known = old.info.candidate.as_ref().is_some_and(|known| known.to_string() == why.to_string());
            let entry = refused(before, old.info.clone(), looked, why.clone());
            return if known { Look::Same(Box::new(entry)) } else { Look::Refused(Box::new(entry), why.clone()) };
        }
        match load(shared, &source, granted.clone()) {
            Ok(active) => {
                if let Some(old) = runs {
                    // Its fixtures pass still, or it was put back: sessions, budget and quarantine stay.
                    let mut entry = old.clone();
                    entry.looked = looked;
                    entry.info.candidate = None;
                    return Look::Same(Box::new(entry));
                }
                let mut info = info_of(folder, Some(&source.manifest), &source.digest);
                info.pooled = active.plugin().compiled.placement == Placement::Pooled;
                info.granted = granted;
                info.candidate = why;
                Look::Sound(Box::new(Entry { info, active: Some(active), looked }), Box::new(source))
            }
            Err(error) => self.refuse(info_of(folder, Some(&source.manifest), &source.digest), error),
        }
    }
}

/// A digest of parts, each of any length.
fn seen(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(Sha256::digest(part)));
    hasher.finalize().into()
}

/// The version that is pinned, where it was kept as it was, with what it may do.
fn pinned_source(shared: &Shared, locked: &Locked) -> Option<(Source, Permissions)> {
    let kept = Source::kept(&shared.versions.place(&locked.id, &locked.digest)).ok()?;
    let signed = || shared.trust.check_signature(&kept.folder, &kept.digest).is_ok();
    let granted = both(&kept.manifest.permissions, &locked.grants);
    (kept.digest == locked.digest && signed()).then_some((kept, granted))
}
