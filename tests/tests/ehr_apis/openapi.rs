//! Vendors' own descriptions (OpenAPI 2 and 3) as rows of a table. They are public files that are not ours to copy: read where they lie.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::table::{Row, Table};

/// The text of a public description; none where CLAIMHOST_CORPUS names no folder of public files.
pub fn text(name: &str) -> Option<String> {
    let Some(root) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS names no folder of public files, and {name} is one");
        return None;
    };
    let file = std::fs::File::open(Path::new(&root).join("vendor-json/specs").join(format!("{name}.gz"))).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    Some(text)
}

/// The table of a description in JSON.
pub fn of_json(text: &str, base: &str) -> Table {
    let all: Value = serde_json::from_str(text).unwrap();
    let mut rows = Vec::new();
    for (path, methods) in all["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let given = operation["parameters"].as_array().into_iter().flatten();
            let in_query = given.filter(|one| one["in"] == "query");
            let query = in_query.map(|one| (one["name"].as_str().unwrap().to_owned(), one["required"] == true));
            let mut row = Row { method: method.to_uppercase(), query: query.collect(), ..Row::get(path, &[], path) };
            row.path.clone_from(path);
            rows.push(row);
        }
    }
    Table::new(base, rows)
}

/// The table of a description in YAML, as generators write it: a key a line, indented by two. Only paths and parameters are read.
pub fn of_yaml(text: &str, base: &str) -> Table {
    let shared = shared_parameters(text);
    let (mut rows, mut path, mut in_paths, mut in_parameters) = (Vec::<Row>::new(), String::new(), false, false);
    let mut parameter = Parameter::default();
    for line in text.lines() {
        let depth = line.len() - line.trim_start().len();
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        // A list may stand as deep as its key: a new parameter, or what belongs to one, else the end of the last.
        let begins = line.strip_prefix("- ");
        let belongs = in_parameters && (depth > 6 || depth == 6 && begins.is_some());
        if in_parameters && (!belongs || begins.is_some() && depth <= 8) {
            if let Some(row) = rows.last_mut() {
                parameter.add_to(row, &shared);
            }
            parameter = Parameter::default();
        }
        in_parameters = belongs;
        if depth == 0 {
            in_paths = line == "paths:";
        } else if in_paths && depth == 2 && line.trim_matches('"').starts_with('/') {
            path = line.trim_end_matches(':').trim_matches('"').to_owned();
        } else if in_paths && depth == 4 && line.ends_with(':') {
            let method = line.trim_end_matches(':').to_uppercase();
            rows.push(Row { method, ..Row::get(&path, &[], &path) });
        } else if in_paths && depth == 6 && line == "parameters:" {
            in_parameters = true;
        } else if in_parameters && depth <= 10 {
            parameter.take(begins.unwrap_or(line));
        }
    }
    Table::new(base, rows)
}

#[derive(Default)]
struct Parameter {
    name: String,
    place: String,
    required: bool,
    /// `#/parameters/NAME`.
    refers: String,
}

impl Parameter {
    fn take(&mut self, line: &str) {
        let Some((key, value)) = line.split_once(": ") else { return };
        let value = value.trim().trim_matches(['"', '\'']);
        match key {
            "name" => value.clone_into(&mut self.name),
            "in" => value.clone_into(&mut self.place),
            "required" => self.required = value == "true",
            "$ref" => value.rsplit('/').next().unwrap_or_default().clone_into(&mut self.refers),
            _ => {}
        }
    }

    fn add_to(&self, row: &mut Row, shared: &BTreeMap<String, Self>) {
        let meant = if self.refers.is_empty() { self } else { &shared[&self.refers] };
        if meant.place == "query" {
            row.query.push((meant.name.clone(), meant.required));
        }
    }
}

/// `parameters:` at the top of an OpenAPI 2 description.
fn shared_parameters(text: &str) -> BTreeMap<String, Parameter> {
    let (mut all, mut name, mut here) = (BTreeMap::<String, Parameter>::new(), String::new(), false);
    for line in text.lines() {
        let depth = line.len() - line.trim_start().len();
        match (depth, line.trim()) {
            (_, "") => {}
            (0, line) => here = line == "parameters:",
            (2, line) if here => name = line.trim_end_matches(':').to_owned(),
            (_, line) if here => all.entry(name.clone()).or_default().take(line),
            _ => {}
        }
    }
    all
}

/// Names of the fields of a schema in YAML (`components: schemas: NAME: properties:`), and those that only `verbose` brings.
pub fn fields_of(text: &str, schema: &str) -> (Vec<String>, Vec<String>) {
    let (mut fields, mut verbose, mut here, mut list) = (Vec::new(), Vec::new(), false, String::new());
    let mut in_schemas = false;
    for line in text.lines() {
        let depth = line.len() - line.trim_start().len();
        let line = line.trim();
        match depth {
            _ if line.is_empty() => {}
            0 => in_schemas = line == "components:",
            4 if in_schemas => here = line == format!("{schema}:"),
            6 if here => match line.strip_prefix("- ") {
                Some(name) if list == "x-verbose-required:" => verbose.push(name.to_owned()),
                _ => line.clone_into(&mut list),
            },
            8 if here && list == "properties:" => {
                fields.extend(line.strip_suffix(':').map(str::to_owned));
            }
            _ => {}
        }
    }
    (fields, verbose)
}

#[test]
fn descriptions_are_read_as_generators_write_them() {
    let text = "paths:\n  /a/{id}:\n    get:\n      parameters:\n      - schema:\n          type: string\n          title: t\n        \
                required: true\n        name: since\n        in: query\n      - name: id\n        in: path\n      tags:\n      - X\n    \
                post:\n      description: 'x\n        name: no'\n  \"/b\":\n    get:\n      parameters:\n        - $ref: \"#/parameters/p\"\n      \
                responses:\n        '200':\n          description: y\nparameters:\n  p:\n    name: \"patient\"\n    in: query\n    required: true\n\
                components:\n  schemas:\n    Line:\n      properties:\n        code:\n          type: string\n        note:\n          type: string\n      \
                x-verbose-required:\n      - note\n";
    let table = of_yaml(text, "");
    let found: Vec<_> = table.rows.into_iter().map(|row| (row.method, row.path, row.query)).collect();
    assert_eq!(
        found,
        [
            ("GET".to_owned(), "/a/{id}".to_owned(), vec![("since".to_owned(), true)]),
            ("POST".to_owned(), "/a/{id}".to_owned(), vec![]),
            ("GET".to_owned(), "/b".to_owned(), vec![("patient".to_owned(), true)]),
        ]
    );
    assert_eq!(fields_of(text, "Line"), (vec!["code".to_owned(), "note".to_owned()], vec!["note".to_owned()]));
}
