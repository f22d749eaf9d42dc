//! Whether two 837Ps say the same, found without the product: each is split by its own delimiters, and of each claim every
//! segment from 2000A to its last line is compared, value by value, at its place (level, claim, other payer, line), whatever the
//! order there.
//!
//! Left out, as a round trip may: ISA, GS, ST, BHT, SE, GE, IEA, 1000A and 1000B, HL and LX (numbers), CLM01. Forms of one
//! value that are made equal are in `normal`, and nowhere else.

use std::collections::BTreeMap;

/// A segment: its id and elements, each by its components.
type Segment = Vec<Vec<String>>;

/// What one of two 837Ps says and the other does not, claim by claim in the order of the files.
pub fn differences(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (claims(before), claims(after));
    let mut wrong = Vec::new();
    if before.len() != after.len() {
        wrong.push(format!("{} claims before, {} after", before.len(), after.len()));
    }
    for (at, (before, after)) in (1..).zip(before.iter().zip(&after)) {
        let (before, after) = (counted(before), counted(after));
        let more = |one: &BTreeMap<&Segment, usize>, other: &BTreeMap<&Segment, usize>, word: &str| {
            let more = one.iter().filter(|(segment, count)| other.get(*segment).copied().unwrap_or(0) < **count);
            more.map(|(segment, _)| format!("claim {at}: {word} {}", spoken(segment))).collect::<Vec<_>>()
        };
        wrong.extend(more(&before, &after, "lost"));
        wrong.extend(more(&after, &before, "added"));
    }
    wrong
}

fn counted(claim: &[Segment]) -> BTreeMap<&Segment, usize> {
    let mut counts = BTreeMap::new();
    claim.iter().for_each(|segment| *counts.entry(segment).or_default() += 1);
    counts
}

fn spoken(segment: &Segment) -> String {
    segment.iter().map(|element| element.join(":")).collect::<Vec<_>>().join("*")
}

/// Each claim with its 2000A, 2000B and 2000C.
fn claims(file: &str) -> Vec<Vec<Segment>> {
    let mut claims: Vec<Vec<Segment>> = Vec::new();
    let mut levels: [Vec<Segment>; 3] = Default::default();
    // Into which level a segment goes; none: before the first HL and behind SE. Of a claim that is open: into it.
    let (mut level, mut open) = (None, false);
    // Where in the claim: other payers (2320) and lines (2400) so far.
    let (mut others, mut lines) = (0, 0);
    for mut segment in segments(file) {
        let id = segment.first().map(|id| id.concat()).unwrap_or_default();
        match id.as_str() {
            "LX" => lines += 1,
            "SBR" if open => others += 1,
            "HL" | "CLM" => (others, lines) = (0, 0),
            _ => {}
        }
        let place = match (open || id == "CLM", others, lines) {
            (false, ..) => format!("level {}", level.map_or(0, |at: usize| at + 1)),
            (true, 0, 0) => "claim".to_owned(),
            (true, others, 0) => format!("other payer {others}"),
            (true, _, lines) => format!("line {lines}"),
        };
        let placed = |segment: Segment| [vec![vec![place.clone()]], normal(segment)].concat();
        match id.as_str() {
            "HL" => {
                let at = match segment.get(3).map(|code| code.concat()).as_deref() {
                    Some("20") => 0,
                    Some("22") => 1,
                    _ => 2,
                };
                levels.iter_mut().skip(at).for_each(Vec::clear);
                (level, open) = (Some(at), false);
            }
            "SE" => (level, open) = (None, false),
            "LX" => {}
            "CLM" => {
                segment.get_mut(1).into_iter().for_each(Vec::clear);
                open = true;
                claims.push(levels.concat());
                claims.last_mut().into_iter().for_each(|claim| claim.push(placed(segment.clone())));
            }
            _ if open => claims.last_mut().into_iter().for_each(|claim| claim.push(placed(segment.clone()))),
            _ => {
                let of_level = level.and_then(|at| levels.get_mut(at));
                of_level.into_iter().for_each(|of_level| of_level.push(placed(segment.clone())));
            }
        }
    }
    claims
}

/// The segments of a file of one or more interchanges, by the delimiters of each ISA.
fn segments(file: &str) -> Vec<Segment> {
    let mut found = Vec::new();
    let mut rest = file;
    while let Some(start) = rest.find("ISA") {
        rest = rest.get(start..).unwrap_or_default();
        let at = |place: usize| rest.get(place..).and_then(|text| text.chars().next()).unwrap_or('\0');
        let (element, component, end) = (at(3), at(104), at(105));
        let whole = |text: &str| text.split_once(&format!("{end}IEA")).map(|(whole, _)| whole.to_owned());
        // Line ends stand between segments, for people.
        let plain: String = rest.chars().filter(|letter| *letter == end || !matches!(letter, '\r' | '\n')).collect();
        let of_interchange = whole(&plain).unwrap_or(plain);
        // The ISA names the delimiters as values: it is not split.
        for text in of_interchange.split(end).skip(1).filter(|text| !text.trim().is_empty()) {
            found.push(
                text.trim_start()
                    .split(element)
                    .map(|part| part.split(component).map(str::to_owned).collect())
                    .collect(),
            );
        }
        rest =
            rest.get(3..).and_then(|behind| behind.find("IEA").and_then(|at| behind.get(at + 3..))).unwrap_or_default();
    }
    found
}

/// One form of each value. Empty ends are left out. Two forms are equal by X12 itself: the decimals of an amount or quantity
/// (`100.00` is `100`, of CLM02, SV102 and SV104), and a range of one day for that day (DTP02 and DTP03).
fn normal(mut segment: Segment) -> Segment {
    for element in &mut segment {
        while element.last().is_some_and(String::is_empty) {
            element.pop();
        }
    }
    while segment.last().is_some_and(Vec::is_empty) {
        segment.pop();
    }
    let id = segment.first().map(|id| id.concat()).unwrap_or_default();
    let decimals: &[usize] = match id.as_str() {
        "CLM" => &[2],
        "SV1" => &[2, 4],
        _ => &[],
    };
    for at in decimals {
        let text = segment.get_mut(*at).and_then(|element| element.first_mut());
        if let Some(text) = text.filter(|text| text.contains('.')) {
            *text = text.trim_end_matches('0').trim_end_matches('.').to_owned();
        }
    }
    if let [dtp, _, form, days] = segment.as_mut_slice()
        && dtp.concat() == "DTP"
        && form.concat() == "RD8"
        && let Some((first, last)) = days.concat().split_once('-')
        && first == last
    {
        (*form, *days) = (vec!["D8".to_owned()], vec![first.to_owned()]);
    }
    segment
}
