//! Vectors in requests: one dense vector, with or without a name.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use std::fmt;
use utoipa::ToSchema;

/// What a point brings as its vector.
#[derive(Clone, Debug, PartialEq, ToSchema)]
#[serde(untagged)]
pub enum VectorStruct {
    /// Without a name.
    Plain(Vec<f32>),
    /// By names.
    #[schema(value_type = HashMap<String, Vec<f32>>)]
    Named(Vec<(String, Vec<f32>)>),
}

impl VectorStruct {
    /// The vector, where `name` is what the collection calls it.
    ///
    /// # Errors
    /// Why it is not the collection's one vector.
    pub fn of(self, name: &str) -> Result<Vec<f32>, String> {
        match self {
            Self::Plain(vector) if name.is_empty() => Ok(vector),
            Self::Plain(_) => Err(format!("expected a vector named {name:?}, received one without a name")),
            Self::Named(named) => {
                let mut named = named.into_iter();
                match (named.next(), named.next()) {
                    (Some((received, vector)), None) if received == name => Ok(vector),
                    (Some((received, _)), None) => Err(format!(
                        "Not existing vector name error: {received}, the collection has {name:?}"
                    )),
                    (None, _) => {
                        Err("a point without a vector is not supported here: every point has one".to_owned())
                    }
                    (Some(_), Some(_)) => {
                        Err("several named vectors are not supported here: a collection has one vector"
                            .to_owned())
                    }
                }
            }
        }
    }
}

const SPARSE: &str = "sparse vectors are not supported here: expected a list of numbers";
const MULTI: &str = "multivectors are not supported here: expected one list of numbers";
const MODELS: &str =
    "inference is not supported here: expected a list of numbers, received a text or an image";

/// A dense vector, refusing the other kinds by their names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Dense(pub Vec<f32>);

impl<'de> Deserialize<'de> for Dense {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match VectorStruct::deserialize(deserializer)? {
            VectorStruct::Plain(vector) => Ok(Self(vector)),
            VectorStruct::Named(_) => {
                Err(de::Error::custom("expected a list of numbers, received an object"))
            }
        }
    }
}

struct Component(f32);

impl<'de> Deserialize<'de> for Component {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfVector;
        impl<'de> Visitor<'de> for OfVector {
            type Value = Component;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_f64<E>(self, number: f64) -> Result<Component, E> {
                Ok(Component(number as f32))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Component, E> {
                Ok(Component(number as f32))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Component, E> {
                Ok(Component(number as f32))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Component, A::Error> {
                Err(de::Error::custom(MULTI))
            }
        }
        deserializer.deserialize_any(OfVector)
    }
}

impl<'de> Deserialize<'de> for VectorStruct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfPoint;
        impl<'de> Visitor<'de> for OfPoint {
            type Value = VectorStruct;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of numbers, or an object with one under its name")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<VectorStruct, A::Error> {
                let mut vector = Vec::with_capacity(list.size_hint().unwrap_or(0).min(4096));
                while let Some(Component(x)) = list.next_element()? {
                    vector.push(x);
                }
                Ok(VectorStruct::Plain(vector))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<VectorStruct, A::Error> {
                let mut named = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        "indices" | "values" => return Err(de::Error::custom(SPARSE)),
                        // Names that a vector may have, too.
                        "text" | "image" | "object" | "model" => {
                            let value: serde_json::Value = map.next_value()?;
                            if !value.is_array() {
                                let is_sparse = value.get("indices").is_some();
                                return Err(de::Error::custom(if is_sparse { SPARSE } else { MODELS }));
                            }
                            let Dense(vector) = serde_json::from_value(value).map_err(de::Error::custom)?;
                            named.push((name, vector));
                        }
                        _ => {
                            let Dense(vector) = map.next_value()?;
                            named.push((name, vector));
                        }
                    }
                }
                Ok(VectorStruct::Named(named))
            }
        }
        deserializer.deserialize_any(OfPoint)
    }
}

impl Serialize for VectorStruct {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(vector) => vector.serialize(serializer),
            Self::Named(named) => serializer.collect_map(named.iter().map(|(name, vector)| (name, vector))),
        }
    }
}

/// The vectors of a batch: a list of them, or such a list under its name.
#[derive(Clone, Debug, PartialEq, ToSchema)]
#[serde(untagged)]
pub enum BatchVectors {
    /// Without a name.
    Plain(Vec<Vec<f32>>),
    /// By names.
    #[schema(value_type = HashMap<String, Vec<Vec<f32>>>)]
    Named(Vec<(String, Vec<Vec<f32>>)>),
}

impl<'de> Deserialize<'de> for BatchVectors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfBatch;
        impl<'de> Visitor<'de> for OfBatch {
            type Value = BatchVectors;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of vectors, or an object with one under its name")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<BatchVectors, A::Error> {
                let mut vectors = Vec::new();
                while let Some(Dense(vector)) = list.next_element()? {
                    vectors.push(vector);
                }
                Ok(BatchVectors::Plain(vectors))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<BatchVectors, A::Error> {
                let mut named = Vec::new();
                while let Some((name, vectors)) = map.next_entry::<String, Vec<Dense>>()? {
                    named.push((name, vectors.into_iter().map(|Dense(vector)| vector).collect()));
                }
                Ok(BatchVectors::Named(named))
            }
        }
        deserializer.deserialize_any(OfBatch)
    }
}

impl Serialize for BatchVectors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(vectors) => vectors.serialize(serializer),
            Self::Named(named) => serializer.collect_map(named.iter().map(|(name, vectors)| (name, vectors))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_dense_vector_is_taken_with_or_without_its_name_and_other_kinds_are_named() {
        let read = |value: serde_json::Value, name: &str| {
            serde_json::from_value::<VectorStruct>(value).map_err(|e| e.to_string()).and_then(|v| v.of(name))
        };
        assert_eq!(read(json!([1, 2.5, -3]), ""), Ok(vec![1.0, 2.5, -3.0]));
        assert_eq!(read(json!({"": [1, 2]}), ""), Ok(vec![1.0, 2.0]));
        assert_eq!(read(json!({"a": [1, 2]}), "a"), Ok(vec![1.0, 2.0]));
        assert_eq!(read(json!({"text": [1, 2]}), "text"), Ok(vec![1.0, 2.0]));
        for (value, name, reason) in [
            (json!({"indices": [1], "values": [2.0]}), "", "sparse"),
            (json!({"a": {"indices": [1], "values": [2.0]}}), "a", "sparse"),
            (json!({"text": {"indices": [1], "values": [2.0]}}), "text", "sparse"),
            (json!([[1.0], [2.0]]), "", "multivectors"),
            (json!({"text": "x", "model": "y"}), "", "inference"),
            (json!({"a": [1], "b": [2]}), "a", "several named"),
            (json!({"b": [2]}), "a", "Not existing vector name"),
            (json!([1]), "a", "without a name"),
            (json!({}), "", "without a vector"),
            (json!("x"), "", "a list of numbers"),
            (json!([1, null]), "", "a number"),
        ] {
            let refused = read(value.clone(), name).unwrap_err();
            assert!(refused.contains(reason), "{value}: {refused}");
        }
    }

    #[test]
    fn batches_have_dense_vectors_with_or_without_a_name() {
        let read = |value| serde_json::from_value::<BatchVectors>(value).map_err(|error| error.to_string());
        let two = vec![vec![1.0], vec![2.0]];
        assert_eq!(read(json!([[1], [2]])), Ok(BatchVectors::Plain(two.clone())));
        assert_eq!(read(json!({"a": [[1], [2]]})), Ok(BatchVectors::Named(vec![("a".to_owned(), two)])));
        for (value, reason) in [
            (json!([{"indices": [1], "values": [1.0]}]), "sparse"),
            (json!({"a": [[[1.0]]]}), "multivectors"),
            (json!({"a": [{"text": "x", "model": "y"}]}), "inference"),
            (json!(7), "a list of vectors"),
        ] {
            let refused = read(value.clone()).unwrap_err();
            assert!(refused.contains(reason), "{value}: {refused}");
        }
    }
}
