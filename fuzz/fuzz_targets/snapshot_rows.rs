//! Any bytes as the rows of a snapshot, in a file that is right otherwise.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rose_forest_fuzz::snapshots::rows(bytes));
