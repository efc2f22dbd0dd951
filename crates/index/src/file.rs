//! The container that every index file uses: a header, then sections, all of it checksummed.
//!
//! An index is derived, so a file is either whole and right or it is thrown away: nothing is repaired. What opens has
//! the right magic, version, kind, layout and identity, is as long as it says, and matches its checksums; every flipped
//! bit, and every missing or added byte, is noticed.
//!
//! # Layout, version 1
//!
//! All numbers are little-endian. Checksums are XXH3 with 64 bits (seed 0) of the bytes that they cover.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | magic: `93 52 46 49 4e 44 45 58` (0x93, then `RFINDEX`) |
//! | 8..12 | version of this container, u32: 1 |
//! | 12..16 | [`Kind`]: four ASCII letters |
//! | 16..20 | layout of the sections, u32: each kind counts its own |
//! | 20..24 | how many sections, u32: at most [`MAX_SECTIONS`] |
//! | 24..32 | sequence number, u64: up to where the index is in step with the node's store |
//! | 32..64 | identity of the collection |
//! | 64..72 | bytes of the file, u64 |
//! | 72..80 | zeros |
//! | 80..80 + 32 n | the table: for each section its [`Tag`] (8 bytes of ASCII, padded with zeros), start u64, bytes u64, checksum u64 |
//! | 8 more | checksum of everything before it |
//!
//! Then the sections, in the order of the table. Each starts at the next multiple of 64, with zeros before it; the file
//! ends where the last one ends.
//!
//! # Writing
//!
//! [`IndexFileWriter`] writes a temporary file beside the one that it will replace (mode 0600, locked), syncs it,
//! renames it, and syncs the directory. Until the rename the old file is untouched. Whatever fails, a full disk
//! included, leaves no temporary file; what a crash leaves is removed by the next [`IndexFile::open`] of that file, or
//! by [`remove_leftovers`] for a whole directory. The lock says which temporary file has a living writer.
//!
//! # Reading
//!
//! [`IndexFile`] maps the file into memory. **A mapped file must not shrink**: reading a page that is no longer there
//! kills the process (SIGBUS), and no check here can prevent it. Files of an index are therefore never changed in
//! place, only replaced by renaming, which leaves the mapped one as it was until nobody maps it; and they belong to one
//! node, in a directory that nobody else writes to. On Windows a mapped file cannot be replaced: use another name.

mod error;
mod layout;
mod leftovers;
mod read;
mod write;

pub use error::FileError;
pub use layout::{CONTAINER_VERSION, Contents, Kind, MAX_SECTIONS, Tag};
pub use leftovers::remove_leftovers;
pub use read::{IndexFile, Verify};
pub use write::IndexFileWriter;

#[cfg(test)]
mod tests;
