//! Collections that this node answers from memory: their indexes, kept in step with the DHT.
//!
//! One task a collection reads what the conductor has integrated, and takes it into the index. It looks when word of
//! something new comes, and else twice a second; what showed up late or was missed it finds by looking back once a
//! minute. Peers' small blocks come with their signals: they are checked here, show as unconfirmed, and are taken
//! back if the DHT does not deliver them within a minute.
//!
//! Until an index has caught up for the first time, and whenever it lacks rows, searches are the zome's.

mod announced;

use crate::collections::Collection;
use crate::dht::{Blocks, ByAction};
use crate::node::Node;
use announced::Announced;
use anyhow::{Context, Result};
use rose_forest_api::*;
use rose_forest_engine::SignedBlock;
use rose_forest_engine::local::{IndexReport, LocalIndex};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc as Shared, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How often to look for what is new when no word comes.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often to look back for what showed up late.
const LOOK_BACK_EVERY: Duration = Duration::from_secs(60);
/// How often to save an index that changed.
const SAVE_EVERY: Duration = Duration::from_secs(300);
/// Blocks whose rows are read again at a time.
const RESTORED_AT_ONCE: usize = 16;
/// Under which name the store keeps how far the DHT has been read.
const CURSOR: &str = "integrated";

/// A collection that is answered from memory.
pub struct Live {
    index: LocalIndex,
    by_action: ByAction,
    announced: Mutex<Announced>,
    caught_up: AtomicBool,
    stopping: AtomicBool,
    /// Word of something new.
    news: Notify,
    /// Held while blocks are taken in by the task; whoever saves last waits for it.
    taking_in: tokio::sync::Mutex<()>,
}

/// All collections that are answered from memory, by their hash.
#[derive(Default)]
pub struct Lives(Mutex<HashMap<DnaHash, Shared<Live>>>);

impl Lives {
    /// The collection, if it is answered from memory.
    pub fn get(&self, dna_hash: &DnaHash) -> Option<Shared<Live>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(dna_hash).cloned()
    }

    fn insert(&self, dna_hash: DnaHash, live: Shared<Live>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(dna_hash, live);
    }

    /// Stops keeping the indexes in step, and saves them.
    pub async fn close(&self) {
        let all: Vec<_> = self.0.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
        for (dna_hash, live) in all {
            live.stopping.store(true, Ordering::Relaxed);
            live.news.notify_one();
            let _turn = live.taking_in.lock().await;
            let live = live.clone();
            match tokio::task::spawn_blocking(move || live.index.save()).await {
                Ok(Ok(())) => {}
                Ok(Err(problem)) => tracing::warn!("the index of {dna_hash} could not be saved: {problem}"),
                Err(problem) => tracing::warn!("the index of {dna_hash} could not be saved: {problem}"),
            }
        }
    }
}

impl Node {
    /// Opens the index of a collection and begins to keep it in step. `tell` hears what had to be built anew, and what
    /// goes wrong later.
    ///
    /// # Errors
    /// If the index cannot be opened.
    pub async fn go_live(
        &self,
        collection: &Collection,
        tell: impl Fn(String) + Send + Sync + 'static,
    ) -> Result<Shared<Live>> {
        let dir = self.dir.indexes().join(collection.dna_hash.to_string());
        let (schema, identity) = (collection.schema.clone(), identity(&collection.dna_hash));
        let opened = tokio::task::spawn_blocking(move || LocalIndex::open(&dir, &schema, identity)).await;
        let (index, opening) =
            opened.context("opening the index failed")?.context("cannot open the index")?;
        for reason in opening.store_rebuilt.iter().chain(&opening.graph_rebuilt) {
            tell(format!("the index is built anew: {reason}"));
        }
        let cursor = index.cursor(CURSOR)?.and_then(|bytes| bytes.try_into().ok()).map(i64::from_le_bytes);
        let blocks = Blocks::since(self, &collection.dna_hash, cursor)?;
        let live = Shared::new(Live {
            index,
            by_action: blocks.by_action(),
            announced: Mutex::default(),
            caught_up: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            news: Notify::new(),
            taking_in: tokio::sync::Mutex::default(),
        });
        self.lives.insert(collection.dna_hash.clone(), live.clone());
        tokio::spawn(live.clone().keep_in_step(blocks, tell));
        Ok(live)
    }
}

/// What tells a collection's files from others'.
fn identity(dna_hash: &DnaHash) -> [u8; 32] {
    dna_hash.get_raw_32().try_into().unwrap_or_default()
}

impl Live {
    /// A search, if this index can answer it now: otherwise the zome has to. How much of the collection this node
    /// stores is said by `view`, and what follows from it by the answer.
    ///
    /// # Errors
    /// What cannot be searched for.
    pub async fn search(self: &Shared<Self>, input: &SearchInput) -> Result<Option<SearchOutput>> {
        let wants_the_zome = input.nprobe.is_some() || input.scope != Scope::Local;
        if wants_the_zome || !self.caught_up.load(Ordering::Acquire) || self.index.missing_rows() > 0 {
            return Ok(None);
        }
        let (live, asked) = (self.clone(), input.clone());
        let found = tokio::task::spawn_blocking(move || live.index.search(&asked));
        let found = found.await.context("the search failed")??;
        let arc = match input.view.arc {
            Arc::Full => None,
            Arc::Empty => Some(Gap::ArcNotFull),
            Arc::Unknown => Some(Gap::ArcUnknown),
        };
        let unreachable = input.view.unreachable_peers;
        let peers = (unreachable > 0).then_some(Gap::PeersUnreachable(unreachable));
        let gaps: Vec<_> = arc.into_iter().chain(peers).collect();
        let stats = SearchStats::default();
        Ok(Some(SearchOutput { hits: found.hits, complete: gaps.is_empty(), gaps, stats }))
    }

    /// What lies where.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn report(&self) -> Result<IndexReport> {
        Ok(self.index.report()?)
    }

    /// Takes in what this node has just written, so that the next search sees it.
    ///
    /// # Errors
    /// If the conductor cannot be read, or the index not written. The rows are on the chain all the same, and are found
    /// when the index next looks.
    pub async fn wrote(self: &Shared<Self>, output: &WriteOutput) -> Result<()> {
        let mut blocks = Vec::with_capacity(output.blocks.len());
        for action in &output.blocks {
            blocks.extend(self.by_action.block(action).await?);
        }
        self.take_in(blocks, true, None).await
    }

    /// Takes in what a peer's signal brought. What does not hold is passed over; a block that is only named is looked for.
    pub async fn announced(self: &Shared<Self>, blocks: Vec<BlockWritten>) -> Result<()> {
        let schema = self.index.schema().clone();
        for said in blocks {
            if said.record.is_some() && !self.index.knows(&said.block)? {
                let room = {
                    let announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
                    announced.has_room(&said.author)
                };
                if room && let Some(block) = announced::checked(&said, &schema).await {
                    let (action, author) = (block.action.clone(), block.author.clone());
                    self.take_in(vec![block], false, None).await?;
                    let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
                    announced.add(action, author);
                }
            }
        }
        self.news.notify_one();
        Ok(())
    }

    async fn take_in(
        self: &Shared<Self>,
        blocks: Vec<SignedBlock>,
        confirmed: bool,
        cursor: Option<i64>,
    ) -> Result<()> {
        if blocks.is_empty() && cursor.is_none() {
            return Ok(());
        }
        let live = self.clone();
        let work = move || {
            let bytes = cursor.map(i64::to_le_bytes);
            let note = bytes.as_ref().map(|bytes| (CURSOR, bytes.as_slice()));
            live.index.take_in(&blocks, confirmed, note)
        };
        tokio::task::spawn_blocking(work).await.context("taking in blocks failed")??;
        Ok(())
    }

    /// The task of a collection: ends when the node stops.
    async fn keep_in_step(self: Shared<Self>, mut blocks: Blocks, tell: impl Fn(String)) {
        let mut looked_back = Instant::now();
        let mut saved = Instant::now();
        let mut trouble = None;
        while !self.stopping.load(Ordering::Relaxed) {
            {
                let _turn = self.taking_in.lock().await;
                if looked_back.elapsed() > LOOK_BACK_EVERY {
                    looked_back = Instant::now();
                    blocks.look_back();
                }
                let now = self.catch_up(&mut blocks).await.err().map(|problem| format!("{problem:#}"));
                if now != trouble
                    && let Some(problem) = &now
                {
                    tell(format!("the index is behind: {problem}"));
                }
                trouble = now;
                if saved.elapsed() > SAVE_EVERY {
                    saved = Instant::now();
                    let live = self.clone();
                    let save = move || {
                        live.index.repair();
                        live.index.save()
                    };
                    if let Ok(Err(problem)) = tokio::task::spawn_blocking(save).await {
                        tell(format!("the index could not be saved: {problem}"));
                    }
                }
            }
            let _ = tokio::time::timeout(LOOK_EVERY, self.news.notified()).await;
        }
    }

    /// Takes in all that is new, reads again what is missing, and takes back what was announced and never came.
    async fn catch_up(self: &Shared<Self>, blocks: &mut Blocks) -> Result<()> {
        loop {
            let new = blocks.next().await?;
            if new.is_empty() {
                break;
            }
            {
                let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
                new.iter().for_each(|block| announced.delivered(&block.action));
            }
            self.take_in(new, true, Some(blocks.cursor())).await?;
            if self.stopping.load(Ordering::Relaxed) {
                return Ok(());
            }
        }
        let overdue = self.announced.lock().unwrap_or_else(PoisonError::into_inner).overdue();
        for action in overdue {
            self.index.withdraw(&action)?;
        }
        self.restore().await?;
        self.caught_up.store(true, Ordering::Release);
        Ok(())
    }

    async fn restore(self: &Shared<Self>) -> Result<()> {
        loop {
            let missing = self.index.missing_blocks(RESTORED_AT_ONCE)?;
            if missing.is_empty() || self.stopping.load(Ordering::Relaxed) {
                return Ok(());
            }
            for (action, confirmed) in missing {
                match self.by_action.block(&action).await? {
                    Some(block) => {
                        let live = self.clone();
                        let restored = tokio::task::spawn_blocking(move || live.index.restore(&block)).await;
                        restored.context("restoring rows failed")??;
                    }
                    // Announced before the last stop, and not delivered since.
                    None if !confirmed => {
                        self.index.withdraw(&action)?;
                    }
                    None => {
                        anyhow::bail!("the conductor has no block {action} any more, though it delivered it")
                    }
                }
            }
        }
    }
}
