//! What tokens claim: rights, and what they depend on.

use super::{
    super::super::{
        ApiError,
        access::{Access, CollectionAccess},
    },
    TokenError,
};
use crate::{Backend, BackendError};
use rose_forest_store::Filter;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a token says.
#[derive(Debug, PartialEq)]
pub(in super::super) struct Claims {
    pub(in super::super) access: Access,
    pub(in super::super) value_exists: Option<ValueExists>,
}

/// A token holds while such a point exists.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct ValueExists {
    collection: String,
    filter: Filter,
}

impl ValueExists {
    /// Asks whether it does. Points of other authors do not count: otherwise whoever writes into the collection could make
    /// tokens hold again.
    ///
    /// # Errors
    /// If there is none, no such collection, or the backend fails.
    pub(in super::super) async fn check<B: Backend>(self, backend: &B) -> Result<(), ApiError> {
        match backend.has_own(&self.collection, self.filter).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(BackendError::NoCollection { .. }) => {
                Err(TokenError::NoValue { collection: self.collection }.into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Claims {
    /// Reads claims whose signature and times are good.
    ///
    /// # Errors
    /// [`TokenError::Claims`].
    pub(super) fn read(claims: Value) -> Result<Self, TokenError> {
        let refused = |reason: String| TokenError::Claims { reason };
        let raw = RawClaims::deserialize(claims).map_err(|error| refused(error.to_string()))?;
        Ok(Self {
            access: access(raw.access).map_err(refused)?,
            value_exists: raw.value_exists.map(value_exists).transpose().map_err(refused)?,
        })
    }
}

/// The claims as they are written. Others (`sub`, `iat`, …) are passed over, as Qdrant does; none of them narrows a right.
#[derive(Deserialize)]
struct RawClaims {
    #[serde(default, deserialize_with = "said")]
    access: Option<Value>,
    #[serde(default)]
    value_exists: Option<RawValueExists>,
}

/// What is said, null included: that is no right, and not the same as saying nothing.
fn said<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCollection {
    collection: String,
    access: String,
    #[serde(default)]
    payload: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawValueExists {
    collection: String,
    matches: Vec<RawMatch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMatch {
    key: String,
    value: Value,
}

/// The right that `access` names. Without it a token may do everything, as in Qdrant.
fn access(claim: Option<Value>) -> Result<Access, String> {
    let list = match claim {
        None => return Ok(Access::Everything),
        Some(Value::String(mode)) => {
            return match mode.as_str() {
                "m" => Ok(Access::Everything),
                "r" => Ok(Access::Read),
                other => Err(format!("expected access to be \"r\", \"m\" or a list, received {other:?}")),
            };
        }
        Some(Value::Array(list)) => list,
        Some(_) => return Err("expected access to be \"r\", \"m\" or a list".to_owned()),
    };
    let mut names = BTreeSet::new();
    let one = |value| {
        let raw = RawCollection::deserialize(value).map_err(|error| format!("access: {error}"))?;
        if raw.payload.is_some_and(|payload| !payload.is_null()) {
            return Err(format!(
                "access to collection {}: payload restrictions are not supported (Qdrant gave them up, too): make a \
                 collection for what may be seen",
                raw.collection
            ));
        }
        let may_write = match raw.access.as_str() {
            "r" => false,
            "rw" => true,
            other => {
                return Err(format!(
                    "expected access to collection {} to be \"r\" or \"rw\", received {other:?}",
                    raw.collection
                ));
            }
        };
        if !names.insert(raw.collection.clone()) {
            return Err(format!("expected collection {} once in access, received it twice", raw.collection));
        }
        Ok(CollectionAccess { name: raw.collection, may_write })
    };
    Ok(Access::Collections(list.into_iter().map(one).collect::<Result<_, _>>()?))
}

/// The points that `value_exists` means.
fn value_exists(raw: RawValueExists) -> Result<ValueExists, String> {
    if raw.matches.is_empty() {
        return Err("expected value_exists to have matches, received none".to_owned());
    }
    let matches =
        raw.matches.into_iter().map(|one| json!({ "key": one.key, "match": { "value": one.value } }));
    let filter = json!({ "must": matches.collect::<Vec<_>>() });
    let filter = Filter::deserialize(filter).map_err(|error| format!("value_exists: {error}"))?;
    Ok(ValueExists { collection: raw.collection, filter })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(claims: &Value) -> Result<Claims, TokenError> {
        Claims::read(claims.clone())
    }

    #[test]
    fn what_a_token_claims_is_what_it_gives() {
        assert_eq!(read(&json!({"access": "m"})).unwrap().access, Access::Everything);
        assert_eq!(read(&json!({"access": "r", "sub": "me", "iat": 5})).unwrap().access, Access::Read);
        assert_eq!(read(&json!({})).unwrap().access, Access::Everything);
        let list = json!({"access": [{"collection": "a", "access": "r"}, {"collection": "b", "access": "rw", "payload": null}]});
        let one = |name: &str, may_write| CollectionAccess { name: name.to_owned(), may_write };
        assert_eq!(
            read(&list).unwrap().access,
            Access::Collections([one("a", false), one("b", true)].into())
        );
        assert_eq!(read(&json!({"access": []})).unwrap().access, Access::Collections([].into()));
        let exists = json!({"access": "r", "value_exists": {"collection": "c", "matches": [{"key": "a.b", "value": "x"}]}});
        assert_eq!(read(&exists).unwrap().value_exists.unwrap().filter.must.len(), 1);
    }

    #[test]
    fn claims_that_are_not_understood_give_nothing() {
        for (claims, reason) in [
            (json!({"access": "rw"}), "\"rw\""),
            (json!({"access": 1}), "list"),
            (json!({"access": null}), "list"),
            (json!({"access": "r", "value_exists": 1}), "RawValueExists"),
            (json!({"access": [{"collection": "c", "access": "m"}]}), "\"m\""),
            (json!({"access": [{"collection": "c"}]}), "access"),
            (json!({"access": [{"collection": "c", "access": "r", "only": 1}]}), "only"),
            (json!({"access": [{"collection": "c", "access": "r", "payload": {"a": 1}}]}), "payload"),
            (
                json!({"access": [{"collection": "c", "access": "r"}, {"collection": "c", "access": "rw"}]}),
                "twice",
            ),
            (json!({"value_exists": {"collection": "c", "matches": []}}), "none"),
            (
                json!({"value_exists": {"collection": "c", "matches": [{"key": "a", "value": {}}]}}),
                "value_exists",
            ),
        ] {
            match read(&claims) {
                Err(TokenError::Claims { reason: said }) => {
                    assert!(said.contains(reason), "{claims}: {said}")
                }
                other => panic!("{claims}: {other:?}"),
            }
        }
    }
}
