//! Searching rows that stay.

use super::*;
use crate::Hit;

#[test]
fn a_walk_finds_nearly_what_a_scan_finds_in_every_space() {
    for distance in [Distance::Cosine, Distance::Dot, Distance::Euclid, Distance::Manhattan] {
        for encoding in [Encoding::F32, Encoding::F16, Encoding::Sq8] {
            let data = Data::new(ROWS, distance, encoding);
            let graph = data.graph(1);
            assert!(!scan_is_cheaper(ROWS, ROWS, EF), "the walk is what is tested");
            let recall = data.recall(&graph, EF);
            assert!(recall > 0.95, "{distance:?} {encoding:?}: {recall}");
            assert!(lost(&graph) <= 3, "{distance:?} {encoding:?}: {} lost", lost(&graph));
        }
    }
}

#[test]
fn an_exact_search_gives_the_best_scores_in_order() {
    let data = Data::sq8(500);
    let graph = data.graph(1);
    for query in &data.queries {
        let mut expected: Vec<Hit> =
            (0..500).map(|label| Hit { label, score: query.score(data.code(label)) }).collect();
        expected.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.label.cmp(&b.label)));
        expected.truncate(7);
        assert_eq!(graph.search_exact(query, 7, None).unwrap(), expected);
    }
}

#[test]
fn more_candidates_find_more() {
    let data = Data::sq8(ROWS);
    let graph = data.graph(1);
    let (few, many) = (data.recall(&graph, 10), data.recall(&graph, 80));
    assert!(few < many && many > 0.99, "{few} {many}");
}

#[test]
fn the_same_rows_make_the_same_graph() {
    let data = Data::sq8(600);
    let image = |graph: &Graph| {
        let mut out = Vec::new();
        graph.write_to(&mut out).unwrap();
        out
    };
    assert_eq!(image(&data.graph(1)), image(&data.graph(1)));
}

#[test]
fn a_graph_without_rows_finds_nothing_and_with_few_rows_all_of_them() {
    let data = Data::sq8(3);
    let graph = Graph::new(data.space, GraphParams::default()).unwrap();
    let query = &data.queries[0];
    assert!(graph.is_empty());
    assert!(graph.search(query, 5, 10, None).unwrap().is_empty());
    for label in 0..3 {
        graph.insert(label, data.code(label)).unwrap();
        assert_eq!(graph.search(query, 5, 10, None).unwrap().len(), label as usize + 1);
    }
    assert!(graph.search(query, 0, 10, None).unwrap().is_empty());
    assert_eq!(graph.labels(), [0, 1, 2]);
    assert_eq!(graph.code(2).unwrap(), data.code(2));
    assert_eq!(graph.code(3), None);
}

#[test]
fn more_results_than_candidates_are_found_all_the_same() {
    let data = Data::sq8(ROWS);
    let hits = data.graph(1).search(&data.queries[0], 200, 1, None).unwrap();
    assert_eq!(hits.len(), 200);
    assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score && pair[0].label != pair[1].label));
}

#[test]
fn rows_that_are_all_the_same_are_all_found() {
    let data = Data::sq8(1);
    let graph = Graph::new(data.space, small()).unwrap();
    for label in 0..400 {
        graph.insert(label, data.code(0)).unwrap();
    }
    assert_eq!(lost(&graph), 0);
    assert_eq!(graph.search(&data.queries[0], 10, 10, None).unwrap().len(), 10);
}

#[test]
fn what_does_not_fit_is_refused() {
    let data = Data::sq8(2);
    let graph = data.graph(1);
    assert!(matches!(graph.insert(0, data.code(0)), Err(GraphError::LabelTaken { label: 0 })));
    assert!(matches!(graph.insert(9, &data.codes), Err(GraphError::CodeLength { .. })));
    assert!(matches!(graph.extend(&[9], &[], 1, &|_| ()), Err(GraphError::CodeLength { .. })));
    assert!(matches!(
        graph.extend(&[5, 5], &data.codes, 2, &|_| ()),
        Err(GraphError::LabelTaken { label: 5 })
    ));
    assert_eq!(graph.len(), 3, "the first of the two labels 5 was taken in");
    let other = Space { distance: Distance::Dot, ..data.space };
    let query = Query::new(other, &[1.0; DIMENSION]).unwrap();
    assert!(matches!(graph.search(&query, 1, 1, None), Err(crate::OtherSpace { .. })));
    let reserved = Space { encoding: Encoding::Pq, ..data.space };
    assert!(matches!(Graph::new(reserved, small()), Err(GraphError::Vector(_))));
    assert!(matches!(
        Graph::new(data.space, GraphParams { m: 1, ..small() }),
        Err(GraphError::Parameter { .. })
    ));
}

#[test]
fn memory_counts_codes_and_lists() {
    let data = Data::sq8(1000);
    // 24 components and a scale in 32 bytes, 16 neighbours of 4 bytes, label, state, layer, where upper lists are.
    let least = 1000 * (32 + 64 + 4 + 1 + 1 + 4);
    let bytes = data.graph(1).memory_bytes();
    assert!((least..2 * least).contains(&bytes), "{bytes} for at least {least}");
}
