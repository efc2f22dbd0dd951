//! What serde's attributes say, as far as it is understood. Anything else is an error.

use anyhow::{Result, bail};
use syn::{Attribute, LitStr};

/// What the attributes of a type say.
#[derive(Debug, Default, PartialEq)]
pub struct Container {
    /// How names of variants or fields are written.
    pub rename_all: Option<Case>,
    /// The field that says which variant it is.
    pub tag: Option<String>,
    /// Whether nothing says which variant it is.
    pub untagged: bool,
    /// Whether every field may be left out.
    pub default: bool,
    /// The type that is written in its place.
    pub into: Option<String>,
    /// The type that is read in its place.
    pub from: Option<String>,
}

/// What the attributes of a field or variant say.
#[derive(Debug, Default, PartialEq)]
pub struct Member {
    /// Its name on the wire.
    pub rename: Option<String>,
    /// Whether it may be left out.
    pub default: bool,
    /// Whether it is left out at times.
    pub skipped: bool,
    /// The module that reads and writes it.
    pub with: Option<String>,
}

/// How a name is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Case {
    /// `two_words`.
    Snake,
    /// `twowords`.
    Lower,
}

impl Case {
    /// The name of a variant in this case.
    pub fn of_variant(self, name: &str) -> String {
        match self {
            Self::Lower => name.to_lowercase(),
            Self::Snake => {
                let mut text = String::new();
                for (index, c) in name.char_indices() {
                    if c.is_uppercase() && index > 0 {
                        text.push('_');
                    }
                    text.extend(c.to_lowercase());
                }
                text
            }
        }
    }
}

/// Reads the attributes of a type.
pub fn container(attributes: &[Attribute]) -> Result<Container> {
    let mut found = Container::default();
    for attribute in serde(attributes) {
        attribute.parse_nested_meta(|meta| {
            let value = || Ok::<_, syn::Error>(meta.value()?.parse::<LitStr>()?.value());
            match meta.path.get_ident().map(ToString::to_string).as_deref() {
                Some("rename_all") => {
                    found.rename_all = Some(match value()?.as_str() {
                        "snake_case" => Case::Snake,
                        "lowercase" => Case::Lower,
                        other => {
                            return Err(meta.error(format!("rename_all = \"{other}\" is not understood")));
                        }
                    });
                }
                Some("tag") => found.tag = Some(value()?),
                Some("untagged") => found.untagged = true,
                Some("default") => found.default = true,
                Some("into") => found.into = Some(value()?),
                Some("from" | "try_from") => found.from = Some(value()?),
                Some("deny_unknown_fields") => {}
                _ => return Err(meta.error("this word of serde's is not understood on a type")),
            }
            Ok(())
        })?;
    }
    if found.into != found.from {
        bail!("it is written as {:?} and read as {:?}", found.into, found.from);
    }
    Ok(found)
}

/// Reads the attributes of a field or variant.
pub fn member(attributes: &[Attribute]) -> Result<Member> {
    let mut found = Member::default();
    for attribute in serde(attributes) {
        attribute.parse_nested_meta(|meta| {
            let value = || Ok::<_, syn::Error>(meta.value()?.parse::<LitStr>()?.value());
            match meta.path.get_ident().map(ToString::to_string).as_deref() {
                Some("rename") => found.rename = Some(value()?),
                Some("with") => found.with = Some(value()?),
                Some("default") => {
                    found.default = true;
                    if meta.input.peek(syn::Token![=]) {
                        value()?;
                    }
                }
                Some("skip_serializing_if") => {
                    found.skipped = true;
                    value()?;
                }
                _ => return Err(meta.error("this word of serde's is not understood on a field or variant")),
            }
            Ok(())
        })?;
    }
    Ok(found)
}

fn serde(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("serde"))
}
