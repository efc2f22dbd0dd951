//! Aliases of collections.

use super::at_most;
use crate::{
    Backend, BackendError, limits,
    openapi::{Answer, CollectionName, Timeout},
    server::{ApiError, App, Body, Envelope, Path},
    types::{AliasDescription, AliasList, ChangeAliases},
};
use axum::extract::State;
use std::{sync::Arc, time::Instant};

/// Changes aliases: all that is asked for, or nothing.
#[utoipa::path(
    post, path = "/collections/aliases", tag = "Aliases", operation_id = "update_aliases",
    params(Timeout),
    request_body = ChangeAliases,
    responses((status = 200, description = "They are changed.", body = Answer<bool>))
)]
pub(crate) async fn change<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Body(request): Body<ChangeAliases>,
) -> Result<Envelope<bool>, ApiError> {
    let since = Instant::now();
    at_most("actions", limits::MAX_BATCH, request.actions.len())?;
    app.backend.change_aliases(request.actions).await?;
    Ok(Envelope::new(true, since))
}

/// Aliases of all collections.
#[utoipa::path(
    get, path = "/aliases", tag = "Aliases", operation_id = "get_collections_aliases",
    params(Timeout),
    responses((status = 200, description = "The aliases.", body = Answer<AliasList>))
)]
pub(crate) async fn list<B: Backend>(
    State(app): State<Arc<App<B>>>,
) -> Result<Envelope<AliasList>, ApiError> {
    let since = Instant::now();
    let aliases = app.backend.aliases().await?;
    let aliases = aliases.iter().map(AliasDescription::from).collect();
    Ok(Envelope::new(AliasList { aliases }, since))
}

/// Aliases of a collection.
#[utoipa::path(
    get, path = "/collections/{name}/aliases", tag = "Aliases", operation_id = "get_collection_aliases",
    params(CollectionName, Timeout),
    responses((status = 200, description = "The aliases.", body = Answer<AliasList>))
)]
pub(crate) async fn of_collection<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<AliasList>, ApiError> {
    let since = Instant::now();
    if !is_known(app.backend.as_ref(), &name).await? {
        return Err(BackendError::NoCollection { name }.into());
    }
    let all = app.backend.aliases().await?;
    let name = all.resolve(&name);
    let aliases = all.iter().filter(|(_, of)| *of == name).map(AliasDescription::from).collect();
    Ok(Envelope::new(AliasList { aliases }, since))
}

/// Whether a name means a collection: as its own, or as an alias.
pub(super) async fn is_known<B: Backend>(backend: &B, name: &str) -> Result<bool, BackendError> {
    let aliases = backend.aliases().await?;
    let name = aliases.resolve(name);
    Ok(backend.collections().await?.iter().any(|known| known == name))
}
