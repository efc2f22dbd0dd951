//! Files that are damaged, missing, or not ours.

use super::*;
use crate::file::{Contents, FileError, IndexFile, IndexFileWriter, Kind, Tag};

fn saved() -> Fixture {
    let mut fixture = Fixture::plain(4, 1);
    fixture.add(0..40);
    fixture.add(40..60);
    fixture.remove(&[3, 50]);
    fixture.lists.save(7).unwrap();
    fixture
}

/// Why the lists cannot be opened, and with which file that has to do.
fn error_of(fixture: &mut Fixture, verify: Verify) -> (ListsError, PathBuf) {
    let error = fixture.reopen(verify).unwrap_err();
    let file = error.unusable_file().unwrap().to_owned();
    assert!(error.to_string().contains(&*file.to_string_lossy()), "{error}");
    (error, file)
}

#[test]
fn every_damaged_byte_of_every_file_is_noticed_and_the_file_is_named() {
    let mut fixture = saved();
    for name in fixture.files() {
        let path = fixture.directory.path().join(name);
        let whole = fs::read(&path).unwrap();
        // A step that is no power of two, so that it meets every section and every part of a number.
        for at in (0..whole.len()).step_by(37) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            fs::remove_file(&path).unwrap();
            fs::write(&path, &bytes).unwrap();
            assert_eq!(error_of(&mut fixture, Verify::Now).1, path, "{at}");
        }
        fs::remove_file(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert_eq!(error_of(&mut fixture, Verify::Later).1, path);
        fs::remove_file(&path).unwrap();
        let (error, missing) = error_of(&mut fixture, Verify::Later);
        assert!(matches!(error, ListsError::File { source, .. } if source.is_missing()));
        assert_eq!(missing, path);
        fs::write(&path, &whole).unwrap();
    }
    fixture.reopen(Verify::Now).unwrap();
    fixture.check();
}

#[test]
fn damaged_codes_are_found_later_if_asked_for_later() {
    let mut fixture = saved();
    let path = fixture.segments()[0].clone();
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::remove_file(&path).unwrap();
    fs::write(&path, &bytes).unwrap();
    fixture.reopen(Verify::Later).unwrap();
    fixture.lists.search(&[1.0; 13], &Search { k: 100, nprobe: None, filter: None }).unwrap();
    let error = fixture.lists.verify().unwrap_err();
    assert_eq!(error.unusable_file(), Some(&*path));
    assert!(matches!(error, ListsError::File { source: FileError::ChecksumMismatch { .. }, .. }));
}

#[test]
fn another_collection_and_another_space_are_refused() {
    let fixture = saved();
    let directory = fixture.directory.path();
    let error = Lists::open(directory, [6; 32], fixture.space, Verify::Now).unwrap_err();
    assert!(matches!(error, ListsError::File { source: FileError::OtherCollection { .. }, .. }));
    for space in [
        Space { dimension: 14, ..fixture.space },
        Space { distance: Distance::Dot, ..fixture.space },
        Space { encoding: Encoding::F16, ..fixture.space },
    ] {
        let error = Lists::open(directory, IDENTITY, space, Verify::Now).unwrap_err();
        assert!(matches!(error, ListsError::OtherSpace { expected, .. } if expected == space));
    }
}

#[test]
fn files_in_each_others_place_are_refused() {
    let mut fixture = saved();
    let [first, second] = &fixture.segments()[..] else { panic!() };
    let old = fs::read(first).unwrap();
    fs::remove_file(first).unwrap();
    fs::copy(second, first).unwrap();
    assert!(
        matches!(error_of(&mut fixture, Verify::Now), (ListsError::OtherFile { .. }, path) if path == *first)
    );
    // The same number, and other rows.
    fs::write(first, old).unwrap();
    let lists = fs::read(fixture.directory.path().join("lists.index")).unwrap();
    let other = saved();
    fs::write(other.directory.path().join("lists.index"), lists).unwrap();
    fs::remove_file(&other.segments()[0]).unwrap();
    let mut changed = Fixture::plain(4, 2);
    changed.add(0..40);
    fs::copy(&changed.segments()[0], other.directory.path().join("segment-00000001.index")).unwrap();
    let mut other = other;
    assert!(matches!(error_of(&mut other, Verify::Now).0, ListsError::OtherFile { .. }));
}

#[test]
fn lists_and_cells_that_cannot_be_are_refused_or_harmless_although_the_checksums_match() {
    let mut fixture = saved();
    for (name, kind, tags) in [
        ("lists.index", b"LIST", &["about", "segments", "removed"][..]),
        ("cells.index", b"CELL", &["ids", "centres"]),
    ] {
        let path = fixture.directory.path().join(name);
        let contents = Contents { kind: Kind(*kind), layout: 1, identity: IDENTITY };
        let tags: Vec<Tag> = tags.iter().map(|tag| Tag::new(tag)).collect();
        let file = IndexFile::open(&path, &contents, Verify::Now).unwrap();
        let sections: Vec<Vec<u8>> = tags.iter().map(|tag| file.section(*tag).unwrap().to_vec()).collect();
        let write = |sections: &[Vec<u8>]| {
            let sections: Vec<_> = tags.iter().copied().zip(sections.iter().map(Vec::as_slice)).collect();
            IndexFileWriter::write_all(&path, contents, 7, &sections).unwrap();
        };
        for section in 0..sections.len() {
            let length = sections[section].len();
            let changes = (0..length)
                .step_by(length.div_ceil(40) | 1)
                .flat_map(|at| [0, 0x7f, 0xff].map(|to| (at, to)));
            let mut refused = 0;
            for (at, to) in changes {
                let mut changed = sections.clone();
                changed[section][at] = to;
                write(&changed);
                match fixture.reopen(Verify::Now) {
                    Ok(()) => {
                        drop(fixture.lists.search(&[1.0; 13], &Search { k: 9, nprobe: None, filter: None }))
                    }
                    Err(error) => {
                        assert!(error.unusable_file().is_some(), "{error}");
                        refused += 1;
                    }
                }
            }
            // Any bytes are an id.
            assert!(refused > 0 || tags[section] == Tag::new("ids"), "{name} {section}");
            let mut cut = sections.clone();
            cut[section].pop();
            write(&cut);
            assert_eq!(error_of(&mut fixture, Verify::Now).1, path);
        }
        write(&sections);
    }
    fixture.reopen(Verify::Now).unwrap();
    fixture.check();
}

#[test]
fn only_the_rows_of_damaged_segments_are_forgotten() {
    let mut fixture = saved();
    assert_eq!(fixture.lists.forget_damaged().unwrap(), []);
    let path = fixture.segments()[0].clone();
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::remove_file(&path).unwrap();
    fs::write(&path, &bytes).unwrap();
    fixture.reopen(Verify::Later).unwrap();
    let mut forgotten = fixture.lists.forget_damaged().unwrap();
    forgotten.sort_unstable();
    assert!(forgotten.into_iter().eq((0..40).filter(|label| *label != 3)));
    fixture.rows.retain(|label, _| *label >= 40);
    fixture.check();
    fixture.lists.save(8).unwrap();
    assert_eq!(fixture.segments().len(), 1);
    fixture.reopen(Verify::Now).unwrap();
    fixture.check();
}
