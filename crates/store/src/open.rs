//! Opening the file, and how it is kept on disk.
//!
//! **Durability.** A commit that waits for the disk costs milliseconds, and the store can be rebuilt. So most commits
//! are not made durable: one that is comes after so many rows or so much time ([`Options`]), and when
//! [`Store::sync`] says so. After a crash the file is as it was at the last durable commit: rows, indexes, log and the
//! node's cursors all of that one moment, so that the node goes on from its cursors and takes in again what is missing.

use crate::{
    Batch, Snapshot, StoreError,
    codec::Bytes,
    log::Checkpoint,
    tables::{self, ABOUT, ABOUT_COLLECTION, ABOUT_IDENTITY, ABOUT_LAYOUT, Counters, LAYOUT},
};
use redb::{
    Database, Durability, ReadableDatabase, ReadableTable, StorageBackend, WriteTransaction,
    backends::FileBackend,
};
use std::{
    fs::{File, OpenOptions},
    hash::{BuildHasher, RandomState},
    io::ErrorKind,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Memory for pages of the file when nothing is said.
pub const DEFAULT_CACHE_BYTES: usize = 64 * 1024 * 1024;
/// Rows after which a commit is made durable when nothing is said.
pub const DEFAULT_SYNC_ROWS: u64 = 50_000;
/// Time after which a commit is made durable when nothing is said.
pub const DEFAULT_SYNC_EVERY: Duration = Duration::from_secs(5);

/// How to open a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// What names the collection, the hash of its DNA for instance. A file of another one is refused.
    pub collection: Vec<u8>,
    /// Memory for pages of the file, in bytes. More of it makes loading with random ids, scans and searches with
    /// filters faster. Default: 64 MiB.
    pub cache_bytes: usize,
    /// A commit is made durable once this many rows have been taken in since the last one that was. More of them load
    /// faster, and a crash loses more that has to be read from the DHT again. Default: 50,000.
    pub sync_rows: u64,
    /// A commit is made durable if the last one that was is this old. Default: five seconds.
    pub sync_every: Duration,
    /// Whether to check every page of the file against its checksum when opening it. Without, damage is noticed only
    /// where the file is read, or not at all. Default: true.
    pub verify: bool,
}

impl Options {
    /// The default for this collection.
    pub fn new(collection: impl Into<Vec<u8>>) -> Self {
        Self {
            collection: collection.into(),
            cache_bytes: DEFAULT_CACHE_BYTES,
            sync_rows: DEFAULT_SYNC_ROWS,
            sync_every: DEFAULT_SYNC_EVERY,
            verify: true,
        }
    }
}

/// What a node keeps of one collection beside the vectors. Shared between threads: one writes at a time, any number
/// read, and none waits for the writer.
pub struct Store {
    pub(crate) database: Database,
    options: Options,
    identity: u64,
    /// Drawn when the file was opened: see [`crate::EventCursor`].
    pub(crate) opening: u64,
    unsynced: Mutex<Unsynced>,
}

/// What has been committed since the last commit that was made durable.
struct Unsynced {
    rows: u64,
    since: Instant,
    /// Whether there was any.
    any: bool,
}

impl Store {
    /// Opens the file, or creates it, readable and writable by its owner alone.
    /// Errors: [`StoreError::must_rebuild`] says whether to delete the file and try again.
    /// Cost: with [`Options::verify`], or after a crash that redb has to repair, a pass over the file.
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let backend = FileBackend::new(private_file(path)?);
        let backend = backend.map_err(|error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => StoreError::InUse { path: path.to_owned() },
            error => error.into(),
        })?;
        Self::open_backend(backend, options)
    }

    /// Opens what a backend holds.
    pub(crate) fn open_backend(backend: impl StorageBackend, options: Options) -> Result<Self, StoreError> {
        let database = guarded(|| {
            let mut builder = Database::builder();
            let mut database = builder.set_cache_size(options.cache_bytes).create_with_backend(backend)?;
            if options.verify {
                // Whether redb had to repair something is no matter: it says so of files that were closed in an ordinary
                // way after commits that were not durable, too, and what it repairs is as it was at some commit,
                // cursors included. What it cannot repair is an error.
                database.check_integrity()?;
            }
            Ok(database)
        });
        let database = database.map_err(|error| match error {
            // The file is shorter than it says, or none of ours.
            StoreError::Io(error)
                if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData) =>
            {
                StoreError::damaged("file", error.to_string())
            }
            error => error,
        })?;
        let identity = match guarded(|| prepare(&database, &options)) {
            Ok(identity) => identity,
            Err(error) => {
                // Closing it writes, and meets the same damage.
                let _closed = guarded(|| {
                    drop(database);
                    Ok(())
                });
                return Err(error);
            }
        };
        let unsynced = Mutex::new(Unsynced { rows: 0, since: Instant::now(), any: true });
        let opening = RandomState::new().hash_one(identity);
        Ok(Self { database, options, identity, opening, unsynced })
    }

    /// A number drawn when the file was created: two stores of one collection number their rows differently.
    pub fn identity(&self) -> u64 {
        self.identity
    }

    /// Begins a batch; waits while another one is under way. Nothing of it is seen before [`Batch::commit`].
    pub fn begin(&self) -> Result<Batch<'_>, StoreError> {
        Batch::new(self, self.database.begin_write()?)
    }

    /// What has been committed until now, to read from.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Snapshot::new(self.database.begin_read()?, self.identity)
    }

    /// Makes everything durable that has been committed. Cost: a wait for the disk, unless everything is.
    pub fn sync(&self) -> Result<(), StoreError> {
        let transaction = self.database.begin_write()?;
        if !self.unsynced.lock().unwrap_or_else(PoisonError::into_inner).any {
            return Ok(transaction.abort()?);
        }
        self.commit(transaction, 0, true)
    }

    /// Makes everything durable and says where the log stands: to be saved with an index that holds exactly these
    /// changes. A crash later on does not take them back, so that what the checkpoint stands for stays true.
    pub fn checkpoint(&self) -> Result<Checkpoint, StoreError> {
        let transaction = self.database.begin_write()?;
        let sequence = Counters::read(&transaction.open_table(ABOUT)?)?.sequence;
        self.commit(transaction, 0, true)?;
        Ok(Checkpoint { identity: self.identity, sequence })
    }

    /// Ends a transaction that has taken in `rows`; durably if it is time to, or if `now`.
    pub(crate) fn commit(
        &self,
        mut transaction: WriteTransaction,
        rows: u64,
        now: bool,
    ) -> Result<(), StoreError> {
        let durable = {
            let mut unsynced = self.unsynced.lock().unwrap_or_else(PoisonError::into_inner);
            unsynced.rows += rows;
            let due = unsynced.rows >= self.options.sync_rows
                || unsynced.since.elapsed() >= self.options.sync_every;
            // Until it is: this commit may fail.
            unsynced.any = true;
            if now || due {
                (unsynced.rows, unsynced.since) = (0, Instant::now());
            }
            now || due
        };
        transaction.set_durability(if durable { Durability::Immediate } else { Durability::None })?;
        // After a crash, opening reads no more than without one.
        transaction.set_quick_repair(durable);
        transaction.commit()?;
        if durable {
            self.unsynced.lock().unwrap_or_else(PoisonError::into_inner).any = false;
        }
        Ok(())
    }
}

/// Opens or creates a file that only its owner can read.
fn private_file(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let file = options.mode(0o600).open(path)?;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
        Ok(file)
    }
    #[cfg(not(unix))]
    Ok(options.open(path)?)
}

/// Runs what reads a file that may hold anything. redb checks most of what it reads, and panics on the rest.
fn guarded<T>(open: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(open))
        .unwrap_or_else(|_| Err(StoreError::damaged("file", "the database gave up reading it")))
}

/// Checks whose file it is, and makes what a new one lacks. Returns its identity.
fn prepare(database: &Database, options: &Options) -> Result<u64, StoreError> {
    let transaction = database.begin_write()?;
    let identity = {
        let mut about = transaction.open_table(ABOUT)?;
        let layout = match about.get(ABOUT_LAYOUT)? {
            Some(value) => Some(Bytes::plain(value.value(), "layout").u32()?),
            None => None,
        };
        match layout {
            Some(LAYOUT) => {
                if about.get(ABOUT_COLLECTION)?.is_none_or(|value| value.value() != options.collection) {
                    return Err(StoreError::OtherCollection);
                }
                let Some(value) = about.get(ABOUT_IDENTITY)? else {
                    return Err(StoreError::damaged("identity", "missing"));
                };
                Bytes::plain(value.value(), "identity").u64()?
            }
            Some(received) => return Err(StoreError::OtherLayout { expected: LAYOUT, received }),
            None => {
                // The keys of a hasher are drawn by the system, which is random enough to tell files apart.
                let identity = RandomState::new().hash_one(options.collection.as_slice());
                about.insert(ABOUT_LAYOUT, LAYOUT.to_le_bytes().as_slice())?;
                about.insert(ABOUT_COLLECTION, options.collection.as_slice())?;
                about.insert(ABOUT_IDENTITY, identity.to_le_bytes().as_slice())?;
                Counters::default().write(&mut about)?;
                identity
            }
        }
    };
    tables::create(&transaction)?;
    transaction.commit()?;
    Ok(identity)
}

#[cfg(test)]
mod tests;
