//! What the caller knows spares the zome the reading of every block, and what the caller has wrong hides no row.

use super::{MANY, WIDE, only_new_versions};
use rose_forest_api::{
    ActionHash, BulkInsertInput, DeleteInput, FoundDeleteInput, PointId, Seen, SettleOutput, UpkeepInput,
    UpkeepOutput, WriteOutput,
};
use rose_forest_sweettest::{Network, Node, Row, all_of_it, by_id, collection, row, rows, seen, topic};

/// What the caller says.
#[derive(Clone, Copy, Debug)]
enum Word {
    Nothing,
    Right,
    /// As of a moment when the index had half of the blocks.
    Behind,
    /// Of other blocks than the chain's.
    Wrong,
}

async fn word(node: &Node, word: Word, fresh: &[ActionHash]) -> Option<Seen> {
    let blocks = node.blocks().await;
    match word {
        Word::Nothing => None,
        Word::Right => Some(seen(&blocks, fresh)),
        Word::Behind => {
            // It has read the fresh blocks all the same.
            let points = blocks.iter().filter(|block| fresh.contains(&block.action)).cloned();
            let half = &blocks[..blocks.len() / 2];
            let known = seen(half, &[]);
            let looked_up = seen(&half.iter().cloned().chain(points).collect::<Vec<_>>(), fresh);
            Some(Seen { fresh: looked_up.fresh, older: looked_up.older, ..known })
        }
        Word::Wrong => {
            let mut wrong = seen(&blocks, fresh);
            wrong.digest[0] ^= 1;
            Some(Seen { older: Vec::new(), ..wrong })
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settling_hides_the_same_rows_whatever_the_caller_knows() {
    let mut outcomes = Vec::new();
    for said in [Word::Nothing, Word::Right, Word::Behind, Word::Wrong] {
        let network = Network::of(1, &collection(WIDE).await).await;
        let [alice] = &network.nodes[..] else { unreachable!() };
        let _: WriteOutput = alice.call("bulk_insert", Row::input(&rows(WIDE, 0..MANY))).await;
        alice.settle(&all_of_it(0)).await;
        let in_cells = alice.blocks().await.len() as u32;
        // As in `a_moved_or_deleted_point_never_returns_its_old_vector`; and a new point.
        alice.insert(&[row(WIDE, 3, 20), row(WIDE, 4, 21)]).await;
        alice.insert(&[row(WIDE, 4, 4), row(WIDE, MANY, 9)]).await;
        alice.delete([5]).await;
        let settled = alice.settle_as(&all_of_it(0), async |fresh| word(alice, said, fresh).await).await;
        only_new_versions(alice).await;
        assert_eq!((alice.info().await.fresh_blocks, alice.count().await), (0, MANY));
        match said {
            Word::Nothing | Word::Wrong => assert_eq!(settled.blocks_read, in_cells),
            // A block of each of the three points that there were.
            Word::Right => assert!((1..=3).contains(&settled.blocks_read), "{settled:?}"),
            Word::Behind => assert!((in_cells / 3..in_cells).contains(&settled.blocks_read), "{settled:?}"),
        }
        let points = by_id(alice.scroll(1_000).await);
        let points: Vec<_> =
            points.into_iter().map(|point| (point.id, point.payload, point.vector)).collect();
        outcomes.push((settled.rows_settled, settled.rows_hidden, points));
    }
    assert_eq!((outcomes[0].0, outcomes[0].2.len() as u64), (3, MANY));
    assert!((1..=3).contains(&outcomes[0].1), "{}", outcomes[0].1);
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn settling_with_the_callers_word_goes_on_through_overwriting_and_upkeep() {
    let network = Network::of(1, &collection(8).await).await;
    let [alice] = &network.nodes[..] else { unreachable!() };
    let settle =
        async || alice.settle_as(&all_of_it(0), async |fresh| word(alice, Word::Right, fresh).await).await;
    alice.insert(&rows(8, 0..100)).await;
    settle().await;
    for round in 1..5u64 {
        let turned: Vec<_> = (0..40).map(|id| row(8, id, (id + round) as usize)).collect();
        alice.insert(&turned).await;
        alice.delete([90 + round]).await;
        settle().await;
        let _: UpkeepOutput = alice.call("upkeep", UpkeepInput::default()).await;
        settle().await;
        let points = by_id(alice.scroll(1_000).await);
        assert_eq!(points.len() as u64, 100 - round);
        for point in points.iter().take(40) {
            let PointId::Int(id) = point.id else { unreachable!() };
            let hits = alice.search(&topic(8, (id + round) as usize, id), 1).await.hits;
            assert_eq!((&hits[0].id, hits[0].written_at_micros), (&point.id, point.written_at_micros));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sorting_waits_for_a_caller_that_has_yet_to_look() {
    let network = Network::of(1, &collection(8).await).await;
    let [alice] = &network.nodes[..] else { unreachable!() };
    let written = alice.insert(&rows(8, 0..40)).await;
    let mut input = all_of_it(0);
    input.seen = Some(Seen::default());
    for _ in 0..2 {
        let step: SettleOutput = alice.call("settle", input.clone()).await;
        assert_eq!((step.sorts_next, step.done, step.blocks_written), (written.blocks.clone(), false, 0));
    }
    // What comes meanwhile is fresh, and stays so.
    alice.insert(&[row(8, 40, 0)]).await;
    input.seen = Some(seen(&alice.blocks().await, &written.blocks));
    let step: SettleOutput = alice.call("settle", input).await;
    assert_eq!((step.rows_settled, step.sorts_next), (40, vec![]));
    assert_eq!(alice.count().await, 41);
    alice.settle(&all_of_it(0)).await;
    assert_eq!((alice.count().await, alice.info().await.fresh_rows), (41, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_came_into_a_cell_before_older_ones_are_settled_stays() {
    let network = Network::of(1, &collection(WIDE).await).await;
    let [alice] = &network.nodes[..] else { unreachable!() };
    let bulk = async |rows: &[Row]| {
        let input = BulkInsertInput::new(Row::input(rows), Some(Vec::new()));
        alice.call::<_, WriteOutput>("bulk_insert", input).await
    };
    bulk(&rows(WIDE, 0..MANY)).await;
    alice.settle(&all_of_it(0)).await;
    // A caller that says these ids were never used: one was deleted, one is fresh elsewhere.
    alice.insert(&[row(WIDE, MANY, 9), row(WIDE, MANY + 1, 3)]).await;
    alice.delete([MANY]).await;
    bulk(&[row(WIDE, MANY, 20), row(WIDE, MANY + 1, 21)]).await;
    alice.settle(&all_of_it(0)).await;
    assert_eq!((alice.count().await, alice.info().await.fresh_rows), (MANY + 2, 0));
    for (id, axis) in [(MANY, 20), (MANY + 1, 21)] {
        assert_eq!(alice.nearest(&topic(WIDE, axis, id), 1).await, [id]);
    }
    let old = alice.search(&topic(WIDE, 3, MANY + 1), 40).await.hits;
    assert!(old.iter().all(|hit| hit.id != PointId::Int(MANY + 1) || hit.score < 0.9), "an old version");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_believes_its_caller_which_points_are_there() {
    let network = Network::of(1, &collection(8).await).await;
    let [alice] = &network.nodes[..] else { unreachable!() };
    alice.insert(&rows(8, 0..5)).await;
    let delete = async |ids: [u64; 3], ignore_unknown: bool, found: Option<Vec<u32>>| {
        let input = DeleteInput { ids: ids.map(PointId::Int).to_vec(), ignore_unknown };
        let input = FoundDeleteInput::new(input, found);
        alice.try_call::<_, WriteOutput>("delete", input).await
    };
    // Said not to be there, a point is passed over, or an error; not said, it is found out.
    let problem = delete([0, 77, 1], false, Some(vec![0])).await.unwrap_err();
    assert!(problem.contains("unknown") && problem.contains("77, 1"), "{problem}");
    assert_eq!(alice.count().await, 5);
    assert_eq!(delete([0, 77, 1], true, Some(vec![0])).await.unwrap().rows, 1);
    assert_eq!(alice.count().await, 4);
    assert_eq!(delete([0, 77, 1], true, None).await.unwrap().rows, 1);
    assert_eq!(alice.count().await, 3);
    let problem = delete([2, 3, 4], true, Some(vec![3])).await.unwrap_err();
    assert!(problem.contains("rows of found below 3, received 3"), "{problem}");
    assert_eq!(delete([2, 3, 4], false, Some(vec![2, 0, 1])).await.unwrap().rows, 3);
    assert_eq!(alice.count().await, 0);
}
