//! An index that the conductor's databases lack.
//!
//! Peers compare what they hold by 512 sectors of the DHT. For that, whenever a collection is opened and every quarter of an
//! hour, the conductor asks its database for the ops of each sector, several times. Holochain 0.7.1 has no index that such a
//! question could use: each reads all ops of the collection and looks up the action of each, 2.3 s with 450,000 ops (a
//! million rows that came in small portions), more than a thousand times. This index holds everything that tells whether an
//! op is meant, so that actions are looked up for those alone: 0.05 s. No other question of the conductor's is answered by it,
//! as its first column is compared nowhere else.

use crate::passphrase::Passphrase;
use anyhow::{Context, Result};
use holochain_state::data::{DatabaseIdentifier, DbKey, DbWrite, Dht, HolochainDataConfig, open_db};
use holochain_types::prelude::DnaHash;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::OnceCell;

const INDEX: &str = "CREATE INDEX IF NOT EXISTS rose_forest_ops_by_place ON ChainOp(\
    storage_center_loc, locally_validated, op_type, action_hash, basis_hash, serialized_size\
    ) WHERE locally_validated = 1";

/// The folder of the databases in that of the conductor, and the file with their key, as the conductor names them.
const FOLDER: &str = "databases";
const KEY: &str = "db.key";

/// The conductor's databases: one for each collection, and others.
pub(crate) struct OpDatabases {
    folder: PathBuf,
    passphrase: Passphrase,
    key: OnceCell<DbKey>,
}

impl OpDatabases {
    /// Of a conductor's folder.
    pub fn new(conductor: PathBuf, passphrase: Passphrase) -> Self {
        Self { folder: conductor.join(FOLDER), passphrase, key: OnceCell::new() }
    }

    /// Adds the index to the database of a collection. Cost: linear in its ops; next to nothing if it is there.
    ///
    /// # Errors
    /// If the database cannot be opened or written.
    pub async fn index(&self, dna_hash: &DnaHash) -> Result<()> {
        let database = self.open(Dht::new(Arc::new(dna_hash.clone()))).await?;
        let indexed = sqlx::query(INDEX).execute(database.pool()).await;
        database.pool().close().await;
        indexed.context("cannot add an index to the collection's database")?;
        Ok(())
    }

    /// Opens one of them. Whoever does, closes it.
    pub async fn open<I: DatabaseIdentifier>(&self, which: I) -> Result<DbWrite<I>> {
        let key = self.key.get_or_try_init(|| self.read_key()).await?.clone();
        let config = HolochainDataConfig::new().with_key(key).with_max_readers(1);
        open_db(&self.folder, which, config).await.context("cannot open a database of the conductor's")
    }

    async fn read_key(&self) -> Result<DbKey> {
        let path = self.folder.join(KEY);
        let locked = tokio::fs::read_to_string(&path).await;
        let locked = locked.with_context(|| format!("cannot read {}", path.display()))?;
        DbKey::load(locked, self.passphrase.clone()).await.context("cannot unlock the databases' key")
    }
}
