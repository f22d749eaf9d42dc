//! A folder with payers, hand-written 837s, the sandbox binary, and a small reader of its answers.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

pub const NPI: &str = "1234567893";
pub const OTHER_NPI: &str = "1234567802";

pub const PAYERS: &str = r#"
[[payer]]
id = "90001"
name = "Northfield Health Plan"
copay = { codes = ["99213"], amount = 2500 }
coinsurance_percent = 20
interest = 125
secondary_percent = 80
[payer.fees]
"99213" = 9200
"99214" = 13050
"J1100" = 333
[payer.denies]
"G0296" = ["CO", "50"]

[[payer]]
id = "90002"
name = "Old Mill Mutual"
coinsurance_percent = 20
sequestration_percent = 2
secondary_percent = 100
crossover = ["90001"]
takes_replacement = false
[payer.fees]
"99213" = 8000
"#;

pub struct World {
    pub dir: PathBuf,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl World {
    pub fn new() -> World {
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let dir = std::env::temp_dir().join(format!("claimhost-sandbox-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(dir.join("transport/out")).unwrap();
        fs::write(dir.join("payers.toml"), PAYERS).unwrap();
        World { dir }
    }

    pub fn send(&self, name: &str, text: &str) {
        fs::write(self.dir.join("transport/out").join(format!("{name}.837")), text).unwrap();
    }

    /// Puts a 270 into transport/out.
    pub fn ask(&self, name: &str, text: &str) {
        fs::write(self.dir.join("transport/out").join(format!("{name}.270")), text).unwrap();
    }

    pub fn command(&self, as_of: &str, mode: &str, extra: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_claimhost-sandbox"));
        command.arg("--transport").arg(self.dir.join("transport"));
        command.arg("--payers").arg(self.dir.join("payers.toml"));
        command.arg("--state").arg(self.dir.join("sandbox"));
        command.args(["--as-of", as_of, "--seed", "7", mode]).args(extra);
        command
    }

    /// One turn; returns its summary.
    pub fn turn(&self, extra: &[&str]) -> serde_json::Value {
        let out = self.command("2026-03-02", "--once", extra).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).unwrap()
    }

    /// Turns until nothing is pending.
    pub fn drain(&self, extra: &[&str]) {
        for _ in 0..12 {
            if self.turn(extra)["pending"] == 0 {
                return;
            }
        }
        panic!("pending for ever");
    }

    /// Answer files by name.
    pub fn answers(&self) -> BTreeMap<String, String> {
        read_dir(&self.dir.join("transport/in"))
    }

    /// Texts of one extension, in name order.
    pub fn texts(&self, extension: &str) -> Vec<String> {
        let end = format!(".{extension}");
        self.answers().into_iter().filter(|(name, _)| name.ends_with(&end)).map(|(_, text)| text).collect()
    }

    pub fn services(&self) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(self.dir.join("sandbox/accepted.ndjson")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

pub fn read_dir(dir: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(dir) else {
        return BTreeMap::new();
    };
    entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .collect()
}

#[derive(Clone)]
pub struct Claim {
    pub npi: &'static str,
    pub payer: &'static str,
    pub level: &'static str,
    pub member: String,
    pub number: String,
    pub frequency: &'static str,
    pub original: String,
    pub child: bool,
    pub others: String,
    pub lines: Vec<(String, i64, i64)>,
    pub line_tail: String,
    pub charge: Option<i64>,
    pub pointer: &'static str,
}

pub fn claim(number: &str, lines: &[(&str, i64)]) -> Claim {
    Claim {
        npi: NPI,
        payer: "90001",
        level: "P",
        member: "M100".into(),
        number: number.into(),
        frequency: "1",
        original: String::new(),
        child: false,
        others: String::new(),
        lines: lines.iter().map(|(code, charge)| ((*code).to_owned(), *charge, 1)).collect(),
        line_tail: String::new(),
        charge: None,
        pointer: "1",
    }
}

fn dollars(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn segments(claims: &[Claim]) -> Vec<String> {
    let mut out: Vec<String> = vec![
        "BHT*0019*00*B1*20260302*1200*CH".into(),
        "NM1*41*2*Cedar Family Medicine*****46*CEDAR01".into(),
        "PER*IC*Billing Office*TE*6145550100".into(),
        "NM1*40*2*SANDBOX CLEARINGHOUSE*****46*SANDBOX".into(),
    ];
    let mut level = 0;
    for c in claims {
        level += 1;
        let billing = level;
        out.push(format!("HL*{billing}**20*1"));
        out.push(format!("NM1*85*2*Cedar Family Medicine*****XX*{}", c.npi));
        out.push("N3*1 Main Street".into());
        out.push("N4*Columbus*OH*430010000".into());
        out.push("REF*EI*123456789".into());
        level += 1;
        out.push(format!("HL*{level}*{billing}*22*{}", u8::from(c.child)));
        out.push(format!("SBR*{}*{}*******CI", c.level, if c.child { "" } else { "18" }));
        out.push(format!("NM1*IL*1*O'Hara-Lund*Ines****MI*{}", c.member));
        out.push("N3*2 Elm Street\nN4*Columbus*OH*43001\nDMG*D8*19800105*F".replace('\n', "~"));
        out.push(format!("NM1*PR*2*Some Plan*****PI*{}", c.payer));
        if c.child {
            let parent = level;
            level += 1;
            out.push(format!("HL*{level}*{parent}*23*0~PAT*19~NM1*QC*1*O'Hara-Lund*Tove~N3*2 Elm Street~N4*Columbus*OH*43001~DMG*D8*20200105*F"));
        }
        let sum = c.charge.unwrap_or(c.lines.iter().map(|line| line.1).sum());
        out.push(format!("CLM*{}*{}***11:B:{}*Y*A*Y*Y", c.number, dollars(sum), c.frequency));
        if !c.original.is_empty() {
            out.push(format!("REF*F8*{}", c.original));
        }
        out.push("HI*ABK:J029*ABF:R509".into());
        if !c.others.is_empty() {
            out.push(c.others.clone());
        }
        for (at, (code, charge, units)) in c.lines.iter().enumerate() {
            out.push(format!("LX*{}", at + 1));
            out.push(format!("SV1*HC:{code}*{}*UN*{units}***{}", dollars(*charge), c.pointer));
            out.push("DTP*472*D8*20260225".into());
            out.push(format!("REF*6R*{}L{}", c.number, at + 1));
            if !c.line_tail.is_empty() {
                out.push(c.line_tail.clone());
            }
        }
    }
    out.join("~").split('~').map(str::to_owned).collect()
}

pub fn wrap(control: u32, sets: &[Vec<String>]) -> String {
    let mut out = format!(
        "ISA*00*{0}*00*{0}*ZZ*CEDAR01{1}*ZZ*SANDBOX{1}*260302*1200*^*00501*{control:09}*0*T*:~",
        " ".repeat(10),
        " ".repeat(8)
    );
    out += &format!("GS*HC*CEDAR01*SANDBOX*20260302*1200*{control}*X*005010X222A1~");
    for (at, set) in sets.iter().enumerate() {
        out += &format!("ST*837*{:04}*005010X222A1~", at + 1);
        set.iter().for_each(|segment| out += &format!("{segment}~"));
        out += &format!("SE*{}*{:04}~", set.len() + 2, at + 1);
    }
    out + &format!("GE*{}*{control}~IEA*1*{control:09}~", sets.len())
}

pub fn file(control: u32, claims: &[Claim]) -> String {
    wrap(control, &[segments(claims)])
}

pub fn set(claims: &[Claim]) -> Vec<String> {
    segments(claims)
}

/// Segments of an answer, elements split.
pub fn split(text: &str) -> Vec<Vec<String>> {
    text.split('~')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| part.split('*').map(str::to_owned).collect())
        .collect()
}

/// Cents of an answer's amount.
pub fn cents(text: &str) -> i64 {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    sign * format!("{whole}{fraction:0<2}").parse::<i64>().unwrap()
}

/// Every equation of an 835; returns (CLP01, CLP02, CLP07, CLP04) and BPR02 less interest and forwards.
pub fn check_835(text: &str) -> Vec<(String, String, String, i64)> {
    let mut claims = Vec::new();
    let (mut bpr, mut paid, mut plb) = (0, 0, 0);
    let mut open: Option<(i64, i64, i64)> = None; // charge, paid, adjusted
    let mut line: Option<(i64, i64, i64)> = None;
    let close_line = |line: &mut Option<(i64, i64, i64)>| {
        if let Some((charge, paid, adjusted)) = line.take() {
            assert_eq!(charge - adjusted, paid, "line out of balance");
        }
    };
    let close = |open: &mut Option<(i64, i64, i64)>| {
        if let Some((charge, paid, adjusted)) = open.take() {
            assert_eq!(charge - adjusted, paid, "claim out of balance");
        }
    };
    for s in split(text) {
        match s[0].as_str() {
            "BPR" => (bpr, paid, plb) = (cents(&s[2]), 0, 0),
            "CLP" => {
                close_line(&mut line);
                close(&mut open);
                open = Some((cents(&s[3]), cents(&s[4]), 0));
                paid += cents(&s[4]);
                claims.push((s[1].clone(), s[2].clone(), s[7].clone(), cents(&s[4])));
            }
            "SVC" => {
                close_line(&mut line);
                line = Some((cents(&s[2]), cents(&s[3]), 0));
            }
            "CAS" => {
                let sum: i64 = s[2..].chunks(3).map(|triple| cents(&triple[1])).sum();
                line.as_mut().unwrap().2 += sum;
                open.as_mut().unwrap().2 += sum;
            }
            "PLB" => plb += s[3..].chunks(2).map(|pair| cents(&pair[1])).sum::<i64>(),
            "SE" => {
                close_line(&mut line);
                close(&mut open);
                assert_eq!(paid - plb, bpr, "remittance out of balance");
                assert!(bpr >= 0);
            }
            _ => {}
        }
    }
    claims
}

/// Net of each payer claim control number over all distinct whole remittances (by TRN02).
pub fn net(texts: &[String]) -> BTreeMap<String, i64> {
    let mut seen = Vec::new();
    let mut net = BTreeMap::new();
    for text in texts {
        if !text.trim_end().ends_with('~') || !text.contains("~\nIEA*") {
            continue; // cut
        }
        let traces: Vec<_> = split(text).into_iter().filter(|s| s[0] == "TRN").map(|s| s[2].clone()).collect();
        if seen.contains(&traces) {
            continue;
        }
        seen.push(traces);
        for (_, _, icn, paid) in check_835(text) {
            *net.entry(icn).or_insert(0) += paid;
        }
    }
    net.retain(|_, paid| *paid != 0);
    net
}
