//! Who bills, renders, refers and supervises, and where.

use super::{office, shape, shaped};
use crate::kinds::{Kind, defect};
use crate::maker::Maker;
use crate::model::{Claim, Provider};
use crate::rng::npi_check_digit;
use crate::shapes::{OFFICE, Pays, Shape, Who};
use Who::{Middle, Senior, Young};

const RENDERING: &[&str] = &["rendering", "providers.rendering", "line:providers.rendering", "x12:NM1"];
const PLACE: &[&str] = &["place_of_service", "line:place_of_service", "x12:CLM05"];

/// The same NPI with its last digit off by one.
fn off_by_one(npi: &str) -> String {
    let last = npi.chars().last().and_then(|last| last.to_digit(10)).unwrap_or(0);
    format!("{}{}", npi.get(..9).unwrap_or_default(), (last + 1) % 10)
}

fn rendering(maker: &mut Maker, change: impl FnOnce(&mut Maker, &mut Provider)) -> Vec<Claim> {
    office(maker, |maker, claim| {
        if let Some(provider) = &mut claim.rendering {
            change(maker, provider);
        }
    })
}

#[rustfmt::skip] // a table
const MEDICARE_TESTS: Shape = Shape { services: "99214 36415 80053", diagnoses: "E119 I10", who: Senior, sex: "", pos: "11", pays: Pays::Medicare };

#[rustfmt::skip] // a table
pub const KINDS: &[Kind] = &[
    defect("no-rendering-provider", "rendering.*", RENDERING, |m| office(m, |_, c| c.rendering = None)),
    defect("rendering-without-npi", "rendering.*", RENDERING, |m| rendering(m, |_, p| p.npi.clear())),
    defect("rendering-npi-check-digit", "npi.*", RENDERING, |m| rendering(m, |_, p| p.npi = off_by_one(&p.npi))),
    defect("rendering-npi-of-nine-digits", "npi.*", RENDERING, |m| rendering(m, |_, p| { p.npi.pop(); })),
    defect("rendering-npi-two-digits-swapped", "npi.*", RENDERING, |m| rendering(m, |_, p| {
        // The first two neighbours that differ by other than what Luhn cannot see (0 and 9).
        let digits: Vec<char> = p.npi.chars().collect();
        let at = (1..9).find(|at| matches!((digits.get(*at), digits.get(at + 1)), (Some(a), Some(b)) if a != b && !matches!((a, b), ('0', '9') | ('9', '0'))));
        let mut swapped = digits.clone();
        if let Some(at) = at { swapped.swap(at, at + 1); }
        p.npi = swapped.into_iter().collect();
    })),
    defect("rendering-npi-starting-with-three", "npi.*", RENDERING, |m| rendering(m, |m, p| { let base = format!("3{}", m.rng.digits(8)); p.npi = format!("{base}{}", npi_check_digit(&base)); })),
    defect("rendering-npi-of-the-group", "rendering.*", RENDERING, |m| { let npi = m.practice.npi.clone(); rendering(m, |_, p| p.npi = npi) }),
    defect("two-doctors-npis-swapped", "provider.*", RENDERING, |m| office(m, |m, c| { let other = m.other_doctor(c).npi; if let Some(own) = &mut c.rendering { own.npi = other; } })),
    defect("rendering-without-name", "rendering.*", RENDERING, |m| rendering(m, |m, p| { p.last.clear(); p.first.clear(); p.npi = m.rng.npi(); })),
    defect("line-rendering-npi-check-digit", "npi.*", RENDERING, |m| office(m, |m, c| { let mut other = m.other_doctor(c); other.npi = off_by_one(&other.npi); c.line(1).rendering = Some(other); })),
    defect("taxonomy-too-short", "taxonomy.*", &["rendering.taxonomy", "x12:PRV"], |m| rendering(m, |_, p| p.taxonomy = "207Q".into())),
    defect("referring-npi-check-digit", "npi.*", &["referring", "x12:NM1"], |m| office(m, |m, c| { let mut p = m.referrer(); p.npi = off_by_one(&p.npi); c.referring = Some(p); })),
    defect("referring-is-an-organisation", "provider.*", &["referring", "x12:NM1"], |m| office(m, |m, c| { let npi = m.rng.npi(); c.referring = Some(Provider { entity: "2".into(), last: "Winterbourne Clinic".into(), first: String::new(), npi, taxonomy: String::new() }); })),
    defect("supervising-is-an-organisation", "provider.*", &["supervising", "x12:NM1"], |m| office(m, |m, c| { let npi = m.rng.npi(); c.supervising = Some(Provider { entity: "2".into(), last: "Winterbourne Clinic".into(), first: String::new(), npi, taxonomy: String::new() }); })),
    defect("supervising-npi-check-digit", "npi.*", &["supervising", "x12:NM1"], |m| office(m, |m, c| { let mut p = m.referrer(); p.npi = off_by_one(&p.npi); c.supervising = Some(p); })),
    defect("consultation-without-referrer", "referring.*", &["referring", "line:providers.referring"], |m| shaped(m, shape("99243", "R1310", Middle, "", "11"), |_, c| c.referring = None)),
    defect("billing-npi-check-digit", "npi.*", &["billing", "x12:NM1"], |m| office(m, |m, c| c.billing_npi = off_by_one(&m.practice.npi))),
    defect("billing-tax-id-of-another", "billing.*", &["billing.ids"], |m| office(m, |_, c| c.tax_id = "311234576".into())),
    defect("billing-tax-id-of-eight-digits", "billing.*", &["billing.ids", "x12:REF"], |m| office(m, |_, c| c.tax_id = "31123456".into())),
    defect("no-place-of-service", "place-of-service.*", PLACE, |m| office(m, |_, c| c.pos.clear())),
    defect("place-of-service-of-one-digit", "place-of-service.*", PLACE, |m| office(m, |m, c| c.pos = m.rng.pick(&["1", "2", "9"]).into())),
    defect("office-visit-of-an-inpatient", "place-of-service.*", PLACE, |m| office(m, |_, c| c.line(1).pos = "21".into())),
    defect("hospital-visit-in-an-office", "place-of-service.*", PLACE, |m| shaped(m, shape("99222", "J189", Senior, "", "11"), |_, _| {})),
    defect("emergency-visit-in-an-office", "place-of-service.*", PLACE, |m| shaped(m, shape("99284", "S61411A", Young, "", "11"), |_, _| {})),
    defect("nursing-facility-visit-in-an-office", "place-of-service.*", PLACE, |m| shaped(m, shape("99308", "I5032", Senior, "", "11"), |_, _| {})),
    defect("ambulance-in-an-office", "place-of-service.*", PLACE, |m| shaped(m, shape("A0429-RH", "R0789", Senior, "", "11"), |_, c| c.ride = Some(Some(c.patient.address.clone())))),
    defect("facility-npi-check-digit", "npi.*", &["service_facility", "x12:NM1"], |m| shaped(m, shape("99213", "I10", Middle, "", "22"), |_, c| if let Some((_, npi, _)) = &mut c.facility { *npi = off_by_one(npi); })),
    defect("facility-without-street", "facility.*", &["service_facility", "x12:N3", "x12:N4"], |m| shaped(m, shape("99213", "I10", Middle, "", "22"), |_, c| if let Some((_, _, address)) = &mut c.facility { address.line1.clear(); })),
    defect("inpatient-without-admission", "admission-date.*", &["extras.dates", "place_of_service"], |m| shaped(m, shape("99232", "J189", Senior, "", "21"), |_, c| c.dates.clear())),
    defect("medicare-laboratory-without-clia", "laboratory.*", &["line:extras", "line:procedure", "extras.references"], |m| shaped(m, MEDICARE_TESTS, |_, c| { c.clia.clear(); c.line(3); })),
    defect("ambulance-without-pick-up", "ambulance.*", &["line:extras.ambulance", "extras.ambulance", "x12:NM1"], |m| shaped(m, shape("A0429-RH", "R0789", Senior, "", "41"), |_, c| c.ride = Some(None))),
    defect("ambulance-without-route", "ambulance.*", &["line:procedure"], |m| shaped(m, shape("A0429", "R0789", Senior, "", "41"), |_, _| {})),
    defect("accident-without-date", "accident.*", &["extras.dates"], |m| office(m, |_, c| c.cause = "OA".into())),
    defect("auto-accident-without-state", "accident.*", &["extras.related_cause", "x12:CLM11"], |m| office(m, |_, c| { c.cause = "AA".into(); let day = c.day(); c.dates.push(("439", day)); })),
    defect("accident-after-service", "claim-date.*", &["extras.dates"], |m| office(m, |_, c| { c.cause = "OA".into(); let day = c.day(); c.dates.push(("439", day.plus(2))); })),
    defect("onset-after-service", "claim-date.*", &["extras.dates"], |m| shaped(m, OFFICE, |_, c| { let day = c.day(); c.dates.push(("431", day.plus(1))); })),
    defect("admission-after-service", "claim-date.*", &["extras.dates"], |m| shaped(m, shape("99232", "J189", Senior, "", "21"), |_, c| { let day = c.day(); c.dates = vec![("435", day.plus(2))]; })),
    defect("discharge-before-admission", "claim-date.*", &["extras.dates"], |m| shaped(m, shape("99232", "J189", Senior, "", "21"), |_, c| { let day = c.day(); c.dates = vec![("435", day.plus(-1)), ("096", day.plus(-5))]; })),
];
