//! How much may lie in memory, and for how long.

use std::time::Duration;

/// What the graph may take when nothing is said. A row of 384 components as sq8 takes about 550 bytes, codes and links, so
/// that two million of them fit; and a machine with 4 GB has room for it beside the conductor.
pub const DEFAULT_MEMORY_BYTES: u64 = 1 << 30;

/// What decides whether a settled row lies in the graph, in memory, or in the lists, on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that the graph may take. When it takes more, the oldest settled rows move to the lists until it takes three
    /// quarters. More memory: rows are found in less time. Fresh rows, and those of cells that are not known, stay in the
    /// graph whatever it takes. Default: 1 GiB.
    pub memory_bytes: u64,
    /// Settled rows that were written longer ago than this move to the lists however much memory there is: for memory
    /// that others need, where old rows are rarely wanted. Default: none, rows of any age may stay.
    pub age: Option<Duration>,
}

impl Limits {
    /// No row moves to disk.
    pub const NONE: Self = Self { memory_bytes: u64::MAX, age: None };
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_bytes: DEFAULT_MEMORY_BYTES, age: None }
    }
}
