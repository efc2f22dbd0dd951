//! Collections on this node: clones of the DNA, created, joined, left and found by name.
//!
//! Collections whose peers meet at the same addresses are clones in one installed app; a bootstrap server and a
//! relay belong to an app, so other addresses need another app.

use crate::invite::Invite;
use crate::locked::again_if_locked;
use crate::network::Network;
use crate::node::Node;
use crate::text::short;
use anyhow::{Context, Result, anyhow, ensure};
use holochain::conductor::api::AppInterfaceApi;
use holochain_conductor_api::{AppRequest, AppResponse, CellInfo};
use holochain_types::prelude::*;
use rose_forest_api::{CollectionInfo, Distance, Encoding, NodeInfo, ROLE, Schema};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A collection on this node, taking part or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Collection {
    /// What it is.
    pub schema: Schema,
    /// The bytes of its properties.
    #[serde(with = "serde_bytes")]
    pub properties: Vec<u8>,
    /// What keeps it apart from others with the same properties. Secret.
    pub seed: String,
    /// Its identity.
    pub dna_hash: DnaHash,
    /// Who writes for this node.
    pub agent: AgentPubKey,
    /// Whether the node takes part; false after `leave`.
    pub enabled: bool,
    /// Where its peers meet; none if it lives on this node alone.
    pub network: Option<Network>,
    /// The installed app it is in.
    pub app_id: String,
}

/// What to create.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewCollection {
    /// Its name.
    pub name: String,
    /// Components of every vector.
    pub dimension: usize,
    /// How vectors are compared.
    pub distance: Distance,
    /// How vectors are stored.
    pub encoding: Encoding,
    /// Where its peers will meet; none for a collection that lives on this node alone.
    pub network: Option<Network>,
    /// What this node's HTTP API calls its vector; empty for none. It is this node's own matter.
    #[serde(default)]
    pub vector_name: String,
}

/// There is a collection of this name already.
#[derive(Debug, thiserror::Error)]
#[error("there is a collection {label} already: choose another name")]
pub struct NameTaken {
    label: String,
}

/// Why no collection is meant by a name.
#[derive(Debug, thiserror::Error)]
pub enum NotFound {
    /// This node has no collections.
    #[error("there is no collection `{wanted}`: this node has none. Create or join one")]
    None {
        /// The name.
        wanted: String,
    },
    /// It has others.
    #[error("there is no collection `{wanted}`; there are {others}")]
    Other {
        /// The name.
        wanted: String,
        /// Those that there are.
        others: String,
    },
    /// Several are called so.
    #[error("several collections are called `{wanted}`: {all}. Use the characters in brackets")]
    Several {
        /// The name.
        wanted: String,
        /// Those that are called so.
        all: String,
    },
}

/// A collection that was joined.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Joined {
    /// The collection.
    pub collection: Collection,
    /// Whether it was here already.
    pub was_here: bool,
}

impl Collection {
    /// The agent's cell of it.
    pub fn cell(&self) -> CellId {
        CellId::new(self.dna_hash.clone(), self.agent.clone())
    }

    /// The invite to it.
    pub fn invite(&self) -> Invite {
        Invite {
            schema: self.schema.clone(),
            properties: self.properties.clone(),
            seed: self.seed.clone(),
            dna_hash: self.dna_hash.clone(),
            network: self.network.clone(),
        }
    }

    /// Its name and the end of its hash.
    pub fn label(&self) -> String {
        called(&self.schema, &self.dna_hash)
    }
}

/// What a collection is called where it has to be told from others of its name.
pub(crate) fn called(schema: &Schema, dna_hash: &DnaHash) -> String {
    format!("{} ({})", schema.name, short(&dna_hash.to_string()))
}

impl Node {
    /// All collections on this node, by name.
    pub async fn collections(&self) -> Result<Arc<[Collection]>> {
        // Held while they are listed: whoever changes one clears it afterwards.
        let mut known = self.known.lock().await;
        if let Some(collections) = known.as_ref() {
            return Ok(collections.clone());
        }
        let collections: Arc<[_]> = self.list_collections().await?.into();
        *known = Some(collections.clone());
        Ok(collections)
    }

    /// To be called after every change of a collection, also one that failed half-way.
    async fn forget_collections(&self) {
        *self.known.lock().await = None;
    }

    async fn list_collections(&self) -> Result<Vec<Collection>> {
        let mut collections = Vec::new();
        for app in self.conductor.list_apps(None).await.context("cannot list the collections")? {
            let AppManifest::V0(manifest) = &app.manifest;
            let network = manifest.bootstrap_url.as_ref().map(|bootstrap| Network {
                bootstrap: bootstrap.clone(),
                relay: manifest.relay_url.clone().unwrap_or_else(|| bootstrap.clone()),
            });
            for cell in app.cell_info.values().flatten() {
                let CellInfo::Cloned(clone) = cell else { continue };
                let properties = clone.dna_modifiers.properties.bytes().clone();
                collections.push(Collection {
                    schema: Schema::from_bytes(&properties)?,
                    properties,
                    seed: clone.dna_modifiers.network_seed.clone(),
                    dna_hash: clone.cell_id.dna_hash().clone(),
                    agent: clone.cell_id.agent_pubkey().clone(),
                    enabled: clone.enabled,
                    network: network.clone(),
                    app_id: app.installed_app_id.clone(),
                });
            }
        }
        collections.sort_by(|a, b| (&a.schema.name, &a.dna_hash).cmp(&(&b.schema.name, &b.dna_hash)));
        Ok(collections)
    }

    /// The collection with this name, or whose hash ends with this.
    ///
    /// # Errors
    /// If there is none or several; the known ones are named.
    pub async fn collection(&self, wanted: &str) -> Result<Collection> {
        Ok(find(self.collections().await?.iter(), wanted)?.clone())
    }

    /// The same, if the node takes part in it.
    pub async fn open_collection(&self, wanted: &str) -> Result<Collection> {
        let collection = self.collection(wanted).await?;
        ensure!(
            collection.enabled,
            "the node has left {}: `collection join` with its invite takes part again",
            collection.label()
        );
        Ok(collection)
    }

    /// Creates a collection, with a network seed that nobody can guess.
    pub async fn create(&self, new: &NewCollection) -> Result<Collection> {
        let schema = Schema::new(&new.name, new.dimension, new.distance, new.encoding)?;
        let _guard = self.installing.lock().await;
        // One that was left does not stand in the way: it is told apart by its hash.
        let is_same = |other: &Collection| other.enabled && other.schema.name == schema.name;
        if let Some(same) = self.collections().await?.iter().find(|other| is_same(other)) {
            return Err(NameTaken { label: same.label() }.into());
        }
        let release = self.releases.first().context("no DNA is known")?;
        let seed = random_seed();
        let properties = schema.to_bytes()?;
        let dna_hash = release.collection_hash(&properties, &seed);
        self.notes.set_vector_name(&dna_hash.to_string(), &new.vector_name)?;
        let invite = Invite { schema, properties, seed, dna_hash, network: new.network.clone() };
        let collection = self.clone_cell(release, &invite).await?;
        if collection.network.is_some() {
            self.notes.set_alone(&collection.dna_hash.to_string(), true)?;
        }
        Ok(collection)
    }

    /// Joins the collection of an invite; if it is here already, the node takes part in it again.
    pub async fn join(&self, invite: &Invite) -> Result<Joined> {
        let _guard = self.installing.lock().await;
        let here = self.collections().await?;
        if let Some(collection) = here.iter().find(|c| c.dna_hash == invite.dna_hash).cloned() {
            if !collection.enabled {
                self.enable(&collection).await?;
                self.open(&collection).await?;
            }
            return Ok(Joined { collection: Collection { enabled: true, ..collection }, was_here: true });
        }
        let release = self
            .releases
            .iter()
            .find(|release| release.collection_hash(&invite.properties, &invite.seed) == invite.dna_hash)
            .with_context(|| {
                let known: Vec<_> = self.releases.iter().map(|release| release.name.as_str()).collect();
                format!(
                    "the invite is for a collection whose rules this program does not have (it knows {}): update it",
                    known.join(", ")
                )
            })?
            .clone();
        let collection = self.clone_cell(&release, invite).await?;
        Ok(Joined { collection, was_here: false })
    }

    /// Stops taking part. What the node holds stays on its disk, and joining again goes on from there.
    pub async fn leave(&self, wanted: &str) -> Result<Collection> {
        let collection = self.collection(wanted).await?;
        if collection.enabled {
            let clone_cell_id = CloneCellId::DnaHash(collection.dna_hash.clone());
            let request = AppRequest::DisableCloneCell(Box::new(DisableCloneCellPayload { clone_cell_id }));
            let left = self.ask_conductor(&collection.app_id, request).await;
            self.forget_collections().await;
            left.context("cannot leave the collection")?;
            // Now that nobody opens them again.
            self.writers.close_one(&collection.dna_hash).await;
            self.lives.close_one(&collection.dna_hash).await;
            self.saved.give_up(&self.dir, &collection.dna_hash)?;
            self.metrics.remove(&collection.label());
        }
        Ok(Collection { enabled: false, ..collection })
    }

    async fn enable(&self, collection: &Collection) -> Result<()> {
        let clone_cell_id = CloneCellId::DnaHash(collection.dna_hash.clone());
        let request = AppRequest::EnableCloneCell(Box::new(EnableCloneCellPayload { clone_cell_id }));
        let enabled = self.ask_conductor(&collection.app_id, request).await;
        self.forget_collections().await;
        enabled.context("cannot take part again")
    }

    async fn ask_conductor(&self, app_id: &str, request: AppRequest) -> Result<()> {
        again_if_locked!({
            let api = AppInterfaceApi::new(self.conductor.clone());
            let (app_id, request) = (app_id.to_owned(), request.clone());
            async move {
                match api.handle_request(app_id, Ok(request)).await {
                    Ok(AppResponse::Error(error)) => Err(anyhow!("{error:?}")),
                    Ok(_) => Ok(()),
                    Err(error) => Err(anyhow!("{error}")),
                }
            }
        })
    }

    async fn clone_cell(&self, release: &crate::dnas::Release, invite: &Invite) -> Result<Collection> {
        let (app_id, agent) = self.app_for(release, invite.network.as_ref()).await?;
        // A mapping keeps the order of its keys, so that the conductor writes the canonical bytes again.
        let properties = yaml_serde::to_value(&invite.schema).context("cannot write the properties")?;
        let payload = CreateCloneCellPayload {
            role_name: ROLE.to_owned(),
            modifiers: DnaModifiersOpt {
                network_seed: Some(invite.seed.clone()),
                properties: Some(YamlProperties::new(properties)),
            },
            membrane_proof: None,
            name: None,
        };
        let clone = again_if_locked!({
            let (conductor, app_id, payload) = (self.conductor.clone(), app_id.clone(), payload.clone());
            async move { conductor.create_clone_cell(&app_id, payload).await }
        });
        self.forget_collections().await;
        let clone = clone.context("the conductor cannot create the collection")?;
        ensure!(
            *clone.cell_id.dna_hash() == invite.dna_hash,
            "the collection came out as {}, and {} was expected",
            clone.cell_id.dna_hash(),
            invite.dna_hash
        );
        let collection = Collection {
            schema: invite.schema.clone(),
            properties: invite.properties.clone(),
            seed: invite.seed.clone(),
            dna_hash: invite.dna_hash.clone(),
            agent,
            enabled: true,
            network: invite.network.clone(),
            app_id,
        };
        self.open(&collection).await?;
        Ok(collection)
    }

    /// The first call of a cell runs `init`, which writes: it has its turn before anybody else.
    async fn open(&self, collection: &Collection) -> Result<()> {
        // Without it everything works, slowly.
        if let Err(problem) = self.op_databases.index(&collection.dna_hash).await {
            tracing::warn!("{}: {problem:#}", collection.label());
        }
        let _: CollectionInfo = self.write(&collection.cell(), "collection_info", ()).await?;
        Ok(())
    }

    /// The app for these addresses, installed if it is not there yet, and its agent.
    async fn app_for(
        &self,
        release: &crate::dnas::Release,
        network: Option<&Network>,
    ) -> Result<(String, AgentPubKey)> {
        let place = network.map_or_else(|| "local".to_owned(), Network::key);
        let app_id = format!("{ROLE}-{}-{place}", release.short_hash());
        let apps = self.conductor.list_apps(None).await?;
        if let Some(app) = apps.iter().find(|app| app.installed_app_id == app_id) {
            return Ok((app_id, app.agent_pub_key.clone()));
        }
        let source = release.app(
            network.map(|network| network.bootstrap.as_str()),
            network.map(|network| network.relay.as_str()),
        )?;
        let payload = InstallAppPayload {
            source: AppBundleSource::Bytes(source.into()),
            // One agent for all collections of the node.
            agent_key: apps.first().map(|app| app.agent_pub_key.clone()),
            installed_app_id: Some(app_id.clone()),
            network_seed: None,
            roles_settings: None,
            ignore_genesis_failure: false,
            restore_from_dht: false,
        };
        // The base cell is nobody's: a random seed keeps it to itself, and apart from that of an attempt that failed.
        let again = || InstallAppPayload { network_seed: Some(random_seed()), ..payload.clone() };
        let app = again_if_locked!(self.conductor.clone().install_app_bundle(again()));
        let app = app.context("cannot install the app")?;
        again_if_locked!(self.conductor.clone().enable_app(app_id.clone()))
            .context("cannot start the app")?;
        Ok((app_id, app.agent_key().clone()))
    }

    /// Makes the first collection as quick as any other: installs what it will be a clone of, and has the conductor compile the
    /// zomes, which takes some seconds. Cost: little, if that was done before.
    ///
    /// # Errors
    /// If the app cannot be installed.
    pub async fn warm_up(&self, network: Option<&Network>) -> Result<()> {
        let _guard = self.installing.lock().await;
        let release = self.releases.first().context("no DNA is known")?;
        let (app_id, _) = self.app_for(release, network).await?;
        let apps = self.conductor.list_apps(None).await.context("cannot list what is installed")?;
        let cells =
            apps.iter().filter(|app| app.installed_app_id == app_id).flat_map(|app| app.cell_info.values());
        for cell in cells.flatten() {
            if let CellInfo::Provisioned(base) = cell {
                // It is no collection, and whatever it answers to that is well: the zomes have been compiled then.
                if let Err(problem) = self.read::<_, Vec<NodeInfo>>(&base.cell_id, "list_nodes", ()).await {
                    tracing::debug!("the base cell says: {problem:#}");
                }
            }
        }
        Ok(())
    }

    /// Gives collections that an earlier version of the program made the coordinator zome of this one.
    pub(crate) async fn renew_coordinators(&self) -> Result<()> {
        for collection in self.collections().await?.iter().filter(|c| c.enabled) {
            let cell = collection.cell();
            let release = self
                .releases
                .iter()
                .find(|r| r.collection_hash(&collection.properties, &collection.seed) == collection.dna_hash);
            let (Some(release), Some(def)) = (release, self.conductor.get_dna_def(&cell)) else { continue };
            let (zomes, wasms) = release.coordinators();
            if def.coordinator_zomes != zomes {
                self.conductor.update_coordinators(cell, zomes, wasms).await.with_context(|| {
                    format!("cannot renew the coordinator zome of {}", collection.label())
                })?;
            }
        }
        Ok(())
    }
}

/// The collection with this name, or whose hash ends with this. Of several with one name, the one that the node takes part in.
pub(crate) fn find<'c>(
    collections: impl Iterator<Item = &'c Collection> + Clone,
    wanted: &str,
) -> std::result::Result<&'c Collection, NotFound> {
    let by_name = collections.clone().filter(|c| c.schema.name == wanted);
    // Eight characters: what is shown beside every name.
    let by_hash = collections
        .clone()
        .filter(|c| wanted.len() >= 8 && c.schema.name != wanted && c.dna_hash.to_string().ends_with(wanted));
    let mut found: Vec<_> = by_name.chain(by_hash).collect();
    if found.iter().filter(|collection| collection.enabled).count() == 1 {
        found.retain(|collection| collection.enabled);
    }
    let labels = |list: &[&Collection]| list.iter().map(|c| c.label()).collect::<Vec<_>>().join(", ");
    let wanted = wanted.to_owned();
    match found.as_slice() {
        [collection] => Ok(collection),
        [] => match collections.collect::<Vec<_>>() {
            none if none.is_empty() => Err(NotFound::None { wanted }),
            others => Err(NotFound::Other { wanted, others: labels(&others) }),
        },
        several => Err(NotFound::Several { wanted, all: labels(several) }),
    }
}

fn random_seed() -> String {
    uuid::Uuid::from_bytes(rand::random()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collection(name: &str, hash: u8) -> Collection {
        let schema = Schema::new(name, 3, Distance::Cosine, Encoding::Sq8).unwrap();
        Collection {
            properties: schema.to_bytes().unwrap(),
            schema,
            seed: "seed".to_owned(),
            dna_hash: DnaHash::from_raw_32(vec![hash; 32]),
            agent: AgentPubKey::from_raw_32(vec![1; 32]),
            enabled: true,
            network: None,
            app_id: "app".to_owned(),
        }
    }

    #[test]
    fn a_collection_is_found_by_its_name_or_the_end_of_its_hash() {
        let all = [collection("a", 1), collection("b", 2)];
        assert_eq!(find(all.iter(), "b").unwrap(), &all[1]);
        let end = short(&all[0].dna_hash.to_string());
        assert_eq!(find(all.iter(), &end).unwrap(), &all[0]);
    }

    #[test]
    fn an_unknown_collection_names_the_known_ones() {
        let problem = find([collection("a", 1), collection("b", 2)].iter(), "c").unwrap_err().to_string();
        assert!(problem.contains("a (") && problem.contains("b ("), "{problem}");
        assert!(find([].iter(), "c").unwrap_err().to_string().contains("has none"));
    }

    #[test]
    fn two_of_one_name_are_told_apart_by_hash() {
        let both = [collection("a", 1), collection("a", 2)];
        let problem = find(both.iter(), "a").unwrap_err().to_string();
        assert!(problem.contains("several"), "{problem}");
        let left = [Collection { enabled: false, ..both[0].clone() }, both[1].clone()];
        assert_eq!(find(left.iter(), "a").unwrap(), &both[1], "the other one was left");
        let end = short(&both[0].dna_hash.to_string());
        assert_eq!(find(left.iter(), &end).unwrap(), &left[0]);
    }

    #[test]
    fn properties_as_yaml_keep_their_canonical_bytes() {
        let schema = Schema::new("notes", 1024, Distance::Euclid, Encoding::F16).unwrap();
        let yaml = YamlProperties::new(yaml_serde::to_value(&schema).unwrap());
        let bytes = SerializedBytes::try_from(yaml).unwrap();
        assert_eq!(*bytes.bytes(), schema.to_bytes().unwrap());
    }
}
