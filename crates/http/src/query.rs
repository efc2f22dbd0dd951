//! Queries: from what a client asks to searches of the backend, and from their answers to one.
//!
//! The filter of each level goes down to its prefetches, as in Qdrant, so that their limits count points that are wanted. It
//! is merged with theirs as Qdrant merges filters: see [`merged`].

mod fusion;
mod groups;
mod mmr;

use crate::{
    Backend, BackendError,
    backend::{Effort, Found, ReadOptions, Search, Shape, What, With},
    limits,
    routes::{at_most, filter, limit},
    server::{Access, ApiError, Reading},
    types::{Example, LookupLocation, Mmr, Prefetch, Query, Recommend, SearchParams, Strategy},
};
use rose_forest_api::PointId;
use rose_forest_store::{Condition, Filter};
use std::{collections::BTreeSet, future::Future, pin::Pin};

pub(crate) use groups::{Size, groups};

/// Queries of one request.
pub(crate) struct Run<'a, B> {
    backend: &'a B,
    name: &'a str,
    access: Access,
    options: ReadOptions,
    shape: Shape,
}

impl<'a, B: Backend> Run<'a, B> {
    pub(crate) async fn new(
        backend: &'a B,
        name: &'a str,
        access: Access,
        Reading(options): Reading,
    ) -> Result<Self, ApiError> {
        Ok(Self { backend, name, access, options, shape: backend.shape(name).await? })
    }

    pub(crate) fn vector_name(&self) -> &str {
        &self.shape.vector_name
    }

    /// The first `total` points of a query.
    pub(crate) async fn points(
        &self,
        query: Prefetch,
        total: usize,
        with: With,
    ) -> Result<Vec<Found>, ApiError> {
        let mut count = 0;
        check_tree(&query, 0, &mut count)?;
        at_most("prefetches", limits::MAX_PREFETCHES, count)?;
        self.level(query, None, total, with).await
    }

    /// One level: its prefetches, then itself. Boxed, because levels nest.
    fn level<'s>(
        &'s self,
        query: Prefetch,
        above: Option<Filter>,
        total: usize,
        with: With,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Found>, ApiError>> + Send + 's>> {
        Box::pin(async move {
            let own = filter(query.filter, self.vector_name())?;
            let own = merged(above, own);
            self.check_name(query.using.as_deref(), query.query.as_ref())?;
            let asked = Asked {
                effort: effort(query.params),
                threshold: query.score_threshold,
                lookup: query.lookup_from.as_ref(),
                with,
            };
            if query.prefetch.0.is_empty() {
                return match query.query {
                    Some(Query::Fusion(_)) => {
                        Err(ApiError::Input("expected prefetches to fuse, received none".to_owned()))
                    }
                    query => self.search(query, own, total, asked).await,
                };
            }
            let mut sources = Vec::with_capacity(query.prefetch.0.len());
            for prefetch in query.prefetch.0 {
                let total = limit(prefetch.limit.unwrap_or(limits::DEFAULT_LIMIT))?;
                sources.push(self.level(prefetch, own.clone(), total, With::default()).await?);
            }
            match query.query {
                Some(Query::Fusion(how)) => {
                    let mut fused = fusion::fuse(&how, sources)?;
                    fused.truncate(total);
                    fused.retain(|found| asked.threshold.is_none_or(|threshold| found.score >= threshold));
                    self.whole(fused, with).await
                }
                query => {
                    let ids: BTreeSet<_> = sources.into_iter().flatten().map(|found| found.id).collect();
                    if ids.is_empty() {
                        return Ok(Vec::new());
                    }
                    let among = Filter {
                        must: vec![Condition::HasId { has_id: ids.into_iter().collect() }],
                        ..Filter::default()
                    };
                    let filter = both(own, Some(among));
                    self.search(query, filter, total, asked).await
                }
            }
        })
    }

    /// The name of the vector that a query is about.
    fn check_name(&self, using: Option<&str>, query: Option<&Query>) -> Result<(), ApiError> {
        let needs_vector =
            matches!(query, Some(Query::Nearest(_) | Query::Diverse(..) | Query::Recommend(_)));
        let received = using.unwrap_or_default();
        if received == self.vector_name() || !needs_vector && using.is_none() {
            return Ok(());
        }
        Err(ApiError::Input(format!(
            "Not existing vector name error: {received:?}, the collection has {:?}",
            self.vector_name()
        )))
    }

    /// A query without prefetches.
    async fn search(
        &self,
        query: Option<Query>,
        mut filter: Option<Filter>,
        limit: usize,
        Asked { effort, threshold, lookup, with }: Asked<'_>,
    ) -> Result<Vec<Found>, ApiError> {
        let mut mentioned = Vec::new();
        let mut diverse = None;
        let what = match query {
            None => What::ById,
            Some(Query::Nearest(example)) => {
                let mut vectors = self.vectors(vec![example], lookup, &mut mentioned).await?;
                What::Nearest(vectors.pop().unwrap_or_default())
            }
            Some(Query::Diverse(example, Mmr { diversity, candidates_limit })) => {
                let diversity = diversity.unwrap_or(0.5);
                if !(0.0..=1.0).contains(&diversity) {
                    return Err(ApiError::Input(format!(
                        "expected a diversity from 0 to 1, received {diversity}"
                    )));
                }
                let candidates = crate::routes::limit(candidates_limit.unwrap_or(limit))?;
                let mut vectors = self.vectors(vec![example], lookup, &mut mentioned).await?;
                let vector = vectors.pop().unwrap_or_default();
                diverse = Some((vector.clone(), diversity, candidates));
                What::Nearest(vector)
            }
            Some(Query::Recommend(recommend)) => self.recommend(recommend, lookup, &mut mentioned).await?,
            Some(Query::OrderBy(order)) => What::Ordered(order),
            Some(Query::Sample) => What::Sample,
            Some(Query::Fusion(_)) => {
                return Err(ApiError::Input("expected prefetches to fuse, received none".to_owned()));
            }
        };
        // A point is not what it is compared with.
        if !mentioned.is_empty() && lookup.is_none() {
            let others =
                Filter { must_not: vec![Condition::HasId { has_id: mentioned }], ..Filter::default() };
            filter = both(filter, Some(others));
        }
        let Some((vector, diversity, candidates)) = diverse else {
            let search = Search { what, filter, limit, effort, threshold, with };
            return Ok(self.backend.search(self.name, search, self.options).await?);
        };
        let with = With { vector: true, ..with };
        let search = Search { what, filter, limit: candidates, effort, threshold, with };
        let found = self.backend.search(self.name, search, self.options).await?;
        Ok(mmr::choose(self.shape.schema.distance, &vector, found, diversity, limit))
    }

    async fn recommend(
        &self,
        recommend: Recommend,
        lookup: Option<&LookupLocation>,
        mentioned: &mut Vec<PointId>,
    ) -> Result<What, ApiError> {
        let (positive, negative) =
            (recommend.positive.unwrap_or_default(), recommend.negative.unwrap_or_default());
        at_most("examples", limits::MAX_EXAMPLES, positive.len() + negative.len())?;
        let strategy = recommend.strategy.unwrap_or_default();
        match strategy {
            Strategy::AverageVector if positive.is_empty() => {
                return Err(ApiError::Input(
                    "expected positive examples to average, received none".to_owned(),
                ));
            }
            Strategy::BestScore | Strategy::SumScores if positive.is_empty() && negative.is_empty() => {
                return Err(ApiError::Input(
                    "expected positive or negative examples, received none".to_owned(),
                ));
            }
            Strategy::AverageVector | Strategy::BestScore | Strategy::SumScores => {}
        }
        let positive = self.vectors(positive, lookup, mentioned).await?;
        let negative = self.vectors(negative, lookup, mentioned).await?;
        for vector in positive.iter().chain(&negative) {
            let (expected, received) = (self.shape.schema.dimension(), vector.len());
            if expected != received {
                let error = rose_forest_core::VectorError::WrongDimension { expected, received };
                return Err(BackendError::Vector(error).into());
            }
        }
        Ok(match strategy {
            Strategy::AverageVector => {
                let mut target = mean(&positive);
                if !negative.is_empty() {
                    let away = mean(&negative);
                    target.iter_mut().zip(away).for_each(|(x, away)| *x += *x - away);
                }
                What::Nearest(target)
            }
            Strategy::BestScore => What::BestScore { positive, negative },
            Strategy::SumScores => What::SumScores { positive, negative },
        })
    }

    /// The vectors of examples; points are looked up, and noted.
    async fn vectors(
        &self,
        examples: Vec<Example>,
        lookup: Option<&LookupLocation>,
        mentioned: &mut Vec<PointId>,
    ) -> Result<Vec<Vec<f32>>, ApiError> {
        let point = |example: &Example| match example {
            Example::Point(id) => Some(id.clone()),
            Example::Vector(_) => None,
        };
        let ids: Vec<_> = examples.iter().filter_map(point).collect();
        let name = lookup.map_or(self.name, |lookup| lookup.collection.as_str());
        self.access.read(name)?;
        let with = With { payload: false, vector: true };
        let found = match ids.is_empty() {
            true => Vec::new(),
            false => self.backend.get(name, ids.clone(), with, self.options).await?,
        };
        mentioned.extend(ids);
        let vector = |example| match example {
            Example::Vector(vector) => Ok(vector),
            Example::Point(id) => match found.iter().find(|found| found.id == id) {
                None => Err(BackendError::NoPoint { id }.into()),
                Some(found) => match &found.vector {
                    Some(vector) => Ok(vector.clone()),
                    None => Err(BackendError::VectorMissing { id }.into()),
                },
            },
        };
        examples.into_iter().map(vector).collect()
    }

    /// Points with what is wanted of them.
    async fn whole(&self, fused: Vec<Found>, with: With) -> Result<Vec<Found>, ApiError> {
        if with == With::default() || fused.is_empty() {
            return Ok(fused);
        }
        let ids = fused.iter().map(|found| found.id.clone()).collect();
        let whole = self.backend.get(self.name, ids, with, self.options).await?;
        let mut whole: std::collections::HashMap<_, _> =
            whole.into_iter().map(|found| (found.id.clone(), found)).collect();
        // One that is gone by now is left out.
        let join = |fused: Found| whole.remove(&fused.id).map(|whole| Found { score: fused.score, ..whole });
        Ok(fused.into_iter().filter_map(join).collect())
    }
}

/// What a query without prefetches asks for beside what and how many.
#[derive(Clone, Copy)]
struct Asked<'a> {
    effort: Effort,
    threshold: Option<f32>,
    lookup: Option<&'a LookupLocation>,
    with: With,
}

/// How hard to look. `exact` goes before `hnsw_ef`, as in Qdrant.
fn effort(params: Option<SearchParams>) -> Effort {
    let SearchParams { hnsw_ef, exact } = params.unwrap_or_default();
    match (exact, hnsw_ef) {
        (Some(true), _) => Effort::Every,
        (_, Some(ef)) => Effort::Candidates(ef.min(limits::MAX_HNSW_EF)),
        (_, None) => Effort::Usual,
    }
}

/// The mean of vectors of one length.
fn mean(vectors: &[Vec<f32>]) -> Vec<f32> {
    let mut sum = vec![0.0f32; vectors.first().map_or(0, Vec::len)];
    for vector in vectors {
        sum.iter_mut().zip(vector).for_each(|(sum, x)| *sum += x);
    }
    let count = vectors.len() as f32;
    sum.iter_mut().for_each(|sum| *sum /= count);
    sum
}

/// What fulfils both.
fn both(a: Option<Filter>, b: Option<Filter>) -> Option<Filter> {
    match (a, b) {
        (Some(a), Some(b)) => {
            let must = vec![Condition::Filter(a), Condition::Filter(b)];
            Some(Filter { must, ..Filter::default() })
        }
        (one, other) => one.or(other),
    }
}

/// A prefetch's filter with that of the level above, clause by clause, as Qdrant merges them. So conditions of `should` on both
/// levels are alternatives of each other, which is not what fulfilling both would mean; clients were written for it.
fn merged(above: Option<Filter>, own: Option<Filter>) -> Option<Filter> {
    match (above, own) {
        (Some(mut above), Some(own)) => {
            above.must.extend(own.must);
            above.should.extend(own.should);
            above.must_not.extend(own.must_not);
            above.min_should = match (above.min_should, own.min_should) {
                (Some(mut above), Some(own)) => {
                    above.conditions.extend(own.conditions);
                    above.min_count = above.min_count.max(own.min_count);
                    Some(above)
                }
                (one, other) => one.or(other),
            };
            Some(above)
        }
        (one, other) => one.or(other),
    }
}

fn check_tree(query: &Prefetch, depth: usize, count: &mut usize) -> Result<(), ApiError> {
    at_most("levels of prefetches", limits::MAX_PREFETCH_DEPTH, depth)?;
    for prefetch in &query.prefetch.0 {
        *count += 1;
        check_tree(prefetch, depth + 1, count)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_search_keeps_more_in_sight_than_the_largest_one() {
        let effort = |hnsw_ef, exact| effort(Some(SearchParams { hnsw_ef, exact }));
        assert_eq!(effort(None, Some(false)), super::effort(None));
        assert_eq!(effort(Some(5), None), Effort::Candidates(5));
        assert_eq!(effort(Some(usize::MAX), Some(false)), Effort::Candidates(limits::MAX_HNSW_EF));
        assert_eq!(effort(Some(5), Some(true)), Effort::Every);
    }

    #[test]
    fn the_mean_is_taken_by_components() {
        assert_eq!(mean(&[vec![1.0, 2.0], vec![3.0, -2.0]]), [2.0, 0.0]);
        assert_eq!(mean(&[]), [0.0f32; 0]);
    }
}
