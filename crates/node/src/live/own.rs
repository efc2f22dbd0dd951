//! What the index knows of this node's own points, told to the zome: it would have to read every block to find out.

use super::{Live, blocking};
use anyhow::Result;
use rose_forest_api::{ActionHash, AgentPubKey, PointId, Seen};
use rose_forest_engine::local::Used;
use std::collections::BTreeSet;
use std::sync::Arc as Shared;
use std::time::Duration;

/// How long after opening an index settling waits for it to catch up. Rows that are not settled meanwhile are found all the
/// same.
const PATIENCE: Duration = Duration::from_secs(600);

impl Live {
    /// Of each of these ids, what an author has used it for; nothing if this index may not know all of its points.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn used(
        self: &Shared<Self>,
        author: &AgentPubKey,
        ids: &[PointId],
    ) -> Result<Option<Vec<Used>>> {
        if !self.is_current() {
            return Ok(None);
        }
        let (live, author, ids) = (self.clone(), author.clone(), ids.to_vec());
        blocking(move || live.index.used(&author, &ids)).await.map(Some)
    }

    /// What the next step of settling has to know; nothing if the zome has to read every block. For some time after the start
    /// an index that has not caught up puts the sorting of rows off instead.
    ///
    /// # Errors
    /// If the conductor or the store cannot be read.
    pub async fn seen(self: &Shared<Self>, author: &AgentPubKey) -> Result<Option<Seen>> {
        if self.is_broken() {
            return Ok(None);
        }
        if !self.is_caught_up() {
            return Ok((self.opened.elapsed() < PATIENCE).then(Seen::default));
        }
        let sorts_next = self.sorts_next.lock().clone();
        let (mut fresh, mut ids) = (Vec::with_capacity(sorts_next.len()), BTreeSet::new());
        for action in sorts_next {
            // One that this node does not hold yet is not looked up, and so it is waited for.
            let Some(block) = self.by_action.block(&action).await? else { continue };
            let live = self.clone();
            ids.extend(blocking(move || live.index.ids_of(&block)).await?);
            fresh.push(action);
        }
        let (live, author) = (self.clone(), author.clone());
        blocking(move || live.index.seen(&author, fresh, &ids)).await
    }

    /// Remembers which fresh blocks the next step of settling is about.
    pub fn sorts_next(&self, fresh: Vec<ActionHash>) {
        *self.sorts_next.lock() = fresh;
    }
}

#[cfg(test)]
mod tests;
