//! Which modifiers separate the two codes of a pair with indicator 1.
//!
//! CMS, NCCI Policy Manual for Medicare Services, chapter 1, section E (modifiers and modifier indicators), MLN1783722
//! (proper use of 59 and X{EPSU}), and CR 11168 (59 and X{EPSU} on either column from 2019-07-01). An NCCI
//! PTP-associated modifier on either code bypasses the pair, but only where the manual lets that code have it:
//!
//! | modifiers | on which code | separates |
//! |---|---|---|
//! | 24, 25, 57, 27 | evaluation and management | any pair with that code |
//! | 59, XE, XS, XP, XU | any but evaluation and management and 77427; before 2019-07-01 only column 2 | two procedures, or a visit from its column 2 procedure |
//! | 58, 78, 79 | any but evaluation and management | as 59 |
//! | 91 | clinical laboratory tests | as 59 |
//! | E1-E4, FA, F1-F9, TA, T1-T9, LT, RT, LC, LD, LM, RC, RI | any but evaluation and management | two procedures, unless both name a common site (50 is LT and RT) or column 2 names none |
//!
//! A claim system lets a pair pass whose column 1 alone names a site. That is stricter here: the site of the main procedure
//! is ordinary coding and says nothing of where the other one was, so the commonest omission would pass unasked.
//! A visit in column 2 is separated from a procedure by its own modifier alone: a side or 59 on the procedure says
//! nothing about the visit. 76, 77, 22, 26, 51 and all others separate nothing.

use super::Code;
use crate::claim::{Date, day_number};

/// The day from which 59 and X{EPSU} count on either column (CR 11168).
const EITHER_COLUMN: Date = Date { year: 2019, month: 7, day: 1 };

/// One line of a pair.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// SV101-2.
    pub code: Code,
    /// SV101-3 to -6.
    pub modifiers: &'a [String],
}

/// Why a pair is not separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseparated {
    /// Neither code has an NCCI PTP-associated modifier.
    NoModifier,
    /// There is one, on a code that may not have it or that it says nothing about: its two letters.
    WrongCode([u8; 2]),
    /// Both name the same site.
    SameSite([u8; 2]),
    /// Column 1 names a site, column 2 none.
    OneSide([u8; 2]),
}

/// Whether the modifiers of a pair with indicator 1 separate its codes on a day of service.
///
/// # Errors
/// [`Unseparated`]: why not.
pub fn separates(column1: &Side<'_>, column2: &Side<'_>, day: i64) -> Result<(), Unseparated> {
    let visits = (is_visit(column1.code), is_visit(column2.code));
    // What a modifier of the procedure says, it says of a pair of procedures, or of a visit and its column 2 procedure.
    let of_both = visits.0 || !visits.1;
    let (mut wrong, mut named, mut bilateral) = (None, [0_u64; 2], [0_u64; 2]);
    let sides = [(column1, visits.0), (column2, visits.1)];
    for (((side, visit), named), (bilateral, is_column2)) in
        sides.into_iter().zip(&mut named).zip(bilateral.iter_mut().zip([false, true]))
    {
        for modifier in side.modifiers {
            let Ok(letters) = <[u8; 2]>::try_from(modifier.as_bytes()) else { continue };
            let separates = match class(letters) {
                Class::Visit => visit,
                Class::Distinct => {
                    let column_counts = is_column2 || day >= day_number(EITHER_COLUMN);
                    column_counts && of_both && !visit && !is_radiation_management(side.code)
                }
                Class::Staged => of_both && !visit,
                Class::Repeat => of_both && is_laboratory(side.code),
                Class::Site(site) => {
                    *named |= site;
                    continue;
                }
                Class::Bilateral => {
                    *bilateral = SIDES;
                    continue;
                }
                Class::Other => continue,
            };
            if separates {
                return Ok(());
            }
            wrong = wrong.or(Some(letters));
        }
    }
    let [first, second] = named;
    let [first_both, second_both] = bilateral;
    let some = first | second;
    if some != 0 && !visits.0 && !visits.1 {
        let common = (first | first_both) & (second | second_both);
        return match (common, second | second_both) {
            (0, 0) => Err(wrong.map_or(Unseparated::OneSide(name_of(first)), Unseparated::WrongCode)),
            (0, _) => Ok(()),
            _ => Err(Unseparated::SameSite(name_of(common))),
        };
    }
    let site = (some != 0).then(|| name_of(some));
    Err(wrong.or(site).map_or(Unseparated::NoModifier, Unseparated::WrongCode))
}

/// What a modifier says.
enum Class {
    /// 24, 25, 57, 27
    Visit,
    /// 59, XE, XS, XP, XU
    Distinct,
    /// 58, 78, 79
    Staged,
    /// 91
    Repeat,
    /// An anatomic one: its bit.
    Site(u64),
    /// 50: names no site that another code lacks, but covers both sides.
    Bilateral,
    Other,
}

/// LT and RT.
const SIDES: u64 = 0b11;

/// The anatomic modifiers; the bit of one is its place.
const SITES: [[u8; 2]; 31] = [
    *b"LT", *b"RT", *b"LC", *b"LD", *b"LM", *b"RC", *b"RI", *b"E1", *b"E2", *b"E3", *b"E4", *b"FA", *b"F1", *b"F2",
    *b"F3", *b"F4", *b"F5", *b"F6", *b"F7", *b"F8", *b"F9", *b"TA", *b"T1", *b"T2", *b"T3", *b"T4", *b"T5", *b"T6",
    *b"T7", *b"T8", *b"T9",
];

fn class(letters: [u8; 2]) -> Class {
    match &letters {
        b"24" | b"25" | b"57" | b"27" => Class::Visit,
        b"59" | b"XE" | b"XS" | b"XP" | b"XU" => Class::Distinct,
        b"58" | b"78" | b"79" => Class::Staged,
        b"91" => Class::Repeat,
        b"50" => Class::Bilateral,
        [b'L' | b'R' | b'E' | b'F' | b'T', _] => {
            SITES.iter().position(|site| *site == letters).map_or(Class::Other, |at| Class::Site(1 << at))
        }
        _ => Class::Other,
    }
}

fn name_of(sites: u64) -> [u8; 2] {
    SITES.get(sites.trailing_zeros() as usize).copied().unwrap_or_default()
}

/// Evaluation and management: CPT 99202-99499, the eye visits 92002-92014 and telemedicine visits 98000-98016, and the
/// HCPCS visits that CMS treats so (G0402, G0438, G0439, G0463 and their kin).
pub fn is_visit(code: Code) -> bool {
    let text = code.letters();
    match (text.first(), number(&text)) {
        (_, Some(number)) => matches!(number, 99_202..=99_499 | 92_002 | 92_004 | 92_012 | 92_014 | 98_000..=98_016),
        (Some(b'G'), None) => {
            let [_, rest @ ..] = text;
            matches!(
                &rest,
                b"0245"
                    | b"0246"
                    | b"0380"
                    | b"0381"
                    | b"0382"
                    | b"0383"
                    | b"0384"
                    | b"0402"
                    | b"0406"
                    | b"0407"
                    | b"0408"
                    | b"0425"
                    | b"0426"
                    | b"0427"
                    | b"0438"
                    | b"0439"
                    | b"0463"
                    | b"0466"
                    | b"0467"
                    | b"0468"
                    | b"0469"
                    | b"0470"
                    | b"0508"
                    | b"0509"
            )
        }
        (Some(b'S'), None) => matches!(&text, b"S0610" | b"S0612" | b"S0613" | b"S0620" | b"S0621"),
        _ => false,
    }
}

/// 77427: weekly radiation treatment management may not have 59 either.
fn is_radiation_management(code: Code) -> bool {
    number(&code.letters()) == Some(77_427)
}

/// Clinical laboratory: CPT 80000-89999, `U` and `M` codes, HCPCS G, P and U codes (of G, those that are no test are not
/// told apart).
fn is_laboratory(code: Code) -> bool {
    let text = code.letters();
    matches!(text, [b'8', _, _, _, b'0'..=b'9'] | [b'0'..=b'9', _, _, _, b'U' | b'M'] | [b'G' | b'P' | b'U', ..])
}

fn number(text: &[u8; 5]) -> Option<u32> {
    text.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

#[cfg(test)]
#[path = "modifier_tests.rs"]
mod tests;
