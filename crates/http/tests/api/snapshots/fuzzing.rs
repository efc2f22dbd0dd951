//! The fuzz targets of snapshots over the committed seeds, and over changes to them by fixed random numbers.

use super::harness::{read, rows, snapshot};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::path::Path;

/// Changed inputs for each seed.
const ROUNDS: usize = 3_000;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    // As cargo says when it runs the tests: a binary from a shared target directory may have been built elsewhere.
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let folder = Path::new(&here).join("../../fuzz/seeds").join(target);
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let seeds: Vec<_> = paths.map(|path| std::fs::read(path).unwrap()).collect();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    seeds
}

/// One to four changes: a bit, a byte, a telling number, a cut, a piece again.
fn change(bytes: &mut Vec<u8>, random: &mut StdRng) {
    for _ in 0..random.random_range(1..=4) {
        let at = random.random_range(0..bytes.len().max(1)).min(bytes.len());
        let end = (at + random.random_range(0..40)).min(bytes.len());
        match random.random_range(0..6) {
            0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.random_range(0..8)),
            1 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = random.random()),
            2 => {
                let number = [0u32, 1, 0x7fff_ffff, 0xffff_ffff, 0x7f80_0000][random.random_range(0..5)];
                bytes.iter_mut().skip(at).zip(number.to_le_bytes()).for_each(|(byte, with)| *byte = with);
            }
            3 => bytes.truncate(at),
            4 => {
                bytes.drain(at..end);
            }
            _ => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
}

#[test]
fn no_bytes_make_the_reader_of_snapshots_panic() {
    let mut random = StdRng::seed_from_u64(1);
    for (target, run) in [("snapshot", snapshot as fn(&[u8])), ("snapshot_rows", rows)] {
        for seed in seeds(target) {
            run(&seed);
            for _ in 0..ROUNDS {
                let mut bytes = seed.clone();
                change(&mut bytes, &mut random);
                run(&bytes);
            }
        }
    }
}

#[test]
fn every_seed_of_a_snapshot_is_one() {
    for seed in seeds("snapshot") {
        read(&seed).unwrap();
    }
}
