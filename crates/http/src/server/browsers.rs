//! What keeps web pages out of a node that has no key.
//!
//! Every page that its user visits can send requests to 127.0.0.1, and with a name that it points there (DNS rebinding) even
//! read the answers. So a node without a key answers only to names of this machine, and not to pages of other origins. With a
//! key it need not: no page knows the key, and nothing here is a cookie. Answers have no CORS headers at all, so browsers
//! show them to no other origin; and headers that forbid to frame them, to embed them, and to guess at their type.

use super::{ApiError, App};
use crate::Backend;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

/// What browsers are told with every answer.
const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Lets a request pass that is for this machine and comes from no foreign page, or whose sender must know a key anyway.
pub(super) async fn no_strangers<B: Backend>(
    State(app): State<Arc<App<B>>>,
    request: Request,
    next: Next,
) -> Response {
    let checked = match app.config.keys.is_open() {
        true => check(request.uri(), request.headers()),
        false => Ok(()),
    };
    let mut response = match checked {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    response.headers_mut().extend(HEADERS);
    response
}

fn check(uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    // HTTP/2 has the host in the URI, HTTP/1 in a header; a request with both must be for this machine by both.
    let hosts = headers.get_all(header::HOST).iter().map(text);
    let hosts: Vec<_> =
        uri.authority().map(|host| host.as_str().to_owned()).into_iter().chain(hosts).collect();
    if hosts.is_empty() {
        return Err(ApiError::ForeignHost { received: String::new() });
    }
    if let Some(foreign) = hosts.iter().find(|host| !is_of_this_machine(host)) {
        return Err(ApiError::ForeignHost { received: foreign.clone() });
    }
    for origin in headers.get_all(header::ORIGIN).iter().map(text) {
        let is_own = match origin.split_once("://") {
            Some(("http" | "https", from)) => hosts.iter().all(|host| host.eq_ignore_ascii_case(from)),
            Some(_) | None => false,
        };
        if !is_own {
            return Err(ApiError::ForeignOrigin { received: origin });
        }
    }
    Ok(())
}

/// Whether a host, with or without a port, is a name of this machine that no name server can give to another.
fn is_of_this_machine(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    if host.contains('@') {
        return false;
    }
    let name = authority.host();
    let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let v6 = || bracketed?.parse::<Ipv6Addr>().ok();
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || v6().is_some_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(uri: &str, lines: &[(&'static str, &'static str)]) -> Result<(), ApiError> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        check(&uri.parse().unwrap(), &headers)
    }

    #[test]
    fn names_of_this_machine_and_of_no_other() {
        for host in
            ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:6333", "127.1.2.3", "[::1]", "[::1]:6333"]
        {
            assert!(is_of_this_machine(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:6333",
            "evil.example:127",
            "localhost@evil.example",
            "evil.example@localhost",
            "128.0.0.1",
            "0.0.0.0",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "[::2]",
            "::1",
            "[::1",
            "localhost/",
            "local host",
        ] {
            assert!(!is_of_this_machine(host), "{host}");
        }
    }

    #[test]
    fn a_page_of_another_origin_or_another_name_is_refused() {
        let host = ("host", "localhost:6333");
        assert!(checked("/", &[host]).is_ok());
        assert!(checked("/", &[host, ("origin", "http://localhost:6333")]).is_ok());
        assert!(checked("http://[::1]:6333/", &[]).is_ok());
        for origin in [
            "null",
            "",
            "http://localhost",
            "http://localhost:3000",
            "http://127.0.0.1:6333",
            "https://evil.example",
            "file://localhost:6333",
            "localhost:6333",
        ] {
            let refused = checked("/", &[host, ("origin", origin)]);
            assert!(matches!(refused, Err(ApiError::ForeignOrigin { .. })), "{origin}");
        }
        for (uri, lines) in [
            ("/", vec![]),
            ("/", vec![("host", "evil.example")]),
            ("/", vec![host, ("host", "evil.example")]),
            ("http://evil.example/", vec![host]),
            ("http://localhost:6333/", vec![("host", "evil.example")]),
        ] {
            let refused = checked(uri, &lines);
            assert!(matches!(refused, Err(ApiError::ForeignHost { .. })), "{uri} {lines:?}");
        }
    }
}
