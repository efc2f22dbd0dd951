//! Any history of blocks that come and go, rows that move, crashes and reopenings, against a plain model.

use super::*;
use rose_forest_core::Space;
use rose_forest_index::kernel::Query;
use std::collections::BTreeMap;
use std::time::Duration;
use tempfile::TempDir;

#[derive(Clone, Debug)]
enum Step {
    /// A block of one of two authors, in a cell or fresh, delivered or announced.
    TakeIn {
        by: u8,
        place: Option<u16>,
        confirmed: bool,
        rows: Vec<(u64, Result<u64, u64>)>,
    },
    /// An announced block is delivered.
    Deliver(prop::sample::Index),
    /// An announced block is taken back.
    Withdraw(prop::sample::Index),
    Cells(u16),
    /// With the time by which rows are old.
    Move(i64),
    /// Blocks of missing rows are read again, all at once.
    Restore,
    Save,
    Repair,
    /// Another process opens what this one has left, which was killed or ended. Then it may have another budget.
    Reopen {
        killed: bool,
        limits: Limits,
    },
    /// The files of the lists are damaged, and the index opened again.
    LoseLists,
}

fn limits() -> impl Strategy<Value = Limits> {
    let age = prop::option::of((0u64..4).prop_map(Duration::from_micros));
    let memory_bytes = prop_oneof![Just(0), Just(40_000), Just(DEFAULT_MEMORY_BYTES)];
    (memory_bytes, age).prop_map(|(memory_bytes, age)| Limits { memory_bytes, age })
}

fn step() -> impl Strategy<Value = Step> {
    let version = prop_oneof![5 => (1u64..5).prop_map(Ok), 1 => (1u64..5).prop_map(Err)];
    let rows = prop::collection::btree_map(0u64..10, version, 1..6).prop_map(|rows| {
        // Tombstones after the others.
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_by_key(|(id, version)| (version.is_err(), *id));
        rows
    });
    let block = (1u8..3, prop::option::weighted(0.7, 0u16..4), prop::bool::weighted(0.75), rows);
    prop_oneof![
        8 => block.prop_map(|(by, place, confirmed, rows)| Step::TakeIn { by, place, confirmed, rows }),
        2 => any::<prop::sample::Index>().prop_map(Step::Deliver),
        2 => any::<prop::sample::Index>().prop_map(Step::Withdraw),
        2 => (1u16..5).prop_map(Step::Cells),
        4 => (0i64..8).prop_map(Step::Move),
        1 => Just(Step::Restore),
        1 => Just(Step::Save),
        1 => Just(Step::Repair),
        3 => (any::<bool>(), limits()).prop_map(|(killed, limits)| Step::Reopen { killed, limits }),
        1 => Just(Step::LoseLists),
    ]
}

/// An index, and the blocks that it should know.
struct History {
    dir: TempDir,
    index: Option<LocalIndex>,
    blocks: Vec<Told>,
    count: u8,
    cells: u16,
}

/// A block, and what was said with it.
#[derive(Clone)]
struct Told {
    block: SignedBlock,
    confirmed: bool,
    rows: Vec<(u64, Result<u64, u64>)>,
}

/// What counts of a point: when it was written, and whether a delivered block says so.
type Counted = BTreeMap<(AgentPubKey, u64), (u64, bool)>;

impl History {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let index = Some(open_with(dir.path(), Limits { memory_bytes: 0, age: None }).0);
        Self { dir, index, blocks: Vec::new(), count: 0, cells: 0 }
    }

    fn index(&self) -> &LocalIndex {
        self.index.as_ref().unwrap()
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::TakeIn { by, place, confirmed, rows } => {
                self.count += 1;
                let block = block_in(*place, *by, self.count, rows);
                self.blocks.push(Told { block, confirmed: *confirmed, rows: rows.clone() });
                self.tell(self.blocks.len() - 1);
            }
            Step::Deliver(which) => {
                if let Some(at) = self.announced(which) {
                    self.blocks[at].confirmed = true;
                    self.tell(at);
                }
            }
            Step::Withdraw(which) => {
                if let Some(at) = self.announced(which) {
                    let told = self.blocks.remove(at);
                    self.index().withdraw(&told.block.action).unwrap();
                }
            }
            Step::Cells(until) => {
                self.cells = self.cells.max(*until);
                self.index().add_cells(cells(0..*until)).unwrap();
            }
            Step::Move(now) => drop(self.index().move_settled(*now, &|| false).unwrap()),
            Step::Restore => {
                let missing = self.index().missing_blocks(usize::MAX).unwrap();
                let is_missing =
                    |told: &&Told| missing.iter().any(|(action, _)| told.block.action == *action);
                let blocks: Vec<_> =
                    self.blocks.iter().filter(is_missing).map(|told| told.block.clone()).collect();
                self.index().restore_all(&blocks).unwrap();
                assert_eq!(self.index().missing_rows(), 0);
            }
            Step::Save => self.index().save().unwrap(),
            Step::Repair => self.index().repair().unwrap(),
            Step::Reopen { killed, limits } => self.reopen(*killed, *limits),
            Step::LoseLists => {
                let limits = self.index().limits;
                self.index = None;
                let lists = self.dir.path().join("lists/lists.index");
                let mut bytes = fs::read(&lists).unwrap();
                bytes[20] ^= 1;
                // Not in place: nothing that is mapped changes.
                fs::remove_file(&lists).unwrap();
                fs::write(&lists, bytes).unwrap();
                self.index = Some(open_with(self.dir.path(), limits).0);
                self.catch_up();
            }
        }
    }

    fn announced(&self, which: &prop::sample::Index) -> Option<usize> {
        let waiting: Vec<_> = (0..self.blocks.len()).filter(|at| !self.blocks[*at].confirmed).collect();
        (!waiting.is_empty()).then(|| waiting[which.index(waiting.len())])
    }

    fn tell(&self, at: usize) {
        let told = &self.blocks[at];
        self.index().take_in(std::slice::from_ref(&told.block), told.confirmed, None).unwrap();
    }

    fn reopen(&mut self, killed: bool, limits: Limits) {
        if killed {
            // What the disk holds while the process still runs.
            let copy = tempfile::tempdir().unwrap();
            copy_folder(self.dir.path(), copy.path());
            self.index = None;
            self.dir = copy;
        }
        self.index = None;
        let (index, opening) = open_with(self.dir.path(), limits);
        assert_eq!((&opening.store_rebuilt, &opening.lists_rebuilt), (&None, &None));
        self.index = Some(index);
        self.catch_up();
    }

    /// What a node does: reads again what came since its cursor, and goes on waiting for what was announced.
    fn catch_up(&self) {
        for waiting in self.index().unconfirmed_blocks().unwrap() {
            if !self.blocks.iter().any(|told| told.block.action == waiting.action) {
                self.index().withdraw(&waiting.action).unwrap();
            }
        }
        (0..self.blocks.len()).for_each(|at| self.tell(at));
    }

    fn restore(&self) {
        while let Some((action, _)) = self.index().missing_blocks(1).unwrap().first() {
            let told = self.blocks.iter().find(|told| told.block.action == *action).unwrap();
            assert!(self.index().restore(&told.block).unwrap() > 0);
        }
    }

    fn counted(&self) -> Counted {
        // The newest time of each; at one time a tombstone is newer, and it matters who says so last.
        let mut newest = BTreeMap::<_, ((u64, bool), bool)>::new();
        for told in &self.blocks {
            for (id, version) in &told.rows {
                let version = (version.unwrap_or_else(|time| time), version.is_err());
                let known = newest.entry((told.block.author.clone(), *id)).or_insert((version, false));
                if known.0 < version {
                    *known = (version, false);
                }
                known.1 |= known.0 == version && told.confirmed;
            }
        }
        newest
            .into_iter()
            .filter_map(|(key, ((time, deleted), confirmed))| (!deleted).then_some((key, (time, confirmed))))
            .collect()
    }

    /// Rows are counted, and those that are there are found; with `restored`, all that should be there.
    fn check(&self, restored: bool) {
        let (index, expected) = (self.index(), self.counted());
        let report = index.report().unwrap();
        let sum = report.in_graph + report.in_lists + report.missing;
        assert_eq!((report.points, sum), (expected.len() as u64, expected.len() as u64), "{report:?}");
        if !restored {
            let hits = search(index, &vector(3, 2), 40).hits;
            assert_eq!(hits.len() as u64, report.points - report.missing);
            let mut found = BTreeMap::new();
            for hit in hits {
                let PointId::Int(id) = hit.id else { panic!("no id of ours") };
                assert_eq!(
                    found.insert((hit.author.clone(), id), hit.written_at_micros),
                    None,
                    "no point twice"
                );
                assert_eq!(expected[&(hit.author, id)].0 as i64, hit.written_at_micros);
            }
            return;
        }
        self.restore();
        let report = index.report().unwrap();
        assert_eq!((report.missing, report.in_graph + report.in_lists), (0, expected.len() as u64));
        let unknown: Vec<_> = index.unknown_cells().unwrap();
        assert!(unknown.iter().all(|cell| index.lists.cell_number(cell).is_none()));
        for (id, version) in [(3, 2), (7, 4)] {
            let asked = vector(id, version);
            let space = Space::from(&schema());
            let query = Query::new(space, &asked).unwrap();
            let mut exact: Vec<_> = expected
                .iter()
                .map(|((author, id), (time, confirmed))| {
                    let code = encode_row(space, &vector(*id, *time)).unwrap();
                    (query.score(&code), author.clone(), PointId::Int(*id), *time as i64, *confirmed)
                })
                .collect();
            exact.sort_by(|a, b| {
                let ties = (&a.1, a.2.hash64()).cmp(&(&b.1, b.2.hash64()));
                b.0.total_cmp(&a.0).then(ties)
            });
            for k in [3, 40] {
                let found = search(index, &asked, k);
                let found: Vec<_> = found
                    .hits
                    .into_iter()
                    .zip(found.confirmed)
                    .map(|(hit, confirmed)| (hit.score, hit.author, hit.id, hit.written_at_micros, confirmed))
                    .collect();
                assert_eq!(found, exact[..exact.len().min(k as usize)]);
            }
        }
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_row_that_counts_is_found_once_whatever_happened(steps in prop::collection::vec((step(), any::<bool>()), 1..30)) {
        let mut history = History::new();
        history.index().add_cells(cells(0..2)).unwrap();
        for (step, restored) in &steps {
            history.run(step);
            history.check(*restored);
        }
        history.check(true);
    }
}
