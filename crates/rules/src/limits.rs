//! Limits, each with its reason. A limit is part of the rules: all peers refuse what is beyond it.

/// Smallest number of components of a vector.
pub const MIN_DIMENSION: usize = 1;
/// Largest number of components of a vector: the largest that current embedding models give.
pub const MAX_DIMENSION: usize = 4096;
/// Rows (live ones and tombstones) in one block. One tombstone is small, so bytes alone would not bound the
/// work of a validator.
pub const MAX_BLOCK_ROWS: usize = 16_384;
/// Bytes of one block. Holochain refuses entries over 4,000,000 bytes; the rest is for the envelope.
pub const MAX_BLOCK_BYTES: usize = 3_990_000;
/// Bytes of ids, times and payloads of one block before compression: what a reader must be ready to allocate.
pub const MAX_META_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of one payload as JSON text.
pub const MAX_PAYLOAD_BYTES: usize = 1024 * 1024;
/// Levels of objects and arrays in one payload. Readers that recurse give up somewhere past this one, and
/// serde_json at 128.
pub const MAX_PAYLOAD_DEPTH: usize = 100;
/// Largest magnitude of a component of a vector or a centre. Squares and products of such components, summed
/// over [`MAX_DIMENSION`], stay far from the largest f32: no row makes a reader's kernel overflow to infinity,
/// or turn infinities into a score that is not a number.
pub const MAX_COMPONENT: f32 = 1e15;
/// Bytes of an id that is a string.
pub const MAX_STRING_ID_BYTES: usize = 512;
/// Blocks that one block may replace: their hashes must fit into the 1,000 bytes of a link tag.
pub const MAX_REPLACES: usize = 24;
/// How far a row's time may lie after its action's own time, in microseconds: five minutes.
pub const MAX_AHEAD_MICROS: i64 = 5 * 60 * 1_000_000;
/// Centres in one Centroid entry: what a reader takes in to route within one region.
pub const MAX_CENTRES: usize = 4096;
/// Bytes of the centres of one Centroid entry.
pub const MAX_CENTRES_BYTES: usize = 3_900_000;
/// Cells in one entry of shares.
pub const MAX_SHARES: usize = 65_536;
/// Characters of a collection's name.
pub const MAX_NAME_CHARS: usize = 128;
/// Bytes of a text field in the metadata of a node.
pub const MAX_METADATA_TEXT_BYTES: usize = 128;
/// Capabilities that the metadata of a node may name.
pub const MAX_CAPABILITIES: usize = 32;
