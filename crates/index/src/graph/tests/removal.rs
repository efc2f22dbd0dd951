//! Rows that go.

use super::*;

#[test]
fn a_removed_row_is_never_returned_and_the_others_are_still_found() {
    let data = Data::sq8(ROWS);
    let graph = data.graph(1);
    for label in (0..ROWS as u32).filter(|label| label % 3 == 0) {
        assert!(graph.remove(label));
        assert!(!graph.remove(label));
        assert!(!graph.contains(label));
    }
    assert_eq!((graph.len(), graph.removed()), (2000, 1000));
    for query in &data.queries {
        let hits = graph.search(query, 10, EF, None).unwrap();
        assert!(hits.len() == 10 && hits.iter().all(|hit| hit.label % 3 != 0));
    }
    assert!(data.recall(&graph, EF) > 0.95);
}

#[test]
fn repairing_frees_slots_and_keeps_recall() {
    let data = Data::sq8(ROWS);
    let graph = data.graph(1);
    // A theme goes as a whole, and every fifth row elsewhere.
    let gone = |label: u32| label.is_multiple_of(5) || (1000..1800).contains(&label);
    (0..ROWS as u32).filter(|label| gone(*label)).for_each(|label| assert!(graph.remove(label)));
    assert!(graph.needs_repair());
    let repaired = graph.repair();
    assert_eq!(repaired.freed, (0..ROWS as u32).filter(|label| gone(*label)).count());
    assert!(repaired.relinked > 0 && !graph.needs_repair());
    assert_eq!(graph.removed(), 0);
    let recall = data.recall(&graph, EF);
    assert!(recall > 0.95, "{recall}");
    assert_eq!(lost(&graph), 0);
    let rows = graph.rows.read();
    for slot in (0..rows.len()).filter(|slot| rows.is_live(*slot)) {
        for level in 0..=rows.links.level(slot) {
            assert!(rows.links.neighbours(slot, level).all(|other| rows.is_live(other)));
        }
    }
}

#[test]
fn freed_slots_take_new_rows() {
    let data = Data::sq8(ROWS);
    let graph = data.graph(1);
    let slots = graph.rows.read().len();
    (0..1500).for_each(|label| assert!(graph.remove(label)));
    graph.repair();
    for label in 0..1500 {
        graph.insert(label + ROWS as u32, data.code(label)).unwrap();
    }
    assert_eq!((graph.rows.read().len(), graph.len()), (slots, ROWS));
    let recall = data.recall(&graph, EF);
    assert!(recall > 0.95, "{recall}");
    assert!(lost(&graph) <= 3);
}

#[test]
fn a_graph_whose_rows_have_all_gone_takes_others() {
    let data = Data::sq8(200);
    for repaired in [false, true] {
        let graph = data.graph(1);
        (0..200).for_each(|label| assert!(graph.remove(label)));
        assert!(graph.search(&data.queries[0], 5, 5, None).unwrap().is_empty());
        if repaired {
            assert_eq!(graph.repair().freed, 200);
        }
        for label in 200..400 {
            graph.insert(label, data.code(label - 200)).unwrap();
        }
        assert_eq!(graph.search(&data.queries[0], 5, 5, None).unwrap().len(), 5);
        assert_eq!(lost(&graph), 0, "repaired: {repaired}");
    }
}

#[test]
fn repairing_a_whole_graph_changes_nothing() {
    let data = Data::sq8(1000);
    let graph = data.graph(1);
    graph.repair();
    assert_eq!(graph.repair(), Repaired::default());
    assert_eq!(lost(&graph), 0);
}

#[test]
fn a_repair_that_is_stopped_frees_nothing_and_the_next_one_does() {
    let data = Data::sq8(ROWS);
    let graph = data.graph(1);
    (0..1500).for_each(|label| assert!(graph.remove(label)));
    let asked = std::cell::Cell::new(0);
    let stopped = graph.repair_until(&|| asked.replace(asked.get() + 1) == 30);
    assert_eq!((stopped.freed, stopped.found_again, graph.removed()), (0, 0, 1500));
    assert!(data.recall(&graph, EF) > 0.95);
    assert_eq!((graph.repair().freed, graph.free_slots(), lost(&graph)), (1500, 1500, 0));
}
