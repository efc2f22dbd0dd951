//! What became of which points, for those who follow a collection.
//!
//! The log of changes (`log`) tells an index which labels come and go; this one tells people which points do. Each block that
//! is taken in or withdrawn appends the events that follow from it, in the transaction that changes the rows, so that nothing is
//! told that did not happen and nothing happens untold. Copies of rows that count already (settling makes them) are no events.
//!
//! The last [`MAX_EVENTS`] are kept. Who follows keeps the [`EventCursor`] of the last event that it knows, and learns if the
//! next one is no longer there.

mod cursor;

use crate::{
    Snapshot, StoreError,
    codec::Bytes,
    id_key::{push_id, read_id},
    point::Point,
    record::{BlockNumber, BlockRecord},
    tables::{BLOCK_INFO, EVENTS},
};
pub use cursor::{CursorError, EventCursor};
use redb::{ReadableTable, WriteTransaction};
use rose_forest_rules::{id::PointId, reference::HashRef};
use std::collections::BTreeMap;

/// Events that are kept: two minutes and more of a hundred writes a second, for who was cut off to come back.
pub const MAX_EVENTS: u64 = 10_000;
/// Ids that an event names at most; of a larger block it says how many there are.
pub const MAX_EVENT_IDS: usize = 1_000;
/// Bytes of those ids, as they are kept: so all events together take at most 80 MB, and usually one or two.
const MAX_EVENT_ID_BYTES: usize = 8 * 1024;

/// What became of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// They are as the block says.
    Upsert,
    /// They are no more.
    Delete,
}

/// What became of points of one author. To apply one twice is to apply it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Where it stands.
    pub cursor: EventCursor,
    /// What became of them.
    pub kind: EventKind,
    /// Whose points they are.
    pub author: HashRef,
    /// The action that carries what counts of them now: their rows, or the tombstones. Where an unconfirmed block was withdrawn
    /// and nothing is left, the action of that block.
    pub action: HashRef,
    /// Whether the DHT has delivered that action. When it does later on, the event comes again.
    pub confirmed: bool,
    /// How many points.
    pub rows: u32,
    /// Which: the first of them by id, at most [`MAX_EVENT_IDS`]; fewer where ids are long.
    pub ids: Vec<PointId>,
}

/// The block that says so, whether the DHT has delivered it, and what became of points.
type Group = (Option<BlockNumber>, bool, EventKind);

/// What one step changed, to be told.
#[derive(Debug, Default)]
pub(crate) struct News(BTreeMap<Group, Points>);

/// Points of one event.
#[derive(Debug, Default)]
struct Points {
    rows: u32,
    named: u16,
    ids: Vec<u8>,
}

impl News {
    /// Notes what became of a point.
    pub(crate) fn add(&mut self, id: &PointId, before: &Point, after: &Point) {
        let (was, is) = (before.counting(), after.counting());
        let was_there = was.is_some_and(|(kept, _)| !kept.version.deleted);
        let is_there = is.is_some_and(|(kept, _)| !kept.version.deleted);
        let same = was.map(|(kept, _)| kept.version) == is.map(|(kept, _)| kept.version);
        let confirmed = is.is_some_and(|(_, confirmed)| confirmed);
        let told = if same {
            // Nothing new but that the DHT has delivered it.
            confirmed && was.is_some_and(|(_, confirmed)| !confirmed)
        } else {
            was_there || is_there
        };
        if told {
            let kind = if is_there { EventKind::Upsert } else { EventKind::Delete };
            let block = is.map(|(kept, _)| kept.place.block);
            self.0.entry((block, confirmed, kind)).or_default().add(id);
        }
    }
}

impl Points {
    fn add(&mut self, id: &PointId) {
        // A block has at most 16,384 rows.
        self.rows += 1;
        let length = self.ids.len();
        // Once one has been left out, so are those after it.
        if u32::from(self.named) + 1 == self.rows && usize::from(self.named) < MAX_EVENT_IDS {
            push_id(&mut self.ids, id);
            if self.ids.len() <= MAX_EVENT_ID_BYTES {
                self.named += 1;
            } else {
                self.ids.truncate(length);
            }
        }
    }
}

const EVENT_VERSION: u8 = 1;
const FLAG_DELETE: u8 = 1;
const FLAG_CONFIRMED: u8 = 2;

/// Appends the news of a step about this author's block, which `action` carries, and forgets what is too old. Cost: two
/// look-ups for each event.
pub(crate) fn write(
    transaction: &WriteTransaction,
    opening: u64,
    (author, action): (HashRef, HashRef),
    news: News,
) -> Result<(), StoreError> {
    if news.0.is_empty() {
        return Ok(());
    }
    let blocks = transaction.open_table(BLOCK_INFO)?;
    let mut events = transaction.open_table(EVENTS)?;
    let mut number = events.last()?.map_or(0, |(number, _)| number.value());
    for ((block, confirmed, kind), points) in news.0 {
        let action = match block {
            Some(block) => match blocks.get(block)? {
                Some(info) => BlockRecord::decode(info.value())?.action,
                None => return Err(StoreError::damaged("block", "missing")),
            },
            None => action,
        };
        let mut value = vec![EVENT_VERSION];
        value.extend_from_slice(&opening.to_le_bytes());
        let delete = if kind == EventKind::Delete { FLAG_DELETE } else { 0 };
        value.push(delete | if confirmed { FLAG_CONFIRMED } else { 0 });
        value.extend_from_slice(&author.0);
        value.extend_from_slice(&action.0);
        value.extend_from_slice(&points.rows.to_le_bytes());
        value.extend_from_slice(&points.ids);
        number += 1;
        events.insert(number, value.as_slice())?;
        if let Some(old) = number.checked_sub(MAX_EVENTS) {
            events.remove(old)?;
        }
    }
    Ok(())
}

fn read(number: u64, value: &[u8]) -> Result<Event, StoreError> {
    let mut bytes = Bytes::versioned(value, "event", EVENT_VERSION)?;
    let cursor = EventCursor { number, opening: bytes.u64()? };
    let flags = bytes.u8()?;
    let kind = if flags & FLAG_DELETE == 0 { EventKind::Upsert } else { EventKind::Delete };
    let (author, action) = (HashRef(bytes.array()?), HashRef(bytes.array()?));
    let rows = bytes.u32()?;
    let mut ids = Vec::new();
    while !bytes.is_empty() {
        ids.push(read_id(&mut bytes)?);
    }
    Ok(Event { cursor, kind, author, action, confirmed: flags & FLAG_CONFIRMED != 0, rows, ids })
}

impl Snapshot {
    /// The cursor of the last event: what is new from now on comes after it.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn last_event(&self) -> Result<EventCursor, StoreError> {
        let events = self.transaction.open_table(EVENTS)?;
        let last = events.last()?;
        last.map_or(Ok(EventCursor::default()), |(number, value)| {
            Ok(read(number.value(), value.value())?.cursor)
        })
    }

    /// The events after a cursor, the oldest first, at most so many. Nothing if the cursor's own event is not there: it is
    /// too old, or another store's, or of a time that a crash has taken back. Cost: linear in the answer.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn events_since(
        &self,
        since: &EventCursor,
        at_most: usize,
    ) -> Result<Option<Vec<Event>>, StoreError> {
        let events = self.transaction.open_table(EVENTS)?;
        let is_there = match events.get(since.number)? {
            Some(value) => read(since.number, value.value())?.cursor == *since,
            // From the beginning, if that is there still.
            None => {
                *since == EventCursor::default()
                    && events.first()?.is_none_or(|(number, _)| number.value() == 1)
            }
        };
        if !is_there {
            return Ok(None);
        }
        let mut found = Vec::new();
        for entry in events.range(since.number.saturating_add(1)..)?.take(at_most) {
            let (number, value) = entry?;
            found.push(read(number.value(), value.value())?);
        }
        Ok(Some(found))
    }
}

#[cfg(test)]
mod tests;
