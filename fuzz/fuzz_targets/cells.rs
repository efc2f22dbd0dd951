//! Any bytes as a Centroid entry.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rose_forest_fuzz::harness::cells(bytes));
