//! Points as answers show them.

use crate::{
    backend::{Found, With},
    server::AnswerOptions,
    types::{ProvenanceJson, Record, ScoredPoint, WithPayload, WithVector},
};
use serde_json::{Map, Value};

/// What to show of points.
#[derive(Clone)]
pub(crate) struct Show {
    pub payload: WithPayload,
    pub vector: bool,
    pub name: String,
    pub options: AnswerOptions,
}

impl Show {
    pub(crate) fn new(
        payload: Option<WithPayload>,
        vector: Option<&WithVector>,
        by_default: bool,
        name: &str,
        options: AnswerOptions,
    ) -> Self {
        Self {
            payload: payload.unwrap_or(WithPayload::Whole(by_default)),
            vector: vector.is_some_and(|vector| vector.wants(name)),
            name: name.to_owned(),
            options,
        }
    }

    /// What to ask the backend for.
    pub(crate) fn with(&self) -> With {
        With { payload: self.payload.any(), vector: self.vector }
    }

    pub(crate) fn scored(&self, found: Found) -> ScoredPoint {
        ScoredPoint {
            provenance: self.options.provenance.then(|| ProvenanceJson::of(&found)),
            version: u64::try_from(found.written_at_micros).unwrap_or_default(),
            score: found.score,
            payload: self.payload.apply(found.payload),
            vector: self.vector(found.vector),
            order_value: found.order_value,
            id: found.id,
        }
    }

    pub(crate) fn record(&self, found: Found) -> Record {
        Record {
            provenance: self.options.provenance.then(|| ProvenanceJson::of(&found)),
            payload: self.payload.apply(found.payload),
            vector: self.vector(found.vector),
            order_value: found.order_value,
            id: found.id,
        }
    }

    fn vector(&self, vector: Option<Vec<f32>>) -> Option<Value> {
        let vector = vector.filter(|_| self.vector)?;
        let list = Value::from(vector);
        Some(if self.name.is_empty() {
            list
        } else {
            Value::Object(Map::from_iter([(self.name.clone(), list)]))
        })
    }
}
