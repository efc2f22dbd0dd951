//! Settling and deleting with the index's word, on a real conductor.

use super::super::tests::{create, live, node};
use super::*;
use crate::collections::Collection;
use crate::node::Node;
use rose_forest_api::{
    CollectionInfo, CountInput, CountOutput, DeleteInput, InsertInput, SettleInput, SettleOutput, View,
    floats_to_bytes,
};
use rose_forest_engine::writer::Work;

const MANY: u64 = 3_000;

/// A vector in a direction of its own for each id and version.
fn vector(id: u64, version: u64) -> [f32; 3] {
    let turn = (id + 1_000 * version) as f32 * 2.399_963;
    let height = ((id * 7 + version) % 200) as f32 / 100.0 - 1.0;
    [turn.cos(), turn.sin(), height]
}

fn insert(ids: impl Iterator<Item = u64> + Clone, version: u64, bulk: bool) -> Work {
    let vectors: Vec<f32> = ids.clone().flat_map(|id| vector(id, version)).collect();
    let ids = ids.map(PointId::Int).collect();
    Work::Insert {
        bulk,
        input: InsertInput { ids, vectors: floats_to_bytes(&vectors), payloads: Vec::new() },
    }
}

/// Settles whatever there is; blocks that were read for it, and rows that were hidden.
async fn settle(node: &Node, collection: &Collection) -> (u32, u32) {
    let (mut read, mut hidden) = (0, 0);
    for _ in 0..40 {
        let input = SettleInput { min_rows: Some(0), min_blocks: Some(0), ..SettleInput::default() };
        let SettleOutput { done, blocks_read, rows_hidden, .. } =
            node.settle(collection, input).await.unwrap();
        (read, hidden) = (read + blocks_read, hidden + rows_hidden);
        if done {
            return (read, hidden);
        }
    }
    panic!("settle is not done after forty calls");
}

async fn info(node: &Node, collection: &Collection) -> (u64, u64) {
    let cell = collection.cell();
    let info: CollectionInfo = node.read(&cell, "collection_info", ()).await.unwrap();
    let input = CountInput { view: View::FULL, ..CountInput::default() };
    let count: CountOutput = node.read(&cell, "count", input).await.unwrap();
    (info.fresh_rows, count.points)
}

#[tokio::test(flavor = "multi_thread")]
async fn settling_reads_the_blocks_that_hold_what_changed_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path()).await;
    let collection = create(&node).await;
    let (index, told) = live(&node, &collection).await;
    node.write_points(&collection, insert(0..MANY, 0, true)).await.unwrap();
    assert_eq!(settle(&node, &collection).await, (0, 0));
    let in_cells = index.index.blocks_of(&collection.agent, usize::MAX).unwrap().len();
    assert!(in_cells > 4, "{in_cells}");

    node.write_points(&collection, insert([7, MANY].into_iter(), 1, false)).await.unwrap();
    let delete = |ids: &[u64], ignore_unknown| {
        let ids = ids.iter().copied().map(PointId::Int).collect();
        Work::Delete(DeleteInput { ids, ignore_unknown })
    };
    let refused = node.write_points(&collection, delete(&[8, MANY + 7], false)).await.unwrap_err();
    assert!(refused.to_string().contains(&(MANY + 7).to_string()), "{refused:#}");
    let deleted = node.write_points(&collection, delete(&[8, MANY + 7], true)).await.unwrap();
    assert_eq!(deleted.rows, 1);
    // A bulk insert knows that the id of a deleted point was used.
    node.write_points(&collection, insert(8..9, 2, true)).await.unwrap();
    assert_eq!(info(&node, &collection).await, (3, MANY + 1));
    let (read, hidden) = settle(&node, &collection).await;
    assert!((1..=2).contains(&read) && hidden <= 2, "{read} blocks read, {hidden} rows hidden");
    assert_eq!(info(&node, &collection).await, (0, MANY + 1));
    drop(index);
    node.stop().await.unwrap();
    assert_eq!(*told.lock(), [""; 0]);
}
