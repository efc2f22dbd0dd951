//! Filters: which points a search, a page, a count or a deletion is about. In JSON they are Qdrant's.
//!
//! What a condition means follows Qdrant's server, with one difference: `match` with `text` compares words whether the
//! field is indexed or not (Qdrant looks for a part of the string where there is no index). An index changes how fast an
//! answer comes and never the answer.

mod bound;
pub(crate) mod check;
mod evaluate;
mod postings;
mod read;

pub use crate::fields::geo::{GeoBoundingBox, GeoLineString, GeoPoint, GeoPolygon, GeoRadius};
use crate::fields::path::FieldPath;
pub use evaluate::{Allowed, Narrowed};
use rose_forest_rules::id::PointId;
use serde::{Deserialize, Serialize};

/// A filter: all of `must`, one of `should`, none of `must_not`, and enough of `min_should`. Lists that are empty ask
/// for nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// All of these hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "read::one_or_many")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::conditions))]
    pub must: Vec<Condition>,
    /// At least one of these holds, if there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "read::one_or_many")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::conditions))]
    pub should: Vec<Condition>,
    /// None of these holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "read::one_or_many")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::conditions))]
    pub must_not: Vec<Condition>,
    /// At least so many of these hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_should: Option<MinShould>,
}

/// At least `min_count` of `conditions` hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MinShould {
    /// The conditions.
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub conditions: Vec<Condition>,
    /// How many must hold.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub min_count: usize,
}

/// What may be asked of a point.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum Condition {
    /// Something about a field.
    Field(Box<FieldCondition>),
    /// The field is missing, null or an empty array.
    IsEmpty {
        /// The field.
        is_empty: Key,
    },
    /// The field is null, or an element of it is.
    IsNull {
        /// The field.
        is_null: Key,
    },
    /// The point has one of these ids, whoever wrote it. Inside of [`Nested`] it never holds.
    HasId {
        /// The ids.
        #[cfg_attr(feature = "openapi", schema(value_type = Vec<crate::openapi::IdSchema>))]
        has_id: Vec<PointId>,
    },
    /// The point has the vector of this name. Every point has the one that has no name, and no other; whoever gives that
    /// one a name says so before the filter comes here. Inside of [`Nested`] it never holds.
    HasVector {
        /// The name.
        has_vector: String,
    },
    /// One element of an array of objects fulfils a filter.
    Nested {
        /// The array, and what is asked of an element.
        nested: Nested,
    },
    /// All that a filter asks.
    Filter(Filter),
}

/// A field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Where it is.
    pub key: FieldPath,
}

/// A filter for the elements of an array.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Nested {
    /// The array, with or without `[]` at the end.
    pub key: FieldPath,
    /// What one of its elements must fulfil; keys are those of the element.
    pub filter: Filter,
}

/// What is asked of a field: one of what is given has to hold, for one of the field's values; an array's values are its
/// elements. A field that is missing fulfils only `values_count`, `is_empty` and `is_null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FieldCondition {
    /// The field.
    pub key: FieldPath,
    /// A value is, or is not, one of these.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub matches: Option<Match>,
    /// A value lies in a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::range))]
    pub range: Option<Range>,
    /// A value is a place in a rectangle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geo_bounding_box: Option<GeoBoundingBox>,
    /// A value is a place within a distance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geo_radius: Option<GeoRadius>,
    /// A value is a place in a polygon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geo_polygon: Option<GeoPolygon>,
    /// The field has so many values: elements of an array, none for null, otherwise one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::counts))]
    pub values_count: Option<ValuesCount>,
    /// Whether the field is missing, null or an empty array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_empty: Option<bool>,
    /// Whether the field, or an element of it, is null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_null: Option<bool>,
}

impl FieldCondition {
    /// A condition that asks nothing yet, and so never holds.
    pub fn new(key: FieldPath) -> Self {
        Self {
            key,
            matches: None,
            range: None,
            geo_bounding_box: None,
            geo_radius: None,
            geo_polygon: None,
            values_count: None,
            is_empty: None,
            is_null: None,
        }
    }
}

/// A value to compare with: strings with strings, integers with numbers that are written as integers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum MatchValue {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A string, whole.
    Keyword(String),
}

/// Values to compare with, all of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum MatchValues {
    /// Integers.
    Integers(Vec<i64>),
    /// Strings, whole.
    Keywords(Vec<String>),
}

/// How a value is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// It is this one.
    Value(MatchValue),
    /// It is one of these.
    Any(MatchValues),
    /// It is none of these, nor null.
    Except(MatchValues),
    /// The field's strings hold all of these words, in any order: runs of letters and digits, in any case. A text
    /// without a word is in none.
    Text(String),
    /// The field's strings hold one of these words. A text without a word is in none.
    TextAny(String),
    /// One string holds these words one after the other.
    Phrase(String),
    /// A string begins with this one, byte for byte.
    Prefix(String),
    /// A string holds this one, byte for byte.
    Substring(String),
}

/// A range of numbers or of times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Range {
    /// Numbers, compared as 64-bit floats.
    Number(Bounds<f64>),
    /// Times, RFC 3339: `2026-11-21T16:30:00Z`; without a zone UTC, without a time of day midnight.
    Time(Bounds<read::Time>),
}

/// The ends of a range; one that is missing is open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds<T> {
    /// Greater than this.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub gt: Option<T>,
    /// At least this.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub gte: Option<T>,
    /// Less than this.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub lt: Option<T>,
    /// At most this.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub lte: Option<T>,
}

impl<T> Default for Bounds<T> {
    fn default() -> Self {
        Self { gt: None, gte: None, lt: None, lte: None }
    }
}

impl<T: PartialOrd> Bounds<T> {
    /// Whether a value lies between them.
    pub fn contain(&self, value: &T) -> bool {
        self.gt.as_ref().is_none_or(|bound| value > bound)
            && self.gte.as_ref().is_none_or(|bound| value >= bound)
            && self.lt.as_ref().is_none_or(|bound| value < bound)
            && self.lte.as_ref().is_none_or(|bound| value <= bound)
    }
}

/// How many values a field has.
pub type ValuesCount = Bounds<usize>;
pub use read::Time;

#[cfg(test)]
mod tests;
