//! Everybody's points, and what proves one.

use crate::{
    Backend, BackendError,
    backend::ScrollAll,
    limits,
    routes::{self, Show},
    server::{AnswerOptions, ApiError, App, Body, Envelope, Path},
    types::{AllPoints, ProofJson, ScrollAllPage, ScrollAllRequest, WithVector},
};
use axum::extract::State;
use std::{sync::Arc, time::Instant};

/// Who said so always stands beside a point here.
const WITH_PROVENANCE: AnswerOptions = AnswerOptions { provenance: true };

/// `GET /rose-forest/collections/{name}/points/{id}/all`.
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

/// `POST /rose-forest/collections/{name}/points/scroll-all`.
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

/// `GET /collections/{name}/points/{id}/proof`.
pub(crate) async fn proof<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path((name, id)): Path<(String, String)>,
) -> Result<Envelope<ProofJson>, ApiError> {
    let since = Instant::now();
    let proof = app.backend.proof(&name, routes::point_id(id)?).await?;
    Ok(Envelope::new(proof.into(), since))
}
