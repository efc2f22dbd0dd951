//! A collection as one node answers it: an index in step with the blocks that it is given, and a queue for its writes.
//!
//! Nothing here knows Holochain beyond hashes and keys: blocks come from whoever reads the DHT, and writes go to whoever
//! calls the zome.

mod block;
pub mod local;
pub mod metrics;
pub mod reconcile;
pub mod writer;

pub use block::SignedBlock;
