//! Searching among some of the rows, wherever they lie.

use super::super::{
    Limits, Whose,
    tests::{self, D, author, cell, open_with, schema},
};
use super::*;
use crate::SignedBlock;
use rose_forest_api::PointId;
use rose_forest_core::{Space, encode::encode_row, synthetic::Synthetic};
use rose_forest_index::kernel::Query;
use rose_forest_rules::block::BlockBuilder;
use rose_forest_store::{Condition, FieldCondition, FieldKind, Match, MatchValue};

const ROWS: usize = 12_000;
const OF_A_BLOCK: usize = 2_000;

/// Rows of which one half lies in the graph and one in the lists; what they score is known.
struct Fixture {
    _dir: tempfile::TempDir,
    index: LocalIndex,
    codes: Vec<Vec<u8>>,
    queries: Vec<Vec<f32>>,
}

impl Fixture {
    fn new(count: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (index, _) = open_with(dir.path(), Limits { memory_bytes: 0, age: None });
        let (schema, synthetic) = (schema(), Synthetic::new(3, D));
        let space = Space::from(&schema);
        let centres = synthetic.rows(16);
        let centres: Vec<_> = centres.rows().into_iter().map(|row| row.to_vec()).collect();
        index.add_cells((0..).map(cell).zip(centres.iter().cloned())).unwrap();
        let vectors = synthetic.rows(count);
        let vectors: Vec<_> = vectors.rows().into_iter().map(|row| row.to_vec()).collect();
        let codes: Vec<_> = vectors.iter().map(|vector| encode_row(space, vector).unwrap()).collect();
        // Every other row goes to the nearest cell; the others stay fresh.
        let nearest = |row: usize| {
            let score =
                |centre: &Vec<f32>| rose_forest_core::distance::score(space.distance, centre, &vectors[row]);
            let scores = centres.iter().map(score).enumerate();
            scores.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0 as u16
        };
        let mut blocks = std::collections::BTreeMap::<_, Vec<usize>>::new();
        for row in 0..count {
            let place = (row / 2 % 2 == 0).then(|| nearest(row));
            let part = if place.is_none() { row / OF_A_BLOCK } else { 0 };
            blocks.entry((place, part)).or_default().push(row);
        }
        let ids: Vec<_> = (0..count as u64).map(PointId::Int).collect();
        let payloads: Vec<_> = (0..count)
            .map(|row| {
                format!(
                    r#"{{"half":{},"hundredth":{},"thousandth":{},"one":1}}"#,
                    row % 2,
                    row % 100,
                    row % 1_000
                )
            })
            .collect();
        for (number, ((place, _), rows)) in (1..).zip(&blocks) {
            let mut builder = BlockBuilder::new(&schema, place.map(cell));
            for row in rows {
                builder.push(&ids[*row], 1, &codes[*row], payloads[*row].as_bytes()).unwrap();
            }
            let bytes = builder.finish().unwrap();
            let block =
                SignedBlock { author: author(1), action: tests::action(number), timestamp_micros: 1, bytes };
            index.take_in(&[block], true, None).unwrap();
        }
        let moved = index.move_settled(0, &|| false).unwrap().rows;
        assert_eq!((moved, index.report().unwrap().in_graph), (count / 2, count as u64 / 2));
        let queries = synthetic.queries(10).rows().into_iter().map(|row| row.to_vec()).collect();
        Self { _dir: dir, index, codes, queries }
    }

    /// The ids of the ten nearest rows that a rule allows.
    fn exact(&self, query: &[f32], allows: impl Fn(usize) -> bool) -> Vec<u64> {
        let query = Query::new(Space::from(&schema()), query).unwrap();
        let mut rows: Vec<_> = (0..self.codes.len()).filter(|row| allows(*row)).collect();
        rows.sort_by(|a, b| query.score(&self.codes[*b]).total_cmp(&query.score(&self.codes[*a])));
        rows.into_iter().take(10).map(|row| row as u64).collect()
    }

    fn search(&self, query: &[f32], filter: Option<&Filter>) -> Vec<u64> {
        let input = SearchInput { vector: floats_to_bytes(query), k: 10, ..SearchInput::default() };
        let hits = self.index.search(&input, filter).unwrap().hits;
        let ids = hits.into_iter().map(|hit| match hit.id {
            PointId::Int(id) => id,
            other => panic!("no id of ours: {other:?}"),
        });
        ids.collect()
    }
}

fn must(condition: Condition) -> Filter {
    Filter { must: vec![condition], ..Filter::default() }
}

/// Whose field has this value.
fn is(field: &str, value: usize) -> Filter {
    let matches = Some(Match::Value(MatchValue::Integer(value as i64)));
    must(Condition::Field(Box::new(FieldCondition {
        matches,
        ..FieldCondition::new(field.parse().unwrap())
    })))
}

fn has_id(ids: &[u64]) -> Filter {
    must(Condition::HasId { has_id: ids.iter().copied().map(PointId::Int).collect() })
}

#[test]
fn a_filter_leaves_the_nearest_of_what_it_allows() {
    let fixture = Fixture::new(ROWS);
    let check = |name: &str| {
        for (field, one_in) in [("one", 1), ("half", 2), ("hundredth", 100), ("thousandth", 1_000)] {
            let value = if one_in == 1 { 1 } else { one_in - 1 };
            let filter = is(field, value);
            let allows = |row: usize| one_in == 1 || row % one_in == value;
            let mut found = 0;
            for query in &fixture.queries {
                let hits = fixture.search(query, Some(&filter));
                assert!(
                    hits.len() == 10 && hits.iter().all(|id| allows(*id as usize)),
                    "{name} {field}: {hits:?}"
                );
                found += fixture.exact(query, allows).iter().filter(|id| hits.contains(id)).count();
            }
            assert!(found >= 97, "{name}, one in {one_in}: {found} of 100");
        }
        // Some of both, none at all, and what is only on one side.
        let query = &fixture.queries[0];
        let few = has_id(&[1, 2, 3, 4, 5, 99_999]);
        let mut hits = fixture.search(query, Some(&few));
        hits.sort_unstable();
        assert_eq!(hits, [1, 2, 3, 4, 5], "{name}");
        assert!(fixture.search(query, Some(&is("half", 2))).is_empty(), "{name}");
        assert!(fixture.search(query, Some(&has_id(&[]))).is_empty(), "{name}");
        assert_eq!(fixture.search(query, Some(&Filter::default())), fixture.search(query, None), "{name}");
    };
    check("without indexes");
    for field in ["one", "half", "hundredth", "thousandth"] {
        let path = field.parse().unwrap();
        fixture.index.store.create_field_index(&path, FieldKind::Integer).unwrap();
        while !fixture.index.store.build_field_index(&path, 5_000).unwrap().is_done() {}
    }
    check("with indexes");
}

#[test]
fn more_candidates_find_more_in_both_together_and_every_row_is_exact() {
    let fixture = Fixture::new(4_000);
    let reader = fixture.index.reader().unwrap();
    for one_in in [1, 2] {
        let allowed = (one_in > 1).then(|| reader.rows_of(&Whose::Everyones, Some(&is("half", 1))).unwrap());
        let near = |query: &[f32], effort| -> Vec<u64> {
            let near = reader.nearest(query, 10, effort, allowed.as_ref(), None).unwrap();
            let labels: Vec<_> = near.iter().map(|near| near.label).collect();
            let rows = reader.rows(&labels).unwrap().into_iter().flatten();
            rows.map(|row| if let PointId::Int(id) = row.id { id } else { panic!("{:?}", row.id) }).collect()
        };
        let exact = |query| fixture.exact(query, |row| one_in == 1 || row % 2 == 1);
        let found = |effort| -> usize {
            let each = fixture.queries.iter().map(|query| {
                let hits = near(query, effort);
                exact(query).iter().filter(|id| hits.contains(id)).count()
            });
            each.sum()
        };
        let by_candidates = [1, 24, 48, 96, 192, 2_000].map(|ef| found(Effort::Candidates(ef)));
        assert!(by_candidates.is_sorted() && by_candidates[0] < 97, "one in {one_in}: {by_candidates:?}");
        assert!(found(Effort::Usual) >= 97, "one in {one_in}");
        for query in &fixture.queries {
            assert_eq!(near(query, Effort::Every), exact(query), "one in {one_in}");
        }
    }
}
