//! A running `claimhost serve` of a [`Site`], and an MLLP peer that is nothing but a socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::custody::assert_accounted;
use crate::programs::claimhost;
use crate::site::{PRACTICE, Site, UPLOAD_TOKEN};

/// A service that has not done what it should by then hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running service. It is killed with the value.
#[derive(Debug)]
pub struct Serving {
    child: Child,
    addresses: Value,
    config: PathBuf,
    day: String,
}

#[allow(clippy::expect_used, clippy::panic, reason = "a test helper: its failure is the test's")]
impl Serving {
    /// Starts `serve` on a day, and waits until it listens.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start(site: &Site, day: &str) -> Self {
        Self::with(site, day, |command| command.stderr(Stdio::null()))
    }

    /// The same, with something changed about the command: its environment, or where its log goes.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn with(site: &Site, day: &str, change: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let mut command = site.prepared(&["--as-of", day, "serve", "--json", "--listen", "127.0.0.1:0"]);
        let mut child = change(command.stdout(Stdio::piped())).spawn().expect("claimhost starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("its standard output");
        BufReader::new(output).read_line(&mut line).expect("its addresses");
        let addresses = serde_json::from_str(&line).unwrap_or_else(|error| panic!("no addresses: {error}: {line}"));
        Self { child, addresses, config: site.dir().join("claimhost.toml"), day: day.to_owned() }
    }

    /// Address of an MLLP listener, by its place in the configuration.
    ///
    /// # Panics
    /// Where there is none.
    pub fn mllp(&self, at: usize) -> String {
        let address = self.addresses.get("mllp").and_then(|all| all.get(at)).and_then(Value::as_str);
        address.expect("an MLLP listener").to_owned()
    }

    /// Address of the upload.
    ///
    /// # Panics
    /// Where there is none.
    pub fn upload(&self) -> String {
        self.addresses.get("upload").and_then(Value::as_str).expect("an upload").to_owned()
    }

    /// Uploads a document to a feed with these headers; the answer with its head.
    ///
    /// # Panics
    /// Where nobody answers.
    pub fn upload_document(&self, feed: &str, headers: &[(&str, &str)], body: &str) -> String {
        let token = format!("Bearer {UPLOAD_TOKEN}");
        let own = [("Host", "claimhost"), ("Connection", "close"), ("Content-Type", "application/octet-stream")];
        let token = [("Authorization", token.as_str())]
            .into_iter()
            .filter(|(name, _)| headers.iter().all(|(own, _)| own != name));
        let headers: String = own
            .into_iter()
            .chain(token)
            .chain(headers.iter().copied())
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let mut stream = TcpStream::connect(self.upload()).expect("the upload listens");
        let (path, length) = (format!("/v1/practices/{PRACTICE}/documents/{feed}"), body.len());
        write!(stream, "POST {path} HTTP/1.1\r\n{headers}Content-Length: {length}\r\n\r\n{body}").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Connects to the first MLLP listener.
    pub fn connect(&self) -> Peer {
        Peer::connect(&self.mllp(0))
    }

    /// One sample of `/metrics`; 0 where it is not there.
    ///
    /// # Panics
    /// Where the page cannot be had.
    pub fn metric(&self, sample: &str) -> u64 {
        let page = self.page("/metrics");
        let value = page.lines().find_map(|line| line.strip_prefix(sample)?.trim().parse().ok());
        value.unwrap_or(0)
    }

    /// A page of the service, with its head.
    ///
    /// # Panics
    /// Where it cannot be had.
    pub fn page(&self, path: &str) -> String {
        let address = self.addresses.get("listening").and_then(Value::as_str).expect("an address");
        let mut stream = TcpStream::connect(address).expect("the service listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: claimhost\r\nConnection: close\r\n\r\n").expect("asked");
        let mut page = String::new();
        stream.read_to_string(&mut page).expect("the page");
        page
    }

    /// Waits until a sample has a value.
    ///
    /// # Panics
    /// Where it does not come to it.
    pub fn wait_for(&self, sample: &str, value: u64) {
        let until = Instant::now() + PATIENCE;
        loop {
            let found = self.metric(sample);
            if found == value {
                return;
            }
            assert!(Instant::now() < until, "{sample}: {found}, expected {value}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What its memory is at this moment, in MB. Pages of the store's file that it has mapped are the system's, and not in it.
    ///
    /// # Panics
    /// Where it has ended.
    pub fn memory_mb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kb: u64 = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).expect("its memory");
        kb / 1024
    }

    /// Does something, and gives with its result the most memory that the service had meanwhile, in MB.
    pub fn peak_mb_of<T: Send>(&self, work: impl FnOnce() -> T + Send) -> (T, u64) {
        std::thread::scope(|scope| {
            let worker = scope.spawn(work);
            let mut peak = self.memory_mb();
            while !worker.is_finished() {
                peak = peak.max(self.memory_mb());
                std::thread::sleep(Duration::from_millis(2));
            }
            (worker.join().expect("the work is done"), peak)
        })
    }

    /// Sends SIGTERM.
    ///
    /// # Panics
    /// Where that is not possible.
    pub fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill");
        assert!(sent.success(), "it runs");
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// Where it does not end.
    pub fn ended(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("its status") {
                return status;
            }
            assert!(Instant::now() < until, "still running");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends SIGTERM and waits for an end in order. What was stored and whose turn had not come yet is taken by a run; then nothing is
    /// unaccounted for.
    ///
    /// # Panics
    /// Where it ends otherwise, or something is left.
    pub fn stop(self) {
        let (config, day) = (self.config.clone(), self.day.clone());
        self.drain("a run takes what is left");
        let mut run = Command::new(claimhost());
        let ran =
            run.arg("--config").arg(&config).args(["--as-of", &day, "run", "--once"]).output().expect("it starts");
        assert!(ran.status.success(), "a run after the service: {}", String::from_utf8_lossy(&ran.stderr));
        assert_accounted(&config, &day);
    }

    /// Sends SIGTERM and waits for an end in order. `why` says why nothing more can be asked of the store.
    ///
    /// # Panics
    /// Where it ends otherwise.
    pub fn drain(mut self, why: &str) {
        self.terminate();
        assert_eq!(self.ended().code(), Some(0), "it drains ({why})");
    }

    /// `kill -9`.
    ///
    /// # Panics
    /// Where that is not possible.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("its end");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A message in its block.
pub fn block(message: &str) -> Vec<u8> {
    format!("\u{b}{message}\u{1c}\r").into_bytes()
}

/// One connection of an MLLP peer.
#[derive(Debug)]
pub struct Peer {
    stream: TcpStream,
    held: Vec<u8>,
}

#[allow(clippy::expect_used, reason = "a test helper: its failure is the test's")]
impl Peer {
    /// Connects.
    ///
    /// # Panics
    /// Where nobody listens.
    pub fn connect(address: &str) -> Self {
        Self::try_connect(address).expect("somebody listens")
    }

    /// Connects, where somebody listens.
    ///
    /// # Errors
    /// The operating system's: nobody does.
    pub fn try_connect(address: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self { stream, held: Vec::new() })
    }

    /// Sends bytes as they are.
    ///
    /// # Panics
    /// Where the other side has gone.
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("sent");
    }

    /// The socket, for what may fail.
    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Ends our side: nothing more is sent, answers are still read.
    ///
    /// # Panics
    /// Where the other side has gone.
    pub fn end(&self) {
        self.stream.shutdown(Shutdown::Write).expect("ended");
    }

    /// The next answer, without its block; none where the other side has ended, or says nothing for 20 seconds.
    pub fn answer(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.held.windows(2).position(|bytes| bytes == b"\x1c\r") {
                let answer: Vec<u8> = self.held.drain(..end + 2).collect();
                let text = String::from_utf8_lossy(&answer).into_owned();
                return Some(text.trim_start_matches('\u{b}').trim_end_matches("\u{1c}\r").to_owned());
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes) {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.held.extend_from_slice(bytes.get(..count).unwrap_or_default()),
            }
        }
    }

    /// MSA-1 and MSA-2 of the next answer.
    pub fn told(&mut self) -> Option<(String, String)> {
        let answer = self.answer()?;
        let msa = answer.split('\r').find(|line| line.starts_with("MSA|"))?;
        let mut fields = msa.split('|').skip(1).map(str::to_owned);
        Some((fields.next()?, fields.next().unwrap_or_default()))
    }

    /// MSA-1 of every answer until the other side ends.
    pub fn all_told(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.told()).map(|(code, _)| code).collect()
    }
}
