//! The task that commits what is logged, in its order.

use super::group::{self, Group};
use super::log::Message;
use super::progress::{Progress, Refused};
use super::work::{self, ReadError};
use super::{Commit, Item, Refusal, WriteError, aside};
use crate::metrics::{CollectionMetrics, RefusedBy};
use rose_forest_api::WriteOutput;
use rose_forest_store::wal::WalError;
use std::collections::{HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// After the first try that failed for no fault of the content; twice as long after each further one.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// But no longer than this.
const RETRY_AFTER_AT_MOST: Duration = Duration::from_secs(30);
/// Tries after which others may pass: a minute and a half.
const TRIES_BEFORE_OTHERS: u32 = 8;
/// Others that pass, each between two tries, before a write is given up: then it is not the chain.
const PASSED_BY: u32 = 3;
/// How far behind a write that is stuck one that may pass is looked for.
const LOOK_AHEAD: usize = 16;

/// What became of one try.
enum Outcome {
    Committed(WriteOutput),
    /// Would be refused again. If it is one write, and nobody waits for it, it is kept.
    Content {
        reason: String,
        aside: Option<PathBuf>,
    },
    /// May work later.
    Trouble(String),
    /// The runtime ends.
    Cancelled,
}

pub(super) struct Committer<C, T> {
    pub(super) commit: Arc<C>,
    pub(super) waiting: VecDeque<Item>,
    pub(super) queue: mpsc::UnboundedReceiver<Item>,
    pub(super) log: mpsc::UnboundedSender<Message>,
    pub(super) closing: watch::Receiver<bool>,
    pub(super) progress: Arc<Progress>,
    pub(super) metrics: CollectionMetrics,
    pub(super) tell: T,
    pub(super) dir: PathBuf,
    /// Whether it was said that the chain takes nothing.
    pub(super) told: bool,
    /// The number of the last write that came, at the start the last of the log.
    pub(super) newest: u64,
}

impl<C: Commit, T: Fn(String) + Send + Sync + 'static> Committer<C, T> {
    /// Commits until the writer is closed.
    pub(super) async fn run(mut self) {
        // What could not be read is done with.
        self.note_done();
        while !*self.closing.borrow() {
            while let Ok(item) = self.queue.try_recv() {
                self.push(item);
            }
            let Some(group) = Group::take(&mut self.waiting) else {
                tokio::select! {
                    item = self.queue.recv() => match item {
                        Some(item) => self.push(item),
                        None => return,
                    },
                    _ = self.closing.changed() => return,
                }
                continue;
            };
            let outcome = self.try_to_commit(&group).await;
            self.settle(group, outcome).await;
        }
    }

    fn push(&mut self, item: Item) {
        self.newest = item.record.number();
        self.waiting.push_back(item);
    }

    /// Does what follows from an outcome, and waits if it has to be tried again later.
    async fn settle(&mut self, mut group: Group, outcome: Outcome) {
        match outcome {
            Outcome::Committed(output) => self.finish(group, output),
            // One is at fault: each is tried by itself, so that the others are not refused with it.
            Outcome::Content { .. } if group.len() > 1 => {
                group.items_mut().iter_mut().for_each(|item| item.alone = true);
                group.put_back(&mut self.waiting);
            }
            Outcome::Content { reason, aside } => {
                // It may have been that the write could not be kept.
                self.told = false;
                self.progress.trouble(None);
                for item in group.into_items() {
                    self.give_up(item, WriteError::Refused { reason: reason.clone() }, aside.clone());
                }
            }
            Outcome::Trouble(reason) => {
                if !std::mem::replace(&mut self.told, true) {
                    (self.tell)(format!("a write cannot be committed now and is tried again: {reason}"));
                }
                self.progress.trouble(Some(reason.clone()));
                let alone = group.len() == 1;
                let mut tries = 0;
                for item in group.items_mut() {
                    item.tries += 1;
                    tries = tries.max(item.tries);
                }
                let long = tries >= TRIES_BEFORE_OTHERS;
                if long {
                    group.items_mut().iter_mut().for_each(|item| item.alone = true);
                }
                group.put_back(&mut self.waiting);
                if long && (!alone || self.let_another_pass(&reason).await) {
                    return;
                }
                let wait = RETRY_AFTER.saturating_mul(1 << (tries.saturating_sub(1)).min(16));
                let _ = tokio::time::timeout(wait.min(RETRY_AFTER_AT_MOST), self.closing.changed()).await;
            }
            Outcome::Cancelled => group.put_back(&mut self.waiting),
        }
    }

    /// The first in the queue is stuck. Gives it up, if others went through often enough meanwhile; or else tries one that
    /// may pass it. Returns whether the queue moved.
    async fn let_another_pass(&mut self, reason: &str) -> bool {
        let Some(stuck) = self.waiting.front() else { return false };
        if stuck.passed_by >= PASSED_BY {
            let kept = self.blocking({
                let (dir, record) = (self.dir.clone(), stuck.record.clone());
                move || aside::keep(&dir, &record)
            });
            // What cannot be kept is not given up.
            let (Some(Ok(aside)), Some(stuck)) = (kept.await, self.waiting.pop_front()) else { return false };
            let (reason, tries) = (reason.to_owned(), stuck.tries);
            self.give_up(stuck, WriteError::GivenUp { reason, tries, aside: aside.clone() }, Some(aside));
            return true;
        }
        let Some(other) = self.one_that_may_pass().await.and_then(|at| Some((at, self.waiting.remove(at)?)))
        else {
            return false;
        };
        let (at, group) = (other.0, Group::of(other.1));
        match self.try_to_commit(&group).await {
            Outcome::Committed(output) => {
                if let Some(stuck) = self.waiting.front_mut() {
                    stuck.passed_by += 1;
                }
                self.finish(group, output);
                true
            }
            Outcome::Content { reason, aside } => {
                for item in group.into_items() {
                    self.give_up(item, WriteError::Refused { reason: reason.clone() }, aside.clone());
                }
                false
            }
            Outcome::Trouble(_) | Outcome::Cancelled => {
                for item in group.into_items() {
                    self.waiting.insert(at, item);
                }
                false
            }
        }
    }

    /// Where the first write stands that has no id in common with any before it.
    async fn one_that_may_pass(&self) -> Option<usize> {
        let ahead: Vec<_> = self.waiting.iter().take(LOOK_AHEAD).map(|item| item.record.clone()).collect();
        let look = move || {
            let mut passed = HashSet::new();
            for (at, record) in ahead.iter().enumerate() {
                let work = work::read(record).ok()?;
                if at > 0 && work.ids().iter().all(|id| !passed.contains(id)) {
                    return Some(at);
                }
                passed.extend(work.ids().iter().cloned());
            }
            None
        };
        self.blocking(look).await.flatten()
    }

    async fn try_to_commit(&self, group: &Group) -> Outcome {
        let records = group.records();
        let work = match self.blocking(move || group::read(&records)).await {
            Some(Ok(work)) => work,
            Some(Err(ReadError::Wal(WalError::Io { what, path, source }))) => {
                return Outcome::Trouble(format!("cannot {what} {}: {source}", path.display()));
            }
            // It could be read when it was logged. What is no longer what was written cannot be kept.
            Some(Err(error @ ReadError::Wal(_))) => {
                return Outcome::Content { reason: error.to_string(), aside: None };
            }
            Some(Err(error)) => return self.refused(group, error.to_string()).await,
            None => return Outcome::Cancelled,
        };
        let commit = self.commit.clone();
        // A task of its own, so that a panic ends this try and not the queue.
        match tokio::spawn(async move { commit.commit(work).await }).await {
            Ok(Ok(output)) => Outcome::Committed(output),
            Ok(Err(Refusal::Content(problem))) => self.refused(group, format!("{problem:#}")).await,
            Ok(Err(Refusal::Trouble(problem))) => Outcome::Trouble(format!("{problem:#}")),
            Err(ended) if ended.is_panic() => Outcome::Trouble("committing panicked".to_owned()),
            Err(_) => Outcome::Cancelled,
        }
    }

    /// What follows from a refusal. One write for which nobody waits was acknowledged, and is kept before it is given up;
    /// if it cannot be, it is not given up.
    async fn refused(&self, group: &Group, reason: String) -> Outcome {
        let Some(record) = group.one_that_nobody_waits_for() else {
            return Outcome::Content { reason, aside: None };
        };
        let (dir, record) = (self.dir.clone(), record.clone());
        match self.blocking(move || aside::keep(&dir, &record)).await {
            Some(Ok(aside)) => Outcome::Content { reason, aside: Some(aside) },
            Some(Err(problem)) => {
                Outcome::Trouble(format!("it is refused ({reason}), and cannot be kept in a file: {problem}"))
            }
            None => Outcome::Cancelled,
        }
    }

    /// Runs what waits for the disk where nobody else waits for it. Nothing if the runtime ends.
    async fn blocking<R: Send + 'static>(&self, run: impl FnOnce() -> R + Send + 'static) -> Option<R> {
        tokio::task::spawn_blocking(run).await.ok()
    }

    fn finish(&mut self, group: Group, output: WriteOutput) {
        self.told = false;
        self.progress.trouble(None);
        let (rows, records) = (u64::from(output.rows), group.records());
        let is_insert = group.is_insert();
        if is_insert {
            self.metrics.inserted(rows);
        } else {
            self.metrics.deleted(rows);
        }
        // Before anybody is told, so that whoever is finds that nothing of this waits.
        for record in &records {
            self.progress.settled(record.content_bytes());
        }
        group.finish(output, &self.metrics);
        self.note_done();
    }

    /// Is done with a write that is not committed. `aside` is where it is kept.
    fn give_up(&mut self, item: Item, error: WriteError, aside: Option<PathBuf>) {
        let (number, bytes) = (item.record.number(), item.record.content_bytes());
        let reason = error.to_string();
        self.metrics.refused_write(RefusedBy::Chain);
        self.progress.refused(Refused { number, reason: reason.clone(), aside: aside.clone() });
        let kept = match (&error, &aside) {
            // That says it itself.
            (WriteError::GivenUp { .. }, _) | (_, None) => String::new(),
            (_, Some(aside)) => format!("; it is kept in {}", aside.display()),
        };
        // As in `finish`, before anybody is told.
        self.progress.settled(bytes);
        if !item.fail(error) || aside.is_some() {
            (self.tell)(format!("write {number}, which was acknowledged, is given up: {reason}{kept}"));
        }
        self.note_done();
    }

    /// Tells the log and whoever waits up to where everything is done.
    fn note_done(&mut self) {
        // Only called while no group is on its way: what came and does not wait is done.
        let through = self.waiting.front().map_or(self.newest, |first| first.record.number() - 1);
        if through > self.progress.committed_through() {
            self.progress.committed(through);
            let _ = self.log.send(Message::Done(through));
        }
    }
}
