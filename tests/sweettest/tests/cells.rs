//! Seeing the cells, and the way of a search through them.

use rose_forest_api::{
    BulkInsertInput, CellName, CellsInput, CellsOutput, MAX_CELLS, PointId, SearchInput, SearchOutput, View,
    WriteOutput, bytes_to_floats, floats_to_bytes,
};
use rose_forest_sweettest::{Network, Node, Row, all_of_it, collection, row, rows, topic};
use std::collections::BTreeMap;

/// Rows enough for more cells than a search probes unless told otherwise.
const MANY: u64 = 6_000;
/// Axes enough for the cells to lie on different ones.
const WIDE: usize = 32;

async fn cells(node: &Node, after: Option<CellName>, limit: Option<u32>) -> CellsOutput {
    node.call("cells", CellsInput { after, limit }).await
}

async fn search(node: &Node, vector: &[f32], nprobe: Option<u32>, trace: bool) -> SearchOutput {
    let vector = floats_to_bytes(vector);
    node.call(
        "search",
        SearchInput { vector, k: 10, nprobe, trace, view: View::FULL, ..SearchInput::default() },
    )
    .await
}

/// A node with many rows in cells.
async fn settled(network: &Network) -> &Node {
    let node = &network.nodes[0];
    let input = BulkInsertInput::new(Row::input(&rows(WIDE, 0..MANY)), Some(Vec::new()));
    let _: WriteOutput = node.call("bulk_insert", input).await;
    node.settle(&all_of_it(0)).await;
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_cells_show_each_once_with_what_lies_in_it() {
    let network = Network::of(1, &collection(WIDE).await).await;
    let none = cells(&network.nodes[0], None, None).await;
    let nothing = CellsOutput {
        regions: Vec::new(),
        cells: Vec::new(),
        next: None,
        all_regions: 0,
        all_cells: 0,
        missing: 0,
    };
    assert_eq!(none, nothing);

    let node = settled(&network).await;
    let whole = cells(node, None, None).await;
    let info = node.info().await;
    assert_eq!((whole.all_regions, whole.all_cells), (info.regions, info.cells));
    assert_eq!((whole.regions.len(), whole.cells.len()), (info.regions as usize, info.cells as usize));
    assert_eq!((whole.next.as_ref(), whole.missing), (None, 0));
    let blocks = whole.regions.iter().map(|one| one.blocks).chain(whole.cells.iter().map(|one| one.blocks));
    assert_eq!(blocks.sum::<u32>(), info.settled_blocks);
    let inside = whole.regions.iter().map(|one| one.rows).chain(whole.cells.iter().map(|one| one.rows));
    assert_eq!(inside.sum::<u64>(), MANY);
    for cell in &whole.cells {
        assert_eq!(bytes_to_floats(&cell.vector).len(), WIDE);
        assert!(whole.regions.iter().any(|region| region.region == cell.region), "{:?}", cell.cell);
    }

    // Pages that end among the regions, at their end, and among the cells.
    for limit in [1, info.regions, 7] {
        let (mut regions, mut found, mut after) = (Vec::new(), Vec::new(), None);
        loop {
            let page = cells(node, after, Some(limit)).await;
            let on_page = page.regions.len() + page.cells.len();
            regions.extend(page.regions);
            found.extend(page.cells);
            after = page.next;
            if after.is_none() {
                break;
            }
            assert_eq!(on_page, limit as usize);
        }
        assert_eq!((&regions, &found), (&whole.regions, &whole.cells), "{limit} at a time");
    }
    for limit in [0, MAX_CELLS + 1] {
        let wrong = CellsInput { after: None, limit: Some(limit) };
        let refused = node.try_call::<_, CellsOutput>("cells", wrong).await.unwrap_err();
        assert!(refused.contains("1 to 512") && refused.contains(&format!("received {limit}")), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_tells_which_way_it_went() {
    let network = Network::of(1, &collection(WIDE).await).await;
    let node = settled(&network).await;
    let whole = cells(node, None, None).await;
    let centres: BTreeMap<_, _> =
        whole.cells.iter().map(|cell| (&cell.cell, bytes_to_floats(&cell.vector))).collect();
    let rows_in: BTreeMap<_, _> = whole.cells.iter().map(|cell| (&cell.cell, cell.rows)).collect();
    let query = topic(WIDE, 3, 3);
    for nprobe in [None, Some(1), Some(5)] {
        let plain = search(node, &query, nprobe, false).await;
        assert_eq!(plain.trace, None);
        let told = search(node, &query, nprobe, true).await;
        assert_eq!((&told.hits, &told.stats), (&plain.hits, &plain.stats), "telling it changes nothing");
        let (trace, stats) = (told.trace.unwrap(), told.stats);
        assert_eq!(trace.regions.len(), stats.regions_considered as usize);
        assert_eq!(trace.considered.len(), stats.cells_considered as usize);
        assert_eq!(trace.probed.len(), stats.cells_probed as usize);
        let read = trace.regions.iter().chain(&trace.probed);
        assert_eq!(read.clone().map(|one| one.rows).sum::<u64>(), stats.settled_rows);
        assert_eq!(read.clone().map(|one| one.blocks).sum::<u32>(), stats.settled_blocks);
        for probed in &trace.probed {
            assert!(trace.considered.contains(&probed.cell));
            assert_eq!(probed.rows, rows_in[&probed.cell]);
        }
        // The names are those of the centres that are shown: the nearest of those considered comes first.
        let near = |name: &CellName| -> f32 {
            let centre = &centres[name];
            let length = centre.iter().map(|x| x * x).sum::<f32>().sqrt();
            centre.iter().zip(&query).map(|(a, b)| a * b).sum::<f32>() / length
        };
        let nearest = trace.considered.iter().max_by(|a, b| near(a).total_cmp(&near(b))).unwrap();
        assert_eq!(&trace.probed[0].cell, nearest);
        assert!(trace.probed.is_sorted_by(|a, b| near(&a.cell) >= near(&b.cell)));
        assert_eq!(trace.hits.len(), told.hits.len());
        for cell in &trace.hits {
            assert!(read.clone().any(|one| Some(&one.cell) == cell.as_ref()));
        }
    }
    // A fresh point is in no cell.
    node.insert(&[row(WIDE, MANY, 3)]).await;
    let told = search(node, &topic(WIDE, 3, MANY), None, true).await;
    assert_eq!(told.hits[0].id, PointId::Int(MANY));
    let trace = told.trace.unwrap();
    assert_eq!(trace.hits[0], None);
    assert!(trace.hits[1..].iter().all(Option::is_some));
}
