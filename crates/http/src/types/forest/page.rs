//! What a web page is handed to call a collection's zome.

use crate::backend::PageAccess;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Serialize;
use utoipa::ToSchema;

/// The way to a collection's zome for one page, in the terms of `@holochain/client`. It is a secret.
#[derive(Serialize, ToSchema)]
#[schema(as = PageAccess)]
pub struct PageAccessJson {
    /// The websocket to connect to: `ws://127.0.0.1:<port>`. It takes pages of this node's own origins alone.
    url: String,
    /// What to show there first, in base64. It serves once.
    token: String,
    /// Seconds that the token holds.
    expires_in_s: u64,
    /// The installed app that the collection is in. Collections whose peers meet elsewhere are in another one.
    app_id: String,
    /// The identity of the collection's network: `uhC0k…`, the first half of the cell's id.
    dna_hash: String,
    /// Who writes for this node: `uhCAk…`, the second half of the cell's id.
    agent: String,
    /// The zome to call.
    zome: String,
    /// What to sign calls with.
    credentials: PageCredentialsJson,
}

/// What a page signs its calls with: the `SigningCredentials` of `@holochain/client`.
#[derive(Serialize, ToSchema)]
#[schema(as = PageCredentials)]
pub struct PageCredentialsJson {
    /// The secret of the node's grant: 64 bytes in base64.
    cap_secret: String,
    /// The key as an agent's: `uhCAk…`, which is 39 bytes.
    signing_key: String,
    /// The Ed25519 public key: 32 bytes in base64.
    public_key: String,
    /// The Ed25519 private key as libsodium has it: 64 bytes in base64.
    private_key: String,
}

impl From<PageAccess> for PageAccessJson {
    fn from(access: PageAccess) -> Self {
        let PageAccess { url, token, expires_in, app_id, dna_hash, agent, zome, credentials } = access;
        Self {
            url,
            token: BASE64_STANDARD.encode(token),
            expires_in_s: expires_in.as_secs(),
            app_id,
            dna_hash: dna_hash.to_string(),
            agent: agent.to_string(),
            zome: zome.to_owned(),
            credentials: PageCredentialsJson {
                cap_secret: BASE64_STANDARD.encode(credentials.cap_secret),
                signing_key: credentials.signing_key.to_string(),
                public_key: BASE64_STANDARD.encode(credentials.public_key),
                private_key: BASE64_STANDARD.encode(credentials.private_key),
            },
        }
    }
}
