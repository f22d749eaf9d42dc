//! 270 and 271, the eligibility question and its answer (X279): who is asked about, who the payer knows under which member id,
//! and whether and when it covers them.
//!
//! Only what identifies a person and the cover as a whole: benefits (EB of single services, amounts, MSG) are passed over.
//! The HL tree becomes one list of people; a dependent carries the member id of the subscriber above. `read.rs` reads both
//! transactions, which have one tree; `inquiry.rs` writes the 270.

mod inquiry;
mod read;

pub use inquiry::{
    Inquiry, InquiryError, InquiryPerson, InquiryPlace, REQUESTS_PER_TRANSACTION_MAX, Written, unwritable, write,
};
pub use read::{read_inquiries, read_transmission};

use crate::number::Date;
use crate::reading::{Party, Reference};

/// 2000C and 2000D TRN: which question this is, or is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// TRN01: 1 of the sender of this transaction, 2 of the one that it answers. A payer may echo the question's as either.
    pub kind: String,
    /// TRN02.
    pub number: String,
    /// TRN03: who gave the number; ten characters, 1 and EIN, 3 and DUNS, or 9 and anything.
    pub originator: String,
}

/// Whose request an AAA refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// 2000A, 2100A: the payer's.
    Payer,
    /// 2100B: the provider's.
    Receiver,
    /// 2100C, 2110C, 2100D, 2110D: the person's.
    Person,
}

/// AAA: a question that is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Where it stands.
    pub level: Level,
    /// AAA01 = Y: the request is valid, and is refused all the same.
    pub is_valid: bool,
    /// AAA03: why.
    pub reason: String,
    /// AAA04: what to do. C correct and send again, N and S do not, R may, W and X wait 30 and 10 days, Y an answer follows.
    pub follow_up: String,
}

/// Another payer of the person: NM1 of 2120 under an EB01 of R.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherPayer {
    /// NM101: PRP primary, SEP secondary, TTP tertiary payer, PR any.
    pub entity: String,
    /// NM103.
    pub name: String,
    /// NM109.
    pub id: String,
}

/// Street and town, N3 and N4.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// N301.
    pub line1: String,
    /// N302.
    pub line2: String,
    /// N401.
    pub city: String,
    /// N402.
    pub state: String,
    /// N403.
    pub postal_code: String,
}

/// One person of a 271: loop 2100C (subscriber) or 2100D (dependent).
#[derive(Clone, PartialEq, Eq)]
pub struct Member {
    /// 2100A NM1: the payer.
    pub payer: Option<Party>,
    /// 2100B NM1: who asked. Its NPI says which practice.
    pub receiver: Option<Party>,
    /// Loop 2100D.
    pub is_dependent: bool,
    /// NM1 of the person.
    pub person: Option<Party>,
    /// 2100C NM109, of the subscriber above where this is a dependent.
    pub member_id: String,
    /// N3, N4.
    pub address: Option<Place>,
    /// DMG02.
    pub birth_date: Option<Date>,
    /// DMG03.
    pub gender: String,
    /// DTP 346, 356, or 291 and 307 as a range: first day of the cover; of a 270 the day that is asked for.
    pub from: Option<Date>,
    /// DTP 347, 357, or 291 and 307 as a range: last day of the cover.
    pub to: Option<Date>,
    /// EB01 of the plan as a whole (EB03 empty or 30): 1 active, 6 inactive.
    pub status: String,
    /// AAA: the payer could not answer; nothing else here is its word.
    pub is_refused: bool,
    /// TRN, in order.
    pub traces: Vec<Trace>,
    /// AAA of the person, in order.
    pub rejections: Vec<Rejection>,
    /// INS02: 18 the subscriber, 01 spouse, 19 child.
    pub relationship: String,
    /// INS03 001 and INS04 25: the payer has other identifying data than the question had.
    pub is_corrected: bool,
    /// REF: group, plan and other numbers.
    pub references: Vec<Reference>,
    /// EB01 = R.
    pub other_payers: Vec<OtherPayer>,
    /// An EB01 of R, whether or not it names the payer.
    pub has_other_payer: bool,
}

/// One 271.
#[derive(Clone, PartialEq, Eq)]
pub struct Eligibility {
    /// BHT03.
    pub reference: String,
    /// BHT04: day of the answer.
    pub created: Option<Date>,
    /// AAA of the payer or of the provider: the questions below them are not answered.
    pub rejections: Vec<Rejection>,
    /// People, in order.
    pub members: Vec<Member>,
}

impl Member {
    /// A person of whom nothing is read yet.
    fn new(payer: Option<Party>, receiver: Option<Party>, is_dependent: bool, member_id: String) -> Self {
        let (person, address, birth_date, from, to) = (None, None, None, None, None);
        let (gender, status, relationship) = (String::new(), String::new(), String::new());
        let (traces, rejections, references, other_payers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (is_refused, is_corrected, has_other_payer) = (false, false, false);
        #[rustfmt::skip] // one row
        let member = Self { payer, receiver, is_dependent, person, member_id, address, birth_date, gender, from, to, status,
            is_refused, traces, rejections, relationship, is_corrected, references, other_payers, has_other_payer };
        member
    }

    /// Whether it says anything of a cover: one that does not, with a trace, passes it on to the dependents below.
    pub fn says_cover(&self) -> bool {
        !self.status.is_empty() || !self.rejections.is_empty() || self.has_other_payer
    }
}

impl Eligibility {
    /// The people that an answer to this trace number is about, by position: who carries it, and where that is a subscriber of
    /// whom nothing is said, the dependents below.
    pub fn answered(&self, number: &str) -> Vec<usize> {
        let carries = |member: &Member| member.traces.iter().any(|trace| trace.number == number);
        let mut found: Vec<usize> = Vec::new();
        let mut passed_on = false;
        for (at, member) in self.members.iter().enumerate() {
            let own = carries(member);
            let below = passed_on && member.is_dependent && member.traces.is_empty();
            if own || below {
                found.push(at);
            }
            if !member.is_dependent {
                passed_on = own && !member.says_cover();
            }
        }
        // Of a subscriber of whom nothing is said, with dependents of whom something is, the dependents count.
        let says = |at: &usize| self.members.get(*at).is_some_and(Member::says_cover);
        if found.iter().any(says) {
            found.retain(says);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transmission::Transmission;

    const HEAD: &str = "ISA*00*          *00*          *ZZ*PAYER          *ZZ*LINDEN         *260505*1200*^*00501*000000001*0*T*:~\
        GS*HB*PAYER*LINDEN*20260505*1200*1*X*005010X279A1~ST*271*0001*005010X279A1~BHT*0022*11*R1*20260504*1200~\
        HL*1**20*1~NM1*PR*2*NORTHWAY HEALTH*****PI*90411~HL*2*1*21*1~NM1*1P*2*LINDEN*****XX*1234567893~";

    #[test]
    fn days_are_those_of_the_plans_that_count() {
        let cover = |body: &str| {
            let answer = read(&format!("HL*3*2*22*0~NM1*IL*1*A*B****MI*ID1~{body}"));
            let [member] = answer.members.as_slice() else { panic!("one person") };
            let day = |date: Option<Date>| date.map(|date| date.to_string());
            (member.status.clone(), day(member.from), day(member.to))
        };
        let says = |status: &str, from: &str, to: &str| {
            let day = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            (status.to_owned(), day(from), day(to))
        };
        // One day says that the cover is so on that day, a range when it begins and ends.
        assert_eq!(cover("DTP*291*D8*20260505~EB*1**30~"), says("1", "", ""));
        assert_eq!(cover("DTP*307*RD8*20260101-20261231~EB*1**30~"), says("1", "20260101", "20261231"));
        assert_eq!(cover("DTP*346*D8*20260101~EB*1**30~"), says("1", "20260101", ""));
        assert_eq!(cover("EB*1**30~DTP*346*D8*20260101~DTP*347*D8*20260630~"), says("1", "20260101", "20260630"));
        // What ended before, and a single benefit, move nothing.
        let ended = "EB*6**30~DTP*346*D8*20200101~DTP*347*D8*20241231~";
        let active = "EB*1**30~DTP*346*D8*20250101~";
        assert_eq!(cover(&format!("{ended}{active}")), says("1", "20250101", ""));
        assert_eq!(cover(&format!("{active}{ended}")), says("1", "20250101", ""));
        assert_eq!(cover(&format!("{active}EB*1**48~DTP*346*D8*20260401~")), says("1", "20250101", ""));
        assert_eq!(cover(&format!("EB*3**30~{ended}")), says("3", "", ""));
        assert_eq!(cover(ended), says("6", "20200101", "20241231"));
        // Of two active plans the days of both; what the person's own dates say holds for a plan that gives none.
        let other = "EB*1**30~DTP*346*D8*20240101~DTP*347*D8*20241231~";
        assert_eq!(cover(&format!("{active}{other}")), says("1", "20240101", ""));
        assert_eq!(cover("DTP*346*D8*20260101~EB*1**30~EB*1**30~DTP*346*D8*20260301~"), says("1", "20260101", ""));
    }

    fn read(body: &str) -> Eligibility {
        let count = body.matches('~').count() + 7; // ST to NM1 above, and SE
        let file = format!("{HEAD}{body}SE*{count}*0001~GE*1*1~IEA*1*000000001~");
        let transmission = Transmission::read(file.as_bytes());
        let mut readings = read_transmission(&transmission);
        assert_eq!(readings.transactions.len(), 1);
        let parsed = readings.transactions.remove(0);
        assert!(parsed.is_clean(), "{:?}", parsed.problems);
        parsed.value
    }

    #[test]
    fn subscriber_and_dependent_with_their_cover() {
        let read = read(
            "HL*3*2*22*1~NM1*IL*1*VANCE*ORLA*M**JR*MI*W123456789~N3*12 ELM STREET*APT 4~N4*ANYTOWN*OH*43001~\
             DMG*D8*19800101*F~DTP*346*D8*20260101~DTP*347*D8*20261231~EB*1**30^98~EB*C*IND*30***23*500~\
             HL*4*3*23*0~NM1*03*1*VANCE*MILO~DMG*D8*20150203*M~EB*6**30~DTP*307*RD8*20250101-20251231~\
             LS*2120~NM1*PR*2*OTHER PAYER~LE*2120~",
        );
        assert_eq!((read.reference.as_str(), read.members.len()), ("R1", 2));
        let [mother, child] = &read.members[..] else { panic!() };
        assert_eq!(
            (mother.member_id.as_str(), mother.is_dependent, mother.status.as_str()),
            ("W123456789", false, "1")
        );
        assert_eq!(mother.person.as_ref().unwrap().suffix, "JR");
        assert_eq!(mother.address.as_ref().unwrap().line2, "APT 4");
        assert_eq!((mother.from.unwrap().year, mother.to.unwrap().month), (2026, 12));
        assert_eq!((child.member_id.as_str(), child.is_dependent, child.status.as_str()), ("W123456789", true, "6"));
        assert_eq!(child.person.as_ref().unwrap().first, "MILO");
        assert_eq!((child.from.unwrap().year, child.to.unwrap().year), (2025, 2025));
        assert_eq!(child.receiver.as_ref().unwrap().id, "1234567893");
        assert_eq!(child.payer.as_ref().unwrap().id, "90411");
    }

    #[test]
    fn a_refused_question_is_no_answer() {
        let read = read("HL*3*2*22*0~TRN*2*Q1*9123456789~NM1*IL*1*VANCE*ORLA****MI*W1~AAA*N**75*C~");
        let member = &read.members[0];
        assert!(member.is_refused && member.traces[0].number == "Q1");
        let expected = Rejection { level: Level::Person, is_valid: false, reason: "75".into(), follow_up: "C".into() };
        assert_eq!(member.rejections, [expected]);
    }

    #[test]
    fn another_payer_is_named_and_no_other_party_of_a_benefit() {
        let read = read(
            "HL*3*2*22*0~TRN*1*P9*3000000001~TRN*2*Q1*9123456789~NM1*IL*1*VANCE*ORLA****MI*W1~REF*6P*G77~\
             INS*Y*18*001*25~EB*1**30~EB*R**30~LS*2120~NM1*PRP*2*FIRST HEALTH*****PI*77001~LE*2120~\
             EB*L~LS*2120~NM1*P3*1*GRAY*ANN~LE*2120~",
        );
        let member = &read.members[0];
        assert_eq!((member.traces.len(), member.status.as_str()), (2, "1"));
        assert!(member.is_corrected && member.has_other_payer && member.relationship == "18");
        let other = OtherPayer { entity: "PRP".into(), name: "FIRST HEALTH".into(), id: "77001".into() };
        assert_eq!(member.other_payers, [other]);
        assert_eq!(member.references[0].value, "G77");
        assert_eq!(read.answered("Q1"), [0]);
        assert!(read.answered("Q2").is_empty());
    }

    #[test]
    fn a_trace_of_a_subscriber_of_whom_nothing_is_said_is_the_dependents() {
        let read = read(
            "HL*3*2*22*1~TRN*2*Q1*9123456789~NM1*IL*1*VANCE*ORLA****MI*W1~HL*4*3*23*0~NM1*03*1*VANCE*MILO~EB*1**30~\
             HL*5*2*22*1~NM1*IL*1*REED*IVY****MI*W2~HL*6*5*23*0~TRN*2*Q2*9123456789~NM1*03*1*REED*TOM~EB*6**30~\
             HL*7*5*23*0~TRN*2*Q3*9123456789~NM1*03*1*REED*ANN~",
        );
        assert_eq!((read.answered("Q1"), read.answered("Q2"), read.answered("Q3")), (vec![1], vec![3], vec![4]));
    }

    #[test]
    fn a_refusal_of_the_payer_is_the_whole_questions() {
        let text = HEAD.replace("HL*2*1*21*1~NM1*1P*2*LINDEN*****XX*1234567893~", "AAA*Y**42*R~");
        let file = format!("{text}SE*6*0001~GE*1*1~IEA*1*000000001~");
        let transmission = Transmission::read(file.as_bytes());
        let read = read_transmission(&transmission).transactions.remove(0);
        assert!(read.is_clean() && read.value.members.is_empty(), "{:?}", read.problems);
        assert_eq!((read.value.rejections[0].level, read.value.rejections[0].is_valid), (Level::Payer, true));
        assert_eq!(read.value.reference, "R1");
    }
}
