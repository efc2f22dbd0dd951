//! Actions for each operation.

use crate::{data::Data, dna::collection, report::Section, site::Site};
use anyhow::Result;
use rose_forest_api::*;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

const ROWS: usize = 25_000;

/// See [`super::Suite::Operations`].
pub async fn run() -> Result<Section> {
    let data = Data::synthetic(ROWS);
    let mut section = Section::new("Actions for each operation");
    let site = Site::alone(&collection(Encoding::Sq8).await?, 1).await?;
    let mut counted = Counted { chain: site.info(0).await?.chain_length, site: &site, section: &mut section };
    counted.call::<_, WriteOutput>("first insert of one row", "insert", data.input(0..1)).await?;
    counted.call::<_, WriteOutput>("insert of one row", "insert", data.input(1..2)).await?;
    counted.call::<_, WriteOutput>("insert of 100 rows", "insert", data.input(2..102)).await?;
    counted.call::<_, WriteOutput>("insert of 10,000 rows", "insert", data.input(102..10_102)).await?;
    let ids = (0..50).map(PointId::Int).collect();
    let delete = DeleteInput { ids, ignore_unknown: false };
    counted.call::<_, WriteOutput>("delete of 50 points", "delete", delete).await?;
    counted.settle("settle of those, founding cells").await?;
    counted.call::<_, WriteOutput>("insert of 100 rows", "insert", data.input(10_102..10_202)).await?;
    counted.settle("settle of those").await?;
    counted.settle("settle when nothing is fresh").await?;
    counted
        .call::<_, WriteOutput>("bulk insert of 10,000 rows", "bulk_insert", data.input(10_202..20_202))
        .await?;
    counted.settle("settle of those").await?;
    let node = AnnounceInput {
        name: "bench".to_owned(),
        software: "bench".to_owned(),
        capabilities: Vec::new(),
        holds: Holds::Everything,
        rows: 1,
        status: NodeStatus::Ready,
    };
    counted.call::<_, ActionHash>("first announce", "announce", node.clone()).await?;
    counted.call::<_, ActionHash>("announce of the same", "announce", node.clone()).await?;
    counted
        .call::<_, ActionHash>("announce of a change", "announce", AnnounceInput { rows: 2, ..node })
        .await?;
    counted.call::<_, UpkeepOutput>("upkeep", "upkeep", UpkeepInput::default()).await?;
    counted.settle("settle of what upkeep wrote").await?;
    let vector = data.query(0);
    let search = SearchInput { vector, k: 10, view: View::FULL, ..SearchInput::default() };
    counted.call::<_, SearchOutput>("search", "search", search).await?;
    site.stop().await?;
    Ok(section)
}

struct Counted<'a> {
    site: &'a Site,
    section: &'a mut Section,
    chain: u32,
}

impl Counted<'_> {
    async fn call<I, O>(&mut self, what: &str, function: &str, input: I) -> Result<()>
    where
        I: Serialize + Debug,
        O: DeserializeOwned + Debug,
    {
        let _: O = self.site.call(0, function, input).await?;
        self.tell(what, "").await
    }

    async fn settle(&mut self, what: &str) -> Result<()> {
        let calls = self.site.settle(0).await?.len();
        self.tell(what, &format!(", in {calls} calls")).await
    }

    async fn tell(&mut self, what: &str, beside: &str) -> Result<()> {
        let chain = self.site.info(0).await?.chain_length;
        self.section.tell(what, format!("{}{beside}", chain - self.chain));
        self.chain = chain;
        Ok(())
    }
}
