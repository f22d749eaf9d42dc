//! The clearinghouse's answers, through the real binary: every way to be refused says where and what to do, in the shape that
//! adapters use, and without a value of the file; and every kind of payment ends in the accounts to the cent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use claimhost_tests::site::{CLEARING, Charge, Site};
use claimhost_tests::x12::{ack, check, clp, interchange, isa};
use serde_json::{Value, json};

const DAY: &str = "2026-05-20";
const PROFILE: &str = "practices/my-practice/profile.toml";
/// Stands where a file holds somebody's data.
const CANARY: &str = "ZEBRA77";

const OURS: &str = "1234567893";
const NOBODY: &str = "1000000012";

/// One that is refused: file name, bytes, reason of the document, id and place of its problem.
type Refused = (&'static str, String, &'static str, &'static str, &'static str);

fn refused() -> Vec<Refused> {
    let zebra = |status: &str| clp(CANARY, status, "90", "70", &["CO*45*20"]);
    let good = check(20, "I*70*C", CANARY, NOBODY, &[zebra("1")], "");
    let ta1 = |code: &str| format!("{}TA1*000000777*260518*1200*{code}*000~IEA*0*000000001~", isa(1));
    let ack = |code: &str| {
        let ak9 = format!("AK9*{code}*1*1*1");
        interchange(2, "FA", "005010X231A1", &["ST*999*0001*005010X231A1", "AK1*HC*777*005010X222A1", &ak9])
    };
    let status = |version: &'static str| {
        let st = format!("ST*277*0001*{version}");
        let body = [
            st.as_str(),
            "BHT*0085*08*1*20260518*1200*TH",
            "HL*1**20*1",
            "NM1*PR*2*EXAMPLE*****PI*00000",
            "TRN*1*1",
            "DTP*050*D8*20260518",
            "DTP*009*D8*20260518",
            "HL*2*1*21*1",
            "NM1*41*2*MY PRACTICE*****46*SUBMITTERID",
            "TRN*2*000000777",
            "STC*A1:19:PR*20260518*WQ*90",
            "HL*3*2*19*1",
            "NM1*85*2*MY PRACTICE*****XX*1234567893",
            "HL*4*3*PT",
            "NM1*QC*1*ZEBRA77*ORLA****MI*ZEBRA77",
            "TRN*2*ZEBRA77",
            "STC*A2:20:PR*20260518*WQ*90",
        ];
        interchange(3, "HN", version, &body)
    };
    let claim = interchange(
        4,
        "HC",
        "005010X222A1",
        &["ST*837*0001*005010X222A1", "BHT*0019*00*1*20260518*1200*CH", "NM1*41*2*ZEBRA77*****46*1"],
    );
    let (envelope, transaction, nobody, kind) = ("x12.envelope", "x12.transaction", "clearing.unowned", "x12.kind");
    let bad = |from: &str, to: &str| good.replacen(from, to, 1);
    vec![
        ("ta1.unowned", ta1("A"), nobody, nobody, "TA101 (segment 2)"),
        ("ta1.code", ta1("ZEBRA77"), transaction, "x12.bad-element", "TA104 (segment 2)"),
        ("999.unowned", ack("A"), nobody, nobody, "AK102 (segment 4)"),
        ("999.code", ack("ZEBRA77"), transaction, "x12.bad-element", "AK901 (segment 5)"),
        ("277.unowned", status("005010X214"), nobody, nobody, "TRN02 (segment 7)"),
        ("277.other", status("005010X212"), transaction, "x12.wrong-transaction", "ST03 (segment 3)"),
        ("835.unowned", good.clone(), nobody, nobody, "N104 (segment 11)"),
        ("835.amount", bad("*90*70**12", "*90*7O.00**12"), transaction, "x12.bad-element", "CLP04 (segment 13)"),
        ("835.no-amount", bad("*90*70**12", "*90***12"), transaction, "x12.missing-element", "CLP04 (segment 13)"),
        ("835.day", bad("*2*20260518", "*2*19ZEBRA77"), transaction, "x12.bad-element", "BPR16 (segment 4)"),
        ("835.debit", bad("I*70*C", "I*70*ZEBRA77"), transaction, "x12.bad-element", "BPR03 (segment 4)"),
        ("835.group", bad("CAS*CO", "CAS*ZEBRA77"), transaction, "x12.bad-element", "CAS01 (segment 17)"),
        (
            "835.plb",
            check(20, "I*70*C", "X", NOBODY, &[zebra("1")], "WO:1*ZEBRA77"),
            transaction,
            "x12.bad-element",
            "PLB04 (segment 18)",
        ),
        ("835.se", bad("SE*16", "SE*7777"), envelope, "x12.count-mismatch", "SE01 (segment 18)"),
        ("835.ge", bad("GE*1*20", "GE*1*7777"), envelope, "x12.control-number-mismatch", "GE02 (segment 19)"),
        ("835.ge-count", bad("GE*1*", "GE*7777*"), envelope, "x12.count-mismatch", "GE01 (segment 19)"),
        (
            "835.iea",
            bad("IEA*1*000000020", "IEA*1*000007777"),
            envelope,
            "x12.control-number-mismatch",
            "IEA02 (segment 20)",
        ),
        ("835.cut", good[..good.find("SVC").unwrap()].to_owned(), envelope, "x12.truncated", "NM1 (segment 14)"),
        ("835.cut-last", good.clone() + &good[..300], envelope, "x12.truncated", "N1 (segment 7)"),
        (
            "835.no-gs",
            good[..106].to_owned() + &good[good.find("ST*").unwrap()..],
            envelope,
            "x12.out-of-place",
            "ST (segment 2)",
        ),
        ("837", claim.clone(), kind, kind, "ST01 (segment 3)"),
        ("nothing", format!("{}IEA*0*000000001~", isa(1)), kind, kind, "ISA (segment 1)"),
        ("text", format!("Dear {CANARY}, your claim"), envelope, "x12.no-isa", "file"),
        ("empty", String::new(), envelope, "x12.no-isa", "file"),
    ]
}

#[test]
fn whatever_is_refused_says_where_what_and_what_to_do() {
    let site = Site::new();
    let table = refused();
    for (name, text, ..) in &table {
        site.answer(name, text.as_bytes());
    }
    let summary = site.run(DAY);
    let documents = &summary["documents"];
    assert_eq!((&documents["received"], &documents["rejected"]), (&json!(table.len()), &json!(table.len())));
    let found = site.documents(CLEARING);
    let mut wrong = Vec::new();
    for (name, text, reason, id, at) in &table {
        let document = found.iter().find(|document| document["file_name"] == *name).expect(name);
        let problems = document["detail"]["problems"].as_array().cloned().unwrap_or_default();
        let complete = |problem: &Value| {
            let said = |key: &str| problem[key].as_str().is_some_and(|text| !text.is_empty());
            said("id") && said("found") && said("expected") && said("remedy") && problem["at"]["offset"].is_u64()
        };
        let named = problems.iter().find(|problem| problem["id"] == *id && problem["at"]["path"] == *at);
        if document["reason"] != *reason || named.is_none() || !problems.iter().all(complete) {
            wrong.push(format!("{name}: expected {reason}, {id} at {at}: {} {problems:#?}", document["reason"]));
            continue;
        }
        let offset = usize::try_from(named.unwrap()["at"]["offset"].as_u64().unwrap()).unwrap();
        let segment = at.get(..2).filter(|_| *at != "file").unwrap_or_default();
        assert!(text[offset..].starts_with(segment), "{name}: byte {offset} is not at {at}");
        let shown = site.command(&["document", "show", document["id"].as_str().unwrap()]);
        let words = format!("{}{}", document["detail"], String::from_utf8_lossy(&shown.stdout));
        for value in [CANARY, "7777", "000000777", "7O.00", "VANCE"] {
            assert!(!words.contains(value), "{name}: `{value}` of the file in {words}");
        }
        assert!(words.contains(at) && words.contains("remedy"), "{name}: {words}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let work = site.json(&["work", "list", "--kind", "document.rejected"]);
    assert_eq!(work.as_array().unwrap().len(), table.len(), "each is somebody's work");
}

#[test]
fn a_remittance_of_nobody_tells_its_money() {
    let site = Site::new();
    let claims =
        [clp(CANARY, "1", "90", "70", &["CO*45*19"]), clp("ANOTHER", "1", "100", "60", &["CO*45*30", "PR*2*10"])];
    site.answer("1.835", check(1, "I*120*C", "EXAMPLE", NOBODY, &claims, "WO:1*5").as_bytes());
    site.run(DAY);
    let document = &site.documents(CLEARING)[0];
    assert_eq!(
        document["detail"]["balance"],
        json!({
            "claims": 2, "service_lines": 2, "charged_cents": 19_000, "paid_cents": 13_000, "adjusted_cents": 5_900,
            "provider_adjustments_cents": 500, "payment_cents": 12_000, "lines_off": 1, "lines_difference_cents": 100,
            "claims_off": 1, "claims_difference_cents": 100, "remittance_difference_cents": 500,
        })
    );
    let words = document["detail"]["reason"].as_str().unwrap();
    assert!(words.contains("lines off by 100, claims off by 100, remittance off by 500"), "{words}");
    let work = site.json(&["work", "list"]);
    assert_eq!((&work[0]["kind"], &work[0]["amount_cents"]), (&json!("document.rejected"), &json!(12_000)), "{work}");
}

#[test] // one file with an 835 that is ours and an 837 that has no place here: neither hides the other
fn every_transaction_of_a_file_has_an_end() {
    let site = Site::new();
    let paid = check(1, "I*70*C", "EXAMPLE", OURS, &[clp("UNKNOWN", "1", "90", "70", &["CO*45*20"])], "");
    let claim = interchange(2, "HC", "005010X222A1", &["ST*837*0001*005010X222A1", "BHT*0019*00*1*20260518*1200*CH"]);
    site.answer("both.txt", format!("{paid}{claim}").as_bytes());
    let summary = site.run(DAY);
    let documents = &summary["documents"];
    assert_eq!((&documents["translated"], &documents["rejected"]), (&json!(1), &json!(1)), "{summary}");
    let again = site.run(DAY);
    assert_eq!(again["documents"], summary["documents"]);
}

/// A site with this many claims of 90.00 that have left, and their CLM01.
fn sent(count: u32) -> (Site, Vec<String>) {
    let site = Site::new();
    let profile = std::fs::read_to_string(site.dir().join(PROFILE)).unwrap();
    let other = "\n[[payer]]\nid = \"00002\"\nname = \"OTHER HEALTH\"\n";
    std::fs::write(site.dir().join(PROFILE), profile + other).unwrap();
    for number in 1..=count {
        let charge = Charge {
            name: format!("VANCE^ORLA{}", "ABCDEFGHIJKLMNOPQRS".get(..number as usize).unwrap()),
            ..Charge::new(number)
        };
        site.hl7(&format!("{number}.hl7"), charge.message().as_bytes());
    }
    let summary = site.run(DAY);
    assert_eq!(summary["claims"]["submitted"], count, "{summary}");
    let visits = site.json(&["visit", "list"]);
    let number = |visit: &Value| visit["visit"].as_str().unwrap()[1..].parse::<u32>().unwrap();
    let mut listed: Vec<Value> = visits.as_array().unwrap().clone();
    listed.sort_by_key(number);
    let control = |visit: &Value| visit["claims"][0]["control_numbers"][0].as_str().unwrap().to_owned();
    (site, listed.iter().map(control).collect())
}

/// The seven amounts and the state of the one claim of a visit.
fn visit(site: &Site, number: usize) -> (String, Value) {
    let visits = site.json(&["visit", "list"]);
    let visit = visits.as_array().unwrap().iter().find(|visit| visit["visit"] == format!("V{number}")).unwrap().clone();
    let state = visit["claims"][0]["state"].as_str().unwrap().to_owned();
    let cents = ["billed", "paid", "contractual", "patient", "denied", "held", "open"];
    (state, cents.into_iter().map(|key| (key.to_owned(), visit[key].clone())).collect())
}

fn amounts(paid: i64, contractual: i64, patient: i64, denied: i64) -> Value {
    let open = 9_000 - paid - contractual - patient - denied;
    json!({ "billed": 9_000, "paid": paid, "contractual": contractual, "patient": patient, "denied": denied, "held": 0, "open": open })
}

#[test]
fn every_kind_of_payment_ends_in_the_accounts_to_the_cent() {
    let (site, ids) = sent(11);
    let paid = |at: usize, status: &str| clp(&ids[at], status, "90", "70", &["CO*45*20"]);
    let back = |at: usize| clp(&ids[at], "22", "-90", "-70", &["CO*45*-20"]);
    let whole = |at: usize| format!("CLP*{}*1*90*70**12*ICN1~CAS*CO*45*20~NM1*QC*1*VANCE*ORLA****MI*ID1", ids[at]);
    let denied = clp(&ids[5], "4", "90", "0", &["CO*50*90"]);
    let off = clp(&ids[7], "1", "90", "70", &["CO*45*19.99"]);
    let other_charge = clp(&ids[8], "1", "95", "75", &["CO*45*20"]);
    let both = clp(&ids[10], "1", "90", "30", &["CO*50*40", "PR*1*20"]);
    // BPR, claims, PLB, then the accounts of the check: cash is what the bank will see, always.
    let checks: Vec<(&str, Vec<String>, &str, Value)> = vec![
        ("I*70*C", vec![paid(0, "19")], "", json!({ "cash": 7_000 })),
        ("I*70*C", vec![paid(1, "20")], "", json!({ "cash": 7_000 })),
        ("I*70*C", vec![paid(2, "21")], "", json!({ "cash": 7_000 })),
        ("I*70*C", vec![whole(3)], "", json!({ "cash": 7_000 })),
        ("I*70*C", vec![paid(4, "1")], "", json!({ "cash": 7_000 })),
        ("I*70*D", vec![back(4)], "", json!({ "cash": -7_000 })),
        ("H*0*C", vec![denied], "", json!({})),
        ("I*40*C", vec![paid(6, "1")], "WO:1*30", json!({ "cash": 4_000, "takeback": 3_000 })),
        // Nothing is due: the payer carries what it is owed forward (FB), and takes it from the next check.
        (
            "H*0*C",
            vec![clp("GONE", "22", "-90", "-70", &["CO*45*-20"])],
            "FB:1*-70",
            json!({ "takeback": -7_000, "unapplied": 7_000 }),
        ),
        (
            "I*151.5*C",
            vec![off, other_charge],
            "L6:1*-1.5*72:2*-5",
            json!({ "cash": 15_150, "interest": -150, "takeback": -500, "unapplied": -14_500 }),
        ),
        ("I*71*C", vec![paid(9, "1")], "", json!({ "cash": 7_100, "unapplied": -100 })),
        (
            "I*70*C",
            vec![clp("NOBODYS", "1", "90", "70", &["CO*45*20"])],
            "",
            json!({ "cash": 7_000, "unapplied": -7_000 }),
        ),
        ("I*30*C", vec![both], "", json!({ "cash": 3_000 })),
        ("I*50*C", vec![], "FB:1*-50", json!({ "cash": 5_000, "takeback": -5_000 })),
    ];
    for (at, (bpr, claims, plb, _)) in checks.iter().enumerate() {
        let number = u32::try_from(at + 1).unwrap();
        site.answer(&format!("{number}.835"), check(number, bpr, "EXAMPLE", OURS, claims, plb).as_bytes());
        // One at a time: ids of remittances then are those of the table.
        assert_eq!(site.run(DAY)["documents"]["rejected"], 0, "{bpr} {claims:?}");
    }
    for (at, (bpr, _, _, accounts)) in checks.iter().enumerate() {
        let shown = site.json(&["remittance", "show", &(at + 1).to_string()]);
        let mut found = shown["accounts"].clone();
        let sum: i64 = found.as_object().unwrap().values().map(|cents| cents.as_i64().unwrap()).sum();
        assert_eq!(sum, 0, "{bpr}: a transaction sums to zero: {found}");
        for of_claims in ["payer-receivable", "patient-receivable", "contractual", "denied"] {
            found.as_object_mut().unwrap().remove(of_claims);
        }
        assert_eq!(found, *accounts, "check {} {bpr}", at + 1);
    }
    let posted = amounts(7_000, 2_000, 0, 0);
    let open = amounts(0, 0, 0, 0);
    let expected = [
        ("posted", posted.clone()),
        ("posted", posted.clone()),
        ("posted", posted.clone()),
        ("posted", posted.clone()),
        ("accepted", open.clone()),
        ("denied", amounts(0, 0, 0, 9_000)),
        ("posted", posted.clone()),
        ("paid", open.clone()),
        ("paid", open),
        ("posted", posted),
        ("posted", amounts(3_000, 0, 2_000, 4_000)),
    ];
    for (at, (state, cents)) in expected.iter().enumerate() {
        assert_eq!(visit(&site, at + 1), ((*state).to_owned(), cents.clone()), "V{}", at + 1);
    }
    let work = site.json(&["work", "list"]);
    let mut kinds: Vec<(String, i64)> = work
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["kind"].as_str().unwrap().to_owned(), item["amount_cents"].as_i64().unwrap()))
        .collect();
    kinds.sort();
    let expected = [
        ("claim.denied", 4_000),
        ("claim.denied", 9_000),
        ("claim.unapplied", 9_000),
        ("claim.unapplied", 9_000),
        ("remittance.unapplied", -7_000),
        ("remittance.unapplied", 7_000),
        ("remittance.unapplied", 14_500),
        ("remittance.unbalanced", -100),
    ];
    assert_eq!(kinds, expected.map(|(kind, cents)| (kind.to_owned(), cents)), "{work}");
    let unapplied = work.as_array().unwrap().iter().filter(|item| item["kind"] == "claim.unapplied");
    for words in unapplied.map(|item| item["words"].as_str().unwrap()) {
        assert!(words.starts_with("remittance my-practice/") && words.contains(" paid, off by $"), "{words}");
    }
    assert_eq!(site.json(&["remittance", "list"])[5]["amount_cents"], -7_000, "the payer debits us");
}

#[test] // a clearinghouse that gets a file twice refuses the second one (TA1 note 025): the claims are in, once
fn a_refused_copy_is_not_sent_again_and_a_refused_group_is_refused_whole() {
    let ta1 = |number: u32, says: &str| {
        format!("{}TA1*000000001*260518*1200*{says}~IEA*0*{number:09}~", isa(number)).into_bytes()
    };
    let (site, _) = sent(2);
    site.answer("1.ta1", &ta1(1, "A*000"));
    site.answer("2.999", ack(2, 1, "A", "A").as_bytes());
    site.run(DAY);
    site.answer("3.ta1", &ta1(3, "R*025"));
    assert_eq!(site.run(DAY)["claims"]["submitted"], 2);
    assert_eq!(site.outbox().len(), 1, "billed once");

    let (site, _) = sent(2);
    site.answer("1.999", ack(1, 1, "R", "A").as_bytes());
    assert_eq!(site.run(DAY)["claims"]["submitted"], 2);
    assert_eq!(site.outbox().len(), 2, "refused, and sent under another number");
}

/// What the first payer says of a claim, what the second one says, and where that must end.
type Pair = (String, String, Value);

fn pairs(ids: &[String]) -> Vec<Pair> {
    let first =
        |at: usize, paid: &str, cas: &[&str]| clp(&ids[at], if paid == "0" { "4" } else { "1" }, "90", paid, cas);
    let second = |at: usize, paid: &str, cas: &[&str]| clp(&ids[at], "2", "90", paid, cas);
    vec![
        // Denied as a whole; the second pays 60 and leaves 10 to the patient.
        (first(0, "0", &["CO*50*90"]), second(0, "60", &["CO*45*20", "PR*2*10"]), amounts(6_000, 2_000, 1_000, 0)),
        // A share of 20 and a denial of 30: the second takes both over, and denies 5.
        (
            first(1, "40", &["PR*2*20", "CO*50*30"]),
            second(1, "45", &["OA*23*40", "PR*96*5"]),
            amounts(8_500, 0, 0, 500),
        ),
        // Only the share is decided on: the denial stays work.
        (first(2, "40", &["PR*2*20", "CO*50*30"]), second(2, "20", &["OA*23*70"]), amounts(6_000, 0, 0, 3_000)),
        // The denial of the claim as a whole carries no line.
        (
            format!("CLP*{}*4*90*0**12*ICN1~CAS*CO*29*90~NM1*QC*1*VANCE*ORLA****MI*ID1", ids[3]),
            second(3, "90", &[]),
            amounts(9_000, 0, 0, 0),
        ),
    ]
}

/// The answers to every claim; with `turned`, the second payer's before the first's.
fn answer_all(site: &Site, pairs: &[Pair], turned: bool) -> Value {
    let mut end = Value::Null;
    for (at, (of_first, of_second, _)) in pairs.iter().enumerate() {
        let mut answers = [(1, of_first, "EXAMPLE"), (2, of_second, "OTHER HEALTH")];
        if turned {
            answers.reverse();
        }
        for (nth, (payer, claim, name)) in answers.into_iter().enumerate() {
            let paid = claim.split('*').nth(4).unwrap();
            let bpr = if paid == "0" { "H*0*C".to_owned() } else { format!("I*{paid}*C") };
            let number = u32::try_from(at).unwrap() * 2 + payer;
            let text = check(number, &bpr, name, OURS, std::slice::from_ref(claim), "");
            site.answer(&format!("{number}.835"), text.as_bytes());
            // Where the later payer has decided first, the first one still owes what it has not decided on.
            end = if nth == 0 { site.json(&["--as-of", DAY, "run", "--once"]) } else { site.run(DAY) };
        }
    }
    end
}

#[test] // the second payer pays what the first denied or left: it leaves the account where it stood, in either order
fn a_later_payer_takes_over_what_stands_whoever_answers_first() {
    let ends = [false, true].map(|turned| {
        let (site, ids) = sent(4);
        let pairs = pairs(&ids);
        let end = answer_all(&site, &pairs, turned);
        for (at, (_, _, expected)) in pairs.iter().enumerate() {
            let (state, cents) = visit(&site, at + 1);
            assert_eq!((state.as_str(), &cents), ("posted", expected), "V{}, turned: {turned}", at + 1);
        }
        let work = site.json(&["work", "list", "--kind", "claim.denied"]);
        let stands: Vec<&Value> = work.as_array().unwrap().iter().map(|item| &item["amount_cents"]).collect();
        assert_eq!(stands, [&json!(3_000), &json!(500)], "what stands denied is work: {work}");
        // The first payer takes its denial back: what the second decided on was taken from the payers.
        let back = clp(&ids[0], "22", "-90", "0", &["CO*50*-90"]);
        site.answer("90.835", check(90, "H*0*C", "EXAMPLE", OURS, &[back], "").as_bytes());
        site.run(DAY);
        assert_eq!(visit(&site, 1).1, amounts(6_000, 2_000, 1_000, 0), "turned: {turned}");
        end
    });
    assert_eq!(ends[0]["cents"]["open"], 0, "{}", ends[0]);
    for key in ["claims", "cents", "ledger_digest"] {
        assert_eq!(ends[0][key], ends[1][key], "{key}");
    }
}

#[test] // CLP02 = 25: the payer says what it would pay, and owes it still
fn a_claim_with_a_price_and_no_payment_stays_open_until_it_is_paid() {
    let (site, claims) = sent(2);
    let price = |at: usize| clp(&claims[at], "25", "90", "0", &["CO*45*20", "PI*94*70"]);
    site.answer("1.835", check(1, "H*0*C", "EXAMPLE", OURS, &[price(0), price(1)], "").as_bytes());
    site.run(DAY);
    let open = amounts(0, 0, 0, 0);
    for at in [1, 2] {
        assert_eq!(visit(&site, at), ("accepted".to_owned(), open.clone()));
    }
    site.assert_accounted(DAY);
    assert_eq!(site.json(&["work", "list"]), json!([]));
    // Nobody has decided: past its alarm somebody asks.
    site.run("2026-09-20");
    let late = site.json(&["--as-of", "2026-09-20", "work", "list", "--kind", "claim.unanswered"]);
    assert_eq!(late.as_array().unwrap().len(), 2, "{late}");
    site.assert_accounted("2026-09-20");
    // One is paid, of the other a price comes again after it was denied.
    let paid = clp(&claims[0], "1", "90", "70", &["CO*45*20"]);
    let denied = clp(&claims[1], "4", "90", "0", &["CO*50*90"]);
    site.answer("2.835", check(2, "I*70*C", "EXAMPLE", OURS, &[paid, denied], "").as_bytes());
    site.answer("3.835", check(3, "H*0*C", "EXAMPLE", OURS, &[price(1)], "").as_bytes());
    site.run("2026-09-20");
    assert_eq!(visit(&site, 1), ("posted".to_owned(), amounts(7_000, 2_000, 0, 0)));
    assert_eq!(visit(&site, 2), ("denied".to_owned(), amounts(0, 0, 0, 9_000)));
    site.assert_accounted("2026-09-20");
}
