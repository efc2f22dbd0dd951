//! Which collections are answered from memory: their indexes are opened and closed here.

use super::announced::{Announced, MAX_ANNOUNCED_BYTES, Waiting};
use super::asking::Asking;
use super::{CURSOR, Live, blocking, micros_of};
use crate::collections::Collection;
use crate::dht::Blocks;
use crate::node::Node;
use crate::saved::{Note, Opened, open_index};
use anyhow::Result;
use parking_lot::Mutex;
use rose_forest_api::DnaHash;
use std::collections::HashMap;
use std::sync::Arc as Shared;
use std::sync::atomic::AtomicBool;
use std::time::Instant;
use tokio::sync::{Notify, watch};

/// All collections that are answered from memory, by their hash.
#[derive(Default)]
pub struct Lives {
    all: Mutex<HashMap<DnaHash, Shared<Live>>>,
    /// Held while one is opened or closed.
    changing: tokio::sync::Mutex<()>,
}

impl Lives {
    /// The collection, if it is answered from memory.
    pub fn get(&self, dna_hash: &DnaHash) -> Option<Shared<Live>> {
        self.all.lock().get(dna_hash).cloned()
    }

    /// The collection, if it is answered from memory and its files need not be opened anew.
    pub fn whole(&self, dna_hash: &DnaHash) -> Option<Shared<Live>> {
        self.get(dna_hash).filter(|live| !live.is_broken())
    }

    fn take(&self, dna_hash: &DnaHash) -> Option<Shared<Live>> {
        self.all.lock().remove(dna_hash)
    }

    fn insert(&self, dna_hash: DnaHash, live: Shared<Live>) {
        self.all.lock().insert(dna_hash, live);
    }

    /// Stops keeping the indexes in step, and saves them.
    pub async fn close(&self) {
        let _turn = self.changing.lock().await;
        let all: Vec<_> = self.all.lock().drain().collect();
        for (dna_hash, live) in all {
            live.close(&dna_hash).await;
        }
    }

    /// The same for one collection.
    pub async fn close_one(&self, dna_hash: &DnaHash) {
        let _turn = self.changing.lock().await;
        if let Some(live) = self.take(dna_hash) {
            live.close(dna_hash).await;
        }
    }
}

impl Node {
    /// The index of a collection. One that is not open, or whose files have to be opened anew, is opened, and kept in step from
    /// then on; `tell` hears what had to be built anew, and what goes wrong later.
    ///
    /// # Errors
    /// If the index cannot be opened, or the collection has been left.
    pub async fn go_live(
        &self,
        collection: &Collection,
        tell: impl Fn(String) + Send + Sync + 'static,
    ) -> Result<Shared<Live>> {
        if let Some(live) = self.lives.whole(&collection.dna_hash) {
            return Ok(live);
        }
        let _turn = self.lives.changing.lock().await;
        if let Some(live) = self.lives.whole(&collection.dna_hash) {
            return Ok(live);
        }
        if let Some(broken) = self.lives.take(&collection.dna_hash) {
            broken.close(&collection.dna_hash).await;
        }
        // It may have been left meanwhile.
        self.open_collection(&collection.dna_hash.to_string()).await?;
        let limits = self.index_limits;
        let Opened { index, rebuilt } = match self.saved.take(&collection.dna_hash).await {
            Some(opened) => opened,
            None => open_index(&self.dir, collection, limits).await?,
        };
        let (own, of_author) = (index.clone(), collection.agent.clone());
        blocking(move || own.set_own_author(&of_author)).await?;
        for reason in rebuilt {
            tell(format!("the index is built anew: {reason}"));
        }
        let cursor = micros_of(index.cursor(CURSOR)?);
        let blocks = Blocks::since(self, &collection.dna_hash, cursor).await?;
        let mut announced = Announced::default();
        for block in index.unconfirmed_blocks()? {
            // Who brought it, and its size, are not kept: it counts as the largest of those that are announced.
            let (author, from, bytes) = (block.author.clone(), block.author, MAX_ANNOUNCED_BYTES);
            announced.add(block.action, Waiting { author, from, bytes });
        }
        let live = Shared::new(Live {
            index,
            by_action: blocks.by_action(),
            announced: Mutex::new(announced),
            asking: Asking::new(self.calls.clone(), collection.cell()),
            caught_up: watch::Sender::new(false),
            stopping: AtomicBool::new(false),
            behind: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            news: Notify::new(),
            has_age: limits.age.is_some(),
            tasks: Mutex::default(),
            metrics: self.metrics.collection(&collection.label()),
            sorts_next: Mutex::default(),
            opened: Instant::now(),
            note: Note::of(&self.dir, collection),
        });
        self.lives.insert(collection.dna_hash.clone(), live.clone());
        let tell = Shared::new(tell);
        let in_step = tokio::spawn(live.clone().keep_in_step(blocks, tell.clone()));
        let within_limits = tokio::spawn(live.clone().keep_within_limits(tell));
        live.tasks.lock().extend([in_step, within_limits]);
        Ok(live)
    }
}
