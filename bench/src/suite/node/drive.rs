//! Searches and writes at once.

use super::{DRIVEN_ROWS_A_SECOND, Running};
use crate::{
    data::Data,
    numbers::{Times, grouped, ms, short},
    report::{Section, Target},
    suite::Options,
};
use anyhow::Result;
use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Rows of one write.
const WRITE_ROWS: usize = 100;
/// Clients that search at the same time.
const CLIENTS: usize = 2;

/// What was measured.
pub struct Driven {
    /// Until the last row was found.
    seconds: f64,
    /// From the last write until then.
    behind: Duration,
    searches: Times,
    writes: Times,
    rows: usize,
    late: usize,
    pause: Duration,
}

/// Writes these rows at a steady pace, as long as there are any, and searches meanwhile as fast as clients can, until all of
/// them are found. A write is acknowledged when it is in the log of writes: what waits there goes to the chain together.
pub async fn drive(node: &Running, data: &Data, rows: Range<usize>, options: &Options) -> Result<Driven> {
    let points = node.index().await?.points as usize;
    let stop = Arc::new(AtomicBool::new(false));
    let queries: Arc<Vec<Vec<u8>>> = Arc::new((0..data.queries.nrows()).map(|q| data.query(q)).collect());
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| tokio::spawn(search(node.clone(), queries.clone(), client, stop.clone())))
        .collect();
    let begun = Instant::now();
    let pace = Duration::from_secs_f64(WRITE_ROWS as f64 / DRIVEN_ROWS_A_SECOND as f64);
    let (mut writes, mut written, mut late) = (Times::default(), 0, 0);
    for (number, start) in rows.clone().step_by(WRITE_ROWS).enumerate() {
        if begun.elapsed() > Duration::from_secs(options.seconds) {
            break;
        }
        let due = begun + pace * number as u32;
        match due.checked_duration_since(Instant::now()) {
            Some(early) => tokio::time::sleep(early).await,
            None => late += 1,
        }
        let sent = Instant::now();
        let end = (start + WRITE_ROWS).min(rows.end);
        node.log(data, start..end).await?;
        writes.since(sent);
        written += end - start;
    }
    let last = Instant::now();
    node.until_indexed(points + written).await?;
    let (seconds, behind) = (begun.elapsed().as_secs_f64(), last.elapsed());
    stop.store(true, Ordering::Relaxed);
    let (mut searches, mut pause) = (Times::default(), Duration::ZERO);
    for client in clients {
        let (times, longest) = client.await??;
        searches.append(times);
        pause = pause.max(longest);
    }
    Ok(Driven { seconds, behind, searches, writes, rows: written, late, pause })
}

/// Searches until told to stop. The longest pause is the longest time in which this client got no answer.
async fn search(
    node: Running,
    queries: Arc<Vec<Vec<u8>>>,
    client: usize,
    stop: Arc<AtomicBool>,
) -> Result<(Times, Duration)> {
    let (mut times, mut longest) = (Times::default(), Duration::ZERO);
    for query in queries.iter().cycle().skip(client * queries.len() / CLIENTS) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let begun = Instant::now();
        node.search(query).await?;
        let took = begun.elapsed();
        times.push(took);
        longest = longest.max(took);
    }
    Ok((times, longest))
}

impl Driven {
    /// Puts it into the report.
    pub fn tell(&self, section: &mut Section) {
        let a_second = self.searches.len() as f64 / self.seconds;
        let rate = self.rows as f64 / self.seconds;
        // Less a batch: the last one is not waited for by the next.
        let wanted = DRIVEN_ROWS_A_SECOND as f64 * 0.98;
        section.aim("rows written a second, until the last is found", Target::Least(wanted), rate, "");
        let behind = self.behind.as_secs_f64();
        section.tell("from the last write until then", format!("{} s", short(behind)));
        let what =
            format!("searches a second, {CLIENTS} clients, while {} rows a second are written", short(rate));
        section.aim(&what, Target::Least(1_000.0), a_second, "");
        section.tell("search meanwhile", self.searches.shown());
        section.tell("the longest that a search took", format!("{} ms", short(ms(self.pause))));
        section.tell(
            &format!("write of {WRITE_ROWS} rows meanwhile, until it is in the log"),
            self.writes.shown(),
        );
        section.note(format!(
            "{} rows were written in {} s in batches of {WRITE_ROWS}; {} of {} batches began later than their pace asked.",
            grouped(self.rows as i64),
            short(self.seconds),
            self.late,
            self.writes.len()
        ));
    }
}
