//! Rows that are put down first and linked later.

use super::{images::image, *};

/// A graph whose last rows wait.
fn with_waiting(data: &Data, linked: u32) -> Graph {
    let graph = Graph::new(data.space, small()).unwrap();
    let labels: Vec<Label> = (0..data.len()).collect();
    let (first, last) = labels.split_at(linked as usize);
    let (codes, waiting) = data.codes.split_at(linked as usize * data.space.code_bytes());
    graph.extend(first, codes, 1, &|_| ()).unwrap();
    graph.put_down(last, waiting).unwrap();
    graph
}

/// How many of the queries' nearest ten, of rows from `first` on, a search finds: as many as there are.
fn finds_all_from(data: &Data, graph: &Graph, first: Label) {
    let mut some = false;
    for query in &data.queries {
        let exact = graph.search_exact(query, 10, None).unwrap();
        let hits = graph.search(query, 10, EF, None).unwrap();
        for hit in exact.iter().filter(|hit| hit.label >= first) {
            assert!(hits.contains(hit), "{hit:?} is not in {hits:?}");
            some = true;
        }
    }
    assert!(some);
}

#[test]
fn rows_that_wait_are_found_and_later_linked() {
    let data = Data::sq8(ROWS);
    let first = ROWS as u32 - 500;
    let graph = with_waiting(&data, first);
    assert_eq!((graph.len(), graph.waiting(), lost(&graph)), (ROWS, 500, 500));
    assert!(graph.contains(first) && graph.code(first).as_deref() == Some(data.code(first)));
    finds_all_from(&data, &graph, first);

    assert_eq!([graph.link_waiting(64), graph.waiting()], [64, 436]);
    finds_all_from(&data, &graph, first);
    while graph.link_waiting(64) > 0 {}
    assert_eq!([graph.waiting(), graph.link_waiting(64)], [0, 0]);
    assert!(lost(&graph) <= 3, "{} lost", lost(&graph));
    let (late, at_once) = (data.recall(&graph, EF), data.recall(&data.graph(1), EF));
    assert!(late > at_once - 0.02, "{late} against {at_once}");
}

#[test]
fn a_graph_may_begin_with_rows_that_wait() {
    let data = Data::sq8(ROWS);
    let graph = with_waiting(&data, 0);
    assert_eq!(data.recall(&graph, EF), 1.0);
    graph.link_waiting(ROWS - 1);
    graph.link_waiting(1);
    assert!(lost(&graph) <= 3, "{} lost", lost(&graph));
    assert!(data.recall(&graph, EF) > data.recall(&data.graph(1), EF) - 0.02);
}

#[test]
fn a_filter_holds_for_rows_that_wait() {
    let data = Data::sq8(ROWS);
    let first = ROWS as u32 - 500;
    let graph = with_waiting(&data, first);
    struct Odd;
    impl crate::RowFilter for Odd {
        fn allows(&self, label: Label) -> bool {
            label % 2 == 1
        }
        fn count(&self) -> usize {
            ROWS / 2
        }
        fn for_each(&self, visit: &mut dyn FnMut(Label)) {
            (1..ROWS as u32).step_by(2).for_each(visit);
        }
    }
    let mut of_waiting = 0;
    for query in &data.queries {
        // So few candidates that the graph is walked.
        let hits = graph.search(query, 10, 10, Some(&Odd)).unwrap();
        assert!(hits.len() == 10 && hits.iter().all(|hit| hit.label % 2 == 1));
        of_waiting += hits.iter().filter(|hit| hit.label >= first).count();
    }
    assert!(of_waiting > 0);
}

#[test]
fn removal_repair_compaction_and_images_know_rows_that_wait() {
    let data = Data::sq8(ROWS);
    let first = ROWS as u32 - 500;
    let graph = with_waiting(&data, first);
    // A quarter of all, of those that wait too.
    let gone: Vec<Label> = (0..ROWS as u32).filter(|label| label % 4 == 0).collect();
    assert_eq!(graph.remove_all(&gone), gone.len());
    assert_eq!(graph.waiting(), 375);
    graph.repair();
    assert!(graph.compact().unwrap() > 0);
    assert_eq!((graph.waiting(), graph.len()), (375, ROWS - gone.len()));
    finds_all_from(&data, &graph, first);

    let mut bytes = Vec::new();
    graph.write_to(&mut bytes).unwrap();
    let graph = Graph::read_from(data.space, &bytes).unwrap();
    assert_eq!(graph.waiting(), 375);
    finds_all_from(&data, &graph, first);
    while graph.link_waiting(100) > 0 {}
    assert!(lost(&graph) <= 3, "{} lost", lost(&graph));
}

/// Half-linked rows in an image would be found by nobody where it is read.
#[test]
fn an_image_written_while_rows_are_linked_is_of_one_moment() {
    const AT_ONCE: usize = 10;
    let data = Data::sq8(ROWS);
    let (graph, same) = (with_waiting(&data, ROWS as u32 - 1000), with_waiting(&data, ROWS as u32 - 1000));
    std::thread::scope(|scope| {
        scope.spawn(|| while graph.link_waiting(AT_ONCE) > 0 {});
        while graph.waiting() > 0 {
            let written = image(&graph);
            let later = graph.waiting();
            while image(&same) != written {
                assert!(same.waiting() > later, "an image that the graph never was");
                same.link_waiting(AT_ONCE);
            }
        }
    });
}

/// Where searches begin, there have to be links.
#[test]
fn a_search_never_begins_at_a_row_that_waits_where_others_do_not() {
    let data = Data::sq8(ROWS);
    let graph = with_waiting(&data, 1000);
    for _ in 0..20 {
        let entry = graph.rows.read().entry.unwrap();
        let label = graph.rows.read().label(entry);
        assert!(graph.rows.read().is_linked(entry));
        graph.remove(label);
        graph.repair();
    }
}

#[test]
fn rows_are_put_down_linked_and_removed_at_once() {
    let data = Data::sq8(ROWS);
    let graph = Graph::new(data.space, small()).unwrap();
    let bytes = data.space.code_bytes();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for (at, codes) in data.codes.chunks(100 * bytes).enumerate() {
                let labels: Vec<Label> = (0..).skip(at * 100).take(codes.len() / bytes).collect();
                graph.put_down(&labels, codes).unwrap();
                let gone: Vec<Label> = labels.iter().copied().filter(|label| label % 5 == 0).collect();
                assert_eq!(graph.remove_all(&gone), gone.len());
                if at % 5 == 0 {
                    graph.repair();
                    graph.compact().unwrap();
                }
            }
            done.store(true, Ordering::Release);
        });
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                graph.link_waiting(16);
            }
        });
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                for query in &data.queries {
                    let hits = graph.search(query, 10, EF, None).unwrap();
                    let mut labels: Vec<Label> = hits.iter().map(|hit| hit.label).collect();
                    labels.sort_unstable();
                    labels.dedup();
                    assert_eq!(labels.len(), hits.len(), "a row twice");
                }
            }
        });
    });
    while graph.link_waiting(100) > 0 {}
    assert_eq!(graph.len(), ROWS - ROWS / 5);
    assert!(graph.labels().iter().all(|label| label % 5 != 0));
    graph.repair();
    assert!(lost(&graph) <= 3, "{} lost", lost(&graph));
    assert!(data.recall(&graph, EF) > 0.9, "{}", data.recall(&graph, EF));
}
