//! What one turn of the line did, and turns of several practices together.

/// What a turn did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turn {
    /// Documents that got an end.
    pub documents: u64,
    /// Visits looked at.
    pub visits: u64,
    /// Claims put into an 837.
    pub submitted: u64,
    /// Answers applied.
    pub answers: u64,
    /// Claims made for later payers.
    pub later: u64,
    /// Expected visits that moved.
    pub expected: u64,
    /// Questions about cover that were wanted or sent.
    pub asked: u64,
    /// What EHRs are told that moved: written, refused, or nothing to tell.
    pub told: u64,
}

impl Turn {
    /// Whether anything moved.
    pub fn moved(&self) -> bool {
        *self != Self::default()
    }
}

impl std::ops::AddAssign for Turn {
    fn add_assign(&mut self, part: Self) {
        let Self { documents, visits, submitted, answers, later, expected, asked, told } = part;
        self.documents += documents;
        self.visits += visits;
        self.submitted += submitted;
        self.answers += answers;
        self.later += later;
        self.expected += expected;
        self.asked += asked;
        self.told += told;
    }
}
