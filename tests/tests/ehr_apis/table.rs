//! What is documented of an API, as rows: which requests there are, with which parameters, and where that is written down.
//!
//! Rows come from a vendor's own description (`openapi.rs`), or are written here from the project's collection of facts on EHR interfaces,
//! whose section each row cites. A request that no row has is answered `not documented`, and fails its test.

use claimhost_tests::https::{Asked, decoded};

/// One request that is documented.
#[derive(Debug, Clone, Default)]
pub struct Row {
    pub method: String,
    /// Below the base; `{x}` is any text without `/`.
    pub path: String,
    /// Parameters of the query, and whether each has to be there.
    pub query: Vec<(String, bool)>,
    /// Headers that have to be there.
    pub headers: Vec<String>,
    /// Where it is written down.
    pub cites: String,
}

impl Row {
    /// A GET with these parameters; `!` before a name: it has to be there.
    pub fn get(path: &str, query: &[&str], cites: &str) -> Self {
        let parameter = |name: &&str| match name.strip_prefix('!') {
            Some(name) => (name.to_owned(), true),
            None => ((*name).to_owned(), false),
        };
        let query = query.iter().map(parameter).collect();
        Self { method: "GET".to_owned(), path: path.to_owned(), query, headers: Vec::new(), cites: cites.to_owned() }
    }

    /// A POST.
    pub fn post(path: &str, cites: &str) -> Self {
        Self { method: "POST".to_owned(), ..Self::get(path, &[], cites) }
    }

    /// The same with a header that has to be there.
    pub fn with_header(mut self, name: &str) -> Self {
        self.headers.push(name.to_owned());
        self
    }
}

/// Everything that is documented of an API.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// What stands before every path.
    pub base: String,
    pub rows: Vec<Row>,
}

impl Table {
    /// Rows below a base.
    pub fn new(base: &str, rows: Vec<Row>) -> Self {
        assert!(rows.iter().all(|row| !row.cites.is_empty()), "every row says where it is written down");
        Self { base: base.to_owned(), rows }
    }

    /// The same with further rows, whose paths are whole.
    pub fn and(mut self, rows: Vec<Row>) -> Self {
        let base = self.base.clone();
        let whole = self.rows.into_iter().map(|row| Row { path: format!("{base}{}", row.path), ..row });
        self.rows = whole.chain(rows).collect();
        self.base = String::new();
        self
    }

    /// Says what of a request is not documented.
    pub fn check(&self, asked: &Asked) -> Result<(), String> {
        let path = decoded(asked.path());
        let here = format!("{} {}", asked.method, path);
        let below = path.strip_prefix(&self.base).ok_or_else(|| format!("{here}: a path outside of {}", self.base))?;
        let fits = |row: &&Row| row.method == asked.method && is_path(&row.path, below);
        // A path that is written out comes before one with a placeholder.
        let row = self.rows.iter().filter(fits).min_by_key(|row| row.path.matches('{').count());
        let row = row.ok_or_else(|| format!("{here}: the path"))?;
        for (name, _) in asked.query() {
            if !row.query.iter().any(|(known, _)| *known == name) {
                return Err(format!("{here}: the parameter {name} ({})", row.cites));
            }
        }
        for (name, needed) in &row.query {
            if *needed && asked.value(name).is_empty() {
                return Err(format!("{here}: a request without the parameter {name} ({})", row.cites));
            }
        }
        for name in &row.headers {
            if asked.header(name).is_empty() {
                return Err(format!("{here}: a request without the header {name} ({})", row.cites));
            }
        }
        Ok(())
    }
}

/// Whether a path is one of a template: `CHG|{id}` too.
fn is_path(template: &str, path: &str) -> bool {
    let (mut wanted, mut found) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(wanted), Some(found)) => match wanted.split_once('{') {
                Some((before, _)) if found.strip_prefix(before).is_some_and(|rest| !rest.is_empty()) => {}
                None if wanted == found => {}
                _ => return false,
            },
            _ => return false,
        }
    }
}

#[test]
fn what_no_row_has_is_not_documented() {
    let asked = |method: &str, target: &str| Asked {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: vec![("x-key".to_owned(), "1".to_owned())],
        body: String::new(),
    };
    let table = Table::new(
        "/r4",
        vec![
            Row::get("/Item", &["!context", "_count"], "1").with_header("x-key"),
            Row::get("/Item/{id}", &[], "1"),
            Row::get("/Item/CHG|{id}", &["page"], "2"),
            Row::post("/Other", "1").with_header("x-other"),
        ],
    );
    for (method, target, wrong) in [
        ("GET", "/r4/Item?context=7", ""),
        ("GET", "/r4/Item?context=7&_count=5", ""),
        ("GET", "/r4/Item/CHG%7C1", ""),
        ("GET", "/r4/Item/CHG%7C1?page=2", "the parameter page (1)"),
        ("GET", "/r4/Item?_count=5", "without the parameter context"),
        ("GET", "/r4/Item?context=7&since=1", "the parameter since"),
        ("POST", "/r4/Item?context=7", "the path"),
        ("POST", "/r4/Other", "without the header x-other"),
        ("GET", "/r5/Item", "outside of /r4"),
        ("GET", "/r4/Item/1/2", "the path"),
    ] {
        let said = table.check(&asked(method, target));
        match wrong {
            "" => assert_eq!(said, Ok(()), "{target}"),
            // Of two rows that fit, the one with fewer placeholders; here both have one, and the first counts.
            wrong => assert!(said.as_ref().is_err_and(|said| said.contains(wrong)), "{method} {target}: {said:?}"),
        }
    }
}
