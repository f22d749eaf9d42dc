//! Which side of the body a diagnosis names: ICD-10-CM tells it in a digit of its own, where a chapter has one.
//!
//! Only categories where that digit means the same throughout are here; for others nothing is said.

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
    let bytes = code.as_bytes();
    let category = code.get(..3)?;
    let side = |at: usize, both: u8| match bytes.get(at)? {
        b'1' => Some(Side::Right),
        b'2' => Some(Side::Left),
        digit if *digit == both => Some(Side::Both),
        _ => None,
    };
    match (category, bytes.len()) {
        // Osteoarthritis of hip, knee and first carpometacarpal joint: .0 is both, .1x and .3x one side.
        ("M16" | "M17" | "M18", 4) if matches!(bytes.get(3), Some(b'0')) => Some(Side::Both),
        ("M16" | "M17" | "M18", 5) if matches!(bytes.get(3), Some(b'1' | b'3')) => side(4, b'3'),
        // Mononeuropathies of the limbs.
        ("G56" | "G57", 5) => side(4, b'3'),
        // Age-related cataract.
        ("H25", 5) if bytes.get(3) == Some(&b'1') => side(4, b'3'),
        ("H25" | "H26" | "H35", 6) => side(5, b'3'),
        // Joints and soft tissue of the limbs.
        ("M00" | "M01" | "M02" | "M05" | "M06" | "M10" | "M11" | "M12" | "M13" | "M19" | "M20" | "M21", 6)
        | ("M22" | "M23" | "M24" | "M25" | "M65" | "M66" | "M67" | "M70" | "M71" | "M75" | "M76" | "M77" | "M79", 6) => {
            side(5, b'3')
        }
        // Injuries of shoulder, arm, hand, hip, leg and foot, with their seventh character.
        (injury, 7) if ("S40"..="S99").contains(&injury) => side(5, b'3'),
        _ => None,
    }
}

#[cfg(test)]
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
            ("", None),
        ] {
            assert_eq!(side_of(code), expected, "{code}");
        }
    }
}
