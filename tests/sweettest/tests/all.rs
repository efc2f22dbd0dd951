//! What agents do to each other, with real conductors. One module for each kind of behaviour.

// Tests may panic: that is how they fail.
#![allow(clippy::unwrap_used)]

mod bad_input;
mod cells;
mod clock;
mod lies;
mod partial;
mod restart;
mod settling;
mod sharing;
mod signals;
