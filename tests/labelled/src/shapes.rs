//! The shapes of clean claims: what is done, for what, to whom, where.
//!
//! Services: `code-modifier*units`, `@minutes` for anesthesia. Code numbers only. No pair and no add-on of a shape speaks against
//! NCCI as published for 2024 to 2026, and no unit count, but for those that are Medicare's coverage (preventive visits and
//! consultations, MUE 0): their payers are others.

/// Who the patient is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Who {
    /// 18 to 39.
    #[default]
    Young,
    /// 40 to 64.
    Middle,
    /// 66 to 90.
    Senior,
    /// 12 to 17.
    Teen,
    /// 5 to 11.
    Child,
    /// 1 to 4.
    Toddler,
    /// 40 to 330 days.
    Infant,
}

/// Whose payer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pays {
    /// A commercial plan, the state programme or, for seniors, Medicare.
    #[default]
    Any,
    /// The commercial plan.
    Commercial,
    /// Medicare.
    Medicare,
    /// The state programme.
    State,
    /// The plan that wants a group number, an authorization and a referring provider.
    Particular,
}

/// One shape.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shape {
    /// What is done.
    pub services: &'static str,
    /// Diagnoses without dots, first one first.
    pub diagnoses: &'static str,
    /// The patient's age.
    pub who: Who,
    /// `F`, `M`, or either.
    pub sex: &'static str,
    /// Place of service.
    pub pos: &'static str,
    /// The payer.
    pub pays: Pays,
}

const fn s(
    services: &'static str,
    diagnoses: &'static str,
    who: Who,
    sex: &'static str,
    pos: &'static str,
    pays: Pays,
) -> Shape {
    Shape { services, diagnoses, who, sex, pos, pays }
}

use Pays::{Any, Commercial, Medicare, Particular, State};
use Who::{Child, Infant, Middle, Senior, Teen, Toddler, Young};

/// An office visit that nothing is special about: the ground of most defects.
pub const OFFICE: Shape = s("99213", "I10 E785", Middle, "", "11", Commercial);
/// A visit and a procedure.
pub const JOINT: Shape = s("99213-25 20610-RT J3301*4", "M1711 M25561", Middle, "", "11", Commercial);
/// A visit with two tests.
pub const TESTS: Shape = s("99214-25 93000 36415", "R079 I10", Middle, "", "11", Commercial);
/// Medicare's office visit.
pub const SENIOR: Shape = s("99213", "I10 M1711", Senior, "", "11", Medicare);
/// The particular plan's.
pub const PARTICULAR: Shape = s("99214", "E119 I10", Middle, "", "11", Particular);

/// All of them.
#[rustfmt::skip] // a table
pub const SHAPES: &[Shape] = &[
    OFFICE, JOINT, TESTS, SENIOR, PARTICULAR,
    s("99214", "E119 I10 E785", Senior, "", "11", Any), s("99203", "R5383", Young, "", "11", Any), s("99212", "B349", Teen, "", "11", Any),
    s("99213 81002", "N390 R300", Young, "F", "11", Commercial), s("99214 36415 80053", "E119 I10", Senior, "", "11", Medicare),
    s("99213-25 90471 90686", "I10 Z23", Middle, "", "11", Commercial), s("99213-25 96372 J1885*2", "M5450 R079", Middle, "", "11", State),
    s("99396", "Z0000", Middle, "", "11", Commercial), s("99395", "Z0000", Young, "", "11", Commercial), s("99392", "Z00129", Toddler, "", "11", State),
    s("99393", "Z00129", Child, "", "11", Commercial), s("99394", "Z00129", Teen, "", "11", Any), s("99391", "Z00129", Infant, "", "11", State),
    s("90460*2 90461*2 90707", "Z23", Toddler, "", "11", Commercial), s("99213 87880-QW", "J020", Child, "", "11", Any),
    s("99203-25 20610-LT J3301*4", "M1712", Middle, "", "11", Commercial), s("20610-50 J3301*8", "M170", Middle, "", "11", Commercial),
    s("29881-LT", "S83242A", Young, "", "24", Commercial), s("99204 73610-RT 73130-LT", "S93401A S63502A W010XXA", Young, "", "11", Commercial),
    s("99213-25 17000 17003*4", "L570 L821", Senior, "", "11", Any), s("11102 11103*2", "D485 D2261", Middle, "", "11", Commercial),
    s("97110-GP*2 97140-GP", "M5459", Middle, "", "11", Commercial), s("97110-GP*3 97112-GP", "M25511 M7541", Senior, "", "11", Any),
    s("00840-AA-P2@95", "K3580", Middle, "", "22", Commercial), s("01400-QZ-P3@62", "M1711", Senior, "", "24", Medicare),
    s("99222", "J189", Senior, "", "21", Medicare), s("99232*3", "I5023 J189", Senior, "", "21", Medicare), s("99238", "J189", Middle, "", "21", Commercial),
    s("99284-25 12001", "S61411A W260XXA", Young, "", "23", Commercial), s("99291 99292*2", "R6521 J9601", Senior, "", "21", Medicare),
    s("A0429-RH A0425-RH*12", "R0789", Senior, "", "41", Medicare), s("36415 80061", "E785", Middle, "", "11", Commercial),
    s("99348", "I5032", Senior, "", "12", Medicare), s("99308", "I5032 E119", Senior, "", "31", Medicare), s("99213-95", "F411", Young, "", "10", Commercial),
    s("99243", "R1310", Middle, "", "11", Commercial), s("92014", "H2511", Senior, "", "11", Commercial), s("59400", "O80 Z370 Z3A39", Young, "F", "21", Commercial),
    s("99213", "N401 R350", Senior, "M", "11", Any), s("G0101 Q0091", "Z01419", Senior, "F", "11", Medicare), s("90837", "F32A", Young, "", "11", Any),
    s("98941-AT", "M9903 M5459", Senior, "", "11", Medicare), s("G0008 90662", "Z23", Senior, "", "11", Medicare), s("95004*40", "J301", Young, "", "11", Commercial),
    s("99213-25 94640", "J4521", Child, "", "11", Any), s("88305*2", "D225", Middle, "", "11", Commercial), s("71046-26", "R051", Middle, "", "22", Commercial),
    s("99396-25 99213-25 36415", "Z0001 I10", Middle, "", "11", Commercial), s("99214 G2211", "E1165 N1831", Senior, "", "11", Medicare),
];
