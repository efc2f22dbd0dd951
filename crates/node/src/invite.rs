//! Invites: one line of text from which another node joins a collection.
//!
//! `rose-forest:` and then, in unpadded URL-safe base64, a version byte, a MessagePack tuple and the first four
//! bytes of the SHA-256 of both. An invite is a key: whoever has it can join.

use crate::network::Network;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rose_forest_api::{DnaHash, Schema};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// What every invite begins with.
pub const PREFIX: &str = "rose-forest:";
/// The version of the layout.
const VERSION: u8 = 1;
/// Characters of an invite: several times what the longest name and addresses need.
const MAX_INVITE_CHARS: usize = 8 * 1024;
/// Characters of a network seed.
const MAX_SEED_CHARS: usize = 256;
const CHECKSUM_BYTES: usize = 4;

/// What one needs to join a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// What the collection is.
    pub schema: Schema,
    /// The bytes of its properties, which are part of its identity.
    pub properties: Vec<u8>,
    /// The rest of its identity: random, and known only to those who were invited.
    pub seed: String,
    /// The hash that these and the DNA must give.
    pub dna_hash: DnaHash,
    /// Where its peers meet; none for a collection that lives on one node.
    pub network: Option<Network>,
}

/// Why a text is no invite.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InviteError {
    /// It begins with something else.
    #[error("an invite begins with `{PREFIX}`; this begins with `{received}`")]
    Prefix {
        /// Its first characters.
        received: String,
    },
    /// It is too long to be one.
    #[error("an invite has at most {MAX_INVITE_CHARS} characters; this has {received}")]
    Length {
        /// How long it is.
        received: usize,
    },
    /// Characters that no invite has.
    #[error("the invite has characters that do not belong there: copy it again, as one line")]
    Characters,
    /// Something was lost or changed on the way.
    #[error("the invite is damaged: its check sum is wrong. Copy it again, as one line")]
    Damaged,
    /// Made by a newer program.
    #[error("the invite has version {received}, and this program knows version {VERSION}: update it")]
    Version {
        /// Its version.
        received: u8,
    },
    /// It is intact and says something that cannot be.
    #[error("the invite is not valid: {reason}")]
    Content {
        /// What is wrong.
        reason: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Wire(ByteBuf, String, ByteBuf, Option<String>, Option<String>);

impl fmt::Display for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let network = self.network.as_ref();
        let wire = Wire(
            ByteBuf::from(self.properties.clone()),
            self.seed.clone(),
            ByteBuf::from(self.dna_hash.get_raw_39().to_vec()),
            network.map(|network| network.bootstrap.clone()),
            network.map(|network| network.relay.clone()),
        );
        let mut bytes = vec![VERSION];
        rmp_serde::encode::write(&mut bytes, &wire).map_err(|_| fmt::Error)?;
        let checksum = checksum(&bytes);
        bytes.extend(checksum);
        write!(f, "{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Invite {
    type Err = InviteError;

    fn from_str(text: &str) -> Result<Self, InviteError> {
        let text = text.trim();
        let Some(code) = text.strip_prefix(PREFIX) else {
            let received = crate::text::harmless(&crate::text::clip(text, PREFIX.len() + 1));
            return Err(InviteError::Prefix { received });
        };
        if text.len() > MAX_INVITE_CHARS {
            return Err(InviteError::Length { received: text.len() });
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(code).map_err(|_| InviteError::Characters)?;
        let (body, check) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(InviteError::Damaged)?;
        if checksum(body) != *check {
            return Err(InviteError::Damaged);
        }
        let (version, wire) = body.split_first().ok_or(InviteError::Damaged)?;
        if *version != VERSION {
            return Err(InviteError::Version { received: *version });
        }
        let wire: Wire = rmp_serde::from_slice(wire).map_err(content)?;
        read(wire)
    }
}

fn read(Wire(properties, seed, hash, bootstrap, relay): Wire) -> Result<Invite, InviteError> {
    let schema = Schema::from_bytes(&properties).map_err(content)?;
    let dna_hash = DnaHash::try_from_raw_39(hash.into_vec()).map_err(|e| content(format!("{e:?}")))?;
    if seed.is_empty() || seed.chars().count() > MAX_SEED_CHARS {
        return Err(content("its network seed has a length that none has"));
    }
    let network = match (bootstrap, relay) {
        (None, None) => None,
        (Some(bootstrap), relay) => Some(Network::new(&bootstrap, relay.as_deref()).map_err(content)?),
        (None, Some(_)) => return Err(content("it names a relay and no bootstrap server")),
    };
    Ok(Invite { schema, properties: properties.into_vec(), seed, dna_hash, network })
}

fn content(reason: impl fmt::Display) -> InviteError {
    InviteError::Content { reason: reason.to_string() }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let hash = Sha256::digest(bytes);
    std::array::from_fn(|i| hash.get(i).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rose_forest_api::{Distance, Encoding};

    fn invite(network: Option<Network>) -> Invite {
        let schema = Schema::new("notes", 384, Distance::Cosine, Encoding::Sq8).unwrap();
        let properties = schema.to_bytes().unwrap();
        let dna_hash = DnaHash::from_raw_32(vec![7; 32]);
        Invite { schema, properties, seed: "a seed".to_owned(), dna_hash, network }
    }

    fn networked() -> Invite {
        invite(Some(Network::new("http://127.0.0.1:4040", None).unwrap()))
    }

    #[test]
    fn an_invite_is_read_as_it_was_written() {
        for invite in [invite(None), networked()] {
            let text = invite.to_string();
            assert!(text.bytes().all(|b| b.is_ascii_graphic()), "one word: {text}");
            assert_eq!(format!("  {text}\n").parse(), Ok(invite));
        }
    }

    #[test]
    fn a_single_wrong_character_is_noticed() {
        let text = networked().to_string();
        for at in PREFIX.len()..text.len() {
            let mut mangled = text.clone().into_bytes();
            mangled[at] = if mangled[at] == b'A' { b'B' } else { b'A' };
            let mangled = String::from_utf8(mangled).unwrap();
            assert!(mangled.parse::<Invite>().is_err(), "{mangled}");
        }
    }

    #[test]
    fn what_is_no_invite_is_told_why() {
        assert_eq!(
            "http://example.org".parse::<Invite>().unwrap_err().to_string(),
            "an invite begins with `rose-forest:`; this begins with `http://examp…`"
        );
        assert_eq!("rose-forest:!!".parse::<Invite>(), Err(InviteError::Characters));
        assert_eq!("rose-forest:".parse::<Invite>(), Err(InviteError::Damaged));
    }

    #[test]
    fn a_newer_version_asks_for_an_update() {
        let mut bytes = vec![9, 1, 2, 3];
        bytes.extend(checksum(&bytes));
        let text = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
        assert_eq!(text.parse::<Invite>(), Err(InviteError::Version { received: 9 }));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".*") {
            let _ = text.parse::<Invite>();
            let _ = format!("{PREFIX}{text}").parse::<Invite>();
        }

        #[test]
        fn no_bytes_with_a_true_check_sum_make_the_reader_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = vec![VERSION];
            bytes.extend(body);
            bytes.extend(checksum(&bytes));
            let _ = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)).parse::<Invite>();
        }
    }
}
