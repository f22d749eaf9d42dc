//! 270 in, 271 out: what each kind of member is answered, what a 999 refuses, and that faults change no answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{NPI, World};

/// A 270 about members of payer 90001, each with its name.
fn inquiry(number: u32, members: &[(&str, &str)]) -> String {
    let mut body = format!(
        "ST*270*0001*005010X279A1~BHT*0022*13*{number:09}*20260302*1200~HL*1**20*1~NM1*PR*2*NORTHFIELD*****PI*90001~\
         HL*2*1*21*1~NM1*1P*2*CEDAR CLINIC*****XX*{NPI}~"
    );
    for (at, (member, last)) in members.iter().enumerate() {
        body += &format!(
            "HL*{}*2*22*0~TRN*1*T{member}*1123456789~NM1*IL*1*{last}*ORLA****MI*{member}~DMG*D8*19800101*F~\
             DTP*291*D8*20260305~EQ*30~",
            at + 3
        );
    }
    let count = body.matches('~').count() + 1;
    format!(
        "ISA*00*          *00*          *ZZ*CEDAR01        *ZZ*SANDBOX        *260302*1200*^*00501*{number:09}*1*T*:~\
         GS*HS*CEDAR01*SANDBOX*20260302*1200*{number}*X*005010X279A1~{body}SE*{count}*0001~GE*1*{number}~IEA*1*{number:09}~"
    )
}

/// The segments between the HL of each person.
fn people(text: &str) -> Vec<String> {
    let plain = text.replace('\n', "");
    let parts: Vec<&str> = plain.split("~HL*").skip(3).collect();
    parts.into_iter().map(str::to_owned).collect()
}

fn world(members: &str) -> World {
    let world = World::new();
    let payers = common::PAYERS.replacen(
        "[payer.fees]",
        &format!("terminated_members = [\"GONE1\"]\n{members}\n[payer.fees]"),
        1,
    );
    std::fs::write(world.dir.join("payers.toml"), payers).unwrap();
    world
}

const KNOWN: &str = "[payer.members.NAME1]\nlast = \"VANEC\"\n[payer.members.NO1]\nrefused = \"72\"\n[payer.members.END1]\n\
                     ended = \"20260228\"\n[payer.members.TWO1]\nother_payer = \"FIRST HEALTH\"\n";

#[test]
fn each_member_is_answered_as_the_payer_knows_it() {
    let world = world(KNOWN);
    let members = ["OK1", "GONE1", "NAME1", "NO1", "END1", "TWO1"].map(|member| (member, "VANCE"));
    world.ask("a", &inquiry(1, &members));
    let turn = world.turn(&[]);
    assert_eq!((&turn["questions"], &turn["transactions_rejected"]), (&6.into(), &0.into()), "{turn}");
    assert!(
        world.texts("999")[0].contains("AK2*270*0001*005010X279A1~") && world.texts("999")[0].contains("AK9*A*1*1*1~")
    );
    let [text] = &world.texts("271")[..] else { panic!("one 271") };
    assert!(text.contains("GS*HB*") && text.contains("BHT*0022*11*000000001*"), "{text}");
    let said = people(text);
    let has = |at: usize, part: &str| said[at].contains(part);
    assert!(has(0, "TRN*2*TOK1*1123456789~NM1*IL*1*VANCE*ORLA****MI*OK1~") && has(0, "~EB*1**30"), "{}", said[0]);
    assert!(has(1, "~EB*6**30"), "{}", said[1]);
    assert!(has(2, "NM1*IL*1*VANEC*ORLA****MI*NAME1~") && has(2, "~EB*1**30"), "{}", said[2]);
    assert!(has(3, "~AAA*N**72*C") && !has(3, "~EB*"), "{}", said[3]);
    assert!(has(4, "~DTP*347*D8*20260228~EB*6**30"), "{}", said[4]);
    assert!(has(5, "~EB*R**30~LS*2120~NM1*PRP*2*FIRST HEALTH~LE*2120"), "{}", said[5]);
}

#[test]
fn what_the_guide_refuses_is_a_999_and_no_answer() {
    let good = inquiry(1, &[("OK1", "VANCE")]);
    for (from, to) in [
        ("NM1*IL*1*VANCE", "NM1*IL*1*"),
        ("DTP*291*D8*20260305", "DTP*291*D8*20260335"),
        ("*1123456789~", "*123~"),
        ("BHT*0022*13", "BHT*0022*11"),
        ("EQ*30", "EQ*1"),
        ("HL*3*2*22*0", "HL*4*2*22*0"),
        (NPI, "1234567890"),
        ("DMG*D8*19800101*F", "REF*6P*GROUP"),
    ] {
        let world = world("");
        assert!(good.contains(from), "{from}");
        world.ask("a", &good.replace(from, to));
        let turn = world.turn(&[]);
        assert_eq!((&turn["transactions_rejected"], &turn["questions"]), (&1.into(), &0.into()), "{to}: {turn}");
        assert!(world.texts("271").is_empty() && world.texts("999")[0].contains("IK5*R*5~"), "{to}");
    }
}

#[test]
fn faults_repeat_cut_and_delay_answers_and_change_none() {
    let members = ["A1", "B1", "C1", "D1", "E1", "F1"].map(|member| (member, "VANCE"));
    let plain = world("");
    plain.ask("a", &inquiry(1, &members));
    plain.drain(&[]);
    let expected = people(&plain.texts("271")[0]);
    for flags in [["late"], ["duplicate"], ["truncated"]] {
        let world = world("");
        world.ask("a", &inquiry(1, &members));
        let flags: Vec<&str> = flags.iter().flat_map(|name| ["--fault", name]).collect();
        world.drain(&flags);
        let texts = world.texts("271");
        let whole: Vec<&String> = texts.iter().filter(|text| text.contains("IEA*")).collect();
        assert_eq!(whole.len(), if flags[1] == "duplicate" { 2 } else { 1 }, "{flags:?}");
        assert_eq!(texts.len() - whole.len(), usize::from(flags[1] == "truncated"), "{flags:?}");
        // What follows the last person is the trailer, which has the file's number.
        let same = |text: &str| people(text)[..5] == expected[..5];
        assert!(whole.iter().all(|text| same(text)), "{flags:?}");
    }
    // The dice of a seed fall the same way each time.
    let odd = || {
        let world = world("");
        world.ask("a", &inquiry(1, &members));
        world.drain(&["--fault", "271-odd"]);
        people(&world.texts("271")[0])
    };
    let (first, second) = (odd(), odd());
    assert_eq!(first, second);
    assert!(first[..5] != expected[..5], "somebody is answered otherwise");
}
