//! hannoy, in an LMDB database on disk, which it maps into memory: what is committed is saved. One snapshot is read
//! throughout, until rows are removed; the environment is never dropped, because snapshots borrow from it.

use super::{EF_CONSTRUCTION, Index, M};
use crate::data::{Allowed, Vectors};
use anyhow::{Result, anyhow};
use hannoy::{Database, Reader, Searched, Writer, distances::Cosine};
use heed::{CommitOrAbort, Env, EnvOpenOptions, RoTxn, WithoutTls};
use rand::{SeedableRng, rngs::StdRng};
use std::path::Path;

/// The most that the database may become.
const MAP_BYTES: usize = 4 << 30;
/// The number of the one index that there is.
const NUMBER: u16 = 0;
const SEED: u64 = 7;
/// Links in the lowest layer.
const M0: usize = 2 * M;

pub struct Subject {
    env: &'static Env<WithoutTls>,
    database: Database<'static, Cosine>,
    dimension: usize,
    snapshot: Snapshot,
    effort: usize,
}

struct Snapshot {
    reader: Reader<'static, Cosine>,
    transaction: RoTxn<'static, WithoutTls>,
}

impl Snapshot {
    fn of(env: &'static Env<WithoutTls>, database: Database<'static, Cosine>) -> Result<Self> {
        let transaction = env.read_txn()?;
        Ok(Self { reader: Reader::open(&transaction, NUMBER, database)?, transaction })
    }
}

impl Subject {
    pub fn build(rows: &Vectors, folder: &Path) -> Result<Self> {
        // SAFETY: the folder is this process's own and new, and no other program touches its files.
        // Without a thread's own place for its snapshot, so that a new one can be opened before the old one is given up.
        let env = unsafe { EnvOpenOptions::new().read_txn_without_tls().map_size(MAP_BYTES).open(folder)? };
        let env: &'static Env<WithoutTls> = Box::leak(Box::new(env));
        let transaction = env.write_txn()?;
        let created = env.create_databases_and_commit(transaction, |opener, transaction| {
            opener.create_database(transaction, None).map(CommitOrAbort::<_, ()>::Commit)
        });
        let CommitOrAbort::Commit(database) = created.map_err(|error: heed::Error| error)? else {
            return Err(anyhow!("the database was not created"));
        };
        let database: Database<'static, Cosine> = database;
        let dimension = rows.dimension;
        let writer = Writer::new(database, NUMBER, dimension);
        let mut transaction = env.write_txn()?;
        for (item, row) in (0..).zip(rows.iter()) {
            writer.add_item(&mut transaction, item, row)?;
        }
        let mut random = StdRng::seed_from_u64(SEED);
        writer.builder(&mut random).ef_construction(EF_CONSTRUCTION).build::<M, M0>(&mut transaction)?;
        transaction.commit()?;
        let snapshot = Snapshot::of(env, database)?;
        Ok(Self { env, database, dimension, snapshot, effort: EF_CONSTRUCTION })
    }
}

fn rows_of(found: Searched) -> Vec<u32> {
    found.into_nns().iter().map(|(item, _)| *item).collect()
}

impl Index for Subject {
    fn set_effort(&mut self, effort: usize) -> Result<()> {
        self.effort = effort;
        Ok(())
    }

    fn search(&self, query: &[f32], k: usize) -> Result<Vec<u32>> {
        let Snapshot { reader, transaction } = &self.snapshot;
        Ok(rows_of(reader.nns(k).ef_search(self.effort).by_vector(transaction, query)?))
    }

    fn search_allowed(&self, query: &[f32], k: usize, allowed: &Allowed) -> Result<Option<Vec<u32>>> {
        let Snapshot { reader, transaction } = &self.snapshot;
        let mut search = reader.nns(k);
        search.ef_search(self.effort).candidates(&allowed.bitmap);
        Ok(Some(rows_of(search.by_vector(transaction, query)?)))
    }

    fn remove(&mut self, rows: &[u32]) -> Result<bool> {
        let writer = Writer::new(self.database, NUMBER, self.dimension);
        let mut transaction = self.env.write_txn()?;
        for row in rows {
            writer.del_item(&mut transaction, *row)?;
        }
        let mut random = StdRng::seed_from_u64(SEED);
        writer.builder(&mut random).ef_construction(EF_CONSTRUCTION).build::<M, M0>(&mut transaction)?;
        transaction.commit()?;
        self.snapshot = Snapshot::of(self.env, self.database)?;
        Ok(true)
    }
}
