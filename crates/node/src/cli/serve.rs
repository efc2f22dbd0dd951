//! `serve`.

use super::Global;
use super::output::Output;
use crate::node::{Before, Node, Settings};
use crate::saved::Saved;
use crate::serve::{Event, Stop, look_after};
use anyhow::Result;
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
        let saved = if http.is_some() { Saved::find(&dir, index_limits)? } else { Saved::none() };
        let before = Before::of(&dir, saved.clone())?;
        let http = http.map(|http| http.answer(before.clone())).transpose()?;
        if let Some(http) = &http
            && !saved.all().is_empty()
        {
            say_what_is_answered(output, http.url(), &saved);
        }
        let node = Arc::new(Node::start_from(before, settings, lock).await?);
        let listener = crate::control::listen(&dir)?;
        let collections = node.collections().await?.len();
        let root = dir.root().display().to_string();
        output.say(&json!({ "event": "serving", "data_dir": root, "collections": collections }), || {
            format!("serving {collections} collections from {root}; interrupt to stop")
        });
        let answering = tokio::spawn(crate::control::serve(node.clone(), listener));
        if let Some(http) = &http {
            http.started(node.clone()).await?;
            let (url, page) = (http.url(), http.page_url());
            output.say(&json!({ "event": "listening", "url": url, "page": page }), || {
                format!("Qdrant's API at {url}, a page for people at {page}")
            });
        }
        let caring = tokio::spawn(look_after(node.clone(), move |event| tell(output, &event)));
        stop.asked().await;
        output.say(&json!({ "event": "stopping" }), || "stopping".to_owned());
        if let Some(http) = http {
            http.end().await?;
        }
        answering.abort();
        caring.abort();
        let _ = std::fs::remove_file(dir.socket());
        node.stop().await
    }
}

/// Opens the indexes that were saved, and says where reads are answered from them.
fn say_what_is_answered(output: Output, url: &str, saved: &Saved) {
    output.say(&json!({ "event": "answering", "url": url, "collections": saved.all().len() }), || {
        format!("reads are answered at {url} by what was saved; all else when the node has started")
    });
    for index in saved.all() {
        tokio::spawn(async move { index.whole().await });
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
