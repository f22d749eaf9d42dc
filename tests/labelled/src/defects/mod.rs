//! The defects, each one thing in an otherwise clean claim, one file a subject.

pub mod coverage;
pub mod patient;
pub mod providers;
pub mod services;
pub mod tables;

use crate::maker::Maker;
use crate::model::Claim;
use crate::shapes::{OFFICE, Pays, Shape, Who};

/// A shape of a table's own, commercial.
const fn shape(
    services: &'static str,
    diagnoses: &'static str,
    who: Who,
    sex: &'static str,
    pos: &'static str,
) -> Shape {
    Shape { services, diagnoses, who, sex, pos, pays: Pays::Commercial }
}

/// The office visit with one change.
fn office(maker: &mut Maker, change: impl FnOnce(&mut Maker, &mut Claim)) -> Vec<Claim> {
    shaped(maker, OFFICE, change)
}

/// A shape with one change.
fn shaped(maker: &mut Maker, shape: Shape, change: impl FnOnce(&mut Maker, &mut Claim)) -> Vec<Claim> {
    let mut claim = maker.make(shape);
    change(maker, &mut claim);
    vec![claim]
}

/// The patient is the subscriber.
fn alone(claim: &mut Claim) {
    let cover = claim.cover();
    cover.subscriber = None;
    cover.relationship = "18".into();
}
