//! Reads a 270 or 271: one walk over the HL tree.

use super::{Eligibility, Level, Member, OtherPayer, Place, Rejection, Trace};
use crate::number::Date;
use crate::reading::{Fields, Party, Readings, Reference, missing_segment, read_kind};
use crate::segment::Segment;
use crate::transmission::{Transaction, Transmission};

/// Reads every 270 of a transmission: the people are those asked about, `from` the day that is asked for (DTP 291).
pub fn read_inquiries(transmission: &Transmission<'_>) -> Readings<Eligibility> {
    read_kind(transmission, &["270"], |transaction, problems| read_one(transaction, true, problems))
}

/// Reads every 271 of a transmission.
pub fn read_transmission(transmission: &Transmission<'_>) -> Readings<Eligibility> {
    read_kind(transmission, &["271"], |transaction, problems| read_one(transaction, false, problems))
}

/// The level of the tree that is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Head,
    Source,
    Receiver,
    Member,
}

struct Walk {
    level: At,
    payer: Option<Party>,
    receiver: Option<Party>,
    /// Member id of the last subscriber.
    subscriber_id: String,
    /// The segment belongs to the plan as a whole, not to a single benefit.
    whole_plan: bool,
    is_question: bool,
    /// First and last day that the person's own DTPs give, and those under each EB that says what the status says.
    of_person: Span,
    of_plans: Vec<Span>,
    /// The last EB says nothing, or was outdone: its days are not those of the cover.
    passed_over: bool,
    /// The last EB was of another payer (EB01 = R), whom 2120 names.
    other_payer: bool,
    out: Eligibility,
}

/// First and last day of a cover, as far as they are said.
type Span = (Option<Date>, Option<Date>);

fn read_one(transaction: &Transaction<'_>, is_question: bool, problems: &mut Vec<crate::Problem>) -> Eligibility {
    let out = Eligibility { reference: String::new(), created: None, rejections: Vec::new(), members: Vec::new() };
    let (payer, receiver, subscriber_id) = (None, None, String::new());
    let mut walk = Walk {
        level: At::Head,
        payer,
        receiver,
        subscriber_id,
        whole_plan: true,
        is_question,
        of_person: (None, None),
        of_plans: Vec::new(),
        passed_over: false,
        other_payer: false,
        out,
    };
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
            b"AAA" => walk.refused(&segment),
            b"TRN" => walk.trace(&segment),
            b"INS" => walk.relationship(&segment),
            b"REF" if walk.whole_plan => walk.reference(&segment),
            _ => {}
        }
    }
    if !header {
        missing_segment(transaction, "BHT", problems);
    }
    walk.settle();
    walk.out
}

impl Walk {
    fn member(&mut self) -> Option<&mut Member> {
        let is_member = self.level == At::Member;
        self.out.members.last_mut().filter(|_| is_member)
    }

    fn hierarchy(&mut self, fields: &mut Fields<'_, '_, '_>) {
        self.settle();
        (self.whole_plan, self.other_payer, self.passed_over) = (true, false, false);
        let code = fields.segment.element(3).trimmed();
        self.level = match code {
            b"20" => At::Source,
            b"21" => At::Receiver,
            b"22" | b"23" => At::Member,
            _ => {
                fields.bad(3, "20 payer, 21 receiver, 22 subscriber or 23 dependent");
                return;
            }
        };
        if self.level == At::Member {
            let is_dependent = code == b"23";
            if !is_dependent {
                self.subscriber_id.clear();
            }
            let member_id = if is_dependent { self.subscriber_id.clone() } else { String::new() };
            self.out.members.push(Member::new(self.payer.clone(), self.receiver.clone(), is_dependent, member_id));
        }
    }

    fn name(&mut self, segment: &Segment<'_>) {
        if !self.whole_plan {
            self.benefit_party(segment);
            return;
        }
        let party = Party::read(segment);
        match self.level {
            At::Source => self.payer = Some(party),
            At::Receiver => self.receiver = Some(party),
            At::Member => {
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
            At::Head => {}
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
        let is_range = fields.segment.element(2).trimmed() == b"RD8";
        // One day of 291 or 307 is a day on which the cover is as said, mostly the one that was asked for, and not its first.
        let begins = is_range || matches!(kind.as_str(), "346" | "356") || (self.is_question && kind == "291");
        let ends = is_range || matches!(kind.as_str(), "347" | "357");
        if !matches!(kind.as_str(), "291" | "307" | "346" | "347" | "356" | "357") || self.passed_over {
            return;
        }
        let Some((from, to)) = fields.lenient_range(3) else { return };
        if self.level != At::Member {
            return;
        }
        let span = self.of_plans.last_mut().unwrap_or(&mut self.of_person);
        if begins {
            span.0 = Some(from);
        }
        if ends {
            span.1 = Some(to);
        }
    }

    /// Of several plans the active ones count (EB01 1 to 5), else the last that is told of.
    fn benefit(&mut self, segment: &Segment<'_>) {
        let whole = segment.element(3).is_empty() || segment.element(3).repeats().any(|code| code.trimmed() == b"30");
        let status = segment.string(1);
        let is_active = |status: &str| matches!(status, "1" | "2" | "3" | "4" | "5");
        let says = is_active(&status) || matches!(status.as_str(), "6" | "7" | "8");
        self.whole_plan = whole && says;
        self.other_payer = status == "R";
        let (other_payer, whole_plan) = (self.other_payer, self.whole_plan);
        let Some(member) = self.member() else { return };
        member.has_other_payer |= other_payer;
        let before = is_active(&member.status);
        let counts = whole_plan && (is_active(&status) || !before);
        self.passed_over = !counts;
        if !counts {
            return;
        }
        if !before {
            if let Some(member) = self.member() {
                member.status = status;
            }
            self.of_plans.clear();
        }
        self.of_plans.push((None, None));
    }

    /// The days of the cover of the person that ends here: from the first to the last of the plans that count.
    fn settle(&mut self) {
        let (first, last) = std::mem::take(&mut self.of_person);
        let plans = std::mem::take(&mut self.of_plans);
        let Some(member) = self.member() else { return };
        // A plan without a day of its own is as the person's says; one without any has no bound there.
        let from: Option<Vec<Date>> = plans.iter().map(|plan| plan.0.or(first)).collect();
        let to: Option<Vec<Date>> = plans.iter().map(|plan| plan.1.or(last)).collect();
        if plans.is_empty() {
            (member.from, member.to) = (first, last);
        } else {
            member.from = from.and_then(|days| days.into_iter().min());
            member.to = to.and_then(|days| days.into_iter().max());
        }
    }

    /// NM1 of 2120: who else pays.
    fn benefit_party(&mut self, segment: &Segment<'_>) {
        let entity = segment.string(1);
        if !self.other_payer || !matches!(entity.as_str(), "PR" | "PRP" | "SEP" | "TTP") {
            return;
        }
        let other = OtherPayer { entity, name: segment.string(3), id: segment.string(9) };
        if let Some(member) = self.member()
            && !member.other_payers.contains(&other)
        {
            member.other_payers.push(other);
        }
    }

    fn trace(&mut self, segment: &Segment<'_>) {
        let trace = Trace { kind: segment.string(1), number: segment.string(2), originator: segment.string(3) };
        if let Some(member) = self.member() {
            member.traces.push(trace);
        }
    }

    fn relationship(&mut self, segment: &Segment<'_>) {
        if let Some(member) = self.member() {
            member.relationship = segment.string(2);
            member.is_corrected = segment.element(3).trimmed() == b"001" && segment.element(4).trimmed() == b"25";
        }
    }

    fn reference(&mut self, segment: &Segment<'_>) {
        let reference = Reference { qualifier: segment.string(1), value: segment.string(2) };
        if let Some(member) = self.member() {
            member.references.push(reference);
        }
    }

    fn refused(&mut self, segment: &Segment<'_>) {
        let level = match self.level {
            At::Member => Level::Person,
            At::Receiver => Level::Receiver,
            At::Source | At::Head => Level::Payer,
        };
        let is_valid = segment.element(1).trimmed() == b"Y";
        let rejection = Rejection { level, is_valid, reason: segment.string(3), follow_up: segment.string(4) };
        match self.member() {
            Some(member) => {
                member.is_refused = true;
                member.rejections.push(rejection);
            }
            // Of the payer or the receiver: nothing below is an answer.
            None => {
                self.out.rejections.push(rejection);
                self.level = At::Head;
            }
        }
    }
}
