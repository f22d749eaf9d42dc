//! What pages of reports are made with: one style, and texts as HTML shows them.

/// The style of every page: one file, nothing loaded from elsewhere.
pub(super) const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1c2430}\
h1{font-size:1.4rem}table{border-collapse:collapse;width:100%;margin:1rem 0}\
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d9dee6;vertical-align:top}\
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.add{color:#8a1f11}.gone{color:#1d6b37}small{color:#5a6675}";

/// A text as HTML shows it.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[test]
fn what_a_table_says_is_no_markup() {
    assert_eq!(text("<b>&\"'"), "&lt;b&gt;&amp;&quot;&#39;");
}
