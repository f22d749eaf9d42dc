//! Secrets of a source: read from a file or the environment, never shown, filled into requests when a plugin has answered.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::config::SecretConfig;

/// A secret file larger than this holds something else.
const FILE_BYTES_MAX: u64 = 64 << 10;
/// What an answer repeats of a secret is written over, unless it is so short that it may be anything.
const ECHO_BYTES_MIN: usize = 8;

/// A secret. Has no Display, and its Debug says nothing.
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Takes what was read or given out.
    pub fn new(text: String) -> Self {
        Self(Arc::new(Zeroizing::new(text)))
    }

    /// The secret itself. For a request alone.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("<secret>")
    }
}

/// Why a secret cannot be had. Names its place, never what is there.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file.
    #[error("{}: {source}; put the secret there, readable for the user of claimhost alone", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others can read it.
    #[error("{}: mode is {mode:o}, expected 600: others can read the secret; chmod 600 {}", path.display(), path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is no text of one line, or no PEM.
    #[error("{at}: expected a secret of printable characters, found {found}")]
    Text {
        /// Where.
        at: String,
        /// Class of what is there.
        found: &'static str,
    },
    /// The variable.
    #[error("environment variable {name} is not set; set it for the service")]
    Env {
        /// Its name.
        name: String,
    },
}

impl Secret {
    /// Reads a secret. White space around it is not part of it.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn read(config: &SecretConfig) -> Result<Self, SecretError> {
        let (at, text) = match (&config.file, &config.env) {
            (Some(path), _) => (path.display().to_string(), read_file(path)?),
            (None, Some(name)) => {
                let text = std::env::var(name).map_err(|_| SecretError::Env { name: name.clone() })?;
                (format!("environment variable {name}"), Zeroizing::new(text))
            }
            (None, None) => return Err(SecretError::Text { at: "secret".to_owned(), found: "neither file nor env" }),
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(SecretError::Text { at, found: "nothing" });
        }
        let in_lines = text.starts_with("-----BEGIN");
        if text.chars().any(|letter| letter.is_control() && !(in_lines && matches!(letter, '\n' | '\r'))) {
            return Err(SecretError::Text { at, found: "several lines or control characters" });
        }
        Ok(Self::new(text.to_owned()))
    }
}

fn read_file(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    use std::io::Read;
    use std::os::unix::fs::PermissionsExt;
    let fail = |source| SecretError::File { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(fail)?;
    let data = file.metadata().map_err(fail)?;
    let mode = data.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretError::Mode { path: path.to_owned(), mode });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(fail)?;
    Ok(text)
}

/// How a value is written where it is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    /// In a header.
    Plain,
    Xml,
    Json,
    Form,
}

impl Escape {
    /// Every way in which a server may repeat what it was sent.
    const ALL: [Self; 4] = [Self::Plain, Self::Xml, Self::Json, Self::Form];

    /// That of a body of this media type; none for one whose rules nobody knows.
    pub(super) fn of(media_type: &str) -> Option<Self> {
        let plain = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match plain.as_str() {
            "application/x-www-form-urlencoded" => Some(Self::Form),
            "text/xml" | "application/xml" | "application/soap+xml" => Some(Self::Xml),
            "application/json" => Some(Self::Json),
            other if other.ends_with("+xml") => Some(Self::Xml),
            other if other.ends_with("+json") => Some(Self::Json),
            _ => None,
        }
    }

    fn write(self, text: &str) -> Zeroizing<String> {
        let mut out = Zeroizing::new(String::with_capacity(text.len()));
        match self {
            Self::Plain => out.push_str(text),
            Self::Form => out.extend(url::form_urlencoded::byte_serialize(text.as_bytes())),
            Self::Xml => text.chars().for_each(|letter| match letter {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&apos;"),
                other => out.push(other),
            }),
            Self::Json => text.chars().for_each(|letter| match letter {
                '"' | '\\' => {
                    out.push('\\');
                    out.push(letter);
                }
                other => out.push(other),
            }),
        }
        out
    }
}

/// Fills the placeholders of these secrets into a text.
///
/// # Errors
/// The name of a secret that the site does not have.
pub(super) fn fill(
    text: &str,
    names: &[String],
    secrets: &BTreeMap<String, Secret>,
    escape: Escape,
) -> Result<Zeroizing<String>, String> {
    let mut filled = Zeroizing::new(text.to_owned());
    for name in names {
        let secret = secrets.get(name).ok_or_else(|| name.clone())?;
        let placeholder = format!("{{{{secret.{name}}}}}");
        if filled.contains(&placeholder) {
            filled = Zeroizing::new(filled.replace(&placeholder, &escape.write(secret.expose())));
        }
    }
    Ok(filled)
}

/// Writes over what an answer repeats of secrets, byte for byte: as they are, and as they were escaped for a body.
///
/// Longer forms go first: one that begins with another would else be left with its end.
pub(super) fn strike_out<'a>(bytes: &mut [u8], secrets: impl Iterator<Item = &'a Secret>) {
    let long = secrets.map(Secret::expose).filter(|secret| secret.len() >= ECHO_BYTES_MIN);
    let mut forms: Vec<Zeroizing<String>> =
        long.flat_map(|secret| Escape::ALL.map(|escape| escape.write(secret))).collect();
    forms.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
    forms.dedup();
    for form in &forms {
        let finder = memchr::memmem::Finder::new(form.as_bytes());
        let found: Vec<usize> = finder.find_iter(bytes).collect();
        for at in found {
            if let Some(echo) = bytes.get_mut(at..at + form.len()) {
                echo.fill(b'*');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn of(file: &Path) -> SecretConfig {
        SecretConfig { file: Some(file.to_owned()), env: None }
    }

    #[test]
    fn a_secret_is_read_where_nobody_else_can_and_is_never_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        std::fs::write(&file, "hunter2-hunter2\n").unwrap();
        mode(0o644);
        let error = Secret::read(&of(&file)).unwrap_err().to_string();
        assert!(error.contains("644") && error.contains("chmod 600") && !error.contains("hunter2"), "{error}");
        mode(0o600);
        let secret = Secret::read(&of(&file)).unwrap();
        assert_eq!((secret.expose(), format!("{secret:?}").as_str()), ("hunter2-hunter2", "<secret>"));
        for (text, found) in [("", "nothing"), ("a\nb", "several lines"), ("a\u{1b}", "several lines")] {
            std::fs::write(&file, text).unwrap();
            assert!(Secret::read(&of(&file)).unwrap_err().to_string().contains(found), "{text:?}");
        }
        assert!(Secret::read(&of(&folder.path().join("none"))).is_err());
        let unset = SecretConfig { file: None, env: Some("CLAIMHOST_TEST_UNSET".to_owned()) };
        assert!(Secret::read(&unset).unwrap_err().to_string().contains("CLAIMHOST_TEST_UNSET"));
    }

    #[test]
    fn placeholders_are_filled_as_their_place_wants_it_and_only_those_asked_for() {
        let secrets = BTreeMap::from([
            ("key".to_owned(), Secret::new("a<&\"b\\ c".to_owned())),
            ("other".to_owned(), Secret::new("never".to_owned())),
        ]);
        let asked = ["key".to_owned()];
        let text = "<k>{{secret.key}}</k>{{secret.other}}";
        for (escape, wanted) in [
            (Escape::Xml, "<k>a&lt;&amp;&quot;b\\ c</k>{{secret.other}}"),
            (Escape::Json, "<k>a<&\\\"b\\\\ c</k>{{secret.other}}"),
            (Escape::Form, "<k>a%3C%26%22b%5C+c</k>{{secret.other}}"),
        ] {
            assert_eq!(fill(text, &asked, &secrets, escape).unwrap().as_str(), wanted);
        }
        assert_eq!(fill(text, &["gone".to_owned()], &secrets, Escape::Xml).unwrap_err(), "gone");
        assert_eq!(Escape::of("Text/XML; charset=utf-8"), Some(Escape::Xml));
        assert_eq!(Escape::of("application/octet-stream"), None);
    }

    #[test]
    fn what_an_answer_repeats_of_a_secret_is_written_over() {
        let secrets = [Secret::new("hunter2-hunter2".to_owned()), Secret::new("abc".to_owned())];
        let mut bytes = b"x hunter2-hunter2 abc hunter2-hunter2".to_vec();
        strike_out(&mut bytes, secrets.iter());
        assert_eq!(bytes, b"x *************** abc ***************");
        // As it stood in XML, in JSON and in a form; the plain one is the beginning of another.
        let secrets = [Secret::new("a<b\"c d-0".to_owned()), Secret::new("a<b\"c d-0123".to_owned())];
        for text in ["a<b\"c d-0", "a&lt;b&quot;c d-0", "a<b\\\"c d-0", "a%3Cb%22c+d-0", "a<b\"c d-0123"] {
            let mut bytes = format!("<{text}>").into_bytes();
            strike_out(&mut bytes, secrets.iter());
            assert_eq!(bytes, format!("<{}>", "*".repeat(text.len())).into_bytes(), "{text}");
        }
    }
}
