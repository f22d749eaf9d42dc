//! One charge: a Claim item, a ChargeItem, a Procedure or the code of an Encounter, to a service line.

use claimhost_fhir::{Json, Value};

use super::codes::Service;
use super::paths::LinePaths;
use super::resources::{Resource, Resources};
use super::values;
use super::{Path, Site};
use crate::claim::{DateRange, Diagnosis, LineProviders, Procedure, ProcedureSystem, Quantity, ServiceLine, Unit};
use crate::code;
use crate::intake::Problem;

/// Diagnoses of a visit, in order; what a line points to is a position in it.
#[derive(Debug, Default)]
pub struct Diagnoses {
    /// The list for the header.
    pub list: Vec<Diagnosis>,
}

impl Diagnoses {
    /// The position of a diagnosis, from 1; it is added where it is not known.
    pub fn point(&mut self, diagnosis: Diagnosis) -> Option<u8> {
        let known = self.list.iter().position(|known| known.code == diagnosis.code);
        let at = known.unwrap_or_else(|| {
            self.list.push(diagnosis);
            self.list.len() - 1
        });
        u8::try_from(at + 1).ok()
    }
}

/// Where a line stands and what holds for it where it says nothing itself.
pub struct Source<'s, 'r, 'a> {
    /// The resources around it.
    pub resources: &'r Resources<'a>,
    /// The resource the line is of.
    pub of: &'r Resource<'a>,
    /// The item, or the resource itself.
    pub item: &'r Json<'a>,
    /// Where its fields stand.
    pub paths: &'s LinePaths,
    /// Days of the whole, where the item has none of its own.
    pub dates: Option<(&'r Resource<'a>, &'r Json<'a>)>,
}

/// A quantity that cannot be read, or that is withheld, is not left out.
fn says_something(item: &Json<'_>) -> bool {
    item.get("quantity").is_some() || item.get("_quantity").is_some()
}

/// CPT 00100 to 01999.
fn is_anesthesia(procedure: &Procedure) -> bool {
    procedure.code.len() == 5 && procedure.code.parse().is_ok_and(|code: u32| (100..2000).contains(&code))
}

/// Minutes where the quantity says so (UCUM `min`: anesthesia), else units.
fn unit(quantity: Option<&Json<'_>>) -> Unit {
    let said = |name| quantity.and_then(|quantity| quantity.text_of(name)).unwrap_or_default();
    let is_minutes = said("code") == "min" || matches!(said("unit"), "min" | "minute" | "minutes");
    if is_minutes { Unit::Minutes } else { Unit::Units }
}

impl Site {
    /// Reads a line. `None`: no line, or `problems` says why not.
    pub(super) fn line(
        &self,
        source: &Source<'_, '_, '_>,
        diagnoses: &mut Diagnoses,
        problems: &mut Vec<Problem>,
    ) -> Option<ServiceLine> {
        let before = problems.len();
        let Source { resources, of, item, paths, .. } = source;
        let procedure = self.procedure(source, problems);
        let service_dates = self.dates(source, problems);
        let units = match paths.units.first(item) {
            Some(units) => values::thousandths(of, units, problems).unwrap_or(0),
            // FHIR R4, Claim.item.net: "Quantity and factor are assumed to be 1 if not supplied". Of no other resource it says so.
            // Anesthesia is counted in minutes.
            None if of.kind == "Claim"
                && !paths.units.is_none()
                && !says_something(item)
                && !procedure.as_ref().is_some_and(is_anesthesia) =>
            {
                1000
            }
            None => 0,
        };
        let unit_charge = paths.unit_amount.first(item).and_then(|price| values::cents(of, price, problems));
        let charge = match paths.amount.first(item) {
            Some(amount) => values::cents(of, amount, problems),
            None => self.times(source, units, unit_charge, problems),
        };
        let mut pointers = Vec::new();
        for reason in paths.reasons.all(item) {
            let concept = match reason.get("reference").or(reason.get("identifier")) {
                Some(_) => resources.find(of, reason).and_then(|(_, condition)| condition.get("code")),
                None => Some(reason),
            };
            pointers.extend(
                concept.and_then(|concept| self.codes.diagnosis(concept)).and_then(|code| diagnoses.point(code)),
            );
        }
        pointers.dedup();
        let who = |path: &Path| path.first(item).and_then(|who| self.provider(resources, of, who));
        let (rendering, ordering) = (who(&paths.rendering), who(&paths.ordering));
        let any = rendering.is_some() || ordering.is_some();
        let place = paths.place_of_service.all(item);
        let line = ServiceLine {
            procedure: procedure?,
            charge: charge.unwrap_or(0),
            unit_charge,
            units: Quantity { unit: unit(paths.units.first(item)), thousandths: units },
            place_of_service: place
                .into_iter()
                .find_map(|place| self.codes.place_of_service(place))
                .unwrap_or_default(),
            diagnosis_pointers: pointers,
            service_dates: service_dates?,
            drug: self.drug(source),
            providers: any.then(|| LineProviders { rendering, ordering, ..LineProviders::default() }),
            ..ServiceLine::default()
        };
        (problems.len() == before).then_some(line)
    }

    fn procedure(&self, source: &Source<'_, '_, '_>, problems: &mut Vec<Problem>) -> Option<Procedure> {
        let Source { of, item, paths, .. } = source;
        let concepts = paths.code.all(item);
        let services = concepts.iter().map(|concept| (*concept, self.codes.service(concept)));
        let (concept, service) = services.min_by_key(|(_, service)| match service {
            Service::Code(system, ..) if *system != ProcedureSystem::Internal => 0,
            Service::Code(..) => 1,
            Service::Clinical(_) => 2,
            Service::Nothing => 3,
        })?;
        match service {
            Service::Code(system, code, mut modifiers) => {
                let declared = paths.modifiers.all(item);
                modifiers.extend(declared.into_iter().flat_map(|modifier| self.codes.declared_modifiers(modifier)));
                let sites = paths.body_site.all(item);
                modifiers.extend(sites.into_iter().flat_map(|site| self.codes.modifiers(site)));
                let mut once: Vec<String> = Vec::new();
                modifiers.into_iter().for_each(|modifier| {
                    if !once.contains(&modifier) {
                        once.push(modifier)
                    }
                });
                Some(Procedure { system, code, modifiers: once, ..Procedure::default() })
            }
            // The service was given and nobody has coded it for billing yet: that is for the crosswalk or a coder.
            Service::Clinical(code) => {
                Some(Procedure { system: ProcedureSystem::Internal, code, ..Procedure::default() })
            }
            Service::Nothing => {
                let remedy = "have the source code the service; words cannot be billed";
                problems.push(of.problem("fhir.no-code", concept, "no code", "a CPT or HCPCS code", remedy));
                None
            }
        }
    }

    fn dates(&self, source: &Source<'_, '_, '_>, problems: &mut Vec<Problem>) -> Option<DateRange> {
        let Source { of, item, paths, dates, .. } = source;
        if let Some(own) = paths.date.first(item) {
            return values::range(of, own, problems);
        }
        if let Some((of, whole)) = dates {
            return values::range(of, whole, problems);
        }
        let remedy = "have the source record the day of service; nothing is taken for a day that was not said";
        problems.push(of.problem("fhir.no-date", item, "no day of service", "a day of service", remedy));
        None
    }

    /// Units times price, where that is a whole number of cents and no factor changes it.
    fn times(
        &self,
        source: &Source<'_, '_, '_>,
        units: i64,
        price: Option<i64>,
        problems: &mut Vec<Problem>,
    ) -> Option<i64> {
        let (item, of) = (source.item, source.of);
        if let Some(factor) = item.get("factor").filter(|_| price.is_some())
            && factor.decimal().and_then(|factor| factor.thousandths()) != Some(1000)
        {
            let remedy = "have the source state the amount of the line (net)";
            problems.push(of.problem("fhir.factor", factor, "a factor without an amount", "an amount", remedy));
            return None;
        }
        let product = units.checked_mul(price?)?;
        (product % 1000 == 0).then_some(product / 1000)
    }

    fn drug(&self, source: &Source<'_, '_, '_>) -> Option<crate::claim::Drug> {
        let found = source.paths.ndc.all(source.item);
        let (concept, ndc) = found.into_iter().find_map(|concept| Some((concept, self.codes.ndc(concept)?)))?;
        // The quantity of a Claim's drug stands beside its code.
        let parts = source.item.get("detail").map(Json::items).unwrap_or_default();
        let part = parts.iter().find(|part| part.get("productOrService").is_some_and(|code| code.at == concept.at));
        let quantity = part.and_then(|part| part.get("quantity"));
        let thousandths = quantity.and_then(|quantity| quantity.get("value")?.decimal()?.thousandths());
        let unit =
            quantity.and_then(|quantity| quantity.text_of("code").or(quantity.text_of("unit"))).unwrap_or_default();
        code::drug(&ndc, thousandths, unit)
    }

    /// Whether a resource has a code that can be billed.
    pub(super) fn is_billable(&self, paths: &LinePaths, item: &Json<'_>) -> bool {
        let billed = |concept: &&Json<'_>| match self.codes.service(concept) {
            Service::Code(system, ..) => system != ProcedureSystem::Internal,
            _ => false,
        };
        !matches!(item.value, Value::Null) && paths.code.all(item).iter().any(billed)
    }
}
