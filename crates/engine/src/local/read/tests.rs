use super::*;
use crate::{
    SignedBlock,
    local::{
        Limits,
        tests::{author, block, block_in, cells, open, open_with, vector},
    },
};
use proptest::prelude::*;
use rose_forest_core::distance::score;
use std::collections::BTreeMap;

fn id(row: &Row) -> u64 {
    match &row.id {
        PointId::Int(id) => *id,
        PointId::Text(id) => panic!("{id:?}"),
    }
}

#[test]
fn one_point_stands_for_each_id_in_searches_counts_and_pages() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    let blocks: Vec<SignedBlock> = vec![
        block(1, 1, &[(1, Ok(10)), (2, Ok(10))]),
        block(2, 2, &[(1, Ok(20)), (3, Ok(20))]),
        block(3, 3, &[(1, Ok(15)), (2, Ok(5))]),
    ];
    index.take_in(&blocks, true, None).unwrap();
    let seen = |index: &LocalIndex, whose: &Whose| {
        let reader = index.reader().unwrap();
        let allowed = reader.allowed(whose, None).unwrap();
        let page = reader.scroll(&Start::First, 100, allowed.as_ref()).unwrap().rows;
        let mut found = reader.nearest(&vector(1, 20), 100, Effort::Usual, allowed.as_ref(), None).unwrap();
        found.sort_by_key(|near| near.label);
        let mut labels: Vec<_> = page.iter().map(|row| row.label).collect();
        labels.sort_unstable();
        assert_eq!(found.iter().map(|near| near.label).collect::<Vec<_>>(), labels);
        assert_eq!(reader.count(whose, None).unwrap(), page.len() as u64);
        assert_eq!(reader.rows_of(whose, None).unwrap().iter().collect::<Vec<_>>(), labels);
        page.iter().map(|row| (id(row), row.written_at_micros)).collect::<Vec<_>>()
    };
    assert_eq!(seen(&index, &Whose::OneEach), [(1, 20), (2, 10), (3, 20)]);
    assert!(index.set_own_author(&author(3)).unwrap());
    assert_eq!(seen(&index, &Whose::OneEach), [(1, 15), (2, 5), (3, 20)]);
    assert_eq!(seen(&index, &Whose::Of(author(1))), [(1, 10), (2, 10)]);
    assert_eq!(seen(&index, &Whose::Everyones).len(), 6);
    let reader = index.reader().unwrap();
    let ids = [1, 4, 3].map(PointId::Int);
    let times = |whose: &Whose| {
        let rows = reader.get(whose, &ids).unwrap();
        rows.iter().map(|row| row.as_ref().map(|row| row.written_at_micros)).collect::<Vec<_>>()
    };
    assert_eq!(times(&Whose::OneEach), [Some(15), None, Some(20)]);
    assert_eq!(times(&Whose::Of(author(2))), [Some(20), None, Some(20)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn searches_and_scores_agree_with_comparing_every_vector(
        rows in prop::collection::btree_map((1u64..40, 1u8..4), 1u64..6, 1..40),
        filter in prop::option::of(prop::collection::vec(1u64..40, 0..20)),
        own in prop::option::of(1u8..4),
        k in 1usize..12,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (index, _) = open(dir.path());
        let mut newest = BTreeMap::new();
        for ((id, by), version) in &rows {
            let known = newest.entry(*id).or_insert((*by, *version));
            let rank = |(by, version): (u8, u64)| (Some(by) == own, version, author(200) > author(by), std::cmp::Reverse(author(by)));
            if rank((*by, *version)) > rank(*known) {
                *known = (*by, *version);
            }
        }
        let all: Vec<_> = rows.iter().enumerate().map(|(number, ((id, by), version))| {
            block(*by, number as u8 + 1, &[(*id, Ok(*version))])
        }).collect();
        index.take_in(&all, true, None).unwrap();
        if let Some(own) = own {
            index.set_own_author(&author(own)).unwrap();
        }
        let wanted: Option<Filter> = filter.as_ref().map(|ids| {
            serde_json::from_value(serde_json::json!({"must": {"has_id": ids}})).unwrap()
        });
        let reader = index.reader().unwrap();
        let allowed = reader.allowed(&Whose::OneEach, wanted.as_ref()).unwrap();
        let query = vector(99, 7);
        let found = reader.nearest(&query, k, Effort::Usual, allowed.as_ref(), None).unwrap();
        let mut expected: Vec<_> = newest
            .iter()
            .filter(|(id, _)| filter.as_ref().is_none_or(|ids| ids.contains(id)))
            .map(|(id, (_, version))| (score(reader.schema().distance, &query, &vector(*id, *version)), *id))
            .collect();
        expected.sort_by(|a, b| b.0.total_cmp(&a.0));
        prop_assert_eq!(found.len(), expected.len().min(k));
        for (near, (score, _)) in found.iter().zip(&expected) {
            // Half a step of sq8 in each of 24 components.
            prop_assert!((near.score - score).abs() < 0.02, "{} {}", near.score, score);
        }
        let rows = reader.rows_of(&Whose::OneEach, wanted.as_ref()).unwrap();
        let mut scored = BTreeMap::new();
        reader.scores(&[&query, &vector(1, 1)], &rows, |label, scores| drop(scored.insert(label, scores.to_vec()))).unwrap();
        prop_assert_eq!(scored.len(), expected.len());
        for near in &found {
            prop_assert_eq!(scored[&near.label][0], near.score);
        }
    }
}

#[test]
fn rows_on_disk_are_read_as_those_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open_with(dir.path(), Limits { memory_bytes: 0, age: None });
    let settled: Vec<_> = (1..=20).map(|id| (id, Ok(10))).collect();
    index.take_in(&[block_in(Some(0), 1, 1, &settled), block(1, 2, &[(21, Ok(10))])], true, None).unwrap();
    let asked = |index: &LocalIndex| {
        let reader = index.reader().unwrap();
        let rows = reader.rows_of(&Whose::OneEach, None).unwrap();
        let some: RoaringBitmap = rows.iter().step_by(3).collect();
        let mut scores = Vec::new();
        reader.scores(&[&vector(3, 10)], &rows, |label, score| scores.push((label, score.to_vec()))).unwrap();
        let vectors: Vec<_> = rows.iter().map(|label| reader.vector_of(label)).collect();
        assert!(vectors.iter().all(Option::is_some) && scores.len() == 21);
        let near = |allowed| reader.nearest(&vector(3, 10), 9, Effort::Usual, allowed, None).unwrap();
        (near(None), near(Some(&some)), scores, vectors)
    };
    let before = asked(&index);
    index.add_cells(cells(0..3)).unwrap();
    index.move_settled(1_000_000, &|| false).unwrap();
    let report = index.report().unwrap();
    assert_eq!((report.in_graph, report.in_lists), (1, 20));
    assert_eq!(asked(&index), before);
}
