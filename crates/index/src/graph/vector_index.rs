//! The graph as a kind of index.

use super::{DEFAULT_EF_SEARCH, Graph};
use crate::{Effort, Hit, Label, OtherSpace, RowFilter, VectorIndex, kernel::Query};

/// Candidates that a search keeps in sight for each row that is wanted: with as many as rows, the last ones would be
/// missed more often than the first.
const EF_FOR_EACH: usize = 2;

/// How many candidates a search for `k` rows keeps in sight unless told otherwise.
pub(crate) fn usual_ef(k: usize) -> usize {
    DEFAULT_EF_SEARCH.max(k.saturating_mul(EF_FOR_EACH))
}

impl VectorIndex for Graph {
    fn kind(&self) -> &'static str {
        "graph"
    }

    fn nearest(
        &self,
        query: &Query,
        k: usize,
        effort: Effort,
        filter: Option<&dyn RowFilter>,
    ) -> Result<Vec<Hit>, OtherSpace> {
        match effort {
            Effort::Usual => self.search(query, k, usual_ef(k), filter),
            Effort::Candidates(candidates) => self.search(query, k, candidates, filter),
            Effort::Every => self.search_exact(query, k, filter),
        }
    }

    fn code(&self, label: Label) -> Option<Vec<u8>> {
        Self::code(self, label)
    }

    fn contains(&self, label: Label) -> bool {
        Self::contains(self, label)
    }

    fn for_each_label(&self, visit: &mut dyn FnMut(Label)) {
        self.labels().into_iter().for_each(visit);
    }

    fn len(&self) -> usize {
        Self::len(self)
    }

    fn remove_all(&self, labels: &[Label]) -> usize {
        Self::remove_all(self, labels)
    }

    fn memory_bytes(&self) -> usize {
        Self::memory_bytes(self)
    }
}
