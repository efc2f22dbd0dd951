//! What can be asked. A collection is named by its name, an alias, or eight characters or more of the end of its hash.
//!
//! Every call fails as [`ClientError`] says; what the node refuses is [`ClientError::Refused`].

use super::{Call, Client, ClientError};
use crate::{
    backend::NewCollection,
    limits,
    types::{
        AuthorsJson, CreateCollection, InviteJson, JoinedJson, NodeCollectionJson, NodeJson, PeersJson,
        PointIds, Points, QueryRequest, Record, RetrieveRequest, ScrollAllPage, ScrollAllRequest, SyncJson,
        UpdateResult, Upsert,
    },
};
use reqwest::Method;
use std::time::Duration;

/// Time for a request on its way, beside what the server may take for it.
const ON_THE_WAY: Duration = Duration::from_secs(15);
/// For what reads: the server answers, or says that it was too slow, within its default.
const TO_READ: Duration = limits::DEFAULT_TIMEOUT.saturating_add(ON_THE_WAY);
/// For what writes: the most that may be asked for.
const TO_WRITE: Duration = limits::MAX_TIMEOUT.saturating_add(ON_THE_WAY);
/// The same, as the server is told: [`limits::MAX_TIMEOUT`].
const AT_MOST: (&str, &str) = ("timeout", "600");
/// Who said so, beside each point.
const PROVENANCE: &[(&str, &str)] = &[("provenance", "true")];

fn read<'a>(method: Method, path: &'a [&'a str], options: &'a [(&'a str, &'a str)]) -> Call<'a> {
    Call { method, path, options, patience: TO_READ }
}

fn write<'a>(method: Method, path: &'a [&'a str], options: &'a [(&'a str, &'a str)]) -> Call<'a> {
    Call { method, path, options, patience: TO_WRITE }
}

fn waiting(wait: bool) -> [(&'static str, &'static str); 2] {
    [("wait", if wait { "true" } else { "false" }), AT_MOST]
}

impl Client {
    /// The node and all of its collections.
    pub async fn node(&self) -> Result<NodeJson, ClientError> {
        self.get(read(Method::GET, &["rose-forest", "node"], &[])).await
    }

    /// A collection that the node takes part in.
    pub async fn collection(&self, name: &str) -> Result<NodeCollectionJson, ClientError> {
        self.get(read(Method::GET, &["rose-forest", "collections", name], &[])).await
    }

    /// Makes a collection.
    pub async fn create(&self, name: &str, new: &NewCollection) -> Result<(), ClientError> {
        let path = ["collections", name];
        let _: bool = self.send(write(Method::PUT, &path, &[AT_MOST]), &CreateCollection::from(new)).await?;
        Ok(())
    }

    /// Leaves the collection of this very name. Whether there was one.
    pub async fn leave(&self, name: &str) -> Result<bool, ClientError> {
        self.get(write(Method::POST, &["rose-forest", "collections", name, "leave"], &[])).await
    }

    /// The invite to a collection: a secret.
    pub async fn invite(&self, name: &str) -> Result<InviteJson, ClientError> {
        self.get(write(Method::GET, &["rose-forest", "collections", name, "invite"], &[])).await
    }

    /// Joins by an invite.
    pub async fn join(&self, invite: &InviteJson) -> Result<JoinedJson, ClientError> {
        self.send(write(Method::POST, &["rose-forest", "join"], &[]), invite).await
    }

    /// The other nodes of a collection.
    pub async fn peers(&self, name: &str) -> Result<PeersJson, ClientError> {
        self.get(read(Method::GET, &["rose-forest", "collections", name, "peers"], &[])).await
    }

    /// Who wrote how many points.
    pub async fn authors(&self, name: &str) -> Result<AuthorsJson, ClientError> {
        self.get(read(Method::GET, &["rose-forest", "collections", name, "authors"], &[])).await
    }

    /// How far the node is with a collection.
    pub async fn sync(&self, name: &str) -> Result<SyncJson, ClientError> {
        self.get(read(Method::GET, &["rose-forest", "collections", name, "sync"], &[])).await
    }

    /// Writes points, and waits for the chain, or else for the log.
    pub async fn upsert(&self, name: &str, points: &Upsert, wait: bool) -> Result<UpdateResult, ClientError> {
        let path = ["collections", name, "points"];
        self.send(write(Method::PUT, &path, &waiting(wait)), points).await
    }

    /// Deletes points, and waits for the chain.
    pub async fn delete(&self, name: &str, points: &PointIds) -> Result<UpdateResult, ClientError> {
        let path = ["collections", name, "points", "delete"];
        self.send(write(Method::POST, &path, &waiting(true)), points).await
    }

    /// Points by their ids, with their provenance; of an id that several authors use, the node's own, else the newest. Those
    /// that are not there are left out.
    pub async fn retrieve(&self, name: &str, request: &RetrieveRequest) -> Result<Vec<Record>, ClientError> {
        let path = ["collections", name, "points"];
        self.send(read(Method::POST, &path, PROVENANCE), request).await
    }

    /// The points that a query finds, with their provenance.
    pub async fn query(&self, name: &str, query: &QueryRequest) -> Result<Points, ClientError> {
        let path = ["collections", name, "points", "query"];
        self.send(read(Method::POST, &path, PROVENANCE), query).await
    }

    /// A page of everybody's points.
    pub async fn scroll_all(
        &self,
        name: &str,
        request: &ScrollAllRequest,
    ) -> Result<ScrollAllPage, ClientError> {
        let path = ["rose-forest", "collections", name, "points", "scroll-all"];
        self.send(read(Method::POST, &path, &[]), request).await
    }

    /// What the node counts and measures: OpenMetrics text.
    pub async fn metrics(&self) -> Result<String, ClientError> {
        self.text(read(Method::GET, &["metrics"], &[])).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_told_the_time_that_it_may_have() {
        assert_eq!(AT_MOST.1, limits::MAX_TIMEOUT.as_secs().to_string());
    }
}
