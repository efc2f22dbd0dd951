//! What a node knows of each row beside its vector: who wrote it, where it is, its payload; and filters.
//!
//! One [`Store`] is one file, a redb database, for one collection. Everything in it is derived from the DHT: a store
//! that is damaged, of another version or of another collection is deleted and filled again.
//!
//! - [`Batch`] takes in blocks: the newest version of each point counts ([`Version`]), a row that counts has a label
//!   ([`Label`]), and what was said only by a signal can be withdrawn again.
//! - [`Snapshot`] reads: rows by label, points by id, pages, counts, filters. What one snapshot says agrees with
//!   itself, whatever is written meanwhile.
//! - A log of changes brings an index file up to date that was saved earlier ([`Checkpoint`]).
//! - Events tell those who follow a collection what became of which points ([`Event`]).
//! - The write-ahead log, [`wal`], is a file of its own: it keeps what is not yet on the DHT.
//! - [`Filter`] is Qdrant's, with indexes of payload fields ([`FieldKind`]) where the user asks for them.
//!
//! Nothing here is kept in memory beside redb's page cache: sets of rows and indexes are tables of the same file, written
//! in the transaction that writes the rows. So opening reads nothing, an index can never disagree with its rows, and
//! memory stays within the size that the user gives to the cache.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![forbid(unsafe_code)]

mod batch;
mod block;
mod block_sum;
mod codec;
mod error;
mod events;
mod facet;
mod fields;
mod filter;
mod id_key;
mod log;
mod open;
#[cfg(feature = "openapi")]
pub mod openapi;
mod order;
mod payload;
mod point;
mod read;
mod record;
mod scroll;
mod sets;
mod shadow;
mod tables;
#[cfg(test)]
mod testing;
pub mod wal;

pub use batch::{Batch, Changes};
pub use block::{Content, IncomingBlock, IncomingRow};
pub use error::StoreError;
pub use events::{CursorError, Event, EventCursor, EventKind, MAX_EVENT_IDS, MAX_EVENTS};
pub use facet::{FacetHit, FacetValue};
pub use fields::{
    FieldIndexInfo, FieldKind, Progress,
    edit::{Projection, merge},
    path::{FieldPath, PathError},
};
pub use filter::{
    Allowed, Bounds, Condition, FieldCondition, Filter, GeoBoundingBox, GeoLineString, GeoPoint, GeoPolygon,
    GeoRadius, Key, Match, MatchValue, MatchValues, MinShould, Narrowed, Nested, Range, Time, ValuesCount,
};
pub use log::{ChangesSince, Checkpoint};
pub use open::{DEFAULT_CACHE_BYTES, DEFAULT_SYNC_EVERY, DEFAULT_SYNC_ROWS, Options, Store};
pub use order::{Direction, OrderBy, OrderValue, Ordered};
pub use point::Version;
pub use read::{AuthorBlocks, AuthorState, Counting, Row, Settled, Snapshot};
pub use record::{BlockInfo, BlockNumber, Place, Placed};
pub use roaring::RoaringBitmap;
pub use scroll::{Page, Start};

/// A row of a collection, numbered by the node in the order in which it took rows in. Never used twice.
pub type Label = u32;
