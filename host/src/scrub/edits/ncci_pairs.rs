//! NCCI PTP: two procedures of one provider, patient and day that are not paid beside each other.

use crate::claim::{Claim, Severity};
use crate::codes::container::Label;
use crate::ncci::Tables;
use crate::ncci::modifier::{self, Side, Unseparated};
use crate::ncci::ptp::{Indicator, PtpTable};
use crate::scrub::billed::{self, Billed, Place};
use crate::scrub::{Context, Edit, Explain, Report};

const FIELD: &str = "procedure";

/// See [`Edit::text`].
pub const NEVER: Edit = Edit {
    id: "ncci.ptp",
    title: "A procedure is part of another one of that day, and no modifier separates them",
    severity: Severity::Hold,
    source: "CMS NCCI Policy Manual for Medicare Services, chapter 1, section E; NCCI PTP table, modifier indicator 0",
    explain: Explain {
        what: "Finds column 1 and column 2 of a pair with indicator 0, in either order, on the same day by the same rendering provider: two lines of the claim, or a line and another claim of the visit or an earlier live one, to the same payer.",
        why: "The column 2 code is denied, whatever its modifiers say.",
        known_problems: "Of two claims of one visit (split by place or authorization) the one with column 2 is told, or the other where that has left. Where Medicare covers none of the column 2 code (MUE 0) its pair is a warning for other payers. Payers who do not follow NCCI: ncci = false at the payer in the profile.",
        example: "80053 and 80048 on one day. Repair: remove 80048.",
        fix: "None: which of the two was done is in the chart.",
    },
    check: never,
};

/// See [`Edit::text`].
pub const MODIFIER_MISSING: Edit = Edit {
    id: "ncci.ptp.modifier-missing",
    title: "A procedure is part of another one of that day unless a modifier separates them, and none does",
    severity: Severity::Hold,
    source: "CMS NCCI Policy Manual for Medicare Services, chapter 1, section E; MLN1783722; CR 11168; NCCI PTP table, modifier indicator 1",
    explain: Explain {
        what: "As ncci.ptp, for pairs with indicator 1. What separates: 24, 25, 57 on a visit; 59, XE, XS, XP, XU, 58, 78, 79 on a procedure; 91 on a laboratory test; sides, digits, eyelids and coronary arteries that differ. 76 and 77 separate nothing.",
        why: "Without it the column 2 code is denied; with it, it is paid where the record supports it.",
        known_problems: "A side on column 2 alone is taken as another site, as claim systems do; one on column 1 alone, which ordinary coding has anyway, is asked about although claim systems let it pass. Whether surgery is major (57) or minor (25) is not known here.",
        example: "20610 and 99213 on one day. Repair: 99213-25, if the visit was significant and separate.",
        fix: "None: whether the visit was significant and separate is in the chart. Another diagnosis is neither needed nor enough (chapter 1, section D).",
    },
    check: modifier_missing,
};

/// A pair that the table bundles on a day.
struct Bundled<'a> {
    column1: Billed<'a>,
    column2: Billed<'a>,
    /// CMS's reason, where the file has it in words.
    rationale: &'a str,
    day: i64,
    table: &'a Label,
}

/// What is told of one line: every pair that it is in, as severe as the worst of them.
struct Told {
    line: u16,
    words: String,
    severity: Severity,
}

/// A line has one finding of an edit, which names all of its pairs: a second finding at one place would look like the first.
fn tell(told: &mut Vec<Told>, line: u16, words: String, severity: Severity) {
    match told.iter_mut().find(|known| known.line == line) {
        Some(known) => {
            known.words.push(' ');
            known.words.push_str(&words);
            if severity == Severity::Hold {
                known.severity = severity;
            }
        }
        None => told.push(Told { line, words, severity }),
    }
}

fn report_all(told: Vec<Told>, report: &mut Report) {
    for Told { line, words, severity } in told {
        report.at_as(severity, Some(line), FIELD, words);
    }
}

fn never(claim: &Claim, context: &Context, report: &mut Report) {
    let mut told = Vec::new();
    each(claim, context, Indicator::Never, |pair| {
        let what = match pair.column2.place {
            _ if pair.crosses() => format!(
                "{} ({}): they are not paid together, and no modifier changes that. Remove {}, or correct the code that is wrong.",
                pair.bundled(),
                pair.named(),
                pair.column2.code
            ),
            Place::Line(_) => format!(
                "{} ({}): it is not paid, and no modifier changes that. Remove it, or correct the code that is wrong.",
                pair.bundled(),
                pair.named()
            ),
            Place::Sibling { .. } | Place::Earlier(_) => format!(
                "{} includes {}, which was billed for that day ({}): they are not paid together, and no modifier changes that. Replace that claim, or correct the code that is wrong.",
                sentence(&pair.column1),
                pair.column2.words(),
                pair.named()
            ),
        };
        // Medicare pays none of the code anyway, and another payer that does has no reason to bundle it.
        let moot =
            !billed::is_medicare_coverage(claim) && super::ncci_units::is_uncovered(claim, context, &pair.column2);
        tell(&mut told, pair.line(), what, if moot { Severity::Warn } else { Severity::Hold });
    });
    report_all(told, report);
}

fn modifier_missing(claim: &Claim, context: &Context, report: &mut Report) {
    let mut told = Vec::new();
    each(claim, context, Indicator::WithModifier, |pair| {
        let [column1, column2] =
            [&pair.column1, &pair.column2].map(|billed| Side { code: billed.code, modifiers: billed.modifiers });
        let Err(why) = modifier::separates(&column1, &column2, pair.day) else { return };
        let why = match why {
            Unseparated::NoModifier => String::new(),
            Unseparated::WrongCode(letters) => format!(" Modifier {} does not separate them here.", text(letters)),
            Unseparated::SameSite(letters) => format!(" Both are at {}, which is one site.", text(letters)),
            Unseparated::OneSide(letters) => {
                format!(" {} is on the other procedure alone, and says nothing of where this one was.", text(letters))
            }
        };
        let words = format!(
            "{} ({}) unless a modifier says that it was separate.{why} {}",
            pair.bundled(),
            pair.named(),
            question(&pair)
        );
        tell(&mut told, pair.line(), words, Severity::Hold);
    });
    report_all(told, report);
}

impl Bundled<'_> {
    /// The line of this claim that the finding is about: column 2, or column 1 where column 2 was billed before.
    fn line(&self) -> u16 {
        match (self.column2.place, self.column1.place) {
            (Place::Line(line), _) | (_, Place::Line(line)) => line,
            _ => 0,
        }
    }

    /// One side is on another claim of the visit.
    fn crosses(&self) -> bool {
        [&self.column1, &self.column2].iter().any(|billed| matches!(billed.place, Place::Sibling { .. }))
    }

    /// What is part of what. Of two claims of a visit either may be the one that is looked at: a word on the pair is one on both,
    /// so it reads the same on both.
    fn bundled(&self) -> String {
        let Self { column1, column2, .. } = self;
        if self.crosses() {
            format!(
                "{0} and {1} are on two claims of this visit, and {0} is part of {1} on that day",
                column2.code, column1.code
            )
        } else {
            format!("{} is part of {} on that day", sentence(column2), column1.words())
        }
    }

    /// `NCCI pair 20610/99213: REASON; table 2024Q3, DAYS`
    fn named(&self) -> String {
        let Self { column1, column2, table, rationale, .. } = self;
        let worded = rationale.chars().any(char::is_alphabetic);
        let reason = if worded { format!(": {rationale}") } else { String::new() };
        format!("NCCI pair {}/{}{reason}; table {}, {}", column1.code, column2.code, table.version, table.cover)
    }
}

/// Calls for every pair of the claim that a table bundles with this indicator.
fn each<'a>(claim: &'a Claim, context: &Context<'a>, indicator: Indicator, mut found: impl FnMut(Bundled<'a>)) {
    if !billed::follows_ncci(claim, context) {
        return;
    }
    let mut tables = Opened { tables: Tables::of(context.codes), last: None };
    let lines = billed::own(claim);
    for (at, line) in lines.clone().enumerate() {
        let others = lines.clone().skip(at + 1).chain(billed::beside(claim, context));
        for other in others {
            let Some(day) = line.meets(&other) else { continue };
            let Some((table, label)) = tables.on(day) else { continue };
            let Ok(day_in_table) = i32::try_from(day) else { continue };
            for (column1, column2) in [(line, other), (other, line)] {
                // The claim that it is on is told.
                if matches!(column2.place, Place::Sibling { has_left: false }) {
                    continue;
                }
                let row = table.lookup(column1.code, column2.code, day_in_table);
                if let Some(row) = row.filter(|row| row.indicator == indicator) {
                    found(Bundled { column1, column2, rationale: table.rationale(&row), day, table: label });
                }
            }
        }
    }
}

/// The table of the last day asked for: the lines of most claims share one.
struct Opened<'a> {
    tables: Tables<'a>,
    last: Option<(i64, Option<(PtpTable<'a>, &'a Label)>)>,
}

impl<'a> Opened<'a> {
    fn on(&mut self, day: i64) -> Option<(PtpTable<'a>, &'a Label)> {
        match self.last {
            Some((known, table)) if known == day => table,
            _ => {
                let table = self.tables.ptp(day).known();
                self.last = Some((day, table));
                table
            }
        }
    }
}

/// What only the chart can answer.
fn question(pair: &Bundled<'_>) -> String {
    let line = match pair.column2.place {
        Place::Sibling { .. } => pair.column2.code.to_string(),
        Place::Line(_) if pair.crosses() => pair.column2.code.to_string(),
        Place::Line(line) => format!("line {line}"),
        Place::Earlier(claim) => format!("that line of claim {claim}"),
    };
    if modifier::is_visit(pair.column2.code) {
        format!(
            "Was the visit significant and separate from the procedure? If the record says so, enter 25 on {line} (57 where it decided on major surgery, 24 where it has nothing to do with an earlier one); if not, remove it."
        )
    } else {
        format!(
            "Was it at another site, in another encounter, or for another reason? If the record says so, enter the sides or digits, else XS, XE, XP, XU or 59 on {line}; if not, remove it."
        )
    }
}

/// Its words at the beginning of a sentence.
fn sentence(billed: &Billed<'_>) -> String {
    let words = billed.words();
    words.strip_prefix("line").map_or_else(|| words.clone(), |rest| format!("Line{rest}"))
}

fn text(letters: [u8; 2]) -> String {
    letters.iter().map(|letter| char::from(*letter)).collect()
}
