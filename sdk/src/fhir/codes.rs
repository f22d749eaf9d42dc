//! Concepts to contract codes, by the URL of the code system.

use claimhost_fhir::Json;

use crate::claim::{Diagnosis, ProcedureSystem};
use crate::code;
use crate::mapping::Mapping;
use crate::path::plain;

/// URLs of the code systems a site uses. A URL without its scheme and `www.` counts too.
#[derive(Debug, Default)]
pub struct CodeSystems {
    cpt: Vec<String>,
    hcpcs: Vec<String>,
    modifier: Vec<String>,
    icd10cm: Vec<String>,
    icd9cm: Vec<String>,
    ndc: Vec<String>,
    clinical: Vec<String>,
    place_of_service: Vec<String>,
    npi: Vec<String>,
}

/// What a concept of a service says.
#[derive(Debug, PartialEq)]
pub enum Service {
    /// A code to bill, or one of the practice's own, and modifiers that stand with it.
    Code(ProcedureSystem, String, Vec<String>),
    /// Only codes of clinical terminologies: the first one.
    Clinical(String),
    /// No code at all.
    Nothing,
}

impl CodeSystems {
    /// Reads `[codes]` of a mapping.
    pub fn read(mapping: &mut Mapping<'_>) -> Self {
        let mut list = |key: &str, default: &[&str]| mapping.list(&format!("codes.{key}"), default);
        Self {
            cpt: list("cpt", &["http://www.ama-assn.org/go/cpt", "urn:oid:2.16.840.1.113883.6.12"]),
            hcpcs: list(
                "hcpcs",
                &[
                    "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
                    "https://bluebutton.cms.gov/resources/codesystem/hcpcs",
                    "urn:oid:2.16.840.1.113883.6.285",
                ],
            ),
            modifier: list("modifier", &["http://www.ama-assn.org/go/cpt-modifier"]),
            icd10cm: list("icd10cm", &["http://hl7.org/fhir/sid/icd-10-cm", "urn:oid:2.16.840.1.113883.6.90"]),
            icd9cm: list("icd9cm", &["http://hl7.org/fhir/sid/icd-9-cm", "urn:oid:2.16.840.1.113883.6.103"]),
            ndc: list("ndc", &["http://hl7.org/fhir/sid/ndc", "urn:oid:2.16.840.1.113883.6.69"]),
            clinical: list(
                "clinical",
                &[
                    "http://snomed.info/sct",
                    "http://www.nlm.nih.gov/research/umls/rxnorm",
                    "http://hl7.org/fhir/sid/cvx",
                    "http://loinc.org",
                    "http://www.cms.gov/Medicare/Coding/ICD10",
                    "http://hl7.org/fhir/sid/icd-10-pcs",
                ],
            ),
            place_of_service: list(
                "place_of_service",
                &[
                    "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set",
                    "http://terminology.hl7.org/CodeSystem/ex-serviceplace",
                ],
            ),
            npi: list("npi", &["http://hl7.org/fhir/sid/us-npi", "urn:oid:2.16.840.1.113883.4.6"]),
        }
    }

    /// Whether a URI is that of National Provider Identifiers.
    pub fn is_npi(&self, system: &str) -> bool {
        is(&self.npi, system)
    }

    /// What a concept says is billed: CPT before HCPCS before a code of the source's own.
    pub fn service(&self, concept: &Json<'_>) -> Service {
        let codings = codings(concept);
        let of = |systems: &[String]| codings.iter().find(|(system, code)| is(systems, system) && !is_modifier(code));
        let billable = of(&self.cpt).or_else(|| of(&self.hcpcs));
        let own = || {
            let foreign = |system: &str| is(&self.clinical, system) || is(&self.ndc, system);
            codings.iter().find(|(system, code)| !foreign(system) && !is(&self.modifier, system) && !code.is_empty())
        };
        let Some((system, text)) = billable.or_else(own).filter(|(_, code)| !code.is_empty()) else {
            let clinical = codings.iter().find(|(system, code)| is(&self.clinical, system) && !code.is_empty());
            return clinical.map_or(Service::Nothing, |(_, code)| Service::Clinical(code.clone()));
        };
        // `99213-25` is how some sources write code and modifiers in one.
        let mut parts = text.split('-');
        let code = parts.next().unwrap_or_default().trim().to_ascii_uppercase();
        let mut modifiers: Vec<String> = parts.map(|part| part.trim().to_ascii_uppercase()).collect();
        let billable = is(&self.cpt, system) || is(&self.hcpcs, system);
        if !billable || !modifiers.iter().all(|modifier| is_modifier(modifier)) {
            let declared = if billable { "CPT" } else { "L" };
            return Service::Code(code::procedure_system(declared, text), text.clone(), Vec::new());
        }
        modifiers.extend(self.modifiers(concept));
        let declared = if is(&self.cpt, system) { "CPT" } else { "HCPCS" };
        Service::Code(code::procedure_system(declared, &code), code, modifiers)
    }

    /// Modifiers of a concept: codes of a modifier system, or of two characters in the systems of procedures.
    pub fn modifiers(&self, concept: &Json<'_>) -> Vec<String> {
        let known = |system: &str| is(&self.cpt, system) || is(&self.hcpcs, system);
        let all = codings(concept).into_iter();
        let found = all.filter(|(system, code)| is(&self.modifier, system) || known(system) && is_modifier(code));
        found.map(|(_, code)| code.to_ascii_uppercase()).collect()
    }

    /// Modifiers where the element holds nothing else: any code of it. Of a clinical terminology there is none.
    pub fn declared_modifiers(&self, concept: &Json<'_>) -> Vec<String> {
        let known = self.modifiers(concept);
        if !known.is_empty() {
            return known;
        }
        let other = codings(concept).into_iter().find(|(system, code)| !is(&self.clinical, system) && !code.is_empty());
        other.into_iter().map(|(_, code)| code.to_ascii_uppercase()).collect()
    }

    /// A diagnosis: ICD-10-CM, else ICD-9-CM, else the first code, which the scrub holds. `None`: no code.
    pub fn diagnosis(&self, concept: &Json<'_>) -> Option<Diagnosis> {
        let codings = codings(concept);
        let of = |systems: &[String]| codings.iter().find(|(system, code)| is(systems, system) && !code.is_empty());
        let (declared, text) = match (of(&self.icd10cm), of(&self.icd9cm)) {
            (Some((_, code)), _) => ("ICD10CM", code),
            (None, Some((_, code))) => ("ICD9CM", code),
            (None, None) => ("other", codings.iter().map(|(_, code)| code).find(|code| !code.is_empty())?),
        };
        Some(code::diagnosis(declared, text))
    }

    /// The NDC of a concept.
    pub fn ndc(&self, concept: &Json<'_>) -> Option<String> {
        codings(concept)
            .into_iter()
            .find(|(system, code)| is(&self.ndc, system) && !code.is_empty())
            .map(|(_, code)| code)
    }

    /// The two digits of a place of service.
    pub fn place_of_service(&self, concept: &Json<'_>) -> Option<String> {
        let two = |code: &str| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_digit());
        let mut all = codings(concept).into_iter();
        all.find(|(system, code)| is(&self.place_of_service, system) && two(code)).map(|(_, code)| code)
    }
}

fn is(systems: &[String], system: &str) -> bool {
    systems.iter().any(|known| bare(known) == bare(system))
}

fn bare(url: &str) -> &str {
    let url = url.strip_prefix("https://").or(url.strip_prefix("http://")).unwrap_or(url);
    url.strip_prefix("www.").unwrap_or(url).trim_end_matches('/')
}

fn is_modifier(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// System and code of each coding of a CodeableConcept, a Coding, a code, or a list of them.
pub fn codings(concept: &Json<'_>) -> Vec<(String, String)> {
    let one = |coding: &Json<'_>| {
        let code = coding.get("code").map(plain).unwrap_or_default();
        (coding.text_of("system").unwrap_or_default().to_owned(), code)
    };
    let of = |concept: &Json<'_>| match concept.get("coding") {
        Some(codings) => codings.items().iter().map(one).collect(),
        None if concept.get("code").is_some() => vec![one(concept)],
        None => concept.text().map(|code| (String::new(), code.to_owned())).into_iter().collect::<Vec<_>>(),
    };
    concept.items().iter().flat_map(of).collect()
}

/// Whether a concept has one of these codes, in whatever system.
pub fn has_code(concept: &Json<'_>, wanted: &[&str]) -> bool {
    codings(concept).iter().any(|(_, code)| wanted.iter().any(|wanted| code.eq_ignore_ascii_case(wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::DiagnosisSystem;

    #[test]
    fn systems_decide() {
        let systems = CodeSystems::read(&mut Mapping::parse(""));
        let service = |text: &str| systems.service(&Json::parse(text).unwrap());
        let code = |system, code: &str, modifiers: &[&str]| {
            Service::Code(system, code.to_owned(), modifiers.iter().map(|text| (*text).to_owned()).collect())
        };
        let cpt = |code: &str| format!(r#"{{"system":"http://www.ama-assn.org/go/cpt","code":"{code}"}}"#);
        let snomed = r#"{"system":"http://snomed.info/sct","code":"162673000"}"#;
        let concept = |codings: &[&str]| format!(r#"{{"coding":[{}]}}"#, codings.join(","));
        assert_eq!(service(&concept(&[snomed, &cpt("99213")])), code(ProcedureSystem::Cpt, "99213", &[]));
        assert_eq!(service(&concept(&[&cpt("20610-59-RT")])), code(ProcedureSystem::Cpt, "20610", &["59", "RT"]));
        assert_eq!(service(&concept(&[&cpt("20610"), &cpt("RT")])), code(ProcedureSystem::Cpt, "20610", &["RT"]));
        assert_eq!(service(&concept(&[snomed])), Service::Clinical("162673000".to_owned()));
        assert_eq!(service(r#"{"text":"visit"}"#), Service::Nothing);
        let own = r#"{"system":"http://clinic.example/chargemaster","code":"99213"}"#;
        assert_eq!(service(&concept(&[own])), code(ProcedureSystem::Internal, "99213", &[]));
        let hcpcs = r#"{"system":"https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets/","code":"G0438"}"#;
        assert_eq!(service(&concept(&[hcpcs])), code(ProcedureSystem::Hcpcs, "G0438", &[]));
        let icd = r#"{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"e11.65"}"#;
        assert_eq!(systems.diagnosis(&Json::parse(&concept(&[snomed, icd])).unwrap()).unwrap().code, "E1165");
        // `icd-10` is the international edition, which is no ICD-10-CM.
        let who = r#"{"system":"http://hl7.org/fhir/sid/icd-10","code":"E11"}"#;
        assert_eq!(systems.diagnosis(&Json::parse(&concept(&[who])).unwrap()).unwrap().system, DiagnosisSystem::Other);
    }
}
