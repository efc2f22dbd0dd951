//! The nearest rows in what this node keeps, among those that are allowed.

use super::Reader;
use crate::local::IndexError;
use rose_forest_index::{Hit, Label, RowFilter, graph::DEFAULT_EF_SEARCH, kernel::Query};
use rose_forest_store::RoaringBitmap;

/// Candidates that a search keeps in sight for each hit that is wanted.
const EF_FOR_EACH: usize = 2;

impl Reader<'_> {
    /// Best first; of equal scores the smaller label first.
    pub(super) fn near(
        &self,
        query: &Query,
        k: usize,
        allowed: Option<&RoaringBitmap>,
    ) -> Result<Vec<Hit>, IndexError> {
        let ef = DEFAULT_EF_SEARCH.max(k * EF_FOR_EACH);
        let only = allowed.map(Only);
        let filter = only.as_ref().map(|only| only as &dyn RowFilter);
        Ok(self.index.graph.search(query, k, ef, filter)?)
    }

    /// The code of a row, wherever it lies; nothing if it is missing.
    pub(super) fn code(&self, label: Label) -> Option<Vec<u8>> {
        self.index.graph.code(label)
    }
}

struct Only<'a>(&'a RoaringBitmap);

impl RowFilter for Only<'_> {
    fn allows(&self, label: Label) -> bool {
        self.0.contains(label)
    }

    fn count(&self) -> usize {
        usize::try_from(self.0.len()).unwrap_or(usize::MAX)
    }

    fn for_each(&self, visit: &mut dyn FnMut(Label)) {
        self.0.iter().for_each(visit);
    }
}
