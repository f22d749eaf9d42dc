//! One patient whose every value is a canary goes every way through the real binary: billed, held, refused, cut, acknowledged, paid,
//! unbalanced, from folders, a listener and a roster, with the log at its loudest; then the service is killed. The
//! canaries are searched for in the log, in metrics and other pages, in what is answered, in what commands print that are not made
//! to show patients, in `--mask`, in the store and its WAL, in the plugin cache and among temporary files. What plugins and their
//! traps say: `host/tests/cli.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::path::Path;
use std::process::Stdio;

use claimhost_tests::canary::{Canary, Day, Search, files_below};
use claimhost_tests::serving::{Serving, block};
use claimhost_tests::site::{PRACTICE, Site};
use claimhost_tests::x12::{ack, check, interchange};
use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::Value;

const AS_OF: &str = "2026-05-20";
const LOUD: &str = "trace";
const BORN: Day = Day { year: 1961, month: 4, day: 17 };
const ADMITTED: Day = Day { year: 2026, month: 4, day: 29 };
const ACCIDENT: Day = Day { year: 2026, month: 3, day: 3 };
const SERVICE: Day = Day { year: 2026, month: 5, day: 2 };

/// Texts that are the patient's. Days: [`days`].
fn texts() -> Vec<Canary> {
    [
        ("last name", "Quillfeather"),
        ("first name", "Orabelle"),
        ("middle name", "Xanthippe"),
        ("mother's name", "Wimbleroot"),
        ("record number", "MRN7730915"),
        ("account", "ACC8841276"),
        ("visit number", "VIS5520984"),
        ("charge id", "CHG6640187"),
        ("social security number", "901657342"),
        ("street", "4417 Larkspurn"),
        ("town", "Nettlebrook"),
        ("telephone", "5550183276"),
        ("mail", "orab.q@nettle.example"),
        ("member id", "MEM3319475Z"),
        ("group number", "GRP2280566"),
        ("guarantor", "Thistlewane"),
        ("next of kin", "Fennimore"),
        ("note", "sees a ghost in the pantry"),
        ("appointment", "APT9953310"),
        ("file name", "of-quilla"),
        ("payer's claim number", "ICN4408123"),
        ("check number", "CHK7719034"),
    ]
    .map(|(what, value)| Canary::new(what, value))
    .into()
}

fn days() -> Vec<Canary> {
    [("birth date", BORN), ("admission", ADMITTED), ("accident", ACCIDENT)]
        .into_iter()
        .flat_map(|(what, day)| Canary::day(what, day))
        .collect()
}

/// The patient's charge message: `number` tells one from another.
fn message(number: u32, code: &str) -> String {
    let address = "4417 Larkspurn^^Nettlebrook^OH^43001";
    [
        format!("MSH|^~\\&|EHR|SITE|CH|CH|20260520120000||DFT^P03|MSG{number}|P|2.5"),
        "EVN|P03|20260520120000".to_owned(),
        format!(
            "PID|1||MRN7730915^^^SITE^MR~901657342^^^USA^SS||Quillfeather^Orabelle^Xanthippe|Wimbleroot|19610417|F|||{address}||\
             5550183276^PRN^PH^orab.q@nettle.example|||||ACC8841276|901657342"
        ),
        format!("NK1|1|Fennimore^Orabelle|SPO|{address}|5550183276"),
        format!(
            "PV1|1|O|MAIN||||DR01^CHANGEME^PAT||||||||||||VIS5520984-{number}|||||||||||||||||||||||||20260429"
        ),
        format!(
            "FT1|1|CHG6640187-{number}||20260502||CG|{code}^^C4|||1|90.00|||||MAIN|||J06.9^^I10|DR01"
        ),
        "NTE|1||sees a ghost in the pantry".to_owned(),
        "DG1|1||J06.9^^I10".to_owned(),
        "ACC|20260303".to_owned(),
        format!("GT1|1||Thistlewane^Orabelle||{address}|5550183276"),
        format!(
            "IN1|1||EXAMPLE|EXAMPLE||||GRP2280566||||||||Quillfeather^Orabelle^Xanthippe|SEL|19610417|{address}|||||||||||||||||\
             MEM3319475Z|||||||F"
        ),
    ]
    .map(|segment| segment + "\r")
    .concat()
}

/// What else arrives, each refused or held somewhere.
fn deliver_bad(site: &Site) {
    let good = message(20, "99213");
    let cut = good.get(..good.len() * 2 / 3).unwrap();
    let bad = [
        ("birth", good.replace("|19610417|F", "|1961041Q|F")),
        ("charge", good.replace("|90.00|", "|9Q.MEM3319475Z|")),
        ("day", good.replace("|20260502|", "|Quillfeather|")),
        ("shifted", good.replace("CG|99213^^C4", "99213^^C4|CG")),
        ("payer", good.replace("EXAMPLE|EXAMPLE", "Quillfeather|Quillfeather")),
        ("name", good.replace("Quillfeather^Orabelle^Xanthippe", "Quillfeather\u{7}^^")),
        ("kind", good.replace("DFT^P03", "Quillfeather^MRN7730915")),
        ("separators", good.replace("MSH|^~\\&|", "MSH|Quillfeather|")),
        ("no-visit", good.replace("VIS5520984-20", "")),
        ("cut", cut.to_owned()),
        ("empty", String::new()),
    ];
    for (name, text) in bad {
        site.hl7(&format!("{name}-of-quilla.hl7"), text.as_bytes());
    }
    let table = "Visit ID,Patient Last,Patient First,Patient DOB,Patient ID,Member ID,Date\n\
                 VIS5520984-30,Quillfeather,Orabelle,04/17/1961,MRN7730915,MEM3319475Z,05/02/2026\n\
                 VIS5520984-31,\"Quillfeather,Orabelle\n";
    site.csv("bill-of-quilla.csv", table.as_bytes());
    let clm = "CLM*Quillfeather*90***11:B:1*Y*A*Y*Y~HI*ABK:MRN7730915~LX*1~SV1*HC:Orabelle*MEM3319475Z*UN*1***1~";
    let body: Vec<&str> =
        std::iter::once("ST*837*0001*005010X222A1").chain(clm.trim_end_matches('~').split('~')).collect();
    site.x12("claim-of-quilla.837", interchange(7, "HC", "005010X222A1", &body).as_bytes());
    let bundle = "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\",\
                  \"id\":\"MRN7730915\",\"birthDate\":\"1961-04-17\",\"name\":[{\"family\":\"Quillfeather\",\"given\":[\"Orabelle\"]}]}},";
    site.put("inbox/fhir", "half-of-quilla.json", bundle.as_bytes());
    let claim = "{\"resource\":{\"resourceType\":\"Claim\",\"id\":\"CHG6640187\",\"patient\":{\"reference\":\"Patient/Quillfeather\"},\
                 \"created\":\"1961-04-17T99\",\"item\":\"MEM3319475Z\"}}]}";
    site.put("inbox/fhir", "whole-of-quilla.json", [bundle, claim].concat().as_bytes());
    site.put(
        "inbox/schedule",
        "book-of-quilla.csv",
        b"Appt ID,Visit ID,Status,Date,Time,Visit Type,Provider ID,Patient ID,Patient Last,Patient First,Patient DOB\n\
          APT9953310,VIS5520984-40,,05/02/2026,9:00,OFFICE,DR01,MRN7730915,Quillfeather,Orabelle,04/17/1961\n\
          APT9953311,VIS5520984-41,,05/99/2026,9:00,OFFICE,DR01,MRN7730915,Quillfeather,Orabelle,1961041Q\n",
    );
}

fn claim_payment(clm01: &str, cas: &str) -> String {
    format!(
        "CLP*{clm01}*1*90*70**12*ICN4408123~NM1*QC*1*Quillfeather*Orabelle*Xanthippe***MI*MEM3319475Z~\
         NM1*IL*1*Quillfeather*Orabelle****MI*MEM3319475Z~DTM*050*20260429~SVC*HC:99213*90*70**1~DTM*472*20260502~\
         CAS*CO*45*{cas}~REF*6R*CHG6640187"
    )
}

/// An 837 was sent; a clearinghouse and a payer say what can be said of it.
fn answer(site: &Site) {
    let visits = site.json(&["visit", "list"]);
    let mut sent: Vec<String> = Vec::new();
    for visit in visits.as_array().unwrap() {
        for claim in visit["claims"].as_array().unwrap() {
            if claim["state"] == "submitted" {
                sent.push(claim["control_numbers"][0].as_str().unwrap().to_owned());
            }
        }
    }
    assert!(sent.len() >= 2, "some claims left: {visits:#}");
    site.answer("1-of-quilla.999", ack(1, 1, "A", "A").as_bytes());
    let status = "STC*A2:20:PR*20260518*WQ*90";
    let mut body: Vec<String> =
        "ST*277*0001*005010X214~BHT*0085*08*1*20260518*1200*TH~HL*1**20*1~NM1*PR*2*EXAMPLE*****PI*00000~TRN*1*1~\
         DTP*050*D8*20260518~DTP*009*D8*20260518~HL*2*1*21*1~NM1*41*2*MY PRACTICE*****46*SUBMITTERID~TRN*2*000000001~\
         STC*A1:19:PR*20260518*WQ*180~HL*3*2*19*1~NM1*85*2*MY PRACTICE*****XX*1234567893"
            .split('~')
            .map(str::to_owned)
            .collect();
    for (at, claim) in [sent[0].as_str(), "MRN7730915"].into_iter().enumerate() {
        let claim = format!(
            "HL*{}*3*PT~NM1*QC*1*Quillfeather*Orabelle****MI*MEM3319475Z~TRN*2*{claim}~{status}~REF*1K*ICN4408123~\
             DTP*472*D8*20260502",
            at + 4
        );
        body.extend(claim.split('~').map(str::to_owned));
    }
    let body: Vec<&str> = body.iter().map(String::as_str).collect();
    site.answer("2-of-quilla.277", interchange(2, "HN", "005010X214", &body).as_bytes());
    let paid = claim_payment(&sent[0], "20");
    let off = claim_payment(&sent[1], "19.99");
    let nobody = claim_payment("MRN7730915", "20");
    let remittance =
        check(3, "I*210*C", "EXAMPLE", "1234567893", &[paid, off, nobody], "").replace("*T3*", "*CHK7719034*");
    let cut = remittance.get(..remittance.len() / 2).unwrap().to_owned();
    site.answer("3-of-quilla.835", remittance.as_bytes());
    site.answer("4-of-quilla.835", cut.as_bytes());
    let wrong = remittance.replace("*90*70**12*", "*Quillfeather*70**12*").replace("00000003*0*T", "00000005*0*T");
    site.answer("5-of-quilla.835", wrong.as_bytes());
    site.answer("6-of-quilla.txt", b"Quillfeather owes nothing");
}

/// A folder in which every way in is open.
fn site() -> Site {
    let site = Site::new();
    site.write("practices/my-practice/mapping.schedule.toml", b"source_system = \"SITE\"\ncontent = \"schedule\"\n");
    site.add_folder("fhir", "fhir-r4");
    let config = format!(
        "{}\n[[intake.folder]]\npractice = \"{PRACTICE}\"\npath = \"inbox/schedule\"\nadapter = \"csv-superbill\"\n\
         mapping = \"practices/my-practice/mapping.schedule.toml\"\n\
         [[intake.mllp]]\npractice = \"{PRACTICE}\"\nlisten = \"127.0.0.1:0\"\nadapter = \"hl7v2-dft\"\n",
        site.text("claimhost.toml").replace("settle_seconds = 5", "settle_seconds = 0")
    );
    site.write("claimhost.toml", config.as_bytes());
    std::fs::create_dir_all(site.dir().join("inbox/schedule")).unwrap();
    std::fs::create_dir_all(site.dir().join("tmp")).unwrap();
    site
}

/// Runs a command with the log at its loudest and temporary files in a folder of their own: what it prints and logs.
fn loud(site: &Site, arguments: &[&str]) -> Vec<u8> {
    let mut command = site.prepared(arguments);
    command.env("CLAIMHOST_LOG", LOUD).env("RUST_BACKTRACE", "full").env("TMPDIR", site.dir().join("tmp"));
    let output = command.output().unwrap();
    [output.stdout, output.stderr].concat()
}

/// The service, loud, until everything that is there is taken; then killed. `translated`: documents that were before.
fn serve_and_kill(site: &Site, translated: u64) -> (Vec<u8>, Vec<u8>) {
    let log = site.dir().join("serve.log");
    let file = std::fs::File::create(&log).unwrap();
    let serving = Serving::with(site, AS_OF, |command| {
        command.env("CLAIMHOST_LOG", LOUD).env("TMPDIR", site.dir().join("tmp")).stderr(Stdio::from(file))
    });
    let mut told = Vec::new();
    let mut peer = serving.connect();
    let good = message(50, "99213");
    let blocks = [
        block(&good),
        block(&good.replace("|P|2.5", "|P|Quillfeather")),
        block(&good.replace("DFT^P03", "Quillfeather^P03")),
        block("Quillfeather|MRN7730915\r"),
        b"MSH|Quillfeather MRN7730915\r\x0b".to_vec(),
        block(&good.replace("MSG50", "")),
    ];
    for bytes in &blocks {
        peer.send(bytes);
    }
    peer.end();
    while let Some(answer) = peer.answer() {
        // MSA-3 and ERR are ours; MSH-3 to MSH-6, MSH-9.2, MSH-10 to MSH-12 are the sender's own words, to itself.
        let ours = answer.split('\r').filter(|segment| !segment.starts_with("MSH")).collect::<Vec<_>>().join("\r");
        told.extend(ours.into_bytes());
    }
    assert!(String::from_utf8_lossy(&told).contains("ERR|"), "something was refused");
    for (name, bytes) in [
        ("late-of-quilla.hl7", message(51, "99214").as_bytes()),
        ("late-of-quilla.json", b"{\"Quillfeather".as_slice()),
    ] {
        let inbox = if name.ends_with("hl7") { "inbox/my-practice" } else { "inbox/fhir" };
        site.put(inbox, name, bytes);
    }
    // The good message and the late one.
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"translated\"}", translated + 2);
    for page in ["/metrics", "/readyz", "/healthz", "/Quill"] {
        told.extend(serving.page(page).into_bytes());
    }
    serving.kill();
    (std::fs::read(log).unwrap(), told)
}

#[test]
fn nothing_of_a_patient_is_where_it_must_not_be() {
    let site = site();
    let canaries = [texts(), days()].concat();
    let search = Search::new(&canaries);
    let mut places: Vec<(String, Vec<u8>)> = Vec::new();
    site.write(
        "people-of-quilla.csv",
        b"Patient ID,Last,First,DOB,Sex,Address 1,City,State,ZIP,Payer,Member ID\n\
          MRN7730915,Quillfeather,Orabelle,04/17/1961,F,4417 Larkspurn,Nettlebrook,OH,43001,EXAMPLE,MEM3319475Z\n\
          MRN7730915,Quillfeather,Orabelle,04/99/1961,F,4417 Larkspurn,Nettlebrook,OH,43001,EXAMPLE,MEM3319475Z\n",
    );
    let roster = site.dir().join("people-of-quilla.csv");
    let import = |roster: &Path| loud(&site, &["roster", "import", roster.to_str().unwrap(), "--practice", PRACTICE]);
    // What it prints names the file that the operator named; the log must not.
    let said = String::from_utf8(import(&roster)).unwrap().replace("people-of-quilla", "");
    places.push(("a roster with a bad row".into(), said.into_bytes()));
    let text = site.text("people-of-quilla.csv");
    site.write("people.csv", text.lines().take(2).collect::<Vec<_>>().join("\n").as_bytes());
    places.push(("a roster".into(), import(&site.dir().join("people.csv"))));
    for (number, code) in [(1, "99213"), (2, "99212"), (3, "NONE"), (4, "20610")] {
        site.hl7(&format!("{number}-of-quilla.hl7"), message(number, code).as_bytes());
    }
    deliver_bad(&site);
    places.push(("a run".into(), loud(&site, &["--as-of", AS_OF, "run", "--once"])));
    let summary = site.run(AS_OF);
    assert!(
        summary["claims"]["submitted"].as_u64().unwrap() >= 2 && summary["claims"]["held"].as_u64().unwrap() >= 1,
        "{summary}"
    );
    assert!(summary["documents"]["rejected"].as_u64().unwrap() >= 5, "{summary}");
    answer(&site);
    places.push(("a run with answers".into(), loud(&site, &["--as-of", AS_OF, "--json", "run", "--once"])));
    let summary = site.run(AS_OF);
    assert_eq!(summary["claims"]["posted"], 1, "{summary}");
    let listed = site.json(&["document", "list", "--practice", PRACTICE]);
    let translated =
        listed.as_array().unwrap().iter().filter(|row| row["status"] == "translated" && row["part"] == false).count()
            as u64;
    let (log, told) = serve_and_kill(&site, translated);
    assert!(String::from_utf8_lossy(&log).contains("TRACE"), "the log is at its loudest");
    places.push(("the log of a service".into(), log));
    places.push(("pages and acknowledgements".into(), told));
    for arguments in [
        &["verify", "--all"][..],
        &["document", "list"],
        &["plugin", "list"],
        &["check-config"],
        &["trace", "--unaccounted", "--as-of", AS_OF],
        &["document", "show", "4000000"],
    ] {
        places.push((arguments.join(" "), loud(&site, arguments)));
    }
    // The visit that was paid, masked: words, and the same for a machine. Days of service and payment are masked too.
    let visit = site.json(&["visit", "list"]);
    let paid =
        visit.as_array().unwrap().iter().find(|row| row["claims"][0]["state"] == "posted").expect("a paid visit");
    let number = paid["visit"].as_str().unwrap().to_owned();
    let shown = loud(&site, &["trace", &number]);
    assert!(
        [texts(), Canary::day("service", SERVICE)].iter().all(|shows| !Search::new(shows).find(&shown).is_empty()),
        "unmasked it shows them"
    );
    let masked = Search::new(&[canaries, Canary::day("service date", SERVICE)].concat());
    for json in [&["--json"][..], &[]] {
        let said = loud(&site, &[&["trace", &number, "--mask"], json].concat());
        assert!(said.len() > 1_000, "a whole trace: {}", String::from_utf8_lossy(&said));
        assert_eq!(masked.find(&said), Vec::<String>::new(), "{}", String::from_utf8_lossy(&said));
    }

    // Files: all but those that hold patients by nature, which show that the search finds.
    let mut by_nature = 0;
    let mut store = 0;
    for path in files_below(site.dir()) {
        let within = path.strip_prefix(site.dir()).unwrap().to_owned();
        let top = within.iter().next().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        if top == "plugins" {
            // As `init` made it.
            continue;
        }
        if ["inbox", "transport"].contains(&top.as_str()) || top.starts_with("people") {
            by_nature += search.find(&bytes).len();
            continue;
        }
        store += usize::from(top == "store");
        places.push((within.display().to_string(), [within.to_string_lossy().as_bytes(), b"\n", &bytes].concat()));
    }
    assert!(by_nature > 50, "the search finds them where they are: {by_nature}");
    assert!(store >= 2, "the store's file and its WAL are there: {store}");
    let found: Vec<String> = places
        .iter()
        .flat_map(|(place, bytes)| search.find(bytes).into_iter().map(move |canary| format!("{place}: {canary}")))
        .collect();
    assert_eq!(found, Vec::<String>::new());
    columns(&site.dir().join("store/claimhost.db"));
    let report: Value = serde_json::from_slice(&site.command(&["verify", "--all", "--json"]).stdout).unwrap();
    assert_eq!(report["count"], 0, "{report}");
}

/// Days in the columns of the store, as a whole number or text of any form: of service where the page of clear columns has it, else none.
fn columns(store: &Path) {
    let connection = Connection::open(store).unwrap();
    let mut tables =
        connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'").unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let clear = [("claim", "service_from"), ("claim", "service_to"), ("expected_visit", "start_day")];
    let known = [("birth", BORN), ("admission", ADMITTED), ("accident", ACCIDENT), ("service", SERVICE)];
    let known = known.map(|(what, day)| (what, day.numbers(), Search::new(&Canary::day(what, day))));
    let (mut wrong, mut right) = (Vec::new(), 0);
    for table in tables {
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for (at, name) in names.iter().enumerate() {
                let value: Sql = row.get(at).unwrap();
                for (what, numbers, texts) in &known {
                    let form = match &value {
                        Sql::Integer(number) => numbers.iter().find(|(_, form)| form == number).map(|(form, _)| *form),
                        Sql::Text(text) => (!texts.find(text.as_bytes()).is_empty()).then_some("text"),
                        _ => None,
                    };
                    match form {
                        Some(_) if *what == "service" && clear.contains(&(table.as_str(), name)) => right += 1,
                        Some(form) => wrong.push(format!("{table}.{name}: the {what} day as {form}")),
                        None => {}
                    }
                }
            }
        }
    }
    assert!(right > 0, "the day of service is found where it may be");
    assert_eq!(wrong, Vec::<String>::new());
}
