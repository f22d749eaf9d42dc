//! `profile.toml` and `mapping.toml` of each practice: what its onboarding would have written down.

use crate::kinds::Format;
use crate::model::Practice;
use crate::payers::{id, identity};
use crate::schedule::FREE_KIND;
use crate::x12::facility_address;
use toml::{Table, Value};

fn table(pairs: &[(&str, &str)]) -> Value {
    Value::Table(pairs.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect())
}

fn strings(list: &[&str]) -> Value {
    Value::Array(list.iter().map(|text| Value::from(*text)).collect())
}

fn address(address: &crate::model::Address) -> Value {
    table(&[
        ("line1", &address.line1),
        ("line2", &address.line2),
        ("city", &address.city),
        ("state", &address.state),
        ("postal_code", &address.zip),
    ])
}

/// `profile.toml`
pub fn profile(practice: &Practice) -> Table {
    let mut top = Table::new();
    let mut set = |key: &str, value: Value| top.insert(key.to_owned(), value);
    let short = practice.id.split('-').next().unwrap_or_default().to_uppercase();
    let telephone = practice.telephone.as_str();
    set("id", practice.id.into());
    set("name", practice.name.into());
    set("npi", practice.npi.as_str().into());
    set("taxonomy", practice.taxonomy.into());
    set("bill_hold_days", 2.into());
    set("no_charge_visit_types", strings(&[FREE_KIND]));
    set("tax_id", table(&[("kind", "ein"), ("value", &practice.tax_id)]));
    set("clia", "36D0000001".into());
    set("address", address(&practice.address));
    set("contact", table(&[("name", "Billing Office"), ("telephone", telephone)]));
    let submitter = [
        ("name", practice.name),
        ("id", &format!("{short}01")),
        ("contact", "Billing Office"),
        ("telephone", telephone),
    ];
    set("submitter", table(&submitter));
    set("receiver", table(&[("name", "SANDBOX CLEARINGHOUSE"), ("id", "SANDBOX")]));
    set("usage", "T".into());
    set("rules", strings(&[]));
    let provider = practice.roster.iter().map(|doctor| {
        let pairs = [
            ("npi", doctor.npi.as_str()),
            ("last", doctor.last),
            ("first", doctor.first),
            ("taxonomy", practice.taxonomy),
        ];
        with(table(&pairs), "ids", strings(&[&doctor.local]))
    });
    set("provider", Value::Array(provider.collect()));
    let location = practice.places.iter().map(|place| {
        let row = with(table(&[("place_of_service", place.pos)]), "ids", strings(&[place.local]));
        match &place.facility {
            Some((name, npi)) => {
                let facility = with(
                    table(&[("name", name), ("npi", npi)]),
                    "address",
                    address(&facility_address(&practice.address)),
                );
                with(row, "facility", facility)
            }
            None => row,
        }
    });
    set("location", Value::Array(location.collect()));
    // One of the practices asks its payers about cover, and lets nothing leave without their answer.
    let asks = practice.format == Format::Shifted;
    let asked = |row: Value| if asks { with(row, "eligibility", "270".into()) } else { row };
    set("payer", Value::Array(practice.payers.iter().map(|payer| asked(self::payer(payer))).collect()));
    if asks {
        set("eligibility", with(table(&[("unverified", "hold")]), "days_before", 3.into()));
    }
    set("fees", "fees.csv".into());
    if practice.format != Format::X12 {
        let crosswalk = table(&[("file", "crosswalk.csv")]);
        // Codes of always stand in the profile, those of some days in a file.
        let always = table(&[("OV3", "99213"), ("OV4", "99214")]);
        set("crosswalk", if practice.format == Format::Hl7 { with(crosswalk, "procedure", always) } else { crosswalk });
    }
    top
}

fn with(value: Value, key: &str, extra: Value) -> Value {
    match value {
        Value::Table(mut table) => {
            table.insert(key.to_owned(), extra);
            Value::Table(table)
        }
        other => other,
    }
}

fn payer(payer: &str) -> Value {
    let Some(known) = identity(payer) else {
        return Value::Table(Table::new());
    };
    let row = table(&[
        ("id", known.id),
        ("name", known.name),
        ("filing_indicator", known.filing),
        ("route", "clearinghouse"),
    ]);
    let row = with(with(row, "replacement", true.into()), "void", true.into());
    let rules: &[&str] = if payer == id::FEDERAL { &["medicare"] } else { &[] };
    with(with(row, "aliases", strings(known.aliases)), "rules", strings(rules))
}

/// `schedule.toml`, where the schedule is an export and no message.
pub fn schedule_mapping(practice: &Practice) -> Option<String> {
    let exported = matches!(practice.format, Format::Csv | Format::X12);
    exported.then(|| {
        format!(
            "# Appointments, under the usual names.\nsource_system = \"{}\"\ncontent = \"schedule\"\n",
            practice.source
        )
    })
}

/// `mapping.toml`
pub fn mapping(practice: &Practice) -> String {
    match practice.format {
        Format::Hl7 => HL7.to_owned(),
        Format::Shifted => SHIFTED.to_owned(),
        Format::Csv => CSV.to_owned(),
        Format::X12 => "# The 837P needs no mapping: its loops say what is what.\n".to_owned(),
    }
}

const HL7: &str = include_str!("mapping/cedar-family.toml");
const SHIFTED: &str = include_str!("mapping/harbor-ortho.toml");
const CSV: &str = include_str!("mapping/maple-derm.toml");
