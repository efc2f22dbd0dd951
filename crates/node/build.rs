//! Lists what the program carries, so that it needs no other file: the released DNAs, and the web page if it is built.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    // As cargo says now: what was compiled in another checkout that shares the target directory may run here.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let root = Path::new(&here).join("../..");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    println!("cargo::rerun-if-changed=build.rs");
    released(&root.join("dnas/rose_forest"), &out);
    page(&root.join("ui"), &out);
}

/// The released DNAs.
fn released(dnas: &Path, out: &Path) {
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
    write_if_new(&out.join("released.rs"), code.as_bytes());
}

/// The files of the page: those in its `dist`, whose names do not begin with a dot. None, if it is not built.
fn page(ui: &Path, out: &Path) {
    let dist = ui.join("dist");
    // What cargo is told to watch and is not there would make it build the program anew every time.
    if let Some(watched) = [&dist, ui].into_iter().find(|folder| folder.is_dir()) {
        println!("cargo::rerun-if-changed={}", watched.display());
    }
    let mut files = Vec::new();
    below(&dist, &mut String::new(), &mut files);
    files.sort();
    let mut code = String::from("pub static FILES: &[PageFile] = &[\n");
    for (number, name) in files.iter().enumerate() {
        let path = dist.join(name);
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("cannot read {path:?}: {error}"));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&bytes).expect("writing to memory succeeds");
        let compressed = encoder.finish().expect("writing to memory succeeds");
        let mut gzip = "None".to_owned();
        if compressed.len() < bytes.len() {
            let file = out.join(format!("page-{number}.gz"));
            write_if_new(&file, &compressed);
            gzip = format!("Some(include_bytes!({file:?}))");
        }
        writeln!(code, "    PageFile {{ path: {name:?}, bytes: include_bytes!({path:?}), gzip: {gzip} }},")
            .expect("writing to a string succeeds");
    }
    code.push_str("];\n");
    write_if_new(&out.join("page.rs"), code.as_bytes());
}

/// The files of a folder and of those in it, by their names with slashes.
fn below(folder: &Path, prefix: &mut String, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let length = prefix.len();
        prefix.push_str(&name);
        if entry.path().is_dir() {
            prefix.push('/');
            below(&entry.path(), prefix, files);
        } else {
            files.push(prefix.clone());
        }
        prefix.truncate(length);
    }
}

/// Written anew, it would make the program compile anew.
fn write_if_new(path: &Path, bytes: &[u8]) {
    if std::fs::read(path).ok().as_deref() != Some(bytes) {
        std::fs::write(path, bytes).expect("cargo's OUT_DIR can be written");
    }
}
