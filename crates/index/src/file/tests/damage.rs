//! Truncated, changed, or not ours.

use super::*;

fn small() -> (TempDir, PathBuf, Vec<u8>) {
    let (directory, path) = place();
    write(&path, b"the first section", &(0..70).collect::<Vec<u8>>());
    let bytes = fs::read(&path).unwrap();
    (directory, path, bytes)
}

/// Opens a file with this content, with both ways to verify, and says what is wrong with it.
fn error_of(path: &Path, bytes: &[u8]) -> FileError {
    fs::write(path, bytes).unwrap();
    let later = IndexFile::open(path, &CONTENTS, Verify::Later).and_then(|file| {
        // In the order in which a reader may ask.
        file.section(TWO)?;
        file.verify()
    });
    assert!(later.is_err(), "{later:?}");
    open(path).unwrap_err()
}

#[test]
fn a_file_that_was_cut_off_anywhere_is_noticed() {
    let (_directory, path, bytes) = small();
    for length in 0..bytes.len() {
        let error = error_of(&path, &bytes[..length]);
        let expected = match length {
            ..80 => 88,
            80..152 => 152,
            _ => bytes.len() as u64,
        };
        assert!(
            matches!(error, FileError::Truncated { expected: e, received } if e == expected && received == length as u64),
            "{length}: {error}"
        );
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let (_directory, path, bytes) = small();
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let error = error_of(&path, &damaged);
        let between = matches!(error, FileError::ChecksumMismatch { section: None });
        let as_expected = match bit / 8 {
            0..8 => matches!(error, FileError::NotAnIndexFile),
            8..12 => matches!(error, FileError::OtherVersion { .. }),
            // How many sections there are says where the checksum is.
            20..24 => between || matches!(error, FileError::Truncated { .. } | FileError::Malformed { .. }),
            192..209 => matches!(error, FileError::ChecksumMismatch { section: Some(ONE) }),
            256.. => matches!(error, FileError::ChecksumMismatch { section: Some(TWO) }),
            12..20 | 24..192 | 209..256 => between,
        };
        assert!(as_expected, "bit {bit}: {error}");
    }
}

#[test]
fn the_layout_is_the_one_that_is_documented() {
    let (_directory, _path, bytes) = small();
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    assert_eq!(bytes[..8], *b"\x93RFINDEX");
    assert_eq!(bytes[8..24], *b"\x01\0\0\0TEST\x03\0\0\0\x02\0\0\0");
    assert_eq!((number(24), &bytes[32..64]), (42, &[7; 32][..]));
    assert_eq!((number(64), number(72)), (bytes.len() as u64, 0));
    assert_eq!((&bytes[80..88], number(88), number(96)), (&b"one\0\0\0\0\0"[..], 192, 17));
    assert_eq!((&bytes[112..120], number(120), number(128)), (&b"two\0\0\0\0\0"[..], 256, 70));
    assert_eq!(bytes.len(), 256 + 70);
    assert_eq!(bytes[192..209], *b"the first section");
    // As the reference implementation computes it (xxHash 0.8.4, XXH3_64bits).
    assert_eq!(number(104), 0xb839_408c_6f85_2f51);
}

#[test]
fn what_was_added_is_noticed() {
    let (_directory, path, bytes) = small();
    let error = error_of(&path, &[&bytes[..], b"\0"].concat());
    assert!(matches!(error, FileError::TooLong { expected: 326, received: 327 }), "{error}");
}

#[test]
fn another_kind_layout_and_collection_are_refused() {
    let (_directory, path, _) = small();
    let open = |contents: Contents| IndexFile::open(&path, &contents, Verify::Now).unwrap_err();
    let error = open(Contents { kind: Kind(*b"GRPH"), ..CONTENTS });
    assert_eq!(error.to_string(), "expected an index file of kind GRPH, received TEST");
    let error = open(Contents { layout: 4, ..CONTENTS });
    assert!(matches!(error, FileError::OtherLayout { expected: 4, received: 3 }));
    let error = open(Contents { identity: [8; 32], ..CONTENTS });
    assert!(
        matches!(error, FileError::OtherCollection { expected, received } if expected[0] == 8 && received[0] == 7)
    );
}

#[test]
fn other_files_and_no_file_are_told_apart() {
    let (directory, path) = place();
    assert!(open(&path).unwrap_err().is_missing());
    assert!(matches!(error_of(&path, b"SQLite format 3"), FileError::NotAnIndexFile));
    let of_directory = open(directory.path()).unwrap_err();
    assert!(!of_directory.is_missing());
}

#[test]
fn a_table_that_cannot_be_is_refused_although_its_checksum_matches() {
    let (_directory, path, bytes) = small();
    // The field to change, and what to: starts and lengths of sections, their tags, the length of the file.
    let changes: [(usize, u64); 9] = [
        (88, 193),
        (88, 256),
        (88, u64::MAX),
        (96, u64::MAX),
        (96, 300),
        (120, 192),
        (128, 69),
        (112, u64::from_le_bytes(*b"one\0\0\0\0\0")),
        (72, 1),
    ];
    for (at, value) in changes {
        let mut bytes = bytes.clone();
        bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        let checksum = xxhash_rust::xxh3::xxh3_64(&bytes[..144]);
        bytes[144..152].copy_from_slice(&checksum.to_le_bytes());
        let error = error_of(&path, &bytes);
        assert!(matches!(error, FileError::Malformed { .. }), "{at}: {error}");
    }
}
