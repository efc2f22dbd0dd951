use super::*;
use crate::memory::Memory;
use rose_forest_api::{AgentPubKey, Distance, Encoding, PointId};
use serde_json::{Map, Value};

fn author(number: u8) -> AgentPubKey {
    AgentPubKey::from_raw_32(vec![number; 32])
}

/// Vectors that are not of unit length, with components that no encoding but f32 keeps.
fn rows(count: u64) -> Vec<Row> {
    (0..count)
        .map(|id| {
            let x = id as f32;
            Row {
                id: PointId::Int(id),
                vector: vec![x.sin(), (x * 0.7).cos() + 0.1, 0.3 - x.cos()],
                payload: Map::from_iter([("n".to_owned(), Value::from(id))]),
                author: author(9),
                written_at_micros: 1,
            }
        })
        .collect()
}

async fn memory(distance: Distance, encoding: Encoding) -> (tempfile::TempDir, Memory) {
    let dir = tempfile::tempdir().unwrap();
    let memory = Memory::new(dir.path(), author(1));
    let new = NewCollection { dimension: 3, distance, encoding, vector_name: String::new() };
    memory.create("c", new).await.unwrap();
    (dir, memory)
}

#[tokio::test]
async fn what_is_there_already_is_not_written_again_whatever_the_encoding() {
    for distance in [Distance::Cosine, Distance::Dot, Distance::Euclid, Distance::Manhattan] {
        for encoding in [Encoding::F32, Encoding::F16, Encoding::Sq8] {
            let (_dir, memory) = memory(distance, encoding).await;
            let space = Space { dimension: 3, distance, encoding };
            let write = async |priority, rows| write(&memory, "c", space, priority, rows).await.unwrap();
            // As if the first restore had been interrupted.
            assert_eq!(write(Priority::NoSync, rows(20)).await, 20, "{space:?}");
            assert_eq!(write(Priority::NoSync, rows(30)).await, 10, "{space:?}");
            assert_eq!(write(Priority::Snapshot, rows(30)).await, 0, "{space:?}");
            // The rows as they are read now, as another snapshot has them.
            let ids = (0..30).map(PointId::Int).collect();
            let found = memory.get("c", ids, WHOLE, READ).await.unwrap();
            let mut read = rows(30);
            for (row, found) in read.iter_mut().zip(found) {
                row.vector = found.vector.unwrap();
            }
            assert_eq!(write(Priority::Snapshot, read).await, 0, "{space:?}");
        }
    }
}

#[tokio::test]
async fn the_priority_says_which_of_two_points_holds() {
    let (_dir, memory) = memory(Distance::Dot, Encoding::F32).await;
    let space = Space { dimension: 3, distance: Distance::Dot, encoding: Encoding::F32 };
    let changed = || {
        let mut changed = rows(4);
        changed[1].vector[0] = 5.0;
        changed[2].payload.clear();
        changed
    };
    let write = async |priority, rows| write(&memory, "c", space, priority, rows).await.unwrap();
    assert_eq!(write(Priority::NoSync, rows(3)).await, 3);
    assert_eq!(write(Priority::Replica, changed()).await, 1);
    let read = async || memory.get("c", vec![PointId::Int(1), PointId::Int(2)], WHOLE, READ).await.unwrap();
    let before = read().await;
    assert_eq!(before[0].vector.as_deref(), Some(rows(3)[1].vector.as_slice()));
    assert_eq!(write(Priority::Snapshot, changed()).await, 2);
    let after = read().await;
    assert_eq!(after[0].vector.as_ref().unwrap()[0], 5.0);
    assert_eq!(after[1].payload.clone().unwrap_or_default(), Map::new());
    assert!(after.iter().all(|found| found.author == author(1)));
}

#[tokio::test]
async fn points_that_others_wrote_alike_are_not_made_ones_own() {
    let (_dir, memory) = memory(Distance::Cosine, Encoding::Sq8).await;
    let space = Space { dimension: 3, distance: Distance::Cosine, encoding: Encoding::Sq8 };
    let points =
        rows(5).into_iter().map(|row| NewPoint { id: row.id, vector: row.vector, payload: row.payload });
    let others = Write::Upsert { points: points.collect(), mode: Mode::Upsert, only: None };
    memory.write_as(&author(7), "c", &others).unwrap();
    assert_eq!(write(&memory, "c", space, Priority::NoSync, rows(6)).await.unwrap(), 1);
    let found = memory.get("c", vec![PointId::Int(0), PointId::Int(5)], WHOLE, READ).await.unwrap();
    assert_eq!((&found[0].author, &found[1].author), (&author(7), &author(1)));
}
