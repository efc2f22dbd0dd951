//! Everybody's points, and what proves one.

use crate::{
    Backend, BackendError,
    backend::ScrollAll,
    limits,
    openapi::{Answer, CollectionName, Timeout},
    routes::{self, Show},
    server::{AnswerOptions, ApiError, App, Body, Envelope, Path},
    types::{AllPoints, ProofJson, ScrollAllPage, ScrollAllRequest, WithVector},
};
use axum::extract::State;
use rose_forest_store::openapi::IdSchema;
use std::{sync::Arc, time::Instant};

/// Who said so always stands beside a point here.
const WITH_PROVENANCE: AnswerOptions = AnswerOptions { provenance: true };

/// The points of all authors under an id.
#[utoipa::path(
    get, path = "/rose-forest/collections/{name}/points/{id}/all", tag = "Forest", operation_id = "points_of_all",
    params(CollectionName, ("id" = IdSchema, Path, description = "The point's id."), Timeout),
    responses((status = 200, description = "The points, each with its author.", body = Answer<AllPoints>))
)]
pub(crate) async fn all<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path((name, id)): Path<(String, String)>,
) -> Result<Envelope<AllPoints>, ApiError> {
    let since = Instant::now();
    let id = routes::point_id(id)?;
    let shape = app.backend.shape(&name).await?;
    let show = Show::new(None, Some(&WithVector::All(true)), true, &shape.vector_name, WITH_PROVENANCE);
    let found = app.backend.points_of_all(&name, id.clone(), show.with()).await?;
    if found.is_empty() {
        return Err(BackendError::NoPoint { id }.into());
    }
    Ok(Envelope::new(
        AllPoints { points: found.into_iter().map(|found| show.record(found)).collect() },
        since,
    ))
}

/// A page of the points of all authors.
#[utoipa::path(
    post, path = "/rose-forest/collections/{name}/points/scroll-all", tag = "Forest", operation_id = "scroll_all",
    params(CollectionName, Timeout),
    request_body = ScrollAllRequest,
    responses((status = 200, description = "The page.", body = Answer<ScrollAllPage>))
)]
pub(crate) async fn scroll_all<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    Body(request): Body<ScrollAllRequest>,
) -> Result<Envelope<ScrollAllPage>, ApiError> {
    let since = Instant::now();
    let shape = app.backend.shape(&name).await?;
    let (payload, vector) = (request.with_payload, request.with_vector.as_ref());
    let show = Show::new(payload, vector, true, &shape.vector_name, WITH_PROVENANCE);
    let scroll = ScrollAll {
        author: request.author.map(|author| author.0),
        filter: routes::filter(request.filter, &shape.vector_name)?,
        start: request.offset.map(|offset| offset.0).unwrap_or_default(),
        limit: routes::limit(request.limit.unwrap_or(limits::DEFAULT_LIMIT))?,
        with: show.with(),
    };
    let page = app.backend.scroll_all(&name, scroll).await?;
    Ok(Envelope::new(ScrollAllPage::of(page, |found| show.record(found)), since))
}

/// What a client needs to check a point by itself.
///
/// `docs/PROOFS.md` says how.
#[utoipa::path(
    get, path = "/collections/{name}/points/{id}/proof", tag = "Forest", operation_id = "proof",
    params(CollectionName, ("id" = IdSchema, Path, description = "The point's id."), Timeout),
    responses((status = 200, description = "The proof.", body = Answer<ProofJson>))
)]
pub(crate) async fn proof<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path((name, id)): Path<(String, String)>,
) -> Result<Envelope<ProofJson>, ApiError> {
    let since = Instant::now();
    let proof = app.backend.proof(&name, routes::point_id(id)?).await?;
    Ok(Envelope::new(proof.into(), since))
}
