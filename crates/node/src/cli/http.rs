//! The options of `serve` for its HTTP API.

use crate::data_dir::DataDir;
use crate::http::Api;
use crate::network::Network;
use crate::node::{Before, Node};
use anyhow::{Context, Result, ensure};
use clap::Args;
use rose_forest_http::{Config, Keys, Serving, Tls, check_public, router, serve_with};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::oneshot::{Sender, channel};
use tokio::task::JoinHandle;

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

/// The API while it answers: what it can before the node has started, and all else afterwards.
pub(super) struct Answering {
    api: Arc<Api>,
    network: Option<Network>,
    url: String,
    task: JoinHandle<Result<()>>,
    end: Sender<()>,
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
    /// Begins to answer, by what there is before the node has started.
    ///
    /// # Errors
    /// If the node's own files cannot be read.
    pub fn answer(self, before: Before) -> Result<Answering> {
        let Self { listener, address, config, serving, network } = self;
        let is_tls = serving.tls.is_some();
        let api = Arc::new(Api::new(before, network.clone(), crate::page::origins(address, is_tls))?);
        let url = format!("{}://{address}", if is_tls { "https" } else { "http" });
        let router = router(api.clone(), config);
        let (end, ended) = channel();
        let task = tokio::spawn(async move {
            let stop = async { drop(ended.await) };
            serve_with(listener, router, serving, stop).await.context("the HTTP API failed")
        });
        Ok(Answering { api, network, url, task, end })
    }
}

impl Answering {
    /// Where clients find it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where people find the page.
    pub fn page_url(&self) -> String {
        format!("{}/ui/", self.url)
    }

    /// Answers everything from now on, and has the node ready for the first collection that is made: clients wait five seconds
    /// for an answer, and compiling the zomes may take longer.
    ///
    /// # Errors
    /// See [`Node::warm_up`].
    pub async fn started(&self, node: Arc<Node>) -> Result<()> {
        self.api.started(node.clone());
        node.warm_up(self.network.as_ref()).await
    }

    /// Answers what is being answered, and ends.
    ///
    /// # Errors
    /// If the server failed.
    pub async fn end(self) -> Result<()> {
        drop(self.end);
        self.task.await.context("the HTTP API panicked")?
    }
}
