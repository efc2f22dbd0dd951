//! Graphs as bytes.

use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;

pub(super) fn image(graph: &Graph) -> Vec<u8> {
    let mut out = Vec::new();
    graph.write_to(&mut out).unwrap();
    out
}

#[test]
fn a_graph_comes_back_as_it_was() {
    for encoding in [Encoding::F32, Encoding::F16, Encoding::Sq8] {
        let data = Data::new(ROWS, Distance::Euclid, encoding);
        let graph = data.graph(1);
        (0..300).for_each(|label| assert!(graph.remove(label)));
        graph.repair();
        (300..350).for_each(|label| assert!(graph.remove(label)));
        let bytes = image(&graph);
        let back = Graph::read_from(data.space, &bytes).unwrap();
        assert_eq!(image(&back), bytes);
        assert_eq!((back.len(), back.removed(), back.params()), (graph.len(), 50, graph.params()));
        for query in &data.queries {
            let search = |graph: &Graph| graph.search(query, 10, EF, None).unwrap();
            assert_eq!(search(&back), search(&graph));
        }
        // And it goes on.
        back.insert(0, data.code(0)).unwrap();
        assert_eq!(back.rows.read().len(), graph.rows.read().len(), "a free slot was used");
    }
}

#[test]
fn an_empty_graph_comes_back() {
    let data = Data::sq8(1);
    let graph = Graph::new(data.space, small()).unwrap();
    let back = Graph::read_from(data.space, &image(&graph)).unwrap();
    back.insert(4, data.code(0)).unwrap();
    assert_eq!(back.search(&data.queries[0], 1, 1, None).unwrap().len(), 1);
}

#[test]
fn an_image_written_beside_inserts_holds_the_rows_that_were_there() {
    let data = Data::sq8(ROWS);
    let graph = Graph::new(data.space, small()).unwrap();
    let labels: Vec<Label> = (0..ROWS as u32).collect();
    let half = ROWS / 2;
    let bytes = data.space.code_bytes();
    graph.extend(&labels[..half], &data.codes[..half * bytes], 2, &|_| ()).unwrap();
    let back = std::thread::scope(|scope| {
        scope.spawn(|| graph.extend(&labels[half..], &data.codes[half * bytes..], 1, &|_| ()).unwrap());
        Graph::read_from(data.space, &image(&graph)).unwrap()
    });
    assert!(back.len() >= half);
    assert!((0..half as u32).all(|label| back.contains(label)));
    assert!(back.labels().iter().all(|label| back.code(*label).unwrap() == data.code(*label)));
    assert!(data.recall(&back, EF) > 0.95);
}

#[test]
fn images_of_another_space_or_kind_are_refused() {
    let data = Data::sq8(50);
    let bytes = image(&data.graph(1));
    let other = Space { distance: Distance::Dot, ..data.space };
    assert!(matches!(Graph::read_from(other, &bytes), Err(ImageError::OtherSpace { .. })));
    let mut version = bytes.clone();
    version[7] = 9;
    assert!(matches!(Graph::read_from(data.space, &version), Err(ImageError::Magic { .. })));
    let longer = [&bytes[..], &[0]].concat();
    assert!(matches!(Graph::read_from(data.space, &longer), Err(ImageError::Length { .. })));
    // The first slot's label, now that of the second.
    let mut twice = bytes.clone();
    twice.copy_within(44..48, 40);
    assert!(matches!(Graph::read_from(data.space, &twice), Err(ImageError::LabelTwice { label: 1 })));
    // The first slot's first neighbour.
    let mut neighbour = bytes;
    let at = 40 + 50 * 6;
    neighbour[at..at + 4].copy_from_slice(&51u32.to_le_bytes());
    assert!(matches!(
        Graph::read_from(data.space, &neighbour),
        Err(ImageError::OutOfRange { received: 50, .. })
    ));
}

static SMALL: LazyLock<(Data, Vec<u8>)> = LazyLock::new(|| {
    let data = Data::sq8(700);
    let graph = data.graph(1);
    (0..60).for_each(|label| assert!(graph.remove(label)));
    graph.repair();
    graph.remove(100);
    let bytes = image(&graph);
    (data, bytes)
});

proptest! {
    #[test]
    fn a_part_of_an_image_is_refused(cut in 0.0f64..1.0) {
        let (data, bytes) = &*SMALL;
        let cut = (bytes.len() as f64 * cut) as usize;
        prop_assert!(Graph::read_from(data.space, &bytes[..cut]).is_err());
    }

    #[test]
    fn a_damaged_image_is_refused_or_can_be_used(
        damage in prop::collection::vec((0.0f64..1.0, any::<u8>(), any::<bool>()), 1..8)
    ) {
        let (data, bytes) = &*SMALL;
        let mut bytes = bytes.clone();
        for (place, byte, early) in damage {
            // Mostly in the head and the small arrays, where most can go wrong.
            let within = if early { 8 + 700 * 6 } else { bytes.len() };
            let place = (within as f64 * place) as usize;
            bytes[place] = byte;
        }
        if let Ok(graph) = Graph::read_from(data.space, &bytes) {
            for query in &data.queries[..3] {
                graph.search(query, 10, 10, None).unwrap();
            }
            let label = graph.labels().into_iter().max().unwrap_or(0).wrapping_add(1);
            if !graph.contains(label) {
                graph.insert(label, data.code(0)).unwrap();
            }
            graph.repair();
        }
    }
}
