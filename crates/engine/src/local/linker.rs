//! Linking rows of the graph in the background.

use parking_lot::{Condvar, Mutex};
use rose_forest_index::graph::Graph;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

/// Rows that are linked before it is asked whether to stop: some tens of milliseconds.
const LINKED_AT_ONCE: usize = 64;

/// A thread that links rows that wait, for as long as this lives.
pub(super) struct Linker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread is told.
#[derive(Default)]
struct Shared {
    told: Mutex<Told>,
    news: Condvar,
}

#[derive(Default)]
struct Told {
    /// Whether rows may have come.
    rows: bool,
    /// Whether to end.
    stop: bool,
}

impl Linker {
    /// Starts with what waits already.
    pub fn start(graph: Arc<Graph>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        let work = move || {
            while of_thread.wait_for_rows() {
                while graph.link_waiting(LINKED_AT_ONCE) > 0 && !of_thread.told.lock().stop {}
            }
        };
        let thread = Builder::new().name("index-linker".to_owned()).spawn(work)?;
        let linker = Self { shared, thread: Some(thread) };
        linker.rows_came();
        Ok(linker)
    }

    /// To be called when rows have been put down.
    pub fn rows_came(&self) {
        self.shared.told.lock().rows = true;
        self.shared.news.notify_one();
    }
}

impl Shared {
    /// False when it is time to end.
    fn wait_for_rows(&self) -> bool {
        let mut told = self.told.lock();
        self.news.wait_while(&mut told, |told| !told.rows && !told.stop);
        told.rows = false;
        !told.stop
    }
}

impl Drop for Linker {
    fn drop(&mut self) {
        self.shared.told.lock().stop = true;
        self.shared.news.notify_one();
        if let Some(thread) = self.thread.take() {
            // It does not panic; and if it did, that is no reason to do so here.
            let _ = thread.join();
        }
    }
}
