//! The nearest rows in graph and lists together, and filters.

use super::super::{IndexError, LocalIndex, view::Moment};
use rose_forest_index::{Effort, Hit, Label, RowFilter, VectorIndex, kernel::Query};
use rose_forest_store::{Filter, RoaringBitmap, Row, Snapshot};

/// Rows that are asked for beyond those wanted: of those that score the same, others may come first by author and id.
pub(in crate::local) const SPARE_ROWS: usize = 8;
/// Rows that are each looked at rather than searched among first.
const FEW_ROWS: u64 = 512;
/// How many of the nearest rows are looked at first for each that is wanted, where a filter has to look at rows: enough
/// where it leaves one in four.
const LOOKED_AT_FOR_EACH: usize = 8;
/// The most of the nearest rows that are looked at before every row is: few beside the rows of a collection for which that
/// is slow.
const MAX_LOOKED_AT: usize = 4096;
/// Rows of a filter that are looked up to learn how many of them a kind has.
const SAMPLE: u64 = 256;

/// The nearest rows that are asked for.
#[derive(Clone, Copy)]
pub(in crate::local) struct Asked<'q> {
    /// To what.
    pub(in crate::local) query: &'q Query,
    /// How many.
    pub(in crate::local) k: usize,
    /// How hard to look.
    pub(in crate::local) effort: Effort,
}

impl LocalIndex {
    /// The rows that a search is about, best first and some more than `k`, each with what the store knows of it.
    pub(in crate::local) fn candidates(
        &self,
        asked: Asked<'_>,
        filter: Option<&Filter>,
        moment: &Moment,
    ) -> Result<Vec<(Hit, Row)>, IndexError> {
        let asked = Asked { k: asked.k + SPARE_ROWS, ..asked };
        let with_rows = |near: Vec<Hit>| {
            let labels: Vec<_> = near.iter().map(|hit| hit.label).collect();
            Ok::<_, IndexError>(near.into_iter().zip(moment.snapshot.rows(&labels)?))
        };
        let is_known = |(hit, row): (Hit, Option<Row>)| row.map(|row| (hit, row));
        if let Some(filter) = filter {
            let near = self.near_of(asked, filter, &moment.snapshot)?;
            return Ok(with_rows(near)?.filter_map(is_known).collect());
        }
        let near = self.near(asked, None)?;
        let wanted = near.len();
        let known: Vec<_> = with_rows(near)?.filter_map(is_known).collect();
        if known.len() == wanted {
            return Ok(known);
        }
        // Rows that come or go have taken the place of others.
        let near = self.near(asked, Some(moment.rows()?))?;
        Ok(with_rows(near)?.filter_map(is_known).collect())
    }

    /// The nearest rows that fulfil a filter.
    fn near_of(
        &self,
        asked: Asked<'_>,
        filter: &Filter,
        snapshot: &Snapshot,
    ) -> Result<Vec<Hit>, IndexError> {
        let k = asked.k;
        let narrowed = snapshot.narrow(filter)?;
        let may = &narrowed.allowed;
        if narrowed.is_exact {
            return self.near(asked, Some(may.rows()));
        }
        if may.count() > FEW_ROWS {
            // Where the filter leaves many rows, enough of them are among the nearest.
            let everything = may.count() == snapshot.count();
            let mut looked_at = k * LOOKED_AT_FOR_EACH;
            while looked_at <= MAX_LOOKED_AT {
                let first = Asked { k: looked_at, ..asked };
                let mut near = self.near(first, (!everything).then_some(may.rows()))?;
                let is_all = near.len() < looked_at;
                let labels: RoaringBitmap = near.iter().map(|hit| hit.label).collect();
                let holding = snapshot.holding(filter, &labels)?;
                near.retain(|hit| holding.contains(hit.label));
                if near.len() >= k || is_all {
                    near.truncate(k);
                    return Ok(near);
                }
                looked_at *= LOOKED_AT_FOR_EACH;
            }
        }
        self.near(asked, Some(snapshot.holding(filter, may.rows())?.rows()))
    }

    /// The nearest rows in both kinds, each once, best first; of equal scores the smaller label first.
    pub(in crate::local) fn near(
        &self,
        Asked { query, k, effort }: Asked<'_>,
        allowed: Option<&RoaringBitmap>,
    ) -> Result<Vec<Hit>, IndexError> {
        if allowed.is_some_and(RoaringBitmap::is_empty) {
            return Ok(Vec::new());
        }
        let mut near = Vec::new();
        for kind in self.kinds().into_iter().filter(|kind| !kind.is_empty()) {
            let only = allowed.map(|allowed| Only::new(allowed, kind));
            let filter = only.as_ref().map(|only| only as &dyn RowFilter);
            near.extend(kind.nearest(query, k, effort, filter)?);
        }
        near.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.label.cmp(&b.label)));
        // A row on its way from one to the other is in both, with one score.
        near.dedup_by_key(|hit| hit.label);
        near.truncate(k);
        Ok(near)
    }
}

/// Rows that a filter allows, for one kind of index.
struct Only<'a> {
    rows: &'a RoaringBitmap,
    count: usize,
}

impl<'a> Only<'a> {
    /// Cost: some hundred look-ups, to say how many of the rows the kind has.
    fn new(rows: &'a RoaringBitmap, kind: &dyn VectorIndex) -> Self {
        let count = rows.len();
        let sample = count.min(SAMPLE);
        let at = |n: u64| u32::try_from(n * count / sample).ok().and_then(|rank| rows.select(rank));
        let here = (0..sample).filter_map(at).filter(|label| kind.contains(*label)).count() as u64;
        Self { rows, count: (here * count).div_ceil(sample.max(1)) as usize }
    }
}

impl RowFilter for Only<'_> {
    fn allows(&self, label: Label) -> bool {
        self.rows.contains(label)
    }

    fn count(&self) -> usize {
        self.count
    }

    fn for_each(&self, visit: &mut dyn FnMut(Label)) {
        self.rows.iter().for_each(visit);
    }
}
