//! Feeds of the nine EHRs by name: one invented visit after another, each as the EHR's own interface tells it, whole or without one element.
//!
//! Every case is one person, one day, two services: 99213-25 (1 unit, 120.50, for J06.9 and R05.9) and J1100 (4 units, 24.00, for R05.9). Each
//! file has its connectors' builders and tables; what is expected there was decided from the connectors' READMEs.

pub mod csv;
pub mod fhir;
pub mod hl7;
pub mod json;
pub mod xml;

/// Elements of a clean claim, in the order of the tables.
pub const ELEMENTS: [&str; 17] = [
    "patient.name",
    "patient.birth-date",
    "patient.sex",
    "patient.address",
    "member-id",
    "payer",
    "rendering",
    "billing",
    "place-of-service",
    "dates",
    "diagnoses",
    "codes",
    "modifiers",
    "units",
    "charges",
    "pointers",
    "secondary",
];

/// What becomes of a visit.
#[derive(Debug, Clone, Copy)]
pub enum End {
    /// Its claim is held by exactly these rules.
    Held(&'static [&'static str]),
    /// Its documents are rejected with this problem.
    Refused(&'static str),
    /// Its claim leaves: that the element is not there is an answer (no modifier, no second payer, the message's diagnoses). What the 837P has
    /// in its place.
    Leaves(Option<&'static str>),
    /// No interface says it: the practice profile has it, and without it there is no profile.
    OfProfile,
}

/// A line of a table: the element, and what becomes of a visit without it. Its value where it is there is that of [`present`].
pub type Row = (&'static str, End);

/// A visit.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// From 0.
    pub number: usize,
    /// The element that is left out; empty: none.
    pub without: &'static str,
}

impl Case {
    /// Whether the visit has an element.
    pub fn has(self, element: &str) -> bool {
        self.without != element
    }

    /// A value, or nothing where the element is left out.
    pub fn text(self, element: &str, value: impl Into<String>) -> String {
        if self.has(element) { value.into() } else { String::new() }
    }

    /// The visit's number in its EHR, which is the patient's and the policy's too.
    pub fn id(self) -> usize {
        100 + self.number
    }

    /// Last name.
    pub fn family(self) -> String {
        self.text("patient.name", format!("VANCE{}", char::from(b'A' + u8::try_from(self.number).unwrap())))
    }

    /// First name.
    pub fn given(self) -> String {
        self.text("patient.name", "ORLA")
    }

    /// Year, month, day of birth.
    pub fn born(self) -> Option<(u16, u8, usize)> {
        self.has("patient.birth-date").then_some((1950, 2, 1 + self.number))
    }

    /// Year, month, day of service.
    pub fn day(self) -> Option<(u16, u8, usize)> {
        self.has("dates").then_some((2026, 2, 1 + self.number))
    }

    /// Member id of the first policy.
    pub fn member(self) -> String {
        self.text("member-id", format!("P{}", self.id()))
    }

    /// Of the first service: the code. The other one keeps its own.
    pub fn code(self) -> String {
        self.text("codes", "99213")
    }

    /// Diagnoses of the visit.
    pub fn diagnoses(self) -> &'static [&'static str] {
        if self.has("diagnoses") { &["J06.9", "R05.9"] } else { &[] }
    }

    /// Diagnoses of a service, from 1.
    pub fn pointers(self, service: usize) -> &'static [usize] {
        if !self.has("diagnoses") || !self.has("pointers") {
            return &[];
        }
        if service == 0 { &[1, 2] } else { &[2] }
    }
}

/// What the 837P has of the first visit, element by element.
pub fn present(element: &str) -> &'static str {
    match element {
        "patient.name" => "VANCEA, ORLA",
        "patient.birth-date" => "19500201",
        "patient.sex" => "F",
        "patient.address" => "1 OAK WAY, SALEM OR 97301",
        "member-id" => "P100",
        "payer" => "00000",
        "rendering" => "1000000004",
        "billing" => "MY PRACTICE CHANGE ME 1234567893",
        "place-of-service" => "11",
        "dates" => "20260201 20260201",
        "diagnoses" => "J069 R059",
        "codes" => "99213 J1100",
        "modifiers" => "25 -",
        "units" => "1 4",
        "charges" => "12050 2400",
        "pointers" => "1:2 2",
        "secondary" => "11111",
        other => panic!("{other} is no element of the tables"),
    }
}

/// A day by its parts, or nothing.
pub fn day(parts: Option<(u16, u8, usize)>, write: impl Fn(u16, u8, usize) -> String) -> String {
    parts.map(|(year, month, day)| write(year, month, day)).unwrap_or_default()
}

/// `YYYYMMDD`.
pub fn compact(year: u16, month: u8, day: usize) -> String {
    format!("{year}{month:02}{day:02}")
}

/// `YYYY-MM-DD`.
pub fn iso(year: u16, month: u8, day: usize) -> String {
    format!("{year}-{month:02}-{day:02}")
}

/// `MM/DD/YYYY`.
pub fn slashes(year: u16, month: u8, day: usize) -> String {
    format!("{month:02}/{day:02}/{year}")
}

/// The name of a file, and what is in it.
pub type File = (String, Vec<u8>);

/// A named connector in the kit.
pub struct Connector {
    /// Its id.
    pub id: &'static str,
    /// The files of these visits.
    pub files: fn(&[Case]) -> Vec<File>,
    /// What the mapping of a site says that has nothing of its own to add: none, or one that ships for what is pulled.
    pub shipped: String,
    /// The mapping of a site that has answered what its connector's README asks.
    pub supplied: String,
    /// What such a site has in its profile beside its payers.
    pub profile: &'static [(&'static str, &'static str)],
    /// What becomes of a whole visit where the site has answered nothing.
    pub unanswered: End,
    /// What becomes of a visit without the element.
    pub table: [Row; 17],
}

/// All nine.
pub fn connectors() -> Vec<Connector> {
    vec![
        json::athenahealth(),
        json::drchrono(),
        xml::tebra(),
        fhir::eclinicalworks(),
        fhir::oracle_cerner(),
        fhir::modernizing_medicine(),
        hl7::nextgen(),
        hl7::epic(),
        csv::imd_health(),
    ]
}
