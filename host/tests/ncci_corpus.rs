//! The published NCCI tables against a naive reading of the same files: a million pairs, dates and modifiers, every limit, and
//! every add-on code. Skipped with a word when CLAIMHOST_CORPUS does not name the folder that holds them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::HashMap;
use std::io::Read;
use std::path::PathBuf;

use claimhost::claim::{Date, day_number};
use claimhost::ncci::addon::{AddonTable, AddonType};
use claimhost::ncci::import::{Asked, Imported, Source, import};
use claimhost::ncci::modifier::{Side, separates};
use claimhost::ncci::mue::MueTable;
use claimhost::ncci::ptp::{Indicator, PtpTable};
use claimhost::ncci::{Code, Kind};

const ASKED: usize = 1_000_000;

fn folder() -> Option<PathBuf> {
    let Some(corpus) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS is not set");
        return None;
    };
    let folder = PathBuf::from(corpus).join("codesets/ncci");
    if !folder.is_dir() {
        println!("skipped: no codesets/ncci under CLAIMHOST_CORPUS");
        return None;
    }
    Some(folder)
}

fn text(folder: &std::path::Path, name: &str) -> String {
    let bytes = std::fs::read(folder.join(name)).unwrap();
    if !name.ends_with(".gz") {
        return String::from_utf8(bytes).unwrap();
    }
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    text
}

fn imported(name: &str, text: &str) -> Imported {
    import(&[Source { name, bytes: text.as_bytes() }], Asked::default()).unwrap()
}

/// Xorshift: the same million on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}

/// What the two lines of a pair come to.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    NoPair,
    NotPaid,
    NeedsModifier,
    Separated,
}

/// The rows of a pair in the file: deletion date and indicator, as text.
type Rows<'a> = Vec<(&'a str, &'a str)>;

/// What the manual says, over text: written anew, without the table or the product's arithmetic.
fn naive(rows: Option<&Rows<'_>>, one: (&str, &[String]), two: (&str, &[String]), day: &str) -> Outcome {
    let in_quarter = ("20240701"..="20240930").contains(&day);
    let in_effect = |row: &&(&str, &str)| (row.0 == "*" || row.0 >= day) && row.1 != "9";
    let row = rows
        .filter(|_| in_quarter || day > "20240930")
        .and_then(|rows| rows.iter().filter(in_effect).min_by_key(|row| row.1));
    match row {
        None => Outcome::NoPair,
        Some((_, "0")) => Outcome::NotPaid,
        Some(_) if manual(one, two) => Outcome::Separated,
        Some(_) => Outcome::NeedsModifier,
    }
}

fn manual(one: (&str, &[String]), two: (&str, &[String])) -> bool {
    let has = |side: (&str, &[String]), list: &[&str]| side.1.iter().any(|modifier| list.contains(&modifier.as_str()));
    let visit = |code: &str| {
        ("99202"..="99499").contains(&code) && code.bytes().all(|byte| byte.is_ascii_digit())
            || ("98000"..="98016").contains(&code) && code.bytes().all(|byte| byte.is_ascii_digit())
            || "92002 92004 92012 92014 G0245 G0246 G0380 G0381 G0382 G0383 G0384 G0402 G0406 G0407 G0408 G0425 G0426 G0427 \
                G0438 G0439 G0463 G0466 G0467 G0468 G0469 G0470 G0508 G0509 S0610 S0612 S0613 S0620 S0621"
                .split_whitespace()
                .any(|known| known == code)
    };
    let laboratory = |code: &str| {
        code.starts_with('8') && code.ends_with(|last: char| last.is_ascii_digit())
            || code.ends_with(['U', 'M'])
            || code.starts_with(['G', 'P', 'U'])
    };
    let sides = [one, two];
    if sides.iter().any(|side| visit(side.0) && has(*side, &["24", "25", "57", "27"])) {
        return true;
    }
    if visit(two.0) && !visit(one.0) {
        return false;
    }
    for side in sides {
        let procedure = !visit(side.0);
        if procedure && side.0 != "77427" && has(side, &["59", "XE", "XS", "XP", "XU"])
            || procedure && has(side, &["58", "78", "79"])
            || laboratory(side.0) && has(side, &["91"])
        {
            return true;
        }
    }
    if visit(one.0) || visit(two.0) {
        return false;
    }
    let sites = |side: (&str, &[String])| -> Vec<String> {
        let known = "LT RT LC LD LM RC RI E1 E2 E3 E4 FA F1 F2 F3 F4 F5 F6 F7 F8 F9 TA T1 T2 T3 T4 T5 T6 T7 T8 T9";
        side.1.iter().filter(|modifier| known.split(' ').any(|site| site == *modifier)).cloned().collect()
    };
    let both = |side: (&str, &[String])| -> Vec<String> {
        let mut all = sites(side);
        if has(side, &["50"]) {
            all.extend(["LT".to_owned(), "RT".to_owned()]);
        }
        all
    };
    let named = sites(one).len() + sites(two).len() > 0;
    let by_site = named && !both(one).iter().any(|site| both(two).contains(site));
    by_site && !stricter(&both(two))
}

/// Where the product asks although CMS's claim systems pay (`known_problems` of `ncci.ptp.modifier-missing`): a site on column 1 alone
/// says nothing of where column 2 was. The one deviation.
fn stricter(sites_of_column2: &[String]) -> bool {
    sites_of_column2.is_empty()
}

/// First day, last day (`*`: none) and indicator of a row.
type Dated = (String, String, &'static str);

/// A table in CMS's text, of some years: rows begin and end, and a pair comes back under another indicator. The corpus form has no
/// first days.
#[test]
fn a_million_pairs_and_dates_answer_as_a_file_with_first_and_last_days_does() {
    let mut random = Random(0x1996_0101);
    let codes: Vec<String> = (0..400).map(|number| format!("{:05}", 10_000 + number * 37)).collect();
    let date = |random: &mut Random, from: usize, years: usize| {
        format!("{}{:02}{:02}", from + random.below(years), 1 + random.below(12), 1 + random.below(28))
    };
    let mut text = String::from(
        "Codes of a table that nobody published\t\t\t\t\t\t\r\n\
        \t\t*=in existence\tEffective\tDeletion Date\tModifier\tPTP Edit Rationale\r\n\
        Column 1\tColumn 2\tprior to 1996\tDate\t*=no data\t0=not allowed\t\r\n",
    );
    let mut file: HashMap<(String, String), Vec<Dated>> = HashMap::new();
    for _ in 0..60_000 {
        let pair = (codes[random.below(codes.len())].clone(), codes[random.below(codes.len())].clone());
        if pair.0 == pair.1 || file.contains_key(&pair) {
            continue;
        }
        let indicator = ["0", "1", "9"][random.below(3)];
        let begins = date(&mut random, 1996, 10);
        let ends = match (indicator, random.below(3)) {
            ("9", _) => begins.clone(),
            (_, 0) => date(&mut random, 2006, 10),
            _ => "*".to_owned(),
        };
        let mut rows = vec![(begins, ends.clone(), indicator)];
        if ends.starts_with("20") && indicator != "9" && random.below(2) == 0 {
            rows.push((date(&mut random, 2016, 8), "*".to_owned(), if indicator == "0" { "1" } else { "0" }));
        }
        for (begins, ends, indicator) in &rows {
            text += &format!("{}\t{}\t\t{begins}\t{ends}\t{indicator}\treason\r\n", pair.0, pair.1);
        }
        file.insert(pair, rows);
    }
    let imported = imported("ccipra-v302r0-f1.txt", &text);
    let rows: usize = file.values().map(Vec::len).sum();
    assert_eq!(imported.rows, rows as u64);
    let table = PtpTable::open(&imported.payload).unwrap();
    let mut seen = [0_usize; 3];
    for _ in 0..ASKED {
        let pair = (codes[random.below(codes.len())].clone(), codes[random.below(codes.len())].clone());
        let (year, month, day) = (1996 + random.below(29), 1 + random.below(12), 1 + random.below(28));
        let on = format!("{year}{month:02}{day:02}");
        let in_effect =
            |(begins, ends, indicator): &&Dated| *indicator != "9" && *begins <= on && (ends == "*" || *ends >= on);
        let expected = file.get(&pair).and_then(|rows| rows.iter().find(in_effect)).map(|row| row.2);
        let date = Date { year: year as u16, month: month as u8, day: day as u8 };
        let code = |text: &str| Code::parse(text).unwrap();
        let found = table.lookup(code(&pair.0), code(&pair.1), i32::try_from(day_number(date)).unwrap());
        let found = found.map(|row| if row.indicator == Indicator::Never { "0" } else { "1" });
        assert_eq!(found, expected, "{pair:?} on {on}: {:?}", file.get(&pair));
        seen[found.map_or(0, |indicator| 1 + usize::from(indicator == "1"))] += 1;
    }
    assert!(seen.iter().all(|count| *count > 20_000), "each answer was asked often: {seen:?}");
}

#[test]
fn a_million_pairs_dates_and_modifiers_answer_as_the_file_does() {
    let Some(folder) = folder() else { return };
    let name = "ptp_practitioner_2024-07-01.csv.gz";
    let text = text(&folder, name);
    let imported = imported(name, &text);
    assert_eq!((imported.kind, imported.rows), (Kind::PtpPractitioner, 2_546_017));
    assert!(imported.payload.len() < 5_000_000, "{} bytes", imported.payload.len());
    let table = PtpTable::open(&imported.payload).unwrap();

    let mut file: HashMap<(&str, &str), Rows<'_>> = HashMap::new();
    let mut pairs = Vec::new();
    for row in text.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        for column2 in cells[4].split(' ') {
            file.entry((cells[0], column2)).or_default().push((cells[1], cells[2]));
            pairs.push((cells[0], column2));
        }
    }
    assert_eq!(pairs.len(), 2_546_017);

    let words = "25 59 XE XS XP XU 57 24 27 58 78 79 91 RT LT 50 E1 E4 FA F5 TA T9 LC LD LM RC RI 76 77 26 GC";
    let words: Vec<&str> = words.split(' ').collect();
    let mut random = Random(0x2024_0701);
    let mut lists: Vec<Vec<String>> = vec![Vec::new(); 16];
    for count in [1, 1, 1, 2, 2, 3] {
        lists.extend(
            (0..32).map(|_| (0..count).map(|_| words[random.below(words.len())].to_owned()).collect::<Vec<_>>()),
        );
    }
    let days: Vec<(Date, String)> = (0..2_000)
        .map(|_| {
            let quarter = random.below(4) > 0;
            let year = if quarter { 2024 } else { 2018 + random.below(7) as u16 };
            let month = if quarter { 7 + random.below(3) as u8 } else { 1 + random.below(12) as u8 };
            let day = 1 + random.below(28) as u8;
            (Date { year, month, day }, format!("{year:04}{month:02}{day:02}"))
        })
        .collect();

    let mut seen = [0_usize; 4];
    for number in 0..ASKED {
        let (first, second) = pairs[random.below(pairs.len())];
        let (one, two) = match number % 4 {
            0 => (second, first),
            1 => (first, pairs[random.below(pairs.len())].1),
            _ => (first, second),
        };
        let (ones, twos) = (&lists[random.below(lists.len())], &lists[random.below(lists.len())]);
        let (date, text) = &days[random.below(days.len())];
        let day = day_number(*date);
        let (code1, code2) = (Code::parse(one).unwrap(), Code::parse(two).unwrap());
        let found = match table.lookup(code1, code2, i32::try_from(day).unwrap()).map(|row| row.indicator) {
            None => Outcome::NoPair,
            Some(Indicator::Never) => Outcome::NotPaid,
            Some(_) => {
                let side = |code, modifiers| Side { code, modifiers };
                match separates(&side(code1, ones), &side(code2, twos), day) {
                    Ok(()) => Outcome::Separated,
                    Err(_) => Outcome::NeedsModifier,
                }
            }
        };
        let expected = naive(file.get(&(one, two)), (one, ones), (two, twos), text);
        assert_eq!(found, expected, "{one} {ones:?} / {two} {twos:?} on {text}");
        seen[found as usize] += 1;
    }
    println!("no pair, not paid, needs a modifier, separated: {seen:?}");
    assert!(seen.iter().all(|count| *count > 20_000), "each outcome was asked often: {seen:?}");
}

#[test]
fn every_limit_is_the_files() {
    let Some(folder) = folder() else { return };
    let kinds = [
        ("mue_practitioner_2024-07-01.csv", Kind::MuePractitioner, 14_677),
        ("mue_outpatient_2024-07-01.csv", Kind::MueOutpatient, 14_628),
        ("mue_dme_2024-07-01.csv", Kind::MueDme, 2_928),
    ];
    for (name, kind, rows) in kinds {
        let text = text(&folder, name);
        let imported = imported(name, &text);
        assert_eq!((imported.kind, imported.rows), (kind, rows));
        let table = MueTable::open(&imported.payload).unwrap();
        for row in text.lines().skip(1) {
            let cells: Vec<&str> = row.split(',').collect();
            let mue = table.lookup(Code::parse(cells[0]).unwrap()).unwrap();
            let digits = (mue.units.to_string(), (mue.adjudication as u8).to_string());
            assert_eq!((digits.0.as_str(), digits.1.as_str()), (cells[1], cells[2]), "{name} {}", cells[0]);
            assert_eq!(table.rationale(&mue), cells[3]);
        }
        assert!(table.lookup(Code::parse("00000").unwrap()).is_none());
    }
}

#[test]
fn every_add_on_code_has_the_files_primaries() {
    let Some(folder) = folder() else { return };
    let name = "addon_codes_2024-06-03.csv";
    let text = text(&folder, name);
    let imported = imported(name, &text);
    assert_eq!((imported.kind, imported.rows), (Kind::Addon, 7_465));
    let table = AddonTable::open(&imported.payload).unwrap();
    let day = i32::try_from(day_number(Date { year: 2024, month: 6, day: 3 })).unwrap();
    let mut file: HashMap<&str, Vec<(&str, &str)>> = HashMap::new();
    for row in text.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        file.entry(cells[1]).or_default().push((cells[0], cells[2]));
    }
    for (addon, mut rows) in file {
        let found = table.lookup(Code::parse(addon).unwrap(), day).map(|row| {
            let kind = match row.kind {
                AddonType::Listed => "1",
                AddonType::Unlisted => "2",
                AddonType::PartlyListed => "3",
            };
            (row.primary.map_or("CCCCC".to_owned(), |code| code.to_string()), kind)
        });
        let mut found: Vec<(String, &str)> = found.collect();
        found.sort();
        rows.sort_unstable();
        let found: Vec<(&str, &str)> = found.iter().map(|(primary, kind)| (primary.as_str(), *kind)).collect();
        assert_eq!(found, rows, "{addon}");
    }
}
