//! What is known of the wire: types as serde writes them, and functions.

use std::collections::BTreeMap;

/// Everything that was read.
#[derive(Default)]
pub struct Sources {
    /// Types by name. Those of the rules that cannot be described are kept as a sentence, and are an error only if used.
    pub types: BTreeMap<String, Result<Definition, String>>,
    /// Constants of the API.
    pub constants: Vec<Constant>,
    /// The names of functions that the API lists.
    pub listed: Vec<String>,
    /// Functions of the zome, in the order of the source.
    pub functions: Vec<Function>,
}

/// A type with a name.
#[derive(Debug, PartialEq)]
pub struct Definition {
    /// Its documentation, line by line.
    pub docs: Vec<String>,
    /// What is written.
    pub shape: Shape,
}

/// How a type is written.
#[derive(Debug, PartialEq)]
pub enum Shape {
    /// As a map.
    Struct(Vec<Field>),
    /// As what another type is written as.
    Same(Type),
    /// As one of several.
    Enum(Tagging, Vec<Variant>),
}

/// How one sees which variant it is.
#[derive(Debug, PartialEq)]
pub enum Tagging {
    /// By the variant's name: alone, or as the one key of a map.
    External,
    /// By a field of this name.
    Internal(String),
    /// Not at all.
    None,
}

/// A field of a struct or of a variant.
#[derive(Debug, PartialEq)]
pub struct Field {
    /// Its name on the wire.
    pub name: String,
    /// Its documentation.
    pub docs: Vec<String>,
    /// What is in it.
    pub ty: Type,
    /// Whether a reader does without it.
    pub may_be_left_out: bool,
    /// Whether a writer may leave it out.
    pub may_be_skipped: bool,
}

/// A variant of an enum.
#[derive(Debug, PartialEq)]
pub struct Variant {
    /// Its name on the wire.
    pub name: String,
    /// Its documentation.
    pub docs: Vec<String>,
    /// What it holds.
    pub content: Content,
}

/// What a variant holds.
#[derive(Debug, PartialEq)]
pub enum Content {
    /// Nothing.
    Unit,
    /// One value.
    Value(Type),
    /// Named fields.
    Fields(Vec<Field>),
}

/// A type without a name.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// `()`.
    Unit,
    /// A truth value.
    Bool,
    /// An integer that a double holds exactly.
    Number,
    /// A floating-point number.
    Real,
    /// An integer of 64 bits.
    Integer64,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// Bytes that are little-endian f32.
    Floats,
    /// A hash of Holochain's, by its name there.
    Hash(String),
    /// Any number of them.
    List(Box<Self>),
    /// So many different ones.
    Tuple(Vec<Self>),
    /// It or nothing.
    Option(Box<Self>),
    /// A map from text.
    Map(Box<Self>),
    /// A type with a name.
    Named(String),
}

/// A constant.
pub struct Constant {
    /// Its name.
    pub name: String,
    /// Its documentation.
    pub docs: Vec<String>,
    /// Its value, as TypeScript writes it.
    pub value: String,
}

/// A function of the zome.
pub struct Function {
    /// Its name on the wire.
    pub name: String,
    /// Its documentation.
    pub docs: Vec<String>,
    /// What it takes.
    pub input: Type,
    /// What it returns.
    pub output: Type,
}

impl Type {
    /// Calls `on` with every named type in it.
    pub fn names(&self, on: &mut impl FnMut(&str)) {
        match self {
            Self::Named(name) => on(name),
            Self::List(of) | Self::Option(of) | Self::Map(of) => of.names(on),
            Self::Tuple(of) => of.iter().for_each(|ty| ty.names(on)),
            Self::Unit | Self::Bool | Self::Number | Self::Real | Self::Integer64 | Self::Text => {}
            Self::Bytes | Self::Floats | Self::Hash(_) => {}
        }
    }

    /// Calls `on` with the name of every hash in it.
    pub fn hashes(&self, on: &mut impl FnMut(&str)) {
        match self {
            Self::Hash(name) => on(name),
            Self::List(of) | Self::Option(of) | Self::Map(of) => of.hashes(on),
            Self::Tuple(of) => of.iter().for_each(|ty| ty.hashes(on)),
            _ => {}
        }
    }
}

impl Definition {
    /// Every type that it is made of.
    pub fn parts(&self) -> Vec<&Type> {
        match &self.shape {
            Shape::Struct(fields) => fields.iter().map(|field| &field.ty).collect(),
            Shape::Same(ty) => vec![ty],
            Shape::Enum(_, variants) => variants
                .iter()
                .flat_map(|variant| match &variant.content {
                    Content::Unit => Vec::new(),
                    Content::Value(ty) => vec![ty],
                    Content::Fields(fields) => fields.iter().map(|field| &field.ty).collect(),
                })
                .collect(),
        }
    }
}
