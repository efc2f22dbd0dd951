//! What the fuzz targets run: the harnesses that the tests of the rules and of the HTTP API run too.

#[path = "../crates/rules/tests/rules/harness.rs"]
pub mod harness;
#[path = "../crates/http/tests/api/snapshots/harness.rs"]
pub mod snapshots;
