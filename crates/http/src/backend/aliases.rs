//! Aliases: further names of collections, as a node keeps them for itself.
//!
//! An alias stands for one collection, never for another alias, and no name is both. Changes come in lists that are made as
//! a whole or not at all. What is here is a map and its rules; who keeps it, and locks it, is the backend's matter.

use rose_forest_rules::limits::MAX_NAME_CHARS;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Aliases that a node may have.
pub const MAX_ALIASES: usize = 1_024;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AliasChange {
    /// Makes an alias; one with this name is changed to mean this collection.
    CreateAlias {
        /// The collection, by its own name.
        collection_name: String,
        /// The alias.
        alias_name: String,
    },
    /// Removes an alias. One that is not there is passed over.
    DeleteAlias {
        /// The alias.
        alias_name: String,
    },
    /// Gives an alias another name; one that has it already is replaced.
    RenameAlias {
        /// The alias.
        old_alias_name: String,
        /// What it is to be called.
        new_alias_name: String,
    },
}

/// Why aliases are not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AliasError {
    /// The collection that an alias is to mean is not there.
    #[error("Not found: Collection `{name}` doesn't exist!")]
    NoCollection {
        /// The name that was received.
        name: String,
    },
    /// The alias is not there.
    #[error("Not found: Alias `{name}` doesn't exist!")]
    NoAlias {
        /// The name that was received.
        name: String,
    },
    /// An alias is to be called as a collection is.
    #[error(
        "Wrong input: expected an alias with a name of its own, received `{name}`, which is a collection"
    )]
    IsCollection {
        /// The name that was received.
        name: String,
    },
    /// A collection is to be called as an alias is.
    #[error(
        "Wrong input: expected a collection with a name of its own, received `{name}`, which is an alias of `{collection}`"
    )]
    IsAlias {
        /// The name that was received.
        name: String,
        /// What the alias means.
        collection: String,
    },
    /// A name that is empty, too long, or has control characters.
    #[error(
        "Wrong input: expected an alias of 1 to {max} characters without control characters, received {received}"
    )]
    Name {
        /// Characters that it may have.
        max: usize,
        /// Characters that it has.
        received: usize,
    },
    /// There would be too many.
    #[error("Wrong input: expected at most {max} aliases, received {received}")]
    TooMany {
        /// How many there may be.
        max: usize,
        /// How many there would be.
        received: usize,
    },
}

/// Aliases, each with the collection that it stands for. In JSON: an object of strings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Aliases(BTreeMap<String, String>);

impl Aliases {
    /// Makes changes, one after the other: all of them, or none.
    ///
    /// `exists` says whether there is a collection of this name, aliases not counted. Cost: a copy of the map.
    ///
    /// # Errors
    /// What is wrong with the first change that cannot be made.
    pub fn apply(
        &mut self,
        changes: &[AliasChange],
        exists: impl Fn(&str) -> bool,
    ) -> Result<(), AliasError> {
        let mut map = self.0.clone();
        for change in changes {
            match change {
                AliasChange::CreateAlias { collection_name, alias_name } => {
                    if !exists(collection_name) {
                        return Err(AliasError::NoCollection { name: collection_name.clone() });
                    }
                    check(alias_name, &exists)?;
                    map.insert(alias_name.clone(), collection_name.clone());
                }
                AliasChange::DeleteAlias { alias_name } => {
                    map.remove(alias_name);
                }
                AliasChange::RenameAlias { old_alias_name, new_alias_name } => {
                    check(new_alias_name, &exists)?;
                    let Some(collection) = map.remove(old_alias_name) else {
                        return Err(AliasError::NoAlias { name: old_alias_name.clone() });
                    };
                    map.insert(new_alias_name.clone(), collection);
                }
            }
        }
        if map.len() > MAX_ALIASES {
            return Err(AliasError::TooMany { max: MAX_ALIASES, received: map.len() });
        }
        self.0 = map;
        Ok(())
    }

    /// The collection that a name means: an alias the one that it stands for, any other name itself.
    pub fn resolve<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.get(name).map_or(name, String::as_str)
    }

    /// Whether a collection may be called so.
    ///
    /// # Errors
    /// [`AliasError::IsAlias`].
    pub fn check_free(&self, name: &str) -> Result<(), AliasError> {
        match self.0.get(name) {
            None => Ok(()),
            Some(collection) => {
                Err(AliasError::IsAlias { name: name.to_owned(), collection: collection.clone() })
            }
        }
    }

    /// Removes the aliases of a collection that is no more. How many there were.
    pub fn forget(&mut self, collection: &str) -> usize {
        let before = self.0.len();
        self.0.retain(|_, of| of != collection);
        before - self.0.len()
    }

    /// Aliases and what they stand for, in the order of the aliases.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(alias, collection)| (alias.as_str(), collection.as_str()))
    }
}

/// Whether an alias may be called so: the rule for collections' names, and none of these.
fn check(alias: &str, exists: impl Fn(&str) -> bool) -> Result<(), AliasError> {
    let received = alias.chars().count();
    if received == 0 || received > MAX_NAME_CHARS || alias.chars().any(char::is_control) {
        return Err(AliasError::Name { max: MAX_NAME_CHARS, received });
    }
    if exists(alias) {
        return Err(AliasError::IsCollection { name: alias.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn create(alias: &str, collection: &str) -> AliasChange {
        AliasChange::CreateAlias { collection_name: collection.to_owned(), alias_name: alias.to_owned() }
    }

    fn delete(alias: &str) -> AliasChange {
        AliasChange::DeleteAlias { alias_name: alias.to_owned() }
    }

    fn rename(old: &str, new: &str) -> AliasChange {
        AliasChange::RenameAlias { old_alias_name: old.to_owned(), new_alias_name: new.to_owned() }
    }

    /// Collections are `A`, `B` and `C`.
    fn exists(name: &str) -> bool {
        ["A", "B", "C"].contains(&name)
    }

    #[test]
    fn an_alias_means_its_collection_until_it_is_moved_renamed_or_removed() {
        let mut aliases = Aliases::default();
        aliases.apply(&[create("x", "A"), create("y", "B")], exists).unwrap();
        assert_eq!((aliases.resolve("x"), aliases.resolve("A"), aliases.resolve("z")), ("A", "A", "z"));
        aliases.apply(&[create("x", "B"), rename("y", "z"), delete("none")], exists).unwrap();
        assert_eq!(aliases.iter().collect::<Vec<_>>(), [("x", "B"), ("z", "B")]);
        assert_eq!(
            aliases.check_free("x"),
            Err(AliasError::IsAlias { name: "x".into(), collection: "B".into() })
        );
        assert_eq!(aliases.check_free("y"), Ok(()));
        assert_eq!((aliases.forget("A"), aliases.forget("B")), (0, 2));
        assert_eq!(aliases, Aliases::default());
    }

    #[test]
    fn a_change_that_cannot_be_made_leaves_all_as_it_was() {
        let mut aliases = Aliases::default();
        aliases.apply(&[create("x", "A")], exists).unwrap();
        let before = aliases.clone();
        let long = "n".repeat(MAX_NAME_CHARS + 1);
        let name = |received| AliasError::Name { max: MAX_NAME_CHARS, received };
        for (change, error) in [
            (create("y", "D"), AliasError::NoCollection { name: "D".into() }),
            // Not even what an alias means: aliases stand for collections.
            (create("y", "x"), AliasError::NoCollection { name: "x".into() }),
            (create("C", "A"), AliasError::IsCollection { name: "C".into() }),
            (rename("x", "C"), AliasError::IsCollection { name: "C".into() }),
            (rename("none", "y"), AliasError::NoAlias { name: "none".into() }),
            (create("", "A"), name(0)),
            (rename("x", &long), name(MAX_NAME_CHARS + 1)),
            (create("a\nb", "A"), name(3)),
        ] {
            let changes = [delete("x"), create("x", "B"), change];
            assert_eq!(aliases.apply(&changes, exists), Err(error));
            assert_eq!(aliases, before);
        }
        let many: Vec<_> = (0..MAX_ALIASES).map(|number| create(&format!("n{number}"), "A")).collect();
        let too_many = AliasError::TooMany { max: MAX_ALIASES, received: MAX_ALIASES + 1 };
        assert_eq!(aliases.apply(&many, exists), Err(too_many));
        assert_eq!(aliases, before);
        aliases.apply(&many[1..], exists).unwrap();
    }

    #[test]
    fn the_json_is_a_plain_object_and_that_of_a_change_is_qdrants() {
        let mut aliases = Aliases::default();
        aliases.apply(&[create("x", "A")], exists).unwrap();
        let json = serde_json::json!({"x": "A"});
        assert_eq!(serde_json::to_value(&aliases).unwrap(), json);
        assert_eq!(serde_json::from_value::<Aliases>(json).unwrap(), aliases);
        for (change, json) in [
            (
                create("x", "A"),
                serde_json::json!({"create_alias": {"collection_name": "A", "alias_name": "x"}}),
            ),
            (delete("x"), serde_json::json!({"delete_alias": {"alias_name": "x"}})),
            (
                rename("x", "y"),
                serde_json::json!({"rename_alias": {"old_alias_name": "x", "new_alias_name": "y"}}),
            ),
        ] {
            assert_eq!(serde_json::from_value::<AliasChange>(json).unwrap(), change);
        }
    }

    fn change() -> impl Strategy<Value = AliasChange> {
        // Names of collections and of aliases, so that some changes are refused.
        let name = || prop::sample::select(vec!["A", "B", "D", "x", "y", "z", ""]);
        prop_oneof![
            (name(), name()).prop_map(|(alias, collection)| create(alias, collection)),
            name().prop_map(delete),
            (name(), name()).prop_map(|(old, new)| rename(old, new)),
        ]
    }

    proptest! {
        #[test]
        fn whatever_changes_come_aliases_stand_for_collections_and_lists_are_all_or_nothing(
            lists in prop::collection::vec(prop::collection::vec(change(), 0..5), 0..20),
        ) {
            let (mut whole, mut single) = (Aliases::default(), Aliases::default());
            for list in lists {
                let before = whole.clone();
                match whole.apply(&list, exists) {
                    Err(_) => prop_assert_eq!(&whole, &before),
                    Ok(()) => {
                        for change in list {
                            prop_assert_eq!(single.apply(&[change], exists), Ok(()));
                        }
                    }
                }
                prop_assert_eq!(&whole, &single);
                for (alias, collection) in whole.iter() {
                    prop_assert!(exists(collection) && !exists(alias));
                    prop_assert_eq!(whole.resolve(whole.resolve(alias)), collection);
                }
            }
        }
    }
}
