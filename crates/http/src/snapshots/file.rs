//! The file of a snapshot: what a collection is like and its rows, portable between nodes, checked to the last bit.
//!
//! The same header and rows give the same bytes (with the same version of zstd): nothing in a file says when, where or by
//! whom it was written. The `content` hash of a [`Summary`] depends on ids, vectors and payloads alone, whatever compressed
//! them, so that nodes can compare what they have.
//!
//! `docs/SNAPSHOTS.md` has the layout. In short: magic and version; then parts, each with its kind, its lengths and a
//! checksum (XXH3-64, as in index files): one `HEAD`, `ROWS` as many as there are frames, one `DONE`; then the SHA-256 of
//! everything before it.
//!
//! Writing and reading hold one frame in memory, of at most [`MAX_FRAME_BYTES`], and its rows.

mod error;
mod header;
mod part;
mod read;
mod row;
mod write;

pub use error::FileError;
pub use header::{Field, Header};
pub use read::SnapshotReader;
pub use row::Row;
pub use write::SnapshotWriter;

/// What a file begins with. Its first byte is no text's.
pub const MAGIC: [u8; 8] = *b"\x93RFSNAP\n";
/// The version of the layout that is written and read here.
pub const VERSION: u32 = 1;
/// Bytes that a frame is filled up to: enough for zstd to find what repeats, little to lose to a damaged sector.
pub const FRAME_BYTES: usize = 1 << 20;
/// Bytes that a frame may have before compression: what a reader must be ready to hold. The largest row that the rules of
/// the network allow has a fourth of it.
pub const MAX_FRAME_BYTES: usize = 8 << 20;
/// Bytes that a header may have.
pub const MAX_HEADER_BYTES: usize = 1 << 20;

/// What a whole file is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Rows.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of the rows' ids, payloads and vectors, in their order: the same wherever these are the same.
    pub content: [u8; 32],
    /// SHA-256 of the file, its own last 32 bytes included: what `sha256sum` says.
    pub sha256: [u8; 32],
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
