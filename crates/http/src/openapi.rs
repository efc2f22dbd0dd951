//! The API described by itself: an OpenAPI 3.1 document made from the code, and a page to try it.
//!
//! **To add a route:** put `#[utoipa::path(…)]` above its handler (copy one from a neighbour) and the handler's name into the
//! list in `routes/described.rs`. Bodies are types of [`crate::types`] with `#[derive(ToSchema)]`; `body = Answer<T>` is `T` in
//! Qdrant's envelope; `params(CollectionName, Reading)` are what the handler's extractors of the same names read. The refusals
//! that every route has in common are added here, see [`refusals`]. A route that OpenAPI cannot describe is named, with the
//! reason, in `tests/api/openapi.rs`, which fails where document and router differ.

mod answers;
pub(crate) mod forms;
pub(crate) mod page;
mod parameters;
mod refusals;

pub(crate) use crate::types::Answer;
pub(crate) use answers::Accepted;
pub(crate) use parameters::{CollectionName, Restoring, Since, SnapshotName, Timeout, Wait};

use serde_json::Value;
use utoipa::openapi::{
    OpenApi,
    path::{Operation, PathItem},
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};

/// The document, as JSON. `needs_key` says whether this server asks for keys: then so does the document.
///
/// Cost: some milliseconds; keep it.
pub(crate) fn document(needs_key: bool) -> Value {
    let mut document = crate::routes::described();
    refusals::add(&mut document);
    if needs_key {
        ask_for_keys(&mut document);
    }
    let mut document = serde_json::to_value(document).unwrap_or_default();
    plain(&mut document);
    document
}

/// Operations of a path, whatever their method.
fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// Whether everybody may ask it: its annotation says `security(())`.
fn is_open(operation: &Operation) -> bool {
    operation.security.is_some()
}

fn ask_for_keys(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let key = ApiKeyValue::with_description("api-key", "A key of this server.");
    components.add_security_scheme("api-key", SecurityScheme::ApiKey(ApiKey::Header(key)));
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The same key."));
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    let nothing: [&str; 0] = [];
    document.security =
        Some(vec![SecurityRequirement::new("api-key", nothing), SecurityRequirement::new("bearer", nothing)]);
}

/// Takes the marks of links out of descriptions: they come from comments, where they lead somewhere.
fn plain(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::String(text) if name == "description" || name == "summary" => {
                        *text = text.replace("[`", "`").replace("`]", "`");
                    }
                    value => plain(value),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(plain),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests;
