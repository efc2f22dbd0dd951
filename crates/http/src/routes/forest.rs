//! What there is beyond Qdrant, under `/rose-forest/`: who takes part, who wrote what, and how far this node is.

mod events;
mod feed;
mod points;

use crate::{
    Backend, BackendError, limits,
    server::{ApiError, App, Body, Envelope, Path},
    types::{AuthorsJson, InviteJson, JoinedJson, NodeJson, PeersJson, SyncJson},
};
use axum::extract::State;
pub(crate) use events::{server_sent, websocket};
pub(crate) use feed::Stopping;
pub(crate) use points::{all, proof, scroll_all};
use std::{sync::Arc, time::Instant};

/// `GET /rose-forest/node`.
pub(crate) async fn node<B: Backend>(State(app): State<Arc<App<B>>>) -> Result<Envelope<NodeJson>, ApiError> {
    let since = Instant::now();
    Ok(Envelope::new(app.backend.node().await?.into(), since))
}

/// `GET /rose-forest/collections/{name}/invite`. For who may write alone: an invite lets others in.
pub(crate) async fn invite<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<InviteJson>, ApiError> {
    let since = Instant::now();
    Ok(Envelope::new(InviteJson { invite: app.backend.invite(&name).await? }, since))
}

/// `POST /rose-forest/join`.
pub(crate) async fn join<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Body(request): Body<InviteJson>,
) -> Result<Envelope<JoinedJson>, ApiError> {
    let since = Instant::now();
    let (max, received) = (limits::MAX_INVITE_BYTES, request.invite.len());
    if received > max {
        let reason = format!("expected an invite of at most {max} bytes, received {received}");
        return Err(BackendError::Invite { reason }.into());
    }
    Ok(Envelope::new(app.backend.join(&request.invite).await?.into(), since))
}

/// `GET /rose-forest/collections/{name}/peers`.
pub(crate) async fn peers<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<PeersJson>, ApiError> {
    let since = Instant::now();
    let peers = app.backend.peers(&name).await?.into_iter().map(Into::into).collect();
    Ok(Envelope::new(PeersJson { peers }, since))
}

/// `GET /rose-forest/collections/{name}/authors`.
pub(crate) async fn authors<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<AuthorsJson>, ApiError> {
    let since = Instant::now();
    let authors = app.backend.authors(&name).await?.into_iter().map(Into::into).collect();
    Ok(Envelope::new(AuthorsJson { authors }, since))
}

/// `GET /rose-forest/collections/{name}/sync`.
pub(crate) async fn sync<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<SyncJson>, ApiError> {
    let since = Instant::now();
    Ok(Envelope::new(app.backend.sync_state(&name).await?.into(), since))
}
