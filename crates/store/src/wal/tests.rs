use super::*;
use proptest::prelude::*;
use std::fs;

fn contents(pending: &[Pending]) -> Vec<&[u8]> {
    pending.iter().map(|record| record.content.as_slice()).collect()
}

#[test]
fn what_was_appended_is_pending_until_it_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let mut wal = Wal::open(dir.path()).unwrap().wal;
    assert_eq!(wal.append(&[b"one", b"two"]).unwrap(), 2);
    assert_eq!(wal.append(&[b""]).unwrap(), 3);
    wal.done_through(1).unwrap();
    drop(wal);
    let Opened { mut wal, pending, damage } = Wal::open(dir.path()).unwrap();
    assert_eq!(contents(&pending), [&b"two"[..], b""]);
    assert!(damage.is_empty());
    assert_eq!((wal.done(), wal.last()), (1, 3));
    wal.done_through(u64::MAX).unwrap();
    assert_eq!(wal.append(&[b"four"]).unwrap(), 4);
    drop(wal);
    assert_eq!(contents(&Wal::open(dir.path()).unwrap().pending), [b"four"]);
}

#[test]
fn segments_that_are_done_are_deleted_and_numbers_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut wal = Wal::open_with(dir.path(), 100).unwrap().wal;
    for number in 1..=50u64 {
        assert_eq!(wal.append(&[&number.to_le_bytes()]).unwrap(), number);
    }
    let all = wal.bytes();
    wal.done_through(49).unwrap();
    assert!(wal.bytes() < all / 5, "{} of {all} bytes are left", wal.bytes());
    drop(wal);
    let Opened { mut wal, pending, .. } = Wal::open_with(dir.path(), 100).unwrap();
    assert_eq!(contents(&pending), [50u64.to_le_bytes()]);
    wal.done_through(50).unwrap();
    for number in 51..=60u64 {
        assert_eq!(wal.append(&[b"more"]).unwrap(), number);
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
    wal.append(&[b"kept"]).unwrap();
    let kept = wal.bytes() as usize;
    wal.append(&[b"cut off"]).unwrap();
    drop(wal);
    let path = segment::path(dir.path(), 1);
    let bytes = fs::read(&path).unwrap();
    for end in kept..bytes.len() {
        fs::write(&path, &bytes[..end]).unwrap();
        let Opened { mut wal, pending, damage } = Wal::open(dir.path()).unwrap();
        assert_eq!(contents(&pending), [b"kept"], "cut off at {end}");
        assert!(damage.is_empty(), "cut off at {end}");
        assert_eq!(wal.append(&[b"after"]).unwrap(), 2);
        drop(wal);
        assert_eq!(contents(&Wal::open(dir.path()).unwrap().pending), [&b"kept"[..], b"after"]);
    }
    // The file system knew how long the file would be, and no more.
    let mut zeros = bytes[..kept].to_vec();
    zeros.resize(bytes.len(), 0);
    fs::write(&path, zeros).unwrap();
    let opened = Wal::open(dir.path()).unwrap();
    assert_eq!((contents(&opened.pending), opened.damage.len()), (vec![&b"kept"[..]], 0));
}

#[test]
fn no_flipped_bit_changes_a_record_or_hides_one_unnoticed() {
    let dir = tempfile::tempdir().unwrap();
    let mut wal = Wal::open_with(dir.path(), 60).unwrap().wal;
    let written: Vec<Vec<u8>> = (0..6u8).map(|n| vec![n; 12]).collect();
    for content in &written {
        wal.append(&[content]).unwrap();
    }
    drop(wal);
    let files: Vec<_> = segment::list(dir.path()).unwrap();
    assert!(files.len() > 2, "several segments");
    let saved: Vec<_> =
        files.iter().map(|first| fs::read(segment::path(dir.path(), *first)).unwrap()).collect();
    for (at, file) in files.iter().enumerate() {
        for bit in 0..saved[at].len() * 8 {
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
                assert_eq!(record.content, written[record.number as usize - 1], "file {at}, bit {bit}");
            }
            // What cannot be told from a record that a crash cut off is the very last record's length.
            let lost = written.len() - opened.pending.len();
            let at_the_end = at == files.len() - 1;
            assert!(
                lost == 0 || !opened.damage.is_empty() || (at_the_end && lost <= 2),
                "file {at}, bit {bit}: {lost} records are gone, and nothing is said"
            );
            // Opened again, the same is there, and nothing is said twice.
            let again = Wal::open_with(dir.path(), 60).unwrap();
            assert_eq!(again.pending, opened.pending, "file {at}, bit {bit}");
            assert!(again.damage.is_empty());
        }
    }
}

#[test]
fn the_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("wal");
    let mut wal = Wal::open(&at).unwrap().wal;
    wal.append(&[b"secret"]).unwrap();
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
                    prop_assert_eq!(wal.append(&slices).unwrap(), all.len() as u64);
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
