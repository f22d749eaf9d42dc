//! What a clearinghouse and a payer say of an 837P: all of it accepted, each claim paid at four fifths, one in twenty denied.

/// The 999, 277CA and 835 of an 837P of ours.
pub fn answers(number: usize, payer: &str, payee: &str, text: &str) -> [String; 3] {
    let element = |id: &str, at: usize| {
        let segment = text.split('~').map(str::trim).find(|segment| segment.starts_with(id)).unwrap();
        segment.split('*').nth(at).unwrap().to_owned()
    };
    let (group, transaction, batch) = (element("GS*", 6), element("ST*", 2), element("BHT*", 3));
    let (sender, receiver) = (element("GS*", 2), element("GS*", 3));
    let envelope = |functional: &str, version: &str, body: &str| {
        let count = body.matches('~').count() + 1;
        let isa = format!(
            "ISA*00*          *00*          *ZZ*{receiver:<15}*ZZ*{sender:<15}*260302*1200*^*00501*{number:09}*0*P*:~"
        );
        format!(
            "{isa}GS*{functional}*{receiver}*{sender}*20260302*1200*{number}*X*{version}~{body}SE*{count}*0001~GE*1*{number}~IEA*1*{number:09}~"
        )
    };
    let ack = format!(
        "ST*999*0001*005010X231A1~AK1*HC*{group}*005010X222A1~AK2*837*{transaction}*005010X222A1~IK5*A~AK9*A*1*1*1~"
    );
    let mut status = format!(
        "ST*277*0001*005010X214~BHT*0085*08*1*20260302*1200*TH~HL*1**20*1~NM1*PR*2*PAYER*****PI*{payer}~TRN*1*1~DTP*050*D8*20260302~\
         DTP*009*D8*20260302~HL*2*1*21*1~NM1*41*2*BIRCH*****46*{sender}~TRN*2*{batch}~STC*A1:19:PR*20260302*WQ*0~HL*3*2*19*1~\
         NM1*85*2*BIRCH*****XX*{payee}~"
    );
    let mut payments = String::new();
    let (mut paid, mut claims) = (0_u64, 3);
    let (mut current, mut count) = ((String::new(), 0, String::new()), 0_usize);
    let (mut claim_paid, mut lines) = (0, String::new());
    let mut finish = |current: &(String, u64, String), claim_paid: u64, lines: &str| {
        let (id, charge, name) = current;
        if id.is_empty() {
            return;
        }
        claims += 1;
        status += &format!(
            "HL*{claims}*3*PT~{name}~TRN*2*{id}~STC*A2:20:PR*20260302*WQ*{}~REF*1K*ICN{id}~",
            dollars(*charge)
        );
        let code = if claim_paid == 0 { "4" } else { "1" };
        let patient = name.replacen("NM1*IL", "NM1*QC", 1);
        payments +=
            &format!("CLP*{id}*{code}*{}*{}**12*ICN{id}~{patient}~{lines}", dollars(*charge), dollars(claim_paid));
        paid += claim_paid;
    };
    let (mut name, mut line) = (String::new(), (String::new(), 0));
    for segment in text.split('~').map(str::trim) {
        let parts: Vec<&str> = segment.split('*').collect();
        match parts.as_slice() {
            ["NM1", "IL", ..] => segment.clone_into(&mut name),
            ["CLM", id, charge, ..] => {
                finish(&current, claim_paid, &lines);
                current = ((*id).to_owned(), cents(charge), name.clone());
                (claim_paid, lines) = (0, String::new());
                count += 1;
            }
            ["SV1", code, charge, ..] => line = ((*code).to_owned(), cents(charge)),
            ["DTP", "472", _, day] => {
                let (code, charge) = &line;
                let (charge, denied) = (*charge, count % 20 == 0);
                let pays = if denied { 0 } else { charge / 5 * 4 };
                let reason = if denied { "50" } else { "45" };
                lines += &format!(
                    "SVC*{code}*{}*{}**1~DTM*472*{day}~CAS*CO*{reason}*{}~",
                    dollars(charge),
                    dollars(pays),
                    dollars(charge - pays)
                );
                claim_paid += pays;
            }
            _ => {}
        }
    }
    finish(&current, claim_paid, &lines);
    let remittance = format!(
        "ST*835*0001~BPR*I*{}*C*ACH*CCP*01*111111118*DA*1*1999999999**01*222222226*DA*2*20260302~TRN*1*BIG{number}*1999999999~DTM*405*20260302~\
         N1*PR*FEDERAL PART B ASHBY*XV*{payer}~N3*1 PAYER ROAD~N4*ASHBY*OH*430170000~PER*BL*HELP DESK*TE*5555550101~N1*PE*BIRCH*XX*{payee}~LX*1~{payments}",
        dollars(paid)
    );
    [
        envelope("FA", "005010X231A1", &ack),
        envelope("HN", "005010X214", &status),
        envelope("HP", "005010X221A1", &remittance),
    ]
}

fn dollars(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn cents(text: &str) -> u64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    whole.parse::<u64>().unwrap() * 100 + format!("{part:0<2}").parse::<u64>().unwrap()
}
