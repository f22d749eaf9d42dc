//! The files beside the claims: profile, pieces of claimhost.toml, NCCI tables in CMS's layouts, and the practice's own roster,
//! fee schedule and history.

use std::fmt::Write as _;

use crate::maker::{AS_OF, PAYERS, Practice, price};
use crate::model::Claim;
use crate::shapes::SHAPES;

/// A file by its path under the output folder.
#[derive(Debug, Clone)]
pub struct File {
    /// `ncci/ptp.txt`
    pub path: String,
    /// Its content.
    pub text: String,
}

/// Column 1, column 2, effective, deletion (`*`: none), modifier indicator, rationale.
type Pair = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

/// Pairs by which the NCCI Policy Manual for Medicare Services explains its rules, each with the chapter of its codes, and what the rule
/// says; the last five are of this program's invention, with HCPCS Level II codes.
#[rustfmt::skip] // a table
const PAIRS: &[Pair] = &[
    // Chapter X: a panel and a test, or a panel, that is part of it.
    ("80053", "80048", "19960101", "*", "0", "HCPCS/CPT procedure code definition"),
    // Chapter I, section D: a visit and a procedure with 0 or 10 global days.
    ("20610", "99213", "20200101", "*", "1", "CPT Manual or CMS manual coding instructions"),
    // Chapter XI: a vaccination and a visit that was none beside it.
    ("90471", "99213", "20200101", "*", "1", "CPT Manual or CMS manual coding instructions"),
    // Chapter III: a biopsy, a paring, a debridement of a lesion that is treated anyway.
    ("11102", "17000", "20200101", "*", "1", "Misuse of column two code with column one code"),
    ("11055", "11720", "19970401", "*", "1", "Misuse of column two code with column one code"),
    ("11042", "11720", "20000101", "*", "1", "Misuse of column two code with column one code"),
    // Chapter IV: the lesser arthroscopy of one shoulder.
    ("29827", "29820", "20030101", "*", "1", "More extensive procedure"),
    // Chapter VI: imaging that is part of an ablation; the lesser endoscopy of one lesion.
    ("47370", "76942", "20030101", "*", "1", "Misuse of column two code with column one code"),
    ("45385", "45380", "19960101", "*", "1", "More extensive procedure"),
    // Chapter XI: fluoroscopy that is part of a catheterization.
    ("93453", "76000", "20110101", "*", "1", "Standards of medical/surgical practice"),
    // Chapter VII: a removal that the larger operation includes.
    ("58150", "58720", "19960101", "*", "0", "HCPCS/CPT procedure code definition"),
    ("G0101", "G0102", "20200101", "20241231", "0", "Invented, deleted"),
    ("J1642", "J1644", "20270101", "*", "0", "Invented, later"),
    ("A4550", "A4649", "20200101", "*", "9", "Invented, never active"),
    ("L1830", "L1832", "20200101", "*", "1", "Invented"),
    ("G0008", "G0009", "20200101", "20200101", "9", "Invented, never active"),
];

/// Code, units, adjudication indicator, rationale.
#[rustfmt::skip] // a table
const LIMITS: &[(&str, u32, &str, &str)] = &[
    ("17000", 1, "2 Date of Service Edit: Policy", "Code Descriptor / CPT Instruction"), ("17003", 13, "2 Date of Service Edit: Policy", "Code Descriptor / CPT Instruction"),
    ("11102", 1, "2 Date of Service Edit: Policy", "Code Descriptor / CPT Instruction"), ("11103", 6, "3 Date of Service Edit: Clinical", "Clinical: Data"),
    ("20610", 2, "3 Date of Service Edit: Clinical", "Clinical: Data"), ("29881", 1, "2 Date of Service Edit: Policy", "CMS Policy"),
    ("93000", 3, "3 Date of Service Edit: Clinical", "Clinical: Data"), ("J3301", 16, "3 Date of Service Edit: Clinical", "Prescribing Information"),
    ("J1885", 8, "3 Date of Service Edit: Clinical", "Prescribing Information"), ("97110", 6, "3 Date of Service Edit: Clinical", "Clinical: Data"),
    ("11042", 1, "2 Date of Service Edit: Policy", "Code Descriptor / CPT Instruction"),
    ("99243", 0, "3 Date of Service Edit: Clinical", "CMS Policy"), ("99391", 0, "3 Date of Service Edit: Clinical", "CMS Policy"),
    ("99392", 0, "3 Date of Service Edit: Clinical", "CMS Policy"), ("99393", 0, "3 Date of Service Edit: Clinical", "CMS Policy"),
    ("99394", 0, "3 Date of Service Edit: Clinical", "CMS Policy"), ("99395", 0, "3 Date of Service Edit: Clinical", "CMS Policy"),
    ("99396", 0, "3 Date of Service Edit: Clinical", "CMS Policy"), ("99397", 0, "3 Date of Service Edit: Clinical", "CMS Policy"),
    ("99292", 8, "3 Date of Service Edit: Clinical", "Clinical: Data"), ("A4550", 3, "1 Line Edit", "Invented"),
];

/// Add-on code, its type, its primaries (`CCCCC`: the contractor decides).
#[rustfmt::skip] // a table
const ADD_ONS: &[(&str, &str, &[&str])] = &[
    ("11103", "1", &["11102", "11104", "11106"]), ("17003", "1", &["17000"]), ("99292", "1", &["99291"]), ("90461", "1", &["90460"]), ("0054T", "2", &["CCCCC"]),
];

/// Every file that depends on no claim.
pub fn files(practice: &Practice) -> Vec<File> {
    let file = |path: &str, text: String| File { path: path.to_owned(), text };
    vec![
        file("profile.toml", profile(practice)),
        file("claimhost.toml", config(practice)),
        file("ncci/ptp-practitioner.txt", pairs()),
        file("ncci/mue-practitioner.csv", limits()),
        file("ncci/add-on-codes.txt", add_ons()),
        file("codes/taxonomy.csv", taxonomies(practice)),
        file("practice/fees.csv", fees()),
        file("practice/roster.csv", roster()),
    ]
}

fn profile(practice: &Practice) -> String {
    let home = practice.address();
    let mut text = format!(
        "id = {:?}\nname = {:?}\nnpi = {:?}\ntaxonomy = {:?}\nbill_hold_days = 0\ntax_id = {{ kind = \"ein\", value = {:?} }}\n\
         address = {{ line1 = {:?}, line2 = \"\", city = {:?}, state = {:?}, postal_code = {:?} }}\n\
         submitter = {{ name = {:?}, id = \"LABELLED\", contact = \"Billing Office\", telephone = \"6145550142\" }}\n\
         receiver = {{ name = \"CLEARINGHOUSE\", id = \"CLEARING\" }}\nusage = \"T\"\nrules = []\n",
        practice.id,
        practice.name,
        practice.npi,
        practice.taxonomy,
        practice.tax_id,
        home.line1,
        home.city,
        home.state,
        home.zip,
        practice.name
    );
    for doctor in &practice.doctors {
        let _ = write!(
            text,
            "\n[[provider]]\nnpi = {:?}\nlast = {:?}\nfirst = {:?}\ntaxonomy = {:?}\n",
            doctor.npi, doctor.last, doctor.first, doctor.taxonomy
        );
    }
    for payer in PAYERS {
        let rules = if payer.filing == "MB" { "[\"medicare\"]" } else { "[]" };
        let _ = write!(
            text,
            "\n[[payer]]\nid = {:?}\nname = {:?}\nfiling_indicator = {:?}\ntimely_filing_days = {}\nrequires = {:?}\nrules = {rules}\n",
            payer.id, payer.name, payer.filing, payer.days, payer.requires
        );
    }
    text
}

fn config(practice: &Practice) -> String {
    format!(
        "# Pieces for claimhost.toml: the practice, and the folder that its 837s arrive in.\n[[practice]]\nid = {0:?}\n\
         profile = \"profile.toml\"\n\n[[intake.folder]]\npractice = {0:?}\npath = \"feed\"\nadapter = \"x12-837\"\n",
        practice.id
    )
}

/// CMS's tab text: title rows, a heading of several rows, then the pairs.
fn pairs() -> String {
    let mut text = "NCCI Procedure-to-Procedure edits, practitioner services, labelled set\r\n\
                    CPT codes are numbers only; no descriptors.\r\n\
                    Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\r\n\
                    \t\tprior to 1996\tDate\tDate\t0=not allowed\t\r\n\t\t\t\t*=no data\t1=allowed\t\r\n\t\t\t\t\t9=not applicable\t\r\n"
        .to_owned();
    for (one, two, effective, deletion, modifier, rationale) in PAIRS {
        let _ = write!(text, "{one}\t{two}\t\t{effective}\t{deletion}\t{modifier}\t{rationale}\r\n");
    }
    text
}

fn limits() -> String {
    let mut text = "\"Medically Unlikely Edits, practitioner services, labelled set\",,,\r\n\
                    HCPCS/CPT Code,Practitioner Services MUE Values,MUE Adjudication Indicator,MUE Rationale\r\n"
        .to_owned();
    for (code, units, indicator, rationale) in LIMITS {
        let _ = write!(text, "{code},{units},{indicator},{rationale}\r\n");
    }
    text
}

fn add_ons() -> String {
    let mut text = "Add-on code edits, labelled set\r\n\
                    Add-On Code\tPrimary Code\tAdd-On Code Edit Type\tAOC Effective Date\tAOC Deletion Date\r\n"
        .to_owned();
    for (code, kind, primaries) in ADD_ONS {
        for primary in *primaries {
            let _ = write!(text, "{code}\t{primary}\t{kind}\t20130401\t\r\n");
        }
    }
    text
}

/// The taxonomies of the practice and its doctors, with those that specialties beside theirs have, as an operator's list.
fn taxonomies(practice: &Practice) -> String {
    let own = practice.doctors.iter().map(|doctor| doctor.taxonomy.as_str()).chain([practice.taxonomy]);
    let beside = ["207R00000X", "207Y00000X", "208600000X", "208100000X", "2084P0800X", "363L00000X", "363A00000X"];
    let mut codes: Vec<&str> = own.chain(beside).collect();
    codes.sort_unstable();
    codes.dedup();
    format!("Code\r\n{}\r\n", codes.join("\r\n"))
}

/// Code and usual price of one unit, dollars: every code of the shapes.
fn fees() -> String {
    let mut codes: Vec<&str> = SHAPES
        .iter()
        .flat_map(|shape| shape.services.split(' '))
        .map(|text| text.split(['-', '*', '@']).next().unwrap_or_default())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let mut text = "Code,Fee\r\n".to_owned();
    for code in codes {
        let _ = write!(text, "{code},{}.{:02}\r\n", price(code) / 100, price(code) % 100);
    }
    text
}

/// Patients whose registration is known to be right; the claims of these record numbers differ from it in one field.
fn roster() -> String {
    let rows = [
        "RO000001,Ashdown,Clara,1975-03-08,F,HB100000001",
        "RO000002,Birkett,Hugo,1968-02-12,M,HB100000002",
        "RO000003,Calloway,Esme,1981-11-30,F,HB123456789",
    ];
    format!("MRN,Last,First,DOB,Sex,Member ID\r\n{}\r\n", rows.join("\r\n"))
}

/// Earlier claims, for systems that know history by a file: those that a labelled claim follows.
pub fn history(earlier: &[&Claim]) -> File {
    let mut text = "Visit,MRN,Date,Code,Modifiers,Units,Charge\r\n".to_owned();
    for claim in earlier {
        for line in &claim.lines {
            let _ = write!(
                text,
                "{},{},{},{},{},{},{}.{:02}\r\n",
                claim.visit,
                claim.mrn,
                line.from.iso(),
                line.code,
                line.modifiers.join(" "),
                line.units,
                line.charge / 100,
                line.charge % 100
            );
        }
    }
    File { path: "practice/history.csv".to_owned(), text }
}

/// What a reader of the folder has to know.
pub fn about(seed: u64, claims: usize) -> File {
    let text = serde_json::json!({ "seed": seed, "claims": claims, "as_of": AS_OF.iso() });
    File { path: "about.json".to_owned(), text: format!("{text}\n") }
}
