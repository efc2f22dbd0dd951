//! `serve`.

use super::Global;
use super::output::Output;
use crate::node::Node;
use crate::serve::{Event, Stop, look_after};
use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;
use std::sync::Arc;

/// Stay in the networks of all collections until interrupted.
#[derive(Debug, Args)]
pub(super) struct Serve {}

impl Serve {
    pub async fn run(self, global: &Global, output: Output) -> Result<()> {
        let mut stop = Stop::listen()?;
        let dir = global.dir()?;
        let lock = dir.lock()?;
        let node = Arc::new(Node::start(global.settings()?, lock).await?);
        let listener = crate::control::listen(&dir)?;
        let collections = node.collections().await?.len();
        let root = dir.root().display().to_string();
        output.say(&json!({ "event": "serving", "data_dir": root, "collections": collections }), || {
            format!("serving {collections} collections from {root}; interrupt to stop")
        });
        let answering = tokio::spawn(crate::control::serve(node.clone(), listener));
        let caring = tokio::spawn(look_after(node.clone(), move |event| tell(output, &event)));
        stop.asked().await;
        output.say(&json!({ "event": "stopping" }), || "stopping".to_owned());
        answering.abort();
        caring.abort();
        node.lives.close().await;
        // A connection that is being answered holds the node a moment longer.
        let _ = std::fs::remove_file(dir.socket());
        let conductor = node.conductor.clone();
        crate::conductor::stop(conductor).await.context("the node did not stop cleanly")
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
