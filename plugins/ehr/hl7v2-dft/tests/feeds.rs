//! Feeds that are laid out as real ones are: rejected at the right field by the standard table, translated under the
//! site's mapping. Messages are built here; the corpus test reads outside files where they are.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use claimhost_hl7v2::frames;
use claimhost_sdk::Adapter;
use claimhost_sdk::claim::{ClaimDateKind, Date, ProcedureSystem, Relationship, Unit};
use claimhost_sdk::intake::{ChargeAction, Document, Event, Outcome, Problem, Setup, VisitUpdate};
use plugin_hl7v2_dft::Dft;

fn translate(mapping: &str, message: &[u8]) -> Outcome {
    let session = Dft::open(Setup { settings: Vec::new(), mapping: mapping.to_owned() }).unwrap();
    let document = Document {
        format: "hl7v2".to_owned(),
        content: message.to_vec(),
        related: Vec::new(),
        received: Date { year: 2026, month: 5, day: 1 },
        ordinal: 0,
    };
    session.translate(&document)
}

fn rejected(mapping: &str, message: &str) -> Vec<Problem> {
    match translate(mapping, message.as_bytes()) {
        Outcome::Rejected(problems) => problems,
        other => panic!("expected a rejection, found {other:?}"),
    }
}

fn visit(mapping: &str, message: &str) -> VisitUpdate {
    match translate(mapping, message.as_bytes()) {
        Outcome::Events(mut events) if events.len() == 1 => match events.remove(0) {
            Event::Visit(update) => update,
            Event::Expected(_) => panic!("{message}"),
        },
        other => panic!("expected one visit, found {other:?}"),
    }
}

/// A message of one charge. PID-18 is the account, so that there is a visit number.
fn message(ft1: &str) -> String {
    format!(
        "MSH|^~\\&|EHR|SITE|||20260501||DFT^P03|1|P|2.4\rEVN|P03|20260501\rPID|1||M1^^^S^MR||Vance^Orla||19800101|F||||||||||A77\r\
         PV1|1|O\r{ft1}\rDG1|1||I25.10^^ICD10"
    )
}

/// Says where, what and the way out, as an integration engineer reads it.
fn assert_problem(problem: &Problem, at: &str, found: &str, expected: &str, remedy: &str) {
    assert_eq!(problem.at.path, at);
    assert_eq!(problem.found, found);
    assert_eq!(problem.expected, expected);
    assert_eq!(problem.remedy, remedy);
}

#[test]
fn two_fields_to_the_left() {
    let text = message(
        "FT1|1|20260501|20260501143000|P|C|93458^^CPT4||1|||4800.00|||||CATH^2|4813926^Dow^Sam^^^^^^^NPI||I25.10^^ICD10",
    );
    let problems = rejected("", &text);
    assert_problem(
        &problems[0],
        "FT1[1]-4",
        "1 letters (FT1-3 holds what looks like a date)",
        "date",
        "declare [charge] date = \"FT1-3\" in this site's mapping",
    );
    let code = problems.iter().find(|problem| problem.expected == "procedure code").unwrap();
    assert_problem(
        code,
        "FT1[1]-7",
        "empty (FT1-6 holds what looks like a procedure code)",
        "procedure code",
        "declare [charge] code = \"FT1-6\" in this site's mapping",
    );

    let mapping = "[charge]\nid = \"\"\ndate = \"FT1-3\"\ntype = \"FT1-5\"\ncode = \"FT1-6\"\nunits = \"FT1-8\"\nrendering = \"FT1-17\"\n[types]\nC = \"new\"\n";
    let update = visit(mapping, &text);
    let line = &update.charges[0].line;
    assert_eq!(
        (update.visit_number.as_str(), line.procedure.code.as_str(), line.charge, line.units.thousandths),
        ("A77", "93458", 480_000, 1000)
    );
    assert_eq!(line.service_dates.start, Date { year: 2026, month: 5, day: 1 });
    assert_eq!(line.providers.as_ref().unwrap().rendering.as_ref().unwrap().local_id, "4813926");
    assert_eq!(
        (line.diagnosis_pointers.as_slice(), update.header.diagnoses[0].code.as_str()),
        ([1_u8].as_slice(), "I2510")
    );
}

#[test]
fn one_field_to_the_left() {
    let text = message("FT1|1||20260501|20260501|CG|99213^Visit^CPT||||1||||||ORTHO^2|CRAW^Craw^Scott");
    let problems = rejected("", &text);
    assert_problem(
        &problems[0],
        "FT1[1]-6",
        "3 components, the first 5 digits, looks like a procedure code (FT1-5 holds what looks like a transaction type)",
        "transaction type",
        "declare [charge] type = \"FT1-5\" in this site's mapping",
    );
    let mapping = "[charge]\ndate = \"FT1-3\"\ntype = \"FT1-5\"\ncode = \"FT1-6\"\nrendering = \"FT1-17\"\n";
    let line = visit(mapping, &text).charges.remove(0).line;
    assert_eq!((line.procedure.code.as_str(), line.units.thousandths, line.charge), ("99213", 1000, 0));
}

#[test]
fn only_the_quantity_is_elsewhere() {
    let text = message("FT1|1|CHG1||20260501|20260501|CG|99223^Care^CPT||1|||||||4SOUTH|F|||99223^Care^CPT");
    let problems = rejected("", &text);
    assert_problem(
        &problems[0],
        "FT1[1]-10",
        "empty (FT1-9 holds what looks like a quantity)",
        "quantity",
        "declare [charge] units = \"FT1-9\" in this site's mapping",
    );
    assert_eq!((problems[1].at.path.as_str(), problems[1].expected.as_str()), ("FT1[1]-20", "provider"));
    let line = visit("[charge]\nunits = \"FT1-9\"\nrendering = \"PV1-7\"\n", &text).charges.remove(0).line;
    assert_eq!(line.units.thousandths, 1000);
}

#[test]
fn three_fields_to_the_left() {
    let text =
        message("FT1|1|20260501|20260501|CG|P|85025^Count^CPT|1|||38214^Venk^Priya^K^MD^^NPI||||||||||||||85025");
    let problems = rejected("", &text);
    assert_eq!(
        (problems[0].at.path.as_str(), problems[0].remedy.as_str()),
        ("FT1[1]-4", "declare [charge] date = \"FT1-3\" in this site's mapping")
    );
    assert!(
        problems.iter().any(|problem| problem.remedy == "declare [charge] type = \"FT1-4\" in this site's mapping")
    );
    let mapping = "[charge]\nid = \"\"\ndate = \"FT1-3\"\ntype = \"FT1-4\"\ncode = \"FT1-6\"\nunits = \"FT1-7\"\nrendering = \"FT1-10\"\n";
    let line = visit(mapping, &text).charges.remove(0).line;
    assert_eq!((line.procedure.code.as_str(), line.units.thousandths), ("85025", 1000));
    assert_eq!(line.providers.unwrap().rendering.unwrap().name.last, "Venk");
}

#[test]
fn one_field_to_the_right() {
    let text = message(
        "FT1|1|20260501|20260501155000|P|D|1||97110^Ex^CPT4|||1|45.00||97110^Ex^CPT4|7714058293^Gu^An|88^Wal^Bri|||||||||97110",
    );
    let problems = rejected("", &text);
    assert_eq!((problems[0].at.path.as_str(), problems[0].expected.as_str()), ("FT1[1]-4", "date"));
    let mapping = "[charge]\nid = \"\"\ndate = \"FT1-3\"\ntype = \"FT1-5\"\ncode = \"FT1-8\"\nunits = \"FT1-11\"\namount = \"FT1-12\"\nunit_amount = \"\"\nrendering = \"FT1-16\"\n[types]\nD = \"new\"\n";
    let line = visit(mapping, &text).charges.remove(0).line;
    assert_eq!((line.procedure.code.as_str(), line.units.thousandths, line.charge), ("97110", 1000, 4500));
    assert_eq!(line.procedure.system, ProcedureSystem::Cpt);
}

#[test]
fn a_type_nobody_declared_names_its_field() {
    let problems =
        rejected("", &message("FT1|1|C1||20260501||CG|99213|||1|9.00\rFT1|2|C2||20260501||ZZ|99213|||1|9.00"));
    assert_eq!(problems.len(), 1);
    assert_eq!((problems[0].at.path.as_str(), problems[0].found.as_str()), ("FT1[2]-6", "2 letters"));
    assert!(problems[0].remedy.contains("[types]"));
}

/// An AJ of 20.00 to charge C1 is no charge of 20.00 that takes its place: what it means, the site says.
#[test]
fn an_adjustment_replaces_nothing_until_the_site_says_so() {
    let ft1 = "FT1|1|C2||20260501||AJ|99213|||1|20.00||||||||||||||||||||C1";
    for kind in ["AJ", "DT"] {
        let problems = rejected("", &message(&ft1.replace("|AJ|", &format!("|{kind}|"))));
        assert_eq!((problems.len(), problems[0].at.path.as_str()), (1, "FT1[1]-6"), "{kind}");
        assert!(problems[0].remedy.contains("[types]"), "{}", problems[0].remedy);
    }
    let charge = visit("[types]\nAJ = \"replace\"\n", &message(ft1)).charges.remove(0);
    assert_eq!((charge.action, charge.reverses.as_str()), (ChargeAction::Replace, "C1"));
}

#[test]
fn a_code_where_the_type_belongs_is_a_shift_and_no_new_type() {
    let text = message("FT1|1|C1||20260501||99213^Visit^CPT||||1|90.00");
    let problems = rejected("", &text);
    assert_problem(
        &problems[0],
        "FT1[1]-6",
        "3 components, the first 5 digits, looks like a procedure code (the fields of this segment seem shifted)",
        "transaction type",
        "declare in this site's mapping [charge] code = \"FT1-6\" if this is the charge's code, and [charge] type = the field of \
         the transaction type (CD, CG, CO, PY), or an empty text where the feed sends none: each FT1 is a charge then",
    );
    let line = visit("[charge]\ntype = \"\"\ncode = \"FT1-6\"\n", &text).charges.remove(0).line;
    assert_eq!((line.procedure.code.as_str(), line.charge), ("99213", 9000));
}

/// The day of posting beside it is in order, and is not the day of service: nobody is sent there.
#[test]
fn a_day_of_another_form_is_the_senders_to_write_right() {
    let remedy =
        "have the sender write dates as YYYYMMDD, the only form of HL7 v2: a mapping has no key for another one";
    let problems = rejected("", &message("FT1|1|C1||03/02/2026|20260305|CG|99213|||1|90.00"));
    assert_eq!(problems.len(), 1);
    assert_problem(&problems[0], "FT1[1]-4", "a date written as MM/DD/YYYY", "date", remedy);
    let born = message("FT1|1|C1||20260501||CG|99213|||1|90.00").replace("|19800101|", "|1980-01-01|");
    let problems = rejected("", &born);
    assert_eq!((problems.len(), problems[0].at.path.as_str()), (1, "PID-7.1"));
    assert_eq!((problems[0].found.as_str(), problems[0].remedy.as_str()), ("a date written as YYYY-MM-DD", remedy));
}

#[test]
fn what_the_scrub_must_see_passes() {
    for (field, ft1) in [
        ("short procedure code", "FT1|1|C1||20260501||CG|G04^^HCPCS|||1|9.00"),
        ("short modifier", "FT1|1|C1||20260501||CG|99213|||1|9.00|||||||||||||||2"),
        ("odd diagnosis", "FT1|1|C1||20260501||CG|99213|||1|9.00||||||||ZZ1.Q^^I10"),
        ("no units", "FT1|1|C1||20260501||CG|99213||||9.00"),
        ("no units, no money", "FT1|1|C1||20260501||CG|99213"),
        ("zero", "FT1|1|C1||20260501||CG|99213|||0|0.00"),
        ("a date to come", "FT1|1|C1||20990501||CG|99213|||1|9.00"),
    ] {
        let update = visit("", &message(ft1));
        assert_eq!(update.charges.len(), 1, "{field}");
        assert_eq!(update.charges[0].action, ChargeAction::New, "{field}");
    }
}

#[test]
fn a_line_break_inside_a_field_is_not_taken_for_a_short_segment() {
    let problems = rejected("", &message("FT1|1|C1||20260501||CG|99213^two\nlines^C4|||1|9.00"));
    assert!(problems.iter().any(|problem| problem.id == "hl7.torn-segment"), "{problems:?}");
}

#[test]
fn a_mapping_that_is_wrong_opens_no_session() {
    let open = |mapping: &str| Dft::open(Setup { settings: Vec::new(), mapping: mapping.to_owned() });
    let problems =
        open("[charge]\ncode = \"FT1-6\"\nunit = \"FT1-8\"\ndate = \"FT1.4\"\n[types]\nC = \"post\"\n").unwrap_err();
    let lines: Vec<&str> = problems.iter().map(|problem| problem.at.path.as_str()).collect();
    assert_eq!(lines, ["mapping line 3, [charge] unit", "mapping line 4, [charge] date", "mapping line 6, [types] C"]);
    assert_eq!(problems[0].remedy, "did you mean `[charge] units`?");
    assert!(open("").is_ok());
    // Every charge of the site would vanish without a word.
    let problems = open("[charge]\nid = \"\"\ncode = \"\"\ndate = \"\"\n").unwrap_err();
    let lines: Vec<&str> = problems.iter().map(|problem| problem.at.path.as_str()).collect();
    assert_eq!(lines, ["mapping line 3, [charge] code", "mapping line 4, [charge] date"]);
}

/// File, messages, and what each must be: `at` of the first problem, or `visits`/`ignored`.
const CORPUS: &[(&str, &str)] = &[
    ("vendor-styled/epic_upmc_dft.hl7", "FT1[1]-4"),
    ("vendor-styled/cerner_franciscan_dft.hl7", "FT1[1]-6"),
    ("vendor-styled/meditech_erlanger_dft.hl7", "FT1[1]-10"),
    ("vendor-styled/meditech_southshore_dft.hl7", "FT1[1]-4"),
    ("vendor-styled/pointclickcare_dft.hl7", "FT1[1]-4"),
    ("ms-fhir-converter/DFT-P03-01.hl7", "visits"),
    ("ms-fhir-converter/DFT-P11-01.hl7", "visits"),
    ("lfh-hl7/Hl7DFTMessageTest_01.hl7", "PV1-19.1"),
    ("lfh-hl7/Hl7FinancialInsuranceTest_01.hl7", "PV1-19.1"),
    ("lfh-hl7/Hl7FinancialInsuranceTest_03.hl7", "PV1-19.1"),
    ("lfh-hl7/Hl7FinancialInsuranceTest_04.hl7", "PV1-19.1"),
    ("lfh-hl7/Hl7FinancialInsuranceTest_06.hl7", "PV1-19.1"),
    ("lfh-hl7/Hl7FinancialInsuranceTest_07.hl7", "PV1-19.1"),
    ("lfh-hl7/Hl7FinancialInsuranceTest_08.hl7", "PV1-19.1"),
    ("ms-fhir-converter/ADT-A03-01.hl7", "visits"),
    ("ms-fhir-converter/ADT-A40-01.hl7", "ignored"),
    ("ms-fhir-converter/SIU-S12-01.hl7", "visits"),
    ("ms-fhir-converter/BAR-P01-01.hl7", "ignored"),
    ("ruby-hl7/cerner_lead.hl7", "ignored"),
];

#[test]
fn public_files_give_visits_or_located_rejections() {
    let Ok(corpus) = std::env::var("CLAIMHOST_CORPUS") else {
        eprintln!("skipped: CLAIMHOST_CORPUS names no folder of public messages");
        return;
    };
    for (name, expected) in CORPUS {
        let bytes = std::fs::read(format!("{corpus}/hl7v2/{name}")).unwrap();
        for frame in frames(&bytes).messages() {
            let found = match translate("", frame.bytes) {
                Outcome::Events(_) => "visits".to_owned(),
                Outcome::Ignored(_) => "ignored".to_owned(),
                Outcome::Rejected(problems) => problems[0].at.path.clone(),
            };
            assert_eq!(found, *expected, "{name}");
        }
    }
}

#[test]
fn the_published_p03_and_p11_read_right() {
    let Ok(corpus) = std::env::var("CLAIMHOST_CORPUS") else {
        eprintln!("skipped: CLAIMHOST_CORPUS names no folder of public messages");
        return;
    };
    let read =
        |name: &str| visit("", &std::fs::read_to_string(format!("{corpus}/hl7v2/ms-fhir-converter/{name}")).unwrap());
    let p03 = read("DFT-P03-01.hl7");
    let codes: Vec<&str> = p03.charges.iter().map(|charge| charge.line.procedure.code.as_str()).collect();
    assert_eq!(codes, ["71045", "99011"]); // FT1-25 wins over FT1-7
    let first = &p03.charges[0].line;
    assert_eq!((first.charge, first.unit_charge, first.units.thousandths), (10_000, Some(5_000), 2_000));
    assert_eq!(
        (first.procedure.modifiers.as_slice(), first.drug.as_ref().unwrap().code.as_str()),
        (["26".to_owned()].as_slice(), "00182106105")
    );
    assert_eq!(first.providers.as_ref().unwrap().rendering.as_ref().unwrap().npi.as_deref(), Some("9941339108"));
    assert_eq!(
        (first.diagnosis_pointers.as_slice(), p03.charges[1].line.diagnosis_pointers.as_slice()),
        ([1_u8, 2].as_slice(), [1_u8].as_slice())
    );
    assert_eq!(p03.header.coverages[0].relationship, Relationship::Spouse);
    assert_eq!(p03.header.coverages[0].subscriber.member_id, "548851236L");
    let p11 = read("DFT-P11-01.hl7");
    assert_eq!(p11.charges.len(), 2);
    assert_eq!((p11.charges[0].coverages.len(), p11.charges[1].coverages.len(), p11.header.coverages.len()), (1, 0, 0));
}

#[test]
fn a_charge_that_names_no_diagnosis_is_for_those_of_its_message() {
    let one = message("FT1|1|C1||20260501||CG|99213^^CPT4|||1|90.00");
    let pointers = |text: &str| visit("", text).charges[0].line.diagnosis_pointers.clone();
    assert_eq!(pointers(&one), [1]);
    let several = format!("{one}\rDG1|2||I10^^ICD10");
    assert_eq!(pointers(&several), [1, 2]);
    assert_eq!(pointers(&several.replace("90.00", "90.00||||||||I10^^ICD10")), [2], "FT1-19 says which");
}

#[test]
fn what_the_mapping_has_no_path_for_is_not_delivered() {
    let text = message("FT1|1|C1||20260501||CG|99213^^CPT4|||1|90.00");
    let of = |mapping: &str| {
        let mut elements = visit(mapping, &text).undelivered;
        elements.retain(|element| element.starts_with("line.") && element != "line.drug.amount");
        elements
    };
    let standard = ["line.emergency", "line.epsdt"];
    assert_eq!(of(""), standard);
    let without = "[charge]\nmodifiers = \"\"\nunits = \"\"\n";
    assert_eq!(of(without), [&standard[..], &["line.units", "line.procedure.modifiers"]].concat());
    let answered = format!("blank_is_none = [\"line.procedure.modifiers\"]\n{without}");
    assert_eq!(of(&answered), [&standard[..], &["line.units"]].concat());
}

#[test]
fn of_several_ids_the_medical_record_number_is_the_patients() {
    let ids = |field: &str, mapping: &str| {
        let ft1 = "FT1|1|C1||20260501||CG|99213^^C4|||1|90.00";
        let update = visit(mapping, &message(ft1).replace("M1^^^S^MR", field));
        let record = update.header.patient.ids.into_iter().next().unwrap();
        (record.value, record.authority)
    };
    let own = |value: &str, authority: &str| (value.to_owned(), authority.to_owned());
    assert_eq!(ids("900001111^^^USA^SS~M1^^^S^MR", ""), own("M1", "S"));
    assert_eq!(ids("M1^^^S^MR~M2^^^T^MR", ""), own("M1", "S"));
    assert_eq!(ids("900001111^^^USA^SS~M1^^^S", ""), own("900001111", "USA"));
    // The site's own word counts.
    let second = "[patient]\nmrn = \"PID-3[2].1\"\nauthority = \"PID-3[2].4.1\"\n";
    assert_eq!(ids("M1^^^S^MR~M2^^^T^PI", second), own("M2", "T"));
}

#[test]
fn an_inpatient_visit_has_the_days_of_its_stay() {
    let charge = "FT1|1|C1||20260509||CG|99232^^C4|||1|150.00||||||||I25.10^^I10";
    let stay = |class: &str, rest: &str| {
        let pv1 = format!("PV1|1|{class}{}{rest}", "|".repeat(42));
        message(charge).replace("PV1|1|O", &pv1)
    };
    let days = |mapping: &str, text: &str| -> Vec<(ClaimDateKind, u8)> {
        let extras = visit(mapping, text).header.extras;
        extras.into_iter().flat_map(|extras| extras.dates).map(|date| (date.kind, date.value.start.day)).collect()
    };
    let both = [(ClaimDateKind::Admission, 8), (ClaimDateKind::Discharge, 12)];
    assert_eq!(days("", &stay("I", "20260508071500|20260512")), both);
    assert_eq!(days("", &stay("I", "20260508")), both[..1]);
    // The time an outpatient came is no admission; a site may call its stays otherwise.
    assert_eq!(days("", &stay("O", "20260508071500|20260512")), []);
    assert_eq!(days("[visit]\ninpatient_classes = [\"IP\"]\n", &stay("IP", "20260508")), both[..1]);
    let problems = rejected("", &stay("I", "soon"));
    assert_eq!((problems[0].at.path.as_str(), problems.len()), ("PV1-44.1", 1), "{problems:?}");
}

#[test]
fn minutes_come_from_where_the_site_says() {
    let anesthesia =
        message("FT1|1|C1||20260509||CG|00840^^C4|||1|900.00||||||||I25.10^^I10").replace("\rDG1", "\rZFT|45\rDG1");
    let units = |mapping: &str| visit(mapping, &anesthesia).charges[0].line.units;
    assert_eq!((units("").unit, units("").thousandths), (Unit::Units, 1_000));
    let timed = units("[charge]\nminutes = \"ZFT-1\"\n");
    assert_eq!((timed.unit, timed.thousandths), (Unit::Minutes, 45_000));
}
