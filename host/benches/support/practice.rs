//! An invented practice: its profile, and the charge messages of its EHR.

use std::fmt::Write;

/// Service lines of one message.
pub const LINES: usize = 4;
/// A Medicare administrative contractor that does not exist, so that the shipped rules look at every claim.
pub const PAYER: &str = "99001";
/// The clock of every measurement.
pub const AS_OF: &str = "2026-03-02";

/// The days of service, as HL7 writes them.
pub const DAYS: [&str; 2] = ["20260202", "20260227"];

/// What is charged: one visit, three tests.
pub const CODES: [&str; LINES] = ["99213", "93000", "36415", "85025"];

/// A national provider identifier with a right check digit, from its first nine digits.
pub fn npi(nine: u64) -> String {
    let digits = format!("80840{nine:09}");
    let sum: u32 = digits.bytes().rev().enumerate().fold(0, |sum, (at, byte)| {
        let digit = u32::from(byte - b'0') << u32::from(at % 2 == 0);
        sum + digit / 10 + digit % 10
    });
    format!("{nine:09}{}", (10 - sum % 10) % 10)
}

/// `profile.toml` of practice number `n`. Nothing waits: a visit is due on the day of its charges.
pub fn profile(id: &str, n: u64) -> String {
    format!(
        r#"id = "{id}"
name = "Birchfield Clinic {n}"
npi = "{}"
taxonomy = "207Q00000X"
bill_hold_days = 0
clia = "36D0000001"
tax_id = {{ kind = "ein", value = "11223344{n}" }}
address = {{ line1 = "40 Weir Road", city = "Ashby", state = "OH", postal_code = "430170040" }}
contact = {{ name = "Billing Office", telephone = "6145550150" }}
submitter = {{ name = "Birchfield Clinic {n}", id = "BIRCH{n}", contact = "Billing Office", telephone = "6145550150" }}
receiver = {{ name = "NORTH CLEARING", id = "NORTH" }}

[[provider]]
ids = ["DR1"]
npi = "{}"
last = "Linde"
first = "Maren"
taxonomy = "207Q00000X"

[[location]]
ids = ["MAIN"]
place_of_service = "11"

[[payer]]
id = "{PAYER}"
name = "Federal Part B Ashby"
aliases = ["PARTB"]
filing_indicator = "MB"
rules = ["medicare"]
"#,
        npi(198_765_430 + n),
        npi(187_654_320 + n),
    )
}

/// One DFT^P03 with [`LINES`] charges of visit `n`. One patient in four has been here before, weeks earlier.
pub fn message(out: &mut String, n: usize) {
    message_of(out, n, DAYS);
}

/// The same with other days of service: weeks earlier, and now.
pub fn message_of(out: &mut String, n: usize, [earlier, now]: [&str; 2]) {
    let patient = n - usize::from(n % 4 == 3);
    let day = if n % 4 == 3 { earlier } else { now };
    let names = ["Abel", "Brook", "Corin", "Dale", "Esme", "Flora", "Gwen", "Hale"];
    let (last, first) = (format!("Testa{}", letters(patient)), names[patient % names.len()]);
    // Birth dates as spread as those of a practice: few share one with another's day and total.
    let born = format!("{}{:02}{:02}", 1936 + patient % 50, patient / 50 % 12 + 1, patient / 7 % 28 + 1);
    let doctor = npi(187_654_321);
    let xcn = format!("{doctor}^Linde^Maren^^^^^^^^^^NPI");
    let _ = write!(out, "MSH|^~\\&|EHR|BIRCH|HOST|BILL|20260302080000||DFT^P03^DFT_P03|M{n:08}|P|2.5.1\r");
    let _ = write!(out, "EVN|P03|20260302080000\r");
    let _ = write!(
        out,
        "PID|1||MR{patient:06}^^^BIRCH^MR||{last}^{first}||{born}|F|||{} Harrow Ln^^Ashby^OH^43017-1200|||||||AC{n}\r",
        patient % 900 + 1,
    );
    let _ = write!(out, "PV1|1|O|MAIN^2^1||||{xcn}|{xcn}|||||||||||V{n:07}\r");
    for (at, (code, cents)) in CODES.into_iter().zip([15_000, 4_200, 900, 2_150]).enumerate() {
        let charge = cents + n % 7 * 10;
        let dollars = format!("{}.{:02}", charge / 100, charge % 100);
        let set = at + 1;
        let _ = write!(
            out,
            "FT1|{set}|C{n}-{set}||{day}||CG|{code}^^C4|||1|{dollars}|{dollars}||||MAIN|||E11.65^^I10~I10^^I10|{xcn}\r"
        );
    }
    out.push_str("DG1|1||E11.65^^I10|||F|||||||||1\rDG1|2||I10^^I10|||F|||||||||2\r");
    let _ = write!(
        out,
        "IN1|1|PARTB|{PAYER}|Federal Part B Ashby||||||||||||{last}^{first}|SEL|{born}|{} Harrow Ln^^Ashby^OH^43017-1200\
         |||||||||||||||||{}\r",
        patient % 900 + 1,
        mbi(patient),
    );
}

/// A Medicare beneficiary identifier: digits, and letters without S, L, O, I, B, Z, each in its place.
fn mbi(n: usize) -> String {
    let letters = b"ACDEFGHJKMNPQRTUVWXY";
    let letter = |at: usize| char::from(letters[n / 10_000 / at % letters.len()]);
    let digits = n % 10_000;
    format!("1{}G{}T{}{}M{}{:02}", letter(1), digits / 1000, letter(20), digits / 100 % 10, letter(400), digits % 100)
}

/// A number as letters, so that it can be part of a name.
fn letters(mut n: usize) -> String {
    let mut out = String::new();
    loop {
        out.push(char::from(b'a' + (n % 26) as u8));
        n /= 26;
        if n == 0 {
            return out;
        }
    }
}
