//! The conductor in this process: its configuration, its start and its stop.
//!
//! The conductor's own addresses lead nowhere: a node reaches for no network unless a collection names one.

use crate::background;
use crate::node::Settings;
use anyhow::{Context, Result, anyhow};
use holochain::conductor::config::{ConductorConfig, KeystoreConfig};
use holochain::conductor::{Conductor, ConductorHandle};

/// Nobody listens on this port of any machine that is not under attack; it is loopback anyway.
const NOWHERE: &str = "http://127.0.0.1:1";
/// Milliseconds between two rounds of gossip unless said otherwise. Publishing brings most data at once; gossip
/// brings what was missed, and the full arc to a node that has just joined.
pub const DEFAULT_GOSSIP_MS: u32 = 5_000;

/// Starts the conductor of a data directory.
pub async fn start(settings: Settings) -> Result<ConductorHandle> {
    // Two providers are compiled in, so rustls cannot choose by itself. Whoever was first has set one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    crate::page_cache::enlarge()?;
    let new = settings.dir.is_new();
    let root = settings.dir.conductor();
    std::fs::create_dir_all(&root).with_context(|| format!("cannot create {}", root.display()))?;
    crate::keystore::settle_in(&root)?;
    let building = Conductor::builder()
        .config(config(&settings))
        .passphrase(Some(settings.passphrase.clone()))
        .no_print_setup()
        .build();
    background::run(building).await?.map_err(|error| {
        let full = format!("{error:?}");
        if !new && is_wrong_passphrase(&full) {
            return anyhow!(
                "the passphrase is wrong for the data directory {}",
                settings.dir.root().display()
            );
        }
        anyhow!(error).context("the conductor cannot start")
    })
}

/// Stops the conductor and waits for it.
pub async fn stop(conductor: ConductorHandle) -> Result<()> {
    conductor
        .shutdown()
        .await
        .context("a task of the conductor panicked")?
        .map_err(|error| anyhow!("{error}"))
}

/// What opening the keystore or a database fails with when the key is another one: libsodium says no more than
/// that something internal went wrong.
fn is_wrong_passphrase(full: &str) -> bool {
    ["internal", "file is not a database"].iter().any(|sign| full.contains(sign))
}

fn config(settings: &Settings) -> ConductorConfig {
    let mut config = ConductorConfig {
        data_root_path: Some(settings.dir.conductor().into()),
        keystore: KeystoreConfig::LairServerInProc { lair_root: None },
        ..ConductorConfig::default()
    };
    config.network.bootstrap_url = url2::Url2::parse(NOWHERE);
    config.network.relay_url = url2::Url2::parse(NOWHERE);
    config.network.advanced = Some(serde_json::json!({
        // For relays whose address says http: what is relayed is encrypted between the peers anyway. All fields
        // have to be there (two are added by the conductor), or an app with other addresses gets the defaults.
        "irohTransport": { "relayAllowPlainText": true, "maxFrameBytes": 100 * 1024 * 1024 },
        "coreBootstrap": { "backoffMinMs": 1_000, "backoffMaxMs": 60_000 },
        "k2Gossip": {
            "initiateIntervalMs": settings.gossip_ms,
            "initiateJitterMs": settings.gossip_ms / 10,
            "minInitiateIntervalMs": settings.gossip_ms,
        },
    }));
    let mut tuning = config.conductor_tuning_params();
    tuning.disable_self_validation = !settings.self_validation;
    tuning.sys_validation_retry_delay = Some(std::time::Duration::from_secs(1));
    config.tuning_params = Some(tuning);
    config
}
