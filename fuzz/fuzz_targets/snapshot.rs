//! Any bytes as the file of a snapshot.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rose_forest_fuzz::snapshots::snapshot(bytes));
