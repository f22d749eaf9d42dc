//! Compiled components that plugins share: each is compiled and linked once, and freed with its last plugin.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::engine::Placement;
use super::manifest::Kind;
use super::session::Pre;

/// What decides compiled code: the bytes, the world it has to fit, the engine.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) sha256: [u8; 32],
    pub(super) kind: Kind,
    pub(super) pooled: bool,
}

/// A component ready to start.
pub(super) struct Compiled {
    pub(super) pre: Pre,
    pub(super) placement: Placement,
}

type Place = Arc<Mutex<Weak<Compiled>>>;

/// All that some plugin has.
#[derive(Default)]
pub(super) struct Components {
    known: Mutex<HashMap<Key, Place>>,
}

impl Components {
    /// The compiled component of this key. Of several that ask at once one compiles, and the others wait for it.
    pub(super) fn get<E>(&self, key: Key, compile: impl FnOnce() -> Result<Compiled, E>) -> Result<Arc<Compiled>, E> {
        let place = {
            let mut known = self.known.lock();
            known.retain(|_, place| Arc::strong_count(place) > 1 || place.lock().strong_count() > 0);
            Arc::clone(known.entry(key).or_default())
        };
        let mut place = place.lock();
        if let Some(compiled) = place.upgrade() {
            return Ok(compiled);
        }
        let compiled = Arc::new(compile()?);
        *place = Arc::downgrade(&compiled);
        Ok(compiled)
    }

    /// Components that some plugin has now.
    pub(super) fn count(&self) -> usize {
        self.known.lock().values().filter(|place| place.lock().strong_count() > 0).count()
    }
}
