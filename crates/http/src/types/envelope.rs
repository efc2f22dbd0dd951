//! The envelope of answers and of refusals.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was asked for, in its envelope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Answer<T> {
    /// What was asked for.
    pub result: T,
    /// Always `ok`.
    pub status: Fine,
    /// Seconds that it took.
    pub time: f64,
}

/// That it went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fine {
    /// It did.
    Ok,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Refusal {
    /// What went wrong.
    pub status: Reason,
    /// Seconds; not measured for what is refused.
    pub time: f64,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// A sentence for people.
    pub error: String,
}
