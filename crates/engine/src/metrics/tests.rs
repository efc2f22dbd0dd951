//! What is written down is what the format allows, and what was counted.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A page of OpenMetrics text, read by the rules of the format.
#[derive(Debug, Default)]
struct Page {
    /// Kind, unit and help of each metric.
    metrics: BTreeMap<String, (String, Option<String>, String)>,
    /// Each sample's value, by its name and labels as they are written.
    samples: BTreeMap<String, f64>,
}

impl Page {
    fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut metric = String::new();
        let body = text.strip_suffix("# EOF\n").expect("ends with its mark");
        for line in body.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                let (what, rest) = comment.split_once(' ').unwrap();
                let (name, value) = rest.split_once(' ').unwrap();
                match what {
                    "HELP" => {
                        name.clone_into(&mut metric);
                        let known =
                            page.metrics.insert(metric.clone(), (String::new(), None, value.to_owned()));
                        assert!(known.is_none(), "{name} comes twice");
                    }
                    "TYPE" => value.clone_into(&mut page.metrics.get_mut(name).unwrap().0),
                    "UNIT" => {
                        assert!(name.ends_with(&format!("_{value}")), "{name} ends with its unit {value}");
                        page.metrics.get_mut(name).unwrap().1 = Some(value.to_owned());
                    }
                    other => panic!("no such comment: {other}"),
                }
                assert_eq!(name, metric, "what is said of a metric stands together");
                continue;
            }
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            let suffix = name.strip_prefix(&metric).unwrap_or_else(|| panic!("{name} under {metric}"));
            let allowed: &[&str] = match page.metrics[&metric].0.as_str() {
                "counter" => &["_total"],
                "gauge" => &[""],
                "histogram" => &["_bucket", "_sum", "_count"],
                "info" => &["_info"],
                kind => panic!("no such kind: {kind}"),
            };
            assert!(allowed.contains(&suffix), "{name} of a {}", page.metrics[&metric].0);
            let known = page.samples.insert(series.to_owned(), value.parse().unwrap());
            assert!(known.is_none(), "{series} comes twice");
        }
        page
    }

    /// The value of a sample of the collection "notes", with further labels.
    fn notes(&self, name: &str, more: &str) -> f64 {
        let series = format!("rose_forest_{name}{{collection=\"notes\"{more}}}");
        *self.samples.get(&series).unwrap_or_else(|| panic!("no {series} in {:#?}", self.samples))
    }
}

fn some() -> Metrics {
    let metrics = Metrics::new("1.2.3");
    let notes = metrics.collection("notes");
    notes.inserted(7);
    notes.inserted(2);
    notes.deleted(3);
    notes.refused_write(RefusedBy::QueueFull);
    notes.searched(Duration::from_micros(300), AnsweredBy::Memory);
    notes.searched(Duration::from_secs(100), AnsweredBy::Memory);
    notes.searched(Duration::from_millis(30), AnsweredBy::Zome);
    notes.scanned(900);
    notes.probed(28);
    notes.peer_blocks(5, PeerBlock::NoRoom);
    notes.insert_took(Duration::from_millis(8), Until::Log);
    notes.insert_took(Duration::from_millis(800), Until::Chain);
    notes.committed(10_000);
    notes.wal_synced(Duration::from_millis(2));
    notes.set_sync_lag(Duration::from_millis(1_500));
    notes.set_queue(4, 4_096);
    notes.set_index(&IndexSizes {
        memory_rows: 1,
        disk_rows: 2,
        missing_rows: 3,
        memory_bytes: 4,
        disk_bytes: 5,
    });
    notes.set_chain_actions(150);
    notes.set_peers(6, Peer::Unreachable);
    metrics
}

#[test]
fn what_was_counted_is_written_down_under_its_name_and_labels() {
    let page = Page::read(&some().encode());
    for (name, more, expected) in [
        ("inserts_total", "", 9.0),
        ("deletes_total", "", 3.0),
        ("refused_writes_total", ",reason=\"queue_full\"", 1.0),
        ("refused_writes_total", ",reason=\"chain\"", 0.0),
        ("searches_total", ",answered_by=\"memory\"", 2.0),
        ("searches_total", ",answered_by=\"zome\"", 1.0),
        ("peer_blocks_total", ",outcome=\"no_room\"", 5.0),
        ("peer_blocks_total", ",outcome=\"taken\"", 0.0),
        ("search_seconds_count", "", 3.0),
        ("insert_seconds_count", ",until=\"log\"", 1.0),
        ("insert_seconds_sum", ",until=\"chain\"", 0.8),
        ("candidates_scanned_sum", "", 900.0),
        ("cells_probed_sum", "", 28.0),
        ("commit_rows_sum", "", 10_000.0),
        ("wal_sync_seconds_sum", "", 0.002),
        ("sync_lag_seconds", "", 1.5),
        ("queue_bytes", "", 4_096.0),
        ("queue_writes", "", 4.0),
        ("index_rows", ",place=\"memory\"", 1.0),
        ("index_rows", ",place=\"disk\"", 2.0),
        ("index_rows", ",place=\"missing\"", 3.0),
        ("index_bytes", ",place=\"memory\"", 4.0),
        ("index_bytes", ",place=\"disk\"", 5.0),
        ("chain_actions", "", 150.0),
        ("peers", ",state=\"unreachable\"", 6.0),
    ] {
        assert_eq!(page.notes(name, more), expected, "{name}{more}");
    }
    assert!(page.samples.keys().any(|name| {
        name.starts_with("rose_forest_build_info{version=\"1.2.3\",os=\"") && name.contains(",arch=\"")
    }));
}

#[test]
fn every_metric_says_what_it_is_and_its_unit_is_in_its_name() {
    let page = Page::read(&some().encode());
    for (name, (kind, unit, help)) in &page.metrics {
        assert!(name.starts_with("rose_forest_"), "{name}");
        assert!(help.ends_with('.') && !help.ends_with("..") && help.len() > 15, "{name}: {help}");
        for ending in ["seconds", "bytes"] {
            assert_eq!(name.ends_with(ending), unit.as_deref() == Some(ending), "{name}");
        }
        if kind != "info" {
            assert!(
                page.samples.keys().any(|series| series.starts_with(name.as_str())),
                "{name} has samples"
            );
        }
    }
}

#[test]
fn buckets_ascend_and_the_last_holds_all() {
    let page = Page::read(&some().encode());
    let histograms: BTreeSet<_> =
        page.metrics.iter().filter(|(_, (kind, ..))| kind == "histogram").map(|(name, _)| name).collect();
    assert_eq!(histograms.len(), 6);
    for name in histograms {
        let mut of_labels = BTreeMap::<String, Vec<(f64, f64)>>::new();
        for (series, value) in &page.samples {
            let Some(labels) = series.strip_prefix(&format!("{name}_bucket{{")) else { continue };
            let (bound, labels) = labels.strip_suffix('}').unwrap().split_once(',').unwrap();
            let bound = bound.strip_prefix("le=\"").unwrap().strip_suffix('"').unwrap();
            let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().unwrap() };
            of_labels.entry(labels.to_owned()).or_default().push((bound, *value));
        }
        assert!(!of_labels.is_empty());
        for (labels, mut buckets) in of_labels {
            buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert!(buckets.len() > 8, "{name}: {buckets:?}");
            assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name}: {buckets:?}");
            let (last, all) = *buckets.last().unwrap();
            assert_eq!((last, all), (f64::INFINITY, page.samples[&format!("{name}_count{{{labels}}}")]));
        }
    }
    let below = |bound: &str| {
        page.samples[&format!("rose_forest_search_seconds_bucket{{le=\"{bound}\",collection=\"notes\"}}")]
    };
    assert_eq!((below("0.00025"), below("0.0005"), below("0.05"), below("10.0")), (0.0, 1.0, 2.0, 2.0));
}

#[test]
fn a_collection_that_is_left_is_gone_and_the_others_are_not() {
    let metrics = some();
    metrics.collection("images").inserted(1);
    let held = metrics.collection("notes");
    assert!(metrics.remove("notes") && !metrics.remove("notes"));
    held.inserted(1);
    let text = metrics.encode();
    assert!(
        !text.contains("\"notes\"") && text.contains("rose_forest_inserts_total{collection=\"images\"} 1")
    );
    Page::read(&text);
    // Joined again, it begins at zero.
    metrics.collection("notes");
    assert_eq!(Page::read(&metrics.encode()).notes("inserts_total", ""), 0.0);
    metrics.remove("notes");
    metrics.remove("images");
    assert_eq!(Page::read(&metrics.encode()).metrics.len(), 1, "build info alone");
}

#[test]
fn handles_of_one_name_count_together_and_any_name_can_be_written() {
    let metrics = Metrics::new("1");
    let name = "a \"quoted\\name\"\nof two lines";
    metrics.collection(name).deleted(1);
    metrics.collection(name).clone().deleted(1);
    let text = metrics.encode();
    assert!(
        text.contains(r#"rose_forest_deletes_total{collection="a \"quoted\\name\"\nof two lines"} 2"#),
        "{text}"
    );
    Page::read(&text);
}
