//! A folder of every table that a host may have, of full size: pairs, units, add-on codes and lists, beside the public ones.
//!
//! Numbers are invented; sizes are those of CMS's files of 2024 to 2026. Made once, below the target directory.

use std::path::PathBuf;

use claimhost::claim::parse_iso;
use claimhost::codes::Library;
use claimhost::codes::container::{Cover, Label, write};
use claimhost::codes::list::{Entry, pack};
use claimhost::ncci::import::{Asked, Source, import};
use claimhost::ncci::ptp::{Attribute, Indicator, PtpBuilder};
use claimhost::ncci::{Code, Kind, Quarter};

/// Pairs of one table, deleted ones included.
pub const PAIRS: usize = 2_550_000;
/// The quarter of the tables: that of the benches' clock.
const QUARTER: &str = "2026Q1";
/// Changes with what is made here, so that an older folder is not taken for it.
const FOLDER: &str = "bench-tables-5";

/// A pair of codes.
pub type Pair = (Code, Code);

/// Xorshift: the same numbers on every machine.
pub struct Random(pub u64);

impl Random {
    /// A number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}

/// Pairs of an invented table, each once, and its payload. No row is of codes that the benches' claims have.
pub fn invented(seed: u64) -> (Vec<u8>, Vec<Pair>) {
    let mut random = Random(seed);
    let codes: Vec<Code> = (0..13_000).map(|number| Code::parse(&format!("{:05}", number * 7)).unwrap()).collect();
    let mut known = std::collections::HashSet::with_capacity(PAIRS);
    let (mut builder, mut pairs) = (PtpBuilder::default(), Vec::with_capacity(PAIRS));
    let reasons = ["misuse", "more extensive", "standards", "panel"].map(|reason| builder.rationale(reason));
    while pairs.len() < PAIRS {
        let pair = (codes[random.below(codes.len())], codes[random.below(codes.len())]);
        if !known.insert(pair) {
            continue;
        }
        let number = pairs.len();
        let effective = 9_496 + (number % 120) as i32 * 91;
        let deletion = if number % 3 == 0 { effective + 91 * (number % 40) as i32 } else { i32::MAX };
        let indicator = if number % 4 == 0 { Indicator::Never } else { Indicator::WithModifier };
        let rationale = reasons[number % reasons.len()];
        builder.push(pair.0, pair.1, Attribute { effective, deletion, indicator, before_1996: false, rationale });
        pairs.push(pair);
    }
    (builder.build().unwrap(), pairs)
}

/// The folder; its tables are open where a host would have them open.
pub fn folder() -> PathBuf {
    let folder = super::scratch(FOLDER);
    let done = folder.join("done");
    if done.exists() {
        return folder;
    }
    let quarter = Quarter::parse(QUARTER).unwrap();
    let cover = Cover { first: 9_496, last: quarter.last_day() };
    let label = |kind: &str, version: &str, cover: Cover, rows: usize| Label {
        kind: kind.to_owned(),
        version: version.to_owned(),
        cover,
        rows: rows as u64,
        source: "invented".to_owned(),
        source_sha256: [0; 32],
    };
    for (kind, seed) in [(Kind::PtpPractitioner, 7), (Kind::PtpOutpatient, 11)] {
        let (payload, pairs) = invented(seed);
        write(&folder, &label(kind.name(), QUARTER, cover, pairs.len()), &payload).unwrap();
    }
    let mut units = "hcpcs_code,mue_units,mue_mai,mue_rationale,mue_service\n".to_owned();
    for code in (0..14_000).map(|number| format!("{:05}", number * 7)).chain(super::practice::CODES.map(str::to_owned))
    {
        units += &format!("{code},3,3,data,Practitioner\n");
    }
    let mut addons = "primary_code,add_on_code,aoc_edit_type\n".to_owned();
    (0..7_400).for_each(|number| addons += &format!("{:05},{:05},1\n", number * 7, number * 7 + 2));
    let files = [
        ("mue_practitioner_2026Q1.csv", units.clone()),
        ("mue_outpatient_2026Q1.csv", units.replace("Practitioner", "Outpatient Hospital")),
        ("mue_dme_2026Q1.csv", units.replace("Practitioner", "DME Supplier")),
        ("addon_2026Q1.csv", addons),
    ];
    for (name, text) in files {
        let table = import(&[Source { name, bytes: text.as_bytes() }], Asked::default()).unwrap();
        let (first, last) = table.cover;
        let rows = usize::try_from(table.rows).unwrap();
        write(&folder, &label(table.kind.name(), QUARTER, Cover { first, last }, rows), &table.payload).unwrap();
    }
    let taxonomies = (0..900).map(|number| format!("2{number:03}00000X")).chain(["207Q00000X".to_owned()]);
    let numbers =
        (0..10_000).map(|number| format!("{:05}", number * 9)).chain(super::practice::CODES.map(str::to_owned));
    for (kind, codes) in [("taxonomy", taxonomies.collect::<Vec<_>>()), ("cpt", numbers.collect())] {
        let entries: Vec<Entry> = codes.iter().map(|code| Entry::plain(code)).collect();
        let cover = Cover { first: quarter.first_day(), last: quarter.last_day() };
        write(&folder, &label(kind, "2026-01", cover, entries.len()), &pack(&entries, false)).unwrap();
    }
    Library::open(&folder); // unpacks the public lists beside them
    assert!(cover.has(claimhost::claim::day_number(parse_iso(super::practice::AS_OF).unwrap())));
    std::fs::write(done, "").unwrap();
    folder
}
