//! Which tables there are: the kinds under which a shelf keeps them.

use std::fmt;

/// For whom a table is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Practitioners and ambulatory surgical centres: professional claims.
    Practitioner,
    /// Hospitals' outpatient services.
    Outpatient,
    /// Suppliers of durable medical equipment (units only).
    Dme,
}

impl Service {
    /// The service type that a word or CMS's phrase means.
    pub fn of_words(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        if lower.contains("practitioner") {
            Some(Self::Practitioner)
        } else if lower.contains("outpatient") || lower.contains("hospital") {
            Some(Self::Outpatient)
        } else if lower.contains("dme") || lower.contains("durable") {
            Some(Self::Dme)
        } else {
            None
        }
    }

    /// The service type that a file's name tells: in words, or as CMS's `ccipra` and `ccioph`.
    pub fn of_file_name(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        if lower.contains("ccipra") {
            Some(Self::Practitioner)
        } else if lower.contains("ccioph") {
            Some(Self::Outpatient)
        } else {
            Self::of_words(&lower)
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Practitioner => "practitioner",
            Self::Outpatient => "outpatient",
            Self::Dme => "dme",
        })
    }
}

/// One kind of table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Pairs for practitioners.
    PtpPractitioner,
    /// Pairs for outpatient hospital services.
    PtpOutpatient,
    /// Units for practitioners.
    MuePractitioner,
    /// Units for outpatient hospital services.
    MueOutpatient,
    /// Units for DME suppliers.
    MueDme,
    /// Add-on codes.
    Addon,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::PtpPractitioner,
        Self::PtpOutpatient,
        Self::MuePractitioner,
        Self::MueOutpatient,
        Self::MueDme,
        Self::Addon,
    ];

    /// The name of the kind on a shelf and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PtpPractitioner => "ncci-ptp-practitioner",
            Self::PtpOutpatient => "ncci-ptp-outpatient",
            Self::MuePractitioner => "ncci-mue-practitioner",
            Self::MueOutpatient => "ncci-mue-outpatient",
            Self::MueDme => "ncci-mue-dme",
            Self::Addon => "ncci-addon",
        }
    }

    /// The pairs of a service type; none are published for DME suppliers alone.
    pub const fn ptp(service: Service) -> Option<Self> {
        match service {
            Service::Practitioner => Some(Self::PtpPractitioner),
            Service::Outpatient => Some(Self::PtpOutpatient),
            Service::Dme => None,
        }
    }

    /// For whom it is published; add-on codes are for all.
    pub const fn service(self) -> Option<Service> {
        match self {
            Self::PtpPractitioner | Self::MuePractitioner => Some(Service::Practitioner),
            Self::PtpOutpatient | Self::MueOutpatient => Some(Service::Outpatient),
            Self::MueDme => Some(Service::Dme),
            Self::Addon => None,
        }
    }

    /// The units of a service type.
    pub const fn mue(service: Service) -> Self {
        match service {
            Service::Practitioner => Self::MuePractitioner,
            Service::Outpatient => Self::MueOutpatient,
            Service::Dme => Self::MueDme,
        }
    }
}
