//! Schemas for documents of an API, where deriving them does not say what is read: ids, paths, times, ranges, and lists in
//! which one element stands for itself.

use crate::{FieldPath, OrderValue, Time};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ArrayBuilder, ObjectBuilder, Ref, RefOr,
        schema::{AdditionalProperties, AnyOfBuilder, KnownFormat, Schema, SchemaFormat, Type},
    },
};

/// The schema of a point's id, `rose_forest_rules::id::PointId`: an unsigned integer or a string. The rules have no
/// dependency on anything of an API.
#[derive(Clone, Copy, Debug)]
pub struct IdSchema;

impl PartialSchema for IdSchema {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::Custom("uint64".to_owned())))
            .minimum(Some(0))
            .maximum(Some(u64::MAX));
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(rose_forest_rules::limits::MAX_STRING_ID_BYTES));
        AnyOfBuilder::new()
            .item(number)
            .item(text)
            .description(Some(
                "A point's id: an unsigned integer, a UUID or any other string of up to 512 bytes.",
            ))
            .into()
    }
}

impl ToSchema for IdSchema {
    fn name() -> std::borrow::Cow<'static, str> {
        "PointId".into()
    }
}

impl PartialSchema for FieldPath {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r#"^("[^"]+"|[^.\[\]"]+)(\[[0-9]*\])*(\.("[^"]+"|[^.\[\]"]+)(\[[0-9]*\])*)*$"#))
            .description(Some(
                "A path into a payload: keys with dots between them, `[]` for each element of an array, `[0]` for one of \
                 them. A key with a dot or a bracket stands in double quotes.",
            ))
            .examples(["city", "a.b[].c"])
            .into()
    }
}

impl ToSchema for FieldPath {}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        let of = |format| {
            ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(format)))
        };
        AnyOfBuilder::new()
            .item(of(KnownFormat::DateTime))
            .item(of(KnownFormat::Date))
            .description(Some("A time, RFC 3339; without a zone UTC, without a time of day midnight."))
            .examples(["2026-11-21T16:30:00Z"])
            .into()
    }
}

impl ToSchema for Time {}

impl PartialSchema for OrderValue {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .description(Some("A number, or a time in microseconds since 1970."))
            .into()
    }
}

impl ToSchema for OrderValue {}

/// Conditions: a list of them; one stands for itself, null for none.
pub(crate) fn conditions() -> RefOr<Schema> {
    let one = Ref::from_schema_name("Condition");
    AnyOfBuilder::new()
        .item(one.clone())
        .item(ArrayBuilder::new().items(one))
        .item(ObjectBuilder::new().schema_type(Type::Null))
        .into()
}

/// A range of numbers or of times.
pub(crate) fn range() -> RefOr<Schema> {
    AnyOfBuilder::new()
        .item(bounds(&f64::schema()))
        .item(bounds(&Time::schema()))
        .description(Some("A value lies in a range, of numbers or of times."))
        .into()
}

/// A range of counts.
pub(crate) fn counts() -> RefOr<Schema> {
    let described = "The field has so many values: elements of an array, none for null, otherwise one.";
    bounds(&usize::schema()).description(Some(described)).into()
}

/// See [`crate::Bounds`].
fn bounds(of: &RefOr<Schema>) -> ObjectBuilder {
    let bound = |object: ObjectBuilder, name| object.property(name, of.clone());
    let object = ["gt", "gte", "lt", "lte"].into_iter().fold(ObjectBuilder::new(), bound);
    object
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
}
