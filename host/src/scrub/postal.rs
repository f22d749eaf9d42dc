//! Which state a ZIP code lies in, by its first three digits (USPS Publication 65, national three-digit ZIP prefixes).

/// First and last three-digit prefix, state. Some prefixes serve two states; both then have a row.
#[rustfmt::skip] // a table
const PREFIXES: &[(u16, u16, &str)] = &[
    (5, 5, "NY"), (6, 9, "PR"), (8, 8, "VI"), (10, 27, "MA"), (28, 29, "RI"), (30, 38, "NH"), (39, 49, "ME"), (50, 59, "VT"),
    (55, 55, "MA"), (60, 69, "CT"), (63, 63, "NY"), (70, 89, "NJ"), (90, 98, "AE"), (100, 149, "NY"), (150, 196, "PA"), (197, 199, "DE"),
    (200, 205, "DC"), (201, 201, "VA"), (203, 203, "MD"), (206, 219, "MD"), (220, 246, "VA"), (247, 268, "WV"), (270, 289, "NC"), (290, 299, "SC"),
    (300, 319, "GA"), (320, 349, "FL"), (340, 340, "AA"), (350, 369, "AL"), (370, 385, "TN"), (386, 397, "MS"), (398, 399, "GA"),
    (400, 427, "KY"), (422, 422, "TN"), (430, 459, "OH"), (460, 479, "IN"), (480, 499, "MI"), (500, 528, "IA"), (530, 549, "WI"),
    (550, 567, "MN"), (569, 569, "DC"), (570, 577, "SD"), (580, 588, "ND"), (590, 599, "MT"), (600, 629, "IL"), (630, 658, "MO"),
    (636, 636, "IL"), (660, 679, "KS"), (680, 693, "NE"), (700, 714, "LA"), (716, 729, "AR"), (717, 717, "LA"), (723, 723, "TN"),
    (730, 749, "OK"), (733, 733, "TX"), (739, 739, "TX"), (750, 799, "TX"), (755, 755, "AR"), (800, 816, "CO"), (811, 811, "NM"),
    (820, 831, "WY"), (831, 831, "ID"), (832, 838, "ID"), (834, 834, "WY"), (840, 847, "UT"), (845, 845, "AZ"), (850, 865, "AZ"),
    (865, 865, "NM"), (870, 884, "NM"), (885, 885, "TX"), (889, 898, "NV"), (890, 890, "CA"), (894, 894, "CA"), (900, 961, "CA"),
    (961, 961, "NV"), (962, 966, "AP"), (967, 968, "HI"), (969, 969, "GU"), (969, 969, "MP"), (969, 969, "PW"), (969, 969, "FM"),
    (969, 969, "MH"), (967, 967, "AS"), (970, 979, "OR"), (980, 994, "WA"), (988, 988, "OR"), (995, 999, "AK"), (999, 999, "WA"),
    (590, 592, "ND"), (576, 577, "ND"), (586, 586, "MT"), (514, 514, "MN"), (561, 562, "SD"), (686, 693, "SD"), (247, 247, "VA"),
];

/// Whether a ZIP (five digits or more) can lie in a state. Text that is no ZIP can.
pub fn zip_fits_state(zip: &str, state: &str) -> bool {
    let Some(prefix) = zip.get(..3).and_then(|three| three.parse::<u16>().ok()) else { return true };
    // No state of the table: a territory or an outlying island with a prefix of its own.
    if state.eq_ignore_ascii_case("UM") {
        return true;
    }
    PREFIXES.iter().any(|(first, last, of)| (*first..=*last).contains(&prefix) && of.eq_ignore_ascii_case(state))
}

#[test]
fn prefixes_know_their_states() {
    for (zip, state) in [
        ("43001", "OH"),
        ("10001", "NY"),
        ("06390", "NY"),
        ("00501", "NY"),
        ("96799", "AS"),
        ("20301", "DC"),
        ("42223", "TN"),
        ("99362", "WA"),
    ] {
        assert!(zip_fits_state(zip, state), "{zip} {state}");
    }
    for (zip, state) in [("43001", "PA"), ("90210", "NY"), ("00000", "OH"), ("02134", "RI"), ("99999", "OH")] {
        assert!(!zip_fits_state(zip, state), "{zip} {state}");
    }
}
