//! Collections.

use super::aliases::is_known;
use crate::{
    Backend, BackendError,
    server::{Access, ApiError, App, Body, Envelope},
    types::{CollectionDescription, CollectionInfo, Collections, CreateCollection, Exists},
};
use axum::extract::{Path, State};
use serde_json::Value;
use std::{sync::Arc, time::Instant};

/// `GET /collections`: those that may be read.
pub(crate) async fn list<B: Backend>(
    State(app): State<Arc<App<B>>>,
    access: Access,
) -> Result<Envelope<Collections>, ApiError> {
    let since = Instant::now();
    let names = app.backend.collections().await?;
    let names = names.into_iter().filter(|name| access.read(name).is_ok());
    let collections = names.map(|name| CollectionDescription { name }).collect();
    Ok(Envelope::new(Collections { collections }, since))
}

/// `GET /collections/{name}`.
pub(crate) async fn info<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<Value>, ApiError> {
    let since = Instant::now();
    Ok(Envelope::new(CollectionInfo::of(&app.backend.state(&name).await?), since))
}

/// `GET /collections/{name}/exists`.
pub(crate) async fn exists<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<Exists>, ApiError> {
    let since = Instant::now();
    let exists = is_known(app.backend.as_ref(), &name).await?;
    Ok(Envelope::new(Exists { exists }, since))
}

/// `PUT /collections/{name}`.
pub(crate) async fn create<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    Body(request): Body<CreateCollection>,
) -> Result<Envelope<bool>, ApiError> {
    let since = Instant::now();
    app.backend.create(&name, request.into_new().map_err(ApiError::Input)?).await?;
    Ok(Envelope::new(true, since))
}

/// `DELETE /collections/{name}`.
pub(crate) async fn leave<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<bool>, ApiError> {
    let since = Instant::now();
    Ok(Envelope::new(app.backend.leave(&name).await?, since))
}

/// `PATCH /collections/{name}`: what Qdrant's storage can be tuned by has no meaning here.
pub(crate) async fn update<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    Body(_): Body<Value>,
) -> Result<Envelope<bool>, ApiError> {
    let since = Instant::now();
    if !is_known(app.backend.as_ref(), &name).await? {
        return Err(BackendError::NoCollection { name }.into());
    }
    Ok(Envelope::new(true, since))
}
