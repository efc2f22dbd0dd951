//! Inserting and deleting: the calls that write fresh blocks.

use crate::{
    collection::schema,
    fail::fail,
    own::{self, Row, Written},
    points,
};
use hdk::prelude::*;
use rose_forest_api::*;
use rose_forest_core::{Space, encode::encode_into};
use std::collections::HashSet;

/// Rows as they came in, checked and encoded.
pub struct Batch<'a> {
    ids: &'a [PointId],
    payloads: &'a [Option<String>],
    codes: Vec<u8>,
    code_bytes: usize,
    /// The vectors, row by row.
    pub floats: Vec<f32>,
    written_at_micros: i64,
}

impl<'a> Batch<'a> {
    /// Checks everything about a batch before anything is written. Errors name the row and its id.
    pub fn new(schema: &Schema, input: &'a InsertInput, max_rows: usize) -> ExternResult<Self> {
        let rows = input.ids.len();
        if rows == 0 || rows > max_rows {
            return Err(fail(format!("expected 1 to {max_rows} points, received {rows}")));
        }
        let dimension = schema.dimension();
        if input.vectors.len() != rows * dimension * 4 {
            return Err(fail(format!(
                "expected {rows} vectors of {dimension} components, {} bytes, received {} bytes",
                rows * dimension * 4,
                input.vectors.len()
            )));
        }
        if !input.payloads.is_empty() && input.payloads.len() != rows {
            return Err(fail(format!(
                "expected a payload (or none) for each of {rows} points, received {}",
                input.payloads.len()
            )));
        }
        check_distinct(&input.ids)?;
        let floats = bytes_to_floats(&input.vectors);
        let space = Space::from(schema);
        let mut codes = Vec::with_capacity(rows * space.code_bytes());
        for (row, (vector, id)) in floats.chunks_exact(dimension).zip(&input.ids).enumerate() {
            encode_into(space, vector, &mut codes).map_err(|e| fail(format!("row {row}, id {id}: {e}")))?;
        }
        Ok(Self {
            ids: &input.ids,
            payloads: &input.payloads,
            codes,
            code_bytes: space.code_bytes(),
            floats,
            written_at_micros: own::now_micros()?,
        })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// The id of a row.
    pub fn id(&self, row: usize) -> Option<&'a PointId> {
        self.ids.get(row)
    }

    /// The vector of a row; empty if there is none.
    pub fn vector(&self, row: usize, dimension: usize) -> &[f32] {
        self.floats.chunks_exact(dimension.max(1)).nth(row).unwrap_or_default()
    }

    /// One row, ready to be written.
    pub fn row(&self, row: usize) -> Option<Row<'_>> {
        let code = self.codes.chunks_exact(self.code_bytes.max(1)).nth(row)?;
        let payload = self.payloads.get(row).and_then(Option::as_deref).unwrap_or_default();
        Some(Row {
            id: self.ids.get(row)?,
            written_at_micros: self.written_at_micros,
            live: Some((code, payload.as_bytes())),
        })
    }

    /// What to answer when these blocks were written.
    pub fn output(&self, blocks: Vec<Written>, needs_settle: bool) -> WriteOutput {
        WriteOutput {
            rows: self.len() as u32,
            blocks: blocks.into_iter().map(|block| block.action).collect(),
            written_at_micros: self.written_at_micros,
            needs_settle,
        }
    }
}

fn check_distinct(ids: &[PointId]) -> ExternResult<()> {
    let mut seen = HashSet::with_capacity(ids.len());
    match ids.iter().find(|id| !seen.insert(*id)) {
        None => Ok(()),
        Some(id) => Err(fail(format!("id {id} stands twice in the batch; expected each id once"))),
    }
}

/// Rows of a batch of `len` that a caller names by their places, in the field `name`.
pub fn places(rows: &[u32], len: usize, name: &str) -> ExternResult<HashSet<usize>> {
    let place = |row: &u32| {
        let row = *row as usize;
        let outside = || fail(format!("expected rows of {name} below {len}, received {row}"));
        (row < len).then_some(row).ok_or_else(outside)
    };
    rows.iter().map(place).collect()
}

/// See [`crate::insert`].
pub fn insert(input: &InsertInput) -> ExternResult<WriteOutput> {
    let schema = schema()?;
    let batch = Batch::new(&schema, input, MAX_INSERT_ROWS)?;
    let agent = agent_info()?.agent_initial_pubkey;
    let rows: Vec<_> = (0..batch.len()).filter_map(|row| batch.row(row)).collect();
    let blocks = own::write_fresh(&schema, &agent, rows)?;
    Ok(batch.output(blocks, false))
}

/// See [`crate::delete`].
pub fn delete(input: &FoundDeleteInput) -> ExternResult<WriteOutput> {
    if input.ids.is_empty() || input.ids.len() > MAX_IDS {
        return Err(fail(format!("expected 1 to {MAX_IDS} ids, received {}", input.ids.len())));
    }
    check_distinct(&input.ids)?;
    let schema = schema()?;
    let agent = agent_info()?.agent_initial_pubkey;
    let found = match &input.found {
        Some(rows) => places(rows, input.ids.len(), "found")?,
        None => {
            let live = points::live_ids(&schema, &agent, &input.ids)?;
            input.ids.iter().enumerate().filter(|(_, id)| live.contains(id)).map(|(row, _)| row).collect()
        }
    };
    let (known, unknown): (Vec<_>, Vec<_>) =
        input.ids.iter().enumerate().partition(|(row, _)| found.contains(row));
    if !unknown.is_empty() && !input.ignore_unknown {
        let unknown: Vec<_> = unknown.into_iter().map(|(_, id)| id.to_string()).collect();
        return Err(fail(format!(
            "expected ids of points that this agent wrote, received unknown ones: {}",
            unknown.join(", ")
        )));
    }
    let written_at_micros = own::now_micros()?;
    let rows: Vec<_> = known.into_iter().map(|(_, id)| Row { id, written_at_micros, live: None }).collect();
    let count = rows.len() as u32;
    let blocks = if rows.is_empty() { Vec::new() } else { own::write_fresh(&schema, &agent, rows)? };
    Ok(WriteOutput {
        rows: count,
        blocks: blocks.into_iter().map(|block| block.action).collect(),
        written_at_micros,
        needs_settle: false,
    })
}
