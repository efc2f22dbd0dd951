//! Payloads.

use super::points::{selector, write};
use crate::{
    Backend,
    backend::{Edit, Write},
    openapi::{Answer, CollectionName},
    server::{ApiError, App, Body, Envelope, Path, Writing},
    types::{DeletePayload, PointIds, SetPayload, UpdateResult},
};
use axum::extract::State;
use std::sync::Arc;

pub(super) fn set_of(request: SetPayload, vector_name: &str) -> Result<Write, ApiError> {
    let edit = Edit::Set { fields: request.payload, key: request.key };
    Ok(Write::Payload { points: selector(request.select, vector_name)?, edit })
}

pub(super) fn overwrite_of(request: SetPayload, vector_name: &str) -> Result<Write, ApiError> {
    let edit = Edit::Overwrite(request.payload);
    Ok(Write::Payload { points: selector(request.select, vector_name)?, edit })
}

pub(super) fn delete_of(request: DeletePayload, vector_name: &str) -> Result<Write, ApiError> {
    let edit = Edit::Delete(request.keys);
    Ok(Write::Payload { points: selector(request.select, vector_name)?, edit })
}

pub(super) fn clear_of(request: PointIds, vector_name: &str) -> Result<Write, ApiError> {
    Ok(Write::Payload { points: selector(request.into(), vector_name)?, edit: Edit::Clear })
}

/// Merges fields into payloads.
///
/// A field that is null is taken away.
#[utoipa::path(
    post, path = "/collections/{name}/points/payload", tag = "Points", operation_id = "set_payload",
    params(CollectionName, Writing),
    request_body = SetPayload,
    responses((status = 200, description = "What became of it.", body = Answer<UpdateResult>))
)]
pub(crate) async fn set<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    writing: Writing,
    Body(request): Body<SetPayload>,
) -> Result<Envelope<UpdateResult>, ApiError> {
    write(&app, &name, writing, |vector_name| set_of(request, vector_name)).await
}

/// Replaces payloads.
#[utoipa::path(
    put, path = "/collections/{name}/points/payload", tag = "Points", operation_id = "overwrite_payload",
    params(CollectionName, Writing),
    request_body = SetPayload,
    responses((status = 200, description = "What became of it.", body = Answer<UpdateResult>))
)]
pub(crate) async fn overwrite<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    writing: Writing,
    Body(request): Body<SetPayload>,
) -> Result<Envelope<UpdateResult>, ApiError> {
    write(&app, &name, writing, |vector_name| overwrite_of(request, vector_name)).await
}

/// Takes fields away from payloads.
#[utoipa::path(
    post, path = "/collections/{name}/points/payload/delete", tag = "Points", operation_id = "delete_payload",
    params(CollectionName, Writing),
    request_body = DeletePayload,
    responses((status = 200, description = "What became of it.", body = Answer<UpdateResult>))
)]
pub(crate) async fn delete<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    writing: Writing,
    Body(request): Body<DeletePayload>,
) -> Result<Envelope<UpdateResult>, ApiError> {
    write(&app, &name, writing, |vector_name| delete_of(request, vector_name)).await
}

/// Takes payloads away.
#[utoipa::path(
    post, path = "/collections/{name}/points/payload/clear", tag = "Points", operation_id = "clear_payload",
    params(CollectionName, Writing),
    request_body = PointIds,
    responses((status = 200, description = "What became of it.", body = Answer<UpdateResult>))
)]
pub(crate) async fn clear<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    writing: Writing,
    Body(request): Body<PointIds>,
) -> Result<Envelope<UpdateResult>, ApiError> {
    write(&app, &name, writing, |vector_name| clear_of(request, vector_name)).await
}
