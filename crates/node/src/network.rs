//! Where the peers of a collection meet: a bootstrap server and a relay.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The word for Holochain's public test servers.
pub const PUBLIC: &str = "public";
const PUBLIC_BOOTSTRAP: &str = "https://dev-test-bootstrap2.holochain.org";
const PUBLIC_RELAY: &str = "https://use1-1.relay.n0.iroh-canary.iroh.link./";
/// Bytes of an address.
const MAX_URL_BYTES: usize = 1024;

/// The addresses of a bootstrap server and of a relay.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Network {
    /// Where peers find each other.
    pub bootstrap: String,
    /// What carries their first words; often the same server.
    pub relay: String,
}

/// Why an address cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NetworkError {
    /// It is no address of a web server.
    #[error("expected an address such as http://192.168.1.20:4040 (or `{PUBLIC}`), received `{received}`")]
    Address {
        /// What was given.
        received: String,
    },
}

impl Network {
    /// These addresses, checked. A server that `rose-forest bootstrap` runs is both.
    pub fn new(bootstrap: &str, relay: Option<&str>) -> Result<Self, NetworkError> {
        if bootstrap == PUBLIC && relay.is_none() {
            return Ok(Self { bootstrap: PUBLIC_BOOTSTRAP.to_owned(), relay: PUBLIC_RELAY.to_owned() });
        }
        Ok(Self { bootstrap: checked(bootstrap)?, relay: checked(relay.unwrap_or(bootstrap))? })
    }

    /// Sixteen characters that tell this network from others.
    pub fn key(&self) -> String {
        let hash = Sha256::new().chain_update(&self.bootstrap).chain_update("\n").chain_update(&self.relay);
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn checked(text: &str) -> Result<String, NetworkError> {
    let wrong = || NetworkError::Address { received: crate::text::harmless(&crate::text::clip(text, 80)) };
    if text.len() > MAX_URL_BYTES {
        return Err(wrong());
    }
    let url = url2::Url2::try_parse(text).map_err(|_| wrong())?;
    let ok = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
    // Without the slash that parsing adds, so that one server has one spelling.
    if ok { Ok(url.as_str().trim_end_matches('/').to_owned()) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_is_bootstrap_and_relay_and_has_one_spelling() {
        let network = Network::new("http://127.0.0.1:4040/", None).unwrap();
        assert_eq!(network.bootstrap, "http://127.0.0.1:4040");
        assert_eq!(network.relay, network.bootstrap);
        assert_eq!(network.key(), Network::new("http://127.0.0.1:4040", None).unwrap().key());
    }

    #[test]
    fn public_servers_are_used_when_asked_for() {
        assert_eq!(Network::new("public", None).unwrap().bootstrap, PUBLIC_BOOTSTRAP);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "127.0.0.1:4040", "ftp://a", "http://", "file:///etc/passwd"] {
            assert!(Network::new(text, None).is_err(), "{text}");
        }
    }
}
