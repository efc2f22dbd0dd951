//! Any bytes as the id of a point.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rose_forest_fuzz::harness::point_id(bytes));
