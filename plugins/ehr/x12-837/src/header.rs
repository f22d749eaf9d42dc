//! ISA, GS, ST, BHT, 1000A and 1000B: which guide it is, who sent it and when. The submitter and receiver of the export
//! are the practice system's own; the host sends under its profile.

use claimhost_sdk::intake::SourceOrder;

use crate::reader::Reader;

/// Versions of the professional guide that are read alike.
const PROFESSIONAL: [&str; 3] = ["005010X222", "005010X222A1", "005010X222A2"];

/// What the envelope says of the source.
pub(crate) struct Source {
    /// GS02.
    pub system: String,
    /// BHT04 and BHT05.
    pub order: SourceOrder,
}

pub(crate) fn envelope(r: &mut Reader<'_>) -> Source {
    let mut source = Source { system: String::new(), order: SourceOrder { sequence: None, event_time: String::new() } };
    if let Some(last) = r.cut_off() {
        r.problem("x12.truncated", &last, 0, 0, "a segment without its terminator".to_owned(), "the whole claim");
    }
    r.require("ISA", &[], "ISA");
    if let Some(gs) = r.require("GS", &[], "GS behind ISA") {
        source.system = gs.string(2);
        version(r, &gs, 8, true);
    }
    if let Some(st) = r.require("ST", &[], "ST behind GS") {
        if st.text(1) != "837" {
            r.bad(&st, 1, 0, "837");
        }
        version(r, &st, 3, false);
    }
    if let Some(bht) = r.require("BHT", &[], "BHT behind ST") {
        if bht.text(1) != "0019" {
            r.bad(&bht, 1, 0, "0019");
        }
        if !["CH", "RP"].contains(&bht.text(6).as_ref()) {
            r.bad(&bht, 6, 0, "CH (claims) or RP (encounters); 31 is a subrogation demand, which is not billed here");
        }
        r.day(&bht, 4);
        let time = bht.string(5);
        if !time.is_empty() && (!(4..=8).contains(&time.len()) || !time.bytes().all(|b| b.is_ascii_digit())) {
            r.bad(&bht, 5, 0, "a time as HHMM, HHMMSS or HHMMSSDD");
        }
        source.order.event_time = format!("{}{time:0<12}", bht.text(4));
    }
    source
}

/// GS08, ST03. ST03 may be empty: GS08 decides then.
fn version(r: &mut Reader<'_>, at: &claimhost_x12::Segment<'_>, element: usize, required: bool) {
    let version = at.text(element);
    if PROFESSIONAL.contains(&version.as_ref()) || (version.is_empty() && !required) {
        return;
    }
    // Versions are no patient data: the guide is named, so that the reader knows which export to change.
    let found = match version.as_ref() {
        v if v.starts_with("005010X223") => "005010X223: institutional (837I)".to_owned(),
        v if v.starts_with("005010X224") => "005010X224: dental (837D)".to_owned(),
        v if v.starts_with("005010X298") => "005010X298: post-adjudicated data reporting".to_owned(),
        v if v.starts_with("004010") => "004010: before 2012".to_owned(),
        _ => claimhost_x12::shape(at.element(element).trimmed()),
    };
    let expected = "005010X222, 005010X222A1 or 005010X222A2, the professional claim";
    r.problem("x12.version", at, element, 0, found, expected);
}

/// 1000A and 1000B.
pub(crate) fn submitter_and_receiver(r: &mut Reader<'_>) {
    while r.take("REF").is_some() {} // 4010 had one here; it names the guide again
    if let Some(nm1) = r.require("NM1", &["41"], "NM1 with 41, the submitter (1000A)") {
        crate::parts::name(r, &nm1);
        if r.peek().is_none_or(|segment| !segment.is("PER")) {
            r.missing("PER, the submitter's contact (1000A)");
        }
        while let Some(per) = r.take("PER") {
            crate::parts::contact(r, &per);
        }
    }
    if let Some(nm1) = r.require("NM1", &["40"], "NM1 with 40, the receiver (1000B)") {
        crate::parts::name(r, &nm1);
    }
}

/// What may stand behind the claim when the file was not cut by claim; anything else has no place.
pub(crate) fn trailer(r: &mut Reader<'_>) {
    for id in ["SE", "GE", "IEA"] {
        r.take(id);
    }
    while r.peek().is_some() {
        r.stray("the next loop of the guide, or the end of the claim");
    }
}
