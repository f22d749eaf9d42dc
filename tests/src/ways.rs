//! A folder of one practice with every way in: a watched folder, an MLLP listener, an upload; and a sender of uploads that is nothing
//! but a socket, so that it can stop, hang or lie in the middle of a body.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::serving::PATIENCE;
use crate::site::{PRACTICE, Site};

/// The practice's token.
pub const TOKEN: &str = "5f1c6b0e-a-token-of-this-test";

/// The folder, with further keys of the listener and of the upload. Feeds: `messages`, `superbills`.
pub fn site(listener: &str, upload: &str) -> Site {
    let site = Site::new();
    let digest: String = Sha256::digest(TOKEN.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let mapping = "mapping = \"practices/my-practice/mapping.toml\"\n";
    let config = format!(
        "{}\n[[intake.mllp]]\npractice = \"{PRACTICE}\"\nlisten = \"127.0.0.1:0\"\nadapter = \"hl7v2-dft\"\n{mapping}{listener}\n\
         [intake.upload]\nlisten = \"127.0.0.1:0\"\n{upload}\n\
         [[intake.upload.feed]]\npractice = \"{PRACTICE}\"\nname = \"messages\"\nadapter = \"hl7v2-dft\"\n{mapping}\
         [[intake.upload.feed]]\npractice = \"{PRACTICE}\"\nname = \"superbills\"\nadapter = \"csv-superbill\"\n\
         [[intake.upload.token]]\npractice = \"{PRACTICE}\"\nsha256 = \"{digest}\"\n",
        site.text("claimhost.toml").replace("settle_seconds = 5", "settle_seconds = 0")
    );
    site.write("claimhost.toml", config.as_bytes());
    site
}

/// An upload to the feed `messages` whose body goes out chunk by chunk.
#[derive(Debug)]
pub struct Upload {
    stream: TcpStream,
}

#[allow(clippy::expect_used, reason = "a test helper: its failure is the test's")]
impl Upload {
    /// Sends the head. `key`: its `Idempotency-Key`, where it has one.
    ///
    /// # Errors
    /// Where nobody listens.
    pub fn begin(address: &str, key: Option<&str>) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let key = key.map(|key| format!("Idempotency-Key: {key}\r\n")).unwrap_or_default();
        let head = format!(
            "POST /v1/practices/{PRACTICE}/documents/messages HTTP/1.1\r\nHost: claimhost\r\nConnection: close\r\n\
             Authorization: Bearer {TOKEN}\r\nContent-Type: application/octet-stream\r\n\
             Transfer-Encoding: chunked\r\n{key}\r\n"
        );
        stream.write_all(head.as_bytes())?;
        Ok(Self { stream })
    }

    /// Sends a chunk of the body.
    ///
    /// # Errors
    /// Where the other side has gone.
    pub fn chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(format!("{:x}\r\n", bytes.len()).as_bytes())?;
        self.stream.write_all(bytes)?;
        self.stream.write_all(b"\r\n")
    }

    /// Sends the end of the body.
    ///
    /// # Errors
    /// Where the other side has gone.
    pub fn end(&mut self) -> io::Result<()> {
        self.stream.write_all(b"0\r\n\r\n")
    }

    /// Ends our side of the connection, and with it a body that has no end.
    ///
    /// # Panics
    /// Where the other side has gone.
    pub fn cut(&self) {
        self.stream.shutdown(Shutdown::Write).expect("ended");
    }

    /// Status and body of the answer; none where the other side ends without a whole one.
    pub fn answer(&mut self) -> Option<(u32, Value)> {
        let mut bytes = Vec::new();
        // What came before a reset is the answer all the same.
        let _ = self.stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, serde_json::from_str(body).ok()?))
    }
}
