//! The conductor's databases of ops, one for each collection, opened beside the conductor: for two indexes that it lacks,
//! and to read blocks.
//!
//! Peers compare what they hold by 512 sectors of the DHT. For that, whenever a collection is opened and every quarter of an
//! hour, the conductor asks its database for the ops of each sector, several times. Holochain 0.7.1 has no index that such a
//! question could use: each reads all ops of the collection and looks up the action of each, 2.3 s with 450,000 ops (a
//! million rows that came in small portions), more than a thousand times. The first index holds everything that tells
//! whether an op is meant, so that actions are looked up for those alone: 0.05 s. No other question of the conductor's is
//! answered by it, as its first column is compared nowhere else.
//!
//! A block brings six ops, three of its own and three of its link, and one of the six carries the block to where it is
//! found. The second index lists those, by when the conductor integrated them: what the conductor's own question about
//! what is new would make of them is to look up six ops and six actions, and to read the block twice.

use crate::passphrase::Passphrase;
use anyhow::{Context, Result, anyhow};
use holochain_serialized_bytes::decode;
use holochain_state::data::{DatabaseIdentifier, DbKey, DbWrite, Dht, HolochainDataConfig, open_db};
use holochain_types::prelude::{ActionHash, AgentPubKey, DnaHash, Entry};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::OnceCell;

const BY_PLACE: &str = "CREATE INDEX IF NOT EXISTS rose_forest_ops_by_place ON ChainOp(\
    storage_center_loc, locally_validated, op_type, action_hash, basis_hash, serialized_size\
    ) WHERE locally_validated = 1";

/// Of ops that this conductor has validated itself (`locally_validated`) and found valid (1), those that bring an entry
/// to its address (`ChainOpType::CreateEntry`, 2). SQLite takes it because all columns of the question are in it.
const ENTRIES: &str = "CREATE INDEX IF NOT EXISTS rose_forest_entries_by_time ON ChainOp(\
    op_type, locally_validated, validation_status, when_integrated, action_hash, serialized_size\
    ) WHERE op_type = 2 AND locally_validated = 1 AND validation_status = 1";

/// Answered by that index alone.
const LIST_ENTRIES: &str = "SELECT action_hash, when_integrated, serialized_size FROM ChainOp \
    WHERE op_type = 2 AND locally_validated = 1 AND validation_status = 1 AND when_integrated >= ? \
    ORDER BY when_integrated LIMIT ?";

const READ_ENTRIES: &str = "SELECT Action.hash, Action.author, Action.timestamp, Entry.blob \
    FROM Action JOIN Entry ON Entry.hash = Action.entry_hash WHERE Action.hash IN (";

/// Entries that are read with one question; SQLite takes 32,766 parameters.
const READ_AT_ONCE: usize = 500;

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

    /// Adds the indexes to the database of a collection. Cost: linear in its ops; next to nothing if they are there.
    ///
    /// # Errors
    /// If the database cannot be opened or written.
    pub async fn index(&self, dna_hash: &DnaHash) -> Result<()> {
        let database = self.open(Dht::new(Arc::new(dna_hash.clone()))).await?;
        let indexed = add_indexes(&database).await;
        database.pool().close().await;
        indexed.context("cannot add an index to the collection's database")
    }

    /// The entries in the database of a collection.
    ///
    /// # Errors
    /// If the database cannot be opened.
    pub async fn entries(&self, dna_hash: &DnaHash) -> Result<Entries> {
        Ok(Entries(self.open(Dht::new(Arc::new(dna_hash.clone()))).await?))
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

async fn add_indexes(database: &DbWrite<Dht>) -> sqlx::Result<()> {
    for index in [BY_PLACE, ENTRIES] {
        sqlx::query(index).execute(database.pool()).await?;
    }
    Ok(())
}

/// The entries of one collection that this conductor has validated itself, found valid and integrated. Closed when
/// dropped.
pub(crate) struct Entries(DbWrite<Dht>);

/// An entry as a list has it.
pub(crate) struct Listed {
    /// The action that creates it, as raw bytes.
    pub action: Vec<u8>,
    /// When the conductor integrated it.
    pub integrated_micros: i64,
    /// Bytes of its op.
    pub bytes: i64,
}

/// An entry and the action that creates it.
pub(crate) struct Read {
    pub action: ActionHash,
    pub author: AgentPubKey,
    pub timestamp_micros: i64,
    pub entry: Entry,
}

impl Entries {
    /// At most `limit` that were integrated at or after a time, in that order. Cost: linear in what is listed.
    pub async fn since(&self, from_micros: i64, limit: u32) -> Result<Vec<Listed>> {
        let listed = sqlx::query_as::<_, (Vec<u8>, i64, i64)>(LIST_ENTRIES)
            .bind(from_micros)
            .bind(limit)
            .fetch_all(self.0.pool())
            .await
            .context("cannot list what was integrated")?;
        let listed = listed.into_iter();
        Ok(listed
            .map(|(action, integrated_micros, bytes)| Listed { action, integrated_micros, bytes })
            .collect())
    }

    /// Those of these actions, in whatever order; what is not there is left out.
    pub async fn read(&self, actions: &[Vec<u8>]) -> Result<Vec<Read>> {
        let mut entries = Vec::with_capacity(actions.len());
        for some in actions.chunks(READ_AT_ONCE) {
            let mut query = sqlx::QueryBuilder::new(READ_ENTRIES);
            let mut names = query.separated(", ");
            for action in some {
                names.push_bind(action.as_slice());
            }
            query.push(")");
            let rows = query.build_query_as::<(Vec<u8>, Vec<u8>, i64, Vec<u8>)>().fetch_all(self.0.pool());
            for (action, author, timestamp_micros, blob) in
                rows.await.context("cannot read what was integrated")?
            {
                let entry = decode(&blob).map_err(|error| {
                    anyhow!("the conductor's store holds an entry that cannot be read: {error}")
                })?;
                entries.push(Read {
                    action: ActionHash::from_raw_36(action),
                    author: AgentPubKey::from_raw_36(author),
                    timestamp_micros,
                    entry,
                });
            }
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holochain_types::prelude::ChainOpType;

    #[tokio::test]
    async fn entries_are_listed_by_the_index_alone() {
        let folder = tempfile::tempdir().unwrap();
        let which = Dht::new(Arc::new(DnaHash::from_raw_32(vec![1; 32])));
        let open = || open_db(folder.path(), which.clone(), HolochainDataConfig::new());
        let database = open().await.unwrap();
        add_indexes(&database).await.unwrap();
        // A plan alone does not make a connection look for indexes that another has added.
        database.pool().close().await;
        let database = open().await.unwrap();
        let plan = sqlx::query_as::<_, (i64, i64, i64, String)>(sqlx::AssertSqlSafe(format!(
            "EXPLAIN QUERY PLAN {LIST_ENTRIES}"
        )))
        .bind(0i64)
        .bind(1u32)
        .fetch_all(database.pool())
        .await
        .unwrap();
        let plan: Vec<String> = plan.into_iter().map(|(_, _, _, step)| step).collect();
        let by_index = "SEARCH ChainOp USING COVERING INDEX rose_forest_entries_by_time (\
            op_type=? AND locally_validated=? AND validation_status=? AND when_integrated>?)";
        assert_eq!(plan, [by_index]);
        assert_eq!(i64::from(ChainOpType::CreateEntry), 2);
    }
}
