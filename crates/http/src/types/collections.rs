//! Collections in requests and answers.

use crate::{
    backend::NewCollection,
    openapi::forms::{DatatypeName, DistanceName, IndexSchema, QuantizationForm, VectorsForm},
};
use rose_forest_api::{Distance, Encoding};
use rose_forest_rules::limits::MAX_DIMENSION;
use rose_forest_store::{FieldKind, FieldPath};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// `PUT /collections/{name}`. What tunes Qdrant's own storage is passed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreateCollection {
    /// `{size, distance}`, or an object with one such under its name.
    #[serde(default)]
    #[schema(value_type = VectorsForm, required = true)]
    pub vectors: Option<Value>,
    /// Not supported, unless empty.
    #[serde(default)]
    #[schema(ignore)]
    pub sparse_vectors: Option<Map<String, Value>>,
    /// `{"scalar": {"type": "int8"}}` stores signed bytes instead of floats.
    #[serde(default)]
    #[schema(value_type = Option<QuantizationForm>)]
    pub quantization_config: Option<Value>,
}

/// What a collection's vectors are like.
#[derive(Deserialize, ToSchema)]
pub(crate) struct VectorParams {
    /// Components of a vector.
    #[schema(minimum = 1, maximum = 4096)]
    size: usize,
    /// How vectors are compared.
    #[schema(value_type = DistanceName)]
    distance: String,
    /// How they are stored; as `float32` when nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<DatatypeName>)]
    datatype: Option<String>,
    /// Not supported.
    #[serde(default)]
    #[schema(ignore)]
    multivector_config: Option<Value>,
    /// As that of the collection.
    #[serde(default)]
    #[schema(value_type = Option<QuantizationForm>)]
    quantization_config: Option<Value>,
}

impl From<&NewCollection> for CreateCollection {
    /// The request that asks for this.
    fn from(new: &NewCollection) -> Self {
        let distance = match new.distance {
            Distance::Cosine => "Cosine",
            Distance::Dot => "Dot",
            Distance::Euclid => "Euclid",
            Distance::Manhattan => "Manhattan",
        };
        let datatype = if new.encoding == Encoding::F16 { "float16" } else { "float32" };
        let params = json!({ "size": new.dimension, "distance": distance, "datatype": datatype });
        let vectors = match new.vector_name.as_str() {
            "" => params,
            name => json!({ name: params }),
        };
        let is_quantized = new.encoding == Encoding::Sq8;
        Self {
            vectors: Some(vectors),
            sparse_vectors: None,
            quantization_config: is_quantized.then(|| json!({ "scalar": { "type": "int8" } })),
        }
    }
}

impl CreateCollection {
    /// The collection that is asked for.
    ///
    /// # Errors
    /// What is wrong with it, or not supported.
    pub fn into_new(self) -> Result<NewCollection, String> {
        if self.sparse_vectors.is_some_and(|sparse| !sparse.is_empty()) {
            return Err("sparse vectors are not supported here: a collection has one dense vector".to_owned());
        }
        let Some(Value::Object(mut vectors)) = self.vectors else {
            return Err("expected vectors: {size, distance}".to_owned());
        };
        let (vector_name, params) = if vectors.contains_key("size") {
            (String::new(), Value::Object(vectors))
        } else {
            let names: Vec<_> = vectors.keys().cloned().collect();
            match names.as_slice() {
                [name] => (name.clone(), vectors.remove(name).unwrap_or_default()),
                [] => return Err("expected one vector, received none".to_owned()),
                several => {
                    return Err(format!(
                        "several named vectors are not supported here: expected one, received {}",
                        several.len()
                    ));
                }
            }
        };
        let params: VectorParams = serde_json::from_value(params).map_err(|error| error.to_string())?;
        if params.multivector_config.is_some_and(|config| !config.is_null()) {
            return Err("multivectors are not supported here".to_owned());
        }
        if !(1..=MAX_DIMENSION).contains(&params.size) {
            return Err(format!("expected a size from 1 to {MAX_DIMENSION}, received {}", params.size));
        }
        let distance = match params.distance.as_str() {
            "Cosine" => Distance::Cosine,
            "Dot" => Distance::Dot,
            "Euclid" => Distance::Euclid,
            "Manhattan" => Distance::Manhattan,
            other => {
                return Err(format!(
                    "expected the distance Cosine, Dot, Euclid or Manhattan, received {other:?}"
                ));
            }
        };
        let quantization = params.quantization_config.or(self.quantization_config).filter(|q| !q.is_null());
        let encoding = match (params.datatype.as_deref(), quantization) {
            (None | Some("float32"), None) => Encoding::F32,
            (Some("float16"), None) => Encoding::F16,
            (None | Some("float32" | "float16"), Some(q)) if q.get("scalar").is_some() => Encoding::Sq8,
            (Some(other), None) => {
                return Err(format!("expected the datatype float32 or float16, received {other:?}"));
            }
            (_, Some(q)) => {
                return Err(format!(
                    "only scalar quantization to int8 is supported here, received {q}: leave it out to store floats"
                ));
            }
        };
        Ok(NewCollection { dimension: params.size, distance, encoding, vector_name })
    }
}

/// `PUT /collections/{name}/index`.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
pub struct CreateIndex {
    /// The field.
    pub field_name: FieldPath,
    /// A kind, or an object with a `type` and what tunes Qdrant's own index.
    #[serde(default)]
    #[schema(value_type = IndexSchema, required = true)]
    pub field_schema: Option<Value>,
}

impl CreateIndex {
    /// The kind that is asked for.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn kind(&self) -> Result<FieldKind, String> {
        let name = match &self.field_schema {
            Some(Value::Object(params)) => params.get("type"),
            other => other.as_ref(),
        };
        let kind = name.cloned().and_then(|name| serde_json::from_value(name).ok());
        kind.ok_or_else(|| {
            "expected field_schema to be keyword, integer, float, bool, datetime, uuid, geo or text"
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_comes_back_from_the_request_for_it() {
        for distance in [Distance::Cosine, Distance::Dot, Distance::Euclid, Distance::Manhattan] {
            for encoding in [Encoding::F32, Encoding::F16, Encoding::Sq8] {
                for vector_name in ["", "a"] {
                    let vector_name = vector_name.to_owned();
                    let new = NewCollection { dimension: 3, distance, encoding, vector_name };
                    let request = serde_json::to_string(&CreateCollection::from(&new)).unwrap();
                    let request: CreateCollection = serde_json::from_str(&request).unwrap();
                    assert_eq!(request.into_new(), Ok(new));
                }
            }
        }
    }

    #[test]
    fn what_a_collection_may_be_is_read_and_the_rest_refused_with_a_reason() {
        let read = |value| serde_json::from_value::<CreateCollection>(value).unwrap().into_new();
        let plain = NewCollection {
            dimension: 4,
            distance: Distance::Dot,
            encoding: Encoding::F32,
            vector_name: String::new(),
        };
        assert_eq!(read(json!({"vectors": {"size": 4, "distance": "Dot"}})), Ok(plain.clone()));
        assert_eq!(
            read(json!({"vectors": {"": {"size": 4, "distance": "Dot"}}, "sparse_vectors": {}})),
            Ok(plain.clone())
        );
        assert_eq!(
            read(
                json!({"vectors": {"a": {"size": 4, "distance": "Dot"}}, "quantization_config": {"scalar": {"type": "int8"}}})
            ),
            Ok(NewCollection { encoding: Encoding::Sq8, vector_name: "a".to_owned(), ..plain.clone() })
        );
        assert_eq!(
            read(json!({"vectors": {"size": 4, "distance": "Dot", "datatype": "float16"}})),
            Ok(NewCollection { encoding: Encoding::F16, ..plain })
        );
        for (value, reason) in [
            (json!({}), "expected vectors"),
            (json!({"vectors": {}}), "received none"),
            (
                json!({"vectors": {"a": {"size": 1, "distance": "Dot"}, "b": {"size": 1, "distance": "Dot"}}}),
                "several",
            ),
            (json!({"vectors": {"size": 4, "distance": "Dot"}, "sparse_vectors": {"s": {}}}), "sparse"),
            (
                json!({"vectors": {"size": 4, "distance": "Dot", "multivector_config": {"comparator": "max_sim"}}}),
                "multi",
            ),
            (json!({"vectors": {"size": 0, "distance": "Dot"}}), "size from 1"),
            (json!({"vectors": {"size": 4, "distance": "Hamming"}}), "Hamming"),
            (json!({"vectors": {"size": 4, "distance": "Dot", "datatype": "uint8"}}), "uint8"),
            (
                json!({"vectors": {"size": 4, "distance": "Dot"}, "quantization_config": {"binary": {}}}),
                "int8",
            ),
        ] {
            let refused = read(value.clone()).unwrap_err();
            assert!(refused.contains(reason), "{value}: {refused}");
        }
    }
}
