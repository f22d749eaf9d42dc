//! MUE values: code, units, adjudication indicator, rationale, with or without a column that names the service type.

use std::collections::HashMap;

use super::super::mue::{Adjudication, Mue, build};
use super::super::{Code, Kind, Quarter, Service};
use super::cells::{At, begins_with_code};
use super::sheet::Sheet;
use super::{ImportError, Imported, Source};

/// Imports the values of one quarter and one service type.
pub(super) fn import(
    sources: &[Source<'_>],
    quarter: Quarter,
    asked: Option<Service>,
) -> Result<Imported, ImportError> {
    let (mut rows, mut rationales): (Vec<Mue>, Vec<String>) = (Vec::new(), Vec::new());
    let mut seen: HashMap<Code, u64> = HashMap::new();
    let mut service = asked;
    for source in sources {
        let mut sheet = Sheet::open(source.name, source.bytes, begins_with_code)?;
        let code = sheet.required("code", &["code"])?;
        let units = sheet.required("MUE value", &["mueunits", "muevalue"])?;
        let indicator = sheet.required("MUE adjudication indicator", &["adjudicationindicator", "muemai"])?;
        let rationale = sheet.column(&["rationale"]);
        let told = sheet.column(&["mueservice"]);
        let titled =
            [("practitioner", Service::Practitioner), ("outpatient", Service::Outpatient), ("dme", Service::Dme)];
        let titled = titled.iter().find(|(word, _)| sheet.column(&[word]).is_some()).map(|(_, service)| *service);
        agree(&mut service, titled, &At { file: source.name, row: 1 })?;
        let name = sheet.file();
        while let Some((row, record)) = sheet.next()? {
            let at = At { file: name, row };
            let code = at.code(record, code, "code")?;
            let cell = at.cell(record, units, "MUE value")?;
            let units = str::from_utf8(cell).ok().and_then(|text| text.parse::<u32>().ok());
            let units = units.ok_or_else(|| at.error("MUE value", cell, "whole units"))?;
            let cell = at.cell(record, indicator, "MUE adjudication indicator")?;
            let adjudication = indicator_of(cell)
                .ok_or_else(|| at.error("MUE adjudication indicator", cell, "1, 2 or 3, with or without its words"))?;
            if let Some(column) = told {
                let cell = at.cell(record, column, "service type")?;
                let told = Service::of_words(&String::from_utf8_lossy(cell));
                let told = told.ok_or_else(|| at.error("service type", cell, "practitioner, outpatient or DME"))?;
                agree(&mut service, Some(told), &at)?;
            }
            let text = match rationale {
                Some(column) => String::from_utf8_lossy(at.cell(record, column, "rationale")?).into_owned(),
                None => String::new(),
            };
            let known = rationales.iter().position(|known| *known == text).unwrap_or_else(|| {
                rationales.push(text);
                rationales.len() - 1
            });
            if let Some(before) = seen.insert(code, row) {
                let found = format!("{code}, which row {before} has too");
                return Err(ImportError::new(
                    name,
                    Some(row),
                    "code",
                    found,
                    "each code once: two quarters in one table?",
                ));
            }
            rows.push(Mue { code, units, adjudication, rationale: u16::try_from(known).unwrap_or(u16::MAX) });
        }
    }
    let Some(service) = service else {
        let expected = "a file name or header that tells it, or --service practitioner, outpatient or dme";
        let name = sources.first().map_or("import", |source| source.name);
        return Err(ImportError::new(name, None, "service type", "none told", expected));
    };
    let cover = (quarter.first_day(), quarter.last_day());
    let payload = build(&rows, &rationales);
    Ok(Imported { kind: Kind::mue(service), quarter, cover, rows: rows.len() as u64, payload })
}

/// `3`, or `3 Date of Service Edit: Clinical`.
fn indicator_of(cell: &[u8]) -> Option<Adjudication> {
    let (digit, rest) = cell.split_first()?;
    let alone = rest.first().is_none_or(|next| !next.is_ascii_digit());
    alone.then(|| Adjudication::from_digit(digit.checked_sub(b'0')?)).flatten()
}

fn agree(known: &mut Option<Service>, told: Option<Service>, at: &At<'_>) -> Result<(), ImportError> {
    let Some(told) = told else { return Ok(()) };
    let known = *known.get_or_insert(told);
    if known == told {
        return Ok(());
    }
    let expected = format!("{known}, as the rows before, the file's name or the command line say");
    Err(ImportError::new(at.file, Some(at.row), "service type", told.to_string(), expected))
}
