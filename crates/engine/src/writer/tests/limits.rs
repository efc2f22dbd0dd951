//! What is too much.

use super::*;

/// A writer whose queue has room for four small writes.
fn start_small(dir: &Path, chain: &Chain) -> Writer {
    Writer::start_with(dir, chain.clone(), |_| {}, CollectionMetrics::default(), 4 * PERMIT_BYTES).unwrap()
}

#[tokio::test]
async fn a_full_queue_refuses_and_keeps_nothing_of_what_it_refused() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::default();
    let closed = chain.gate.clone().lock_owned().await;
    let writer = start_small(dir.path(), &chain);
    for id in 1..=4 {
        writer.log(insert(&[id])).await.unwrap();
    }
    let refused = writer.log(insert(&[5])).await.unwrap_err();
    assert!(
        matches!(refused, WriteError::QueueFull { received, .. } if received < PERMIT_BYTES),
        "{refused:#}"
    );
    let large: Vec<u64> = (10..1_000).collect();
    let refused = commit(&writer, insert(&large)).await.unwrap_err();
    assert!(
        matches!(refused, WriteError::TooLarge { .. }),
        "it would be refused by an empty queue, too: {refused:#}"
    );
    drop(closed);
    // There is room again once what waited is committed.
    writer.wait_until_committed(4).await.unwrap();
    while writer.room.available_permits() < 4 {
        tokio::task::yield_now().await;
    }
    commit(&writer, insert(&[6])).await.unwrap();
    assert_eq!(chain.ids().concat(), [1, 2, 3, 4, 6]);
}

#[tokio::test]
async fn what_the_log_holds_at_the_start_takes_room_even_if_it_is_more_than_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::default();
    let closed = chain.gate.clone().lock_owned().await;
    let writer = start(dir.path(), &chain);
    for id in 1..=9 {
        writer.log(insert(&[id])).await.unwrap();
    }
    chain.end(&writer, closed).await;
    let chain = Chain::default();
    let closed = chain.gate.lock().await;
    let writer = start_small(dir.path(), &chain);
    assert!(matches!(writer.log(insert(&[10])).await, Err(WriteError::QueueFull { .. })));
    drop(closed);
    writer.wait_until_committed(9).await.unwrap();
    while writer.room.available_permits() < 4 {
        tokio::task::yield_now().await;
    }
    commit(&writer, insert(&[10])).await.unwrap();
}

#[test]
fn what_a_write_is_said_to_take_is_at_least_what_it_takes() {
    let text = |n: usize| PointId::text("x".repeat(n)).unwrap();
    let ids = [PointId::Int(u64::MAX), text(1), text(200), text(36)];
    let payloads = [None, Some(String::new()), Some("y".repeat(70_000)), Some("{}".to_owned())];
    let insert = |rows: usize| Work::Insert {
        bulk: true,
        input: InsertInput {
            ids: ids[..rows].to_vec(),
            vectors: vec![7; rows * 400],
            payloads: payloads[..rows].to_vec(),
        },
    };
    let delete = |rows: usize| Work::Delete(DeleteInput { ids: ids[..rows].to_vec(), ignore_unknown: false });
    for work in (0..=4).flat_map(|rows| [insert(rows), delete(rows)]) {
        let said = work.bytes();
        let encoded = work.clone().encode().unwrap();
        assert!(encoded.len() <= said && said < encoded.len() + 300, "{} {said}", encoded.len());
        let whole = encoded.parts().concat();
        assert_eq!(format!("{:?}", Work::decode(whole.clone()).unwrap()), format!("{work:?}"));
        // Cut off before its vectors, it is none.
        for cut in (0..encoded.parts()[0].len()).step_by(11) {
            assert!(Work::decode(whole[..cut].to_vec()).is_err(), "cut off at {cut}");
        }
    }
}
