//! What tests share: blocks that own their rows, random ones, and a model of what the store must say.

use crate::{Batch, Changes, Content, IncomingBlock, IncomingRow, Options, Store, StoreError};
use proptest::prelude::*;
use redb::StorageBackend;
use rose_forest_rules::{
    id::PointId,
    reference::{CellId, HashRef},
};
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard},
};

pub(crate) fn hash(byte: u8) -> HashRef {
    HashRef([byte; 39])
}

/// A row that owns what it says.
#[derive(Clone, Debug)]
pub(crate) struct OwnedRow {
    pub id: PointId,
    pub written_at_micros: i64,
    /// Code and payload.
    pub content: Option<(u8, Option<String>)>,
}

/// A block that owns its rows.
#[derive(Clone, Debug)]
pub(crate) struct OwnedBlock {
    pub action: u8,
    pub author: u8,
    pub in_cell: bool,
    pub confirmed: bool,
    pub rows: Vec<OwnedRow>,
}

impl OwnedBlock {
    pub(crate) fn apply(&self, batch: &mut Batch<'_>) -> Result<Changes, StoreError> {
        let codes: Vec<_> =
            self.rows.iter().map(|row| row.content.as_ref().map(|(code, _)| [*code])).collect();
        let rows = self.rows.iter().zip(&codes).map(|(row, code)| IncomingRow {
            id: &row.id,
            written_at_micros: row.written_at_micros,
            content: row.content.as_ref().zip(code.as_ref()).map(|((_, payload), code)| Content {
                code,
                payload: payload.as_ref().map(String::as_bytes),
            }),
        });
        batch.apply(&IncomingBlock {
            action: hash(self.action),
            action_micros: i64::from(self.action / 2),
            author: hash(self.author),
            cell: self.in_cell.then(|| CellId { founding: hash(200), index: 1 }),
            confirmed: self.confirmed,
            rows: rows.collect(),
        })
    }
}

pub(crate) fn row(id: u64, written_at_micros: i64, payload: &str) -> OwnedRow {
    OwnedRow { id: PointId::Int(id), written_at_micros, content: Some((1, Some(payload.to_owned()))) }
}

pub(crate) fn tombstone(id: u64, written_at_micros: i64) -> OwnedRow {
    OwnedRow { id: PointId::Int(id), written_at_micros, content: None }
}

pub(crate) fn block(action: u8, rows: Vec<OwnedRow>) -> OwnedBlock {
    OwnedBlock { action, author: 1, in_cell: false, confirmed: true, rows }
}

pub(crate) fn ids() -> impl Strategy<Value = PointId> {
    prop_oneof![
        (0u64..4).prop_map(PointId::Int),
        (0u8..2).prop_map(|n| PointId::text(format!("550e8400-e29b-41d4-a716-44665544000{n}")).unwrap()),
        "[ab]".prop_map(|text| PointId::text(text).unwrap()),
    ]
}

fn rows() -> impl Strategy<Value = Vec<OwnedRow>> {
    let content = prop::option::weighted(0.8, (0u8..2, prop::option::of("\\{\"a\":[0-1]\\}")));
    let row = (ids(), 0i64..4, content).prop_map(|(id, written_at_micros, content)| OwnedRow {
        id,
        written_at_micros,
        content,
    });
    prop::collection::vec(row, 1..5).prop_map(|mut rows| {
        rows.sort_by(|a, b| (a.content.is_none(), &a.id).cmp(&(b.content.is_none(), &b.id)));
        let mut seen = Vec::new();
        rows.retain(|row| {
            !seen.contains(&row.id) && {
                seen.push(row.id.clone());
                true
            }
        });
        rows
    })
}

/// What happens to a store: which of some blocks comes, is confirmed or withdrawn, or that the store is opened anew.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Apply(usize),
    Confirm(usize),
    Withdraw(usize),
    Reopen,
}

/// Fewer than `most_blocks` blocks, and fewer than `most_events` of what happens to them: of 9 + `confirms`, so many are
/// confirmations.
pub(crate) fn events(
    most_blocks: usize,
    confirms: u32,
    most_events: usize,
) -> impl Strategy<Value = (Vec<OwnedBlock>, Vec<Event>)> {
    blocks(most_blocks).prop_flat_map(move |blocks| {
        let which = 0..blocks.len();
        let event = prop_oneof![
            6 => which.clone().prop_map(Event::Apply),
            confirms => which.clone().prop_map(Event::Confirm),
            2 => which.prop_map(Event::Withdraw),
            1 => Just(Event::Reopen),
        ];
        (Just(blocks), prop::collection::vec(event, 0..most_events))
    })
}

/// Blocks with different actions.
pub(crate) fn blocks(most: usize) -> impl Strategy<Value = Vec<OwnedBlock>> {
    let block = (0u8..2, any::<bool>(), prop::bool::weighted(0.7), rows());
    (prop::collection::vec(block, 1..most), any::<u8>()).prop_map(|(blocks, seed)| {
        blocks
            .into_iter()
            .zip(0u8..)
            .map(|((author, in_cell, confirmed, rows), number)| OwnedBlock {
                // Actions of different sizes, and in no order.
                action: number.wrapping_mul(37).wrapping_add(seed),
                author,
                in_cell,
                confirmed,
                rows,
            })
            .collect()
    })
}

/// A version as the model orders them: by time, then a tombstone, then its content.
pub(crate) type ModelVersion = (i64, bool, u64);

/// What must count after these blocks: of each author and id the newest version, and what it says.
pub(crate) fn model(blocks: &[OwnedBlock]) -> BTreeMap<(HashRef, PointId), (i64, u8, Option<String>)> {
    let mut newest = BTreeMap::<_, (ModelVersion, Option<(u8, Option<String>)>)>::new();
    for block in blocks {
        for row in &block.rows {
            let fingerprint = row.content.as_ref().map_or(0, |(code, payload)| {
                let payload = payload.as_ref().map(String::as_bytes);
                crate::block::fingerprint(&Content { code: &[*code], payload })
            });
            let version = (row.written_at_micros, row.content.is_none(), fingerprint);
            let known =
                newest.entry((hash(block.author), row.id.clone())).or_insert((version, row.content.clone()));
            if known.0 < version {
                *known = (version, row.content.clone());
            }
        }
    }
    newest
        .into_iter()
        .filter_map(|(key, (version, content))| {
            content.map(|(code, payload)| (key, (version.0, code, payload)))
        })
        .collect()
}

/// A disk in memory, that can be full, and that can lose power.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<Mutex<DiskState>>);

#[derive(Debug, Default)]
struct DiskState {
    bytes: Vec<u8>,
    synced: Vec<u8>,
    /// Bytes that may still be written, if there is a limit.
    room: Option<usize>,
}

impl Disk {
    fn state(&self) -> MutexGuard<'_, DiskState> {
        self.0.lock().unwrap()
    }

    /// One that holds these bytes.
    pub(crate) fn with(bytes: Vec<u8>) -> Self {
        let disk = Self::default();
        disk.state().bytes = bytes;
        disk
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    /// Lets so many more bytes be written, or any number.
    pub(crate) fn set_room(&self, room: Option<usize>) {
        self.state().room = room;
    }

    /// What is on the disk after the power went out: all that was synced, and of what was written since those sectors
    /// that `survives` picks.
    pub(crate) fn after_power_cut(&self, mut survives: impl FnMut(usize) -> bool) -> Self {
        let state = self.state();
        let mut bytes = state.synced.clone();
        bytes.resize(state.bytes.len().max(bytes.len()), 0);
        for (at, sector) in state.bytes.chunks(512).enumerate() {
            if survives(at) {
                bytes[at * 512..][..sector.len()].copy_from_slice(sector);
            }
        }
        Self::with(bytes)
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let found = state.bytes.get(offset as usize..).and_then(|rest| rest.get(..out.len()));
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        let more = (len as usize).saturating_sub(state.bytes.len());
        if state.room.is_some_and(|room| room < more) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.bytes.resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        state.synced = state.bytes.clone();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        if let Some(room) = state.room {
            state.room = Some(room.checked_sub(data.len()).ok_or(io::ErrorKind::StorageFull)?);
        }
        state.bytes[offset as usize..][..data.len()].copy_from_slice(data);
        Ok(())
    }
}

/// A store on a disk in memory.
pub(crate) struct TestStore {
    pub store: Store,
    pub disk: Disk,
}

impl TestStore {
    pub(crate) fn new() -> Self {
        Self::open(Disk::default()).unwrap()
    }

    pub(crate) fn open(disk: Disk) -> Result<Self, StoreError> {
        Ok(Self { store: Store::open_backend(disk.clone(), Options::new("test"))?, disk })
    }

    /// Closes the file and opens it again.
    pub(crate) fn reopen(self) -> Self {
        drop(self.store);
        Self::open(self.disk).unwrap()
    }

    pub(crate) fn apply(&self, block: &OwnedBlock) -> Changes {
        let mut batch = self.store.begin().unwrap();
        let changes = block.apply(&mut batch).unwrap();
        batch.commit().unwrap();
        changes
    }

    pub(crate) fn withdraw(&self, action: u8) -> Changes {
        let mut batch = self.store.begin().unwrap();
        let changes = batch.withdraw(&hash(action)).unwrap();
        batch.commit().unwrap();
        changes
    }
}

impl std::ops::Deref for TestStore {
    type Target = Store;
    fn deref(&self) -> &Store {
        &self.store
    }
}
