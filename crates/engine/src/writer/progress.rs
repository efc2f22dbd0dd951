//! How far the writes are.

use super::WriteError;
use crate::metrics::CollectionMetrics;
use std::collections::VecDeque;
use std::path::PathBuf;
use tokio::sync::watch;

/// Given up writes that are remembered.
const REMEMBERED: usize = 100;

/// A write that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its number in the log.
    pub number: u64,
    /// Why.
    pub reason: String,
    /// The file in which it is kept. Nothing if it was refused for its content and whoever wrote it waited and was told so,
    /// or if the log could not be read any more where it stood.
    pub aside: Option<PathBuf>,
}

/// What waits, and how far the log and the chain are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Writes that are logged and not done.
    pub waiting_writes: usize,
    /// Their bytes in the log.
    pub waiting_bytes: usize,
    /// Bytes that may wait.
    pub max_bytes: usize,
    /// The number of the last write that was logged; 0 before the first.
    pub logged_through: u64,
    /// Up to which number every write is done: on the chain, or given up.
    pub committed_through: u64,
    /// Why the chain takes nothing at present, if so. Writes are logged and wait.
    pub trouble: Option<String>,
    /// The last hundred writes that were given up since the start.
    pub refused: VecDeque<Refused>,
    /// Whether the writer has stopped.
    pub stopped: bool,
}

/// The status, and who waits for it to change.
pub(super) struct Progress {
    status: watch::Sender<Status>,
    metrics: CollectionMetrics,
}

impl Progress {
    pub(super) fn new(metrics: CollectionMetrics, max_bytes: usize, logged: u64, done: u64) -> Self {
        let (logged_through, committed_through) = (logged, done);
        let status = Status { max_bytes, logged_through, committed_through, ..Status::default() };
        Self { status: watch::Sender::new(status), metrics }
    }

    pub(super) fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    pub(super) fn committed_through(&self) -> u64 {
        self.status.borrow().committed_through
    }

    /// A write waits.
    pub(super) fn waits(&self, bytes: usize) {
        self.change(|status| {
            status.waiting_writes += 1;
            status.waiting_bytes += bytes;
        });
    }

    /// Everything up to a number is logged.
    pub(super) fn logged(&self, number: u64) {
        self.change(|status| status.logged_through = status.logged_through.max(number));
    }

    /// A write waits no more.
    pub(super) fn settled(&self, bytes: usize) {
        self.change(|status| {
            status.waiting_writes -= 1;
            status.waiting_bytes -= bytes;
        });
    }

    /// A write is given up.
    pub(super) fn refused(&self, refused: Refused) {
        self.change(|status| {
            if status.refused.len() == REMEMBERED {
                status.refused.pop_front();
            }
            status.refused.push_back(refused);
        });
    }

    /// Everything up to a number is done.
    pub(super) fn committed(&self, number: u64) {
        self.change(|status| status.committed_through = status.committed_through.max(number));
    }

    /// The chain takes nothing, or something again.
    pub(super) fn trouble(&self, reason: Option<String>) {
        self.change(|status| status.trouble = reason);
    }

    /// The log is closed.
    pub(super) fn stopped(&self) {
        self.change(|status| status.stopped = true);
    }

    pub(super) async fn wait_until_committed(&self, number: u64) -> Result<(), WriteError> {
        let mut status = self.status.subscribe();
        // The sender lives as long as this does.
        match status.wait_for(|status| status.committed_through >= number || status.stopped).await {
            Ok(status) if status.committed_through >= number => Ok(()),
            Ok(_) | Err(_) => Err(WriteError::Stopped { number }),
        }
    }

    pub(super) async fn wait_until_stopped(&self) {
        let _ = self.status.subscribe().wait_for(|status| status.stopped).await;
    }

    fn change(&self, change: impl FnOnce(&mut Status)) {
        self.status.send_modify(|status| {
            change(status);
            self.metrics.set_queue(status.waiting_writes as u64, status.waiting_bytes as u64);
        });
    }
}
