//! What there is beyond Qdrant, under `/rose-forest/`: who takes part, who wrote what, and how far this node is.

mod events;
mod feed;
mod points;

use crate::{
    Backend, BackendError, limits,
    openapi::{Answer, CollectionName, Timeout},
    server::{ApiError, App, Body, Envelope, Path},
    types::{
        AuthorsJson, InviteJson, JoinedJson, NodeCollectionJson, NodeJson, PageAccessJson, PeersJson,
        SyncJson,
    },
};
use axum::{
    extract::State,
    http::{HeaderName, header::CACHE_CONTROL},
};
pub(crate) use events::*;
pub(crate) use feed::Stopping;
pub(crate) use points::*;
use std::{sync::Arc, time::Instant};

/// This node and its collections.
#[utoipa::path(
    get, path = "/rose-forest/node", tag = "Forest", operation_id = "node",
    params(Timeout),
    responses((status = 200, description = "The node.", body = Answer<NodeJson>))
)]
pub(crate) async fn node<B: Backend>(State(app): State<Arc<App<B>>>) -> Result<Envelope<NodeJson>, ApiError> {
    let since = Instant::now();
    Ok(Envelope::new(app.backend.node().await?.into(), since))
}

/// A collection, as this node takes part in it.
///
/// One that it has left is not found here, but among those of the node.
#[utoipa::path(
    get, path = "/rose-forest/collections/{name}", tag = "Forest", operation_id = "node_collection",
    params(CollectionName, Timeout),
    responses((status = 200, description = "The collection.", body = Answer<NodeCollectionJson>))
)]
pub(crate) async fn collection<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<NodeCollectionJson>, ApiError> {
    let since = Instant::now();
    Ok(Envelope::new(app.backend.collection(&name).await?.into(), since))
}

/// An invite to a collection.
///
/// It lets others in, so it is for keys that may do everything.
#[utoipa::path(
    get, path = "/rose-forest/collections/{name}/invite", tag = "Forest", operation_id = "invite",
    params(CollectionName),
    responses((status = 200, description = "The invite. It is a secret.", body = Answer<InviteJson>))
)]
pub(crate) async fn invite<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<InviteJson>, ApiError> {
    let since = Instant::now();
    Ok(Envelope::new(InviteJson { invite: app.backend.invite(&name).await? }, since))
}

/// Lets a web page call a collection's zome.
///
/// For the page that this node serves: a websocket of this machine, a token that serves once, and keys that sign calls as this
/// node's author. A page can so do all that the zome can, which is more than any key for one collection may, so it is for keys
/// that may do everything. The first page of a collection costs an entry on this node's chain, and later ones nothing until the
/// node runs anew.
#[utoipa::path(
    post, path = "/rose-forest/collections/{name}/page", tag = "Forest", operation_id = "page_access",
    params(CollectionName),
    responses((status = 200, description = "The way there. It is a secret, and not to be kept.", body = Answer<PageAccessJson>))
)]
pub(crate) async fn page_access<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<([(HeaderName, &'static str); 1], Envelope<PageAccessJson>), ApiError> {
    let since = Instant::now();
    let access = app.backend.page_access(&name).await?.into();
    Ok(([(CACHE_CONTROL, "no-store")], Envelope::new(access, since)))
}

/// Joins the collection of an invite.
///
/// For keys that may do everything.
#[utoipa::path(
    post, path = "/rose-forest/join", tag = "Forest", operation_id = "join",
    request_body = InviteJson,
    responses((status = 200, description = "The collection.", body = Answer<JoinedJson>))
)]
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

/// Other nodes that take part in a collection.
#[utoipa::path(
    get, path = "/rose-forest/collections/{name}/peers", tag = "Forest", operation_id = "peers",
    params(CollectionName, Timeout),
    responses((status = 200, description = "The nodes.", body = Answer<PeersJson>))
)]
pub(crate) async fn peers<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<PeersJson>, ApiError> {
    let since = Instant::now();
    let peers = app.backend.peers(&name).await?.into_iter().map(Into::into).collect();
    Ok(Envelope::new(PeersJson { peers }, since))
}

/// Who wrote how many of the points.
#[utoipa::path(
    get, path = "/rose-forest/collections/{name}/authors", tag = "Forest", operation_id = "authors",
    params(CollectionName, Timeout),
    responses((status = 200, description = "The authors.", body = Answer<AuthorsJson>))
)]
pub(crate) async fn authors<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<AuthorsJson>, ApiError> {
    let since = Instant::now();
    let authors = app.backend.authors(&name).await?.into_iter().map(Into::into).collect();
    Ok(Envelope::new(AuthorsJson { authors }, since))
}

/// How far this node is with a collection.
#[utoipa::path(
    get, path = "/rose-forest/collections/{name}/sync", tag = "Forest", operation_id = "sync",
    params(CollectionName, Timeout),
    responses((status = 200, description = "How far.", body = Answer<SyncJson>))
)]
pub(crate) async fn sync<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<SyncJson>, ApiError> {
    let since = Instant::now();
    Ok(Envelope::new(app.backend.sync_state(&name).await?.into(), since))
}

/// Leaves a collection, as `DELETE /collections/{name}` does, without a limit of time.
///
/// Its data stays with the peers that hold it. Says whether there was one. For keys that may do everything.
#[utoipa::path(
    post, path = "/rose-forest/collections/{name}/leave", tag = "Forest", operation_id = "leave",
    params(CollectionName),
    responses((status = 200, description = "Whether there was one.", body = Answer<bool>))
)]
pub(crate) async fn leave<B: Backend>(
    app: State<Arc<App<B>>>,
    name: Path<String>,
) -> Result<Envelope<bool>, ApiError> {
    super::collections::leave(app, name).await
}
