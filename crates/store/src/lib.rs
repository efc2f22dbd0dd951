//! What a node knows of each row beside its vector: who wrote it, where it is, its payload; and filters.

pub mod wal;
