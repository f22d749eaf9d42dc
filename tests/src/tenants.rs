//! Three practices behind one clearinghouse, with the same patients, visits and charge ids, byte for byte.

use crate::site::{Charge, PRACTICE, Site};

/// Practices, and the NPIs that payers pay to.
pub const TENANTS: [(&str, &str); 3] = [(PRACTICE, "1234567893"), ("north", "1345678902"), ("south", "1456789019")];

/// The practices, each with an inbox and the same two charges in it.
///
/// # Panics
/// Where a folder cannot be made.
#[allow(clippy::expect_used, reason = "a test helper: its failure is the test's")]
pub fn site() -> Site {
    let site = Site::new();
    let profile = site.text("practices/my-practice/profile.toml");
    let mapping = site.text("practices/my-practice/mapping.toml");
    let mut config = site.text("claimhost.toml");
    for (practice, npi) in TENANTS.iter().skip(1) {
        let own = profile
            .replace("id = \"my-practice\"", &format!("id = \"{practice}\""))
            .replace("1234567893", npi)
            .replace("MY PRACTICE CHANGE ME", &format!("{} PRACTICE", practice.to_uppercase()));
        site.write(&format!("practices/{practice}/profile.toml"), own.as_bytes());
        site.write(&format!("practices/{practice}/mapping.toml"), mapping.as_bytes());
        std::fs::create_dir_all(site.dir().join("inbox").join(practice)).expect("an inbox");
        config += &format!(
            "\n[[practice]]\nid = \"{practice}\"\nprofile = \"practices/{practice}/profile.toml\"\n\
             [[intake.folder]]\npractice = \"{practice}\"\npath = \"inbox/{practice}\"\nadapter = \"hl7v2-dft\"\n\
             mapping = \"practices/{practice}/mapping.toml\"\n"
        );
    }
    site.write("claimhost.toml", config.as_bytes());
    for (practice, _) in TENANTS {
        for number in [1, 2] {
            let message = Charge::of_nobody_else(number).message();
            site.put(&format!("inbox/{practice}"), &format!("{number}.hl7"), message.as_bytes());
        }
    }
    site
}
