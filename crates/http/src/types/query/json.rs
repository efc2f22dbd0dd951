//! Queries and examples as JSON has them: either may be a vector, an id or an object, told apart while the body is read.

use super::{Example, Fusion, LookupLocation, Prefetch, Query, QueryRequest, Rrf, SearchParams, Sought};
use crate::types::{OneOrMany, OrderByJson, WithPayload, WithVector, vectors::Dense};
use rose_forest_store::Filter;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{
        self, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
    ser::SerializeMap,
};
use serde_json::{Map, Value};
use std::fmt;

impl<'de> Deserialize<'de> for Example {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(OfForm)? {
            Form::Example(example) => Ok(example),
            Form::Object { nearest: None, others } => vector_of(others),
            Form::Object { nearest: Some(_), .. } => {
                Err(de::Error::custom("expected a list of numbers or an id, received a query"))
            }
        }
    }
}

/// What an object is as a vector, which says what kind of one it is that is not supported.
fn vector_of<E: de::Error>(object: Map<String, Value>) -> Result<Example, E> {
    let read = serde_json::from_value(Value::Object(object));
    read.map(|Dense(vector)| Example::Vector(vector)).map_err(E::custom)
}

/// What stands where a query or an example may stand. Its vector is read from the body's bytes at once: reading it as some value
/// first takes as long again.
enum Form {
    /// No object.
    Example(Example),
    /// An object.
    Object {
        /// Its member of that name.
        nearest: Option<Example>,
        /// Its other members.
        others: Map<String, Value>,
    },
}

struct OfForm;

impl OfForm {
    fn id<E: de::Error>(value: impl Into<Value>) -> Result<Form, E> {
        let id = serde_json::from_value(value.into()).map_err(E::custom)?;
        Ok(Form::Example(Example::Point(id)))
    }
}

impl<'de> Visitor<'de> for OfForm {
    type Value = Form;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of numbers, an id, or a query")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Form, A::Error> {
        let Dense(vector) = Dense::deserialize(SeqAccessDeserializer::new(list))?;
        Ok(Form::Example(Example::Vector(vector)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Form, A::Error> {
        let (mut nearest, mut others) = (None, Map::new());
        while let Some(name) = map.next_key::<String>()? {
            if name == "nearest" {
                nearest = Some(map.next_value()?);
            } else {
                others.insert(name, map.next_value()?);
            }
        }
        Ok(Form::Object { nearest, others })
    }

    fn visit_u64<E: de::Error>(self, id: u64) -> Result<Form, E> {
        Self::id(id)
    }

    fn visit_str<E: de::Error>(self, id: &str) -> Result<Form, E> {
        Self::id(id)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Form, E> {
        Self::id(number)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Form, E> {
        Self::id(number)
    }
}

/// Qdrant's queries that are not supported.
const UNSUPPORTED: [&str; 5] = ["discover", "context", "formula", "relevance_feedback", "text"];

impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(OfForm)? {
            Form::Example(example) => Ok(Self::Nearest(example)),
            Form::Object { nearest, others } => query(nearest, others),
        }
    }
}

fn query<E: de::Error>(nearest: Option<Example>, mut object: Map<String, Value>) -> Result<Query, E> {
    fn read<T: de::DeserializeOwned, E: de::Error>(value: Value) -> Result<T, E> {
        serde_json::from_value(value).map_err(E::custom)
    }
    for name in UNSUPPORTED {
        if object.get(name).is_some_and(|value| !value.is_null()) {
            return Err(E::custom(format_args!("the query {name:?} is not supported here")));
        }
    }
    if let Some(nearest) = nearest {
        return match object.remove("mmr").filter(|mmr| !mmr.is_null()) {
            None => Ok(Query::Nearest(nearest)),
            Some(mmr) => read(mmr).map(|mmr| Query::Diverse(nearest, mmr)),
        };
    }
    if let Some(value) = object.remove("recommend") {
        return read(value).map(Query::Recommend);
    }
    if let Some(value) = object.remove("order_by") {
        return read(value).map(|OrderByJson(order)| Query::OrderBy(order));
    }
    if let Some(value) = object.remove("sample") {
        return match value.as_str() {
            Some("random") => Ok(Query::Sample),
            _ => Err(E::custom(format_args!("expected the sample \"random\", received {value}"))),
        };
    }
    if let Some(value) = object.remove("fusion") {
        return match value.as_str() {
            Some("rrf") => Ok(Query::Fusion(Fusion::Rrf { k: None, weights: None })),
            Some("dbsf") => Ok(Query::Fusion(Fusion::Dbsf)),
            _ => Err(E::custom(format_args!("expected the fusion \"rrf\" or \"dbsf\", received {value}"))),
        };
    }
    if let Some(value) = object.remove("rrf") {
        let Rrf { k, weights } = read(value)?;
        return Ok(Query::Fusion(Fusion::Rrf { k, weights }));
    }
    match unknown(&object) {
        // A sparse vector or a document says what it is.
        Some("indices" | "values" | "model") | None => vector_of(object).map(Query::Nearest),
        Some(name) => Err(E::custom(format_args!(
            "expected a query with nearest, recommend, order_by, sample, fusion or rrf, received {name:?}"
        ))),
    }
}

impl Serialize for Query {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Nearest(nearest) => map.serialize_entry("nearest", nearest)?,
            Self::Diverse(nearest, mmr) => {
                map.serialize_entry("nearest", nearest)?;
                map.serialize_entry("mmr", mmr)?;
            }
            Self::Recommend(recommend) => map.serialize_entry("recommend", recommend)?,
            Self::OrderBy(order) => map.serialize_entry("order_by", &OrderByJson(order.clone()))?,
            Self::Sample => map.serialize_entry("sample", "random")?,
            Self::Fusion(Fusion::Rrf { k, weights }) => {
                map.serialize_entry("rrf", &Rrf { k: *k, weights: weights.clone() })?;
            }
            Self::Fusion(Fusion::Dbsf) => map.serialize_entry("fusion", "dbsf")?,
        }
        map.end()
    }
}

fn unknown(object: &Map<String, Value>) -> Option<&str> {
    object.keys().next().map(String::as_str)
}

/// The members of a [`QueryRequest`], side by side: what is flattened is kept as some value before it is read.
#[derive(Deserialize)]
struct QueryBody {
    #[serde(default)]
    prefetch: OneOrMany<Prefetch>,
    #[serde(default)]
    query: Option<Query>,
    #[serde(default)]
    using: Option<String>,
    #[serde(default)]
    filter: Option<Filter>,
    #[serde(default)]
    score_threshold: Option<f32>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    lookup_from: Option<LookupLocation>,
    #[serde(default)]
    params: Option<SearchParams>,
    #[serde(default)]
    offset: Option<usize>,
    #[serde(default, alias = "with_vectors")]
    with_vector: Option<WithVector>,
    #[serde(default)]
    with_payload: Option<WithPayload>,
}

impl<'de> Deserialize<'de> for QueryRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfRequest;
        impl<'de> Visitor<'de> for OfRequest {
            type Value = QueryRequest;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<QueryRequest, A::Error> {
                QueryBody::deserialize(MapAccessDeserializer::new(map)).map(QueryRequest::from)
            }
        }
        deserializer.deserialize_map(OfRequest)
    }
}

impl From<QueryBody> for QueryRequest {
    fn from(body: QueryBody) -> Self {
        let QueryBody { prefetch, query, using, filter, score_threshold, limit, lookup_from, params, .. } =
            body;
        let query = Prefetch { prefetch, query, using, filter, score_threshold, limit, lookup_from, params };
        let QueryBody { offset, with_vector, with_payload, .. } = body;
        Self { query, offset, with_vector, with_payload }
    }
}

impl<'de> Deserialize<'de> for Sought {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(OfForm)? {
            Form::Example(vector) => Ok(Self { name: None, vector }),
            Form::Object { mut others, .. } => {
                let mut read = |member| others.remove(member).unwrap_or_default();
                let name = serde_json::from_value(read("name")).map_err(de::Error::custom)?;
                let vector = serde_json::from_value(read("vector")).map_err(de::Error::custom)?;
                Ok(Self { name, vector })
            }
        }
    }
}
