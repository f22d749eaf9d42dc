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

/// A plain table with a heading line.
pub(crate) fn table(heading: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(heading.to_vec());
    table
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
    let filter = tracing_subscriber::EnvFilter::try_from_env("CLAIMHOST_LOG").unwrap_or_else(|_| usual.into());
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    // A second subscriber is refused; the first one stays.
    let _ = if json { lines.json().try_init() } else { lines.try_init() };
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
    use super::{dollars, visible};

    #[test]
    fn what_a_name_would_tell_a_terminal_is_shown() {
        assert_eq!(visible("a\nb\u{1b}[2Jé"), "a\\nb\\u{1b}[2Jé");
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
