//! Comparing an index with what the conductor holds.

use super::{CURSOR, Live, blocking, micros_of};
use crate::collections::Collection;
use crate::dht::Blocks;
use crate::node::Node;
use anyhow::{Context, Result, ensure};
use rose_forest_engine::local::{Differences, Differing, Named};
use serde::{Deserialize, Serialize};
use std::sync::Arc as Shared;
use tokio::runtime::Handle;

/// What a comparison of an index with the DHT found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Whether nothing differs.
    pub same: bool,
    /// Blocks of the DHT that were read.
    pub blocks: u64,
    /// Points that count in the index.
    pub rows: u64,
    /// What differs.
    pub differences: Vec<Deviation>,
    /// Which file of the index is damaged, if one is.
    pub damage: Option<String>,
}

/// Differences of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deviation {
    /// What they are, for people.
    pub what: String,
    /// How many.
    pub count: u64,
    /// The first ten.
    pub first: Vec<String>,
}

impl Node {
    /// Compares the index of a collection with all blocks that the conductor holds. Cost: reads all of them.
    ///
    /// # Errors
    /// If there is no index that has caught up, or something cannot be read.
    pub async fn verify(&self, collection: &Collection) -> Result<Verified> {
        let live = self.lives.get(&collection.dna_hash).with_context(|| {
            format!("this node has no index of {}: `rose-forest serve` makes one", collection.label())
        })?;
        ensure!(
            live.is_caught_up(),
            "the index of {} has not caught up yet: try again in a moment",
            collection.label()
        );
        let blocks = Blocks::since(self, &collection.dna_hash, None).await?;
        let runtime = Handle::current();
        blocking(move || live.compare(blocks, &runtime)).await
    }
}

impl Live {
    /// On a thread of its own.
    fn compare(self: &Shared<Self>, mut blocks: Blocks, runtime: &Handle) -> Result<Verified> {
        let index = &self.index;
        let taken_in = micros_of(index.cursor(CURSOR)?).unwrap_or(i64::MIN);
        let mut verifier = index.verifier()?;
        let mut count = 0;
        blocks.read_until(taken_in);
        for is_new in [false, true] {
            loop {
                let batch = runtime.block_on(blocks.next())?;
                if batch.is_empty() {
                    break;
                }
                if is_new {
                    // What has come since the index last looked is no difference.
                    index.take_in(&batch, true, None)?;
                }
                for block in &batch {
                    verifier.block(block)?;
                    count += 1;
                }
            }
            blocks.read_until(i64::MAX);
        }
        let differences = deviations(&verifier.finish()?);
        let damage = index.verify_files().err().map(|problem| problem.to_string());
        let same = differences.is_empty() && damage.is_none();
        Ok(Verified { same, blocks: count, rows: index.report()?.points, differences, damage })
    }
}

fn deviations(all: &Differences) -> Vec<Deviation> {
    let named = |(author, id): &Named| format!("{id} by {author}");
    let found = [
        deviation("blocks that the index does not know", &all.unknown_blocks, ToString::to_string),
        deviation("points of which the DHT has a newer version", &all.outdated, named),
        deviation("points that searches do not find", &all.missing, named),
        deviation("points with another vector than their block's", &all.other_codes, named),
        deviation("points that no block of the DHT has", &all.unsaid, named),
        deviation("rows that do not count any more", &all.left_over, ToString::to_string),
    ];
    found.into_iter().filter(|deviation| deviation.count > 0).collect()
}

fn deviation<T>(what: &str, differing: &Differing<T>, name: impl Fn(&T) -> String) -> Deviation {
    let (what, count) = (what.to_owned(), differing.count);
    Deviation { what, count, first: differing.first.iter().map(name).collect() }
}
