//! Bodies: read within their limits, and parsed. Parameters in paths.

use super::{ApiError, App};
use crate::Backend;
use axum::{
    body::{Bytes, to_bytes},
    extract::{FromRequest, FromRequestParts, Request},
    http::request::Parts,
};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A request's body. An empty one is an empty object.
pub(crate) struct Body<T>(pub T);

impl<B: Backend, T: DeserializeOwned> FromRequest<Arc<App<B>>> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App<B>>) -> Result<Self, ApiError> {
        let (max, max_time) = (app.config.max_body_bytes, app.config.max_body_time);
        let length = request.headers().get(axum::http::header::CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if length.is_some_and(|length| length > max) {
            return Err(ApiError::BodyTooLarge { max });
        }
        let read = tokio::time::timeout(max_time, to_bytes(request.into_body(), max)).await;
        let bytes = match read {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(error)) if is_too_long(&error) => return Err(ApiError::BodyTooLarge { max }),
            Ok(Err(error)) => return Err(ApiError::Body { reason: error.to_string() }),
            Err(_) => {
                let reason = format!("not within {} s", max_time.as_secs_f32());
                return Err(ApiError::Body { reason });
            }
        };
        let bytes = if bytes.is_empty() { Bytes::from_static(b"{}") } else { bytes };
        Ok(Self(serde_json::from_slice(&bytes)?))
    }
}

/// Parameters in a path, as axum's, whose refusals have no envelope.
pub(crate) struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read = axum::extract::Path::from_request_parts(parts, state).await;
        read.map(|axum::extract::Path(read)| Self(read)).map_err(|why| ApiError::Input(why.body_text()))
    }
}

/// Whether a body was cut off because it is too long. The error's type is of a crate that is no dependency of ours; it says
/// so in words.
fn is_too_long(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    let mut text = error.to_string();
    while let Some(cause) = source {
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text.contains("length limit exceeded")
}
