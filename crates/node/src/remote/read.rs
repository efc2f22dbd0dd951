//! Reading: by id, by page, by nearness.

use super::{Remote, only_there, said, views};
use crate::requests::{Searched, parse_filter};
use crate::view::gaps;
use anyhow::{Context, Result};
use rose_forest_api::{
    GetInput, GetOutput, Hit, Point, Scope, ScrollInput, ScrollOutput, SearchInput, SearchOutput,
    SearchStats, View, bytes_to_floats,
};
use rose_forest_http::ClientError;
use rose_forest_http::types::{
    AuthorKey, Example, NodeCollectionJson, Prefetch, Query, QueryRequest, Record, RetrieveRequest,
    ScoredPoint, ScrollAllPage, ScrollAllRequest, WithPayload, WithVector,
};

/// Points of a page. Where they do not fit into an answer, fewer are asked for.
const PAGE: usize = 1_000;

impl Remote {
    /// Points by their ids: of an id that several authors use, the one that the API shows.
    pub(super) async fn get(&self, name: &str, input: GetInput) -> Result<GetOutput> {
        let GetInput { ids, author, with_vector, scope, .. } = input;
        ensure_own(scope)?;
        let collection = self.find(name).await?;
        let request = RetrieveRequest {
            ids: ids.clone(),
            with_payload: Some(WithPayload::Whole(true)),
            with_vector: Some(WithVector::All(with_vector)),
        };
        let found = self.client.retrieve(name, &request).await.map_err(said)?;
        let mut points =
            found.into_iter().map(|record| point(record, &collection)).collect::<Result<Vec<_>>>()?;
        points.retain(|point| author.as_ref().is_none_or(|author| *author == point.author));
        let unknown = ids.into_iter().filter(|id| !points.iter().any(|point| point.id == *id)).collect();
        let (complete, gaps) = completeness(&collection);
        Ok(GetOutput { points, unknown, complete, gaps })
    }

    /// A page of everybody's points. A cursor is the API's own, as JSON.
    pub(super) async fn scroll(&self, name: &str, input: ScrollInput) -> Result<ScrollOutput> {
        let ScrollInput { cursor, limit, author, with_vector, scope, .. } = input;
        ensure_own(scope)?;
        let collection = self.find(name).await?;
        let offset = cursor.map(|text| serde_json::from_str(&text)).transpose();
        let mut request = ScrollAllRequest {
            author: author.map(AuthorKey),
            filter: None,
            limit: Some(limit.map_or(PAGE, |limit| PAGE.min(limit as usize)).max(1)),
            offset: offset.context("the cursor is of another door")?,
            with_payload: Some(WithPayload::Whole(true)),
            with_vector: Some(WithVector::All(with_vector)),
        };
        let page = self.page(name, &mut request).await?;
        let next = page.next_page_offset.map(|next| serde_json::to_string(&next)).transpose();
        let points = page.points.into_iter().map(|record| point(record, &collection));
        let (complete, gaps) = completeness(&collection);
        Ok(ScrollOutput {
            points: points.collect::<Result<_>>()?,
            next_cursor: next.context("cannot write a cursor")?,
            complete,
            gaps,
        })
    }

    /// A page, smaller than wanted where its payloads are large.
    async fn page(&self, name: &str, request: &mut ScrollAllRequest) -> Result<ScrollAllPage> {
        loop {
            match (self.client.scroll_all(name, request).await, request.limit) {
                (Err(ClientError::TooLarge { .. }), Some(limit @ 2..)) => request.limit = Some(limit / 2),
                (page, _) => return page.map_err(said),
            }
        }
    }

    /// The nearest points, one for each id.
    pub(super) async fn search(
        &self,
        name: &str,
        by_zome: bool,
        input: SearchInput,
        filter: Option<&str>,
    ) -> Result<Searched> {
        if by_zome || input.nprobe.is_some() {
            return Err(only_there("a search by the zome (--zome, --nprobe)"));
        }
        ensure_own(input.scope)?;
        let collection = self.find(name).await?;
        let query = QueryRequest {
            query: Prefetch {
                query: Some(Query::Nearest(Example::Vector(bytes_to_floats(&input.vector)))),
                using: collection.vector_name.clone(),
                filter: filter.map(parse_filter).transpose()?,
                score_threshold: input.score_threshold,
                limit: Some(input.k as usize),
                ..Prefetch::default()
            },
            offset: None,
            with_vector: Some(WithVector::All(input.with_vector)),
            with_payload: Some(WithPayload::Whole(!input.without_payload)),
        };
        let found = self.client.query(name, &query).await.map_err(said)?.points;
        let hits = found.into_iter().map(|point| hit(point, &collection)).collect::<Result<Vec<_>>>()?;
        let (hits, unconfirmed) = hits.into_iter().unzip();
        let (complete, gaps) = completeness(&collection);
        let answer = SearchOutput { hits, complete, gaps, stats: SearchStats::default(), trace: None };
        Ok(Searched { answer, from_memory: true, unconfirmed })
    }
}

/// Refuses to look further than the node's own index.
fn ensure_own(scope: Scope) -> Result<()> {
    match scope {
        Scope::Local => Ok(()),
        Scope::Network => Err(only_there("asking peers (--network)")),
    }
}

/// Whether the node has everything that is known of, and if not, why.
fn completeness(collection: &NodeCollectionJson) -> (bool, Vec<rose_forest_api::Gap>) {
    let gaps = gaps(&View::from(views::sight(collection)));
    (gaps.is_empty() && collection.caught_up, gaps)
}

fn point(record: Record, collection: &NodeCollectionJson) -> Result<Point> {
    let (author, action_hash, provenance) = views::provenance(record.provenance)?;
    Ok(Point {
        id: record.id,
        author,
        action_hash,
        written_at_micros: provenance.written_at_micros,
        payload: views::payload(record.payload),
        vector: views::vector(record.vector, collection.dimension)?,
    })
}

/// A hit, and whether it is only announced.
fn hit(point: ScoredPoint, collection: &NodeCollectionJson) -> Result<(Hit, bool)> {
    let (author, action_hash, provenance) = views::provenance(point.provenance)?;
    let hit = Hit {
        id: point.id,
        score: point.score,
        author,
        action_hash,
        written_at_micros: provenance.written_at_micros,
        payload: views::payload(point.payload),
        vector: views::vector(point.vector, collection.dimension)?,
    };
    Ok((hit, !provenance.confirmed))
}
