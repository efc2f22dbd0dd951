//! Who this is, whether it is well, and what it counts.

use crate::{
    Backend, limits,
    openapi::{Answer, Timeout},
    server::{ApiError, App, Envelope, json, site::is_for_people},
    types::Telemetry,
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use rose_forest_engine::metrics::CONTENT_TYPE;
use serde::Serialize;
use std::{
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};
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
    responses(
        (status = 200, description = "Who this is, and whose API it speaks.", body = Root),
        (status = 303, description = "To the page, for a browser: who accepts `text/html`."),
    )
)]
pub(crate) async fn root(headers: HeaderMap) -> Response {
    if is_for_people(&headers) {
        return ([(header::VARY, "accept")], Redirect::to("/ui/")).into_response();
    }
    let who = Root {
        title: "rose-forest - a decentralized vector database that speaks Qdrant",
        version: SPEAKS,
        rose_forest: env!("CARGO_PKG_VERSION"),
    };
    ([(header::VARY, "accept")], json(StatusCode::OK, &who)).into_response()
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
///
/// It is not until the node can answer.
#[utoipa::path(
    get, path = "/readyz", tag = "Service", operation_id = "readyz", security(()),
    responses(
        (status = 200, description = "It is.", body = String),
        (status = 503, description = "Not yet.", body = String),
    )
)]
pub(crate) async fn readyz<B: Backend>(State(app): State<Arc<App<B>>>) -> (StatusCode, &'static str) {
    match tokio::time::timeout(limits::MAX_READY_TIME, app.backend.is_ready()).await {
        Ok(true) => (StatusCode::OK, "all shards are ready"),
        Ok(false) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "some shards are not ready"),
    }
}

/// What is counted and measured, for Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "Service", operation_id = "metrics",
    responses((
        status = 200, description = "OpenMetrics text.", body = String,
        content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    ))
)]
pub(crate) async fn metrics<B: Backend>(State(app): State<Arc<App<B>>>) -> Response {
    let page = app.metrics.page(&app.backend.metrics());
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    ([content_type], page).into_response()
}

/// The least that Qdrant's clients insist on.
///
/// Numbers are under `/metrics`.
#[utoipa::path(
    get, path = "/telemetry", tag = "Service", operation_id = "telemetry",
    params(Timeout),
    responses((status = 200, description = "Who this is, and since when.", body = Answer<Telemetry>))
)]
pub(crate) async fn telemetry<B: Backend>(
    State(app): State<Arc<App<B>>>,
) -> Result<Envelope<Telemetry>, ApiError> {
    let since = Instant::now();
    let collections = app.backend.collections().await?.len();
    let telemetry = Telemetry::new(app.started.id.clone(), SPEAKS, utc(app.started.at), collections);
    Ok(Envelope::new(telemetry, since))
}

/// A time as RFC 3339 has it, by the civil calendar: days are counted from 1 March of the year 0, so that the leap day is a
/// year's last.
fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_are_written_by_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(UNIX_EPOCH + Duration::from_secs(seconds)), expected);
        }
    }
}
