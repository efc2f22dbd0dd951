//! The collections' indexes as they were saved. Reads are answered from them while the conductor starts, which takes some twenty
//! seconds where a collection has a million rows; afterwards they are kept in step.
//!
//! In the folder of each index a file says what it is the index of: the conductor, which else knows, is not there yet. It
//! holds no secret.

use crate::collections::{Collection, called};
use crate::data_dir::DataDir;
use crate::journal::{read_json, write_atomically};
use crate::live::blocking;
use anyhow::{Context, Result};
use parking_lot::Mutex;
use rose_forest_api::{AgentPubKey, DnaHash, Schema};
use rose_forest_engine::local::{IndexError, Limits, LocalIndex};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Says what a folder is the index of.
const ABOUT: &str = "collection.json";

/// What stands there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct About {
    schema: Schema,
    agent: AgentPubKey,
}

/// The indexes that were found on disk, and have not been taken yet to be kept in step.
pub struct Saved(Mutex<HashMap<DnaHash, Arc<SavedIndex>>>);

/// One of them.
pub struct SavedIndex {
    dna_hash: DnaHash,
    folder: PathBuf,
    about: About,
    limits: Limits,
    opened: OnceCell<Opened>,
}

/// An index that was opened.
#[derive(Clone)]
pub(crate) struct Opened {
    pub index: Arc<LocalIndex>,
    /// What had to be built anew, and why. Its rows are missing until they have been read again.
    pub rebuilt: Vec<String>,
}

impl Saved {
    /// None: for a node that does not answer before it has started.
    pub fn none() -> Arc<Self> {
        Arc::new(Self(Mutex::default()))
    }

    /// Those of a data directory that this program has locked. None is opened yet.
    ///
    /// # Errors
    /// If the directory cannot be read. An index that does not say what it is of is passed over.
    pub fn find(dir: &DataDir, limits: Limits) -> Result<Arc<Self>> {
        let mut found = HashMap::new();
        let folders = match std::fs::read_dir(dir.indexes()) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::none()),
            folders => folders.with_context(|| format!("cannot read {}", dir.indexes().display()))?,
        };
        for folder in folders {
            let folder = folder.context("cannot read the folder of the indexes")?.path();
            if let Some(index) = SavedIndex::of_folder(folder, limits) {
                found.insert(index.dna_hash.clone(), Arc::new(index));
            }
        }
        Ok(Arc::new(Self(Mutex::new(found))))
    }

    /// The one that is called so, by its name if no other has it, or by its hash.
    pub fn called(&self, wanted: &str) -> Option<Arc<SavedIndex>> {
        let all = self.all();
        let is_meant =
            |one: &&Arc<SavedIndex>| one.about.schema.name == wanted || one.dna_hash.to_string() == wanted;
        let mut meant = all.iter().filter(is_meant);
        let one = meant.next()?;
        meant.next().is_none().then(|| one.clone())
    }

    /// All of them.
    pub fn all(&self) -> Vec<Arc<SavedIndex>> {
        self.0.lock().values().cloned().collect()
    }

    /// Gives one away, opened if it can be.
    pub(crate) async fn take(&self, dna_hash: &DnaHash) -> Option<Opened> {
        let one = self.0.lock().remove(dna_hash)?;
        one.opened().await.ok()
    }
}

impl SavedIndex {
    fn of_folder(folder: PathBuf, limits: Limits) -> Option<Self> {
        let dna_hash = DnaHash::try_from(folder.file_name()?.to_str()?).ok()?;
        let about: Option<About> = read_json(&folder.join(ABOUT)).unwrap_or_default();
        Some(Self { dna_hash, about: about?, folder, limits, opened: OnceCell::new() })
    }

    /// The collection's schema.
    pub fn schema(&self) -> &Schema {
        &self.about.schema
    }

    /// The collection.
    pub fn dna_hash(&self) -> &DnaHash {
        &self.dna_hash
    }

    /// The collection's name and the end of its hash.
    pub fn label(&self) -> String {
        called(&self.about.schema, &self.dna_hash)
    }

    /// The index, if nothing of it has to be built anew; opened if that is the first question. Cost of that: see
    /// [`LocalIndex::open`].
    pub async fn whole(&self) -> Option<Arc<LocalIndex>> {
        match self.opened().await {
            Ok(opened) => Some(opened.index).filter(|_| opened.rebuilt.is_empty()),
            Err(problem) => {
                tracing::warn!("{}: {problem:#}", self.label());
                None
            }
        }
    }

    async fn opened(&self) -> Result<Opened> {
        let open = || {
            let (folder, dna_hash) = (self.folder.clone(), self.dna_hash.clone());
            open(folder, dna_hash, self.about.clone(), self.limits)
        };
        self.opened.get_or_try_init(open).await.cloned()
    }
}

/// Opens the index of a collection, and notes what it is the index of.
///
/// # Errors
/// If its folder cannot be used.
pub(crate) async fn open_index(dir: &DataDir, collection: &Collection, limits: Limits) -> Result<Opened> {
    let about = About { schema: collection.schema.clone(), agent: collection.agent.clone() };
    open(folder_of(dir, &collection.dna_hash), collection.dna_hash.clone(), about, limits).await
}

/// Has no reads answered from the index of a collection that was left.
///
/// # Errors
/// If the folder of the index cannot be written.
pub(crate) fn forget(dir: &DataDir, dna_hash: &DnaHash) -> Result<()> {
    let path = folder_of(dir, dna_hash).join(ABOUT);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn folder_of(dir: &DataDir, dna_hash: &DnaHash) -> PathBuf {
    dir.indexes().join(dna_hash.to_string())
}

async fn open(folder: PathBuf, dna_hash: DnaHash, about: About, limits: Limits) -> Result<Opened> {
    // What tells its files from those of other collections.
    let identity = dna_hash.get_raw_32().try_into().unwrap_or_default();
    let opened = blocking(move || {
        let (index, opening) = LocalIndex::open(&folder, &about.schema, identity, limits)?;
        index.set_own_author(&about.agent)?;
        note(&folder, &about);
        let rebuilt = [opening.store_rebuilt, opening.graph_rebuilt, opening.lists_rebuilt];
        let rebuilt = rebuilt.into_iter().flatten().collect();
        Ok::<_, IndexError>(Opened { index: Arc::new(index), rebuilt })
    });
    opened.await.context("cannot open the index")
}

/// Without the note, the collection is answered from when the conductor has started.
fn note(folder: &Path, about: &About) {
    let path = folder.join(ABOUT);
    if matches!(read_json::<Option<About>>(&path), Ok(Some(noted)) if noted == *about) {
        return;
    }
    if let Err(problem) = write_atomically(&path, about) {
        tracing::warn!("{problem:#}");
    }
}
