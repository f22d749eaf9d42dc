//! Bytes that go wrong on the way: cut at any place, mixed line ends, NULs, names of files that are none of ours, entries of a folder
//! that are no files. Nothing is billed otherwise than it was sent, nothing is lost, and the rest goes on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

use claimhost_tests::site::{CLEARING, Charge, PRACTICE, Site, counts};
use serde_json::Value;

const DAY: &str = "2026-05-20";

/// A message with three charges, a day apart.
fn three_charges(number: u32) -> String {
    let message = Charge::new(number).message();
    let charge = message.split('\r').find(|line| line.starts_with("FT1")).unwrap().to_owned();
    let line = |at: u32| {
        let own = charge.replacen("FT1|1|", &format!("FT1|{at}|"), 1);
        own.replace(&format!("C{number}|"), &format!("C{number}x{at}|")).replace("20260501", &format!("2026050{at}"))
    };
    message.replace(&charge, &[line(1), line(2), line(3)].join("\r"))
}

#[test]
fn cut_at_every_997th_byte_it_bills_what_is_whole_and_nothing_else() {
    let mut file = String::new();
    for number in 1..=30 {
        file += &three_charges(number);
    }
    let site = Site::new();
    let mut cuts = 0;
    for length in (1..file.len()).step_by(997) {
        site.hl7(&format!("{length:06}.hl7"), &file.as_bytes()[..length]);
        cuts += 1;
    }
    let summary = site.run_unapproved(DAY);
    let counts = counts(&summary);
    assert!(cuts > 15 && counts["received"] >= cuts, "{summary}");
    assert_eq!((counts["parked"], counts["pending"]), (0, 0), "{summary}");
    // What is billed of a visit is what its message says, whatever of it came first.
    let listed = site.json(&["claim", "list"]);
    for claim in listed.as_array().unwrap() {
        let shown = site.json(&["claim", "show", claim["id"].as_str().unwrap()]);
        let lines = shown["lines"].as_array().map_or(0, Vec::len);
        assert!(lines <= 3, "{shown}");
        for line in shown["lines"].as_array().into_iter().flatten() {
            assert!(line.to_string().contains("9000") || line.to_string().contains("90.00"), "another amount: {line}");
        }
    }
    // And with the whole file, everything, and nothing that was cut.
    site.hl7("whole.hl7", file.as_bytes());
    let summary = site.run(DAY);
    assert_eq!(summary["claims"]["submitted"], 30, "{summary}");
    assert_eq!(summary["visits"]["total"], 30, "{summary}");
    assert_eq!(summary["cents"]["billed"], 30 * 3 * 9_000, "{summary}");
}

#[test]
fn line_ends_of_every_kind_are_the_same_message() {
    let site = Site::new();
    for (number, end) in (1..).zip(["\r", "\n", "\r\n", "\r\r\n", "\n\n"]) {
        site.hl7(&format!("{number}.hl7"), Charge::new(number).message().replace('\r', end).as_bytes());
    }
    let mixed: String = Charge::new(6)
        .message()
        .split('\r')
        .zip(["\r", "\n", "\r\n"].iter().cycle())
        .fold(String::new(), |text, (line, end)| text + line + end);
    site.hl7("6.hl7", mixed.as_bytes());
    // Behind files that all have a line end it would be one that is cut off, did the site not say that it is none.
    site.edit("claimhost.toml", "last_line = \"compare\"", "last_line = \"open\"");
    site.hl7("0.hl7", Charge::new(7).message().trim_end().as_bytes());
    let marked = [b"\xef\xbb\xbf", Charge::new(8).message().as_bytes()].concat();
    site.hl7("8.hl7", &marked);
    let framed = format!("\u{b}{}\u{1c}\r", Charge::new(9).message());
    site.hl7("9.hl7", framed.as_bytes());
    let summary = site.run(DAY);
    assert_eq!((counts(&summary)["translated"], counts(&summary)["rejected"]), (9, 0), "{summary}");
    assert_eq!(summary["cents"]["billed"], 9 * 9_000, "{summary}");
}

#[test]
fn odd_content_gets_an_end_and_holds_no_other() {
    let site = Site::new();
    let message = |number: u32| Charge::new(number).message();
    let put = |number: u32, text: String| site.hl7(&format!("{number:02}.hl7"), text.as_bytes());
    // A NUL far behind the beginning, where no look at the first bytes sees it.
    put(1, (10..60).map(message).collect::<String>() + &message(1).replace("VANCE", "VAN\0CE"));
    put(2, message(2).replace("VANCE", &"V".repeat(1 << 20)));
    put(3, message(3) + &"NTE|1||x\r".repeat(10_000));
    put(4, message(4) + &"FT1|1\r".repeat(10_000));
    put(5, message(5).replace("|90.00|", &format!("|{}|", "9".repeat(400))));
    put(6, message(6).replace("|99213^^C4|", &format!("|{}|", "^".repeat(100_000))));
    put(7, message(7).replace("|^~\\&|", "|||||"));
    put(8, message(8).replace("20260501|", "20261399|"));
    site.csv("9.csv", format!("{}\n{}\n", "a,".repeat(200_000), "b,".repeat(200_000)).as_bytes());
    site.add_folder("fhir", "fhir-r4");
    let deep =
        |depth: usize| format!("{{\"resourceType\":\"Claim\",\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
    site.put("inbox/fhir", "deep.json", deep(100_000).as_bytes());
    site.put(
        "inbox/fhir",
        "numbers.json",
        format!("{{\"resourceType\":\"Claim\",\"id\":{}}}", "9".repeat(100_000)).as_bytes(),
    );
    site.put("inbox/fhir", "array.json", format!("[{}1]", "1,".repeat(200_000)).as_bytes());
    site.put("inbox/fhir", "lone.json", b"{\"resourceType\":\"Claim\",\"id\":\"\\ud800\"}");
    site.hl7("99-good.hl7", message(99).as_bytes());
    let output = site.command(&["--as-of", DAY, "run", "--once", "--json"]);
    let logged = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !logged.contains("panic"), "{logged}");
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let counts = counts(&summary);
    assert_eq!((counts["parked"], counts["pending"]), (0, 0), "no plugin fails on them: {summary}");
    assert!(summary["claims"]["ready"].as_u64().unwrap() > 50, "the good ones are ready: {summary}");
    let sent = site.run(DAY);
    assert_eq!(sent["claims"]["submitted"], summary["claims"]["ready"], "and leave once that is approved: {sent}");
    let documents = site.documents(PRACTICE);
    for document in &documents {
        let told = document["status"] != "rejected"
            || document["detail"]["problems"][0]["remedy"].as_str().is_some_and(|text| !text.is_empty());
        assert!(told, "{document}");
    }
    let good = documents.iter().find(|document| document["file_name"] == "99-good.hl7").unwrap();
    assert_eq!(good["status"], "translated");
}

#[test]
fn what_is_no_file_is_left_alone_and_told_and_odd_names_are_names() {
    let site = Site::new();
    let inbox = site.dir().join("inbox/my-practice");
    std::fs::create_dir(inbox.join("a-folder.hl7")).unwrap();
    std::os::unix::fs::symlink("nowhere", inbox.join("b-dead-link.hl7")).unwrap();
    let elsewhere = site.dir().join("elsewhere.hl7");
    std::fs::write(&elsewhere, Charge::new(1).message()).unwrap();
    std::os::unix::fs::symlink(&elsewhere, inbox.join("c-link.hl7")).unwrap();
    std::fs::write(inbox.join("d\nline\u{1b}[2J.hl7"), Charge::new(2).message()).unwrap();
    std::fs::write(inbox.join(std::ffi::OsStr::from_bytes(b"e-\xff\xfe.hl7")), Charge::new(3).message()).unwrap();
    std::fs::write(inbox.join(format!("f-{}.hl7", "x".repeat(249))), Charge::new(4).message()).unwrap();
    std::fs::write(inbox.join("--help"), Charge::new(5).message()).unwrap();
    let fifo = std::process::Command::new("mkfifo").arg(inbox.join("g-pipe.hl7")).status();
    let pipes = u32::from(fifo.is_ok_and(|status| status.success()));
    let output = site.command(&["--as-of", DAY, "run", "--once", "--json"]);
    let logged = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{logged}");
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(counts(&summary)["translated"], 5, "{summary}");
    assert!(logged.contains(&format!("\"entries\":{}", 2 + pipes)), "{logged}");
    for name in ["line", "dead-link", "folder.hl7", "help"] {
        assert!(!logged.contains(name), "a name in the log: {logged}");
    }
    assert!(elsewhere.exists(), "a link is moved, not what it leads to");
    assert!(inbox.join("archive").join("d\nline\u{1b}[2J.hl7").exists());
    let documents = site.documents(PRACTICE);
    let odd = documents.iter().find(|document| document["file_name"].as_str().unwrap().starts_with("d\n")).unwrap();
    let shown = site.command(&["document", "show", odd["id"].as_str().unwrap()]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("d\\nline") && !shown.contains("d\nline") && !shown.contains("\u{1b}[2J"), "{shown}");
    // Again: nothing is taken twice.
    assert_eq!(counts(&site.run(DAY))["received"], 5);
}

#[test]
fn a_file_that_cannot_be_read_waits_and_holds_no_other() {
    let site = Site::new();
    let secret = site.dir().join("inbox/my-practice/a.hl7");
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o000)).unwrap();
    if std::fs::read(&secret).is_ok() {
        println!("skipped: this user may read every file");
        return;
    }
    site.hl7("b.hl7", Charge::new(2).message().as_bytes());
    let output = site.command(&["--as-of", DAY, "run", "--once", "--json"]);
    let logged = String::from_utf8_lossy(&output.stderr).into_owned();
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(counts(&summary)["translated"], 1, "{summary}");
    assert!(logged.contains("\"files\":1") && logged.contains("cannot be read"), "{logged}");
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(counts(&site.run(DAY))["translated"], 2);
}

#[test]
fn an_answer_cut_anywhere_moves_no_money() {
    let site = Site::new();
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    let before = site.run(DAY);
    let control = site.json(&["claim", "list"])[0]["id"].as_str().unwrap().to_owned();
    let shown = site.json(&["claim", "show", &control]).to_string();
    let clm01 = site.outbox()[0].1.split(|byte| *byte == b'~').find_map(|segment| {
        let text = String::from_utf8_lossy(segment).into_owned();
        text.strip_prefix("CLM*").map(|rest| rest.split('*').next().unwrap().to_owned())
    });
    let clm01 = clm01.unwrap_or_else(|| panic!("CLM01 of {shown}"));
    let remittance = format!(
        "ISA*00*          *00*          *ZZ*CLEARING       *ZZ*PRACTICE       *260520*1200*^*00501*000000009*0*T*:~\
         GS*HP*CLEARING*PRACTICE*20260520*1200*9*X*005010X221A1~ST*835*0001~BPR*I*90*C*NON************20260520~TRN*1*77*1999999999~\
         DTM*405*20260520~N1*PR*EXAMPLE~N1*PE*GROUP*XX*1234567893~LX*1~CLP*{clm01}*1*90*90**12*PAYER1~\
         NM1*QC*1*VANCE*ORLA~SVC*HC:99213*90*90**1~DTM*472*20260501~SE*12*0001~GE*1*9~IEA*1*000000009~"
    );
    for length in (1..remittance.len()).step_by(7) {
        site.answer(&format!("{length:05}.835"), &remittance.as_bytes()[..length]);
    }
    let summary = site.run(DAY);
    assert_eq!(
        (&summary["cents"]["paid"], &summary["ledger_digest"]),
        (&0.into(), &before["ledger_digest"]),
        "{summary}"
    );
    counts(&summary);
    assert!(site.documents(CLEARING).iter().all(|document| document["status"] == "rejected"));
    site.answer("whole.835", remittance.as_bytes());
    let summary = site.run(DAY);
    assert_eq!(summary["cents"]["paid"], 9_000, "{summary}: {:#?}", site.documents(CLEARING).last());
}
