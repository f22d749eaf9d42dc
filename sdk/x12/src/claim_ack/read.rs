//! The walk over a 277CA: HL03 says the level, and each segment belongs to the last level opened.

use super::{AckStage, ClaimAck, ClaimStatus, LineStatus, Provider, Receiver, Status, StatusCode, StcAction, Totals};
use crate::problem::{Place, Problem, ProblemKind, push};
use crate::reading::{Fields, Party, Procedure, Readings, Reference, missing_segment, read_kind};
use crate::segment::Segment;
use crate::transmission::{Transaction, Transmission};

pub(super) fn read_transmission(transmission: &Transmission<'_>) -> Readings<ClaimAck> {
    read_kind(transmission, &["277"], |transaction, problems| {
        if !transaction.implementation.contains("X214") {
            let place = transaction.segments().next().map_or(Place::byte(transaction.range.start), |st| st.place());
            let found = "a 277 of another implementation";
            let remedy = "look at the original: a status response (X212) acknowledges no claim";
            push(
                problems,
                Problem::error(ProblemKind::WrongTransaction, place.at(3), found, "005010X214 in ST03 or GS08", remedy),
            );
        }
        read_one(transaction, problems)
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Head,
    Source,
    Receiver,
    Provider,
    Claim,
    Line,
    Skip,
}

fn read_one(transaction: &Transaction<'_>, problems: &mut Vec<Problem>) -> ClaimAck {
    let mut walk = Walk { ack: empty(), level: Level::Head };
    let mut header = false;
    for segment in transaction.segments() {
        let mut fields = Fields { segment: &segment, problems };
        match segment.id() {
            b"ST" | b"SE" => {}
            b"BHT" => {
                header = true;
                walk.ack.reference = segment.string(3);
                walk.ack.created = fields.date(4);
            }
            b"HL" => walk.hierarchy(&mut fields),
            b"NM1" => walk.name(&mut fields),
            b"TRN" => walk.trace(&mut fields),
            b"STC" => walk.status(&mut fields),
            b"QTY" => walk.quantity(&mut fields),
            b"AMT" => walk.amount(&mut fields),
            b"REF" => walk.reference(&mut fields),
            b"DTP" => walk.dates(&mut fields),
            b"SVC" => walk.line(&mut fields),
            b"PER" => {}
            _ => fields.unknown("a segment of X214"),
        }
    }
    if !header {
        missing_segment(transaction, "BHT", problems);
    }
    if walk.ack.source.is_none() {
        missing_segment(transaction, "NM1 of loop 2100A (AY clearinghouse or PR payer)", problems);
    }
    walk.ack
}

fn empty() -> ClaimAck {
    ClaimAck {
        reference: String::new(),
        created: None,
        stage: AckStage::Unknown,
        source: None,
        source_trace: String::new(),
        received: None,
        processed: None,
        receivers: Vec::new(),
    }
}

struct Walk {
    ack: ClaimAck,
    level: Level,
}

impl Walk {
    fn receiver(&mut self) -> Option<&mut Receiver> {
        self.ack.receivers.last_mut()
    }

    fn provider(&mut self) -> Option<&mut Provider> {
        self.receiver()?.providers.last_mut()
    }

    fn claim(&mut self) -> Option<&mut ClaimStatus> {
        self.provider()?.claims.last_mut()
    }

    fn last_line(&mut self) -> Option<&mut LineStatus> {
        self.claim()?.lines.last_mut()
    }

    fn hierarchy(&mut self, fields: &mut Fields<'_, '_, '_>) {
        self.level = match fields.segment.element(3).trimmed() {
            b"20" => Level::Source,
            b"21" => Level::Receiver,
            b"19" => Level::Provider,
            b"PT" | b"22" | b"23" => Level::Claim, // 22 and 23: seen where a sender reuses its 277 status writer
            _ => {
                fields.bad(3, "20 source, 21 receiver, 19 provider or PT patient");
                Level::Skip
            }
        };
        let ack = &mut self.ack;
        if self.level == Level::Receiver {
            ack.receivers.push(Receiver::default());
        }
        if matches!(self.level, Level::Provider | Level::Claim) && ack.receivers.is_empty() {
            fields.out_of_place("HL 21 (receiver) before it");
            ack.receivers.push(Receiver::default());
        }
        let Some(receiver) = ack.receivers.last_mut() else {
            return;
        };
        if self.level == Level::Provider {
            receiver.providers.push(Provider::default());
        }
        if self.level == Level::Claim {
            if receiver.providers.is_empty() {
                fields.out_of_place("HL 19 (provider) before it");
                receiver.providers.push(Provider::default());
            }
            if let Some(provider) = receiver.providers.last_mut() {
                provider.claims.push(ClaimStatus { place: Some(fields.segment.place()), ..ClaimStatus::default() });
            }
        }
    }

    fn name(&mut self, fields: &mut Fields<'_, '_, '_>) {
        let party = Party::read(fields.segment);
        let slot = match self.level {
            Level::Source => {
                self.ack.stage = match party.entity.as_str() {
                    "AY" => AckStage::Clearinghouse,
                    "PR" => AckStage::Payer,
                    _ => {
                        fields.bad(1, "AY (clearinghouse) or PR (payer)");
                        AckStage::Unknown
                    }
                };
                Some(&mut self.ack.source)
            }
            Level::Receiver => self.receiver().map(|r| &mut r.party),
            Level::Provider => self.provider().map(|p| &mut p.party),
            Level::Claim => self.claim().map(|c| &mut c.patient),
            Level::Head | Level::Line => None,
            Level::Skip => return,
        };
        match slot {
            Some(slot) => *slot = Some(party),
            None => fields.out_of_place("NM1 behind an HL"),
        }
    }

    fn trace(&mut self, fields: &mut Fields<'_, '_, '_>) {
        let trace = fields.text(2, "a trace number");
        let slot = match self.level {
            Level::Source => Some(&mut self.ack.source_trace),
            Level::Receiver => self.receiver().map(|r| &mut r.trace),
            Level::Provider => self.provider().map(|p| &mut p.trace),
            Level::Claim => self.claim().map(|c| &mut c.claim_id),
            Level::Head | Level::Line => None,
            Level::Skip => return,
        };
        match slot {
            Some(slot) => *slot = trace,
            None => fields.out_of_place("TRN behind an HL"),
        }
    }

    fn status(&mut self, fields: &mut Fields<'_, '_, '_>) {
        let status = status(fields);
        let list = match self.level {
            Level::Receiver => self.receiver().map(|r| &mut r.statuses),
            Level::Provider => self.provider().map(|p| &mut p.statuses),
            Level::Claim => self.claim().map(|c| &mut c.statuses),
            Level::Line => self.last_line().map(|l| &mut l.statuses),
            Level::Head | Level::Source => None,
            Level::Skip => return,
        };
        match list {
            Some(list) => list.push(status),
            None => fields.out_of_place("STC in loop 2200B, 2200C, 2200D or 2220D"),
        }
    }

    fn totals(&mut self) -> Option<&mut Totals> {
        match self.level {
            Level::Receiver => self.receiver().map(|r| &mut r.totals),
            Level::Provider => self.provider().map(|p| &mut p.totals),
            _ => None,
        }
    }

    fn quantity(&mut self, fields: &mut Fields<'_, '_, '_>) {
        let count = fields.count(2);
        let Some(totals) = self.totals() else { return };
        match fields.segment.element(1).trimmed() {
            b"90" | b"QA" => totals.accepted_count = count,
            b"AA" | b"QC" => totals.rejected_count = count,
            _ => fields.unknown("QTY 90, QA (accepted), AA or QC (rejected)"),
        }
    }

    fn amount(&mut self, fields: &mut Fields<'_, '_, '_>) {
        let cents = fields.optional_cents(2);
        let Some(totals) = self.totals() else { return };
        match fields.segment.element(1).trimmed() {
            b"YU" => totals.accepted_cents = cents,
            b"YY" => totals.rejected_cents = cents,
            _ => fields.unknown("AMT YU (accepted) or YY (rejected)"),
        }
    }

    fn reference(&mut self, fields: &mut Fields<'_, '_, '_>) {
        let reference = Reference { qualifier: fields.segment.string(1), value: fields.segment.string(2) };
        let list = match self.level {
            Level::Provider => self.provider().map(|p| &mut p.references),
            Level::Claim => self.claim().map(|c| &mut c.references),
            Level::Line => self.last_line().map(|l| &mut l.references),
            Level::Skip => return,
            Level::Head | Level::Source | Level::Receiver => None,
        };
        match list {
            Some(list) => list.push(reference),
            None => fields.unknown("REF in loop 2200C, 2200D or 2220D"),
        }
    }

    fn dates(&mut self, fields: &mut Fields<'_, '_, '_>) {
        let Some(range) = fields.lenient_range(3) else {
            return;
        };
        match (self.level, fields.segment.element(1).trimmed()) {
            (Level::Source, b"050") => self.ack.received = Some(range.0),
            (Level::Source, b"009") => self.ack.processed = Some(range.0),
            (Level::Claim, b"472") => {
                if let Some(claim) = self.claim() {
                    claim.service = Some(range);
                }
            }
            (Level::Line, b"472") => {
                if let Some(line) = self.last_line() {
                    line.service = Some(range);
                }
            }
            (Level::Skip, _) => {}
            _ => fields.unknown("DTP 050 or 009 of the source, 472 of a claim or line"),
        }
    }

    fn line(&mut self, fields: &mut Fields<'_, '_, '_>) {
        if !matches!(self.level, Level::Claim | Level::Line) {
            if self.level != Level::Skip {
                fields.out_of_place("SVC in a claim (2220D)");
            }
            return;
        }
        self.level = Level::Line;
        let segment: &Segment<'_> = fields.segment;
        let line = LineStatus {
            procedure: Procedure::read(segment.element(1)),
            charge_cents: fields.cents(2),
            revenue_code: segment.string(4),
            units_thousandths: fields.thousandths(7),
            statuses: Vec::new(),
            references: Vec::new(),
            service: None,
            place: segment.place(),
        };
        if let Some(claim) = self.claim() {
            claim.lines.push(line);
        }
    }
}

fn status(fields: &mut Fields<'_, '_, '_>) -> Status {
    let segment = fields.segment;
    let codes: Vec<StatusCode> = [1, 10, 11]
        .into_iter()
        .filter(|&n| !segment.element(n).is_empty())
        .map(|n| {
            let part = |m| segment.component(n, m).text().into_owned();
            StatusCode { category: part(1), status: part(2), entity: part(3) }
        })
        .collect();
    if codes.first().is_none_or(|c| c.category.is_empty()) {
        fields.missing(1, "a claim status category and status");
    }
    let action = match segment.text(3).as_ref() {
        "" => StcAction::None,
        "WQ" => StcAction::Accepted,
        "U" => StcAction::Rejected,
        other => {
            fields.bad(3, "WQ or U");
            StcAction::Other(other.to_owned())
        }
    };
    let date = fields.date(2);
    let amount_cents = fields.optional_cents(4);
    Status { codes, date, action, amount_cents, message: segment.string(12), place: segment.place() }
}
