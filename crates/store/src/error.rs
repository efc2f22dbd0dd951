//! What can go wrong, and what to do about it.

use std::path::PathBuf;

/// Why the store could not do what it was asked. Nothing is ever half done: a batch that fails leaves the store as it
/// was.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Reading or writing failed; on a full disk, too.
    #[error("reading or writing the store failed")]
    Io(#[from] std::io::Error),
    /// An earlier write failed, and the file has to be opened anew.
    #[error("the store failed to write earlier: drop it and open it again")]
    Reopen,
    /// The file, or what it holds, cannot be read: delete it and rebuild.
    #[error("the store is damaged ({what}: {reason}): delete the file, it is rebuilt from the DHT")]
    Damaged {
        /// Which part of it.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The file has another layout: delete it and rebuild.
    #[error(
        "the store has layout {received}, expected {expected}: delete the file, it is rebuilt from the DHT"
    )]
    OtherLayout {
        /// The layout that this program writes.
        expected: u32,
        /// The layout of the file.
        received: u32,
    },
    /// The file belongs to another collection: delete it and rebuild.
    #[error("the store belongs to another collection: delete the file, it is rebuilt from the DHT")]
    OtherCollection,
    /// Another process has the file open, or this one has it open twice.
    #[error("{} is open elsewhere", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// All labels have been given out: delete the file and rebuild.
    #[error("all {max} labels have been used: delete the file, it is rebuilt from the DHT")]
    LabelsUsedUp {
        /// How many there are.
        max: u32,
    },
    /// A number that the store counts something with has no successor: delete the file and rebuild.
    #[error("the store has no number left for another {what}: delete the file, it is rebuilt from the DHT")]
    NumbersUsedUp {
        /// What was to be numbered.
        what: &'static str,
    },
    /// The checkpoint is another store's, one that has been deleted since: rebuild the index.
    #[error("the checkpoint belongs to a store that was deleted since: rebuild the index from the rows")]
    OtherStore,
    /// The checkpoint lies outside what the log holds: rebuild the index.
    #[error("changes since {received} were asked for, the log holds those since {oldest} up to {newest}")]
    NotInLog {
        /// The oldest sequence number that the log can be read from.
        oldest: u64,
        /// The sequence number of the last change.
        newest: u64,
        /// The sequence number that was asked for.
        received: u64,
    },
    /// Something in the batch failed before: begin another one.
    #[error("an earlier step of the batch failed: nothing of it is kept")]
    BatchFailed,
    /// The field has no index.
    #[error("the field {path} has no index")]
    NoFieldIndex {
        /// The field.
        path: String,
    },
    /// The field has an index of another kind: drop it first.
    #[error("the field {path} has an index for {expected:?}, received {received:?}: drop that one first")]
    OtherFieldKind {
        /// The field.
        path: String,
        /// The kind of the index that it has.
        expected: crate::FieldKind,
        /// The kind that was asked for.
        received: crate::FieldKind,
    },
    /// redb refused something that this crate should not have asked for.
    #[error("the database refused a request")]
    Refused(#[source] Box<redb::Error>),
}

impl StoreError {
    /// Whether the file is of no use any more: delete it and fill a new one.
    pub fn must_rebuild(&self) -> bool {
        match self {
            Self::Damaged { .. }
            | Self::OtherLayout { .. }
            | Self::OtherCollection
            | Self::LabelsUsedUp { .. }
            | Self::NumbersUsedUp { .. } => true,
            Self::Io(_)
            | Self::Reopen
            | Self::InUse { .. }
            | Self::OtherStore
            | Self::BatchFailed
            | Self::NoFieldIndex { .. }
            | Self::OtherFieldKind { .. }
            | Self::NotInLog { .. }
            | Self::Refused(_) => false,
        }
    }

    pub(crate) fn damaged(what: &'static str, reason: impl Into<String>) -> Self {
        Self::Damaged { what, reason: reason.into() }
    }
}

impl From<redb::Error> for StoreError {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Io(error) => Self::Io(error),
            redb::Error::PreviousIo => Self::Reopen,
            redb::Error::Corrupted(reason) => Self::Damaged { what: "file", reason },
            redb::Error::UpgradeRequired(version) => {
                Self::Damaged { what: "file", reason: format!("written in format {version} of redb") }
            }
            redb::Error::RepairAborted => Self::damaged("file", "could not be repaired"),
            error @ (redb::Error::TableTypeMismatch { .. }
            | redb::Error::TableIsMultimap(_)
            | redb::Error::TableIsNotMultimap(_)
            | redb::Error::TypeDefinitionChanged { .. }
            | redb::Error::TableDoesNotExist(_)) => {
                Self::Damaged { what: "tables", reason: error.to_string() }
            }
            error => Self::Refused(Box::new(error)),
        }
    }
}

macro_rules! from_redb {
    ($($error:ident)*) => {$(
        impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> Self {
                redb::Error::from(error).into()
            }
        }
    )*};
}
from_redb!(TransactionError TableError StorageError CommitError DatabaseError SetDurabilityError);
