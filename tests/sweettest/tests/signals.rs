//! Word of new blocks: to a node's own clients, and to the peers that announced themselves.

use crate::sharing::announcement;
use holochain::prelude::Signal as Sent;
use rose_forest_api::{BlockWritten, SendInput, Signal};
use rose_forest_sweettest::{APP, DEADLINE, Network, Node, collection, rows, until};
use std::time::Duration;
use tokio::sync::broadcast::Receiver;

const D: usize = 8;
/// What may be lost is sent so many times, and each time waited for so long.
const TIMES: usize = 12;
const SOON: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_signalled_to_its_own_clients_and_to_peers() {
    let network = Network::of(2, &collection(D).await).await;
    let [alice, bob] = &network.nodes[..] else { unreachable!() };
    network.acquainted().await;
    both_announce(alice, bob).await;
    let mut at_alice = alice.conductor.subscribe_to_app_signals(APP.to_owned());
    let mut at_bob = bob.conductor.subscribe_to_app_signals(APP.to_owned());
    // A peer's word may be lost: it is sent once. So written again until one is heard.
    let mut written = Vec::new();
    let heard = loop {
        let from = 3 * written.len() as u64;
        let output = alice.insert(&rows(D, from..from + 3)).await;
        let Signal::Written { blocks } = next(&mut at_alice).await else {
            panic!("expected word of an own block")
        };
        check(&blocks, alice, &output.blocks);
        written.push(output.blocks);
        match soon(&mut at_bob).await {
            Some(heard) => break heard,
            None => assert!(written.len() < TIMES, "no word of {TIMES} writes"),
        }
    };
    let Signal::PeerWrote { from, blocks } = heard else { panic!("expected a peer's word") };
    assert_eq!(from, alice.agent());
    let hashes: Vec<_> = blocks.iter().map(|block| block.block.clone()).collect();
    assert!(written.contains(&hashes), "word of what was written");
    check(&blocks, alice, &hashes);
    assert!(blocks[0].record.is_some(), "a small block travels in the signal");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_send_each_other_what_the_zomes_do_not_read() {
    let network = Network::of(2, &collection(D).await).await;
    let [alice, bob] = &network.nodes[..] else { unreachable!() };
    network.acquainted().await;
    both_announce(alice, bob).await;
    let mut at_bob = bob.conductor.subscribe_to_app_signals(APP.to_owned());
    // Up to the largest, which is an answer with a block of 4 MB.
    let messages = [Vec::new(), b"any bytes".to_vec(), vec![200; 5 << 20]];
    for message in &messages {
        // What is sent may be lost, and what was sent twice come late: only this message ends the wait.
        let mut sent = 0;
        loop {
            sent += 1;
            assert!(sent <= TIMES, "{TIMES} times {} bytes did not come", message.len());
            let to = vec![bob.agent()];
            let () = alice.call("send_to_nodes", SendInput { to, message: message.clone() }).await;
            let Some(heard) = soon(&mut at_bob).await else { continue };
            let Signal::PeerSaid { from, message: received } = heard else {
                panic!("expected what a peer's program says")
            };
            assert_eq!(from, alice.agent());
            assert!(messages.contains(&received), "received {} bytes that nobody sent", received.len());
            if received == *message {
                break;
            }
        }
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
    within(DEADLINE, signals).await.expect("no signal came")
}

/// A signal of a peer, if one comes soon.
async fn soon(signals: &mut Receiver<Sent>) -> Option<Signal> {
    within(SOON, signals).await
}

async fn within(time: Duration, signals: &mut Receiver<Sent>) -> Option<Signal> {
    let sent = tokio::time::timeout(time, signals.recv()).await.ok()?.unwrap();
    let Sent::App { signal, .. } = sent else { panic!("expected a signal of the app, received {sent:?}") };
    Some(signal.into_inner().decode().unwrap())
}
