//! Payloads read in part: only the fields that somebody asks for.

use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, fmt};

/// The outermost keys of a payload that are read; the others are passed over, and nothing is kept of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted<'k> {
    keys: BTreeSet<&'k str>,
}

impl<'k> FromIterator<&'k str> for Wanted<'k> {
    fn from_iter<I: IntoIterator<Item = &'k str>>(keys: I) -> Self {
        Self { keys: keys.into_iter().collect() }
    }
}

impl Wanted<'_> {
    /// Reads a payload. One that is no JSON object, which no checked block has, holds no fields.
    pub(crate) fn read(&self, payload: Option<&[u8]>) -> Value {
        let read = |payload: &[u8]| {
            let mut deserializer = serde_json::Deserializer::from_slice(payload);
            let value = self.deserialize(&mut deserializer).ok()?;
            deserializer.end().ok().map(|()| value)
        };
        payload.and_then(read).unwrap_or_default()
    }
}

impl<'de> DeserializeSeed<'de> for &Wanted<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &Wanted<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = access.next_key_seed(Key(self))? {
            match key {
                // Of a key that is repeated, the last one counts.
                Some(key) => drop(object.insert(key.to_owned(), access.next_value()?)),
                None => drop(access.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Value::Object(object))
    }
}

/// A key, if it is wanted. Nothing is copied for the others.
struct Key<'w, 'k>(&'w Wanted<'k>);

impl<'de, 'k> DeserializeSeed<'de> for Key<'_, 'k> {
    type Value = Option<&'k str>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'k> Visitor<'_> for Key<'_, 'k> {
    type Value = Option<&'k str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.keys.get(key).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_wanted_is_read() {
        let wanted: Wanted = ["a", "\u{e9}"].into_iter().collect();
        let read = |text: &str| wanted.read(Some(text.as_bytes()));
        assert_eq!(
            read(r#" {"b": {"a": [1, {"x": "\"}"}]}, "a": [{"b": 2}], "\u00e9": null, "c": 1e3} "#),
            json!({"a": [{"b": 2}], "\u{e9}": null})
        );
        assert_eq!(read(r#"{"a": 1, "a": 2}"#), json!({"a": 2}));
        assert_eq!(read("{}"), json!({}));
        for broken in ["", "[1]", "{", r#"{"a": 1} x"#, r#"{"b": nul}"#, "7"] {
            assert_eq!(read(broken), Value::Null, "{broken}");
        }
        assert_eq!(wanted.read(None), Value::Null);
    }
}
