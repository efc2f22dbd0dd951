//! Valid things to begin from: schemas, canonical codes, blocks.

use proptest::prelude::*;
use rose_forest_rules::{
    block::BlockBuilder,
    code,
    id::PointId,
    reference::{CellId, HASH_BYTES, HashRef},
    schema::{Distance, Encoding, Schema},
};

pub const DISTANCES: [Distance; 4] = [Distance::Cosine, Distance::Dot, Distance::Euclid, Distance::Manhattan];
pub const ENCODINGS: [Encoding; 3] = [Encoding::F32, Encoding::F16, Encoding::Sq8];

/// The time of the action in these tests, in microseconds.
pub const NOW: i64 = 1_800_000_000_000_000;

pub fn schema(dimension: usize, distance: Distance, encoding: Encoding) -> Schema {
    Schema::new("forest", dimension, distance, encoding).unwrap()
}

pub fn hash(n: u8) -> HashRef {
    HashRef([n; HASH_BYTES])
}

pub fn cell(n: u8, index: u16) -> CellId {
    CellId { founding: hash(n), index }
}

/// The canonical code of a vector: a plain quantizer that the fast ones of `core` may be held against.
pub fn encode(schema: &Schema, vector: &[f32]) -> Vec<u8> {
    let mut vector = vector.to_vec();
    if schema.distance == Distance::Cosine {
        let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        vector.iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
    }
    match schema.encoding {
        Encoding::F32 => vector.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Encoding::F16 => vector.iter().flat_map(|x| half::f16::from_f32(*x).to_le_bytes()).collect(),
        Encoding::Sq8 => {
            let largest = vector.iter().fold(0.0f32, |m, x| m.max(x.abs()));
            let codes: Vec<i8> = vector
                .iter()
                .map(|x| if largest == 0.0 { 0 } else { (x / largest * 127.0).round() as i8 })
                .collect();
            let scale = match schema.distance {
                Distance::Cosine => code::sq8_cosine_scale(codes.iter().copied()),
                Distance::Dot | Distance::Euclid | Distance::Manhattan => largest / 127.0,
            };
            codes.iter().map(|c| *c as u8).chain(scale.to_le_bytes()).collect()
        }
        Encoding::Pq | Encoding::Bit1 => unreachable!("reserved"),
    }
}

/// One row as it goes into a block.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: PointId,
    pub written_at_micros: i64,
    /// `None` for a tombstone.
    pub live: Option<(Vec<u8>, Vec<u8>)>,
}

/// What goes into a block.
#[derive(Clone, Debug)]
pub struct Parts {
    pub schema: Schema,
    pub cell: Option<CellId>,
    pub replaces: Vec<HashRef>,
    pub rows: Vec<Row>,
}

impl Parts {
    pub fn build(&self) -> Vec<u8> {
        let mut builder = BlockBuilder::new(&self.schema, self.cell);
        for block in &self.replaces {
            builder.replace(*block).unwrap();
        }
        for row in &self.rows {
            match &row.live {
                Some((code, payload)) => {
                    builder.push(&row.id, row.written_at_micros, code, payload).unwrap();
                }
                None => builder.push_tombstone(&row.id, row.written_at_micros).unwrap(),
            }
        }
        builder.finish().unwrap()
    }

    /// Rows in the order of the block.
    pub fn sorted(&self) -> Vec<Row> {
        let mut rows = self.rows.clone();
        rows.sort_by_key(|r| (r.live.is_none(), r.id.hash64(), r.id.clone()));
        rows
    }
}

/// Ids of the three kinds.
pub fn ids() -> impl Strategy<Value = PointId> {
    prop_oneof![
        any::<u64>().prop_map(PointId::Int),
        any::<[u8; 16]>()
            .prop_map(|b| PointId::text(uuid::Uuid::from_bytes(b).hyphenated().to_string()).unwrap()),
        "\\PC{1,40}".prop_map(|s| PointId::text(s).unwrap()),
    ]
}

pub fn schemas() -> impl Strategy<Value = Schema> {
    (1usize..20, prop::sample::select(&DISTANCES[..]), prop::sample::select(&ENCODINGS[..]))
        .prop_map(|(d, distance, encoding)| schema(d, distance, encoding))
}

/// Components that no encoding refuses, not all of them zero.
pub fn vectors(dimension: usize) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-1000.0f32..1000.0, dimension)
        .prop_filter("a direction", |v| v.iter().any(|x| x.abs() > 1e-3))
}

pub fn payloads() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(Vec::new()),
        ("\\PC{0,12}", any::<i32>(), "\\PC{0,60}").prop_map(|(key, number, text)| {
            let mut object = serde_json::Map::new();
            object.insert("n".into(), number.into());
            object.insert(key, text.into());
            serde_json::to_vec(&object).unwrap()
        }),
    ]
}

/// Whole blocks, settled and fresh.
pub fn blocks() -> impl Strategy<Value = Parts> {
    (schemas(), any::<bool>(), prop::collection::btree_set(any::<u8>(), 0..5)).prop_flat_map(
        |(schema, settled, replaces)| {
            let dimension = schema.dimension();
            let row = (ids(), 0..NOW, vectors(dimension), payloads(), any::<bool>());
            prop::collection::vec(row, 1..12).prop_map(move |rows| {
                let mut rows: Vec<Row> = rows
                    .into_iter()
                    .map(|(id, written_at_micros, vector, payload, dead)| {
                        let live = (!dead).then(|| (encode(&schema, &vector), payload));
                        Row { id, written_at_micros, live }
                    })
                    .collect();
                rows.sort_by(|a, b| a.id.cmp(&b.id));
                rows.dedup_by(|a, b| a.id == b.id);
                Parts {
                    schema: schema.clone(),
                    cell: settled.then(|| cell(7, 3)),
                    replaces: replaces.iter().map(|n| hash(*n)).collect(),
                    rows,
                }
            })
        },
    )
}
