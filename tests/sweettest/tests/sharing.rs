//! What one peer writes, the others find, and all come to the same answer.

use rose_forest_api::{ActionHash, AnnounceInput, Holds, NodeInfo, NodeStatus, Point, PointId};
use rose_forest_sweettest::{Network, Row, by_id, collection, config, dna, row, rows, schema, topic, until};

const D: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn what_one_peer_inserts_another_finds() {
    let network = Network::of(2, &collection(D).await).await;
    let [alice, bob] = &network.nodes[..] else { unreachable!() };
    let written = alice.insert(&rows(D, 0..20)).await;
    assert_eq!((written.rows, written.needs_settle), (20, false));
    assert_eq!(alice.nearest(&topic(D, 3, 11), 1).await, [11], "an author finds its own rows at once");

    network.settled_down().await;
    let found = bob.search(&topic(D, 3, 11), 1).await;
    assert!(found.complete, "{:?}", found.gaps);
    let hit = &found.hits[0];
    assert_eq!((&hit.id, &hit.author), (&PointId::Int(11), &alice.agent()));
    assert!(written.blocks.contains(&hit.action_hash));
    assert_eq!(hit.written_at_micros, written.written_at_micros);
    assert_eq!(hit.payload.as_deref(), Some(r#"{"id":11,"topic":3}"#));
    assert!(hit.score > 0.999, "{}", hit.score);
    assert_eq!(bob.count().await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_id_of_two_authors_is_two_points() {
    let network = Network::of(2, &collection(D).await).await;
    let [alice, bob] = &network.nodes[..] else { unreachable!() };
    alice.insert(&[row(D, 1, 0)]).await;
    bob.insert(&[row(D, 1, 4)]).await;
    network.settled_down().await;
    for node in &network.nodes {
        assert_eq!(node.count().await, 2);
        let mut authors: Vec<_> = node.get([1]).await.into_iter().map(|point| point.author).collect();
        authors.sort();
        let mut expected = vec![alice.agent(), bob.agent()];
        expected.sort();
        assert_eq!(authors, expected);
    }
    bob.delete([1]).await;
    network.settled_down().await;
    let left = alice.get([1]).await;
    assert_eq!(left.len(), 1, "nobody deletes another's point");
    assert_eq!(left[0].author, alice.agent());
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_inserts_upserts_and_deletes_come_to_the_same_answer_everywhere() {
    let network = Network::of(3, &collection(D).await).await;
    // Everyone at once, all with the same ids: insert, overwrite some in another direction, delete some, and
    // bring one back.
    tokio::join!(overlapping_work(&network, 0), overlapping_work(&network, 1), overlapping_work(&network, 2));
    network.settled_down().await;

    let answers = [
        by_id(network.nodes[0].scroll(7).await),
        by_id(network.nodes[1].scroll(100).await),
        by_id(network.nodes[2].scroll(13).await),
    ];
    assert_eq!(answers[0].len(), 3 * 26);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    for query in 0..D {
        let mut hits = Vec::new();
        for node in &network.nodes {
            hits.push(node.search(&topic(D, query, 0), 100).await.hits);
        }
        assert_eq!(hits[0].len(), answers[0].len());
        assert_eq!(hits[0], hits[1]);
        assert_eq!(hits[0], hits[2]);
    }
}

async fn overlapping_work(network: &Network, who: usize) {
    let node = &network.nodes[who];
    for start in [0, 10, 20] {
        node.insert(&rows(D, start..start + 10)).await;
    }
    let turned: Vec<Row> = (5..15).map(|id| row(D, id, id as usize + 3 + who)).collect();
    node.insert(&turned).await;
    node.delete(10..15).await;
    node.insert(&[row(D, 12, 1 + who)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_joins_late_gets_everything() {
    let dna = collection(D).await;
    let mut network = Network::of(2, &dna).await;
    network.nodes[0].insert(&rows(D, 0..30)).await;
    network.nodes[1].insert(&rows(D, 100..110)).await;
    network.nodes[0].insert(&[row(D, 3, 6)]).await;
    network.nodes[0].delete([4]).await;
    network.settled_down().await;
    let expected = by_id(network.nodes[0].scroll(100).await);
    assert_eq!(expected.len(), 39);

    network.join(config(), &dna).await;
    network.settled_down().await;
    let late = &network.nodes[2];
    assert_eq!(by_id(late.scroll(100).await), expected);
    assert_eq!(late.nearest(&topic(D, 6, 3), 1).await, [3]);
    assert!(!late.nearest(&topic(D, 4, 4), 39).await.contains(&4));
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_of_different_seeds_do_not_mix() {
    let red = dna(&schema(D), "the seed of the red network").await;
    let blue = dna(&schema(D), "the seed of the blue network").await;
    assert_ne!(red.dna_hash(), blue.dna_hash());
    let mut network = Network::of(2, &red).await;
    network.join(config(), &blue).await;
    let [alice, bob, stranger] = &network.nodes[..] else { unreachable!() };
    alice.insert(&rows(D, 0..5)).await;
    stranger.insert(&rows(D, 100..103)).await;
    bob.holds(5).await;
    // By now the stranger would have had the rows too.
    assert_eq!(stranger.count().await, 3);
    assert_eq!(alice.count().await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_any_size_hold_every_point_once() {
    let network = Network::of(1, &collection(D).await).await;
    let node = &network.nodes[0];
    node.insert(&rows(D, 0..23)).await;
    let all = node.scroll(1_000).await;
    assert_eq!(all.len(), 23);
    for limit in [1, 5, 22, 23, 24] {
        assert_eq!(node.scroll(limit).await, all, "pages of {limit}");
    }
    let vectors: Vec<&Point> = all.iter().filter(|point| point.vector.is_some()).collect();
    assert_eq!(vectors.len(), 23);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_announces_its_peers_list() {
    let network = Network::of(2, &collection(D).await).await;
    let [alice, bob] = &network.nodes[..] else { unreachable!() };
    let mut said = announcement("alice");
    let first: ActionHash = alice.call("announce", &said).await;
    let again: ActionHash = alice.call("announce", &said).await;
    assert_eq!(first, again, "what is not new is not written");
    said.status = NodeStatus::Ready;
    let second: ActionHash = alice.call("announce", &said).await;
    assert_ne!(first, second);
    let listed = until("bob lists what alice said last", async || {
        let nodes: Vec<NodeInfo> = bob.call("list_nodes", ()).await;
        nodes.into_iter().find(|info| info.node == said)
    })
    .await;
    assert_eq!((listed.agent, listed.action_hash), (alice.agent(), second));
}

/// What a node that has just started says of itself.
pub fn announcement(name: &str) -> AnnounceInput {
    AnnounceInput {
        name: name.to_owned(),
        software: "test 1".to_owned(),
        capabilities: vec!["search".to_owned()],
        holds: Holds::Everything,
        rows: 7,
        status: NodeStatus::Starting,
    }
}
