//! `node info | warrants | metrics`.

use super::output::{self, Output};
use crate::control::Door;
use crate::requests::{NodeReport, Request, Warranted};
use crate::text::{harmless, short};
use anyhow::Result;
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show what this node is, what it holds and whom it sees
    Info,
    /// Show the peers of a collection that were caught breaking a rule
    Warrants { collection: String },
    /// Print what the node counts and measures, as OpenMetrics text
    Metrics,
}

impl Command {
    pub async fn run(self, door: &Door, output: Output) -> Result<()> {
        match self {
            Self::Info => info(door, output).await,
            Self::Warrants { collection } => warrants(door, output, collection).await,
            Self::Metrics => {
                let text: String = door.ask(Request::Metrics).await?;
                output.say(&json!({ "openmetrics": text }), || text.trim_end().to_owned());
                Ok(())
            }
        }
    }
}

async fn info(door: &Door, output: Output) -> Result<()> {
    let node: NodeReport = door.ask(Request::Node).await?;
    let serving = !matches!(door, Door::Here(_));
    let collections: Vec<_> = node
        .collections
        .iter()
        .map(|(collection, sight)| {
            let mut value = output::collection(collection);
            if let (Some(sight), Some(fields)) = (sight, value.as_object_mut()) {
                fields.insert("stores".to_owned(), json!(output::arc(sight.arc)));
                fields.insert("reachable_peers".to_owned(), json!(sight.reachable_peers));
                fields.insert("unreachable_peers".to_owned(), json!(sight.unreachable_peers));
            }
            value
        })
        .collect();
    let value = json!({
        "software": node.software, "data_dir": node.data_dir, "serving": serving,
        "agent": node.agent.as_ref().map(ToString::to_string), "rules": node.releases, "collections": collections,
    });
    output.say(&value, || {
        let agent = node
            .agent
            .as_ref()
            .map_or_else(|| "none before the first collection".to_owned(), ToString::to_string);
        let mut lines = vec![
            harmless(&node.software),
            match (&node.data_dir, door.url()) {
                (Some(dir), _) => format!("data       {dir}"),
                (None, url) => format!("address    {}", url.unwrap_or_default()),
            },
            format!("agent      {agent}"),
            format!("serving    {}", if serving { "yes" } else { "no" }),
        ];
        lines.extend(node.releases.iter().map(|names| format!("rules      {}", names.join(", "))));
        lines.extend(node.collections.iter().map(|(collection, sight)| match sight {
            None => format!("collection {}, left", collection.label()),
            Some(sight) => format!(
                "collection {}: stores {}, {} peers reachable, {} not",
                collection.label(),
                output::arc(sight.arc),
                sight.reachable_peers,
                sight.unreachable_peers
            ),
        }));
        lines.join("\n")
    });
    Ok(())
}

async fn warrants(door: &Door, output: Output, collection: String) -> Result<()> {
    let warrants: Vec<Warranted> = door.ask(Request::Warrants(collection)).await?;
    if warrants.is_empty() && !output.json {
        output::print("nobody was caught breaking a rule");
    }
    for warranted in &warrants {
        let value = json!({
            "agent": warranted.agent.to_string(), "by": warranted.by.to_string(), "reason": warranted.reason,
        });
        output.say(&value, || {
            format!("{}: {}", short(&warranted.agent.to_string()), harmless(&warranted.reason))
        });
    }
    Ok(())
}
