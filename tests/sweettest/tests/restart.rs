//! A node that stops and starts again carries on.

use rose_forest_api::SettleOutput;
use rose_forest_sweettest::{Network, all_of_it, by_id, collection, row, rows, topic};

const D: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_restarts_carries_on() {
    let mut network = Network::of(2, &collection(D).await).await;
    network.nodes[0].insert(&rows(D, 0..20)).await;
    network.nodes[1].insert(&rows(D, 100..110)).await;
    network.settled_down().await;
    let before = by_id(network.nodes[0].scroll(100).await);

    network.nodes[0].restart().await;
    let [alice, bob] = &network.nodes[..] else { unreachable!() };
    assert_eq!(by_id(alice.scroll(100).await), before);
    alice.insert(&[row(D, 20, 4), row(D, 3, 6)]).await;
    alice.delete([7]).await;
    assert_eq!(alice.nearest(&topic(D, 4, 20), 1).await, [20]);
    bob.insert(&rows(D, 110..111)).await;
    network.acquainted().await;
    network.settled_down().await;
    let after = by_id(alice.scroll(100).await);
    assert_eq!(after.len(), 31);
    assert_eq!(by_id(bob.scroll(100).await), after);
    assert_eq!(bob.nearest(&topic(D, 6, 3), 1).await, [3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn settling_goes_on_after_a_restart_between_any_two_steps() {
    let mut network = Network::of(1, &collection(D).await).await;
    let node = &mut network.nodes[0];
    node.insert(&rows(D, 0..30)).await;
    let expected = by_id(node.scroll(100).await).len();
    for _ in 0..12 {
        let step: SettleOutput = node.call("settle", all_of_it(0)).await;
        assert_eq!(node.scroll(100).await.len(), expected);
        if step.done {
            let info = node.info().await;
            assert_eq!((info.fresh_blocks, info.settled_rows), (0, 30));
            return;
        }
        node.restart().await;
    }
    panic!("settle is not done after twelve calls");
}
