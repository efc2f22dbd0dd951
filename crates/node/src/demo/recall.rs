//! How much of what an exact search finds the demo's searches find.

use super::senses::Senses;
use crate::control::Door;
use crate::requests::{Request, Searched};
use anyhow::{Result, ensure};
use rose_forest_api::PointId;
use rose_forest_core::Distance;
use rose_forest_core::distance::score;
use std::time::Instant;

const K: usize = 10;
/// Many queries have near ties: what is so close to the last place counts as found.
const TIE: f32 = 1e-4;

/// Searches by every shipped query, through the zome or in the index, and prints recall and timings.
pub(super) async fn measure(door: &Door, collection: &str, senses: &Senses, by_zome: bool) -> Result<()> {
    let queries = senses.queries().len();
    let (mut found, mut wanted, mut read) = (0, 0, 0);
    let mut times = Vec::with_capacity(queries);
    for query in senses.queries() {
        let begun = Instant::now();
        let input = rose_forest_api::SearchInput {
            vector: rose_forest_api::floats_to_bytes(query),
            k: K as u32,
            without_payload: true,
            ..rose_forest_api::SearchInput::default()
        };
        let request = Request::Search { collection: collection.to_owned(), by_zome, input, filter: None };
        let Searched { answer, from_memory, .. } = door.ask(request).await?;
        ensure!(from_memory != by_zome, "the search was to be answered by {}", who(by_zome));
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        read += answer.stats.settled_rows + answer.stats.fresh_rows;
        let worst = exact(senses, query, K).last().map_or(f32::NEG_INFINITY, |(_, score)| *score);
        let scores = scores(senses, query);
        wanted += K;
        found += answer
            .hits
            .iter()
            .filter(|hit| match &hit.id {
                PointId::Int(row) => usize::try_from(*row)
                    .ok()
                    .and_then(|row| scores.get(row))
                    .is_some_and(|s| *s >= worst - TIE),
                PointId::Text(_) => false,
            })
            .count();
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    let share = 100.0 * read as f64 / (queries * senses.count()) as f64;
    say!(
        "   by {}: recall@{K} against exact search {:.3}; a search takes {:.2} ms (median; 99th percentile {:.2} ms){}",
        who(by_zome),
        found as f64 / wanted.max(1) as f64,
        at(0.5),
        at(0.99),
        if by_zome { format!(" and reads {share:.0} % of the rows") } else { String::new() }
    );
    Ok(())
}

fn who(by_zome: bool) -> &'static str {
    if by_zome { "the zome" } else { "the index in memory" }
}

/// The cosine of every sense with a query. The shipped vectors have unit length within what f16 can say.
pub(super) fn scores(senses: &Senses, query: &[f32]) -> Vec<f32> {
    senses.vectors().map(|vector| score(Distance::Cosine, vector, query)).collect()
}

/// The best senses by exact search, best first.
pub(super) fn exact(senses: &Senses, query: &[f32], k: usize) -> Vec<(usize, f32)> {
    let mut all: Vec<_> = scores(senses, query).into_iter().enumerate().collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all.truncate(k);
    all
}
