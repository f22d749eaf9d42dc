//! What became of each expected visit: charged, cancelled, no-show, no-charge, not yet due, or a gap, which is work. Which charges
//! answer which expected visit is decided in `answer.rs`.

use serde::{Deserialize, Serialize};

use super::answer::{may_have_come, same_patient};
use super::worth::worth;
use super::{Basis, Expected, Worth, fold, label, minutes, patient_day_keys, visit_key};
use crate::claim::{Attendance, VisitStatus, day_number, from_day_number, iso};
use crate::practice::Profile;
use crate::store::expected::{ExpectedRow, ExpectedState, Settled, StoredExpectation};
use crate::store::{PracticeStore, StoreResult, Tx};

/// Kind of the work item of a gap.
pub const WORK_GAP: &str = "audit.charge-gap";
/// Kind of the work item of a schedule that contradicts itself.
pub const WORK_UNCLEAR: &str = "audit.schedule-unclear";

/// Expected visits in one transaction.
const BATCH: usize = 250;
/// What one settles may be news for another; anything left is settled in the next turn.
const ROUNDS: usize = 3;
const SUBJECT: &str = "expected-visit";

/// What a screen shows of an expected visit. Sealed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// The sending system's appointment id.
    pub appointment_id: String,
    /// Its visit number.
    pub visit_number: String,
    /// The patient, as people say it.
    pub patient: String,
    /// Minute of the day.
    pub minute: i64,
    /// The provider, as people say it.
    pub provider: String,
    /// The sending system's visit type.
    pub visit_type: String,
    /// Why it ended so, in words.
    pub why: String,
    /// Of a gap: its price.
    pub worth: Option<Worth>,
}

/// Settles what has news and what has come due. Returns how many expected visits moved.
///
/// # Errors
/// The store's.
pub fn settle(store: &PracticeStore, profile: &Profile, today: i64) -> StoreResult<u64> {
    let mut moved = 0;
    let mut looked = false;
    for _ in 0..ROUNDS {
        let (mut after, mut in_round) = (0, 0);
        loop {
            let ids = store.read(|tx| tx.expected_to_settle(today, after, BATCH))?;
            let Some(last) = ids.last().copied() else { break };
            looked = true;
            in_round += store.write(|tx| -> StoreResult<u64> {
                let settling = Settling { tx, profile, today };
                ids.iter().try_fold(0, |sum, id| Ok(sum + u64::from(settling.one(*id)?)))
            })?;
            after = last;
        }
        moved += in_round;
        if in_round == 0 {
            break;
        }
    }
    if looked {
        // After all others: the price of a gap is what its neighbours were charged.
        let gaps = store.read(|tx| tx.gaps_without_price())?;
        for part in gaps.chunks(BATCH) {
            store.write(|tx| part.iter().try_for_each(|id| price(tx, *id, today)))?;
        }
    }
    Ok(moved)
}

pub(super) struct Settling<'a> {
    pub(super) tx: &'a Tx<'a>,
    pub(super) profile: &'a Profile,
    today: i64,
}

/// How one ended.
pub(super) struct End {
    pub(super) state: ExpectedState,
    pub(super) visit_id: Option<u64>,
    pub(super) cents: i64,
    pub(super) why: String,
}

impl End {
    fn of(state: ExpectedState, why: impl Into<String>) -> Self {
        Self { state, visit_id: None, cents: 0, why: why.into() }
    }
}

impl Settling<'_> {
    /// Settles one. True where it moved.
    fn one(&self, id: u64) -> StoreResult<bool> {
        let mut events = self.tx.expectations(id)?;
        let Some(mut expected) = fold(&events) else { return Ok(false) };
        let arrivals = self.arrivals_of(id, &expected)?;
        if !arrivals.is_empty() {
            events.extend(arrivals);
            expected = fold(&events).unwrap_or(expected);
        }
        let day = expected.told.start.map_or(expected.first_arrived_day, |at| day_number(at.day));
        let mut keys = patient_day_keys(self.tx, &expected.told.patient, day);
        let number = (!expected.told.visit_number.is_empty())
            .then(|| visit_key(self.tx, &expected.told.source_system, &expected.told.visit_number));
        keys.extend(number);
        let others_see = self.tx.set_expected_keys(id, &keys)?;
        let end = self.end(id, &expected, day, number)?;
        let moved = self.write(id, &expected, day, &end)?;
        if moved || others_see {
            self.tx.touch_expected(&keys, id)?;
        }
        self.work(id, &expected, &end)?;
        Ok(moved)
    }

    fn end(&self, id: u64, expected: &Expected, day: i64, number: Option<[u8; 32]>) -> StoreResult<End> {
        let told = &expected.told;
        if expected.is_live()
            && let Some(same) = self.same_visit(id, expected, day, number)?
        {
            return Ok(same);
        }
        let direct = match number {
            Some(key) => self.tx.visit_with_mac(&key)?.map(|visit| self.charges(visit)).transpose()?,
            None => None,
        };
        if let Some(direct) = &direct
            && let Some(cents) = self.charged_directly(id, expected, direct, day, number)?
        {
            let why = if expected.is_live() {
                "charged under its visit number".to_owned()
            } else {
                format!("charged under its visit number, though the schedule says {}", word(expected.status))
            };
            return Ok(End { state: ExpectedState::Charged, visit_id: Some(direct.visit_id), cents, why });
        }
        let because =
            |said: &str| if told.reason.is_empty() { said.to_owned() } else { format!("{said}: {}", told.reason) };
        if may_have_come(expected)
            && let Some(found) = self.charged_elsewhere(id, expected, day, direct.as_ref())?
        {
            return Ok(found);
        }
        match expected.status {
            Attendance::Cancelled => return Ok(End::of(ExpectedState::Cancelled, because("cancelled"))),
            Attendance::NoShow => return Ok(End::of(ExpectedState::NoShow, because("the patient did not come"))),
            Attendance::NoCharge => {
                return Ok(End::of(ExpectedState::NoCharge, because("the schedule says no charge")));
            }
            Attendance::Moved => return Ok(End::of(ExpectedState::Moved, "another appointment stands for it")),
            Attendance::Booked | Attendance::Arrived | Attendance::Fulfilled => {}
        }
        if let Some(kind) = self.free_type(expected) {
            let why = format!("nobody charges for visits of type {kind} (the profile's no_charge_visit_types)");
            return Ok(End::of(ExpectedState::NoCharge, why));
        }
        if let Some(found) = self.charged_elsewhere(id, expected, day, direct.as_ref())? {
            return Ok(found);
        }
        if let Some(direct) = &direct {
            let ended = match direct.visit.status {
                VisitStatus::Cancelled => Some((ExpectedState::Cancelled, "the EHR has cancelled the visit")),
                VisitStatus::NotBillable => Some((ExpectedState::NoCharge, "the visit is not to be billed")),
                VisitStatus::Unchanged | VisitStatus::Closed => None,
            };
            let ended = ended.or_else(|| {
                // Somebody charged, and then decided that nothing is to be billed: it is not forgotten.
                direct.visit.taken_back.then_some((ExpectedState::NoCharge, "its charges were taken back"))
            });
            if let Some((state, why)) = ended {
                return Ok(End { visit_id: Some(direct.visit_id), ..End::of(state, why) });
            }
        }
        let visit_id = direct.map(|direct| direct.visit_id);
        if self.due_day(expected, day) > self.today {
            return Ok(End { visit_id, ..End::of(ExpectedState::NotYetDue, "its hours have not passed") });
        }
        Ok(End { visit_id, ..End::of(ExpectedState::Gap, "no charges came") })
    }

    /// The profile's visit type that nobody charges for, where it is one.
    pub(super) fn free_type(&self, expected: &Expected) -> Option<&String> {
        let is_it = |known: &&String| known.trim().eq_ignore_ascii_case(expected.told.visit_type.trim());
        self.profile.no_charge_visit_types.iter().find(is_it)
    }

    /// The first day at whose beginning the profile's hours have passed.
    fn due_day(&self, expected: &Expected, day: i64) -> i64 {
        let start = expected.told.start.map_or(day * 1_440, minutes);
        let due = start + i64::from(self.profile.charge_capture_hours) * 60;
        due.div_euclid(1_440) + i64::from(due.rem_euclid(1_440) > 0)
    }

    /// Messages of the arrival (ADT) of an appointment: its visit number, on its day. What they say counts for it too.
    fn arrivals_of(&self, id: u64, expected: &Expected) -> StoreResult<Vec<StoredExpectation>> {
        let told = &expected.told;
        if told.appointment_id.is_empty() || told.visit_number.is_empty() {
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        for other in self.tx.expected_with(&visit_key(self.tx, &told.source_system, &told.visit_number))? {
            if other == id {
                continue;
            }
            let theirs = self.tx.expectations(other)?;
            let arrival = fold(&theirs).filter(Expected::is_arrival);
            if arrival.is_some_and(|arrival| same_day(&arrival, expected)) {
                events.extend(theirs);
            }
        }
        Ok(events)
    }

    /// Whether another one stands for it: of an arrival its appointment, of a slot booked twice the first booking.
    pub(super) fn same_visit(
        &self,
        id: u64,
        expected: &Expected,
        day: i64,
        number: Option<[u8; 32]>,
    ) -> StoreResult<Option<End>> {
        let same =
            |other: u64, why: &str| Some(End::of(ExpectedState::SameVisit, format!("{why} (expected visit {other})")));
        if expected.is_arrival() {
            for (other, theirs) in number.map_or(Ok(Vec::new()), |key| self.others(id, &[key]))? {
                if !theirs.told.appointment_id.is_empty() && same_day(expected, &theirs) {
                    return Ok(same(other, "the arrival of an appointment with its visit number"));
                }
            }
        }
        let keys = patient_day_keys(self.tx, &expected.told.patient, day);
        let others = self.others(id, &keys)?.into_iter().filter(|(_, theirs)| {
            theirs.is_live()
                && !theirs.told.appointment_id.is_empty()
                && same_patient(expected, theirs)
                && self.may_be_one_provider(&expected.told.provider, &theirs.told.provider)
        });
        if expected.is_arrival() {
            let start = expected.told.start.map_or(day * 1_440, minutes);
            let unnumbered = others.filter(|(_, theirs)| theirs.told.visit_number.is_empty());
            let nearest = unnumbered.min_by_key(|(other, theirs)| {
                (theirs.told.start.map_or(i64::MAX, |at| (minutes(at) - start).abs()), *other)
            });
            return Ok(
                nearest.and_then(|(other, _)| same(other, "the arrival of the patient's appointment of that day"))
            );
        }
        let told = &expected.told;
        let twice = |theirs: &Expected| {
            theirs.told.start == told.start
                && theirs.told.visit_type.eq_ignore_ascii_case(&told.visit_type)
                && (theirs.told.visit_number == told.visit_number
                    || theirs.told.visit_number.is_empty()
                    || told.visit_number.is_empty())
        };
        let first = others.filter(|(other, theirs)| *other < id && twice(theirs)).map(|(other, _)| other).min();
        Ok(first.and_then(|other| same(other, "the same patient, time, provider and type booked twice")))
    }

    /// Expected visits with one of these keys, each once.
    pub(super) fn others(&self, id: u64, keys: &[[u8; 32]]) -> StoreResult<Vec<(u64, Expected)>> {
        let mut ids = Vec::new();
        for key in keys {
            ids.extend(self.tx.expected_with(key)?);
        }
        ids.sort_unstable();
        ids.dedup();
        let mut others = Vec::new();
        for other in ids.into_iter().filter(|other| *other != id) {
            if let Some(expected) = fold(&self.tx.expectations(other)?) {
                others.push((other, expected));
            }
        }
        Ok(others)
    }

    fn write(&self, id: u64, expected: &Expected, day: i64, end: &End) -> StoreResult<bool> {
        let told = &expected.told;
        let before = self.tx.expected_visit(id)?;
        let was_gap = before.is_some_and(|row| row.state == ExpectedState::Gap) && end.state == ExpectedState::Gap;
        let shown: Option<Shown> = if was_gap { self.tx.expected_body(id)? } else { None };
        let provider = told.provider.as_ref().and_then(|provider| self.known_as(provider));
        let listed = told.provider.as_ref().and_then(|p| self.profile.provider_by(p.npi.as_deref(), &p.local_id));
        let body = Shown {
            appointment_id: told.appointment_id.clone(),
            visit_number: told.visit_number.clone(),
            patient: who(expected),
            minute: told.start.map_or(0, |at| minutes(at).rem_euclid(1_440)),
            provider: listed.map_or_else(
                || told.provider.as_ref().map(label).unwrap_or_default(),
                |known| format!("{}, {}", known.last, known.first).trim_end_matches([',', ' ']).to_owned(),
            ),
            visit_type: told.visit_type.clone(),
            why: end.why.clone(),
            worth: shown.and_then(|shown| shown.worth),
        };
        let row = ExpectedRow {
            expected_id: id,
            state: end.state,
            start_day: day,
            visit_id: end.visit_id,
            charged_cents: end.cents,
            expected_cents: before.filter(|_| was_gap).map_or(0, |row| row.expected_cents),
        };
        self.tx.settle_expected(&Settled {
            row,
            due: (self.due_day(expected, day), self.profile.charge_capture_hours),
            type_mac: type_mac(self.tx, &told.visit_type),
            provider_mac: provider.map(|known| self.tx.lookup("expected-provider", &[known.as_bytes()])),
            body: &body,
        })
    }

    fn work(&self, id: u64, expected: &Expected, end: &End) -> StoreResult<()> {
        if end.state != ExpectedState::Gap {
            self.tx.close_work(Some(WORK_GAP), (SUBJECT, id), self.today)?;
        }
        if expected.unclear.is_empty() || end.state == ExpectedState::Charged {
            return self.tx.close_work(Some(WORK_UNCLEAR), (SUBJECT, id), self.today);
        }
        let mut rows = Vec::new();
        for document in &expected.unclear {
            let row = self.tx.document(*document)?.map_or(0, |row| u64::from(row.ordinal) + 1);
            rows.push(format!("{row} (document {document})"));
        }
        let words = format!(
            "The schedule names two days for one appointment, and nothing says which row is newer: rows {}. The later day \
             counts until then. Map a column as `sequence` or `updated`, or correct the schedule.",
            rows.join(" and ")
        );
        self.tx.open_work(WORK_UNCLEAR, (SUBJECT, id), self.today, 0, &words)?;
        Ok(())
    }
}

/// Prices a gap, opens its work, and closes the work that the bare visit had: one gap, one item.
fn price(tx: &Tx<'_>, id: u64, today: i64) -> StoreResult<()> {
    let Some(mut row) = tx.expected_visit(id)? else { return Ok(()) };
    let Some(mut shown) = tx.expected_body::<Shown>(id)? else { return Ok(()) };
    let (type_mac, provider_mac) = tx.expected_macs(id)?;
    let worth = worth(tx, type_mac, provider_mac, today)?;
    row.expected_cents = worth.cents;
    shown.worth = Some(worth);
    tx.price_expected(&row, &shown)?;
    let kind = if shown.visit_type.is_empty() { String::new() } else { format!(" ({})", shown.visit_type) };
    let with = if shown.provider.is_empty() { String::new() } else { format!(" with {}", shown.provider) };
    let price = match worth.basis {
        Basis::None => "The practice has no charges yet to say what it is worth.".to_owned(),
        basis => format!(
            "Worth about ${}.{:02}: the median of {} {}.",
            worth.cents / 100,
            worth.cents % 100,
            worth.over,
            basis.words()
        ),
    };
    let words = format!(
        "{} was to be seen on {}{with}{kind}, and no charges have come. {price} Ask for the charges, or have the schedule \
         say that it was cancelled, missed or free of charge.",
        shown.patient,
        iso(from_day_number(row.start_day)),
    );
    tx.open_work(WORK_GAP, (SUBJECT, id), today, worth.cents, &words)?;
    if let Some(visit_id) = row.visit_id {
        tx.close_work(Some("visit.missing-charges"), ("visit", visit_id), today)?;
    }
    Ok(())
}

fn type_mac(tx: &Tx<'_>, visit_type: &str) -> Option<[u8; 32]> {
    let kind = visit_type.trim().to_uppercase();
    (!kind.is_empty()).then(|| tx.lookup("expected-type", &[kind.as_bytes()]))
}

fn same_day(arrival: &Expected, appointment: &Expected) -> bool {
    match (arrival.told.start, appointment.told.start) {
        (Some(a), Some(b)) => a.day == b.day,
        _ => true,
    }
}

fn who(expected: &Expected) -> String {
    let patient = &expected.told.patient;
    let name = format!("{} {}", patient.name.first, patient.name.last).trim().to_owned();
    if !name.is_empty() {
        return name;
    }
    patient.ids.first().map_or_else(|| "A patient".to_owned(), |id| format!("Patient {}", id.value))
}

pub(super) const fn word(status: Attendance) -> &'static str {
    match status {
        Attendance::Booked => "booked",
        Attendance::Arrived => "arrived",
        Attendance::Fulfilled => "fulfilled",
        Attendance::Cancelled => "cancelled",
        Attendance::NoShow => "no-show",
        Attendance::NoCharge => "no charge",
        Attendance::Moved => "moved",
    }
}
