//! One patient whose every value is a canary goes every way through the real binary: billed, held, refused, cut, acknowledged, paid, denied,
//! rejected, unbalanced, asked about, told to an EHR, from folders, a listener, an upload, a source that is pulled and a roster, through
//! plugins that trap and say all they know, with the log at its loudest; then the service is killed. The
//! canaries are searched for in the log, in metrics and other pages, in what is answered, in what commands print that are not made
//! to show patients, in `--mask`, in the store and its WAL, in the plugin cache, which nobody else uses, and among temporary files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use claimhost_tests::canary::{Canary, Day, Numbers, Search, files_below};
use claimhost_tests::house;
use claimhost_tests::https::{Answer, Server, add_rows};
use claimhost_tests::programs::{guest, workspace};
use claimhost_tests::serving::{Serving, block};
use claimhost_tests::site::{PRACTICE, Site};
use claimhost_tests::x12::{ack, check, covered, interchange};
use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::json;
use sha2::{Digest, Sha256};

const AS_OF: &str = "2026-05-20";
const LOUD: &str = "trace";
const BORN: Day = Day { year: 1961, month: 4, day: 17 };
const ADMITTED: Day = Day { year: 2026, month: 4, day: 29 };
const ACCIDENT: Day = Day { year: 2026, month: 3, day: 3 };
const SERVICE: Day = Day { year: 2026, month: 5, day: 2 };
const DAYS: [(&str, Day); 4] =
    [("birth date", BORN), ("admission", ADMITTED), ("accident", ACCIDENT), ("service date", SERVICE)];

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
        ("idempotency key", "KEY1184702"),
    ]
    .map(|(what, value)| Canary::new(what, value))
    .into()
}

/// What is looked for: values as texts, days as texts and numbers.
struct Everything {
    texts: Search,
    numbers: Numbers,
}

impl Everything {
    fn new() -> Self {
        let days = DAYS.iter().flat_map(|(what, day)| Canary::day(what, *day));
        Self { texts: Search::new(&texts().into_iter().chain(days).collect::<Vec<_>>()), numbers: Numbers::new(&DAYS) }
    }

    /// In what is read as text.
    fn in_text(&self, bytes: &[u8]) -> Vec<String> {
        [self.texts.find(bytes), self.numbers.in_text(bytes)].concat()
    }

    /// In what may be sealed or compiled. Days in columns of the store: [`columns`]; in the cache: it is what it was.
    fn in_any(&self, bytes: &[u8]) -> Vec<String> {
        [self.texts.find(bytes), self.numbers.in_any(bytes)].concat()
    }
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
    // A guest says what it was given wherever it can, and fails on it.
    for verb in ["leak", "panic", "log", "trap", "Id of no form"] {
        let said =
            format!("{verb}:Quillfeather^Orabelle MRN7730915 MEM3319475Z 19610417 1961-04-17 20260502 -3181 20575");
        site.put("inbox/odd", &format!("{verb}-of-quilla.txt"), said.as_bytes());
    }
}

fn claim_payment(clm01: &str, status: &str, paid: u32, cas: &str) -> String {
    format!(
        "CLP*{clm01}*{status}*90*{paid}**12*ICN4408123~NM1*QC*1*Quillfeather*Orabelle*Xanthippe***MI*MEM3319475Z~\
         NM1*IL*1*Quillfeather*Orabelle****MI*MEM3319475Z~DTM*050*20260429~SVC*HC:99213*90*{paid}**1~DTM*472*20260502~\
         CAS*CO*{cas}~REF*6R*CHG6640187"
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
    assert!(sent.len() >= 4, "some claims left: {visits:#}");
    for (at, (name, bytes)) in site.outbox().into_iter().filter(|(name, _)| name.ends_with(".837")).enumerate() {
        let text = String::from_utf8(bytes).unwrap();
        let group =
            text.split("GS*HC*").nth(1).and_then(|rest| rest.split('*').nth(4)).unwrap_or_else(|| panic!("{name}"));
        let group = group.parse().unwrap();
        site.answer(&format!("1-{at}-of-quilla.999"), ack(10 + group, group, "A", "A").as_bytes());
    }
    let (taken, refused) = ("STC*A2:20:PR*20260518*WQ*90", "STC*A3:21:PR*20260518*U*90");
    let mut body: Vec<String> =
        "ST*277*0001*005010X214~BHT*0085*08*1*20260518*1200*TH~HL*1**20*1~NM1*PR*2*EXAMPLE*****PI*00000~TRN*1*1~\
         DTP*050*D8*20260518~DTP*009*D8*20260518~HL*2*1*21*1~NM1*41*2*MY PRACTICE*****46*SUBMITTERID~TRN*2*000000001~\
         STC*A1:19:PR*20260518*WQ*180~HL*3*2*19*1~NM1*85*2*MY PRACTICE*****XX*1234567893"
            .split('~')
            .map(str::to_owned)
            .collect();
    for (at, (claim, status)) in
        [(sent[0].as_str(), taken), ("MRN7730915", taken), (&sent[3], refused)].into_iter().enumerate()
    {
        let claim = format!(
            "HL*{}*3*PT~NM1*QC*1*Quillfeather*Orabelle****MI*MEM3319475Z~TRN*2*{claim}~{status}~REF*1K*ICN4408123~\
             DTP*472*D8*20260502",
            at + 4
        );
        body.extend(claim.split('~').map(str::to_owned));
    }
    let body: Vec<&str> = body.iter().map(String::as_str).collect();
    site.answer("2-of-quilla.277", interchange(2, "HN", "005010X214", &body).as_bytes());
    let paid = claim_payment(&sent[0], "1", 70, "45*20");
    let off = claim_payment(&sent[1], "1", 70, "45*19.99");
    let denied = claim_payment(&sent[2], "4", 0, "50*90");
    let nobody = claim_payment("MRN7730915", "1", 70, "45*20");
    let remittance =
        check(3, "I*210*C", "EXAMPLE", "1234567893", &[paid, off, denied, nobody], "").replace("*T3*", "*CHK7719034*");
    let cut = remittance.get(..remittance.len() / 2).unwrap().to_owned();
    site.answer("3-of-quilla.835", remittance.as_bytes());
    site.answer("4-of-quilla.835", cut.as_bytes());
    let wrong = remittance.replace("*90*70**12*", "*Quillfeather*70**12*").replace("00000003*0*T", "00000005*0*T");
    site.answer("5-of-quilla.835", wrong.as_bytes());
    site.answer("6-of-quilla.txt", b"Quillfeather owes nothing");
    // Of two questions one is answered, of a person who was born on another day, and one by half a file.
    let asked = site.json(&["eligibility", "list"]);
    let trace = asked[0]["trace"].as_str().unwrap_or_else(|| panic!("questions were asked: {asked}"));
    let person = ["NM1*IL*1*Quillfeather*Orabelle*Xanthippe***MI*MEM3319475Z", "DMG*D8*19610418*F"];
    let cover = covered(7, trace, person);
    site.answer("7-of-quilla.271", cover.as_bytes());
    site.answer("8-of-quilla.271", cover.get(..cover.len() * 3 / 4).unwrap().as_bytes());
    let other = covered(9, "MRN7730915", ["NM1*IL*1*Quillfeather*Orabelle****MI*MEM3319475Z", "DMG*D8*1961041Q*F"]);
    site.answer("9-of-quilla.271", other.as_bytes());
}

/// A source that tells of the patient once, then fails in its words.
fn source() -> Server {
    Server::start(|_, before| match before {
        0 => Answer::json(&json!({"rows": [
            {"visit": "VIS5520984-60", "patient": "Quillfeather", "born": "1961-04-17"}, "MRN7730915",
        ]})),
        _ => Answer::new(422, "{\"error\":\"Quillfeather MRN7730915 born 1961-04-17 is not known\"}"),
    })
}

/// A folder in which every way in and out is open but for the source that is pulled, and nobody was here yet.
fn site() -> Site {
    let site = Site::new();
    // A cache of its own: what is compiled here is searched here.
    let shared = format!("cache = {:?}", workspace().join("target/plugin-cache"));
    site.edit("claimhost.toml", &shared, "cache = \"cache\"");
    site.edit("practices/my-practice/profile.toml", "eligibility = \"none\"", "eligibility = \"270\"");
    site.json(&["plugin", "add", "--yes", guest("hostile", site.dir()).to_str().unwrap()]);
    site.write("rules/house.toml", house::table("1", "9000").as_bytes());
    site.write("practices/my-practice/mapping.schedule.toml", b"source_system = \"SITE\"\ncontent = \"schedule\"\n");
    site.add_folder("fhir", "fhir-r4");
    site.add_folder("odd", "hostile");
    let config = format!(
        "{}\n[[intake.folder]]\npractice = \"{PRACTICE}\"\npath = \"inbox/schedule\"\nadapter = \"csv-superbill\"\n\
         mapping = \"practices/my-practice/mapping.schedule.toml\"\n\
         [[intake.mllp]]\npractice = \"{PRACTICE}\"\nlisten = \"127.0.0.1:0\"\nadapter = \"hl7v2-dft\"\n\
         [[post]]\npractice = \"{PRACTICE}\"\nname = \"billing\"\nposter = \"csv-poster\"\nfolder = \"post\"\n",
        site.text("claimhost.toml").replace("settle_seconds = 5", "settle_seconds = 0")
    );
    site.write("claimhost.toml", config.as_bytes());
    site.allow_uploads("messages", "hl7v2-dft");
    std::fs::create_dir_all(site.dir().join("inbox/schedule")).unwrap();
    std::fs::create_dir_all(site.dir().join("tmp")).unwrap();
    site
}

/// Files of the plugin cache with their content.
fn cache(site: &Site) -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = site.dir().join("cache");
    let read = |path: PathBuf| {
        (path.strip_prefix(&folder).unwrap().to_owned(), Sha256::digest(std::fs::read(&path).unwrap()).to_vec())
    };
    files_below(&folder).into_iter().map(read).collect()
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
    let sent = message(52, "99215");
    let key = |key: &'static str| vec![("Idempotency-Key", key)];
    let stranger = vec![("Authorization", "Bearer Quillfeather"), ("Idempotency-Key", "KEY1184703")];
    for (headers, body, status) in [
        (key("KEY1184702"), sent.as_str(), "201"),
        (key("KEY1184702"), "MSH|Quillfeather", "422"),
        (stranger, &sent, "401"),
        (key("Quillfeather of MRN7730915"), "", "400"),
    ] {
        let answer = serving.upload_document("messages", &headers, body);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{headers:?}: {answer}");
        told.extend(answer.into_bytes());
    }
    // The good message, the late one, and the upload.
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"translated\"}", translated + 3);
    for page in ["/metrics", "/readyz", "/healthz", "/Quill"] {
        told.extend(serving.page(page).into_bytes());
    }
    serving.kill();
    (std::fs::read(log).unwrap(), told)
}

#[test]
fn nothing_of_a_patient_is_where_it_must_not_be() {
    let site = site();
    let search = Everything::new();
    let mut places: Vec<(String, Vec<u8>)> = Vec::new();
    // Every plugin is compiled and tried before the first patient comes.
    places.push(("a run with nobody".into(), loud(&site, &["--as-of", AS_OF, "run", "--once"])));
    let before = cache(&site);
    assert!(before.len() > 10, "{:?}", before.keys());
    // Fixtures of plugins and lists of codes: what nobody's patient has changed may have a canary's letters by chance.
    let made: BTreeMap<_, _> =
        files_below(site.dir()).into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    let source = source();
    add_rows(&site, &source, "rows", "");
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
    for (number, code) in [(1, "99213"), (2, "99212"), (3, "NONE"), (4, "20610"), (5, "71046"), (6, "93000")] {
        site.hl7(&format!("{number}-of-quilla.hl7"), message(number, code).as_bytes());
    }
    deliver_bad(&site);
    places.push(("a run".into(), loud(&site, &["--as-of", AS_OF, "run", "--once"])));
    let summary = site.run(AS_OF);
    assert!(
        summary["claims"]["submitted"].as_u64().unwrap() >= 4 && summary["claims"]["held"].as_u64().unwrap() >= 1,
        "{summary}"
    );
    assert!(summary["documents"]["rejected"].as_u64().unwrap() >= 5, "{summary}");
    assert!(summary["documents"]["parked"].as_u64().unwrap() >= 2, "{summary}");
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
        &["pull", PRACTICE, "rows"],
        &["post", "list"],
        &["denial", "list"],
        &["trace", "--unaccounted", "--as-of", AS_OF],
        &["document", "show", "4000000"],
        &["trace", "4000000"],
        &["backup", site.dir().join("copy.backup").to_str().unwrap()],
    ] {
        places.push((arguments.join(" "), loud(&site, arguments)));
    }
    places.extend(masked(&site, &search));
    assert_eq!(cache(&site), before, "the plugin cache is what it was before the first patient came");

    // Files: all but those that hold patients by nature, which show that the search finds.
    let mut by_nature = BTreeMap::<String, usize>::new();
    let (mut store, mut found) = (0, Vec::new());
    for path in files_below(site.dir()) {
        let within = path.strip_prefix(site.dir()).unwrap().to_owned();
        let top = within.iter().next().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        let is_as_made = ["cache", "codes"].contains(&top.as_str()) && made.get(&path) == Some(&bytes);
        if top == "plugins" || is_as_made {
            continue;
        }
        if ["inbox", "transport", "post"].contains(&top.as_str()) || top.starts_with("people") {
            *by_nature.entry(top).or_default() += search.in_text(&bytes).len();
            continue;
        }
        store += usize::from(top == "store");
        let name = within.display().to_string();
        let of_any = ["store", "cache", "offered", "copy.backup"].contains(&top.as_str());
        let inside = if of_any { search.in_any(&bytes) } else { search.in_text(&bytes) };
        let named = search.in_text(name.as_bytes());
        found.extend(inside.into_iter().chain(named).map(|canary| format!("{name}: {canary}")));
    }
    assert!(by_nature.values().sum::<usize>() > 50, "the search finds them where they are: {by_nature:?}");
    assert!(by_nature["post"] > 0 && by_nature["transport"] > 0, "{by_nature:?}");
    assert!(store >= 2, "the store's file and its WAL are there: {store}");
    found.extend(
        places.iter().flat_map(|(place, bytes)| {
            search.in_text(bytes).into_iter().map(move |canary| format!("{place}: {canary}"))
        }),
    );
    assert_eq!(found, Vec::<String>::new());
    columns(&site.dir().join("store/claimhost.db"));
    site.run(AS_OF);
}

/// Every visit, masked: words, and the same for a machine. Days of service and payment are masked too.
fn masked(site: &Site, search: &Everything) -> Vec<(String, Vec<u8>)> {
    let visits = site.json(&["visit", "list"]);
    let (mut said, mut states, mut shown) = (Vec::new(), BTreeSet::new(), Vec::new());
    for visit in visits.as_array().unwrap() {
        let claims = visit["claims"].as_array().unwrap();
        states.extend(claims.iter().map(|claim| claim["state"].as_str().unwrap().to_owned()));
        let number = visit["visit"].as_str().unwrap();
        shown.extend(loud(site, &["trace", number]));
        for json in [&["--json"][..], &[]] {
            let masked = loud(site, &[&["trace", number, "--mask"], json].concat());
            assert!(masked.len() > 200, "a whole trace: {}", String::from_utf8_lossy(&masked));
            said.push((format!("trace --mask {} of {claims:?}", json.concat()), masked));
        }
    }
    let needed = ["denied", "held", "posted", "rejected", "submitted"].map(str::to_owned);
    assert!(needed.iter().all(|state| states.contains(state)), "{states:?}");
    let mut everybody = texts();
    everybody.extend(Canary::day("service", SERVICE));
    let found = Search::new(&everybody).find(&shown);
    assert!(found.len() > 3, "unmasked it shows them: {found:?}");
    assert!(!search.in_text(&shown).is_empty(), "and they are found as text");
    assert!(String::from_utf8_lossy(&shown).contains("fix: add modifier GP"), "a rule proposes something");
    said
}

/// Days in the columns of the store, as a whole number or text of any form: of service where the page of clear columns has it, else none.
/// Blobs are look-up values and sealed bodies, and nothing else.
fn columns(store: &Path) {
    let connection = Connection::open(store).unwrap();
    let mut tables =
        connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'").unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let clear = [
        ("claim", "service_from"),
        ("claim", "service_to"),
        ("expected_visit", "start_day"),
        ("inquiry", "service_day"),
    ];
    let blobs = ["body", "name", "archive_name", "wrapped_key", "mac", "head_mac", "tables", "pieces_digest"];
    let known = DAYS.map(|(what, day)| (what, Numbers::new(&[(what, day)]), Search::new(&Canary::day(what, day))));
    let (mut wrong, mut right) = (Vec::new(), 0);
    for table in tables {
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for (at, name) in names.iter().enumerate() {
                let value: Sql = row.get(at).unwrap();
                for (what, numbers, texts) in &known {
                    let found = match &value {
                        Sql::Integer(number) => numbers.of(*number),
                        Sql::Text(text) => [texts.find(text.as_bytes()), numbers.in_text(text.as_bytes())].concat(),
                        Sql::Blob(_) if name.ends_with("_mac") || blobs.contains(&name.as_str()) => Vec::new(),
                        Sql::Blob(_) => {
                            vec![format!("{what}, who knows, in a blob that is neither sealed nor a look-up value")]
                        }
                        _ => Vec::new(),
                    };
                    if found.is_empty() {
                        continue;
                    }
                    match *what == "service date" && clear.contains(&(table.as_str(), name)) {
                        true => right += 1,
                        false => wrong.push(format!("{table}.{name}: {}", found.join(", "))),
                    }
                }
            }
        }
    }
    assert!(right > 0, "the day of service is found where it may be");
    assert_eq!(wrong, Vec::<String>::new());
}
