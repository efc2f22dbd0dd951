//! The nearest rows in what this node keeps, among those that are allowed.

use super::Reader;
use crate::local::IndexError;
use rose_forest_index::{Effort, Hit, Label, RowFilter, kernel::Query};
use rose_forest_store::RoaringBitmap;

impl Reader<'_> {
    /// Best first; of equal scores the smaller label first.
    pub(super) fn near(
        &self,
        query: &Query,
        k: usize,
        allowed: Option<&RoaringBitmap>,
    ) -> Result<Vec<Hit>, IndexError> {
        let only = allowed.map(Only);
        let filter = only.as_ref().map(|only| only as &dyn RowFilter);
        let mut near = Vec::new();
        for kind in self.index.kinds().into_iter().filter(|kind| !kind.is_empty()) {
            near.extend(kind.nearest(query, k, Effort::Usual, filter)?);
        }
        near.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.label.cmp(&b.label)));
        // A row on its way from one to the other is in both, with one score.
        near.dedup_by_key(|hit| hit.label);
        near.truncate(k);
        Ok(near)
    }

    /// The code of a row, wherever it lies; nothing if it is missing.
    pub(super) fn code(&self, label: Label) -> Option<Vec<u8>> {
        self.index.code(label)
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
