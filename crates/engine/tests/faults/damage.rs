//! Files of an index that are cut off, changed, or another collection's.

use crate::child::Random;
use crate::model::{check, move_settled, open, open_without_memory, restore, take_in};
use rose_forest_engine::local::Opening;
use std::fs;
use std::path::{Path, PathBuf};

/// Blocks of the index.
const BLOCKS: u64 = 60;
/// Random places of each file.
const PLACES: u64 = 12;

/// The files of an index, those of whatever it is made of.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            files.extend(self::files(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files.sort();
    files
}

/// A saved index of another collection or of this one, closed: some of its rows in memory, some on disk.
fn saved(dir: &Path, identity: [u8; 32]) {
    let (index, _) = open_without_memory(dir, identity);
    take_in(&index, BLOCKS);
    assert!(move_settled(&index) > 0);
    index.save().unwrap();
}

/// Opens what is left, takes in again what it lacks, and asserts that then everything is found. Says whether the damage was
/// noticed.
fn recovered(dir: &Path) -> bool {
    let (index, opening) = open(dir);
    let codes_damaged = index.verify_files().is_err();
    if codes_damaged {
        assert!(index.forget_damaged_files().unwrap() > 0);
    }
    let lacks = BLOCKS - crate::model::next(&index);
    assert!(lacks == 0 || opening.store_rebuilt.is_some(), "blocks are gone, and nothing is said");
    if lacks > 0 {
        take_in(&index, lacks);
    }
    restore(&index);
    check(&index);
    // And what is saved now opens without a word.
    index.save().unwrap();
    drop(index);
    let (index, again) = open(dir);
    assert_eq!(again, Opening::default());
    index.verify_files().unwrap();
    check(&index);
    codes_damaged || opening != Opening::default()
}

/// Damages each file of an index in some way, one at a time. `damage` gives what is in the file then. `noticed` says whether
/// that must be noticed.
fn each(
    damage: impl Fn(&Path, &[u8], &mut Random) -> Vec<u8>,
    places: u64,
    always_noticed: impl Fn(&Path) -> bool,
) {
    let template = tempfile::tempdir().unwrap();
    saved(template.path(), [1; 32]);
    let mut random = Random(9);
    let all = files(template.path());
    assert!(all.len() >= 5, "rows, a graph, cells, lists and a segment: {all:?}");
    for damaged in &all {
        for _ in 0..places {
            let dir = tempfile::tempdir().unwrap();
            for file in &all {
                let bytes = fs::read(file).unwrap();
                let name = file.strip_prefix(template.path()).unwrap();
                let to = dir.path().join(name);
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                fs::write(to, if file == damaged { damage(name, &bytes, &mut random) } else { bytes })
                    .unwrap();
            }
            let noticed = recovered(dir.path());
            assert!(noticed || !always_noticed(damaged), "{}", damaged.display());
        }
    }
}

/// Whether every byte of a file counts. A database has pages that are free, or of an older commit.
fn every_byte_counts(file: &Path) -> bool {
    file.extension().is_none_or(|extension| extension != "redb")
}

#[test]
fn a_file_that_was_cut_off_anywhere_is_noticed_and_everything_found_again() {
    each(|_, bytes, random| bytes[..random.below(bytes.len() as u64) as usize].to_vec(), PLACES, |_| true);
}

#[test]
fn a_flipped_bit_anywhere_is_noticed_or_does_no_harm() {
    let flip = |_: &Path, bytes: &[u8], random: &mut Random| {
        let mut bytes = bytes.to_vec();
        let at = random.below(bytes.len() as u64) as usize;
        bytes[at] ^= 1 << random.below(8);
        bytes
    };
    each(flip, PLACES, every_byte_counts);
}

#[test]
fn a_file_of_another_collection_is_noticed_and_everything_found_again() {
    let other = tempfile::tempdir().unwrap();
    saved(other.path(), [2; 32]);
    each(|name, _, _| fs::read(other.path().join(name)).unwrap(), 1, |_| true);
}

#[test]
fn a_file_that_is_gone_is_made_anew_and_everything_found_again() {
    let template = tempfile::tempdir().unwrap();
    saved(template.path(), [1; 32]);
    for gone in files(template.path()) {
        let dir = tempfile::tempdir().unwrap();
        saved(dir.path(), [1; 32]);
        fs::remove_file(dir.path().join(gone.strip_prefix(template.path()).unwrap())).unwrap();
        let (index, _) = open(dir.path());
        let lacks = BLOCKS - crate::model::next(&index);
        if lacks > 0 {
            take_in(&index, lacks);
        }
        restore(&index);
        check(&index);
    }
}
