//! Which column, or name in a record, is which element: by what it is called, and by what its values look like.
//!
//! A name that is known is taken where at least half of its values have the element's form; without a known name, only where one
//! column alone has a form that nothing else has. Everything else is told, and left to a person.

use std::collections::BTreeSet;

use claimhost_sdk::delimited::DateFormat;

use super::form::Form;

/// An element of the `csv-superbill` and `records` languages, or (`Use::Profile`) something that only the practice profile takes.
pub(crate) struct Element {
    /// Its key in the mapping.
    pub(crate) key: &'static str,
    /// The form of its values.
    pub(crate) form: Form,
    /// What exports call it, in lower-case letters and digits alone.
    pub(crate) names: &'static [&'static str],
    /// Where it goes.
    pub(crate) of: Use,
}

/// Where an element goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// What holds for the visit.
    Visit,
    /// What holds for one charge.
    Charge,
    /// The practice profile: no adapter reads it.
    Profile,
}

const fn visit(key: &'static str, form: Form, names: &'static [&'static str]) -> Element {
    Element { key, form, names, of: Use::Visit }
}

const fn charge(key: &'static str, form: Form, names: &'static [&'static str]) -> Element {
    Element { key, form, names, of: Use::Charge }
}

const fn profile(key: &'static str, form: Form, names: &'static [&'static str]) -> Element {
    Element { key, form, names, of: Use::Profile }
}

/// Every element that is looked for, those whose names are the surest first.
#[rustfmt::skip] // a table
pub(crate) const ELEMENTS: &[Element] = &[
    charge("charge_id", Form::Text, &["lineid", "chargeid", "chargeno", "chargenumber", "lineno", "linenumber", "line", "lineitemid", "transactionid", "serviceid", "servicelineid", "chargekey", "itemid"]),
    visit("visit", Form::Text, &["visitid", "visitno", "visitnumber", "visit", "encounterid", "encounterno", "encounternumber", "encounter", "csn", "superbillid", "superbillno", "superbill", "ticketno", "ticketnumber", "claimid", "appointmentid", "accession"]),
    charge("action", Form::Text, &["action", "chargestatus", "linestatus", "transactiontype"]),
    visit("status", Form::Text, &["status", "visitstatus", "encounterstatus"]),
    visit("sequence", Form::Quantity, &["seq", "sequence", "revision", "rowversion"]),
    visit("patient_mrn", Form::Text, &["patientid", "mrn", "patientno", "patientnumber", "chartno", "chartnumber", "chart", "medicalrecordnumber", "patientmrn", "acct", "accountno", "accountnumber", "patientaccount"]),
    visit("patient_last", Form::Text, &["patientlast", "patientlastname", "lastname", "last", "ptlast", "ptlastname", "patlast", "patlastname", "surname", "familyname"]),
    visit("patient_first", Form::Text, &["patientfirst", "patientfirstname", "firstname", "first", "ptfirst", "ptfirstname", "patfirst", "patfirstname", "givenname"]),
    visit("patient_middle", Form::Text, &["patientmiddle", "middlename", "middle", "mi", "middleinitial", "patientmi", "ptmi"]),
    visit("patient_birth_date", Form::Day, &["patientdob", "dob", "birthdate", "dateofbirth", "patientbirthdate", "ptdob", "birthday", "born"]),
    visit("patient_gender", Form::Gender, &["patientsex", "sex", "gender", "patientgender", "ptsex", "legalsex", "birthsex"]),
    visit("patient_address1", Form::Text, &["address1", "address", "street", "patientaddress", "patientaddress1", "addressline1", "streetaddress", "street1", "ptaddress"]),
    visit("patient_address2", Form::Text, &["address2", "addressline2", "street2", "patientaddress2", "apt"]),
    visit("patient_city", Form::Text, &["city", "patientcity", "ptcity", "town"]),
    visit("patient_state", Form::State, &["state", "patientstate", "ptstate"]),
    visit("patient_postal_code", Form::Zip, &["zip", "zipcode", "postalcode", "patientzip", "ptzip", "patientzipcode"]),
    visit("payer", Form::Text, &["payer", "payername", "primarypayer", "primarypayername", "insurance", "insurancename", "primaryinsurance", "primaryinsurancename", "plan", "planname", "carrier", "insurancecompany", "insuranceplan", "primaryplan"]),
    visit("member_id", Form::Text, &["memberid", "memberno", "policy", "policyno", "policynumber", "policyid", "subscriberid", "insuredid", "member", "insuranceid", "insuranceidnumber", "primarymemberid", "primarypolicynumber", "primarysubscriberid"]),
    visit("group_number", Form::Text, &["group", "groupno", "groupnumber", "groupid", "primarygroupnumber", "insurancegroupnumber"]),
    visit("relationship", Form::Text, &["relationship", "relation", "relationshiptoinsured", "relationshiptosubscriber", "insuredrelationship", "patientrelationship", "primaryrelationship"]),
    visit("subscriber_last", Form::Text, &["subscriberlast", "subscriberlastname", "insuredlast", "insuredlastname", "policyholderlast", "guarantorlastname"]),
    visit("subscriber_first", Form::Text, &["subscriberfirst", "subscriberfirstname", "insuredfirst", "insuredfirstname", "policyholderfirst"]),
    visit("subscriber_birth_date", Form::Day, &["subscriberdob", "insureddob", "subscriberbirthdate", "insuredbirthdate", "policyholderdob"]),
    visit("subscriber_gender", Form::Gender, &["subscribersex", "insuredsex", "subscribergender", "insuredgender", "policyholdersex"]),
    visit("payer2", Form::Text, &["payer2", "secondarypayer", "secondaryinsurance", "insurance2", "payername2", "secondaryplan", "secondarypayername", "secondaryinsurancename"]),
    visit("member_id2", Form::Text, &["memberid2", "secondarymemberid", "secondarypolicy", "policy2", "policynumber2", "secondarypolicynumber", "secondarysubscriberid"]),
    visit("group_number2", Form::Text, &["group2", "groupnumber2", "secondarygroup", "secondarygroupnumber"]),
    visit("relationship2", Form::Text, &["relationship2", "secondaryrelationship"]),
    visit("rendering_npi", Form::Npi, &["renderingnpi", "providernpi", "doctornpi", "renderingprovidernpi", "physiciannpi", "npi", "clinicianpni", "cliniciannpi", "attendingnpi", "servicingnpi"]),
    visit("rendering_id", Form::Text, &["renderingid", "providerid", "doctorid", "renderingproviderid", "provider", "doctor", "renderingprovider", "clinician", "providercode", "physician"]),
    visit("referring_npi", Form::Npi, &["referringnpi", "refnpi", "referringprovidernpi", "referringphysiciannpi", "referringdoctornpi"]),
    visit("location", Form::Text, &["location", "locationid", "locationcode", "facility", "facilityid", "office", "site", "department", "departmentid", "clinic", "servicelocation"]),
    visit("place_of_service", Form::Place, &["pos", "placeofservice", "poscode", "placeofservicecode"]),
    charge("service_date", Form::Day, &["dos", "servicedate", "dateofservice", "dosfrom", "fromdate", "servicedatefrom", "servicefrom", "svcdate", "visitdate", "encounterdate", "startdate", "servicestartdate", "date"]),
    charge("service_date_to", Form::Day, &["dosto", "todate", "servicedateto", "serviceto", "enddate", "serviceenddate"]),
    charge("procedure", Form::Procedure, &["cpt", "cptcode", "procedure", "procedurecode", "proccode", "hcpcs", "hcpcscode", "cpthcpcs", "servicecode", "code", "chargecode", "billingcode"]),
    charge("modifier1", Form::Modifier, &["mod1", "modifier1", "mod", "modifier", "m1", "proceduremodifier1", "modifiers"]),
    charge("modifier2", Form::Modifier, &["mod2", "modifier2", "m2", "proceduremodifier2"]),
    charge("modifier3", Form::Modifier, &["mod3", "modifier3", "m3", "proceduremodifier3"]),
    charge("modifier4", Form::Modifier, &["mod4", "modifier4", "m4", "proceduremodifier4"]),
    charge("units", Form::Quantity, &["units", "qty", "quantity", "unit", "serviceunits", "days", "daysorunits", "count"]),
    charge("minutes", Form::Quantity, &["minutes", "anesthesiaminutes", "time", "mins"]),
    charge("unit_charge", Form::Money, &["unitcharge", "unitprice", "unitfee", "price", "unitamount"]),
    charge("charge", Form::Money, &["charge", "charges", "amount", "fee", "chargeamount", "billed", "billedamount", "totalcharge", "totalcharges", "lineamount", "linecharge", "extended"]),
    charge("dx1", Form::Diagnosis, &["dx1", "dx", "diagnosis", "diagnosis1", "diag1", "icd1", "icd", "icd10", "dxcode", "dxcode1", "icd101", "primarydx", "primarydiagnosis", "diagnosiscode", "diagnosiscode1", "icd10code", "diagnoses", "diagnosiscodes", "icd10codes", "dxcodes"]),
    charge("dx2", Form::Diagnosis, &["dx2", "diagnosis2", "diag2", "icd2", "dxcode2", "icd102", "diagnosiscode2", "secondarydx"]),
    charge("dx3", Form::Diagnosis, &["dx3", "diagnosis3", "diag3", "icd3", "dxcode3", "icd103", "diagnosiscode3"]),
    charge("dx4", Form::Diagnosis, &["dx4", "diagnosis4", "diag4", "icd4", "dxcode4", "icd104", "diagnosiscode4"]),
    charge("dx5", Form::Diagnosis, &["dx5", "diagnosis5", "diag5", "icd5", "dxcode5", "diagnosiscode5"]),
    charge("dx6", Form::Diagnosis, &["dx6", "diagnosis6", "diag6", "icd6", "dxcode6", "diagnosiscode6"]),
    charge("dx7", Form::Diagnosis, &["dx7", "diagnosis7", "diag7", "icd7", "dxcode7", "diagnosiscode7"]),
    charge("dx8", Form::Diagnosis, &["dx8", "diagnosis8", "diag8", "icd8", "dxcode8", "diagnosiscode8"]),
    charge("pointers", Form::Pointers, &["pointers", "pointer", "dxpointer", "dxpointers", "diagnosispointer", "diagnosispointers", "dxptr", "diagptr", "dxlink"]),
    visit("authorization", Form::Text, &["auth", "authorization", "authno", "authnumber", "priorauth", "priorauthorization", "authorizationnumber", "preauth"]),
    visit("referral", Form::Text, &["referral", "referralno", "referralnumber"]),
    visit("admission_date", Form::Day, &["admissiondate", "admitdate"]),
    visit("discharge_date", Form::Day, &["dischargedate"]),
    charge("ndc", Form::Text, &["ndc", "ndccode", "drugcode"]),
    charge("ndc_quantity", Form::Quantity, &["ndcqty", "ndcquantity", "ndcunits"]),
    charge("ndc_unit", Form::Text, &["ndcunit", "ndcuom", "ndcunitofmeasure"]),
    visit("total", Form::Money, &["total", "visittotal", "claimtotal", "superbilltotal"]),
    profile("payer_id", Form::Text, &["payerid", "payercode", "electronicpayerid", "insurancepayerid", "edipayerid", "primarypayerid", "payeridentifier", "carrierid"]),
    profile("filing_indicator", Form::Text, &["filingindicator", "claimfilingindicator", "claimfilingcode", "filingcode", "sbr09"]),
    profile("rendering_last", Form::Text, &["providerlast", "providerlastname", "renderinglast", "renderinglastname", "doctorlast", "doctorlastname", "renderingproviderlastname", "physicianlastname"]),
    profile("rendering_first", Form::Text, &["providerfirst", "providerfirstname", "renderingfirst", "renderingfirstname", "doctorfirst", "doctorfirstname", "renderingproviderfirstname", "physicianfirstname"]),
    profile("taxonomy", Form::Text, &["taxonomy", "taxonomycode", "providertaxonomy", "renderingtaxonomy"]),
];

/// A column with its values.
#[derive(Debug, Default)]
pub(crate) struct Column {
    /// As the header, or the path, has it.
    pub(crate) name: String,
    /// What it may be known by, in lower-case letters and digits, the surest first.
    pub(crate) aliases: Vec<String>,
    /// Of each row; empty where there is none.
    pub(crate) values: Vec<String>,
}

impl Column {
    /// A column without values yet, known by its name.
    pub(crate) fn new(name: String) -> Self {
        Self { aliases: vec![plain(&name)], name, values: Vec::new() }
    }

    fn is_called(&self, known: &str) -> bool {
        self.aliases.iter().any(|alias| alias == known)
    }

    /// Its values that are not empty.
    pub(crate) fn said(&self) -> impl Iterator<Item = &str> + Clone {
        self.values.iter().map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// How many values have a form, of how many that are not empty.
    pub(crate) fn fit(&self, form: Form, dates: Option<&DateFormat>) -> (usize, usize) {
        (self.said().filter(|value| form.has(value, dates)).count(), self.said().count())
    }
}

/// An element and where it was found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Entry {
    /// Its key.
    pub(crate) element: String,
    /// The column or path.
    pub(crate) source: String,
    /// Why: what matched, and how many values have the form.
    pub(crate) why: String,
}

/// What was found in a set of columns.
pub(crate) struct Found {
    /// Position of the column, for each element that has one, in the order of [`ELEMENTS`].
    pub(crate) placed: Vec<(&'static Element, usize, String)>,
    /// What a person has to know: a name that is known over values of another form, two columns for one element.
    pub(crate) notes: Vec<String>,
}

impl Found {
    /// The column of an element.
    pub(crate) fn column(&self, key: &str) -> Option<usize> {
        self.placed.iter().find(|(element, ..)| element.key == key).map(|(_, at, _)| *at)
    }
}

/// A name in lower-case letters and digits alone.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(|one| one.is_ascii_alphanumeric()).map(|one| one.to_ascii_lowercase()).collect()
}

/// Whether a name is what exports call an element, or a further one of a kind that is numbered (`modifier5`, `dx12`).
pub(crate) fn is_of_element(name: &str) -> bool {
    let plain = plain(name);
    let stem = plain.trim_end_matches(|one: char| one.is_ascii_digit());
    let numbered = (1..=2).contains(&(plain.len() - stem.len()));
    let is_known = |name: &str| ELEMENTS.iter().any(|element| element.names.contains(&name));
    let of_kind = || ["1", "2"].into_iter().any(|number| is_known(&format!("{stem}{number}")));
    // `M1` may as well be a chart's number.
    stem.len() > 1 && (is_known(&plain) || (numbered && of_kind()))
}

/// Names of whole names: the adapters take last and first name from two columns.
const WHOLE_NAMES: [&str; 6] = ["patientname", "patient", "name", "fullname", "ptname", "patname"];

/// Finds the elements of these columns.
pub(crate) fn find(columns: &[Column], dates: Option<&DateFormat>) -> Found {
    let mut found = Found { placed: Vec::new(), notes: Vec::new() };
    let mut taken = BTreeSet::new();
    for element in ELEMENTS {
        // The names are in the order of how sure they are.
        let called = |known: &&str| {
            let each = columns.iter().enumerate().filter(|(_, column)| column.is_called(known)).map(|(at, _)| at);
            each.collect::<Vec<_>>()
        };
        let known: Vec<usize> = element.names.iter().flat_map(called).collect();
        for at in known.into_iter().filter(|at| !taken.contains(at)).collect::<Vec<_>>() {
            let Some(column) = columns.get(at) else { continue };
            let (fit, all) = column.fit(element.form, dates);
            if all == 0 || fit * 2 >= all {
                taken.insert(at);
                let why = match (element.form, all) {
                    (_, 0) => "the name is known; no row has a value".to_owned(),
                    (Form::Text, all) => {
                        format!("the name is known; {all} of {} rows have a value", column.values.len())
                    }
                    (form, all) => format!("the name is known; {fit} of {all} values are {}", form.words()),
                };
                found.placed.push((element, at, why));
                break;
            }
            found.notes.push(format!(
                "column `{}` is called like {}, but {fit} of {all} values are {}: not taken for it",
                column.name,
                element.key,
                element.form.words()
            ));
        }
    }
    by_form(columns, dates, &mut taken, &mut found);
    if found.column("patient_last").is_none()
        && let Some(name) = columns.iter().find(|column| WHOLE_NAMES.iter().any(|known| column.is_called(known)))
    {
        found.notes.push(format!(
            "column `{}` holds the whole name of the patient: have the export write last and first name in two columns",
            name.name
        ));
    }
    found
}

/// Elements whose form says what they are, where their name was not known.
fn by_form(columns: &[Column], dates: Option<&DateFormat>, taken: &mut BTreeSet<usize>, found: &mut Found) {
    // A form that nothing else has comes before one that others have too.
    for (key, form) in [("rendering_npi", Form::Npi), ("procedure", Form::Procedure), ("dx1", Form::Diagnosis)] {
        if found.column(key).is_some() {
            continue;
        }
        let fits: Vec<(usize, usize)> = columns
            .iter()
            .enumerate()
            .filter(|(at, _)| !taken.contains(at))
            .filter_map(|(at, column)| {
                let (fit, all) = column.fit(form, dates);
                // Many an id looks like a diagnosis without its dot.
                let dotted =
                    form != Form::Diagnosis || column.said().filter(|value| value.contains('.')).count() * 2 >= all;
                (all > 0 && fit * 10 >= all * 9 && dotted).then_some((at, all))
            })
            .collect();
        let Some(element) = ELEMENTS.iter().find(|element| element.key == key) else { continue };
        match fits.as_slice() {
            [] => {}
            [(at, all)] => {
                taken.insert(*at);
                found.placed.push((
                    element,
                    *at,
                    format!("by form alone: {all} values, at least 9 of 10 are {}; look at it", form.words()),
                ));
            }
            several => {
                let names: Vec<String> = several
                    .iter()
                    .filter_map(|(at, _)| columns.get(*at))
                    .map(|column| format!("`{}`", column.name))
                    .collect();
                found.notes.push(format!(
                    "{key}: several columns hold {}: {}; say which in the mapping",
                    form.words(),
                    names.join(", ")
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, values: &[&str]) -> Column {
        Column { values: values.iter().map(|value| (*value).to_owned()).collect(), ..Column::new(name.to_owned()) }
    }

    #[test]
    fn every_element_is_there_once_and_no_name_leads_to_two() {
        let mut keys = BTreeSet::new();
        let mut names = BTreeSet::new();
        for element in ELEMENTS {
            assert!(keys.insert(element.key), "{}", element.key);
            for name in element.names {
                assert!(plain(name) == *name && names.insert(*name), "{name}");
            }
        }
    }

    #[test]
    fn a_numbered_name_is_of_its_element() {
        for (name, known) in [
            ("CPT", true),
            ("Modifier 5", true),
            ("dx12", true),
            ("insurance3", true),
            ("dx123", false),
            ("P77", false),
            ("M1", false),
        ] {
            assert_eq!(is_of_element(name), known, "{name}");
        }
    }

    #[test]
    fn names_and_forms_find_columns_and_a_form_that_differs_is_told() {
        let columns = [
            column("Enc. No", &["E1"]),
            column("Encounter No", &["E1", "E2"]),
            column("Sex", &["12", "13"]),
            column("Servicing Clinician", &["1234567893", "1234567893"]),
            column("CPT", &["99213", ""]),
        ];
        let found = find(&columns, None);
        let at = |key: &str| found.column(key);
        assert_eq!(
            (at("visit"), at("rendering_npi"), at("procedure"), at("patient_gender")),
            (Some(1), Some(3), Some(4), None)
        );
        assert!(found.notes.iter().any(|note| note.contains("`Sex`") && note.contains("0 of 2")), "{:?}", found.notes);
        assert!(
            found
                .placed
                .iter()
                .any(|(element, _, why)| element.key == "rendering_npi" && why.contains("by form alone"))
        );
    }

    #[test]
    fn of_two_columns_with_one_form_none_is_guessed() {
        let columns = [column("A", &["J06.9"]), column("B", &["E11.9"]), column("Policy", &["P77"])];
        let found = find(&columns, None);
        assert_eq!(found.column("dx1"), None);
        assert!(found.notes.iter().any(|note| note.contains("`A`, `B`")), "{:?}", found.notes);
    }
}
