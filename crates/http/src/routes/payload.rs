//! Payloads.

use super::points::{selector, write};
use crate::{
    Backend,
    backend::{Edit, Write},
    server::{ApiError, App, Body, Envelope, Writing},
    types::{DeletePayload, PointIds, SetPayload, UpdateResult},
};
use axum::extract::{Path, State};
use std::{sync::Arc, time::Instant};

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

/// `POST /collections/{name}/points/payload`.
pub(crate) async fn set<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    writing: Writing,
    Body(request): Body<SetPayload>,
) -> Result<Envelope<UpdateResult>, ApiError> {
    let since = Instant::now();
    let state = app.backend.state(&name).await?;
    write(&app, &name, writing, set_of(request, &state.vector_name)?, since).await
}

/// `PUT /collections/{name}/points/payload`.
pub(crate) async fn overwrite<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    writing: Writing,
    Body(request): Body<SetPayload>,
) -> Result<Envelope<UpdateResult>, ApiError> {
    let since = Instant::now();
    let state = app.backend.state(&name).await?;
    write(&app, &name, writing, overwrite_of(request, &state.vector_name)?, since).await
}

/// `POST /collections/{name}/points/payload/delete`.
pub(crate) async fn delete<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    writing: Writing,
    Body(request): Body<DeletePayload>,
) -> Result<Envelope<UpdateResult>, ApiError> {
    let since = Instant::now();
    let state = app.backend.state(&name).await?;
    write(&app, &name, writing, delete_of(request, &state.vector_name)?, since).await
}

/// `POST /collections/{name}/points/payload/clear`.
pub(crate) async fn clear<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    writing: Writing,
    Body(request): Body<PointIds>,
) -> Result<Envelope<UpdateResult>, ApiError> {
    let since = Instant::now();
    let state = app.backend.state(&name).await?;
    let points = selector(request.into(), &state.vector_name)?;
    write(&app, &name, writing, Write::Payload { points, edit: Edit::Clear }, since).await
}
