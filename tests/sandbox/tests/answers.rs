//! Acceptance, rejection and payment without faults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;
use common::*;

fn icn(world: &World, number: &str) -> String {
    let mut at = String::new();
    for text in world.texts("277ca") {
        for s in split(&text) {
            match (s[0].as_str(), s[1].as_str()) {
                ("TRN", "2") => at = s[2].clone(),
                ("REF", "1K") if at == number => return s[2].clone(),
                _ => {}
            }
        }
    }
    panic!("no control number");
}

fn stc(world: &World, number: &str) -> Vec<String> {
    let mut found = Vec::new();
    for text in world.texts("277ca") {
        let all = split(&text);
        for pair in all.windows(2) {
            if pair[0][0] == "TRN" && pair[0].get(2).is_some_and(|n| n == number) {
                found.push(pair[1][1].clone());
            }
        }
    }
    found
}

#[test]
fn a_clean_claim_gets_all_answers_and_the_golden_amounts() {
    let world = World::new();
    world.send("cedar-1", &file(1, &[claim("V1", &[("99213", 15000), ("G0296", 3000)])]));
    let summary = world.turn(&[]);
    assert_eq!(summary["claims_accepted"], 1);
    assert_eq!(world.texts("ta1").len(), 1);
    assert!(world.texts("ta1")[0].contains("TA1*000000001*260302*1200*A*000~"));
    assert!(world.texts("999")[0].contains("IK5*A~") && world.texts("999")[0].contains("AK9*A*1*1*1~"));
    assert_eq!(stc(&world, "V1"), ["A1:19:41", "A2:20:PR"]);
    let text = &world.texts("835")[0];
    // allowed 92, copay 25, coinsurance 13.40, paid 53.60; interest 1.25
    assert_eq!(check_835(text), [("V1".into(), "1".into(), icn(&world, "V1"), 5360)]);
    for part in [
        "BPR*I*54.85*C",
        "CLP*V1*1*180*53.6*38.4*ZZ*",
        "CAS*CO*45*58~",
        "CAS*PR*3*25**2*13.4~",
        "CAS*CO*50*30~",
        "REF*6R*V1L1~",
        "AMT*B6*92~",
        "*L6:900010000101*-1.25~",
        "SVC*HC:99213*150*53.6**1~",
        "DTM*472*20260225~",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(world.services().len(), 2);
    assert_eq!(world.services()[0]["state"], "accepted");
    assert_eq!(world.turn(&[])["delivered"], 0);
}

#[test]
fn payers_get_one_file_and_practices_one_set_each() {
    let world = World::new();
    let mut second = claim("V2", &[("99213", 15000)]);
    second.npi = OTHER_NPI;
    let mut third = claim("V3", &[("99213", 15000)]);
    third.payer = "90002";
    let mut child = claim("V4", &[("99214", 20000)]);
    child.child = true;
    world.send("cedar-1", &file(1, &[claim("V1", &[("99213", 15000)]), second, third, child]));
    assert_eq!(world.turn(&[])["claims_accepted"], 4);
    let texts = world.texts("835");
    assert_eq!(texts.len(), 2);
    assert_eq!(texts[0].matches("~\nST*835").count(), 2);
    assert!(texts[0].contains("NM1*QC*1*O'Hara-Lund*Tove~\nNM1*IL*1*O'Hara-Lund*Ines****MI*M100~"));
    texts.iter().for_each(|text| assert!(!check_835(text).is_empty()));
}

#[test]
fn envelope_errors_are_a_ta1_and_nothing_else() {
    let good = file(9, &[claim("V1", &[("99213", 15000)])]);
    let cases = [
        (good.replace("IEA*1*000000009", "IEA*1*000000008"), "001"),
        (good.replace("IEA*1*", "IEA*2*"), "021"),
        (good.replace("*00501*", "*00401*"), "017"),
        (good.replace("GE*1*9~", "GE*2*9~"), "024"),
        (good.replace("GE*1*9~", "GE*1*8~"), "024"),
        (good.replace("X*005010X222A1", "X*005010X223A2"), "024"),
        (good[..good.len() - 30].to_owned(), "023"),
        ("not an interchange".to_owned(), "022"),
        (good.replacen("*260302*", "*26O302*", 1), "014"),
    ];
    for (text, code) in cases {
        let world = World::new();
        world.send("cedar-1", &text);
        assert_eq!(world.turn(&[])["interchanges_rejected"], 1, "{code}");
        let answers = world.answers();
        assert_eq!(answers.len(), 1, "{code}");
        assert!(answers.values().next().unwrap().contains(&format!("*R*{code}~")), "{code}");
    }
}

#[test]
fn the_same_file_is_ignored_and_the_same_number_refused() {
    let world = World::new();
    let text = file(5, &[claim("V1", &[("99213", 15000)])]);
    world.send("cedar-5", &text);
    world.turn(&[]);
    let before = world.answers();
    world.send("cedar-5b", &text);
    world.turn(&[]);
    assert_eq!(world.answers(), before);
    world.send("cedar-5c", &file(5, &[claim("V9", &[("99213", 15000)])]));
    assert_eq!(world.turn(&[])["interchanges_rejected"], 1);
    assert!(world.texts("ta1")[1].contains("*R*025~"));
    assert_eq!(world.texts("835").len(), 1);
}

#[test]
fn structure_errors_reject_their_transaction_only() {
    let good = |number: &str| set(&[claim(number, &[("99213", 15000)])]);
    let swap = |from: &str, to: &str| -> Vec<String> {
        let changed: Vec<String> = good("V2").iter().map(|s| s.replace(from, to)).filter(|s| !s.is_empty()).collect();
        assert_ne!(changed, good("V2"), "{from}");
        changed
    };
    let mut order = good("V2");
    let hi = order.iter().position(|s| s.starts_with("HI")).unwrap();
    order.swap(hi, hi - 1);
    let mut many = claim("V2", &[("99213", 100); 51]);
    many.member = "M1".into();
    let cases = [
        (swap("REF*EI*123456789", ""), "IK3*REF*"),
        (swap("N3*1 Main Street", ""), "IK3*N3*"),
        (swap("PER*IC*Billing Office*TE*6145550100", ""), "IK3*PER*"),
        (swap("NM1*40*2*SANDBOX CLEARINGHOUSE*****46*SANDBOX", ""), "IK3*NM1*5*1000B*I7~"),
        (swap("DTP*472*D8*20260225", ""), "IK3*DTP*"),
        (swap("20260225", "20260231"), "IK4*3**8~"),
        (swap("XX*1234567893", "XX*1234567890"), "IK4*9**7~"),
        (swap("B:1*Y", "B:5*Y"), "IK4*5:3**7~"),
        (swap("SBR*P", "SBR*X"), "IK4*1**7~"),
        (swap("*UN*1", "*XX*1"), "IK4*3**7~"),
        (swap("*UN*1", "*UN*0"), "IK4*4**6~"),
        (swap("***1", "***3"), "IK4*7:1**7~"),
        (swap("SBR*P*18", "SBR*P*"), "IK3*HL*"),
        (swap("HL*2*1*22*0", "HL*2*2*22*0"), "IK4*2**7~"),
        (swap("LX*1", "LX*2"), "IK4*1**7~"),
        (swap("HI*ABK:J029*ABF:R509", "ZZ*1"), "IK3*ZZ*"),
        (swap("N4*Columbus*OH*430010000", "N4*Columbus*OH*43001"), "IK4*3**7~"),
        (order, "IK3*"),
        (set(&[many]), "IK3*LX*"),
    ];
    for (bad, expected) in cases {
        let world = World::new();
        world.send("cedar-1", &wrap(1, &[good("V1"), bad]));
        let summary = world.turn(&[]);
        let text = &world.texts("999")[0];
        assert_eq!(summary["transactions_rejected"], 1, "{expected}\n{text}");
        assert_eq!(summary["claims_accepted"], 1, "{expected}");
        assert!(text.contains(expected), "{expected}\n{text}");
        assert!(text.contains("AK9*P*2*2*1~"), "{text}");
    }
    let world = World::new();
    let text = wrap(1, &[good("V1")]);
    world.send("cedar-1", &text.replace("SE*", "SE*1"));
    assert_eq!(world.turn(&[])["transactions_rejected"], 1);
    assert!(world.texts("999")[0].contains("IK5*R*4~"), "{}", world.texts("999")[0]);
    assert!(world.texts("835").is_empty() && world.texts("277ca").is_empty());
}

#[test]
fn business_errors_reject_their_claim_only() {
    let world = World::new();
    let base = |number: &str| claim(number, &[("99213", 15000)]);
    let unknown = Claim { payer: "99999", ..base("V2") };
    let nobody = Claim { member: String::new(), ..base("V3") };
    let sum = Claim { charge: Some(1), ..base("V4") };
    let no_original = Claim { frequency: "7", original: "NOPE".into(), ..base("V5") };
    let refused = Claim { payer: "90002", frequency: "7", original: "X".into(), ..base("V6") };
    let no_cob = Claim { level: "S", ..base("V7") };
    let text = file(1, &[base("V1"), unknown, nobody, sum, no_original, refused, no_cob, base("V1")]);
    world.send("cedar-1", &text);
    let summary = world.turn(&[]);
    assert_eq!(summary["claims_accepted"], 1);
    assert_eq!(summary["claims_rejected"], 7);
    assert_eq!(stc(&world, "V2"), ["A7:153:PR"]);
    assert_eq!(stc(&world, "V3"), ["A7:164:IL"]);
    assert_eq!(stc(&world, "V4"), ["A7:178"]);
    assert_eq!(stc(&world, "V5"), ["A1:19:41", "A7:464"]);
    assert_eq!(stc(&world, "V6"), ["A1:19:41", "A7:535"]);
    assert_eq!(stc(&world, "V7"), ["A1:19:41", "A7:286"]);
    assert_eq!(stc(&world, "V1"), ["A1:19:41", "A3:54", "A2:20:PR"]);
    // The same claim again is confirmed, not paid again; another under its number is refused.
    world.send("cedar-2", &file(2, &[base("V1")]));
    let again = world.turn(&[]);
    assert_eq!((&again["claims_repeated"], &again["remittances"]), (&1.into(), &0.into()));
    world.send("cedar-3", &file(3, &[claim("V1", &[("99214", 15000)])]));
    assert_eq!(world.turn(&[])["claims_rejected"], 1);
}

#[test]
fn replacement_and_void_reverse_what_was_paid() {
    let world = World::new();
    world.send("cedar-1", &file(1, &[claim("V1", &[("99213", 15000)]), claim("V2", &[("99214", 15000)])]));
    world.turn(&[]);
    let (one, two) = (icn(&world, "V1"), icn(&world, "V2"));
    let seven = Claim { frequency: "7", original: one.clone(), ..claim("V1R", &[("99214", 20000)]) };
    let eight = Claim { frequency: "8", original: two.clone(), ..claim("V2X", &[("99214", 15000)]) };
    world.send("cedar-2", &file(2, &[eight.clone(), seven]));
    assert_eq!(world.turn(&[])["claims_accepted"], 2);
    let texts = world.texts("835");
    let movements: Vec<_> = check_835(&texts[1]).into_iter().map(|c| (c.0, c.1, c.3)).collect();
    // 99214: 130.50 allowed, 26.10 coinsurance, 104.40 paid
    assert!(movements.contains(&("V1".into(), "22".into(), -5360)));
    assert!(movements.contains(&("V1R".into(), "1".into(), 10440)));
    assert!(movements.contains(&("V2".into(), "22".into(), -10440)));
    assert!(texts[1].contains("*FB:"), "less than nothing is carried forward");
    assert_eq!(net(&texts).values().sum::<i64>(), 10440);
    let states: Vec<_> = world.services().iter().map(|s| s["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states, ["replaced", "voided", "accepted"]);
    // A void of what is void names nothing that lives.
    world.send("cedar-3", &file(3, &[Claim { number: "V2Y".into(), original: two, ..eight }]));
    assert_eq!(world.turn(&[])["claims_rejected"], 1);
    // The next payment pays the forward back.
    world.send("cedar-4", &file(4, &[claim("V5", &[("99213", 15000)])]));
    world.turn(&[]);
    assert!(world.texts("835")[2].contains("*FB:"));
}

#[test]
fn a_replacement_waits_for_its_original_in_the_same_turn() {
    let reference = World::new();
    reference.send("b", &file(2, &[claim("V1", &[("99213", 15000)])]));
    reference.turn(&[]);
    let original = icn(&reference, "V1");
    let world = World::new();
    let seven = Claim { frequency: "7", original, ..claim("V1R", &[("99214", 20000)]) };
    world.send("a", &file(1, &[seven]));
    world.send("b", &file(2, &[claim("V1", &[("99213", 15000)])]));
    assert_eq!(world.turn(&[])["claims_accepted"], 2);
    assert_eq!(net(&world.texts("835")).values().sum::<i64>(), 10440);
}

const OTHER: &str = "SBR*P*18*******CI~CAS*PR*2*40~AMT*D*110~OI***Y***Y~NM1*IL*1*O'Hara-Lund*Ines****MI*M9~NM1*PR*2*First Plan*****PI*90002";
const SECOND: &str =
    "SBR*S*18*******CI~OI***Y***Y~NM1*IL*1*O'Hara-Lund*Ines****MI*M9~NM1*PR*2*Second Plan*****PI*90001";

#[test]
fn a_secondary_claim_is_paid_from_the_first_payers_line() {
    let world = World::new();
    let mut own = claim("V1", &[("99213", 15000)]);
    own.level = "S";
    own.others = OTHER.replace("CAS*PR*2*40~", "");
    own.line_tail = "SVD*90002*110*HC:99213**1~CAS*PR*2*40~DTP*573*D8*20260301".into();
    world.send("cedar-1", &file(1, &[own.clone()]));
    world.turn(&[]);
    let text = &world.texts("835")[0];
    assert!(text.contains("CLP*V1*2*150*32*8*"), "{text}");
    assert!(text.contains("CAS*OA*23*110~") && text.contains("CAS*PR*2*8~"), "{text}");
    // The same from the claim level.
    let world = World::new();
    own.others = OTHER.into();
    own.line_tail = String::new();
    world.send("cedar-1", &file(1, &[own]));
    world.turn(&[]);
    assert!(world.texts("835")[0].contains("CLP*V1*2*150*32*8*"));
}

#[test]
fn a_crossover_comes_from_the_second_payer_a_turn_later() {
    let world = World::new();
    let mut first = claim("V1", &[("99213", 15000)]);
    first.payer = "90002";
    first.others = SECOND.into();
    world.send("cedar-1", &file(1, &[first]));
    assert_eq!(world.turn(&[])["pending"], 1);
    assert!(world.texts("835")[0].contains("CLP*V1*19*150*62.72*16*"));
    assert!(world.texts("835")[0].contains("NM1*TT*2*Northfield Health Plan*****PI*90001~"));
    assert_eq!(world.turn(&[])["pending"], 0);
    let second = &world.texts("835")[1];
    assert!(second.contains("CLP*V1*2*150*12.8*3.2*") && second.contains("*MI*M9~"), "{second}");
    check_835(second);
    assert_eq!(world.services().len(), 1);
    // The practice's own secondary claim is then a duplicate.
    let mut own = claim("V1", &[("99213", 15000)]);
    own.level = "S";
    own.others = OTHER.into();
    world.send("cedar-2", &file(2, &[own]));
    assert_eq!(world.turn(&[])["claims_rejected"], 1);
}
