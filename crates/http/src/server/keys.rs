//! Keys of the API, and the gates in front of its routes.
//!
//! A key that may do everything also signs tokens with fewer rights: see [`token`].

mod hs256;
mod token;

use super::{
    ApiError, App,
    access::{Access, Needs},
    files::{SecretFileError, read_secret},
};
use crate::Backend;
use axum::{
    extract::{RawPathParams, Request, State, rejection::RawPathParamsRejection},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use sha2::{Digest, Sha256};
use std::{path::Path, sync::Arc};
use subtle::{Choice, ConstantTimeEq};
use token::{TokenKey, ValueExists};

pub(crate) use token::TokenError;

/// The keys that are accepted. Without any, everybody may do everything.
///
/// Keys are compared by their hashes, so that comparing takes as long whatever the lengths. A key for everything is also kept
/// as it is, because it checks the signatures of tokens; no log shows it.
///
/// *Tokens* are JSON web tokens as Qdrant's: signed by a key for everything, HS256 alone, with the claims `exp`, `nbf`,
/// `access` and `value_exists`. One that is signed with a key for reading is refused: who may read shall not be able to make
/// keys for others.
#[derive(Clone, Default)]
pub struct Keys {
    full: Vec<[u8; 32]>,
    read_only: Vec<[u8; 32]>,
    tokens: Vec<TokenKey>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} keys, {} for reading only", self.full.len(), self.read_only.len())
    }
}

/// What the key or token of a request gives.
#[derive(Clone, Debug, PartialEq)]
struct Granted {
    access: Access,
    /// What has to be there for it to hold.
    depends_on: Option<ValueExists>,
}

impl Keys {
    /// Accepts a key for everything. An empty one opens nothing, and still makes a key necessary.
    #[must_use]
    pub fn with_full(mut self, key: &str) -> Self {
        self.full.push(hash(key));
        if !key.is_empty() {
            self.tokens.push(TokenKey::new(key));
        }
        self
    }

    /// Accepts a key for reading. An empty one opens nothing, and still makes a key necessary.
    #[must_use]
    pub fn with_read_only(mut self, key: &str) -> Self {
        self.read_only.push(hash(key));
        self
    }

    /// Accepts the key in a file for everything. White space around it does not count.
    ///
    /// # Errors
    /// A file that cannot be read, that others may read or its group may write, or that holds no key: see
    /// [`SecretFileError`].
    pub fn with_full_from(self, file: &Path) -> Result<Self, SecretFileError> {
        Ok(self.with_full(&read_key(file)?))
    }

    /// Accepts the key in a file for reading.
    ///
    /// # Errors
    /// As [`Self::with_full_from`].
    pub fn with_read_only_from(self, file: &Path) -> Result<Self, SecretFileError> {
        Ok(self.with_read_only(&read_key(file)?))
    }

    /// Whether no key is needed. A node refuses to listen publicly then: see [`super::check_public`].
    pub fn is_open(&self) -> bool {
        self.full.is_empty() && self.read_only.is_empty()
    }

    fn granted(&self, headers: &HeaderMap) -> Result<Granted, ApiError> {
        let alone = |access| Ok(Granted { access, depends_on: None });
        if self.is_open() {
            return alone(Access::Everything);
        }
        let said = said(headers).filter(|said| !said.is_empty()).ok_or(ApiError::NoKey)?;
        let hash = hash(said);
        // All are compared, whichever it is.
        let is_one =
            |keys: &[[u8; 32]]| keys.iter().fold(Choice::from(0), |found, key| found | key.ct_eq(&hash));
        let (full, read) = (is_one(&self.full), is_one(&self.read_only));
        match (bool::from(full), bool::from(read)) {
            (true, _) => alone(Access::Everything),
            (false, true) => alone(Access::Read),
            (false, false) => self.token(said),
        }
    }

    /// What a token gives that one of the keys for everything has signed.
    fn token(&self, said: &str) -> Result<Granted, ApiError> {
        let mut refused = TokenError::NoKeyNorToken;
        for key in &self.tokens {
            match key.read(said) {
                Ok(claims) => {
                    return Ok(Granted { access: claims.access, depends_on: claims.value_exists });
                }
                // Another key may have signed it.
                Err(TokenError::NoKeyNorToken) => {}
                Err(error) => refused = error,
            }
        }
        Err(refused.into())
    }
}

/// The key in a file. White space around it does not count.
///
/// # Errors
/// As [`Keys::with_full_from`].
pub(crate) fn read_key(file: &Path) -> Result<String, SecretFileError> {
    let text = read_secret(file)?;
    let key = text.trim();
    if key.is_empty() {
        return Err(SecretFileError::Empty { path: file.to_owned() });
    }
    Ok(key.to_owned())
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

/// Lets a request pass that may read what its route shows.
pub(crate) async fn may_read<B: Backend>(
    State(app): State<Arc<App<B>>>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let needs = Needs::of_read(request.uri().path());
    pass(&app, needs, params.ok(), request, next).await
}

/// Lets a request pass that may write what its route writes.
pub(crate) async fn may_write<B: Backend>(
    State(app): State<Arc<App<B>>>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let needs = Needs::of_write(request.uri().path());
    pass(&app, needs, params.ok(), request, next).await
}

async fn pass<B: Backend>(
    app: &App<B>,
    needs: Needs,
    params: Option<RawPathParams>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let granted = app.config.keys.granted(request.headers())?;
    let name = params.as_ref().and_then(|params| params.iter().find(|(key, _)| *key == "name"));
    granted.access.suffices(needs, name.map(|(_, name)| name))?;
    if let Some(value) = granted.depends_on {
        value.check(app.backend.as_ref()).await?;
    }
    request.extensions_mut().insert(granted.access);
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_key_gives_its_right_and_no_other() {
        let keys = Keys::default().with_full("full").with_read_only("read");
        let access = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            keys.granted(&headers).ok().map(|granted| granted.access)
        };
        assert_eq!(access("api-key", "full"), Some(Access::Everything));
        assert_eq!(access("authorization", "Bearer full"), Some(Access::Everything));
        assert_eq!(access("authorization", "bearer read"), Some(Access::Read));
        assert_eq!(access("api-key", "read"), Some(Access::Read));
        for (name, value) in [
            ("api-key", "ful"),
            ("api-key", "fulll"),
            ("api-key", ""),
            ("authorization", "full"),
            ("authorization", "Basic full"),
            ("authorization", "Bearer "),
            ("x", "full"),
        ] {
            assert_eq!(access(name, value), None, "{name}: {value}");
        }
        let open = Keys::default().granted(&HeaderMap::new()).unwrap();
        assert_eq!(open, Granted { access: Access::Everything, depends_on: None });
        assert!(!format!("{keys:?}").contains("full"));
    }

    #[test]
    fn an_empty_key_opens_nothing() {
        let keys = Keys::default().with_full("").with_read_only("");
        assert!(!keys.is_open());
        for value in ["", "Bearer ", "Bearer"] {
            let mut headers = HeaderMap::new();
            headers.insert("api-key", HeaderValue::from_static(""));
            headers.insert("authorization", HeaderValue::from_static(value));
            assert!(matches!(keys.granted(&headers), Err(ApiError::NoKey)), "{value}");
        }
        // Signed with the empty key.
        let token = token::tests::signed("", r#"{"alg":"HS256"}"#, r#"{"access":"m"}"#);
        assert!(matches!(keys.token(&token), Err(ApiError::Token(TokenError::NoKeyNorToken))));
    }

    #[test]
    fn a_key_is_read_from_a_file_and_an_empty_file_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        std::fs::write(&file, "  secret\n").unwrap();
        super::super::files::tests::set_mode(&file, 0o600);
        let keys = Keys::default().with_full_from(&file).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("api-key", HeaderValue::from_static("secret"));
        assert_eq!(keys.granted(&headers).unwrap().access, Access::Everything);
        std::fs::write(&file, "\n").unwrap();
        let error = Keys::default().with_read_only_from(&file).unwrap_err();
        assert!(matches!(error, SecretFileError::Empty { .. }), "{error}");
    }
}
