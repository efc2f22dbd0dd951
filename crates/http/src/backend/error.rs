//! What a backend may fail with.

use super::AliasError;
use rose_forest_api::{AgentPubKey, PointId};
use rose_forest_core::VectorError;
use rose_forest_engine::local::{IndexError, SearchError};
use rose_forest_rules::Violation;
use rose_forest_store::{FieldKind, StoreError};
use std::time::Duration;

/// Why a backend did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// There is no such collection.
    #[error("Not found: Collection `{name}` doesn't exist!")]
    NoCollection {
        /// Its name.
        name: String,
    },
    /// There is one already.
    #[error("Wrong input: Collection `{name}` already exists!")]
    CollectionExists {
        /// Its name.
        name: String,
    },
    /// Aliases are not changed, or an alias has the name of the collection that was to be made.
    #[error(transparent)]
    Alias(#[from] AliasError),
    /// There is no such point. Where several were to be changed, the others have been.
    #[error("Not found: No point with id {id} found")]
    NoPoint {
        /// Its id.
        id: PointId,
    },
    /// A point that another author wrote. Nothing was changed.
    #[error("Forbidden: point {id} was written by {author}, and only its author can change or delete it")]
    OtherAuthor {
        /// Its id.
        id: PointId,
        /// Who wrote it.
        author: AgentPubKey,
    },
    /// A point whose vector has to be read from the DHT again before it can be written anew. Nothing was changed.
    #[error(
        "the vector of point {id} is not at hand, it is being read from the network again: try again later"
    )]
    VectorMissing {
        /// Its id.
        id: PointId,
    },
    /// A vector that this collection cannot take or search for.
    #[error("Wrong input: {0}")]
    Vector(#[from] VectorError),
    /// What the rules of the network do not allow.
    #[error("Wrong input: {0}")]
    Rule(#[from] Violation),
    /// What the network's rules, as this node's zome knows them, refuse. Nothing was changed.
    #[error("Wrong input: {reason}")]
    Refused {
        /// Why.
        reason: String,
    },
    /// This node has not read yet what it has to look at. Nothing was done.
    #[error("the collection's index is being brought up to date on this node: try again in a moment")]
    NotReady,
    /// An index of another kind is there.
    #[error(
        "Wrong input: the field {path} has an index for {expected:?}, received {received:?}: delete that one first"
    )]
    OtherFieldKind {
        /// The field.
        path: String,
        /// What there is.
        expected: FieldKind,
        /// What was asked for.
        received: FieldKind,
    },
    /// Too much is waiting. Nothing was done.
    #[error("too many writes are waiting for the chain: try again in {} s", retry_after.as_secs().max(1))]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// Fewer peers than asked for have said that they hold a write in time. It is not taken back.
    #[error(
        "{received} of {expected} peers acknowledged the write in time; it is on this node's chain, and others may get it later"
    )]
    NotAcknowledged {
        /// Peers that were to acknowledge.
        expected: usize,
        /// Peers that did.
        received: usize,
    },
    /// Fewer peers than asked for have told in time what they have and this node lacks. Nothing was read.
    #[error(
        "{received} of {expected} peers told in time what they have; a lower consistency asks fewer of them, and 1 none"
    )]
    NotAnswered {
        /// Peers that were to answer.
        expected: usize,
        /// Peers that did, and had nothing that could not be taken in.
        received: usize,
    },
    /// What is no invite, or one that this node cannot use. Nothing was joined.
    #[error("Wrong input: {reason}")]
    Invite {
        /// What is wrong with it, in a sentence that does not repeat it: it is a secret.
        reason: String,
    },
    /// Something that only a collection with a network has.
    #[error(
        "Wrong input: {what} takes a network, and there is none here: the data of this server stays in it"
    )]
    NoNetwork {
        /// What was asked for.
        what: &'static str,
    },
    /// A point that nothing can be shown for but this node's word.
    #[error("Not found: there is no proof of point {id}: {reason}")]
    NoProof {
        /// Its id.
        id: PointId,
        /// Why not.
        reason: String,
    },
    /// The index failed.
    #[error("Service internal error: {0}")]
    Index(IndexError),
    /// Something else of the node failed.
    #[error("Service internal error: {0}")]
    Node(Box<dyn std::error::Error + Send + Sync>),
}

impl From<IndexError> for BackendError {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::Block(violation) => Self::Rule(violation),
            IndexError::Store(StoreError::OtherFieldKind { path, expected, received }) => {
                Self::OtherFieldKind { path, expected, received }
            }
            error => Self::Index(error),
        }
    }
}

impl From<StoreError> for BackendError {
    fn from(error: StoreError) -> Self {
        IndexError::from(error).into()
    }
}

impl From<SearchError> for BackendError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Vector(error) => Self::Vector(error),
            SearchError::Index(error) => error.into(),
            error @ (SearchError::K { .. } | SearchError::Bytes { .. } | SearchError::Threshold) => {
                Self::Node(error.into())
            }
        }
    }
}
