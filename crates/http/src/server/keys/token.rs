//! JSON web tokens as Qdrant's: what they claim, and what is refused.

mod claims;

use super::hs256;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, errors::ErrorKind};
use serde_json::Value;
use std::collections::HashSet;

pub(super) use claims::{Claims, ValueExists};

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
        Claims::read(value)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{super::super::access::Access, *};
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use ring::hmac;
    use serde_json::json;
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
    fn a_token_holds_in_its_time() {
        let times = |claims| matches!(read(&claims), Err(TokenError::Time));
        assert!(times(json!({"exp": now() - LEEWAY_SECONDS - 5})));
        assert!(times(json!({"exp": 0})));
        assert!(times(json!({"nbf": now() + LEEWAY_SECONDS + 60})));
        let claims = read(&json!({"exp": now(), "nbf": now(), "access": "r"})).unwrap();
        assert_eq!(claims.access, Access::Read);
        for name in ["exp", "nbf"] {
            match read(&json!({name: "soon"})) {
                Err(TokenError::Claims { reason }) => assert!(reason.contains(name), "{reason}"),
                other => panic!("{other:?}"),
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn a_token_with_one_other_character_is_none(place: proptest::sample::Index, other in "[ -~]") {
            let token = signed("secret", HEAD, r#"{"access":"m"}"#);
            let place = place.index(token.len());
            let changed = format!("{}{other}{}", &token[..place], &token[place + 1..]);
            proptest::prop_assume!(changed != token);
            let read = TokenKey::new("secret").read(&changed);
            proptest::prop_assert!(matches!(read, Err(TokenError::NoKeyNorToken)), "{changed}: {read:?}");
        }

        #[test]
        fn no_text_is_a_token_by_chance(text: String) {
            let read = TokenKey::new("secret").read(&text);
            proptest::prop_assert!(matches!(read, Err(TokenError::NoKeyNorToken)), "{text}: {read:?}");
        }
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
