//! 271 (005010X279A1): what a payer says of each question of one 270.
//!
//! A member is as the question has it, unless `payers.toml` knows better: `terminated_members` have no cover, and `[payer.members]`
//! says who is otherwise.

use super::{Body, Kind};
use crate::adjudicate::{Member, Payers};
use crate::faults::{hash, strikes};
use crate::inquiry::{Person, Question};

/// GS and ST of a 271.
pub const KIND: Kind = Kind { group: "HB", set: "271", version: "005010X279A1", in_header: true };

/// One in so many questions of a run with the fault `271-odd` is answered otherwise.
const ODD_SIDES: u64 = 3;

/// What a payer knows of the person of a question.
pub fn member(payers: &Payers, question: &Question, odd: Option<u64>) -> Member {
    let Some(payer) = payers.find(&question.payer) else {
        return Member { refused: "75".into(), ..Member::default() };
    };
    let mut member = payer.members.get(&question.member).cloned().unwrap_or_default();
    if payer.terminated_members.contains(&question.member) {
        member.inactive = true;
    }
    let subject = question.subject();
    if let Some(seed) = odd.filter(|seed| strikes(*seed, "271", &subject, ODD_SIDES)) {
        match hash(subject.as_bytes(), seed ^ 271) % 3 {
            0 => member.refused = "75".into(),
            1 => member.inactive = true,
            _ => member.last = "ODDLY".into(),
        }
    }
    member
}

/// Writes one transaction set: the questions of one inbound ST, each with what is known.
pub fn body(reference: &str, date: &str, questions: &[(Question, Member)]) -> Body {
    let mut out = Body::default();
    out.add(&["BHT", "0022", "11", reference, date, "1200"]);
    let (mut level, mut above) = (0, None);
    let mut next = |out: &mut Body, parent: usize, code: &str, children: bool| {
        level += 1;
        let parent = if parent == 0 { String::new() } else { parent.to_string() };
        out.add(&["HL", &level.to_string(), &parent, code, if children { "1" } else { "0" }]);
        level
    };
    let mut provider = 0;
    for (question, member) in questions {
        let key = (question.payer.clone(), question.npi.clone());
        if above.as_ref() != Some(&key) {
            let payer = next(&mut out, 0, "20", true);
            out.add(&["NM1", "PR", "2", &question.payer_name, "", "", "", "", "PI", &question.payer]);
            provider = next(&mut out, payer, "21", true);
            out.add(&["NM1", "1P", "2", &question.provider_name, "", "", "", "", "XX", &question.npi]);
            above = Some(key);
        }
        let trace = |out: &mut Body| out.add(&["TRN", "2", &question.trace, &question.originator]);
        let subscriber = next(&mut out, provider, "22", question.dependent.is_some());
        match &question.dependent {
            None => {
                trace(&mut out);
                person(&mut out, ("IL", &question.member), &question.subscriber, Some(member));
            }
            Some((dependent, relationship)) => {
                person(&mut out, ("IL", &question.member), &question.subscriber, None);
                next(&mut out, subscriber, "23", false);
                trace(&mut out);
                person(&mut out, ("03", ""), dependent, Some(member));
                if member.refused.is_empty() {
                    out.add(&["INS", "N", relationship]);
                }
            }
        }
        says(&mut out, question, member);
    }
    out
}

/// NM1 and DMG; of the person asked about with what the payer has.
fn person(out: &mut Body, (entity, id): (&str, &str), asked: &Person, member: Option<&Member>) {
    let known = member.cloned().unwrap_or_default();
    let or = |known: &str, asked: &str| if known.is_empty() { asked.to_owned() } else { known.to_owned() };
    let id = or(&known.member_id, id);
    let qualifier = if entity == "IL" { "MI" } else { "" };
    let id = if entity == "IL" { id.as_str() } else { "" };
    let (last, first) = (or(&known.last, &asked.last), or(&known.first, &asked.first));
    let middle = if known.first.is_empty() { asked.middle.as_str() } else { "" };
    out.add(&["NM1", entity, "1", &last, &first, middle, "", &asked.suffix, qualifier, id]);
    if member.is_none() {
        return;
    }
    if !known.refused.is_empty() {
        out.add(&["AAA", "N", "", &known.refused, "C"]);
        return;
    }
    let (born, gender) = (or(&known.birth_date, &asked.birth_date), or(&known.gender, &asked.gender));
    if !born.is_empty() || !gender.is_empty() {
        out.add(&["DMG", if born.is_empty() { "" } else { "D8" }, &born, &gender]);
    }
}

/// Cover and other payers.
fn says(out: &mut Body, question: &Question, member: &Member) {
    if !member.refused.is_empty() {
        return;
    }
    if member.ended.is_empty() {
        out.add(&["DTP", "346", "D8", &format!("{}0101", question.day.get(..4).unwrap_or("2000"))]);
    } else {
        out.add(&["DTP", "347", "D8", &member.ended]);
    }
    let inactive = member.inactive || (!member.ended.is_empty() && member.ended < question.day);
    out.add(&["EB", if inactive { "6" } else { "1" }, "", "30"]);
    if !member.other_payer.is_empty() {
        out.add(&["EB", "R", "", "30"]);
        out.add(&["LS", "2120"]);
        out.add(&["NM1", "PRP", "2", &member.other_payer]);
        out.add(&["LE", "2120"]);
    }
}
