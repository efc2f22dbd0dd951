//! Damage of every kind is noticed; what is written is read; what fails leaves the old file.

mod damage;
mod disk_full;

use super::*;
use proptest::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

const CONTENTS: Contents = Contents { kind: Kind(*b"TEST"), layout: 3, identity: [7; 32] };
const ONE: Tag = Tag::new("one");
const TWO: Tag = Tag::new("two");

/// A place for a file in a directory of its own.
fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.index");
    (directory, path)
}

/// A small file with two sections and a gap between them.
fn write(path: &Path, one: &[u8], two: &[u8]) {
    IndexFileWriter::write_all(path, CONTENTS, 42, &[(ONE, one), (TWO, two)]).unwrap();
}

fn open(path: &Path) -> Result<IndexFile, FileError> {
    IndexFile::open(path, &CONTENTS, Verify::Now)
}

/// Everything in a directory.
fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

proptest! {
    // Each case syncs files and a directory.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read_back(
        sections in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..6),
        piece in 1usize..100,
        sequence: u64,
        identity: [u8; 32],
        layout: u32,
    ) {
        let (_directory, path) = place();
        let contents = Contents { kind: Kind(*b"PROP"), layout, identity };
        let tags: Vec<Tag> = (0..sections.len()).map(|n| Tag::new(&format!("s{n}"))).collect();
        let mut writer = IndexFileWriter::create(&path, contents, sequence, &tags).unwrap();
        for (tag, bytes) in tags.iter().zip(&sections) {
            writer.begin(*tag).unwrap();
            bytes.chunks(piece).for_each(|piece| writer.put(piece).unwrap());
        }
        writer.commit().unwrap();
        for verify in [Verify::Now, Verify::Later] {
            let file = IndexFile::open(&path, &contents, verify).unwrap();
            prop_assert_eq!(file.sequence(), sequence);
            for (tag, bytes) in tags.iter().zip(&sections) {
                prop_assert_eq!(file.section_unverified(*tag).unwrap(), &bytes[..]);
                let section = file.section(*tag).unwrap();
                prop_assert_eq!(section, &bytes[..]);
                prop_assert_eq!(section.as_ptr().addr() % 64, 0);
            }
        }
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), magic: bool) {
        let (_directory, path) = place();
        let mut bytes = bytes;
        if magic {
            let head = [&b"\x93RFINDEX\x01\0\0\0TEST"[..], &3u32.to_le_bytes(), &[1, 0, 0, 0]].concat();
            bytes.splice(..bytes.len().min(head.len()), head);
        }
        fs::write(&path, &bytes).unwrap();
        prop_assert!(open(&path).is_err());
    }
}

#[test]
fn large_sections_are_written_in_pieces_and_whole() {
    let (_directory, path) = place();
    let large: Vec<u8> = (0..700_001u32).map(|n| (n * 7 / 3) as u8).collect();
    let mut writer = IndexFileWriter::create(&path, CONTENTS, 0, &[ONE, TWO]).unwrap();
    writer.begin(ONE).unwrap();
    large.chunks(1001).for_each(|piece| writer.put(piece).unwrap());
    writer.begin(TWO).unwrap();
    writer.put(b"first").unwrap();
    writer.put(&large).unwrap();
    writer.put(b"last").unwrap();
    writer.commit().unwrap();
    let file = open(&path).unwrap();
    assert_eq!(file.section(ONE).unwrap(), large);
    assert_eq!(file.section(TWO).unwrap(), [b"first", &large[..], b"last"].concat());
    assert_eq!(file.file_bytes(), fs::metadata(&path).unwrap().len());
    file.will_need(ONE, 5..100_000_000);
    file.will_need(Tag::new("none"), 0..1);
}

#[test]
fn a_file_is_readable_by_its_owner_alone_and_an_open_one_outlives_its_replacement() {
    let (_directory, path) = place();
    write(&path, b"old", b"");
    let old = open(&path).unwrap();
    write(&path, b"new", b"");
    assert_eq!(old.section(ONE).unwrap(), b"old");
    let new = open(&path).unwrap();
    assert_eq!(new.section(ONE).unwrap(), b"new");
    assert_ne!(new.fingerprint(), old.fingerprint());
    assert_eq!(new.fingerprint(), open(&path).unwrap().fingerprint());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn leftovers_of_a_crash_are_removed_and_a_living_writers_file_is_not() {
    let (directory, path) = place();
    write(&path, b"old", b"");
    let crashed = ".test.index.1-5.rose-index-tmp";
    let of_another = ".other.index.1-5.rose-index-tmp";
    fs::write(directory.path().join(crashed), b"half").unwrap();
    fs::write(directory.path().join(of_another), b"half").unwrap();
    let mut living = IndexFileWriter::create(&path, CONTENTS, 1, &[ONE]).unwrap();
    assert_eq!(open(&path).unwrap().section(ONE).unwrap(), b"old");
    let left = names(directory.path());
    assert!(!left.contains(&crashed.to_owned()) && left.contains(&of_another.to_owned()), "{left:?}");
    assert_eq!(remove_leftovers(directory.path()).unwrap(), 1);
    living.begin(ONE).unwrap();
    living.put(b"new").unwrap();
    living.commit().unwrap();
    assert_eq!(open(&path).unwrap().section(ONE).unwrap(), b"new");
    assert_eq!(names(directory.path()), ["test.index"]);
}

#[test]
fn sections_come_in_the_order_that_was_announced() {
    let (directory, path) = place();
    let mut writer = IndexFileWriter::create(&path, CONTENTS, 0, &[ONE, TWO]).unwrap();
    assert!(matches!(writer.put(b"x"), Err(FileError::SectionOrder { expected: Some(ONE), received: None })));
    assert!(matches!(
        writer.begin(TWO),
        Err(FileError::SectionOrder { expected: Some(ONE), received: Some(TWO) })
    ));
    writer.begin(ONE).unwrap();
    assert!(matches!(writer.commit(), Err(FileError::SectionOrder { expected: Some(TWO), received: None })));
    assert!(names(directory.path()).is_empty());
    let twice = IndexFileWriter::create(&path, CONTENTS, 0, &[ONE, ONE]);
    assert!(matches!(twice, Err(FileError::Malformed { .. })));
    let many: Vec<Tag> = (0..65).map(|n| Tag::new(&n.to_string())).collect();
    let many = IndexFileWriter::create(&path, CONTENTS, 0, &many);
    assert!(matches!(many, Err(FileError::Malformed { .. })));
}

#[test]
fn a_section_that_is_not_there_is_named() {
    let (_directory, path) = place();
    write(&path, b"one", b"two");
    let none = Tag::new("none");
    assert!(matches!(open(&path).unwrap().section(none), Err(FileError::NoSection { tag }) if tag == none));
}
