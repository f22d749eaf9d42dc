//! The mapping of a delimited or fixed-width export over `csv-superbill`: charges in one file, and what other files join to them by a key.

use std::collections::{BTreeMap, BTreeSet};

use claimhost_sdk::delimited::DateFormat;

use super::OnboardError;
use super::columns::{Column, ELEMENTS, Entry, Found, Use, find, plain};
use super::draft::{Draft, Hints, quoted};
use super::fixed::{Shape, to_do};
use super::form::date_format;
use super::recognise::{Format, Sample};
use super::sheet::Sheet;
use crate::intake::framing::matches_glob;

/// Words that the component knows of an element; others reject the row.
const WORDS: [(&str, &[&str]); 2] =
    [("status", &["open", "closed", "cancelled", "canceled"]), ("action", &["new", "replace", "cancel", "credit"])];
/// Words of a site that a comment lists at most.
const WORDS_MAX: usize = 20;

/// A file that is joined to the charges.
struct Join {
    name: String,
    file: String,
    /// Column there, and column of the charges.
    key: usize,
    on: usize,
    sheet: Sheet,
    shape: Option<Shape>,
}

/// Drafts the mapping of delimited samples, or of samples of fixed width.
///
/// # Errors
/// [`OnboardError::Sample`]: no file has procedure codes, two kinds of files have, or one has no key that leads to the charges.
pub(crate) fn draft(samples: &[&Sample]) -> Result<Draft, OnboardError> {
    let (Kind { samples: of_charges, sheet, shape }, others) = told_apart(samples)?;
    let dates = Dates::of(std::iter::once(&sheet).chain(others.iter().map(|other| &other.sheet)));
    let files = others
        .iter()
        .map(|other| {
            let rest = samples.iter().filter(|sample| other.samples.iter().all(|own| own.number != sample.number));
            file_of(other, &rest.map(|sample| sample.file_name()).collect::<Vec<_>>())
        })
        .collect::<Result<Vec<_>, _>>()?;
    let joins = others
        .into_iter()
        .zip(files)
        .map(|(other, file)| joined(other, file, &sheet))
        .collect::<Result<Vec<_>, _>>()?;
    let found = find(&sheet.columns, dates.format.as_ref());
    let mut draft = Draft {
        notes: found.notes.iter().cloned().chain(dates.notes.iter().cloned()).collect(),
        shifted: sheet.shifted(&found, dates.format.as_ref()) + sheet.odd,
        hints: Hints::of(&found, &sheet.columns),
        ..Draft::default()
    };
    let mut placed: Vec<(&str, String, String)> = Vec::new();
    for (element, at, why) in found.placed.iter().filter(|(element, ..)| element.of != Use::Profile) {
        let name = sheet.columns.get(*at).map(|column| column.name.clone()).unwrap_or_default();
        placed.push((element.key, name, why.clone()));
    }
    let mut read: BTreeSet<usize> = found.placed.iter().map(|(_, at, _)| *at).collect();
    read.extend(joins.iter().map(|join| join.on));
    draft.unused = unused(&sheet.columns, &read, "");
    for join in &joins {
        let there = find(&join.sheet.columns, dates.format.as_ref());
        let mut used = BTreeSet::from([join.key]);
        for (element, at, why) in there.placed.iter().filter(|(_, at, _)| *at != join.key) {
            let name = join.sheet.columns.get(*at).map(|column| column.name.clone()).unwrap_or_default();
            if element.of == Use::Profile {
                used.insert(*at);
            } else if !placed.iter().any(|(key, ..)| *key == element.key) {
                used.insert(*at);
                placed.push((element.key, format!("{}:{name}", join.name), why.clone()));
            }
        }
        draft.notes.extend(
            there.notes.iter().filter(|note| note.starts_with("column")).map(|note| format!("{}: {note}", join.name)),
        );
        draft.unused.extend(unused(&join.sheet.columns, &used, &format!("{}:", join.name)));
        if !join.file.contains('*') {
            draft.notes.push(format!(
                "{}: its file is looked for by the sample's very name: a later one has to be called so, or [framing.join] file be changed",
                join.name
            ));
        }
        draft.hints.add(Hints::of(&there, &join.sheet.columns));
    }
    let order = |key: &str| ELEMENTS.iter().position(|element| element.key == key);
    placed.sort_by_key(|(key, ..)| order(key));
    draft.modifiers_not_read = draft.unused.iter().filter(|name| plain(name).contains("mod")).cloned().collect();
    draft.notes.extend(key_notes(&found, &sheet));
    let words = Site::of(&found, &sheet, &mut placed, &mut draft.notes);
    let framing = match (&shape, of_charges.first().map(|sample| sample.format)) {
        (Some(shape), _) => shape.framing(),
        (None, Some(Format::Delimited { delimiter: b'\t' })) => "[framing]\ndelimiter = \"tab\"\n".to_owned(),
        (None, Some(Format::Delimited { delimiter })) => {
            format!("[framing]\ndelimiter = {}\n", quoted(&char::from(delimiter).to_string()))
        }
        _ => String::new(),
    };
    let left = match &shape {
        Some(_) => to_do(&placed, &sheet, &read, dates.format.as_ref()),
        None => String::new(),
    };
    draft.mapping = mapping(&framing, &left, &sheet, &dates, &joins, &placed, &words);
    draft.entries =
        placed.into_iter().map(|(key, source, why)| Entry { element: key.to_owned(), source, why }).collect();
    Ok(draft)
}

fn unused(columns: &[Column], read: &BTreeSet<usize>, join: &str) -> Vec<String> {
    let left = columns.iter().enumerate().filter(|(at, column)| !read.contains(at) && !column.name.is_empty());
    left.map(|(_, column)| format!("{join}{}", column.name)).collect()
}

/// Files of one header.
struct Kind<'s> {
    samples: Vec<&'s Sample>,
    sheet: Sheet,
    /// Of fixed width.
    shape: Option<Shape>,
}

impl Kind<'_> {
    fn wrong(&self, words: &str) -> OnboardError {
        let path = self.samples.first().map(|sample| sample.path.clone()).unwrap_or_default();
        OnboardError::Sample { path, words: words.to_owned() }
    }
}

/// The charges, and the other files, each kind of header once.
fn told_apart<'s>(samples: &[&'s Sample]) -> Result<(Kind<'s>, Vec<Kind<'s>>), OnboardError> {
    let mut kinds: Vec<Kind<'s>> = of_one_length(samples)?;
    for sample in samples {
        let Format::Delimited { delimiter } = sample.format else { continue };
        let sheet = Sheet::read(sample, delimiter);
        if sheet.rows == 0 {
            let words =
                format!("found {} rows that fit the header, expected some; export a day with charges", sheet.rows);
            return Err(OnboardError::Sample { path: sample.path.clone(), words });
        }
        match kinds.iter_mut().find(|known| known.sheet.is_like(&sheet)) {
            Some(known) => {
                known.samples.push(sample);
                known.sheet.take(sheet);
            }
            None => kinds.push(Kind { samples: vec![sample], sheet, shape: None }),
        }
    }
    let has_charges = |sheet: &Sheet| find(&sheet.columns, None).column("procedure").is_some();
    let at: Vec<usize> =
        kinds.iter().enumerate().filter(|(_, kind)| has_charges(&kind.sheet)).map(|(at, _)| at).collect();
    let first = samples.first().map(|sample| sample.path.clone()).unwrap_or_default();
    match at.as_slice() {
        [only] => {
            let charges = kinds.remove(*only);
            Ok((charges, kinds))
        }
        [] => Err(OnboardError::Sample {
            path: first,
            words: "found no column of procedure codes in any file of rows, expected one file of charges, one row a charge; export it"
                .to_owned(),
        }),
        [_, second, ..] => Err(OnboardError::Sample {
            path: kinds.get(*second).and_then(|kind| kind.samples.first()).map_or(first, |sample| sample.path.clone()),
            words: "found charges under another header than in the file before, expected one kind of file a way in; onboard each kind \
                    by itself"
                .to_owned(),
        }),
    }
}

/// Files of fixed width, those of one length together: where columns stand, all of them say.
fn of_one_length<'s>(samples: &[&'s Sample]) -> Result<Vec<Kind<'s>>, OnboardError> {
    let mut lengths: BTreeMap<usize, Vec<&'s Sample>> = BTreeMap::new();
    for sample in samples {
        if let Format::Fixed { length } = sample.format {
            lengths.entry(length).or_default().push(sample);
        }
    }
    let kind = |samples: Vec<&'s Sample>| -> Result<Kind<'s>, OnboardError> {
        let bytes: Vec<&[u8]> = samples.iter().map(|sample| sample.bytes.as_slice()).collect();
        let path = samples.first().map(|sample| sample.path.clone()).unwrap_or_default();
        let shape = Shape::of(&bytes).map_err(|words| OnboardError::Sample { path, words })?;
        Ok(Kind { samples, sheet: shape.sheet(), shape: Some(shape) })
    };
    lengths.into_values().map(kind).collect()
}

/// How another file joins: the column there with a value a row of its own, and the column of the charges whose values it has.
fn joined(other: Kind<'_>, file: String, charges: &Sheet) -> Result<Join, OnboardError> {
    let sheet = &other.sheet;
    let mut best: Option<(bool, usize, usize, usize)> = None;
    for (key, column) in sheet.columns.iter().enumerate() {
        let values: BTreeSet<&str> = column.said().collect();
        if values.len() < 2.min(sheet.rows) || values.len() * 10 < column.said().count() * 9 {
            continue; // no key: a value stands in many rows
        }
        for (on, there) in charges.columns.iter().enumerate() {
            let asked: BTreeSet<&str> = there.said().collect();
            let known = asked.iter().filter(|value| values.contains(*value)).count();
            if asked.is_empty() || known * 2 < asked.len() {
                continue;
            }
            let candidate = (plain(&column.name) == plain(&there.name), known * 1_000 / asked.len(), key, on);
            if best.is_none_or(|best| (candidate.0, candidate.1) > (best.0, best.1)) {
                best = Some(candidate);
            }
        }
    }
    let Some((_, _, key, on)) = best else {
        return Err(other.wrong(
            "found no column whose values lead to the charges, expected one that both files have (a patient's number); add it to the \
             export, or leave the file out",
        ));
    };
    // By its number, as the report names samples: a file's name may be a patient's, and of two files the letters may be the same.
    let name = format!("file{}", other.samples.first().map_or(0, |sample| sample.number));
    Ok(Join { name, file, key, on, sheet: other.sheet, shape: other.shape })
}

/// Which files a join reads: those called like its samples but for their digits, or the one of exactly this name. `rest`: the names of the
/// other samples, which it must not take.
fn file_of(kind: &Kind<'_>, rest: &[String]) -> Result<String, OnboardError> {
    let names: Vec<String> = kind.samples.iter().map(|sample| sample.file_name()).collect();
    let first = names.first().map(String::as_str).unwrap_or_default();
    let found = find(&kind.sheet.columns, None);
    let people = ["patient_last", "patient_first", "patient_middle", "subscriber_last", "subscriber_first"];
    let columns = people.into_iter().filter_map(|key| found.column(key)).filter_map(|at| kind.sheet.columns.get(at));
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|one: char| !one.is_alphabetic()).filter(|word| word.len() > 2);
        words.map(str::to_lowercase).collect()
    };
    let of_people: BTreeSet<String> = columns.flat_map(Column::said).flat_map(words).collect();
    let stem = first.rsplit_once('.').map_or(first, |(stem, _)| stem);
    if words(stem).iter().any(|word| of_people.contains(word)) {
        return Err(kind.wrong(
            "found a word in the file's name that its rows have in a person's name, expected words that say what the file holds; call it otherwise",
        ));
    }
    let takes = |file: &str, name: &String| matches_glob(file.as_bytes(), name.as_bytes());
    let fits = |file: &String| names.iter().all(|name| takes(file, name)) && !rest.iter().any(|name| takes(file, name));
    [pattern(first), first.to_owned()].into_iter().find(fits).ok_or_else(|| {
        kind.wrong(
            "found a file whose name is that of another sample, or differs from it in digits alone, expected a name for each kind \
             of file; call charges and others by different words, as later files will be",
        )
    })
}

/// Names of later files: what changes from day to day are the digits.
fn pattern(name: &str) -> String {
    let mut pattern = String::new();
    for one in name.chars() {
        match one {
            '0'..='9' if pattern.ends_with('*') => {}
            '0'..='9' => pattern.push('*'),
            other => pattern.push(other),
        }
    }
    pattern
}

/// How the files write days.
struct Dates {
    written: &'static str,
    format: Option<DateFormat>,
    why: String,
    notes: Vec<String>,
}

impl Dates {
    fn of<'s>(sheets: impl Iterator<Item = &'s Sheet>) -> Self {
        let days: Vec<&str> = sheets.flat_map(Sheet::days).collect();
        let Some((written, count, others)) = date_format(days.iter().copied()) else {
            let notes = vec![
                "no column holds days that can be read (year with four digits): every row is rejected at its day"
                    .to_owned(),
            ];
            return Self { written: "MM/DD/YYYY", format: None, why: "no day was found".to_owned(), notes };
        };
        let mut notes = Vec::new();
        if !others.is_empty() {
            notes.push(format!(
                "date_format: {written} was drafted; {} fit every day of the sample too: look at it",
                others.join(", ")
            ));
        }
        let why = format!("{count} of {} days are written so", days.len());
        Self { written, format: DateFormat::parse(written), why, notes }
    }
}

/// What makes a repeat harmless, and whether the sample keeps to it.
fn key_notes(found: &Found, sheet: &Sheet) -> Vec<String> {
    let column = |key: &str| found.column(key).and_then(|at| sheet.columns.get(at));
    let mut notes = Vec::new();
    match (column("visit"), column("charge_id")) {
        (None, _) => notes.push("no column was found for the visit's number: every row is rejected until [columns] visit names one".to_owned()),
        (Some(_), None) => notes.push(
            "no column was found for the charge's own id: a charge that comes again cannot be told from a second one; have the export \
             write one"
                .to_owned(),
        ),
        (Some(visit), Some(charge)) => {
            let keys = visit.values.iter().zip(&charge.values).filter(|(_, charge)| !charge.is_empty());
            let all = keys.clone().count();
            let distinct = keys.collect::<BTreeSet<_>>().len();
            if distinct < all {
                notes.push(format!("charge key (visit, charge_id): {all} rows have {distinct} keys; rows of one key are one charge"));
            }
        }
    }
    notes
}

/// What the site's own words for an element are, and elements that the component would read and should not.
struct Site {
    /// Lines of `[columns]` that say that there is none.
    none: Vec<(&'static str, String)>,
    /// Element and the words that the component does not know.
    unknown: BTreeMap<&'static str, Vec<String>>,
}

impl Site {
    fn of(found: &Found, sheet: &Sheet, placed: &mut Vec<(&str, String, String)>, notes: &mut Vec<String>) -> Self {
        let mut site = Self { none: Vec::new(), unknown: BTreeMap::new() };
        for (key, known) in WORDS {
            let Some(column) = found.column(key).and_then(|at| sheet.columns.get(at)) else { continue };
            let is_known = |word: &&str| known.contains(&word.to_ascii_lowercase().as_str());
            let all = column.said().count();
            let understood = column.said().filter(is_known).count();
            if understood == all {
                continue;
            }
            let words: BTreeSet<&str> = column.said().filter(|word| !is_known(word)).collect();
            // A word of a shifted row may be anybody's name: what stands there once is counted and not written.
            let is_word = |word: &&str| {
                let plain =
                    word.len() <= 24 && word.chars().all(|one| one.is_ascii_alphabetic() || " -_".contains(one));
                plain && column.said().filter(|said| said == word).count() > 1
            };
            site.unknown
                .insert(key, words.iter().copied().filter(is_word).take(WORDS_MAX).map(str::to_owned).collect());
            if key == "status" && understood == 0 {
                placed.retain(|(placed, ..)| *placed != key);
                site.none.push((
                    key,
                    "none of its words is open, closed or cancelled: say in [values.status] what they mean".to_owned(),
                ));
                notes.push(format!(
                    "column `{}`: none of its {} words is known, so it is not read; visits wait for the bill-hold",
                    column.name,
                    words.len()
                ));
            } else {
                notes.push(format!(
                    "column `{}`: rows with {} unknown words are rejected until [values.{key}] says what they mean",
                    column.name,
                    words.len()
                ));
            }
        }
        // A usual name over something else would be read by the component's defaults.
        for element in ELEMENTS.iter().filter(|element| element.of != Use::Profile) {
            let is_placed = placed.iter().any(|(key, ..)| *key == element.key)
                || site.none.iter().any(|(key, _)| *key == element.key);
            let is_named = sheet.columns.iter().any(|column| element.names.contains(&plain(&column.name).as_str()));
            if !is_placed && is_named {
                site.none.push((
                    element.key,
                    "the column called like it holds something else, or is another element".to_owned(),
                ));
            }
        }
        site
    }
}

fn mapping(
    framing: &str,
    to_do: &str,
    sheet: &Sheet,
    dates: &Dates,
    joins: &[Join],
    placed: &[(&str, String, String)],
    site: &Site,
) -> String {
    let mut text = format!(
        "# Drafted by `claimhost onboard` from {} rows. Above each line stands why; look at them, then delete the comments.\n\
         # Every key: docs/mapping.md, csv-superbill.\n\n\
         # Part of every charge's key: another one for each EHR, and never changed.\nsource_system = \"CSV\"\n\
         # {}\ndate_format = {}\n\n{framing}",
        sheet.rows,
        dates.why,
        quoted(dates.written)
    );
    for join in joins {
        let name =
            |sheet: &Sheet, at: usize| sheet.columns.get(at).map(|column| quoted(&column.name)).unwrap_or_default();
        text += &format!(
            "# {} rows, joined by a column that has a value of its own in each\n[[framing.join]]\nname = {}\nfile = {}\nkey = {}\non = {}\n",
            join.sheet.rows,
            quoted(&join.name),
            quoted(&join.file),
            name(&join.sheet, join.key),
            name(sheet, join.on)
        );
        text += &join.shape.as_ref().map(|shape| shape.record("framing.join")).unwrap_or_default();
    }
    text += "\n[columns]\n";
    text += to_do;
    for (key, source, why) in placed {
        text += &format!("# {why}\n{key} = {}\n", quoted(source));
    }
    for (key, why) in &site.none {
        text += &format!("# {why}\n{key} = \"\"\n");
    }
    for (key, words) in &site.unknown {
        let known = WORDS.iter().find(|(known, _)| known == key).map(|(_, words)| words.join(", ")).unwrap_or_default();
        text += &format!("\n# What the site means by its own words: {known}. Nothing is guessed.\n[values.{key}]\n");
        for word in words {
            text += &format!("# {} = \"\"\n", quoted(word));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHARGES: &str =
        "Visit,Line,Chart,Plan Code,DOS,CPT\nV1,1,M1,P1,2026-05-01,99213\nV2,1,M2,P2,2026-05-02,99212\n";
    const PATIENTS: &str = "Chart,Last,First\nM1,ZQVANCE,ORLA\nM2,ZQBRANDT,MILO\n";
    const MORE: &str = "Chart,Last,First\nM3,ZQOKAFOR,ADA\nM4,ZQLINDEN,SOFIA\n";
    const PLANS: &str = "Plan Code,Payer Name\nP1,NORTHFIELD\nP2,SOUTHFIELD\n";

    fn drafted(files: &[(&str, &str)]) -> Result<Draft, String> {
        let sample = |(number, (name, text)): (usize, &(&str, &str))| Sample {
            number,
            path: name.into(),
            format: Format::Delimited { delimiter: b',' },
            bytes: text.as_bytes().to_vec(),
        };
        let samples: Vec<Sample> = (1..).zip(files).map(sample).collect();
        draft(&samples.iter().collect::<Vec<_>>()).map_err(|error| error.to_string())
    }

    fn joins(mapping: &str) -> Vec<(String, String)> {
        let settings = crate::intake::framing::Settings::from_mapping(mapping).unwrap();
        settings.join.into_iter().map(|join| (join.name, join.file)).collect()
    }

    #[test]
    fn each_join_has_a_name_of_its_own_and_takes_no_other_file() {
        let is = |found: Vec<(String, String)>, wanted: &[(&str, &str)]| {
            let wanted: Vec<_> = wanted.iter().map(|(name, file)| ((*name).to_owned(), (*file).to_owned())).collect();
            assert_eq!(found, wanted);
        };
        let draft = drafted(&[
            ("day-charges-0501.csv", CHARGES),
            ("day-patients-0501.csv", PATIENTS),
            ("day-plans-0501.csv", PLANS),
        ])
        .unwrap();
        is(joins(&draft.mapping), &[("file2", "day-patients-*.csv"), ("file3", "day-plans-*.csv")]);
        for source in ["\"file2:Last\"", "\"file3:Payer Name\""] {
            assert!(draft.mapping.contains(source), "{source}: {}", draft.mapping);
        }
        // A pattern of their digits would take the charges, or the other join.
        let draft = drafted(&[("export1.csv", CHARGES), ("export2.csv", PATIENTS)]).unwrap();
        is(joins(&draft.mapping), &[("file2", "export2.csv")]);
        assert!(draft.notes.iter().any(|note| note.starts_with("file2: its file is looked for")), "{:?}", draft.notes);
        let draft = drafted(&[("charges.csv", CHARGES), ("t1.csv", PATIENTS), ("t2.csv", PLANS)]).unwrap();
        is(joins(&draft.mapping), &[("file2", "t1.csv"), ("file3", "t2.csv")]);
        let draft = drafted(&[("charges.csv", CHARGES), ("t1.csv", PATIENTS), ("t2.csv", MORE)]).unwrap();
        is(joins(&draft.mapping), &[("file2", "t*.csv")]);
    }

    #[test]
    fn a_file_that_no_pattern_tells_from_the_charges_or_that_is_called_like_a_person_is_refused() {
        let said = drafted(&[("e1.csv", CHARGES), ("e2.csv", PATIENTS), ("e3.csv", PATIENTS)]).unwrap_err();
        assert!(said.contains("in digits alone"), "{said}");
        let said = drafted(&[("a/data.csv", CHARGES), ("b/data.csv", PATIENTS)]).unwrap_err();
        assert!(said.contains("in digits alone"), "{said}");
        let said = drafted(&[("charges.csv", CHARGES), ("zqvance-2026.csv", PATIENTS)]).unwrap_err();
        assert!(said.contains("in a person's name"), "{said}");
    }
}
