//! The program as people run it.
//!
//! Needs a DNA: a released one built in, or the one that `ROSE_FOREST_DNA` names (`cargo pack` makes
//! `workdir/rose_forest.dna`, which is used when nothing is said).

#![allow(clippy::unwrap_used)] // Tests may panic, and so may what helps them.

#[path = "program/run.rs"]
mod run;

mod program {
    mod bad_input;
    mod demo;
    mod elsewhere;
    mod events;
    mod http;
    mod live;
    mod one_node;
    mod page;
    mod serving;
}
