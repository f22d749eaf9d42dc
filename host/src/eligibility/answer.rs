//! What a 271 says of the person of one question. Position, day and numbers of the file are no part of it, so that the same
//! answer in another file is the same.

use claimhost_x12::eligibility::{Eligibility, Level, Member, Rejection};
use serde::{Deserialize, Serialize};

use super::Question;
use crate::audit::demographics::{self, BirthIs, Known, NameIs, compare_births, compare_names};

/// AAA of an answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Refusal {
    /// `payer`, `receiver` or `person`: whose request is refused.
    pub of: String,
    /// AAA03.
    pub reason: String,
    /// AAA04.
    pub follow_up: String,
}

/// EB01 = R: another payer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherPayer {
    /// NM101 of 2120: PRP primary, SEP secondary, TTP tertiary, PR any.
    pub entity: String,
    /// NM103.
    pub name: String,
    /// NM109.
    pub id: String,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Who the payer says it is; none where it refuses.
    pub known: Option<Known>,
    /// EB01 of the plan: 1 to 5 active, 6 to 8 inactive; empty: not said.
    pub status: String,
    /// AAA, sorted.
    pub refusals: Vec<Refusal>,
    /// Who else pays.
    pub other_payers: Vec<OtherPayer>,
    /// Somebody else pays, named or not.
    pub has_other_payer: bool,
    /// INS: the payer has other data of the person than the question.
    pub is_corrected: bool,
    /// It is about somebody else than the question.
    pub is_other_person: bool,
}

impl Answer {
    /// What an answer says of the person of a question.
    pub fn of(question: &Question, member: &Member) -> Self {
        // A refusal may come beside the plan's status; then nothing is the payer's word.
        let known = demographics::eligibility::known(member, 1);
        let is_other_person = known.as_ref().is_some_and(|known| is_another(question, known));
        let other = |other: &claimhost_x12::eligibility::OtherPayer| OtherPayer {
            entity: other.entity.clone(),
            name: other.name.clone(),
            id: other.id.clone(),
        };
        Self {
            known,
            status: member.status.clone(),
            refusals: refusals(&member.rejections),
            other_payers: member.other_payers.iter().map(other).collect(),
            has_other_payer: member.has_other_payer,
            is_corrected: member.is_corrected,
            is_other_person,
        }
    }

    /// How well it fits the person of a question, for choosing among several.
    pub(crate) fn closeness(&self, question: &Question) -> (bool, u8, bool) {
        let Some(known) = &self.known else { return (!self.is_other_person, 0, false) };
        let asked = question.person();
        let name = match compare_names(&asked.name, &known.name) {
            NameIs::Same => 3,
            NameIs::Variant(_) | NameIs::Typo(_) => 2,
            NameIs::Swapped | NameIs::OtherLast => 1,
            NameIs::OtherFirst | NameIs::Other => 0,
        };
        let born = compare_births(asked.birth_date, known.birth_date) == BirthIs::Same;
        (!self.is_other_person, name, born)
    }

    /// A refusal of the payer or of the provider, which answers every question of the transaction.
    pub fn refused(answer: &Eligibility) -> Self {
        Self {
            known: None,
            status: String::new(),
            refusals: refusals(&answer.rejections),
            other_payers: Vec::new(),
            has_other_payer: false,
            is_corrected: false,
            is_other_person: false,
        }
    }

    /// An answer follows (AAA04 = Y): nothing is said yet.
    pub fn is_only_a_promise(&self) -> bool {
        !self.refusals.is_empty() && self.refusals.iter().all(|refusal| refusal.follow_up == "Y")
    }
}

fn refusals(rejections: &[Rejection]) -> Vec<Refusal> {
    let of = |level: Level| match level {
        Level::Payer => "payer",
        Level::Receiver => "receiver",
        Level::Person => "person",
    };
    let mut refusals: Vec<Refusal> = rejections
        .iter()
        .map(|one| Refusal {
            of: of(one.level).to_owned(),
            reason: one.reason.clone(),
            follow_up: one.follow_up.clone(),
        })
        .collect();
    refusals.sort_unstable();
    refusals.dedup();
    refusals
}

/// Another name and another birth date: the rest of such an answer is not compared.
fn is_another(question: &Question, known: &Known) -> bool {
    let asked = question.person();
    let name = compare_names(&asked.name, &known.name);
    match compare_births(asked.birth_date, known.birth_date) {
        BirthIs::Same | BirthIs::Slip(_) => false,
        BirthIs::Unknown => name == NameIs::Other,
        BirthIs::Other => matches!(name, NameIs::Other | NameIs::OtherFirst),
    }
}
