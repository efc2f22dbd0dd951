//! `delete` and `export`.

use super::output::{self, Output};
use super::search::id_readings;
use crate::control::Door;
use crate::requests::{CollectionView, Request, Wrote};
use anyhow::{Result, ensure};
use clap::Args;
use rose_forest_api::*;
use serde_json::json;

/// Points on a page of an export.
const PAGE: u32 = 2_000;

/// Delete own points by id.
#[derive(Debug, Args)]
pub(super) struct Delete {
    /// The collection
    collection: String,
    /// Their ids
    #[arg(required = true)]
    ids: Vec<String>,
    /// Pass over ids that are not there, instead of deleting nothing
    #[arg(long)]
    ignore_unknown: bool,
}

/// Print all points as JSON lines.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The collection
    collection: String,
    /// With vectors, as they are stored: what `insert` reads again
    #[arg(long)]
    with_vectors: bool,
    /// Only points that this node's agent wrote
    #[arg(long)]
    mine: bool,
    /// Ask peers for what this node does not have
    #[arg(long)]
    network: bool,
}

impl Delete {
    pub async fn run(self, door: &Door, output: Output) -> Result<()> {
        let found: CollectionView = door.ask(Request::Find(self.collection.clone())).await?;
        let mut ids = Vec::new();
        for text in &self.ids {
            let id = own_reading(door, &found, &self.collection, text).await?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let input = DeleteInput { ids, ignore_unknown: self.ignore_unknown };
        let written: Wrote = door.ask(Request::Delete(self.collection, input)).await?;
        output.say(&json!({ "deleted": written.rows }), || format!("{} points deleted", written.rows));
        Ok(())
    }
}

/// Digits may be a number or a text: whichever this agent has a point of.
async fn own_reading(door: &Door, found: &CollectionView, collection: &str, text: &str) -> Result<PointId> {
    let mut readings = id_readings(text)?;
    if let [_, _] = readings.as_slice() {
        let input = GetInput {
            ids: readings.clone(),
            author: Some(found.agent.clone()),
            with_vector: false,
            scope: Scope::Local,
            view: View::default(),
        };
        let answer: GetOutput = door.ask(Request::Get(collection.to_owned(), input)).await?;
        if let Some(point) = answer.points.into_iter().next() {
            return Ok(point.id);
        }
    }
    Ok(readings.swap_remove(0))
}

impl Export {
    pub async fn run(self, door: &Door) -> Result<()> {
        let found: CollectionView = door.ask(Request::Find(self.collection.clone())).await?;
        let (mut cursor, mut complete) = (None, true);
        loop {
            let input = ScrollInput {
                cursor,
                limit: Some(PAGE),
                author: self.mine.then(|| found.agent.clone()),
                with_vector: self.with_vectors,
                scope: if self.network { Scope::Network } else { Scope::Local },
                view: View::default(),
            };
            let page: ScrollOutput = door.ask(Request::Scroll(self.collection.clone(), input)).await?;
            for point in &page.points {
                output::print(&line(point));
            }
            if complete && !page.complete {
                for gap in &page.gaps {
                    eprintln!("incomplete: {}", output::gap(gap));
                }
            }
            complete &= page.complete;
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        ensure!(complete, "the export is incomplete");
        Ok(())
    }
}

fn line(point: &Point) -> String {
    let mut value = json!({
        "id": point.id, "payload": output::payload(point.payload.as_ref()), "author": point.author.to_string(),
        "written_at_micros": point.written_at_micros,
    });
    if let (Some(vector), Some(fields)) = (&point.vector, value.as_object_mut()) {
        fields.insert("vector".to_owned(), json!(bytes_to_floats(vector)));
    }
    value.to_string()
}
