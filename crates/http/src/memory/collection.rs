//! One collection: its index, and the writing of blocks for it.

use crate::{
    backend::{BackendError, Shape, Write, Written},
    local::{Plan, plan},
};
use parking_lot::Mutex;
use rose_forest_api::{ActionHash, AgentPubKey, PointId, Schema};
use rose_forest_core::{Space, encode::encode_row};
use rose_forest_engine::{
    SignedBlock,
    local::{Limits, LocalIndex},
};
use rose_forest_rules::block::{BlockBuilder, BuildError};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// A collection.
pub(super) struct Collection {
    pub(super) index: LocalIndex,
    vector_name: String,
    schema: Schema,
    last: Mutex<Last>,
}

/// What the last block had.
struct Last {
    action: u64,
    written_at_micros: i64,
}

/// A row of a block: a code and a payload, or a tombstone.
struct Row {
    id: PointId,
    content: Option<(Vec<u8>, String)>,
}

impl Collection {
    pub(super) fn new(
        dir: &Path,
        schema: &Schema,
        vector_name: String,
        own: &AgentPubKey,
    ) -> Result<Self, BackendError> {
        // Nobody else has this folder, so any name is one that no other collection has.
        let (index, _) = LocalIndex::open(dir, schema, [0; 32], Limits::default())?;
        index.set_own_author(own)?;
        let last = Mutex::new(Last { action: 0, written_at_micros: 0 });
        Ok(Self { index, vector_name, schema: schema.clone(), last })
    }

    pub(super) fn shape(&self) -> Shape {
        Shape { schema: self.schema.clone(), vector_name: self.vector_name.clone() }
    }

    /// Writes as an author: plans, and takes in the blocks that follow.
    pub(super) fn write(&self, author: &AgentPubKey, write: &Write) -> Result<Written, BackendError> {
        let mut last = self.last.lock();
        let Plan { insert, delete, skipped, missing } = plan(&self.index, author, write)?;
        let space = Space::from(&self.schema);
        let mut rows = Vec::with_capacity(insert.len() + delete.len());
        for row in insert {
            let code = encode_row(space, &row.vector)?;
            rows.push(Row { id: row.id, content: Some((code, row.payload.unwrap_or_default())) });
        }
        rows.extend(delete.into_iter().map(|id| Row { id, content: None }));
        let blocks = self.blocks(author, &rows, &mut last)?;
        if !blocks.is_empty() {
            self.index.take_in(&blocks, true, None)?;
        }
        match missing {
            Some(id) => Err(BackendError::NoPoint { id }),
            None => Ok(Written { operation_id: Some(last.action), completed: true, skipped }),
        }
    }

    fn blocks(
        &self,
        author: &AgentPubKey,
        rows: &[Row],
        last: &mut Last,
    ) -> Result<Vec<SignedBlock>, BackendError> {
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let now = i64::try_from(clock).unwrap_or(i64::MAX).max(last.written_at_micros + 1);
        last.written_at_micros = now;
        let mut blocks = Vec::new();
        let mut builder = BlockBuilder::new(&self.schema, None);
        for row in rows {
            if let Err(error) = push(&mut builder, row, now) {
                match error {
                    BuildError::Refused(violation) => return Err(violation.into()),
                    BuildError::Full => {
                        let full = std::mem::replace(&mut builder, BlockBuilder::new(&self.schema, None));
                        blocks.push(self.signed(author, full.finish()?, last));
                        push(&mut builder, row, now).map_err(|error| match error {
                            BuildError::Refused(violation) => BackendError::Rule(violation),
                            full @ BuildError::Full => BackendError::Node(full.into()),
                        })?;
                    }
                }
            }
        }
        if !builder.is_empty() {
            blocks.push(self.signed(author, builder.finish()?, last));
        }
        Ok(blocks)
    }

    fn signed(&self, author: &AgentPubKey, bytes: Vec<u8>, last: &mut Last) -> SignedBlock {
        last.action += 1;
        let mut hash = [0; 32];
        if let Some(start) = hash.first_chunk_mut::<8>() {
            *start = last.action.to_le_bytes();
        }
        SignedBlock {
            author: author.clone(),
            action: ActionHash::from_raw_32(hash.to_vec()),
            timestamp_micros: last.written_at_micros,
            bytes,
        }
    }
}

fn push<'r>(builder: &mut BlockBuilder<'r>, row: &'r Row, now: i64) -> Result<(), BuildError> {
    match &row.content {
        Some((code, payload)) => builder.push(&row.id, now, code, payload.as_bytes()),
        None => builder.push_tombstone(&row.id, now),
    }
}
