//! The envelope of answers and of errors.

use utoipa::ToSchema;

/// What was asked for, in its envelope.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: `server::Envelope` is what is sent")]
pub(crate) struct Answer<T> {
    /// What was asked for.
    result: T,
    /// Always `ok`.
    status: Fine,
    /// Seconds that it took.
    time: f64,
}

/// That it went well.
#[derive(ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only described")]
pub(super) enum Fine {
    Ok,
}

/// Word that it is begun: what becomes of it is logged.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
pub(crate) struct Accepted {
    /// Nothing yet.
    result: (),
    /// Always `accepted`.
    status: Begun,
    /// Seconds that it took.
    time: f64,
}

/// That it is begun.
#[derive(ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only described")]
pub(super) enum Begun {
    Accepted,
}

/// Why there is no answer.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: `server::ApiError` is what is sent")]
pub(super) struct Refusal {
    /// What went wrong.
    status: Reason,
    /// Seconds; not measured for what is refused.
    time: f64,
}

/// What went wrong.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
pub(super) struct Reason {
    /// A sentence for people.
    error: String,
}
