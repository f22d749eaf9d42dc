//! Makes clean claims: the practice, its doctors and payers, people, and a shape filled in.

use crate::day::Day;
use crate::model::{Address, Claim, Cover, Decision, Line, Person, Provider};
use crate::rng::Rng;
use crate::shapes::{Pays, Shape, Who};

/// The day on which the claims are looked at. Everything is dated before it.
pub const AS_OF: Day = Day::from_ymd(2026, 5, 29);

/// A payer of the profile.
#[derive(Debug, Clone, Copy, Default)]
pub struct Payer {
    /// 2010BB NM109.
    pub id: &'static str,
    /// 2010BB NM103.
    pub name: &'static str,
    /// SBR09.
    pub filing: &'static str,
    /// Days for filing; 0: by law, or none.
    pub days: i64,
    /// `requires` of the profile.
    pub requires: &'static [&'static str],
}

const fn payer(
    id: &'static str,
    name: &'static str,
    filing: &'static str,
    days: i64,
    requires: &'static [&'static str],
) -> Payer {
    Payer { id, name, filing, days, requires }
}

/// The commercial plan.
pub const COMMERCIAL: Payer = payer("91001", "Harborlight Health", "CI", 180, &[]);
/// Medicare.
pub const MEDICARE: Payer = payer("91002", "Federal Part B", "MB", 0, &[]);
/// The state programme, which wants NDCs.
pub const STATE: Payer = payer("91003", "Ridge State Medical Assistance", "MC", 365, &["ndc"]);
/// The plan that wants more.
pub const PARTICULAR: Payer = payer(
    "91004",
    "Meadowgate Managed Care",
    "HM",
    120,
    &["group-number", "prior-authorization", "referring-provider"],
);
/// The supplement, second to Medicare.
pub const SUPPLEMENT: Payer = payer("91005", "Lanternlight Supplement", "CI", 0, &[]);
/// All payers.
pub const PAYERS: &[Payer] = &[COMMERCIAL, MEDICARE, STATE, PARTICULAR, SUPPLEMENT];

/// The practice that bills.
#[derive(Debug)]
pub struct Practice {
    /// Its id in claimhost.toml.
    pub id: String,
    /// 2010AA NM103.
    pub name: &'static str,
    /// 2010AA NM109.
    pub npi: String,
    /// REF EI.
    pub tax_id: &'static str,
    /// PRV03: a group of several specialties.
    pub taxonomy: &'static str,
    /// Who renders: NPI, last, first, taxonomy.
    pub doctors: Vec<Provider>,
}

impl Practice {
    /// The practice; the same for every seed, so that a folder can take several runs.
    pub fn new(id: &str) -> Self {
        let mut rng = Rng::new(0, 7);
        let names =
            [("Aldous", "Mira"), ("Brandt", "Corwin"), ("Cho-Reyes", "Ines"), ("Dunmore", "Pavel"), ("Eklund", "Tova")];
        let taxonomies = ["207Q00000X", "207X00000X", "207N00000X", "207L00000X", "208000000X"];
        let doctors = names.into_iter().zip(taxonomies).map(|((last, first), taxonomy)| Provider {
            entity: "1".into(),
            last: last.into(),
            first: first.into(),
            npi: rng.npi(),
            taxonomy: taxonomy.into(),
        });
        let doctors = doctors.collect();
        let npi = rng.npi();
        Self { id: id.into(), name: "Labelled Valley Group", npi, tax_id: "311234567", taxonomy: "193200000X", doctors }
    }

    /// 2010AA N3, N4.
    pub fn address(&self) -> Address {
        address("40 Mill Road", ("Alderbrook", "OH", "430110000"))
    }
}

fn address(line1: &str, (city, state, zip): (&str, &str, &str)) -> Address {
    Address { line1: line1.into(), city: city.into(), state: state.into(), zip: zip.into() }
}

#[rustfmt::skip] // a table
const LAST: &[&str] = &[
    "Ashdown", "Birkett", "Calloway", "Dorrance", "Ellery", "Fairbairn", "Gresham", "Hathersage", "Ivory", "Jardine", "Kingsolver", "Larkin", "Merriweather",
    "Nightingale", "Osgood", "Pettigrew", "Quarles", "Redfern", "Stannard", "Trevelyan", "Upton", "Vickery", "Wycliffe", "Yardley", "O'Malley-Reed", "de la Torre",
    "McTavish", "van der Berg", "St. Croix", "Ng", "Abara", "Okonjo",
];
#[rustfmt::skip] // a table
const FEMALE: &[&str] = &["Agnes", "Beatrix", "Clara", "Delphine", "Esme", "Flora", "Greta", "Hazel", "Imogen", "Juno", "Anne-Marie", "Mary Lou"];
#[rustfmt::skip] // a table
const MALE: &[&str] = &["Ambrose", "Bertram", "Cedric", "Desmond", "Edgar", "Felix", "Gideon", "Hugo", "Isidore", "Jasper", "J.", "Jean-Luc"];
#[rustfmt::skip] // a table
const PLACES: &[(&str, &str, &str)] = &[
    ("Alderbrook", "OH", "43011"), ("Brightwater", "OH", "430640000"), ("Cold Spring", "KY", "41076"), ("Dover Mills", "PA", "15001"), ("East Harmony", "MI", "48104"),
    ("Fairwater", "IN", "46032"), ("Glen Ridge", "NJ", "07028"), ("Harbor Point", "MA", "021101234"), ("Isle View", "WA", "98104"), ("Juniper", "CA", "90012"),
];
const STREETS: &[&str] =
    &["Alder Court", "Birch Lane", "Cobbler Street", "Dunmore Road", "Foundry Street, Unit B", "Granary Row"];

/// Makes claims of one seed.
#[derive(Debug)]
pub struct Maker {
    /// The practice.
    pub practice: Practice,
    /// Randomness of the claim in hand.
    pub rng: Rng,
    seed: u64,
    count: usize,
}

impl Maker {
    /// A maker for a seed.
    pub fn new(seed: u64, practice: &str) -> Self {
        Self { practice: Practice::new(practice), rng: Rng::new(seed, 0), seed, count: 0 }
    }

    /// A clean claim of a shape, with a patient of its own.
    pub fn make(&mut self, shape: Shape) -> Claim {
        self.count += 1;
        self.rng = Rng::new(self.seed, 1_000 + u64::try_from(self.count).unwrap_or(0));
        let day = AS_OF.plus(-self.rng.range(3, 45));
        let payer = self.payer(shape);
        let patient = self.person(shape.who, shape.sex, day);
        let mut claim = Claim {
            visit: format!("L{:05}", self.count),
            mrn: format!("MR{:06}", 100_000 + self.count),
            covers: vec![self.cover(payer)],
            diagnoses: shape.diagnoses.split(' ').map(str::to_owned).collect(),
            rendering: Some(self.rng_doctor()),
            pos: shape.pos.to_owned(),
            patient,
            bad_line: 1,
            ..Claim::default()
        };
        self.guardian(&mut claim, shape.who);
        for text in shape.services.split(' ') {
            let line = self.line(text, day, payer, claim.diagnoses.len(), claim.lines.len());
            claim.lines.push(line);
        }
        at_their_sides(&mut claim);
        self.setting(&mut claim, shape, payer, day);
        claim
    }

    fn payer(&mut self, shape: Shape) -> Payer {
        match shape.pays {
            Pays::Commercial => COMMERCIAL,
            Pays::Medicare => MEDICARE,
            Pays::State => STATE,
            Pays::Particular => PARTICULAR,
            Pays::Any if shape.who == Who::Senior => self.rng.pick(&[MEDICARE, MEDICARE, COMMERCIAL]),
            Pays::Any => self.rng.pick(&[COMMERCIAL, COMMERCIAL, STATE, PARTICULAR]),
        }
    }

    fn rng_doctor(&mut self) -> Provider {
        let last = i64::try_from(self.practice.doctors.len()).unwrap_or(1) - 1;
        let at = usize::try_from(self.rng.range(0, last)).unwrap_or(0);
        self.practice.doctors.get(at).cloned().unwrap_or_default()
    }

    /// Another doctor than the claim's.
    pub fn other_doctor(&self, claim: &Claim) -> Provider {
        let own = claim.rendering.as_ref().map(|doctor| doctor.npi.as_str()).unwrap_or_default();
        self.practice.doctors.iter().find(|doctor| doctor.npi != own).cloned().unwrap_or_default()
    }

    /// A doctor who sends patients.
    pub fn referrer(&mut self) -> Provider {
        Provider {
            entity: "1".into(),
            last: "Winterbourne".into(),
            first: "Saul".into(),
            npi: self.rng.npi(),
            taxonomy: String::new(),
        }
    }

    /// Somebody of an age on a day.
    pub fn person(&mut self, who: Who, sex: &str, day: Day) -> Person {
        let days = match who {
            Who::Young => self.rng.range(18 * 366, 39 * 365),
            Who::Middle => self.rng.range(41 * 366, 64 * 365),
            Who::Senior => self.rng.range(66 * 366, 90 * 365),
            Who::Teen => self.rng.range(12 * 366, 17 * 365),
            Who::Child => self.rng.range(5 * 367, 11 * 365),
            Who::Toddler => self.rng.range(370, 4 * 365),
            Who::Infant => self.rng.range(40, 330),
        };
        let sex = if sex.is_empty() { self.rng.pick(&["F", "M"]) } else { sex };
        let first = self.rng.pick(if sex == "F" { FEMALE } else { MALE });
        let street = format!("{} {}", self.rng.range(2, 980), self.rng.pick(STREETS));
        Person {
            last: self.rng.pick(LAST).into(),
            first: first.into(),
            middle: self.rng.pick(&["", "", "R", "Lee"]).into(),
            suffix: self.rng.pick(&["", "", "", "", "JR"]).into(),
            born: day.plus(-days).compact(),
            sex: sex.into(),
            address: address(&street, self.rng.pick(PLACES)),
        }
    }

    /// A coverage by a payer, with ids of its form.
    pub fn cover(&mut self, payer: Payer) -> Cover {
        let member = match payer.id {
            "91002" => self.rng.mbi(),
            "91003" => format!("8{}", self.rng.digits(11)),
            _ => {
                format!("{}{}{:05}", self.rng.letter("HWQ"), self.rng.letter("BDFK"), self.count) + &self.rng.digits(4)
            }
        };
        let wants = |what: &str| payer.requires.contains(&what);
        Cover {
            responsibility: "P".into(),
            payer: payer.id.into(),
            name: payer.name.into(),
            filing: payer.filing.into(),
            member,
            group: if wants("group-number") || payer.filing == "CI" {
                format!("G{}", self.rng.digits(5))
            } else {
                String::new()
            },
            relationship: "18".into(),
            authorization: if wants("prior-authorization") {
                format!("PA{}", self.rng.digits(7))
            } else {
                String::new()
            },
            ..Cover::default()
        }
    }

    /// Children are on a parent's card, but for the state programme; some adults on a spouse's.
    fn guardian(&mut self, claim: &mut Claim, who: Who) {
        let minor = matches!(who, Who::Teen | Who::Child | Who::Toddler | Who::Infant);
        let own_card = matches!(claim.cover().payer.as_str(), "91002" | "91003");
        if own_card || !(minor || self.rng.chance(10)) {
            return;
        }
        let mut holder = self.person(Who::Middle, "", AS_OF);
        holder.address = claim.patient.address.clone();
        if minor {
            holder.last.clone_from(&claim.patient.last);
        }
        let cover = claim.cover();
        cover.relationship = if minor { "19" } else { "01" }.into();
        cover.subscriber = Some(holder);
    }

    fn line(&mut self, text: &str, day: Day, payer: Payer, diagnoses: usize, before: usize) -> Line {
        let (text, minutes) = text.split_once('@').map_or((text, None), |(text, minutes)| (text, Some(minutes)));
        let (text, units) = text.split_once('*').unwrap_or((text, "1"));
        let mut parts = text.split('-').map(str::to_owned);
        let code = parts.next().unwrap_or_default();
        let mut modifiers: Vec<String> = parts.collect();
        let drug =
            code.starts_with('J').then(|| (format!("7{}", self.rng.digits(10)), units.to_owned(), "ML".to_owned()));
        if drug.is_some() && payer.id == MEDICARE.id {
            modifiers.push("JZ".into());
        }
        let count: i64 = units.parse().unwrap_or(1);
        // A visit of several days in one line is dated from the first to the last.
        let span = if code == "99232" { count - 1 } else { 0 };
        let pointers = if diagnoses > 1 && before == 0 && self.rng.chance(60) { vec![1, 2] } else { vec![1] };
        Line {
            charge: price(&code) * if minutes.is_some() { 1 } else { count },
            unit: if minutes.is_some() { "MJ" } else { "UN" }.into(),
            units: minutes.unwrap_or(units).to_owned(),
            from: day.plus(-span),
            to: day,
            code,
            modifiers,
            pointers,
            drug,
            ..Line::default()
        }
    }

    /// What place and payer want beside: admission, facility, pick-up, referring provider.
    fn setting(&mut self, claim: &mut Claim, shape: Shape, payer: Payer, day: Day) {
        if matches!(shape.pos, "21" | "22" | "23" | "24" | "31") {
            claim.facility = Some((
                "Alder County Hospital".into(),
                self.rng.npi(),
                address("1 Hospital Way", ("Alderbrook", "OH", "43011")),
            ));
        }
        if shape.pos == "21" {
            claim.dates.push(("435", claim.day().plus(-1).min(day)));
        }
        if shape.pos == "41" {
            claim.ride = Some(Some(claim.patient.address.clone()));
        }
        let asked =
            shape.services.contains("99243") || shape.services.contains("88305") || shape.services.contains("-GP");
        if asked || payer.requires.contains(&"referring-provider") || self.rng.chance(8) {
            claim.referring = Some(self.referrer());
        }
        // Medicare wants the number of the practice's own laboratory; the practice system writes it for every payer.
        if claim.lines.iter().any(|line| line.code.len() == 5 && line.code.starts_with('8')) {
            claim.clia = "36D0000001".into();
        }
        if payer.id == MEDICARE.id && self.rng.chance(30) {
            let mut second = self.cover(SUPPLEMENT);
            second.responsibility = "S".into();
            claim.covers.push(second);
        }
    }

    /// Bills the second payer: listed first, with what the first one decided on each line.
    pub fn bill_second(&mut self, claim: &mut Claim) {
        let mut second = self.cover(SUPPLEMENT);
        second.responsibility = "S".into();
        claim.covers.truncate(1);
        claim.covers.insert(0, second);
        for line in &mut claim.lines {
            let paid = line.charge * 6 / 10;
            let patient = line.charge * 15 / 100;
            line.decision = Some(Decision {
                paid,
                adjusted: vec![("CO", "45", line.charge - paid - patient), ("PR", "2", patient)],
            });
        }
    }
}

/// Lines with a side point to the injury of that side: the sixth character of such a code is 1 for right, 2 for left.
fn at_their_sides(claim: &mut Claim) {
    let sides: Vec<Option<u8>> = claim
        .diagnoses
        .iter()
        .map(|code| code.as_bytes().get(5).copied().filter(|_| code.starts_with('S') && code.len() == 7))
        .collect();
    for line in &mut claim.lines {
        let side = if line.modifiers.iter().any(|modifier| modifier == "RT") { b'1' } else { b'2' };
        let named = line.modifiers.iter().any(|modifier| modifier == "RT" || modifier == "LT");
        if let Some(at) = sides.iter().position(|known| named && *known == Some(side)) {
            line.pointers = vec![at + 1];
        }
    }
}

/// The practice's price of one unit, cents: a number of the code's own.
pub fn price(code: &str) -> i64 {
    let sum: i64 = code.bytes().fold(7, |sum, byte| (sum * 31 + i64::from(byte)) % 9_973);
    let small = code.starts_with('J') || matches!(code, "95004" | "A0425" | "36415");
    if small { 150 + sum % 900 } else { 2_000 + sum * 2 }
}
