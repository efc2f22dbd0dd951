//! Any bytes as the ids, times and payloads of a block.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rose_forest_fuzz::harness::meta(bytes));
