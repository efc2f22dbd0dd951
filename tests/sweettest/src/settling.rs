//! Calling `settle` the way a node does: again and again until it is done.

use crate::{Node, wait::DEADLINE};
use rose_forest_api::{SettleInput, SettleOutput};
use std::time::{Duration, Instant};

/// The input that settles whatever there is, and goes on when `peers` have confirmed or three seconds have passed.
pub fn all_of_it(peers: u32) -> SettleInput {
    SettleInput { min_rows: Some(0), min_blocks: Some(0), grace_ms: Some(3_000), peers: Some(peers) }
}

impl Node {
    /// Calls `settle` until it is done, and returns what all calls did together.
    ///
    /// # Panics
    /// When it is not done within the deadline.
    pub async fn settle(&self, input: &SettleInput) -> SettleOutput {
        let start = Instant::now();
        let mut sum = SettleOutput::default();
        loop {
            let step: SettleOutput = self.call("settle", input.clone()).await;
            sum.rows_settled += step.rows_settled;
            sum.rows_hidden += step.rows_hidden;
            sum.blocks_written += step.blocks_written;
            sum.bytes_written += step.bytes_written;
            sum.cells_founded += step.cells_founded;
            sum.blocks_linked += step.blocks_linked;
            sum.blocks_unlinked += step.blocks_unlinked;
            sum.epochs_closed += step.epochs_closed;
            if step.done {
                sum.done = true;
                return sum;
            }
            assert!(start.elapsed() < DEADLINE, "settle is not done: {step:?}, together {sum:?}");
            // What it waits for may come earlier than it expects.
            tokio::time::sleep(Duration::from_millis(u64::from(step.wait_ms).min(100))).await;
        }
    }
}
