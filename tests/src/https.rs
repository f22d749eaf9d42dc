//! An EHR's HTTPS server of a test: a certificate of its own, an answer for each request by a closure, and everything it was asked kept.
//!
//! Nothing of it is a library of HTTP: what a real server never does (end in the middle, say a length that is none) is what it is for.

#![allow(clippy::unwrap_used, reason = "a test helper: its failure is the test's")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::site::{PRACTICE, Site};

/// A request that came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// As it was written.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
}

impl Asked {
    /// A header; empty: there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The path, as it was written.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The parameters of the query, decoded (RFC 3986, 2.1).
    pub fn query(&self) -> Vec<(String, String)> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect()
    }

    /// A parameter of the query, decoded; empty: there is none.
    pub fn value(&self, name: &str) -> String {
        self.query().into_iter().find(|(known, _)| known == name).map(|(_, value)| value).unwrap_or_default()
    }

    /// A parameter of the query, or of a form; as it was written.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let all = query.split('&').chain(self.body.split('&'));
        all.filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

/// What stands for its escapes.
pub fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        match byte {
            b'%' => {
                let value = digit().zip(digit()).map(|(high, low)| high * 16 + low);
                bytes.extend(value.and_then(|value| u8::try_from(value).ok()));
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A private key made for tests (RSA, PKCS #8), used nowhere else.
pub const RSA_KEY: &str = include_str!("rsa.pem");

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, without those of the connection.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// Bytes of the body that are sent of those that are announced.
    pub cut: Option<usize>,
    /// How long it takes before anything is sent.
    pub slow: Duration,
}

impl Answer {
    /// An answer of this status.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), cut: None, slow: Duration::ZERO }
    }

    /// A JSON answer.
    pub fn json(value: &serde_json::Value) -> Self {
        Self::new(200, value.to_string())
    }

    /// The same with a header.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A running server. It ends with the test.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its certificate.
    pub pem: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Starts it. `answer` is told of each request, and how many came before.
    pub fn start(answer: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::named("localhost", answer)
    }

    /// The same, with a certificate for a name. [`proxy`] leads there.
    pub fn named(name: &str, answer: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Self {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let chain = vec![CertificateDer::from(made.cert.der().to_vec())];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let (config, answer) = (Arc::new(config), Arc::new(answer));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, answer, seen) = (Arc::clone(&config), Arc::clone(&answer), Arc::clone(&seen));
                std::thread::spawn(move || serve(stream, config, &*answer, &seen));
            }
        });
        Self { address, pem: made.cert.pem(), asked }
    }

    /// Its address, as a base URL.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How often a path was asked for.
    pub fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path() == path).count()
    }
}

/// Adds a source to a site with these lines of its own; `[intake.pull...]` blocks come last in them.
pub fn add(site: &Site, server: &Server, name: &str, more: &str) {
    site.write("ca.pem", server.pem.as_bytes());
    let text = format!(
        "{}\n[[intake.pull]]\npractice = \"{PRACTICE}\"\nname = \"{name}\"\nca_file = \"ca.pem\"\nbase_url = \"{}\"\n\
         timeout_seconds = 2\ntries = 3\nwait_seconds_max = 3\n{more}\n",
        site.text("claimhost.toml"),
        server.url(),
    );
    site.write("claimhost.toml", text.as_bytes());
}

/// Adds a source of one list, `/rows`, that `records` reads, with these lines of its own.
pub fn add_rows(site: &Site, server: &Server, name: &str, more: &str) {
    site.write("rows.toml", b"[pull]\npath = \"/rows\"\nitems = \"rows\"\n");
    site.write("records.toml", b"source_system = \"S\"\n[framing]\nrecords = \"rows\"\n[visit]\nvisit = \"visit\"\n");
    let own =
        "puller = \"http-pull\"\npull_mapping = \"rows.toml\"\nadapter = \"records\"\nmapping = \"records.toml\"\n";
    add(site, server, name, &format!("{own}{more}"));
}

/// Starts a proxy (RFC 9110, 9.3.6) by which names are these servers, whatever DNS says. Gives its address; it ends with the test.
pub fn proxy(names: Vec<(&'static str, SocketAddr)>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let names = names.clone();
            std::thread::spawn(move || tunnel(stream, &names));
        }
    });
    address
}

fn tunnel(mut near: TcpStream, names: &[(&str, SocketAddr)]) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        near.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let target = head.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    let Some((_, to)) = names.iter().find(|(name, _)| *name == target) else {
        return near.write_all(b"HTTP/1.1 502 X\r\n\r\n").ok();
    };
    let mut far = TcpStream::connect(to).ok()?;
    near.write_all(b"HTTP/1.1 200 X\r\n\r\n").ok()?;
    let (mut back, mut forth) = (far.try_clone().ok()?, near.try_clone().ok()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut back, &mut forth);
        let _ = forth.shutdown(std::net::Shutdown::Write);
    });
    std::io::copy(&mut near, &mut far).ok()?;
    far.shutdown(std::net::Shutdown::Write).ok()
}

fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    answer: &(dyn Fn(&Asked, usize) -> Answer + Send + Sync),
    seen: &Mutex<Vec<Asked>>,
) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
    let mut reader = BufReader::new(StreamOwned::new(ServerConnection::new(config).unwrap(), stream));
    let Some(asked) = read(&mut reader) else { return };
    let before = {
        let mut seen = seen.lock().unwrap();
        seen.push(asked.clone());
        seen.len() - 1
    };
    let Answer { status, headers, body, cut, slow } = answer(&asked, before);
    std::thread::sleep(slow);
    let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    let out = reader.get_mut();
    let sent = body.get(..cut.unwrap_or(body.len())).unwrap_or_default();
    let _ = out.write_all((head + "\r\n").as_bytes()).and_then(|()| out.write_all(sent)).and_then(|()| out.flush());
    if cut.is_none() {
        out.conn.send_close_notify();
        let _ = out.flush();
    }
}

fn read(reader: &mut impl BufRead) -> Option<Asked> {
    let mut line = || {
        let mut text = String::new();
        reader.read_line(&mut text).ok().filter(|count| *count > 0)?;
        Some(text.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let text = line()?;
        if text.is_empty() {
            break;
        }
        let (name, value) = text.split_once(':')?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut asked = Asked { method, target, headers, body: String::new() };
    if asked.header("transfer-encoding") == "chunked" {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).ok()?;
            if size == 0 {
                break;
            }
            asked.body += &String::from_utf8_lossy(chunk.get(..size)?);
        }
        return Some(asked);
    }
    let mut body = vec![0; asked.header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8(body).ok()?;
    Some(asked)
}
