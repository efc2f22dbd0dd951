//! The refusals that routes have in common.

use super::{is_open, operations};
use crate::types::Refusal;
use utoipa::{
    ToSchema,
    openapi::{ContentBuilder, Header, OpenApi, Ref, RefOr, ResponseBuilder, path::Operation},
};

/// A kind of refusal.
struct Kind {
    status: &'static str,
    name: &'static str,
    says: &'static str,
    /// Whether an operation at a path may be refused so.
    of: fn(&str, &Operation) -> bool,
}

/// What gives something a name, or reads files that others may replace.
const CONFLICTING: [&str; 5] = [
    "create_collection",
    "update_aliases",
    "recover_from_snapshot",
    "recover_from_uploaded_snapshot",
    "join",
];

const KINDS: [Kind; 10] = [
    Kind {
        status: "400",
        name: "BadRequest",
        says: "The request is none, breaks a rule, or asks for what is not supported; it says which.",
        of: |_, operation| !is_open(operation),
    },
    Kind {
        status: "401",
        name: "NoKey",
        says: "There is no key, or one that this server does not know.",
        of: |_, operation| !is_open(operation),
    },
    Kind {
        status: "403",
        name: "Forbidden",
        says: "The key does not allow it, the point is another author's, or a server without a key was asked by another name \
               than this machine's or by a page of another origin.",
        of: |_, _| true,
    },
    Kind {
        status: "404",
        name: "NotFound",
        says: "There is no such collection, point, alias or snapshot.",
        of: |path, _| path.contains('{') || path == "/collections/aliases",
    },
    Kind {
        status: "408",
        name: "TimedOut",
        says: "Not done in time, or not enough peers have acknowledged the write or answered before the read. A write that was \
               begun is not taken back.",
        of: |_, operation| !is_open(operation),
    },
    Kind {
        status: "409",
        name: "Exists",
        says: "There is one of this name already, or it was changed meanwhile.",
        of: |_, operation| operation.operation_id.as_deref().is_some_and(|id| CONFLICTING.contains(&id)),
    },
    Kind {
        status: "413",
        name: "TooLarge",
        says: "The body is larger than this server takes.",
        of: |_, operation| operation.request_body.is_some(),
    },
    Kind {
        status: "429",
        name: "TooMany",
        says: "Too much is under way: come again after the seconds that `Retry-After` says.",
        of: |_, operation| !is_open(operation),
    },
    Kind {
        status: "500",
        name: "Failed",
        says: "The node failed; its log says more.",
        of: |_, operation| !is_open(operation),
    },
    Kind {
        status: "503",
        name: "NotAtHand",
        says: "What this needs is being read or brought up to date on this node: try again later.",
        of: |path, operation| path.contains('{') && !is_open(operation),
    },
];

/// Adds them to every operation that is not open, where it does not say something else of that status itself.
pub(super) fn add(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    components.schemas.insert(Refusal::name().into_owned(), <Refusal as utoipa::PartialSchema>::schema());
    let mut nested = Vec::new();
    Refusal::schemas(&mut nested);
    components.schemas.extend(nested);
    for kind in &KINDS {
        let content =
            ContentBuilder::new().schema(Some(Ref::from_schema_name(Refusal::name().into_owned()))).build();
        let mut response = ResponseBuilder::new().description(kind.says).content("application/json", content);
        if kind.status == "429" {
            response = response.header("Retry-After", Header::default());
        }
        components.responses.insert(kind.name.to_owned(), RefOr::T(response.build()));
    }
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            for kind in &KINDS {
                if (kind.of)(path, operation) {
                    let refused = RefOr::Ref(Ref::from_response_name(kind.name));
                    operation.responses.responses.entry(kind.status.to_owned()).or_insert(refused);
                }
            }
        }
    }
}
