//! Who owns a control number that an answer names. Kept in the host's own tenant, because an answer arrives before anybody
//! knows whose it is.

use super::{Known, StoreResult, Tx};

/// What a control number names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owned {
    /// ISA13 of an 837 or 270 we sent.
    Interchange,
    /// CLM01 of a claim version.
    Claim,
    /// TRN02 of a 270.
    Inquiry,
}

impl Owned {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Interchange => "interchange",
            Self::Claim => "claim",
            Self::Inquiry => "inquiry",
        }
    }
}

impl Tx<'_> {
    /// Records the owner of a control number; again is harmless. Call on the clearing tenant.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn own(&self, kind: Owned, control_number: &str, practice: &str) -> StoreResult<()> {
        self.insert(
            "owner",
            Known::Stays,
            &[
                ("practice_id", &self.practice_id()),
                ("kind", &kind.as_str()),
                ("control_number", &control_number),
                ("owner_id", &practice),
            ],
        )?;
        Ok(())
    }

    /// The practice that owns a control number.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn owner(&self, kind: Owned, control_number: &str) -> StoreResult<Option<String>> {
        self.row(
            "SELECT owner_id FROM owner WHERE practice_id = ?1 AND kind = ?2 AND control_number = ?3",
            (self.practice_id(), kind.as_str(), control_number),
            |row| row.get(0),
        )
    }

    /// The next ISA13 of this host, over all practices: two practices may share one submitter id.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn next_interchange(&self) -> StoreResult<u64> {
        // Nine digits with leading zeros: the greatest text is the greatest number.
        let highest: Option<Option<String>> = self.row(
            "SELECT MAX(control_number) FROM owner WHERE practice_id = ?1 AND kind = 'interchange'",
            [self.practice_id()],
            |row| row.get(0),
        )?;
        Ok(highest.flatten().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) + 1)
    }
}
