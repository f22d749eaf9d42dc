//! What an operator asks of a running `serve`: its plugins, a reload, a rollback. On the same loopback address as `/metrics`,
//! with a token that each start makes anew and leaves in `serve.json` beside the store, for its owner only.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::bearer;
use super::pipeline::Waker;
use crate::plugin::{Change, Changed, Listed, PluginHost};
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

/// What answers.
pub(super) struct Control {
    plugins: PluginHost,
    token: [u8; 32],
    waker: Waker,
}

impl Control {
    pub(super) fn new(plugins: PluginHost, address: &Address, waker: Waker) -> Self {
        Self { plugins, token: Sha256::digest(address.token.as_bytes()).into(), waker }
    }
}

/// The three addresses.
pub(super) fn router(control: Arc<Control>) -> Router {
    Router::new()
        .route("/v1/plugins", get(list))
        .route("/v1/plugins/reload", post(reload))
        .route("/v1/plugins/{id}/rollback", post(rollback))
        .with_state(control)
}

/// One change, as answers tell it.
#[derive(Serialize)]
struct Told {
    id: String,
    outcome: &'static str,
    digest: String,
    error: Option<String>,
}

impl From<Change> for Told {
    fn from(change: Change) -> Self {
        let outcome = change.what.name();
        let error = if let Changed::Refused(error) = &change.what { Some(error.to_string()) } else { None };
        Self { id: change.id, outcome, digest: change.digest, error }
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
    let plugins = control.plugins.clone();
    // Compiling blocks.
    let changes = tokio::task::spawn_blocking(move || plugins.reload(true)).await;
    match changes {
        Ok(Ok(changes)) => {
            // Mappings and profiles too are looked at by the turn that this begins.
            control.waker.wake_for_data();
            let changes: Vec<Told> = changes.into_iter().map(Told::from).collect();
            Json(json!({ "changes": changes })).into_response()
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
