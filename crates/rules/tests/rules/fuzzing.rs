//! Every fuzz target over the committed seeds, and over random changes to them from a fixed seed: what
//! `cargo fuzz` does for hours on a nightly compiler, for a second on any.

use crate::{
    harness::{TARGETS, block},
    raw::RawBlock,
};
use std::path::Path;

/// Changed inputs for each seed file.
const ROUNDS: usize = 400;

/// The seeds of a target, sorted by name.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    // As cargo says when it runs the tests: a binary from a shared target directory may have been built elsewhere.
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let folder = Path::new(&here).join("../../fuzz/seeds").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{target} has no seeds");
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }
}

/// One to four changes: a bit, a byte, a telling number, a cut, a repetition, a piece of another seed.
fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        let end = at + random.below(bytes.len().saturating_sub(at).min(40) + 1);
        match random.below(7) {
            0 => bytes.iter_mut().skip(at).take(1).for_each(|b| *b ^= 1 << random.below(8)),
            1 => bytes.iter_mut().skip(at).take(1).for_each(|b| *b = random.below(256) as u8),
            2 => {
                let number = [0u32, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x7f80_0000][random.below(6)];
                bytes.iter_mut().skip(at).zip(number.to_le_bytes()).for_each(|(b, n)| *b = n);
            }
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at..end)),
            5 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                let from = random.below(other.len());
                let piece = other[from..].iter().take(40).copied();
                bytes.splice(at..end, piece);
            }
        }
    }
}

#[test]
fn no_target_panics_on_its_seeds_or_on_changes_to_them() {
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        let mut random = Random(1);
        for seed in &seeds {
            target(seed);
            for _ in 0..ROUNDS {
                let mut bytes = seed.clone();
                let other = &seeds[random.below(seeds.len())];
                change(&mut bytes, other, &mut random);
                target(&bytes);
            }
        }
    }
}

#[test]
fn no_change_to_the_meta_section_panics() {
    let raw = RawBlock::valid();
    let meta = raw.meta();
    let mut random = Random(2);
    for _ in 0..5_000 {
        let mut changed = meta.clone();
        change(&mut changed, &meta, &mut random);
        block(&raw.bytes_with_meta(&changed));
        // And what LZ4 makes of a packed form that nobody packed.
        let mut packed = lz4_flex::block::compress(&meta);
        change(&mut packed, &meta, &mut random);
        block(&raw.bytes_with_packed(&packed, meta.len() as u32));
    }
}
