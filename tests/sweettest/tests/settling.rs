//! Settling and upkeep: rows move into cells, and at no moment, at no peer, is one missing or does one come back.

mod word;

use rose_forest_api::{
    AgentPubKey, BulkInsertInput, Gap, Point, PointId, SearchInput, SearchOutput, SettleOutput, UpkeepInput,
    UpkeepOutput, View, WriteOutput, floats_to_bytes,
};
use rose_forest_sweettest::{Network, Node, Row, all_of_it, by_id, collection, row, rows, topic, until};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// Rows enough for more cells than a search probes unless told otherwise.
const MANY: u64 = 6_000;
/// Axes enough for the cells to lie on different ones.
const WIDE: usize = 32;

#[tokio::test(flavor = "multi_thread")]
async fn settling_moves_every_fresh_row_into_a_cell() {
    let network = Network::of(2, &collection(8).await).await;
    let [alice, bob] = &network.nodes[..] else { unreachable!() };
    alice.insert(&rows(8, 0..60)).await;
    let fresh = by_id(alice.scroll(100).await);
    let settled = alice.settle(&all_of_it(1)).await;
    assert_eq!(settled.rows_settled, 60);
    assert!(settled.cells_founded > 1, "{settled:?}");
    network.settled_down().await;
    for node in &network.nodes {
        let info = node.info().await;
        assert_eq!((info.fresh_blocks, info.settled_rows), (0, 60), "{info:?}");
        let points = by_id(node.scroll(100).await);
        assert_eq!(points.len(), 60);
        for (before, after) in fresh.iter().zip(&points) {
            // Another block carries it now; all else is as it was.
            let moved = Point { action_hash: before.action_hash.clone(), ..after.clone() };
            assert_eq!(&moved, before);
        }
    }
    assert_eq!(bob.nearest(&topic(8, 3, 11), 1).await, [11]);
    let again = alice.settle(&all_of_it(1)).await;
    assert_eq!(again, SettleOutput { done: true, ..SettleOutput::default() }, "settling is idempotent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_insert_is_found_by_all_once_it_is_settled() {
    let network = Network::of(2, &collection(WIDE).await).await;
    let [alice, bob] = &network.nodes[..] else { unreachable!() };
    let written: WriteOutput = alice.call("bulk_insert", Row::input(&rows(WIDE, 0..MANY))).await;
    assert_eq!((u64::from(written.rows), written.needs_settle), (MANY, true));
    alice.settle(&all_of_it(1)).await;
    network.settled_down().await;
    for node in [alice, bob] {
        assert_eq!(node.count().await, MANY);
        let info = node.info().await;
        assert_eq!((info.fresh_rows, info.settled_rows), (0, MANY));
        for id in [0, 31, MANY - 1] {
            assert_eq!(node.nearest(&topic(WIDE, id as usize, id), 1).await, [id]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_insert_believes_its_caller_which_ids_were_used_before() {
    let network = Network::of(1, &collection(WIDE).await).await;
    let [alice] = &network.nodes[..] else { unreachable!() };
    let bulk = async |ids: std::ops::Range<u64>, used_before: Option<Vec<u32>>| {
        let input = BulkInsertInput::new(Row::input(&rows(WIDE, ids)), used_before);
        alice.try_call::<_, WriteOutput>("bulk_insert", input).await
    };
    bulk(0..MANY, Some(Vec::new())).await.unwrap();
    alice.settle(&all_of_it(1)).await;
    assert_eq!(alice.info().await.settled_rows, MANY);
    // Said to be new, 100 rows go to cells; said to be known, they are fresh; not said, it is found out.
    let fresh = async || alice.info().await.fresh_rows;
    bulk(0..100, Some(vec![0, 99])).await.unwrap();
    assert_eq!(fresh().await, 2);
    bulk(0..100, None).await.unwrap();
    assert_eq!(fresh().await, 102);
    let problem = bulk(0..100, Some(vec![100])).await.unwrap_err().to_string();
    assert!(problem.contains("below 100, received 100"), "{problem}");
    alice.settle(&all_of_it(1)).await;
    assert_eq!(alice.count().await, MANY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_or_deleted_point_never_returns_its_old_vector() {
    let network = Network::of(2, &collection(WIDE).await).await;
    let [alice, bob] = &network.nodes[..] else { unreachable!() };
    let _: WriteOutput = alice.call("bulk_insert", Row::input(&rows(WIDE, 0..MANY))).await;
    alice.settle(&all_of_it(1)).await;
    network.settled_down().await;

    // Point 3 moves from axis 3 to axis 20, point 4 to 21 and back again; point 5 is deleted.
    alice.insert(&[row(WIDE, 3, 20), row(WIDE, 4, 21)]).await;
    alice.insert(&[row(WIDE, 4, 4)]).await;
    alice.delete([5]).await;
    until("bob knows of the changes", async || {
        let moved = bob.nearest(&topic(WIDE, 20, 3), 1).await == [3];
        (moved && bob.get([5]).await.is_empty()).then_some(())
    })
    .await;
    for _ in 0..40 {
        let step: SettleOutput = alice.call("settle", all_of_it(1)).await;
        for node in [alice, bob] {
            only_new_versions(node).await;
        }
        if step.done {
            network.settled_down().await;
            for node in [alice, bob] {
                only_new_versions(node).await;
                let info = node.info().await;
                assert_eq!((info.fresh_blocks, node.count().await), (0, MANY - 1));
            }
            return;
        }
    }
    panic!("settle is not done after forty calls");
}

/// Whether searches see points 3, 4 and 5 as they are now: with the default number of probes, which passes over
/// some cells, and with one, which at the old place opens the old cell and not the new one.
async fn only_new_versions(node: &Node) {
    for nprobe in [None, Some(1)] {
        let at = async |axis: usize, id: u64| {
            let vector = floats_to_bytes(&topic(WIDE, axis, id));
            let input = SearchInput { vector, k: 40, nprobe, view: View::FULL, ..SearchInput::default() };
            node.call::<_, SearchOutput>("search", input).await
        };
        let old_3 = at(3, 3).await;
        assert!(old_3.stats.cells_probed < old_3.stats.cells_considered, "{:?}", old_3.stats);
        let stays_away = |found: SearchOutput, id: u64| {
            let hit = found.hits.into_iter().find(|hit| hit.id == PointId::Int(id));
            assert!(
                hit.as_ref().is_none_or(|hit| hit.score < 0.9),
                "nprobe {nprobe:?}: an old version: {hit:?}"
            );
        };
        stays_away(old_3, 3);
        stays_away(at(21, 4).await, 4);
        assert_eq!(
            at(20, 3).await.hits[0].id,
            PointId::Int(3),
            "nprobe {nprobe:?}: the moved point is hidden"
        );
        assert_eq!(
            at(4, 4).await.hits[0].id,
            PointId::Int(4),
            "nprobe {nprobe:?}: the point that came back is hidden"
        );
        let deleted = at(5, 5).await.hits.into_iter().find(|hit| hit.id == PointId::Int(5));
        assert_eq!(deleted, None, "nprobe {nprobe:?}: the deleted point came back");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settling_and_upkeep_while_others_write_and_search_hide_nothing() {
    let network = Network::of(2, &collection(8).await).await;
    let [alice, bob] = &network.nodes[..] else { unreachable!() };
    alice.insert(&rows(8, 0..40)).await;
    bob.insert(&rows(8, 0..40)).await;
    network.settled_down().await;

    let stop = AtomicBool::new(false);
    let ((), seen_by_alice, seen_by_bob) = tokio::join!(
        async {
            tokio::join!(write_and_settle(alice), write_and_settle(bob));
            network.settled_down().await;
            stop.store(true, Ordering::Relaxed);
        },
        watch(alice, &stop),
        watch(bob, &stop)
    );
    assert_eq!(seen_by_alice, seen_by_bob);
    let answers = [by_id(alice.scroll(1_000).await), by_id(bob.scroll(7).await)];
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].len(), 2 * 100);
    assert_eq!(answers[0].len(), seen_by_bob.len(), "a search sees what a scroll does");
}

/// Three rounds of new rows and overwritten ones, each settled; upkeep between them.
async fn write_and_settle(node: &Node) {
    for round in 0..3 {
        let first = 40 + round * 20;
        node.insert(&rows(8, first..first + 20)).await;
        let turned: Vec<_> = (round * 5..round * 5 + 5).map(|id| row(8, id, id as usize + 4)).collect();
        node.insert(&turned).await;
        node.settle(&all_of_it(1)).await;
        let _: UpkeepOutput = node.call("upkeep", UpkeepInput::default()).await;
        node.settle(&all_of_it(1)).await;
    }
}

/// Searches and counts until told to stop. Once a point has been seen, every later answer must have it, in that
/// version or a newer one. Returns the newest versions.
async fn watch(node: &Node, stop: &AtomicBool) -> BTreeMap<(PointId, AgentPubKey), i64> {
    let mut seen = BTreeMap::new();
    for turn in 0.. {
        let last = stop.load(Ordering::Relaxed);
        // Every cell is probed: what is asked here is whether any moment hides a row.
        let input = SearchInput {
            vector: floats_to_bytes(&topic(8, turn, 0)),
            k: 1_000,
            nprobe: Some(1_000),
            without_payload: true,
            view: View::FULL,
            ..SearchInput::default()
        };
        let found: SearchOutput = node.call("search", input).await;
        // A link to a fresh block may come before the block: the answer says so, and hides nothing that was seen.
        let late = |gap: &Gap| !last && matches!(gap, Gap::BlocksMissing(_));
        assert!(found.gaps.iter().all(late), "turn {turn}: {:?}", found.gaps);
        let now: BTreeMap<_, _> =
            found.hits.into_iter().map(|hit| ((hit.id, hit.author), hit.written_at_micros)).collect();
        for (point, version) in &seen {
            let answer = now.get(point);
            assert!(answer >= Some(version), "turn {turn}: {point:?} was seen at {version}, now {answer:?}");
        }
        let count = node.count().await;
        assert!(count >= now.len() as u64, "turn {turn}: {} points were seen, then {count}", now.len());
        seen = now;
        if last {
            break;
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn upkeep_gathers_dead_rows_and_keeps_the_living() {
    let network = Network::of(1, &collection(8).await).await;
    let node = &network.nodes[0];
    node.insert(&rows(8, 0..100)).await;
    node.settle(&all_of_it(0)).await;
    for round in 1..4 {
        let turned: Vec<_> = (0..50).map(|id| row(8, id, (id + round) as usize)).collect();
        node.insert(&turned).await;
        node.delete([90 + round]).await;
        node.settle(&all_of_it(0)).await;
    }
    let before = by_id(node.scroll(1_000).await);
    assert_eq!(before.len(), 97);
    let stale = node.info().await.settled_rows;
    loop {
        let done: UpkeepOutput = node.call("upkeep", UpkeepInput::default()).await;
        node.settle(&all_of_it(0)).await;
        if !done.more {
            break;
        }
    }
    let after = by_id(node.scroll(1_000).await);
    let ids = |points: &[Point]| -> Vec<_> {
        points.iter().map(|p| (p.id.clone(), p.written_at_micros, p.vector.clone())).collect()
    };
    assert_eq!(ids(&before), ids(&after));
    let left = node.info().await.settled_rows;
    assert!(left <= stale, "upkeep left {left} rows of {stale}");
}
