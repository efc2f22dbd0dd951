//! Lists the released DNAs, so that the program carries them all and needs no other file.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    // As cargo says now: what was compiled in another checkout that shares the target directory may run here.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let dnas = Path::new(&here).join("../../dnas/rose_forest");
    println!("cargo::rerun-if-changed={}", dnas.display());
    let mut released: Vec<PathBuf> = std::fs::read_dir(dnas.join("released"))
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    released.retain(|path| path.extension().is_some_and(|extension| extension == "dna"));
    released.sort();
    let mut code = String::from("static RELEASED: &[(&str, &[u8])] = &[\n");
    for path in &released {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        writeln!(code, "    ({name:?}, include_bytes!({path:?})),").expect("writing to a string succeeds");
    }
    code.push_str("];\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("released.rs");
    // Written anew, it would make the program compile anew.
    if std::fs::read_to_string(&out).ok().as_ref() != Some(&code) {
        std::fs::write(out, code).expect("cargo's OUT_DIR can be written");
    }
}
