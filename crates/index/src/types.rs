//! What both kinds of index speak in.

use crate::kernel::Query;
use rose_forest_core::Space;

/// A row of a collection, numbered by the node in the order in which it took rows in. Never used twice.
pub type Label = u32;

/// A row that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The row.
    pub label: Label,
    /// Its score, higher is nearer, as `rose_forest_core::score::Query::score` gives it; see
    /// `rose_forest_core::distance::to_user`.
    pub score: f32,
}

/// A query that was prepared for another space than the index holds rows of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the index holds rows of {expected:?}, the query is for {received:?}")]
pub struct OtherSpace {
    /// The index's.
    pub expected: Space,
    /// The query's.
    pub received: Space,
}

impl OtherSpace {
    /// Whether a query is for the space of an index.
    pub(crate) fn check(expected: Space, query: &Query) -> Result<(), Self> {
        let received = query.space();
        if expected == received { Ok(()) } else { Err(Self { expected, received }) }
    }
}

/// Which rows a search may return.
pub trait RowFilter: Sync {
    /// Whether it may return this one. Called often, from several threads: it must be quick.
    fn allows(&self, label: Label) -> bool;

    /// How many rows it allows. A few too many or too few only cost time.
    fn count(&self) -> usize;

    /// Calls `visit` with every row that it allows, ascending: for searches that look at each of them because there
    /// are few.
    fn for_each(&self, visit: &mut dyn FnMut(Label));
}
