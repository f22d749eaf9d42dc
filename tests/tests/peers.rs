//! Listeners against peers that are not ours: an HL7 client and an HL7 parser from PyPI (`hl7`, `hl7apy`), and curl; and all
//! three ways in at once.
//!
//! `CLAIMHOST_PEERS` names a Python environment with both packages (`.ci/run` makes one); without it, or without curl, these tests say
//! that they skip, unless `CLAIMHOST_PEERS_REQUIRED` names what is missing (`hl7`, `curl`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use claimhost_tests::serving::Serving;
use claimhost_tests::site::{Charge, PRACTICE, counts};
use claimhost_tests::ways::{TOKEN, site};
use serde_json::Value;

const DAY: &str = "2026-05-20";

fn message(number: u32) -> String {
    Charge::of_nobody_else(number).message()
}

/// Says why a test skips; where the peer is required it fails instead.
fn skip(peer: &str, reason: &str) {
    let required = std::env::var("CLAIMHOST_PEERS_REQUIRED").unwrap_or_default();
    assert!(!required.split_whitespace().any(|required| required == peer), "{reason}");
    println!("skipped: {reason}");
}

/// A program of the Python environment.
fn python(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("CLAIMHOST_PEERS").map(|folder| PathBuf::from(folder).join("bin").join(program));
    let path = path.filter(|path| path.is_file());
    if path.is_none() {
        skip("hl7", "CLAIMHOST_PEERS names no Python environment with hl7 and hl7apy");
    }
    path
}

/// Reads acknowledgements with hl7apy, one a block, and checks each against the standard's structure.
const READER: &str = "\
import sys
from hl7apy.parser import parse_message
for block in sys.stdin.buffer.read().split(b'\\x1c'):
    text = block.strip(b'\\x0b\\r\\n').decode()
    if text:
        message = parse_message(text, find_groups=False)
        assert message.validate()
        error = ''
        if 'ERR|' in text:
            error = message.err.err_3.value if message.version >= '2.5' else message.err.err_1.value
        print(message.msh.msh_9.value, message.msa.msa_1.value, message.msa.msa_2.value, error)
";

#[test]
fn an_hl7_client_of_others_is_answered_and_a_parser_of_others_reads_the_answers() {
    let (Some(client), Some(python)) = (python("mllp_send"), python("python")) else { return };
    let site = site("", "");
    let serving = Serving::start(&site, DAY);
    let address = serving.mllp(0);
    let port = address.rsplit(':').next().unwrap();
    let bad = message(53).replace("|DFT^P03|", "||");
    let test = message(54).replace("|P|2.5", "|T|2.3.1");
    let text = [message(51), message(52), bad, test].concat();
    site.write("feed.hl7", text.as_bytes());
    let mut send = Command::new(client);
    send.args(["--loose", "--quiet", "--port", port, "--file"]).arg(site.dir().join("feed.hl7")).arg("127.0.0.1");
    let sent = send.output().unwrap();
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    // It prints nothing when quiet: the same again, to read the answers.
    let mut send = Command::new(send.get_program());
    send.args(["--loose", "--port", port, "--file"]).arg(site.dir().join("feed.hl7")).arg("127.0.0.1");
    let sent = send.output().unwrap();
    site.write("answers", &sent.stdout);
    let read = Command::new(python)
        .args(["-c", READER])
        .stdin(std::fs::File::open(site.dir().join("answers")).unwrap())
        .output()
        .unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let lines = String::from_utf8(read.stdout).unwrap();
    assert_eq!(
        lines.lines().map(str::trim).collect::<Vec<_>>(),
        [
            "ACK^P03^ACK AA MSG51",
            "ACK^P03^ACK AA MSG52",
            "ACK^^ACK AE MSG53 101^Required field missing^HL70357",
            "ACK^P03^ACK AR MSG54 MSH^1^11^202&Unsupported processing id&HL70357"
        ]
    );
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"translated\"}", 2);
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"ignored\"}", 2);
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"rejected\"}", 2);
    serving.stop();
}

/// curl, with what it prints: status and body.
fn curl(address: &str, path: &str, arguments: &[&str]) -> (u32, Value) {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--write-out", "\n%{http_code}"]).args(arguments);
    let output = command.arg(format!("http://{address}{path}")).output().expect("curl starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, status) = text.rsplit_once('\n').unwrap_or_else(|| panic!("{text}"));
    let body = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {text}"));
    (status.parse().unwrap(), body)
}

fn has_curl() -> bool {
    let there = Command::new("curl").arg("--version").output().is_ok();
    if !there {
        skip("curl", "curl is not on this machine; install it");
    }
    there
}

#[test]
fn curl_uploads_once_a_key_and_is_told_what_is_wrong() {
    if !has_curl() {
        return;
    }
    let site = site("", "bytes_max = 300000");
    let serving = Serving::start(&site, DAY);
    let address = serving.upload();
    let to = "/v1/practices/my-practice/documents/messages";
    let bearer = format!("Authorization: Bearer {TOKEN}");
    let plain = "Content-Type: application/octet-stream";
    site.write("day.hl7", [message(1), message(2)].concat().as_bytes());
    site.write("other.hl7", message(3).as_bytes());
    site.write("large.hl7", &vec![b'x'; 300_001]);
    site.write("empty.hl7", b"");
    let file = |name: &str| format!("@{}", site.dir().join(name).display());
    let (day, other, large, empty) = (file("day.hl7"), file("other.hl7"), file("large.hl7"), file("empty.hl7"));
    let key = "Idempotency-Key: 0a1b";

    let first = curl(&address, to, &["-H", &bearer, "-H", plain, "-H", key, "--data-binary", &day]);
    assert_eq!((first.0, &first.1["practice"]), (201, &PRACTICE.into()), "{first:?}");
    let again = curl(&address, to, &["-H", &bearer, "-H", plain, "-H", key, "--data-binary", &day]);
    assert_eq!(again, first, "the same answer, and nothing is stored");
    let chunked = "Transfer-Encoding: chunked";
    let streamed = curl(&address, to, &["-H", &bearer, "-H", plain, "-H", chunked, "--data-binary", &other]);
    assert_eq!(streamed.0, 201, "{streamed:?}");
    assert_ne!(streamed.1["file_id"], first.1["file_id"]);

    let refusals: Vec<(&str, Vec<&str>, u32, &str)> = vec![
        (to, vec!["-H", &bearer, "-H", plain, "-H", key, "--data-binary", &other], 422, "other-bytes"),
        (to, vec!["-H", plain, "--data-binary", &day], 401, "unauthorized"),
        (to, vec!["-H", "Authorization: Bearer other", "-H", plain, "--data-binary", &day], 401, "unauthorized"),
        (
            "/v1/practices/oak/documents/messages",
            vec!["-H", &bearer, "-H", plain, "--data-binary", &day],
            401,
            "unauthorized",
        ),
        (
            "/v1/practices/my-practice/documents/x",
            vec!["-H", &bearer, "-H", plain, "--data-binary", &day],
            404,
            "not-found",
        ),
        ("/", vec!["-H", &bearer], 404, "not-found"),
        (to, vec!["-H", &bearer], 405, "method"),
        (to, vec!["-H", &bearer, "-X", "POST", "-H", "Content-Length:"], 411, "length-required"),
        (to, vec!["-H", &bearer, "-H", plain, "--data-binary", &large], 413, "too-large"),
        (to, vec!["-H", &bearer, "-H", plain, "-H", chunked, "--data-binary", &large], 413, "too-large"),
        (to, vec!["-H", &bearer, "-d", &day], 415, "media-type"),
        (to, vec!["-H", &bearer, "-F", "a=b"], 415, "media-type"),
        (
            to,
            vec!["-H", &bearer, "-H", plain, "-H", "Content-Encoding: gzip", "--data-binary", &day],
            415,
            "media-type",
        ),
        (to, vec!["-H", &bearer, "-H", plain, "--data-binary", &empty], 400, "empty"),
        (
            to,
            vec!["-H", &bearer, "-H", plain, "-H", "Idempotency-Key: \u{e9}", "--data-binary", &day],
            400,
            "idempotency-key",
        ),
    ];
    let mut ends = BTreeMap::<&str, u64>::new();
    for (path, arguments, status, id) in &refusals {
        let (found, body) = curl(&address, path, arguments);
        assert_eq!((found, &body["id"]), (*status, &format!("upload.{id}").into()), "{arguments:?}: {body}");
        let words = body.to_string();
        assert!(["found", "expected", "remedy"].iter().all(|key| body[*key].is_string()), "{words}");
        assert!(!words.contains("VANCE") && !words.contains("MSG"), "{words}");
        *ends.entry(id).or_default() += 1;
    }
    let told = |outcome: &str| {
        serving.metric(&format!("claimhost_uploads_total{{practice=\"my-practice\",outcome=\"{outcome}\"}}"))
    };
    assert_eq!(told("stored"), 3);
    for id in ["other-bytes", "length-required", "too-large", "media-type", "empty", "idempotency-key"] {
        assert_eq!(told(id), ends[id], "{id}");
    }
    assert_eq!(serving.metric("claimhost_uploads_unauthorized_total"), 3);
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"translated\"}", 3);
    serving.stop();
    let files = std::fs::read_dir(site.dir().join("store")).unwrap();
    let left: Vec<_> =
        files.map(|file| file.unwrap().file_name()).filter(|name| name.to_string_lossy().contains("upload")).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(counts(&site.run(DAY))["received"], 3, "refused ones left nothing");
}

#[test]
fn folder_listener_and_upload_work_side_by_side_and_meet_in_one_ledger() {
    if !has_curl() {
        return;
    }
    let site = site("", "");
    let serving = Serving::start(&site, DAY);
    let (address, bearer) = (serving.upload(), format!("Authorization: Bearer {TOKEN}"));
    // Each of 60 messages comes by two of the three ways, at the same time as the others.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut peer = serving.connect();
            for number in 1..=40 {
                peer.send(&claimhost_tests::serving::block(&message(number)));
                assert_eq!(peer.told(), Some(("AA".to_owned(), format!("MSG{number}"))));
            }
        });
        scope.spawn(|| {
            for number in (21..=60).step_by(4) {
                let name = format!("{number}.hl7");
                let text: String = (number..number + 4).map(message).collect();
                site.write(&format!("outside/{name}"), text.as_bytes());
                let file = format!("@{}", site.dir().join("outside").join(&name).display());
                let arguments = ["-H", &bearer, "-H", "Content-Type: application/octet-stream", "--data-binary", &file];
                let (status, body) = curl(&address, "/v1/practices/my-practice/documents/messages", &arguments);
                assert_eq!(status, 201, "{body}");
            }
        });
        scope.spawn(|| {
            for number in (1..=20).chain(41..=60) {
                // A file that is written in two parts under another name, then renamed.
                let (text, name) = (message(number), format!("{number}.hl7"));
                let part = site.dir().join("inbox/my-practice").join(format!("{name}.part"));
                std::fs::write(&part, &text[..60]).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(10));
                std::fs::write(&part, &text).unwrap();
                std::fs::rename(&part, part.with_file_name(name)).unwrap();
            }
        });
    });
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"translated\"}", 60);
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"ignored\"}", 60);
    serving.stop();
    let summary = site.run(DAY);
    let found = counts(&summary);
    assert_eq!((found["received"], found["translated"], found["ignored"]), (120, 60, 60), "{summary}");
    assert_eq!(summary["cents"]["billed"], 60 * 9_000, "{summary}");
}
