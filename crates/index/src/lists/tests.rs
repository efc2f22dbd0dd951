//! Lists against a plain map of rows and an exact scan of it.

mod changes;
mod damage;
mod model;
mod searches;

use super::*;
use crate::{Hit, RowFilter};
use rose_forest_core::{Distance, Encoding, encode::encode_row, top_k::TopK};
use rose_forest_rules::reference::{HASH_BYTES, HashRef};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};
use tempfile::TempDir;

const IDENTITY: [u8; 32] = [5; 32];

/// Numbers that look random: splitmix64.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// A vector with a direction, from a coarse grid, so that scores tie.
    fn vector(&mut self, dimension: usize) -> Vec<f32> {
        let mut vector: Vec<f32> = (0..dimension).map(|_| self.below(9) as f32 / 4.0 - 1.0).collect();
        if vector.iter().all(|x| *x == 0.0) {
            vector[0] = 1.0;
        }
        vector
    }
}

/// A filter that is a set.
struct Only(BTreeSet<Label>);

impl RowFilter for Only {
    fn allows(&self, label: Label) -> bool {
        self.0.contains(&label)
    }

    fn count(&self) -> usize {
        self.0.len()
    }

    fn for_each(&self, visit: &mut dyn FnMut(Label)) {
        self.0.iter().for_each(|label| visit(*label));
    }
}

fn cell_id(number: u32) -> CellId {
    CellId { founding: HashRef([number as u8; HASH_BYTES]), index: (number / 256) as u16 }
}

/// Lists, and what should be in them.
struct Fixture {
    directory: TempDir,
    space: Space,
    lists: Lists,
    rows: BTreeMap<Label, (u32, Vec<u8>)>,
    numbers: Numbers,
}

impl Fixture {
    fn new(space: Space, cells: u32, seed: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let lists = Lists::create(directory.path(), IDENTITY, space).unwrap();
        let mut numbers = Numbers(seed);
        let centres = (0..cells).map(|cell| (cell_id(cell), numbers.vector(space.dimension)));
        let added = lists.add_cells(centres).unwrap();
        assert!(added.iter().copied().eq(0..cells));
        Self { directory, space, lists, rows: BTreeMap::new(), numbers }
    }

    /// A collection like many, of an odd dimension.
    fn plain(cells: u32, seed: u64) -> Self {
        Self::new(Space { dimension: 13, distance: Distance::Cosine, encoding: Encoding::Sq8 }, cells, seed)
    }

    fn built(&mut self, labels: impl IntoIterator<Item = Label>, buffer_bytes: usize) -> Built {
        let mut builder = self.lists.builder().with_buffer_bytes(buffer_bytes);
        let cells = self.lists.info().cells as u64;
        for label in labels {
            let cell = self.numbers.below(cells) as u32;
            let code = encode_row(self.space, &self.numbers.vector(self.space.dimension)).unwrap();
            builder.push(label, cell, &code).unwrap();
            self.rows.insert(label, (cell, code));
        }
        builder.finish().unwrap()
    }

    fn add(&mut self, labels: impl IntoIterator<Item = Label>) {
        let built = self.built(labels, usize::MAX);
        self.lists.add(built).unwrap();
    }

    fn remove(&mut self, labels: &[Label]) {
        let expected = labels.iter().filter(|label| self.rows.remove(label).is_some()).count();
        assert_eq!(self.lists.remove(labels.iter().copied()), expected);
    }

    fn reopen(&mut self, verify: Verify) -> Result<(), ListsError> {
        self.lists = Lists::open(self.directory.path(), IDENTITY, self.space, verify)?;
        Ok(())
    }

    /// What an exact scan of the rows finds.
    fn exact(&self, vector: &[f32], k: usize, allows: impl Fn(Label, u32) -> bool) -> Vec<Hit> {
        let query = Query::new(self.space, vector).unwrap();
        let mut best = TopK::new(k);
        let rows = self.rows.iter().filter(|(label, (cell, _))| allows(**label, *cell));
        rows.for_each(|(label, (_, code))| best.push(query.score(code), *label));
        best.into_sorted().iter().map(|row| Hit { label: row.key, score: row.score }).collect()
    }

    /// Compares everything with what should be there.
    fn check(&mut self) {
        assert_eq!(self.lists.len(), self.rows.len());
        let mut seen = BTreeMap::new();
        self.lists.for_each(|label, cell| assert_eq!(seen.insert(label, cell), None));
        assert!(seen.iter().eq(self.rows.iter().map(|(label, (cell, _))| (label, cell))));
        for (label, (_, code)) in self.rows.iter().take(20) {
            assert_eq!(self.lists.code(*label).as_ref(), Some(code));
        }
        let vector = self.numbers.vector(self.space.dimension);
        for (k, part) in [(1, 1), (7, 2), (10, 17), (1000, 1), (3, 1_000_000)] {
            let allowed = Only(self.rows.keys().copied().filter(|label| label % part == 0).collect());
            let filter = (part > 1).then_some(&allowed as &dyn RowFilter);
            let found = self.lists.search(&vector, &Search { k, nprobe: Some(usize::MAX), filter }).unwrap();
            assert_eq!(found.hits, self.exact(&vector, k, |label, _| label % part == 0), "{k} {part}");
        }
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn segments(&self) -> Vec<PathBuf> {
        let files = self.files();
        let names = files.iter().filter(|name| name.starts_with("segment-"));
        names.map(|name| self.directory.path().join(name)).collect()
    }
}
