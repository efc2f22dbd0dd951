//! Any bytes as a NodeMetadata entry.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rose_forest_fuzz::harness::metadata(bytes));
