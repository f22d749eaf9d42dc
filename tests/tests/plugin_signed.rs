//! `trust = "signed"` through the real binary: plugins that a trusted key has signed run, and no others. What is no signature at all, and the files of
//! minisign itself, are in `host/tests/plugin_trust.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use blake2::{Blake2b512, Digest};
use claimhost_tests::site::{Charge, Site};
use ring::signature::{Ed25519KeyPair, KeyPair};

const DAY: &str = "2026-05-04";

/// A key of minisign (<https://jedisct1.github.io/minisign/>, "Signature format"): Ed25519 over BLAKE2b-512, with an id.
struct Key {
    id: [u8; 8],
    pair: Ed25519KeyPair,
}

impl Key {
    fn new(id: u8) -> Self {
        Self { id: [id; 8], pair: Ed25519KeyPair::from_seed_unchecked(&[id; 32]).unwrap() }
    }

    /// The second line of its `.pub` file.
    fn public(&self) -> String {
        STANDARD.encode([b"Ed".as_slice(), &self.id, self.pair.public_key().as_ref()].concat())
    }

    /// A `.minisig` file.
    fn sign(&self, text: &[u8]) -> String {
        let signature = self.pair.sign(&Blake2b512::digest(text));
        let comment = "of a test";
        let whole = self.pair.sign(&[signature.as_ref(), comment.as_bytes()].concat());
        let signature = STANDARD.encode([b"ED".as_slice(), &self.id, signature.as_ref()].concat());
        let whole = STANDARD.encode(whole);
        format!("untrusted comment: of a test\n{signature}\ntrusted comment: {comment}\n{whole}\n")
    }
}

/// Every plugin folder of a site.
fn plugins(site: &Site) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(site.dir().join("plugins")).unwrap().map(|entry| entry.unwrap().path());
    folders.filter(|folder| folder.join("plugin.toml").is_file()).collect()
}

/// Signs every plugin of a site, as its author does: `plugin digest DIR > digest`, then the file.
fn sign(site: &Site, key: &Key) {
    for folder in plugins(site) {
        let digest = site.command(&["plugin", "digest", folder.to_str().unwrap()]).stdout;
        assert_eq!(digest.len(), 65, "a digest and a line end");
        std::fs::write(folder.join("plugin.minisig"), key.sign(&digest)).unwrap();
    }
}

/// State of a plugin, and why it is refused.
fn state(site: &Site, id: &str) -> (String, String) {
    let listed = site.json(&["plugin", "list"]);
    let plugin = listed["plugins"].as_array().unwrap().iter().find(|plugin| plugin["id"] == id).unwrap();
    (plugin["state"].as_str().unwrap().to_owned(), plugin["error"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn where_signatures_are_asked_for_a_signed_plugin_translates_and_no_other_does() {
    let (site, vendor, stranger) = (Site::new(), Key::new(1), Key::new(2));
    let key = format!("\n[[plugins.key]]\nname = \"vendor\"\nminisign = \"{}\"\n", vendor.public());
    site.write("claimhost.toml", (site.text("claimhost.toml") + &key).as_bytes());
    site.edit("claimhost.toml", "trust = \"locked\"", "trust = \"signed\"");
    assert!(!plugins(&site).is_empty());
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());

    let (is, why) = state(&site, "hl7v2-dft");
    assert!(is == "refused" && why.contains("has no plugin.minisig"), "{why}");
    sign(&site, &stranger);
    let (is, why) = state(&site, "hl7v2-dft");
    assert!(is == "refused" && why.contains("not by a key of [[plugins.key]]"), "{why}");
    assert_eq!(site.run_unapproved(DAY)["documents"]["received"], 0, "its files wait");

    sign(&site, &vendor);
    assert_eq!(state(&site, "hl7v2-dft"), ("active".to_owned(), String::new()));
    assert_eq!(site.run(DAY)["claims"]["submitted"], 1);
    site.assert_accounted(DAY);
}
