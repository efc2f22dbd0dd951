//! Writing and deleting.

use super::{Remote, said};
use crate::load::Portion;
use crate::requests::{Logged, Wrote};
use anyhow::{Context, Result, ensure};
use rose_forest_api::{DeleteInput, InsertInput, PointId, bytes_to_floats};
use rose_forest_http::types::{
    NodeCollectionJson, Point, PointIds, Record, RetrieveRequest, Upsert, VectorStruct, WithPayload,
};
use rose_forest_http::{ClientError, limits};
use std::time::{Duration, Instant};

/// One upsert: with the row that is too much it is still within the 32 MiB of a body. A component takes up to 19 characters and a
/// comma.
pub(crate) const PORTION: Portion =
    Portion { rows: limits::MAX_POINTS, bytes: 28 << 20, component_bytes: 20 };
/// The status of a refusal for want of room.
const BUSY: u16 = 429;
/// Until a write is tried again for which there was no room.
const BUSY_PAUSE: Duration = Duration::from_secs(1);
/// How long it is tried.
const BUSY_FOR: Duration = Duration::from_secs(600);

impl Remote {
    /// Writes points, and waits until searches find them.
    pub(super) async fn insert(&self, name: &str, input: InsertInput) -> Result<Wrote> {
        let rows = input.ids.len() as u32;
        let upsert = upsert(&self.find(name).await?, input)?;
        let begun = Instant::now();
        loop {
            match self.client.upsert(name, &upsert, true).await {
                Ok(_) => return Ok(Wrote { rows, needs_settle: false }),
                Err(ClientError::Refused { status: BUSY, .. }) if begun.elapsed() < BUSY_FOR => {
                    tokio::time::sleep(BUSY_PAUSE).await;
                }
                Err(error) => return Err(said(error)),
            }
        }
    }

    /// Writes points, and waits for the node's log alone.
    pub(super) async fn log(&self, name: &str, input: InsertInput) -> Result<Logged> {
        let upsert = upsert(&self.find(name).await?, input)?;
        match self.client.upsert(name, &upsert, false).await {
            Ok(result) => Ok(Logged::Logged(result.operation_id.unwrap_or_default())),
            Err(ClientError::Refused { status: BUSY, said }) => Ok(Logged::Full(said)),
            Err(error) => Err(said(error)),
        }
    }

    /// Deletes points that the node's agent wrote: all of them, or, if one is unknown and that matters, none.
    pub(super) async fn delete(&self, name: &str, input: DeleteInput) -> Result<Wrote> {
        let DeleteInput { ids, ignore_unknown } = input;
        let own = self.own(name, &ids).await?;
        let unknown: Vec<_> = ids.iter().filter(|id| !own.contains(id)).map(PointId::to_string).collect();
        ensure!(
            ignore_unknown || unknown.is_empty(),
            "expected ids of points that the node's agent wrote, received unknown ones: {}",
            unknown.join(", ")
        );
        let rows = own.len() as u32;
        if rows > 0 {
            self.client.delete(name, &PointIds::Ids(own)).await.map_err(said)?;
        }
        Ok(Wrote { rows, needs_settle: false })
    }

    /// Those of the ids that the node's agent has points of.
    async fn own(&self, name: &str, ids: &[PointId]) -> Result<Vec<PointId>> {
        let agent = self.find(name).await?.agent;
        let with_payload = Some(WithPayload::Whole(false));
        let mut own = Vec::new();
        for ids in ids.chunks(limits::MAX_IDS) {
            let request =
                RetrieveRequest { ids: ids.to_vec(), with_payload: with_payload.clone(), with_vector: None };
            let found = self.client.retrieve(name, &request).await.map_err(said)?;
            let is_own = |point: &Record| point.provenance.as_ref().is_some_and(|said| said.author == agent);
            own.extend(found.into_iter().filter(is_own).map(|point| point.id));
        }
        Ok(own)
    }
}

/// The request that writes these points.
fn upsert(collection: &NodeCollectionJson, input: InsertInput) -> Result<Upsert> {
    let InsertInput { ids, vectors, payloads } = input;
    let row_bytes = collection.dimension * size_of::<f32>();
    ensure!(
        row_bytes > 0 && vectors.len() == ids.len() * row_bytes,
        "expected {} bytes of vectors, received {}",
        ids.len() * row_bytes,
        vectors.len()
    );
    let mut payloads = payloads.into_iter();
    let rows = ids.into_iter().zip(vectors.chunks_exact(row_bytes));
    let points = rows.map(|(id, vector)| {
        let vector = bytes_to_floats(vector);
        let vector = match &collection.vector_name {
            None => VectorStruct::Plain(vector),
            Some(name) => VectorStruct::Named(vec![(name.clone(), vector)]),
        };
        let payload = payloads.next().flatten();
        let payload = payload.map(|text| serde_json::from_str(&text)).transpose();
        Ok(Point { id, vector, payload: payload.context("a payload is no JSON object")? })
    });
    let points = points.collect::<Result<_>>()?;
    Ok(Upsert { points: Some(points), batch: None, update_filter: None, update_mode: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_component_takes_no_more_characters_than_is_counted_for_it(x in proptest::num::f32::ANY) {
            let text = serde_json::to_string(&[x]).unwrap();
            // One bracket stands for the comma.
            prop_assert!(text.len() - 1 <= PORTION.component_bytes, "{}", text);
        }
    }

    #[test]
    fn a_portion_and_a_row_more_fit_into_a_body() {
        use crate::readers::Row;
        use rose_forest_rules::limits::{MAX_DIMENSION, MAX_PAYLOAD_BYTES, MAX_STRING_ID_BYTES};
        let id = PointId::text("\u{1}".repeat(MAX_STRING_ID_BYTES)).unwrap();
        let vector = vec![-1.175_494_4e-38_f32; MAX_DIMENSION];
        let payload = Some(format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_PAYLOAD_BYTES - 8)));
        let row = Row { place: 1, id, vector, payload };
        let weight = PORTION.weight(&row);
        let Row { id, vector, payload, .. } = row;
        let payload = payload.map(|text| serde_json::from_str(&text).unwrap());
        let written =
            serde_json::to_string(&Point { id, vector: VectorStruct::Plain(vector), payload }).unwrap();
        assert!(written.len() < weight, "{} of {weight}", written.len());
        assert!(PORTION.bytes + weight < limits::MAX_BODY_BYTES);
    }
}
