//! The options of `serve` for its HTTP API.

use crate::data_dir::DataDir;
use crate::http::Api;
use crate::network::Network;
use crate::node::Node;
use anyhow::{Context, Result, ensure};
use clap::Args;
use rose_forest_http::{Config, Keys, Serving, Tls, check_public, router, serve_with};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;

/// Serve Qdrant's HTTP API, too.
#[derive(Debug, Args)]
pub(super) struct Http {
    /// Serve Qdrant's HTTP API here; port 0 takes a free one. 127.0.0.1:6333 is where Qdrant's clients look
    #[arg(long, value_name = "ADDRESS:PORT")]
    http: Option<SocketAddr>,
    /// A file with a key that may only read
    #[arg(long, value_name = "FILE", requires = "http")]
    read_only_key_file: Option<PathBuf>,
    /// A file with a chain of certificates in PEM: the API is then served over TLS
    #[arg(long, value_name = "FILE", requires = "http", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// A file with the certificate's private key in PEM, readable by you alone
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Where peers of collections meet that are created through the API, or `public`. Without it, they live on this node alone
    #[arg(long, value_name = "URL", requires = "http")]
    bootstrap: Option<String>,
    /// The relay, if it is not the same server
    #[arg(long, value_name = "URL", requires = "bootstrap")]
    relay: Option<String>,
}

/// The API, before it answers.
pub(super) struct Listening {
    listener: TcpListener,
    address: SocketAddr,
    config: Config,
    serving: Serving,
    network: Option<Network>,
}

impl Http {
    /// Begins to listen, if that is asked for. Nothing is answered yet. `key` is the file with the key to ask for. Snapshots are
    /// kept in the data directory.
    ///
    /// # Errors
    /// If the address is public and no key is asked for, a file cannot be used, or the address not listened on.
    pub async fn listen(self, dir: &DataDir, key: Option<&Path>) -> Result<Option<Listening>> {
        let Some(address) = self.http else {
            ensure!(key.is_none(), "--api-key-file goes with --http");
            return Ok(None);
        };
        let mut keys = Keys::default();
        if let Some(file) = key {
            keys = keys.with_full_from(file)?;
        }
        if let Some(file) = &self.read_only_key_file {
            keys = keys.with_read_only_from(file)?;
        }
        let files = self.tls_cert.as_ref().zip(self.tls_key.as_ref());
        let tls = files.map(|(certificate, key)| Tls::from_files(certificate, key)).transpose()?;
        check_public(address, &keys, tls.is_some()).context("pass --api-key-file, or another address")?;
        let network =
            self.bootstrap.map(|bootstrap| Network::new(&bootstrap, self.relay.as_deref())).transpose()?;
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr().context("the listener has no address")?;
        let config =
            Config { keys, snapshots: Some(dir.snapshots()), page: crate::page::FILES, ..Config::default() };
        let serving = Serving { tls, ..Serving::default() };
        Ok(Some(Listening { listener, address, config, serving, network }))
    }
}

impl Listening {
    /// Where clients find it.
    pub fn url(&self) -> String {
        let scheme = if self.serving.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Where people find the page.
    pub fn page_url(&self) -> String {
        format!("{}/ui/", self.url())
    }

    /// Has the node ready for the first collection that is made.
    ///
    /// # Errors
    /// See [`Node::warm_up`].
    pub async fn prepare(&self, node: &Node) -> Result<()> {
        node.warm_up(self.network.as_ref()).await
    }

    /// Answers until `stop` is ready, and then what is being answered.
    ///
    /// # Errors
    /// If the node's own files cannot be read.
    pub async fn serve(self, node: Arc<Node>, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let origins = crate::page::origins(self.address, self.serving.tls.is_some());
        let api = Arc::new(Api::new(node, self.network, origins)?);
        let router = router(api, self.config);
        serve_with(self.listener, router, self.serving, stop).await.context("the HTTP API failed")
    }
}
