//! What answers the API: the trait that a node implements, and what it is asked in.
//!
//! A collection has one vector for each point. Ids are bare here: one that several authors use means the node's own point,
//! else the newest, see `rose_forest_engine::local::Whose::OneEach`.

mod aliases;
mod error;
mod forest;
mod page;
mod read;
mod write;

pub use aliases::{AliasChange, AliasError, Aliases, MAX_ALIASES};
pub use error::BackendError;
pub use forest::{
    AllStart, Author, Change, Changes, Joined, Meeting, NodeCollection, NodeState, Peer, Proof, QueueState,
    ScrollAll, ScrolledAll, SyncState,
};
pub use page::{PageAccess, PageCredentials};
pub use read::{Consistency, Facet, Found, ReadOptions, Scroll, Scrolled, Search, What, With};
pub use rose_forest_engine::local::Effort;
pub use write::{Edit, Mode, NewPoint, NewVector, Ordering, Selector, Write, WriteOptions, Written};

use rose_forest_api::{Distance, Encoding, PointId, Schema};
use rose_forest_store::{EventCursor, FacetHit, FieldKind, FieldPath, Filter};
use std::future::Future;
use tokio::sync::watch;

/// What a node can do for the API.
///
/// Wherever a collection is named, a backend also takes an alias of one ([`Aliases::resolve`]); [`Self::create`] and
/// [`Self::leave`] alone mean names: leaving an alias leaves nothing, as Qdrant deletes nothing by an alias.
///
/// Errors are [`BackendError::NoCollection`] and [`BackendError::NotReady`] wherever a collection is named,
/// [`BackendError::NotAnswered`] wherever there are [`ReadOptions`], and what each says beside. A method may be dropped at any await point when a client goes away; what was begun is then ended or not.
pub trait Backend: Send + Sync + 'static {
    /// The names of all collections.
    fn collections(&self) -> impl Future<Output = Result<Vec<String>, BackendError>> + Send;

    /// Makes a collection. Errors: [`BackendError::CollectionExists`], and [`AliasError::IsAlias`] where an alias has its name.
    fn create(&self, name: &str, new: NewCollection)
    -> impl Future<Output = Result<(), BackendError>> + Send;

    /// Leaves a collection, by its own name, and drops its aliases. Whether there was one.
    fn leave(&self, name: &str) -> impl Future<Output = Result<bool, BackendError>> + Send;

    /// All aliases.
    fn aliases(&self) -> impl Future<Output = Result<Aliases, BackendError>> + Send;

    /// Changes aliases, all or nothing ([`Aliases::apply`]): what reads and writes meanwhile sees those before or those after.
    /// Errors: [`BackendError::Alias`].
    fn change_aliases(
        &self,
        changes: Vec<AliasChange>,
    ) -> impl Future<Output = Result<(), BackendError>> + Send;

    /// What the network of a collection is known by (the hash of its DNA), where there is one: for information.
    fn network_hash(&self, _name: &str) -> impl Future<Output = Result<Option<String>, BackendError>> + Send {
        async { Ok(None) }
    }

    /// What rows of a collection are like. Asked for with every request: has to cost next to nothing.
    fn shape(&self, name: &str) -> impl Future<Output = Result<Shape, BackendError>> + Send;

    /// What is in a collection. Cost: may be linear in its points.
    fn state(&self, name: &str) -> impl Future<Output = Result<CollectionState, BackendError>> + Send;

    /// The first points in some order, best first. Errors: a vector of another dimension.
    fn search(
        &self,
        name: &str,
        search: Search,
        options: ReadOptions,
    ) -> impl Future<Output = Result<Vec<Found>, BackendError>> + Send;

    /// Points by id, in the order of the ids; those that are not there are left out.
    fn get(
        &self,
        name: &str,
        ids: Vec<PointId>,
        with: With,
        options: ReadOptions,
    ) -> impl Future<Output = Result<Vec<Found>, BackendError>> + Send;

    /// A page of points in the order of their ids.
    fn scroll(
        &self,
        name: &str,
        scroll: Scroll,
        options: ReadOptions,
    ) -> impl Future<Output = Result<Scrolled, BackendError>> + Send;

    /// How many points there are.
    fn count(
        &self,
        name: &str,
        filter: Option<Filter>,
        options: ReadOptions,
    ) -> impl Future<Output = Result<u64, BackendError>> + Send;

    /// The most frequent values of a field.
    fn facet(
        &self,
        name: &str,
        facet: Facet,
        options: ReadOptions,
    ) -> impl Future<Output = Result<Vec<FacetHit>, BackendError>> + Send;

    /// Writes. Errors: [`BackendError::OtherAuthor`] and what refuses a vector, and then nothing is written;
    /// [`BackendError::NoPoint`] after everything else was written; [`BackendError::Busy`];
    /// [`BackendError::NotAcknowledged`].
    fn write(
        &self,
        name: &str,
        write: Write,
        options: WriteOptions,
    ) -> impl Future<Output = Result<Written, BackendError>> + Send;

    /// Makes an index of a field. Errors: [`BackendError::OtherFieldKind`].
    fn index_field(
        &self,
        name: &str,
        path: FieldPath,
        kind: FieldKind,
    ) -> impl Future<Output = Result<(), BackendError>> + Send;

    /// Drops the index of a field, if there is one.
    fn drop_field_index(
        &self,
        name: &str,
        path: FieldPath,
    ) -> impl Future<Output = Result<(), BackendError>> + Send;

    /// Whether this node's own author wrote a point, the one that holds, that fulfils a filter. Tokens may depend on such a
    /// point, so those of other authors must not count.
    fn has_own(&self, name: &str, filter: Filter) -> impl Future<Output = Result<bool, BackendError>> + Send;

    /// Whether requests would be answered from whole collections: every index is open, and has caught up with what there was
    /// when the node started.
    fn is_ready(&self) -> impl Future<Output = bool> + Send;

    /// What it counts and measures, as OpenMetrics text with its end; the API adds its own. Empty for none. Does not wait.
    fn metrics(&self) -> String;

    /// Who this node is, and which collections it has.
    fn node(&self) -> impl Future<Output = Result<NodeState, BackendError>> + Send;

    /// A collection, as this node takes part in it.
    fn collection(&self, name: &str) -> impl Future<Output = Result<NodeCollection, BackendError>> + Send;

    /// The invite to a collection: one line of text. It is a secret, since whoever has it can join. Errors:
    /// [`BackendError::NoNetwork`].
    fn invite(&self, name: &str) -> impl Future<Output = Result<String, BackendError>> + Send;

    /// Joins a collection by its invite; one that was left is enabled again. Errors: [`BackendError::Invite`],
    /// [`BackendError::NoNetwork`], and [`BackendError::CollectionExists`] if the name is another collection's here.
    fn join(&self, invite: &str) -> impl Future<Output = Result<Joined, BackendError>> + Send;

    /// Lets a web page of this node's call a collection's zome, as this node's author. Errors: [`BackendError::NoNetwork`].
    fn page_access(&self, name: &str) -> impl Future<Output = Result<PageAccess, BackendError>> + Send;

    /// The other nodes of a collection that are known.
    fn peers(&self, name: &str) -> impl Future<Output = Result<Vec<Peer>, BackendError>> + Send;

    /// Everybody who has ever written into a collection, by key. [`crate::local::authors`] has it from an index.
    fn authors(&self, name: &str) -> impl Future<Output = Result<Vec<Author>, BackendError>> + Send;

    /// How far this node is with a collection. [`crate::local::places`] has what is of the index.
    fn sync_state(&self, name: &str) -> impl Future<Output = Result<SyncState, BackendError>> + Send;

    /// Every author's point with this id, in an order of this node's own; none if nobody has one.
    /// [`crate::local::points_of_all`] has them from an index.
    fn points_of_all(
        &self,
        name: &str,
        id: PointId,
        with: With,
    ) -> impl Future<Output = Result<Vec<Found>, BackendError>> + Send;

    /// A page of everybody's points. [`crate::local::scroll_all`] has it from an index.
    fn scroll_all(
        &self,
        name: &str,
        scroll: ScrollAll,
    ) -> impl Future<Output = Result<ScrolledAll, BackendError>> + Send;

    /// What a client needs to check the point that a bare id means. Errors: [`BackendError::NoPoint`],
    /// [`BackendError::NoProof`].
    fn proof(&self, name: &str, id: PointId) -> impl Future<Output = Result<Proof, BackendError>> + Send;

    /// The changes after a cursor, the oldest first, at most so many; without a cursor none, and where those begin that are to
    /// come. [`crate::local::changes`] has them from an index. It may be dropped at any await point, and is then asked again.
    fn changes(
        &self,
        name: &str,
        since: Option<EventCursor>,
        at_most: usize,
    ) -> impl Future<Output = Result<Changes, BackendError>> + Send;

    /// Changes whenever there may be new [`Self::changes`], once they can be read; what is sent has no meaning. It closes when the
    /// collection's index does: who follows then asks once more. `LocalIndex::watch_changes` is one.
    fn watch_changes(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<watch::Receiver<u64>, BackendError>> + Send;
}

/// A collection to make.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCollection {
    /// Components of a vector.
    pub dimension: usize,
    /// How vectors are compared.
    pub distance: Distance,
    /// How they are stored.
    pub encoding: Encoding,
    /// What the vector is called; empty for none. The node remembers it; it is no part of the shared schema.
    pub vector_name: String,
}

/// What rows of a collection are like.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Their vectors.
    pub schema: Schema,
    /// What the vector is called; empty for none.
    pub vector_name: String,
}

/// What is in a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectionState {
    /// What its rows are like.
    pub shape: Shape,
    /// Points, one for each id.
    pub points: u64,
    /// Rows that have their place in the index. Others are found, too, by comparing each of them, unless the node has not caught up.
    pub indexed: u64,
    /// Whether the node has caught up with what it knows of.
    pub is_complete: bool,
    /// Indexes of fields: which, of what, and of how many points.
    pub fields: Vec<(FieldPath, FieldKind, u64)>,
}
