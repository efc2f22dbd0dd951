//! Word of new blocks: to a node's own clients, and to the peers that announced themselves.

use crate::sharing::announcement;
use holochain::prelude::Signal as Sent;
use rose_forest_api::{BlockWritten, SendInput, Signal};
use rose_forest_sweettest::{APP, DEADLINE, Network, Node, collection, rows, until};
use tokio::sync::broadcast::Receiver;

const D: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_signalled_to_its_own_clients_and_to_peers() {
    let network = Network::of(2, &collection(D).await).await;
    let [alice, bob] = &network.nodes[..] else { unreachable!() };
    both_announce(alice, bob).await;
    let mut at_alice = alice.conductor.subscribe_to_app_signals(APP.to_owned());
    let mut at_bob = bob.conductor.subscribe_to_app_signals(APP.to_owned());
    let written = alice.insert(&rows(D, 0..3)).await;

    let Signal::Written { blocks } = next(&mut at_alice).await else {
        panic!("expected word of an own block")
    };
    check(&blocks, alice, &written.blocks);
    let Signal::PeerWrote { from, blocks } = next(&mut at_bob).await else {
        panic!("expected a peer's word")
    };
    assert_eq!(from, alice.agent());
    check(&blocks, alice, &written.blocks);
    assert!(blocks[0].record.is_some(), "a small block travels in the signal");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_send_each_other_what_the_zomes_do_not_read() {
    let network = Network::of(2, &collection(D).await).await;
    let [alice, bob] = &network.nodes[..] else { unreachable!() };
    both_announce(alice, bob).await;
    let mut at_bob = bob.conductor.subscribe_to_app_signals(APP.to_owned());
    // Up to the largest, which is an answer with a block of 4 MB.
    for message in [Vec::new(), b"any bytes".to_vec(), vec![200; 5 << 20]] {
        let to = vec![bob.agent()];
        let () = alice.call("send_to_nodes", SendInput { to, message: message.clone() }).await;
        let Signal::PeerSaid { from, message: received } = next(&mut at_bob).await else {
            panic!("expected what a peer's program says")
        };
        assert_eq!(from, alice.agent());
        assert!(received == message, "received {} bytes of {}", received.len(), message.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_missed_the_signal_still_finds_the_rows() {
    let network = Network::of(2, &collection(D).await).await;
    let [alice, bob] = &network.nodes[..] else { unreachable!() };
    // Bob never announced himself and nobody listens at his node.
    alice.insert(&rows(D, 0..3)).await;
    bob.holds(3).await;
}

async fn both_announce(alice: &Node, bob: &Node) {
    for (node, name) in [(alice, "alice"), (bob, "bob")] {
        let _: rose_forest_api::ActionHash = node.call("announce", announcement(name)).await;
    }
    for node in [alice, bob] {
        until("both know of both", async || {
            let nodes: Vec<rose_forest_api::NodeInfo> = node.call("list_nodes", ()).await;
            (nodes.len() == 2).then_some(())
        })
        .await;
    }
}

fn check(blocks: &[BlockWritten], author: &Node, written: &[rose_forest_api::ActionHash]) {
    let hashes: Vec<_> = blocks.iter().map(|block| block.block.clone()).collect();
    assert_eq!(hashes, written);
    let [block] = blocks else { panic!("expected one block, received {}", blocks.len()) };
    assert_eq!(block.author, author.agent());
    assert_eq!((block.rows, block.tombstones, block.settled), (3, 0, false));
}

async fn next(signals: &mut Receiver<Sent>) -> Signal {
    let sent = tokio::time::timeout(DEADLINE, signals.recv()).await.expect("no signal came").unwrap();
    let Sent::App { signal, .. } = sent else { panic!("expected a signal of the app, received {sent:?}") };
    signal.into_inner().decode().unwrap()
}
