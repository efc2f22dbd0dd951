//! Writing: logged first, then committed to the chain in groups.
//!
//! A write goes to the write-ahead log, where it survives the end of the process, and from there to the chain. Writes that
//! come at the same time share one sync of the log, and inserts that wait at the same time become one block: an action
//! costs ten milliseconds and stays on the chain for ever, however many rows it carries. What was logged and not committed
//! when the process ended is committed after the next start; a row that was committed already is then written once more,
//! as a newer version of the same point.
//!
//! **Order.** Writes take effect in the order in which they were logged. The one exception is a write that the chain takes
//! no more although it takes others: those others may pass it, if they have no id in common with it and with what they pass.
//! So whoever writes to the collection's chain past this queue may see an older write of the queue come after it.
//!
//! **Limits.** What waits is on disk, in the log, and is read again when its turn comes; in memory are some hundred bytes for
//! each write, and the group that is being committed. Beyond [`MAX_QUEUE_BYTES`] a write is refused, and nothing of it is
//! kept. What a caller got a number for survives; what it is told failed before that is not in the log.
//!
//! **What the chain does not take.** A write that is refused for its content is given up at once; it does not take along those
//! it shared a commit with. Whoever waits until it is committed is told so; if nobody does, because it was acknowledged when
//! it was logged, its content is kept in a file beside the log, `<number>.given-up`, first. A write that fails for another
//! reason is tried again, for as long as others fail too; when others pass it again and again, it is given up and kept in
//! such a file. What cannot be kept, on a full disk for instance, is not given up. [`Writer::status`] says what was given up,
//! and `tell` hears of all that was acknowledged. The files stay until somebody removes them.
//!
//! Only damage takes what was acknowledged: of the log when it is opened, which is told, and of what is in the log while it
//! waits, which is told and listed, too.

mod aside;
mod committer;
mod error;
mod group;
mod log;
mod progress;
mod work;

pub use error::{Refusal, StartError, WriteError};
pub use progress::{Refused, Status};
pub use work::Work;

use crate::metrics::{CollectionMetrics, RefusedBy, Until};
use committer::Committer;
use parking_lot::Mutex;
use progress::Progress;
use rose_forest_api::WriteOutput;
use rose_forest_store::wal::{MAX_RECORD_BYTES, Opened, Record, Wal};
use std::collections::VecDeque;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use work::Outline;

/// Bytes of writes that may wait for the chain, on disk: two of the largest, or 330,000 rows of 384
/// components.
pub const MAX_QUEUE_BYTES: usize = 512 << 20;
/// What one permit of the queue stands for: tokio counts them in 32 bits.
const PERMIT_BYTES: usize = 1024;

/// Where writes go.
pub trait Commit: Send + Sync + 'static {
    /// Commits a write to the chain, and makes what it wrote visible to this node's searches. One at a time is asked for; a
    /// panic counts as [`Refusal::Trouble`].
    fn commit(&self, work: Work) -> impl Future<Output = Result<WriteOutput, Refusal>> + Send;
}

/// Where it is told what became of a write that was logged.
type Listener = oneshot::Sender<Result<WriteOutput, WriteError>>;

/// A write that is in the log, and on its way to the chain. Dropping this leaves it on its way, as one that came by
/// [`Writer::log`].
#[derive(Debug)]
pub struct Begun {
    number: u64,
    committed: oneshot::Receiver<Result<WriteOutput, WriteError>>,
}

impl Begun {
    /// Its number in the log.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Waits until it is on the chain, and this node's searches see it.
    ///
    /// # Errors
    /// [`WriteError::Refused`], [`WriteError::GivenUp`], [`WriteError::Stopped`].
    pub async fn committed(self) -> Result<WriteOutput, WriteError> {
        self.committed.await.map_err(|_| WriteError::Stopped { number: self.number })?
    }
}

/// A write that waits for the chain. What it is stands in the log.
struct Item {
    record: Record,
    outline: Outline,
    /// When it came; nothing if it was in the log at the start.
    since: Option<Instant>,
    committed: Option<Listener>,
    /// Given back when the item goes.
    _room: Option<OwnedSemaphorePermit>,
    /// How often it failed for no fault of its content.
    tries: u32,
    /// How many others were committed between these.
    passed_by: u32,
    /// Whether it is to be committed by itself.
    alone: bool,
}

/// Takes writes. Dropping it ends the committing once what runs is done, as [`Writer::close`] does, which also waits for it.
pub struct Writer {
    log: Mutex<Option<mpsc::UnboundedSender<log::Message>>>,
    room: Arc<Semaphore>,
    closing: watch::Sender<bool>,
    progress: Arc<Progress>,
    metrics: CollectionMetrics,
    max_bytes: usize,
}

impl Writer {
    /// Opens the log of a folder and begins to commit what is in it. What of it cannot be read is put aside, and `tell`
    /// hears of it, as of what is given up later. Within a tokio runtime, which does the committing.
    ///
    /// # Errors
    /// If the log cannot be opened; for instance because another writer has it, one that was dropped and is not done with
    /// its last group included. Cost: reads the log.
    pub fn start(
        dir: &Path,
        commit: impl Commit,
        tell: impl Fn(String) + Send + Sync + 'static,
        metrics: CollectionMetrics,
    ) -> Result<Self, StartError> {
        Self::start_with(dir, commit, tell, metrics, MAX_QUEUE_BYTES)
    }

    /// As [`Writer::start`], with another limit to the bytes that may wait.
    ///
    /// # Errors
    /// As [`Writer::start`].
    pub fn start_with(
        dir: &Path,
        commit: impl Commit,
        tell: impl Fn(String) + Send + Sync + 'static,
        metrics: CollectionMetrics,
        max_bytes: usize,
    ) -> Result<Self, StartError> {
        let Opened { wal, pending, damage } = Wal::open(dir)?;
        for damage in damage {
            tell(format!(
                "the write-ahead log is damaged: what stood in bytes {} to {} of {} cannot be read; the writes before and \
                 behind are not lost",
                damage.bytes.start,
                damage.bytes.end,
                damage.aside.display()
            ));
        }
        let room = Arc::new(Semaphore::new(max_bytes / PERMIT_BYTES));
        let last = wal.last();
        let progress = Arc::new(Progress::new(metrics.clone(), max_bytes, last, wal.done()));
        let mut waiting = VecDeque::new();
        for record in pending {
            let outline = match work::read(&record) {
                Ok(work) => Outline::of(&work),
                Err(problem) => {
                    let number = record.number();
                    let aside = aside::keep(dir, &record).map_err(StartError::Aside)?;
                    tell(format!("write {number} of the log: {problem}; it is kept in {}", aside.display()));
                    continue;
                }
            };
            // More may be in the log than there is room for, if the limit was another one.
            let permits = record.content_bytes().div_ceil(PERMIT_BYTES).min(room.available_permits());
            let permit =
                u32::try_from(permits).ok().and_then(|n| room.clone().try_acquire_many_owned(n).ok());
            progress.waits(record.content_bytes());
            waiting.push_back(Item::new(record, outline, permit));
        }
        let (closing, is_closing) = watch::channel(false);
        let (log, messages) = mpsc::unbounded_channel();
        let (items, queue) = mpsc::unbounded_channel();
        log::start(wal, messages, items, progress.clone(), metrics.clone())?;
        let committer = Committer {
            commit: Arc::new(commit),
            waiting,
            queue,
            log: log.clone(),
            closing: is_closing,
            progress: progress.clone(),
            metrics: metrics.clone(),
            tell,
            dir: dir.to_owned(),
            told: false,
            newest: last,
        };
        tokio::spawn(committer.run());
        Ok(Self { log: Mutex::new(Some(log)), room, closing, progress, metrics, max_bytes })
    }

    /// Takes a write that nobody waits for, and returns its number in the log. When this returns it survives whatever happens
    /// to the process: it will be committed, or, if the chain does not take it, kept in a file and told, and listed in
    /// [`Status::refused`]; see [`Writer::committed_through`]. Cost, on the caller's task: a hash and a copy of each id;
    /// vectors are not copied.
    ///
    /// # Errors
    /// [`WriteError`]: each says whether the write is in the log.
    pub async fn log(&self, work: Work) -> Result<u64, WriteError> {
        self.enter(work, None).await
    }

    /// Takes a write whose outcome the caller hears. When this returns it is in the log, and so has its place in the order.
    /// Cost: that of [`Writer::log`].
    ///
    /// # Errors
    /// As [`Writer::log`].
    pub async fn begin(&self, work: Work) -> Result<Begun, WriteError> {
        let (committed, was_committed) = oneshot::channel();
        let number = self.enter(work, Some(committed)).await?;
        Ok(Begun { number, committed: was_committed })
    }

    /// Has a write logged. `committed` hears what becomes of it then.
    async fn enter(&self, work: Work, committed: Option<Listener>) -> Result<u64, WriteError> {
        let since = Instant::now();
        let is_insert = matches!(work, Work::Insert { .. });
        let room = self.take_room(work.bytes())?;
        let outline = Outline::of(&work);
        let content = work.encode()?;
        if content.len() > MAX_RECORD_BYTES {
            return Err(WriteError::TooLarge { received: content.len(), max: MAX_RECORD_BYTES });
        }
        let (logged, was_logged) = oneshot::channel();
        let entry = log::Entry { content, outline, since, committed, room, logged };
        let sent = self.log.lock().as_ref().is_some_and(|log| log.send(log::Message::Write(entry)).is_ok());
        if !sent {
            return Err(WriteError::Closed);
        }
        let number = was_logged.await.map_err(|_| WriteError::Closed)??;
        if is_insert {
            self.metrics.insert_took(since.elapsed(), Until::Log);
        }
        Ok(number)
    }

    /// What waits, and how far the log and the chain are.
    pub fn status(&self) -> Status {
        self.progress.status()
    }

    /// Up to which number every write that was logged is done: on the chain, or given up, which [`Status::refused`] says.
    /// Numbers go on after a restart, and so does this, except that a crash may set it back a little: then those writes are
    /// committed once more.
    pub fn committed_through(&self) -> u64 {
        self.progress.committed_through()
    }

    /// Waits until [`Writer::committed_through`] has come to a number.
    ///
    /// # Errors
    /// [`WriteError::Stopped`] if the writer stops before.
    pub async fn wait_until_committed(&self, number: u64) -> Result<(), WriteError> {
        self.progress.wait_until_committed(number).await
    }

    /// Takes no more writes, finishes the group that is being committed, and waits until the log is synced and closed. What
    /// still waits stays in the log. Whoever waits for such a write is told so.
    pub async fn close(&self) {
        self.end();
        self.progress.wait_until_stopped().await;
    }

    fn end(&self) {
        self.closing.send_replace(true);
        self.log.lock().take();
    }

    /// Room in the queue for so many bytes.
    fn take_room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, WriteError> {
        let max = self.max_bytes.min(MAX_RECORD_BYTES);
        if bytes > max {
            return Err(WriteError::TooLarge { received: bytes, max });
        }
        let permits = u32::try_from(bytes.div_ceil(PERMIT_BYTES).max(1)).ok();
        permits.and_then(|n| self.room.clone().try_acquire_many_owned(n).ok()).ok_or_else(|| {
            self.metrics.refused_write(RefusedBy::QueueFull);
            let free = self.room.available_permits() * PERMIT_BYTES;
            WriteError::QueueFull {
                waiting_bytes: self.max_bytes.saturating_sub(free),
                received: bytes,
                max: self.max_bytes,
            }
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end();
    }
}

impl Item {
    fn new(record: Record, outline: Outline, room: Option<OwnedSemaphorePermit>) -> Self {
        let (since, committed) = (None, None);
        Self { record, outline, since, committed, _room: room, tries: 0, passed_by: 0, alone: false }
    }
}

#[cfg(test)]
mod tests;
