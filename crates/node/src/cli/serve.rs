//! `serve`.

use super::Global;
use super::output::Output;
use crate::node::{Node, Settings};
use crate::serve::{Event, Stop, look_after};
use anyhow::{Context, Result};
use clap::Args;
use rose_forest_engine::local::{DEFAULT_MEMORY_BYTES, Limits};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Stay in the networks of all collections until interrupted.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Megabytes that the index of each collection may take in memory; beyond that, settled rows are searched on disk
    #[arg(long, value_name = "MB", default_value_t = DEFAULT_INDEX_MB)]
    index_memory: u64,
    /// Days after which settled rows are searched on disk, even if memory would do
    #[arg(long, value_name = "DAYS")]
    hot_days: Option<u32>,
    #[command(flatten)]
    http: super::http::Http,
}

const DEFAULT_INDEX_MB: u64 = DEFAULT_MEMORY_BYTES >> 20;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Serve {
    pub async fn run(self, global: &Global, output: Output) -> Result<()> {
        let mut stop = Stop::listen()?;
        let dir = global.dir()?;
        let lock = dir.lock()?;
        let index_limits = Limits {
            memory_bytes: self.index_memory.saturating_mul(1 << 20),
            age: self.hot_days.map(|days| DAY * days),
        };
        // What is wrong with the API's options is told before the node starts.
        let http = self.http.listen(&dir, global.api_key_file.as_deref()).await?;
        let settings = Settings { index_limits, ..global.settings()? };
        let node = Arc::new(Node::start(settings, lock).await?);
        let listener = crate::control::listen(&dir)?;
        let collections = node.collections().await?.len();
        let root = dir.root().display().to_string();
        output.say(&json!({ "event": "serving", "data_dir": root, "collections": collections }), || {
            format!("serving {collections} collections from {root}; interrupt to stop")
        });
        let answering = tokio::spawn(crate::control::serve(node.clone(), listener));
        let (end_http, ended) = tokio::sync::oneshot::channel::<()>();
        if let Some(http) = &http {
            // Clients wait five seconds for an answer, and compiling the zomes may take longer.
            http.prepare(&node).await?;
        }
        let api = http.map(|http| {
            let (url, page) = (http.url(), http.page_url());
            output.say(&json!({ "event": "listening", "url": url, "page": page }), || {
                format!("Qdrant's API at {url}, a page for people at {page}")
            });
            tokio::spawn(http.serve(node.clone(), async { drop(ended.await) }))
        });
        let caring = tokio::spawn(look_after(node.clone(), move |event| tell(output, &event)));
        stop.asked().await;
        output.say(&json!({ "event": "stopping" }), || "stopping".to_owned());
        drop(end_http);
        if let Some(api) = api {
            api.await.context("the HTTP API panicked")??;
        }
        answering.abort();
        caring.abort();
        let _ = std::fs::remove_file(dir.socket());
        node.stop().await
    }
}

fn tell(output: Output, event: &Event) {
    let kind = match event {
        Event::PeerWrote { .. } => "peer_wrote",
        Event::Sight { .. } => "sight",
        Event::Settled { .. } => "settled",
        Event::Warrant { .. } => "warrant",
        Event::Trouble { .. } => "trouble",
    };
    output.say(&json!({ "event": kind, "text": event.to_string() }), || event.to_string());
}
