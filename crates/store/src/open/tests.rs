//! What happens to the file: crashes, damage, a full disk, other versions, permissions.

use crate::{
    Options, Start, Store, StoreError,
    open::ABOUT,
    tables::ABOUT_LAYOUT,
    testing::{Disk, OwnedBlock, TestStore, block, blocks, model, row},
};
use proptest::prelude::*;
use rose_forest_rules::{id::PointId, reference::HashRef};
use std::collections::BTreeMap;

type Points = BTreeMap<(HashRef, PointId), (i64, Option<String>)>;

/// The points of a store and their payloads.
fn points(store: &Store) -> Result<Points, StoreError> {
    let page = store.snapshot()?.scroll(&Start::First, 100_000, None)?;
    let point = |row: crate::Row| ((row.author, row.id), (row.written_at_micros, row.payload));
    Ok(page.rows.into_iter().map(point).collect())
}

fn expected(blocks: &[OwnedBlock]) -> Points {
    model(blocks).into_iter().map(|(key, (time, _, payload))| (key, (time, payload))).collect()
}

/// Takes in blocks, each with a cursor that says how many there are.
fn fill(store: &Store, blocks: &[OwnedBlock], durable: &[bool]) -> Result<(), StoreError> {
    let done = store.snapshot()?.cursor("done")?.map_or(0, |done| usize::from(done[0]));
    for (at, block) in blocks.iter().enumerate().skip(done) {
        let mut batch = store.begin()?;
        block.apply(&mut batch)?;
        batch.set_cursor("done", &[at as u8 + 1])?;
        if durable.get(at) == Some(&true) { batch.commit_durably()? } else { batch.commit()? }
    }
    Ok(())
}

fn done(store: &Store) -> usize {
    store.snapshot().unwrap().cursor("done").unwrap().map_or(0, |done| usize::from(done[0]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn after_a_crash_rows_and_cursor_are_those_of_one_moment(
        blocks in blocks(12),
        durable in prop::collection::vec(prop::bool::weighted(0.2), 12),
        surviving in prop::collection::vec(any::<bool>(), 32),
    ) {
        let store = TestStore::new();
        fill(&store, &blocks, &durable).unwrap();
        let disk = store.disk.after_power_cut(|sector| surviving[(sector * 7 + sector / 32) % 32]);
        let again = TestStore::open(disk).unwrap();
        let kept = done(&again);
        let last_durable = durable[..blocks.len()].iter().rposition(|durable| *durable).map_or(0, |at| at + 1);
        prop_assert!(kept >= last_durable);
        prop_assert_eq!(points(&again).unwrap(), expected(&blocks[..kept]));
        // From its cursor on, the node makes up for what is missing.
        fill(&again, &blocks, &[]).unwrap();
        prop_assert_eq!(points(&again).unwrap(), expected(&blocks));
    }

    #[test]
    fn a_full_disk_is_an_error_and_nothing_is_half_done(blocks in blocks(12), room in 0usize..200_000) {
        let store = TestStore::new();
        let disk = store.disk.clone();
        disk.set_room(Some(room));
        let filled = fill(&store, &blocks, &[true; 12]);
        if let Err(error) = &filled {
            prop_assert!(matches!(error, StoreError::Io(_) | StoreError::Reopen), "{:?}", error);
            prop_assert!(!error.must_rebuild());
        }
        drop(store);
        disk.set_room(None);
        let again = TestStore::open(disk).unwrap();
        prop_assert_eq!(points(&again).unwrap(), expected(&blocks[..done(&again)]));
        prop_assert!(filled.is_err() || done(&again) == blocks.len());
        fill(&again, &blocks, &[]).unwrap();
        prop_assert_eq!(points(&again).unwrap(), expected(&blocks));
    }
}

/// A store of some pages, closed.
fn closed() -> (Vec<u8>, Points) {
    let store = TestStore::new();
    for action in 0..4u8 {
        let rows = (0..50)
            .map(|id| row(id + 40 * u64::from(action), 5, "{\"text\":\"some words that fill pages\"}"));
        store.apply(&block(action, rows.collect()));
    }
    store.create_field_index(&"text".parse().unwrap(), crate::FieldKind::Text).unwrap();
    store.finish_field_index(&"text".parse().unwrap(), |_| true).unwrap();
    let points = points(&store).unwrap();
    let TestStore { store, disk } = store;
    drop(store);
    (disk.bytes(), points)
}

#[test]
fn damage_is_noticed_or_does_no_harm() {
    let (bytes, expected) = closed();
    // redb panics on some of what it reads; opening catches that.
    let mut refused = 0;
    let mut seed = 1u64;
    let tried = 60;
    let mut wrong = Vec::new();
    for _ in 0..tried {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut damaged = bytes.clone();
        // Where something is written; the header is worth more tries than its size.
        let within = if seed >> 63 == 0 { 512 } else { damaged.len() };
        let first = (seed >> 20) as usize % within;
        let at = (first..within).find(|at| damaged[*at] != 0).unwrap_or(first);
        damaged[at] ^= 1 << (seed >> 10 & 7);
        match TestStore::open(Disk::with(damaged)) {
            Err(error) if error.must_rebuild() => refused += 1,
            Err(error) => wrong.push(format!("byte {at}: {error:?}")),
            Ok(store) if points(&store).is_ok_and(|points| points == expected) => {}
            Ok(_) => wrong.push(format!("byte {at}: other points")),
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert!(refused > 5, "{refused} of {tried} refused");
}

#[test]
fn a_truncated_file_and_one_of_something_else_are_refused() {
    let (bytes, _) = closed();
    for length in [1, 100, 4_096, bytes.len() / 2, bytes.len() - 1] {
        let error = TestStore::open(Disk::with(bytes[..length].to_vec())).err().unwrap();
        assert!(error.must_rebuild(), "{length}: {error:?}");
    }
    for other in [b"SQLite format 3\0".repeat(1_000), vec![0; 8_192], vec![0xff; 100_000]] {
        let error = TestStore::open(Disk::with(other)).err().unwrap();
        assert!(error.must_rebuild(), "{error:?}");
    }
}

#[test]
fn another_layout_and_another_collection_are_refused() {
    let store = TestStore::new();
    let disk = store.disk.clone();
    drop(store);
    let other = Store::open_backend(disk.clone(), Options::new("other")).err().unwrap();
    assert!(matches!(other, StoreError::OtherCollection) && other.must_rebuild());

    let store = TestStore::open(disk.clone()).unwrap();
    let transaction = store.database.begin_write().unwrap();
    transaction.open_table(ABOUT).unwrap().insert(ABOUT_LAYOUT, 99u32.to_le_bytes().as_slice()).unwrap();
    transaction.commit().unwrap();
    drop(store);
    let other = TestStore::open(disk).err().unwrap();
    assert!(
        matches!(other, StoreError::OtherLayout { expected: crate::tables::LAYOUT, received: 99 })
            && other.must_rebuild()
    );
}

#[test]
fn the_file_is_its_owners_alone_and_open_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = Store::open(&path, Options::new("test")).unwrap();
    let identity = store.identity();
    assert!(matches!(Store::open(&path, Options::new("test")), Err(StoreError::InUse { .. })));
    drop(store);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(Store::open(&path, Options::new("test")).unwrap().identity(), identity);
        assert_eq!(mode(), 0o600);
    }
    let other = Store::open(folder.path().join("other"), Options::new("test")).unwrap();
    assert_ne!(other.identity(), identity);
    let missing = Store::open(folder.path().join("no/such/folder"), Options::new("test"));
    assert!(matches!(missing, Err(StoreError::Io(_))));
}

#[test]
fn a_batch_that_failed_cannot_be_committed() {
    let store = TestStore::new();
    let transaction = store.database.begin_write().unwrap();
    let garbage = [9u8; 3];
    let mut key = Vec::new();
    crate::batch::point_key(&mut key, &PointId::Int(1), 0);
    transaction
        .open_table(crate::tables::POINTS)
        .unwrap()
        .insert(key.as_slice(), garbage.as_slice())
        .unwrap();
    transaction.commit().unwrap();
    let mut batch = store.begin().unwrap();
    let failed = block(1, vec![row(1, 5, "{}")]).apply(&mut batch).unwrap_err();
    assert!(failed.must_rebuild());
    assert!(matches!(batch.set_cursor("a", b"1"), Err(StoreError::BatchFailed)));
    assert!(matches!(batch.commit(), Err(StoreError::BatchFailed)));
    assert_eq!(store.snapshot().unwrap().find_block(&crate::testing::hash(1)).unwrap(), None);
}
