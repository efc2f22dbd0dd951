//! Collections that this node answers from memory: their indexes, kept in step with the DHT.
//!
//! One task a collection reads what the conductor has integrated, and takes it into the index. It looks when word of
//! something new comes, and else twice a second; what showed up late or was missed it finds by looking back once a
//! minute. Peers' small blocks come with their signals, and others from peers that are asked what this node lacks. They
//! are checked here, show as unconfirmed, and are taken back if the DHT does not deliver them within a minute. A second
//! task moves settled rows to disk when memory is short.
//!
//! Until an index has caught up for the first time, and whenever it lacks rows, searches are the zome's.

mod announced;
mod asking;
mod opening;
mod own;
mod settled;
mod verify;

pub use opening::Lives;
pub use verify::{Deviation, Verified};

use crate::dht::{Blocks, ByAction, SignedBytes};
use crate::saved::Note;
use crate::view::gaps;
use announced::{Announced, Waiting};
use anyhow::{Context, Result};
use parking_lot::Mutex;
use rose_forest_api::*;
use rose_forest_engine::SignedBlock;
use rose_forest_engine::local::{IndexReport, LocalIndex};
use rose_forest_engine::metrics::{CollectionMetrics, PeerBlock};
use rose_forest_store::{Filter, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc as Shared;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// How often to look for what is new when no word comes.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often to look back for what showed up late.
const LOOK_BACK_EVERY: Duration = Duration::from_secs(60);
/// How often to save an index that changed.
const SAVE_EVERY: Duration = Duration::from_secs(300);
/// Blocks whose rows are read again at a time,
const RESTORED_AT_ONCE: usize = 4_096;
/// and their bytes: each time makes a segment of the lists, if rows go there.
const RESTORED_BYTES: usize = 32 << 20;
/// Under which name the store keeps how far the DHT has been read.
const CURSOR: &str = "integrated";

/// A collection that is answered from memory.
pub struct Live {
    index: Shared<LocalIndex>,
    by_action: ByAction,
    announced: Mutex<Announced>,
    /// What this node asks its peers, and they ask it.
    asking: asking::Asking,
    caught_up: watch::Sender<bool>,
    stopping: AtomicBool,
    /// Something that was read could not be taken in, and has to be read again.
    behind: AtomicBool,
    /// Its files have to be opened anew.
    broken: AtomicBool,
    /// Word of something new.
    news: Notify,
    /// Whether rows move to disk because they are old.
    has_age: bool,
    /// What keeps it in step and within its limits.
    tasks: Mutex<Vec<JoinHandle<()>>>,
    metrics: CollectionMetrics,
    /// Own fresh blocks that the next step of settling sorts into cells.
    sorts_next: Mutex<Vec<ActionHash>>,
    opened: Instant,
    /// Says of the index that it may answer before the conductor has started.
    note: Note,
}

/// A time of integration, as it was noted.
fn micros_of(cursor: Option<Vec<u8>>) -> Option<i64> {
    cursor.and_then(|bytes| bytes.try_into().ok()).map(i64::from_le_bytes)
}

/// Does what reads or writes files, or computes for long, where that holds up nobody.
pub(crate) async fn blocking<T: Send + 'static, E: Into<anyhow::Error> + Send + 'static>(
    work: impl FnOnce() -> std::result::Result<T, E> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("a task of the index panicked")?.map_err(Into::into)
}

/// Whether a store refuses everything until it is opened anew.
fn must_reopen(problem: &anyhow::Error) -> bool {
    let of_store = |cause: &(dyn std::error::Error + 'static)| {
        matches!(
            cause.downcast_ref(),
            Some(StoreError::Reopen | StoreError::Io(_) | StoreError::Damaged { .. })
        )
    };
    problem.chain().any(of_store)
}

impl Live {
    /// Whether its files have to be opened anew: then it answers nothing.
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    /// What is counted of it.
    pub(crate) fn metrics(&self) -> &CollectionMetrics {
        &self.metrics
    }

    /// The index itself.
    pub(crate) fn index(&self) -> &LocalIndex {
        &self.index
    }

    /// Whether everything that this node knew of when it last looked is in the index.
    pub fn is_caught_up(&self) -> bool {
        *self.caught_up.borrow()
    }

    /// Whether it can say what there is: its files are whole, and it is caught up.
    pub fn is_current(&self) -> bool {
        !self.is_broken() && self.is_caught_up()
    }

    /// Waits until it is caught up, or a time has passed. Returns which.
    pub async fn caught_up_within(&self, timeout: Duration) -> bool {
        let mut caught_up = self.caught_up.subscribe();
        let done = tokio::time::timeout(timeout, caught_up.wait_for(|caught_up| *caught_up)).await;
        matches!(done, Ok(Ok(_)))
    }

    /// Who has acknowledged a block.
    ///
    /// # Errors
    /// If the conductor cannot be read.
    pub async fn acknowledged(&self, block: &ActionHash) -> Result<BTreeSet<AgentPubKey>> {
        self.by_action.acknowledged(block).await
    }

    /// A block as its author signed it; nothing if the DHT has not delivered it.
    ///
    /// # Errors
    /// If the conductor cannot be read.
    pub(crate) async fn signed_block(&self, block: &ActionHash) -> Result<Option<SignedBytes>> {
        self.by_action.signed_block(block).await
    }

    /// A search, if this index can answer it now: otherwise the zome has to. How much of the collection this node
    /// stores is said by `view`, and what follows from it by the answer. Beside the answer, for each hit, whether it
    /// is only announced.
    ///
    /// # Errors
    /// What cannot be searched for.
    pub async fn search(
        self: &Shared<Self>,
        input: &SearchInput,
        filter: Option<&Filter>,
    ) -> Result<Option<(SearchOutput, Vec<bool>)>> {
        let wants_the_zome = input.nprobe.is_some() || input.scope != Scope::Local || input.trace;
        if wants_the_zome || !self.is_current() || self.index.missing_rows() > 0 {
            return Ok(None);
        }
        let (live, asked, filter) = (self.clone(), input.clone(), filter.cloned());
        let found = blocking(move || live.index.search(&asked, filter.as_ref())).await?;
        self.metrics.scanned(found.scanned);
        let gaps = gaps(&input.view);
        let stats = SearchStats::default();
        let unconfirmed = found.confirmed.iter().map(|confirmed| !confirmed).collect();
        let answer = SearchOutput { hits: found.hits, complete: gaps.is_empty(), gaps, stats, trace: None };
        Ok(Some((answer, unconfirmed)))
    }

    /// What lies where.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn report(&self) -> Result<IndexReport> {
        Ok(self.index.report()?)
    }

    /// How many actions an author has on its chain.
    ///
    /// # Errors
    /// If the conductor cannot be read.
    pub async fn chain_length(&self, author: &AgentPubKey) -> Result<u64> {
        self.by_action.chain_length(author).await
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
        let taken = self.take_in(blocks, true, None).await;
        if taken.is_err() {
            // The next look finds them, and until then the zome answers.
            self.caught_up.send_replace(false);
            self.behind.store(true, Ordering::Release);
            self.news.notify_one();
        }
        taken
    }

    /// Takes in what a peer's signal brought of the peer's own blocks. What does not hold is passed over; a block that
    /// is only named is looked for.
    ///
    /// # Errors
    /// If the index cannot be read or written.
    pub async fn announced(self: &Shared<Self>, from: &AgentPubKey, blocks: Vec<BlockWritten>) -> Result<()> {
        for said in blocks.into_iter().filter(|said| said.record.is_some()) {
            if said.author != *from || self.index.knows(&said.block)? {
                continue;
            }
            let mut waiting = Waiting { author: from.clone(), from: from.clone(), bytes: 0 };
            if !self.announced.lock().has_room(&waiting) {
                self.metrics.peer_blocks(1, PeerBlock::NoRoom);
                continue;
            }
            let Some(checked) = announced::checked(&said, self.index.schema()).await else {
                self.metrics.peer_blocks(1, PeerBlock::Refused);
                continue;
            };
            waiting.bytes = checked.bytes;
            self.take_in_unconfirmed(checked.block, waiting).await?;
        }
        self.news.notify_one();
        Ok(())
    }

    /// Takes in a block of which its author's signed word is all there is, if there is room for it.
    async fn take_in_unconfirmed(self: &Shared<Self>, block: SignedBlock, waiting: Waiting) -> Result<()> {
        {
            let mut announced = self.announced.lock();
            if !announced.has_room(&waiting) {
                self.metrics.peer_blocks(1, PeerBlock::NoRoom);
                return Ok(());
            }
            // Waited for first: if it is delivered meanwhile, nobody waits any more.
            announced.add(block.action.clone(), waiting);
        }
        self.take_in(vec![block], false, None).await?;
        self.metrics.peer_blocks(1, PeerBlock::Taken);
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
        let begun = Instant::now();
        let taken = blocking(work).await?;
        tracing::debug!(?taken, ms = begun.elapsed().as_millis() as u64, "took in");
        Ok(())
    }

    /// The task of a collection: ends when the node stops.
    async fn keep_in_step(self: Shared<Self>, mut blocks: Blocks, tell: Shared<impl Fn(String)>) {
        let mut looked_back: Option<Instant> = None;
        let mut saved = Instant::now();
        let mut trouble = None;
        while !self.stopping.load(Ordering::Relaxed) {
            if self.behind.swap(false, Ordering::AcqRel) {
                blocks.begin_again(micros_of(self.index.cursor(CURSOR).unwrap_or_default()));
            }
            let failed = self.catch_up(&mut blocks).await.err();
            let now = failed.as_ref().map(|problem| format!("{problem:#}"));
            if now != trouble
                && let Some(problem) = &now
            {
                tell(format!("the index is behind: {problem}"));
            }
            if let Some(problem) = failed {
                self.metrics.set_sync_lag(blocks.lag());
                self.caught_up.send_replace(false);
                self.behind.store(true, Ordering::Release);
                if must_reopen(&problem) {
                    self.broken.store(true, Ordering::Release);
                    return;
                }
            }
            // After a start soon: what is new comes first, so that searches are answered meanwhile.
            if now.is_none() && looked_back.is_none_or(|at| at.elapsed() > LOOK_BACK_EVERY) {
                looked_back = Some(Instant::now());
                blocks.look_back();
            }
            trouble = now;
            if saved.elapsed() > SAVE_EVERY {
                saved = Instant::now();
                let live = self.clone();
                let save = move || {
                    live.index.repair()?;
                    live.index.save()
                };
                if let Err(problem) = blocking(save).await {
                    tell(format!("the index could not be saved: {problem:#}"));
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
            self.metrics.set_sync_lag(blocks.lag());
            let actions: Vec<_> = new.iter().map(|block| block.action.clone()).collect();
            self.take_in(new, true, Some(blocks.cursor())).await?;
            let mut announced = self.announced.lock();
            let confirmed = actions.iter().filter(|action| announced.delivered(action)).count();
            drop(announced);
            self.metrics.peer_blocks(confirmed as u64, PeerBlock::Confirmed);
            if self.stopping.load(Ordering::Relaxed) {
                return Ok(());
            }
        }
        let overdue = self.announced.lock().overdue();
        for (action, waiting) in overdue {
            if let Err(problem) = self.take_back(action.clone()).await {
                // Tried again with the others.
                self.announced.lock().add(action, waiting);
                return Err(problem);
            }
        }
        self.restore().await?;
        self.metrics.set_sync_lag(Duration::ZERO);
        if !self.caught_up.send_replace(true) {
            let live = self.clone();
            blocking(move || {
                live.note.write();
                Ok::<_, anyhow::Error>(())
            })
            .await?;
        }
        Ok(())
    }

    async fn take_back(self: &Shared<Self>, action: ActionHash) -> Result<()> {
        let live = self.clone();
        blocking(move || live.index.withdraw(&action)).await?;
        self.metrics.peer_blocks(1, PeerBlock::Withdrawn);
        Ok(())
    }

    async fn close(self: &Shared<Self>, dna_hash: &DnaHash) {
        self.stopping.store(true, Ordering::Relaxed);
        self.news.notify_one();
        self.asking.close().await;
        // Afterwards nobody holds it but a search that is under way.
        let tasks = std::mem::take(&mut *self.tasks.lock());
        for task in tasks {
            if let Err(problem) = task.await {
                tracing::warn!("the index of {dna_hash} was not kept in step to the end: {problem}");
            }
        }
        if self.is_broken() {
            return;
        }
        let live = self.clone();
        if let Err(problem) = blocking(move || live.index.save()).await {
            tracing::warn!("the index of {dna_hash} could not be saved: {problem:#}");
        }
    }

    /// Reads the blocks of rows that are missing, and takes them in again.
    async fn restore(self: &Shared<Self>) -> Result<()> {
        if self.index.missing_rows() == 0 {
            return Ok(());
        }
        // Lists that were lost have lost their cells, too.
        self.learn_cells().await?;
        loop {
            let missing = self.index.missing_blocks(RESTORED_AT_ONCE)?;
            if missing.is_empty() || self.stopping.load(Ordering::Relaxed) {
                return Ok(());
            }
            let (mut blocks, mut bytes, mut gone) = (Vec::new(), 0, None);
            for (action, confirmed) in missing {
                match self.by_action.block(&action).await? {
                    Some(block) => {
                        bytes += block.bytes.len();
                        blocks.push(block);
                    }
                    // Announced before the last stop, and not delivered since. Its rows were in memory alone.
                    None if !confirmed => self.take_back(action).await?,
                    None => gone = Some(action),
                }
                if bytes > RESTORED_BYTES {
                    break;
                }
            }
            let live = self.clone();
            let restored = blocking(move || live.index.restore_all(&blocks)).await?;
            if let Some(action) = gone.filter(|_| restored == 0) {
                anyhow::bail!("the conductor does not give out block {action}, though it delivered it")
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
