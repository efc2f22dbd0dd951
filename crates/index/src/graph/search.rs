//! Searching.

use super::{Graph, scan::scan_is_cheaper};
use crate::{Hit, OtherSpace, RowFilter, kernel::Query};

impl Graph {
    /// The `k` nearest rows, best first, of those that the filter allows; of equal scores the smaller label first. `ef` is how
    /// many candidates to keep in sight, at least `k`: more find more of the true neighbours and take longer. See
    /// [`super::DEFAULT_EF_SEARCH`].
    ///
    /// Fewer than `k` only where fewer are allowed. Where few rows are allowed, or few are there, each is looked
    /// at, which is then cheaper and exact: see [`scan_is_cheaper`]. The filter is called while the graph is locked for reading:
    /// it must not call the graph.
    ///
    /// # Errors
    /// A query for another space. Cost: about 15 scores for each of `ef`, and with a filter as many times more as there are
    /// rows for each that it allows; a score for each row that [waits](Self::put_down).
    pub fn search(
        &self,
        query: &Query,
        k: usize,
        ef: usize,
        filter: Option<&dyn RowFilter>,
    ) -> Result<Vec<Hit>, OtherSpace> {
        OtherSpace::check(self.space, query)?;
        if k == 0 {
            return Ok(Vec::new());
        }
        let ef = ef.max(k);
        let rows = self.rows.read();
        let live = rows.live();
        let allowed = filter.map_or(live, RowFilter::count).min(live);
        self.scratches.lend(|scratch| {
            let walk = &mut scratch.walk;
            if scan_is_cheaper(allowed, live, ef) {
                return Ok(rows.scan(query, k, filter, walk));
            }
            let start = walk.descend(&rows, query, 0);
            match filter {
                Some(filter) => walk.layer(&rows, query, 0, start, ef, |slot| {
                    rows.is_live(slot) && filter.allows(rows.label(slot))
                }),
                None if rows.dead > 0 || !rows.free.is_empty() => {
                    walk.layer(&rows, query, 0, start, ef, |slot| rows.is_live(slot));
                }
                None => walk.layer(&rows, query, 0, start, ef, |_| true),
            }
            let results = walk.pool.results();
            let mut hits: Vec<Hit> =
                results.map(|(score, slot)| Hit { label: rows.label(slot), score }).collect();
            rows.add_waiting(query, k, filter, walk, &mut hits);
            if hits.len() < k.min(allowed) {
                // The walk met no more of them.
                return Ok(rows.scan(query, k, filter, walk));
            }
            hits.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.label.cmp(&b.label)));
            // A row that is being linked may be met on the walk, too.
            hits.dedup_by_key(|hit| hit.label);
            hits.truncate(k);
            Ok(hits)
        })
    }

    /// As [`Self::search`], by looking at every row that is allowed. Exact. Cost: a score for each.
    ///
    /// # Errors
    /// A query for another space.
    pub fn search_exact(
        &self,
        query: &Query,
        k: usize,
        filter: Option<&dyn RowFilter>,
    ) -> Result<Vec<Hit>, OtherSpace> {
        OtherSpace::check(self.space, query)?;
        let rows = self.rows.read();
        Ok(self.scratches.lend(|scratch| rows.scan(query, k, filter, &mut scratch.walk)))
    }
}
