//! The questions of `charge enter` on a terminal. Questions and problems go to standard error; what is keyed lives in memory only
//! until the whole entry is good.

use std::io::{BufRead, Write};

use super::check::{Checker, Needs};
use super::entry::{Entry, Problem, Texts, Weight};
use super::field::{CHARGE, Field, VISIT, misfit};
use crate::cli::Failure;
use crate::cli::output::{BOLD, RED, RESET, dollars};

/// Says something to the person who keys.
pub(super) fn say(text: &str) {
    anstream::eprintln!("{text}");
}

/// One whole entry; none where the person is done.
pub(super) fn entry(checker: &Checker, double_key: bool) -> Result<Option<Entry>, Failure> {
    loop {
        say(&format!(
            "\n{BOLD}New visit{RESET}  (an empty visit number ends; ctrl-C stops, and nothing of the entry is kept)"
        ));
        let Some(mut entry) = keying(checker, true)? else { return Ok(None) };
        if double_key {
            say(&format!("\n{BOLD}The same visit once more{RESET}"));
            let Some(second) = keying(checker, false)? else { return Ok(None) };
            if !settle(&mut entry, &second)? {
                continue;
            }
        }
        let problems = checker.look(&entry)?;
        problems.iter().for_each(tell);
        if problems.iter().any(|problem| problem.weight == Weight::Refuse) {
            say("This cannot be entered as it is. Key it again.");
            continue;
        }
        let what = format!("{} charges, ${}", entry.charges.len(), dollars(entry.cents()));
        let held = problems.iter().any(|problem| problem.weight == Weight::Hold);
        let question = if held {
            format!("Its claim would be held. Enter {what} all the same?")
        } else {
            format!("Enter {what}?")
        };
        if yes(&question, !held)? {
            return Ok(Some(entry));
        }
        say("Nothing of it is kept.");
    }
}

/// Asks every field once. Each is looked at as it is keyed, or (a second keying) only its form.
fn keying(asker: &Checker, looks: bool) -> Result<Option<Entry>, Failure> {
    let checker = looks.then_some(asker);
    let mut entry = Entry { closed: true, ..Entry::default() };
    for field in VISIT {
        if !is_asked(field.key, &entry.visit, &asker.needs(&entry.visit)) {
            continue;
        }
        let ends = field.key == "visit";
        let look = |text: &str, so_far: &Entry| {
            let mut so_far = so_far.clone();
            so_far.visit.insert(field.key, text.to_owned());
            checker.map_or(Ok(Vec::new()), |checker| checker.look_at(&so_far, field.key))
        };
        let Some(text) = one(field, "", ends, |text| look(text, &entry))? else { return Ok(None) };
        entry.visit.insert(field.key, text);
    }
    loop {
        let at = entry.charges.len();
        say(&format!("Charge {}{}", at + 1, if at == 0 { "" } else { "  (an empty charge id ends)" }));
        let Some(charge) = charge(checker, &entry)? else { break };
        entry.charges.push(charge);
    }
    entry.closed = yes("Is this all of the visit, to be billed now?", true)?;
    Ok(Some(entry))
}

/// One charge; none where the person is done with them.
fn charge(checker: Option<&Checker>, entry: &Entry) -> Result<Option<Texts>, Failure> {
    let at = entry.charges.len();
    let mut charge = Texts::new();
    for field in CHARGE {
        let drug = charge.get("procedure").is_some_and(|code| code.starts_with('J'));
        let is_timed = charge.get("procedure").is_some_and(|code| is_anesthesia(code));
        let has_minutes = charge.get("minutes").is_some_and(|minutes| !minutes.is_empty());
        let skipped = match field.key {
            "action" => true,
            "minutes" => !is_timed,
            "units" => has_minutes,
            key => key.starts_with("ndc") && !drug,
        };
        if skipped {
            continue;
        }
        let usual = match field.key {
            "service_date" => entry.visit.get("service_date").map_or("", String::as_str),
            "units" => "1",
            _ => "",
        };
        let path = format!("charges[{at}].{}", field.key);
        let look = |text: &str, so_far: &Texts| {
            let (mut whole, mut charge) = (entry.clone(), so_far.clone());
            charge.insert(field.key, text.to_owned());
            whole.charges.push(charge);
            whole.fill();
            // Before its code there is no line to look at.
            let ready = so_far.contains_key("procedure") || field.key == "procedure";
            checker.filter(|_| ready).map_or(Ok(Vec::new()), |checker| checker.look_at(&whole, &path))
        };
        let ends = field.key == "charge_id" && at > 0;
        let Some(text) = one(field, usual, ends, |text| look(text, &charge))? else { return Ok(None) };
        charge.insert(field.key, text);
    }
    Ok(Some(charge))
}

/// Asks for one field until it is good, or kept as it is. `ends`: nothing keyed is an answer, and ends what is asked for.
fn one(
    field: &Field,
    usual: &str,
    ends: bool,
    look: impl Fn(&str) -> Result<Vec<Problem>, Failure>,
) -> Result<Option<String>, Failure> {
    let mut kept: Option<String> = None;
    loop {
        let offered = kept.as_deref().unwrap_or(usual);
        let shown = if offered.is_empty() { String::new() } else { format!(" [{offered}]") };
        let keyed = ask(&format!("{}{shown}: ", field.words))?;
        if keyed.is_empty()
            && let Some(kept) = kept
        {
            return Ok(Some(kept));
        }
        let keyed = if keyed.is_empty() { usual.to_owned() } else { keyed };
        if keyed.is_empty() {
            if ends {
                return Ok(None);
            }
            if field.required {
                say(&format!("  {RED}needed{RESET}: {}", field.form.wanted()));
                continue;
            }
            return Ok(Some(keyed));
        }
        let text = match field.form.normal(&keyed) {
            Ok(text) => text,
            Err(expected) => {
                say(&format!("  {RED}no{RESET}: {}", misfit(&keyed, &expected)));
                continue;
            }
        };
        let problems = look(&text)?;
        problems.iter().for_each(tell);
        match problems.iter().map(|problem| problem.weight).max() {
            None | Some(Weight::Warn) => return Ok(Some(text)),
            Some(Weight::Hold) => {
                say("  Key it anew, or press Enter to keep it");
                kept = Some(text);
            }
            Some(Weight::Refuse) => {}
        }
    }
}

/// Where two keyings differ, a third decides, if it is one of the two. False: they have another number of charges.
fn settle(first: &mut Entry, second: &Entry) -> Result<bool, Failure> {
    for difference in first.differences(second) {
        say(&format!(
            "  {RED}{}{RESET}: first {}, then {}",
            difference.field,
            shown(&difference.first),
            shown(&difference.second)
        ));
        let Some((field, text)) = first.text_mut(&difference.field) else {
            say("The two keyings are not of the same visit. Key it again.");
            return Ok(false);
        };
        loop {
            let keyed = ask(&format!("{} once more: ", field.words))?;
            match field.form.normal(&keyed) {
                Ok(third) if third == difference.first || third == difference.second => {
                    *text = third;
                    break;
                }
                _ => say("  expected one of the two"),
            }
        }
    }
    Ok(true)
}

fn shown(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}

/// CPT 00100 to 01999: counted in minutes.
fn is_anesthesia(code: &str) -> bool {
    code.len() == 5 && code.parse::<u32>().is_ok_and(|number| (100..=1_999).contains(&number))
}

/// Whether a field has a meaning with what was keyed before.
fn is_asked(key: &str, so_far: &Texts, needs: &Needs) -> bool {
    let said = |key: &str| so_far.get(key).is_some_and(|text| !text.is_empty());
    let other = |key: &str| so_far.get(key).is_some_and(|text| !text.is_empty() && text != "Self");
    match key {
        "subscriber_last2" | "subscriber_first2" | "subscriber_birth_date2" | "subscriber_gender2" => {
            said("payer2") && other("relationship2")
        }
        key if key.starts_with("subscriber_") => other("relationship"),
        "member_id2" | "group_number2" | "relationship2" => said("payer2"),
        "place_of_service" => !said("location"),
        "referral" => needs.referral,
        "admission_date" | "discharge_date" => needs.stay,
        "transport_reason" | "miles" => needs.ride,
        key if key.starts_with("pickup_") || key.starts_with("dropoff_") => needs.ride,
        _ => true,
    }
}

fn tell(problem: &Problem) {
    let how = match problem.weight {
        Weight::Warn => format!("{BOLD}note{RESET}"),
        Weight::Hold => format!("{RED}would be held{RESET}"),
        Weight::Refuse => format!("{RED}no{RESET}"),
    };
    say(&format!("  {how}: {}", problem.words));
}

fn yes(question: &str, usual: bool) -> Result<bool, Failure> {
    loop {
        let answer = ask(&format!("{question} [{}] ", if usual { "Y/n" } else { "y/N" }))?;
        match answer.to_ascii_lowercase().as_str() {
            "" => return Ok(usual),
            "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => say("  expected y or n"),
        }
    }
}

/// One line from the keyboard.
fn ask(question: &str) -> Result<String, Failure> {
    anstream::eprint!("{question}");
    std::io::stderr().flush()?;
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line)? == 0 {
        return Err(Failure::missing("standard input ended in the middle of an entry; nothing of it is kept"));
    }
    Ok(line.trim().to_owned())
}
