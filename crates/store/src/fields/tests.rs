//! Making, building and dropping indexes.

use super::{FieldKind, Progress};
use crate::{
    Filter, StoreError,
    testing::{TestStore, block, row},
};
use serde_json::json;

fn store_with_rows(count: u64) -> TestStore {
    let store = TestStore::new();
    let rows: Vec<_> = (0..count).map(|id| row(id, 1, &json!({"a": id % 3}).to_string())).collect();
    store.apply(&block(1, rows));
    store
}

fn found(store: &TestStore) -> [u64; 2] {
    let filter: Filter =
        serde_json::from_value(json!({"must": {"key": "a", "match": {"value": 1}}})).unwrap();
    let snapshot = store.snapshot().unwrap();
    [snapshot.evaluate(&filter).unwrap().count(), snapshot.at_most(&filter).unwrap()]
}

#[test]
fn an_index_is_built_in_steps_over_reopening() {
    let mut store = store_with_rows(30);
    let path = "a".parse().unwrap();
    let made = store.create_field_index(&path, FieldKind::Integer).unwrap();
    assert_eq!(made, Progress { done: 0, total: 30 });
    store.apply(&block(2, (100..109).map(|id| row(id, 1, "{\"a\":1}")).collect()));
    assert_eq!(store.build_field_index(&path, 20).unwrap(), Progress { done: 20, total: 30 });
    // It is not used before it is complete.
    assert_eq!(found(&store), [19, 39]);
    store = store.reopen();
    let mut heard = Vec::new();
    let done = store
        .finish_field_index(&path, |progress| {
            heard.push(progress);
            true
        })
        .unwrap();
    assert_eq!((done, heard.len()), (Progress { done: 30, total: 30 }, 0));
    assert_eq!(found(&store), [19, 19]);
    let [index] = store.snapshot().unwrap().field_indexes().unwrap().try_into().unwrap();
    assert_eq!((index.path, index.kind, index.progress), (path, FieldKind::Integer, done));
}

#[test]
fn one_field_has_one_index() {
    let store = store_with_rows(3);
    let path = "a".parse().unwrap();
    store.create_field_index(&path, FieldKind::Integer).unwrap();
    store.finish_field_index(&path, |_| true).unwrap();
    assert!(store.create_field_index(&path, FieldKind::Integer).unwrap().is_done());
    let refused = store.create_field_index(&path, FieldKind::Keyword).unwrap_err();
    assert!(matches!(refused, StoreError::OtherFieldKind { expected: FieldKind::Integer, .. }));
    assert!(store.drop_field_index(&path).unwrap());
    assert!(!store.drop_field_index(&path).unwrap());
    assert!(matches!(store.build_field_index(&path, 1), Err(StoreError::NoFieldIndex { .. })));
    assert_eq!(found(&store), [1, 3]);
    store.create_field_index(&path, FieldKind::Keyword).unwrap();
    store.finish_field_index(&path, |_| true).unwrap();
    assert_eq!(found(&store), [1, 3]);
}

#[test]
fn a_row_that_is_replaced_leaves_the_index() {
    let store = store_with_rows(3);
    let path = "a".parse().unwrap();
    store.create_field_index(&path, FieldKind::Integer).unwrap();
    store.finish_field_index(&path, |_| true).unwrap();
    store.apply(&block(2, vec![row(1, 2, "{\"a\":5}"), row(2, 2, "{\"a\":1}")]));
    assert_eq!(found(&store), [1, 1]);
    store.apply(&block(3, vec![crate::testing::tombstone(2, 3)]));
    assert_eq!(found(&store), [0, 0]);
}
