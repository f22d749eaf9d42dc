//! Who the patient is.

use super::{alone, office, shape, shaped};
use crate::kinds::{Kind, defect};
use crate::maker::AS_OF;
use crate::shapes::{SENIOR, Who};
use Who::{Child, Middle, Senior, Young};

const NAME: &[&str] = &["patient.name", "x12:NM103", "x12:NM104"];
const BIRTH: &[&str] = &["patient.birth_date", "line:service_dates", "x12:DMG"];
const ADDRESS: &[&str] = &["patient.address", "x12:N3", "x12:N4", "x12:DMG", "x12:NM1"];
const GENDER: &[&str] = &["patient.gender", "x12:DMG"];
const DEATH: &[&str] = &["patient.death_date", "x12:PAT"];

#[rustfmt::skip] // a table
pub const KINDS: &[Kind] = &[
    defect("no-last-name", "patient.name.*", NAME, |m| office(m, |_, c| { alone(c); c.patient.last.clear(); })),
    defect("no-first-name", "patient.name.*", NAME, |m| office(m, |_, c| { alone(c); c.patient.first.clear(); })),
    defect("digit-in-name", "patient.name.*", NAME, |m| office(m, |_, c| { alone(c); c.patient.last.push('0'); })),
    defect("telephone-in-name", "patient.name.*", NAME, |m| office(m, |m, c| { alone(c); c.patient.first = format!("614-555-{}", m.rng.digits(4)); })),
    defect("test-patient", "patient.name.*", NAME, |m| office(m, |m, c| { alone(c); c.patient.last = m.rng.pick(&["TEST", "ZZTEST", "TESTPATIENT"]).into(); })),
    defect("unknown-as-name", "patient.name.*", NAME, |m| office(m, |m, c| { alone(c); c.patient.first = m.rng.pick(&["UNKNOWN", "Unknown", "UNK"]).into(); })),
    defect("two-names-with-a-slash", "patient.name.*", NAME, |m| office(m, |_, c| { alone(c); c.patient.last.push_str("/SMITH"); })),
    defect("no-birth-date", "patient.birth-date.*", BIRTH, |m| office(m, |_, c| { alone(c); c.patient.born.clear(); })),
    defect("birth-date-no-day", "patient.birth-date.*", BIRTH, |m| office(m, |_, c| { alone(c); c.patient.born = "19790231".into(); })),
    defect("birth-date-in-future", "patient.birth-date.*", BIRTH, |m| office(m, |m, c| { alone(c); c.patient.born = AS_OF.plus(m.rng.range(1, 4000)).compact(); })),
    defect("birth-date-a-century-early", "patient.birth-date.*", BIRTH, |m| office(m, |m, c| { alone(c); c.patient.born = AS_OF.years_before(m.rng.range(126, 160)).compact(); })),
    defect("born-after-service", "patient.birth-date.*", BIRTH, |m| office(m, |_, c| { alone(c); c.patient.born = c.day().plus(1).compact(); })),
    defect("no-gender", "patient.gender.*", GENDER, |m| office(m, |_, c| { alone(c); c.patient.sex.clear(); })),
    defect("no-address", "patient.address.*", ADDRESS, |m| office(m, |_, c| { alone(c); c.patient.address = Default::default(); })),
    defect("no-street", "patient.address.*", ADDRESS, |m| office(m, |_, c| { alone(c); c.patient.address.line1.clear(); })),
    defect("no-city", "patient.address.*", ADDRESS, |m| office(m, |_, c| { alone(c); c.patient.address.city.clear(); })),
    defect("no-zip", "patient.address.*", ADDRESS, |m| office(m, |_, c| { alone(c); c.patient.address.zip.clear(); })),
    defect("zip-of-four-digits", "patient.address.*", ADDRESS, |m| office(m, |m, c| { alone(c); c.patient.address.zip = m.rng.digits(4); })),
    defect("zip-with-a-letter", "patient.address.*", ADDRESS, |m| office(m, |_, c| { alone(c); c.patient.address.zip = "4301O".into(); })),
    defect("state-that-is-none", "patient.address.*", ADDRESS, |m| office(m, |m, c| { alone(c); c.patient.address.state = m.rng.pick(&["ZZ", "XX", "OO"]).into(); })),
    defect("state-and-zip-apart", "patient.address.*", ADDRESS, |m| office(m, |m, c| { alone(c); let (state, zip) = m.rng.pick(&[("OH", "90210"), ("TX", "10001"), ("FL", "60601"), ("CA", "02139")]); (c.patient.address.state, c.patient.address.zip) = (state.into(), zip.into()); })),
    defect("zip-of-zeros", "patient.address.*", ADDRESS, |m| office(m, |_, c| { alone(c); c.patient.address.zip = "00000".into(); })),
    defect("served-after-death", "service-date.*", &["line:service_dates", "patient.death_date"], |m| office(m, |_, c| { alone(c); c.died = c.day().plus(-1).compact(); })),
    defect("died-before-birth", "patient.death-date.*", &["patient.death_date", "line:service_dates", "x12:PAT"], |m| office(m, |_, c| { alone(c); c.died = "19390101".into(); })),
    defect("died-in-the-future", "patient.death-date.*", DEATH, |m| office(m, |_, c| { alone(c); c.died = AS_OF.plus(30).compact(); })),
    defect("pregnant-man", "patient.*", &["patient.gender", "patient.pregnant", "diagnoses"], |m| shaped(m, shape("99213", "I10", Young, "M", "11"), |_, c| { alone(c); c.pregnant = true; })),
    defect("maternity-code-of-a-man", "diagnosis.*", &["diagnoses", "patient.gender"], |m| shaped(m, shape("99213", "O0993 Z3A32", Young, "M", "11"), |_, _| {})),
    defect("ovary-code-of-a-man", "diagnosis.*", &["diagnoses", "patient.gender"], |m| shaped(m, shape("99213", "N8320", Young, "M", "11"), |_, c| c.diagnoses = vec!["N83201".into()])),
    defect("prostate-code-of-a-woman", "diagnosis.*", &["diagnoses", "patient.gender"], |m| shaped(m, shape("99213", "N401", Middle, "F", "11"), |_, _| {})),
    defect("prostate-test-of-a-woman", "procedure.*", &["line:procedure", "patient.gender"], |m| shaped(m, shape("99213 G0103", "R350", Senior, "F", "11"), |_, c| { c.line(2); })),
    defect("delivery-of-a-man", "procedure.*", &["line:procedure", "patient.gender"], |m| shaped(m, shape("59025", "R109", Young, "M", "22"), |_, _| {})),
    defect("newborn-code-of-an-adult", "diagnosis.*", &["diagnoses", "patient.birth_date"], |m| shaped(m, shape("99213", "P220", Middle, "", "11"), |_, _| {})),
    defect("liveborn-code-of-a-child", "diagnosis.*", &["diagnoses", "patient.birth_date"], |m| shaped(m, shape("99213", "Z3800", Child, "", "11"), |_, _| {})),
    defect("pregnancy-at-seventy", "diagnosis.*", &["diagnoses", "patient.birth_date"], |m| shaped(m, shape("99213", "O0993", Senior, "F", "11"), |_, _| {})),
    defect("adult-examination-of-a-child", "diagnosis.*", &["diagnoses", "patient.birth_date"], |m| shaped(m, shape("99213", "Z0000", Child, "", "11"), |_, _| {})),
    defect("child-examination-of-an-adult", "diagnosis.*", &["diagnoses", "patient.birth_date"], |m| shaped(m, shape("99213", "Z00129", Middle, "", "11"), |_, _| {})),
    defect("preventive-code-of-another-age", "procedure.*", &["line:procedure", "patient.birth_date"], |m| shaped(m, shape("99397", "Z0000", Middle, "", "11"), |_, _| {})),
    defect("child-visit-code-of-an-adult", "procedure.*", &["line:procedure", "patient.birth_date"], |m| shaped(m, shape("99392", "Z0000", Middle, "", "11"), |_, _| {})),
    defect("control-character-in-address", "text.*", &["patient.address", "coverages", "x12:N3"], |m| shaped(m, SENIOR, |_, c| c.patient.address.line1 = "12 Elm\u{7} Way".into())),
];
