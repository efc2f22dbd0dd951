//! The handlers that the document of the API describes.

use super::{collections, facets, indexes, payload, points, queries, service};
use crate::openapi::page;
use rose_forest_store::Condition;
use utoipa::OpenApi;

const ABOUT: &str = "Qdrant's HTTP API over collections that peers share. Every point is signed by its author; an id means this \
    node's own point, else the newest. What differs from Qdrant is in `docs/qdrant-differences.md`.";

/// A handler that is not in this list is not in the document, and a test says so.
#[derive(OpenApi)]
#[openapi(
    info(title = "Rose Forest", description = ABOUT),
    tags(
        (name = "Service", description = "Who this is, and whether it is well."),
        (name = "Collections", description = "Collections, and the indexes of their payload fields."),
        (name = "Points", description = "Writing, reading and deleting points."),
        (name = "Search", description = "Queries."),
    ),
    components(schemas(Condition)),
    paths(
        service::root,
        service::healthz,
        service::livez,
        service::readyz,
        page::document,
        page::page,
        page::file,
        collections::list,
        collections::info,
        collections::exists,
        collections::create,
        collections::leave,
        collections::update,
        indexes::create,
        indexes::drop_index,
        points::one,
        points::retrieve,
        points::scroll,
        points::count,
        points::upsert,
        points::delete,
        points::batch,
        points::vectors,
        points::delete_vectors,
        payload::set,
        payload::overwrite,
        payload::delete,
        payload::clear,
        facets::facet,
        queries::query,
        queries::batch,
        queries::groups,
        queries::search,
    )
)]
pub(super) struct Described;
