//! What every command prints with: colours that vanish where there is no terminal, tables, money, days.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};

use crate::claim::{from_day_number, iso};

/// Errors and refusals.
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
/// What is well.
pub(crate) const GREEN: Style = AnsiColor::Green.on_default().bold();
/// Headings.
pub(crate) const BOLD: Style = Style::new().bold();
/// End of any of them.
pub(crate) const RESET: anstyle::Reset = anstyle::Reset;

/// Cents as dollars: `1,234.50`, `-0.05`.
pub(crate) fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let whole = (cents.unsigned_abs() / 100).to_string();
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{:02}", cents.unsigned_abs() % 100)
}

/// A stored day number as people read it.
pub(crate) fn day(number: i64) -> String {
    iso(from_day_number(number))
}

/// Columns of a terminal that does not say.
const USUAL_WIDTH: u16 = 120;

/// A plain table with a heading line.
pub(crate) fn table(heading: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(heading.to_vec());
    // A terminal that does not know its width says 0: that is no table one letter wide.
    if table.width() == Some(0) {
        table.set_width(USUAL_WIDTH);
    }
    table
}

/// Columns of a line of a list: those of the terminal, else 120.
pub(crate) fn line_width() -> usize {
    usize::from(Table::new().width().filter(|width| *width > 0).unwrap_or(USUAL_WIDTH))
}

/// A line of at most so many characters; one that is cut ends in an ellipsis.
pub(crate) fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        None => text.to_owned(),
        Some(_) => text.chars().take(width.saturating_sub(1)).chain(['\u{2026}']).collect(),
    }
}

/// A text from outside as it may go to a terminal: a line end or an escape sequence in it is shown, not obeyed.
pub(crate) fn visible(text: &str) -> String {
    text.chars().map(|one| if one.is_control() { one.escape_default().to_string() } else { one.to_string() }).collect()
}

/// Prints a line of data. A reader that has gone away (`| head`) ends the process quietly.
pub(crate) fn print(text: &str) {
    if writeln!(anstream::stdout().lock(), "{text}").is_err() {
        std::process::exit(0);
    }
}

/// Prints a record for machines.
pub(crate) fn print_json<T: serde::Serialize>(value: &T) {
    // Our own records hold texts and numbers only, for which serialisation cannot fail.
    print(&serde_json::to_string(value).unwrap_or_default());
}

/// Sends logs to standard error: lines for people, JSON for machines. `CLAIMHOST_LOG` chooses (`debug`,
/// `claimhost::plugin=trace`); a service tells what it does by default, a command only what is wrong.
pub(crate) fn log_to_stderr(json: bool, service: bool) {
    let usual = if service { "warn,claimhost=info" } else { "warn" };
    let asked = std::env::var("CLAIMHOST_LOG").ok();
    let filter = filter(asked.as_deref(), usual);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    // A second subscriber is refused; the first one stays.
    let _ = if json { lines.json().try_init() } else { lines.try_init() };
}

/// What is asked for, or else what is usual. Below warnings, what watches the folders is never heard: it tells the names of the
/// files there, which come from outside and may be a patient's. What speaks HTTP is never heard at all: addresses hold patients' ids.
fn filter(asked: Option<&str>, usual: &str) -> tracing_subscriber::EnvFilter {
    let parse = |text: &str| tracing_subscriber::EnvFilter::try_new(text).ok();
    let filter = asked.filter(|text| !text.is_empty()).and_then(parse).unwrap_or_else(|| usual.into());
    let quiet = ["notify=warn", "ureq=off", "ureq_proto=off", "rustls=off"];
    quiet
        .iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, tracing_subscriber::EnvFilter::add_directive)
}

/// A bar on standard error for long work; nothing is drawn where nobody looks.
pub(crate) fn progress_bar(length: usize, unit: &str, quiet: bool) -> indicatif::ProgressBar {
    if quiet {
        return indicatif::ProgressBar::hidden();
    }
    let bar = indicatif::ProgressBar::new(u64::try_from(length).unwrap_or(0));
    if let Ok(style) = indicatif::ProgressStyle::with_template(&format!("{{bar:30}} {{pos}}/{{len}} {unit}  {{msg}}")) {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::{dollars, filter, visible};

    #[test]
    fn what_a_name_would_tell_a_terminal_is_shown() {
        assert_eq!(visible("a\nb\u{1b}[2Jé"), "a\\nb\\u{1b}[2Jé");
    }

    #[test] // a directive of the environment for the same target would win: it is replaced
    fn names_of_outside_files_are_in_no_log() {
        for asked in ["trace", "notify=trace", "notify=debug,claimhost=info"] {
            let text = filter(Some(asked), "warn").to_string();
            assert!(
                text.split(',').any(|one| one == "notify=warn") && !text.contains("notify=trace"),
                "{asked}: {text}"
            );
            assert!(!text.contains("notify=debug"), "{asked}: {text}");
        }
        assert!(filter(Some("no=such=level"), "error").to_string().contains("error"));
    }

    #[test]
    fn cents_read_as_dollars() {
        for (cents, text) in
            [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123_450, "1,234.50"), (-100_000_000, "-1,000,000.00")]
        {
            assert_eq!(dollars(cents), text);
        }
    }
}
