//! Qdrant's API over collections in memory, without a network: for trying it out with Qdrant's clients.
//!
//! `cargo run -p rose-forest-http --example memory -- --listen 127.0.0.1:6333`

use anyhow::{Context, Result};
use clap::Parser;
use rose_forest_api::AgentPubKey;
use rose_forest_http::{Config, Keys, Serving, Tls, check_public, memory::Memory, router, serve_with};
use std::{net::SocketAddr, path::PathBuf, sync::Arc};

#[derive(Parser)]
struct Args {
    /// Where to listen; 0 as port takes a free one.
    #[arg(long, default_value = "127.0.0.1:6333")]
    listen: SocketAddr,
    /// A key that may do everything. Without one, everybody may. Other users of the machine see it: prefer a file.
    #[arg(long)]
    api_key: Option<String>,
    /// A key that may read.
    #[arg(long)]
    read_only_api_key: Option<String>,
    /// A folder for snapshots. Without one there are none.
    #[arg(long)]
    snapshots: Option<PathBuf>,
    /// A file with a key that may do everything.
    #[arg(long)]
    api_key_file: Option<PathBuf>,
    /// A file with a key that may read.
    #[arg(long)]
    read_only_key_file: Option<PathBuf>,
    /// A chain of certificates in PEM, to encrypt with.
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key in PEM.
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

impl Args {
    fn keys(&self) -> Result<Keys> {
        let mut keys = Keys::default();
        if let Some(key) = &self.api_key {
            keys = keys.with_full(key);
        }
        if let Some(key) = &self.read_only_api_key {
            keys = keys.with_read_only(key);
        }
        if let Some(file) = &self.api_key_file {
            keys = keys.with_full_from(file)?;
        }
        if let Some(file) = &self.read_only_key_file {
            keys = keys.with_read_only_from(file)?;
        }
        Ok(keys)
    }

    fn serving(&self) -> Result<Serving> {
        let files = self.tls_cert.as_ref().zip(self.tls_key.as_ref());
        let tls = files.map(|(cert, key)| Tls::from_files(cert, key)).transpose()?;
        Ok(Serving { tls, ..Serving::default() })
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let (keys, serving) = (args.keys()?, args.serving()?);
    check_public(args.listen, &keys, serving.tls.is_some())?;
    let dir = tempfile::tempdir().context("cannot make a folder for the indexes")?;
    let own = AgentPubKey::from_raw_32(vec![1; 32]);
    let backend = Arc::new(Memory::new(dir.path(), own));
    let listener = tokio::net::TcpListener::bind(args.listen).await.context("cannot listen")?;
    let scheme = if serving.tls.is_some() { "https" } else { "http" };
    println!("listening on {scheme}://{}", listener.local_addr()?);
    let stop = async {
        // Without the signal, it serves until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let config = Config { keys, snapshots: args.snapshots, ..Config::default() };
    serve_with(listener, router(backend, config), serving, stop).await?;
    Ok(())
}
