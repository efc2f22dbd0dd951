//! Reads Rust sources.

use crate::typescript::model::{
    Constant, Content, Definition, Field, Function, Shape, Sources, Tagging, Type, Variant,
};
use crate::typescript::{serde_words, types};
use anyhow::{Context, Result, bail, ensure};
use std::path::Path;
use syn::{Attribute, Expr, Fields, Item, Lit, ReturnType};

/// What the conductor calls by itself.
const CALLBACKS: [&str; 6] =
    ["init", "post_commit", "recv_remote_signal", "migrate_agent_open", "migrate_agent_close", "entry_defs"];

/// The constant that lists the functions: for those who cannot ask the zome which it has.
const LISTED: &str = "FUNCTIONS";

/// Reads the types of a file, and its constants if it is one of the API's.
pub fn file(path: &Path, is_api: bool, sources: &mut Sources) -> Result<()> {
    for item in parse(path)?.items {
        let (name, definition) = match &item {
            Item::Struct(item) if serialized(&item.attrs) => {
                (item.ident.to_string(), structure(&item.attrs, &item.fields))
            }
            Item::Enum(item) if serialized(&item.attrs) => (item.ident.to_string(), enumeration(item)),
            Item::Const(item) if is_api && item.ident == LISTED => {
                sources.listed =
                    names(&item.expr).with_context(|| format!("{}: {LISTED}", path.display()))?;
                continue;
            }
            Item::Const(item) if is_api && matches!(item.vis, syn::Visibility::Public(_)) => {
                let name = item.ident.to_string();
                let value = value(&item.expr).with_context(|| format!("{}: {name}", path.display()))?;
                sources.constants.push(Constant { name, docs: docs(&item.attrs), value });
                continue;
            }
            _ => continue,
        };
        if is_api && let Err(problem) = &definition {
            bail!("{}: {name}: {problem:#}", path.display());
        }
        let definition = definition.map_err(|problem| format!("{problem:#}"));
        ensure!(sources.types.insert(name.clone(), definition).is_none(), "two types are called {name}");
    }
    Ok(())
}

/// Reads the functions of the zome.
pub fn functions(path: &Path, sources: &mut Sources) -> Result<()> {
    for item in parse(path)?.items {
        let Item::Fn(item) = item else { continue };
        let name = item.sig.ident.to_string();
        let called = item.attrs.iter().any(|attribute| attribute.path().is_ident("hdk_extern"));
        if !called || CALLBACKS.contains(&name.as_str()) {
            continue;
        }
        let signature = (|| {
            let [syn::FnArg::Typed(input)] = item.sig.inputs.iter().collect::<Vec<_>>()[..] else {
                bail!("it takes one input");
            };
            let ReturnType::Type(_, output) = &item.sig.output else { bail!("it returns something") };
            Ok((types::of(&input.ty)?, types::of(result(output)?)?))
        })();
        let (input, output) = signature.with_context(|| format!("{}: {name}", path.display()))?;
        sources.functions.push(Function { name, docs: docs(&item.attrs), input, output });
    }
    Ok(())
}

fn parse(path: &Path) -> Result<syn::File> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    syn::parse_file(&text).with_context(|| format!("{} is not Rust", path.display()))
}

/// What `ExternResult` is of.
fn result(output: &syn::Type) -> Result<&syn::Type> {
    if let syn::Type::Path(path) = output
        && let Some(segment) = path.path.segments.last()
        && segment.ident == "ExternResult"
        && let [of] = types::arguments(segment)?[..]
    {
        return Ok(of);
    }
    bail!("it returns an ExternResult")
}

/// Whether a type is written by serde.
fn serialized(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("derive")).any(|attribute| {
        let mut found = false;
        let read = attribute.parse_nested_meta(|meta| {
            found |= meta.path.segments.last().is_some_and(|segment| segment.ident == "Serialize");
            Ok(())
        });
        read.is_ok() && found
    })
}

/// The description of a struct.
pub fn structure(attributes: &[Attribute], fields: &Fields) -> Result<Definition> {
    let words = serde_words::container(attributes)?;
    let shape = match (&words.into, fields) {
        (Some(into), _) => Shape::Same(types::of(&syn::parse_str(into)?)?),
        (None, Fields::Named(_)) => {
            ensure!(words.rename_all.is_none(), "rename_all on a struct is not understood");
            Shape::Struct(named(fields, words.default)?)
        }
        (None, Fields::Unnamed(inner)) if inner.unnamed.len() == 1 => {
            Shape::Same(value_of(&inner.unnamed[0])?)
        }
        _ => bail!("a struct with named fields or around one value is understood"),
    };
    Ok(Definition { docs: docs(attributes), shape })
}

/// The description of an enum.
pub fn enumeration(item: &syn::ItemEnum) -> Result<Definition> {
    let words = serde_words::container(&item.attrs)?;
    ensure!(words.into.is_none(), "an enum that is written as another type is not understood");
    let mut variants = Vec::new();
    for variant in &item.variants {
        let member = serde_words::member(&variant.attrs)?;
        let name = variant.ident.to_string();
        let content = match &variant.fields {
            Fields::Unit => Content::Unit,
            Fields::Unnamed(inner) if inner.unnamed.len() == 1 => {
                Content::Value(value_of(&inner.unnamed[0]).with_context(|| name.clone())?)
            }
            fields @ Fields::Named(_) => Content::Fields(named(fields, false)?),
            Fields::Unnamed(_) => bail!("{name}: a variant with several values is not understood"),
        };
        let by_rule = words.rename_all.map(|case| case.of_variant(&name));
        let name = member.rename.or(by_rule).unwrap_or(name);
        variants.push(Variant { name, docs: docs(&variant.attrs), content });
    }
    let tagging = match (words.tag, words.untagged) {
        (Some(tag), false) => Tagging::Internal(tag),
        (None, true) => Tagging::None,
        (None, false) => Tagging::External,
        (Some(_), true) => bail!("it is tagged and untagged"),
    };
    Ok(Definition { docs: docs(&item.attrs), shape: Shape::Enum(tagging, variants) })
}

fn named(fields: &Fields, all_default: bool) -> Result<Vec<Field>> {
    fields
        .iter()
        .map(|field| {
            let name = field.ident.as_ref().context("a field without a name")?.to_string();
            let (words, ty) = serde_words::member(&field.attrs)
                .and_then(|words| {
                    let ty = types::of_field(&name, &field.ty, words.with.as_deref())?;
                    Ok((words, ty))
                })
                .with_context(|| name.clone())?;
            // serde reads an `Option` that is not there as `None`, unless something else reads it.
            let absent_is_none = matches!(ty, Type::Option(_)) && words.with.is_none();
            Ok(Field {
                name: words.rename.unwrap_or(name),
                docs: docs(&field.attrs),
                ty,
                may_be_left_out: words.default || all_default || absent_is_none,
                may_be_skipped: words.skipped,
            })
        })
        .collect()
}

/// The type of a value without a name.
fn value_of(field: &syn::Field) -> Result<Type> {
    let words = serde_words::member(&field.attrs)?;
    let known = serde_words::Member { with: words.with.clone(), ..Default::default() };
    ensure!(words == known, "of the words of serde's, only `with` is understood on a value without a name");
    types::of_field("", &field.ty, words.with.as_deref())
}

/// The lines of a documentation comment.
fn docs(attributes: &[Attribute]) -> Vec<String> {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        if let syn::Meta::NameValue(line) = &attribute.meta
            && let Expr::Lit(literal) = &line.value
            && let Lit::Str(text) = &literal.lit
        {
            let text = text.value();
            lines.push(text.strip_prefix(' ').unwrap_or(&text).to_owned());
        }
    }
    lines
}

/// The texts of a list.
fn names(expression: &Expr) -> Result<Vec<String>> {
    let Expr::Array(list) = expression else { bail!("it is a list") };
    let name = |expression: &Expr| match expression {
        Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => Ok(text.value()),
        _ => bail!("it is a list of names"),
    };
    list.elems.iter().map(name).collect()
}

/// A constant's value: text, an integer, or a product of integers.
fn value(expression: &Expr) -> Result<String> {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Ok(format!("{:?}", text.value())),
            Lit::Int(number) => Ok(number.base10_parse::<u64>()?.to_string()),
            _ => bail!("this kind of constant is not understood"),
        },
        Expr::Binary(product) if matches!(product.op, syn::BinOp::Mul(_)) => {
            let (left, right) = (value(&product.left)?, value(&product.right)?);
            Ok((left.parse::<u64>()? * right.parse::<u64>()?).to_string())
        }
        _ => bail!("this kind of constant is not understood"),
    }
}
