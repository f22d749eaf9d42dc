//! A clearinghouse and payer in a few lines, for the simulation: it decides by the member's id, so that the same claims are decided alike
//! whatever file they come in, takes a file once, and keeps which services stand.

use std::collections::BTreeMap;

use claimhost_tests::x12::{Sent, claims_of, dollars, interchange};

/// What it knows.
#[derive(Debug, Default)]
pub struct Payer {
    seen: BTreeMap<String, Vec<u8>>,
    /// Services that stand, by our number of the claim.
    standing: BTreeMap<String, Standing>,
    interchanges: u32,
}

#[derive(Debug)]
struct Standing {
    services: Vec<String>,
    paid: i64,
    /// Its CLP and what belongs to it: `?` stands for CLP02, `#` where a reversal has a minus.
    text: String,
    status: &'static str,
}

impl Standing {
    fn payment(&self) -> String {
        self.text.replacen('?', self.status, 1).replace('#', "")
    }

    fn reversal(&self) -> String {
        self.text.replacen('?', "22", 1).replace('#', "-")
    }
}

impl Payer {
    /// Takes 837s by name; the answers to those it has not seen, by name.
    ///
    /// # Panics
    /// Where a name comes again with other bytes.
    pub fn take(&mut self, files: Vec<(String, Vec<u8>)>) -> Vec<(String, String)> {
        let mut answers = Vec::new();
        for (name, bytes) in files {
            if let Some(seen) = self.seen.get(&name) {
                assert!(*seen == bytes, "{name} came twice and differs");
                continue;
            }
            let text = String::from_utf8(bytes.clone()).expect("an 837 is text");
            answers.extend(self.answer(&name, &text));
            self.seen.insert(name, bytes);
        }
        answers
    }

    /// How often each service stands.
    pub fn accepted(&self) -> BTreeMap<String, u32> {
        let mut count = BTreeMap::new();
        for service in self.standing.values().flat_map(|standing| &standing.services) {
            *count.entry(service.clone()).or_default() += 1;
        }
        count
    }

    fn answer(&mut self, name: &str, text: &str) -> Vec<(String, String)> {
        let element = |id: &str, at: usize| {
            let segment = text.split('~').find(|segment| segment.trim().starts_with(id)).expect("a segment");
            segment.trim().split('*').nth(at).expect("an element").to_owned()
        };
        let (group, transaction, batch) = (element("GS*", 6), element("ST*", 2), element("BHT*", 3));
        let claims = claims_of(text);
        let (ak1, ak2) = (format!("AK1*HC*{group}*005010X222A1"), format!("AK2*837*{transaction}*005010X222A1"));
        let ack = ["ST*999*0001*005010X231A1", &ak1, &ak2, "IK5*A", "AK9*A*1*1*1"];
        let mut status: Vec<String> = ["ST*277*0001*005010X214", "BHT*0085*08*1*20260518*1200*TH", "HL*1**20*1"]
            .into_iter()
            .chain(["NM1*PR*2*EXAMPLE*****PI*00000", "TRN*1*1", "DTP*050*D8*20260518", "DTP*009*D8*20260518"])
            .chain(["HL*2*1*21*1", "NM1*41*2*MY PRACTICE*****46*SUBMITTERID"])
            .map(str::to_owned)
            .collect();
        status.extend([format!("TRN*2*{batch}"), "STC*A1:19:PR*20260518*WQ*180".to_owned(), "HL*3*2*19*1".to_owned()]);
        status.push("NM1*85*2*MY PRACTICE*****XX*1234567893".to_owned());
        let (mut paid, mut payments) = (0, Vec::new());
        for (at, claim) in claims.iter().enumerate() {
            let refused = claim.frequency == "1" && luck(&claim.member, 7) == 0;
            let code = if refused { "A3:21:PR*20260518*U" } else { "A2:20:PR*20260518*WQ" };
            status.push(format!("HL*{}*3*PT", at + 4));
            status.push(format!("NM1*QC*1*VANCE*ORLA****MI*{}", claim.member));
            status.push(format!("TRN*2*{}", claim.clm01));
            status.push(format!("STC*{code}*{}", dollars(claim.charge)));
            if refused {
                continue;
            }
            status.push(format!("REF*1K*ICN{}", claim.clm01));
            if let Some(before) = self.standing.remove(claim.of.trim_start_matches("ICN")) {
                paid -= before.paid;
                payments.push(before.reversal());
            }
            if claim.frequency != "8" {
                let standing = decide(claim);
                paid += standing.paid;
                payments.push(standing.payment());
                self.standing.insert(claim.clm01.clone(), standing);
            }
        }
        let mut answers = vec![self.file(name, "999", "FA", "005010X231A1", &ack)];
        let status: Vec<&str> = status.iter().map(String::as_str).collect();
        answers.push(self.file(name, "277", "HN", "005010X214", &status));
        if !payments.is_empty() {
            // What a payer takes back beyond what it pays is carried forward.
            let plb = format!("PLB*1234567893*20261231*FB:1*{}", dollars(paid.min(0)));
            let bpr = format!(
                "BPR*I*{}*C*ACH*CCP*01*111111118*DA*1*1999999999**01*222222226*DA*2*20260518",
                dollars(paid.max(0))
            );
            let trace = format!("TRN*1*{}*1999999999", name.trim_end_matches(".837"));
            let head = ["ST*835*0001", &bpr, &trace, "DTM*405*20260518", "N1*PR*EXAMPLE", "N3*1 PAYER ROAD"];
            let next = [
                "N4*ANYTOWN*OH*430010000",
                "PER*BL*HELP DESK*TE*5555550101",
                "N1*PE*MY PRACTICE CHANGE ME*XX*1234567893",
                "LX*1",
            ];
            let joined = [head.join("~"), next.join("~"), payments.join("~")].join("~");
            let mut body: Vec<&str> = joined.split('~').collect();
            if paid < 0 {
                body.push(&plb);
            }
            answers.push(self.file(name, "835", "HP", "005010X221A1", &body));
        }
        answers
    }

    fn file(&mut self, name: &str, kind: &str, group: &str, version: &str, body: &[&str]) -> (String, String) {
        self.interchanges += 1;
        (format!("{name}.{kind}"), interchange(self.interchanges, group, version, body))
    }
}

/// A fifth of the members are denied, the others' charges are paid at four fifths.
fn decide(claim: &Sent) -> Standing {
    let denied = luck(&claim.member, 5) == 0;
    let of = |charge: i64| if denied { 0 } else { charge / 5 * 4 };
    let paid: i64 = claim.lines.iter().map(|line| of(line.charge)).sum();
    let status = if denied { "4" } else { "1" };
    let (id, charge) = (&claim.clm01, dollars(claim.charge));
    let amount = |cents: i64| format!("#{}", dollars(cents)).replace("#0.00", "0");
    let mut text =
        format!("CLP*{id}*?*#{charge}*{}**12*ICN{id}~NM1*QC*1*VANCE*ORLA****MI*{}", amount(paid), claim.member);
    for line in &claim.lines {
        let (code, charge, day) = (&line.code, &line.charge, &line.day);
        let (reason, rest) = if denied { ("50", *charge) } else { ("45", charge - of(*charge)) };
        text += &format!(
            "~SVC*HC:{code}*#{}*{}**1~DTM*472*{day}~CAS*CO*{reason}*{}",
            dollars(*charge),
            amount(of(*charge)),
            amount(rest)
        );
    }
    let services = claim
        .lines
        .iter()
        .map(|line| format!("{} {} {} {} {}", claim.member, line.day, line.code, line.units, line.charge));
    Standing { services: services.collect(), paid, text, status }
}

/// A number below `of` that a text always has.
fn luck(text: &str, of: u32) -> u32 {
    text.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) / 8 % of
}
