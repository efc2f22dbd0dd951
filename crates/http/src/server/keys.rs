//! Keys of the API: who may read, and who may write.

use super::{ApiError, App};
use crate::Backend;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::{Choice, ConstantTimeEq};

/// The keys that are accepted. Without any, everybody may do everything.
///
/// A key is kept as its hash, so that comparing takes as long whatever the lengths, and no log shows it.
#[derive(Clone, Default)]
pub struct Keys {
    full: Vec<[u8; 32]>,
    read_only: Vec<[u8; 32]>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} keys, {} for reading only", self.full.len(), self.read_only.len())
    }
}

/// What a request may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    Nothing,
    Read,
    Everything,
}

impl Keys {
    /// Accepts a key for everything.
    #[must_use]
    pub fn with_full(mut self, key: &str) -> Self {
        self.full.push(hash(key));
        self
    }

    /// Accepts a key for reading.
    #[must_use]
    pub fn with_read_only(mut self, key: &str) -> Self {
        self.read_only.push(hash(key));
        self
    }

    /// Whether a key is needed at all. A node refuses to listen publicly without.
    pub fn is_open(&self) -> bool {
        self.full.is_empty() && self.read_only.is_empty()
    }

    fn right(&self, headers: &HeaderMap) -> Right {
        if self.is_open() {
            return Right::Everything;
        }
        let Some(hash) = said(headers).map(hash) else { return Right::Nothing };
        // All are compared, whichever it is.
        let is_one =
            |keys: &[[u8; 32]]| keys.iter().fold(Choice::from(0), |found, key| found | key.ct_eq(&hash));
        let (full, read) = (is_one(&self.full), is_one(&self.read_only));
        match (bool::from(full), bool::from(read)) {
            (true, _) => Right::Everything,
            (false, true) => Right::Read,
            (false, false) => Right::Nothing,
        }
    }
}

fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// The key of a request: its `api-key`, or its bearer token.
fn said(headers: &HeaderMap) -> Option<&str> {
    let key = headers.get("api-key").and_then(|key| key.to_str().ok());
    let bearer = || {
        let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    };
    key.or_else(bearer)
}

/// Lets a request pass that may read.
pub(crate) async fn may_read<B: Backend>(
    State(app): State<Arc<App<B>>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    match app.config.keys.right(request.headers()) {
        Right::Nothing => Err(ApiError::NoKey),
        Right::Read | Right::Everything => Ok(next.run(request).await),
    }
}

/// Lets a request pass that may write.
pub(crate) async fn may_write<B: Backend>(
    State(app): State<Arc<App<B>>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    match app.config.keys.right(request.headers()) {
        Right::Nothing => Err(ApiError::NoKey),
        Right::Read => Err(ApiError::ReadOnly),
        Right::Everything => Ok(next.run(request).await),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_key_gives_its_right_and_no_other() {
        let keys = Keys::default().with_full("full").with_read_only("read");
        let right = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            keys.right(&headers)
        };
        assert_eq!(right("api-key", "full"), Right::Everything);
        assert_eq!(right("authorization", "Bearer full"), Right::Everything);
        assert_eq!(right("authorization", "bearer read"), Right::Read);
        assert_eq!(right("api-key", "read"), Right::Read);
        for (name, value) in [
            ("api-key", "ful"),
            ("api-key", "fulll"),
            ("api-key", ""),
            ("authorization", "full"),
            ("authorization", "Basic full"),
            ("x", "full"),
        ] {
            assert_eq!(right(name, value), Right::Nothing, "{name}: {value}");
        }
        assert_eq!(Keys::default().right(&HeaderMap::new()), Right::Everything);
        assert!(!format!("{keys:?}").contains("full"));
    }
}
