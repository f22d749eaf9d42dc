//! Segments that belong together: a charge (FT1) with its notes and procedures, a coverage (IN1) with IN2 and IN3.
//!
//! DFT^P03 states diagnoses and insurance once, after all charges; DFT^P11 states the shared ones before the
//! first charge and lets each charge have its own, which then win. [`ChargeScope`] says which is meant.

use crate::message::Message;
use crate::path::{Path, Place};
use crate::segment::{Segment, SegmentId};
use crate::value::Value;
use std::ops::Range;

/// Which segments after an FT1 belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChargeScope {
    /// NTE, PR1, ROL, PRT, OBR, OBX and Z segments; DG1, GT1 and IN1 are of the whole message (P03).
    Shared,
    /// These and DG1, DRG, GT1, IN1, IN2, IN3, AUT, ACC after it, up to the next FT1 (P11; also sites that
    /// repeat diagnoses under each charge of a P03, by profile).
    PerCharge,
}

impl ChargeScope {
    fn includes(self, id: SegmentId) -> bool {
        let detail = matches!(id.bytes(), b"NTE" | b"PR1" | b"ROL" | b"PRT" | b"OBR" | b"OBX");
        let own = matches!(id.bytes(), b"DG1" | b"DRG" | b"GT1" | b"IN1" | b"IN2" | b"IN3" | b"AUT" | b"ACC");
        detail || id.is_local() || id == SegmentId::STRAY || (own && self == Self::PerCharge)
    }
}

fn in_coverage(id: SegmentId) -> bool {
    matches!(id.bytes(), b"IN2" | b"IN3" | b"AUT" | b"ROL" | b"PRT" | b"NTE") || id.is_local() || id == SegmentId::STRAY
}

impl<'a> Message<'a> {
    /// Returns how the message's event groups charges: [`ChargeScope::PerCharge`] if MSH-9 says P11.
    pub fn charge_scope(&self) -> ChargeScope {
        let part = |component| self.segment("MSH").map(|header| header.get(9, 1, component, 0).raw());
        let own = part(2) == Some(b"P11") || part(3) == Some(b"DFT_P11");
        if own { ChargeScope::PerCharge } else { ChargeScope::Shared }
    }

    /// Iterates over the charges: each FT1 with the segments that belong to it.
    pub fn charges(&self, scope: ChargeScope) -> impl Iterator<Item = Group<'_, 'a>> {
        self.runs(0..self.ranges.len(), SegmentId::FT1, move |id| scope.includes(id), scope)
    }

    /// Iterates over the segments that belong to no charge.
    pub fn shared(&self, scope: ChargeScope) -> impl Iterator<Item = Segment<'a>> + '_ {
        self.shared_indexes(scope).filter_map(|index| self.segment_at(index))
    }

    /// Iterates over the coverages that belong to no charge: each IN1 with its IN2 and IN3.
    pub fn coverages(&self, scope: ChargeScope) -> impl Iterator<Item = Group<'_, 'a>> {
        let charges = self.charges(scope).map(|charge| charge.range).collect::<Vec<_>>();
        let mut outside = Vec::with_capacity(charges.len() + 1);
        let mut from = 0;
        for charge in charges {
            outside.push(from..charge.start);
            from = charge.end;
        }
        outside.push(from..self.ranges.len());
        outside.into_iter().flat_map(move |range| self.runs(range, SegmentId::IN1, in_coverage, scope))
    }

    fn id_at(&self, index: usize) -> Option<SegmentId> {
        self.ranges.get(index).map(|range| range.id)
    }

    fn shared_indexes(&self, scope: ChargeScope) -> impl Iterator<Item = usize> + '_ {
        let mut in_charge = false;
        (0..self.ranges.len()).filter(move |index| {
            let id = self.id_at(*index);
            in_charge = id == Some(SegmentId::FT1) || (in_charge && id.is_some_and(|id| scope.includes(id)));
            !in_charge
        })
    }

    /// Iterates over the runs in `range` that begin with `head` and go on while `belongs`.
    fn runs<'m>(
        &'m self,
        range: Range<usize>,
        head: SegmentId,
        belongs: impl Fn(SegmentId) -> bool,
        scope: ChargeScope,
    ) -> impl Iterator<Item = Group<'m, 'a>> {
        let mut next = range.start;
        std::iter::from_fn(move || {
            let start = (next..range.end).find(|index| self.id_at(*index) == Some(head))?;
            let ends = |index: &usize| !self.id_at(*index).is_some_and(&belongs);
            let end = (start + 1..range.end).find(ends).unwrap_or(range.end);
            next = end;
            Some(Group { message: self, range: start..end, scope })
        })
    }
}

/// A head segment (FT1 or IN1) and the segments that belong to it.
#[derive(Debug, Clone)]
pub struct Group<'m, 'a> {
    message: &'m Message<'a>,
    range: Range<usize>,
    scope: ChargeScope,
}

impl<'m, 'a> Group<'m, 'a> {
    /// Iterates over the segments of the group, its head first.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'a>> + use<'m, 'a> {
        let message = self.message;
        self.range.clone().filter_map(move |index| message.segment_at(index))
    }

    /// Returns the FT1 or IN1 the group begins with.
    pub fn head(&self) -> Option<Segment<'a>> {
        self.message.segment_at(self.range.start)
    }

    /// Iterates over the segments of that name in the group; if it has none, over the shared ones of the
    /// message: the diagnoses of a charge are its own DG1 segments, or else those of the message.
    pub fn effective(&self, name: &str) -> impl Iterator<Item = Segment<'a>> + use<'m, 'a> {
        let found = SegmentId::new(name).map(|id| self.effective_indexes(id)).unwrap_or_default();
        let message = self.message;
        found.into_iter().filter_map(move |index| message.segment_at(index))
    }

    /// Iterates over the coverages of a charge: its own IN1 groups, or else those of the message.
    pub fn coverages(&self) -> impl Iterator<Item = Group<'m, 'a>> + use<'m, 'a> {
        let own: Vec<_> = self.message.runs(self.range.clone(), SegmentId::IN1, in_coverage, self.scope).collect();
        let shared = if own.is_empty() { self.message.coverages(self.scope).collect() } else { Vec::new() };
        own.into_iter().chain(shared)
    }

    /// Returns the value at `path`, seen from the group: its own segments, or else the shared ones of the
    /// message (PV1, PID), never those of another charge. `SEG[n]` counts within these.
    pub fn get(&self, path: &Path) -> Value<'a> {
        Value::preferred(path, |place| self.get_place(place))
    }

    /// Returns the value at one place, as [`Group::get`] does.
    pub fn get_place(&self, place: &Place) -> Value<'a> {
        let skip = usize::from(place.ordinal.max(1)) - 1;
        let own = |index: &usize| self.message.id_at(*index) == Some(place.segment);
        let mut inside = self.range.clone().filter(own).peekable();
        let index = if inside.peek().is_some() {
            inside.nth(skip)
        } else {
            self.message.shared_indexes(self.scope).filter(own).nth(skip)
        };
        self.message.pick(place, index.and_then(|index| self.message.segment_at(index)))
    }

    /// Returns the value in each repetition of the field, as [`Message::repetitions`] does for the message.
    pub fn repetitions(&self, path: &Path) -> impl Iterator<Item = Value<'a>> + use<'a> {
        Value::repetitions_of(path, &|place| self.get_place(place))
    }

    fn effective_indexes(&self, id: SegmentId) -> Vec<usize> {
        let named = |index: &usize| self.message.id_at(*index) == Some(id);
        let own: Vec<usize> = self.range.clone().filter(named).collect();
        if own.is_empty() { self.message.shared_indexes(self.scope).filter(named).collect() } else { own }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<'a>(segments: impl Iterator<Item = Segment<'a>>) -> String {
        segments.map(|segment| format!("{}{} ", segment.id(), segment.field(1).text())).collect()
    }

    const P03: &str = "MSH|^~\\&|||||||DFT^P03\rPID|1\rPV1|1\rFT1|1\rNTE|a\rPR1|b\rZXX|c\rFT1|2\rDG1|1\rDG1|2\rGT1|1\rIN1|1\rIN2|x\rIN1|2\rZIN|y\rACC|1\r";
    const P11: &str = "MSH|^~\\&|||||||DFT^P11\rPID|1\rDG1|s\rIN1|s\rFT1|1\rPR1|b\rDG1|o\rFT1|2\rIN1|o\rIN2|o\r";

    #[test]
    fn p03_shares_diagnoses_and_insurance() {
        let message = Message::parse(P03.as_bytes()).unwrap();
        let scope = message.charge_scope();
        let charges: Vec<_> = message.charges(scope).collect();
        assert_eq!(charges.iter().map(|c| names(c.segments())).collect::<Vec<_>>(), ["FT11 NTEa PR1b ZXXc ", "FT12 "]);
        assert_eq!(names(charges[0].effective("DG1")), "DG11 DG12 ");
        let coverages: Vec<_> = charges[1].coverages().map(|c| names(c.segments())).collect();
        assert_eq!(coverages, ["IN11 IN2x ", "IN12 ZINy "]);
        assert_eq!(names(message.shared(scope)), "MSH| PID1 PV11 DG11 DG12 GT11 IN11 IN2x IN12 ZINy ACC1 ");
        let path = Path::parse("PR1-1|PV1-1").unwrap();
        assert_eq!(charges[0].get(&path).text(), "b");
        assert_eq!(charges[1].get(&path).text(), "1");
        assert_eq!(charges[1].get(&Path::parse("FT1-1").unwrap()).location().ordinal, 2);
    }

    #[test]
    fn p11_own_segments_win() {
        let message = Message::parse(P11.as_bytes()).unwrap();
        let charges: Vec<_> = message.charges(message.charge_scope()).collect();
        assert_eq!(names(charges[0].effective("DG1")), "DG1o ");
        assert_eq!(names(charges[1].effective("DG1")), "DG1s ");
        let coverage = |charge: &Group<'_, '_>| charge.coverages().map(|c| names(c.segments())).collect::<String>();
        assert_eq!(coverage(&charges[0]), "IN1s ");
        assert_eq!(coverage(&charges[1]), "IN1o IN2o ");
    }
}
