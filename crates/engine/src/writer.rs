//! Writing: logged first, then committed to the chain in groups.
//!
//! A write goes to the write-ahead log, where it survives the end of the process, and from there to the chain. Writes that
//! come at the same time share one sync of the log, and inserts that wait at the same time become one block: an action
//! costs ten milliseconds and stays on the chain for ever, however many rows it carries. What was logged and not committed
//! when the process ended is committed after the next start; a row that was committed already is then written once more,
//! as a newer version of the same point.
//!
//! Writes take effect in the order in which they were logged. The queue has a limit in bytes; beyond it a write is refused
//! and nothing of it is kept.

mod group;
mod log;

use anyhow::{Context, Result};
use group::Group;
use rose_forest_api::{DeleteInput, InsertInput, WriteOutput};
use rose_forest_store::wal::{Opened, Pending, Wal};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Bytes of writes that may wait for the chain: a few of the largest batches.
pub const MAX_QUEUE_BYTES: usize = 512 << 20;
/// What one permit of the queue stands for: tokio counts them in 32 bits.
const PERMIT_BYTES: usize = 1024;
/// Between two tries of a commit that failed for no fault of its content.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// One write.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Work {
    /// Points to insert or overwrite.
    Insert {
        /// Whether to sort them into cells before they are written.
        bulk: bool,
        /// The points.
        input: InsertInput,
    },
    /// Points to delete.
    Delete(DeleteInput),
}

impl Work {
    /// Bytes that it takes while it waits, about.
    fn bytes(&self) -> usize {
        const ID_BYTES: usize = 32;
        match self {
            Self::Insert { input, .. } => {
                let payloads: usize = input.payloads.iter().flatten().map(String::len).sum();
                input.vectors.len() + payloads + input.ids.len() * ID_BYTES
            }
            Self::Delete(input) => input.ids.len() * ID_BYTES,
        }
    }
}

/// Why a write did not reach the chain.
#[derive(Debug)]
pub enum Refusal {
    /// Its content was refused, and would be again.
    Content(anyhow::Error),
    /// Something else: it may work later.
    Trouble(anyhow::Error),
}

/// Where writes go.
pub trait Commit: Send + Sync + 'static {
    /// Commits a write to the chain, and makes what it wrote visible to this node's searches.
    fn commit(&self, work: Work) -> impl Future<Output = Result<WriteOutput, Refusal>> + Send;
}

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The write is in the log: it will be committed, whatever happens to the process.
    Logged,
    /// It is on the chain, and this node's searches see it.
    Committed,
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// It is in the log, under this number.
    Logged(u64),
    /// It is on the chain, in blocks that it may share with other writes.
    Committed(WriteOutput),
}

/// The queue is full.
#[derive(Debug, thiserror::Error)]
#[error(
    "the write queue is full: {waiting_bytes} bytes wait for the chain, and this write has {received} of at most {max}: \
     try again in a moment"
)]
pub struct QueueFull {
    /// Bytes that wait.
    pub waiting_bytes: usize,
    /// Bytes of the write.
    pub received: usize,
    /// Bytes that may wait.
    pub max: usize,
}

/// A write on its way.
struct Item {
    number: u64,
    work: Work,
    committed: Option<oneshot::Sender<Result<WriteOutput, String>>>,
    _room: Option<OwnedSemaphorePermit>,
}

/// Takes writes. Dropping it ends the committing once what runs is done; the rest stays in the log.
pub struct Writer {
    log: mpsc::UnboundedSender<log::Entry>,
    room: Arc<Semaphore>,
    max_bytes: usize,
}

impl Writer {
    /// Opens the log of a folder and begins to commit what is in it.
    ///
    /// # Errors
    /// If the log cannot be opened. What of it cannot be read is put aside, and `tell` hears of it.
    pub fn start(
        dir: &Path,
        commit: impl Commit,
        tell: impl Fn(String) + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::start_with(dir, commit, tell, MAX_QUEUE_BYTES)
    }

    fn start_with(
        dir: &Path,
        commit: impl Commit,
        tell: impl Fn(String) + Send + Sync + 'static,
        max_bytes: usize,
    ) -> Result<Self> {
        let Opened { wal, pending, damage } = Wal::open(dir).context("cannot open the write-ahead log")?;
        for damage in damage {
            tell(format!(
                "the write-ahead log is damaged: what stood behind byte {} of {} is lost",
                damage.offset,
                damage.aside.display()
            ));
        }
        let mut first = VecDeque::new();
        for Pending { number, content } in pending {
            match rmp_serde::from_slice(&content) {
                Ok(work) => first.push_back(Item { number, work, committed: None, _room: None }),
                Err(error) => tell(format!("write {number} of the log cannot be read: {error}")),
            }
        }
        let room = Arc::new(Semaphore::new(max_bytes / PERMIT_BYTES));
        let (log, entries) = mpsc::unbounded_channel();
        let (items, queue) = mpsc::unbounded_channel();
        let (done, notes) = std::sync::mpsc::channel();
        log::start(wal, entries, items, notes)?;
        tokio::spawn(commit_all(commit, first, queue, done, tell));
        Ok(Self { log, room, max_bytes })
    }

    /// Takes a write.
    ///
    /// # Errors
    /// [`QueueFull`], and then nothing is kept; what the log fails with; and, if waited for, what the chain refuses.
    pub async fn write(&self, work: Work, wait: Wait) -> Result<Written> {
        let bytes = work.bytes();
        let permits = bytes.div_ceil(PERMIT_BYTES).max(1);
        let room = u32::try_from(permits).ok().and_then(|n| self.room.clone().try_acquire_many_owned(n).ok());
        let Some(room) = room else {
            return Err(QueueFull {
                waiting_bytes: self.waiting_bytes(),
                received: bytes,
                max: self.max_bytes,
            }
            .into());
        };
        let content = rmp_serde::to_vec_named(&work).context("cannot write a record of the log")?;
        let (logged, was_logged) = oneshot::channel();
        let (committed, was_committed) = match wait {
            Wait::Logged => (None, None),
            Wait::Committed => {
                let (sender, receiver) = oneshot::channel();
                (Some(sender), Some(receiver))
            }
        };
        let entry = log::Entry { content, work, committed, room, logged };
        self.log.send(entry).ok().context("the writer has stopped")?;
        let number = was_logged.await.context("the writer has stopped")?.map_err(anyhow::Error::msg)?;
        let Some(was_committed) = was_committed else { return Ok(Written::Logged(number)) };
        let output = was_committed.await.context(
            "the node stopped before the write was committed: it is in the log, and will be when the node runs again",
        )?;
        output.map(Written::Committed).map_err(anyhow::Error::msg)
    }

    /// Bytes that wait for the chain, each write's rounded up to whole kilobytes.
    pub fn waiting_bytes(&self) -> usize {
        (self.max_bytes / PERMIT_BYTES).saturating_sub(self.room.available_permits()) * PERMIT_BYTES
    }
}

/// Commits what is logged, in its order, until nobody logs any more.
async fn commit_all(
    commit: impl Commit,
    mut waiting: VecDeque<Item>,
    mut queue: mpsc::UnboundedReceiver<Item>,
    done: std::sync::mpsc::Sender<u64>,
    tell: impl Fn(String),
) {
    loop {
        while let Ok(item) = queue.try_recv() {
            waiting.push_back(item);
        }
        let Some(group) = Group::take(&mut waiting) else {
            match queue.recv().await {
                Some(item) => waiting.push_back(item),
                None => return,
            }
            continue;
        };
        let through = group.through();
        for alone in commit_group(&commit, group, &queue, &tell).await {
            // One of a group is at fault: each is tried by itself, so that the others are not refused with it.
            let rest = commit_group(&commit, alone, &queue, &tell).await;
            debug_assert!(rest.is_empty(), "a group of one was taken apart");
        }
        let _ = done.send(through);
        if queue.is_closed() {
            return;
        }
    }
}

/// Commits a group and tells those who wait. Returns its parts, if it has several and was refused for its content.
async fn commit_group(
    commit: &impl Commit,
    group: Group,
    queue: &mpsc::UnboundedReceiver<Item>,
    tell: &impl Fn(String),
) -> Vec<Group> {
    let mut told = false;
    loop {
        match commit.commit(group.work().clone()).await {
            Ok(output) => {
                group.finish(Ok(output));
                return Vec::new();
            }
            Err(Refusal::Content(_)) if group.len() > 1 => return group.apart(),
            Err(Refusal::Content(problem)) => {
                if !group.is_waited_for() {
                    tell(format!("a write that was acknowledged is refused: {problem:#}"));
                }
                group.finish(Err(format!("{problem:#}")));
                return Vec::new();
            }
            Err(Refusal::Trouble(problem)) => {
                if !std::mem::replace(&mut told, true) {
                    tell(format!("a write cannot be committed now and is tried again: {problem:#}"));
                }
                tokio::time::sleep(RETRY_AFTER).await;
                if queue.is_closed() {
                    return Vec::new();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
