//! `[framing]` of a site's mapping: how its delimited files are cut and joined. The rest of the mapping is the adapter's.

use claimhost_sdk::fixed::{Layout, Record};
use claimhost_sdk::mapping::Mapping;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::FramingError;

/// `[framing]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// One character, or `tab`.
    pub delimiter: String,
    /// Where the records of a JSON file are, by the names that lead to them; of an XML file, the name of their element.
    pub records: String,
    /// `[[framing.join]]`.
    pub join: Vec<JoinSettings>,
    /// `[[framing.fixed]]`: where the columns of lines without a delimiter stand.
    #[serde(skip)]
    pub layout: Option<Layout>,
    #[serde(rename = "fixed")]
    _fixed: PassedOver,
}

impl Default for Settings {
    fn default() -> Self {
        Self { delimiter: ",".to_owned(), records: String::new(), join: Vec::new(), layout: None, _fixed: PassedOver }
    }
}

/// A second file whose rows go with the charge rows that have their key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinSettings {
    /// Name of the related document.
    pub name: String,
    /// Its files, beside the charge file: a name with `*` and `?`.
    pub file: String,
    /// Key column of the joined file; of a JSON file the names that lead to it.
    pub key: String,
    /// Column (names) of the charge file with the same value.
    pub on: String,
    /// Where the records of a joined JSON file are.
    #[serde(default)]
    pub records: String,
    /// `columns`: a joined file of fixed width.
    #[serde(skip)]
    pub record: Option<Record>,
    #[serde(default, rename = "columns")]
    _columns: PassedOver,
    #[serde(default, rename = "length")]
    _length: PassedOver,
    #[serde(default, rename = "trimmed")]
    _trimmed: PassedOver,
}

/// What [`Layout::read`] reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct PassedOver;

impl<'de> Deserialize<'de> for PassedOver {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(value).map(|_| Self)
    }
}

#[derive(Deserialize)]
struct Site {
    #[serde(default)]
    framing: Settings,
}

impl Settings {
    /// Reads `[framing]`; without one, comma and no joins.
    ///
    /// # Errors
    /// When the text is no TOML, has an unknown key, a delimiter that cannot separate, or a layout that contradicts itself.
    pub fn from_mapping(text: &str) -> Result<Self, FramingError> {
        let site: Site = toml::from_str(text).map_err(|error| FramingError::Settings(error.to_string()))?;
        let mut settings = site.framing;
        settings.read_layout(text)?;
        match settings.delimiter_byte() {
            Some(_) => Ok(settings),
            None => Err(FramingError::Settings(
                "delimiter: expected one character that is no quote and no line break, or `tab`".to_owned(),
            )),
        }
    }

    /// Reads what is said by position.
    fn read_layout(&mut self, text: &str) -> Result<(), FramingError> {
        let mut mapping = Mapping::parse(text);
        self.layout = Layout::read(&mut mapping);
        for (at, join) in self.join.iter_mut().enumerate() {
            let prefix = format!("framing.join.{at}");
            join.record = mapping.has(&format!("{prefix}.columns")).then(|| Record::joined(&mut mapping, &prefix));
        }
        let told = mapping.problems().iter().map(|problem| {
            format!("{}: found {}, expected {}; {}", problem.at.path, problem.found, problem.expected, problem.remedy)
        });
        let told: Vec<String> = told.collect();
        if told.is_empty() { Ok(()) } else { Err(FramingError::Settings(told.join("\n"))) }
    }

    /// The delimiter; `None` if it cannot separate.
    pub fn delimiter_byte(&self) -> Option<u8> {
        match self.delimiter.as_bytes() {
            b"tab" | b"\\t" => Some(b'\t'),
            [b'"' | b'\r' | b'\n' | 0x80..] => None,
            [byte] => Some(*byte),
            _ => None,
        }
    }

    /// Whether a file of this name is a joined one: it is read with the charge files, and framed never.
    pub fn is_join(&self, name: &str) -> bool {
        self.join.iter().any(|join| join.takes(name))
    }
}

impl JoinSettings {
    /// Whether the pattern takes this file name.
    pub fn takes(&self, name: &str) -> bool {
        matches_glob(self.file.as_bytes(), name.as_bytes())
    }
}

/// `*` stands for any bytes, `?` for one. Without recursion: a pattern of many stars costs pattern times name.
pub(crate) fn matches_glob(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut star, mut mark) = (0, None, 0);
    let mut index = 0;
    while let Some(byte) = name.get(index) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some(at);
                mark = index;
                at += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted == byte => {
                at += 1;
                index += 1;
            }
            _ => match star {
                Some(position) => {
                    at = position + 1;
                    mark += 1;
                    index = mark;
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, name, taken) in [
            ("patients-*.csv", "patients-3.csv", true),
            ("patients-*.csv", "charges-3.csv", false),
            ("*", "x", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b", "xxaxxbxxb", true),
            ("a*", "", false),
            ("", "", true),
        ] {
            assert_eq!(matches_glob(pattern.as_bytes(), name.as_bytes()), taken, "{pattern} {name}");
        }
    }

    #[test]
    fn reads_its_own_table_and_refuses_typos() {
        let text = "source_system = \"X\"\n[framing]\ndelimiter = \"tab\"\n[columns]\nvisit = \"V\"\n";
        assert_eq!(Settings::from_mapping(text).unwrap().delimiter_byte(), Some(b'\t'));
        assert_eq!(Settings::from_mapping("").unwrap(), Settings::default());
        for text in [
            "[framing]\ndelimitr = \",\"\n",
            "[framing]\ndelimiter = \"ab\"\n",
            "[framing]\ndelimiter = \"\\\"\"\n",
            "x",
        ] {
            assert!(matches!(Settings::from_mapping(text), Err(FramingError::Settings(_))), "{text}");
        }
    }
}
