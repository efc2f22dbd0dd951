//! What the tests with several conductors stand on.
//!
//! All conductors run in one process and meet at one local bootstrap and relay. Nothing here sleeps for a
//! fixed time: tests wait for [`Network::settled_down`] or, with [`until`], for a condition with a deadline.
//!
//! The DNA is the packed one (`cargo pack`), with the properties and the seed that a test chooses.

// Tests may panic: that is how they fail.
#![allow(clippy::unwrap_used)]

mod dna;
mod forge;
mod network;
mod node;
mod raw_block;
mod rows;
mod settling;
mod wait;

pub use dna::{adversary, collection, dna, schema, with_properties};
pub use forge::*;
pub use network::{Network, config, zero_arc};
pub use node::{APP, Node, Refused};
pub use raw_block::RawBlock;
pub use rows::{Row, by_id, row, rows, topic};
pub use settling::{OwnBlock, all_of_it, seen};
pub use wait::{DEADLINE, until};
