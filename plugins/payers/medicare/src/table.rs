//! The rule table: what a practice may change without another component. TOML, handed over as the session's mapping.
//!
//! ```toml
//! [drug]
//! single_dose = ["J1885", "J3301"]      # replaces the default list
//! also_single_dose = ["J9999"]          # adds to it
//! multi_dose_ndcs = ["00000000000"]     # packages of those codes that hold several doses: no JW or JZ
//! ```

use claimhost_sdk::intake::{Place, Problem};
use serde::Deserialize;

/// The table of a session.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Table {
    /// What `drug_jw_jz` goes by.
    pub drug: Drug,
}

/// Which drug lines come from single-dose containers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Drug {
    /// HCPCS codes whose containers hold one dose.
    pub single_dose: Vec<String>,
    /// More of them.
    pub also_single_dose: Vec<String>,
    /// NDCs (eleven digits) of containers with several doses.
    pub multi_dose_ndcs: Vec<String>,
}

/// HCPCS codes of drugs sold in single-dose vials, syringes or ampoules. Some are sold in multi-dose vials too
/// (ketorolac, triamcinolone, betamethasone): list those NDCs in the table.
const SINGLE_DOSE: &[&str] = &[
    "J0129", "J0178", "J0585", "J0702", "J0897", "J1439", "J1745", "J1885", "J2357", "J2506", "J2778", "J3262",
    "J3301", "J3489", "J9035", "J9271", "J9299", "J9305", "J9312", "J9355",
];

impl Default for Drug {
    fn default() -> Self {
        let single_dose = SINGLE_DOSE.iter().map(|code| (*code).to_owned()).collect();
        Self { single_dose, also_single_dose: Vec::new(), multi_dose_ndcs: Vec::new() }
    }
}

impl Drug {
    /// Whether a line with this code and NDC bills a drug from a single-dose container.
    pub fn is_single_dose(&self, code: &str, ndc: &str) -> bool {
        self.single_dose.iter().chain(&self.also_single_dose).any(|known| known == code)
            && !self.multi_dose_ndcs.iter().any(|known| known == ndc)
    }
}

impl Table {
    /// Reads a table; an empty text is the default one.
    ///
    /// # Errors
    /// A problem with the line: the first unknown key, wrong type or syntax error.
    pub fn read(text: &str) -> Result<Self, Vec<Problem>> {
        toml::from_str(text).map_err(|error| {
            let line =
                error.span().map_or(0, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
            let problem = |found: &str| Problem {
                id: "medicare.table".to_owned(),
                at: Place {
                    path: format!("rule table, line {line}"),
                    offset: error.span().and_then(|span| u32::try_from(span.start).ok()),
                },
                found: found.to_owned(),
                expected: "[drug] with lists single_dose, also_single_dose, multi_dose_ndcs".to_owned(),
                remedy: "correct the table; an empty one is the default".to_owned(),
            };
            vec![problem(error.message())]
        })
    }
}

#[test]
fn a_table_replaces_adds_and_refuses_unknown_keys() {
    let default = Table::read("").unwrap();
    assert!(default.drug.is_single_dose("J3301", "") && !default.drug.is_single_dose("J7613", ""));
    let table = Table::read("[drug]\nalso_single_dose = [\"J7613\"]\nmulti_dose_ndcs = [\"70010937501\"]").unwrap();
    assert!(table.drug.is_single_dose("J7613", "") && table.drug.is_single_dose("J1885", ""));
    assert!(!table.drug.is_single_dose("J1885", "70010937501"));
    let problems = Table::read("[drug]\n\nsingle_dos = []").unwrap_err();
    assert_eq!(problems[0].at.path, "rule table, line 3");
}
