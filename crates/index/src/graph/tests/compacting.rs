//! Memory that is given back.

use super::*;
use rose_forest_core::Encoding;

#[test]
fn compacting_gives_memory_back_and_changes_no_answer() {
    for encoding in [Encoding::Sq8, Encoding::F32] {
        let data = Data::new(ROWS, Distance::Cosine, encoding);
        let graph = data.graph(1);
        let all = graph.memory_bytes();
        (0..2000).for_each(|label| assert!(graph.remove(label)));
        graph.repair();
        // One more that is removed and routes.
        graph.remove(2999);
        let before: Vec<_> = data.queries.iter().map(|q| graph.search(q, 10, EF, None).unwrap()).collect();
        assert!(graph.memory_bytes() >= all, "removing alone gives nothing back");
        assert_eq!((graph.free_slots(), graph.compact().unwrap()), (2000, 2000));
        assert_eq!((graph.free_slots(), graph.compact().unwrap()), (0, 0));
        assert!(graph.memory_bytes() < all * 2 / 5, "{} of {all}", graph.memory_bytes());
        let after: Vec<_> = data.queries.iter().map(|q| graph.search(q, 10, EF, None).unwrap()).collect();
        assert_eq!(after, before);
        assert_eq!((graph.len(), graph.removed(), lost(&graph)), (999, 1, 0));
        for label in 2000..2999 {
            assert_eq!(graph.code(label).as_deref(), Some(data.code(label)));
        }
        assert!(!graph.contains(2999) && !graph.contains(17));
        // It grows again, and can be saved.
        for label in 0..2000 {
            graph.insert(label, data.code(label)).unwrap();
        }
        let mut bytes = Vec::new();
        graph.write_to(&mut bytes).unwrap();
        let graph = Graph::read_from(data.space, &bytes).unwrap();
        assert_eq!(graph.len(), 2999);
        assert!(data.recall(&graph, EF) > 0.95);
    }
}

#[test]
fn a_graph_without_rows_compacts_to_nothing() {
    let data = Data::sq8(300);
    let graph = data.graph(1);
    (0..300).for_each(|label| assert!(graph.remove(label)));
    graph.repair();
    assert_eq!(graph.compact().unwrap(), 300);
    assert!(graph.is_empty() && graph.memory_bytes() < 4096, "{}", graph.memory_bytes());
    assert!(graph.search(&data.queries[0], 5, 5, None).unwrap().is_empty());
    graph.insert(7, data.code(7)).unwrap();
    assert_eq!(graph.search(&data.queries[0], 5, 5, None).unwrap().len(), 1);
}
