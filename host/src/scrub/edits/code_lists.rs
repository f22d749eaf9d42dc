//! The codes of a claim against the lists of their days: which exist, may be billed, have ended or have not begun.
//!
//! One pass asks for every code once; what it finds is told by one of four edits. What no list can tell is in `code_cover.rs`.
//! CPT, its modifiers and provider taxonomy are asked where the operator has imported their lists; else their form is all.

use crate::claim::{
    Claim, DiagnosisSystem, Frequency, ProcedureSystem, Provider, ServiceLine, Severity, day_number, from_day_number,
    iso,
};
use crate::codes::container::Label;
use crate::codes::{ICD10_STARTS, System, Verdict, below, look, near};
use crate::scrub::form::is_day;
use crate::scrub::{Context, Edit, Explain, Report};

/// Codes that words propose at most.
const PROPOSED_MAX: usize = 4;

/// See [`Edit::text`].
pub const UNKNOWN: Edit = Edit {
    id: "code.unknown",
    title: "A code is on no list of its code set",
    severity: Severity::Hold,
    source: "45 CFR 162.1002; CMS and CDC ICD-10-CM; CMS HCPCS Level II and its modifiers; CMS Place of Service Code Set; NUCC",
    explain: Explain {
        what: "Asks the loaded lists for every diagnosis, HCPCS code, HCPCS modifier and place of service on its day of service, and for CPT numbers, CPT modifiers and taxonomies where their lists were imported. A code has the form of its set and is on none of its lists.",
        why: "The payer rejects the claim, or the line.",
        known_problems: "A code that is newer than every loaded list is taken for a slip: import the list of that day.",
        example: "I10.99. Repair: I10, as proposed.",
        fix: "None: codes that look like it are named, the chart decides.",
    },
    check,
};

/// See [`Edit::text`].
pub const NOT_BILLABLE: Edit = Edit {
    id: "code.not-billable",
    title: "A diagnosis is a category: codes below it are billed",
    severity: Severity::Hold,
    source: "ICD-10-CM Official Guidelines, section I.B.2: a code is invalid if it has not been coded to the full number of characters required",
    explain: Explain {
        what: "Finds diagnoses that have codes below them on the list of the day of service, a missing seventh character among them.",
        why: "The payer rejects the claim.",
        known_problems: "None known.",
        example: "E11. Repair: E11.9, or what the chart says.",
        fix: "None: the codes below are named, the chart decides.",
    },
    check: told_by_unknown,
};

/// See [`Edit::text`].
pub const NOT_YET: Edit = Edit {
    id: "code.not-yet-effective",
    title: "A code was not yet in force on the day of service",
    severity: Severity::Hold,
    source: "45 CFR 162.1002: the code sets in effect at the time the service is furnished",
    explain: Explain {
        what: "Finds codes that the lists have from a later day on.",
        why: "The day of service decides, not the day of billing: the payer rejects the code.",
        known_problems: "Where a list has no days of its own, the code begins with the first list that has it.",
        example: "B88.01 for a service of September 2025; it began on 2025-10-01. Repair: B88.0.",
        fix: "None.",
    },
    check: told_by_unknown,
};

/// See [`Edit::text`].
pub const RETIRED: Edit = Edit {
    id: "code.retired",
    title: "A code was no longer in force on the day of service",
    severity: Severity::Hold,
    source: "45 CFR 162.1002: the code sets in effect at the time the service is furnished; without a grace period (CMS CR 3093, CR 3094)",
    explain: Explain {
        what: "Finds codes that have ended before the day of service, and names what replaced them, or what the lists of the day have below them.",
        why: "The payer rejects the code.",
        known_problems: "Where a list has no days of its own, the code ends with the last list that has it.",
        example: "B88.0 for a service of October 2025. Repair: one of B88.01 to B88.09.",
        fix: "None: a code may have become several, the chart decides.",
    },
    check: told_by_unknown,
};

/// The pass of [`UNKNOWN`] has looked, and tells for the others too: each code is asked for once.
fn told_by_unknown(_: &Claim, _: &Context, _: &mut Report) {}

/// A code of a claim, where it stands, and the days that it is asked about.
#[derive(Clone, Copy)]
pub(super) struct Coded<'a> {
    pub(super) system: System,
    pub(super) code: &'a str,
    /// First and last day of the service: a code that is in force on either may be billed.
    pub(super) days: (i64, i64),
    /// The line, from 1; none for what the header has.
    pub(super) line: Option<u16>,
    field: &'static str,
    at: Option<usize>,
}

impl Coded<'_> {
    fn field(&self) -> String {
        self.at.map_or_else(|| self.field.to_owned(), |at| format!("{}[{at}]", self.field))
    }

    /// `Diagnosis 2 (E11.9)`, `The place of service of line 3 (29)`
    fn words(&self) -> String {
        let (code, at) = (written(self.system, self.code), self.at.map_or(0, |at| at + 1));
        let of = self.line.map_or(String::new(), |line| format!(" of line {line}"));
        match self.system {
            System::Icd10cm | System::Icd9cm => format!("Diagnosis {at} ({code})"),
            System::PlaceOfService => format!("The place of service{of} ({code})"),
            System::HcpcsModifier | System::CptModifier => format!("Modifier {code}{of}"),
            System::Taxonomy if self.field.starts_with("billing") => {
                format!("The taxonomy of the billing provider ({code})")
            }
            System::Taxonomy => format!("The taxonomy of the rendering provider{of} ({code})"),
            _ => format!("The procedure{of} ({code})"),
        }
    }

    /// What the lists say. A service of several days passes where either end does.
    pub(super) fn look<'s>(&self, context: &Context<'s>) -> (Verdict, Option<&'s Label>, i64) {
        let first = look(context.codes, self.system, self.code, self.days.0);
        if self.days.0 != self.days.1 && first.verdict != Verdict::Valid {
            let last = look(context.codes, self.system, self.code, self.days.1);
            if last.verdict == Verdict::Valid {
                return (last.verdict, last.table, self.days.1);
            }
        }
        (first.verdict, first.table, self.days.0)
    }
}

/// A code as billers write it: ICD-10-CM with its dot.
fn written(system: System, code: &str) -> String {
    match code.split_at_checked(3) {
        Some((category, rest)) if system == System::Icd10cm && !rest.is_empty() => format!("{category}.{rest}"),
        _ => code.to_owned(),
    }
}

fn written_all(system: System, codes: &[String]) -> String {
    codes.iter().map(|code| written(system, code)).collect::<Vec<_>>().join(", ")
}

/// Calls for every code of a claim that a list may know and that has the form of its set: other edits tell what has not. A void
/// takes back what was sent as it was.
pub(super) fn each<'a>(claim: &'a Claim, mut found: impl FnMut(Coded<'a>)) {
    if claim.frequency == Frequency::Void {
        return;
    }
    let Some(first) = claim.lines.iter().filter_map(days).min() else { return };
    let header = &claim.header;
    let taxonomy = |provider: &'a Option<Provider>| provider.as_ref()?.taxonomy.as_deref();
    let of_header = [
        (System::Taxonomy, taxonomy(&header.billing), "billing.taxonomy"),
        (System::Taxonomy, taxonomy(&header.rendering), "rendering.taxonomy"),
        (System::PlaceOfService, Some(header.place_of_service.as_str()), "place_of_service"),
    ];
    for (system, code, field) in of_header {
        if let Some(code) = code.filter(|code| system.fits(code)) {
            found(Coded { system, code, days: first, line: None, field, at: None });
        }
    }
    each_diagnosis(claim, first, &mut found);
    for (number, line) in super::numbered(claim) {
        let Some(days) = days(line) else { continue };
        let mut tell = |system, code, field, at| found(Coded { system, code, days, line: Some(number), field, at });
        let code = line.procedure.code.as_str();
        if matches!(line.procedure.system, ProcedureSystem::Cpt | ProcedureSystem::Hcpcs)
            && let Some(system) = System::of_procedure(code)
        {
            tell(system, code, "procedure.code", None);
        }
        for (at, modifier) in line.procedure.modifiers.iter().enumerate() {
            if let Some(system) = System::of_modifier(modifier).filter(|_| !is_way(code, modifier)) {
                tell(system, modifier, "procedure.modifiers", Some(at));
            }
        }
        if System::PlaceOfService.fits(&line.place_of_service) {
            tell(System::PlaceOfService, &line.place_of_service, "place_of_service", None);
        }
        let rendering = line.providers.as_ref().and_then(|providers| taxonomy(&providers.rendering));
        if let Some(code) = rendering.filter(|code| System::Taxonomy.fits(code)) {
            tell(System::Taxonomy, code, "providers.rendering.taxonomy", None);
        }
    }
}

/// Where a ride begins and where it ends, a letter each: no list has their pairs. Medicare Claims Processing Manual, chapter 15,
/// section 30 A.
fn is_way(code: &str, modifier: &str) -> bool {
    let is_place = |letter: u8| b"DEGHIJNPRSX".contains(&letter);
    code.starts_with("A0") && modifier.bytes().all(is_place)
}

/// A diagnosis is asked about on the days of the lines that point to it, each day once; one that no line points to, on the first
/// day. Days before ICD-10-CM are another edit's (`diagnosis.system`).
fn each_diagnosis<'a>(claim: &'a Claim, first: (i64, i64), found: &mut impl FnMut(Coded<'a>)) {
    let starts = day_number(ICD10_STARTS);
    for (at, diagnosis) in claim.header.diagnoses.iter().enumerate() {
        let code = diagnosis.code.as_str();
        if diagnosis.system != DiagnosisSystem::Icd10cm || !System::Icd10cm.fits(code) {
            continue;
        }
        let points = |line: &&ServiceLine| line.diagnosis_pointers.iter().any(|to| usize::from(*to) == at + 1);
        let pointing = || claim.lines.iter().filter(points).filter_map(days);
        let mut ask = |days: (i64, i64)| {
            if days.0 >= starts {
                found(Coded { system: System::Icd10cm, code, days, line: None, field: "diagnoses", at: Some(at) });
            }
        };
        let mut is_pointed_to = false;
        for (nth, days) in pointing().enumerate() {
            is_pointed_to = true;
            if !pointing().take(nth).any(|before| before == days) {
                ask(days);
            }
        }
        if !is_pointed_to {
            ask(first);
        }
    }
}

fn days(line: &ServiceLine) -> Option<(i64, i64)> {
    let (start, end) = (line.service_dates.start, line.service_dates.end);
    let (first, last) = (is_day(start).then(|| day_number(start))?, is_day(end).then(|| day_number(end))?);
    (first <= last).then_some((first, last))
}

fn check(claim: &Claim, context: &Context, report: &mut Report) {
    let mut told: Option<(&'static str, Option<usize>)> = None;
    each(claim, |coded| {
        let (verdict, table, day) = coded.look(context);
        let asked =
            || table.map_or(String::new(), |label| format!(" (list {} of {})", label.version, coded.system.title()));
        let (edit, words) = match verdict {
            Verdict::Valid | Verdict::NotCovered => return,
            Verdict::Unknown => (&UNKNOWN, unknown(&coded, context, day, table)),
            Verdict::NotBillable => (&NOT_BILLABLE, category(&coded, context, near_day(day, table), &asked())),
            Verdict::NotYet { first } => {
                let words = format!(
                    "is in force from {} on by the loaded lists, after the day of service{}. Take the code that was in force then, or correct the day.",
                    date(first),
                    asked()
                );
                (&NOT_YET, words)
            }
            Verdict::Retired { last, replaced_by } => {
                let words = format!(
                    "was in force until {} by the loaded lists, before the day of service{}.{}",
                    date(last),
                    asked(),
                    instead(&coded, context, near_day(day, table), &replaced_by)
                );
                (&RETIRED, words)
            }
        };
        // A diagnosis of several days is told once.
        if coded.field == "diagnoses" && told == Some((coded.field, coded.at)) {
            return;
        }
        told = Some((coded.field, coded.at));
        report.of(edit).at(coded.line, coded.field(), format!("{} {words}", coded.words()));
    });
}

fn date(day: i64) -> String {
    iso(from_day_number(day))
}

/// The day of a table nearest to a day.
fn near_day(day: i64, table: Option<&Label>) -> i64 {
    table.map_or(day, |label| label.cover.nearest(day))
}

fn unknown(coded: &Coded<'_>, context: &Context, day: i64, table: Option<&Label>) -> String {
    let asked = near_day(day, table);
    let candidates = match coded.system {
        System::PlaceOfService => Vec::new(), // two digits: every slip is another place
        _ => near(context.codes, coded.system, coded.code, asked, PROPOSED_MAX),
    };
    let meant = match candidates.as_slice() {
        [] => String::new(),
        codes => format!(" Perhaps {} was meant.", written_all(coded.system, codes).replace(", ", " or ")),
    };
    let newer = match table {
        Some(label) if !label.cover.has(day) => {
            " If it is newer than that list, import the one of the day of service (`claimhost codes import`)."
        }
        _ => "",
    };
    let version = table.map_or("", |label| label.version.as_str());
    let set = match coded.system {
        System::PlaceOfService => "places of service",
        System::HcpcsModifier => "modifiers of HCPCS",
        System::CptModifier => "modifiers of CPT",
        System::Taxonomy => "provider taxonomies",
        other => return format!("is not in {} (list {version}).{meant} Correct it.{newer}", other.title()),
    };
    format!("is not among the {set} (list {version}).{meant} Correct it.{newer}")
}

fn category(coded: &Coded<'_>, context: &Context, day: i64, asked: &str) -> String {
    let (codes, count) = below(context.codes, coded.system, coded.code, day, PROPOSED_MAX);
    let seventh = coded.code.len() == 6 && codes.iter().all(|code| code.len() == 7);
    let such_as = match (codes.len(), count) {
        (0, _) => String::new(),
        (shown, count) if shown < count => {
            format!(": {count} codes below it, such as {}", written_all(coded.system, &codes))
        }
        _ => format!(": {}", written_all(coded.system, &codes)),
    };
    let what = if seventh { "lacks its seventh character" } else { "is a category and is not billed itself" };
    format!("{what}{asked}{such_as}. Code it in full.")
}

/// What to take for a code that has ended: what replaced it, else what the list of the day has below it.
fn instead(coded: &Coded<'_>, context: &Context, day: i64, replaced_by: &str) -> String {
    if !replaced_by.is_empty() {
        return format!(" {replaced_by} replaced it: take that, if the record supports it.");
    }
    let (codes, _) = below(context.codes, coded.system, coded.code, day, PROPOSED_MAX);
    match codes.as_slice() {
        [] => " Take the code that is in force on that day.".to_owned(),
        codes => {
            format!(" It has codes below it now: {}.", written_all(coded.system, codes))
        }
    }
}
