//! What every peer enforces: byte layouts, limits and pure checks.
//!
//! **Frozen.** This crate is linked into the integrity zome, and the hash of that wasm is the identity of the
//! network: a change here forks it. Nothing here knows Holochain, reads a clock, draws a random number or
//! depends on what a node happens to hold, so that all peers come to the same verdict.
//!
//! Everything that parses bytes from others returns a [`Violation`] and never panics: indexing, `unwrap` and
//! `unsafe` are forbidden in this crate.

pub mod anchor;
pub mod block;
pub mod centroid;
pub mod code;
pub mod id;
mod json;
pub mod limits;
pub mod metadata;
mod read;
pub mod reference;
pub mod schema;
pub mod tag;
mod violation;

pub use violation::Violation;
