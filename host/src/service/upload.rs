//! HTTP upload: `POST /v1/practices/{practice}/documents/{feed}`. The page for senders is `docs/upload.md`.
//!
//! A body goes to a file that has no name, then into the store in one transaction; the answer comes after the commit. Answers
//! and log lines say nothing that a document or its sender said.

use std::collections::HashMap;
use std::fs::File;
use std::future::poll_fn;
use std::path::{Path as FilePath, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::sync::Semaphore;

use super::bearer;
use super::commit::Today;
use super::meters::AllMeters;
use super::pipeline::Waker;
use crate::config::UploadConfig;
use crate::lifecycle::{HostError, Receiver, Upload, Uploaded, store_upload};
use crate::private;

/// Longest `Idempotency-Key`, in bytes.
const KEY_BYTES_MAX: usize = 255;

/// What every request needs.
pub(super) struct Uploads {
    pub(super) config: UploadConfig,
    /// By practice and name of the feed.
    pub(super) feeds: HashMap<(String, String), Receiver>,
    pub(super) meters: Arc<AllMeters>,
    pub(super) today: Today,
    pub(super) waker: Waker,
    pub(super) places: Arc<Semaphore>,
    /// Folder of bodies on their way.
    pub(super) folder: PathBuf,
    pub(super) bodies: AtomicU64,
}

/// A request that is not taken. Holds nothing that its sender said.
#[derive(Debug)]
struct Refused {
    status: StatusCode,
    /// Behind `upload.`; its name in metrics too.
    id: &'static str,
    found: String,
    expected: String,
    remedy: &'static str,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self { status, id, found, expected, remedy } = self;
        let body = json!({ "id": format!("upload.{id}"), "found": found, "expected": expected, "remedy": remedy });
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        match status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                headers.insert(header::ALLOW, header::HeaderValue::from_static("POST"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("5"));
            }
            _ => {}
        }
        response
    }
}

fn refused(
    status: StatusCode,
    id: &'static str,
    found: impl Into<String>,
    expected: impl Into<String>,
    remedy: &'static str,
) -> Refused {
    Refused { status, id, found: found.into(), expected: expected.into(), remedy }
}

/// The one address, and what all others are answered.
pub(super) fn router(uploads: Arc<Uploads>) -> Router {
    let method = || async {
        refused(StatusCode::METHOD_NOT_ALLOWED, "method", "another method", "POST", "send the document by POST")
    };
    Router::new()
        .route("/v1/practices/{practice}/documents/{feed}", post(take).fallback(method))
        .fallback(|| async { not_found() })
        .with_state(uploads)
}

fn not_found() -> Refused {
    let expected = "/v1/practices/PRACTICE/documents/FEED of an [[intake.upload.feed]]";
    refused(StatusCode::NOT_FOUND, "not-found", "another address", expected, "correct the address, or declare the feed")
}

async fn take(
    State(uploads): State<Arc<Uploads>>,
    Path((practice, feed)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    if !uploads.knows(&practice, &headers) {
        uploads.meters.unauthorized.fetch_add(1, Ordering::Relaxed);
        let expected = "Authorization: Bearer TOKEN, with a token of this practice";
        let remedy = "use the token that belongs to [[intake.upload.token]] of the practice";
        return Err(refused(StatusCode::UNAUTHORIZED, "unauthorized", "no token that is known here", expected, remedy));
    }
    let meters = uploads.meters.of(&practice);
    let taken = uploads.document(&practice, &feed, &headers, body).await;
    match taken {
        Ok((file_id, bytes)) => {
            meters.upload("stored");
            meters.bytes.fetch_add(bytes, Ordering::Relaxed);
            uploads.waker.wake();
            let body = json!({ "practice": practice, "file_id": file_id, "bytes": bytes });
            Ok((StatusCode::CREATED, Json(body)).into_response())
        }
        Err(refused) => {
            meters.upload(refused.id);
            tracing::warn!(practice, id = refused.id, "upload: refused");
            Err(refused)
        }
    }
}

impl Uploads {
    /// Whether a request has a token of the practice.
    fn knows(&self, practice: &str, headers: &HeaderMap) -> bool {
        let Some(given) = bearer::digest(headers) else { return false };
        let mut known = false;
        for token in &self.config.token {
            let digest = token.digest().unwrap_or_default();
            known |= (digest == given) & (token.practice == practice);
        }
        known
    }

    async fn document(
        &self,
        practice: &str,
        feed: &str,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<(u64, u64), Refused> {
        let receiver = self.feeds.get(&(practice.to_owned(), feed.to_owned())).ok_or_else(not_found)?.clone();
        let key = key_of(headers)?;
        media_type(headers)?;
        let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if declared.is_none() && !headers.contains_key(header::TRANSFER_ENCODING) {
            let expected = "Content-Length, or Transfer-Encoding: chunked";
            let remedy = "say how long the document is";
            return Err(refused(StatusCode::LENGTH_REQUIRED, "length-required", "no length", expected, remedy));
        }
        if declared.is_some_and(|declared| declared > self.config.bytes_max) {
            return Err(self.too_large());
        }
        let Ok(_place) = Arc::clone(&self.places).try_acquire_owned() else {
            let (found, expected) = ("too many uploads at once", format!("at most {}", self.config.uploads_max));
            return Err(refused(StatusCode::SERVICE_UNAVAILABLE, "busy", found, expected, "send it again later"));
        };
        let (file, content, bytes) = self.receive(body).await?;
        if bytes == 0 {
            let remedy = "send the document as the body of the request";
            return Err(refused(StatusCode::BAD_REQUEST, "empty", "an empty body", "a document", remedy));
        }
        let today = (self.today)();
        let keys_since = today - i64::from(self.config.key_days);
        let stored = tokio::task::spawn_blocking(move || -> Result<Uploaded, HostError> {
            let mut file = file;
            store_upload(&receiver, today, Upload { key: key.as_deref(), keys_since, content, body: &mut file })
        });
        match stored.await {
            Ok(Ok(Uploaded::Stored(file_id))) => Ok((file_id, bytes)),
            Ok(Ok(Uploaded::OtherBytes)) => {
                let (found, expected) =
                    ("a key that stands for other bytes", "a new Idempotency-Key for a new document");
                let remedy = "send a new key, or the bytes that were sent under this one";
                Err(refused(StatusCode::UNPROCESSABLE_ENTITY, "other-bytes", found, expected, remedy))
            }
            Ok(Err(error)) => {
                tracing::error!(%error, practice, "upload: the store cannot be written");
                Err(not_stored())
            }
            Err(_) => Err(not_stored()),
        }
    }

    /// The body in a file without a name, with its SHA-256 and size.
    async fn receive(&self, body: Body) -> Result<(File, [u8; 32], u64), Refused> {
        let file = self.nameless().map_err(|error| {
            tracing::error!(%error, "upload: a file beside the store cannot be made");
            not_stored()
        })?;
        let mut file = tokio::fs::File::from_std(file);
        let (mut content, mut bytes) = (Sha256::new(), 0_u64);
        let patience = Duration::from_secs(self.config.idle_seconds);
        let mut body = pin!(body);
        loop {
            let frame = tokio::time::timeout(patience, poll_fn(|context| body.as_mut().poll_frame(context)));
            let data = match frame.await {
                Ok(None) => break,
                Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
                Ok(Some(Err(_))) | Err(_) => {
                    let expected = "the whole document";
                    let remedy = "send the document again";
                    return Err(refused(
                        StatusCode::BAD_REQUEST,
                        "cut-off",
                        "a body without its end",
                        expected,
                        remedy,
                    ));
                }
            };
            bytes += data.len() as u64;
            if bytes > self.config.bytes_max {
                return Err(self.too_large());
            }
            content.update(&data);
            file.write_all(&data).await.map_err(no_room)?;
        }
        file.flush().await.map_err(no_room)?;
        file.rewind().await.map_err(no_room)?;
        Ok((file.into_std().await, content.finalize().into(), bytes))
    }

    /// A file that nobody else can open and that goes with the process, however it ends.
    fn nameless(&self) -> std::io::Result<File> {
        let number = self.bodies.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!(".upload-{number}.tmp"));
        open_nameless(&path)
    }

    fn too_large(&self) -> Refused {
        let expected = format!("at most {} bytes", self.config.bytes_max);
        let remedy = "send it in parts that are documents, or raise bytes_max of [intake.upload]";
        refused(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "a larger document", expected, remedy)
    }
}

fn open_nameless(path: &FilePath) -> std::io::Result<File> {
    // What a crash between the two lines left, with nothing in it.
    let _ = std::fs::remove_file(path);
    drop(private::create_new(path)?);
    let file = File::options().read(true).write(true).open(path)?;
    std::fs::remove_file(path)?;
    Ok(file)
}

fn no_room(error: std::io::Error) -> Refused {
    tracing::error!(%error, "upload: a body cannot be written beside the store");
    not_stored()
}

fn not_stored() -> Refused {
    let (found, expected) = ("a store that cannot be written", "one that can");
    refused(StatusCode::SERVICE_UNAVAILABLE, "not-stored", found, expected, "send the document again later")
}

/// The `Idempotency-Key`, where there is one.
fn key_of(headers: &HeaderMap) -> Result<Option<String>, Refused> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if !key.trim().is_empty() && key.len() <= KEY_BYTES_MAX => Ok(Some(key.trim().to_owned())),
        _ => {
            let (found, expected) =
                ("a key of another form", format!("1 to {KEY_BYTES_MAX} printable ASCII characters"));
            let remedy = "send a UUID as Idempotency-Key, or none";
            Err(refused(StatusCode::BAD_REQUEST, "idempotency-key", found, expected, remedy))
        }
    }
}

/// Refuses bodies that are no document as it is: forms (curl's `-d` takes line ends out) and compressed ones.
fn media_type(headers: &HeaderMap) -> Result<(), Refused> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let kind = text(header::CONTENT_TYPE);
    let form = kind.starts_with("multipart/") || kind.starts_with("application/x-www-form-urlencoded");
    let coding = text(header::CONTENT_ENCODING);
    if !form && (coding.is_empty() || coding == "identity") {
        return Ok(());
    }
    let found = if form { "a form" } else { "a compressed body" };
    let expected = "the document's own bytes, as application/octet-stream or its own type";
    let remedy = "with curl: --data-binary @FILE -H 'Content-Type: application/octet-stream'";
    Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", found, expected, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_on_its_way_has_no_name_and_is_closed_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".upload-1.tmp");
        std::fs::write(&path, "left").unwrap();
        let file = open_nameless(&path).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(file.metadata().unwrap().len(), 0, "what was left is not in it");
    }

    #[test]
    fn forms_and_compressed_bodies_are_refused() {
        let told = |name: &'static str, value: &'static str| {
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
            media_type(&headers).is_ok()
        };
        assert!(media_type(&HeaderMap::new()).is_ok() && told("content-type", "text/csv; charset=utf-8"));
        assert!(told("content-encoding", "identity") && !told("content-encoding", "gzip"));
        assert!(
            !told("content-type", "Application/X-WWW-Form-Urlencoded") && !told("content-type", "multipart/form-data")
        );
    }
}
