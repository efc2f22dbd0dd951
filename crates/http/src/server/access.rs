//! What a request may do, and what each route asks for.
//!
//! Keys and tokens become an [`Access`]. It is checked against the route before a handler runs, by the collection's name in
//! the path; what a body names beside it (`lookup_from`) is checked by whoever reads it. A route that this file does not know
//! asks for a right to everything, so that a new one is never open by oversight.

use super::ApiError;
use axum::{extract::FromRequestParts, http::request::Parts};
use std::sync::Arc;

/// What a request may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everything.
    Everything,
    /// Reading, of all collections.
    Read,
    /// These collections alone.
    Collections(Arc<[CollectionAccess]>),
}

/// What a request may do with one collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CollectionAccess {
    /// Its name.
    pub(crate) name: String,
    /// Whether points may be written, beside being read.
    pub(crate) may_write: bool,
}

/// What a route asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Any key: the answer shows what it may see.
    Anything,
    /// Reading the collection of the path.
    ReadOne,
    /// Writing points of the collection of the path.
    WriteOne,
    /// Reading everything.
    ReadAll,
    /// Everything.
    Manage,
}

/// Why a right does not suffice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Forbidden {
    /// It is for reading.
    #[error("Forbidden: Write access is required, this key is for reading only")]
    ReadOnly,
    /// It is for other collections.
    #[error("Forbidden: Access to collection {name} is required")]
    OtherCollection {
        /// The one that was asked for.
        name: String,
    },
    /// It is for reading this collection.
    #[error("Forbidden: Write access to collection {name} is required")]
    ReadOnlyCollection {
        /// The collection.
        name: String,
    },
    /// It is for some collections.
    #[error("Forbidden: Global access is required, this token is for single collections")]
    NotGlobal,
    /// It is for points of some collections.
    #[error("Forbidden: Global manage access is required, this token is for single collections")]
    NotManage,
}

impl Access {
    /// Whether a collection may be read.
    ///
    /// # Errors
    /// Which right is missing.
    pub(crate) fn read(&self, name: &str) -> Result<(), Forbidden> {
        self.one(name).map(|_| ())
    }

    /// Whether the points of a collection may be written.
    fn write(&self, name: &str) -> Result<(), Forbidden> {
        match self.one(name)? {
            Some(one) if !one.may_write => Err(Forbidden::ReadOnlyCollection { name: name.to_owned() }),
            None if *self == Self::Read => Err(Forbidden::ReadOnly),
            Some(_) | None => Ok(()),
        }
    }

    /// What is said of one collection, where single ones are named.
    fn one(&self, name: &str) -> Result<Option<&CollectionAccess>, Forbidden> {
        let Self::Collections(list) = self else { return Ok(None) };
        match list.iter().find(|one| one.name == name) {
            Some(one) => Ok(Some(one)),
            None => Err(Forbidden::OtherCollection { name: name.to_owned() }),
        }
    }

    /// Whether it suffices for a route. `name` is the collection of the path.
    pub(super) fn suffices(&self, needs: Needs, name: Option<&str>) -> Result<(), Forbidden> {
        match (needs, name) {
            (Needs::Anything, _) => Ok(()),
            (Needs::ReadOne, Some(name)) => self.read(name),
            (Needs::WriteOne, Some(name)) => self.write(name),
            (Needs::ReadAll | Needs::ReadOne, _) => match self {
                Self::Everything | Self::Read => Ok(()),
                Self::Collections(_) => Err(Forbidden::NotGlobal),
            },
            (Needs::Manage | Needs::WriteOne, _) => match self {
                Self::Everything => Ok(()),
                Self::Read => Err(Forbidden::ReadOnly),
                Self::Collections(_) => Err(Forbidden::NotManage),
            },
        }
    }
}

impl Needs {
    /// Of a request that reads, by its path as it was sent.
    pub(super) fn of_read(path: &str) -> Self {
        match parts(path.strip_prefix("/rose-forest").unwrap_or(path)) {
            Some(_) => Self::ReadOne,
            None if path == "/collections" => Self::Anything,
            None => Self::ReadAll,
        }
    }

    /// Of a request that writes: points and indexes of payload fields belong to a collection; collections themselves, and
    /// everything else, to the node. What is escaped in the path needs everything: routes are not found through escapes.
    pub(super) fn of_write(path: &str) -> Self {
        match parts(path) {
            Some((_, Some("points" | "index"))) => Self::WriteOne,
            _ => Self::Manage,
        }
    }
}

/// The name of the collection that a path is about, still escaped, and the next word after it.
fn parts(path: &str) -> Option<(&str, Option<&str>)> {
    let mut words = path.strip_prefix("/collections/")?.split('/');
    let name = words.next().filter(|name| !name.is_empty())?;
    Some((name, words.next()))
}

/// For handlers that show only what may be seen, or whose bodies name collections.
impl<S: Send + Sync> FromRequestParts<S> for Access {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // A route that no key was asked for gives a right to nothing.
        Ok(parts.extensions.get().cloned().unwrap_or_else(|| Self::Collections(Arc::default())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Access {
        let one = |name: &str, may_write| CollectionAccess { name: name.to_owned(), may_write };
        Access::Collections([one("r", false), one("w", true)].into())
    }

    #[test]
    fn each_right_suffices_for_what_it_says() {
        use Needs::{Anything, Manage, ReadAll, ReadOne, WriteOne};
        let can = |access: &Access| {
            let one = |needs, name| access.suffices(needs, Some(name)).is_ok();
            let all = |needs| access.suffices(needs, None).is_ok();
            [
                all(Anything),
                one(ReadOne, "r"),
                one(ReadOne, "w"),
                one(ReadOne, "x"),
                one(WriteOne, "r"),
                one(WriteOne, "w"),
                one(WriteOne, "x"),
                all(ReadAll),
                all(Manage),
            ]
        };
        let (y, n) = (true, false);
        assert_eq!(can(&Access::Everything), [y; 9]);
        assert_eq!(can(&Access::Read), [y, y, y, y, n, n, n, y, n]);
        assert_eq!(can(&two()), [y, y, y, n, n, y, n, n, n]);
        assert_eq!(can(&Access::Collections(Arc::default())), [y, n, n, n, n, n, n, n, n]);
        // The path of a collection that has no name is nobody's.
        assert_eq!(two().suffices(ReadOne, None), Err(Forbidden::NotGlobal));
        assert_eq!(two().suffices(WriteOne, None), Err(Forbidden::NotManage));
    }

    #[test]
    fn a_path_that_is_not_known_needs_everything() {
        for (path, read, write) in [
            ("/collections", Needs::Anything, Needs::Manage),
            ("/collections/c", Needs::ReadOne, Needs::Manage),
            ("/collections/c/points", Needs::ReadOne, Needs::WriteOne),
            ("/collections/points/points/payload/clear", Needs::ReadOne, Needs::WriteOne),
            ("/collections/c/index/a", Needs::ReadOne, Needs::WriteOne),
            ("/collections/c/snapshots", Needs::ReadOne, Needs::Manage),
            ("/collections/c/snapshots/points", Needs::ReadOne, Needs::Manage),
            ("/collections/c/pointsandmore", Needs::ReadOne, Needs::Manage),
            ("/collections/c/%70oints", Needs::ReadOne, Needs::Manage),
            ("/collections/points", Needs::ReadOne, Needs::Manage),
            ("/collections//points", Needs::ReadAll, Needs::Manage),
            ("/collections/aliases", Needs::ReadOne, Needs::Manage),
            ("/rose-forest/collections/c/peers", Needs::ReadOne, Needs::Manage),
            ("/rose-forest/collections/c/points", Needs::ReadOne, Needs::Manage),
            ("/rose-forest/collections/c/page", Needs::ReadOne, Needs::Manage),
            ("/rose-forest/collections", Needs::ReadAll, Needs::Manage),
            ("/rose-forest/join", Needs::ReadAll, Needs::Manage),
            ("/metrics", Needs::ReadAll, Needs::Manage),
        ] {
            assert_eq!((Needs::of_read(path), Needs::of_write(path)), (read, write), "{path}");
        }
    }
}
