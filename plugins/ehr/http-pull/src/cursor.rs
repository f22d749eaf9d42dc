//! Where a turn stands, as the host keeps it: which listing, from when on, and which page of it comes next.

use claimhost_fhir::Json;

use crate::moment::Moment;
use crate::template::quote;

/// A cursor. Empty at the first turn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Documents that changed from here on; none: all.
    pub since: Option<Moment>,
    /// When the listing began that is being read; none: the next one begins anew.
    pub begun: Option<Moment>,
    /// Address or token of the next page; empty: the first.
    pub next: String,
    /// Pages of the listing that are stored.
    pub pages: u64,
    /// Items of them.
    pub rows: u64,
    /// The second pass: what was read before is asked for again.
    pub reread: bool,
    /// The value of `over` whose pages are read; empty: the first, or there are none.
    pub each: String,
    /// Where the listing stood (`since`) when a page of it had answers that were kept from us and none of their kind that came. Whether
    /// records are closed or a right is missing nobody can tell: the next listing goes back to here.
    pub closed: Option<Option<Moment>>,
}

impl Cursor {
    /// Reads what [`Cursor::written`] wrote; none where it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let json = Json::parse(text).ok()?;
        let moment = |name: &str| match json.text_of(name) {
            None | Some("") => Some(None),
            Some(text) => Moment::parse(text).map(Some),
        };
        Some(Self {
            since: moment("since")?,
            begun: moment("begun")?,
            next: json.text_of("next").unwrap_or_default().to_owned(),
            pages: json.text_of("pages").unwrap_or("0").parse().ok()?,
            rows: json.text_of("rows").unwrap_or("0").parse().ok()?,
            reread: json.text_of("reread") == Some("yes"),
            each: json.text_of("each").unwrap_or_default().to_owned(),
            closed: match json.text_of("closed") {
                None => None,
                Some("all") => Some(None),
                Some(text) => Some(Some(Moment::parse(text)?)),
            },
        })
    }

    /// As the host keeps it.
    pub fn written(&self) -> String {
        let moment = |moment: Option<Moment>| moment.map(Moment::written).unwrap_or_default();
        let mut out =
            format!("{{\"since\":\"{}\",\"begun\":\"{}\",\"next\":\"", moment(self.since), moment(self.begun));
        quote(&mut out, &self.next);
        out.push_str(&format!("\",\"pages\":\"{}\"", self.pages));
        if self.rows > 0 {
            out.push_str(&format!(",\"rows\":\"{}\"", self.rows));
        }
        if self.reread {
            out.push_str(",\"reread\":\"yes\"");
        }
        if !self.each.is_empty() {
            out.push_str(",\"each\":\"");
            quote(&mut out, &self.each);
            out.push('"');
        }
        if let Some(closed) = self.closed {
            out.push_str(&format!(",\"closed\":\"{}\"", closed.map_or("all".to_owned(), Moment::written)));
        }
        out.push('}');
        out
    }
}

#[test]
fn a_cursor_is_read_as_it_was_written() {
    let all = Cursor {
        since: Moment::parse("2026-03-02T08:00"),
        begun: Moment::parse("2026-03-03T09:30"),
        next: "https://x/?a=\"b\"\\c".to_owned(),
        pages: 12,
        rows: 0,
        reread: false,
        each: String::new(),
        closed: None,
    };
    for closed in [None, Some(None), Some(Moment::parse("2026-03-01T08:00"))] {
        let all = Cursor { closed, ..all.clone() };
        assert_eq!(Cursor::parse(&all.written()), Some(all.clone()));
        let all = Cursor { rows: 7, reread: true, each: "9\"7".to_owned(), ..all };
        assert_eq!(Cursor::parse(&all.written()), Some(all));
    }
    assert_eq!(Cursor::parse(""), Some(Cursor::default()));
    assert_eq!(Cursor::parse(&Cursor::default().written()), Some(Cursor::default()));
    for text in ["x", "{\"since\":\"soon\"}", "{\"pages\":\"x\"}", "{\"closed\":\"x\"}"] {
        assert_eq!(Cursor::parse(text), None, "{text}");
    }
}
