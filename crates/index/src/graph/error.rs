//! What can go wrong.

use crate::Label;
use rose_forest_core::{Space, VectorError};

/// Why a graph did not take a row or a query.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// A vector or an encoding that no graph can hold.
    #[error(transparent)]
    Vector(#[from] VectorError),
    /// A parameter is out of its range.
    #[error("{name} must be {min} to {max}, received {received}")]
    Parameter {
        /// Its name in `GraphParams`.
        name: &'static str,
        /// The least allowed.
        min: usize,
        /// The most allowed.
        max: usize,
        /// What was given.
        received: usize,
    },
    /// Codes that are not of this space.
    #[error("expected {expected} bytes of codes, received {received}")]
    CodeLength {
        /// Bytes of as many codes as there are labels.
        expected: usize,
        /// Bytes given.
        received: usize,
    },
    /// The label is in use: remove the old row first.
    #[error("row {label} is already in the graph; remove it first")]
    LabelTaken {
        /// The label.
        label: Label,
    },
    /// No more rows fit into one graph.
    #[error("a graph holds at most {max} rows")]
    Full {
        /// The most rows.
        max: usize,
    },
    /// The system gave no memory.
    #[error("no memory for more rows: {0}")]
    Memory(#[from] std::io::Error),
}

/// Why an image of a graph was not read. Throw the image away and build the graph anew.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// These are not the bytes of a graph.
    #[error(
        "not the image of a graph, or of another version: it begins with {received:02x?}, expected {expected:02x?}"
    )]
    Magic {
        /// What an image begins with.
        expected: [u8; 8],
        /// What this one begins with.
        received: [u8; 8],
    },
    /// The image holds rows of another space.
    #[error(
        "expected rows of {expected:?}, received dimension {dimension}, distance {distance}, encoding {encoding}"
    )]
    OtherSpace {
        /// What was asked for.
        expected: Space,
        /// The image's dimension.
        dimension: u32,
        /// The number of the image's distance.
        distance: u8,
        /// The number of the image's encoding.
        encoding: u8,
    },
    /// The bytes end too early or too late.
    #[error("{what}: expected {expected} bytes, received {received}")]
    Length {
        /// Which part.
        what: &'static str,
        /// How long it should be.
        expected: usize,
        /// What is left.
        received: usize,
    },
    /// A number that cannot be.
    #[error("{what} of row {row} is {received}, must be below {limit}")]
    OutOfRange {
        /// Which number.
        what: &'static str,
        /// The slot that it belongs to.
        row: usize,
        /// The number.
        received: u64,
        /// What it must stay below.
        limit: u64,
    },
    /// Two rows with one label.
    #[error("two rows have the label {label}")]
    LabelTwice {
        /// The label.
        label: Label,
    },
    /// The graph could not be made.
    #[error(transparent)]
    Graph(#[from] GraphError),
}
