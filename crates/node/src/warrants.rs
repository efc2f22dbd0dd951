//! Peers that were caught breaking a rule.

use crate::collections::Collection;
use crate::node::Node;
use crate::requests::Warranted;
use anyhow::{Context, Result};
use holochain_types::prelude::{AgentPubKey, ChainIntegrityWarrant, WarrantProof};

impl Node {
    /// The warrants against peers of a collection that this node or a peer it knows has issued.
    pub async fn warrants(&self, collection: &Collection) -> Result<Vec<Warranted>> {
        let store =
            self.conductor.get_spaces().dht_store(&collection.dna_hash).context("cannot open the DHT")?;
        let store = store.as_read();
        let known = self.conductor.get_agent_infos(Some(vec![collection.dna_hash.clone()])).await;
        let known = known.context("cannot read who is known")?;
        let mut authors = vec![collection.agent.clone()];
        authors.extend(known.iter().map(|info| AgentPubKey::from_k2_agent(&info.agent)));
        authors.dedup();
        let mut warrants: Vec<Warranted> = Vec::new();
        for by in authors {
            let written = store.warrants_by_author(by.clone()).await.context("cannot read the warrants")?;
            for warrant in written {
                let WarrantProof::ChainIntegrity(proof) = &warrant.warrant().proof;
                let (agent, reason) = match proof {
                    ChainIntegrityWarrant::InvalidChainOp { action_author, reason, .. } => {
                        (action_author.clone(), reason.clone())
                    }
                    ChainIntegrityWarrant::ChainFork { chain_author, .. } => {
                        (chain_author.clone(), "two actions at one place of its chain".to_owned())
                    }
                };
                let warranted = Warranted { agent, by: by.clone(), reason };
                if !warrants.contains(&warranted) {
                    warrants.push(warranted);
                }
            }
        }
        Ok(warrants)
    }
}
