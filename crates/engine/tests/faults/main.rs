//! Faults that a node has to survive: ended at any moment, a full disk, damaged files.
//!
//! What is ended is a process of its own: this test binary, started again with the name of a [role](child::Role) to play.
//! Whoever starts a process ends it. To try another moment, give it a role in `child.rs` and the round that checks what
//! is left a place beside the others.
// Tests may panic, and so may what helps them: that is how they fail.
#![allow(clippy::unwrap_used)]

mod child;
mod damage;
mod disk_full;
mod ended_index;
mod ended_writer;
mod model;
