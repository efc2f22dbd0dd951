//! Writing points: through a log, in groups, to the chain and to this node's searches.
//!
//! Every collection has a queue of its own ([`rose_forest_engine::writer`]), opened when it is first needed. What a
//! node that was killed had acknowledged is committed before anything that is written later.
//!
//! What a write means may depend on what is there. Such a write has its turn alone, from the look at what is there until what
//! follows from it is in the log; all others share theirs.

use crate::calls::Calls;
use crate::collections::Collection;
use crate::failure::Refused;
use crate::live::Lives;
use crate::node::Node;
use crate::requests::{Logged, Waiting};
use anyhow::{Context, Result};
use holochain_types::prelude::CellId;
use rose_forest_api::{BulkInsertInput, DnaHash, FoundDeleteInput, PointId, WriteOutput};
use rose_forest_engine::local::Used;
use rose_forest_engine::writer::{Begun, Commit, Refusal, Work, WriteError, Writer};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// How long a node that stops waits for a write that is being committed: a bulk insert takes that long on a slow machine.
const CLOSED_WITHIN: Duration = Duration::from_secs(15);

/// The queues of all collections that were written to.
#[derive(Default)]
pub(crate) struct Writers(tokio::sync::Mutex<HashMap<DnaHash, Arc<Queue>>>);

/// A collection's queue.
pub(crate) struct Queue {
    writer: Writer,
    order: RwLock<()>,
}

/// The turn of a write in its queue: what is logged by it comes behind all that it saw.
pub(crate) struct Turn<'q> {
    writer: &'q Writer,
    _place: Place<'q>,
}

/// What keeps others out of a queue for as long as a turn lasts.
enum Place<'q> {
    /// Those that need it alone.
    Shared { _order: RwLockReadGuard<'q, ()> },
    /// Everybody.
    Alone { _order: RwLockWriteGuard<'q, ()> },
}

impl Queue {
    /// The turn of a write that looks at nothing.
    pub async fn turn(&self) -> Turn<'_> {
        Turn { writer: &self.writer, _place: Place::Shared { _order: self.order.read().await } }
    }

    /// The turn of a write that depends on what is there: everything that was logged before is on the chain, or given up.
    ///
    /// # Errors
    /// [`WriteError::Stopped`] if the queue ends before.
    pub async fn turn_alone(&self) -> std::result::Result<Turn<'_>, WriteError> {
        let turn = Turn { writer: &self.writer, _place: Place::Alone { _order: self.order.write().await } };
        self.writer.wait_until_committed(self.writer.status().logged_through).await?;
        Ok(turn)
    }

    /// What waits.
    pub fn waiting(&self) -> Waiting {
        let status = self.writer.status();
        Waiting { writes: status.waiting_writes, bytes: status.waiting_bytes, trouble: status.trouble }
    }
}

impl Turn<'_> {
    /// See [`Writer::begin`].
    pub async fn begin(&self, work: Work) -> std::result::Result<Begun, WriteError> {
        self.writer.begin(work).await
    }

    /// See [`Writer::log`].
    pub async fn log(&self, work: Work) -> std::result::Result<u64, WriteError> {
        self.writer.log(work).await
    }
}

impl Writers {
    /// Ends the queue of a collection once what it is doing is done; what waits stays in its log.
    pub async fn close_one(&self, dna_hash: &DnaHash) {
        let queue = self.0.lock().await.remove(dna_hash);
        if let Some(queue) = queue {
            close(&queue.writer).await;
        }
    }

    /// Ends all.
    pub async fn close(&self) {
        let all: Vec<_> = self.0.lock().await.drain().collect();
        for (_, queue) in all {
            close(&queue.writer).await;
        }
    }
}

async fn close(writer: &Writer) {
    // What is not done by then is in the log, and is committed when the node runs again.
    if tokio::time::timeout(CLOSED_WITHIN, writer.close()).await.is_err() {
        tracing::warn!("a write is still being committed: it is tried again when the node runs again");
    }
}

impl Node {
    /// The queue of a collection's writes. What is left in its log of the last time is committed from now on.
    ///
    /// # Errors
    /// If the log cannot be opened, or the collection has been left.
    pub(crate) async fn queue(&self, collection: &Collection) -> Result<Arc<Queue>> {
        let mut queues = self.writers.0.lock().await;
        if let Some(queue) = queues.get(&collection.dna_hash) {
            return Ok(queue.clone());
        }
        // It may have been left meanwhile.
        self.open_collection(&collection.dna_hash.to_string()).await?;
        let chain = Chain { calls: self.calls.clone(), cell: collection.cell(), lives: self.lives.clone() };
        let dir = self.dir.writes().join(collection.dna_hash.to_string());
        let name = collection.label();
        let tell = move |problem| tracing::warn!("{name}: {problem}");
        let metrics = self.metrics.collection(&collection.label());
        let opened = tokio::task::spawn_blocking(move || Writer::start(&dir, chain, tell, metrics)).await;
        let writer = opened.context("opening the queue of writes failed")??;
        let queue = Arc::new(Queue { writer, order: RwLock::default() });
        let left = queue.waiting();
        if left.writes > 0 {
            let (name, megabytes) = (collection.label(), left.bytes as f64 / 1e6);
            tracing::warn!(
                "{name}: {} writes that were acknowledged earlier, {megabytes:.1} MB, go to the chain before any other",
                left.writes
            );
        }
        queues.insert(collection.dna_hash.clone(), queue.clone());
        Ok(queue)
    }

    /// Writes points, and has this node's searches see them when it returns.
    pub(crate) async fn write_points(&self, collection: &Collection, work: Work) -> Result<WriteOutput> {
        let queue = self.queue(collection).await?;
        let turn = queue.turn().await;
        let begun = turn.begin(work).await?;
        drop(turn);
        Ok(begun.committed().await?)
    }

    /// Writes points to the log, from where they come to the chain.
    pub(crate) async fn log_points(&self, collection: &Collection, work: Work) -> Result<Logged> {
        match self.queue(collection).await?.turn().await.log(work).await {
            Ok(number) => Ok(Logged::Logged(number)),
            Err(full @ WriteError::QueueFull { .. }) => Ok(Logged::Full(full.to_string())),
            Err(problem) => Err(problem.into()),
        }
    }
}

/// Where the writes of a collection go.
struct Chain {
    calls: Calls,
    cell: CellId,
    lives: Arc<Lives>,
}

impl Chain {
    /// The places of those ids that this agent has used so, if the index knows all of its points: or the zome reads every block
    /// to find out.
    async fn used(&self, ids: &[PointId], so: impl Fn(Used) -> bool) -> Option<Vec<u32>> {
        let live = self.lives.get(self.cell.dna_hash())?;
        match live.used(self.cell.agent_pubkey(), ids).await {
            Ok(used) => {
                Some((0..).zip(used?).filter(|(_, used)| so(*used)).map(|(place, _)| place).collect())
            }
            Err(problem) => {
                tracing::debug!("the index does not say which ids are in use: {problem:#}");
                None
            }
        }
    }
}

impl Commit for Chain {
    async fn commit(&self, work: Work) -> std::result::Result<WriteOutput, Refusal> {
        let called = match work {
            Work::Insert { bulk: false, input } => self.calls.write(&self.cell, "insert", input).await,
            Work::Insert { bulk: true, input } => {
                // For a deleted point, too: its tombstone may be fresh, and settled after what goes into a cell at once.
                let used_before = self.used(&input.ids, |used| used != Used::Never).await;
                let input = BulkInsertInput::new(input, used_before);
                self.calls.write(&self.cell, "bulk_insert", input).await
            }
            Work::Delete(input) => {
                let found = self.used(&input.ids, |used| used == Used::Live).await;
                self.calls.write(&self.cell, "delete", FoundDeleteInput::new(input, found)).await
            }
        };
        let output: WriteOutput = called.map_err(|problem| {
            let again = problem.downcast_ref::<Refused>().is_some();
            if again { Refusal::Content(problem) } else { Refusal::Trouble(problem) }
        })?;
        if let Some(live) = self.lives.get(self.cell.dna_hash())
            && let Err(problem) = live.wrote(&output).await
        {
            // They are on the chain, and the index finds them when it next looks.
            tracing::warn!("what was written is not in the index yet: {problem:#}");
        }
        Ok(output)
    }
}
