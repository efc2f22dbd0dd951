//! Paths into payloads, as Qdrant writes them: `a.b.c`, `a[].b` for every element of an array, `a[0]` for one of them,
//! `"a.b".c` where a key holds a dot.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use std::{fmt, str::FromStr};

/// Why text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a path like a.b, a[].b or \"a.b\".c, received {received:?}: {reason}")]
pub struct PathError {
    /// The text.
    pub received: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Part {
    Key(String),
    Each,
    At(usize),
}

/// A path to values of a payload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath {
    pub(super) parts: Vec<Part>,
}

impl FieldPath {
    /// Visits the values that the path leads to: none if there are none, several through `[]`. An array at its end is
    /// one value.
    pub(crate) fn visit<'v>(&self, payload: &'v Value, visit: &mut dyn FnMut(&'v Value)) {
        walk(&self.parts, payload, visit);
    }

    /// The values that the path leads to in a payload, in their order; an array at its end is one.
    pub fn values<'v>(&self, payload: &'v Value) -> Vec<&'v Value> {
        let mut values = Vec::new();
        self.visit(payload, &mut |value| values.push(value));
        values
    }

    /// The outermost key. A path always begins with one.
    pub(crate) fn first_key(&self) -> &str {
        match self.parts.first() {
            Some(Part::Key(key)) => key,
            Some(Part::Each | Part::At(_)) | None => "",
        }
    }

    /// The path to the elements of the array that this one leads to.
    pub(crate) fn elements(&self) -> Self {
        let mut parts = self.parts.clone();
        if parts.last() != Some(&Part::Each) {
            parts.push(Part::Each);
        }
        Self { parts }
    }

    /// This path, and from where it leads to, another.
    pub(crate) fn join(&self, rest: &Self) -> Self {
        Self { parts: [self.parts.as_slice(), &rest.parts].concat() }
    }
}

fn walk<'v>(parts: &[Part], value: &'v Value, visit: &mut dyn FnMut(&'v Value)) {
    match (parts.split_first(), value) {
        (None, value) => visit(value),
        (Some((Part::Key(key), rest)), Value::Object(object)) => {
            if let Some(value) = object.get(key) {
                walk(rest, value, visit);
            }
        }
        (Some((Part::Each, rest)), Value::Array(array)) => {
            array.iter().for_each(|value| walk(rest, value, visit));
        }
        (Some((Part::At(at), rest)), Value::Array(array)) => {
            if let Some(value) = array.get(*at) {
                walk(rest, value, visit);
            }
        }
        (Some(_), _) => {}
    }
}

impl FromStr for FieldPath {
    type Err = PathError;
    fn from_str(text: &str) -> Result<Self, PathError> {
        let refused = |reason| PathError { received: text.to_owned(), reason };
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            let key;
            if let Some(quoted) = rest.strip_prefix('"') {
                (key, rest) = quoted.split_once('"').ok_or_else(|| refused("a quote is not closed"))?;
            } else {
                (key, rest) = rest.split_at(rest.find(['.', '[', ']', '"']).unwrap_or(rest.len()));
            }
            if key.is_empty() {
                return Err(refused("a key is empty"));
            }
            parts.push(Part::Key(key.to_owned()));
            while let Some(open) = rest.strip_prefix('[') {
                let at;
                (at, rest) = open.split_once(']').ok_or_else(|| refused("a bracket is not closed"))?;
                parts.push(if at.is_empty() {
                    Part::Each
                } else {
                    Part::At(at.parse().map_err(|_| refused("expected a number between brackets"))?)
                });
            }
            match rest.strip_prefix('.') {
                Some(after) => rest = after,
                None if rest.is_empty() => return Ok(Self { parts }),
                None => return Err(refused("expected a dot or the end")),
            }
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.parts.iter().enumerate() {
            match part {
                Part::Key(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    if key.contains(['.', '[', ']', '"']) {
                        write!(f, "\"{key}\"")?;
                    } else {
                        f.write_str(key)?;
                    }
                }
                Part::Each => f.write_str("[]")?,
                Part::At(at) => write!(f, "[{at}]")?,
            }
        }
        Ok(())
    }
}

impl Serialize for FieldPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FieldPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn values(path: &str, payload: &Value) -> Vec<Value> {
        let mut values = Vec::new();
        path.parse::<FieldPath>().unwrap().visit(payload, &mut |value| values.push(value.clone()));
        values
    }

    #[test]
    fn paths_lead_to_values() {
        let payload = json!({
            "a": {"b": [{"c": 1}, {"c": [2, 3]}, {"d": 4}, 5]},
            "a.b": {"c": 6},
            "n": null,
            "e": [],
        });
        assert_eq!(values("a.b[].c", &payload), [json!(1), json!([2, 3])]);
        assert_eq!(values("a.b[1].c[]", &payload), [json!(2), json!(3)]);
        assert_eq!(values("\"a.b\".c", &payload), [json!(6)]);
        assert_eq!(values("n", &payload), [Value::Null]);
        assert_eq!(values("e", &payload), [json!([])]);
        for nowhere in ["a.b.c", "a.x", "e[]", "n.x", "a[]", "a.b[9]", "x"] {
            assert_eq!(values(nowhere, &payload), [Value::Null; 0], "{nowhere}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", ".", "a.", ".a", "a..b", "a[", "a[x]", "[0]", "a]b", "\"a", "\"\"", "a\"b", "\"a\"b"]
        {
            assert!(text.parse::<FieldPath>().is_err(), "{text}");
        }
    }

    #[test]
    fn paths_are_joined_for_nested_conditions() {
        let path = |text: &str| text.parse::<FieldPath>().unwrap();
        assert_eq!(path("a.b").elements().join(&path("c.d")), path("a.b[].c.d"));
        assert_eq!(path("a[]").elements(), path("a[]"));
    }

    proptest! {
        #[test]
        fn paths_come_back_from_their_text(text in "[ab.\\[\\]\"0]{0,12}") {
            if let Ok(path) = text.parse::<FieldPath>() {
                prop_assert_eq!(path.to_string().parse::<FieldPath>(), Ok(path));
            }
        }
    }
}
