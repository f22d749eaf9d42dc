//! What the events of SIU and ADT say of an expected visit, and the words of SCH-25 (table 0278).
//!
//! A site that uses other words adds them under `[schedule.statuses]`; one whose ADT tells of no visits that are charged
//! for (registrations only) silences an event with `A04 = "keep"`.

use claimhost_sdk::hl7::ScheduleDefaults;

/// The standard's own.
pub const STANDARD: ScheduleDefaults = ScheduleDefaults {
    events: &[
        ("S12", "booked"),
        ("S13", "booked"),
        ("S14", "booked"),
        ("S15", "cancelled"),
        ("S16", "cancelled"),
        ("S17", "cancelled"),
        // Services and resources added, changed, ended: the appointment itself stays what it was.
        ("S18", "keep"),
        ("S19", "keep"),
        ("S20", "keep"),
        ("S21", "keep"),
        ("S22", "keep"),
        ("S23", "keep"),
        ("S24", "keep"),
        ("S26", "no-show"),
        ("A01", "arrived"),
        ("A04", "arrived"),
        ("A03", "fulfilled"),
        ("A08", "keep"),
        ("A11", "cancelled"),
    ],
    statuses: &[
        ("PENDING", "booked"),
        ("WAITLIST", "keep"),
        ("BOOKED", "booked"),
        ("SCHEDULED", "booked"),
        ("CONFIRMED", "booked"),
        ("OVERBOOK", "booked"),
        ("BLOCKED", "keep"),
        ("RESCHEDULED", "booked"),
        ("STARTED", "arrived"),
        ("ARRIVED", "arrived"),
        ("CHECKED IN", "arrived"),
        ("COMPLETE", "fulfilled"),
        ("COMPLETED", "fulfilled"),
        ("CANCELLED", "cancelled"),
        ("CANCELED", "cancelled"),
        ("DC", "cancelled"),
        ("DELETED", "cancelled"),
        ("NOSHOW", "no-show"),
        ("NO SHOW", "no-show"),
        ("NO-SHOW", "no-show"),
    ],
};
