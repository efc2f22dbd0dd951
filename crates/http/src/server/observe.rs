//! What is said of each request: an id, a span, a line in the log, and numbers.
//!
//! The log has methods, paths, statuses and times: no header and no query string, because keys and tokens may stand there; and
//! no body. Ids and times are in the span `request`, so that whatever is logged while a request is worked on shows them.

use super::App;
use crate::Backend;
use axum::{
    extract::{RawPathParams, Request, State, rejection::RawPathParamsRejection},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Instant,
};
use tracing::Instrument;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Bytes of a request id that is taken over; a UUID has 36.
const MAX_REQUEST_ID_BYTES: usize = 64;
/// Characters of a path that are logged: enough for a collection's longest name, and no more than a line.
const MAX_LOGGED_PATH: usize = 256;

/// Who sent a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The template of the route that a request found, once it has.
#[derive(Clone, Default)]
pub(super) struct Route(Arc<OnceLock<String>>);

impl Route {
    /// Notes it, unless it was noted before.
    pub(super) fn set(&self, template: impl Into<String>) {
        let _ = self.0.set(template.into());
    }

    /// The template; `none` as long as no route was found.
    pub(super) fn as_str(&self) -> &str {
        self.0.get().map_or("none", String::as_str)
    }
}

/// Notes which route a request found. Stands in front of routes alone, so that what finds none has no name.
pub(super) async fn note_route(
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    if let (Some(route), Ok(params)) = (request.extensions().get::<Route>(), params) {
        route.set(template(request.uri().path(), params.iter()));
    }
    next.run(request).await
}

/// A path with names in the place of values: `/collections/c/points/7` as `/collections/{name}/points/{id}`. axum knows it, and
/// tells it only with a feature that the conductor's axum lacks, which would mean building that anew.
///
/// Values come in the order of the path, and no route begins with one. A value that equals the word before it is taken for
/// that word, which makes another name for the route, and not a name for each value.
fn template<'p>(path: &str, params: impl Iterator<Item = (&'p str, &'p str)>) -> String {
    let mut params = params.peekable();
    let mut template = String::with_capacity(path.len());
    for (place, word) in path.split('/').enumerate().skip(1) {
        template.push('/');
        let is_value = |value: &str| word == value || word.contains('%') && word.len() > value.len();
        match params.next_if(|(_, value)| place > 1 && is_value(value)) {
            Some((name, _)) => {
                template.push('{');
                template.push_str(name);
                template.push('}');
            }
            None => template.push_str(word),
        }
    }
    template
}

/// Watches a request, whoever answers it.
pub(super) async fn observe<B: Backend>(
    State(app): State<Arc<App<B>>>,
    mut request: Request,
    next: Next,
) -> Response {
    let since = Instant::now();
    let id = request_id(request.headers());
    let route = Route::default();
    request.extensions_mut().insert(route.clone());
    let mut asked = app.metrics.begin(request.method(), route);
    let span = tracing::info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        method = %request.method(),
        path = request.uri().path().chars().take(MAX_LOGGED_PATH).collect::<String>(),
        peer = request.extensions().get::<Peer>().map(|Peer(peer)| tracing::field::display(*peer)),
    );
    let mut response = next.run(request).instrument(span.clone()).await;
    asked.answered(response.status());
    let milliseconds = since.elapsed().as_secs_f64() * 1e3;
    span.in_scope(|| tracing::info!(status = response.status().as_u16(), milliseconds, "answered"));
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The id that a request brings along, if it can stand in a log, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let is_sane = |id: &&HeaderValue| {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte);
        (1..=MAX_REQUEST_ID_BYTES).contains(&id.len()) && id.as_bytes().iter().all(allowed)
    };
    headers.get(REQUEST_ID).filter(is_sane).cloned().unwrap_or_else(new_id)
}

fn new_id() -> HeaderValue {
    let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    // Hex digits and hyphens are a header's value.
    HeaderValue::from_str(&id.to_string()).unwrap_or(HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_its_template() {
        let name = ("name", "c");
        for (path, params, expected) in [
            ("/", vec![], "/"),
            ("/collections", vec![], "/collections"),
            ("/collections/c", vec![name], "/collections/{name}"),
            ("/collections/collections", vec![("name", "collections")], "/collections/{name}"),
            ("/collections/points/points", vec![("name", "points")], "/collections/{name}/points"),
            ("/collections/c/points/7", vec![name, ("id", "7")], "/collections/{name}/points/{id}"),
            ("/collections/c/points/c", vec![name, ("id", "c")], "/collections/{name}/points/{id}"),
            (
                "/collections/a%20b/points/%C3%A9",
                vec![("name", "a b"), ("id", "é")],
                "/collections/{name}/points/{id}",
            ),
        ] {
            assert_eq!(template(path, params.into_iter()), expected);
        }
    }

    #[test]
    fn a_sane_id_is_taken_over_and_others_are_replaced() {
        let of = |value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(value).unwrap());
            request_id(&headers)
        };
        let longest = "x".repeat(MAX_REQUEST_ID_BYTES);
        for sane in ["a", "7f3-A_b.c", "span:1/2+3=", &longest] {
            assert_eq!(of(sane.as_bytes()), sane);
        }
        let longer = "x".repeat(MAX_REQUEST_ID_BYTES + 1);
        for other in
            ["".as_bytes(), b"a b", b"a\tb", b"\"", b"{x}", b"\xff", "é".as_bytes(), longer.as_bytes()]
        {
            let made = of(other);
            assert_eq!(made.len(), 36, "{made:?}");
        }
        assert_ne!(request_id(&HeaderMap::new()), request_id(&HeaderMap::new()));
    }
}
