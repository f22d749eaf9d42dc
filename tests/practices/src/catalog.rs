//! What is invented: codes with prices, the services each practice gives, names and places.
//!
//! Code numbers only. Services of one encounter were chosen so that no national edit (PTP, MUE) speaks against them.

use crate::kinds::Format;

/// Code, usual price in cents. The price is the base of fee schedules and charge masters alike.
#[rustfmt::skip] // a table
pub const PRICES: &[(&str, i64)] = &[
    ("99203", 11_215), ("99204", 16_790), ("99212", 5_680), ("99213", 9_131), ("99214", 12_877), ("G2211", 1_609),
    ("G0439", 13_203), ("36415", 857), ("80053", 1_056), ("80061", 1_339), ("81002", 348), ("87880", 1_653),
    ("93000", 1_473), ("94640", 1_017), ("71046", 3_255), ("96372", 1_461), ("J1885", 53), ("90471", 2_017),
    ("90686", 2_145), ("20610", 6_533), ("J3301", 187), ("20550", 5_511), ("J0702", 612), ("73562", 3_947),
    ("73030", 3_577), ("73610", 3_419), ("73130", 3_691), ("97110", 2_971), ("97112", 3_377), ("97140", 2_773),
    ("29881", 53_519), ("17000", 6_447), ("17003", 611), ("11102", 9_873), ("11103", 5_119), ("17110", 11_097),
    ("11900", 5_743), ("88305", 7_151), ("96910", 12_239), ("90460", 2_471), ("90461", 1_329), ("90707", 9_373),
    ("90700", 3_187), ("96110", 1_087), ("69210", 4_713), ("J7613", 9), ("92552", 3_141),
];

/// Codes that every payer refuses, each in its own way: in its list of denials or without a fee.
#[rustfmt::skip] // a table
pub const REFUSED: &[(&str, i64)] = &[("96127", 511), ("99406", 1_487), ("G0296", 2_817)];

/// Single-dose drugs and the like: code, NDC, quantity per unit in thousandths, unit of measure (CTP05).
#[rustfmt::skip] // a table
pub const DRUGS: &[(&str, &str, i64, &str)] = &[
    ("J1885", "70010937501", 500, "ML"), ("J3301", "70020293001", 250, "ML"),
    ("J0702", "70030720301", 500, "ML"), ("J7613", "70040270603", 3000, "ML"),
];

/// One encounter: services as `code-modifier*units`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Encounter {
    /// The services, separated by blanks.
    pub services: &'static str,
    /// Diagnoses, separated by blanks, principal first.
    pub diagnoses: &'static str,
}

const fn e(services: &'static str, diagnoses: &'static str) -> Encounter {
    Encounter { services, diagnoses }
}

/// What a practice's doctors do.
#[derive(Debug, Clone, Copy)]
pub struct Services {
    /// Ordinary encounters; the first four are single office visits of known patients.
    pub encounters: &'static [Encounter],
    /// Two identical services, the second with 76.
    pub repeated: &'static [Encounter],
    /// Encounters of the Medicare-like payer that its rules must not hold.
    pub near_misses: &'static [Encounter],
    /// A service that a late charge adds.
    pub late: &'static [&'static str],
    /// What stands beside a lone G2211.
    pub beside_g2211: &'static str,
    /// Encounter with a single-dose drug, for a Medicare-like patient.
    pub drug: Encounter,
}

#[rustfmt::skip] // a table
const CEDAR: Services = Services {
    encounters: &[
        e("99213", "I10 E78.5"), e("99214", "E11.9 I10 E78.5"), e("99213", "J06.9"), e("99212", "B34.9"),
        e("99203", "R53.83"), e("99213 87880", "J02.0"), e("99213 81002", "N39.0 R30.0"), e("99214-25 93000", "R07.9 I10"),
        e("99214 36415 80053", "E11.9 I10"), e("36415 80061", "E78.5"), e("99213-25 94640", "J45.21 R05.1"),
        e("99213-25 90471 90686", "I10 Z23"), e("99213-25 96372 J1885*2", "M54.50 R07.9"), e("99214 36415 80053 80061", "E11.9 E78.5 I10 E03.9"),
    ],
    repeated: &[e("99213-25 94640 94640-76", "J45.21"), e("93000 93000-76", "R07.9 I10"), e("71046 71046-76", "R05.1")],
    near_misses: &[
        e("99213 G2211", "I10 E11.9"), e("G0439", "Z00.00"), e("G0439 36415 80061", "Z00.00 E78.5"), e("99213-25 96372 J1885-JZ*4", "M54.50"),
    ],
    late: &["81002", "36415"],
    beside_g2211: "36415",
    drug: e("99213-25 96372 J1885*4", "M54.59 M25.561"),
};

#[rustfmt::skip] // a table
const HARBOR: Services = Services {
    encounters: &[
        e("99213", "M17.11"), e("99214", "M17.12 M25.562"), e("99213", "M54.59"), e("99212", "M79.671"),
        e("99203 73030-RT", "M25.511"), e("99213 73562-RT", "M25.561 M17.11"), e("99213-25 20610-RT J3301*4", "M17.11 M25.561"),
        e("99203-25 20610-LT J3301*4", "M17.12"), e("99204 73610-RT 73130-LT", "S93.401A S63.502A"), e("97110-GP*2 97140-GP", "M54.59"),
        e("97110-GP*2 97112-GP 97140-GP*2", "M25.511 M75.41"), e("29881-RT", "S83.241A"), e("99213-25 20550 J0702*2", "M65.4 M79.671"),
    ],
    repeated: &[e("73030-RT 73030-RT-76", "M25.511"), e("99213 73562-LT 73562-LT-76", "M17.12"), e("73130-LT 73130-LT-76", "S63.502A")],
    near_misses: &[e("99213-25 20610-RT J3301-JZ*4", "M17.11"), e("99214 G2211", "M17.12"), e("20550 J0702-JZ*2", "M77.11")],
    late: &["73610", "73130", "73030"],
    beside_g2211: "73562",
    drug: e("20610-LT J3301*4", "M17.12 M25.562"),
};

#[rustfmt::skip] // a table
const MAPLE: Services = Services {
    encounters: &[
        e("99213", "L70.0"), e("99214", "L40.0 L20.89"), e("99213", "L30.9"), e("99212", "L71.1"),
        e("99203", "D22.5"), e("99213-25 17000 17003*4", "L57.0 L82.1"), e("11102 11103*2", "D48.5 D22.61"),
        e("99203-25 11102", "D48.5"), e("99213-25 17110", "B07.9"), e("99212-25 11900 J3301", "L91.0"),
        e("96910", "L40.0"), e("99213-25 11900 J3301*2", "L91.0 L70.0"), e("99203-25 88305*2", "C44.311 D22.5"),
    ],
    repeated: &[e("88305 88305-76", "L57.0 L82.1"), e("88305 88305-76", "D22.5"), e("99213 88305 88305-76", "C44.311")],
    near_misses: &[e("99213-25 11900 J3301-JZ*2", "L91.0"), e("99213 G2211", "L40.0 L20.89"), e("11900 J3301-JZ", "L91.0")],
    late: &["88305", "11900"],
    beside_g2211: "88305",
    drug: e("11900 J3301*2", "L91.0"),
};

#[rustfmt::skip] // a table
const SUMMIT: Services = Services {
    encounters: &[
        e("99213", "J06.9"), e("99214", "J45.41 R05.1"), e("99213", "K59.00"), e("99212", "L22"),
        e("99203", "Z00.129"), e("99213 87880", "J02.0"), e("99213-25 94640 J7613*3", "J45.21"), e("99213 96110", "F80.2 Z13.39"),
        e("99214-25 90460*2 90461*2 90707", "Z23 R62.50"), e("99213-25 69210", "H61.21"), e("90460 90461*2 90700", "Z23"),
        e("99213-25 92552", "H65.90"), e("99214", "H66.91"), e("99213", "A08.4 R50.9"),
    ],
    repeated: &[e("99213-25 94640 94640-76", "J45.41"), e("87880-QW 87880-QW-76", "J02.0"), e("94640 94640-76", "J21.9")],
    near_misses: &[],
    late: &["87880", "96110"],
    beside_g2211: "",
    drug: e("", ""),
};

/// The services of a practice.
pub fn services(format: Format) -> &'static Services {
    match format {
        Format::Hl7 => &CEDAR,
        Format::Shifted => &HARBOR,
        Format::Csv => &MAPLE,
        Format::X12 => &SUMMIT,
    }
}

/// Surnames; the last third is what careless programs break on.
#[rustfmt::skip] // a table
pub const LAST_NAMES: &[&str] = &[
    "Abernathy", "Bellweather", "Castellan", "Drummond", "Eastlake", "Fenwick", "Garrity", "Hollis", "Ingram", "Jessup", "Kestrel",
    "Lindqvist", "Marlowe", "Northcutt", "Oakes", "Pemberton", "Quimby", "Ravenel", "Sorrell", "Thackeray", "Underhill", "Vance",
    "Whitlock", "Yarrow", "O'Dell", "O'Hara-Finch", "Smythe-Okafor", "de la Cruz", "van Houten", "mcallister", "St. Clair", "D'Amato",
];
/// Given names of any age.
#[rustfmt::skip] // a table
pub const FIRST_NAMES: &[&str] = &[
    "Alma", "Basil", "Corinne", "Dexter", "Edith", "Floyd", "Greta", "Homer", "Iris", "Jonas", "Kit", "Leona", "Milo", "Nora",
    "Otis", "Pearl", "Quentin", "Rosa", "Silas", "Thea", "Ursula", "Victor", "Wren", "Anne-Marie", "jo", "Mary Beth",
];
/// Streets; one has a separator of the HL7 encoding, one a comma.
#[rustfmt::skip] // a table
pub const STREETS: &[&str] = &[
    "Alder Court", "Birch Lane", "Cobbler Street", "Dunmore Road", "Elm & Oak Way", "Foundry Street, Unit B", "Granary Row", "Heron Place",
];
/// City, first five digits of the ZIP.
#[rustfmt::skip] // a table
pub const CITIES: &[(&str, &str)] = &[
    ("Alderbrook", "43011"), ("Brightwater", "43064"), ("Cold Spring", "43119"), ("Dover Mills", "43201"), ("East Harmony", "43310"),
];
