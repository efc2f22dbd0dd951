//! Any bytes as an entry of shares.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rose_forest_fuzz::harness::shares(bytes));
