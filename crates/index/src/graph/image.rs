//! A graph as bytes: every array as it is, so that reading a million rows back is a matter of copying.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `RFGRAPH` and the version |
//! | 4, 1, 1, 2 | dimension; distance and encoding as `rules::schema` numbers them; 0 |
//! | 4, 4, 8 | `m`, `ef_construction`, `seed` |
//! | 4, 4 | slots; the slot where searches begin + 1, or 0 |
//! | 4 a slot | labels, 0 where there is no live row |
//! | 1 a slot | what is in it: 0 nothing, 1 a row, 2 a removed row |
//! | 1 a slot | its highest layer |
//! | 8 m a slot | its neighbours in the lowest layer, each + 1, then zeros |
//! | 4 m a layer above | the same for each upper layer of each slot |
//! | `code_bytes` a slot | codes |
//!
//! All numbers are little-endian. There are no checksums: they belong to the file around it. Nothing is trusted all the
//! same: bytes that are no graph are refused, and any others make a graph whose searches end.

mod read;
mod write;

/// What an image begins with.
const MAGIC: [u8; 8] = *b"RFGRAPH\x01";
