//! Broken rules. Every rule has a name, and says what was expected and what was found.

use crate::{reference::HashRef, schema::Encoding};

/// A rule that was broken. `row` counts from zero within the block: live rows first, then tombstones.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The message of each variant is its documentation.
pub enum Violation {
    // Schema.
    #[error("the collection's properties cannot be read: {reason}")]
    SchemaUnreadable { reason: String },
    #[error(
        "the collection's properties are not in canonical form: fields in another order, or written otherwise than this program writes them"
    )]
    SchemaNotCanonical,
    #[error("expected properties of version {expected}, received {received}")]
    SchemaVersion { expected: u8, received: u8 },
    #[error(
        "a collection's name has 1 to {max} characters and no control character, received one of {received} characters"
    )]
    SchemaName { max: usize, received: usize },
    #[error("expected a dimension from {min} to {max}, received {received}")]
    SchemaDimension { min: usize, max: usize, received: usize },
    #[error("{what}: reserved for a later version")]
    Reserved { what: &'static str },

    // Bytes.
    #[error("{what}: expected {expected} bytes, received {received}")]
    Truncated { what: &'static str, expected: usize, received: usize },
    #[error("{received} bytes follow after the end")]
    TrailingBytes { received: usize },
    #[error("{what} have one form: expected the bytes that this program writes, received others")]
    EntryNotCanonical { what: &'static str },
    #[error("the entry cannot be read: {reason}")]
    EntryUnreadable { reason: String },
    #[error("an entry or a link of a type that it does not have: {reason}")]
    WrongType { reason: String },

    // Blocks.
    #[error("not a block: it does not begin with the bytes of one")]
    NotABlock,
    #[error("expected at most {max} bytes in a block, received {received}")]
    BlockTooLarge { max: usize, received: usize },
    #[error("expected an encoding from 1 to 5, received {received}")]
    UnknownEncoding { received: u8 },
    #[error("expected rows encoded as {expected:?}, received {received:?}")]
    WrongEncoding { expected: Encoding, received: Encoding },
    #[error("expected vectors of {expected} components, received {received}")]
    WrongDimension { expected: usize, received: usize },
    #[error("expected at least one row, received none")]
    EmptyBlock,
    #[error("expected at most {max} rows, received {received}")]
    TooManyRows { max: usize, received: usize },
    #[error("expected at most {max} replaced blocks, received {received}")]
    TooManyReplaced { max: usize, received: usize },
    #[error("replaced blocks stand in ascending order, each once; number {place} is not before the next")]
    ReplacedOrder { place: usize },
    #[error("ids and payloads unpack to at most {max} bytes, received {received}")]
    MetaTooLarge { max: usize, received: usize },
    #[error("ids and payloads cannot be unpacked: {reason}")]
    MetaCorrupt { reason: String },
    #[error("row {row}: expected the id hash {expected:016x}, received {received:016x}")]
    IdHash { row: usize, expected: u64, received: u64 },
    #[error("row {row}: ids are not in ascending order of their hashes")]
    IdOrder { row: usize },
    #[error("id {id} stands twice in one block")]
    RepeatedId { id: String },
    #[error("row {row}: the id is not valid text")]
    IdUnreadable { row: usize },
    #[error("row {row}: a UUID is written as text")]
    IdNotCanonical { row: usize },
    #[error("row {row}: expected an id of kind 0, 1 or 2, received {received}")]
    IdKind { row: usize, received: u8 },
    #[error("expected an id of 1 to {max} bytes, received {received}")]
    StringIdLength { max: usize, received: usize },
    #[error("row {row}: expected a payload of at most {max} bytes, received {received}")]
    PayloadTooLarge { row: usize, max: usize, received: usize },
    #[error("row {row}: expected a JSON object as payload: {reason}")]
    PayloadNotObject { row: usize, reason: String },
    #[error(
        "row {row}: expected a time from 0 to {latest} microseconds (five minutes after the action), received {received}"
    )]
    WrittenAt { row: usize, latest: i64, received: i64 },
    #[error("expected {expected} as the newest time in the header, received {received}")]
    NewestTime { expected: i64, received: i64 },

    // Codes.
    #[error("row {row}: component {component} is not a finite number")]
    NotFinite { row: usize, component: usize },
    #[error("row {row}: component {component}: expected a magnitude of at most {max}, received {received}")]
    ComponentTooLarge { row: usize, component: usize, max: f32, received: f32 },
    #[error("row {row}: a zero vector has no direction, and the collection compares by cosine")]
    ZeroVector { row: usize },
    #[error("row {row}: expected a vector of length 1, received {received}")]
    NotUnitLength { row: usize, received: f64 },
    #[error("row {row}: expected a scale that is finite and not negative, received {received}")]
    BadScale { row: usize, received: f32 },
    #[error("row {row}: expected the scale {expected}, received {received}")]
    ScaleNotCanonical { row: usize, expected: f32, received: f32 },
    #[error("row {row}: component {component}: expected a code from -127 to 127, received -128")]
    CodeOutOfRange { row: usize, component: usize },
    #[error(
        "row {row}: the largest code must be 127 with a positive scale, or all zero with scale 0; received {received} with scale {scale}"
    )]
    RangeNotUsed { row: usize, received: u8, scale: f32 },

    // Centroids.
    #[error("expected a level from 0 to {max}, received {received}")]
    CentroidLevel { max: u8, received: u8 },
    #[error("a region has no parent, received one")]
    RegionWithParent,
    #[error("cells need the region they lie in as their parent, received none")]
    CellWithoutParent,
    #[error("the parent is not an entry of cells")]
    ParentNotCells,
    #[error("expected a parent of level {expected}, received level {received}")]
    ParentLevel { expected: u8, received: u8 },
    #[error("expected 1 to {max} centres of {row} bytes each, received {received} bytes")]
    CentresSize { row: usize, max: usize, received: usize },
    #[error("expected the index of one of {count} centres, received {received}")]
    CellIndex { count: usize, received: u16 },
    #[error("expected at most {max} shares, received {received}")]
    TooManyShares { max: usize, received: usize },
    #[error(
        "shares stand in ascending order of their cells, each once; share {place} is not before the next"
    )]
    SharesOrder { place: usize },
    #[error("a share counts at least one row, received none")]
    EmptyShare,

    // Metadata.
    #[error("an agent speaks for its own node only: expected {expected}, received {received}")]
    MetadataOfAnother { expected: HashRef, received: HashRef },
    #[error("expected texts of at most {max} bytes, received {received}")]
    MetadataText { max: usize, received: usize },
    #[error("a node's texts hold no control characters")]
    MetadataControlCharacter,
    #[error("expected at most {max} capabilities, received {received}")]
    TooManyCapabilities { max: usize, received: usize },

    // Links and actions.
    #[error("expected a tag of version {expected}, received {received}")]
    TagVersion { expected: u8, received: u8 },
    #[error("the tag counts {received} rows, the block has {expected}")]
    TagRows { expected: u32, received: u32 },
    #[error("the tag says that the farthest row is {received} from the centre, it is {expected}")]
    TagRadius { expected: f32, received: f32 },
    #[error("the tag names {received} replaced blocks, or others than the block, which names {expected}")]
    TagReplaces { expected: usize, received: usize },
    #[error("a link of this type starts at {expected}, received another base")]
    LinkBase { expected: &'static str },
    #[error("a link of this type leads to {expected}, received another target")]
    LinkTarget { expected: &'static str },
    #[error("a link of this type has a tag of {expected} bytes, received {received}")]
    TagLength { expected: usize, received: usize },
    #[error("expected a link to the author's own {what}, received another agent's")]
    NotOwn { what: &'static str },
    #[error("the link's cell is not the cell that the block belongs to")]
    WrongCell,
    #[error("only its author, {expected}, may delete it; received a deletion by {received}")]
    DeletedByAnother { expected: HashRef, received: HashRef },
    #[error("{what} never change: expected a new entry, received an update")]
    Immutable { what: &'static str },
    #[error("{what} cannot be deleted: expected the deletion of its links")]
    Undeletable { what: &'static str },
    #[error("{what} are for everyone to check: expected a public entry, received a private one")]
    PrivateEntry { what: &'static str },
}

impl Violation {
    /// The name of the rule, which stays when the wording of the message changes: `WrongDimension`, say.
    pub fn name(&self) -> String {
        // The derived form of a variant is its name, alone or before a space and its fields.
        let mut name = format!("{self:?}");
        name.truncate(name.find(' ').unwrap_or(name.len()));
        name
    }
}
