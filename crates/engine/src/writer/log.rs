//! The thread that writes the log: it waits for the disk, and everything that came meanwhile shares the next sync.

use super::{Item, Work};
use anyhow::{Context, Result};
use rose_forest_api::WriteOutput;
use rose_forest_store::wal::Wal;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

/// A write to be logged.
pub(super) struct Entry {
    pub(super) content: Vec<u8>,
    pub(super) work: Work,
    pub(super) committed: Option<oneshot::Sender<Result<WriteOutput, String>>>,
    pub(super) room: OwnedSemaphorePermit,
    pub(super) logged: oneshot::Sender<Result<u64, String>>,
}

/// Starts the thread. It ends when nobody sends any more.
pub(super) fn start(
    mut wal: Wal,
    mut entries: mpsc::UnboundedReceiver<Entry>,
    items: mpsc::UnboundedSender<Item>,
    done: std::sync::mpsc::Receiver<u64>,
) -> Result<()> {
    let run = move || {
        while let Some(first) = entries.blocking_recv() {
            let mut batch = vec![first];
            while let Ok(more) = entries.try_recv() {
                batch.push(more);
            }
            log(&mut wal, batch, &items);
            note_done(&mut wal, &done);
        }
        // What is committed by now need not be committed again after the next start.
        drop(items);
        while let Ok(number) = done.recv() {
            note(&mut wal, number);
        }
    };
    std::thread::Builder::new().name("write-ahead log".into()).spawn(run).context("cannot start a thread")?;
    Ok(())
}

fn log(wal: &mut Wal, batch: Vec<Entry>, items: &mpsc::UnboundedSender<Item>) {
    let contents: Vec<&[u8]> = batch.iter().map(|entry| entry.content.as_slice()).collect();
    match wal.append(&contents) {
        Ok(last) => {
            let first = last + 1 - batch.len() as u64;
            for (number, entry) in (first..).zip(batch) {
                let Entry { work, committed, room, logged, .. } = entry;
                // The order of the queue is that of the log.
                let _ = items.send(Item { number, work, committed, _room: Some(room) });
                let _ = logged.send(Ok(number));
            }
        }
        Err(problem) => {
            let problem = format!("nothing was written: {problem}");
            for entry in batch {
                let _ = entry.logged.send(Err(problem.clone()));
            }
        }
    }
}

fn note_done(wal: &mut Wal, done: &std::sync::mpsc::Receiver<u64>) {
    if let Some(number) = done.try_iter().last() {
        note(wal, number);
    }
}

fn note(wal: &mut Wal, number: u64) {
    // Lost notes cost a second commit after the next start, and nothing else.
    if let Err(problem) = wal.done_through(number) {
        tracing::warn!("the write-ahead log: {problem}");
    }
}
