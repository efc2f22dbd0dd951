//! instant-distance. Its `M` is fixed at 32, its effort is fixed when it is built (so every further effort is a further
//! build, which is not timed), and it brings no distance: it gets the inner product of `data.rs`. It can neither remove nor
//! filter; it can be saved through serde, which is not tried.

use super::{EF_CONSTRUCTION, Index};
use crate::data::{Vectors, dot};
use anyhow::{Context, Result};
use instant_distance::{Builder, HnswMap, Point, Search};
use std::{cell::RefCell, collections::BTreeMap};

#[derive(Clone)]
struct Row(Box<[f32]>);

impl Point for Row {
    fn distance(&self, other: &Self) -> f32 {
        1.0 - dot(&self.0, &other.0)
    }
}

pub struct Subject {
    built: BTreeMap<usize, HnswMap<Row, u32>>,
    effort: usize,
    search: RefCell<Search>,
}

impl Subject {
    pub fn build(rows: &Vectors) -> Self {
        let points = rows.iter().map(|row| Row(row.into())).collect();
        let built = BTreeMap::from([(EF_CONSTRUCTION, build(points, EF_CONSTRUCTION))]);
        Self { built, effort: EF_CONSTRUCTION, search: RefCell::default() }
    }
}

fn build(points: Vec<Row>, effort: usize) -> HnswMap<Row, u32> {
    let values = (0..points.len() as u32).collect();
    Builder::default().ef_construction(EF_CONSTRUCTION).ef_search(effort).seed(7).build(points, values)
}

impl Index for Subject {
    fn set_effort(&mut self, effort: usize) -> Result<()> {
        if !self.built.contains_key(&effort) {
            let first = self.built.values().next().context("nothing is built")?;
            let mut points: Vec<_> =
                first.iter().map(|(id, row)| (first.values[id.into_inner() as usize], row.clone())).collect();
            points.sort_unstable_by_key(|(row, _)| *row);
            let points = points.into_iter().map(|(_, row)| row).collect();
            self.built.insert(effort, build(points, effort));
        }
        self.effort = effort;
        Ok(())
    }

    fn search(&self, query: &[f32], k: usize) -> Result<Vec<u32>> {
        let index = self.built.get(&self.effort).context("nothing is built")?;
        let mut search = self.search.borrow_mut();
        let found = index.search(&Row(query.into()), &mut search);
        Ok(found.take(k).map(|item| *item.value).collect())
    }
}
