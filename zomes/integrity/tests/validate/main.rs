//! Every rule of the integrity zome, each broken alone, through `validate` and against a DHT in memory.
//! The rules about bytes have tests of their own in `rose-forest-rules`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod deletes;
mod dht;
mod entries;
mod founding;
mod genesis;
mod links_of_cells;
mod links_of_epochs;
mod links_of_others;
mod make;
mod ops;
mod system;
mod undecided;
