//! `search`.

use super::output::{self, Output};
use crate::control::Door;
use crate::readers::{self, Item, Options};
use crate::requests::{CollectionView, Request, Searched};
use crate::text::{clip, harmless, short};
use anyhow::{Context, Result, bail, ensure};
use clap::{ArgGroup, Args};
use rose_forest_api::*;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Columns of a payload that are shown.
const SHOWN_PAYLOAD_CHARS: usize = 200;

/// Find the nearest points.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true))]
pub(super) struct Search {
    /// The collection
    collection: String,
    /// A vector as JSON: '[0.1, 0.2]'
    #[arg(long, group = "what", allow_hyphen_values = true)]
    vector: Option<String>,
    /// The id of a point: find what is near to it
    #[arg(long, group = "what")]
    id: Option<String>,
    /// A file of vectors, as for `insert`
    #[arg(long, group = "what")]
    file: Option<PathBuf>,
    /// How many to find
    #[arg(short, long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    k: u32,
    /// Search in the zome, block by block, even if the node has an index in memory
    #[arg(long)]
    zome: bool,
    /// Cells that the zome looks into: more find more and cost more
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=65536))]
    nprobe: Option<u32>,
    /// Which points may be found: a filter of Qdrant's as JSON, such as '{"must": [{"key": "lang", "match": {"value":
    /// "en"}}]}'. Only a node that serves knows filters
    #[arg(long, value_name = "JSON", conflicts_with_all = ["zome", "nprobe", "network"])]
    filter: Option<String>,
    /// Leave out hits that are worse than this score (cosine, dot) or distance (euclid, manhattan)
    #[arg(long, allow_hyphen_values = true)]
    threshold: Option<f32>,
    /// Ask peers for what this node does not have
    #[arg(long)]
    network: bool,
    /// Print vectors, too (with --json)
    #[arg(long)]
    with_vectors: bool,
    /// Leave out payloads
    #[arg(long)]
    without_payloads: bool,
}

impl Search {
    pub async fn run(self, door: &Door, output: Output) -> Result<()> {
        let found: CollectionView = door.ask(Request::Find(self.collection.clone())).await?;
        let dimension = found.schema.dimension();
        if let Some(text) = &self.vector {
            let vector = parse_vector(text)?;
            return self.one(door, output, vector, dimension, None, None).await;
        }
        if let Some(id) = &self.id {
            let (point, vector) = self.point(door, id).await?;
            return self.one(door, output, vector, dimension, None, Some(&point)).await;
        }
        let file = self.file.as_ref().context("nothing to search for")?;
        let source = readers::open(file, &Options::default(), Some(&found.schema))?;
        let mut bad = 0;
        for item in source.rows {
            match item? {
                Item::Row(row) => {
                    self.one(door, output, row.vector, dimension, Some(&row.id), None).await?;
                }
                Item::Bad(row) => {
                    eprintln!("{} {}: {}", source.place, row.place, row.reason);
                    bad += 1;
                }
            }
        }
        ensure!(bad == 0, "{bad} queries could not be read");
        Ok(())
    }

    async fn one(
        &self,
        door: &Door,
        output: Output,
        vector: Vec<f32>,
        dimension: usize,
        query: Option<&PointId>,
        like: Option<&Point>,
    ) -> Result<()> {
        ensure!(
            vector.len() == dimension,
            "expected a vector of {dimension} components, received {}",
            vector.len()
        );
        let input = SearchInput {
            vector: floats_to_bytes(&vector),
            // The point itself is nearest to itself.
            k: (self.k + u32::from(like.is_some())).min(MAX_K),
            nprobe: self.nprobe,
            score_threshold: self.threshold,
            without_payload: self.without_payloads,
            with_vector: self.with_vectors,
            scope: if self.network { Scope::Network } else { Scope::Local },
            view: View::default(),
            trace: false,
        };
        let (collection, filter) = (self.collection.clone(), self.filter.clone());
        let request = Request::Search { collection, by_zome: self.zome, input, filter };
        let Searched { answer, from_memory, unconfirmed } = door.ask(request).await?;
        let SearchOutput { hits, complete, gaps, stats, trace: _ } = answer;
        let mut hits: Vec<_> = hits.into_iter().zip(unconfirmed).collect();
        if let Some(like) = like {
            hits.retain(|(hit, _)| hit.id != like.id || hit.author != like.author);
        }
        hits.truncate(self.k as usize);
        let answer = Answer { hits, from_memory, complete, gaps, stats };
        let mut value = as_json(&answer);
        if let (Some(query), Some(fields)) = (query, value.as_object_mut()) {
            fields.insert("query".to_owned(), json!(query));
        }
        output.say(&value, || as_text(&answer, query));
        Ok(())
    }

    /// The point with this id: this agent's own if several authors have one.
    async fn point(&self, door: &Door, id: &str) -> Result<(Point, Vec<f32>)> {
        for id in id_readings(id)? {
            let input = GetInput {
                ids: vec![id],
                author: None,
                with_vector: true,
                scope: if self.network { Scope::Network } else { Scope::Local },
                view: View::default(),
            };
            let answer: GetOutput = door.ask(Request::Get(self.collection.clone(), input)).await?;
            if let Some(mut point) = answer.points.into_iter().next() {
                let bytes = point.vector.take().context("the point came without its vector")?;
                return Ok((point, bytes_to_floats(&bytes)));
            }
        }
        bail!("there is no point with the id {id}")
    }
}

/// What an id on the command line may mean: digits are a number first, and text if there is no such number.
pub(super) fn id_readings(text: &str) -> Result<Vec<PointId>> {
    let number = text.parse::<u64>().ok().filter(|n| n.to_string() == text).map(PointId::Int);
    Ok(number.into_iter().chain([PointId::text(text)?]).collect())
}

fn parse_vector(text: &str) -> Result<Vec<f32>> {
    let value: Value =
        serde_json::from_str(text).context("expected a vector as a JSON array, such as '[0.1, 0.2]'")?;
    readers::vector_of(&value).map_err(|reason| anyhow::anyhow!(reason))
}

/// What is printed of a search.
struct Answer {
    /// Each with whether it is only announced.
    hits: Vec<(Hit, bool)>,
    from_memory: bool,
    complete: bool,
    gaps: Vec<Gap>,
    stats: SearchStats,
}

fn as_json(answer: &Answer) -> Value {
    let hits: Vec<_> = answer
        .hits
        .iter()
        .map(|(hit, unconfirmed)| {
            let mut value = json!({
                "id": hit.id, "score": hit.score, "author": hit.author.to_string(),
                "action_hash": hit.action_hash.to_string(), "written_at_micros": hit.written_at_micros,
                "payload": output::payload(hit.payload.as_ref()), "confirmed": !unconfirmed,
            });
            if let (Some(vector), Some(fields)) = (&hit.vector, value.as_object_mut()) {
                fields.insert("vector".to_owned(), json!(bytes_to_floats(vector)));
            }
            value
        })
        .collect();
    let stats = &answer.stats;
    json!({
        "hits": hits, "from_memory": answer.from_memory, "complete": answer.complete, "gaps": answer.gaps.iter().map(output::gap).collect::<Vec<_>>(),
        "stats": {
            "regions": stats.regions, "cells_probed": stats.cells_probed, "settled_rows": stats.settled_rows,
            "fresh_rows": stats.fresh_rows, "blocks": stats.settled_blocks + stats.fresh_blocks,
            "bytes": stats.bytes,
        },
    })
}

fn as_text(answer: &Answer, query: Option<&PointId>) -> String {
    let mut lines: Vec<String> =
        query.map(|id| format!("query {}", harmless(&id.to_string()))).into_iter().collect();
    lines.extend(answer.hits.iter().map(|(hit, unconfirmed)| {
        let payload = hit.payload.as_deref().unwrap_or_default();
        format!(
            "{:8.4}  {}  by {}{}  {}",
            hit.score,
            harmless(&hit.id.to_string()),
            short(&hit.author.to_string()),
            if *unconfirmed { " (announced, not delivered yet)" } else { "" },
            harmless(&clip(payload, SHOWN_PAYLOAD_CHARS))
        )
    }));
    if answer.hits.is_empty() {
        lines.push("nothing found".to_owned());
    }
    lines.extend(answer.gaps.iter().map(|gap| format!("incomplete: {}", output::gap(gap))));
    if !answer.complete && answer.gaps.is_empty() {
        lines.push("incomplete: this node's index does not hold yet what the node has received".to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_a_number_first_and_a_text_then() {
        let text = |text: &str| PointId::text(text).unwrap();
        assert_eq!(id_readings("7").unwrap(), [PointId::Int(7), text("7")]);
        assert_eq!(id_readings("007").unwrap(), [text("007")]);
        assert_eq!(id_readings("a").unwrap(), [text("a")]);
        assert!(id_readings("").is_err());
    }

    #[test]
    fn a_vector_is_an_array_of_numbers() {
        assert_eq!(parse_vector("[1, -2.5]").unwrap(), [1.0, -2.5]);
        assert!(parse_vector("1, 2").is_err());
        assert!(parse_vector("[1, \"a\"]").is_err());
    }
}
