//! For authors of claimhost plugins: the contract's records, four traits and four macros, so that an adapter is its
//! mapping and nothing else.
//!
//! An adapter implements [`Adapter`] and calls [`adapter!`]; a rule set implements [`Rules`] and calls [`rules!`]; a puller
//! implements [`Puller`] and calls [`puller!`]; a poster implements [`Poster`] and calls [`poster!`].
//! Build with `cargo build --target wasm32-wasip2 --release`; the host's `plugin build` and `plugin test` do it for you.
//! Codecs for the formats live in `claimhost-hl7v2`, `claimhost-x12` and `claimhost-fhir`. What adapters of one family
//! share is here: [`calendar`] counts days, [`mapping`] reads a site's mapping, [`code`] tells codes apart, [`hl7`] makes charges of FT1 segments,
//! [`fhir`] of Claims, ChargeItems and Encounters, [`delimited`] reads rows, [`fixed`] lines of columns by position, [`posting`] takes payers' decisions apart for posters, [`record`] makes claim data of what a mapping names one by one, [`setting`] reads settings, [`undelivered`] says what a source has no place for, [`xml`] makes of XML what JSON is. Every record of the contract has an empty `Default`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod bindings;
pub mod calendar;
pub mod code;
mod defaults;
pub mod delimited;
pub mod fhir;
pub mod fixed;
#[cfg(feature = "fixtures")]
pub mod fixtures;
pub mod hl7;
pub mod mapping;
#[cfg(any(target_arch = "wasm32", test))]
#[doc(hidden)]
pub mod memory;
pub mod path;
pub mod posting;
pub mod record;
#[cfg(feature = "fixtures")]
pub mod rule_cases;
pub mod setting;
pub mod stay;
pub mod undelivered;
pub mod xml;

pub use bindings::adapter::claimhost::plugin::evidence;
pub use bindings::adapter::claimhost::plugin::{claim, codes, intake, log};
pub use bindings::adapter::exports::claimhost::plugin::translate::Description as AdapterDescription;
pub use bindings::poster::exports::claimhost::plugin::post;
pub use bindings::poster::exports::claimhost::plugin::post::Description as PosterDescription;
pub use bindings::puller::claimhost::plugin::http;
pub use bindings::puller::exports::claimhost::plugin::pull;
pub use bindings::puller::exports::claimhost::plugin::pull::Description as PullerDescription;
pub use bindings::rules::claimhost::plugin::review;
pub use bindings::rules::exports::claimhost::plugin::check::Description as RulesDescription;

use intake::{Document, Outcome, Problem, Setup};
use review::{ClaimInContext, Finding};

/// Turns the documents of one EHR into visit events. One value is one session: it belongs to one practice, is
/// opened once and used for many documents.
pub trait Adapter: Sized + 'static {
    /// Says what this adapter is. Must not depend on anything.
    fn describe() -> AdapterDescription;

    /// Parses settings and mapping, once.
    ///
    /// # Errors
    /// The problems of the mapping, each at its line: the host shows them and opens no session.
    fn open(setup: Setup) -> Result<Self, Vec<Problem>>;

    /// Translates one document. Must depend on nothing but the session's setup and the document: the host replays
    /// documents alone and in other orders, and refuses an adapter whose answers differ.
    fn translate(&self, document: &Document) -> Outcome;
}

/// Checks claims against the rules of one payer. One value is one session.
pub trait Rules: Sized + 'static {
    /// Says which rules these are and how far back they look.
    fn describe() -> RulesDescription;

    /// Parses settings and tables, once.
    ///
    /// # Errors
    /// The problems of the table, each at its line.
    fn open(setup: Setup) -> Result<Self, Vec<Problem>>;

    /// Checks one claim. Must depend on nothing but the session's setup and the claim.
    fn check(&self, claim: &ClaimInContext) -> Vec<Finding>;
}

/// Fetches documents: says which request comes next and is handed the response. One value is one turn of one source.
pub trait Puller: Sized + 'static {
    /// Says what this puller is. Must not depend on anything.
    fn describe() -> PullerDescription;

    /// Parses settings and mapping, and takes note of where the turn begins.
    ///
    /// # Errors
    /// The problems of settings and mapping, each at its line: the host shows them and asks for nothing.
    fn open(setup: Setup, turn: pull::Turn) -> Result<Self, Vec<Problem>>;

    /// The next step. `response` is the answer to the last [`pull::Step::Send`], and none at the first call and after
    /// [`pull::Step::Store`]. Must depend on nothing but the turn and the responses so far.
    fn next(&mut self, response: Option<http::Response>) -> pull::Step;
}

/// Tells an EHR what payers decided: postings in, one file out. One value is one file.
pub trait Poster: Sized + 'static {
    /// Says what this poster is and how its files end. Must not depend on anything.
    fn describe() -> PosterDescription;

    /// Parses settings and mapping, once.
    ///
    /// # Errors
    /// The problems of settings and mapping, each at its line: the host shows them and posts nothing.
    fn open(setup: Setup) -> Result<Self, Vec<Problem>>;

    /// Exactly one outcome for each posting, in order, and the file of those that are taken. Must depend on nothing but setup and batch: the
    /// host asks for a part of it where the whole fails. What is written carries the id of each posting, so that the EHR can tell that
    /// it has it.
    fn post(&self, batch: &post::Batch) -> post::Answer;
}

/// Exports an [`Adapter`] as a component of world `adapter`.
#[macro_export]
macro_rules! adapter {
    ($adapter:ty) => {
        // Natively (tests, benches) there is no component, and a linker refuses the export names.
        #[cfg(target_arch = "wasm32")]
        #[doc(hidden)]
        #[allow(missing_docs, unsafe_code)]
        mod claimhost_export {
            use super::*;
            use $crate::bindings::adapter::exports::claimhost::plugin::translate as world;

            // Names that no author's type has: theirs are in scope here.
            pub struct ClaimhostComponent;
            pub struct ClaimhostSession(pub $adapter);

            impl world::Guest for ClaimhostComponent {
                type Session = ClaimhostSession;
                fn describe() -> world::Description {
                    <$adapter as $crate::Adapter>::describe()
                }
            }

            impl world::GuestSession for ClaimhostSession {
                fn open(setup: world::Setup) -> Result<world::Session, Vec<world::Problem>> {
                    Ok(world::Session::new(ClaimhostSession(<$adapter as $crate::Adapter>::open(setup)?)))
                }
                fn translate(&self, documents: Vec<world::Document>) -> Vec<world::Outcome> {
                    documents.iter().map(|document| $crate::Adapter::translate(&self.0, document)).collect()
                }
            }

            $crate::bindings::adapter::export_adapter_world!(ClaimhostComponent with_types_in $crate::bindings::adapter);
        }
    };
}

/// Exports a [`Rules`] as a component of world `rules`.
#[macro_export]
macro_rules! rules {
    ($rules:ty) => {
        // Natively (tests, benches) there is no component, and a linker refuses the export names.
        #[cfg(target_arch = "wasm32")]
        #[doc(hidden)]
        #[allow(missing_docs, unsafe_code)]
        mod claimhost_export {
            use super::*;
            use $crate::bindings::rules::exports::claimhost::plugin::check as world;

            // Names that no author's type has: theirs are in scope here.
            pub struct ClaimhostComponent;
            pub struct ClaimhostSession(pub $rules);

            impl world::Guest for ClaimhostComponent {
                type Session = ClaimhostSession;
                fn describe() -> world::Description {
                    $crate::memory::kept();
                    <$rules as $crate::Rules>::describe()
                }
            }

            impl world::GuestSession for ClaimhostSession {
                fn open(setup: world::Setup) -> Result<world::Session, Vec<world::Problem>> {
                    $crate::memory::kept();
                    Ok(world::Session::new(ClaimhostSession(<$rules as $crate::Rules>::open(setup)?)))
                }
                fn check(&self, claims: Vec<world::ClaimInContext>) -> Vec<Vec<world::Finding>> {
                    let check = |claims: &[world::ClaimInContext]| {
                        claims.iter().map(|claim| $crate::Rules::check(&self.0, claim)).collect()
                    };
                    // SAFETY: the one call of this export, with its parameter.
                    unsafe { $crate::memory::lent(claims, check) }
                }
            }

            impl Drop for ClaimhostSession {
                fn drop(&mut self) {
                    $crate::memory::kept();
                }
            }

            $crate::bindings::rules::export_rules_world!(ClaimhostComponent with_types_in $crate::bindings::rules);
        }
    };
}

/// Exports a [`Puller`] as a component of world `puller`.
#[macro_export]
macro_rules! puller {
    ($puller:ty) => {
        // Natively (tests, benches) there is no component, and a linker refuses the export names.
        #[cfg(target_arch = "wasm32")]
        #[doc(hidden)]
        #[allow(missing_docs, unsafe_code)]
        mod claimhost_export {
            use super::*;
            use $crate::bindings::puller::exports::claimhost::plugin::pull as world;

            // Names that no author's type has: theirs are in scope here.
            pub struct ClaimhostComponent;
            pub struct ClaimhostSession(pub std::cell::RefCell<$puller>);

            impl world::Guest for ClaimhostComponent {
                type Session = ClaimhostSession;
                fn describe() -> world::Description {
                    <$puller as $crate::Puller>::describe()
                }
            }

            impl world::GuestSession for ClaimhostSession {
                fn open(setup: world::Setup, turn: world::Turn) -> Result<world::Session, Vec<world::Problem>> {
                    let puller = <$puller as $crate::Puller>::open(setup, turn)?;
                    Ok(world::Session::new(ClaimhostSession(std::cell::RefCell::new(puller))))
                }
                fn next(&self, response: Option<world::Response>) -> world::Step {
                    $crate::Puller::next(&mut *self.0.borrow_mut(), response)
                }
            }

            $crate::bindings::puller::export_puller_world!(ClaimhostComponent with_types_in $crate::bindings::puller);
        }
    };
}

/// Exports a [`Poster`] as a component of world `poster`.
#[macro_export]
macro_rules! poster {
    ($poster:ty) => {
        // Natively (tests, benches) there is no component, and a linker refuses the export names.
        #[cfg(target_arch = "wasm32")]
        #[doc(hidden)]
        #[allow(missing_docs, unsafe_code)]
        mod claimhost_export {
            use super::*;
            use $crate::bindings::poster::exports::claimhost::plugin::post as world;

            // Names that no author's type has: theirs are in scope here.
            pub struct ClaimhostComponent;
            pub struct ClaimhostSession(pub $poster);

            impl world::Guest for ClaimhostComponent {
                type Session = ClaimhostSession;
                fn describe() -> world::Description {
                    <$poster as $crate::Poster>::describe()
                }
            }

            impl world::GuestSession for ClaimhostSession {
                fn open(setup: world::Setup) -> Result<world::Session, Vec<world::Problem>> {
                    Ok(world::Session::new(ClaimhostSession(<$poster as $crate::Poster>::open(setup)?)))
                }
                fn post(&self, batch: world::Batch) -> world::Answer {
                    $crate::Poster::post(&self.0, &batch)
                }
            }

            $crate::bindings::poster::export_poster_world!(ClaimhostComponent with_types_in $crate::bindings::poster);
        }
    };
}
