//! Loads many synthetic rows and says what it costs: rows a second, file, memory, reopening, filters.
//!
//!     cargo run --release -p rose-forest-store --example load -- [rows, a million] [int or uuid] [cache in MiB]
//!
//! Ids are integers in order, or with `uuid` random UUIDs, which are the harder case: their keys lie all over the tree.

use rose_forest_rules::{id::PointId, reference::HashRef};
use rose_forest_store::{Content, FieldKind, Filter, IncomingBlock, IncomingRow, Options, Store, StoreError};
use std::{ops::Range, time::Instant};

const BLOCK_ROWS: u64 = 1_000;
/// Blocks that are taken in together.
const BATCH_BLOCKS: u64 = 50;
const CODE_BYTES: usize = 384;

fn main() -> Result<(), StoreError> {
    let mut arguments = std::env::args().skip(1);
    let rows: u64 = arguments.next().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let with_uuids = arguments.next().is_some_and(|kind| kind == "uuid");
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.redb");
    let mut options = Options::new("load");
    if let Some(megabytes) = arguments.next().and_then(|megabytes| megabytes.parse::<usize>().ok()) {
        options.cache_bytes = megabytes << 20;
    }

    let store = Store::open(&path, options.clone())?;
    let started = Instant::now();
    for first in (0..rows).step_by((BLOCK_ROWS * BATCH_BLOCKS) as usize) {
        load(&store, first..rows.min(first + BLOCK_ROWS * BATCH_BLOCKS), with_uuids)?;
    }
    store.sync()?;
    let seconds = started.elapsed().as_secs_f64();
    println!("load: {rows} rows in {seconds:.1} s, {:.0} rows/s", rows as f64 / seconds);
    println!("file: {} MB", std::fs::metadata(&path)?.len() / 1_000_000);
    memory("after loading");

    time("ten hits by label, of random ones", 1_000, || {
        let snapshot = store.snapshot()?;
        let labels: Vec<u32> = (0..10)
            .map(|n| random(n + started.elapsed().as_nanos() as u64) % rows)
            .map(|n| n as u32)
            .collect();
        Ok(snapshot.rows(&labels)?.iter().flatten().count())
    })?;

    let scan = if rows > 100_000 { 3 } else { 20 };
    filters(&store, "no index", scan)?;
    for (key, kind) in [
        ("category", FieldKind::Keyword),
        ("year", FieldKind::Integer),
        ("price", FieldKind::Float),
        ("text", FieldKind::Text),
    ] {
        let started = Instant::now();
        let path = key.parse().map_err(std::io::Error::other)?;
        store.create_field_index(&path, kind)?;
        store.finish_field_index(&path, |_| true)?;
        println!("index of {key} ({kind:?}): built in {:.1} s", started.elapsed().as_secs_f64());
    }
    println!("file: {} MB", std::fs::metadata(&path)?.len() / 1_000_000);
    filters(&store, "indexes", 100)?;
    memory("with indexes");

    let started = Instant::now();
    for first in (rows..rows + 50_000).step_by((BLOCK_ROWS * BATCH_BLOCKS) as usize) {
        load(&store, first..first + BLOCK_ROWS * BATCH_BLOCKS, with_uuids)?;
    }
    store.sync()?;
    println!("50,000 more rows with four indexes: {:.0} rows/s", 50_000.0 / started.elapsed().as_secs_f64());

    let started = Instant::now();
    drop(store);
    println!("close: {:.0} ms", started.elapsed().as_secs_f64() * 1e3);
    for verify in [false, true] {
        let started = Instant::now();
        let store = Store::open(&path, Options { verify, ..options.clone() })?;
        let opened = started.elapsed();
        let first = store.snapshot()?.rows(&[1, 2, 3])?.len();
        println!(
            "reopen, verify {verify}: {:.0} ms, {first} rows after {:.0} ms",
            opened.as_secs_f64() * 1e3,
            started.elapsed().as_secs_f64() * 1e3
        );
    }
    memory("at the end");
    Ok(())
}

/// Takes in rows with these numbers, in one batch.
fn load(store: &Store, rows: Range<u64>, with_uuids: bool) -> Result<(), StoreError> {
    let code = [7; CODE_BYTES];
    let mut batch = store.begin()?;
    for block in rows.clone().step_by(BLOCK_ROWS as usize) {
        let numbers = block..rows.end.min(block + BLOCK_ROWS);
        let ids: Vec<_> = numbers.clone().map(|number| id(number, with_uuids)).collect();
        let payloads: Vec<_> = numbers.map(payload).collect();
        let row = |(id, payload)| {
            let payload: &String = payload;
            let content = Some(Content { code: &code, payload: Some(payload.as_bytes()) });
            IncomingRow { id, written_at_micros: block as i64, content }
        };
        batch.apply(&IncomingBlock {
            action: action(block),
            action_micros: block as i64,
            author: HashRef([(block / BLOCK_ROWS % 3) as u8; 39]),
            cell: None,
            confirmed: true,
            rows: ids.iter().zip(&payloads).map(row).collect(),
        })?;
    }
    batch.set_cursor("links", &rows.end.to_le_bytes())?;
    batch.commit()
}

/// Filters of several kinds and shares.
fn filters(store: &Store, with: &str, times: u32) -> Result<(), StoreError> {
    for (what, filter) in [
        ("one category, 0.1 %", r#"{"must": {"key": "category", "match": {"value": "kind-7"}}}"#),
        (
            "all categories but one, 99.9 %",
            r#"{"must_not": {"key": "category", "match": {"value": "kind-7"}}}"#,
        ),
        ("range of prices, 0.1 %", r#"{"must": {"key": "price", "range": {"gte": 500, "lt": 600}}}"#),
        ("range of prices, 50 %", r#"{"must": {"key": "price", "range": {"gte": 50000}}}"#),
        (
            "years and prices, 0.05 %",
            r#"{"must": [{"key": "year", "range": {"gte": 1990, "lt": 2000}},
            {"key": "price", "range": {"lt": 400}}]}"#,
        ),
        ("a word of the text, one row", r#"{"must": {"key": "text", "match": {"text": "row 4711"}}}"#),
    ] {
        let filter: Filter = serde_json::from_str(filter).map_err(std::io::Error::other)?;
        time(
            &format!("{with}: {what}"),
            times,
            || Ok(store.snapshot()?.evaluate(&filter)?.count() as usize),
        )?;
    }
    Ok(())
}

fn time(
    what: &str,
    times: u32,
    mut run: impl FnMut() -> Result<usize, StoreError>,
) -> Result<(), StoreError> {
    let mut found = 0;
    let mut all: Vec<f64> = Vec::new();
    for _ in 0..times {
        let started = Instant::now();
        found = run()?;
        all.push(started.elapsed().as_secs_f64() * 1e3);
    }
    all.sort_by(f64::total_cmp);
    let at = |share: f64| all[((all.len() - 1) as f64 * share) as usize];
    println!("{what}: {found} found, median {:.3} ms, p99 {:.3} ms", at(0.5), at(0.99));
    Ok(())
}

/// Resident memory of this process, where the system tells.
fn memory(when: &str) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for name in ["VmRSS:", "VmHWM:"] {
        if let Some(line) = status.lines().find(|line| line.starts_with(name)) {
            println!("memory {when}: {line}");
        }
    }
}

/// A number that looks random (SplitMix64; Steele et al. 2014).
fn random(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

fn action(block: u64) -> HashRef {
    let mut action = HashRef([0; 39]);
    action.0[..8].copy_from_slice(&random(block).to_le_bytes());
    action
}

fn id(number: u64, with_uuids: bool) -> PointId {
    if !with_uuids {
        return PointId::Int(number);
    }
    let text = format!("{:016x}{:016x}", random(number), random(!number));
    // 32 digits are a UUID.
    PointId::text(text).unwrap_or(PointId::Int(number))
}

fn payload(number: u64) -> String {
    let bucket = random(number) % 1_000;
    format!(
        r#"{{"category":"kind-{bucket}","year":{},"price":{}.5,"text":"words of row {number} and some more"}}"#,
        1950 + number % 75,
        random(number) % 100_000
    )
}
