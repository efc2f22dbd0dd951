//! Indexes of payload fields.

use crate::{
    Backend,
    backend::Written,
    openapi::{Answer, CollectionName},
    server::{ApiError, App, Body, Envelope, Path, Writing},
    types::{CreateIndex, UpdateResult},
};
use axum::extract::State;
use rose_forest_store::FieldPath;
use std::{sync::Arc, time::Instant};

const DONE: Written = Written { operation_id: Some(0), completed: true, skipped: 0 };

/// Makes an index of a payload field.
///
/// Filters on the field become faster; their answers stay the same.
#[utoipa::path(
    put, path = "/collections/{name}/index", tag = "Collections", operation_id = "create_field_index",
    params(CollectionName, Writing),
    request_body = CreateIndex,
    responses((status = 200, description = "It is made.", body = Answer<UpdateResult>))
)]
pub(crate) async fn create<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    Writing(_): Writing,
    Body(request): Body<CreateIndex>,
) -> Result<Envelope<UpdateResult>, ApiError> {
    let since = Instant::now();
    let kind = request.kind().map_err(ApiError::Input)?;
    app.backend.index_field(&name, request.field_name, kind).await?;
    Ok(Envelope::new(DONE.into(), since))
}

/// Drops the index of a payload field.
#[utoipa::path(
    delete, path = "/collections/{name}/index/{field}", tag = "Collections", operation_id = "delete_field_index",
    params(CollectionName, ("field" = FieldPath, Path, description = "The field."), Writing),
    responses((status = 200, description = "There is none any more.", body = Answer<UpdateResult>))
)]
pub(crate) async fn drop_index<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path((name, field)): Path<(String, String)>,
    Writing(_): Writing,
) -> Result<Envelope<UpdateResult>, ApiError> {
    let since = Instant::now();
    let path: FieldPath = field.parse().map_err(|error| ApiError::Input(format!("{error}")))?;
    app.backend.drop_field_index(&name, path).await?;
    Ok(Envelope::new(DONE.into(), since))
}
