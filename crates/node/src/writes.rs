//! Writing points: through a log, in groups, to the chain and to this node's searches.
//!
//! Every collection has a queue of its own ([`rose_forest_engine::writer`]), opened when it is first needed. What a
//! node that was killed had acknowledged is committed before anything that is written later.

use crate::calls::Calls;
use crate::collections::Collection;
use crate::failure::Refused;
use crate::live::Lives;
use crate::node::Node;
use crate::requests::Logged;
use anyhow::{Context, Result};
use holochain_types::prelude::CellId;
use rose_forest_api::{DnaHash, WriteOutput};
use rose_forest_engine::writer::{Commit, Refusal, Wait, Work, WriteError, Writer, Written};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a node that stops waits for a write that is being committed: a bulk insert takes that long on a slow machine.
const CLOSED_WITHIN: Duration = Duration::from_secs(15);

/// The queues of all collections that were written to.
#[derive(Default)]
pub(crate) struct Writers(tokio::sync::Mutex<HashMap<DnaHash, Arc<Writer>>>);

impl Writers {
    /// Ends the queue of a collection once what it is doing is done; what waits stays in its log.
    pub async fn close_one(&self, dna_hash: &DnaHash) {
        let writer = self.0.lock().await.remove(dna_hash);
        if let Some(writer) = writer {
            close(&writer).await;
        }
    }

    /// Ends all.
    pub async fn close(&self) {
        let all: Vec<_> = self.0.lock().await.drain().collect();
        for (_, writer) in all {
            close(&writer).await;
        }
    }
}

async fn close(writer: &Writer) {
    // What is not done by then is in the log, and is committed when the node runs again.
    if tokio::time::timeout(CLOSED_WITHIN, writer.close()).await.is_err() {
        tracing::warn!("a write is still being committed: it is tried again when the node runs again");
    }
}

impl Node {
    /// The queue of a collection's writes. What is left in its log of the last time is committed from now on.
    ///
    /// # Errors
    /// If the log cannot be opened.
    pub(crate) async fn writer(&self, collection: &Collection) -> Result<Arc<Writer>> {
        let mut writers = self.writers.0.lock().await;
        if let Some(writer) = writers.get(&collection.dna_hash) {
            return Ok(writer.clone());
        }
        let chain = Chain { calls: self.calls.clone(), cell: collection.cell(), lives: self.lives.clone() };
        let dir = self.dir.writes().join(collection.dna_hash.to_string());
        let name = collection.label();
        let tell = move |problem| tracing::warn!("{name}: {problem}");
        let metrics = self.metrics.collection(&collection.label());
        let opened = tokio::task::spawn_blocking(move || Writer::start(&dir, chain, tell, metrics)).await;
        let writer = Arc::new(opened.context("opening the queue of writes failed")??);
        writers.insert(collection.dna_hash.clone(), writer.clone());
        Ok(writer)
    }

    /// Writes points, and has this node's searches see them when it returns.
    pub(crate) async fn write_points(&self, collection: &Collection, work: Work) -> Result<WriteOutput> {
        match self.writer(collection).await?.write(work, Wait::Committed).await? {
            Written::Committed(output) => Ok(output),
            Written::Logged(number) => anyhow::bail!("write {number} was logged and not waited for"),
        }
    }

    /// Writes points to the log, from where they come to the chain.
    pub(crate) async fn log_points(&self, collection: &Collection, work: Work) -> Result<Logged> {
        match self.writer(collection).await?.write(work, Wait::Logged).await {
            Ok(Written::Logged(number)) => Ok(Logged::Logged(number)),
            Ok(Written::Committed(_)) => anyhow::bail!("a write was waited for, and should not have been"),
            Err(full @ WriteError::QueueFull { .. }) => Ok(Logged::Full(full.to_string())),
            Err(problem) => Err(problem.into()),
        }
    }
}

/// Where the writes of a collection go.
struct Chain {
    calls: Calls,
    cell: CellId,
    lives: Arc<Lives>,
}

impl Commit for Chain {
    async fn commit(&self, work: Work) -> std::result::Result<WriteOutput, Refusal> {
        let called = match work {
            Work::Insert { bulk: false, input } => self.calls.write(&self.cell, "insert", input).await,
            Work::Insert { bulk: true, input } => self.calls.write(&self.cell, "bulk_insert", input).await,
            Work::Delete(input) => self.calls.write(&self.cell, "delete", input).await,
        };
        let output: WriteOutput = called.map_err(|problem| {
            let again = problem.downcast_ref::<Refused>().is_some();
            if again { Refusal::Content(problem) } else { Refusal::Trouble(problem) }
        })?;
        if let Some(live) = self.lives.get(self.cell.dna_hash())
            && let Err(problem) = live.wrote(&output).await
        {
            // They are on the chain, and the index finds them when it next looks.
            tracing::warn!("what was written is not in the index yet: {problem:#}");
        }
        Ok(output)
    }
}
