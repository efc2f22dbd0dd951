//! What a search says when it cannot see everything.

use rose_forest_api::{Arc, Gap, Scope, SearchInput, SearchOutput, View, floats_to_bytes};
use rose_forest_sweettest::{Network, Node, collection, config, rows, topic, until, zero_arc};

const D: usize = 8;

/// Searches everything there is.
async fn search(node: &Node, scope: Scope, view: View) -> SearchOutput {
    let vector = floats_to_bytes(&topic(D, 0, 0));
    node.call("search", SearchInput { vector, k: 100, scope, view, ..SearchInput::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_with_the_other_peer_stopped_answers_and_says_whom_it_missed() {
    let mut network = Network::of(2, &collection(D).await).await;
    network.nodes[0].insert(&rows(D, 0..5)).await;
    network.nodes[1].insert(&rows(D, 5..12)).await;
    network.settled_down().await;
    network.nodes[1].conductor.shutdown().await;

    let alice = &network.nodes[0];
    let view = View { unreachable_peers: 1, ..View::FULL };
    for scope in [Scope::Local, Scope::Network] {
        let found = search(alice, scope, view).await;
        assert_eq!(found.hits.len(), 12, "{scope:?}: what was replicated is found");
        assert!(!found.complete, "{scope:?}");
        assert!(found.gaps.contains(&Gap::PeersUnreachable(1)), "{scope:?}: {:?}", found.gaps);
    }
    assert!(search(alice, Scope::Local, View::FULL).await.complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_on_its_own_searches_what_it_has_and_says_that_it_may_lack_something() {
    let alone = config().tune_network_config(|network| network.disable_bootstrap = true);
    let network = Network::with_configs(vec![alone], &collection(D).await).await;
    let node = &network.nodes[0];
    node.insert(&rows(D, 0..5)).await;
    for (view, gap) in
        [(View::default(), Gap::ArcUnknown), (View { arc: Arc::Empty, ..View::default() }, Gap::ArcNotFull)]
    {
        let found = search(node, Scope::Local, view).await;
        assert_eq!((found.hits.len(), found.complete, found.gaps), (5, false, vec![gap]));
    }
    // Nobody is known who could be asked, so nothing fails: only the caller can tell that this is not everything.
    let view = View { arc: Arc::Empty, reachable_peers: Some(0), unreachable_peers: 2 };
    for (view, gaps) in [
        (view, vec![Gap::NobodyToAsk, Gap::PeersUnreachable(2)]),
        (View { reachable_peers: None, unreachable_peers: 0, ..view }, vec![Gap::PeersUnknown]),
        (View::FULL, Vec::new()),
    ] {
        let found = search(node, Scope::Network, view).await;
        assert_eq!((found.hits.len(), found.complete, found.gaps), (5, gaps.is_empty(), gaps));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_gossip_a_local_search_is_incomplete_and_the_network_has_the_rest() {
    // One who joins and never gossips stays with an empty arc.
    let dna = collection(D).await;
    let mut network = Network::of(2, &dna).await;
    network.nodes[0].insert(&rows(D, 0..5)).await;
    network.settled_down().await;
    let silent = config().tune_network_config(|network| {
        network.disable_gossip = true;
        network.disable_publish = true;
    });
    network.join(silent, &dna).await;
    finds_over_the_network_only(&network, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_no_arc_searches_over_the_network_and_says_so_when_it_fails() {
    let dna = collection(D).await;
    let mut network = Network::of(2, &dna).await;
    network.nodes[0].insert(&rows(D, 0..5)).await;
    network.settled_down().await;
    network.join(zero_arc(), &dna).await;
    finds_over_the_network_only(&network, 2).await;

    // It writes, too, and the others have it.
    network.nodes[2].insert(&rows(D, 5..7)).await;
    network.nodes[0].holds(7).await;

    network.nodes[0].conductor.shutdown().await;
    network.nodes[1].conductor.shutdown().await;
    let client = &network.nodes[2];
    // Some conductors say good-bye, and are then no longer known; others are known, and do not answer.
    let (view, found) = until("a search while nobody came or went", async || {
        let view = client.view().await;
        let found = search(client, Scope::Network, view).await;
        (client.view().await == view).then_some((view, found))
    })
    .await;
    assert!(!found.complete, "nobody was there to ask, and it calls itself complete: {view:?}, {found:?}");
    let says_why = |gap: &Gap| matches!(gap, Gap::NobodyToAsk | Gap::NetworkFailed(_));
    assert!(found.gaps.iter().any(says_why), "{view:?}: {:?}", found.gaps);
    let own = found.hits.iter().filter(|hit| hit.author == client.agent()).count();
    assert_eq!(own, 2, "its own rows it always finds");
}

/// Whether a node with an empty arc says that it holds nothing, and finds the five rows over the network.
async fn finds_over_the_network_only(network: &Network, place: usize) {
    let node = &network.nodes[place];
    let here = search(node, Scope::Local, node.view().await).await;
    assert_eq!((here.hits.len(), here.complete, here.gaps), (0, false, vec![Gap::ArcNotFull]));
    let known: Vec<_> = network.nodes.iter().filter(|peer| peer.agent() != node.agent()).collect();
    for peer in known {
        peer.conductor.declare_full_storage_arcs(peer.cell.dna_hash()).await;
    }
    network.acquainted().await;
    let found = until("the peers' rows are found over the network", async || {
        let found = search(node, Scope::Network, node.view().await).await;
        (found.hits.len() == 5).then_some(found)
    })
    .await;
    assert!(found.complete, "{:?}", found.gaps);
}
