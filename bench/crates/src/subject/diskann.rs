//! Microsoft's diskann, with the index in memory that `diskann-providers` has: Vamana over f32 vectors, up to 32 links a row.
//! By cosine. It can be saved, which is not tried.

use super::{EF_CONSTRUCTION, Index, M};
use crate::data::{Allowed, Vectors};
use anyhow::Result;
use diskann::{
    graph::{
        InplaceDeleteMethod,
        config::{Builder, MaxDegree},
        ext::labeled::{Filtered, QueryLabelProvider},
        search::{InlineFilterSearch, Knn},
        search_output_buffer::IdDistance,
    },
    provider::DefaultContext,
    utils::ONE,
};
use diskann_providers::{
    index::wrapped_async::DiskANNIndex,
    model::graph::provider::async_::{
        TableDeleteProviderAsync,
        common::{FullPrecision, NoStore, TableBasedDeletes},
        inmem::{
            CreateFullPrecision, DefaultProvider, DefaultProviderParameters, FullPrecisionProvider,
            SetStartPoints,
        },
    },
};
use diskann_vector::distance::Metric;

type Provider = FullPrecisionProvider<f32, NoStore, TableDeleteProviderAsync>;

/// Neighbours that take the place of a removed row in the lists of others, and how many candidates they come from: as its
/// tests have them, scaled to this graph.
const REPLACING: usize = 3;

pub struct Subject {
    index: DiskANNIndex<Provider>,
    effort: usize,
}

impl Subject {
    pub fn build(rows: &Vectors) -> Result<Self> {
        let metric = Metric::Cosine;
        let config =
            Builder::new(2 * M, MaxDegree::default_slack(), EF_CONSTRUCTION, metric.into()).build()?;
        let parameters = DefaultProviderParameters {
            max_points: rows.len(),
            frozen_points: ONE,
            metric,
            dim: rows.dimension,
            prefetch_lookahead: None,
            prefetch_cache_line_level: None,
            max_degree: config.max_degree_u32().get(),
        };
        let vectors = CreateFullPrecision::<f32>::new(rows.dimension, None);
        let provider: Provider = DefaultProvider::new_empty(parameters, vectors, NoStore, TableBasedDeletes)?;
        // Searches begin in the middle of all rows.
        let mut mean = vec![0.0f32; rows.dimension];
        for row in rows.iter() {
            mean.iter_mut().zip(row).for_each(|(sum, x)| *sum += x / rows.len() as f32);
        }
        provider.set_start_points(std::iter::once(mean.as_slice()))?;
        let index = DiskANNIndex::new_with_current_thread_runtime(config, provider);
        for (id, row) in (0u32..).zip(rows.iter()) {
            index.insert(&FullPrecision, &DefaultContext, &id, row)?;
        }
        Ok(Self { index, effort: EF_CONSTRUCTION })
    }
}

impl QueryLabelProvider<u32> for Allowed {
    fn is_match(&self, row: u32) -> bool {
        self.allows(row as usize)
    }
}

impl Index for Subject {
    fn set_effort(&mut self, effort: usize) -> Result<()> {
        self.effort = effort;
        Ok(())
    }

    fn search(&self, query: &[f32], k: usize) -> Result<Vec<u32>> {
        let (mut ids, mut distances) = (vec![0; k], vec![0.0; k]);
        let mut found = IdDistance::new(&mut ids, &mut distances);
        let knn = Knn::new_default(self.effort)?;
        self.index.search(knn, &FullPrecision, &DefaultContext, query, &mut found)?;
        Ok(ids)
    }

    fn search_allowed(&self, query: &[f32], k: usize, allowed: &Allowed) -> Result<Option<Vec<u32>>> {
        let (mut ids, mut distances) = (vec![u32::MAX; k], vec![0.0; k]);
        let mut found = IdDistance::new(&mut ids, &mut distances);
        let search = InlineFilterSearch::new(Knn::new_default(self.effort)?, None);
        let strategy = Filtered::new(FullPrecision, allowed);
        self.index.search(search, &strategy, &DefaultContext, query, &mut found)?;
        ids.retain(|id| *id != u32::MAX);
        Ok(Some(ids))
    }

    fn remove(&mut self, rows: &[u32]) -> Result<bool> {
        for row in rows {
            let method = InplaceDeleteMethod::VisitedAndTopK { k_value: M, l_value: EF_CONSTRUCTION };
            self.index.inplace_delete(FullPrecision, &DefaultContext, row, REPLACING, method)?;
        }
        Ok(true)
    }
}
