//! Both kinds with the same rows.

use super::*;
use crate::{
    graph::{DEFAULT_EF_SEARCH, Graph, GraphParams},
    lists::Lists,
};
use proptest::prelude::*;
use rose_forest_core::{Distance, Encoding, Space, encode::encode_row, synthetic::Synthetic};
use rose_forest_rules::reference::{CellId, HASH_BYTES, HashRef};

const ROWS: u32 = 3_000;
const CELLS: u32 = 30;

/// The same rows in both kinds.
struct Both {
    graph: Graph,
    lists: Lists,
    codes: Vec<Vec<u8>>,
    _directory: tempfile::TempDir,
}

impl Both {
    fn new(space: Space, rows: u32, seed: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let graph = Graph::new(space, GraphParams { m: 8, ef_construction: 40, seed: 3 }).unwrap();
        let lists = Lists::create(directory.path(), [1; 32], space).unwrap();
        let vectors = Synthetic::new(seed, space.dimension).rows((rows + CELLS) as usize);
        let vectors: Vec<Vec<f32>> = vectors.rows().into_iter().map(|row| row.to_vec()).collect();
        let (centres, vectors) = vectors.split_at(CELLS as usize);
        let id = |index| CellId { founding: HashRef([7; HASH_BYTES]), index };
        lists.add_cells((0..).map(id).zip(centres.iter().cloned())).unwrap();
        let nearest = |vector: &[f32]| {
            let scores = centres.iter().map(|c| rose_forest_core::distance::score(space.distance, vector, c));
            scores.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0 as u32
        };
        let mut builder = lists.builder();
        let mut codes = Vec::new();
        for (label, vector) in (0..).zip(vectors) {
            let code = encode_row(space, vector).unwrap();
            graph.insert(label, &code).unwrap();
            builder.push(label, nearest(vector), &code).unwrap();
            codes.push(code);
        }
        lists.add(builder.finish().unwrap()).unwrap();
        Self { graph, lists, codes, _directory: directory }
    }

    fn kinds(&self) -> [&dyn VectorIndex; 2] {
        [&self.graph, &self.lists]
    }
}

struct Multiples(u32);

impl RowFilter for Multiples {
    fn allows(&self, label: Label) -> bool {
        label.is_multiple_of(self.0)
    }
    fn count(&self) -> usize {
        ROWS.div_ceil(self.0) as usize
    }
    fn for_each(&self, visit: &mut dyn FnMut(Label)) {
        (0..ROWS).step_by(self.0 as usize).for_each(visit);
    }
}

fn sq8() -> Space {
    Space { dimension: 24, distance: Distance::Cosine, encoding: Encoding::Sq8 }
}

fn queries(space: Space, count: usize) -> Vec<Query> {
    let queries = Synthetic::new(11, space.dimension).queries(count);
    queries.rows().into_iter().map(|row| Query::new(space, &row.to_vec()).unwrap()).collect()
}

proptest! {
    // Each case makes twelve lists, and syncs their files.
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn a_row_has_the_same_score_in_both_kinds_bit_by_bit(dimension in 1usize..70, seed in 0u64..100, of in 1u32..9) {
        for distance in [Distance::Cosine, Distance::Dot, Distance::Euclid, Distance::Manhattan] {
            for encoding in [Encoding::F32, Encoding::F16, Encoding::Sq8] {
                let space = Space { dimension, distance, encoding };
                let both = Both::new(space, 40, seed);
                // One row's own vector too: what is nearest scores as the others do.
                let mut own = vec![0.0; dimension];
                rose_forest_rules::code::decode_row(encoding, &both.codes[7], &mut own);
                let own = Query::new(space, &own);
                for query in queries(space, 2).into_iter().chain(own) {
                    for filter in [None, Some(&Multiples(of) as &dyn RowFilter)] {
                        let [graph, lists] = both.kinds().map(|kind| {
                            let hits = kind.nearest(&query, 40, Effort::Usual, filter).unwrap();
                            hits.iter().map(|hit| (hit.label, hit.score.to_bits())).collect::<Vec<_>>()
                        });
                        prop_assert!(!graph.is_empty());
                        prop_assert_eq!(&graph, &lists, "{:?}", space);
                        for (label, score) in graph {
                            let alone = query.score(&both.codes[label as usize]);
                            prop_assert_eq!(alone.to_bits(), score, "{:?}", space);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn both_kinds_hold_the_same_rows_until_they_are_removed() {
    let both = Both::new(sq8(), 300, 5);
    assert_eq!(both.kinds().map(VectorIndex::kind), ["graph", "lists"]);
    for kind in both.kinds() {
        assert!(kind.contains(17) && !kind.contains(300) && !kind.is_empty());
        assert_eq!(kind.code(17).as_ref(), Some(&both.codes[17]));
        assert_eq!(kind.remove_all(&[17, 18, 300]), 2);
        assert_eq!((kind.len(), kind.contains(17), kind.code(18)), (298, false, None));
        let mut labels = Vec::new();
        kind.for_each_label(&mut |label| labels.push(label));
        labels.sort_unstable();
        assert!(labels.into_iter().eq((0..300).filter(|label| *label != 17 && *label != 18)));
        assert!(kind.memory_bytes() > 0);
        let query = Query::new(sq8(), &[1.0; 24]).unwrap();
        let hits = kind.nearest(&query, 300, Effort::Usual, None).unwrap();
        assert_eq!(hits.len(), 298);
    }
}

/// The ten nearest rows that a filter allows, by scoring every code.
fn exact(codes: &[Vec<u8>], query: &Query, filter: Option<&dyn RowFilter>) -> Vec<Hit> {
    let rows = (0..).zip(codes).filter(|(label, _)| filter.is_none_or(|filter| filter.allows(*label)));
    let mut hits: Vec<_> = rows.map(|(label, code)| Hit { label, score: query.score(code) }).collect();
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.label.cmp(&b.label)));
    hits.truncate(10);
    hits
}

#[test]
fn more_effort_finds_more_and_every_row_is_exact() {
    let both = Both::new(sq8(), ROWS, 11);
    let queries = queries(sq8(), 40);
    for filter in [None, Some(&Multiples(2) as &dyn RowFilter)] {
        for kind in both.kinds() {
            let name = format!("{}, filtered: {}", kind.kind(), filter.is_some());
            let found = |effort| -> usize {
                let each = queries.iter().map(|query| {
                    let hits = kind.nearest(query, 10, effort, filter).unwrap();
                    exact(&both.codes, query, filter).iter().filter(|hit| hits.contains(hit)).count()
                });
                each.sum()
            };
            let by_candidates = [0, 12, 16, 24, 48, 96, DEFAULT_EF_SEARCH, 1_000, usize::MAX]
                .map(|candidates| found(Effort::Candidates(candidates)));
            assert!(by_candidates.is_sorted(), "{name}: {by_candidates:?}");
            let usual = found(Effort::Usual);
            assert!(by_candidates[0] < usual && usual >= 390, "{name}: {by_candidates:?}, {usual}");
            for query in &queries {
                let hits = kind.nearest(query, 10, Effort::Every, filter).unwrap();
                assert_eq!(hits, exact(&both.codes, query, filter), "{name}");
            }
        }
    }
}

#[test]
fn as_many_candidates_as_usual_are_the_usual_effort_for_any_number_of_rows() {
    let both = Both::new(sq8(), ROWS, 11);
    for kind in both.kinds() {
        for (k, candidates) in [(1, DEFAULT_EF_SEARCH), (10, DEFAULT_EF_SEARCH), (100, 200), (1_000, 2_000)] {
            for query in queries(sq8(), 4) {
                let [usual, said] = [Effort::Usual, Effort::Candidates(candidates)]
                    .map(|effort| kind.nearest(&query, k, effort, None).unwrap());
                assert_eq!(usual, said, "{}, {k}", kind.kind());
            }
        }
    }
}

#[test]
fn a_filter_leaves_k_results_in_both_kinds() {
    let both = Both::new(sq8(), ROWS, 11);
    for of in [2, 100, 1_000] {
        let filter = Multiples(of);
        for kind in both.kinds() {
            let (mut found, mut there) = (0, 0);
            for query in queries(sq8(), 20) {
                let exact = both.graph.search_exact(&query, 10, Some(&filter)).unwrap();
                let hits = kind.nearest(&query, 10, Effort::Usual, Some(&filter)).unwrap();
                assert_eq!(hits.len(), filter.count().min(10));
                found += exact.iter().filter(|hit| hits.contains(hit)).count();
                there += exact.len();
            }
            assert!(found * 100 >= there * 95, "{}, one in {of}: {found} of {there}", kind.kind());
        }
    }
}

#[test]
fn a_query_for_another_space_is_refused() {
    let both = Both::new(sq8(), 10, 1);
    let other = Space { distance: Distance::Dot, ..sq8() };
    let query = Query::new(other, &[1.0; 24]).unwrap();
    for kind in both.kinds() {
        let refused = kind.nearest(&query, 1, Effort::Usual, None).unwrap_err();
        assert_eq!(refused, OtherSpace { expected: sq8(), received: other });
    }
}
