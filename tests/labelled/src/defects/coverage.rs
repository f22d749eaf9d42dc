//! Who pays: payer, ids of the member, relationship, other payers, filing in time.

use super::{alone, office, shape, shaped};
use crate::kinds::{Kind, defect};
use crate::maker::{AS_OF, COMMERCIAL, Maker, SUPPLEMENT};
use crate::model::{Claim, Decision};
use crate::shapes::{OFFICE, PARTICULAR, Pays, SENIOR, Shape, Who};

const MEMBER: &[&str] = &["coverages[0].subscriber.member_id", "x12:NM1"];
const PAYER: &[&str] = &["coverages[0].payer", "header.coverages[0].payer", "x12:NM1"];
const SUBSCRIBER: &[&str] = &["coverages[0].subscriber", "coverages[0].relationship", "x12:NM1", "x12:SBR", "x12:PAT"];
const SECOND: &[&str] = &["coverages[1]", "coverages[0].responsibility", "x12:SBR"];

fn second(maker: &mut Maker, change: impl FnOnce(&mut Claim)) -> Vec<Claim> {
    shaped(maker, SENIOR, |maker, claim| {
        maker.bill_second(claim);
        change(claim);
    })
}

fn mbi(maker: &mut Maker, change: impl FnOnce(&mut Maker, String) -> String) -> Vec<Claim> {
    shaped(maker, SENIOR, |maker, claim| {
        claim.covers.truncate(1);
        let id = claim.cover().member.clone();
        claim.cover().member = change(maker, id);
    })
}

fn child(maker: &mut Maker, change: impl FnOnce(&mut Maker, &mut Claim)) -> Vec<Claim> {
    shaped(maker, shape("99213", "J069", Who::Child, "", "11"), change)
}

#[rustfmt::skip] // a table
const STATE_DRUG: Shape = Shape { services: "99213-25 96372 J1885*2", diagnoses: "M5459", who: Who::Middle, sex: "", pos: "11", pays: Pays::State };

#[rustfmt::skip] // a table
pub const KINDS: &[Kind] = &[
    defect("no-member-id", "member-id.*", MEMBER, |m| office(m, |_, c| c.cover().member.clear())),
    defect("placeholder-member-id", "member-id.*", MEMBER, |m| office(m, |m, c| c.cover().member = m.rng.pick(&["UNKNOWN", "999999999", "123456789", "PENDING", "NONE"]).into())),
    defect("member-id-with-a-blank", "member-id.*", MEMBER, |m| office(m, |_, c| c.cover().member.insert(3, ' '))),
    defect("social-security-number-as-id", "member-id.*", MEMBER, |m| office(m, |m, c| { let (a, b, d) = (m.rng.digits(2), m.rng.digits(2), m.rng.digits(4)); c.cover().member = format!("5{a}-{b}-{d}"); })),
    defect("id-is-the-given-ssn", "member-id.*", MEMBER, |m| office(m, |m, c| { let digits = format!("5{}", m.rng.digits(8)); c.cover().ssn.clone_from(&digits); c.cover().member = digits; })),
    defect("mbi-too-short", "member-id.*", MEMBER, |m| mbi(m, |_, id| id.chars().take(10).collect())),
    defect("telephone-number-as-member-id", "member-id.*", MEMBER, |m| office(m, |m, c| { let digits = m.rng.digits(4); c.cover().member = format!("614-555-{digits}"); })),
    defect("birth-date-as-member-id", "member-id.*", MEMBER, |m| office(m, |_, c| c.cover().member = "03/04/1970".into())),
    defect("group-number-as-member-id", "member-id.*", MEMBER, |m| office(m, |_, c| { let cover = c.cover(); cover.group = "G10077".into(); cover.member = "G10077".into(); })),
    defect("mbi-with-letter-o", "member-id.*", MEMBER, |m| mbi(m, |_, id| format!("{}O{}", id.get(..1).unwrap_or_default(), id.get(2..).unwrap_or_default()))),
    defect("mbi-starting-with-zero", "member-id.*", MEMBER, |m| mbi(m, |_, id| format!("0{}", id.get(1..).unwrap_or_default()))),
    defect("old-medicare-number", "member-id.*", MEMBER, |m| mbi(m, |m, _| format!("5{}A", m.rng.digits(8)))),
    defect("mbi-letters-and-digits-swapped", "member-id.*", MEMBER, |m| mbi(m, |_, id| format!("{}{}{}", id.get(..7).unwrap_or_default(), id.get(9..).unwrap_or_default(), id.get(7..9).unwrap_or_default()))),
    defect("payer-nobody-knows", "payer.*", PAYER, |m| office(m, |m, c| { let digits = m.rng.digits(3); let cover = c.cover(); (cover.payer, cover.name) = (format!("77{digits}"), "Nowhere Plan".into()); })),
    defect("no-payer-id", "payer.*", PAYER, |m| office(m, |_, c| { let cover = c.cover(); (cover.payer, cover.name) = (String::new(), "Somebody".into()); })),
    defect("second-payer-nobody-knows", "payer.*", &["coverages[1].payer", "header.coverages[1].payer", "x12:NM1"], |m| office(m, |m, c| { alone(c); let mut other = m.cover(SUPPLEMENT); (other.responsibility, other.payer, other.name) = ("S".into(), "78001".into(), "Elsewhere Plan".into()); c.covers.push(other); })),
    defect("second-payer-without-member-id", "payer.*", &["coverages[1].subscriber", "x12:NM1"], |m| office(m, |m, c| { alone(c); let mut other = m.cover(SUPPLEMENT); other.responsibility = "S".into(); other.member.clear(); c.covers.push(other); })),
    defect("one-card-twice", "payer.*", &["coverages[1]"], |m| office(m, |_, c| { alone(c); let mut other = c.cover().clone(); other.responsibility = "S".into(); c.covers.push(other); })),
    defect("secondary-without-decision", "payer.*", SECOND, |m| second(m, |c| c.lines.iter_mut().for_each(|line| line.decision = None))),
    defect("secondary-without-a-primary", "payer.*", &["coverages[0].responsibility", "coverages", "x12:SBR"], |m| office(m, |_, c| { alone(c); c.cover().responsibility = "S".into(); })),
    defect("decision-that-does-not-add-up", "payer.*", &["line:adjudications", "coverages[1].adjudication"], |m| second(m, |c| if let Some(decision) = &mut c.line(1).decision { decision.paid += 500; })),
    defect("claim-decision-that-does-not-add-up", "payer.*", &["coverages[1].adjudication", "coverages[1]"], |m| second(m, |c| {
        c.lines.iter_mut().for_each(|line| line.decision = None);
        let sum = c.sum();
        if let Some(first) = c.covers.get_mut(1) { first.decision = Some(Decision { paid: sum / 2, adjusted: vec![("CO", "45", sum / 4)] }); }
    })),
    defect("relationship-that-is-none", "subscriber.*", SUBSCRIBER, |m| child(m, |_, c| c.cover().relationship = "77".into())),
    defect("no-relationship", "subscriber.*", SUBSCRIBER, |m| child(m, |_, c| c.cover().relationship.clear())),
    defect("no-subscriber-name", "subscriber.*", SUBSCRIBER, |m| child(m, |_, c| if let Some(holder) = &mut c.cover().subscriber { holder.last.clear(); })),
    defect("child-older-than-subscriber", "subscriber.*", SUBSCRIBER, |m| child(m, |_, c| if let Some(holder) = &mut c.cover().subscriber { holder.born = AS_OF.plus(-400).compact(); })),
    defect("no-group-number-where-wanted", "payer.requirement.*", &["coverages[0].subscriber.group_number"], |m| shaped(m, PARTICULAR, |_, c| c.cover().group.clear())),
    defect("no-authorization-where-wanted", "payer.requirement.*", &["coverages[0].prior_authorization"], |m| shaped(m, PARTICULAR, |_, c| c.cover().authorization.clear())),
    defect("no-referrer-where-wanted", "payer.requirement.*", &["referring"], |m| shaped(m, PARTICULAR, |_, c| c.referring = None)),
    defect("no-ndc-where-wanted", "payer.requirement.*", &["line:drug"], |m| shaped(m, STATE_DRUG, |_, c| c.line(3).drug = None)),
    defect("filed-a-day-late-payer", "timely-filing.*", &["line:service_dates"], |m| office(m, |_, c| c.move_to(AS_OF.plus(-181)))),
    defect("filed-a-day-late-medicare", "timely-filing.*", &["line:service_dates"], |m| shaped(m, SENIOR, |_, c| c.move_to(AS_OF.years_before(1).plus(-1)))),
    defect("filed-years-late", "timely-filing.*", &["line:service_dates"], |m| shaped(m, OFFICE, |m, c| { c.move_to(AS_OF.plus(-m.rng.range(400, 900))); })),
    defect("self-with-another-birth-date", "subscriber.*", &["coverages[1].relationship", "coverages[1].subscriber"], |m| office(m, |m, c| {
        alone(c);
        let mut other = m.cover(SUPPLEMENT);
        let mut holder = m.person(Who::Senior, "", AS_OF);
        holder.last = "Quillfeather".into();
        holder.first = "Ottoline".into();
        (other.responsibility, other.subscriber) = ("S".into(), Some(holder));
        c.covers.push(other);
    })),
    defect("one-id-on-two-people", "patient.identity-conflict|visit.identity-conflict", &["patient.ids", "header.patient.ids"], |m| {
        let first = m.make(OFFICE);
        let mut other = m.make(OFFICE);
        other.mrn.clone_from(&first.mrn);
        (other.patient.last, other.patient.born) = ("Quillfeather".into(), "19610704".into());
        other.move_to(first.day().plus(1));
        if let Some(holder) = &mut other.cover().subscriber { holder.address.line1.push_str(" 2"); }
        other.cover().member = m.cover(COMMERCIAL).member;
        vec![first, other]
    }),
];
