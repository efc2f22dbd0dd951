//! Rust types as the wire has them.

use crate::typescript::model::Type;
use anyhow::{Context, Result, bail, ensure};
use syn::{GenericArgument, PathArguments, PathSegment};

/// Hashes that `@holochain/client` has a type for.
const HASHES: [&str; 5] = ["ActionHash", "AgentPubKey", "AnyDhtHash", "DnaHash", "EntryHash"];

/// Fields of bytes that are little-endian f32.
pub const FLOATS: [&str; 2] = ["vector", "vectors"];

/// The type of a field, and of what it is called, where that matters.
pub fn of_field(name: &str, ty: &syn::Type, with: Option<&str>) -> Result<Type> {
    let ty = match with {
        None => of(ty)?,
        Some("serde_bytes") => bytes(of(ty)?)?,
        Some(other) => bail!("it is written by `{other}`, which is not understood"),
    };
    Ok(match ty {
        Type::Bytes if FLOATS.contains(&name) => Type::Floats,
        Type::Option(inner) if *inner == Type::Bytes && FLOATS.contains(&name) => {
            Type::Option(Box::new(Type::Floats))
        }
        other if FLOATS.contains(&name) => bail!("a field of this name is bytes, this one is {other:?}"),
        other => other,
    })
}

/// Numbers of a byte, which serde_bytes writes as bytes.
fn bytes(ty: Type) -> Result<Type> {
    match ty {
        Type::List(inner) if *inner == Type::Number => Ok(Type::Bytes),
        Type::Option(inner) => Ok(Type::Option(Box::new(bytes(*inner)?))),
        other => bail!("serde_bytes does not write {other:?}"),
    }
}

/// A type that stands alone.
pub fn of(ty: &syn::Type) -> Result<Type> {
    match ty {
        syn::Type::Path(path) => of_path(path.path.segments.last().context("an empty path")?),
        syn::Type::Tuple(tuple) if tuple.elems.is_empty() => Ok(Type::Unit),
        syn::Type::Tuple(tuple) => Ok(Type::Tuple(tuple.elems.iter().map(of).collect::<Result<_>>()?)),
        // serde writes an array as a list, one of bytes too.
        syn::Type::Array(array) => Ok(Type::List(Box::new(of(&array.elem)?))),
        syn::Type::Reference(reference) => of(&reference.elem),
        _ => bail!("this kind of type is not understood"),
    }
}

fn of_path(segment: &PathSegment) -> Result<Type> {
    let name = segment.ident.to_string();
    let arguments = arguments(segment)?;
    let one = || match arguments.as_slice() {
        [only] => Ok(Box::new(of(only)?)),
        _ => bail!("{name} takes one type"),
    };
    Ok(match name.as_str() {
        "Vec" | "BTreeSet" | "HashSet" => Type::List(one()?),
        "Option" => Type::Option(one()?),
        "Box" => *one()?,
        "BTreeMap" | "HashMap" => match arguments.as_slice() {
            [key, value] => {
                ensure!(of(key)? == Type::Text, "{name} is understood with keys that are text");
                Type::Map(Box::new(of(value)?))
            }
            _ => bail!("{name} takes two types"),
        },
        _ if !arguments.is_empty() => bail!("the generic type {name} is not understood"),
        "bool" => Type::Bool,
        "u8" | "u16" | "u32" | "i8" | "i16" | "i32" => Type::Number,
        "f32" | "f64" => Type::Real,
        "u64" | "i64" | "usize" | "isize" => Type::Integer64,
        "String" | "str" => Type::Text,
        "ByteBuf" => Type::Bytes,
        name if HASHES.contains(&name) => Type::Hash(name.to_owned()),
        name => Type::Named(name.to_owned()),
    })
}

/// The types in angle brackets.
pub fn arguments(segment: &PathSegment) -> Result<Vec<&syn::Type>> {
    match &segment.arguments {
        PathArguments::None => Ok(Vec::new()),
        PathArguments::AngleBracketed(list) => list
            .args
            .iter()
            .map(|argument| match argument {
                GenericArgument::Type(ty) => Ok(ty),
                _ => bail!("{} has an argument that is no type", segment.ident),
            })
            .collect(),
        PathArguments::Parenthesized(_) => bail!("a function is not understood"),
    }
}
