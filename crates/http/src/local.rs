//! A backend's answers from a [`LocalIndex`]: reads of one snapshot, and what a write means for it.
//!
//! All of it blocks: on the store's file, or for as long as a scan takes. Call it where that is allowed.

mod forest;
mod plan;

use crate::backend::{
    BackendError, CollectionState, Facet, Found, Scroll, Scrolled, Search, Shape, What, With,
};
use rand::seq::IteratorRandom;
use rose_forest_api::{ActionHash, AgentPubKey, Distance, PointId};
use rose_forest_engine::local::{LocalIndex, Near, Reader, Whose};
use rose_forest_store::{Condition, FacetHit, Filter, Key, OrderValue, RoaringBitmap, Row, Start};
use std::collections::BinaryHeap;

pub use forest::{authors, changes, places, points_of_all, scroll_all};
pub use plan::{Plan, PlannedRow, plan};

/// A row, and why it was found.
struct Hit {
    label: u32,
    score: f32,
    order_value: Option<OrderValue>,
}

/// Searches. See [`crate::Backend::search`].
///
/// # Errors
/// A vector that cannot be searched for, or a store that cannot be read.
pub fn search(index: &LocalIndex, search: &Search) -> Result<Vec<Found>, BackendError> {
    let reader = index.reader()?;
    let hits = hits(&reader, search)?;
    let labels: Vec<_> = hits.iter().map(|hit| hit.label).collect();
    let rows = reader.rows(&labels)?;
    let found = hits.iter().zip(rows).filter_map(|(hit, row)| {
        row.map(|row| Found {
            score: hit.score,
            order_value: hit.order_value,
            ..found(&reader, row, search.with)
        })
    });
    Ok(found.collect())
}

fn hits(reader: &Reader<'_>, search: &Search) -> Result<Vec<Hit>, BackendError> {
    let allowed = || reader.allowed(&Whose::OneEach, search.filter.as_ref());
    let rows = || reader.rows_of(&Whose::OneEach, search.filter.as_ref());
    let plain = |label| Hit { label, score: 0.0, order_value: None };
    let limit = search.limit;
    Ok(match &search.what {
        What::Nearest(vector) => {
            let near = reader.nearest(vector, limit, search.effort, allowed()?.as_ref(), None)?;
            let is_better = |near: &Near| better(reader, near.score, search.threshold);
            let hit = |near: Near| Hit { label: near.label, score: near.score, order_value: None };
            near.into_iter().filter(is_better).map(hit).collect()
        }
        What::BestScore { positive, negative } => {
            scored(reader, (positive, negative), &rows()?, search, |distance, positive, negative| {
                best_score(distance, positive, negative)
            })?
        }
        What::SumScores { positive, negative } => {
            scored(reader, (positive, negative), &rows()?, search, |distance, positive, negative| {
                let sum = |scores: &[f32]| scores.iter().map(|score| inner(distance, *score)).sum::<f32>();
                sum(positive) - sum(negative)
            })?
        }
        What::Ordered(order) => {
            let ordered = reader.ordered(order, &rows()?, limit)?;
            let hit = |at: rose_forest_store::Ordered| Hit { order_value: Some(at.value), ..plain(at.label) };
            ordered.into_iter().map(hit).collect()
        }
        What::Sample => {
            let rows = rows()?;
            let mut labels = rows.iter().choose_multiple(&mut rand::rng(), limit);
            // What is chosen is by chance, its order is not yet.
            rand::seq::SliceRandom::shuffle(labels.as_mut_slice(), &mut rand::rng());
            labels.into_iter().map(|label| Hit { score: 1.0, ..plain(label) }).collect()
        }
        What::ById => {
            let page = reader.scroll(&Start::First, limit, allowed()?.as_ref())?;
            page.rows.iter().map(|row| plain(row.label)).collect()
        }
    })
}

/// Whether a score is better than a threshold; Qdrant leaves out what is only as good.
fn better(reader: &Reader<'_>, score: f32, threshold: Option<f32>) -> bool {
    threshold.is_none_or(|threshold| reader.turned(score) > reader.turned(threshold))
}

/// Scores every row by its scores to examples, and keeps the best.
fn scored(
    reader: &Reader<'_>,
    (positive, negative): (&[Vec<f32>], &[Vec<f32>]),
    rows: &RoaringBitmap,
    search: &Search,
    mut combine: impl FnMut(Distance, &[f32], &[f32]) -> f32,
) -> Result<Vec<Hit>, BackendError> {
    let vectors: Vec<_> = positive.iter().chain(negative).map(Vec::as_slice).collect();
    let distance = reader.schema().distance;
    // The worst on top: of equal scores the later label.
    let mut best: BinaryHeap<(std::cmp::Reverse<Score>, u32)> = BinaryHeap::new();
    reader.scores(&vectors, rows, |label, scores| {
        let (positive, negative) = scores.split_at(positive.len());
        let score = combine(distance, positive, negative);
        if search.threshold.is_none_or(|threshold| score > threshold) {
            best.push((std::cmp::Reverse(Score(score)), label));
            if best.len() > search.limit {
                best.pop();
            }
        }
    })?;
    let hit = |(std::cmp::Reverse(Score(score)), label)| Hit { label, score, order_value: None };
    Ok(best.into_sorted_vec().into_iter().map(hit).collect())
}

/// A score in its total order.
#[derive(PartialEq)]
struct Score(f32);

impl Eq for Score {}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The score that Qdrant reckons with inside, higher is nearer: for Euclid the square, without the root.
pub(crate) fn inner(distance: Distance, score: f32) -> f32 {
    match distance {
        Distance::Euclid => -(score * score),
        Distance::Cosine | Distance::Dot | Distance::Manhattan => score,
    }
}

/// How good a row is by its scores to examples, higher is nearer: Qdrant's `best_score`. Between 0 and 1 where a positive
/// example is nearer than all negative ones, else between -1 and 0, the lower the nearer the negative one.
pub fn best_score(distance: Distance, positive: &[f32], negative: &[f32]) -> f32 {
    let best =
        |scores: &[f32]| scores.iter().map(|score| inner(distance, *score)).fold(f32::NEG_INFINITY, f32::max);
    let (positive, negative) = (best(positive), best(negative));
    let sigmoid = |x: f32| 0.5 * (x / (1.0 + x.abs()) + 1.0);
    if positive > negative { sigmoid(positive) } else { -sigmoid(negative) }
}

/// Points by id. See [`crate::Backend::get`].
///
/// # Errors
/// A store that cannot be read.
pub fn get(index: &LocalIndex, ids: &[PointId], with: With) -> Result<Vec<Found>, BackendError> {
    let reader = index.reader()?;
    let rows = reader.get(&Whose::OneEach, ids)?;
    Ok(rows.into_iter().flatten().map(|row| found(&reader, row, with)).collect())
}

/// A page. See [`crate::Backend::scroll`].
///
/// # Errors
/// A store that cannot be read.
pub fn scroll(index: &LocalIndex, scroll: &Scroll) -> Result<Scrolled, BackendError> {
    let reader = index.reader()?;
    let allowed = reader.allowed(&Whose::OneEach, scroll.filter.as_ref())?;
    let start = scroll.start.clone().map_or(Start::First, Start::At);
    let page = reader.scroll(&start, scroll.limit, allowed.as_ref())?;
    let points = page.rows.into_iter().map(|row| found(&reader, row, scroll.with)).collect();
    Ok(Scrolled { points, next: page.next.map(|(id, _)| id) })
}

/// How many points there are. See [`crate::Backend::count`].
///
/// # Errors
/// A store that cannot be read.
pub fn count(index: &LocalIndex, filter: Option<&Filter>) -> Result<u64, BackendError> {
    Ok(index.reader()?.count(&Whose::OneEach, filter)?)
}

/// Whether an author wrote a point that fulfils a filter. See [`crate::Backend::has_own`].
///
/// # Errors
/// A store that cannot be read. Cost: that of counting them; an index of the fields makes it small.
pub fn has_own(index: &LocalIndex, own: &AgentPubKey, filter: &Filter) -> Result<bool, BackendError> {
    Ok(index.reader()?.count(&Whose::Of(own.clone()), Some(filter))? > 0)
}

/// The most frequent values of a field. See [`crate::Backend::facet`].
///
/// # Errors
/// A store that cannot be read.
pub fn facet(index: &LocalIndex, facet: &Facet) -> Result<Vec<FacetHit>, BackendError> {
    let reader = index.reader()?;
    let rows = reader.rows_of(&Whose::OneEach, facet.filter.as_ref())?;
    Ok(reader.facet(&facet.key, &rows, facet.limit)?)
}

/// What a collection is like. See [`crate::Backend::state`].
///
/// # Errors
/// A store that cannot be read.
pub fn state(index: &LocalIndex, shape: Shape) -> Result<CollectionState, BackendError> {
    let reader = index.reader()?;
    let missing = index.missing_rows() as u64;
    let waiting = index.waiting_rows() as u64;
    let mut fields = Vec::new();
    for field in index.field_indexes()? {
        let key = Key { key: field.path.clone() };
        let holds_it = Filter { must_not: vec![Condition::IsEmpty { is_empty: key }], ..Filter::default() };
        fields.push((field.path, field.kind, reader.count(&Whose::OneEach, Some(&holds_it))?));
    }
    Ok(CollectionState {
        shape,
        points: reader.count(&Whose::OneEach, None)?,
        indexed: reader.snapshot().count().saturating_sub(missing + waiting),
        is_complete: missing == 0,
        fields,
    })
}

fn found(reader: &Reader<'_>, row: Row, with: With) -> Found {
    let payload = row.payload.as_deref().filter(|_| with.payload);
    Found {
        vector: with.vector.then(|| reader.vector_of(row.label)).flatten(),
        // Blocks are checked before they come here: a payload is an object.
        payload: payload.and_then(|payload| serde_json::from_str(payload).ok()),
        author: AgentPubKey::from_raw_39(row.author.0.to_vec()),
        action: ActionHash::from_raw_39(row.action.0.to_vec()),
        written_at_micros: row.written_at_micros,
        confirmed: row.confirmed,
        score: 0.0,
        order_value: None,
        id: row.id,
    }
}
