//! What a write means for the points that are there: rows to write and points to delete, all of one author.

use super::found;
use crate::backend::{BackendError, Edit, Found, Mode, Selector, With, Write};
use rose_forest_api::{AgentPubKey, PointId};
use rose_forest_engine::local::{LocalIndex, Reader, Whose};
use rose_forest_store::{Filter, RoaringBitmap};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// A row to write.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedRow {
    /// The point's id.
    pub id: PointId,
    /// Its vector.
    pub vector: Vec<f32>,
    /// Its payload; none where it is empty.
    pub payload: Option<String>,
}

/// What to do for a write.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Rows to write, each id once.
    pub insert: Vec<PlannedRow>,
    /// Points to delete, each id once.
    pub delete: Vec<PointId>,
    /// Points of others that a filter meant, and that are left as they are.
    pub skipped: u64,
    /// The first point that was to be changed and is not there: to be told once the others have been.
    pub missing: Option<PointId>,
}

/// What a write means for what `index` holds, when `own` writes. Nothing may be written by `own` between this and what it
/// leads to.
///
/// # Errors
/// [`BackendError::OtherAuthor`] where an id means another author's point, [`BackendError::VectorMissing`], and a store that
/// cannot be read.
pub fn plan(index: &LocalIndex, own: &AgentPubKey, write: &Write) -> Result<Plan, BackendError> {
    let reader = index.reader()?;
    let planner = Planner { reader: &reader, own: Whose::Of(own.clone()) };
    match write {
        Write::Upsert { points, mode, only } => {
            let rows = points.iter().map(|point| (&point.id, &point.vector, &point.payload));
            planner.upsert(rows.collect(), *mode, only.as_ref())
        }
        Write::Delete(selector) => planner.delete(selector),
        Write::Payload { points, edit } => planner.edit(points, edit),
        Write::Vectors { points, only } => {
            let mut plan = Plan::default();
            let ids: Vec<_> = points.iter().map(|point| point.id.clone()).collect();
            let vectors: HashMap<_, _> = points.iter().map(|point| (&point.id, &point.vector)).collect();
            let only = planner.own_rows(only.as_ref())?;
            for point in planner.own_points(&ids, only.as_ref(), &mut plan)? {
                if let Some(vector) = vectors.get(&point.id) {
                    plan.insert.push(row(point.id, (*vector).clone(), &point.payload.unwrap_or_default()));
                }
            }
            Ok(plan)
        }
    }
}

struct Planner<'r, 'i> {
    reader: &'r Reader<'i>,
    own: Whose,
}

fn row(id: PointId, vector: Vec<f32>, payload: &Map<String, Value>) -> PlannedRow {
    let text = serde_json::to_string(payload).unwrap_or_default();
    PlannedRow { id, vector, payload: Some(text).filter(|_| !payload.is_empty()) }
}

impl Planner<'_, '_> {
    fn upsert(
        &self,
        points: Vec<(&PointId, &Vec<f32>, &Map<String, Value>)>,
        mode: Mode,
        only: Option<&Filter>,
    ) -> Result<Plan, BackendError> {
        let mut plan = Plan::default();
        // Of several with one id, the last counts.
        let last: HashMap<_, _> = points.iter().enumerate().map(|(at, (id, ..))| (*id, at)).collect();
        let points: Vec<_> =
            points.iter().enumerate().filter(|(at, (id, ..))| last.get(*id) == Some(at)).collect();
        let ask = mode != Mode::Upsert || only.is_some();
        let ids: Vec<_> = points.iter().map(|(_, (id, ..))| (*id).clone()).collect();
        let known = if ask { self.reader.get(&self.own, &ids)? } else { vec![None; ids.len()] };
        let only = self.own_rows(only)?;
        for ((_, (id, vector, payload)), known) in points.into_iter().zip(known) {
            let may = match (&known, mode) {
                (Some(_), Mode::InsertOnly) | (None, Mode::UpdateOnly) => false,
                (Some(known), Mode::Upsert | Mode::UpdateOnly) => {
                    only.as_ref().is_none_or(|only| only.contains(known.label))
                }
                (None, Mode::Upsert | Mode::InsertOnly) => true,
            };
            if may {
                plan.insert.push(row((*id).clone(), (*vector).clone(), payload));
            }
        }
        Ok(plan)
    }

    fn delete(&self, selector: &Selector) -> Result<Plan, BackendError> {
        let mut plan = Plan::default();
        match selector {
            Selector::Ids(ids) => {
                let mut known = Plan::default();
                let own = self.labels(&unique(ids), &mut known)?;
                plan.delete = own.into_iter().map(|(id, _)| id).collect();
            }
            Selector::Filter(filter) => {
                let own = self.matching(filter, &mut plan)?;
                plan.delete = self.rows(&own)?.into_iter().map(|row| row.id).collect();
            }
        }
        Ok(plan)
    }

    fn edit(&self, selector: &Selector, edit: &Edit) -> Result<Plan, BackendError> {
        let mut plan = Plan::default();
        let points = match selector {
            Selector::Ids(ids) => self.own_points(ids, None, &mut plan)?,
            Selector::Filter(filter) => {
                let own = self.matching(filter, &mut plan)?;
                self.whole(own.iter().collect())?
            }
        };
        for point in points {
            let Some(vector) = point.vector else { return Err(BackendError::VectorMissing { id: point.id }) };
            let before = point.payload.unwrap_or_default();
            let mut payload = before.clone();
            edit.apply(&mut payload);
            // What changes nothing is not written: it would stay on the chain for ever.
            if payload != before {
                plan.insert.push(row(point.id, vector, &payload));
            }
        }
        Ok(plan)
    }

    /// The own points with these ids, whole; the first that is not there is noted.
    fn own_points(
        &self,
        ids: &[PointId],
        only: Option<&RoaringBitmap>,
        plan: &mut Plan,
    ) -> Result<Vec<Found>, BackendError> {
        let labels = self.labels(&unique(ids), plan)?;
        let labels = labels.into_iter().map(|(_, label)| label);
        self.whole(labels.filter(|label| only.is_none_or(|only| only.contains(*label))).collect())
    }

    /// The own rows with these ids, each id once.
    fn labels(&self, ids: &[PointId], plan: &mut Plan) -> Result<Vec<(PointId, u32)>, BackendError> {
        let own = self.reader.get(&self.own, ids)?;
        let mut labels = Vec::with_capacity(ids.len());
        let mut absent = Vec::new();
        for (id, row) in ids.iter().zip(own) {
            match row {
                Some(row) => labels.push((id.clone(), row.label)),
                None => absent.push(id.clone()),
            }
        }
        for (id, other) in absent.iter().zip(self.reader.get(&Whose::OneEach, &absent)?) {
            match other {
                Some(other) => {
                    let author = AgentPubKey::from_raw_39(other.author.0.to_vec());
                    return Err(BackendError::OtherAuthor { id: id.clone(), author });
                }
                None => plan.missing = plan.missing.take().or_else(|| Some(id.clone())),
            }
        }
        Ok(labels)
    }

    /// The own rows that a filter means; those of others are counted.
    fn matching(&self, filter: &Filter, plan: &mut Plan) -> Result<RoaringBitmap, BackendError> {
        let mut rows = self.reader.rows_of(&Whose::OneEach, Some(filter))?;
        let all = rows.len();
        rows &= self.reader.rows_of(&self.own, None)?;
        plan.skipped = all - rows.len();
        Ok(rows)
    }

    /// The own rows that fulfil a filter.
    fn own_rows(&self, filter: Option<&Filter>) -> Result<Option<RoaringBitmap>, BackendError> {
        filter.map(|filter| Ok(self.reader.rows_of(&self.own, Some(filter))?)).transpose()
    }

    fn rows(&self, labels: &RoaringBitmap) -> Result<Vec<rose_forest_store::Row>, BackendError> {
        let labels: Vec<_> = labels.iter().collect();
        Ok(self.reader.rows(&labels)?.into_iter().flatten().collect())
    }

    fn whole(&self, labels: Vec<u32>) -> Result<Vec<Found>, BackendError> {
        let with = With { payload: true, vector: true };
        let rows = self.reader.rows(&labels)?.into_iter().flatten();
        Ok(rows.map(|row| found(self.reader, row, with)).collect())
    }
}

fn unique(ids: &[PointId]) -> Vec<PointId> {
    let mut seen = BTreeSet::new();
    ids.iter().filter(|id| seen.insert(*id)).cloned().collect()
}
