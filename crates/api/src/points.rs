//! Writing, deleting and reading points.

use crate::{ActionHash, AgentPubKey, Gap, PointId, Scope, View};
use serde::{Deserialize, Serialize};

/// Points in one call of `get`, `delete`: what one look-up through all blocks may be asked for.
pub const MAX_IDS: usize = 10_000;
/// Points on one page of `scroll`.
pub const MAX_SCROLL: usize = 10_000;
/// Points on a page of `scroll` when nothing is said.
pub const DEFAULT_SCROLL: u32 = 100;
/// Rows in one call of `insert`: more belong into `bulk_insert`.
pub const MAX_INSERT_ROWS: usize = 10_000;
/// Rows in one call of `bulk_insert`: 100,000 rows of 384 floats are 154 MB in the memory of the wasm, several
/// times, of the 1 GiB it may have.
pub const MAX_BULK_ROWS: usize = 131_072;

/// Points to insert or overwrite, for `insert` and `bulk_insert`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InsertInput {
    /// The ids, each once.
    pub ids: Vec<PointId>,
    /// The vectors: as many rows as ids, little-endian f32.
    #[serde(with = "serde_bytes")]
    pub vectors: Vec<u8>,
    /// A JSON object as text for each id, or none; empty when no point has a payload.
    #[serde(default)]
    pub payloads: Vec<Option<String>>,
}

/// Points for `bulk_insert`. An [`InsertInput`] is one, too: on the wire they differ in `used_before` alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BulkInsertInput {
    /// As of [`InsertInput`].
    pub ids: Vec<PointId>,
    /// As of [`InsertInput`].
    #[serde(with = "serde_bytes")]
    pub vectors: Vec<u8>,
    /// As of [`InsertInput`].
    #[serde(default)]
    pub payloads: Vec<Option<String>>,
    /// Which of the ids this agent has used before, by their place in `ids`, in any order, those of deleted points included: a
    /// caller that knows all of the agent's points can say so. When nothing is said, all of the agent's blocks are read to find
    /// out.
    #[serde(default)]
    pub used_before: Option<Vec<u32>>,
}

impl BulkInsertInput {
    /// These points, and what is known of their ids.
    pub fn new(InsertInput { ids, vectors, payloads }: InsertInput, used_before: Option<Vec<u32>>) -> Self {
        Self { ids, vectors, payloads, used_before }
    }

    /// The points, and what is known of their ids.
    pub fn into_parts(self) -> (InsertInput, Option<Vec<u32>>) {
        let Self { ids, vectors, payloads, used_before } = self;
        (InsertInput { ids, vectors, payloads }, used_before)
    }
}

/// What an insert or a delete wrote.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WriteOutput {
    /// Rows written, tombstones included.
    pub rows: u32,
    /// The blocks they are in.
    pub blocks: Vec<ActionHash>,
    /// Their time, in microseconds since 1970.
    pub written_at_micros: i64,
    /// Whether `settle` has to be called until it is done before all rows can be found: blocks that go to
    /// cells are linked by a later call, so that no validator has to wait for them.
    pub needs_settle: bool,
}

/// Points to delete.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeleteInput {
    /// Their ids, each once.
    pub ids: Vec<PointId>,
    /// Passes over ids that are not there. Otherwise they are an error, and nothing is deleted.
    #[serde(default)]
    pub ignore_unknown: bool,
}

/// Points for `delete`. A [`DeleteInput`] is one, too: on the wire they differ in `found` alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FoundDeleteInput {
    /// As of [`DeleteInput`].
    pub ids: Vec<PointId>,
    /// As of [`DeleteInput`].
    #[serde(default)]
    pub ignore_unknown: bool,
    /// Which of the ids this agent has points of that are not deleted, by their place in `ids`, in any order: a caller that
    /// knows all of the agent's points can say so. When nothing is said, all of the agent's blocks are read to find out.
    #[serde(default)]
    pub found: Option<Vec<u32>>,
}

impl FoundDeleteInput {
    /// These points, and which of them are there.
    pub fn new(DeleteInput { ids, ignore_unknown }: DeleteInput, found: Option<Vec<u32>>) -> Self {
        Self { ids, ignore_unknown, found }
    }
}

/// Points to read by id. Cost: linear in the blocks of the collection.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GetInput {
    /// Their ids.
    pub ids: Vec<PointId>,
    /// Only this author's points.
    #[serde(default)]
    pub author: Option<AgentPubKey>,
    /// Whether to return vectors.
    #[serde(default)]
    pub with_vector: bool,
    /// How far to look.
    #[serde(default)]
    pub scope: Scope,
    /// What the caller knows of the node, to tell whether the answer is complete.
    #[serde(default)]
    pub view: View,
}

/// Points found by id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GetOutput {
    /// The points, several for an id that several authors use; in the order of the ids, then by author.
    pub points: Vec<Point>,
    /// The ids that no point was found for.
    pub unknown: Vec<PointId>,
    /// Whether everything that is known of was looked at.
    pub complete: bool,
    /// What was not.
    pub gaps: Vec<Gap>,
}

/// A point, in its newest version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Its id, unique for the author.
    pub id: PointId,
    /// Who wrote it.
    pub author: AgentPubKey,
    /// The action that carries it.
    pub action_hash: ActionHash,
    /// When it was written, in microseconds since 1970.
    pub written_at_micros: i64,
    /// Its payload as JSON text.
    pub payload: Option<String>,
    /// Its vector as stored and decoded again, little-endian f32, where asked for.
    #[serde(default, with = "serde_bytes")]
    pub vector: Option<Vec<u8>>,
}

/// A page of points in a stable order: by the hash of the id, then by author.
/// Cost: linear in the blocks of the collection, for each page.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ScrollInput {
    /// Where the last page ended; nothing for the first page.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Points on the page: 1 to 10,000, 100 when nothing is said.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Only this author's points.
    #[serde(default)]
    pub author: Option<AgentPubKey>,
    /// Whether to return vectors.
    #[serde(default)]
    pub with_vector: bool,
    /// How far to look.
    #[serde(default)]
    pub scope: Scope,
    /// What the caller knows of the node.
    #[serde(default)]
    pub view: View,
}

/// A page of points.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScrollOutput {
    /// The points.
    pub points: Vec<Point>,
    /// Where the next page begins; nothing after the last.
    pub next_cursor: Option<String>,
    /// Whether everything that is known of was looked at.
    pub complete: bool,
    /// What was not.
    pub gaps: Vec<Gap>,
}

/// What to count. Cost: linear in the blocks of the collection.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CountInput {
    /// Only this author's points.
    #[serde(default)]
    pub author: Option<AgentPubKey>,
    /// How far to look.
    #[serde(default)]
    pub scope: Scope,
    /// What the caller knows of the node.
    #[serde(default)]
    pub view: View,
}

/// How many points there are: each counted once, deleted ones not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountOutput {
    /// Points.
    pub points: u64,
    /// Whether everything that is known of was counted.
    pub complete: bool,
    /// What was not.
    pub gaps: Vec<Gap>,
}
