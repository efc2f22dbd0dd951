//! Queries: one, several, in groups, and those of older clients.

use super::{at_most, limit, show::Show};
use crate::{
    Backend, limits,
    openapi::{Answer, CollectionName},
    query::{self, Run},
    server::{Access, AnswerOptions, ApiError, App, Body, Envelope, Path, Reading},
    types::{Groups, GroupsRequest, Points, QueryBatch, QueryRequest, ScoredPoint, SearchRequest},
};
use axum::extract::State;
use std::{sync::Arc, time::Instant};

/// A query.
///
/// The nearest points to a vector or to a point, those that recommendations lead to, those first in the order of a field, any by
/// chance, or what prefetches put first together.
#[utoipa::path(
    post, path = "/collections/{name}/points/query", tag = "Search", operation_id = "query_points",
    params(CollectionName, Reading, AnswerOptions),
    request_body = QueryRequest,
    responses((status = 200, description = "The points, best first.", body = Answer<Points>))
)]
pub(crate) async fn query<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    access: Access,
    reading: Reading,
    answer: AnswerOptions,
    Body(request): Body<QueryRequest>,
) -> Result<Envelope<Points>, ApiError> {
    let since = Instant::now();
    let run = Run::new(app.backend.as_ref(), &name, access, reading).await?;
    let points = answered(&run, request, answer).await?;
    Ok(Envelope::new(Points { points }, since))
}

/// Several queries, one after the other.
#[utoipa::path(
    post, path = "/collections/{name}/points/query/batch", tag = "Search", operation_id = "query_batch_points",
    params(CollectionName, Reading, AnswerOptions),
    request_body = QueryBatch,
    responses((status = 200, description = "The points of each.", body = Answer<Vec<Points>>))
)]
pub(crate) async fn batch<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    access: Access,
    reading: Reading,
    answer: AnswerOptions,
    Body(request): Body<QueryBatch>,
) -> Result<Envelope<Vec<Points>>, ApiError> {
    let since = Instant::now();
    at_most("searches", limits::MAX_BATCH, request.searches.len())?;
    let run = Run::new(app.backend.as_ref(), &name, access, reading).await?;
    let mut answers = Vec::with_capacity(request.searches.len());
    for search in request.searches {
        answers.push(Points { points: answered(&run, search, answer).await? });
    }
    Ok(Envelope::new(answers, since))
}

/// The nearest points, for older clients.
#[utoipa::path(
    post, path = "/collections/{name}/points/search", tag = "Search", operation_id = "search_points",
    params(CollectionName, Reading, AnswerOptions),
    request_body = SearchRequest,
    responses((status = 200, description = "The points, best first.", body = Answer<Vec<ScoredPoint>>))
)]
pub(crate) async fn search<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    access: Access,
    reading: Reading,
    answer: AnswerOptions,
    Body(request): Body<SearchRequest>,
) -> Result<Envelope<Vec<ScoredPoint>>, ApiError> {
    let since = Instant::now();
    let run = Run::new(app.backend.as_ref(), &name, access, reading).await?;
    Ok(Envelope::new(answered(&run, request.into(), answer).await?, since))
}

async fn answered<B: Backend>(
    run: &Run<'_, B>,
    request: QueryRequest,
    answer: AnswerOptions,
) -> Result<Vec<ScoredPoint>, ApiError> {
    let vector = request.with_vector.as_ref();
    let show = Show::new(request.with_payload, vector, false, run.vector_name(), answer);
    let wanted = limit(request.query.limit.unwrap_or(limits::DEFAULT_LIMIT))?;
    let offset = request.offset.unwrap_or_default();
    let total = at_most("points, offset included", limits::MAX_LIMIT, wanted.saturating_add(offset))?;
    let found = run.points(request.query, total, show.with()).await?;
    Ok(found.into_iter().skip(offset).map(|found| show.scored(found)).collect())
}

/// A query whose points are grouped by a field.
#[utoipa::path(
    post, path = "/collections/{name}/points/query/groups", tag = "Search", operation_id = "query_points_groups",
    params(CollectionName, Reading, AnswerOptions),
    request_body = GroupsRequest,
    responses((status = 200, description = "The groups, best first.", body = Answer<Groups>))
)]
pub(crate) async fn groups<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    access: Access,
    reading: Reading,
    answer: AnswerOptions,
    Body(request): Body<GroupsRequest>,
) -> Result<Envelope<Groups>, ApiError> {
    let since = Instant::now();
    if request.with_lookup.is_some_and(|lookup| !lookup.is_null()) {
        return Err(ApiError::Input(
            "with_lookup is not supported here: read the points of each group".to_owned(),
        ));
    }
    let run = Run::new(app.backend.as_ref(), &name, access, reading).await?;
    let QueryRequest { query, with_vector, with_payload, .. } = request.query;
    let show = Show::new(with_payload, with_vector.as_ref(), false, run.vector_name(), answer);
    let groups = limit(query.limit.unwrap_or(limits::DEFAULT_LIMIT))?;
    let group_size = limit(request.group_size.unwrap_or(limits::DEFAULT_GROUP_SIZE))?;
    let size = query::Size { groups, group_size };
    let groups = query::groups(&run, query, &request.group_by, size, &show).await?;
    Ok(Envelope::new(Groups { groups }, since))
}
