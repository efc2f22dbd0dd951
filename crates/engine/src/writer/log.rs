//! The thread that writes the log: it waits for the disk, and everything that came meanwhile shares the next sync.

use super::progress::Progress;
use super::work::{Encoded, Outline};
use super::{Item, Listener, StartError, WriteError};
use crate::metrics::{CollectionMetrics, RefusedBy};
use rose_forest_store::wal::Wal;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

/// What the thread is told.
pub(super) enum Message {
    /// Something to write.
    Write(Entry),
    /// Everything up to this number is done.
    Done(u64),
}

/// A write to be logged.
pub(super) struct Entry {
    pub(super) content: Encoded,
    pub(super) outline: Outline,
    pub(super) since: Instant,
    pub(super) committed: Option<Listener>,
    pub(super) room: OwnedSemaphorePermit,
    pub(super) logged: oneshot::Sender<Result<u64, WriteError>>,
}

/// The log, and those it reports to.
struct Log {
    wal: Wal,
    items: mpsc::UnboundedSender<Item>,
    progress: Arc<Progress>,
    metrics: CollectionMetrics,
}

/// Says that the log is closed, however the thread ends.
struct Stopped(Arc<Progress>);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.stopped();
    }
}

/// Starts the thread. It ends when neither writers nor the committing send any more.
pub(super) fn start(
    wal: Wal,
    mut messages: mpsc::UnboundedReceiver<Message>,
    items: mpsc::UnboundedSender<Item>,
    progress: Arc<Progress>,
    metrics: CollectionMetrics,
) -> Result<(), StartError> {
    let run = move || {
        // Dropped last, when the log is no longer locked.
        let _stopped = Stopped(progress.clone());
        let mut log = Log { wal, items, progress, metrics };
        while let Some(first) = messages.blocking_recv() {
            let (mut batch, mut done) = (Vec::new(), None);
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Write(entry) => batch.push(entry),
                    Message::Done(number) => done = Some(number),
                }
                next = messages.try_recv().ok();
            }
            // Before anything is appended: it may give back room on a full disk.
            if let Some(number) = done {
                log.note_done(number);
            }
            if !batch.is_empty() {
                log.append(batch);
            }
        }
        // What is done by now need not be done again after the next start.
        if let Err(problem) = log.wal.sync() {
            tracing::warn!("the write-ahead log: {problem}");
        }
    };
    std::thread::Builder::new().name("write-ahead log".into()).spawn(run).map_err(StartError::Thread)?;
    Ok(())
}

impl Log {
    fn append(&mut self, batch: Vec<Entry>) {
        if self.items.is_closed() {
            // Nobody commits any more.
            for entry in batch {
                let _ = entry.logged.send(Err(WriteError::Closed));
            }
            return;
        }
        let contents: Vec<_> = batch.iter().map(|entry| entry.content.parts()).collect();
        let started = Instant::now();
        match self.wal.append_parts(&contents) {
            Ok(records) => {
                self.metrics.wal_synced(started.elapsed());
                self.progress.logged(self.wal.last());
                for (record, entry) in records.into_iter().zip(batch) {
                    let number = record.number();
                    self.progress.waits(record.content_bytes());
                    let item = Item {
                        since: Some(entry.since),
                        committed: entry.committed,
                        ..Item::new(record, entry.outline, Some(entry.room))
                    };
                    // The order of the queue is that of the log.
                    let _ = self.items.send(item);
                    let _ = entry.logged.send(Ok(number));
                }
            }
            Err(problem) => {
                let reason = problem.to_string();
                for entry in batch {
                    self.metrics.refused_write(RefusedBy::Log);
                    let _ = entry.logged.send(Err(WriteError::Log { reason: reason.clone() }));
                }
            }
        }
    }

    fn note_done(&mut self, number: u64) {
        // Lost notes cost a second commit after the next start, and nothing else.
        if let Err(problem) = self.wal.done_through(number) {
            tracing::warn!("the write-ahead log: {problem}");
        }
    }
}
