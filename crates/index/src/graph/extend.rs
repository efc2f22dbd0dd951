//! Taking in many rows, with several threads.

use super::{Graph, GraphError};
use crate::Label;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Rows that a thread puts down at a time: so that the lock for writing is taken rarely, and held for some microseconds.
const ROWS_AT_ONCE: usize = 64;

impl Graph {
    /// Takes in many rows with so many threads (at least one). `codes` are their codes, one after the other. `progress` is
    /// called from those threads now and then with the number of rows done so far. Searches and other inserts
    /// go on meanwhile.
    ///
    /// # Errors
    /// As [`Self::insert`]; rows that were taken in before the error stay. Cost: as many inserts.
    pub fn extend(
        &self,
        labels: &[Label],
        codes: &[u8],
        threads: usize,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<(), GraphError> {
        self.check_length(labels.len(), codes)?;
        let _shape = self.shape.read();
        let work = Work {
            next: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            error: Mutex::new(None),
            progress,
        };
        let threads = threads.clamp(1, labels.len().div_ceil(ROWS_AT_ONCE).max(1));
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|| self.work(labels, codes, &work));
            }
            self.work(labels, codes, &work);
        });
        if work.done.into_inner() > 0 {
            self.changed();
        }
        work.error.into_inner().map_or(Ok(()), Err)
    }

    /// What each thread does.
    fn work(&self, labels: &[Label], codes: &[u8], work: &Work<'_>) {
        let code_bytes = self.space.code_bytes();
        let mut slots = Vec::with_capacity(ROWS_AT_ONCE);
        while !work.stop.load(Ordering::Relaxed) {
            let from = work.next.fetch_add(ROWS_AT_ONCE, Ordering::Relaxed);
            if from >= labels.len() {
                return;
            }
            let to = labels.len().min(from + ROWS_AT_ONCE);
            let codes = &codes[from * code_bytes..to * code_bytes];
            slots.clear();
            let put = self.rows.write().put_all(self.params.seed, &labels[from..to], codes, &mut slots);
            if let Err(error) = put {
                work.stop.store(true, Ordering::Relaxed);
                work.error.lock().get_or_insert(error);
            }
            slots.iter().for_each(|slot| self.link(*slot));
            let done = work.done.fetch_add(slots.len(), Ordering::Relaxed) + slots.len();
            (work.progress)(done);
        }
    }
}

/// What the threads share.
struct Work<'a> {
    /// The first row that no thread has taken.
    next: AtomicUsize,
    done: AtomicUsize,
    stop: AtomicBool,
    error: Mutex<Option<GraphError>>,
    progress: &'a (dyn Fn(usize) + Sync),
}
