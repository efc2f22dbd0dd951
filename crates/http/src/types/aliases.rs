//! Aliases in requests and answers.

use crate::backend::AliasChange;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /collections/aliases`.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
pub struct ChangeAliases {
    /// What to change, in this order: all of it, or nothing.
    pub actions: Vec<AliasChange>,
}

/// An alias.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AliasDescription {
    /// The alias.
    pub alias_name: String,
    /// The collection that it stands for.
    pub collection_name: String,
}

impl From<(&str, &str)> for AliasDescription {
    /// Of an alias and its collection.
    fn from((alias, collection): (&str, &str)) -> Self {
        Self { alias_name: alias.to_owned(), collection_name: collection.to_owned() }
    }
}

/// `GET /aliases` and `GET /collections/{name}/aliases`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AliasList {
    /// The aliases, in the order of their names.
    pub aliases: Vec<AliasDescription>,
}
