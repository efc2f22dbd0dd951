//! Queries in groups: the best points of each value of a field.

use super::Run;
use crate::{
    Backend,
    backend::{Found, With},
    limits,
    routes::Show,
    server::ApiError,
    types::{Group, Prefetch},
};
use rose_forest_store::FieldPath;
use serde_json::{Map, Value};

/// How many groups, and of how many points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub groups: usize,
    pub group_size: usize,
}

/// How many more points are asked for each time, where those before did not fill the groups.
const GROWTH: usize = 8;

/// The best groups, by their best points. Points are asked for until the groups are full, up to [`limits::MAX_LIMIT`]: groups
/// whose points all come later are not found.
pub(crate) async fn groups<B: Backend>(
    run: &Run<'_, B>,
    mut query: Prefetch,
    group_by: &FieldPath,
    size: Size,
    show: &Show,
) -> Result<Vec<Group>, ApiError> {
    let wanted = size.groups.saturating_mul(size.group_size);
    let mut total = wanted.saturating_mul(2).clamp(1, limits::MAX_LIMIT);
    loop {
        widen(&mut query, total);
        let with = With { payload: true, vector: show.with().vector };
        let found = run.points(query.clone(), total, with).await?;
        let is_all = found.len() < total || total == limits::MAX_LIMIT;
        let groups = gather(found, group_by, size);
        let full = |group: &(Value, Vec<Found>)| group.1.len() == size.group_size;
        if is_all || groups.len() == size.groups && groups.iter().all(full) {
            let group = |(id, hits): (Value, Vec<Found>)| Group {
                id,
                hits: hits.into_iter().map(|found| show.scored(found)).collect(),
            };
            return Ok(groups.into_iter().map(group).collect());
        }
        total = total.saturating_mul(GROWTH).min(limits::MAX_LIMIT);
    }
}

/// Prefetches have to bring as many points as are asked for.
fn widen(query: &mut Prefetch, total: usize) {
    for prefetch in &mut query.prefetch.0 {
        prefetch.limit = Some(prefetch.limit.unwrap_or_default().max(total));
        widen(prefetch, total);
    }
}

fn gather(found: Vec<Found>, group_by: &FieldPath, size: Size) -> Vec<(Value, Vec<Found>)> {
    let mut groups: Vec<(Value, Vec<Found>)> = Vec::new();
    for found in found {
        let payload = found.payload.clone().unwrap_or_default();
        for id in group_ids(group_by, payload) {
            let is_full = groups.len() == size.groups;
            match groups.iter_mut().find(|(known, _)| *known == id) {
                Some((_, hits)) if hits.len() < size.group_size => hits.push(found.clone()),
                None if !is_full => groups.push((id, vec![found.clone()])),
                Some(_) | None => {}
            }
        }
    }
    groups
}

/// The groups that a point is in: its strings and integers, each once. A point with a value of another kind is in none.
fn group_ids(group_by: &FieldPath, payload: Map<String, Value>) -> Vec<Value> {
    let payload = Value::Object(payload);
    let mut ids: Vec<Value> = Vec::new();
    for value in group_by.values(&payload) {
        let elements = match value {
            Value::Array(elements) => elements.as_slice(),
            value => std::slice::from_ref(value),
        };
        for id in elements {
            if !(id.is_string() || id.is_i64() || id.is_u64()) {
                return Vec::new();
            }
            if !ids.contains(id) {
                ids.push(id.clone());
            }
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_point_is_in_the_groups_of_its_strings_and_integers() {
        let ids = |payload: Value| match payload {
            Value::Object(payload) => group_ids(&"a".parse().unwrap(), payload),
            other => panic!("{other}"),
        };
        assert_eq!(ids(json!({"a": "x"})), [json!("x")]);
        assert_eq!(ids(json!({"a": [1, "x", 1]})), [json!(1), json!("x")]);
        for none in
            [json!({}), json!({"a": []}), json!({"a": null}), json!({"a": [1, true]}), json!({"a": 1.5})]
        {
            assert!(ids(none.clone()).is_empty(), "{none}");
        }
    }
}
