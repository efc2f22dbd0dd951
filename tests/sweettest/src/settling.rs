//! Calling `settle` the way a node does: again and again until it is done; and knowing what a node's index knows.

use crate::{Node, VectorEntry, wait::DEADLINE};
use holochain::prelude::{ChainQueryFilter, Entry};
use rose_forest_api::{ActionHash, PointId, Seen, SettleInput, SettleOutput, blocks_digest};
use rose_forest_rules::block::BlockView;
use std::time::{Duration, Instant};

/// The input that settles whatever there is, and goes on when `peers` have confirmed or three seconds have passed.
pub fn all_of_it(peers: u32) -> SettleInput {
    let (min_rows, min_blocks, grace_ms, peers) = (Some(0), Some(0), Some(3_000), Some(peers));
    SettleInput { min_rows, min_blocks, grace_ms, peers, seen: None }
}

/// A block on an agent's chain.
#[derive(Clone, Debug)]
pub struct OwnBlock {
    /// The action that carries it.
    pub action: ActionHash,
    /// Whether it belongs to a cell.
    pub in_cell: bool,
    /// The points that it has rows of, tombstones included.
    pub ids: Vec<PointId>,
}

/// What an index with these blocks of a chain knows of these fresh ones.
pub fn seen(blocks: &[OwnBlock], fresh: &[ActionHash]) -> Seen {
    let settled: Vec<_> = blocks.iter().filter(|block| fresh.contains(&block.action)).collect();
    let older = blocks.iter().filter(|block| {
        block.in_cell && settled.iter().any(|fresh| fresh.ids.iter().any(|id| block.ids.contains(id)))
    });
    Seen {
        blocks: blocks.len() as u64,
        digest: blocks_digest(blocks.iter().map(|block| &block.action)),
        fresh: settled.iter().map(|block| block.action.clone()).collect(),
        older: older.map(|block| block.action.clone()).collect(),
    }
}

impl Node {
    /// All blocks on the agent's chain, the oldest first.
    pub async fn blocks(&self) -> Vec<OwnBlock> {
        let chain =
            self.conductor.get_agent_source_chain(self.cell.agent_pubkey(), self.cell.dna_hash()).await;
        let records = chain.query(ChainQueryFilter::new().include_entries(true)).await.unwrap();
        let blocks = records.iter().filter_map(|record| {
            let Some(Entry::App(bytes)) = record.entry().as_option() else { return None };
            let entry: VectorEntry = rmp_serde::from_slice(bytes.as_ref().bytes()).ok()?;
            let view = BlockView::parse(&entry.block).unwrap();
            let ids = view.meta().unwrap().rows().iter().map(|row| row.id.clone()).collect();
            Some(OwnBlock { action: record.action_address().clone(), in_cell: view.cell().is_some(), ids })
        });
        blocks.collect()
    }

    /// Calls `settle` until it is done, and returns what all calls did together.
    ///
    /// # Panics
    /// When it is not done within the deadline.
    pub async fn settle(&self, input: &SettleInput) -> SettleOutput {
        self.settle_as(input, async |_| None).await
    }

    /// The same, with the caller's word, which hears which fresh blocks are next.
    ///
    /// # Panics
    /// When it is not done within the deadline.
    pub async fn settle_as(
        &self,
        input: &SettleInput,
        word: impl AsyncFn(&[ActionHash]) -> Option<Seen>,
    ) -> SettleOutput {
        let start = Instant::now();
        let mut sum = SettleOutput::default();
        let mut sorts_next = Vec::new();
        loop {
            let input = SettleInput { seen: word(&sorts_next).await, ..input.clone() };
            let step: SettleOutput = self.call("settle", input).await;
            sum.rows_settled += step.rows_settled;
            sum.rows_hidden += step.rows_hidden;
            sum.blocks_written += step.blocks_written;
            sum.bytes_written += step.bytes_written;
            sum.cells_founded += step.cells_founded;
            sum.blocks_linked += step.blocks_linked;
            sum.blocks_unlinked += step.blocks_unlinked;
            sum.epochs_closed += step.epochs_closed;
            sum.blocks_read += step.blocks_read;
            sorts_next = step.sorts_next;
            if step.done {
                sum.done = true;
                return sum;
            }
            assert!(start.elapsed() < DEADLINE, "settle is not done: {:?}, together {sum:?}", step.wait_ms);
            // What it waits for may come earlier than it expects.
            tokio::time::sleep(Duration::from_millis(u64::from(step.wait_ms).min(100))).await;
        }
    }
}
