//! The code systems that a claim draws on: name, form of a code, and how each is published.

use serde::{Deserialize, Serialize};

use super::form::{is_cpt, is_cpt_modifier, is_hcpcs, is_icd9, is_icd10, is_modifier, is_taxonomy};

/// A code system. Its name is the kind of its tables, and what the command line and the profile call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
#[value(rename_all = "kebab-case")]
pub enum System {
    /// Diagnoses of services from 2015-10-01. CMS, by fiscal year, with an update in April.
    Icd10cm,
    /// Diagnoses of services before 2015-10-01: known by form alone, no table.
    Icd9cm,
    /// HCPCS Level II. CMS, by quarter, with the days on which codes begin and end.
    Hcpcs,
    /// CPT numbers, from a list that the operator imports; no descriptors.
    Cpt,
    /// Place of service (CLM05-1, SV105). CMS.
    PlaceOfService,
    /// Modifiers of HCPCS Level II.
    HcpcsModifier,
    /// Modifier numbers of CPT, imported by the operator.
    CptModifier,
    /// Provider taxonomy (PRV03), imported by the operator from NUCC's list.
    Taxonomy,
    /// Claim adjustment reason codes (CAS), numbers only.
    Carc,
    /// Remittance advice remark codes (MOA, LQ), numbers only.
    Rarc,
}

/// How long a published list stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// Until 30 September.
    FiscalYear,
    /// Until the quarter ends.
    Quarter,
    /// Until another one replaces it.
    Standing,
}

impl System {
    /// Every system.
    pub const ALL: [Self; 10] = [
        Self::Icd10cm,
        Self::Icd9cm,
        Self::Hcpcs,
        Self::Cpt,
        Self::PlaceOfService,
        Self::HcpcsModifier,
        Self::CptModifier,
        Self::Taxonomy,
        Self::Carc,
        Self::Rarc,
    ];

    /// The kind of its tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Icd10cm => "icd10cm",
            Self::Icd9cm => "icd9cm",
            Self::Hcpcs => "hcpcs",
            Self::Cpt => "cpt",
            Self::PlaceOfService => "place-of-service",
            Self::HcpcsModifier => "hcpcs-modifier",
            Self::CptModifier => "cpt-modifier",
            Self::Taxonomy => "taxonomy",
            Self::Carc => "carc",
            Self::Rarc => "rarc",
        }
    }

    /// The system of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|system| system.name() == name)
    }

    /// What people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Icd10cm => "ICD-10-CM",
            Self::Icd9cm => "ICD-9-CM",
            Self::Hcpcs => "HCPCS Level II",
            Self::Cpt => "CPT",
            Self::PlaceOfService => "place of service",
            Self::HcpcsModifier => "HCPCS modifiers",
            Self::CptModifier => "CPT modifiers",
            Self::Taxonomy => "provider taxonomy",
            Self::Carc => "adjustment reasons (CARC)",
            Self::Rarc => "remark codes (RARC)",
        }
    }

    /// What to import, for a person who has to fetch it.
    pub const fn published_as(self) -> &'static str {
        match self {
            Self::Icd10cm => "the ICD-10-CM order file of that fiscal year (cms.gov)",
            Self::Icd9cm => "nothing: ICD-9-CM is known by its form",
            Self::Hcpcs => "the HCPCS quarterly update of that quarter (cms.gov)",
            Self::Cpt => {
                "a list of CPT numbers, such as the PFS relative value file of that quarter (cms.gov) with --system cpt"
            }
            Self::PlaceOfService => "the place of service code set (cms.gov), as csv",
            Self::HcpcsModifier => "the HCPCS quarterly update of that quarter (cms.gov)",
            Self::CptModifier => "a csv with the CPT modifier numbers, under the heading `modifier`",
            Self::Taxonomy => "the provider taxonomy code set (nucc.org), as csv",
            Self::Carc | Self::Rarc => "the list of code numbers (x12.org), as csv",
        }
    }

    /// How long a list of it stands where nothing else is said.
    pub const fn rhythm(self) -> Rhythm {
        match self {
            Self::Icd10cm | Self::Icd9cm => Rhythm::FiscalYear,
            Self::Hcpcs | Self::Cpt => Rhythm::Quarter,
            _ => Rhythm::Standing,
        }
    }

    /// Whether a code has its form. A code may have the form and not exist.
    pub fn fits(self, code: &str) -> bool {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Self::Icd10cm => is_icd10(code),
            Self::Icd9cm => is_icd9(code),
            Self::Hcpcs => is_hcpcs(code),
            Self::Cpt => is_cpt(code),
            Self::PlaceOfService => code.len() == 2 && digits(code),
            Self::HcpcsModifier => {
                is_modifier(code) && !is_cpt_modifier(code) && !code.bytes().any(|b| b.is_ascii_lowercase())
            }
            Self::CptModifier => is_cpt_modifier(code),
            Self::Taxonomy => is_taxonomy(code),
            Self::Carc => match code.as_bytes() {
                [first, rest @ ..] => {
                    code.len() <= 3
                        && (first.is_ascii_digit()
                            || (matches!(first, b'A' | b'B' | b'D' | b'P' | b'W' | b'Y') && !rest.is_empty()))
                        && rest.iter().all(u8::is_ascii_digit)
                }
                [] => false,
            },
            Self::Rarc => {
                let rest =
                    code.strip_prefix("MA").or_else(|| code.strip_prefix('M')).or_else(|| code.strip_prefix('N'));
                rest.is_some_and(|rest| (1..=3).contains(&rest.len()) && digits(rest))
            }
        }
    }

    /// The system of a procedure code of qualifier HC, by its form.
    pub fn of_procedure(code: &str) -> Option<Self> {
        [Self::Cpt, Self::Hcpcs].into_iter().find(|system| system.fits(code))
    }

    /// The system of a modifier, by its form.
    pub fn of_modifier(code: &str) -> Option<Self> {
        [Self::CptModifier, Self::HcpcsModifier].into_iter().find(|system| system.fits(code))
    }
}

impl std::fmt::Display for System {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stands_in_the_list_where_its_number_says() {
        assert!(System::ALL.into_iter().enumerate().all(|(at, system)| system as usize == at));
    }

    #[test]
    fn forms_tell_systems_apart() {
        let fit = |code: &str| -> Vec<&str> {
            System::ALL.into_iter().filter(|system| system.fits(code)).map(System::name).collect()
        };
        for (code, systems) in [
            ("E119", vec!["icd10cm", "icd9cm"]),
            ("E1100", vec!["icd10cm", "icd9cm", "hcpcs"]),
            ("25000", vec!["icd9cm", "cpt"]),
            ("11", vec!["place-of-service", "cpt-modifier", "carc"]),
            ("JZ", vec!["hcpcs-modifier"]),
            ("P3", vec!["cpt-modifier", "carc"]),
            ("1P", vec!["cpt-modifier"]),
            ("207Q00000X", vec!["taxonomy"]),
            ("MA130", vec!["icd10cm", "rarc"]),
            ("A1", vec!["hcpcs-modifier", "carc"]),
            ("0001F", vec!["cpt"]),
            ("jz", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(fit(code), systems, "{code}");
        }
        for system in System::ALL {
            assert_eq!(System::by_name(system.name()), Some(system));
            let text = serde_json::to_string(&system).unwrap();
            assert_eq!(text, format!("\"{system}\""), "one name everywhere");
        }
    }
}
