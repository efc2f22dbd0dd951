use super::*;
use std::time::UNIX_EPOCH;

fn folder() -> (tempfile::TempDir, Folder) {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path().join("snapshots"));
    (dir, folder)
}

fn keep(folder: &Folder, collection: &str, text: &str) -> Listed {
    let mut file = folder.temporary().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    folder.keep(file, collection, [0xab; 32], UNIX_EPOCH).unwrap()
}

#[test]
fn a_snapshot_is_kept_listed_opened_and_removed() {
    let (_dir, folder) = folder();
    assert_eq!(folder.list("c").unwrap(), []);
    // Two within a second, of one collection, and one of another.
    let (one, two, other) = (keep(&folder, "c", "one"), keep(&folder, "c", "four"), keep(&folder, "C", "x"));
    assert_ne!(one.name, two.name);
    let listed = folder.list("c").unwrap();
    let names: Vec<_> = listed.iter().map(|listed| (listed.name.clone(), listed.bytes)).collect();
    let mut expected = [(one.name.clone(), 3), (two.name.clone(), 4)];
    expected.sort();
    assert_eq!(names, expected);
    assert!(listed.iter().all(|listed| listed.checksum == Some("ab".repeat(32))));
    assert_eq!(folder.list("C").unwrap().len(), 1);
    let (mut file, bytes) = folder.open("c", &two.name).unwrap();
    assert_eq!((io::read_to_string(&mut file).unwrap(), bytes), ("four".to_owned(), 4));
    assert!(matches!(folder.open("d", &other.name), Err(SnapshotError::NoSnapshot { .. })));
    folder.remove("c", &one.name).unwrap();
    assert!(matches!(folder.remove("c", &one.name), Err(SnapshotError::NoSnapshot { .. })));
    assert_eq!(folder.list("c").unwrap().len(), 1);
    assert_eq!(fs::read_dir(folder.of("c")).unwrap().count(), 2, "a snapshot and its checksum");
}

#[test]
fn a_file_that_was_put_there_by_hand_has_no_checksum_and_is_not_overwritten() {
    let (_dir, folder) = folder();
    keep(&folder, "c", "x");
    fs::write(folder.of("c").join("mine.snapshot"), "mine").unwrap();
    fs::write(folder.of("c").join("mine.txt"), "no snapshot").unwrap();
    let listed = folder.list("c").unwrap();
    assert_eq!(listed.len(), 2);
    let mine = listed.iter().find(|listed| listed.name == "mine.snapshot").unwrap();
    assert_eq!((mine.bytes, &mine.checksum), (4, &None));
    // The name it would have is taken by hand.
    fs::create_dir_all(folder.of("d")).unwrap();
    fs::write(folder.of("d").join(names::new_name("d", UNIX_EPOCH, 0)), "mine").unwrap();
    let made = keep(&folder, "d", "ours");
    assert_eq!(made.name, names::new_name("d", UNIX_EPOCH, 1));
    let without = folder.list("d").unwrap().into_iter().filter(|listed| listed.checksum.is_none()).count();
    assert_eq!(without, 1, "the one put there by hand");
    assert_eq!(fs::read_to_string(folder.of("d").join(names::new_name("d", UNIX_EPOCH, 0))).unwrap(), "mine");
}

#[test]
fn what_a_crash_left_is_removed_and_what_is_being_written_stays() {
    let (_dir, folder) = folder();
    let kept = keep(&folder, "c", "x");
    let living = folder.temporary().unwrap();
    let left = folder.path().join(".partial-left");
    fs::write(&left, "half").unwrap();
    let orphan = folder.of("c").join("gone.snapshot.sha256");
    fs::write(&orphan, "ab").unwrap();
    folder.remove_leftovers();
    assert!(!left.exists() && !orphan.exists());
    assert_eq!(
        folder.list("c").unwrap(),
        [Listed { made: folder.list("c").unwrap()[0].made, ..kept.clone() }]
    );
    assert!(living.path().exists());
    // Given up, it is gone.
    let path = living.path().to_owned();
    drop(living);
    assert!(!path.exists());
}

#[cfg(unix)]
#[test]
fn snapshots_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (_dir, folder) = folder();
    let made = keep(&folder, "c", "x");
    let mode = fs::metadata(folder.of("c").join(made.name)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
