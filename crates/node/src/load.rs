//! Loading a file into a collection: checked, in batches, resumable.

use crate::control::Door;
use crate::journal::Journal;
use crate::readers::{BadRow, Checks, Item, Options, Row, Source};
use crate::requests::{CollectionView, Logged, Request, Wrote};
use anyhow::{Context, Result, ensure};
use rose_forest_api::*;
use serde::Serialize;
use std::path::Path;

/// How much of a load makes one insert: it is sent when either is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portion {
    /// Rows.
    pub rows: usize,
    /// Bytes, as [`Self::weight`] counts them.
    pub bytes: usize,
    /// Bytes of one component of a vector.
    pub component_bytes: usize,
}

/// Bytes of a row beside what is in it.
const FRAME_BYTES: usize = 64;
/// Bytes that a character of an id takes at most: written as JSON, `\u0001`.
const ESCAPED_BYTES: usize = 6;

impl Portion {
    /// What a row takes, rather too much than too little.
    pub fn weight(&self, row: &Row) -> usize {
        let id = match &row.id {
            PointId::Int(_) => 20,
            PointId::Text(text) => text.as_str().len() * ESCAPED_BYTES,
        };
        let payload = row.payload.as_ref().map_or(0, String::len);
        FRAME_BYTES + id + payload + row.vector.len() * self.component_bytes
    }
}

/// One bulk insert. More rows a call make larger blocks and fewer actions; fewer make a shorter way back after an interruption.
/// The zome holds the bytes several times.
pub(crate) const BULK: Portion = Portion { rows: 50_000, bytes: 96 * 1024 * 1024, component_bytes: 4 };
/// Rows up to which a batch is inserted fresh, into one block: sorting so few into cells makes tiny blocks.
const FRESH_ROWS: usize = 1_000;
/// Until a write is tried again for which the queue had no room.
const FULL_PAUSE: std::time::Duration = std::time::Duration::from_millis(500);
/// Bad rows that are reported one by one.
const SHOWN_BAD_ROWS: usize = 20;

/// What a load did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Loaded {
    /// Rows written by this run.
    pub inserted: u64,
    /// Rows that an earlier run had written.
    pub resumed: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// The first of them, with their reasons.
    pub bad_rows: Vec<(u64, String)>,
    /// Seconds it took.
    pub seconds: f64,
}

/// How a load is told to go.
pub struct Plan<'a> {
    /// The file.
    pub file: &'a Path,
    /// How to read it.
    pub options: &'a Options,
    /// Bad rows after which it stops.
    pub max_errors: Option<u64>,
    /// Where its journal is.
    pub journals: &'a Path,
    /// Whether to begin at the first row whatever the journal says.
    pub anew: bool,
    /// Whether a batch is done with when it is in the node's log.
    pub no_wait: bool,
}

/// What a load tells while it runs.
pub trait Progress {
    /// It begins: this many rows, where that is known.
    fn begin(&self, total: Option<u64>);
    /// The collection's index is being opened, or has been.
    fn opening(&self, is_opening: bool);
    /// So many rows are done with.
    fn rows(&self, done: u64);
    /// It goes on where an earlier run was stopped.
    fn resuming(&self, rows: u64);
    /// A row is refused.
    fn refused(&self, place: &str, bad: &BadRow);
    /// All rows are written; they are being put where searches look.
    fn settling(&self);
}

/// Loads a file. Good rows are written even if others are bad.
///
/// # Errors
/// If the file cannot be read on, the node refuses a batch, or too many rows are bad. What was acknowledged
/// before stays written, and the next run goes on after it.
pub async fn load(
    door: &Door,
    collection: &str,
    plan: &Plan<'_>,
    progress: &impl Progress,
) -> Result<Loaded> {
    let begun = std::time::Instant::now();
    let found: CollectionView = door.ask(Request::Find(collection.to_owned())).await?;
    ensure!(found.enabled, "the node has left {}", found.label());
    let source = crate::readers::open(plan.file, plan.options, Some(&found.schema))?;
    let identity = found.dna_hash.as_ref().map_or_else(|| collection.to_owned(), ToString::to_string);
    // Two nodes of one collection are two authors.
    let key = door.url().map_or_else(|| identity.clone(), |url| format!("{identity} at {url}"));
    let mut journal = Journal::open(plan.journals, &plan.options.files(plan.file), &key)?;
    if plan.anew {
        journal.advance(0, 0)?;
    }
    if journal.rows_done() > 0 {
        progress.resuming(journal.rows_done());
    }
    progress.begin(source.total);
    let mut load = Load {
        door,
        collection: door.steady_name(&found, collection),
        dimension: found.schema.dimension(),
        portion: door.portion(),
        place: source.place,
        journal,
        loaded: Loaded::default(),
        batch: Vec::new(),
        bytes: 0,
        read: 0,
        bulk: false,
        index: (door.is_here() && !plan.no_wait).then_some(&found),
        no_wait: plan.no_wait,
    };
    load.loaded.resumed = load.journal.rows_written();
    load.all(source, &mut Checks::new(&found.schema), plan, progress).await?;
    progress.settling();
    load.settle().await?;
    load.journal.finish()?;
    load.loaded.seconds = begun.elapsed().as_secs_f64();
    Ok(load.loaded)
}

struct Load<'a> {
    door: &'a Door,
    collection: String,
    dimension: usize,
    portion: Portion,
    /// What a row's place is called.
    place: &'static str,
    journal: Journal,
    loaded: Loaded,
    batch: Vec<Row>,
    /// What the batch takes, as the portion counts.
    bytes: usize,
    /// Items read so far, bad ones included.
    read: u64,
    bulk: bool,
    /// The collection, if its index has to be opened before the first bulk insert.
    index: Option<&'a CollectionView>,
    no_wait: bool,
}

impl Load<'_> {
    async fn all(
        &mut self,
        source: Source,
        checks: &mut Checks,
        plan: &Plan<'_>,
        progress: &impl Progress,
    ) -> Result<()> {
        let done_before = self.journal.rows_done();
        for item in source.rows {
            let item = match item {
                Ok(item) => item,
                Err(problem) => {
                    // What was read before the file broke is good.
                    self.send(progress).await?;
                    return Err(problem.context(format!("{} cannot be read on", plan.file.display())));
                }
            };
            self.read += 1;
            let item = match item {
                // Rows of an earlier run are looked at again only for their ids.
                Item::Row(row) => checks.check(row),
                bad => bad,
            };
            match item {
                Item::Row(_) if self.read <= done_before => {}
                Item::Row(row) => {
                    self.bytes += self.portion.weight(&row);
                    self.batch.push(row);
                }
                Item::Bad(bad) => {
                    self.refuse(source.place, &bad, progress);
                    if plan.max_errors.is_some_and(|max| self.loaded.refused > max) {
                        self.send(progress).await?;
                        anyhow::bail!(
                            "more than {} rows are bad: {} rows were written before the load was stopped",
                            plan.max_errors.unwrap_or_default(),
                            self.loaded.inserted
                        );
                    }
                }
            }
            if self.batch.len() == self.portion.rows || self.bytes >= self.portion.bytes {
                self.send(progress).await?;
            }
        }
        self.send(progress).await
    }

    fn refuse(&mut self, place: &str, bad: &BadRow, progress: &impl Progress) {
        self.loaded.refused += 1;
        if self.loaded.bad_rows.len() < SHOWN_BAD_ROWS {
            progress.refused(place, bad);
            self.loaded.bad_rows.push((bad.place, bad.reason.clone()));
        }
    }

    async fn send(&mut self, progress: &impl Progress) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        let rows = batch.len() as u64;
        if let (Some(first), Some(last)) = (batch.first(), batch.last()) {
            let failed = format!("the batch of {}s {} to {} failed", self.place, first.place, last.place);
            let bulk = batch.len() > FRESH_ROWS;
            let mut input = InsertInput { ids: Vec::new(), vectors: Vec::new(), payloads: Vec::new() };
            input.vectors.reserve_exact(batch.len() * self.dimension * 4);
            for row in batch {
                input.ids.push(row.id);
                input.vectors.extend(row.vector.iter().flat_map(|x| x.to_le_bytes()));
                input.payloads.push(row.payload);
            }
            if bulk && let Some(collection) = self.index.take() {
                progress.opening(true);
                self.door.open_index(collection).await;
                progress.opening(false);
            }
            self.write(bulk, input).await.context(failed)?;
            self.loaded.inserted += rows;
        }
        if self.read > self.journal.rows_done() {
            self.journal.advance(self.read, self.loaded.resumed + self.loaded.inserted)?;
        }
        progress.rows(self.read);
        Ok(())
    }

    async fn write(&mut self, bulk: bool, input: InsertInput) -> Result<()> {
        let collection = self.collection.clone();
        if !self.no_wait {
            let written: Wrote = self.door.ask(Request::Insert { collection, bulk, input }).await?;
            self.bulk |= written.needs_settle;
            return Ok(());
        }
        loop {
            let (collection, input) = (collection.clone(), input.clone());
            match self.door.ask(Request::Log { collection, bulk, input }).await? {
                Logged::Logged(_) => return Ok(()),
                Logged::Full(_) => tokio::time::sleep(FULL_PAUSE).await,
            }
        }
    }

    /// Until all rows can be found. An earlier run may have been stopped before it got here, so a resumed load
    /// always asks.
    async fn settle(&self) -> Result<()> {
        if self.bulk || (self.loaded.resumed > 0 && !self.no_wait) {
            settle_all(self.door, &self.collection, SettleInput::default()).await?;
        }
        Ok(())
    }
}

/// Calls settle until nothing is left to do.
pub async fn settle_all(door: &Door, collection: &str, input: SettleInput) -> Result<()> {
    loop {
        let step: SettleOutput = door.ask(Request::Settle(collection.to_owned(), input.clone())).await?;
        if step.done {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(u64::from(step.wait_ms))).await;
    }
}
