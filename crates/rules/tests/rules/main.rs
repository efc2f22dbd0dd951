//! Tests of the rules. The modules are named by what they test; `harness` is shared with `fuzz/`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod block_rules;
mod centroid_rules;
mod code_rules;
mod fixtures;
mod fuzzing;
mod harness;
mod ids;
mod make;
mod metadata_rules;
mod raw;
mod round_trips;
mod row_rules;
mod schema_rules;
mod tag_rules;
