//! Any bytes as link tags.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rose_forest_fuzz::harness::tags(bytes));
