//! What both kinds of index have in common: to search one and the other, and merge what they say, nobody needs to know
//! which is which.

use crate::{Hit, Label, OtherSpace, RowFilter, kernel::Query};

/// How hard to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effort {
    /// As hard as it takes to find 0.99 of the nearest ten rows, and the more the more rows are wanted.
    #[default]
    Usual,
    /// So many candidates in sight, but no fewer than rows are wanted: `ef` of a graph. Lists look at as many cells in
    /// proportion: at twice their usual number for twice as many candidates as a graph usually keeps for as many rows.
    Candidates(usize),
    /// At every row that is allowed. Exact.
    Every,
}

/// Rows by label, and the nearest of them to a query. The score of a row depends on its code and the query alone: in every
/// kind it is the same, bit by bit.
pub trait VectorIndex: Send + Sync {
    /// What this kind is called, in reports.
    fn kind(&self) -> &'static str;

    /// The `k` nearest rows that are found, of those that the filter allows, best first; of equal scores the smaller label
    /// first. Fewer than `k` only where fewer are allowed.
    ///
    /// # Errors
    /// A query for another space. Cost: the kind's own; where few rows are allowed, a score for each of them.
    fn nearest(
        &self,
        query: &Query,
        k: usize,
        effort: Effort,
        filter: Option<&dyn RowFilter>,
    ) -> Result<Vec<Hit>, OtherSpace>;

    /// The code of a row, if it is here. Cost: a look-up and a copy.
    fn code(&self, label: Label) -> Option<Vec<u8>>;

    /// Whether a row is here. Cost: a look-up.
    fn contains(&self, label: Label) -> bool;

    /// Calls `visit` with every row, in no order. Cost: linear in the rows.
    fn for_each_label(&self, visit: &mut dyn FnMut(Label));

    /// How many rows are here.
    fn len(&self) -> usize;

    /// Whether none is here.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes rows, and says how many of them were here: no search that begins afterwards returns them.
    fn remove_all(&self, labels: &[Label]) -> usize;

    /// Bytes that it takes of the process's own memory. Files that are mapped are not in it.
    fn memory_bytes(&self) -> usize;
}

#[cfg(test)]
mod tests;
