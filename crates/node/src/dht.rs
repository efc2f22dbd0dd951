//! Blocks as this node's conductor holds them, in the order in which it came to hold them.
//!
//! They are read from the conductor's own store, past the wasm and past the source chain: a zome call costs more with
//! every action of its caller, and reading here does not. Only what this conductor has validated itself, found
//! valid and integrated is seen; what it merely keeps from an answer of somebody else is not.
//!
//! Time of integration is what reading goes on from. It is taken before the conductor writes, so that a block can show up
//! a little behind one that was seen already; [`Blocks::look_back`] finds such.

use crate::node::Node;
use crate::op_databases::{Entries, Listed, Read};
use anyhow::{Context, Result, anyhow};
use holochain_serialized_bytes::encode;
use holochain_state::dht_store::DhtStoreRead;
use holochain_types::prelude::{
    ActionData, ActionHash, AgentPubKey, ChainOpType, DnaHash, Entry, Record, Timestamp, ValidationStatus,
};
use rose_forest_engine::SignedBlock;
use rose_forest_rules::centroid::Cells;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Entries that one query lists. An entry is some 100 bytes there.
const ENTRIES_A_QUERY: u32 = 2_000;
/// Bytes of entries that are read at once, unless one alone has more: two of the largest blocks.
const BYTES_A_BATCH: i64 = 8 << 20;
/// How far behind the newest that was seen an entry may still show up: a call that computes for long stamps its writes
/// when it makes them, not when it commits them.
const LATE_BY_MICROS: i64 = 600 * 1_000_000;
/// Entries that are remembered as seen before the oldest are forgotten: some 10 MB.
const MANY_SEEN: usize = 100_000;

/// The entry around a block.
#[derive(Debug, serde::Deserialize)]
struct Envelope {
    #[serde(with = "serde_bytes")]
    block: Vec<u8>,
}

/// A `Centroid` entry, as the integrity zome writes it.
#[derive(Debug, serde::Deserialize)]
enum Centroid {
    Cells(Cells),
    Shares(serde::de::IgnoredAny),
}

/// One collection's blocks, read one batch after the other.
pub struct Blocks {
    entries: Entries,
    store: DhtStoreRead,
    /// Everything integrated before was seen, but for what is late.
    from_micros: i64,
    /// What was listed from there on and has not been read yet.
    listed: VecDeque<Listed>,
    /// Entries integrated since `LATE_BY_MICROS` before that were seen, by their actions, and when they were integrated.
    seen: HashMap<Vec<u8>, i64>,
    /// When the oldest of the last batch was integrated.
    oldest_new: i64,
    /// What was integrated later is not read.
    until_micros: i64,
    /// Where reading began, until what was late then has been looked for.
    begun_at: Option<i64>,
}

impl Blocks {
    /// Blocks of a collection, from a time of integration on ([`Blocks::cursor`] of an earlier run), or all.
    pub async fn since(node: &Node, dna_hash: &DnaHash, cursor: Option<i64>) -> Result<Self> {
        let store = node.conductor.get_spaces().dht_store(dna_hash).context("cannot open the DHT's store")?;
        Ok(Self {
            entries: node.op_databases.entries(dna_hash).await?,
            store: store.as_read(),
            from_micros: cursor.unwrap_or(i64::MIN),
            listed: VecDeque::new(),
            seen: HashMap::new(),
            oldest_new: i64::MAX,
            until_micros: i64::MAX,
            begun_at: cursor,
        })
    }

    /// What to pass to [`Blocks::since`] after a restart, once everything that was read so far has been taken in. What was
    /// late then is found by [`Blocks::look_back`], which reads the blocks of the ten minutes before once more.
    pub fn cursor(&self) -> i64 {
        self.from_micros
    }

    /// Begins again at a cursor, as after a restart: when what was read could not be taken in.
    pub fn begin_again(&mut self, cursor: Option<i64>) {
        self.from_micros = cursor.unwrap_or(i64::MIN);
        self.begun_at = cursor;
        self.listed.clear();
        self.seen.clear();
    }

    /// Leaves out what was integrated later than this, until it is told otherwise.
    pub fn read_until(&mut self, micros: i64) {
        self.until_micros = micros;
        self.listed.clear();
    }

    /// How long ago the oldest of the last batch was integrated.
    pub fn lag(&self) -> Duration {
        let now = Timestamp::now().as_micros();
        Duration::from_micros(u64::try_from(now.saturating_sub(self.oldest_new)).unwrap_or_default())
    }

    /// The next blocks; none if all that the conductor holds have been seen. Cost: in proportion to what is new.
    pub async fn next(&mut self) -> Result<Vec<SignedBlock>> {
        loop {
            let begun = Instant::now();
            if self.listed.is_empty() && !self.list().await? {
                return Ok(Vec::new());
            }
            let batch = self.batch();
            let listed_in = begun.elapsed();
            let actions: Vec<_> = self.listed.iter().take(batch).map(|entry| entry.action.clone()).collect();
            let entries = self.entries.read(&actions).await?;
            let new: Vec<_> = self.listed.drain(..batch).collect();
            let blocks: Vec<_> = entries.into_iter().filter_map(of_entry).collect();
            tracing::debug!(
                entries = actions.len(),
                blocks = blocks.len(),
                listed_ms = listed_in.as_millis() as u64,
                read_ms = (begun.elapsed() - listed_in).as_millis() as u64,
                "read what is new"
            );
            let integrated = |entry: Option<&Listed>| entry.map(|entry| entry.integrated_micros);
            self.from_micros = integrated(new.last()).unwrap_or(self.from_micros);
            self.oldest_new = integrated(new.first()).unwrap_or(i64::MAX);
            self.seen.extend(new.into_iter().map(|entry| (entry.action, entry.integrated_micros)));
            if self.seen.len() > MANY_SEEN {
                self.forget();
            }
            if !blocks.is_empty() {
                return Ok(blocks);
            }
        }
    }

    /// Lists what is new; false if there is nothing.
    async fn list(&mut self) -> Result<bool> {
        let mut limit = ENTRIES_A_QUERY;
        loop {
            let mut listed = self.entries.since(self.from_micros, limit).await?;
            listed.retain(|entry| entry.integrated_micros <= self.until_micros);
            let full = listed.len() == limit as usize;
            let Some(newest) = listed.last().map(|entry| entry.integrated_micros) else {
                return Ok(false);
            };
            self.listed = listed.into_iter().filter(|entry| !self.seen.contains_key(&entry.action)).collect();
            if !self.listed.is_empty() || !full {
                return Ok(!self.listed.is_empty());
            }
            // As many as were asked for have been seen; what follows them may not. If all of them were integrated at
            // one moment, only a longer list goes past it.
            if newest == self.from_micros {
                limit = limit.saturating_mul(2);
            }
            self.from_micros = newest;
        }
    }

    /// How many of those listed are read at once: at least one.
    fn batch(&self) -> usize {
        let sums = self.listed.iter().scan(0, |sum, entry| {
            *sum += entry.bytes;
            Some(*sum)
        });
        sums.take_while(|sum| *sum <= BYTES_A_BATCH).count().max(1)
    }

    /// Goes back, so that the next reads find what was integrated late: ten minutes before where reading is, where it began if
    /// this is the first time, and where the clock is if that was set back. Cost of those: in proportion to the entries since.
    pub fn look_back(&mut self) {
        let now = Timestamp::now().as_micros();
        let from = self.from_micros.min(self.begun_at.take().unwrap_or(i64::MAX)).min(now);
        self.from_micros = from.saturating_sub(LATE_BY_MICROS);
        self.listed.clear();
        let horizon = self.from_micros;
        self.seen.retain(|_, integrated| *integrated >= horizon);
    }

    /// Forgets what was seen so long ago that no look back comes to it.
    fn forget(&mut self) {
        let horizon = self.from_micros.saturating_sub(LATE_BY_MICROS);
        self.seen.retain(|_, integrated| *integrated >= horizon);
    }

    /// Where one block at a time is read.
    pub fn by_action(&self) -> ByAction {
        ByAction(self.store.clone())
    }
}

/// A block, and what its author signed of it.
pub struct SignedBytes {
    /// The action that carries it, as it was hashed and signed.
    pub action: Vec<u8>,
    /// The signature of that.
    pub signature: Vec<u8>,
    /// The block.
    pub block: Vec<u8>,
}

/// Reads blocks and cells by their actions.
#[derive(Clone)]
pub struct ByAction(DhtStoreRead);

impl ByAction {
    /// A block, if this node has found it valid.
    pub async fn block(&self, action: &ActionHash) -> Result<Option<SignedBlock>> {
        Ok(self.record(action).await?.as_ref().and_then(of_record))
    }

    /// Cells as founded by an action, if this node has found it valid.
    pub async fn cells(&self, action: &ActionHash) -> Result<Option<Cells>> {
        let record = self.record(action).await?;
        let entry = record.as_ref().and_then(|record| record.entry().as_option());
        let Some(Entry::App(bytes)) = entry else { return Ok(None) };
        Ok(match rmp_serde::from_slice(bytes.as_ref().bytes()) {
            Ok(Centroid::Cells(cells)) => Some(cells),
            Ok(Centroid::Shares(_)) | Err(_) => None,
        })
    }

    /// How many actions this author has on its chain, as far as this node holds it.
    pub async fn chain_length(&self, author: &AgentPubKey) -> Result<u64> {
        let head = self.0.chain_head_for_author(author).await.context("cannot read the chain's head")?;
        Ok(head.map_or(0, |head| u64::from(head.seq) + 1))
    }

    /// Who has said that it holds a block and found it valid: the peers whose validation receipts this node has, its author's
    /// own machine not among them.
    pub async fn acknowledged(&self, action: &ActionHash) -> Result<BTreeSet<AgentPubKey>> {
        let sets = self.0.validation_receipts_for_action(action.clone()).await;
        let sets = sets.context("cannot read the receipts of a block")?;
        // The op that brings the block itself; others bring its header.
        let brings_it = ChainOpType::CreateEntry.to_string();
        let receipts = sets.into_iter().filter(|set| set.op_type == brings_it).flat_map(|set| set.receipts);
        let valid = receipts.filter(|receipt| receipt.validation_status == ValidationStatus::Valid);
        Ok(valid.flat_map(|receipt| receipt.validators).collect())
    }

    /// A block as its author signed it, if this node has found it valid.
    pub async fn signed_block(&self, action: &ActionHash) -> Result<Option<SignedBytes>> {
        let Some(record) = self.record(action).await? else { return Ok(None) };
        let Some(block) = of_record(&record) else { return Ok(None) };
        let signed = record.signed_action();
        let action =
            encode(signed.action()).map_err(|error| anyhow!("an action cannot be written: {error}"))?;
        Ok(Some(SignedBytes { action, signature: signed.signature().0.to_vec(), block: block.bytes }))
    }

    /// A block's record as its author signed it, in the conductor's own form, if this node has found it valid.
    pub async fn signed_record(&self, action: &ActionHash) -> Result<Option<Vec<u8>>> {
        let Some(record) = self.record(action).await? else { return Ok(None) };
        if of_record(&record).is_none() {
            return Ok(None);
        }
        encode(&record).map(Some).map_err(|error| anyhow!("a record cannot be written: {error}"))
    }

    async fn record(&self, action: &ActionHash) -> Result<Option<Record>> {
        let status = self.0.op_validation_status(action, ChainOpType::CreateRecord).await;
        if status.context("cannot read what was found of a record")? != Some(ValidationStatus::Valid) {
            return Ok(None);
        }
        self.0.retrieve_record(action, None).await.context("cannot read a record")
    }
}

/// The block of an entry, if it is one. The entry's type is not looked at: what decodes as a block's entry and was found
/// valid is one, because no other entry has such a field.
fn of_entry(read: Read) -> Option<SignedBlock> {
    let Read { action, author, timestamp_micros, entry } = read;
    bytes_of(&entry).map(|bytes| SignedBlock { author, action, timestamp_micros, bytes })
}

/// The block of a record, if it is one. What the record says of itself is believed.
pub fn of_record(record: &Record) -> Option<SignedBlock> {
    let action = record.action();
    let ActionData::Create(_) = &action.data else { return None };
    Some(SignedBlock {
        author: action.author().clone(),
        timestamp_micros: action.timestamp().as_micros(),
        action: record.action_address().clone(),
        bytes: bytes_of(record.entry().as_option()?)?,
    })
}

fn bytes_of(entry: &Entry) -> Option<Vec<u8>> {
    let Entry::App(bytes) = entry else { return None };
    rmp_serde::from_slice::<Envelope>(bytes.as_ref().bytes()).ok().map(|envelope| envelope.block)
}
