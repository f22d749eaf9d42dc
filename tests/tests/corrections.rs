//! Corrections of claims and charges that this host was never told of: another system may have billed them. They are held, a
//! void is work, and the payer's number of what is corrected is not lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use claimhost_tests::site::{Charge, Site};
use claimhost_tests::x12::ack;
use claimhost_tests::x12::{check, claims_of, clp};
use serde_json::Value;

const DAY: &str = "2026-05-20";

/// The 837 of one claim, as a practice system exports it.
fn exported(frequency: u8, number: &str, charge: &str) -> String {
    let reference = if number.is_empty() { String::new() } else { format!("REF*F8*{number}~") };
    let segments = 26 + u32::from(!number.is_empty());
    format!(
        "ISA*00*          *00*          *ZZ*LINDENPM       *ZZ*EXAMPLECH      *260505*120{frequency}*^*00501*00000000{frequency}*0*T*:~\
GS*HC*LINDENPM*EXAMPLECH*20260505*120{frequency}*{frequency}*X*005010X222A1~ST*837*0001*005010X222A1~\
BHT*0019*00*{frequency}*20260505*120{frequency}*CH~\
NM1*41*2*LINDEN PEDIATRIC GROUP*****46*LPG01~PER*IC*BILLING OFFICE*TE*6145550100~NM1*40*2*EXAMPLE CLEARINGHOUSE*****46*EXCH1~\
HL*1**20*1~PRV*BI*PXC*207Q00000X~NM1*85*2*LINDEN PEDIATRIC GROUP*****XX*1234567893~N3*1 EXAMPLE STREET~\
N4*ANYTOWN*OH*430010000~REF*EI*123456789~HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*VANCE*ORLA****MI*ID900~\
N3*12 ELM STREET~N4*ANYTOWN*OH*43001~DMG*D8*19800101*F~NM1*PR*2*EXAMPLE*****PI*00000~\
CLM*X900*{charge}***11:B:{frequency}*Y*A*Y*Y~{reference}\
HI*ABK:J069~NM1*82*1*CHANGEME*PAT****XX*1000000004~PRV*PE*PXC*207Q00000X~LX*1~SV1*HC:99213*{charge}*UN*1***1~\
DTP*472*D8*20260501~SE*{segments}*0001~GE*1*{frequency}~IEA*1*00000000{frequency}~"
    )
}

fn claims(site: &Site) -> Vec<Value> {
    let listed = site.json(&["claim", "list"]);
    listed.as_array().unwrap().iter().map(|row| site.json(&["claim", "show", row["id"].as_str().unwrap()])).collect()
}

fn work(site: &Site) -> Vec<String> {
    let listed = site.json(&["work", "list"]);
    listed.as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect()
}

fn sent(site: &Site) -> String {
    site.outbox().into_iter().map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect()
}

fn holds(claim: &Value) -> Vec<&str> {
    let findings = claim["findings"].as_array().unwrap().iter();
    findings.filter(|finding| finding["severity"] == "hold").map(|finding| finding["rule"].as_str().unwrap()).collect()
}

#[test]
fn a_replacement_of_what_was_never_billed_here_is_held_and_leaves_as_the_payer_s_replacement() {
    let site = Site::new();
    site.x12("a.x12", exported(7, "ICN77", "90").as_bytes());
    let summary = site.run(DAY);
    assert_eq!(summary["claims"]["held"], 1, "{summary}");
    let claims = claims(&site);
    assert_eq!(holds(&claims[0]), ["visit.unmatched-replacement"], "{claims:#?}");
    let id = claims[0]["id"].as_str().unwrap();
    let rule = "visit.unmatched-replacement";
    site.json(&["--as-of", DAY, "claim", "accept", id, rule, "--reason", "billed by the old system", "--by", "test"]);
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["cents"]["billed"]), (&1.into(), &9_000.into()), "{summary}");
    let sent = sent(&site);
    assert!(sent.contains("*90***11:B:7*") && sent.contains("REF*F8*ICN77~"), "{sent}");
    // The visit is looked at again and says the same: what was accepted is no news.
    let again = exported(7, "ICN77", "90").replace("*1207*", "*1208*").replace("000000007", "000000008");
    site.x12("b.x12", again.replace("12 ELM STREET", "14 ELM STREET").as_bytes());
    site.run(DAY);
    assert_eq!(work(&site), Vec::<String>::new());
    site.assert_accounted(DAY);
}

#[test]
fn a_void_of_what_was_never_billed_here_is_work_and_no_missing_charge() {
    let site = Site::new();
    site.x12("a.x12", exported(8, "ICN77", "90").as_bytes());
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["total"], &summary["documents"]["translated"]), (&0.into(), &1.into()), "{summary}");
    assert_eq!(work(&site), ["visit.unmatched-reversal"]);
    assert_eq!(sent(&site), "");
    site.assert_accounted(DAY);
    // The original comes after all: nothing is left to bill, and nothing to do.
    site.x12("b.x12", exported(1, "", "90").as_bytes());
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], sent(&site).as_str()), (&0.into(), ""), "{summary}");
    site.assert_accounted(DAY);
}

#[test]
fn a_replacement_of_what_is_known_here_is_none_of_it() {
    let site = Site::new();
    site.x12("a.x12", exported(1, "", "80").as_bytes());
    site.x12("b.x12", exported(7, "", "90").as_bytes());
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["cents"]["billed"]), (&1.into(), &9_000.into()), "{summary}");
    assert!(sent(&site).contains("*90***11:B:1*"), "never billed before: {}", sent(&site));
}

#[test]
fn an_adjustment_of_a_charge_that_never_came_is_held() {
    let site = Site::new();
    site.hl7("a.hl7", Charge::new(1).message().replace("|CG|", "|AJ|").as_bytes());
    site.hl7("b.hl7", Charge::of_nobody_else(2).message().as_bytes());
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["held"], &summary["claims"]["submitted"]), (&1.into(), &1.into()), "{summary}");
    let held: Vec<Value> = claims(&site).into_iter().filter(|claim| claim["state"] == "held").collect();
    assert_eq!(holds(&held[0]), ["visit.unmatched-replacement"]);
    // The charge that it adjusts arrives late: nothing is unknown any more.
    let late = Charge::new(1).message().replace("20260501120000", "20260501110000").replace("90.00", "70.00");
    site.hl7("c.hl7", late.as_bytes());
    let summary = site.run(DAY);
    assert_eq!(
        (&summary["claims"]["submitted"], &summary["cents"]["billed"]),
        (&2.into(), &18_000.into()),
        "{summary}"
    );
}

#[test]
fn what_another_system_billed_stays_what_is_replaced_when_the_payer_refuses_the_first_try() {
    let site = Site::new();
    site.x12("a.x12", exported(7, "ICN77", "90").as_bytes());
    site.run(DAY);
    let id = claims(&site)[0]["id"].as_str().unwrap().to_owned();
    let rule = "visit.unmatched-replacement";
    site.json(&["--as-of", DAY, "claim", "accept", &id, rule, "--reason", "billed by the old system", "--by", "test"]);
    site.run(DAY);
    site.answer("1.999", ack(1, 1, "R", "R").as_bytes());
    let again = exported(7, "ICN77", "80").replace("*1207*", "*1208*").replace("000000007", "000000008");
    site.x12("b.x12", again.as_bytes());
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["cents"]["billed"]), (&1.into(), &8_000.into()), "{summary}");
    let (_, last) = site.outbox().pop().unwrap();
    let sent = String::from_utf8(last).unwrap();
    assert!(sent.contains("*80***11:B:7*") && sent.contains("REF*F8*ICN77~"), "{sent}");
}

#[test]
fn a_number_of_another_claim_in_an_original_is_asked_about() {
    let site = Site::new();
    site.x12("a.x12", exported(1, "ICN77", "90").as_bytes());
    let summary = site.run(DAY);
    assert_eq!(summary["claims"]["held"], 1, "{summary}");
    let claims = claims(&site);
    assert_eq!(holds(&claims[0]), ["visit.replaced-claim-unsaid"]);
    let id = claims[0]["id"].as_str().unwrap();
    let rule = "visit.replaced-claim-unsaid";
    site.json(&["--as-of", DAY, "claim", "accept", id, rule, "--reason", "an original", "--by", "test"]);
    site.run(DAY);
    assert!(sent(&site).contains("*90***11:B:1*") && !sent(&site).contains("REF*F8*"), "{}", sent(&site));
}

#[test]
fn the_void_of_another_system_s_claim_is_work_though_a_replacement_of_it_was_seen() {
    for accepted in [false, true] {
        let site = Site::new();
        site.x12("a.x12", exported(7, "ICN77", "90").as_bytes());
        site.run(DAY);
        if accepted {
            let id = claims(&site)[0]["id"].as_str().unwrap().to_owned();
            let rule = "visit.unmatched-replacement";
            site.json(&["--as-of", DAY, "claim", "accept", &id, rule, "--reason", "the old system's", "--by", "test"]);
            site.run(DAY);
            site.answer("1.999", ack(1, 1, "R", "R").as_bytes());
        }
        site.x12("b.x12", exported(8, "ICN77", "90").as_bytes());
        site.run(DAY);
        assert_eq!(work(&site), ["visit.unmatched-reversal"], "accepted: {accepted}");
    }
}

#[test]
fn what_a_billed_visit_cannot_carry_is_work() {
    let site = Site::new();
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    // A reversal of a charge that this visit never had: what was billed stays, and somebody is told.
    let reversal = Charge::new(1).message().replace("|CG|", "|DT|").replace("|C1|", "|C99|");
    site.hl7("b.hl7", reversal.replace("20260501120000", "20260502120000").as_bytes());
    let summary = site.run(DAY);
    assert_eq!(
        (&summary["claims"]["submitted"], work(&site)),
        (&1.into(), vec!["visit.problem".to_owned()]),
        "{summary}"
    );
    site.assert_accounted(DAY);
    // It is settled by hand, and that is a word about this problem and these charges only.
    let settle = |more: &[&str]| site.command(&[&["--as-of", DAY, "visit", "settle", "V1"][..], more].concat());
    assert!(settle(&["--reason", "keyed in error there", "--by", "test"]).status.success());
    site.run(DAY);
    assert_eq!(work(&site), Vec::<String>::new());
    site.assert_accounted(DAY);
    let nothing = settle(&["--reason", "again"]);
    assert_eq!(nothing.status.code(), Some(4), "nothing is open: {nothing:?}");
    assert!(settle(&["--take-back"]).status.success());
    site.run(DAY);
    assert_eq!(work(&site), ["visit.problem"]);
    assert!(settle(&["--reason", "keyed in error there"]).status.success());
    let other = Charge::new(1).message().replace("|CG|", "|DT|").replace("|C1|", "|C98|").replace("|MSG1|", "|MSG3|");
    site.hl7("c.hl7", other.replace("20260501120000", "20260503120000").as_bytes());
    site.run(DAY);
    assert_eq!(work(&site), ["visit.problem"], "another charge is taken back");
}

#[test]
fn a_charge_of_a_visit_that_was_cancelled_before_it_is_work() {
    let site = Site::new();
    let message = Charge::new(1).message();
    let cancelled: String = message.split_inclusive('\r').filter(|segment| !segment.starts_with("FT1")).collect();
    let cancelled = cancelled.replace("DFT^P03", "ADT^A11").replace("EVN|P03", "EVN|A11");
    site.hl7("a.hl7", cancelled.replace("20260501120000", "20260501100000").as_bytes());
    site.hl7("b.hl7", message.as_bytes());
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["total"], work(&site)), (&0.into(), vec!["visit.problem".to_owned()]), "{summary}");
    site.assert_accounted(DAY);
}

#[test] // K1 is paid with two charges; then one of them is another provider's, and the other cannot leave: the payer has both still
fn a_charge_that_moves_to_another_claim_waits_until_the_payer_may_give_it_up() {
    let site = Site::new();
    let (before, roster) = (
        "[[location]]",
        "[[provider]]\nids = [\"DR02\"]\nnpi = \"1000000012\"\nlast = \"CHANGEMETOO\"\nfirst = \"PAT\"\ntaxonomy = \"207Q00000X\"\n\n[[location]]",
    );
    let profile = site.text("practices/my-practice/profile.toml").replacen(before, roster, 1);
    site.write("practices/my-practice/profile.toml", profile.as_bytes());
    let told = |at: u32, diagnosis: &str, rendering: &str| {
        let message = Charge::new(1).message();
        let first = message.split_inclusive('\r').find(|segment| segment.starts_with("FT1")).unwrap();
        let second = first.replace("|C1|", "|C2|").replace("99213", "93000").replace("DR01", rendering);
        let first_now = first.replace("J06.9", diagnosis);
        let message = message.replace(first, &format!("{first_now}{}", second.replace("FT1|1|", "FT1|2|")));
        let message = message.replace("|MSG1|", &format!("|MSG{at}|"));
        site.hl7(&format!("{at}.hl7"), message.replace("20260501120000", &format!("202605{at:02}120000")).as_bytes());
        site.run(DAY)
    };
    told(2, "J06.9", "DR01");
    let first = claims_of(&sent(&site));
    assert_eq!((first.len(), first[0].lines.len()), (1, 2));
    let paid = clp(&first[0].clm01, "1", "180.00", "180.00", &[]);
    let paid = paid.replace("SVC*HC:99213*180.00*180.00**1", "SVC*HC:99213*90.00*90.00**1~SVC*HC:93000*90.00*90.00**1");
    site.answer("paid.835", check(1, "I*180.00*C", "EXAMPLE", "1234567893", &[paid], "").as_bytes());
    assert_eq!(site.run(DAY)["claims"]["posted"], 1);
    let summary = told(3, "J06", "DR02");
    assert_eq!((&summary["claims"]["held"], &summary["claims"]["total"]), (&2.into(), &2.into()), "{summary}");
    assert_eq!(claims_of(&sent(&site)).len(), 1, "nothing leaves");
    let listed = claims(&site);
    let waits: Vec<&Value> = listed.iter().filter(|claim| holds(claim) == ["claim.waits-for-correction"]).collect();
    assert_eq!(waits.len(), 1, "{listed:?}");
    let id = waits[0]["id"].as_str().unwrap();
    let accept = ["claim", "accept", id, "claim.waits-for-correction", "--reason", "twice is well"];
    assert_eq!(site.command(&accept).status.code(), Some(4), "no word makes it right");
    site.assert_accounted(DAY);
    // Another diagnosis than the first: that one again would be taken for a message that comes once more.
    told(4, "J02.9", "DR02");
    let left: Vec<(String, usize)> =
        claims_of(&sent(&site)).iter().map(|claim| (claim.frequency.clone(), claim.lines.len())).collect();
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(left.contains(&("7".to_owned(), 1)) && left.contains(&("1".to_owned(), 1)), "{left:?}");
    site.assert_accounted(DAY);
}
