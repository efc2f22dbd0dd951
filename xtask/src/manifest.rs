//! The manifests of a DNA, of an app and of one with a page, as Holochain 0.7.1 writes them into a bundle.
//!
//! `holochain_types` has these types and pulls in half a conductor. What is serialised must be the same,
//! name for name and in the same order, because a bundle is MessagePack with named fields: `cargo verify`
//! packs with `hc` as well and compares the bytes.

use mr_bundle::{Manifest, ResourceIdentifier, resource_id_for_path};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use yaml_serde::Value;

/// `dna.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "manifest_version")]
pub enum DnaManifest {
    /// The only version there is.
    #[serde(rename = "0")]
    V0(DnaManifestV0),
}

/// The body of `dna.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DnaManifestV0 {
    name: String,
    integrity: Integrity,
    #[serde(default)]
    coordinator: Coordinator,
}

/// What is hashed into the identity of the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Integrity {
    network_seed: Option<String>,
    properties: Option<Value>,
    zomes: Vec<Zome>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Coordinator {
    zomes: Vec<Zome>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Zome {
    name: String,
    hash: Option<String>,
    path: String,
    dependencies: Option<Vec<Dependency>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dependency {
    name: String,
}

impl Zome {
    fn resource_id(&self) -> ResourceIdentifier {
        resource_id_for_path(&self.path).unwrap_or_else(|| format!("{}.wasm", self.name))
    }
}

impl DnaManifest {
    fn zomes(&self) -> impl Iterator<Item = &Zome> {
        let Self::V0(dna) = self;
        dna.integrity.zomes.iter().chain(&dna.coordinator.zomes)
    }
}

impl Manifest for DnaManifest {
    fn generate_resource_ids(&mut self) -> HashMap<ResourceIdentifier, String> {
        let Self::V0(dna) = self;
        let zomes = dna.integrity.zomes.iter_mut().chain(&mut dna.coordinator.zomes);
        zomes
            .map(|zome| {
                let id = zome.resource_id();
                (id.clone(), std::mem::replace(&mut zome.path, id))
            })
            .collect()
    }

    fn resource_ids(&self) -> Vec<ResourceIdentifier> {
        self.zomes().map(Zome::resource_id).collect()
    }

    fn file_name() -> &'static str {
        "dna.yaml"
    }

    fn bundle_extension() -> &'static str {
        "dna"
    }
}

/// `happ.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "manifest_version")]
pub enum AppManifest {
    /// The only version there is.
    #[serde(rename = "0")]
    V0(AppManifestV0),
}

/// The body of `happ.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppManifestV0 {
    name: String,
    description: Option<String>,
    roles: Vec<Role>,
    #[serde(default)]
    allow_deferred_memproofs: bool,
    #[serde(default)]
    bootstrap_url: Option<String>,
    #[serde(default)]
    relay_url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Role {
    name: String,
    provisioning: Option<Provisioning>,
    dna: RoleDna,
}

/// Only the strategy that this app uses: another one is refused here before it is packed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields, tag = "strategy")]
enum Provisioning {
    Create { deferred: bool },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleDna {
    path: Option<String>,
    #[serde(default)]
    modifiers: Modifiers,
    #[serde(default)]
    installed_hash: Option<String>,
    #[serde(default)]
    clone_limit: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Modifiers {
    network_seed: Option<String>,
    properties: Option<Value>,
}

impl Manifest for AppManifest {
    fn generate_resource_ids(&mut self) -> HashMap<ResourceIdentifier, String> {
        let Self::V0(app) = self;
        let paths = app.roles.iter_mut().filter_map(|role| role.dna.path.as_mut());
        paths
            .filter_map(|path| {
                let id = resource_id_for_path(&*path)?;
                Some((id.clone(), std::mem::replace(path, id)))
            })
            .collect()
    }

    fn resource_ids(&self) -> Vec<ResourceIdentifier> {
        let Self::V0(app) = self;
        app.roles.iter().filter_map(|role| resource_id_for_path(role.dna.path.as_ref()?)).collect()
    }

    fn file_name() -> &'static str {
        "happ.yaml"
    }

    fn bundle_extension() -> &'static str {
        "happ"
    }
}

/// `web-happ.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "manifest_version")]
pub enum WebAppManifest {
    /// The only version there is.
    #[serde(rename = "0")]
    V0(WebAppManifestV0),
}

/// The body of `web-happ.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebAppManifestV0 {
    name: String,
    ui: Location,
    happ: Location,
}

/// Where a part of it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Location {
    path: String,
}

impl Manifest for WebAppManifest {
    fn generate_resource_ids(&mut self) -> HashMap<ResourceIdentifier, String> {
        let Self::V0(app) = self;
        [&mut app.ui.path, &mut app.happ.path]
            .into_iter()
            .filter_map(|path| {
                let id = resource_id_for_path(&*path)?;
                Some((id.clone(), std::mem::replace(path, id)))
            })
            .collect()
    }

    fn resource_ids(&self) -> Vec<ResourceIdentifier> {
        let Self::V0(app) = self;
        [&app.ui.path, &app.happ.path].into_iter().filter_map(resource_id_for_path).collect()
    }

    fn file_name() -> &'static str {
        "web-happ.yaml"
    }

    fn bundle_extension() -> &'static str {
        "webhapp"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DNA: &str = include_str!("../../dnas/rose_forest/dna.yaml");
    const APP: &str = include_str!("../../happ.yaml");

    #[test]
    fn the_properties_are_the_canonical_bytes_of_a_schema() {
        let DnaManifest::V0(dna) = yaml_serde::from_str(DNA).unwrap();
        let bytes = rmp_serde::to_vec_named(&dna.integrity.properties).unwrap();
        // A map of seven, and the first key is the version.
        assert!(bytes.starts_with(b"\x87\xa7version\x01\xa4name\xabrose_forest\xa9dimension\xcd\x01\x80"));
    }

    #[test]
    fn paths_become_file_names_once() {
        let mut manifest: DnaManifest = yaml_serde::from_str(DNA).unwrap();
        let first = manifest.generate_resource_ids();
        assert_eq!(first["rose_forest_integrity.wasm"], "../../workdir/wasm/rose_forest_integrity.wasm");
        let ids = manifest.resource_ids();
        manifest.generate_resource_ids();
        assert_eq!(manifest.resource_ids(), ids);
        assert_eq!(ids, ["rose_forest_integrity.wasm", "rose_forest_coordinator.wasm"]);
    }

    #[test]
    fn the_role_is_created_at_once_and_may_be_cloned() {
        let AppManifest::V0(app) = yaml_serde::from_str(APP).unwrap();
        assert_eq!(app.roles.len(), 1);
        assert_eq!(app.roles[0].name, "rose_forest");
        assert_eq!(app.roles[0].provisioning, Some(Provisioning::Create { deferred: false }));
        assert!(app.roles[0].dna.clone_limit > 0);
    }

    #[test]
    fn an_unknown_field_is_refused() {
        assert!(yaml_serde::from_str::<AppManifest>(&format!("{APP}\nsurprise: 1\n")).is_err());
    }
}
