//! The web page of whoever runs this API, under `/ui/`.
//!
//! Its files are compiled in and hold no secret, so they need no key: what the page asks the API for does. Their names come from
//! the list alone, so no path leads to anything else.

use super::{ApiError, App, Path};
use crate::Backend;
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use std::sync::Arc;

/// A file of the page, as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFile {
    /// Where it lies below `/ui/`, with slashes.
    pub path: &'static str,
    /// What is in it.
    pub bytes: &'static [u8],
    /// The same, compressed with gzip, where that is smaller.
    pub gzip: Option<&'static [u8]>,
}

/// Where the page begins.
const INDEX: &str = "index.html";
/// Files whose names are made from what is in them: another content has another name.
const NAMED_BY_CONTENT: &str = "assets/";

/// What the page may load: what this server has, and the websocket of the conductor, which listens on this machine. The styles are
/// Svelte's and are written into elements; workers and pictures may be made by the page itself.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; \
                      img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
                      connect-src 'self' ws://127.0.0.1:* ws://localhost:*; object-src 'none'; form-action 'none'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// What there is instead where the program was built without the page.
const WITHOUT: &str = include_str!("site/without.html");

/// To where the page begins: its files are named relative to it.
#[utoipa::path(
    get, path = "/ui", tag = "Service", operation_id = "page_address", security(()),
    responses((status = 308, description = "To `/ui/`."))
)]
pub(crate) async fn address() -> Redirect {
    Redirect::permanent("/ui/")
}

/// The page of this node.
#[utoipa::path(
    get, path = "/ui/", tag = "Service", operation_id = "page", security(()),
    responses(
        (status = 200, description = "A page for people.", body = String, content_type = "text/html"),
        (status = 404, description = "This program was built without it.", body = String, content_type = "text/html"),
    )
)]
pub(crate) async fn index<B: Backend>(State(app): State<Arc<App<B>>>, headers: HeaderMap) -> Response {
    match find(app.config.page, INDEX) {
        Some(file) => sent(file, &headers),
        None => {
            let body = with_headers(Response::new(Body::from(WITHOUT)), kind_of(INDEX), false);
            (StatusCode::NOT_FOUND, body).into_response()
        }
    }
}

/// A file of the page.
#[utoipa::path(
    get, path = "/ui/{path}", tag = "Service", operation_id = "page_file", security(()),
    params(("path" = String, Path, description = "Where it lies; with slashes.")),
    responses((status = 200, description = "The file.", body = String, content_type = "*/*"))
)]
pub(crate) async fn file<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    match find(app.config.page, &path) {
        Some(file) => Ok(sent(file, &headers)),
        None => Err(ApiError::NoRoute { path: format!("/ui/{path}") }),
    }
}

/// Whether who asks is a person with a browser: programs that speak Qdrant ask for JSON, or do not say.
pub(crate) fn is_for_people(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|list| list.split(',')).any(|range| media(range).eq_ignore_ascii_case("text/html"))
}

fn find(files: &'static [PageFile], path: &str) -> Option<&'static PageFile> {
    files.iter().find(|file| file.path == path)
}

fn sent(file: &'static PageFile, headers: &HeaderMap) -> Response {
    let compressed = file.gzip.filter(|_| takes_gzip(headers));
    let body = Bytes::from_static(compressed.unwrap_or(file.bytes));
    let is_lasting = file.path.starts_with(NAMED_BY_CONTENT);
    let mut response = with_headers(Response::new(Body::from(body)), kind_of(file.path), is_lasting);
    if compressed.is_some() {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn with_headers(mut response: Response, kind: &'static str, is_lasting: bool) -> Response {
    let kept = if is_lasting { "public, max-age=31536000, immutable" } else { "no-cache" };
    let lines: [(HeaderName, &'static str); 6] = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, kept),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::VARY, "accept-encoding"),
    ];
    response.headers_mut().extend(lines.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

/// Whether gzip is named among the encodings, and not with a weight of nothing.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|list| list.split(',')).any(|one| {
        let weight = one.split(';').skip(1).find_map(|word| word.trim().strip_prefix("q="));
        let is_refused = weight.is_some_and(|weight| weight.trim().parse() == Ok(0.0));
        media(one).eq_ignore_ascii_case("gzip") && !is_refused
    })
}

/// What stands before the first semicolon.
fn media(text: &str) -> &str {
    text.split(';').next().unwrap_or_default().trim()
}

/// The content type of a file, by the end of its name.
fn kind_of(path: &str) -> &'static str {
    let end = path.rsplit_once('.').map_or("", |(_, end)| end);
    match end {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_browser_is_told_from_a_program_by_what_it_takes() {
        for (accepted, people) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("application/json, TEXT/HTML; q=0.5", true),
            ("application/json", false),
            ("*/*", false),
            ("text/htmlx", false),
            ("", false),
        ] {
            assert_eq!(is_for_people(&headers(header::ACCEPT, accepted)), people, "{accepted}");
        }
        assert!(!is_for_people(&HeaderMap::new()));
    }

    #[test]
    fn gzip_goes_to_who_takes_it() {
        for (accepted, takes) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, gzip;q=0.5", true),
            ("GZIP", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("br", false),
            ("", false),
        ] {
            assert_eq!(takes_gzip(&headers(header::ACCEPT_ENCODING, accepted)), takes, "{accepted}");
        }
    }
}
