//! The routes: those that everybody may ask, those that read, and those that write.

mod aliases;
mod collections;
mod described;
mod facets;
mod forest;
mod indexes;
mod payload;
mod points;
mod queries;
mod service;
mod show;
mod snapshots;
pub(crate) use forest::Stopping;
pub(crate) use show::Show;

use crate::{
    Backend,
    openapi::page,
    server::{ApiError, App, site},
};
use axum::{
    Router,
    routing::{delete, get, patch, post, put},
};
use rose_forest_api::PointId;
use rose_forest_store::{Condition, Filter};
use std::sync::Arc;

use crate::limits;

type Routes<B> = Router<Arc<App<B>>>;

/// What `utoipa` makes of the handlers' annotations.
pub(crate) fn described() -> utoipa::openapi::OpenApi {
    <described::Described as utoipa::OpenApi>::openapi()
}

/// What needs no key: who this is, and whether it is well.
pub(crate) fn open<B: Backend>() -> Routes<B> {
    Router::new()
        .route("/", get(service::root))
        .route("/healthz", get(service::healthz))
        .route("/livez", get(service::livez))
        .route("/readyz", get(service::readyz::<B>))
        .route("/openapi.json", get(page::document))
        .route("/docs", get(page::page))
        .route("/docs/{file}", get(page::file))
        .route("/ui", get(site::address))
        .route("/ui/", get(site::index))
        .route("/ui/{*path}", get(site::file))
}

/// What is counted and measured: read whatever else is under way.
pub(crate) fn numbers<B: Backend>() -> Routes<B> {
    Router::new().route("/metrics", get(service::metrics))
}

/// What reads.
pub(crate) fn reads<B: Backend>() -> Routes<B> {
    Router::new()
        .route("/collections", get(collections::list))
        .route("/collections/{name}", get(collections::info))
        .route("/collections/{name}/aliases", get(aliases::of_collection))
        .route("/aliases", get(aliases::list))
        .route("/collections/{name}/exists", get(collections::exists))
        .route("/collections/{name}/points/{id}", get(points::one))
        .route("/collections/{name}/points", post(points::retrieve))
        .route("/collections/{name}/points/scroll", post(points::scroll))
        .route("/collections/{name}/points/count", post(points::count))
        .route("/collections/{name}/points/query", post(queries::query))
        .route("/collections/{name}/points/query/batch", post(queries::batch))
        .route("/collections/{name}/points/query/groups", post(queries::groups))
        .route("/collections/{name}/points/search", post(queries::search))
        .route("/collections/{name}/facet", post(facets::facet))
        .route("/telemetry", get(service::telemetry))
        .route("/collections/{name}/snapshots", get(snapshots::list))
        .route("/collections/{name}/snapshots/{snapshot}", get(snapshots::download))
        .route("/collections/{name}/points/{id}/proof", get(forest::proof))
        .route("/rose-forest/node", get(forest::node))
        .route("/rose-forest/collections/{name}", get(forest::collection))
        .route("/rose-forest/collections/{name}/peers", get(forest::peers))
        .route("/rose-forest/collections/{name}/authors", get(forest::authors))
        .route("/rose-forest/collections/{name}/sync", get(forest::sync))
        .route("/rose-forest/collections/{name}/points/{id}/all", get(forest::all))
        .route("/rose-forest/collections/{name}/points/scroll-all", post(forest::scroll_all))
        .route("/rose-forest/collections/{name}/events", get(forest::server_sent))
        .route("/rose-forest/collections/{name}/events/ws", get(forest::websocket))
}

/// What writes.
pub(crate) fn writes<B: Backend>() -> Routes<B> {
    Router::new()
        .route("/collections/aliases", post(aliases::change))
        .route("/collections/{name}", put(collections::create))
        .route("/collections/{name}", delete(collections::leave))
        .route("/collections/{name}", patch(collections::update))
        .route("/collections/{name}/points", put(points::upsert))
        .route("/collections/{name}/points/delete", post(points::delete))
        .route("/collections/{name}/points/batch", post(points::batch))
        .route("/collections/{name}/points/vectors", put(points::vectors))
        .route("/collections/{name}/points/vectors/delete", post(points::delete_vectors))
        .route("/collections/{name}/points/payload", post(payload::set).put(payload::overwrite))
        .route("/collections/{name}/points/payload/delete", post(payload::delete))
        .route("/collections/{name}/points/payload/clear", post(payload::clear))
        .route("/collections/{name}/index", put(indexes::create))
        .route("/collections/{name}/index/{field}", delete(indexes::drop_index))
        .route("/collections/{name}/snapshots/{snapshot}", delete(snapshots::remove))
}

/// What writes, and takes as long as it takes: these have limits of their own. As they read or write whole collections, and may
/// name the snapshot of another one, they are for whoever may do everything.
pub(crate) fn long_writes<B: Backend>() -> Routes<B> {
    Router::new()
        .route("/collections/{name}/snapshots", post(snapshots::create))
        .route("/collections/{name}/snapshots/recover", put(snapshots::recover))
        .route("/collections/{name}/snapshots/upload", post(snapshots::upload))
        .route("/rose-forest/collections/{name}/invite", get(forest::invite))
        .route("/rose-forest/collections/{name}/leave", post(forest::leave))
        .route("/rose-forest/collections/{name}/page", post(forest::page_access))
        .route("/rose-forest/join", post(forest::join))
}

/// A number within its limit.
pub(crate) fn at_most(what: &str, max: usize, received: usize) -> Result<usize, ApiError> {
    if received > max {
        return Err(ApiError::Input(format!("expected at most {max} {what}, received {received}")));
    }
    Ok(received)
}

/// A limit of points, from 1 on.
pub(crate) fn limit(received: usize) -> Result<usize, ApiError> {
    if received == 0 {
        return Err(ApiError::Input("expected a limit of at least 1, received 0".to_owned()));
    }
    at_most("points", limits::MAX_LIMIT, received)
}

/// The id of a path: a number, or any other text.
pub(crate) fn point_id(text: String) -> Result<PointId, ApiError> {
    match text.parse::<u64>() {
        Ok(number) => Ok(PointId::Int(number)),
        Err(_) => PointId::text(text).map_err(|why| ApiError::Input(why.to_string())),
    }
}

/// Ids, not too many of them.
pub(crate) fn ids(ids: Vec<PointId>) -> Result<Vec<PointId>, ApiError> {
    at_most("ids", limits::MAX_IDS, ids.len())?;
    Ok(ids)
}

/// A filter with its conditions counted, and the vector's name in it taken for the one that the store knows.
pub(crate) fn filter(filter: Option<Filter>, vector_name: &str) -> Result<Option<Filter>, ApiError> {
    let Some(mut filter) = filter else { return Ok(None) };
    let (mut count, mut asks_for_none) = (0, false);
    visit(&mut filter, &mut |filter| {
        asks_for_none |= filter.min_should.as_ref().is_some_and(|min_should| min_should.min_count == 0);
        for condition in conditions(filter) {
            count += 1;
            if let Condition::HasVector { has_vector } = condition {
                *has_vector =
                    if has_vector == vector_name { String::new() } else { format!("no {has_vector}") };
            }
        }
    });
    at_most("conditions", limits::MAX_CONDITIONS, count)?;
    if asks_for_none {
        return Err(ApiError::Input("expected min_count to be at least 1, received 0".to_owned()));
    }
    Ok(Some(filter))
}

/// All conditions of one level.
fn conditions(filter: &mut Filter) -> impl Iterator<Item = &mut Condition> {
    let min_should = filter.min_should.iter_mut().flat_map(|min_should| &mut min_should.conditions);
    filter.must.iter_mut().chain(&mut filter.should).chain(&mut filter.must_not).chain(min_should)
}

/// Visits a filter and those inside of it.
fn visit(filter: &mut Filter, each: &mut dyn FnMut(&mut Filter)) {
    each(filter);
    for condition in conditions(filter) {
        match condition {
            Condition::Filter(inner) => visit(inner, each),
            Condition::Nested { nested } => visit(&mut nested.filter, each),
            Condition::Field(_)
            | Condition::IsEmpty { .. }
            | Condition::IsNull { .. }
            | Condition::HasId { .. }
            | Condition::HasVector { .. } => {}
        }
    }
}
