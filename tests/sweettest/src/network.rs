//! Nodes that can reach each other.

use crate::{Node, until};
use holochain::prelude::DnaFile;
use holochain::sweettest::{
    DynSweetRendezvous, SweetConductor, SweetConductorConfig, SweetLocalRendezvous, await_consistency_s,
};

/// Seconds after which peers that still hold different data fail the test.
const CONSISTENT_WITHIN_S: u64 = 180;

/// Nodes with one bootstrap and relay between them.
pub struct Network {
    /// The nodes, in the order in which they joined.
    pub nodes: Vec<Node>,
    rendezvous: DynSweetRendezvous,
}

/// The configuration of a node: gossip every second.
pub fn config() -> SweetConductorConfig {
    SweetConductorConfig::standard()
}

/// The configuration of a node that stores nothing for others.
pub fn zero_arc() -> SweetConductorConfig {
    config().tune_network_config(|network| network.target_arc_factor = 0)
}

impl Network {
    /// `count` nodes that share a collection.
    pub async fn of(count: usize, dna: &DnaFile) -> Self {
        Self::with_configs(vec![config(); count], dna).await
    }

    /// A node for each configuration, all sharing a collection.
    pub async fn with_configs(configs: Vec<SweetConductorConfig>, dna: &DnaFile) -> Self {
        let rendezvous = SweetLocalRendezvous::new().await;
        // Side by side, because each waits some seconds for its address.
        let joining: Vec<_> = configs
            .into_iter()
            .map(|config| tokio::spawn(start(rendezvous.clone(), config, dna.clone())))
            .collect();
        let mut nodes = Vec::new();
        for node in joining {
            nodes.push(node.await.unwrap());
        }
        Self { nodes, rendezvous }
    }

    /// One more node joins, last in the list.
    pub async fn join(&mut self, config: SweetConductorConfig, dna: &DnaFile) {
        self.nodes.push(start(self.rendezvous.clone(), config, dna.clone()).await);
    }

    /// Waits until every node has validated and stored everything that any of them has.
    pub async fn settled_down(&self) {
        let cells = self.nodes.iter().map(|node| &node.cell);
        await_consistency_s(CONSISTENT_WITHIN_S, cells).await.unwrap();
    }

    /// Waits until every node knows every other's address.
    pub async fn acquainted(&self) {
        until("the nodes know each other", async || {
            SweetConductor::exchange_peer_info(self.nodes.iter().map(|node| &node.conductor))
                .await
                .then_some(())
        })
        .await;
    }
}

async fn start(rendezvous: DynSweetRendezvous, config: SweetConductorConfig, dna: DnaFile) -> Node {
    let conductor = SweetConductor::from_config_rendezvous(config, rendezvous).await;
    Node::install(conductor, &dna).await
}
