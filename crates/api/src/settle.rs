//! Settling fresh rows into cells, and upkeep of the cells.

use crate::ActionHash;
use serde::{Deserialize, Serialize};

/// Fresh rows of an author from which it pays to settle them: scanning 2,000 rows of 388 bytes with every search
/// costs about as much as probing eight cells.
pub const DEFAULT_SETTLE_ROWS: u32 = 2_000;
/// Fresh rows for each cell that an author has rows in, likewise: a block and its link are two actions on the chain
/// for ever, for however few rows.
pub const DEFAULT_SETTLE_ROWS_PER_CELL: u32 = 32;
/// Fresh blocks of an author from which it pays to settle them: opening 64 small blocks costs about 8 ms.
pub const DEFAULT_SETTLE_BLOCKS: u32 = 64;
/// How long to wait for peers to have validated a step before the next one, in milliseconds, when not enough of
/// them confirmed it: several times what a peer on the same machine takes.
pub const DEFAULT_GRACE_MS: u32 = 10_000;

/// Bytes of blocks that one call of `upkeep` may write.
pub const DEFAULT_UPKEEP_BYTES: u64 = 8_000_000;
/// How long cells stay that hold nothing, in milliseconds: somebody may be about to write into them.
pub const DEFAULT_EMPTY_MS: u32 = 3_600_000;

/// How far to go. Every call takes the steps that are possible now; call again until `done`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettleInput {
    /// Settle from so many fresh rows of this author; 0 settles whatever there is. By default 32 for each cell that
    /// the author has rows in, at least 2,000.
    #[serde(default)]
    pub min_rows: Option<u32>,
    /// Or from so many fresh blocks of this author. By default 64.
    #[serde(default)]
    pub min_blocks: Option<u32>,
    /// Milliseconds after which a step counts as known to all even if too few confirmed it. By default 10,000.
    #[serde(default)]
    pub grace_ms: Option<u32>,
    /// Peers whose confirmation is enough to go on before the grace time; 0 (a node on its own) needs none.
    #[serde(default)]
    pub peers: Option<u32>,
    /// What the caller knows of this author's blocks, from an index of its own. When nothing is said, all of this author's
    /// blocks in cells are read before fresh rows are sorted into cells.
    #[serde(default)]
    pub seen: Option<Seen>,
}

/// What a caller knows of an author's blocks, so that `settle` reads only those that matter.
///
/// Which fresh blocks are to be sorted, `settle` says itself ([`SettleOutput::sorts_next`]), and waits to be called again with
/// an answer that speaks of them. An empty one, the default, puts the sorting off.
///
/// It is believed if the caller's index had the first `blocks` blocks of the author's chain and no others, which the digest
/// shows; blocks that the chain has beyond those are read besides. Otherwise all are read. So a caller that is behind costs
/// time, and hides no row wrongly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// How many blocks of the author the index has, fresh ones and those of cells, all that there ever were.
    pub blocks: u64,
    /// Which: see [`blocks_digest`].
    pub digest: [u8; 32],
    /// The fresh blocks whose points were looked up.
    pub fresh: Vec<ActionHash>,
    /// The blocks of cells that hold any row of those points. Blocks too many cost the reading of them.
    pub older: Vec<ActionHash>,
}

/// What tells sets of blocks apart: the exclusive or of the hashes of the actions that carry them, of each the 32 bytes
/// without those that say what kind of hash it is and where it lies. Zero bytes for no blocks.
///
/// Sets that differ by chance have one digest with a probability of 2^-256; whoever looks for such sets can find them.
pub fn blocks_digest<'a>(blocks: impl IntoIterator<Item = &'a ActionHash>) -> [u8; 32] {
    let mut digest = [0; 32];
    for block in blocks {
        digest.iter_mut().zip(block.get_raw_32()).for_each(|(sum, byte)| *sum ^= byte);
    }
    digest
}

/// What a call of `settle` did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettleOutput {
    /// Whether nothing is left to do for now.
    pub done: bool,
    /// Milliseconds after which it is worth to call again, when not done. Zero: at once.
    pub wait_ms: u32,
    /// Rows written into cells.
    pub rows_settled: u32,
    /// Older rows in cells that were hidden by tombstones beside them.
    pub rows_hidden: u32,
    /// Blocks written.
    pub blocks_written: u32,
    /// Bytes of those blocks.
    pub bytes_written: u64,
    /// Cells founded.
    pub cells_founded: u32,
    /// Blocks linked from their cells.
    pub blocks_linked: u32,
    /// Links to replaced blocks deleted.
    pub blocks_unlinked: u32,
    /// Epochs of fresh blocks closed.
    pub epochs_closed: u32,
    /// Blocks in cells that were read to find older rows.
    #[serde(default)]
    pub blocks_read: u32,
    /// The fresh blocks that the next call sorts into cells: [`SettleInput::seen`] has to speak of all of them, or be left
    /// out. Nothing if there are none, or if they have been sorted.
    #[serde(default)]
    pub sorts_next: Vec<ActionHash>,
}

/// How much upkeep to do in one call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpkeepInput {
    /// Bytes of blocks that may be written anew. By default 8 MB: what was rewritten stays on every peer.
    #[serde(default)]
    pub budget_bytes: Option<u64>,
    /// Milliseconds after which cells that hold nothing are dropped by who linked them. By default an hour:
    /// somebody may be about to write into them.
    #[serde(default)]
    pub empty_ms: Option<u32>,
}

/// What a call of `upkeep` did. Blocks that it wrote are linked by `settle`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpkeepOutput {
    /// Cells founded beside crowded ones.
    pub cells_founded: u32,
    /// Cells that give way to others: too small, or too near.
    pub cells_retiring: u32,
    /// Own blocks whose rows moved or were gathered into fewer blocks.
    pub blocks_replaced: u32,
    /// Rows written again.
    pub rows_rewritten: u32,
    /// Bytes of the blocks written.
    pub bytes_written: u64,
    /// Links to empty cells deleted.
    pub cells_dropped: u32,
    /// Whether something is left to do: the budget ran out, or `settle` has to be called first.
    pub more: bool,
}
