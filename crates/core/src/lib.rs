//! The algorithms of Rose Forest: distances, encodings, clustering, routing, top-k and the two CRDTs.
//!
//! Nothing here knows Holochain, reads a clock or asks the system for randomness: seeds come from the caller.
//! The same source runs in the coordinator's wasm and in the native node, and, because every sum has a fixed
//! order, both come to the same numbers.
//!
//! Unlike `rules`, this crate may change freely: what it computes is either checked by `rules` or is a matter
//! of taste that no peer has to agree with.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]
#![forbid(unsafe_code)]

pub mod distance;
pub mod encode;
mod error;
pub mod kmeans;
pub mod points;
mod random;
pub mod routing;
pub mod score;
pub mod shares;
mod space;
pub mod synthetic;
#[cfg(test)]
mod test_vectors;
pub mod top_k;

pub use error::{ClusterError, VectorError};
pub use rose_forest_rules::schema::{Distance, Encoding};
pub use space::Space;
