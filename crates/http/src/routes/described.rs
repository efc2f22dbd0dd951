//! The handlers that the document of the API describes.

use super::{aliases, collections, facets, forest, indexes, payload, points, queries, service, snapshots};
use crate::{openapi::page, server::site, types::EventJson};
use rose_forest_store::Condition;
use utoipa::OpenApi;

const ABOUT: &str = "Qdrant's HTTP API over collections that peers share. Every point is signed by its author; an id means this \
    node's own point, else the newest. What differs from Qdrant is in `docs/qdrant-differences.md`.";

/// A handler that is not in this list is not in the document, and a test says so.
#[derive(OpenApi)]
#[openapi(
    info(title = "Rose Forest", description = ABOUT),
    tags(
        (name = "Service", description = "Who this is, whether it is well, and what it counts."),
        (name = "Collections", description = "Collections, and the indexes of their payload fields."),
        (name = "Points", description = "Writing, reading and deleting points."),
        (name = "Search", description = "Queries."),
        (name = "Aliases", description = "Further names of collections, on this node."),
        (name = "Snapshots", description = "Files of whole collections, to take elsewhere and to restore."),
        (name = "Forest", description = "Beyond Qdrant: who takes part, who wrote what, what changes, and what proves it."),
    ),
    components(schemas(Condition, EventJson)),
    paths(
        service::root,
        service::healthz,
        service::livez,
        service::readyz,
        service::metrics,
        service::telemetry,
        page::document,
        page::page,
        page::file,
        site::address,
        site::index,
        site::file,
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
        aliases::change,
        aliases::list,
        aliases::of_collection,
        snapshots::create,
        snapshots::list,
        snapshots::remove,
        snapshots::download,
        snapshots::recover,
        snapshots::upload,
        forest::node,
        forest::collection,
        forest::invite,
        forest::page_access,
        forest::join,
        forest::leave,
        forest::peers,
        forest::authors,
        forest::sync,
        forest::all,
        forest::scroll_all,
        forest::proof,
        forest::server_sent,
        forest::websocket,
    )
)]
pub(super) struct Described;
