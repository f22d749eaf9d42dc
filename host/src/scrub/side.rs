//! Which side of the body a diagnosis names: ICD-10-CM tells it in a digit of its own, where a chapter has one.
//!
//! Only categories where that digit means the same throughout, by the published descriptions, are here; for others nothing is
//! said.

/// A side, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// RT
    Right,
    /// LT
    Left,
    /// One code for both sides.
    Both,
}

impl Side {
    /// The modifier of one side.
    pub const fn modifier(self) -> Option<&'static str> {
        match self {
            Self::Right => Some("RT"),
            Self::Left => Some("LT"),
            Self::Both => None,
        }
    }
}

/// The side that an ICD-10-CM code (without dot) names.
pub fn side_of(code: &str) -> Option<Side> {
    // Osteoarthritis of hip, knee and first carpometacarpal joint: .0 is both, in four characters.
    if matches!(code, "M160" | "M170" | "M180") {
        return Some(Side::Both);
    }
    let beginnings = [code.get(..3)?, code.get(..4)?, code.get(..5)?];
    let (_, at, both, _) = FAMILIES.iter().find(|(length, _, _, categories)| {
        *length == code.len() && categories.split(' ').any(|known| beginnings.contains(&known))
    })?;
    match (code.as_bytes().get(*at)?, both) {
        (b'1', _) => Some(Side::Right),
        (b'2', _) => Some(Side::Left),
        (b'3', true) => Some(Side::Both),
        _ => None,
    }
}

/// The side that modifiers name: RT, LT, eyelids (E1 and E2 left, E3 and E4 right), fingers and toes (FA, F1-F4, TA, T1-T4 left,
/// F5-F9, T5-T9 right). None where they name none, or both.
pub fn side_of_modifiers(modifiers: &[String]) -> Option<Side> {
    let side = |modifier: &String| match modifier.as_bytes() {
        b"RT" | [b'E', b'3' | b'4'] | [b'F' | b'T', b'5'..=b'9'] => Some(Side::Right),
        b"LT" | [b'E', b'1' | b'2'] | [b'F' | b'T', b'A' | b'1'..=b'4'] => Some(Side::Left),
        b"50" => Some(Side::Both),
        _ => None,
    };
    let mut sides = modifiers.iter().filter_map(side);
    let first = sides.next().filter(|side| *side != Side::Both)?;
    sides.all(|side| side == first).then_some(first)
}

// Categories and subcategories of which every code of that length whose digit is 1 has "right" in its published description,
// 2 "left", and 3 "bilateral" or "both" where it says so: read from ICD-10-CM of April 2026, and compared with it by the test
// below. What is not regular is not here.
const LENGTH_5_AT_5: &str = "C34 C40 C46 C47 C57 C62 C63 C69 C72 C74 C76 C78 D02 D04 D05 D09 D14 D16 D21 D22 D23 D29 D30 D31 D35 D39 D40 D41 D44 \
     G81 I60 L97 M16 M17 M18 M22 M77 M91 M95 M97 N60 S05 S44 S54 S57 S64 S67 S69 S74 S77 S84 S87 S94 T15 T26 Z97 C431 \
     C432 C436 C437 C491 C492 C4A1 C4A2 C4A6 C4A7 C50A C790 C797 D031 D032 D036 D037 D172 D486 G831 G832 G833 H502 H901 \
     H904 H907 I830 I831 L890 L891 L892 L893 L895 L896 M201 M202 M203 M204 M206 M214 M234 M235 M239 M543 M544 M670 M675 \
     M701 M702 M703 M704 M705 M706 M707 M712 M750 M752 M753 M754 M755 M758 M759 M760 M761 M762 M763 M764 M765 M766 M767 \
     M920 M921 M923 M924 M926 M927 N633 N634 N830 N831 N834 Q650 Q653 Q660 Q661 Q663 Q664 Q665 Q667 Q668 Q669 R101 R103 \
     R190 R193 S001 S023 S028 S041 S042 S043 S044 S045 S046 S047 S063 S068 S092 S200 S223 S318 S429 S435 S436 S438 S439 \
     S498 S499 S500 S501 S529 S532 S533 S629 S639 S700 S701 S722 S729 S800 S801 S825 S826 S829 S833 S836 S839 S898 S899 \
     S900 S903 S930 S970 S978 T334 T336 T337 T344 T346 T347 T845 T873 T874 T875";
const LENGTH_5_AT_5_BOTH: &str = "G51 G56 G57 H46 H62 H69 H71 H75 H80 H83 H91 H92 H94 I65 I66 N61 Q70 R22 S03 C796 H055 H101 H103 H113 H170 H171 H181 \
     H201 H202 H210 H214 H251 H252 H263 H270 H302 H309 H332 H334 H340 H341 H352 H356 H403 H404 H405 H406 H430 H431 H432 \
     H442 H490 H491 H492 H493 H494 H512 H520 H521 H571 H600 H601 H602 H604 H606 H609 H612 H619 H650 H652 H653 H659 H661 \
     H662 H664 H669 H701 H709 H720 H721 H729 H731 H732 H739 H740 H741 H742 H744 H749 H810 H811 H812 H819 H931 H939 H93A \
     H950 I800 I801 I839 Q710 Q711 Q713 Q714 Q715 Q716 Q719 Q720 Q721 Q723 Q724 Q725 Q726 Q727 Q729 R102 R10A S224";
const LENGTH_6_AT_5: &str = "C43 C4A D03 D04 D22 D23 L97 S06 H544 H545 I830 L890 L891 L892 L893 L895 L896 S318";
const LENGTH_6_AT_6: &str = "C50 D49 H50 H90 M00 M01 M02 M05 M06 M07 M08 M10 M11 M12 M13 M14 M19 M1A M20 M21 M22 M24 M25 M61 M63 M65 M66 M67 M70 \
     M71 M75 M76 M79 M80 M84 M85 M87 M88 M90 M93 N50 N83 O00 Q52 Q66 R10 S04 S05 S15 S21 S25 S28 S40 S41 S42 S43 S44 S45 \
     S46 S48 S49 S50 S51 S52 S53 S54 S55 S56 S58 S59 S70 S71 S72 S73 S74 S75 S76 S78 S79 S80 S81 S82 S84 S85 S86 S88 S89 \
     S90 S91 S92 S93 S94 S95 S96 S97 S98 S99 T20 T22 T23 T24 T25 T28 T33 T34 T69 T79 T87 Z44 Z89 L024 L025 L026 L030 L031 \
     L98A M236 M238 M601 M602 M608 M620 M621 M622 M624 M860 M861 M862 M863 M864 M865 M866 M890 M892 M893 M894 M895 M896 \
     M897 M942 M943 M966 S002 S004 S011 S013 S014 S026 S028 S081 S323 S324 S325 S326 S354 S355 S370 S600 S601 S602 S603 \
     S605 S608 S610 S611 S614 S615 S620 S621 S622 S625 S630 S631 S633 S635 S638 S648 S650 S651 S652 S653 S654 S658 S659 \
     S660 S662 S664 S668 S669 S680 S684 S685 S687 S830 S831 S834 S835 S838 M2301 M2302 M2303 M2304 M2305 M2306 M2321 \
     M2322 M2323 M2324 M2325 M2326 M2331 M2332 M2333 M2334 M2335 M2336 M6001 M6002 M6003 M6004 M6005 M6006 M6251 M6252 \
     M6253 M6254 M6255 M6256 M6257 M8912 M8913 M8915 S0210 S0212 S6091 S6092 S6093 S6360 S6362 S6364 S6368 S8321 S8322 \
     S8323 S8324 S8325 S8326 S8327 S8328";
const LENGTH_6_AT_6_BOTH: &str = "G90 H04 H05 H10 H11 H15 H16 H17 H18 H20 H21 H25 H26 H27 H30 H31 H33 H34 H35 H36 H40 H43 H44 H47 H49 H52 H57 H59 H60 \
     H61 H62 H65 H66 H68 H70 H72 H73 H74 H81 H83 H91 H93 H95 I63 I75 I80 I87 M92 Q71 Q72 R92 R93 S09 S20 Z96 H024 H530 \
     H531 I824 I825 I826 I827 I82A I82B I82C I838 M266 N801 N802 N80A R398 H5341 H5342 H5343 H5345 H5348";
const LENGTH_7_AT_5: &str = "M97 S05 S44 S54 S57 S64 S67 S69 S74 S77 S84 S87 S94 T15 T26 S001 S023 S028 S063 S068 S223 S318 S629 S639 S833 S836 \
     S839 T845";
const LENGTH_7_AT_5_BOTH: &str = "S03 S224";
const LENGTH_7_AT_6: &str = "L98 M1A M80 M84 S04 S15 S21 S25 S28 S40 S41 S42 S43 S45 S46 S48 S49 S50 S51 S52 S53 S55 S56 S58 S59 S70 S71 S72 S73 \
     S75 S76 S78 S79 S80 S81 S82 S85 S86 S88 S89 S90 S91 S92 S93 S95 S96 S97 S98 S99 T20 T22 T23 T24 T25 T28 T33 T34 T69 \
     T79 S002 S004 S011 S013 S014 S026 S081 S323 S324 S325 S326 S354 S355 S370 S600 S601 S602 S603 S605 S608 S610 S611 \
     S614 S615 S620 S621 S622 S625 S630 S631 S633 S635 S638 S650 S651 S652 S653 S654 S658 S659 S660 S662 S664 S668 S669 \
     S680 S684 S685 S687 S830 S831 S834 S835 S838 S0210 S0212 S6091 S6092 S6093 S6360 S6362 S6364 S6368 S8321 S8322 S8323 \
     S8324 S8325 S8326 S8327 S8328";
const LENGTH_7_AT_6_BOTH: &str = "H34 H35 H40 S09 S20";

/// Length of the code, place of the digit from 0, whether 3 is both sides, beginnings of codes.
const FAMILIES: &[(usize, usize, bool, &str)] = &[
    (5, 4, false, LENGTH_5_AT_5),
    (5, 4, true, LENGTH_5_AT_5_BOTH),
    (6, 4, false, LENGTH_6_AT_5),
    (6, 5, false, LENGTH_6_AT_6),
    (6, 5, true, LENGTH_6_AT_6_BOTH),
    (7, 4, false, LENGTH_7_AT_5),
    (7, 4, true, LENGTH_7_AT_5_BOTH),
    (7, 5, false, LENGTH_7_AT_6),
    (7, 5, true, LENGTH_7_AT_6_BOTH),
];

#[cfg(test)]
#[allow(clippy::print_stdout)]
mod tests {
    use super::*;

    #[test]
    fn sides_by_table() {
        use Side::{Both, Left, Right};
        for (code, expected) in [
            ("M170", Some(Both)),
            ("M1711", Some(Right)),
            ("M1712", Some(Left)),
            ("M179", None),
            ("M25561", Some(Right)),
            ("M25562", Some(Left)),
            ("M25569", None),
            ("G5603", Some(Both)),
            ("H2511", Some(Right)),
            ("H2513", Some(Both)),
            ("S83241A", Some(Right)),
            ("S93402D", Some(Left)),
            ("S060X1A", None), // an injury of the head: the digit is time without consciousness
            ("I10", None),
            ("E1121", None),
            ("S62301A", None), // the digit is the finger, not the side
            ("M23001", None),
            ("H353211", Some(Right)),
            ("S82001A", Some(Right)),
            ("M7711", Some(Right)),
            ("C50912", Some(Left)),
            ("", None),
        ] {
            assert_eq!(side_of(code), expected, "{code}");
        }
    }

    #[test]
    fn modifiers_by_table() {
        use Side::{Left, Right};
        let of = |text: &str| side_of_modifiers(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        for (modifiers, expected) in [
            ("RT", Some(Right)),
            ("59 LT", Some(Left)),
            ("E1", Some(Left)),
            ("E3", Some(Right)),
            ("FA", Some(Left)),
            ("F5", Some(Right)),
            ("TA", Some(Left)),
            ("T9", Some(Right)),
            ("RT LT", None),
            ("50", None),
            ("LT 50", None),
            ("25", None),
            ("TC", None),
            ("", None),
        ] {
            assert_eq!(of(modifiers), expected, "{modifiers}");
        }
    }

    /// Every published code whose side is told here has that side in its description, where the descriptions are at hand.
    #[test]
    fn sides_are_those_of_the_published_descriptions() {
        let folder = std::env::var_os("CLAIMHOST_CORPUS").map(std::path::PathBuf::from);
        let file = folder.map(|folder| folder.join("codesets/icd10cm/icd10cm_fy2026_descriptions.csv.gz"));
        let Some(bytes) = file.and_then(|file| std::fs::read(file).ok()) else {
            println!("skipped: CLAIMHOST_CORPUS names no folder with codesets/icd10cm");
            return;
        };
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(bytes.as_slice()), &mut text).unwrap();
        let mut told = 0;
        for (code, words) in text.lines().filter_map(|line| line.split_once(',')) {
            let words = words.to_lowercase();
            let has = |word: &str| words.split(|letter: char| !letter.is_alphabetic()).any(|one| one == word);
            let both = has("bilateral") || has("both");
            let Some(side) = side_of(code) else { continue };
            let fits = match side {
                Side::Right => has("right") && !has("left") && !both,
                Side::Left => has("left") && !has("right") && !both,
                Side::Both => both,
            };
            assert!(fits, "{code} {side:?}: {words}");
            told += 1;
        }
        assert!(told > 20_000, "{told}");
    }
}
