//! Settled rows move to disk when the user's limits ask for it.
//!
//! They lie there by the collection's own cells, whose centres are read from the DHT.

use super::{Live, blocking};
use anyhow::Result;
use rose_forest_api::ActionHash;
use rose_forest_rules::reference::CellId;
use std::collections::BTreeSet;
use std::sync::Arc as Shared;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often to look whether rows have to move.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often to look for rows that have become old: a pass over all that are in memory.
const OLD_EVERY: Duration = Duration::from_secs(600);
/// How often to look when rows take too much memory, none of them could move (they are fresh, or their cells unknown), and
/// none has come since.
const NOTHING_MOVED_EVERY: Duration = Duration::from_secs(60);
/// How long a node that stops may have to wait for this task to notice.
const NAP: Duration = Duration::from_millis(250);

impl Live {
    /// The task that moves rows: ends when the node stops.
    pub(super) async fn keep_within_limits(self: Shared<Self>, tell: Shared<impl Fn(String)>) {
        let mut old_moved: Option<Instant> = None;
        // When nothing could move, and how many rows were in memory then.
        let mut nothing_moved: Option<(Instant, u64)> = None;
        if let Err(problem) = self.check_files(&*tell).await {
            tell(format!("the index's files could not be checked: {problem:#}"));
        }
        let mut trouble = None;
        while !self.stopping.load(Ordering::Relaxed) {
            let is_old = |at: Option<Instant>, than| at.is_none_or(|at| at.elapsed() > than);
            let rows = self.index.report().map_or(0, |report| report.in_graph);
            let same = nothing_moved.filter(|(_, before)| *before == rows).map(|(at, _)| at);
            let over = self.index.is_over_budget() && is_old(same, NOTHING_MOVED_EVERY);
            let aged = self.has_age && is_old(old_moved, OLD_EVERY);
            if over || aged {
                old_moved = Some(Instant::now());
                let moved = self.move_settled().await;
                nothing_moved = matches!(moved, Ok(0)).then(|| (Instant::now(), rows));
                let now = moved.err().map(|problem| format!("{problem:#}"));
                if now != trouble
                    && let Some(problem) = &now
                {
                    tell(format!("settled rows stay in memory: {problem}"));
                }
                trouble = now;
            }
            let mut waited = Duration::ZERO;
            while waited < LOOK_EVERY && !self.stopping.load(Ordering::Relaxed) {
                tokio::time::sleep(NAP).await;
                waited += NAP;
            }
        }
    }

    /// Compares checksums that opening passes over. What is damaged is read again from the DHT.
    async fn check_files(self: &Shared<Self>, tell: &impl Fn(String)) -> Result<()> {
        let live = self.clone();
        let work = move || match live.index.verify_files() {
            Ok(()) => Ok(None),
            Err(damage) => live.index.forget_damaged_files().map(|rows| Some((damage, rows))),
        };
        if let Some((damage, rows)) = blocking(work).await? {
            tell(format!("{rows} rows of the index are read again: {damage}"));
            self.news.notify_one();
        }
        Ok(())
    }

    /// Says how many rows moved.
    async fn move_settled(self: &Shared<Self>) -> Result<usize> {
        self.learn_cells().await?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as i64;
        let live = self.clone();
        let work = move || live.index.move_settled(now, &|| live.stopping.load(Ordering::Relaxed));
        Ok(blocking(work).await?.rows)
    }

    /// Reads the centres of cells that blocks name and the index does not know yet.
    pub(super) async fn learn_cells(self: &Shared<Self>) -> Result<()> {
        let live = self.clone();
        let unknown = blocking(move || live.index.unknown_cells()).await?;
        let foundings: BTreeSet<_> = unknown.iter().map(|cell| cell.founding).collect();
        let dimension = self.index.schema().dimension();
        for founding in foundings {
            let action = ActionHash::from_raw_39(founding.0.to_vec());
            // Not here yet: its rows stay in memory until it is.
            let Some(cells) = self.by_action.cells(&action).await? else { continue };
            let all = (0..cells.len(dimension)).filter_map(|at| {
                let index = u16::try_from(at).ok()?;
                Some((CellId { founding, index }, cells.centre(index, dimension)?))
            });
            self.index.add_cells(all)?;
        }
        Ok(())
    }
}
