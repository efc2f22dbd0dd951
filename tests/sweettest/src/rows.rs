//! Points to insert.

use rose_forest_api::{InsertInput, Point, PointId, floats_to_bytes};

/// A point to insert.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its id.
    pub id: PointId,
    /// Its vector.
    pub vector: Vec<f32>,
    /// Its payload as JSON text.
    pub payload: Option<String>,
}

impl Row {
    /// The input that inserts these.
    pub fn input(rows: &[Self]) -> InsertInput {
        InsertInput {
            ids: rows.iter().map(|row| row.id.clone()).collect(),
            vectors: rows.iter().flat_map(|row| floats_to_bytes(&row.vector)).collect(),
            payloads: rows.iter().map(|row| row.payload.clone()).collect(),
        }
    }
}

/// A unit vector that lies near axis `topic`; `variant` turns it a little, each one elsewhere.
pub fn topic(dimension: usize, topic: usize, variant: u64) -> Vec<f32> {
    // A splitmix step for every component: the same numbers everywhere.
    let noise = |component: usize| {
        let mut z = variant.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(component as u64 + 1);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z >> 40) as f32 / (1 << 24) as f32 - 0.5) * 0.3
    };
    let mut vector: Vec<f32> = (0..dimension).map(noise).collect();
    vector[topic % dimension] += 1.0;
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|x| *x /= length);
    vector
}

/// The point `id` near axis `axis`, with a payload that names both.
pub fn row(dimension: usize, id: u64, axis: usize) -> Row {
    Row {
        id: PointId::Int(id),
        vector: topic(dimension, axis, id),
        payload: Some(format!(r#"{{"id":{id},"topic":{axis}}}"#)),
    }
}

/// The points with these ids, spread over all axes.
pub fn rows(dimension: usize, ids: std::ops::Range<u64>) -> Vec<Row> {
    ids.map(|id| row(dimension, id, id as usize % dimension)).collect()
}

/// Points in the order of their ids and authors, for comparing what two peers have.
pub fn by_id(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|a, b| (&a.id, &a.author).cmp(&(&b.id, &b.author)));
    points
}
