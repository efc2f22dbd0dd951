//! Loading a data set in bulk, and searching it.

use crate::{
    data::{Data, K},
    dna::collection,
    numbers::{Times, grouped, ms, processor_seconds, short},
    report::{Section, Target},
    site::Site,
    suite::Options,
};
use anyhow::{Result, ensure};
use rose_forest_api::{CollectionInfo, Encoding, InsertInput, MAX_NPROBE, WriteOutput};
use std::time::{Duration, Instant};

/// Inserts of one row that are timed: with two actions each, the chain stays below 100.
const SINGLE_INSERTS: usize = 40;

/// See [`super::Suite::Wordnet`].
pub async fn wordnet(options: &Options) -> Result<Section> {
    let data = Data::wordnet(options.wordnet.as_deref())?;
    let mut section = Section::new(data.name.clone());
    single_inserts(&data, &mut section).await?;
    let loaded = Loaded::new(&data).await?;
    loaded.tell(&mut section, Target::Most(150.0));
    let usual = search(&loaded.site, 0, &data, None, options).await?;
    section.aim("recall@10, zome search, sq8, default nprobe", Target::Least(0.95), usual.recall, "");
    section.aim("share of the settled rows read for it", Target::Most(30.0), 100.0 * usual.read, "%");
    let all = search(&loaded.site, 0, &data, Some(MAX_NPROBE), options).await?;
    section.aim("recall@10, every cell probed", Target::Least(0.99), all.recall, "");
    section.aim("zome search, local, default nprobe, median", Target::Most(40.0), usual.times.median(), "ms");
    usual.tell("default nprobe", &mut section);
    all.tell("every cell probed", &mut section);
    if loaded.rows < 20_000 {
        section.note("The targets are for 20,000 rows: name their folder with `--wordnet`.");
    }
    loaded.site.stop().await?;
    Ok(section)
}

/// See [`super::Suite::Synthetic`].
pub async fn synthetic(options: &Options) -> Result<Section> {
    let small = Data::synthetic(20_000);
    let loaded = Loaded::new(&small).await?;
    let before = search(&loaded.site, 0, &small, None, options).await?;
    loaded.site.stop().await?;
    drop(small);

    let data = Data::synthetic(100_000);
    let mut section = Section::new(data.name.clone());
    let loaded = Loaded::new(&data).await?;
    loaded.tell(&mut section, Target::Most(80.0));
    let usual = search(&loaded.site, 0, &data, None, options).await?;
    section.aim("recall@10, zome search, sq8, default nprobe", Target::Least(0.95), usual.recall, "");
    section.aim("share of the settled rows read for it", Target::Most(15.0), 100.0 * usual.read, "%");
    section.aim("zome search, local, default nprobe, median", Target::Most(80.0), usual.times.median(), "ms");
    section.aim(
        "cost of a search at 100,000 rows, by that at 20,000 of the same kind",
        Target::Most(2.5),
        usual.times.median() / before.times.median(),
        "",
    );
    usual.tell("default nprobe", &mut section);
    before.tell("20,000 rows, default nprobe", &mut section);
    let few = Options { few: Some(options.at_most(50)), ..options.clone() };
    let all = search(&loaded.site, 0, &data, Some(MAX_NPROBE), &few).await?;
    section.tell("recall@10, every cell probed", short(all.recall));
    all.tell("every cell probed", &mut section);
    loaded.site.stop().await?;
    Ok(section)
}

async fn single_inserts(data: &Data, section: &mut Section) -> Result<()> {
    let site = Site::alone(&collection(Encoding::Sq8).await?, 1).await?;
    site.info(0).await?;
    let mut times = Times::default();
    for row in 0..SINGLE_INSERTS {
        let input = data.input(row..row + 1);
        let start = Instant::now();
        let _: WriteOutput = site.call(0, "insert", input).await?;
        times.since(start);
    }
    let chain = site.info(0).await?.chain_length;
    section.aim(
        "single insert, median, chain shorter than 100 actions",
        Target::Most(15.0),
        times.median(),
        "ms",
    );
    section.tell("single insert, and the chain after it", format!("{}, {chain} actions", times.shown()));
    site.stop().await
}

/// A collection that was loaded in bulk by one author.
pub struct Loaded {
    /// Its conductor.
    pub site: Site,
    /// What it looks like.
    pub info: CollectionInfo,
    /// Rows.
    pub rows: usize,
    /// The call of `bulk_insert`.
    pub insert: Duration,
    /// The calls of `settle`.
    pub settle: Duration,
    /// How many there were.
    pub settle_calls: usize,
    /// Actions written.
    pub actions: u32,
    /// Seconds of processor time for both.
    pub processor: f64,
    /// From then on until the conductor had nothing left to do.
    pub quiet: Duration,
}

impl Loaded {
    /// Loads everything with one call, and settles.
    pub async fn new(data: &Data) -> Result<Self> {
        let site = Site::alone(&collection(Encoding::Sq8).await?, 1).await?;
        let before = site.info(0).await?.chain_length;
        let rows = data.rows.nrows();
        let input: InsertInput = data.input(0..rows);
        eprintln!("  loading {rows} rows");
        let busy = processor_seconds();
        let start = Instant::now();
        let _: WriteOutput = site.call(0, "bulk_insert", input).await?;
        let insert = start.elapsed();
        let start = Instant::now();
        let settle_calls = site.settle(0).await?.len();
        let settle = start.elapsed();
        let processor = processor_seconds() - busy;
        let quiet = site.quiet().await?;
        let info = site.info(0).await?;
        ensure!(info.settled_rows == rows as u64, "expected {rows} settled rows, received {info:?}");
        let actions = info.chain_length - before;
        Ok(Self { site, info, rows, insert, settle, settle_calls, actions, processor, quiet })
    }

    fn tell(&self, section: &mut Section, actions: Target) {
        let speed = self.rows as f64 / (self.insert + self.settle).as_secs_f64();
        section.aim(
            "bulk insert through the zome, conductor included",
            Target::Least(10_000.0),
            speed,
            "vectors/s",
        );
        let each = f64::from(self.actions) * 10_000.0 / self.rows as f64;
        section.aim("actions for each 10,000 vectors", actions, each, "");
        section.tell(
            "bulk insert: the call; its settling; until the conductor has integrated all; processor time",
            format!(
                "{} ms; {} ms in {} calls; {} ms; {} s",
                short(ms(self.insert)),
                short(ms(self.settle)),
                self.settle_calls,
                short(ms(self.quiet)),
                short(self.processor)
            ),
        );
        section.tell(
            "regions, cells, blocks",
            format!("{}, {}, {}", self.info.regions, self.info.cells, self.info.settled_blocks),
        );
    }
}

/// What searching cost and found.
#[derive(Default)]
pub struct Searched {
    /// recall@10.
    pub recall: f64,
    /// Share of the settled rows that were scanned.
    pub read: f64,
    /// Times of the calls.
    pub times: Times,
    cells: f64,
    blocks: f64,
    bytes: f64,
    incomplete: usize,
}

/// Searches for every query, through one agent.
pub async fn search(
    site: &Site,
    agent: usize,
    data: &Data,
    nprobe: Option<u32>,
    options: &Options,
) -> Result<Searched> {
    let queries = options.at_most(data.queries.nrows());
    let mut out = Searched::default();
    let mut found = 0;
    // The first call compiles what the cache does not hold yet.
    site.search(agent, data.query(0), nprobe).await?;
    for query in 0..queries {
        let vector = data.query(query);
        let start = Instant::now();
        let answer = site.search(agent, vector, nprobe).await?;
        out.times.since(start);
        found += data.found(query, &answer);
        out.read += answer.stats.settled_rows as f64;
        out.cells += f64::from(answer.stats.cells_probed);
        out.blocks += f64::from(answer.stats.settled_blocks + answer.stats.fresh_blocks);
        out.bytes += answer.stats.bytes as f64;
        out.incomplete += usize::from(!answer.complete);
    }
    let queries = queries.max(1) as f64;
    out.recall = found as f64 / (K as f64 * queries);
    out.read /= data.rows.nrows() as f64 * queries;
    out.cells /= queries;
    out.blocks /= queries;
    out.bytes /= queries;
    Ok(out)
}

impl Searched {
    /// Reports the details.
    pub fn tell(&self, what: &str, section: &mut Section) {
        section.tell(
            &format!("search, {what}: time; cells, blocks and kB read"),
            format!(
                "{}; {:.0}, {:.0}, {}",
                self.times.shown(),
                self.cells,
                self.blocks,
                grouped((self.bytes / 1e3) as i64)
            ),
        );
        if self.incomplete > 0 {
            section.note(format!(
                "{} of {} answers said that they were incomplete.",
                self.incomplete,
                self.times.len()
            ));
        }
    }
}
