//! The server where peers find each other, and whose relay carries their first words: kitsune2's own.

use anyhow::{Context, Result};
use kitsune2_bootstrap_srv::{BootstrapSrv, Config};
use std::net::SocketAddr;

/// A running server. Stops when dropped, which waits for its threads.
pub struct Bootstrap {
    server: BootstrapSrv,
}

impl Bootstrap {
    /// Starts a server; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address is taken or is not this machine's.
    pub async fn start(listen: SocketAddr) -> Result<Self> {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut config = Config::testing();
        // What differs from production are threads and timings that suit a small group.
        config.listen_address_list = vec![listen];
        config.prune_interval = std::time::Duration::from_secs(60);
        config.request_listen_duration = std::time::Duration::from_millis(100);
        config.worker_thread_count = 4;
        // Finding a public address by QUIC needs a certificate, and a group on one network does not need it.
        config.quic_bind_addr = None;
        // It starts a runtime of its own, which must not happen on a thread of ours.
        let server = tokio::task::spawn_blocking(move || BootstrapSrv::new(config))
            .await
            .context("the bootstrap server panicked")?
            .with_context(|| format!("cannot listen on {listen}"))?;
        Ok(Self { server })
    }

    /// Where it listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.server.listen_addrs().first().copied()
    }

    /// What others give to `--bootstrap`.
    pub fn url(&self) -> Option<String> {
        self.address().map(|address| format!("http://{address}"))
    }
}
