//! Answers of a clearinghouse, counted right: interchanges, TA1, 999, 277CA and 835 of invented payers.

/// An interchange of one group with one transaction.
pub fn interchange(number: u32, functional: &str, version: &str, body: &[&str]) -> String {
    let count = body.len() + 1;
    format!(
        "{}GS*{functional}*RECEIVERID*SUBMITTERID*20260518*1200*{number}*X*{version}~{}~SE*{count}*0001~GE*1*{number}~\
         IEA*1*{number:09}~",
        isa(number),
        body.join("~")
    )
}

/// Its ISA.
pub fn isa(number: u32) -> String {
    format!(
        "ISA*00*          *00*          *ZZ*RECEIVERID     *ZZ*SUBMITTERID    *260518*1200*^*00501*{number:09}*0*T*:~"
    )
}

/// An 835: what BPR says, who pays, its claims and provider adjustments.
pub fn check(number: u32, bpr: &str, payer: &str, payee: &str, claims: &[String], plb: &str) -> String {
    let mut body = vec![
        "ST*835*0001".to_owned(),
        format!("BPR*{bpr}*ACH*CCP*01*111111118*DA*1*1999999999**01*222222226*DA*2*20260518"),
        format!("TRN*1*T{number}*1999999999"),
        "DTM*405*20260518".to_owned(),
        format!("N1*PR*{payer}"),
        "N3*1 PAYER ROAD".to_owned(),
        "N4*ANYTOWN*OH*430010000".to_owned(),
        "PER*BL*HELP DESK*TE*5555550101".to_owned(),
        format!("N1*PE*MY PRACTICE CHANGE ME*XX*{payee}"),
        "LX*1".to_owned(),
    ];
    body.extend(claims.iter().cloned());
    if !plb.is_empty() {
        body.push(format!("PLB*1234567893*20261231*{plb}"));
    }
    // Segments of a claim are joined already.
    let joined = body.join("~");
    let segments: Vec<&str> = joined.split('~').collect();
    interchange(number, "HP", "005010X221A1", &segments)
}

/// CLP and its line: status, charge, paid, and the CAS of the line.
pub fn clp(claim: &str, status: &str, charge: &str, paid: &str, cas: &[&str]) -> String {
    let mut text = format!("CLP*{claim}*{status}*{charge}*{paid}**12*ICN{claim}~NM1*QC*1*VANCE*ORLA****MI*ID1~");
    text += &format!("SVC*HC:99213*{charge}*{paid}**1~DTM*472*20260501");
    cas.iter().for_each(|cas| text += &format!("~CAS*{cas}"));
    text
}

/// A 999 of the group that we numbered `ours` (GS06): what AK9 and the one IK5 say.
pub fn ack(number: u32, ours: u32, group: &str, transaction: &str) -> String {
    let (ik5, ak9) = (format!("IK5*{transaction}"), format!("AK9*{group}*1*1*1"));
    let ak1 = format!("AK1*HC*{ours}*005010X222A1");
    let ak2 = "AK2*837*0001*005010X222A1";
    let body = ["ST*999*0001*005010X231A1", &ak1, ak2, &ik5, &ak9];
    interchange(number, "FA", "005010X231A1", &body)
}

/// A payer's 277CA that accepts claims, each under the payer's number `ICN` and their own.
pub fn accepted(number: u32, claims: &[&str]) -> String {
    let mut body: Vec<String> = [
        "ST*277*0001*005010X214",
        "BHT*0085*08*1*20260518*1200*TH",
        "HL*1**20*1",
        "NM1*PR*2*EXAMPLE*****PI*00000",
        "TRN*1*1",
        "DTP*050*D8*20260518",
        "DTP*009*D8*20260518",
        "HL*2*1*21*1",
        "NM1*41*2*MY PRACTICE*****46*SUBMITTERID",
        "TRN*2*000000001",
        "STC*A1:19:PR*20260518*WQ*180",
        "HL*3*2*19*1",
        "NM1*85*2*MY PRACTICE*****XX*1234567893",
    ]
    .map(str::to_owned)
    .into();
    for (at, claim) in claims.iter().enumerate() {
        body.push(format!("HL*{}*3*PT", at + 4));
        body.push("NM1*QC*1*VANCE*ORLA****MI*ID1".to_owned());
        body.push(format!("TRN*2*{claim}"));
        body.push("STC*A2:20:PR*20260518*WQ*90".to_owned());
        body.push(format!("REF*1K*ICN{claim}"));
    }
    let body: Vec<&str> = body.iter().map(String::as_str).collect();
    interchange(number, "HN", "005010X214", &body)
}

/// A payer's 271 that says yes to the question with this TRN02: NM1 and DMG of its subscriber.
pub fn covered(number: u32, trace: &str, subscriber: [&str; 2]) -> String {
    let trace = format!("TRN*2*{trace}*1123456789");
    let [name, demographics] = subscriber;
    let body = [
        "ST*271*0001*005010X279A1",
        "BHT*0022*11*000000002*20260520*1200",
        "HL*1**20*1",
        "NM1*PR*2*EXAMPLE*****PI*00000",
        "HL*2*1*21*1",
        "NM1*1P*2*MY PRACTICE*****XX*1234567893",
        "HL*3*2*22*0",
        &trace,
        name,
        demographics,
        "EB*1**30",
    ];
    interchange(number, "HB", "005010X279A1", &body)
}

/// A claim of an 837P, as much of it as answers need.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// CLM01.
    pub clm01: String,
    /// CLM02, cents.
    pub charge: i64,
    /// CLM05-3.
    pub frequency: String,
    /// REF F8: the payer's number of what it replaces or voids.
    pub of: String,
    /// 2010BA NM109.
    pub member: String,
    /// Its lines.
    pub lines: Vec<SentLine>,
}

/// One SV1.
#[derive(Debug, Clone, Default)]
pub struct SentLine {
    /// SV101-2 and its modifiers, as they are written.
    pub code: String,
    /// SV102, cents.
    pub charge: i64,
    /// DTP 472.
    pub day: String,
    /// SV104.
    pub units: String,
}

/// The claims of an 837P of ours.
///
/// # Panics
/// Where it is none.
#[allow(clippy::expect_used, reason = "a test helper: its failure is the test's")]
pub fn claims_of(text: &str) -> Vec<Sent> {
    let mut claims: Vec<Sent> = Vec::new();
    let mut member = String::new();
    for segment in text.split('~') {
        let parts: Vec<&str> = segment.trim().split('*').collect();
        let current = claims.last_mut();
        match (parts.as_slice(), current) {
            (["NM1", "IL", .., id], _) => (*id).clone_into(&mut member),
            (["CLM", clm01, charge, _, _, place, ..], _) => claims.push(Sent {
                clm01: (*clm01).to_owned(),
                charge: cents(charge),
                frequency: place.rsplit(':').next().unwrap_or_default().to_owned(),
                member: member.clone(),
                ..Sent::default()
            }),
            (["REF", "F8", of], Some(claim)) => (*of).clone_into(&mut claim.of),
            (["SV1", code, charge, _, units, ..], Some(claim)) => claim.lines.push(SentLine {
                code: code.strip_prefix("HC:").unwrap_or(code).to_owned(),
                charge: cents(charge),
                units: (*units).to_owned(),
                day: String::new(),
            }),
            (["DTP", "472", _, day], Some(claim)) => {
                (*day).clone_into(&mut claim.lines.last_mut().expect("a line").day);
            }
            _ => {}
        }
    }
    claims
}

/// Cents as an 835 writes them.
pub fn dollars(cents: i64) -> String {
    format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
}

#[allow(clippy::expect_used, reason = "a test helper: its failure is the test's")]
fn cents(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    whole.parse::<i64>().expect("dollars") * 100 + format!("{part:0<2}").parse::<i64>().expect("cents")
}
