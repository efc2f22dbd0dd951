//! Queries.

mod json;

use super::{OneOrMany, WithPayload, WithVector, with::WithPayloadForm};
use crate::openapi::forms;
use rose_forest_api::PointId;
use rose_forest_store::{FieldPath, Filter, OrderBy, openapi::IdSchema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A vector, or a point that has one.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Example {
    /// A vector.
    Vector(Vec<f32>),
    /// A point.
    #[schema(value_type = IdSchema)]
    Point(PointId),
}

/// How a recommendation uses its examples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Searches for their mean.
    #[default]
    AverageVector,
    /// Scores each point by the example that it is nearest to.
    BestScore,
    /// Scores each point by all examples together.
    SumScores,
}

/// A recommendation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recommend {
    /// What to be near to.
    #[serde(default)]
    pub positive: Option<Vec<Example>>,
    /// What to be far from.
    #[serde(default)]
    pub negative: Option<Vec<Example>>,
    /// How.
    #[serde(default)]
    pub strategy: Option<Strategy>,
}

/// How prefetches become one list.
#[derive(Clone, Debug, PartialEq)]
pub enum Fusion {
    /// By ranks (Cormack et al. 2009): the constant, and a weight for each prefetch or none.
    Rrf {
        /// Tempers how much the first ranks count for.
        k: Option<f32>,
        /// A weight for each prefetch.
        weights: Option<Vec<f32>>,
    },
    /// By scores, each list's scaled by its mean and deviation.
    Dbsf,
}

/// Fusion by ranks, with what tempers it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Rrf {
    /// Tempers how much the first ranks count for.
    #[serde(default)]
    pub(crate) k: Option<f32>,
    /// A weight for each prefetch.
    #[serde(default)]
    pub(crate) weights: Option<Vec<f32>>,
}

/// How different from each other points are to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Mmr {
    /// From 0, the nearest whatever they are like, to 1.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1)]
    pub diversity: Option<f32>,
    /// How many of the nearest to choose from; as many as are wanted when nothing is said.
    #[serde(default)]
    pub candidates_limit: Option<usize>,
}

/// Which points come first.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// The nearest.
    Nearest(Example),
    /// Of the nearest, those that are far from each other.
    Diverse(Example, Mmr),
    /// Those like some, unlike others.
    Recommend(Recommend),
    /// Those first in the order of a field.
    OrderBy(OrderBy),
    /// Any, by chance.
    Sample,
    /// Those that prefetches put first together.
    Fusion(Fusion),
}

/// Where to look up points that examples name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LookupLocation {
    /// The collection.
    pub collection: String,
    /// What its vector is called.
    #[serde(default)]
    pub vector: Option<String>,
}

/// How hard to look for the nearest. What else Qdrant knows here is passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchParams {
    /// How many candidates to keep in sight: more find more of the nearest, and take longer. No fewer than points are wanted,
    /// and no more than 20,000.
    #[serde(default)]
    pub hnsw_ef: Option<usize>,
    /// Whether to look at every point: nothing is missed, and the time is in proportion to the points.
    #[serde(default)]
    pub exact: Option<bool>,
}

/// A query whose points another one goes on with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Prefetch {
    /// Queries before it.
    #[serde(default)]
    #[schema(schema_with = forms::prefetches)]
    pub prefetch: OneOrMany<Prefetch>,
    /// Which points come first; by id when nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<forms::QueryForm>)]
    pub query: Option<Query>,
    /// What the vector is called.
    #[serde(default)]
    pub using: Option<String>,
    /// What points fulfil.
    #[serde(default)]
    pub filter: Option<Filter>,
    /// The score that each has to be better than.
    #[serde(default)]
    pub score_threshold: Option<f32>,
    /// How many.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000)]
    pub limit: Option<usize>,
    /// Where to look up points.
    #[serde(default)]
    pub lookup_from: Option<LookupLocation>,
    /// How hard to look.
    #[serde(default)]
    pub params: Option<SearchParams>,
}

/// `POST /points/query`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct QueryRequest {
    /// The query.
    #[serde(flatten)]
    pub query: Prefetch,
    /// How many of the first points to pass over.
    #[serde(default)]
    #[schema(maximum = 9_999)]
    pub offset: Option<usize>,
    /// Whether to bring vectors.
    #[serde(default, alias = "with_vectors")]
    pub with_vector: Option<WithVector>,
    /// Which part of payloads; nothing of it when nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<WithPayloadForm>)]
    pub with_payload: Option<WithPayload>,
}

/// `POST /points/query/batch`.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
pub struct QueryBatch {
    /// One after the other.
    pub searches: Vec<QueryRequest>,
}

/// `POST /points/query/groups`.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
pub struct GroupsRequest {
    /// The query; its limit is that of the groups.
    #[serde(flatten)]
    pub query: QueryRequest,
    /// The field whose values are the groups.
    pub group_by: FieldPath,
    /// Points of a group.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000)]
    pub group_size: Option<usize>,
    /// Another collection to look groups up in: not supported.
    #[serde(default)]
    pub with_lookup: Option<Value>,
}

/// `POST /points/search`, of older clients.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
pub struct SearchRequest {
    /// The vector, or `{name, vector}`.
    #[schema(value_type = forms::SearchVector)]
    pub vector: Sought,
    /// What points fulfil.
    #[serde(default)]
    pub filter: Option<Filter>,
    /// How many.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000)]
    pub limit: Option<usize>,
    /// How many of the first points to pass over.
    #[serde(default)]
    #[schema(maximum = 9_999)]
    pub offset: Option<usize>,
    /// The score that each has to be better than.
    #[serde(default)]
    pub score_threshold: Option<f32>,
    /// How hard to look.
    #[serde(default)]
    pub params: Option<SearchParams>,
    /// Whether to bring vectors.
    #[serde(default, alias = "with_vectors")]
    pub with_vector: Option<WithVector>,
    /// Which part of payloads.
    #[serde(default)]
    #[schema(value_type = Option<WithPayloadForm>)]
    pub with_payload: Option<WithPayload>,
}

/// What older clients search for.
#[derive(Clone, Debug, PartialEq)]
pub struct Sought {
    /// What the vector is called.
    name: Option<String>,
    /// The vector.
    vector: Example,
}

impl From<SearchRequest> for QueryRequest {
    fn from(search: SearchRequest) -> Self {
        let query = Prefetch {
            query: Some(Query::Nearest(search.vector.vector)),
            using: search.vector.name,
            filter: search.filter,
            score_threshold: search.score_threshold,
            limit: search.limit,
            params: search.params,
            ..Prefetch::default()
        };
        let SearchRequest { offset, with_vector, with_payload, .. } = search;
        Self { query, offset, with_vector, with_payload }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn queries_are_read_as_clients_write_them() {
        let read = |value| serde_json::from_value::<Query>(value).unwrap();
        let nearest = Query::Nearest(Example::Vector(vec![1.0, 2.0]));
        assert_eq!(read(json!([1.0, 2.0])), nearest);
        assert_eq!(read(json!({"nearest": [1.0, 2.0]})), nearest);
        assert_eq!(read(json!({"nearest": [1.0, 2.0], "mmr": null})), nearest);
        assert_eq!(read(json!(7)), Query::Nearest(Example::Point(PointId::Int(7))));
        assert_eq!(read(json!({"sample": "random"})), Query::Sample);
        assert_eq!(read(json!({"fusion": "dbsf"})), Query::Fusion(Fusion::Dbsf));
        let Query::Recommend(recommend) = read(json!({"recommend": {"positive": [1, [0.5, 0.5]]}})) else {
            panic!()
        };
        assert_eq!(recommend.positive.unwrap().len(), 2);
        assert!(matches!(read(json!({"order_by": "a.b"})), Query::OrderBy(_)));
        for (value, reason) in [
            (json!({"discover": {}}), "\"discover\" is not supported"),
            (json!({"nearest": {"indices": [1], "values": [1.0]}}), "sparse"),
            (json!({"nearest": [[1.0]]}), "multivectors"),
            (json!({"fusion": "best"}), "rrf"),
            (json!({"unheard": 1}), "unheard"),
            (json!(-1), "unsigned integer"),
        ] {
            let refused = serde_json::from_value::<Query>(value.clone()).unwrap_err().to_string();
            assert!(refused.contains(reason), "{value}: {refused}");
        }
    }

    #[test]
    fn queries_come_back_as_they_were_written() {
        let point = Example::Point(PointId::Int(7));
        let vector = Example::Vector(vec![0.1, -2.5]);
        let mmr = Mmr { diversity: Some(0.5), candidates_limit: None };
        let examples = Recommend {
            positive: Some(vec![point.clone(), vector.clone()]),
            negative: None,
            strategy: Some(Strategy::BestScore),
        };
        let order = OrderBy {
            key: "a.b[]".parse().unwrap(),
            direction: rose_forest_store::Direction::Desc,
            start_from: Some(rose_forest_store::OrderValue::Float(1.5)),
        };
        for query in [
            Query::Nearest(vector.clone()),
            Query::Nearest(point.clone()),
            Query::Diverse(vector, mmr),
            Query::Recommend(examples),
            Query::OrderBy(order),
            Query::Sample,
            Query::Fusion(Fusion::Rrf { k: Some(2.0), weights: Some(vec![1.0, 3.0]) }),
            Query::Fusion(Fusion::Rrf { k: None, weights: None }),
            Query::Fusion(Fusion::Dbsf),
        ] {
            let inner = Prefetch { query: Some(Query::Sample), limit: Some(3), ..Prefetch::default() };
            let outer = Prefetch {
                query: Some(query),
                prefetch: OneOrMany(vec![inner]),
                filter: Some(
                    serde_json::from_value(json!({"must": {"key": "a", "match": {"value": 1}}})).unwrap(),
                ),
                ..Prefetch::default()
            };
            let only = rose_forest_store::Projection::Exclude(vec!["a".parse().unwrap()]);
            let request = QueryRequest {
                query: outer,
                offset: Some(2),
                with_vector: Some(WithVector::All(true)),
                with_payload: Some(WithPayload::Part(only)),
            };
            let written = serde_json::to_string(&request).unwrap();
            assert_eq!(serde_json::from_str::<QueryRequest>(&written).unwrap(), request, "{written}");
        }
    }
}
