//! Builds the four practices and their visits from the seed. What a kind does to its visit is in `seeded.rs`.

use crate::catalog::{CITIES, FIRST_NAMES, LAST_NAMES, STREETS};
use crate::date::Day;
use crate::kinds::{Format, Kind, TABLE};
use crate::model::{Address, Doctor, Person, Place, Practice};
use crate::payers::{Schedules, id, schedules};
use crate::rng::Rng;
use crate::seeded::Builder;
use std::collections::BTreeMap;

/// Days of a run.
pub const DAYS: i64 = 9;

/// The whole world of a seed.
#[derive(Debug)]
pub struct World {
    /// First day.
    pub start: Day,
    /// The four practices.
    pub practices: Vec<Practice>,
    /// What the payers pay.
    pub schedules: Schedules,
}

struct Plan {
    id: &'static str,
    name: &'static str,
    format: Format,
    source: &'static str,
    taxonomy: &'static str,
    payers: &'static [&'static str],
    city: (&'static str, &'static str),
    doctors: &'static [(&'static str, &'static str)],
    places: &'static [(&'static str, &'static str, &'static str)],
}

const ADULT_PAYERS: &[&str] = &[id::NORTHFIELD, id::BLUEWATER, id::FEDERAL, id::SUPPLEMENT, id::TRUST];
const CHILD_PAYERS: &[&str] = &[id::NORTHFIELD, id::BLUEWATER, id::STATE, id::TRUST];

#[rustfmt::skip] // a table
const PLANS: &[Plan] = &[
    Plan {
        id: "cedar-family", name: "Cedar Family Medicine", format: Format::Hl7, source: "CEDAR", taxonomy: "207Q00000X",
        payers: ADULT_PAYERS, city: ("Alderbrook", "43011"),
        doctors: &[("Hathaway", "Miriam"), ("Osei", "Daniel"), ("Lund", "Petra"), ("Barlow", "Simon")],
        places: &[("MAIN", "11", ""), ("EAST", "11", "Cedar Family Medicine East"), ("WEST", "11", "")],
    },
    Plan {
        id: "harbor-ortho", name: "Harbor Orthopedic Group", format: Format::Shifted, source: "HARBOR", taxonomy: "207X00000X",
        payers: ADULT_PAYERS, city: ("Brightwater", "43064"),
        doctors: &[("Kowal", "Irena"), ("Strand", "Peter"), ("Achterberg", "Hugo")],
        places: &[("CLINIC", "11", ""), ("ASC1", "24", "Brightwater Surgery Center")],
    },
    Plan {
        id: "maple-derm", name: "Maple Dermatology", format: Format::Csv, source: "MAPLE", taxonomy: "207N00000X",
        payers: ADULT_PAYERS, city: ("Cold Spring", "43119"),
        doctors: &[("Ferrant", "Lucie"), ("Mbeki", "Thomas"), ("Saito", "Ken")],
        places: &[("SUITE A", "11", ""), ("OUTREACH", "22", "Cold Spring Outreach Clinic")],
    },
    Plan {
        id: "summit-peds", name: "Summit Pediatrics", format: Format::X12, source: "SUMMITPEDS", taxonomy: "208000000X",
        payers: CHILD_PAYERS, city: ("Dover Mills", "43201"),
        doctors: &[("Aldana", "Teresa"), ("Winslow", "Grant"), ("Nkemelu", "Ada")],
        places: &[("OFFICE", "11", ""), ("SCHOOL", "03", "Dover Mills School Clinic")],
    },
];

/// Builds everything. The run number is not an argument: it changes nothing here.
pub fn world(seed: u64, start: Day) -> World {
    let mut schedules = schedules(&mut Rng::new(seed, 99));
    let mut practices = Vec::new();
    for (at, plan) in (1u64..).zip(PLANS) {
        let mut rng = Rng::new(seed, at);
        let mut practice = practice(&mut rng, plan);
        let builder = Builder::new(&practice, rng, start);
        let builder = visits(builder, plan.format);
        let (visits, terminated, known) = (builder.visits, builder.terminated, builder.known_members);
        (practice.visits, practice.prices) = (visits, builder.prices);
        for (payer, member, what, value) in known {
            for schedule in schedules.payer.iter_mut().filter(|schedule| schedule.id == payer) {
                schedule.members.entry(member.clone()).or_default().insert(what, value.clone());
            }
        }
        for (payer, member) in terminated {
            schedules
                .payer
                .iter_mut()
                .filter(|known| known.id == payer)
                .for_each(|known| known.terminated_members.push(member.clone()));
        }
        practices.push(practice);
    }
    World { start, practices, schedules }
}

fn visits(mut builder: Builder<'_>, format: Format) -> Builder<'_> {
    let count = builder.rng.range(170, 200);
    let mut kinds: Vec<Kind> = Vec::new();
    for row in TABLE.iter().filter(|row| row.rate > 0 && row.formats.contains(&format)) {
        // Rounded by a draw, so that the rate holds over seeds: 9 of a thousand in 110 visits is 0.99 visits.
        let share = count * row.rate;
        let more = i64::from(builder.rng.range(1, 1000) <= share % 1000);
        kinds.extend((0..(share / 1000 + more).max(1)).map(|_| row.kind));
    }
    while i64::try_from(kinds.len()).unwrap_or(count) < count {
        kinds.push(Kind::Clean);
    }
    builder.rng.shuffle(&mut kinds);
    for kind in kinds {
        builder.add(kind);
    }
    builder
}

fn practice(rng: &mut Rng, plan: &Plan) -> Practice {
    let roster = (1..).zip(plan.doctors).map(|(at, (last, first))| Doctor {
        local: format!("DR{at:02}"),
        npi: rng.npi(),
        last,
        first,
    });
    let roster = roster.collect();
    let places = plan.places.iter().map(|(local, pos, facility)| {
        let facility = (!facility.is_empty()).then(|| (*facility, rng.npi()));
        Place { local, pos, facility }
    });
    let places = places.collect();
    let line1 = format!("{} {}", rng.range(100, 999), "Commerce Parkway");
    let (city, zip) = plan.city;
    let zip = format!("{zip}{}", rng.range(1001, 9998));
    Practice {
        id: plan.id,
        name: plan.name,
        format: plan.format,
        source: plan.source,
        npi: rng.npi(),
        taxonomy: plan.taxonomy,
        tax_id: format!("3{}", rng.digits(8)),
        address: Address { line1, line2: String::new(), city: city.to_owned(), state: "OH".to_owned(), zip },
        telephone: format!("61455501{:02}", rng.range(0, 99)),
        roster,
        places,
        prices: BTreeMap::new(),
        payers: plan.payers,
        visits: Vec::new(),
    }
}

/// An invented person whose age on `day` is `low..=high` years.
pub fn person(rng: &mut Rng, day: Day, low: i64, high: i64) -> Person {
    let born = day.plus(-rng.range(low * 366 + 30, high * 365 + 390));
    let (city, zip) = rng.pick(CITIES);
    let plus4 = if rng.chance(35) { rng.range(1001, 9998).to_string() } else { String::new() };
    let infant = born > day.plus(-200);
    let first = if infant && rng.chance(60) { "Baby Girl" } else { rng.pick(FIRST_NAMES) };
    let middle = if infant || rng.chance(50) { "" } else { rng.pick(&["A", "J", "Lee", "M", "R", "T"]) };
    let line2 = if rng.chance(12) { format!("Apt {}", rng.range(1, 40)) } else { String::new() };
    let address = Address {
        line1: format!("{} {}", rng.range(10, 9899), rng.pick(STREETS)),
        line2,
        city: city.to_owned(),
        state: "OH".to_owned(),
        zip: format!("{zip}{plus4}"),
    };
    Person {
        last: rng.pick(LAST_NAMES).to_owned(),
        first: first.to_owned(),
        middle: middle.to_owned(),
        born: Some(born),
        sex: if first == "Baby Girl" { "F" } else { rng.pick(&["F", "M"]) },
        address,
    }
}

/// The charge master: code to cents per unit. Mostly above what payers allow, sometimes below.
pub fn charge_master(rng: &mut Rng, practice: &Practice) -> BTreeMap<&'static str, i64> {
    let level = rng.range(145, 190) - i64::from(practice.format == Format::X12) * 10;
    // One office visit is always cheap, so that a charge below the fee is no rarity.
    let cheap = rng.pick(&["99212", "99213", "99214"]);
    let price = |(code, base): &(&'static str, i64)| {
        let level = if *code == cheap || rng.chance(12) { rng.range(88, 108) } else { level };
        let cents = base * level / 100;
        // Whole dollars where a code costs dollars, cents where it costs cents.
        (*code, if cents > 2000 { (cents + 50) / 100 * 100 } else { cents.max(1) })
    };
    crate::catalog::PRICES.iter().chain(crate::catalog::REFUSED).map(price).collect()
}
