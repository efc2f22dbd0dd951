//! Snapshots in requests and answers.

use crate::snapshots::Priority;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A snapshot of a collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SnapshotDescription {
    /// Its name.
    pub name: String,
    /// When it was made: UTC, as `2026-11-21T22:30:00`.
    pub creation_time: String,
    /// Bytes of its file.
    pub size: u64,
    /// SHA-256 of its file, in hexadecimal; none where the file was put into the folder by hand.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub checksum: Option<String>,
}

/// `PUT /collections/{name}/snapshots/recover`. A key for fetching from elsewhere is passed over: nothing is fetched.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
pub struct RecoverSnapshot {
    /// Which: the `file://` address of a snapshot in this node's folder.
    pub location: String,
    /// Whose points hold.
    #[serde(default)]
    pub priority: Option<Priority>,
    /// SHA-256 that the file must have, in hexadecimal.
    #[serde(default)]
    #[schema(pattern = "^[0-9A-Fa-f]{64}$")]
    pub checksum: Option<String>,
}
