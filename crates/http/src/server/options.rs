//! What stands behind the question mark: consistency, waiting, ordering, timeouts.

use super::ApiError;
use crate::{
    backend::{Consistency, Ordering, ReadOptions, WriteOptions},
    limits,
};
use axum::{extract::FromRequestParts, http::request::Parts};
use std::time::Duration;

#[derive(Debug, Default)]
struct Said {
    consistency: Option<String>,
    wait: Option<String>,
    ordering: Option<String>,
    timeout: Option<String>,
    provenance: Option<String>,
}

/// What a query string says of these. None of their values has a character that would have to be escaped; other names are
/// passed over.
fn said(query: &str) -> Result<Said, ApiError> {
    let mut said = Said::default();
    for (name, value) in query.split('&').filter_map(|part| part.split_once('=')) {
        let slot = match name {
            "consistency" => &mut said.consistency,
            "wait" => &mut said.wait,
            "ordering" => &mut said.ordering,
            "timeout" => &mut said.timeout,
            "provenance" => &mut said.provenance,
            _ => continue,
        };
        if slot.replace(value.to_owned()).is_some() {
            return Err(ApiError::Input(format!("expected {name} once, received it twice")));
        }
    }
    Ok(said)
}

fn yes(name: &str, value: Option<&str>, default: bool) -> Result<bool, ApiError> {
    match value {
        None => Ok(default),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(other) => {
            Err(ApiError::Input(format!("expected {name} to be true or false, received {other:?}")))
        }
    }
}

/// How long a request may take.
pub(super) fn timeout(query: &str) -> Result<Duration, ApiError> {
    duration(&said(query)?)
}

fn duration(said: &Said) -> Result<Duration, ApiError> {
    let Some(text) = said.timeout.as_deref() else { return Ok(limits::DEFAULT_TIMEOUT) };
    match text.parse::<u64>() {
        Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds).min(limits::MAX_TIMEOUT)),
        _ => Err(ApiError::Input(format!(
            "expected timeout to be a number of seconds, at least 1, received {text:?}"
        ))),
    }
}

/// How to read.
pub(crate) struct Reading(pub ReadOptions);

impl<S: Send + Sync> FromRequestParts<S> for Reading {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let said = said(parts.uri.query().unwrap_or_default())?;
        let consistency = match said.consistency.as_deref() {
            None => Consistency::Own,
            Some("majority") => Consistency::Majority,
            Some("quorum") => Consistency::Quorum,
            Some("all") => Consistency::All,
            Some(other) => match other.parse() {
                Ok(0) | Err(_) => {
                    return Err(ApiError::Input(format!(
                        "expected consistency to be a number from 1 on, majority, quorum or all, received {other:?}"
                    )));
                }
                Ok(1) => Consistency::Own,
                Ok(nodes) => Consistency::Nodes(nodes),
            },
        };
        Ok(Self(ReadOptions { consistency, timeout: duration(&said)? }))
    }
}

/// How to write.
pub(crate) struct Writing(pub WriteOptions);

impl<S: Send + Sync> FromRequestParts<S> for Writing {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let said = said(parts.uri.query().unwrap_or_default())?;
        let ordering = match said.ordering.as_deref() {
            None | Some("weak") => Ordering::Weak,
            Some("medium") => Ordering::Medium,
            Some("strong") => Ordering::Strong,
            Some(other) => {
                return Err(ApiError::Input(format!(
                    "expected ordering to be weak, medium or strong, received {other:?}"
                )));
            }
        };
        let wait = yes("wait", said.wait.as_deref(), false)?;
        Ok(Self(WriteOptions { wait, ordering, timeout: duration(&said)? }))
    }
}

/// What an answer shows beyond Qdrant's.
#[derive(Clone, Copy)]
pub(crate) struct AnswerOptions {
    /// Who said so, beside each point.
    pub provenance: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for AnswerOptions {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let said = said(parts.uri.query().unwrap_or_default())?;
        Ok(Self { provenance: yes("provenance", said.provenance.as_deref(), false)? })
    }
}
