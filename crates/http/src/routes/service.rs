//! Who this is, and whether it is well.

use crate::server::json;
use axum::{http::StatusCode, response::Response};
use serde_json::json;

/// The version of Qdrant whose API this is: clients warn if it is more than one off their own.
const SPEAKS: &str = "1.20.0";

/// `GET /`.
pub(crate) async fn root() -> Response {
    let who = json!({
        "title": "rose-forest - a decentralized vector database that speaks Qdrant",
        "version": SPEAKS,
        "rose_forest": env!("CARGO_PKG_VERSION"),
    });
    json(StatusCode::OK, &who)
}

/// `GET /healthz`.
pub(crate) async fn healthz() -> &'static str {
    "healthz check passed"
}

/// `GET /livez`.
pub(crate) async fn livez() -> &'static str {
    "livez check passed"
}

/// `GET /readyz`.
pub(crate) async fn readyz() -> &'static str {
    "all shards are ready"
}
