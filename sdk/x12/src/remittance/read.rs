//! The walk over an 835. Each segment belongs to the innermost loop open: line, claim, payee, payer or header.

use super::{
    Adjudication, Cas, ClaimPayment, GroupCode, HeaderGroup, Organization, Payment, PlbEntry, ProviderAdjustment,
    Remittance, ServicePayment,
};
use crate::problem::Problem;
use crate::reading::{Fields, Party, Procedure, Reference, missing_segment};
use crate::segment::Segment;
use crate::transmission::Transaction;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Loop {
    Header,
    Payer,
    Payee,
    OtherParty,
    Group,
    Claim,
    Line,
    Trailer,
}

pub(super) fn read_one(transaction: &Transaction<'_>, problems: &mut Vec<Problem>) -> Remittance {
    let mut walk = Walk { remittance: Remittance::default(), at: Loop::Header };
    let (mut bpr, mut trn) = (false, false);
    for segment in transaction.segments() {
        let mut fields = Fields { segment: &segment, problems };
        match segment.id() {
            b"ST" | b"SE" | b"NTE" | b"CUR" | b"PER" | b"RDM" => {}
            b"BPR" => {
                bpr = true;
                walk.remittance.payment = payment(&mut fields);
            }
            b"TRN" => {
                trn = true;
                walk.remittance.trace = fields.text(2, "a check or EFT trace number");
                walk.remittance.originating_company = segment.string(3);
                walk.remittance.originating_supplement = segment.string(4);
            }
            b"N1" => walk.name(&mut fields),
            b"N3" | b"N4" => walk.address(&segment),
            b"LX" => {
                walk.at = Loop::Group;
                walk.remittance.headers.push(HeaderGroup { number: segment.string(1), ..HeaderGroup::default() });
            }
            b"TS3" | b"TS2" => walk.summary(&mut fields),
            b"CLP" => walk.claim(&mut fields),
            b"SVC" => walk.line(&mut fields),
            b"CAS" => walk.adjustment(&mut fields),
            b"NM1" => match walk.open_claim() {
                Some(claim) => claim.parties.push(Party::read(&segment)),
                None => fields.out_of_place("NM1 behind a CLP"),
            },
            b"MIA" => walk.adjudication(&mut fields, true),
            b"MOA" => walk.adjudication(&mut fields, false),
            b"REF" => walk.reference(&mut fields),
            b"DTM" => walk.date(&mut fields),
            b"AMT" => walk.amount(&mut fields),
            b"QTY" => walk.quantity(&mut fields),
            b"LQ" => match walk.open_line() {
                Some(line) => line.remark_codes.push((segment.string(1), segment.string(2))),
                None => fields.out_of_place("LQ behind an SVC"),
            },
            b"PLB" => {
                walk.at = Loop::Trailer;
                let adjustment = provider_adjustment(&mut fields);
                walk.remittance.provider_adjustments.push(adjustment);
            }
            _ => fields.unknown("a segment of X221"),
        }
        walk.extend(segment.end());
    }
    let remittance = walk.remittance;
    for (there, expected) in [
        (bpr, "BPR"),
        (trn, "TRN"),
        (remittance.payer.place.is_some(), "N1*PR, the payer (loop 1000A)"),
        (remittance.payee.place.is_some(), "N1*PE, the payee (loop 1000B)"),
    ] {
        if !there {
            missing_segment(transaction, expected, problems);
        }
    }
    remittance
}

struct Walk {
    remittance: Remittance,
    at: Loop,
}

impl Walk {
    /// The claim, whether or not a line of it is open.
    fn open_claim(&mut self) -> Option<&mut ClaimPayment> {
        match self.at {
            Loop::Claim | Loop::Line => self.remittance.claims.last_mut(),
            _ => None,
        }
    }

    fn open_line(&mut self) -> Option<&mut ServicePayment> {
        match self.at {
            Loop::Line => self.remittance.claims.last_mut()?.lines.last_mut(),
            _ => None,
        }
    }

    /// Moves the end of the open claim and line behind the segment just read.
    fn extend(&mut self, end: u64) {
        if let Some(line) = self.open_line() {
            line.range.end = end;
        }
        if let Some(claim) = self.open_claim() {
            claim.range.end = end;
        }
    }

    fn organization(&mut self) -> Option<&mut Organization> {
        match self.at {
            Loop::Payer => Some(&mut self.remittance.payer),
            Loop::Payee => Some(&mut self.remittance.payee),
            _ => None,
        }
    }

    fn name(&mut self, fields: &mut Fields<'_, '_, '_>) {
        let segment = fields.segment;
        self.at = match segment.element(1).trimmed() {
            b"PR" => Loop::Payer,
            b"PE" => Loop::Payee,
            _ => {
                fields.unknown("N1 of payer (PR) or payee (PE)");
                Loop::OtherParty
            }
        };
        if let Some(organization) = self.organization() {
            *organization = Organization {
                name: segment.string(2),
                id_qualifier: segment.string(3),
                id: segment.string(4),
                place: Some(segment.place()),
                ..Organization::default()
            };
        }
    }

    fn address(&mut self, segment: &Segment<'_>) {
        let Some(organization) = self.organization() else {
            return;
        };
        if segment.is("N3") {
            organization.address =
                [1, 2].map(|n| segment.string(n)).into_iter().filter(|line| !line.is_empty()).collect();
        } else {
            organization.city_state_zip = (segment.string(1), segment.string(2), segment.string(3));
        }
    }

    fn summary(&mut self, fields: &mut Fields<'_, '_, '_>) {
        let Some(group) = self.remittance.headers.last_mut().filter(|_| self.at == Loop::Group) else {
            return fields.out_of_place("TS3 and TS2 behind an LX");
        };
        let segment = fields.segment;
        if segment.is("TS3") {
            group.provider_id = segment.string(1);
            group.facility_type = segment.string(2);
            group.fiscal_period = fields.date(3);
            group.claim_count = fields.count(4);
            group.charge_cents = fields.optional_cents(5);
            group.ts3_amounts = amounts(fields, (6..=24).filter(|n| *n != 23)); // TS323 is a count
        } else {
            group.ts2_amounts = amounts(fields, (1..=19).filter(|n| !matches!(n, 7 | 8 | 12 | 13 | 14 | 16)));
        }
    }

    fn claim(&mut self, fields: &mut Fields<'_, '_, '_>) {
        self.at = Loop::Claim;
        let segment = fields.segment;
        let claim = ClaimPayment {
            place: Some(segment.place()),
            range: segment.offset..segment.end(),
            header: self.remittance.headers.len().checked_sub(1),
            claim_id: fields.text(1, "CLM01 of the claim (0 where the payer has none)"),
            status: fields.text(2, "a claim status code"),
            charge_cents: fields.cents(3),
            paid_cents: fields.cents(4),
            patient_responsibility_cents: fields.optional_cents(5),
            filing_indicator: segment.string(6),
            payer_claim_control: segment.string(7),
            facility_type: segment.string(8),
            frequency: segment.string(9),
            drg: segment.string(11),
            drg_weight: segment.string(12),
            discharge_fraction: segment.string(13),
            ..ClaimPayment::default()
        };
        self.remittance.claims.push(claim);
    }

    fn line(&mut self, fields: &mut Fields<'_, '_, '_>) {
        if self.open_claim().is_none() {
            return fields.out_of_place("SVC behind a CLP");
        }
        self.at = Loop::Line;
        let segment = fields.segment;
        let procedure = Procedure::read(segment.element(1));
        if procedure.code.is_empty() {
            fields.missing(1, "a procedure: qualifier and code");
        }
        let line = ServicePayment {
            place: Some(segment.place()),
            range: segment.offset..segment.end(),
            procedure,
            charge_cents: fields.cents(2),
            paid_cents: fields.cents(3),
            revenue_code: segment.string(4),
            paid_units_thousandths: fields.thousandths(5),
            billed_procedure: Some(segment.element(6)).filter(|e| !e.is_empty()).map(Procedure::read),
            billed_units_thousandths: fields.thousandths(7),
            ..ServicePayment::default()
        };
        if let Some(claim) = self.remittance.claims.last_mut() {
            claim.lines.push(line);
        }
    }

    fn adjustment(&mut self, fields: &mut Fields<'_, '_, '_>) {
        let list = match self.at {
            Loop::Claim => self.remittance.claims.last_mut().map(|c| &mut c.adjustments),
            Loop::Line => self.open_line().map(|l| &mut l.adjustments),
            _ => None,
        };
        match list {
            Some(list) => adjustments(fields, list),
            None => fields.out_of_place("CAS behind a CLP or SVC"),
        }
    }

    fn adjudication(&mut self, fields: &mut Fields<'_, '_, '_>, inpatient: bool) {
        let segment = fields.segment;
        let (remarks, others, last): (&[usize], &[usize], usize) =
            if inpatient { (&[5, 20, 21, 22, 23], &[1, 3, 15], 24) } else { (&[3, 4, 5, 6, 7], &[1], 9) };
        let sent = |numbers: &[usize]| -> Vec<(u8, String)> {
            let named = numbers.iter().filter_map(|&n| Some((u8::try_from(n).ok()?, segment.string(n))));
            named.filter(|(_, text)| !text.is_empty()).collect()
        };
        let found = Adjudication {
            remark_codes: sent(remarks).into_iter().map(|(_, code)| code).collect(),
            other: sent(others),
            amounts: amounts(fields, (1..=last).filter(|n| !remarks.contains(n) && !others.contains(n))),
        };
        match (self.open_claim(), inpatient) {
            (Some(claim), true) => claim.inpatient = Some(found),
            (Some(claim), false) => claim.outpatient = Some(found),
            (None, _) => fields.out_of_place("MIA and MOA behind a CLP"),
        }
    }

    fn reference(&mut self, fields: &mut Fields<'_, '_, '_>) {
        let reference = Reference { qualifier: fields.segment.string(1), value: fields.segment.string(2) };
        match self.at {
            Loop::Header if reference.qualifier == "EV" => self.remittance.receiver_id = reference.value,
            Loop::Payer => self.remittance.payer.references.push(reference),
            Loop::Payee => self.remittance.payee.references.push(reference),
            Loop::Claim => {
                if let Some(claim) = self.open_claim() {
                    claim.references.push(reference);
                }
            }
            Loop::Line => {
                if let Some(line) = self.open_line() {
                    line.references.push(reference);
                }
            }
            Loop::Header | Loop::OtherParty | Loop::Group | Loop::Trailer => {}
        }
    }

    fn date(&mut self, fields: &mut Fields<'_, '_, '_>) {
        let qualifier = fields.segment.string(1);
        let Some((date, last)) = fields.lenient_range(2) else {
            return;
        };
        match self.at {
            Loop::Line => {
                let Some(line) = self.open_line() else { return };
                match (qualifier.as_str(), line.service) {
                    ("472", _) => line.service = Some((date, last)),
                    ("150", None) => line.service = Some((date, date)),
                    ("150", Some((_, to))) => line.service = Some((date, to)),
                    ("151", None) => line.service = Some((date, date)),
                    ("151", Some((from, _))) => line.service = Some((from, date)),
                    _ => {}
                }
            }
            Loop::Claim => {
                if let Some(claim) = self.open_claim() {
                    claim.dates.push((qualifier, date));
                }
            }
            Loop::Header if qualifier == "405" => self.remittance.produced = Some(date),
            _ => {}
        }
    }

    fn amount(&mut self, fields: &mut Fields<'_, '_, '_>) {
        let entry = (fields.segment.string(1), fields.cents(2));
        if let Some(line) = self.open_line() {
            line.amounts.push(entry);
        } else if let Some(claim) = self.open_claim() {
            claim.amounts.push(entry);
        } else {
            fields.out_of_place("AMT behind a CLP or SVC");
        }
    }

    fn quantity(&mut self, fields: &mut Fields<'_, '_, '_>) {
        let entry = (fields.segment.string(1), fields.thousandths(2).unwrap_or(0));
        if let Some(line) = self.open_line() {
            line.quantities.push(entry);
        } else if let Some(claim) = self.open_claim() {
            claim.quantities.push(entry);
        } else {
            fields.out_of_place("QTY behind a CLP or SVC");
        }
    }
}

fn payment(fields: &mut Fields<'_, '_, '_>) -> Payment {
    let segment = fields.segment;
    let payment = Payment {
        handling: segment.string(1),
        amount_cents: fields.cents(2),
        credit_or_debit: segment.string(3),
        method: segment.string(4),
        format: segment.string(5),
        date: fields.date(16),
    };
    if !matches!(payment.credit_or_debit.as_str(), "C" | "D") {
        fields.bad(3, "C (credit) or D (debit)");
    }
    if segment.element(16).is_empty() {
        fields.missing(16, "the date the payment takes effect, CCYYMMDD");
    }
    payment
}

fn amounts(fields: &mut Fields<'_, '_, '_>, elements: impl Iterator<Item = usize>) -> Vec<(u8, i64)> {
    elements.filter_map(|n| Some((u8::try_from(n).ok()?, fields.optional_cents(n)?))).collect()
}

/// Six triplets at most: reason, amount, quantity from CAS02 on.
fn adjustments(fields: &mut Fields<'_, '_, '_>, list: &mut Vec<Cas>) {
    let segment = fields.segment;
    let group = match segment.text(1).as_ref() {
        "CO" => GroupCode::Contractual,
        "CR" => GroupCode::Correction,
        "OA" => GroupCode::Other,
        "PI" => GroupCode::PayerInitiated,
        "PR" => GroupCode::PatientResponsibility,
        other => {
            fields.bad(1, "CO, CR, OA, PI or PR");
            GroupCode::Unknown(other.to_owned())
        }
    };
    let before = list.len();
    for first in (2..=17).step_by(3) {
        let reason = segment.string(first);
        let amount = segment.element(first + 1);
        if reason.is_empty() && amount.is_empty() {
            continue;
        }
        if reason.is_empty() {
            fields.missing(first, "a claim adjustment reason code");
        }
        list.push(Cas {
            group: group.clone(),
            reason,
            amount_cents: fields.cents(first + 1),
            quantity_thousandths: fields.thousandths(first + 2),
            place: segment.place().at(first + 1),
        });
    }
    if list.len() == before {
        fields.missing(2, "at least one reason and amount");
    }
    if segment.elements().skip(19).any(|e| !e.is_empty()) {
        fields.bad(20, "at most six reasons, up to CAS19");
    }
}

fn provider_adjustment(fields: &mut Fields<'_, '_, '_>) -> ProviderAdjustment {
    let segment = fields.segment;
    let mut entries = Vec::new();
    for first in (3..=13).step_by(2) {
        let composite = segment.element(first);
        if composite.is_empty() && segment.element(first + 1).is_empty() {
            continue;
        }
        let reason = composite.component(1).text().into_owned();
        if reason.is_empty() {
            fields.missing(first, "an adjustment reason code");
        }
        entries.push(PlbEntry {
            reason,
            reference: composite.component(2).text().into_owned(),
            amount_cents: fields.cents(first + 1),
            place: segment.place().at(first + 1),
        });
    }
    if entries.is_empty() {
        fields.missing(3, "at least one reason and amount");
    }
    let fiscal_period = fields.date(2);
    ProviderAdjustment { provider_id: segment.string(1), fiscal_period, entries, place: segment.place() }
}
