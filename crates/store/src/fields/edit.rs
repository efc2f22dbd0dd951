//! Changing payloads by paths, and taking parts out of them, as Qdrant's payload calls and selectors do.

use super::path::{FieldPath, Part};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Puts the fields of `from` into `into`; null takes a field away.
pub fn merge(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (key, value) in from {
        if value.is_null() {
            into.remove(key);
        } else {
            into.insert(key.clone(), value.clone());
        }
    }
}

impl FieldPath {
    /// Merges fields into the object that the path leads to. Objects on the way that are missing are made, and other values
    /// give way to them; arrays are not made longer.
    pub fn merge_into(&self, payload: &mut Map<String, Value>, fields: &Map<String, Value>) {
        // A path begins with a key.
        if let Some((Part::Key(key), rest)) = self.parts.split_first() {
            set(payload.entry(key.clone()).or_insert_with(empty), rest, fields);
        }
    }

    /// Takes away what the path leads to; `a[]` empties the array. A path that ends with the number of an element takes away
    /// nothing: doing it twice would take away two.
    pub fn remove_from(&self, payload: &mut Map<String, Value>) {
        match self.parts.split_first() {
            Some((Part::Key(key), [])) => drop(payload.remove(key)),
            Some((Part::Key(key), rest)) => {
                if let Some(value) = payload.get_mut(key) {
                    remove(value, rest);
                }
            }
            Some((Part::Each | Part::At(_), _)) | None => {}
        }
    }
}

fn empty() -> Value {
    Value::Object(Map::new())
}

fn set(value: &mut Value, path: &[Part], fields: &Map<String, Value>) {
    match path.split_first() {
        None => {
            if let Some(object) = as_object(value) {
                merge(object, fields);
            }
        }
        Some((Part::Key(key), rest)) => {
            if let Some(object) = as_object(value) {
                set(object.entry(key.clone()).or_insert_with(empty), rest, fields);
            }
        }
        Some((part @ (Part::Each | Part::At(_)), rest)) => {
            let Value::Array(elements) = value else {
                *value = Value::Array(Vec::new());
                return;
            };
            match part {
                Part::At(at) => {
                    if let Some(element) = elements.get_mut(*at) {
                        set(element, rest, fields);
                    }
                }
                Part::Each | Part::Key(_) => {
                    elements.iter_mut().for_each(|element| set(element, rest, fields));
                }
            }
        }
    }
}

/// The value as an object, made one if it is none. So there always is one.
fn as_object(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if !value.is_object() {
        *value = empty();
    }
    value.as_object_mut()
}

fn remove(value: &mut Value, path: &[Part]) {
    let Some((part, rest)) = path.split_first() else { return };
    match (part, value) {
        (Part::Key(key), Value::Object(object)) if rest.is_empty() => drop(object.remove(key)),
        (Part::Key(key), Value::Object(object)) => {
            if let Some(value) = object.get_mut(key) {
                remove(value, rest);
            }
        }
        (Part::Each, Value::Array(elements)) if rest.is_empty() => elements.clear(),
        (Part::Each, Value::Array(elements)) => {
            elements.iter_mut().for_each(|element| remove(element, rest));
        }
        (Part::At(at), Value::Array(elements)) => {
            if let Some(element) = elements.get_mut(*at) {
                remove(element, rest);
            }
        }
        (Part::Key(_) | Part::Each | Part::At(_), _) => {}
    }
}

/// Which fields of a payload are wanted, or are not.
#[derive(Clone, Debug, PartialEq)]
pub enum Projection {
    /// Only these and what is below them.
    Include(Vec<FieldPath>),
    /// All but these and what is below them.
    Exclude(Vec<FieldPath>),
}

impl Projection {
    /// What of a payload is wanted. The number of an element selects nothing, in either way; `[]` selects all elements.
    pub fn apply(&self, payload: Map<String, Value>) -> Map<String, Value> {
        match self {
            Self::Include(paths) => include(payload, &Tree::of(paths)),
            Self::Exclude(paths) => exclude(payload, &Tree::of(paths)),
        }
    }
}

/// Paths by their beginnings; a node without branches selects all below it.
#[derive(Default)]
struct Tree<'p> {
    branches: BTreeMap<&'p Part, Tree<'p>>,
}

impl<'p> Tree<'p> {
    fn of(paths: &'p [FieldPath]) -> Self {
        let mut tree = Self::default();
        let mut sorted: Vec<_> = paths.iter().collect();
        // A shorter path comes first, and selects everything that longer ones would.
        sorted.sort();
        for path in sorted {
            let mut node = &mut tree;
            for (depth, part) in path.parts.iter().enumerate() {
                let is_known = node.branches.contains_key(part);
                node = node.branches.entry(part).or_default();
                if is_known && node.branches.is_empty() && depth + 1 < path.parts.len() {
                    break;
                }
            }
        }
        tree
    }

    fn selects_all(&self) -> bool {
        self.branches.is_empty()
    }

    fn key(&self, key: &str) -> Option<&Self> {
        let find =
            |(part, tree): (&&'p Part, _)| matches!(part, Part::Key(known) if known == key).then_some(tree);
        self.branches.iter().find_map(find)
    }
}

fn include(object: Map<String, Value>, tree: &Tree<'_>) -> Map<String, Value> {
    let kept = |(key, value): (String, Value)| {
        let below = tree.key(&key)?;
        Some((key, if below.selects_all() { value } else { include_value(value, below) }))
    };
    object.into_iter().filter_map(kept).collect()
}

fn include_value(value: Value, tree: &Tree<'_>) -> Value {
    match value {
        Value::Object(object) => Value::Object(include(object, tree)),
        Value::Array(elements) => Value::Array(match tree.branches.get(&Part::Each) {
            None => Vec::new(),
            Some(below) if below.selects_all() => elements,
            Some(below) => elements.into_iter().map(|element| include_value(element, below)).collect(),
        }),
        value => value,
    }
}

fn exclude(object: Map<String, Value>, tree: &Tree<'_>) -> Map<String, Value> {
    let kept = |(key, value): (String, Value)| match tree.key(&key) {
        None => Some((key, value)),
        Some(below) if below.selects_all() => None,
        Some(below) => Some((key, exclude_value(value, below))),
    };
    object.into_iter().filter_map(kept).collect()
}

fn exclude_value(value: Value, tree: &Tree<'_>) -> Value {
    match value {
        Value::Object(object) => Value::Object(exclude(object, tree)),
        Value::Array(elements) => Value::Array(match tree.branches.get(&Part::Each) {
            None => elements,
            Some(below) if below.selects_all() => Vec::new(),
            Some(below) => elements.into_iter().map(|element| exclude_value(element, below)).collect(),
        }),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(object) => object,
            other => panic!("{other}"),
        }
    }

    fn paths(texts: &[&str]) -> Vec<FieldPath> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn fields_are_merged_where_a_path_leads() {
        for (path, expected) in [
            ("a", json!({"a": {"b": 1, "x": 2}, "l": [{"c": 1}, 5]})),
            ("a.b", json!({"a": {"b": {"x": 2}}, "l": [{"c": 1}, 5]})),
            ("n.m", json!({"a": {"b": 1}, "l": [{"c": 1}, 5], "n": {"m": {"x": 2}}})),
            ("l[]", json!({"a": {"b": 1}, "l": [{"c": 1, "x": 2}, {"x": 2}]})),
            ("l[0].d", json!({"a": {"b": 1}, "l": [{"c": 1, "d": {"x": 2}}, 5]})),
            ("l[7]", json!({"a": {"b": 1}, "l": [{"c": 1}, 5]})),
            ("a[]", json!({"a": [], "l": [{"c": 1}, 5]})),
        ] {
            let mut payload = object(json!({"a": {"b": 1}, "l": [{"c": 1}, 5]}));
            let path: FieldPath = path.parse().unwrap();
            path.merge_into(&mut payload, &object(json!({"x": 2, "y": null})));
            assert_eq!(Value::Object(payload), expected, "{path}");
        }
        let mut payload = object(json!({"a": 1, "b": 2}));
        merge(&mut payload, &object(json!({"a": null, "c": 3})));
        assert_eq!(Value::Object(payload), json!({"b": 2, "c": 3}));
    }

    #[test]
    fn what_a_path_leads_to_is_removed() {
        for (path, expected) in [
            ("a", json!({"l": [{"c": 1, "d": 2}, {"c": 3}]})),
            ("a.b", json!({"a": {}, "l": [{"c": 1, "d": 2}, {"c": 3}]})),
            ("l[].c", json!({"a": {"b": 1}, "l": [{"d": 2}, {}]})),
            ("l[0].c", json!({"a": {"b": 1}, "l": [{"d": 2}, {"c": 3}]})),
            ("l[]", json!({"a": {"b": 1}, "l": []})),
            ("l[0]", json!({"a": {"b": 1}, "l": [{"c": 1, "d": 2}, {"c": 3}]})),
            ("x.y", json!({"a": {"b": 1}, "l": [{"c": 1, "d": 2}, {"c": 3}]})),
        ] {
            let mut payload = object(json!({"a": {"b": 1}, "l": [{"c": 1, "d": 2}, {"c": 3}]}));
            path.parse::<FieldPath>().unwrap().remove_from(&mut payload);
            assert_eq!(Value::Object(payload), expected, "{path}");
        }
    }

    #[test]
    fn parts_of_payloads_are_taken_in_or_left_out() {
        let payload =
            object(json!({"a": {"b": 1, "c": 2}, "aa": {"b": 3}, "a.b": 4, "l": [{"b": 5, "c": 6}]}));
        let include = |texts| Value::Object(Projection::Include(paths(texts)).apply(payload.clone()));
        let exclude = |texts| Value::Object(Projection::Exclude(paths(texts)).apply(payload.clone()));
        assert_eq!(include(&["a.b"]), json!({"a": {"b": 1}}));
        assert_eq!(include(&["a.b", "a"]), json!({"a": {"b": 1, "c": 2}}));
        assert_eq!(include(&["\"a.b\"", "l[].c"]), json!({"a.b": 4, "l": [{"c": 6}]}));
        assert_eq!(include(&["l[0]"]), json!({"l": []}));
        assert_eq!(include(&[]), json!({}));
        assert_eq!(exclude(&["a", "l[].b"]), json!({"aa": {"b": 3}, "a.b": 4, "l": [{"c": 6}]}));
        assert_eq!(exclude(&["l[]"]), json!({"a": {"b": 1, "c": 2}, "aa": {"b": 3}, "a.b": 4, "l": []}));
        assert_eq!(exclude(&[]), Value::Object(payload.clone()));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), (0u8..3).prop_map(Value::from)];
        leaf.prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[ab]", inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_path_that_was_set_leads_to_what_was_set_and_one_removed_to_nothing(
            start in value(), path in "[ab](\\.[ab]){0,3}", field in 1u8..9
        ) {
            let mut payload = match start { Value::Object(object) => object, _ => Map::new() };
            let path: FieldPath = path.parse().unwrap();
            let fields = object(json!({"new": field}));
            path.merge_into(&mut payload, &fields);
            let mut found = Vec::new();
            let whole = Value::Object(payload.clone());
            path.visit(&whole, &mut |value| found.push(value["new"].clone()));
            prop_assert_eq!(found, vec![json!(field)]);
            let once = payload.clone();
            path.merge_into(&mut payload, &fields);
            prop_assert_eq!(&payload, &once);
            path.remove_from(&mut payload);
            let mut left = 0;
            path.visit(&Value::Object(payload), &mut |_| left += 1);
            prop_assert_eq!(left, 0);
        }

        #[test]
        fn what_is_included_and_what_is_excluded_share_no_field(
            start in value(), texts in prop::collection::vec("[ab](\\.[ab]){0,2}", 0..4)
        ) {
            let payload = match start { Value::Object(object) => object, _ => Map::new() };
            let paths: Vec<FieldPath> = texts.iter().map(|text| text.parse().unwrap()).collect();
            let kept = Projection::Exclude(paths.clone()).apply(payload.clone());
            let kept_value = Value::Object(kept);
            for path in &paths {
                let mut left = 0;
                path.visit(&kept_value, &mut |_| left += 1);
                prop_assert_eq!(left, 0);
                let taken = Value::Object(Projection::Include(paths.clone()).apply(payload.clone()));
                let (mut before, mut after) = (Vec::new(), Vec::new());
                let whole = Value::Object(payload.clone());
                path.visit(&whole, &mut |value| before.push(value.clone()));
                path.visit(&taken, &mut |value| after.push(value.clone()));
                prop_assert_eq!(before, after);
            }
        }
    }
}
