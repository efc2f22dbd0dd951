//! Facets.

use super::{at_most, filter};
use crate::{
    Backend,
    backend::Facet,
    limits,
    openapi::{Answer, CollectionName},
    server::{ApiError, App, Body, Envelope, Path, Reading},
    types::{FacetRequest, Facets},
};
use axum::extract::State;
use std::{sync::Arc, time::Instant};

/// The most frequent values of a field.
#[utoipa::path(
    post, path = "/collections/{name}/facet", tag = "Points", operation_id = "facet",
    params(CollectionName, Reading),
    request_body = FacetRequest,
    responses((status = 200, description = "Values, and how many points hold each.", body = Answer<Facets>))
)]
pub(crate) async fn facet<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    Reading(options): Reading,
    Body(request): Body<FacetRequest>,
) -> Result<Envelope<Facets>, ApiError> {
    let since = Instant::now();
    let shape = app.backend.shape(&name).await?;
    let facet = Facet {
        key: request.key,
        filter: filter(request.filter, &shape.vector_name)?,
        limit: at_most("values", limits::MAX_LIMIT, request.limit.unwrap_or(limits::DEFAULT_FACETS))?,
    };
    let hits = app.backend.facet(&name, facet, options).await?;
    Ok(Envelope::new(Facets { hits }, since))
}
