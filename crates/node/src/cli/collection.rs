//! `collection create | list | info | invite | join | leave`.

use super::output::{self, Output};
use crate::collections::NewCollection;
use crate::control::Door;
use crate::network::Network;
use crate::requests::{CollectionView, JoinedView, Overview, Request};
use crate::text::{harmless, short};
use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use rose_forest_api::{CollectionInfo, Distance, Encoding};
use rose_forest_engine::local::IndexReport;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a collection
    Create(Create),
    /// List the collections of this node
    List,
    /// Show one collection
    Info { collection: String },
    /// Print the invite: whoever has it can join
    Invite { collection: String },
    /// Join by an invite, or take part again after leaving
    Join { invite: String },
    /// Stop taking part; the data stays on this disk
    Leave { collection: String },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// What people call it: 1 to 128 characters
    name: String,
    /// Components of every vector
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=4096))]
    dimension: u16,
    /// How vectors are compared
    #[arg(long, value_enum, default_value_t = DistanceArg::Cosine)]
    distance: DistanceArg,
    /// How vectors are stored: sq8 is a byte a component
    #[arg(long, value_enum, default_value_t = EncodingArg::Sq8)]
    encoding: EncodingArg,
    /// Where peers find each other (see `rose-forest bootstrap`), or `public` for Holochain's public test servers.
    /// Without it the collection lives on this node alone
    #[arg(long, value_name = "URL")]
    bootstrap: Option<String>,
    /// The relay, if it is not the same server
    #[arg(long, value_name = "URL", requires = "bootstrap")]
    relay: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DistanceArg {
    Cosine,
    Dot,
    Euclid,
    Manhattan,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EncodingArg {
    F32,
    F16,
    Sq8,
}

impl Command {
    pub async fn run(self, door: &Door, output: Output) -> Result<()> {
        match self {
            Self::Create(create) => create.run(door, output).await,
            Self::List => list(door, output).await,
            Self::Info { collection } => info(door, output, collection).await,
            Self::Invite { collection } => invite(door, output, collection).await,
            Self::Join { invite } => join(door, output, invite).await,
            Self::Leave { collection } => {
                let left: CollectionView = door.ask(Request::Leave(collection)).await?;
                output.say(&output::collection(&left), || format!("left {}", left.label()));
                Ok(())
            }
        }
    }
}

impl Create {
    async fn run(self, door: &Door, output: Output) -> Result<()> {
        let network =
            self.bootstrap.map(|bootstrap| Network::new(&bootstrap, self.relay.as_deref())).transpose()?;
        let new = NewCollection {
            name: self.name,
            dimension: usize::from(self.dimension),
            distance: match self.distance {
                DistanceArg::Cosine => Distance::Cosine,
                DistanceArg::Dot => Distance::Dot,
                DistanceArg::Euclid => Distance::Euclid,
                DistanceArg::Manhattan => Distance::Manhattan,
            },
            encoding: match self.encoding {
                EncodingArg::F32 => Encoding::F32,
                EncodingArg::F16 => Encoding::F16,
                EncodingArg::Sq8 => Encoding::Sq8,
            },
            network,
            vector_name: String::new(),
        };
        let created: CollectionView = door.ask(Request::Create(new)).await?;
        output.say(&output::collection(&created), || {
            let place = match &created.network {
                None => "It lives on this node alone.".to_owned(),
                Some(network) => format!("Its peers meet at {}.", network.bootstrap),
            };
            format!("created {}\n{place}", created.label())
        });
        Ok(())
    }
}

async fn list(door: &Door, output: Output) -> Result<()> {
    let collections: Vec<CollectionView> = door.ask(Request::List).await?;
    if collections.is_empty() && !output.json {
        output::print("no collections: create or join one");
    }
    for collection in &collections {
        output.say(&output::collection(collection), || describe(collection));
    }
    Ok(())
}

fn describe(collection: &CollectionView) -> String {
    let schema = &collection.schema;
    format!(
        "{}  {} components, {:?}, {:?}, {}{}",
        collection.label(),
        schema.dimension,
        schema.distance,
        schema.encoding,
        collection.network.as_ref().map_or("this node alone", |network| network.bootstrap.as_str()),
        if collection.enabled { "" } else { ", left" }
    )
    .replace("Cosine", "cosine")
    .replace("Dot", "dot")
    .replace("Euclid", "euclid")
    .replace("Manhattan", "manhattan")
}

async fn info(door: &Door, output: Output, name: String) -> Result<()> {
    let all: Overview = door.ask(Request::Info(name)).await?;
    let (sight, blocks) = (&all.sight, all.blocks.as_ref());
    let authors: Vec<_> = all
        .authors
        .iter()
        .map(|author| json!({ "author": author.author.to_string(), "blocks": author.blocks, "rows": author.rows }))
        .collect();
    let nodes: Vec<_> = all
        .nodes
        .iter()
        .map(|node| {
            json!({
                "agent": node.agent.to_string(), "software": node.node.software, "name": node.node.name,
                "holds": node.node.holds, "rows": node.node.rows, "status": node.node.status,
                "capabilities": node.node.capabilities, "announced_at_micros": node.announced_at_micros,
            })
        })
        .collect();
    let value = json!({
        "collection": output::collection(&all.collection),
        "chain_length": all.chain_length, "regions": blocks.map(|info| info.regions),
        "cells": blocks.map(|info| info.cells), "settled_blocks": blocks.map(|info| info.settled_blocks),
        "settled_rows": blocks.map(|info| info.settled_rows), "fresh_blocks": blocks.map(|info| info.fresh_blocks),
        "fresh_rows": blocks.map(|info| info.fresh_rows),
        "fresh_tombstones": blocks.map(|info| info.fresh_tombstones), "authors": authors, "nodes": nodes,
        "stores": output::arc(sight.arc), "reachable_peers": sight.reachable_peers,
        "unreachable_peers": sight.unreachable_peers, "index": all.index, "waiting": all.waiting,
    });
    output.say(&value, || {
        let mut lines = vec![describe(&all.collection)];
        lines.extend(all.collection.dna_hash.iter().map(|hash| format!("identity     {hash}")));
        let actions = all.chain_length.map_or_else(String::new, |actions| format!(", {actions} actions"));
        lines.extend([
            format!("this agent   {}{actions}", all.collection.agent),
            format!("stores       {}", output::arc(sight.arc)),
            format!("peers        {} reachable, {} not", sight.reachable_peers, sight.unreachable_peers),
        ]);
        lines.extend(blocks.into_iter().flat_map(block_lines));
        lines.extend(all.index.iter().flat_map(index_lines));
        if all.waiting.writes > 0 {
            let trouble = all.waiting.trouble.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            let (writes, megabytes) = (all.waiting.writes, all.waiting.bytes as f64 / 1e6);
            lines.push(format!(
                "in the log   {writes} writes, {megabytes:.1} MB, wait for the chain{trouble}"
            ));
        }
        lines.extend(all.authors.iter().map(|author| {
            let blocks = author.blocks.map_or_else(String::new, |blocks| format!(" in {blocks} blocks"));
            format!("author       {}: {} rows{blocks}", short(&author.author.to_string()), author.rows)
        }));
        lines.extend(all.nodes.iter().map(|node| {
            format!(
                "node         {}: {}, {} rows",
                short(&node.agent.to_string()),
                harmless(&node.node.software),
                node.node.rows
            )
        }));
        lines.join("\n")
    });
    Ok(())
}

/// What lies in which blocks.
fn block_lines(info: &CollectionInfo) -> [String; 2] {
    [
        format!(
            "settled      {} rows in {} blocks, {} cells, {} regions",
            info.settled_rows, info.settled_blocks, info.cells, info.regions
        ),
        format!(
            "fresh        {} rows and {} deletions in {} blocks",
            info.fresh_rows, info.fresh_tombstones, info.fresh_blocks
        ),
    ]
}

/// Where the rows lie that searches are answered from.
fn index_lines(index: &IndexReport) -> Vec<String> {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let age = match index.limit_age_seconds {
        Some(seconds) => format!(", and {} days", seconds / 86_400),
        None => String::new(),
    };
    let mut lines = vec![format!(
        "in memory    {} of {} points, {:.1} MB (limit {:.0} MB{age})",
        index.in_graph,
        index.points,
        megabytes(index.graph_bytes + index.lists_bytes),
        megabytes(index.limit_bytes)
    )];
    if index.waiting > 0 {
        lines.push(format!("to link      {} of them are being linked, and found meanwhile", index.waiting));
    }
    if index.in_lists > 0 {
        lines.push(format!(
            "on disk      {} points in {} segments, {:.1} MB",
            index.in_lists,
            index.segments,
            megabytes(index.lists_disk_bytes)
        ));
    }
    if index.missing > 0 {
        lines.push(format!("missing      {} points, to be read again", index.missing));
    }
    lines
}

async fn invite(door: &Door, output: Output, name: String) -> Result<()> {
    let invite: String = door.ask(Request::Invite(name.clone())).await?;
    let collection: CollectionView = door.ask(Request::Find(name)).await?;
    if collection.network.is_none() {
        eprintln!(
            "note: this collection lives on this node alone; others who join find nobody. Create it with \
             --bootstrap to share it"
        );
    }
    output.say(&json!({ "invite": invite }), || invite.clone());
    Ok(())
}

async fn join(door: &Door, output: Output, invite: String) -> Result<()> {
    let joined: JoinedView = door.ask(Request::Join(invite)).await?;
    let mut value = output::collection(&joined.collection);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("was_here".to_owned(), json!(joined.was_here));
    }
    output.say(&value, || {
        let again = if joined.was_here { " again: it was here already" } else { "" };
        format!("joined {}{again}", joined.collection.label())
    });
    Ok(())
}
