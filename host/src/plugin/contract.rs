//! Bindings of contract `claimhost:plugin@0.1.0-draft`, generated from `wit/0.1.0-draft`.
//!
//! One module per released version: an old version's module converts its records up to the newest ones here. The
//! records of the newest version ARE the host's canonical claim (`crate::claim` re-exports them), so that the contract
//! is the documentation and no second model can drift from it.
#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated; the WIT carries the docs")]

/// World `adapter`; its records are shared with world `rules`.
pub mod adapter {
    wasmtime::component::bindgen!({
        path: "../wit/0.1.0-draft",
        world: "adapter",
        additional_derives: [PartialEq, serde::Serialize, claimhost_derive::Read, claimhost_derive::Placed],
    });
}

/// World `rules`.
pub mod rules {
    wasmtime::component::bindgen!({
        path: "../wit/0.1.0-draft",
        world: "rules",
        additional_derives: [PartialEq, serde::Serialize, claimhost_derive::Read, claimhost_derive::Placed],
        with: {
            "claimhost:plugin/claim": super::adapter::claimhost::plugin::claim,
            "claimhost:plugin/intake": super::adapter::claimhost::plugin::intake,
            "claimhost:plugin/log": super::adapter::claimhost::plugin::log,
            "claimhost:plugin/codes": super::adapter::claimhost::plugin::codes,
        },
    });
}

/// World `puller`; its records of claims are those of world `adapter`.
pub mod puller {
    wasmtime::component::bindgen!({
        path: "../wit/0.1.0-draft",
        world: "puller",
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
        with: {
            "claimhost:plugin/claim": super::adapter::claimhost::plugin::claim,
            "claimhost:plugin/intake": super::adapter::claimhost::plugin::intake,
            "claimhost:plugin/evidence": super::adapter::claimhost::plugin::evidence,
            "claimhost:plugin/log": super::adapter::claimhost::plugin::log,
        },
    });
}

/// World `poster`; its records of claims are those of world `adapter`.
pub mod poster {
    wasmtime::component::bindgen!({
        path: "../wit/0.1.0-draft",
        world: "poster",
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
        with: {
            "claimhost:plugin/claim": super::adapter::claimhost::plugin::claim,
            "claimhost:plugin/intake": super::adapter::claimhost::plugin::intake,
            "claimhost:plugin/evidence": super::adapter::claimhost::plugin::evidence,
            "claimhost:plugin/log": super::adapter::claimhost::plugin::log,
        },
    });
}
