//! The index that a node answers from: rows in a graph in memory, and rows in inverted lists on disk.
//!
//! An index is derived. What it says never changes what is stored, and it can be thrown away and rebuilt at any
//! time. Nothing here knows Holochain or what a point is: rows are known by a [`Label`], and scored from the codes
//! that blocks hold.

mod codes;
pub mod file;
pub mod graph;
pub mod kernel;
pub mod lists;
mod types;
mod vector_index;

pub use types::{Hit, Label, OtherSpace, RowFilter};
pub use vector_index::{Effort, VectorIndex};
