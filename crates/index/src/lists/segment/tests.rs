//! Files with the right checksums that say what cannot be.

use super::*;
use crate::file::IndexFileWriter;
use proptest::prelude::*;

const SPACE: Space = Space { dimension: 3, distance: Distance::Dot, encoding: Encoding::Sq8 };

fn valid(path: &Path) -> Vec<Vec<u8>> {
    let rows = Rows { cells: vec![5, 2, 5, 9], labels: vec![8, 3, 1, 7], codes: (0..28).collect() };
    write_rows(Target { path, identity: [1; 32], number: 4, space: SPACE }, &rows).unwrap();
    let file = IndexFile::open(path, &contents([1; 32]), Verify::Now).unwrap();
    [ABOUT, RUNS, LABELS, SORTED, CODES].map(|tag| file.section(tag).unwrap().to_vec()).into()
}

fn rewrite(path: &Path, sections: &[Vec<u8>]) {
    let tags = [ABOUT, RUNS, LABELS, SORTED, CODES];
    let sections: Vec<_> = tags.into_iter().zip(sections.iter().map(Vec::as_slice)).collect();
    IndexFileWriter::write_all(path, contents([1; 32]), 4, &sections).unwrap();
}

/// Whatever a reader may ask.
fn use_it(segment: &Segment) {
    let view = segment.view();
    for (cell, rows) in view.runs() {
        let (run, _) = view.run_of(cell).unwrap();
        segment.will_need(run, &rows);
        assert_eq!(view.codes(rows.clone()).len(), rows.len() * 7);
        rows.for_each(|place| assert!(view.label(place).is_some()));
    }
    let mut cursor = view.cursor();
    for label in (0..12).chain([3, 1, u32::MAX, 0]) {
        assert_eq!(cursor.place_of(label), view.place_of(label));
    }
}

#[test]
fn the_layout_is_the_one_that_is_documented() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("segment");
    let numbers = |section: &[u8]| -> Vec<u32> {
        section.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect()
    };
    let [about, runs, labels, sorted, codes] = &valid(&path)[..] else { panic!() };
    assert_eq!(numbers(about), [3, 1, 3, 4]);
    assert_eq!(numbers(runs), [2, 0, 5, 1, 9, 3]);
    assert_eq!(numbers(labels), [3, 1, 8, 7]);
    assert_eq!(numbers(sorted), [1, 1, 3, 0, 7, 3, 8, 2]);
    assert_eq!(codes[..], [7..14, 14..21, 0..7, 21..28].map(|code| code.collect::<Vec<u8>>()).concat());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn sections_that_cannot_be_are_refused_or_harmless(
        changes in prop::collection::vec((0usize..5, any::<prop::sample::Index>(), 0u8..12), 0..4),
        cut in prop::option::of((0usize..5, any::<prop::sample::Index>())),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("segment");
        let mut sections = valid(&path);
        for (section, at, value) in changes {
            let at = at.index(sections[section].len());
            sections[section][at] = value;
        }
        if let Some((section, at)) = cut {
            let at = at.index(sections[section].len());
            sections[section].truncate(at);
        }
        rewrite(&path, &sections);
        match Segment::open(&path, [1; 32], SPACE, Verify::Now) {
            Ok(segment) => use_it(&segment),
            Err(error) => prop_assert!(error.unusable_file().is_some()),
        }
    }
}

#[test]
fn each_rule_is_checked() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("segment");
    let valid = valid(&path);
    // Section, byte, value.
    for (section, at, value) in [
        (0, 12, 5), // rows
        (0, 4, 9),  // distance
        (0, 8, 9),  // encoding
        (1, 4, 1),  // the first run
        (1, 8, 2),  // cells in their order
        (1, 12, 0), // runs with rows
        (1, 20, 4), // runs within the rows
        (3, 8, 1),  // each label once
        (3, 12, 9), // places within the rows
        (2, 0, 6),  // labels at their places
    ] {
        let mut sections = valid.clone();
        sections[section][at] = value;
        rewrite(&path, &sections);
        let error = Segment::open(&path, [1; 32], SPACE, Verify::Now).unwrap_err();
        assert!(matches!(error, ListsError::Malformed { .. }), "{section} {at}: {error}");
    }
    rewrite(&path, &valid);
    use_it(&Segment::open(&path, [1; 32], SPACE, Verify::Now).unwrap());
}
