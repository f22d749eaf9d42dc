//! What a kind of claim is, and the table of all of them.

use crate::defects::{coverage, patient, providers, services, tables};
use crate::maker::Maker;
use crate::model::{Claim, Label, Needs};
use crate::near::NEAR;

/// A kind of near-miss or defect.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name in the labels.
    pub name: &'static str,
    /// Near-miss or defect.
    pub label: Label,
    /// The families of findings that a good scrub gives, with `|` between them: `patient.birth-date.*`. A finding of another one,
    /// even at the right place, does not count.
    pub family: &'static str,
    /// Where the defect is: `patient.birth_date` of the claim, `line:units` of the bad line, `x12:DMG02` where the source's
    /// document may be refused as a whole. Any of them is right.
    pub places: &'static [&'static str],
    /// What has to be there before it can be judged.
    pub needs: Needs,
    /// Makes it; the last claim is the one meant, those before it are clean ones that it needs.
    pub make: fn(&mut Maker) -> Vec<Claim>,
}

/// A row of a table.
pub const fn kind(
    label: Label,
    name: &'static str,
    family: &'static str,
    places: &'static [&'static str],
    needs: Needs,
    make: fn(&mut Maker) -> Vec<Claim>,
) -> Kind {
    Kind { name, label, family, places, needs, make }
}

/// A defect that needs no tables.
pub const fn defect(
    name: &'static str,
    family: &'static str,
    places: &'static [&'static str],
    make: fn(&mut Maker) -> Vec<Claim>,
) -> Kind {
    kind(Label::Defect, name, family, places, Needs::Nothing, make)
}

/// Every near-miss.
pub fn near() -> &'static [Kind] {
    NEAR
}

/// Every defect.
pub fn defects() -> Vec<&'static Kind> {
    [patient::KINDS, coverage::KINDS, providers::KINDS, services::KINDS, tables::KINDS].into_iter().flatten().collect()
}
