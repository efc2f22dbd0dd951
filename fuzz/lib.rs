//! What the fuzz targets run: the harness that the tests of the rules run too.

#[path = "../crates/rules/tests/rules/harness.rs"]
pub mod harness;
