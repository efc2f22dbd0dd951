//! Points: writing, deleting, reading by id, pages, counts.

use super::{at_most, filter, ids, limit, payload, show::Show};
use crate::{
    Backend, BackendError,
    backend::{Effort, Mode, NewPoint, NewVector, Scroll, Search, Selector, What, Write},
    limits,
    openapi::{Answer, CollectionName},
    server::{AnswerOptions, ApiError, App, Body, Envelope, Path, Reading, Writing},
    types::{
        Batch, BatchVectors, Count, CountRequest, Operation, Operations, Point, PointIds, PointsSelector,
        Record, RetrieveRequest, ScrollPage, ScrollRequest, UpdateResult, UpdateVectors, Upsert,
        VectorStruct,
    },
};
use axum::extract::State;
use rose_forest_store::openapi::IdSchema;
use std::{sync::Arc, time::Instant};

/// Writes points, in rows or in columns.
///
/// A point that is there is replaced whole, unless `update_mode` or `update_filter` say otherwise.
#[utoipa::path(
    put, path = "/collections/{name}/points", tag = "Points", operation_id = "upsert_points",
    params(CollectionName, Writing),
    request_body = Upsert,
    responses((status = 200, description = "What became of it.", body = Answer<UpdateResult>))
)]
pub(crate) async fn upsert<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    writing: Writing,
    Body(request): Body<Upsert>,
) -> Result<Envelope<UpdateResult>, ApiError> {
    write(&app, &name, writing, |vector_name| upsert_of(request, vector_name)).await
}

/// Deletes points.
///
/// By ids: another author's point is refused. By a filter: those of others are passed over and counted.
#[utoipa::path(
    post, path = "/collections/{name}/points/delete", tag = "Points", operation_id = "delete_points",
    params(CollectionName, Writing),
    request_body = PointIds,
    responses((status = 200, description = "What became of it.", body = Answer<UpdateResult>))
)]
pub(crate) async fn delete<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    writing: Writing,
    Body(request): Body<PointIds>,
) -> Result<Envelope<UpdateResult>, ApiError> {
    write(&app, &name, writing, |vector_name| delete_of(request, vector_name)).await
}

/// Replaces the vectors of points.
#[utoipa::path(
    put, path = "/collections/{name}/points/vectors", tag = "Points", operation_id = "update_vectors",
    params(CollectionName, Writing),
    request_body = UpdateVectors,
    responses((status = 200, description = "What became of it.", body = Answer<UpdateResult>))
)]
pub(crate) async fn vectors<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    writing: Writing,
    Body(request): Body<UpdateVectors>,
) -> Result<Envelope<UpdateResult>, ApiError> {
    write(&app, &name, writing, |vector_name| vectors_of(request, vector_name)).await
}

/// Refused: every point has a vector.
#[utoipa::path(
    post, path = "/collections/{name}/points/vectors/delete", tag = "Points", operation_id = "delete_vectors",
    params(CollectionName, Writing),
    request_body = Object,
)]
pub(crate) async fn delete_vectors() -> ApiError {
    no_deleting_of_vectors()
}

fn no_deleting_of_vectors() -> ApiError {
    ApiError::Input(
        "deleting vectors is not supported here: every point has one, delete the point".to_owned(),
    )
}

/// Several writes, one after the other.
///
/// All operations are read and checked before the first is done; one that fails ends the batch, and those before it stay done.
#[utoipa::path(
    post, path = "/collections/{name}/points/batch", tag = "Points", operation_id = "batch_update",
    params(CollectionName, Writing),
    request_body = Operations,
    responses((status = 200, description = "What became of each.", body = Answer<Vec<UpdateResult>>))
)]
pub(crate) async fn batch<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    Writing(options): Writing,
    Body(request): Body<Operations>,
) -> Result<Envelope<Vec<UpdateResult>>, ApiError> {
    let since = Instant::now();
    at_most("operations", limits::MAX_BATCH, request.operations.len())?;
    let vector_name = app.backend.shape(&name).await?.vector_name;
    let operation = |operation| {
        Ok(match operation {
            Operation::Upsert(request) => upsert_of(request, &vector_name)?,
            Operation::Delete(request) => delete_of(request, &vector_name)?,
            Operation::SetPayload(request) => payload::set_of(request, &vector_name)?,
            Operation::OverwritePayload(request) => payload::overwrite_of(request, &vector_name)?,
            Operation::DeletePayload(request) => payload::delete_of(request, &vector_name)?,
            Operation::ClearPayload(request) => payload::clear_of(request, &vector_name)?,
            Operation::UpdateVectors(request) => vectors_of(request, &vector_name)?,
            Operation::DeleteVectors => return Err(no_deleting_of_vectors()),
        })
    };
    let writes: Vec<Write> =
        request.operations.into_iter().map(operation).collect::<Result<_, ApiError>>()?;
    let mut written = Vec::with_capacity(writes.len());
    for write in writes {
        written.push(app.backend.write(&name, write, options).await?.into());
    }
    Ok(Envelope::new(written, since))
}

/// Hands a write to the backend: what a request means where the vector is called so.
pub(super) async fn write<B: Backend>(
    app: &App<B>,
    name: &str,
    Writing(options): Writing,
    meant: impl FnOnce(&str) -> Result<Write, ApiError>,
) -> Result<Envelope<UpdateResult>, ApiError> {
    let since = Instant::now();
    let shape = app.backend.shape(name).await?;
    let written = app.backend.write(name, meant(&shape.vector_name)?, options).await?;
    Ok(Envelope::new(written.into(), since))
}

fn delete_of(request: PointIds, vector_name: &str) -> Result<Write, ApiError> {
    Ok(Write::Delete(selector(request.into(), vector_name)?))
}

fn upsert_of(request: Upsert, vector_name: &str) -> Result<Write, ApiError> {
    let points = match (request.points, request.batch) {
        (Some(points), None) => points,
        (None, Some(batch)) => rows(batch)?,
        (Some(_), Some(_)) | (None, None) => {
            return Err(ApiError::Input("expected either points or batch".to_owned()));
        }
    };
    if points.is_empty() {
        return Err(ApiError::Input("Empty update request".to_owned()));
    }
    at_most("points", limits::MAX_POINTS, points.len())?;
    let point = |Point { id, vector, payload }| {
        let vector = vector.of(vector_name).map_err(|why| ApiError::Input(format!("point {id}: {why}")))?;
        Ok(NewPoint { id, vector, payload: payload.unwrap_or_default() })
    };
    let mode = match request.update_mode.as_deref() {
        None | Some("upsert") => Mode::Upsert,
        Some("insert_only") => Mode::InsertOnly,
        Some("update_only") => Mode::UpdateOnly,
        Some(other) => {
            return Err(ApiError::Input(format!(
                "expected update_mode to be upsert, insert_only or update_only, received {other:?}"
            )));
        }
    };
    Ok(Write::Upsert {
        points: points.into_iter().map(point).collect::<Result<_, ApiError>>()?,
        mode,
        only: filter(request.update_filter, vector_name)?,
    })
}

/// Columns as rows.
fn rows(batch: Batch) -> Result<Vec<Point>, ApiError> {
    let count = batch.ids.len();
    let (name, vectors) = match batch.vectors {
        BatchVectors::Plain(vectors) => (None, vectors),
        BatchVectors::Named(named) => {
            let mut named = named.into_iter();
            match (named.next(), named.next()) {
                (Some((name, vectors)), None) => (Some(name), vectors),
                (None, _) | (Some(_), Some(_)) => {
                    return Err(ApiError::Input(
                        "expected the vectors of one name: a collection has one".to_owned(),
                    ));
                }
            }
        }
    };
    let payloads = batch.payloads.unwrap_or_else(|| vec![None; count]);
    if vectors.len() != count || payloads.len() != count {
        return Err(ApiError::Input(format!(
            "expected {count} vectors and payloads for {count} ids, received {} and {}",
            vectors.len(),
            payloads.len()
        )));
    }
    let columns = batch.ids.into_iter().zip(vectors).zip(payloads);
    let point = |((id, vector), payload)| {
        let vector = match &name {
            None => VectorStruct::Plain(vector),
            Some(name) => VectorStruct::Named(vec![(name.clone(), vector)]),
        };
        Point { id, vector, payload }
    };
    Ok(columns.map(point).collect())
}

fn vectors_of(request: UpdateVectors, vector_name: &str) -> Result<Write, ApiError> {
    if request.points.is_empty() {
        return Err(ApiError::Input("Empty update request".to_owned()));
    }
    at_most("points", limits::MAX_POINTS, request.points.len())?;
    let points = request.points.into_iter().map(|point| {
        let vector = point.vector.of(vector_name);
        let vector = vector.map_err(|why| ApiError::Input(format!("point {}: {why}", point.id)))?;
        Ok(NewVector { id: point.id, vector })
    });
    Ok(Write::Vectors {
        points: points.collect::<Result<_, ApiError>>()?,
        only: filter(request.update_filter, vector_name)?,
    })
}

impl From<PointIds> for PointsSelector {
    fn from(request: PointIds) -> Self {
        match request {
            PointIds::Ids(ids) => Self { points: Some(ids), filter: None },
            PointIds::Selector(selector) => selector,
        }
    }
}

/// Which points a write means.
pub(super) fn selector(request: PointsSelector, vector_name: &str) -> Result<Selector, ApiError> {
    match (request.points, filter(request.filter, vector_name)?) {
        (Some(points), None) if points.is_empty() => Err(ApiError::Input("Empty update request".to_owned())),
        // Ids go before a filter, as in Qdrant.
        (Some(points), _) => Ok(Selector::Ids(ids(points)?)),
        (None, Some(filter)) => Ok(Selector::Filter(filter)),
        (None, None) => Err(ApiError::Input("expected points or a filter".to_owned())),
    }
}

/// Points by their ids.
///
/// Those that are not there are left out.
#[utoipa::path(
    post, path = "/collections/{name}/points", tag = "Points", operation_id = "get_points",
    params(CollectionName, Reading, AnswerOptions),
    request_body = RetrieveRequest,
    responses((status = 200, description = "The points.", body = Answer<Vec<Record>>))
)]
pub(crate) async fn retrieve<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    Reading(options): Reading,
    answer: AnswerOptions,
    Body(request): Body<RetrieveRequest>,
) -> Result<Envelope<Vec<Record>>, ApiError> {
    let since = Instant::now();
    let shape = app.backend.shape(&name).await?;
    let show =
        Show::new(request.with_payload, request.with_vector.as_ref(), true, &shape.vector_name, answer);
    let found = app.backend.get(&name, ids(request.ids)?, show.with(), options).await?;
    Ok(Envelope::new(found.into_iter().map(|found| show.record(found)).collect(), since))
}

/// A point by its id.
#[utoipa::path(
    get, path = "/collections/{name}/points/{id}", tag = "Points", operation_id = "get_point",
    params(CollectionName, ("id" = IdSchema, Path, description = "The point's id."), Reading, AnswerOptions),
    responses((status = 200, description = "The point.", body = Answer<Record>))
)]
pub(crate) async fn one<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path((name, id)): Path<(String, String)>,
    Reading(options): Reading,
    answer: AnswerOptions,
) -> Result<Envelope<Record>, ApiError> {
    let since = Instant::now();
    let id = super::point_id(id)?;
    let shape = app.backend.shape(&name).await?;
    let everything = Some(&crate::types::WithVector::All(true));
    let show = Show::new(None, everything, true, &shape.vector_name, answer);
    let found = app.backend.get(&name, vec![id.clone()], show.with(), options).await?;
    match found.into_iter().next() {
        Some(found) => Ok(Envelope::new(show.record(found), since)),
        None => Err(BackendError::NoPoint { id }.into()),
    }
}

/// A page of points.
///
/// In the order of their ids; `next_page_offset` is the `offset` of the next page. Or the first ones in the order of a field.
#[utoipa::path(
    post, path = "/collections/{name}/points/scroll", tag = "Points", operation_id = "scroll_points",
    params(CollectionName, Reading, AnswerOptions),
    request_body = ScrollRequest,
    responses((status = 200, description = "The page.", body = Answer<ScrollPage>))
)]
pub(crate) async fn scroll<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    Reading(options): Reading,
    answer: AnswerOptions,
    Body(request): Body<ScrollRequest>,
) -> Result<Envelope<ScrollPage>, ApiError> {
    let since = Instant::now();
    let shape = app.backend.shape(&name).await?;
    let show =
        Show::new(request.with_payload, request.with_vector.as_ref(), true, &shape.vector_name, answer);
    let filter = filter(request.filter, &shape.vector_name)?;
    let limit = limit(request.limit.unwrap_or(limits::DEFAULT_LIMIT))?;
    let (points, next) = match request.order_by {
        Some(_) if request.offset.is_some() => {
            return Err(ApiError::Input(
                "an offset is not possible with order_by: use start_from of order_by".to_owned(),
            ));
        }
        Some(order) => {
            let what = What::Ordered(order.0);
            let (effort, with) = (Effort::Usual, show.with());
            let search = Search { what, filter, limit, effort, threshold: None, with };
            (app.backend.search(&name, search, options).await?, None)
        }
        None => {
            let scroll = Scroll { filter, start: request.offset, limit, with: show.with() };
            let page = app.backend.scroll(&name, scroll, options).await?;
            (page.points, page.next)
        }
    };
    let points = points.into_iter().map(|found| show.record(found)).collect();
    Ok(Envelope::new(ScrollPage { points, next_page_offset: next }, since))
}

/// How many points there are.
#[utoipa::path(
    post, path = "/collections/{name}/points/count", tag = "Points", operation_id = "count_points",
    params(CollectionName, Reading),
    request_body = CountRequest,
    responses((status = 200, description = "How many.", body = Answer<Count>))
)]
pub(crate) async fn count<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    Reading(options): Reading,
    Body(request): Body<CountRequest>,
) -> Result<Envelope<Count>, ApiError> {
    let since = Instant::now();
    let shape = app.backend.shape(&name).await?;
    let count = app.backend.count(&name, filter(request.filter, &shape.vector_name)?, options).await?;
    Ok(Envelope::new(Count { count }, since))
}
