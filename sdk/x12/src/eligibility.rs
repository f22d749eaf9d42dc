//! 271, the eligibility answer (X279): who the payer knows under which member id, and whether and when it covers them.
//!
//! Only what identifies a person and the cover as a whole: benefits (EB of single services, amounts, MSG) are passed over.
//! The HL tree becomes one list of people; a dependent carries the member id of the subscriber above.

use crate::number::Date;
use crate::reading::{Fields, Party, Readings, missing_segment, read_kind};
use crate::segment::Segment;
use crate::transmission::{Transaction, Transmission};

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
    /// DTP 291, 307, 346, 356: first day of the cover.
    pub from: Option<Date>,
    /// DTP 291, 307, 347, 357: last day of the cover.
    pub to: Option<Date>,
    /// EB01 of the plan as a whole (EB03 empty or 30): 1 active, 6 inactive.
    pub status: String,
    /// AAA: the payer could not answer; nothing else here is its word.
    pub is_refused: bool,
}

/// One 271.
#[derive(Clone, PartialEq, Eq)]
pub struct Eligibility {
    /// BHT03.
    pub reference: String,
    /// BHT04: day of the answer.
    pub created: Option<Date>,
    /// People, in order.
    pub members: Vec<Member>,
}

/// Reads every 271 of a transmission.
pub fn read_transmission(transmission: &Transmission<'_>) -> Readings<Eligibility> {
    read_kind(transmission, &["271"], read_one)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Head,
    Source,
    Receiver,
    Member,
}

struct Walk {
    level: Level,
    payer: Option<Party>,
    receiver: Option<Party>,
    /// Member id of the last subscriber.
    subscriber_id: String,
    /// The segment belongs to the plan as a whole, not to a single benefit.
    whole_plan: bool,
    out: Eligibility,
}

fn read_one(transaction: &Transaction<'_>, problems: &mut Vec<crate::Problem>) -> Eligibility {
    let out = Eligibility { reference: String::new(), created: None, members: Vec::new() };
    let mut walk =
        Walk { level: Level::Head, payer: None, receiver: None, subscriber_id: String::new(), whole_plan: true, out };
    let mut header = false;
    for segment in transaction.segments() {
        let mut fields = Fields { segment: &segment, problems };
        match segment.id() {
            b"BHT" => {
                header = true;
                walk.out.reference = segment.string(3);
                walk.out.created = fields.date(4);
            }
            b"HL" => walk.hierarchy(&mut fields),
            b"NM1" => walk.name(&segment),
            b"LS" => walk.whole_plan = false, // other payers and providers of one benefit
            b"N3" | b"N4" if walk.whole_plan => walk.address(&segment),
            b"DMG" => walk.demographics(&mut fields),
            b"DTP" if walk.whole_plan => walk.dates(&mut fields),
            b"EB" => walk.benefit(&segment),
            b"AAA" => walk.refused(),
            _ => {}
        }
    }
    if !header {
        missing_segment(transaction, "BHT", problems);
    }
    walk.out
}

impl Walk {
    fn member(&mut self) -> Option<&mut Member> {
        let is_member = self.level == Level::Member;
        self.out.members.last_mut().filter(|_| is_member)
    }

    fn hierarchy(&mut self, fields: &mut Fields<'_, '_, '_>) {
        self.whole_plan = true;
        let code = fields.segment.element(3).trimmed();
        self.level = match code {
            b"20" => Level::Source,
            b"21" => Level::Receiver,
            b"22" | b"23" => Level::Member,
            _ => {
                fields.bad(3, "20 payer, 21 receiver, 22 subscriber or 23 dependent");
                return;
            }
        };
        if self.level == Level::Member {
            let is_dependent = code == b"23";
            if !is_dependent {
                self.subscriber_id.clear();
            }
            self.out.members.push(Member {
                payer: self.payer.clone(),
                receiver: self.receiver.clone(),
                is_dependent,
                person: None,
                member_id: if is_dependent { self.subscriber_id.clone() } else { String::new() },
                address: None,
                birth_date: None,
                gender: String::new(),
                from: None,
                to: None,
                status: String::new(),
                is_refused: false,
            });
        }
    }

    fn name(&mut self, segment: &Segment<'_>) {
        if !self.whole_plan {
            return;
        }
        let party = Party::read(segment);
        match self.level {
            Level::Source => self.payer = Some(party),
            Level::Receiver => self.receiver = Some(party),
            Level::Member => {
                let is_dependent = self.member().is_some_and(|member| member.is_dependent);
                if !is_dependent {
                    self.subscriber_id.clone_from(&party.id);
                }
                if let Some(member) = self.member()
                    && member.person.is_none()
                {
                    if !is_dependent {
                        member.member_id.clone_from(&party.id);
                    }
                    member.person = Some(party);
                }
            }
            Level::Head => {}
        }
    }

    fn address(&mut self, segment: &Segment<'_>) {
        let is_street = segment.is("N3");
        let Some(member) = self.member() else { return };
        let place = member.address.get_or_insert_with(Place::default);
        if is_street {
            (place.line1, place.line2) = (segment.string(1), segment.string(2));
        } else {
            (place.city, place.state, place.postal_code) = (segment.string(1), segment.string(2), segment.string(3));
        }
    }

    fn demographics(&mut self, fields: &mut Fields<'_, '_, '_>) {
        let (born, gender) = (fields.date(2), fields.segment.string(3));
        if let Some(member) = self.member() {
            (member.birth_date, member.gender) = (born, gender);
        }
    }

    fn dates(&mut self, fields: &mut Fields<'_, '_, '_>) {
        let kind = fields.segment.string(1);
        if !matches!(kind.as_str(), "291" | "307" | "346" | "347" | "356" | "357") {
            return;
        }
        let is_range = fields.segment.element(2).trimmed() == b"RD8";
        let Some((from, to)) = fields.lenient_range(3) else { return };
        let Some(member) = self.member() else { return };
        if is_range || matches!(kind.as_str(), "291" | "307" | "346" | "356") {
            member.from = Some(from);
        }
        if is_range || matches!(kind.as_str(), "347" | "357") {
            member.to = Some(to);
        }
    }

    fn benefit(&mut self, segment: &Segment<'_>) {
        let whole = segment.element(3).is_empty() || segment.element(3).repeats().any(|code| code.trimmed() == b"30");
        let status = segment.string(1);
        let says = matches!(status.as_str(), "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8");
        self.whole_plan = whole && says;
        if !self.whole_plan {
            return;
        }
        if let Some(member) = self.member()
            && member.status != "1"
        {
            member.status = status;
        }
    }

    fn refused(&mut self) {
        match self.member() {
            Some(member) => member.is_refused = true,
            // Of the payer or the receiver: nothing below is an answer.
            None => self.level = Level::Head,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "ISA*00*          *00*          *ZZ*PAYER          *ZZ*LINDEN         *260505*1200*^*00501*000000001*0*T*:~\
        GS*HB*PAYER*LINDEN*20260505*1200*1*X*005010X279A1~ST*271*0001*005010X279A1~BHT*0022*11*R1*20260504*1200~\
        HL*1**20*1~NM1*PR*2*NORTHWAY HEALTH*****PI*90411~HL*2*1*21*1~NM1*1P*2*LINDEN*****XX*1234567893~";

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
        let read = read("HL*3*2*22*0~NM1*IL*1*VANCE*ORLA****MI*W1~AAA*N**75*C~");
        assert!(read.members[0].is_refused);
    }
}
