//! Rule tables of one house, which more than one test activates.

/// Two rules: one proposes a modifier, one holds every 99213 with a charge over a limit.
pub fn table(version: &str, limit: &str) -> String {
    format!(
        r#"[table]
id = "house"
title = "Rules of the house"
version = "{version}"
practices = ["my-practice"]

[[rule]]
id = "needs-gp"
title = "A visit carries GP here"
severity = "warn"
source = "https://example.org/policy"
effective = 2020-01-01
each = "line"
at = "procedure.modifiers"
when = '''
  line.procedure.code == "99213" && !("GP" in line.procedure.modifiers)
'''
message = "{{line.procedure.code}} on line {{line_number}} has no GP."
fix = {{ add_modifier = "GP" }}

  [[rule.case]]
  name = "without"
  finds = 1
  lines = ["99213"]

  [[rule.case]]
  name = "with"
  finds = false
  lines = ["99213-GP"]

[[rule]]
id = "limit"
title = "A visit costs no more than the limit"
severity = "hold"
source = "https://example.org/policy"
each = "line"
when = '''
  line.procedure.code == "99213" && line.charge > usd({limit})
'''
message = "{{line.procedure.code}} on line {{line_number}} is billed at {{line.charge}}: the limit is ${limit}."

  [[rule.case]]
  name = "above"
  finds = 1
  lines = ["99213 $9999"]

  [[rule.case]]
  name = "below"
  finds = false
  lines = ["99213 $1"]
"#
    )
}

/// A rule that looks back 30 days for another visit.
pub fn again(version: &str, severity: &str) -> String {
    format!(
        r#"[table]
id = "again"
title = "One visit a month"
version = "{version}"

[[rule]]
id = "visit"
title = "Not twice in 30 days"
severity = "{severity}"
source = "https://example.org/policy"
look_back_days = 30
when = '''
  earlier.exists(e, e.procedure.code == "99213")
'''
message = "Another visit on {{earlier.map(e, e.service_dates.start)}}."

  [[rule.case]]
  name = "twice"
  finds = 1
  earlier = ["99213 2026-02-20"]

  [[rule.case]]
  name = "once"
  finds = false
"#
    )
}
