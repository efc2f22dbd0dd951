//! The DNAs this program knows: every released one, built into it.
//!
//! A collection is one of them with properties and a network seed of its own. Which one an invite means is
//! told by the hash: the one that gives the invite's hash is the one.

use anyhow::{Context, Result};
use holochain_types::prelude::*;
use rose_forest_api::ROLE;

include!(concat!(env!("OUT_DIR"), "/released.rs"));

/// The variable that names a `.dna` file to use before the released ones: for development.
pub const DNA_VARIABLE: &str = "ROSE_FOREST_DNA";
/// Collections that one installed app can hold.
const CLONE_LIMIT: u32 = 1024;

/// A DNA that collections are made of.
#[derive(Clone)]
pub struct Release {
    /// Its version, for people.
    pub name: String,
    bundle: DnaBundle,
    file: DnaFile,
}

/// The DNAs this program knows, the newest first.
///
/// # Errors
/// If there is none, or the file that `ROSE_FOREST_DNA` names cannot be read.
pub async fn known() -> Result<Vec<Release>> {
    let mut releases = Vec::new();
    if let Some(path) = std::env::var_os(DNA_VARIABLE).filter(|path| !path.is_empty()) {
        let path = std::path::PathBuf::from(path);
        let bytes = std::fs::read(&path)
            .with_context(|| format!("cannot read {}, which {DNA_VARIABLE} names", path.display()))?;
        releases.push(Release::read(&path.display().to_string(), &bytes).await?);
    }
    for (name, bytes) in RELEASED.iter().rev() {
        releases.push(Release::read(name, bytes).await?);
    }
    anyhow::ensure!(
        !releases.is_empty(),
        "this program was built without a released DNA: set {DNA_VARIABLE} to a .dna file (`cargo pack` makes one)"
    );
    Ok(releases)
}

impl Release {
    async fn read(name: &str, bytes: &[u8]) -> Result<Self> {
        let bundle = DnaBundle::unpack(bytes).with_context(|| format!("{name} is not a DNA"))?;
        let (file, _) = bundle
            .clone()
            .into_dna_file(DnaModifiersOpt::none())
            .await
            .with_context(|| format!("{name} cannot be used"))?;
        Ok(Self { name: name.to_owned(), bundle, file })
    }

    /// The hash of the collection with these properties and this seed.
    pub fn collection_hash(&self, properties: &[u8], seed: &str) -> DnaHash {
        let modifiers = DnaModifiersOpt {
            network_seed: Some(seed.to_owned()),
            properties: Some(SerializedBytes::from(UnsafeBytes::from(properties.to_vec()))),
        };
        DnaHash::with_data_sync(&self.file.dna_def().clone().update_modifiers(modifiers))
    }

    /// Eight characters that tell this DNA from others.
    pub fn short_hash(&self) -> String {
        crate::text::short(&self.file.dna_hash().to_string())
    }

    /// The coordinator zomes, and all wasms.
    pub fn coordinators(&self) -> (CoordinatorZomes, Vec<DnaWasmHashed>) {
        let wasms = self.file.code().iter();
        let wasms = wasms.map(|(hash, wasm)| DnaWasmHashed::with_pre_hashed(wasm.clone(), hash.clone()));
        (self.file.dna_def().coordinator_zomes.clone(), wasms.collect())
    }

    /// The app that holds collections of this DNA whose peers meet at these addresses.
    pub fn app(&self, bootstrap: Option<&str>, relay: Option<&str>) -> Result<Vec<u8>> {
        let path = "rose_forest.dna".to_owned();
        let manifest = AppManifest::V0(AppManifestV0 {
            name: ROLE.to_owned(),
            description: None,
            roles: vec![AppRoleManifest {
                name: ROLE.to_owned(),
                provisioning: Some(CellProvisioning::Create { deferred: false }),
                dna: AppRoleDnaManifest {
                    path: Some(path.clone()),
                    modifiers: DnaModifiersOpt::none(),
                    installed_hash: None,
                    clone_limit: CLONE_LIMIT,
                },
            }],
            allow_deferred_memproofs: false,
            bootstrap_url: bootstrap.map(str::to_owned),
            relay_url: relay.map(str::to_owned),
        });
        let bundle =
            AppBundle::new(manifest, [(path, self.bundle.clone())]).context("cannot make the app")?;
        Ok(bundle.pack().context("cannot pack the app")?.to_vec())
    }
}
