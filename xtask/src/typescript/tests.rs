//! What is read from Rust, and what becomes of it.

use super::*;
use crate::typescript::model::{Content, Shape, Tagging, Type};
use std::fs;

/// The module for these sources.
fn printed(api: &str, functions: &str) -> Result<String> {
    let dir = tempfile::tempdir()?;
    let schema = "#[derive(Serialize)] pub struct Schema { pub version: u8, pub name: String }";
    let signal = "#[derive(Serialize)] #[serde(tag = \"type\")] pub enum Signal { Here { by: AgentPubKey } }";
    let (api_path, zome_path) = (dir.path().join("api.rs"), dir.path().join("zome.rs"));
    fs::write(&api_path, format!("{schema}\n{signal}\n{api}"))?;
    fs::write(&zome_path, functions)?;
    let mut sources = Sources::default();
    read::file(&api_path, true, &mut sources)?;
    read::functions(&zome_path, &mut sources)?;
    print::module(&sources)
}

fn problem(api: &str, functions: &str) -> String {
    format!("{:#}", printed(api, functions).unwrap_err())
}

#[test]
fn the_committed_file_is_what_the_sources_say() {
    check(&Layout::find().unwrap()).unwrap();
}

#[test]
fn an_input_may_lack_what_has_a_default_and_an_output_has_it() {
    let api = "#[derive(Serialize)] pub struct In { pub must: u32, #[serde(default)] pub may: bool, pub or: Option<u8> }
        #[derive(Serialize)] pub struct Out { pub given: In, #[serde(default)] pub always: bool }";
    let text = printed(api, "#[hdk_extern] pub fn ask(i: In) -> ExternResult<Out> { todo!() }").unwrap();
    assert!(text.contains("  must: number;\n  may?: boolean;\n  or?: number | null;\n"), "{text}");
    assert!(text.contains("  given: Required<In>;\n  always: boolean;\n"), "{text}");
    assert!(text.contains("ask(input: In): Promise<Out> {\n    return this.call(\"ask\", input);"), "{text}");
}

#[test]
fn bytes_floats_and_lists_of_numbers_are_three_things() {
    let api = "#[derive(Serialize)] pub struct Out {
        #[serde(with = \"serde_bytes\")] pub vector: Option<Vec<u8>>,
        #[serde(with = \"serde_bytes\")] pub record: Vec<u8>,
        pub numbers: Vec<u8>, pub time: i64 }";
    let text = printed(api, "#[hdk_extern] pub fn see(_: ()) -> ExternResult<Out> { todo!() }").unwrap();
    assert!(text.contains(
        "vector: Float32Array | null;\n  record: Uint8Array;\n  numbers: number[];\n  time: Integer64;"
    ));
    assert!(text.contains("see(): Promise<Out> {\n    return this.call(\"see\", null);"), "{text}");
}

#[test]
fn an_enum_is_written_as_serde_tags_it() {
    let item = syn::parse_str(
        "#[derive(Serialize)] #[serde(rename_all = \"snake_case\")] enum Gap { ArcNotFull, Failed(u32) }",
    );
    let definition = read::enumeration(&item.unwrap()).unwrap();
    let Shape::Enum(Tagging::External, variants) = definition.shape else { panic!("{definition:?}") };
    let found: Vec<_> = variants.into_iter().map(|variant| (variant.name, variant.content)).collect();
    let expected =
        [("arc_not_full".to_owned(), Content::Unit), ("failed".to_owned(), Content::Value(Type::Number))];
    assert_eq!(found, expected);
    let text = printed("", "").unwrap();
    assert!(
        text.contains("export type Signal =\n  | {\n      type: \"Here\";\n      by: AgentPubKey;\n    };"),
        "{text}"
    );
}

#[test]
fn a_value_in_a_variant_is_written_as_its_attributes_say() {
    let item = "#[derive(Serialize)] enum Said { Bytes(#[serde(with = \"serde_bytes\")] Vec<u8>), Digest([u8; 32]) }";
    let definition = read::enumeration(&syn::parse_str(item).unwrap()).unwrap();
    let Shape::Enum(_, variants) = definition.shape else { panic!("{definition:?}") };
    let found: Vec<_> = variants.into_iter().map(|variant| variant.content).collect();
    assert_eq!(found, [Content::Value(Type::Bytes), Content::Value(Type::List(Box::new(Type::Number)))]);
    let item = "#[derive(Serialize)] enum Said { Odd(#[serde(default)] u8) }";
    assert!(read::enumeration(&syn::parse_str(item).unwrap()).is_err());
}

#[test]
fn what_is_not_understood_is_named() {
    let ask = "#[hdk_extern] pub fn ask(i: In) -> ExternResult<u8> { todo!() }";
    let flat = "#[derive(Serialize)] pub struct In { #[serde(flatten)] pub rest: Vec<u8> }";
    assert!(problem(flat, ask).contains("In: rest: "), "{}", problem(flat, ask));
    let case = "#[derive(Serialize)] #[serde(rename_all = \"kebab-case\")] pub enum In { A }";
    assert!(problem(case, ask).contains("kebab-case"));
    let other = "#[derive(Serialize)] pub struct In { pub of: Elsewhere }";
    assert!(problem(other, ask).contains("Elsewhere"));
    let generic = "#[derive(Serialize)] pub struct In { pub of: Cow<u8> }";
    assert!(problem(generic, ask).contains("Cow"));
    let plain = "#[derive(Serialize)] pub struct In { pub vector: Vec<f32> }";
    assert!(problem(plain, ask).contains("vector"));
}

#[test]
fn the_conductors_own_callbacks_are_no_functions() {
    let text = printed("", "#[hdk_extern] pub fn init(_: ()) -> ExternResult<u8> { todo!() } fn helper() {}")
        .unwrap();
    assert!(text.contains("export const FUNCTIONS = [\n] as const;"), "{text}");
}
