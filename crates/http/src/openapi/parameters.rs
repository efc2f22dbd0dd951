//! Parameters, under the names of the extractors that read them.

use crate::{
    server::{AnswerOptions, Reading, Writing},
    snapshots::Priority,
};
use utoipa::{
    IntoParams, PartialSchema,
    openapi::{
        ObjectBuilder, Required,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{AnyOfBuilder, Schema, Type},
    },
};

/// The collection's name in the path.
pub(crate) struct CollectionName;

/// How long a request may take: of routes that read nothing else behind the question mark.
pub(crate) struct Timeout;

/// A snapshot's name in the path.
pub(crate) struct SnapshotName;

/// Whether to wait for the end of what takes long.
pub(crate) struct Wait;

/// How to restore a snapshot that is uploaded.
pub(crate) struct Restoring;

/// Where events begin.
pub(crate) struct Since;

impl IntoParams for CollectionName {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![in_path("name", "The collection's name.")]
    }
}

impl IntoParams for SnapshotName {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![in_path("snapshot", "The snapshot's name.")]
    }
}

impl IntoParams for Wait {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let wait = ObjectBuilder::new().schema_type(Type::Boolean);
        vec![query("wait", "Whether to wait for the end; true when nothing is said.", wait)]
    }
}

impl IntoParams for Restoring {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let checksum = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9A-Fa-f]{64}$"));
        vec![
            query("priority", "Whose points hold.", Priority::schema()),
            query("checksum", "SHA-256 that the file must have, in hexadecimal.", checksum),
        ]
    }
}

impl IntoParams for Since {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let cursor = || ObjectBuilder::new().schema_type(Type::String);
        let last = ParameterBuilder::new()
            .name("Last-Event-ID")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("The same, as browsers say it when they come back; it goes before `since`."))
            .schema(Some(cursor()));
        vec![
            query("since", "The cursor to go on from; from now on when nothing is said.", cursor()),
            last.build(),
        ]
    }
}

impl IntoParams for Timeout {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
        vec![query("timeout", "Seconds that it may take; 60 when nothing is said, 600 at most.", seconds)]
    }
}

impl IntoParams for Reading {
    fn into_params(each: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
        let consistency = AnyOfBuilder::new().item(number).item(words(["majority", "quorum", "all"]));
        let says = "Of how many nodes the answer has to hold what they have: so many, this one included, or more than half \
                    (`majority` and `quorum`), or all that are known. This node asks them what it lacks before it answers, and \
                    answers 408 if too few tell it within `timeout`. This node alone when nothing is said.";
        let mut all = vec![query("consistency", says, Schema::from(consistency.build()))];
        all.extend(Timeout::into_params(each));
        all
    }
}

impl IntoParams for Writing {
    fn into_params(each: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let wait = ObjectBuilder::new().schema_type(Type::Boolean);
        let says = "Whether to wait until the write is on this node's chain and searches see it; otherwise until it is logged.";
        let mut all = vec![query("wait", says, wait)];
        let says = "Who has to acknowledge: this node (`weak`, when nothing is said), most of the peers that are known \
                    (`medium`), or all of them (`strong`).";
        all.push(query("ordering", says, words(["weak", "medium", "strong"])));
        all.extend(Timeout::into_params(each));
        all
    }
}

impl IntoParams for AnswerOptions {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let yes = ObjectBuilder::new().schema_type(Type::Boolean);
        vec![query("provenance", "Shows who wrote each point, beside it.", yes)]
    }
}

fn words<const N: usize>(words: [&str; N]) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
}

fn in_path(name: &str, says: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(says))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).min_length(Some(1))))
        .build()
}

fn query(name: &str, says: &str, schema: impl Into<utoipa::openapi::RefOr<Schema>>) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(says))
        .schema(Some(schema))
        .build()
}
