//! A block: the rows of one author, as the bytes of a `Vector` entry.
//!
//! All numbers are little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `RFB` and the version, 1 |
//! | 1 | encoding |
//! | 1 | flags: bit 0, the block belongs to a cell; the others are reserved and zero |
//! | 2 | dimension |
//! | 4, 4 | live rows, tombstones |
//! | 2, 2 | blocks that this one replaces; reserved, zero |
//! | 4, 4 | bytes of the meta section: compressed, unpacked |
//! | 8 | the newest time of its rows, microseconds since 1970 |
//! | 39 + 2 | the cell, where bit 0 is set |
//! | 39 each | the blocks it replaces, as their action hashes, ascending |
//! | 8 each | id hashes of the live rows, ascending |
//! | 8 each | id hashes of the tombstones, ascending |
//! | | codes of the live rows, in the same order |
//! | | meta: an LZ4 block with times, ids and payloads |
//!
//! Codes are contiguous, so a scan touches nothing else; the id hashes stand in front, so a look-up by id reads
//! nothing else. Rows are in ascending order of (id hash, id), live rows first and tombstones after them.
//! Parsing ([`BlockView::parse`]) is cheap and proves the lengths; [`check_block`] proves the rest.

mod build;
mod check;
mod meta;
mod view;

pub use build::{BlockBuilder, BuildError};
pub use check::check_block;
pub use meta::{Meta, RowMeta};
pub use view::BlockView;

/// The first four bytes of a block.
pub(crate) const MAGIC: [u8; 4] = *b"RFB\x01";
/// Flag: the block belongs to a cell.
pub(crate) const FLAG_IN_CELL: u8 = 1;
/// Bytes before the cell.
pub const HEADER_BYTES: usize = 36;
/// Bytes of a cell in the header.
pub const CELL_BYTES: usize = 41;
/// Bytes of an id hash.
pub const ID_HASH_BYTES: usize = 8;
