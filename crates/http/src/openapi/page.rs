//! The document and the page, as they are served: without a key, for they say nothing of what is stored.

use crate::{
    Backend,
    server::{ApiError, App, Path, json},
};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use std::sync::{Arc, LazyLock};

/// What the page may load: what this server has, and nothing of others. Swagger UI writes styles into the page, and its
/// pictures are part of its styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// The files of the page: those of Swagger UI that it needs, which the build script unpacks, and what starts it.
const FILES: [(&str, &str, &[u8]); 3] = [
    ("start.js", SCRIPT, include_bytes!("page/start.js")),
    ("swagger-ui.css", STYLE, include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css"))),
    ("swagger-ui-bundle.js", SCRIPT, include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js"))),
];

static DOCUMENT: LazyLock<serde_json::Value> = LazyLock::new(|| super::document(false));
static DOCUMENT_WITH_KEYS: LazyLock<serde_json::Value> = LazyLock::new(|| super::document(true));

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "Service", operation_id = "openapi", security(()),
    responses((status = 200, description = "An OpenAPI 3.1 document.", body = Object))
)]
pub(crate) async fn document<B: Backend>(State(app): State<Arc<App<B>>>) -> Response {
    let document = if app.config.keys.is_open() { &DOCUMENT } else { &DOCUMENT_WITH_KEYS };
    json(StatusCode::OK, &**document)
}

/// A page to try the API.
#[utoipa::path(
    get, path = "/docs", tag = "Service", operation_id = "docs", security(()),
    responses((status = 200, description = "A page for people.", body = String, content_type = "text/html"))
)]
pub(crate) async fn page() -> Response {
    let mut response = file_of(HTML, Bytes::from_static(include_bytes!("page/page.html")));
    let policy = HeaderName::from_static("content-security-policy");
    response.headers_mut().insert(policy, HeaderValue::from_static(POLICY));
    response
}

/// A file of the page to try the API.
#[utoipa::path(
    get, path = "/docs/{file}", tag = "Service", operation_id = "docs_file", security(()),
    params(("file" = String, Path, description = "Its name.")),
    responses((status = 200, description = "The file.", content((String = "text/css"), (String = "text/javascript"))))
)]
pub(crate) async fn file(Path(name): Path<String>) -> Result<Response, ApiError> {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, bytes)) => Ok(file_of(kind, Bytes::from_static(bytes))),
        None => Err(ApiError::NoRoute { path: format!("/docs/{name}") }),
    }
}

fn file_of(kind: &'static str, bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
