//! Where a request of a puller may go: below the site's base URL, or to a host that was granted. Nothing else, however it was redirected.

use url::{Host, Url};

use super::error::SendError;
use crate::config::{PullConfig, is_safe};

/// The site's own address and the hosts that its puller was granted.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    base: Url,
    /// `host` (port 443) or `host:port`, in lower case.
    granted: Vec<String>,
}

impl Addresses {
    /// `base` is a base URL that the configuration has checked.
    pub(super) fn new(base: &str, granted: &[String]) -> Option<Self> {
        let base = Url::parse(base).ok().filter(is_safe)?;
        Some(Self { base, granted: granted.iter().map(|host| host.to_ascii_lowercase()).collect() })
    }

    /// The same of a source. `granted` are the hosts of its puller's manifest that were granted.
    ///
    /// # Errors
    /// [`SendError::Config`].
    pub(super) fn of(config: &PullConfig, granted: &[String]) -> Result<Self, SendError> {
        let none = || SendError::Config("base_url: expected an https address".to_owned());
        Self::new(&config.base_url, granted).ok_or_else(none)
    }

    /// The address of a request: below the base URL where it begins with `/`.
    pub(super) fn resolve(&self, text: &str) -> Result<Url, SendError> {
        let no_address = |what: &str| SendError::NotAllowed(what.to_owned());
        let url = if text.starts_with('/') {
            let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
            let mut url = self.base.clone();
            let joined = format!("{}{path}", self.base.path().trim_end_matches('/'));
            url.set_path(&joined);
            url.set_query(query);
            // Dots are resolved by now: it stays below the base.
            let below = self.base.path().trim_end_matches('/');
            if !url.path().starts_with(below) {
                return Err(no_address("an address that leads out of base_url"));
            }
            url
        } else {
            Url::parse(text).map_err(|_| no_address("an address that cannot be read"))?
        };
        self.check(url, SendError::NotAllowed)
    }

    /// Where a redirect leads to.
    pub(super) fn redirect(&self, from: &Url, location: &str) -> Result<Url, SendError> {
        let to = from
            .join(location)
            .map_err(|_| SendError::RedirectNotAllowed("an address that cannot be read".to_owned()))?;
        self.check(to, SendError::RedirectNotAllowed)
    }

    fn check(&self, mut url: Url, refused: fn(String) -> SendError) -> Result<Url, SendError> {
        url.set_fragment(None);
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let named = |port: u16| format!("{host}:{port}");
        let is_granted = url.scheme() == "https"
            && self.granted.iter().any(|granted| match url.port() {
                None => *granted == host || *granted == named(443),
                Some(port) => *granted == named(port),
            });
        if is_safe(&url) && (self.is_own(&url) || is_granted) { Ok(url) } else { Err(refused(shown(&url))) }
    }

    /// Whether it is the site's own server: credentials and secrets go nowhere else.
    pub(super) fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }
}

/// The host alone: paths and queries hold ids.
fn shown(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) if name.len() <= 253 => {
            format!("{}://{name}{}", url.scheme(), url.port().map(|port| format!(":{port}")).unwrap_or_default())
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => format!("{}://(an IP address)", url.scheme()),
        _ => "an address without a host".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses() -> Addresses {
        let granted = ["Images.Example".to_owned(), "bulk.example:8443".to_owned()];
        Addresses::new("https://ehr.example/r4/tenant/", &granted).unwrap()
    }

    #[test]
    fn what_begins_with_a_slash_is_below_the_base() {
        let all = addresses();
        for (text, wanted) in [
            ("/ChargeItem?context=1&x=%2F", "https://ehr.example/r4/tenant/ChargeItem?context=1&x=%2F"),
            ("/", "https://ehr.example/r4/tenant/"),
            ("https://ehr.example/r4/tenant?page=2#x", "https://ehr.example/r4/tenant?page=2"),
            ("https://images.example/a", "https://images.example/a"),
            ("https://bulk.example:8443/a", "https://bulk.example:8443/a"),
        ] {
            let url = all.resolve(text).unwrap();
            assert_eq!(url.as_str(), wanted);
            assert_eq!(all.is_own(&url), wanted.contains("ehr.example"), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_and_only_its_host_is_told() {
        let all = addresses();
        for text in [
            "/../../etc",
            "http://ehr.example/r4",
            "https://ehr.example:444/",
            "https://ehr.example.evil/",
            "https://user:secret@ehr.example/",
            "https://bulk.example/",
            "http://images.example/",
            "https://127.0.0.1/",
            "ftp://ehr.example/",
            "//evil.example/x",
            "page=2",
            "",
        ] {
            let error = all.resolve(text);
            if let Ok(url) = &error {
                // A path that merely looks like a host stays on the site's own.
                assert!(all.is_own(url) && url.path().starts_with("/r4/tenant"), "{text}: {url}");
                continue;
            }
            let words = error.unwrap_err().to_string();
            assert!(!words.contains("secret") && !words.contains("etc"), "{text}: {words}");
        }
        let here = all.resolve("/a").unwrap();
        assert!(all.redirect(&here, "/elsewhere?name=VANCE").is_ok(), "own host, other path");
        let words = all.redirect(&here, "https://evil.example/?name=VANCE").unwrap_err().to_string();
        assert!(words.contains("evil.example") && !words.contains("VANCE"), "{words}");
    }
}
