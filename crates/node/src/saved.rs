//! The collections' indexes as they were saved. Reads are answered from them while the conductor starts, which takes some twenty
//! seconds where a collection has a million rows; afterwards they are kept in step.
//!
//! In the folder of each index a note says what it is the index of: the conductor, which else knows, is not there yet. It is
//! written when the index has caught up with the DHT for the first time, and holds no secret.

use crate::collections::{Collection, called};
use crate::data_dir::DataDir;
use crate::journal::{read_json, remove_if_there, write_atomically};
use crate::live::blocking;
use anyhow::{Context, Result};
use parking_lot::Mutex;
use rose_forest_api::{DnaHash, Schema};
use rose_forest_engine::local::{Limits, LocalIndex};
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The note: the collection's schema as JSON. The folder is called by its hash.
const NOTE: &str = "collection.json";

/// What says of an index that it may answer early.
pub(crate) struct Note {
    folder: PathBuf,
    schema: Schema,
}

/// The indexes that were found on disk, and have not been taken yet to be kept in step.
pub struct Saved(Mutex<HashMap<DnaHash, Arc<SavedIndex>>>);

/// One of them.
pub struct SavedIndex {
    dna_hash: DnaHash,
    folder: PathBuf,
    schema: Schema,
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

impl Note {
    /// Of the index of a collection.
    pub fn of(dir: &DataDir, collection: &Collection) -> Self {
        Self { folder: folder_of(dir, &collection.dna_hash), schema: collection.schema.clone() }
    }

    /// Writes it, if it is not there. If that fails, the collection answers when the conductor has started.
    pub fn write(&self) {
        if noted(&self.folder).as_ref() == Some(&self.schema) {
            return;
        }
        if let Err(problem) = write_atomically(&self.folder.join(NOTE), &self.schema) {
            tracing::warn!("{problem:#}");
        }
    }
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

    /// The one that is called so, by its name if no other of these has it, or by its hash.
    pub fn called(&self, wanted: &str) -> Option<Arc<SavedIndex>> {
        let all = self.all();
        let is_meant =
            |one: &&Arc<SavedIndex>| one.schema.name == wanted || one.dna_hash.to_string() == wanted;
        let mut meant = all.iter().filter(is_meant);
        let one = meant.next()?;
        meant.next().is_none().then(|| one.clone())
    }

    /// All of them.
    pub fn all(&self) -> Vec<Arc<SavedIndex>> {
        self.0.lock().values().cloned().collect()
    }

    /// Gives up those of collections that the node has left. What cannot be removed is found again at the next start.
    pub(crate) fn keep_only(&self, dir: &DataDir, takes_part: impl Fn(&DnaHash) -> bool) {
        let left = self.all().into_iter().filter(|one| !takes_part(&one.dna_hash));
        for one in left {
            if let Err(problem) = self.give_up(dir, &one.dna_hash) {
                tracing::warn!("{problem:#}");
            }
        }
    }

    /// Has no reads answered from the index of a collection that was left, now or after a restart.
    ///
    /// # Errors
    /// If the folder of the index cannot be written.
    pub(crate) fn give_up(&self, dir: &DataDir, dna_hash: &DnaHash) -> Result<()> {
        self.0.lock().remove(dna_hash);
        remove_if_there(&folder_of(dir, dna_hash).join(NOTE))
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
        Some(Self { dna_hash, schema: noted(&folder)?, folder, limits, opened: OnceCell::new() })
    }

    /// The collection's schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The collection.
    pub fn dna_hash(&self) -> &DnaHash {
        &self.dna_hash
    }

    /// The collection's name and the end of its hash.
    pub fn label(&self) -> String {
        called(&self.schema, &self.dna_hash)
    }

    /// The index, if no row that it had is missing; opened if that is the first question. Cost of that: see
    /// [`LocalIndex::open`].
    pub async fn whole(&self) -> Option<Arc<LocalIndex>> {
        let is_whole = |opened: &Opened| opened.rebuilt.is_empty() && opened.index.missing_rows() == 0;
        match self.opened().await {
            Ok(opened) => Some(opened).filter(is_whole).map(|opened| opened.index),
            Err(problem) => {
                tracing::warn!("{}: {problem:#}", self.label());
                None
            }
        }
    }

    async fn opened(&self) -> Result<Opened> {
        let open = || {
            let (folder, dna_hash) = (self.folder.clone(), self.dna_hash.clone());
            open(folder, dna_hash, self.schema.clone(), self.limits)
        };
        self.opened.get_or_try_init(open).await.cloned()
    }
}

/// Opens the index of a collection.
///
/// # Errors
/// If its folder cannot be used.
pub(crate) async fn open_index(dir: &DataDir, collection: &Collection, limits: Limits) -> Result<Opened> {
    let Collection { dna_hash, schema, .. } = collection;
    open(folder_of(dir, dna_hash), dna_hash.clone(), schema.clone(), limits).await
}

/// The schema in the note of a folder; nothing if there is no note, or none that can be read.
fn noted(folder: &Path) -> Option<Schema> {
    read_json(&folder.join(NOTE)).ok().flatten()
}

fn folder_of(dir: &DataDir, dna_hash: &DnaHash) -> PathBuf {
    dir.indexes().join(dna_hash.to_string())
}

async fn open(folder: PathBuf, dna_hash: DnaHash, schema: Schema, limits: Limits) -> Result<Opened> {
    // What tells its files from those of other collections.
    let identity = dna_hash.get_raw_32().try_into().unwrap_or_default();
    let opened = blocking(move || {
        let (index, opening) = LocalIndex::open(&folder, &schema, identity, limits)?;
        let rebuilt = [opening.store_rebuilt, opening.graph_rebuilt, opening.lists_rebuilt];
        let rebuilt: Vec<_> = rebuilt.into_iter().flatten().collect();
        if !rebuilt.is_empty() {
            // Until it has caught up again, also if the node stops before.
            remove_if_there(&folder.join(NOTE))?;
        }
        Ok::<_, anyhow::Error>(Opened { index: Arc::new(index), rebuilt })
    });
    opened.await.context("cannot open the index")
}
