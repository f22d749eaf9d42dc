//! How much one transaction holds. A listener acknowledges what is committed, and waits while the pipeline commits.

use super::host::Host;

/// The most of each that goes into one transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Documents that are cut and translated.
    pub(super) documents: usize,
    /// Visits that are written.
    pub(super) visits: usize,
    /// Claims of one 837.
    pub(super) claims: usize,
}

impl Pace {
    /// Nobody waits: a sync of the disk is shared by many.
    pub(super) const ALONE: Self = Self { documents: 250, visits: 250, claims: usize::MAX };
    /// Each a matter of some ten milliseconds.
    const BESIDE_LISTENERS: Self = Self { documents: 100, visits: 50, claims: 250 };
}

impl Host {
    /// Listeners wait for their commits from now on: transactions are kept short.
    pub fn give_way_to_listeners(&mut self) {
        self.pace = Pace::BESIDE_LISTENERS;
    }
}
