//! Many threads at once.

use super::*;
use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

#[test]
fn several_threads_build_a_graph_as_good_as_one_does() {
    let data = Data::sq8(ROWS);
    let most = AtomicUsize::new(0);
    let graph = Graph::new(data.space, small()).unwrap();
    let labels: Vec<Label> = (0..ROWS as u32).collect();
    let progress = |done| {
        most.fetch_max(done, Ordering::Relaxed);
    };
    graph.extend(&labels, &data.codes, 4, &progress).unwrap();
    assert_eq!((graph.len(), most.into_inner()), (ROWS, ROWS));
    let (one, four) = (data.recall(&data.graph(1), EF), data.recall(&graph, EF));
    assert!(four > one - 0.02, "{four} against {one}");
    assert!(lost(&graph) <= 3, "{} lost", lost(&graph));
}

/// What happens when the thread that put a row down is held up before it links it.
#[test]
fn a_row_that_is_linked_late_keeps_those_that_were_linked_to_it() {
    let data = Data::sq8(9);
    let graph = Graph::new(data.space, small()).unwrap();
    let slots: Vec<u32> =
        (0..9).map(|label| graph.rows.write().put(3, label, data.code(label)).unwrap()).collect();
    slots[1..].iter().for_each(|slot| graph.link(*slot));
    let list = || graph.rows.read().links.neighbours(slots[0], 0).collect::<HashSet<u32>>();
    let before = list();
    assert!(before.len() > 1);
    graph.link(slots[0]);
    assert!(list().is_superset(&before), "{before:?} became {:?}", list());
    assert_eq!(lost(&graph), 0);
}

/// Threads that insert, remove, search, repair, compact and write images all at once; then everything is in place.
#[test]
fn nothing_is_lost_or_doubled_when_all_happens_at_once() {
    let data = Data::sq8(ROWS);
    let graph = Graph::new(data.space, small()).unwrap();
    let inserters = 3;
    let done = AtomicUsize::new(0);
    let all_done = || done.load(Ordering::Relaxed) == inserters;
    let (removed, compacted) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for thread in 0..inserters as u32 {
            let (graph, data, done) = (&graph, &data, &done);
            scope.spawn(move || {
                for label in (0..ROWS as u32).filter(|label| label % 3 == thread) {
                    graph.insert(label, data.code(label)).unwrap();
                    // Every fourth goes again, and comes back under another label.
                    if label.is_multiple_of(4) {
                        assert!(graph.remove(label));
                        graph.insert(label + 1_000_000, data.code(label)).unwrap();
                    }
                }
                done.fetch_add(1, Ordering::Relaxed);
            });
        }
        scope.spawn(|| {
            while !all_done() {
                if graph.needs_repair() {
                    graph.repair();
                    removed.store(true, Ordering::Relaxed);
                    compacted.fetch_add(graph.compact().unwrap(), Ordering::Relaxed);
                }
            }
        });
        scope.spawn(|| {
            while !all_done() {
                let mut bytes = Vec::new();
                graph.write_to(&mut bytes).unwrap();
                Graph::read_from(data.space, &bytes).unwrap();
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                while !all_done() {
                    for query in &data.queries {
                        let hits = graph.search(query, 10, 20, None).unwrap();
                        let labels: HashSet<Label> = hits.iter().map(|hit| hit.label).collect();
                        assert_eq!(labels.len(), hits.len(), "a label twice");
                        for hit in hits {
                            let row = if hit.label >= 1_000_000 { hit.label - 1_000_000 } else { hit.label };
                            assert_eq!(hit.score, query.score(data.code(row)), "another row's score");
                        }
                    }
                }
            });
        }
    });
    assert_eq!(graph.len(), ROWS);
    let expected = |label: u32| if label.is_multiple_of(4) { label + 1_000_000 } else { label };
    let mut labels = graph.labels();
    labels.sort_unstable();
    let mut all: Vec<Label> = (0..ROWS as u32).map(expected).collect();
    all.sort_unstable();
    assert_eq!(labels, all);
    let (one, here) = (data.recall(&data.graph(1), EF), data.recall(&graph, EF));
    assert!(here > one - 0.02, "{here} against {one}");
    graph.repair();
    assert_eq!(lost(&graph), 0);
    assert!(removed.into_inner() && compacted.into_inner() > 0, "slots were given back");
}
