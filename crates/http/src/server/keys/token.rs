//! JSON web tokens as Qdrant's: what they claim, and what is refused.

use super::{
    super::access::{Access, CollectionAccess},
    hs256,
};
use crate::{Backend, BackendError};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, errors::ErrorKind};
use rose_forest_store::Filter;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashSet};

/// Seconds by which the clocks of who signs and of this node may differ; Qdrant's.
const LEEWAY_SECONDS: u64 = 30;

/// Why a token gives no right.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// Neither a key, nor signed by one.
    #[error("Invalid API key or JWT")]
    NoKeyNorToken,
    /// Its time is over, or has not come.
    #[error("Invalid JWT: expected a time between its nbf and exp claims, received one outside of them")]
    Time,
    /// It is signed, and its claims are not understood.
    #[error("Invalid JWT: {reason}")]
    Claims {
        /// What was expected and received.
        reason: String,
    },
    /// What it depends on is not there.
    #[error(
        "Invalid JWT: no point of this node's author in collection {collection} has the values of value_exists"
    )]
    NoValue {
        /// Where it was looked for.
        collection: String,
    },
}

/// What a token says.
#[derive(Debug, PartialEq)]
pub(super) struct Claims {
    pub(super) access: Access,
    pub(super) value_exists: Option<ValueExists>,
}

/// A token holds while such a point exists.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ValueExists {
    collection: String,
    filter: Filter,
}

impl ValueExists {
    /// Asks whether it does. Points of other authors do not count: otherwise whoever writes into the collection could make
    /// tokens hold again.
    ///
    /// # Errors
    /// If there is none, no such collection, or the backend fails.
    pub(super) async fn check<B: Backend>(self, backend: &B) -> Result<(), super::ApiError> {
        match backend.has_own(&self.collection, self.filter).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(BackendError::NoCollection { .. }) => {
                Err(TokenError::NoValue { collection: self.collection }.into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Reads tokens that a key has signed.
#[derive(Clone)]
pub(super) struct TokenKey {
    key: DecodingKey,
    validation: Validation,
}

impl TokenKey {
    pub(super) fn new(key: &str) -> Self {
        hs256::install();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        // Whoever has the key signs for this node alone.
        validation.validate_aud = false;
        validation.required_spec_claims = HashSet::new();
        Self { key: DecodingKey::from_secret(key.as_bytes()), validation }
    }

    /// What a token claims that this key has signed and that holds now.
    ///
    /// # Errors
    /// See [`TokenError`]. Before the signature was found good, the error says nothing of what is inside.
    pub(super) fn read(&self, token: &str) -> Result<Claims, TokenError> {
        // Claims are read as any JSON first: whatever is wrong with them then comes after the signature.
        let value = match decode::<Value>(token, &self.key, &self.validation) {
            Ok(data) => data.claims,
            Err(error) => {
                return Err(match error.kind() {
                    ErrorKind::ExpiredSignature | ErrorKind::ImmatureSignature => TokenError::Time,
                    ErrorKind::InvalidClaimFormat(claim) => TokenError::Claims {
                        reason: format!("expected {claim} to be a number of seconds since 1970"),
                    },
                    _ => TokenError::NoKeyNorToken,
                });
            }
        };
        let claims = |reason: String| TokenError::Claims { reason };
        let raw = RawClaims::deserialize(value).map_err(|error| claims(error.to_string()))?;
        Ok(Claims {
            access: access(raw.access).map_err(claims)?,
            value_exists: raw.value_exists.map(value_exists).transpose().map_err(claims)?,
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
pub(super) mod tests {
    use super::*;
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use ring::hmac;
    use std::time::{SystemTime, UNIX_EPOCH};

    /// A token, signed by hand.
    pub(in super::super) fn signed(key: &str, head: &str, claims: &str) -> String {
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let message = format!("{}.{}", encode(head), encode(claims));
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
        format!("{message}.{signature}")
    }

    const HEAD: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

    fn read(claims: &Value) -> Result<Claims, TokenError> {
        TokenKey::new("secret").read(&signed("secret", HEAD, &claims.to_string()))
    }

    fn now() -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
    }

    #[test]
    fn what_a_token_claims_is_what_it_gives() {
        assert_eq!(read(&json!({"access": "m"})).unwrap().access, Access::Everything);
        assert_eq!(read(&json!({"access": "r", "sub": "me", "iat": 5})).unwrap().access, Access::Read);
        assert_eq!(read(&json!({"exp": now() + 60})).unwrap().access, Access::Everything);
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
            (json!({"exp": "soon"}), "exp"),
            (json!({"nbf": "soon"}), "nbf"),
        ] {
            match read(&claims) {
                Err(TokenError::Claims { reason: said }) => {
                    assert!(said.contains(reason), "{claims}: {said}")
                }
                other => panic!("{claims}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_token_holds_in_its_time() {
        let times = |claims| matches!(read(&claims), Err(TokenError::Time));
        assert!(times(json!({"exp": now() - LEEWAY_SECONDS - 5})));
        assert!(times(json!({"exp": 0})));
        assert!(times(json!({"nbf": now() + LEEWAY_SECONDS + 60})));
        assert!(read(&json!({"exp": now(), "nbf": now()})).is_ok());
    }

    #[test]
    fn other_signatures_and_algorithms_are_no_tokens() {
        let key = TokenKey::new("secret");
        let claims = r#"{"access":"m"}"#;
        let good = signed("secret", HEAD, claims);
        assert!(key.read(&good).is_ok());
        let (message, signature) = good.rsplit_once('.').unwrap();
        let other = signed("secret", HEAD, r#"{"access":"r"}"#);
        let (_, others_signature) = other.rsplit_once('.').unwrap();
        let head = |alg: &str| format!(r#"{{"alg":"{alg}"}}"#);
        let mut tokens = vec![
            signed("other", HEAD, claims),
            format!("{message}."),
            message.to_owned(),
            format!("{message}.{others_signature}"),
            format!("{message}.{signature}."),
            format!("{good}{good}"),
            signed("secret", "{}", claims),
            signed("secret", "no json", claims),
            signed("secret", HEAD, "no json"),
            "a.b.c".to_owned(),
            "secret2".to_owned(),
            "..".to_owned(),
        ];
        for alg in ["none", "None", "HS384", "HS512", "RS256", "ES256", "EdDSA", "hs256", ""] {
            tokens.push(signed("secret", &head(alg), claims));
            let unsigned = signed("secret", &head(alg), claims);
            tokens.push(format!("{}.", unsigned.rsplit_once('.').unwrap().0));
        }
        for token in tokens {
            assert!(matches!(key.read(&token), Err(TokenError::NoKeyNorToken)), "{token}");
        }
    }
}
