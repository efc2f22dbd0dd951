//! Any bytes as the properties of a collection.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rose_forest_fuzz::harness::schema(bytes));
