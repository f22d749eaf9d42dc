//! What conditions mean, and what is told of those that cannot be used.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use claimhost_rules::{End, Table, cases};

/// A table of one rule: `rule` are its lines beside id, title, severity and source.
fn table(rule: &str) -> String {
    format!(
        "[table]\nid = \"t\"\ntitle = \"T\"\nversion = \"1\"\n[[rule]]\nid = \"r\"\ntitle = \"R\"\nseverity = \"hold\"\n\
         source = \"https://example.org\"\n{rule}\n"
    )
}

/// Whether a condition holds on the case that `case` describes.
fn holds(when: &str, case: &str) -> bool {
    let each =
        if when.contains("line.") || when.contains("line)") || when.contains("line_number") { "line" } else { "claim" };
    let look_back = if when.contains("earlier") { "look_back_days = 365\n" } else { "" };
    let text = table(&format!(
        "each = \"{each}\"\n{look_back}message = \"m\"\nwhen = '''{when}'''\n[[rule.case]]\nname = \"c\"\nfinds = true\n{case}"
    ));
    let read = Table::read_with_cases(&text).unwrap_or_else(|problems| panic!("{when}\n{case}: {}", problems[0]));
    let outcome = &cases::run(&read)[0];
    assert_eq!(outcome.trouble, None, "{when}");
    outcome.passes()
}

#[test]
fn conditions_mean_what_they_say() {
    let drug = "lines = [\"J3301 x4\"]\nset = { \"lines[0].drug.code\" = \"70020293001\" }";
    for (when, case, expected) in [
        ("true", "", true),
        ("line.procedure.code == '99213'", "", true),
        ("line.procedure.code in ['99212', '99213']", "", true),
        ("'25' in line.procedure.modifiers", "lines = ['99213-25']", true),
        ("line.procedure.modifiers.exists(m, m in ['GA', 'GX'])", "lines = ['99213-25-GX']", true),
        ("line.procedure.code.startsWith('992') && !line.procedure.code.endsWith('4')", "", true),
        ("line.procedure.code.between('99202', '99215')", "lines = ['99216']", false),
        ("line.procedure.code.substring(0, 2) == '99'", "", true),
        ("line.procedure.code.contains('92')", "", true),
        ("size(lines) == 2 && lines.size() > 1", "lines = ['99213', 'G2211']", true),
        (
            "lines.all(l, l.charge <= usd(50)) && lines.exists_one(l, l.charge == usd(49.99))",
            "lines = ['99213', 'G2211 $49.99']",
            true,
        ),
        ("lines.filter(l, l.procedure.code == 'G2211').size() == 1", "lines = ['99213', 'G2211']", true),
        ("sum(lines.map(l, l.charge)) == claim.total_charge", "lines = ['99213 $10.01', 'G2211 $3']", true),
        ("lines.map(l, l.units.amount).sum() == 3.5", "lines = ['99213 x1.5', 'G2211 x2']", true),
        ("lines.map(l, l.charge > usd(5), l.charge).sum() == usd(10)", "lines = ['99213 $10', 'G2211 $3']", true),
        ("line.units.amount > 3", drug, true),
        ("line.units.amount * 2 == 8 && line.units.amount / 3 > 1", drug, true),
        ("line.charge * 2 == usd(100) && line.charge / usd(25) == 2.0 && line.charge - usd(1) < line.charge", "", true),
        ("5 / 2 == 2 && 5 % 2 == 1 && -5 < 0 && 2.5 * 2.0 == 5", "", true),
        // What is missing equals nothing, and is asked for before it is used.
        ("has(line.drug)", "", false),
        ("has(line.drug)", drug, true),
        ("line.drug.code == '70020293001'", "", false),
        ("line.drug.code != '70020293001'", "", true),
        ("line.drug.code in ['70020293001']", drug, true),
        ("has(line.drug.code) && line.drug.code.startsWith('70020')", drug, true),
        ("!has(line.drug.code) || line.drug.code.startsWith('1')", drug, false),
        ("has(line.drug.code) ? line.drug.code.size() == 11 : false", drug, true),
        ("line.drug.code == '70020293001' && line.drug.code.size() == 11", drug, true),
        (
            "lines.map(l, l.unit_charge).exists(c, c != null && c > usd(1))",
            "set = { 'lines[0].unit_charge' = 2 }",
            true,
        ),
        (
            "sum(lines.map(l, l.unit_charge)) == usd(2)",
            "lines = ['99213', '99214']\nset = { 'lines[0].unit_charge' = 2 }",
            true,
        ),
        ("line.drug == null", "", true),
        ("line.drug != null && line.drug.code == '70020293001'", drug, true),
        ("line.drug.amount.amount.orValue(0.0) == 0.0", drug, true),
        ("claim.header.extras.notes.exists(n, n.kind == 'additional')", "", false),
        (
            "claim.header.extras.notes.exists(n, n.kind == 'additional')",
            "set = { 'claim.header.extras.notes[0].text' = 'x' }",
            true,
        ),
        ("has(claim.header.patient.birth_date) && years(claim.header.patient.birth_date, as_of) == 75", "", true),
        ("coverage.payer.id == 'PAYER' && coverage.payer.id.startsWith('PAY')", "", true),
        ("has(coverage.subscriber.group_number)", "set = { 'coverage.subscriber.group_number' = '' }", false),
        ("claim.frequency == 'original' && claim.frequency != 'void'", "", true),
        ("claim.header.coverages[0].responsibility in ['primary', 'secondary']", "", true),
        ("claim.header.coverages[3].responsibility == 'primary'", "", false),
        // Days.
        ("line.service_dates.start >= date('2026-03-02')", "", true),
        ("as_of - line.service_dates.start > 30 && as_of == date('2026-03-02') + 31", "as_of = 2026-04-02", true),
        ("line.service_dates.start.year == 2026 && line.service_dates.start.month == 3 && as_of.day == 2", "", true),
        ("add_months(line.service_dates.start, 11) < as_of", "as_of = 2027-03-02", true),
        (
            "earlier.exists(e, e.procedure.code == 'G0439' && e.service_dates.start + 334 > as_of)",
            "earlier = ['G0439 2025-12-01']",
            true,
        ),
        (
            "earlier.map(e, e.service_dates.start).max().orValue(date('2000-01-01')) == date('2025-12-01')",
            "earlier = ['G0439 2025-12-01', 'G0438 2025-11-01']",
            true,
        ),
        ("size(earlier) == 1", "earlier = ['G0439 2025-12-01', 'G0438 2024-01-01']", true),
        // Derived.
        ("place(line) == '11'", "", true),
        ("place(line) == '22'", "lines = ['99213 @22']", true),
        ("renderer(line).npi == '1245319599'", "", true),
        ("renderer(line).npi == '1679576722'", "set = { 'lines[0].providers.rendering.npi' = '1679576722' }", true),
        ("diagnoses(line).exists(d, d.code.startsWith('I'))", "", true),
        ("line_number == 2", "lines = ['99213', 'G2211']", true),
        (
            "lines.exists(a, lines.exists(b, a.procedure.code == b.procedure.code && a.charge < b.charge))",
            "lines = ['99213 $1', '99213 $2']",
            true,
        ),
        // Texts of several letters.
        (
            "claim.header.location == 'Zweigstelle \u{fc}'",
            "set = { 'claim.header.location' = 'Zweigstelle \u{fc}' }",
            true,
        ),
    ] {
        let case = case.replace('\'', "\"");
        assert_eq!(holds(when, &case), expected, "{when}\n{case}");
    }
}

#[test]
fn what_cannot_be_used_is_told_at_its_place() {
    let at = |when: &str, find: &str| {
        let text = table(&format!("message = \"m\"\nwhen = '''\n  {when}'''"));
        let offset = text.find(when).unwrap() + when.find(find).unwrap();
        let line = text[..offset].matches('\n').count() + 1;
        (text.clone(), line, offset - text[..offset].rfind('\n').unwrap())
    };
    for (when, find, parts) in [
        (
            "claim.header.place_of_servise == '11'",
            "place_of_servise",
            &["`place_of_servise`", "did you mean `place_of_service`?"][..],
        ),
        ("clam.lines.size() > 1", "clam", &["`clam`", "did you mean `claim`?", "earlier"]),
        ("lines.exists(l, l.charge > 100)", ">", &["an amount of money beside a whole number", "usd(125)"]),
        ("lines.exists(l, l.service_dates.start > '2026-01-01')", "> '", &["date(\"2026-01-31\")"]),
        ("claim.frequency == 'orignal'", "'orignal'", &["\"orignal\"", "did you mean `original`?"]),
        (
            "lines.exists(l, l.drug.code.startsWith('7'))",
            ".code.starts",
            &["`l.drug.code`, which may be missing", "has(l.drug.code) &&", "orValue"],
        ),
        ("lines.map(l, l.unit_charge).exists(c, c > usd(1))", "c > usd", &["may be missing"]),
        ("claim.lines == 1", "==", &["use `in`, or exists over the list"]),
        ("lines.charge > usd(1)", "charge", &["`.charge` of a list", ".exists(x, ...)"]),
        ("has(claim.total_charge)", "has", &["that is always there"]),
        ("lines.exists(l, l.procedure.code.matches('^99'))", "matches", &["regular expressions are left out"]),
        ("lines.exists(l, l.procedure.code.startWith('99'))", "startWith", &["did you mean `startsWith`?"]),
        ("timestamp('2026-01-01') > as_of", "timestamp", &["date(\"2026-01-31\")"]),
        ("{'a': 1}.size() > 0", "{", &["a map `{...}`"]),
        ("5u > 4u", "5u", &["an unsigned number", "leave the `u` away"]),
        ("claim.destination / 0 == 1", "0 ==", &["cannot be divided by zero", "0"]),
        ("as_of + as_of > as_of", "+", &["a day and a number of days"]),
        ("1.2345 > 1.0", "1.2345", &["at most three decimals"]),
        ("date('2026-02-30') == as_of", "'2026", &["a day of the calendar"]),
        ("lines.exists(claim, true)", "claim", &["`claim` for two things"]),
        ("line.charge > usd(1)", "line", &["each = \"line\"", "lines.exists"]),
        ("claim.total_charge", "claim", &["something else than a condition"]),
        ("earlier.size() > 0", "", &["`earlier` without look_back_days"]),
        ("claim.header.place_of_service ==", "", &["a condition in CEL"]),
        ("claim.control_number == \u{201c}x\u{201d}", "\u{201c}", &["straight quotes, not curly ones"]),
        ("as_of == null", "==", &["what is always there"]),
        ("1 in [1, 'a']", "'a'", &["a text in a list for a whole number"]),
        ("claim.destination + claim.total_charge > usd(1)", "+", &["numbers that go together"]),
    ] {
        let (text, line, column) = at(when, find);
        let problems = Table::read(&text).map(|_| ()).expect_err(when);
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let told = told.join("\n");
        for part in parts {
            if *part == "cannot be divided by zero" {
                assert!(told.contains("nothing can be divided by zero"), "{when}: {told}");
            } else {
                assert!(told.contains(part), "{when}: {part}: {told}");
            }
        }
        if !find.is_empty() && !told.contains("something else") {
            assert!(
                told.contains(&format!("line {line}, column {column}")),
                "{when}: expected {line}:{column}: {told}"
            );
        }
    }
}

#[test]
fn deep_nesting_is_refused_and_does_not_overflow() {
    for when in [
        format!("{}true{}", "(".repeat(3_000), ")".repeat(3_000)),
        format!("{}true", "!".repeat(3_001)),
        format!("claim{} == 1", ".header".repeat(900)),
        format!("{}1 > 0", "1 + ".repeat(1_900)),
        vec!["true"; 900].join(" ? true : "),
        format!("size(lines.{}) > 0", vec!["filter(l, true)"; 300].join(".")),
        (0..9).map(|at| format!("lines.exists(v{at}, ")).collect::<String>() + "true" + &")".repeat(9),
    ] {
        let outcome = Table::read(&table(&format!("message = \"m\"\nwhen = '''{when}'''")));
        // Long chains of && and of brackets are fine; what is refused says so.
        if let Err(problems) = outcome {
            assert!(!problems.is_empty());
        }
    }
    let long = vec!["claim.total_charge > usd(1)"; 250].join(" && ");
    assert!(Table::read(&table(&format!("message = \"m\"\nwhen = '''{long}'''"))).is_ok());
}

#[test]
fn a_table_is_told_all_its_problems_at_once() {
    let text = "[table]\nid = \"My Table\"\ntitle = \"\"\nversion = 1\nstaates = [\"TX\"]\neffective = 2026-05-01\nended = 2026-04-01\n\
                [[rule]]\nid = \"a\"\ntitle = \"A\"\nseverity = \"holt\"\nsource = \"http://example.org\"\nwhen = \"true\"\nmessage = \"{claim.hedder}\"\n\
                each = \"line\"\nbasis = \"servise\"\nlook_back_days = -3\n\
                [rule.fix]\nadd_modifier = \"jz1\"\nset_units = 3\n\
                [[rule]]\nid = \"a\"\ntitle = \"A\"\nseverity = \"hold\"\nsource = \"https://example.org\"\nwhen = \"true\"\nmessage = \"m\"\n\
                [[rule]]\nid = \"a\"\ntitle = \"A\"\nseverity = \"hold\"\nsource = \"https://example.org\"\nwhen = \"true\"\nmessage = \"m\"\n";
    let problems = Table::read(text).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    for part in [
        "line 2, column 6, table, id: found \"My Table\"",
        "line 3, column 9, table, title: found an empty text",
        "line 4, column 11, table, version: found a whole number, expected a text in quotes",
        "line 5, column 1, table, staates: found key `staates`, expected a key of rule tables; did you mean `states`?",
        "line 7, column 9, table, ended: found a last day before the first",
        "line 11, column 12, rule \"a\", severity: found \"holt\"",
        "did you mean `hold`?",
        "line 12, column 10, rule \"a\", source: found an address of this form, expected https://",
        "line 14, column 19, rule \"a\", message: found `hedder`",
        "line 16, column 9, rule \"a\", basis: found \"servise\"",
        "line 17, column 18, rule \"a\", look_back_days: found -3",
        "line 19, column 16, rule \"a\", fix, add_modifier: found \"jz1\"",
        "rule \"a\", fix, fix: found none or several",
        "an id that is there twice",
    ] {
        assert!(told.iter().any(|problem| problem.contains(part)), "{part}\n{}", told.join("\n"));
    }
    let empty: Vec<String> = Table::read("").unwrap_err().iter().map(ToString::to_string).collect();
    assert!(empty[0].contains("a [table] block") && empty[1].contains("at least one [[rule]] block"), "{empty:?}");
    let syntax = Table::read("[table\n").unwrap_err();
    assert_eq!((syntax.len(), syntax[0].line), (1, 1));
    let huge = Table::read(&"# filler\n".repeat(1_200_000)).unwrap_err();
    assert!(huge[0].to_string().contains("10800000 bytes"), "{}", huge[0]);
}

#[test]
fn words_hold_codes_and_amounts_and_never_who_the_patient_is() {
    let read = |message: &str, case: &str| {
        let text = table(&format!(
            "each = \"line\"\nwhen = \"true\"\nmessage = \"{message}\"\n[[rule.case]]\nname = \"c\"\nfinds = true\n{case}"
        ));
        Table::read_with_cases(&text)
    };
    let words = |message: &str| {
        let table = read(message, "lines = [\"J3301-JZ-RT x1.5 $12.30\"]").unwrap();
        cases::run(&table)[0].findings[0].words.clone()
    };
    assert_eq!(
        words(
            "{line.procedure.code} on line {line_number}: {line.units.amount} for {line.charge} on {line.service_dates.start}, \
             {line.procedure.modifiers}, {line.drug.code}, {claim.frequency}, {{x}}"
        ),
        "J3301 on line 1: 1.5 for $12.30 on 2026-03-02, JZ, RT, nothing, original, {x}"
    );
    for field in [
        "claim.header.patient.name.last",
        "claim.header.patient.birth_date",
        "claim.header.patient.birth_date.year",
        "coverage.subscriber.member_id",
        "claim.header.patient.ids.map(i, i.value)",
        "claim.header.coverages[0].subscriber.name.last",
        "claim.header.extras.notes.map(n, n.text)",
        "claim.header.coverages.map(c, c.subscriber.member_id)",
        "claim.payer_control_number",
        "claim.header.patient.name.last == \\\"x\\\" ? claim.header.patient.name.first : \\\"\\\"",
        "coverage.subscriber.member_id.substring(0)",
        // Whatever is made of it.
        "[coverage.subscriber.member_id]",
        "[\\\"x\\\", coverage.subscriber.member_id]",
        "[coverage.subscriber.member_id].map(m, m)",
        "[coverage.subscriber.member_id][0].orValue(\\\"\\\")",
        "lines.filter(l, l.procedure.code == coverage.subscriber.member_id).map(l, l.charge)",
        "lines.map(l, coverage.subscriber.member_id == \\\"x\\\", l.charge)",
        "add_months(claim.header.patient.birth_date.orValue(as_of), 1)",
        "years(claim.header.patient.birth_date.orValue(as_of), as_of)",
        "years(as_of, claim.header.patient.birth_date.orValue(as_of))",
        "as_of - claim.header.patient.birth_date.orValue(as_of)",
        "coverage.subscriber.member_id == \\\"x\\\" ? 1 : 2",
        "claim.header.patient.birth_date.orValue(as_of) < as_of ? line.charge : usd(1)",
        "-years(claim.header.patient.birth_date.orValue(as_of), as_of)",
        "coverage.subscriber.member_id.size()",
        "size(coverage.subscriber.member_id)",
        "size(claim.header.patient.ids)",
        "max(lines.map(l, years(claim.header.patient.birth_date.orValue(as_of), as_of))).orValue(0)",
        "coverage.subscriber.member_id.startsWith(\\\"1\\\")",
        "coverage.subscriber.member_id in [\\\"1\\\"]",
        "!has(claim.header.patient.birth_date)",
        "lines[size(coverage.subscriber.member_id)].charge.orValue(usd(1))",
        "claim.header.patient.ids.exists(i, i.value == \\\"x\\\") || line.charge > usd(1)",
    ] {
        let problems = read(&format!("x {{{field}}}"), "").unwrap_err();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(told.iter().all(|told| told.contains("who the patient is")), "{field}: {told:?}");
    }
    for field in ["years(line.service_dates.start, as_of)", "size(lines)", "-line.charge", "line_number == 1 ? 1 : 2"] {
        assert!(read(&format!("x {{{field}}}"), "").is_ok(), "{field}");
    }
    for (message, part) in
        [("{line", "without the other"), ("line}", "without the other"), ("{line.drug}", "a record"), ("{}", "nothing")]
    {
        let problems = read(message, "").unwrap_err();
        assert!(problems.iter().any(|problem| problem.to_string().contains(part)), "{message}: {}", problems[0]);
    }
}

#[test]
fn a_condition_without_an_answer_holds_the_claim() {
    let text = table(
        "severity_ = 1\nwhen = \"claim.total_charge / (claim.destination * 1) > usd(1)\"\nmessage = \"m\"\n\
         [[rule.case]]\nname = \"c\"\nfinds = true\n",
    )
    .replace("severity_ = 1\n", "");
    let table = Table::read_with_cases(&text).unwrap();
    // It is a finding, and no case is content with it.
    let outcome = &cases::run(&table)[0];
    assert!(!outcome.passes() && outcome.trouble.as_ref().unwrap().contains("divides by zero"), "{outcome:?}");
    let found = &outcome.findings[0];
    assert!(found.words.contains("divides by zero") && found.words.contains("line 5 of its table"), "{}", found.words);
    let seen = &table.explain(&table.rules[0].cases[0].context)[0];
    assert!(matches!(&seen.end, End::Failed(_)));
    assert!(seen.saw.contains(&("claim.total_charge".to_owned(), "$50.00".to_owned())), "{:?}", seen.saw);
}

#[test]
fn what_a_rule_saw_is_told_of_each_line() {
    let text = table(
        "each = \"line\"\nmessage = \"m\"\nwhen = '''place(line) == '11' && renderer(line).npi != '' && line.charge > usd(1) && \
         diagnoses(line).exists(d, d.code.startsWith('I')) && lines.exists(l, place(l) == '22') && line_number > 0'''\n\
         [[rule.case]]\nname = \"c\"\nfinds = 1\nlines = [\"99213\", \"G2211 @22\"]\n\
         set = { \"lines[1].providers.rendering.npi\" = \"1679576722\" }\n",
    );
    let table = Table::read_with_cases(&text).unwrap();
    let outcome = &cases::run(&table)[0];
    assert!(outcome.passes(), "{outcome:?}");
    let saw: Vec<(&str, &str)> = outcome.saw.iter().map(|(label, value)| (label.as_str(), value.as_str())).collect();
    for expected in [
        ("line 1: place(line)", "11"),
        ("line 2: place(line)", "22"),
        ("line 1: renderer(line).npi", "1245319599"),
        ("line 2: renderer(line).npi", "1679576722"),
        ("line 1: diagnoses(line)[].code", "I10"),
        ("line 2: diagnoses(line)[].code", "I10"),
        ("line 2: line.charge", "$50.00"),
        ("line 2: line_number", "2"),
        ("place(lines[])", "11, 22"),
    ] {
        assert!(saw.contains(&expected), "{expected:?}: {saw:?}");
    }
    assert_eq!(saw.len(), 11, "{saw:?}");
}

#[test]
fn dates_and_fixes() {
    let text = table(
        "each = \"line\"\neffective = 2024-01-01\nended = 2024-12-31\nat = \"procedure.modifiers\"\n\
         when = \"line.procedure.code == 'J3301'\"\nmessage = \"m\"\nfix = { add_modifier = \"JZ\" }\n\
         [[rule.case]]\nname = \"in\"\nfinds = 1\nservice = 2024-12-31\nlines = [\"J3301\", \"99213\"]\n\
         [[rule.case]]\nname = \"after\"\nfinds = 0\nservice = 2025-01-01\nlines = [\"J3301\"]\n\
         [[rule.case]]\nname = \"two days\"\nfinds = 1\nlines = [\"J3301 2024-01-01\", \"J3301 2023-12-31\"]\n\
         [[rule.case]]\nname = \"full\"\nfinds = 1\nservice = 2024-05-05\nlines = [\"J3301-A1-B2-C3-D4\"]\n",
    );
    let table = Table::read_with_cases(&text).unwrap();
    let outcomes = cases::run(&table);
    assert!(outcomes.iter().all(cases::Outcome::passes), "{outcomes:?}");
    let found = &outcomes[0].findings[0];
    assert_eq!((found.rule.as_str(), found.at.line, found.at.field.as_str()), ("t.r", Some(1), "procedure.modifiers"));
    assert!(format!("{:?}", found.fix).contains("JZ") && outcomes[3].findings[0].fix.is_none());
    let receipt = text.replace("effective = 2024", "basis = \"receipt\"\neffective = 2024");
    let table = Table::read_with_cases(&receipt).unwrap();
    assert_eq!(cases::run(&table)[2].findings.len(), 0, "as_of is the plain day");
    let seen = table.explain(&table.rules[0].cases[1].context);
    assert_eq!(seen[0].end, End::NotInForce);
}

#[test]
fn cases_are_left_out_of_what_is_run_and_nothing_else_is() {
    let rule = "when = 'claim.control_number == \"[[rule.case]]\"'\nmessage = \"\"\"m\n[[rule.case]]\nn\"\"\"\n";
    let case = "  [[rule.case]]\nname = \"c\"\nfinds = true\n  [rule.case.set]\n\"lines[0].charge\" = 1\n";
    for (text, left_out) in [
        (table(&format!("when = 'true'\nmessage = \"m\"\n{case}# end\n")), true),
        // A text that looks like a case keeps the table as it is.
        (table(&format!("{rule}{case}")), false),
    ] {
        let read = Table::read_with_cases(&text).unwrap();
        let lean = read.without_cases(&text);
        assert_eq!(lean.lines().count(), text.lines().count());
        assert_eq!(lean == text, !left_out, "{lean}");
        let context = &read.rules[0].cases[0].context;
        assert_eq!(Table::read(&lean).unwrap().check(context), read.check(context));
    }
}

#[test]
fn cases_that_cannot_be_made_are_told() {
    for (case, part) in [
        ("lines = [\"99213 twice\"]", "a line as"),
        ("earlier = [\"99213\"]", "a line with its day"),
        ("set = { \"claim.header.patient.nam\" = \"x\" }", "did you mean `name`?"),
        ("set = { \"lines[5].charge\" = 1 }", "made one after the other"),
        ("set = { \"lines[0].charge\" = \"x\" }", "dollars"),
        ("set = { \"lines[0].charge\" = 1.234 }", "dollars"),
        ("set = { \"claim.frequency\" = \"voit\" }", "did you mean `void`?"),
        ("set = { \"klaim\" = 1 }", "claim, lines, coverage or earlier"),
        ("unset = [\"lines[0].charge\"]", "a field that may be missing"),
        ("finnds = 1", "did you mean `finds`?"),
    ] {
        let text =
            table(&format!("when = \"true\"\nmessage = \"m\"\n[[rule.case]]\nname = \"c\"\nfinds = true\n{case}"));
        let problems = Table::read_with_cases(&text).map(|_| ()).expect_err(case);
        assert!(problems.iter().any(|problem| problem.to_string().contains(part)), "{case}: {}", problems[0]);
    }
}

#[test]
fn a_rule_is_not_asked_about_claims_that_it_cannot_touch() {
    // A condition, a claim that the rule cannot touch, one that it finds something on, and what it needs, in words.
    for (when, untouched, found, needs) in [
        ("line.procedure.code == 'G2211'", "", "lines = ['99213', 'G2211']", "code G2211"),
        ("line.procedure.code in ['G2211', 'J3301']", "", "lines = ['J3301']", "code G2211, J3301"),
        ("line.procedure.code.between('99221', '99239')", "", "lines = ['99223']", "code 99221 to 99239"),
        ("line.procedure.code.startsWith('97')", "", "lines = ['97110']", "code 97..."),
        ("'25' in line.procedure.modifiers", "lines = ['99213-GA']", "lines = ['99213-25']", "modifier 25"),
        (
            "line.procedure.modifiers.exists(m, m in ['GA', 'GX'])",
            "lines = ['99213-25']",
            "lines = ['99213-25-GX']",
            "modifier GA, GX",
        ),
        ("coverage.payer.id == 'MEDB1'", "", "set = { 'coverage.payer.id' = 'MEDB1' }", "payer MEDB1"),
        ("place(line) == '22'", "", "lines = ['99213 @22']", "place 22"),
        ("claim.header.place_of_service == '22'", "", "set = { 'claim.header.place_of_service' = '22' }", "place 22"),
        ("lines.exists(l, l.procedure.code == 'G2211')", "", "lines = ['99213', 'G2211']", "code G2211"),
        // The fewest of all that a condition asks for; of either side both.
        (
            "line.procedure.code == 'G2211' && line.procedure.code.startsWith('G') && place(line) == '11'",
            "",
            "lines = ['G2211']",
            "code G2211; place 11",
        ),
        (
            "line.procedure.code == 'G2211' || line.procedure.code == 'J3301'",
            "",
            "lines = ['J3301']",
            "code G2211, J3301",
        ),
    ] {
        let each = if when.contains("line.") || when.contains("(line)") { "line" } else { "claim" };
        let case =
            |name: &str, finds: bool, of: &str| format!("[[rule.case]]\nname = \"{name}\"\nfinds = {finds}\n{of}\n");
        let text = format!(
            "each = \"{each}\"\nmessage = \"m\"\nwhen = '''{when}'''\n{}{}",
            case("untouched", false, untouched),
            case("found", true, found)
        );
        let read = Table::read_with_cases(&table(&text)).unwrap_or_else(|problems| panic!("{when}: {}", problems[0]));
        let end = |at: usize| read.explain(&read.rules[0].cases[at].context)[0].end.clone();
        assert_eq!(end(0), End::NotTouched(needs.to_owned()), "{when}");
        assert_eq!(end(1), End::Found(1), "{when}");
    }
    // Nothing can be read off these: they are asked about every claim.
    for when in ["line.procedure.code != 'G2211'", "line.charge > usd(5000)", "!(line.procedure.code == '99213')"] {
        let text = format!(
            "each = \"line\"\nmessage = \"m\"\nwhen = '''{when}'''\n[[rule.case]]\nname = \"c\"\nfinds = false\n"
        );
        let read = Table::read_with_cases(&table(&text)).unwrap_or_else(|problems| panic!("{when}: {}", problems[0]));
        assert!(!matches!(read.explain(&read.rules[0].cases[0].context)[0].end, End::NotTouched(_)), "{when}");
    }
}
