//! Qdrant's API over collections in memory, without a network: for trying it out with Qdrant's clients.
//!
//! `cargo run -p rose-forest-http --example memory -- --listen 127.0.0.1:6333`

use anyhow::{Context, Result, ensure};
use clap::Parser;
use rose_forest_api::AgentPubKey;
use rose_forest_http::{Config, Keys, memory::Memory, router, serve};
use std::{net::SocketAddr, sync::Arc};

#[derive(Parser)]
struct Args {
    /// Where to listen; 0 as port takes a free one.
    #[arg(long, default_value = "127.0.0.1:6333")]
    listen: SocketAddr,
    /// A key that may do everything. Without one, everybody may.
    #[arg(long)]
    api_key: Option<String>,
    /// A key that may read.
    #[arg(long)]
    read_only_api_key: Option<String>,
    /// A folder for snapshots. Without one there are none.
    #[arg(long)]
    snapshots: Option<std::path::PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let mut keys = Keys::default();
    if let Some(key) = &args.api_key {
        keys = keys.with_full(key);
    }
    if let Some(key) = &args.read_only_api_key {
        keys = keys.with_read_only(key);
    }
    ensure!(args.listen.ip().is_loopback() || !keys.is_open(), "a public address needs --api-key");
    let dir = tempfile::tempdir().context("cannot make a folder for the indexes")?;
    let own = AgentPubKey::from_raw_32(vec![1; 32]);
    let backend = Arc::new(Memory::new(dir.path(), own));
    let listener = tokio::net::TcpListener::bind(args.listen).await.context("cannot listen")?;
    println!("listening on http://{}", listener.local_addr()?);
    let stop = async {
        // Without the signal, it serves until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let config = Config { keys, snapshots: args.snapshots, ..Config::default() };
    serve(listener, router(backend, config), stop).await?;
    Ok(())
}
