//! The third peer of the demo: it signs a block that breaks a rule, and publishes it.
//!
//! Nothing can stop anybody from running a changed program. This one goes round the honest zomes and writes to
//! its own chain directly; what counts is what the others make of it.

use crate::collections::Collection;
use crate::data_dir::DataDir;
use crate::invite::Invite;
use crate::node::{Node, Settings};
use crate::serve::Stop;
use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;
use holochain_state::source_chain::SourceChain;
use holochain_types::prelude::*;
use rose_forest_api::{Encoding, PointId};
use rose_forest_core::{Space, encode::encode_row};
use rose_forest_rules::block::BlockBuilder;
use serde::Serialize;
use serde_bytes::ByteBuf;
use serde_json::json;

/// How much too long the forged vector is.
const TOO_LONG: f32 = 1_000.0;

/// Take part in a collection and forge a block (for the demo).
#[derive(Debug, Args)]
pub struct Lie {
    /// The invite
    invite: String,
}

/// The content of a `Vector` entry, as the integrity zome reads it.
#[derive(Serialize)]
struct VectorEntry {
    block: ByteBuf,
}

impl Lie {
    /// Joins, forges, and stays until it is stopped, so that others can fetch what it published.
    pub async fn run(self, settings: Settings) -> Result<()> {
        let mut stop = Stop::listen()?;
        let invite: Invite = self.invite.parse()?;
        let lock = settings.dir.lock()?;
        let settings =
            Settings { dir: DataDir::open(settings.dir.root())?, self_validation: false, ..settings };
        let node = Node::start(settings, lock).await?;
        let collection = node.join(&invite).await?.collection;
        say(&json!({ "agent": collection.agent.to_string() }));
        let acquainted = super::children::until("somebody else is there", super::SHARED_WITHIN, async || {
            Ok((node.sight(&collection).await?.reachable_peers > 0).then_some(()))
        });
        acquainted.await?;
        let action = forge(&node, &collection).await?;
        say(&json!({ "forged": action.to_string() }));
        stop.asked().await;
        node.stop().await
    }
}

fn say(value: &serde_json::Value) {
    crate::cli::print(&value.to_string());
}

async fn forge(node: &Node, collection: &Collection) -> Result<ActionHash> {
    let block = forged_block(collection)?;
    let bytes =
        rmp_serde::to_vec_named(&VectorEntry { block: block.into() }).context("cannot write the entry")?;
    let entry = Entry::App(AppEntryBytes(SerializedBytes::from(UnsafeBytes::from(bytes))));
    let entry_hash = EntryHash::with_data_sync(&entry);
    let entry_type =
        EntryType::App(AppEntryDef::new(EntryDefIndex(0), ZomeIndex(0), EntryVisibility::Public));
    let store = node.conductor.get_spaces().dht_store(&collection.dna_hash).context("cannot open the DHT")?;
    let keystore = node.conductor.keystore().clone();
    let chain =
        SourceChain::new(store, keystore, collection.agent.clone()).await.context("cannot open the chain")?;
    let action = chain
        .put(
            ActionData::Create(CreateData { entry_type, entry_hash }),
            Some(entry),
            ChainTopOrdering::Relaxed,
        )
        .await
        .context("cannot sign the forged block")?;
    chain.flush(Vec::new()).await.context("cannot write the forged block")?;
    let triggers = node.conductor.get_cell_triggers(&collection.cell()).await;
    let triggers = triggers.map_err(|problem| anyhow!("{problem}"))?;
    triggers.integrate_dht_ops.trigger(&"lie");
    triggers.publish_dht_ops.trigger(&"lie");
    Ok(action)
}

/// An honest block with one row, whose scale is then changed.
fn forged_block(collection: &Collection) -> Result<Vec<u8>> {
    let schema = &collection.schema;
    ensure!(schema.encoding == Encoding::Sq8, "the lie is about the scale of sq8");
    let vector: Vec<f32> = (0..schema.dimension()).map(|i| (i as f32 + 1.0).sin()).collect();
    let code = encode_row(Space::from(schema), &vector)?;
    let id = PointId::text("forged")?;
    let mut builder = BlockBuilder::new(schema, None);
    builder.push(&id, crate::text::now_micros(), &code, br#"{"words":["buy this"]}"#)?;
    let mut block = builder.finish()?;
    let at =
        block.windows(code.len()).position(|window| window == code).context("the code is in the block")?;
    let scale = at + code.len() - size_of::<f32>();
    let scale = block.get_mut(scale..scale + size_of::<f32>()).context("the scale is in the block")?;
    let honest = f32::from_le_bytes(scale.try_into().context("a scale has four bytes")?);
    scale.copy_from_slice(&(honest * TOO_LONG).to_le_bytes());
    Ok(block)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rose_forest_api::{AgentPubKey, Distance, DnaHash, Schema};
    use rose_forest_rules::block::check_block;

    #[test]
    fn the_forged_block_breaks_just_the_rule_about_the_scale() {
        let schema = Schema::new("a", 8, Distance::Cosine, Encoding::Sq8).unwrap();
        let collection = Collection {
            properties: schema.to_bytes().unwrap(),
            schema: schema.clone(),
            seed: "seed".to_owned(),
            dna_hash: DnaHash::from_raw_32(vec![1; 32]),
            agent: AgentPubKey::from_raw_32(vec![1; 32]),
            enabled: true,
            network: None,
            app_id: "app".to_owned(),
        };
        let block = forged_block(&collection).unwrap();
        let problem = check_block(&block, &schema, crate::text::now_micros()).unwrap_err().to_string();
        assert!(problem.contains("scale"), "{problem}");
    }
}
