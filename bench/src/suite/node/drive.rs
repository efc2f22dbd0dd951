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
    seconds: f64,
    searches: Times,
    writes: Times,
    rows: usize,
    late: usize,
    pause: Duration,
}

/// Writes these rows at a steady pace, as long as there are any, and searches meanwhile as fast as clients can.
pub async fn drive(node: &Running, data: &Data, rows: Range<usize>, options: &Options) -> Result<Driven> {
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
        node.insert(data, start..(start + WRITE_ROWS).min(rows.end), false).await?;
        writes.since(sent);
        written += WRITE_ROWS;
    }
    let seconds = begun.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    let (mut searches, mut pause) = (Times::default(), Duration::ZERO);
    for client in clients {
        let (times, longest) = client.await??;
        searches.append(times);
        pause = pause.max(longest);
    }
    Ok(Driven { seconds, searches, writes, rows: written, late, pause })
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
        let what = format!(
            "searches a second, {CLIENTS} clients, while {} rows a second are written",
            short(self.rows as f64 / self.seconds)
        );
        section.aim(&what, Target::Least(1_000.0), a_second, "");
        section.tell("search meanwhile", self.searches.shown());
        section.tell("the longest that a search took", format!("{} ms", short(ms(self.pause))));
        section.tell(
            &format!("write of {WRITE_ROWS} rows meanwhile, until searches see it"),
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
