//! `/healthz`, `/readyz` and `/metrics`, from memory.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use super::meters::AllMeters;
use super::metrics;
use super::status::Board;
use crate::plugin::PluginHost;

/// What the pages show.
type Pages = (Arc<Board>, Arc<AllMeters>, PluginHost);

/// The three pages.
pub(super) fn router(board: Arc<Board>, meters: Arc<AllMeters>, plugins: PluginHost) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(page))
        .with_state((board, meters, plugins))
}

/// The process answers.
async fn healthz() -> &'static str {
    "ok\n"
}

/// The store can be written, the plugins are loaded, the last turn was well.
async fn readyz(State((board, ..)): State<Pages>) -> impl IntoResponse {
    let reasons = board.not_ready();
    if reasons.is_empty() {
        (StatusCode::OK, "ready\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", reasons.join("; ")))
    }
}

async fn page(State((board, meters, plugins)): State<Pages>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        metrics::text(&board.read(), &board.not_ready(), &meters, &plugins),
    )
}
