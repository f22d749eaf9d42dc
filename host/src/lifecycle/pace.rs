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
    /// Bytes of files that are stored; one that is larger goes alone.
    pub(super) stored_bytes: u64,
    /// Bytes of an answer's transactions that are applied; one that is larger goes alone.
    answer_bytes: u64,
}

impl Pace {
    /// Nobody waits: a sync of the disk is shared by many.
    pub(super) const ALONE: Self =
        Self { documents: 250, visits: 250, claims: usize::MAX, stored_bytes: 64 << 20, answer_bytes: u64::MAX };
    /// Each a matter of some ten milliseconds: of an 835, 16 KiB are some 80 claims.
    const BESIDE_LISTENERS: Self =
        Self { documents: 100, visits: 50, claims: 250, stored_bytes: 2 << 20, answer_bytes: 16 << 10 };

    /// How many things of these sizes, from the first, go together within so many bytes: one at least, where there is one.
    pub(super) fn within(bytes_max: u64, sizes: impl Iterator<Item = u64>) -> usize {
        let mut bytes = 0_u64;
        let mut first = true;
        let fits = |size: &u64| {
            bytes = bytes.saturating_add(*size);
            std::mem::take(&mut first) || bytes <= bytes_max
        };
        sizes.take_while(fits).count()
    }

    /// How many transactions of an answer, by their sizes, are applied together.
    pub(super) fn sets(&self, sizes: impl Iterator<Item = u64>) -> usize {
        Self::within(self.answer_bytes, sizes)
    }
}

impl Host {
    /// Listeners wait for their commits from now on: transactions are kept short.
    pub fn give_way_to_listeners(&mut self) {
        self.pace = Pace::BESIDE_LISTENERS;
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;

    #[test]
    fn what_fits_goes_together_and_what_never_fits_goes_alone() {
        for (sizes, together) in
            [(&[][..], 0), (&[4, 6, 1], 2), (&[10, 1], 1), (&[11, 1], 1), (&[1, 11], 1), (&[0, 0, 10, 0, 1], 4)]
        {
            assert_eq!(Pace::within(10, sizes.iter().copied()), together, "{sizes:?}");
        }
        assert_eq!(Pace::within(u64::MAX, [u64::MAX, u64::MAX].into_iter()), 2);
    }
}
