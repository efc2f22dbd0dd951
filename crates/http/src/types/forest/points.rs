//! Everybody's points, and what proves one.

use crate::{
    backend::{AllStart, Found, Proof, ScrolledAll},
    openapi::forms::AllOffsetForm,
    types::{Record, WithPayload, WithVector, with::WithPayloadForm},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use rose_forest_api::{AgentPubKey, PointId};
use rose_forest_store::{Filter, openapi::IdSchema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use utoipa::ToSchema;

/// Every author's point of one id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AllPoints {
    /// The points, each with its provenance.
    pub points: Vec<Record>,
}

/// The key of an author, as a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorKey(pub AgentPubKey);

/// Characters of a key: `u`, and 39 bytes in base64.
const KEY_CHARS: usize = 53;

impl std::str::FromStr for AuthorKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Holochain's own reader takes the length for granted.
        let key = Some(text).filter(|text| text.len() == KEY_CHARS && text.is_ascii());
        let key = key.and_then(|text| AgentPubKey::try_from(text).ok());
        key.map(Self).ok_or_else(|| {
            let said: String = text.chars().take(KEY_CHARS).collect();
            format!("expected the key of an author, such as uhCAk…, received {said:?}")
        })
    }
}

impl<'de> Deserialize<'de> for AuthorKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for AuthorKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A page of everybody's points to read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScrollAllRequest {
    /// Whose; everybody's where nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub author: Option<AuthorKey>,
    /// What points have to fulfil.
    #[serde(default)]
    pub filter: Option<Filter>,
    /// How many.
    #[serde(default)]
    pub limit: Option<usize>,
    /// Where the page begins: what the page before said.
    #[serde(default)]
    #[schema(value_type = Option<AllOffsetForm>)]
    pub offset: Option<AllOffset>,
    /// Which part of payloads to bring; all of it where nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<WithPayloadForm>)]
    pub with_payload: Option<WithPayload>,
    /// Whether to bring vectors.
    #[serde(default)]
    pub with_vector: Option<WithVector>,
}

/// Where a page begins: an id, or `{"id": …, "author": …}` for what comes after this author's point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllOffset(pub AllStart);

impl<'de> Deserialize<'de> for AllOffset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct After {
            id: PointId,
            author: AuthorKey,
        }
        let value = Value::deserialize(deserializer)?;
        if value.is_object() {
            let After { id, author } = serde_json::from_value(value).map_err(de::Error::custom)?;
            return Ok(Self(AllStart::After(id, author.0)));
        }
        Ok(Self(AllStart::At(serde_json::from_value(value).map_err(de::Error::custom)?)))
    }
}

impl Serialize for AllOffset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            AllStart::First => serializer.serialize_none(),
            AllStart::At(id) => id.serialize(serializer),
            AllStart::After(id, author) => {
                PointOf { id: id.clone(), author: author.to_string() }.serialize(serializer)
            }
        }
    }
}

/// A page of everybody's points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScrollAllPage {
    /// The points, each with its provenance.
    pub points: Vec<Record>,
    /// The `offset` of the next page; null after the last.
    pub next_page_offset: Option<PointOf>,
}

/// A point, by its id and its author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PointOf {
    /// Its id.
    #[schema(value_type = IdSchema)]
    pub id: PointId,
    /// Who wrote it.
    pub author: String,
}

impl ScrollAllPage {
    /// A page, its points as `show` shows them.
    pub(crate) fn of(page: ScrolledAll, show: impl Fn(Found) -> Record) -> Self {
        let next = page.next.map(|(id, author)| PointOf { id, author: author.to_string() });
        Self { points: page.points.into_iter().map(show).collect(), next_page_offset: next }
    }
}

/// What a client needs to check a point by itself: see `docs/PROOFS.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Proof)]
pub struct ProofJson {
    /// The point's id.
    #[schema(value_type = IdSchema)]
    pub id: PointId,
    /// Who wrote it.
    pub author: String,
    /// The hash of the action.
    pub action: String,
    /// The action as it was signed, in base64.
    pub signed_action: String,
    /// The author's signature of it, in base64.
    pub signature: String,
    /// The block, in base64.
    pub block: String,
    /// Which of the block's rows the point is, from 0 on.
    pub row: u32,
    /// Whether the DHT has delivered the action.
    pub confirmed: bool,
}

impl From<Proof> for ProofJson {
    fn from(proof: Proof) -> Self {
        Self {
            id: proof.id,
            author: proof.author.to_string(),
            action: proof.action.to_string(),
            signed_action: BASE64_STANDARD.encode(proof.signed_action),
            signature: BASE64_STANDARD.encode(proof.signature),
            block: BASE64_STANDARD.encode(proof.block),
            row: proof.row,
            confirmed: proof.confirmed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_comes_back_from_its_text_and_nothing_else_is_one() {
        let key = AgentPubKey::from_raw_32(vec![7; 32]);
        let text = key.to_string();
        assert_eq!(text.parse(), Ok(AuthorKey(key)));
        let action = rose_forest_api::ActionHash::from_raw_32(vec![7; 32]).to_string();
        let changed = text.replacen('k', "l", 1);
        for wrong in
            ["", "u", "uhCAk", "ué", &text[1..], &changed, &action, &format!("{text}x"), &"é".repeat(99)]
        {
            let refused = wrong.parse::<AuthorKey>().unwrap_err();
            assert!(refused.contains("uhCAk") && refused.len() < 300, "{refused}");
        }
    }

    #[test]
    fn a_page_begins_at_an_id_or_after_a_point() {
        let author = AgentPubKey::from_raw_32(vec![7; 32]);
        let read = |value: Value| serde_json::from_value::<AllOffset>(value).map(|offset| offset.0);
        assert_eq!(read(json!(3)).unwrap(), AllStart::At(PointId::Int(3)));
        assert_eq!(read(json!("a")).unwrap(), AllStart::At(PointId::text("a").unwrap()));
        let after = read(json!({"id": 3, "author": author.to_string()})).unwrap();
        assert_eq!(after, AllStart::After(PointId::Int(3), author.clone()));
        for start in [AllStart::At(PointId::Int(3)), after] {
            assert_eq!(read(serde_json::to_value(AllOffset(start.clone())).unwrap()).unwrap(), start);
        }
        for (wrong, why) in [
            (json!(-3), "unsigned integer"),
            (json!({"id": 3}), "author"),
            (json!({"id": 3, "author": "x"}), "uhCAk"),
            (json!([3]), "unsigned integer"),
        ] {
            let refused = read(wrong).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
