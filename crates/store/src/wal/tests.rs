use super::*;
use proptest::prelude::*;
use segment::HEADER_BYTES;
use std::fs;

fn contents(pending: &[Record]) -> Vec<Vec<u8>> {
    pending.iter().map(|record| record.read().unwrap()).collect()
}

/// Appends, and says the number of the last record.
fn append(wal: &mut Wal, contents: &[&[u8]]) -> u64 {
    let records = wal.append(contents).unwrap();
    for (record, content) in records.iter().zip(contents) {
        assert_eq!((record.read().unwrap(), record.content_bytes()), (content.to_vec(), content.len()));
    }
    assert!(records.windows(2).all(|pair| pair[0].number() + 1 == pair[1].number()));
    records.last().map_or(wal.last(), Record::number)
}

#[test]
fn what_was_appended_is_pending_until_it_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let mut wal = Wal::open(dir.path()).unwrap().wal;
    assert_eq!(append(&mut wal, &[b"one", b"two"]), 2);
    assert_eq!(append(&mut wal, &[b""]), 3);
    wal.done_through(1).unwrap();
    drop(wal);
    let Opened { mut wal, pending, damage } = Wal::open(dir.path()).unwrap();
    assert_eq!(contents(&pending), [&b"two"[..], b""]);
    assert!(damage.is_empty());
    assert_eq!((wal.done(), wal.last()), (1, 3));
    wal.done_through(u64::MAX).unwrap();
    assert_eq!(append(&mut wal, &[b"four"]), 4);
    drop(wal);
    assert_eq!(contents(&Wal::open(dir.path()).unwrap().pending), [b"four"]);
}

#[test]
fn segments_that_are_done_are_deleted_and_numbers_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut wal = Wal::open_with(dir.path(), 100).unwrap().wal;
    for number in 1..=50u64 {
        assert_eq!(append(&mut wal, &[&number.to_le_bytes()]), number);
    }
    let all = wal.bytes();
    wal.done_through(49).unwrap();
    assert!(wal.bytes() < all / 5, "{} of {all} bytes are left", wal.bytes());
    drop(wal);
    let Opened { mut wal, pending, .. } = Wal::open_with(dir.path(), 100).unwrap();
    assert_eq!(contents(&pending), [50u64.to_le_bytes()]);
    wal.done_through(50).unwrap();
    for number in 51..=60u64 {
        assert_eq!(append(&mut wal, &[b"more"]), number);
        wal.done_through(number).unwrap();
    }
    drop(wal);
    let opened = Wal::open_with(dir.path(), 100).unwrap();
    assert_eq!((opened.pending.len(), opened.wal.last(), opened.wal.done()), (0, 60, 60));
}

#[test]
fn a_record_that_a_crash_cut_off_is_gone_and_those_before_it_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut wal = Wal::open(dir.path()).unwrap().wal;
    append(&mut wal, &[b"kept"]);
    let kept = wal.bytes() as usize;
    append(&mut wal, &[b"cut off"]);
    drop(wal);
    let path = segment::path(dir.path(), 1);
    let bytes = fs::read(&path).unwrap();
    for end in kept..bytes.len() {
        fs::write(&path, &bytes[..end]).unwrap();
        let Opened { mut wal, pending, damage } = Wal::open(dir.path()).unwrap();
        assert_eq!(contents(&pending), [b"kept"], "cut off at {end}");
        assert!(damage.is_empty(), "cut off at {end}");
        assert_eq!(append(&mut wal, &[b"after"]), 2);
        drop(wal);
        assert_eq!(contents(&Wal::open(dir.path()).unwrap().pending), [&b"kept"[..], b"after"]);
    }
    // The file system knew how long the file would be, and no more.
    let mut zeros = bytes[..kept].to_vec();
    zeros.resize(bytes.len(), 0);
    fs::write(&path, zeros).unwrap();
    let opened = Wal::open(dir.path()).unwrap();
    assert_eq!((contents(&opened.pending), opened.damage.len()), (vec![b"kept".to_vec()], 0));
}

#[test]
fn a_flipped_bit_changes_no_record_and_hides_none_unnoticed() {
    let dir = tempfile::tempdir().unwrap();
    let mut wal = Wal::open_with(dir.path(), 60).unwrap().wal;
    let written: Vec<Vec<u8>> = (0..6u8).map(|n| vec![n; 12]).collect();
    for content in &written {
        append(&mut wal, &[content]);
    }
    drop(wal);
    let files: Vec<_> = segment::list(dir.path()).unwrap();
    assert!(files.len() > 2, "several segments");
    let saved: Vec<_> =
        files.iter().map(|first| fs::read(segment::path(dir.path(), *first)).unwrap()).collect();
    for (at, file) in files.iter().enumerate() {
        // Each costs some waits for the disk; in every file other bits of the bytes, so that all eight are among them.
        for bit in (at..saved[at].len() * 8).step_by(5) {
            for entry in fs::read_dir(dir.path()).unwrap() {
                fs::remove_file(entry.unwrap().path()).unwrap();
            }
            for (first, bytes) in files.iter().zip(&saved) {
                fs::write(segment::path(dir.path(), *first), bytes).unwrap();
            }
            let mut flipped = saved[at].clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(segment::path(dir.path(), *file), flipped).unwrap();
            let opened = Wal::open_with(dir.path(), 60).unwrap();
            for record in &opened.pending {
                assert_eq!(
                    record.read().unwrap(),
                    written[record.number() as usize - 1],
                    "file {at}, bit {bit}"
                );
            }
            // What cannot be told from a record that a crash cut off is the very last record, if its length is wrong.
            let is_there = |number: u64| opened.pending.iter().any(|record| record.number() == number);
            let lost: Vec<u64> = (1..=written.len() as u64).filter(|number| !is_there(*number)).collect();
            assert!(lost.len() <= 1, "file {at}, bit {bit}: {lost:?} are gone");
            assert!(
                lost.iter().all(|number| *number == written.len() as u64) || !opened.damage.is_empty(),
                "file {at}, bit {bit}: {lost:?} is gone, and nothing is said"
            );
            // Opened again, the same is there, and nothing is said twice.
            let pending = contents(&opened.pending);
            drop(opened);
            let again = Wal::open_with(dir.path(), 60).unwrap();
            assert_eq!(contents(&again.pending), pending, "file {at}, bit {bit}");
            assert!(again.damage.is_empty());
        }
    }
}

#[test]
fn the_records_behind_a_flipped_bit_are_pending_and_what_is_damaged_is_kept_aside() {
    let dir = tempfile::tempdir().unwrap();
    let mut wal = Wal::open(dir.path()).unwrap().wal;
    let written: Vec<Vec<u8>> = (0..100u8).map(|n| vec![n; usize::from(n)]).collect();
    let mut records = Vec::new();
    for content in &written {
        records.extend(wal.append(&[content]).unwrap());
        if wal.last() == 30 {
            wal.done_through(20).unwrap();
        }
    }
    wal.done_through(40).unwrap();
    append(&mut wal, &[b"the last"]);
    drop(wal);
    let path = segment::path(dir.path(), 1);
    let saved = fs::read(&path).unwrap();
    // Of the length, so that the record seems to go beyond the end.
    for flipped in [1, 30, 31, 57, 100] {
        fs::remove_dir_all(dir.path()).unwrap();
        fs::create_dir(dir.path()).unwrap();
        let (start, end) = (
            records[flipped - 1].end() - HEADER_BYTES as u64 - written[flipped - 1].len() as u64,
            records[flipped - 1].end(),
        );
        let mut bytes = saved.clone();
        bytes[start as usize + 2] ^= 1 << 5;
        fs::write(&path, &bytes).unwrap();
        let Opened { mut wal, pending, damage } = Wal::open(dir.path()).unwrap();
        // A note behind damage is not believed.
        let done = [0, 20, 40][usize::from(flipped > 30) + usize::from(flipped > 100)];
        let expected: Vec<u64> = (done + 1..=101).filter(|number| *number != flipped as u64).collect();
        let numbers: Vec<u64> = pending.iter().map(Record::number).collect();
        assert_eq!(numbers, expected, "{flipped}");
        for record in pending.iter().filter(|record| record.number() <= 100) {
            assert_eq!(record.read().unwrap(), written[record.number() as usize - 1]);
        }
        let [Damage { aside, bytes: lost }] = &damage[..] else { panic!("{damage:?}") };
        assert_eq!((fs::read(aside).unwrap(), lost.clone()), (bytes, start..end));
        // The log goes on, and is whole.
        assert_eq!(append(&mut wal, &[b"after"]), 102);
        drop(wal);
        let again = Wal::open(dir.path()).unwrap();
        assert_eq!((again.pending.len(), again.damage), (expected.len() + 1, vec![]));
    }
}

#[test]
fn the_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("several").join("folders").join("wal");
    let mut wal = Wal::open(&at).unwrap().wal;
    append(&mut wal, &[b"secret"]);
    assert_eq!(fs::metadata(&at).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(segment::path(&at, 1)).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_record_that_is_too_large_is_refused_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut wal = Wal::open(dir.path()).unwrap().wal;
    let large = vec![0; MAX_RECORD_BYTES + 1];
    let refused = wal.append(&[b"small", &large]).unwrap_err();
    assert!(matches!(refused, WalError::TooLarge { received, .. } if received == large.len()));
    drop(wal);
    assert!(Wal::open(dir.path()).unwrap().pending.is_empty());
}

#[test]
fn contents_in_parts_are_as_contents_in_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut wal = Wal::open_with(dir.path(), 50).unwrap().wal;
    let records =
        wal.append_parts(&[[&b"one"[..], b"", b" two"], [b"", b"", b""], [b"3", b"4", b"5"]]).unwrap();
    wal.append(&[b"in another segment"]).unwrap();
    let all = wal.append_parts(&[vec![&b"a"[..], b"b"], vec![]]).unwrap();
    assert_eq!(contents(&records), [&b"one two"[..], b"", b"345"]);
    assert_eq!(contents(&all), [&b"ab"[..], b""]);
    drop(wal);
    let opened = Wal::open_with(dir.path(), 50).unwrap();
    assert_eq!(contents(&opened.pending), [&b"one two"[..], b"", b"345", b"in another segment", b"ab", b""]);
}

#[test]
fn a_log_is_open_once_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let wal = Wal::open(dir.path()).unwrap().wal;
    assert!(matches!(Wal::open(dir.path()), Err(WalError::InUse { .. })));
    drop(wal);
    Wal::open(dir.path()).unwrap();
}

#[test]
fn a_record_is_read_as_long_as_it_is_held_and_a_changed_one_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let mut wal = Wal::open_with(dir.path(), 30).unwrap().wal;
    let records = wal.append(&[b"first", b"", b"third"]).unwrap();
    wal.append(&[b"in another segment"]).unwrap();
    wal.done_through(3).unwrap();
    assert!(!segment::path(dir.path(), 1).exists());
    assert_eq!(contents(&records), [&b"first"[..], b"", b"third"]);
    let records = wal.append(&[b"to be changed", b"not"]).unwrap();
    let path = segment::path(dir.path(), 5);
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(7).position(|seven| seven == b"changed").unwrap();
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(matches!(records[0].read(), Err(WalError::Changed { number: 5, .. })));
    assert_eq!(records[1].read().unwrap(), b"not");
}

#[test]
fn what_is_in_the_way_of_a_new_segment_does_not_stop_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let mut wal = Wal::open_with(dir.path(), 30).unwrap().wal;
    append(&mut wal, &[b"first, and the segment is full"]);
    // As a disk that was full a moment ago leaves it.
    fs::write(segment::path(dir.path(), 2), b"the beginning of what could not be written").unwrap();
    append(&mut wal, &[b"second"]);
    drop(wal);
    let opened = Wal::open_with(dir.path(), 30).unwrap();
    assert_eq!(contents(&opened.pending), [&b"first, and the segment is full"[..], b"second"]);
    assert!(opened.damage.is_empty());
}

#[test]
fn a_note_that_was_not_written_to_its_end_is_no_damage_in_any_segment() {
    let dir = tempfile::tempdir().unwrap();
    let mut wal = Wal::open_with(dir.path(), 30).unwrap().wal;
    append(&mut wal, &[b"one", b"two"]);
    wal.done_through(1).unwrap();
    append(&mut wal, &[b"three"]);
    drop(wal);
    let path = segment::path(dir.path(), 1);
    let whole = fs::read(&path).unwrap();
    for cut in 1..HEADER_BYTES {
        fs::write(&path, &whole[..whole.len() - cut]).unwrap();
        let opened = Wal::open_with(dir.path(), 30).unwrap();
        assert_eq!(contents(&opened.pending), [&b"one"[..], b"two", b"three"].map(<[u8]>::to_vec)[1..]);
        assert!(opened.damage.is_empty(), "{cut}");
    }
}

#[test]
fn a_crash_while_the_log_is_written_anew_loses_nothing_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut wal = Wal::open_with(dir.path(), 60).unwrap().wal;
    let written: Vec<Vec<u8>> = (0..8u8).map(|n| vec![n; 12]).collect();
    for content in &written {
        append(&mut wal, &[content]);
    }
    wal.done_through(2).unwrap();
    drop(wal);
    let names = segment::list(dir.path()).unwrap();
    assert!(names.len() > 2);
    let path = segment::path(dir.path(), names[1]);
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, &bytes).unwrap();
    let saved: Vec<_> =
        names.iter().map(|name| fs::read(segment::path(dir.path(), *name)).unwrap()).collect();
    let expected = {
        let opened = Wal::open_with(dir.path(), 60).unwrap();
        assert_eq!(opened.damage.len(), 1);
        contents(&opened.pending)
    };
    assert!(expected.len() > 3 && expected.len() < 6, "{} of 6 are left", expected.len());
    // Every choice of segments that may not have been deleted yet, the damaged one included.
    for left in 0..1u32 << names.len() {
        for (at, name) in names.iter().enumerate() {
            let path = segment::path(dir.path(), *name);
            if left & 1 << at != 0 && !path.exists() {
                fs::write(path, &saved[at]).unwrap();
            }
        }
        let opened = Wal::open_with(dir.path(), 60).unwrap();
        assert_eq!(contents(&opened.pending), expected, "left: {left:b}");
        assert_eq!(opened.wal.last(), 8);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Vec<u8>>),
    Done(u64),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let content = prop::collection::vec(any::<u8>(), 0..40);
    prop::collection::vec(
        prop_oneof![
            prop::collection::vec(content, 0..4).prop_map(Step::Append),
            (0u64..40).prop_map(Step::Done),
            Just(Step::Reopen),
        ],
        0..40,
    )
}

proptest! {
    #[test]
    fn whatever_is_appended_done_and_reopened_the_rest_is_pending(steps in steps()) {
        let dir = tempfile::tempdir().unwrap();
        let mut wal = Wal::open_with(dir.path(), 80).unwrap().wal;
        let (mut all, mut done) = (Vec::<Vec<u8>>::new(), 0u64);
        for step in steps {
            match step {
                Step::Append(contents) => {
                    let slices: Vec<&[u8]> = contents.iter().map(Vec::as_slice).collect();
                    all.extend(contents.iter().cloned());
                    prop_assert_eq!(append(&mut wal, &slices), all.len() as u64);
                }
                Step::Done(number) => {
                    wal.done_through(number).unwrap();
                    done = done.max(number.min(all.len() as u64));
                }
                Step::Reopen => {
                    drop(wal);
                    let opened = Wal::open_with(dir.path(), 80).unwrap();
                    prop_assert!(opened.damage.is_empty());
                    let expected: Vec<&[u8]> = all[done as usize..].iter().map(Vec::as_slice).collect();
                    prop_assert_eq!(contents(&opened.pending), expected);
                    wal = opened.wal;
                }
            }
        }
    }
}
