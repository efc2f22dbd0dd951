//! Writes what was read as TypeScript.

use crate::typescript::model::{
    Content, Definition, Field, Function, Shape, Sources, Tagging, Type, Variant,
};
use crate::typescript::types::FLOATS;
use anyhow::{Context, Result, anyhow, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const HEAD: &str = "\
/**
 * What crosses the websocket, and the functions of the coordinator zome.
 *
 * Written by `cargo xtask js-types` from `crates/api`, `crates/rules` and `zomes/coordinator`: change those.
 *
 * @module
 */
";

/// A signal is not mentioned by any function.
const SIGNAL: &str = "Signal";

/// The whole module.
pub fn module(sources: &Sources) -> Result<String> {
    let inputs = reachable(sources, sources.functions.iter().map(|function| &function.input))?;
    let signal = Type::Named(SIGNAL.to_owned());
    let outputs = sources.functions.iter().map(|function| &function.output).chain([&signal]);
    let outputs = reachable(sources, outputs)?;
    let used: BTreeMap<_, _> = inputs.iter().chain(&outputs).map(|(name, it)| (*name, *it)).collect();
    let printer = Printer { inputs: inputs.keys().copied().collect(), types: &used };

    let mut text = HEAD.to_owned();
    let mut hashes = BTreeSet::new();
    let parts = used.values().flat_map(|definition| definition.parts());
    for ty in parts.chain(sources.functions.iter().flat_map(|f| [&f.input, &f.output])) {
        ty.hashes(&mut |name| {
            hashes.insert(name.to_owned());
        });
    }
    let hashes = hashes.into_iter().collect::<Vec<_>>().join(", ");
    writeln!(text, "\nimport type {{ {hashes} }} from \"@holochain/client\";")?;
    writeln!(text, "import type {{ Integer64 }} from \"../integers.js\";\n")?;
    for constant in &sources.constants {
        text += &comment(&constant.docs, "");
        writeln!(text, "export const {} = {};\n", constant.name, constant.value)?;
    }
    for (name, definition) in &used {
        text += &comment(&definition.docs, "");
        text += &printer.definition(name, definition);
        text.push('\n');
    }
    text += &printer.order_of(sources, "Schema")?;
    text += &names(
        "Fields that are a `Float32Array` here and little-endian bytes on the wire.",
        "FLOATS",
        &FLOATS,
    );
    let reals: Vec<_> = reals(used.values().copied()).into_iter().collect();
    text +=
        &names("Fields that are floating-point numbers: all other numbers are integers.", "REALS", &reals);
    text += &printer.functions(&sources.functions);
    Ok(text)
}

/// Every named type that these are made of.
fn reachable<'a>(
    sources: &'a Sources,
    from: impl Iterator<Item = &'a Type>,
) -> Result<BTreeMap<&'a str, &'a Definition>> {
    let mut found = BTreeMap::new();
    let mut left: Vec<&Type> = from.collect();
    while let Some(ty) = left.pop() {
        let mut names = Vec::new();
        ty.names(&mut |name| names.push(name.to_owned()));
        for name in names {
            let (name, definition) =
                sources.types.get_key_value(&name).with_context(|| format!("no type {name} was found"))?;
            let definition = definition.as_ref().map_err(|problem| anyhow!("{name}: {problem}"))?;
            if found.insert(name.as_str(), definition).is_none() {
                left.extend(definition.parts());
            }
        }
    }
    Ok(found)
}

struct Printer<'a> {
    /// Types that some function takes.
    inputs: BTreeSet<&'a str>,
    types: &'a BTreeMap<&'a str, &'a Definition>,
}

impl Printer<'_> {
    fn definition(&self, name: &str, definition: &Definition) -> String {
        let input = self.inputs.contains(name);
        match &definition.shape {
            Shape::Struct(fields) => {
                format!("export interface {name} {{\n{}}}\n", self.fields(fields, input, "  "))
            }
            Shape::Same(ty) => format!("export type {name} = {};\n", self.ty(ty, input)),
            Shape::Enum(tagging, variants) => {
                let mut text = format!("export type {name} =");
                for variant in variants {
                    text.push('\n');
                    text += &comment(&variant.docs, "  ");
                    write!(text, "  | {}", self.variant(tagging, variant, input)).unwrap_or_default();
                }
                text + ";\n"
            }
        }
    }

    fn variant(&self, tagging: &Tagging, variant: &Variant, input: bool) -> String {
        let name = &variant.name;
        match (tagging, &variant.content) {
            (Tagging::External, Content::Unit) => format!("\"{name}\""),
            (Tagging::External, Content::Value(ty)) => format!("{{ {name}: {} }}", self.ty(ty, input)),
            (Tagging::External, Content::Fields(fields)) => {
                format!("{{ {name}: {{\n{}    }} }}", self.fields(fields, input, "      "))
            }
            (Tagging::Internal(tag), Content::Unit) => format!("{{ {tag}: \"{name}\" }}"),
            (Tagging::Internal(tag), Content::Value(ty)) => {
                format!("({{ {tag}: \"{name}\" }} & {})", self.ty(ty, input))
            }
            (Tagging::Internal(tag), Content::Fields(fields)) => {
                format!("{{\n      {tag}: \"{name}\";\n{}    }}", self.fields(fields, input, "      "))
            }
            (Tagging::None, Content::Unit) => "null".to_owned(),
            (Tagging::None, Content::Value(ty)) => self.ty(ty, input),
            (Tagging::None, Content::Fields(fields)) => {
                format!("{{\n{}    }}", self.fields(fields, input, "      "))
            }
        }
    }

    fn fields(&self, fields: &[Field], input: bool, indent: &str) -> String {
        let mut text = String::new();
        for field in fields {
            let optional = if input && field.may_be_left_out || field.may_be_skipped { "?" } else { "" };
            text += &comment(&field.docs, indent);
            text += &format!("{indent}{}{optional}: {};\n", field.name, self.ty(&field.ty, input));
        }
        text
    }

    /// A type. What a function returns has every field, also where the same type as an input may lack some.
    fn ty(&self, ty: &Type, input: bool) -> String {
        match ty {
            Type::Unit => "null".to_owned(),
            Type::Bool => "boolean".to_owned(),
            Type::Number | Type::Real => "number".to_owned(),
            Type::Integer64 => "Integer64".to_owned(),
            Type::Text => "string".to_owned(),
            Type::Bytes => "Uint8Array".to_owned(),
            Type::Floats => "Float32Array".to_owned(),
            Type::Hash(name) => name.clone(),
            Type::List(of) => match self.ty(of, input) {
                union if union.contains('|') => format!("({union})[]"),
                one => format!("{one}[]"),
            },
            Type::Tuple(of) => {
                format!("[{}]", of.iter().map(|ty| self.ty(ty, input)).collect::<Vec<_>>().join(", "))
            }
            Type::Option(of) => format!("{} | null", self.ty(of, input)),
            Type::Map(of) => format!("Record<string, {}>", self.ty(of, input)),
            Type::Named(name) if !input && self.has_optional_fields(name) => format!("Required<{name}>"),
            Type::Named(name) => name.clone(),
        }
    }

    fn has_optional_fields(&self, name: &str) -> bool {
        self.inputs.contains(name)
            && self.types.get(name).is_some_and(|definition| match &definition.shape {
                Shape::Struct(fields) => fields.iter().any(|field| field.may_be_left_out),
                _ => false,
            })
    }

    /// Whether nothing in an input has to be given.
    fn may_be_empty(&self, ty: &Type) -> bool {
        let Type::Named(name) = ty else { return false };
        self.types.get(name.as_str()).is_some_and(|definition| match &definition.shape {
            Shape::Struct(fields) => fields.iter().all(|field| field.may_be_left_out),
            _ => false,
        })
    }

    /// The names of a struct's fields in their order: the properties of a DNA are hashed as they are written.
    fn order_of(&self, sources: &Sources, name: &str) -> Result<String> {
        let Some(Ok(Definition { shape: Shape::Struct(fields), .. })) = sources.types.get(name) else {
            bail!("there is no struct {name}");
        };
        let names: Vec<_> = fields.iter().map(|field| format!("\"{}\"", field.name)).collect();
        Ok(format!(
            "/** The fields of a {name} in their order, in which they are hashed. */\n\
             export const {}_FIELDS = [{}] as const satisfies readonly (keyof {name})[];\n\n",
            name.to_uppercase(),
            names.join(", ")
        ))
    }

    fn functions(&self, functions: &[Function]) -> String {
        let names: Vec<_> = functions.iter().map(|function| format!("  \"{}\",\n", function.name)).collect();
        let mut text = format!(
            "/** The functions of the zome, by their names there. */\nexport const FUNCTIONS = [\n{}] as const;\n\n\
             /** The name of a function of the zome. */\nexport type FunctionName = (typeof FUNCTIONS)[number];\n\n\
             /** The functions of the zome. */\nexport abstract class ZomeFunctions {{\n  \
             /** Calls a function with what it takes; `null` for nothing. */\n  \
             protected abstract call<Output>(name: FunctionName, input: unknown): Promise<Output>;\n",
            names.concat()
        );
        for function in functions {
            let parameter = match &function.input {
                Type::Unit => String::new(),
                input if self.may_be_empty(input) => format!("input: {} = {{}}", self.ty(input, true)),
                input => format!("input: {}", self.ty(input, true)),
            };
            let sent = if parameter.is_empty() { "null" } else { "input" };
            text.push('\n');
            text += &comment(&function.docs, "  ");
            text += &format!(
                "  {}({parameter}): Promise<{}> {{\n    return this.call(\"{}\", {sent});\n  }}\n",
                camel(&function.name),
                self.ty(&function.output, false),
                function.name
            );
        }
        text + "}\n"
    }
}

/// The names of the fields that are floating-point numbers.
fn reals<'a>(definitions: impl Iterator<Item = &'a Definition>) -> BTreeSet<&'a str> {
    let is_real = |ty: &Type| match ty {
        Type::Option(of) => **of == Type::Real,
        ty => *ty == Type::Real,
    };
    let fields = definitions.flat_map(|definition| match &definition.shape {
        Shape::Struct(fields) => fields.as_slice(),
        _ => &[],
    });
    fields.filter(|field| is_real(&field.ty)).map(|field| field.name.as_str()).collect()
}

/// A list of names as a constant.
fn names(docs: &str, constant: &str, names: &[&str]) -> String {
    format!("/** {docs} */\nexport const {constant}: readonly string[] = {names:?};\n\n")
}

/// `two_words` as `twoWords`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| {
        let mut chars = word.chars();
        text + &chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default() + chars.as_str()
    })
}

/// A documentation comment; links to Rust items become plain names.
fn comment(docs: &[String], indent: &str) -> String {
    let line = |text: &String| {
        text.replace("[`", "`").replace("`]", "`").replace("::", ".").replace("*/", "*\u{200b}/")
    };
    match docs {
        [] => String::new(),
        [only] => format!("{indent}/** {} */\n", line(only)),
        lines => {
            let mut text = format!("{indent}/**\n");
            for text_line in lines {
                text += format!("{indent} * {}", line(text_line)).trim_end();
                text.push('\n');
            }
            text + indent + " */\n"
        }
    }
}
