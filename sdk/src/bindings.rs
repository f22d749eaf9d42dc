//! Guest bindings of contract `claimhost:plugin@0.1.0-draft`. Authors use the re-exports at the crate root.
#![allow(missing_docs, unsafe_code, clippy::all, clippy::pedantic, reason = "generated; the WIT carries the docs")]

/// World `adapter`. Its records are shared with world `rules`.
pub mod adapter {
    wit_bindgen::generate!({
        path: "../wit/0.1.0-draft",
        world: "adapter",
        pub_export_macro: true,
        export_macro_name: "export_adapter_world",
        default_bindings_module: "claimhost_sdk::bindings::adapter",
        additional_derives: [PartialEq, Clone, serde::Serialize, serde::Deserialize],
    });
}

/// World `rules`.
pub mod rules {
    wit_bindgen::generate!({
        path: "../wit/0.1.0-draft",
        world: "rules",
        pub_export_macro: true,
        export_macro_name: "export_rules_world",
        default_bindings_module: "claimhost_sdk::bindings::rules",
        additional_derives: [PartialEq, Clone, serde::Serialize, serde::Deserialize],
        with: {
            "claimhost:plugin/claim@0.1.0-draft": super::adapter::claimhost::plugin::claim,
            "claimhost:plugin/intake@0.1.0-draft": super::adapter::claimhost::plugin::intake,
            "claimhost:plugin/log@0.1.0-draft": super::adapter::claimhost::plugin::log,
            "claimhost:plugin/codes@0.1.0-draft": super::adapter::claimhost::plugin::codes,
            "claimhost:plugin/review@0.1.0-draft": generate,
        },
    });
}

/// World `puller`.
pub mod puller {
    wit_bindgen::generate!({
        path: "../wit/0.1.0-draft",
        world: "puller",
        pub_export_macro: true,
        export_macro_name: "export_puller_world",
        default_bindings_module: "claimhost_sdk::bindings::puller",
        additional_derives: [PartialEq, Clone, serde::Serialize, serde::Deserialize],
        with: {
            "claimhost:plugin/claim@0.1.0-draft": super::adapter::claimhost::plugin::claim,
            "claimhost:plugin/intake@0.1.0-draft": super::adapter::claimhost::plugin::intake,
            "claimhost:plugin/evidence@0.1.0-draft": super::adapter::claimhost::plugin::evidence,
            "claimhost:plugin/log@0.1.0-draft": super::adapter::claimhost::plugin::log,
            "claimhost:plugin/http@0.1.0-draft": generate,
        },
    });
}

/// World `poster`.
pub mod poster {
    wit_bindgen::generate!({
        path: "../wit/0.1.0-draft",
        world: "poster",
        pub_export_macro: true,
        export_macro_name: "export_poster_world",
        default_bindings_module: "claimhost_sdk::bindings::poster",
        additional_derives: [PartialEq, Clone, serde::Serialize, serde::Deserialize],
        with: {
            "claimhost:plugin/claim@0.1.0-draft": super::adapter::claimhost::plugin::claim,
            "claimhost:plugin/intake@0.1.0-draft": super::adapter::claimhost::plugin::intake,
            "claimhost:plugin/evidence@0.1.0-draft": super::adapter::claimhost::plugin::evidence,
            "claimhost:plugin/log@0.1.0-draft": super::adapter::claimhost::plugin::log,
        },
    });
}
