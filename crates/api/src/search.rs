//! Searching.

use crate::{ActionHash, AgentPubKey, CellName, PointId};
use serde::{Deserialize, Serialize};

/// Hits that one search may ask for.
pub const MAX_K: u32 = 1_000;
/// Cells that one search may ask to probe; more than there are means all.
pub const MAX_NPROBE: u32 = 65_536;

/// How far a read looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// What this node holds. Never waits for anybody.
    #[default]
    Local,
    /// Asks peers for what this node does not hold, and falls back to what it holds.
    Network,
}

/// How much of the collection this node stores, which a zome cannot see: its caller tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arc {
    /// Everything.
    Full,
    /// Nothing but its own: it has just joined, or never stores for others.
    Empty,
    /// Nobody told.
    #[default]
    Unknown,
}

/// What the caller knows of the node and of its peers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// How much of the collection this node stores.
    #[serde(default)]
    pub arc: Arc,
    /// Peers that are known and seem to be there; nothing when nobody told. It matters to a node that does not
    /// store everything.
    #[serde(default)]
    pub reachable_peers: Option<u32>,
    /// Peers that are known and cannot be reached now.
    #[serde(default)]
    pub unreachable_peers: u32,
}

impl View {
    /// What the caller of a node says that stores the whole collection.
    pub const FULL: Self = Self { arc: Arc::Full, reachable_peers: None, unreachable_peers: 0 };
}

/// Why an answer may lack something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// The node does not store the whole collection, and was asked to look no further.
    ArcNotFull,
    /// The caller did not say how much the node stores, and asked to look no further.
    ArcUnknown,
    /// The node does not store the whole collection, and there is nobody to ask for the rest: the conductor then
    /// answers from what it holds, as if that were everything.
    NobodyToAsk,
    /// The node does not store the whole collection, and the caller did not say whether there is anybody to ask.
    PeersUnknown,
    /// So many peers could not be reached; what only they have is missing.
    PeersUnreachable(u32),
    /// So many look-ups over the network failed, and were answered from what this node holds.
    NetworkFailed(u32),
    /// So many blocks are linked and could not be had.
    BlocksMissing(u32),
    /// So many entries of cells are linked and could not be had.
    CellsMissing(u32),
}

/// A search for the nearest points.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SearchInput {
    /// The vector to be near to: little-endian f32.
    #[serde(with = "serde_bytes")]
    pub vector: Vec<u8>,
    /// How many: 1 to 1,000.
    pub k: u32,
    /// Cells to look into, nearest first, at least 1: more cost more and find more. By default about 36 and 0.45
    /// times the root of the number of cells: fewer where one cell is much nearer than the others, more where
    /// many are alike.
    #[serde(default)]
    pub nprobe: Option<u32>,
    /// Leaves out hits that are worse: below it for cosine and dot, above it for Euclid and Manhattan.
    #[serde(default)]
    pub score_threshold: Option<f32>,
    /// Whether to leave out payloads.
    #[serde(default)]
    pub without_payload: bool,
    /// Whether to return vectors.
    #[serde(default)]
    pub with_vector: bool,
    /// How far to look.
    #[serde(default)]
    pub scope: Scope,
    /// What the caller knows of the node, to tell whether the answer is complete.
    #[serde(default)]
    pub view: View,
    /// Whether to tell which way the search went. Only a zome knows: a node that answers from its index in memory has no cells.
    #[serde(default)]
    pub trace: bool,
}

/// One of the nearest points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Its id, unique for the author.
    pub id: PointId,
    /// Cosine or inner product (higher is nearer), or Euclidean or Manhattan distance (lower is nearer).
    pub score: f32,
    /// Who wrote it.
    pub author: AgentPubKey,
    /// The action that carries it.
    pub action_hash: ActionHash,
    /// When it was written, in microseconds since 1970.
    pub written_at_micros: i64,
    /// Its payload as JSON text.
    pub payload: Option<String>,
    /// Its vector, little-endian f32, where asked for.
    #[serde(default, with = "serde_bytes")]
    pub vector: Option<Vec<u8>>,
}

/// What a search did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchStats {
    /// Regions that exist.
    pub regions: u32,
    /// Regions whose cells were considered.
    pub regions_considered: u32,
    /// Cells that were considered.
    pub cells_considered: u32,
    /// Cells that were probed.
    pub cells_probed: u32,
    /// Blocks opened in cells.
    pub settled_blocks: u32,
    /// Rows scanned in cells.
    pub settled_rows: u64,
    /// Fresh blocks opened.
    pub fresh_blocks: u32,
    /// Fresh rows scanned.
    pub fresh_rows: u64,
    /// Bytes of the blocks that were opened.
    pub bytes: u64,
}

/// The nearest points, best first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SearchOutput {
    /// The hits, best first; ties by author and id hash.
    pub hits: Vec<Hit>,
    /// Whether everything that is known of could be looked at. (That cells were passed over is not a gap:
    /// `nprobe` decides that.)
    pub complete: bool,
    /// What could not.
    pub gaps: Vec<Gap>,
    /// What the search did.
    pub stats: SearchStats,
    /// Which way it went, where asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<SearchTrace>,
}

/// Which way a search went: from regions to cells to rows. Fresh blocks are always read, and are in no cell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchTrace {
    /// The regions whose cells were considered, the nearest first, with what was read of their own blocks.
    pub regions: Vec<ProbedCell>,
    /// The cells that were considered, in the order of their names.
    pub considered: Vec<CellName>,
    /// The cells that were probed, the nearest first.
    pub probed: Vec<ProbedCell>,
    /// For each hit, in their order, the cell or region that its row lies in; nothing for a fresh one.
    pub hits: Vec<Option<CellName>>,
}

/// A region or a cell that a search looked into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbedCell {
    /// What it is known by.
    pub cell: CellName,
    /// Blocks opened in it.
    pub blocks: u32,
    /// Rows scanned in it.
    pub rows: u64,
}
