//! Scheduling messages (SIU) of the two HL7 systems: S12 booked, S13 moved, S14 changed (the status says to what), S15
//! cancelled, S26 not come.

use crate::feed::Today;
use crate::hl7::{Segment, esc, name, stamp};
use crate::kinds::Format;
use crate::model::Visit;
use crate::schedule::{Appointment, News, of_day};

/// The file of one day's news; none where there is none.
pub fn day(today: &Today<'_>, day: i64, count: &mut i64) -> Option<(String, String)> {
    let told = of_day(today.practice, day);
    let text: String = told.into_iter().map(|(visit, slot, at)| message(today, visit, slot, at, count)).collect();
    (!text.is_empty()).then(|| (format!("siu-r{}-{}.hl7", today.run, today.date.compact()), text))
}

fn message(today: &Today<'_>, visit: &Visit, slot: &Appointment, at: usize, count: &mut i64) -> String {
    *count += 1;
    let standard = today.practice.format == Format::Hl7;
    let Some((_, news)) = slot.news.get(at) else { return String::new() };
    let (event, status, reason) = match news {
        News::Booked => ("S12", "Booked", ""),
        News::Moved(_) => ("S13", "Booked", ""),
        News::Completed => ("S14", "Complete", ""),
        News::Cancelled => ("S15", "Cancelled", "patient called"),
        News::NoShow => ("S26", "Noshow", ""),
    };
    let (time, source) = (stamp(today.date, *count), today.practice.source);
    let msh = format!(
        "MSH|^~\\&|CHARTWORKS|{source}|CLAIMHOST|BILLING|{time}||SIU^{event}{}|{}{:02}{count:06}|T|{}{}",
        if standard { "^SIU_S12" } else { "" },
        if standard { "CF" } else { "HO" },
        today.run,
        if standard { "2.5.1" } else { "2.3" },
        if standard { String::new() } else { format!("|{count}") },
    );
    let start = format!("^^30^{}{:02}{:02}", slot.date_after(at + 1).compact(), slot.minute / 60, slot.minute % 60);
    let sch = Segment::new("SCH").set(1, format!("P{}", slot.id)).set(2, &slot.id);
    let sch = sch.set(6, reason).set(8, slot.kind).set(11, start).set(25, status).text();
    let authority = if standard { "CEDAR^MR" } else { "HARBOR" };
    let pid =
        Segment::new("PID").set(1, "1").set(3, format!("{}^^^{authority}", visit.mrn)).set(5, name(&visit.patient));
    let pid =
        pid.set(7, visit.patient.born.map(crate::date::Day::compact).unwrap_or_default()).set(8, visit.patient.sex);
    // The older system knows visits by PID-18 only.
    let pid = if standard { pid } else { pid.set(18, &slot.visit) };
    let pv1 = Segment::new("PV1").set(1, "1").set(2, "O").set(3, esc(&visit.location));
    let pv1 = if standard { pv1.set(19, &slot.visit) } else { pv1 };
    let doctor = today.practice.roster.iter().find(|doctor| doctor.local == slot.doctor);
    let doctor = doctor.map(|doctor| format!("{}^{}^{}", doctor.local, esc(doctor.last), esc(doctor.first)));
    let aip = Segment::new("AIP").set(1, "1").set(3, doctor.unwrap_or_default());
    [msh, sch, pid.text(), pv1.text(), aip.text()].join("\r") + "\r"
}
