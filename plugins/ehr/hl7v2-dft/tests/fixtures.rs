//! Every case of `fixtures/`: each message alone, in reverse and in a warm session gives the committed answer.
#![allow(clippy::expect_used, reason = "a test")]

use std::path::Path;

use claimhost_hl7v2::frames;
use plugin_hl7v2_dft::Dft;

#[test]
fn fixtures_give_the_committed_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let count = claimhost_sdk::fixtures::run::<Dft>(&folder, "input.hl7", |_, bytes| {
        frames(bytes).messages().map(|frame| (frame.bytes.to_vec(), Vec::new())).collect()
    });
    assert!(count.as_ref().is_ok_and(|count| *count >= 8), "{}", count.expect_err("fewer cases"));
}
