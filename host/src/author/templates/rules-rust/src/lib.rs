//! {{name}}: rules over professional claims, each with the public page that states it and its first day.

use std::collections::BTreeMap;

use claimhost_sdk::claim::{Date, ServiceLine};
use claimhost_sdk::intake::{Problem, Setup};
use claimhost_sdk::mapping::Mapping;
use claimhost_sdk::review::{ClaimInContext, ClaimPlace, DateBasis, Finding, Rule, Severity};
use claimhost_sdk::{Rules, RulesDescription};

const RULE: &str = "{{name}}.needs-modifier";
/// First day of service.
const EFFECTIVE: Date = Date { year: 2025, month: 1, day: 1 };

/// One session: what each code needs.
pub struct Session {
    needs: BTreeMap<String, Vec<String>>,
}

impl Rules for Session {
    fn describe() -> RulesDescription {
        RulesDescription {
            id: "{{name}}".to_owned(),
            title: "Rules of {{name}}".to_owned(),
            look_back_days: 0,
            rules: vec![Rule {
                id: RULE.to_owned(),
                title: "A code without the modifier that it needs".to_owned(),
                severity: Severity::Hold,
                source_url: "https://example.org/policy".to_owned(),
                effective: Some(EFFECTIVE),
                ended: None,
                basis: DateBasis::Service,
            }],
        }
    }

    fn open(setup: Setup) -> Result<Self, Vec<Problem>> {
        let mut mapping = Mapping::parse(&setup.mapping);
        let needs = mapping.table("needs", &[]);
        mapping.finish()?;
        let words = |text: String| text.split_whitespace().map(str::to_owned).collect();
        Ok(Self { needs: needs.into_iter().map(|(code, modifiers)| (code, words(modifiers))).collect() })
    }

    fn check(&self, input: &ClaimInContext) -> Vec<Finding> {
        let lines = (1_u16..).zip(&input.claim.lines);
        lines.filter_map(|(number, line)| self.needs_modifier(number, line)).collect()
    }
}

impl Session {
    fn needs_modifier(&self, number: u16, line: &ServiceLine) -> Option<Finding> {
        let day = |date: Date| (date.year, date.month, date.day);
        let wanted = self.needs.get(&line.procedure.code)?;
        let has_one = line.procedure.modifiers.iter().any(|modifier| wanted.contains(modifier));
        if has_one || day(line.service_dates.start) < day(EFFECTIVE) {
            return None;
        }
        let (code, wanted) = (&line.procedure.code, wanted.join(", "));
        Some(Finding {
            rule: RULE.to_owned(),
            severity: Severity::Hold,
            at: ClaimPlace { line: Some(number), field: "procedure.modifiers".to_owned() },
            // For a biller: codes and amounts, never who the patient is.
            words: format!("{code} on line {number} has none of {wanted}: add the one that the record calls for."),
            fix: None,
        })
    }
}

claimhost_sdk::rules!(Session);
