//! The envelope of answers and errors, and the one place where errors become statuses.

use super::{access::Forbidden, keys::TokenError};
use crate::{
    BackendError,
    backend::AliasError,
    limits,
    snapshots::SnapshotError,
    types::{Answer, Fine, Reason, Refusal},
};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::time::Instant;

/// An answer: `{"result": …, "status": "ok", "time": …}`.
pub(crate) struct Envelope<T> {
    result: T,
    since: Instant,
}

impl<T> Envelope<T> {
    /// Of a request that came at `since`.
    pub(crate) fn new(result: T, since: Instant) -> Self {
        Self { result, since }
    }
}

impl<T: Serialize> IntoResponse for Envelope<T> {
    fn into_response(self) -> Response {
        let time = self.since.elapsed().as_secs_f64();
        json(StatusCode::OK, &Answer { result: self.result, status: Fine::Ok, time })
    }
}

pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => {
            let mut response = Response::new(Body::from(bytes));
            *response.status_mut() = status;
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            response
        }
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The request is none, or asks for what is not supported.
    #[error("Wrong input: {0}")]
    Input(String),
    /// The body is no JSON, or not that of a request.
    #[error("Format error in JSON body: {0}")]
    Json(#[from] serde_json::Error),
    /// The body is too long.
    #[error("Payload too large: a body may have {max} bytes")]
    BodyTooLarge { max: usize },
    /// The body came too slowly, or not to its end.
    #[error("the body did not arrive: {reason}")]
    Body { reason: String },
    /// There is no key, or another one.
    #[error("Must provide an API key or an Authorization bearer token")]
    NoKey,
    /// The token is none, or does not hold.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The key or token is for less.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A node without a key is asked by another name than this machine's.
    #[error(
        "Forbidden: this node has no API key, so it answers only to localhost, 127.0.0.1 and [::1], received the host \
         {received:?}: set an API key to reach it by another name"
    )]
    ForeignHost { received: String },
    /// A node without a key is asked by a web page.
    #[error(
        "Forbidden: this node has no API key, so it answers no web page of another origin, received the origin \
         {received:?}: set an API key"
    )]
    ForeignOrigin { received: String },
    /// There is no such route.
    #[error("Not found: {path} is no part of this API")]
    NoRoute { path: String },
    /// The route takes other methods.
    #[error("{path} does not take this method")]
    NoMethod { path: String },
    /// Too many requests at once.
    #[error("more than {max} requests at once: try again in a moment")]
    TooMany { max: usize },
    /// Too many follow the changes.
    #[error("{max} others follow events already: try again later")]
    TooManyFollow { max: usize },
    /// It took too long. What it did may have been done.
    #[error("Timeout error: not done within {seconds} s; a write that was begun is not taken back")]
    Timeout { seconds: u64 },
    /// What the backend said.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// What is wrong with a snapshot.
    #[error(transparent)]
    Snapshot(SnapshotError),
}

impl From<SnapshotError> for ApiError {
    fn from(error: SnapshotError) -> Self {
        match error {
            SnapshotError::Backend(error) => Self::Backend(error),
            error => Self::Snapshot(error),
        }
    }
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Input(_) | Self::Json(_) | Self::Body { .. } => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoKey | Self::Token(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) | Self::ForeignHost { .. } | Self::ForeignOrigin { .. } => {
                StatusCode::FORBIDDEN
            }
            Self::NoRoute { .. } => StatusCode::NOT_FOUND,
            Self::NoMethod { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooMany { .. } | Self::TooManyFollow { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Timeout { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::Snapshot(error) => error.status(),
            Self::Backend(error) => match error {
                BackendError::NoCollection { .. }
                | BackendError::NoPoint { .. }
                | BackendError::NoProof { .. } => StatusCode::NOT_FOUND,
                BackendError::CollectionExists { .. } => StatusCode::CONFLICT,
                BackendError::Alias(error) => match error {
                    AliasError::NoCollection { .. } | AliasError::NoAlias { .. } => StatusCode::NOT_FOUND,
                    AliasError::IsCollection { .. } | AliasError::IsAlias { .. } => StatusCode::CONFLICT,
                    AliasError::Name { .. } | AliasError::TooMany { .. } => StatusCode::BAD_REQUEST,
                },
                BackendError::OtherAuthor { .. } => StatusCode::FORBIDDEN,
                BackendError::Vector(_)
                | BackendError::Rule(_)
                | BackendError::Refused { .. }
                | BackendError::OtherFieldKind { .. }
                | BackendError::Invite { .. }
                | BackendError::NoNetwork { .. } => StatusCode::BAD_REQUEST,
                BackendError::Busy { .. } => StatusCode::TOO_MANY_REQUESTS,
                BackendError::VectorMissing { .. } | BackendError::NotReady => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
                BackendError::NotAcknowledged { .. } | BackendError::NotAnswered { .. } => {
                    StatusCode::REQUEST_TIMEOUT
                }
                BackendError::Index(_) | BackendError::Node(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
        }
    }

    fn retry_after(&self) -> Option<u64> {
        let after = match self {
            Self::TooMany { .. }
            | Self::Snapshot(SnapshotError::Busy { .. })
            | Self::Backend(BackendError::NotReady) => limits::RETRY_AFTER,
            Self::TooManyFollow { .. } => limits::RETRY_FOLLOW_AFTER,
            Self::Backend(BackendError::Busy { retry_after }) => *retry_after,
            _ => return None,
        };
        Some(after.as_secs().max(1))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = %self, "a request failed");
        }
        let said = Refusal { status: Reason { error: self.to_string() }, time: 0.0 };
        let mut response = json(status, &said);
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

pub(super) async fn no_such_route(uri: Uri) -> ApiError {
    ApiError::NoRoute { path: uri.path().to_owned() }
}

pub(super) async fn no_such_method(uri: Uri) -> ApiError {
    ApiError::NoMethod { path: uri.path().to_owned() }
}
