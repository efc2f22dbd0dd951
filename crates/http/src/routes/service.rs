//! Who this is, and whether it is well.

use crate::server::json;
use axum::{http::StatusCode, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

/// The version of Qdrant whose API this is: clients warn if it is more than one off their own.
const SPEAKS: &str = "1.20.0";

/// Who this is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Root {
    /// What it is.
    title: &'static str,
    /// The version of Qdrant whose API it speaks.
    version: &'static str,
    /// Its own version.
    rose_forest: &'static str,
}

/// Who this is.
#[utoipa::path(
    get, path = "/", tag = "Service", operation_id = "root", security(()),
    responses((status = 200, description = "Who this is, and whose API it speaks.", body = Root))
)]
pub(crate) async fn root() -> Response {
    let who = Root {
        title: "rose-forest - a decentralized vector database that speaks Qdrant",
        version: SPEAKS,
        rose_forest: env!("CARGO_PKG_VERSION"),
    };
    json(StatusCode::OK, &who)
}

/// Whether it is well.
#[utoipa::path(
    get, path = "/healthz", tag = "Service", operation_id = "healthz", security(()),
    responses((status = 200, description = "It is.", body = String))
)]
pub(crate) async fn healthz() -> &'static str {
    "healthz check passed"
}

/// Whether it is alive.
#[utoipa::path(
    get, path = "/livez", tag = "Service", operation_id = "livez", security(()),
    responses((status = 200, description = "It is.", body = String))
)]
pub(crate) async fn livez() -> &'static str {
    "livez check passed"
}

/// Whether it is ready.
#[utoipa::path(
    get, path = "/readyz", tag = "Service", operation_id = "readyz", security(()),
    responses((status = 200, description = "It is.", body = String))
)]
pub(crate) async fn readyz() -> &'static str {
    "all shards are ready"
}
