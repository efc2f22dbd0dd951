//! Snapshots of collections: made, listed, given out, removed, and restored.
//!
//! - [`file`](mod@file) is the format, which knows nothing but bytes.
//! - `folder` keeps the files, `names` knows what their names and addresses mean.
//! - `create` and `restore` go between a [`crate::Backend`] and a file.
//! - `multipart` takes an upload apart.
//!
//! A snapshot is read page by page, not at one moment: a point that is written or deleted meanwhile is in it as it was
//! before or as it was after; every other point is in it once. Restoring writes rows anew, under the key of the node that
//! restores. `docs/SNAPSHOTS.md` says what follows from both.

mod create;
mod error;
pub mod file;
mod folder;
mod multipart;
mod names;
mod restore;

pub use error::SnapshotError;
pub(crate) use folder::{Folder, Listed, Uploading};
pub use multipart::MultipartError;
pub(crate) use multipart::{Multipart, boundary};
pub(crate) use names::{check as check_name, time as time_text};
pub use restore::Priority;
pub(crate) use restore::Source;

use crate::{Backend, limits};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The snapshots of a node.
#[derive(Clone)]
pub(crate) struct Snapshots {
    folder: Folder,
    jobs: Arc<Semaphore>,
    pub(crate) max_bytes: u64,
}

/// Room for one creation or restore.
pub(crate) struct Job(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

impl Snapshots {
    /// Those in a folder. What a crash left there is removed.
    pub(crate) fn new(folder: PathBuf, max_bytes: u64) -> Self {
        let folder = Folder::new(folder);
        folder.remove_leftovers();
        Self { folder, jobs: Arc::new(Semaphore::new(limits::MAX_SNAPSHOT_JOBS)), max_bytes }
    }

    /// Where the files are.
    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Takes room for one more creation or restore.
    ///
    /// # Errors
    /// [`SnapshotError::Busy`].
    pub(crate) fn job(&self) -> Result<Job, SnapshotError> {
        let permit = self.jobs.clone().try_acquire_owned();
        permit.map(Job).map_err(|_| SnapshotError::Busy { max: limits::MAX_SNAPSHOT_JOBS })
    }
}

/// The collection that a name means, which may be an alias, whether it is there or not.
pub(crate) async fn meant<B: Backend>(backend: &B, name: &str) -> Result<String, SnapshotError> {
    Ok(backend.aliases().await?.resolve(name).to_owned())
}

/// Makes a snapshot of a collection. Goes on when it is no more waited for.
///
/// # Errors
/// What the backend or the folder refuses; there is no new snapshot then.
pub(crate) async fn create<B: Backend>(
    backend: Arc<B>,
    snapshots: &Snapshots,
    job: Job,
    collection: String,
) -> Result<Listed, SnapshotError> {
    let (folder, name) = (snapshots.folder.clone(), collection.clone());
    let work = async move { create::create(backend.as_ref(), folder, &name).await };
    to_its_end(job, collection, "made", work).await
}

/// Restores a snapshot into a collection. Goes on when it is no more waited for.
///
/// # Errors
/// What is wrong with the file, and then nothing is written; what the backend refuses, and then what was written stays:
/// the same snapshot can be restored again.
pub(crate) async fn restore<B: Backend>(
    backend: Arc<B>,
    job: Job,
    collection: String,
    source: Source,
) -> Result<(), SnapshotError> {
    let name = collection.clone();
    let work = async move { restore::restore(backend.as_ref(), &name, source).await };
    to_its_end(job, collection, "restored", work).await
}

/// Does the work of a job, also when nobody waits for it any more: then its failure is told by the log alone.
async fn to_its_end<T: Send + 'static>(
    job: Job,
    collection: String,
    what: &'static str,
    work: impl Future<Output = Result<T, SnapshotError>> + Send + 'static,
) -> Result<T, SnapshotError> {
    let work = async move {
        let done = work.await;
        drop(job);
        if let Err(error) = &done {
            tracing::warn!(collection, %error, "a snapshot was not {what}");
        }
        done
    };
    tokio::spawn(work).await.unwrap_or_else(|stopped| Err(SnapshotError::Stopped(stopped)))
}

/// Does what blocks where that is allowed.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SnapshotError> + Send + 'static,
) -> Result<T, SnapshotError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|stopped| Err(SnapshotError::Stopped(stopped)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_made_or_restored_at_once_and_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let snapshots = Snapshots::new(dir.path().join("none yet"), 1);
        let mut jobs: Vec<_> = (0..limits::MAX_SNAPSHOT_JOBS).map(|_| snapshots.job().unwrap()).collect();
        // Of a clone, too: they are the same.
        let refused = snapshots.clone().job().err().unwrap();
        assert!(matches!(refused, SnapshotError::Busy { max: limits::MAX_SNAPSHOT_JOBS }), "{refused}");
        jobs.pop();
        snapshots.job().unwrap();
    }
}
