//! Collections.

use super::aliases::is_known;
use crate::{
    Backend, BackendError,
    openapi::{Answer, CollectionName, Timeout},
    server::{Access, ApiError, App, Body, Envelope, Path},
    types::{CollectionDescription, CollectionInfo, Collections, CreateCollection, Exists},
};
use axum::extract::State;
use serde_json::Value;
use std::{sync::Arc, time::Instant};

/// Names of the collections that may be read.
#[utoipa::path(
    get, path = "/collections", tag = "Collections", operation_id = "get_collections",
    params(Timeout),
    responses((status = 200, description = "The names.", body = Answer<Collections>))
)]
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

/// What a collection is like.
#[utoipa::path(
    get, path = "/collections/{name}", tag = "Collections", operation_id = "get_collection",
    params(CollectionName, Timeout),
    responses((status = 200, description = "What it is like.", body = Answer<CollectionInfo>))
)]
pub(crate) async fn info<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<CollectionInfo>, ApiError> {
    let since = Instant::now();
    Ok(Envelope::new(CollectionInfo::of(&app.backend.state(&name).await?), since))
}

/// Whether there is a collection.
#[utoipa::path(
    get, path = "/collections/{name}/exists", tag = "Collections", operation_id = "collection_exists",
    params(CollectionName, Timeout),
    responses((status = 200, description = "Whether there is.", body = Answer<Exists>))
)]
pub(crate) async fn exists<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<Exists>, ApiError> {
    let since = Instant::now();
    let exists = is_known(app.backend.as_ref(), &name).await?;
    Ok(Envelope::new(Exists { exists }, since))
}

/// Makes a collection.
///
/// It has one dense vector, with or without a name. Floats are stored unless `quantization_config` asks for `scalar`. What tunes
/// Qdrant's storage is passed over.
#[utoipa::path(
    put, path = "/collections/{name}", tag = "Collections", operation_id = "create_collection",
    params(CollectionName, Timeout),
    request_body = CreateCollection,
    responses((status = 200, description = "It is made.", body = Answer<bool>))
)]
pub(crate) async fn create<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    Body(request): Body<CreateCollection>,
) -> Result<Envelope<bool>, ApiError> {
    let since = Instant::now();
    app.backend.create(&name, request.into_new().map_err(ApiError::Input)?).await?;
    Ok(Envelope::new(true, since))
}

/// Leaves a collection.
///
/// Its data stays with the peers that hold it. Says whether there was one.
#[utoipa::path(
    delete, path = "/collections/{name}", tag = "Collections", operation_id = "delete_collection",
    params(CollectionName, Timeout),
    responses((status = 200, description = "Whether there was one.", body = Answer<bool>))
)]
pub(crate) async fn leave<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<bool>, ApiError> {
    let since = Instant::now();
    Ok(Envelope::new(app.backend.leave(&name).await?, since))
}

/// Changes nothing.
///
/// What Qdrant's storage can be tuned by has no meaning here: this reads an object, and answers that it is done.
#[utoipa::path(
    patch, path = "/collections/{name}", tag = "Collections", operation_id = "update_collection",
    params(CollectionName, Timeout),
    request_body = Object,
    responses((status = 200, description = "There is such a collection.", body = Answer<bool>))
)]
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
