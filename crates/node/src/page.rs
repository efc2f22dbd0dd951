//! The way of a web page to a collection's zome: an app interface of the conductor, tokens for it, and keys that may call.
//!
//! A page that this node serves asks for it over the HTTP API, by a key that may do everything. The conductor's admin interface
//! is not open at all: what a page would need it for is done here. Each token serves once and soon ends; the key that signs
//! calls and the secret that goes with it are made anew in every run of the node, one of each for a collection, and are kept in
//! memory alone.
//!
//! **On the chain**, such a grant is a private entry: one for each collection and run in which a page was opened. An earlier one
//! still stands and is of no use to anybody: its key is gone with the run, and every connection takes a token of the present one.

mod files;

use crate::collections::Collection;
use crate::locked::again_if_locked;
use crate::node::Node;
use anyhow::{Context, Result};
use either::Either;
use holochain_conductor_api::IssueAppAuthenticationTokenPayload;
use holochain_conductor_api::state::AppInterfaceId;
use holochain_types::prelude::*;
use holochain_types::websocket::AllowedOrigins;
use rose_forest_api::{COORDINATOR_ZOME, FUNCTIONS};
use rose_forest_http::backend::{PageAccess, PageCredentials};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

pub(crate) use files::FILES;

/// How long a token holds: a page uses it at once.
const TOKEN_HOLDS: Duration = Duration::from_secs(30);
/// What the interface is called in the conductor's state, which it keeps. As there is one of this name, there is never a second
/// one after a restart.
const INTERFACE: &str = "rose-forest-page";
/// What grants are called on the chain.
const GRANT: &str = "rose-forest-page";

/// What pages of this run of the node need.
pub(crate) struct Pages {
    /// The origins that pages of this node have.
    origins: HashSet<String>,
    /// The interface's port, once it was needed.
    port: OnceCell<u16>,
    /// What calls of each cell are signed with, once that was granted.
    granted: parking_lot::Mutex<HashMap<CellId, Granted>>,
}

/// Made by the first who asks, while others wait.
type Granted = Arc<OnceCell<PageCredentials>>;

impl Pages {
    /// For pages of these origins.
    pub fn new(origins: HashSet<String>) -> Self {
        Self { origins, port: OnceCell::new(), granted: parking_lot::Mutex::default() }
    }

    /// Lets one page call the zome of a collection.
    ///
    /// # Errors
    /// What the conductor fails with.
    pub async fn access(&self, node: &Node, collection: &Collection) -> Result<PageAccess> {
        let port = *self.port.get_or_try_init(|| attach(node, &self.origins)).await?;
        let cell = collection.cell();
        let granted = self.granted.lock().entry(cell.clone()).or_default().clone();
        let credentials = granted.get_or_try_init(|| grant(node, &cell)).await?.clone();
        let issued = node.conductor.issue_app_authentication_token(IssueAppAuthenticationTokenPayload {
            installed_app_id: collection.app_id.clone(),
            expiry_seconds: TOKEN_HOLDS.as_secs(),
            single_use: true,
        });
        Ok(PageAccess {
            url: format!("ws://{}", SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
            token: issued.context("the conductor gives no token")?.token,
            expires_in: TOKEN_HOLDS,
            app_id: collection.app_id.clone(),
            dna_hash: collection.dna_hash.clone(),
            agent: collection.agent.clone(),
            zome: COORDINATOR_ZOME,
            credentials,
        })
    }
}

/// Attaches the interface, on loopback and at a free port, unless the conductor has opened that of the last run for the same
/// origins.
async fn attach(node: &Node, origins: &HashSet<String>) -> Result<u16> {
    let allowed = AllowedOrigins::Origins(origins.clone());
    let open = node.conductor.list_app_interfaces().await.context("cannot list the app interfaces")?;
    if let Some(same) =
        open.iter().find(|one| one.allowed_origins == allowed && one.installed_app_id.is_none())
    {
        return Ok(same.port);
    }
    let id = AppInterfaceId::from_parts(0, Some(INTERFACE.to_owned()));
    let conductor = || node.conductor.clone();
    let attached = again_if_locked!(conductor().add_app_interface(
        Either::Right(id.clone()),
        None,
        allowed.clone(),
        None
    ));
    attached.context("the conductor opens no interface for pages")
}

/// Makes a key, and lets it call the zome's functions.
async fn grant(node: &Node, cell: &CellId) -> Result<PageCredentials> {
    let (mut public_key, mut private_key) = ([0; 32], [0; 64]);
    sodoken::sign::keypair(&mut public_key, &mut private_key).context("cannot make a key")?;
    let mut cap_secret = [0; 64];
    sodoken::random::randombytes_buf(&mut cap_secret).context("cannot make a secret")?;
    let signing_key = AgentPubKey::from_raw_32(public_key.to_vec());
    let functions = FUNCTIONS.map(|name| (COORDINATOR_ZOME.into(), name.into()));
    let cap_grant = GrantZomeCallCapabilityGrant {
        tag: GRANT.to_owned(),
        constraint: GrantConstraint::Assigned {
            secret: CapSecret::from(cap_secret),
            assignees: BTreeSet::from([signing_key.clone()]),
        },
        grant: ZomeCallGrant { functions: GrantedFunctions::Listed(functions.into()) },
    };
    node.calls.grant(cell, cap_grant).await?;
    Ok(PageCredentials { cap_secret, signing_key, public_key, private_key })
}

/// The origins of pages that are served at this address: as it is, and by the names of this machine where it listens to those.
pub(crate) fn origins(address: SocketAddr, is_tls: bool) -> HashSet<String> {
    let (scheme, usual_port) = if is_tls { ("https", 443) } else { ("http", 80) };
    let mut hosts = vec![match address {
        SocketAddr::V4(v4) => v4.ip().to_string(),
        SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
    }];
    if address.ip().is_loopback() || address.ip().is_unspecified() {
        hosts.extend([
            "localhost".to_owned(),
            Ipv4Addr::LOCALHOST.to_string(),
            format!("[{}]", Ipv6Addr::LOCALHOST),
        ]);
    }
    let port = address.port();
    // Browsers leave out the port that a scheme has anyway.
    let origin = |host| match port == usual_port {
        true => format!("{scheme}://{host}"),
        false => format!("{scheme}://{host}:{port}"),
    };
    hosts.into_iter().map(origin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str, is_tls: bool) -> Vec<String> {
        let mut origins: Vec<_> = origins(address.parse().unwrap(), is_tls).into_iter().collect();
        origins.sort();
        origins
    }

    #[test]
    fn a_page_of_this_machine_may_call_it_by_each_of_its_names() {
        let all = ["http://127.0.0.1:6333", "http://[::1]:6333", "http://localhost:6333"];
        assert_eq!(of("127.0.0.1:6333", false), all);
        assert_eq!(of("[::1]:6333", false), all);
        assert_eq!(of("0.0.0.0:443", true)[1..], ["https://127.0.0.1", "https://[::1]", "https://localhost"]);
    }

    #[test]
    fn an_address_in_a_network_stands_for_itself() {
        assert_eq!(of("192.168.1.5:6333", true), ["https://192.168.1.5:6333"]);
        assert_eq!(of("192.168.1.5:80", false), ["http://192.168.1.5"]);
        assert_eq!(of("[fd00::5]:80", true), ["https://[fd00::5]:80"]);
    }
}
