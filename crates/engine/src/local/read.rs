//! Reading a collection otherwise than by the zome's searches: what an API asks for.
//!
//! A [`Reader`] sees what a search sees that begins with it (see `view`): all that it says agrees with itself, rows that come
//! after it was made are not in it, and rows that go keep their vectors for as long as it lasts.

use super::{
    IndexError, LocalIndex, SearchError, reference,
    search::{Asked, SPARE_ROWS},
    view::Sight,
};
use rose_forest_api::{AgentPubKey, PointId, Schema};
use rose_forest_core::distance::{from_user, reaches, to_user};
use rose_forest_index::{Effort, Label, kernel::Query};
use rose_forest_rules::code::decode_row;
use rose_forest_store::{
    FacetHit, FieldIndexInfo, FieldKind, FieldPath, Filter, OrderBy, Ordered, Page, RoaringBitmap, Row,
    Snapshot, Start,
};

/// Whose points a question is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// One point for each id: this node's own, else the newest, of equally new ones that of the smallest author key. See
    /// [`LocalIndex::set_own_author`].
    #[default]
    OneEach,
    /// Everybody's.
    Everyones,
    /// One author's.
    Of(AgentPubKey),
}

/// A row that was found near.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// The row.
    pub label: Label,
    /// Its score as users see it: a similarity for cosine and dot, a distance for Euclid and Manhattan.
    pub score: f32,
}

impl LocalIndex {
    /// Says who this node's own author is, whose points a bare id means first. It is remembered. Whether that is news.
    ///
    /// # Errors
    /// If the store cannot be written. Cost: a look-up; where it is news, a pass over all points.
    pub fn set_own_author(&self, author: &AgentPubKey) -> Result<bool, IndexError> {
        let author = reference(author.get_raw_39())?;
        Ok(self.store.set_own_author(&author)?)
    }

    /// What there is now, to read from. Cost: constant.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn reader(&self) -> Result<Reader<'_>, IndexError> {
        Ok(Reader { index: self, sight: self.views.look(&self.store)? })
    }

    /// Makes an index of a payload field, of all rows that are there and all that come. One that is there already is left.
    ///
    /// # Errors
    /// [`rose_forest_store::StoreError::OtherFieldKind`] if there is one of another kind. Cost: reads all payloads.
    pub fn index_field(&self, path: &FieldPath, kind: FieldKind) -> Result<(), IndexError> {
        self.store.create_field_index(path, kind)?;
        self.store.finish_field_index(path, |_| true)?;
        Ok(())
    }

    /// Drops the index of a payload field. Whether there was one.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn drop_field_index(&self, path: &FieldPath) -> Result<bool, IndexError> {
        Ok(self.store.drop_field_index(path)?)
    }

    /// The indexes of payload fields.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn field_indexes(&self) -> Result<Vec<FieldIndexInfo>, IndexError> {
        Ok(self.store.snapshot()?.field_indexes()?)
    }
}

/// A collection as it was at one moment. Keep it for a request, not for ever: whoever replaces rows waits for it to go, and on
/// the thread that has it would wait for ever.
pub struct Reader<'i> {
    index: &'i LocalIndex,
    sight: Sight,
}

impl Reader<'_> {
    /// What the collection's rows are like.
    pub fn schema(&self) -> &Schema {
        &self.index.schema
    }

    /// What the store can be asked.
    pub fn snapshot(&self) -> &Snapshot {
        &self.sight.moment.snapshot
    }

    /// The rows that a question is about. Nothing stands for all of them.
    ///
    /// # Errors
    /// If the store cannot be read. Cost: without a filter that of reading a set or two, which for one point an id and nobody
    /// shadowed is nothing; otherwise see [`Snapshot::evaluate`].
    pub fn allowed(
        &self,
        whose: &Whose,
        filter: Option<&Filter>,
    ) -> Result<Option<RoaringBitmap>, IndexError> {
        let shadowed = match whose {
            Whose::OneEach => self.snapshot().shadowed()?,
            Whose::Everyones | Whose::Of(_) => RoaringBitmap::new(),
        };
        let among = match whose {
            Whose::Of(author) => Some(self.snapshot().live_of(&reference(author.get_raw_39())?)?),
            Whose::OneEach | Whose::Everyones => None,
        };
        let mut rows = match (filter, among) {
            (None, None) if shadowed.is_empty() => return Ok(None),
            (None, None) => self.snapshot().live()?,
            (None, Some(among)) => among,
            (Some(filter), among) => self.snapshot().evaluate_among(filter, among.as_ref())?.into_rows(),
        };
        rows -= shadowed;
        Ok(Some(rows))
    }

    /// The same, with all rows written out.
    ///
    /// # Errors
    /// As [`Self::allowed`].
    pub fn rows_of(&self, whose: &Whose, filter: Option<&Filter>) -> Result<RoaringBitmap, IndexError> {
        match self.allowed(whose, filter)? {
            Some(rows) => Ok(rows),
            None => Ok(self.snapshot().live()?),
        }
    }

    /// How many rows a question is about.
    ///
    /// # Errors
    /// As [`Self::allowed`].
    pub fn count(&self, whose: &Whose, filter: Option<&Filter>) -> Result<u64, IndexError> {
        Ok(self.allowed(whose, filter)?.map_or(self.snapshot().count(), |rows| rows.len()))
    }

    /// The `k` nearest of these rows, best first; of equal scores the smaller label first. Rows whose vectors are missing
    /// are not found.
    ///
    /// # Errors
    /// A vector that cannot be searched for, or a store that cannot be read. Cost: see [`Effort`]; where it is
    /// [`Effort::Every`], a score for each of the rows.
    pub fn nearest(
        &self,
        vector: &[f32],
        k: usize,
        effort: Effort,
        allowed: Option<&RoaringBitmap>,
        threshold: Option<f32>,
    ) -> Result<Vec<Near>, SearchError> {
        if threshold.is_some_and(f32::is_nan) {
            return Err(SearchError::Threshold);
        }
        let query = Query::new(self.index.space, vector)?;
        if k == 0 || allowed.is_some_and(RoaringBitmap::is_empty) {
            return Ok(Vec::new());
        }
        let distance = self.index.schema.distance;
        let mut near = match allowed {
            Some(rows) => self.index.near(Asked { query: &query, k: k + SPARE_ROWS, effort }, Some(rows))?,
            None => {
                let candidates =
                    self.index.candidates(Asked { query: &query, k, effort }, None, &self.sight.moment)?;
                candidates.into_iter().map(|(hit, _)| hit).collect()
            }
        };
        near.retain(|hit| reaches(distance, hit.score, threshold));
        near.truncate(k);
        Ok(near.iter().map(|hit| Near { label: hit.label, score: to_user(distance, hit.score) }).collect())
    }

    /// Scores each of these rows against several vectors, and hands the scores over, higher is nearer: those of
    /// [`Self::nearest`], with the opposite sign for distances. Rows whose vectors are missing are passed over.
    ///
    /// # Errors
    /// A vector that cannot be searched for. Cost: a look-up and a copy of a code for each row, a score for each vector.
    pub fn scores(
        &self,
        vectors: &[&[f32]],
        rows: &RoaringBitmap,
        mut visit: impl FnMut(Label, &[f32]),
    ) -> Result<(), SearchError> {
        let space = self.index.space;
        let queries: Vec<_> =
            vectors.iter().map(|vector| Query::new(space, vector)).collect::<Result<_, _>>()?;
        let mut scores = vec![0.0; queries.len()];
        for label in rows {
            let Some(code) = self.index.code(label) else { continue };
            for (score, query) in scores.iter_mut().zip(&queries) {
                *score = query.score(&code);
            }
            visit(label, &scores);
        }
        Ok(())
    }

    /// Rows by label, in the order of the labels; nothing for one that is not in the snapshot.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn rows(&self, labels: &[Label]) -> Result<Vec<Option<Row>>, IndexError> {
        Ok(self.snapshot().rows(labels)?)
    }

    /// Points by id, in the order of the ids: those that bare ids mean, or an author's. Of everybody's it gives what bare ids
    /// mean; [`Snapshot::points`] has all.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn get(&self, whose: &Whose, ids: &[PointId]) -> Result<Vec<Option<Row>>, IndexError> {
        match whose {
            Whose::OneEach | Whose::Everyones => Ok(self.snapshot().bare(ids)?),
            Whose::Of(author) => {
                let author = reference(author.get_raw_39())?;
                let get = |id| Ok(self.snapshot().point(&author, id)?);
                ids.iter().map(get).collect()
            }
        }
    }

    /// A page of points in the order of their ids, see [`Snapshot::scroll`].
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn scroll(
        &self,
        start: &Start,
        limit: usize,
        allowed: Option<&RoaringBitmap>,
    ) -> Result<Page, IndexError> {
        Ok(self.snapshot().scroll(start, limit, allowed)?)
    }

    /// Rows in the order of a field, see [`Snapshot::ordered`].
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn ordered(
        &self,
        order: &OrderBy,
        rows: &RoaringBitmap,
        limit: usize,
    ) -> Result<Vec<Ordered>, IndexError> {
        Ok(self.snapshot().ordered(order, rows, limit)?)
    }

    /// The most frequent values of a field, see [`Snapshot::facet`].
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn facet(
        &self,
        path: &FieldPath,
        rows: &RoaringBitmap,
        limit: usize,
    ) -> Result<Vec<FacetHit>, IndexError> {
        Ok(self.snapshot().facet(path, rows, limit)?)
    }

    /// A row's vector as it is stored, decoded; nothing if it is missing.
    pub fn vector_of(&self, label: Label) -> Option<Vec<f32>> {
        let code = self.index.code(label)?;
        let mut floats = vec![0.0; self.index.schema.dimension()];
        decode_row(self.index.schema.encoding, &code, &mut floats);
        Some(floats)
    }

    /// A score as users see it, of one where higher is nearer; and the other way round.
    pub fn turned(&self, score: f32) -> f32 {
        from_user(self.index.schema.distance, score)
    }
}

#[cfg(test)]
mod tests;
