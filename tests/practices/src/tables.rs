//! Tables of codes as the demo loads them, in CMS's layouts: pairs, units and add-on codes of NCCI, and indicators of the fee
//! schedule. Invented, and only for codes of `catalog.rs`: no policy of CMS is to be read from them.

use crate::catalog::PRICES;
use crate::date::Day;
use crate::feed::File;
use std::fmt::Write as _;

/// Office visits.
const VISITS: [&str; 5] = ["99203", "99204", "99212", "99213", "99214"];
/// Procedures whose payment includes a visit of the day.
const MINOR: [&str; 8] = ["94640", "96372", "20610", "20550", "17000", "11102", "17110", "69210"];
/// Column 1, column 2: paid together only where they were distinct.
pub const DISTINCT: [(&str, &str); 4] =
    [("94640", "93000"), ("20550", "97140"), ("17110", "11102"), ("69210", "92552")];
/// Add-on code and primary.
const ADD_ONS: [(&str, &str); 3] = [("17003", "17000"), ("11103", "11102"), ("90461", "90460")];
/// Code, PC/TC indicator, global days, bilateral indicator.
const INDICATORS: [(&str, u8, &str, u8); 11] = [
    ("99203", 0, "XXX", 0),
    ("99204", 0, "XXX", 0),
    ("99212", 0, "XXX", 0),
    ("99213", 0, "XXX", 0),
    ("99214", 0, "XXX", 0),
    ("20610", 0, "000", 1),
    ("29881", 0, "090", 1),
    ("73030", 1, "XXX", 0),
    ("73130", 1, "XXX", 0),
    ("73562", 1, "XXX", 0),
    ("73610", 1, "XXX", 0),
];

/// The files of each quarter that a service of a run is in: services are up to two weeks before the first day.
pub fn files(start: Day) -> Vec<File> {
    let mut quarters = vec![quarter(start.plus(-14)), quarter(start.plus(crate::build::DAYS - 1))];
    quarters.dedup();
    let mut files = Vec::new();
    for (year, number) in quarters {
        let mut put = |name: String, text: String| files.push(File { path: format!("codes/{name}"), text });
        put(format!("ptp-practitioner-{year}Q{number}.txt"), pairs());
        put(format!("mue-practitioner-{year}Q{number}.csv"), limits());
        put(format!("add-on-codes-{year}Q{number}.txt"), add_ons());
        let release = ["Jan", "Apr", "Jul", "Oct"].get(number.saturating_sub(1)).copied().unwrap_or("Jan");
        put(format!("PPRRVU{year}_{release}.csv"), indicators());
    }
    files
}

/// Year, and quarter from 1.
fn quarter(day: Day) -> (i64, usize) {
    let (year, month, _) = day.ymd();
    (year, usize::try_from((month - 1) / 3 + 1).unwrap_or(1))
}

fn pairs() -> String {
    let mut text = "NCCI Procedure-to-Procedure edits, practitioner services, invented\r\n\
                    Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\r\n\
                    \t\tprior to 1996\tDate\tDate\t0=not allowed\t\r\n\t\t\t\t*=no data\t1=allowed\t\r\n\
                    \t\t\t\t\t9=not applicable\t\r\n"
        .to_owned();
    let with_visits = MINOR.iter().flat_map(|procedure| VISITS.map(|visit| (*procedure, visit)));
    for (one, two) in with_visits.chain(DISTINCT) {
        let _ = write!(text, "{one}\t{two}\t\t20200101\t*\t1\tInvented\r\n");
    }
    text
}

/// Far above what anybody bills: these tables are not about units.
fn limits() -> String {
    let mut text =
        "HCPCS/CPT Code,Practitioner Services MUE Values,MUE Adjudication Indicator,MUE Rationale\r\n".to_owned();
    for (code, _) in PRICES {
        let _ = write!(text, "{code},20,3 Date of Service Edit: Clinical,Invented\r\n");
    }
    text
}

fn add_ons() -> String {
    let mut text = "Add-on code edits, invented\r\n\
                    Add-On Code\tPrimary Code\tAdd-On Code Edit Type\tAOC Effective Date\tAOC Deletion Date\r\n"
        .to_owned();
    for (code, primary) in ADD_ONS {
        let _ = write!(text, "{code}\t{primary}\t1\t20130401\t\r\n");
    }
    text
}

fn indicators() -> String {
    let mut text = "Physician Fee Schedule indicators, invented,,,,,,,,,,,\r\n\
                    ,,,STATUS,PCTC,GLOB,PRE,MULT,BILAT,ASST,CO-,TEAM\r\n\
                    HCPCS,MOD,DESCRIPTION,CODE,IND,DAYS,OP,PROC,SURG,SURG,SURG,SURG\r\n"
        .to_owned();
    for (code, components, global, bilateral) in INDICATORS {
        let _ = write!(text, "{code},,invented,A,{components},{global},0,0,{bilateral},0,0,0\r\n");
    }
    text
}
