//! What crosses a boundary: the inputs and outputs of zome calls, and signals.
//!
//! Everything is MessagePack with named fields, as the conductor sends it. Vectors travel as bytes, `dimension`
//! little-endian f32 a row, because a list of numbers is twice as large and ten times as slow to read. Payloads
//! travel as the JSON text that is stored. Fields with a default may be left out.

mod cells;
mod functions;
mod info;
mod points;
mod search;
mod settle;
mod signal;

pub use cells::*;
pub use functions::FUNCTIONS;
pub use info::*;
pub use points::*;
pub use search::*;
pub use settle::*;
pub use signal::*;

pub use holo_hash::{ActionHash, AgentPubKey, DnaHash};
pub use rose_forest_rules::{
    id::PointId,
    metadata::{Holds, NodeStatus},
    schema::{Distance, Encoding, Schema},
};

/// The name of the coordinator zome.
pub const COORDINATOR_ZOME: &str = "rose_forest_coordinator";
/// The name of the integrity zome.
pub const INTEGRITY_ZOME: &str = "rose_forest_integrity";
/// The name of the role, whose clones are the collections.
pub const ROLE: &str = "rose_forest";

/// The bytes of rows of f32, as [`InsertInput::vectors`] and [`SearchInput::vector`] want them.
pub fn floats_to_bytes(floats: &[f32]) -> Vec<u8> {
    floats.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// The components in such bytes. Bytes that do not fill a number are left out: check the length first.
pub fn bytes_to_floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}
