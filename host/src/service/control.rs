//! What an operator asks of a running `serve`: its plugins, a reload, a rollback, the end of a quarantine. On the same loopback address as `/metrics`,
//! with a token that each start makes anew and leaves in `serve.json` beside the store, for its owner only.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::bearer;
use super::pipeline::Waker;
use crate::lifecycle::{DataChange, DataQuestions};
use crate::plugin::{Change, Changed, Listed, LockError, PluginHost};
use crate::private;

/// Name of the file beside the store.
const FILE: &str = "serve.json";

/// Where a running `serve` is asked, and with what.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Address {
    /// Its loopback address.
    pub(crate) listening: std::net::SocketAddr,
    /// The bearer token.
    pub(crate) token: String,
}

/// The file of a store. A `serve` that was killed leaves it: only where the store is locked does it count.
pub(crate) fn file(store: &FilePath) -> PathBuf {
    store.with_file_name(FILE)
}

impl Address {
    /// With a new token.
    pub(super) fn new(listening: std::net::SocketAddr) -> std::io::Result<Self> {
        let mut token = [0; 32];
        getrandom::fill(&mut token).map_err(|_| std::io::Error::other("the system has no random bytes"))?;
        Ok(Self { listening, token: hex::encode(token) })
    }

    /// Leaves it beside the store.
    pub(super) fn leave(&self, store: &FilePath) -> std::io::Result<()> {
        let folder = store.parent().unwrap_or(FilePath::new("."));
        private::write_whole(folder, FILE, &serde_json::to_vec(self)?)
    }
}

/// How long a reload waits for the pipeline, which looks at mappings, profiles and tables between two turns. The asking side
/// waits longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What answers.
pub(super) struct Control {
    plugins: PluginHost,
    data: DataQuestions,
    token: [u8; 32],
    waker: Waker,
}

impl Control {
    pub(super) fn new(plugins: PluginHost, data: DataQuestions, address: &Address, waker: Waker) -> Self {
        Self { plugins, data, token: Sha256::digest(address.token.as_bytes()).into(), waker }
    }
}

/// The four addresses.
pub(super) fn router(control: Arc<Control>) -> Router {
    Router::new()
        .route("/v1/plugins", get(list))
        .route("/v1/plugins/reload", post(reload))
        .route("/v1/plugins/{id}/rollback", post(rollback))
        .route("/v1/plugins/{id}/release", post(release))
        .with_state(control)
}

/// One change, as answers tell it.
#[derive(Serialize)]
struct Told {
    /// `plugin`, or a kind of data.
    kind: &'static str,
    id: String,
    outcome: &'static str,
    /// Of a plugin.
    digest: String,
    error: Option<String>,
}

impl From<DataChange> for Told {
    fn from(DataChange { kind, name, error }: DataChange) -> Self {
        let outcome = if error.is_none() { "activated" } else { "refused" };
        Self { kind, id: name, outcome, digest: String::new(), error }
    }
}

impl From<Change> for Told {
    fn from(change: Change) -> Self {
        let outcome = change.what.name();
        let error = if let Changed::Refused(error) = &change.what { Some(error.to_string()) } else { None };
        Self { kind: "plugin", id: change.id, outcome, digest: change.digest, error }
    }
}

fn refused(status: StatusCode, id: &str, found: &str) -> Response {
    let mut response = (status, Json(json!({ "id": id, "found": found }))).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
    }
    response
}

impl Control {
    fn knows(&self, headers: &HeaderMap) -> bool {
        bearer::digest(headers).is_some_and(|given| given == self.token)
    }
}

fn unauthorized() -> Response {
    refused(StatusCode::UNAUTHORIZED, "control.unauthorized", "no token of this start")
}

async fn list(State(control): State<Arc<Control>>, headers: HeaderMap) -> Response {
    if !control.knows(&headers) {
        return unauthorized();
    }
    let listed: Vec<Listed> = control.plugins.list().iter().map(Listed::from).collect();
    Json(json!({ "plugins": listed })).into_response()
}

async fn reload(State(control): State<Arc<Control>>, headers: HeaderMap) -> Response {
    if !control.knows(&headers) {
        return unauthorized();
    }
    // Compiling blocks, and so does the wait for the pipeline.
    let looked = tokio::task::spawn_blocking(move || {
        let changes = control.plugins.reload(true)?;
        // After the plugins: a mapping may be for the version that is active now.
        let of_data = control.data.ask(|| control.waker.wake_for_data(), PATIENCE);
        Ok::<_, LockError>((changes, of_data))
    });
    match looked.await {
        Ok(Ok((changes, of_data))) => {
            let waits = of_data.is_none();
            let changes = changes.into_iter().map(Told::from);
            let changes: Vec<Told> = changes.chain(of_data.into_iter().flatten().map(Told::from)).collect();
            Json(json!({ "changes": changes, "data_waits": waits })).into_response()
        }
        Ok(Err(error)) => refused(StatusCode::CONFLICT, "control.lock", &error.to_string()),
        Err(_) => {
            refused(StatusCode::INTERNAL_SERVER_ERROR, "control.broke", "the reload broke: a defect of claimhost")
        }
    }
}

async fn rollback(State(control): State<Arc<Control>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if !control.knows(&headers) {
        return unauthorized();
    }
    let plugins = control.plugins.clone();
    match tokio::task::spawn_blocking(move || plugins.rollback(&id)).await {
        Ok(Ok(info)) => {
            control.waker.wake_for_data();
            Json(json!({ "plugin": Listed::from(&info) })).into_response()
        }
        Ok(Err(error)) => refused(StatusCode::CONFLICT, "control.rollback", &error.to_string()),
        Err(_) => {
            refused(StatusCode::INTERNAL_SERVER_ERROR, "control.broke", "the rollback broke: a defect of claimhost")
        }
    }
}

/// Whose quarantine ends; without a practice that of all.
#[derive(Deserialize)]
struct Whose {
    practice: Option<String>,
}

async fn release(
    State(control): State<Arc<Control>>,
    Path(id): Path<String>,
    Query(Whose { practice }): Query<Whose>,
    headers: HeaderMap,
) -> Response {
    if !control.knows(&headers) {
        return unauthorized();
    }
    match control.plugins.release(&id, practice.as_deref()) {
        Some(released) => {
            control.waker.wake_for_data();
            Json(json!({ "released": released })).into_response()
        }
        None => refused(StatusCode::NOT_FOUND, "control.release", "no active plugin has this id"),
    }
}
