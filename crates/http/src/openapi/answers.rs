//! Answers that are made where they are sent, and only described here.

use utoipa::ToSchema;

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
