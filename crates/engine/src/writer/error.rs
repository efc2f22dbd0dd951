//! Why a write did not come through, and why a writer does not start.

use rose_forest_store::wal::WalError;
use std::io;
use std::path::PathBuf;

/// Why a commit did not reach the chain.
#[derive(Debug)]
pub enum Refusal {
    /// Its content was refused, and would be again.
    Content(anyhow::Error),
    /// Something else: it may work later.
    Trouble(anyhow::Error),
}

/// Why a write did not come through.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// The queue is full: nothing was written.
    #[error(
        "the write queue is full: {waiting_bytes} bytes wait for the chain, and this write has {received} of at most \
         {max}: try again in a moment"
    )]
    QueueFull {
        /// Bytes that wait.
        waiting_bytes: usize,
        /// Bytes of the write.
        received: usize,
        /// Bytes that may wait.
        max: usize,
    },
    /// The write is larger than any may be: nothing was written.
    #[error("expected a write of at most {max} bytes, received {received}: split it")]
    TooLarge {
        /// Its bytes.
        received: usize,
        /// The limit.
        max: usize,
    },
    /// The write has no form that the log can hold: nothing was written.
    #[error("a write cannot be put into the log: {reason}")]
    Encode {
        /// What is wrong with it.
        reason: String,
    },
    /// The log cannot be written, on a full disk for instance: nothing was written.
    #[error("nothing was written: {reason}")]
    Log {
        /// What the log said.
        reason: String,
    },
    /// The writer takes no more writes: nothing was written.
    #[error("nothing was written: the collection is being closed")]
    Closed,
    /// The chain refused the write for its content: it was given up. No copy is kept, because whoever hears this has it.
    #[error("{reason}")]
    Refused {
        /// What the chain said.
        reason: String,
    },
    /// The chain took other writes and never this one: it was given up, and is kept in a file.
    #[error("given up after {tries} tries, while other writes went through; kept in {}: {reason}", aside.display())]
    GivenUp {
        /// What the chain said last.
        reason: String,
        /// How often it was tried.
        tries: u32,
        /// The file with its content.
        aside: PathBuf,
    },
    /// The writer stopped before the write was committed: it is in the log, and will be after the next start.
    #[error(
        "the node stopped before write {number} was committed: it is in the log, and will be when the node runs again"
    )]
    Stopped {
        /// Its number.
        number: u64,
    },
}

impl From<rmp_serde::encode::Error> for WriteError {
    fn from(error: rmp_serde::encode::Error) -> Self {
        Self::Encode { reason: error.to_string() }
    }
}

/// Why a writer does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log cannot be opened.
    #[error("cannot open the write-ahead log: {0}")]
    Wal(#[from] WalError),
    /// The system has no thread for the log.
    #[error("cannot start a thread for the write-ahead log: {0}")]
    Thread(io::Error),
    /// A write of the log cannot be read, and not be kept aside either.
    #[error("cannot keep a write aside that cannot be read: {0}")]
    Aside(io::Error),
}
