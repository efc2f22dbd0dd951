//! What conditions mean, and how they are written.

use crate::filter::{Filter, check::Candidate};
use rose_forest_rules::id::PointId;
use serde_json::{Value, json};

fn filter(json: Value) -> Filter {
    serde_json::from_value(json).unwrap()
}

/// Whether a payload fulfils a condition.
fn holds(condition: Value, payload: &Value) -> bool {
    let id = PointId::Int(7);
    filter(json!({ "must": condition })).holds(Candidate { id: Some(&id), payload })
}

fn payload() -> Value {
    json!({
        "city": "Berlin", "tags": ["red", "blue"], "year": 1999, "half": 0.5, "float": 5.0, "big": u64::MAX,
        "open": true, "none": null, "empty": [], "mixed": [1, null, "x"], "when": "2026-11-21T16:30:00+01:00",
        "where": {"lon": 13.405, "lat": 52.52}, "lost": {"lon": 190.0, "lat": 0.0},
        "text": "The quick brown Fox", "texts": ["one two", "three"],
        "deep": {"er": {"a": 1}},
        "dishes": [{"name": "soup", "price": 3, "with": []}, {"name": "cake", "price": 5, "with": ["nuts"]}, 9],
    })
}

#[test]
fn conditions_hold() {
    let payload = payload();
    for condition in [
        json!({"key": "city", "match": {"value": "Berlin"}}),
        json!({"key": "tags", "match": {"value": "blue"}}),
        json!({"key": "tags[]", "match": {"value": "blue"}}),
        json!({"key": "tags[1]", "match": {"value": "blue"}}),
        json!({"key": "year", "match": {"value": 1999}}),
        json!({"key": "open", "match": {"value": true}}),
        json!({"key": "deep.er.a", "match": {"value": 1}}),
        json!({"key": "city", "match": {"any": ["Paris", "Berlin"]}}),
        json!({"key": "year", "match": {"any": [1, 1999]}}),
        json!({"key": "city", "match": {"except": ["Paris"]}}),
        json!({"key": "tags", "match": {"except": ["red"]}}),
        json!({"key": "year", "match": {"except": ["1999"]}}),
        json!({"key": "city", "match": {"except": [1]}}),
        json!({"key": "float", "match": {"except": [5]}}),
        json!({"key": "city", "match": {"except": []}}),
        json!({"key": "text", "match": {"text": "fox QUICK"}}),
        json!({"key": "texts", "match": {"text": "three one"}}),
        json!({"key": "text", "match": {"text_any": "slow fox"}}),
        json!({"key": "text", "match": {"phrase": "Quick brown"}}),
        json!({"key": "texts", "match": {"phrase": "one two"}}),
        json!({"key": "city", "match": {"prefix": "Ber"}}),
        json!({"key": "city", "match": {"substring": "rli"}}),
        json!({"has_vector": ""}),
        json!({"key": "year", "range": {"gt": 1998, "lte": 1999}}),
        json!({"key": "half", "range": {"gte": 0.5, "lt": 0.6}}),
        json!({"key": "mixed", "range": {"gte": 1}}),
        json!({"key": "big", "range": {"gt": 1e19}}),
        json!({"key": "year", "range": {}}),
        json!({"key": "when", "range": {"gt": "2026-11-21T15:29:59Z", "lte": "2026-11-21T15:30:00Z"}}),
        json!({"key": "when", "range": {"gte": "2026-11-21", "lt": "2026-11-22"}}),
        json!({"key": "where", "geo_radius": {"center": {"lon": 13.4, "lat": 52.5}, "radius": 3000.0}}),
        json!({"key": "where", "geo_bounding_box": {
            "top_left": {"lon": 13.0, "lat": 53.0}, "bottom_right": {"lon": 14.0, "lat": 52.0}}}),
        json!({"key": "where", "geo_polygon": {"exterior": {"points": [
            {"lon": 13.0, "lat": 52.0}, {"lon": 14.0, "lat": 52.0}, {"lon": 13.4, "lat": 53.0}]}}}),
        json!({"key": "tags", "values_count": {"gte": 2, "lt": 3}}),
        json!({"key": "city", "values_count": {"gte": 1, "lte": 1}}),
        json!({"key": "none", "values_count": {"lt": 1}}),
        json!({"key": "missing", "values_count": {"lt": 1}}),
        json!({"key": "missing", "is_empty": true}),
        json!({"key": "city", "is_empty": false}),
        json!({"key": "mixed", "is_null": true}),
        json!({"key": "missing", "is_null": false}),
        json!({"is_empty": {"key": "missing"}}),
        json!({"is_empty": {"key": "none"}}),
        json!({"is_empty": {"key": "empty"}}),
        json!({"is_null": {"key": "none"}}),
        json!({"is_null": {"key": "mixed"}}),
        json!({"key": "dishes[].with", "is_empty": false}),
        json!({"has_id": [1, 7]}),
        json!({"nested": {"key": "dishes", "filter": {"must": [
            {"key": "name", "match": {"value": "cake"}}, {"key": "price", "match": {"value": 5}}]}}}),
        json!({"nested": {"key": "dishes[]", "filter": {"must": {"is_empty": {"key": "with"}}}}}),
        json!({"nested": {"key": "dishes", "filter": {}}}),
        json!({"should": [{"has_id": [1]}, {"key": "open", "match": {"value": true}}]}),
        json!({"must_not": {"has_id": [1]}}),
        json!({}),
        json!([]),
        json!(null),
        json!({"min_should": {"min_count": 2, "conditions": [
            {"has_id": [7]}, {"has_id": [1]}, {"key": "year", "match": {"value": 1999}}]}}),
    ] {
        assert!(holds(condition.clone(), &payload), "{condition}");
    }
}

#[test]
fn conditions_do_not_hold() {
    let payload = payload();
    for condition in [
        json!({"key": "city", "match": {"value": "berlin"}}),
        json!({"key": "year", "match": {"value": "1999"}}),
        json!({"key": "float", "match": {"value": 5}}),
        json!({"key": "deep.er", "match": {"value": 1}}),
        json!({"key": "dishes.name", "match": {"value": "soup"}}),
        json!({"key": "city", "match": {"any": []}}),
        json!({"key": "missing", "match": {"except": ["x"]}}),
        json!({"key": "none", "match": {"except": ["x"]}}),
        json!({"key": "empty", "match": {"except": ["x"]}}),
        json!({"key": "year", "match": {"except": [1999]}}),
        json!({"key": "text", "match": {"text": "fox bro"}}),
        json!({"key": "text", "match": {"text": " , "}}),
        json!({"key": "city", "range": {"gte": 0}}),
        json!({"key": "year", "range": {"gt": 1999}}),
        json!({"key": "year", "range": {"gte": 3, "lt": 2}}),
        json!({"key": "year", "range": {"gt": "1990-01-01"}}),
        json!({"key": "lost", "geo_radius": {"center": {"lon": -170.0, "lat": 0.0}, "radius": 3000.0}}),
        json!({"key": "city"}),
        json!({"key": "mixed", "values_count": {"lt": 3}}),
        json!({"is_null": {"key": "missing"}}),
        json!({"key": "mixed", "is_null": false}),
        json!({"key": "dishes[].with", "is_empty": true}),
        json!({"key": "text", "match": {"text_any": "slow"}}),
        json!({"key": "text", "match": {"phrase": "brown quick"}}),
        json!({"key": "texts", "match": {"phrase": "two three"}}),
        json!({"key": "text", "match": {"phrase": ","}}),
        json!({"key": "city", "match": {"prefix": "ber"}}),
        json!({"key": "year", "match": {"prefix": ""}}),
        json!({"key": "city", "match": {"substring": "RLI"}}),
        json!({"has_vector": "other"}),
        json!({"nested": {"key": "dishes", "filter": {"must": {"has_vector": ""}}}}),
        json!({"is_empty": {"key": "mixed"}}),
        json!({"has_id": [1, "7"]}),
        json!({"nested": {"key": "dishes", "filter": {"must": [
            {"key": "name", "match": {"value": "cake"}}, {"key": "price", "match": {"value": 3}}]}}}),
        json!({"nested": {"key": "deep", "filter": {}}}),
        json!({"nested": {"key": "dishes", "filter": {"must": {"has_id": [7]}}}}),
        json!({"should": [{"has_id": [1]}, {"has_id": [2]}]}),
        json!({"must_not": [{"has_id": [1]}, {"has_id": [7]}]}),
        json!({"min_should": {"min_count": 2, "conditions": [{"has_id": [7]}, {"has_id": [1]}]}}),
        json!({"min_should": {"min_count": 2, "conditions": [{"has_id": [7]}]}}),
    ] {
        assert!(!holds(condition.clone(), &payload), "{condition}");
    }
}

#[test]
fn what_is_no_filter_is_refused_with_a_reason() {
    for (json, reason) in [
        (json!({"mus": []}), "unknown field `mus`"),
        (json!({"must": [{"slice": "a"}]}), "received \"slice\""),
        (json!({"must": [{"key": "a", "match": {"like": "x"}}]}), "unknown variant `like`"),
        (json!({"must": [{"key": "a..b"}]}), "a key is empty"),
        (json!({"must": [{"key": "a", "near": 1}]}), "unknown field `near`"),
        (json!({"must": [{"has_id": [-1]}]}), "invalid value"),
        (json!({"must": [{"has_id": [1], "is_null": {"key": "a"}}]}), "alone"),
        (json!({"must": 5}), "expected a condition"),
        (json!({"must": [{"key": "a", "range": {"gt": "yesterday"}}]}), "Range"),
        (
            json!({"must": [{"key": "a", "geo_radius": {"center": {"lon": 0.0, "lat": 91.0}, "radius": 1.0}}]}),
            "latitude",
        ),
    ] {
        let error = serde_json::from_value::<Filter>(json.clone()).unwrap_err().to_string();
        assert!(error.contains(reason), "{json}: {error}");
    }
}

#[test]
fn filters_are_written_as_they_are_read() {
    let json = json!({
        "must": [
            {"key": "a[].b", "match": {"value": "x"}},
            {"key": "a", "match": {"any": [1, 2]}},
            {"key": "when", "range": {"gt": "2026-11-21"}},
            {"key": "n", "range": {"gte": 1.5, "lt": 2.0}},
            {"is_empty": {"key": "e"}},
            {"has_id": [7, "550e8400-e29b-41d4-a716-446655440000"]},
            {"nested": {"key": "d", "filter": {"must_not": [{"is_null": {"key": "p"}}]}}},
            {"should": [{"key": "t", "match": {"text": "words"}}]},
        ],
        "min_should": {"conditions": [{"key": "c", "values_count": {"lte": 3}}], "min_count": 1},
    });
    assert_eq!(serde_json::to_value(filter(json.clone())).unwrap(), json);
}
