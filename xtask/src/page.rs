//! The web page: built by Node into `ui/dist`, from where the program and `workdir/rose_forest.webhapp` take it.
//!
//! Whoever has no Node goes without it: the program then says so where the page would be.

use crate::digest;
use crate::javascript::{is_ready, npm};
use crate::layout::Layout;
use crate::stage::write_if_changed;
use crate::watch::run;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

/// The workspace of npm that the page is.
const WORKSPACE: &str = "ui";
/// What the page is made of, beside its own folder: the package that it calls the zome by, and the versions of all others.
const INPUTS: [&str; 3] = ["clients/js/src", "clients/js/package.json", "package-lock.json"];
/// Folders of the page's that are made and no input.
const MADE: [&str; 2] = ["dist", "node_modules"];

/// Builds the page, unless it is built from what there is now. False if it cannot be built here, which is said; whatever an
/// earlier build left is used then.
pub fn build(layout: &Layout) -> Result<bool> {
    if !layout.root.join(WORKSPACE).join("package.json").is_file() {
        println!("without the web page: there is no {WORKSPACE}/package.json");
        return Ok(false);
    }
    let inputs = inputs_digest(layout)?;
    let recorded = layout.workdir().join("page.inputs");
    let is_built = dist(layout).join("index.html").is_file();
    if is_built && std::fs::read_to_string(&recorded).is_ok_and(|recorded| recorded == inputs) {
        return Ok(true);
    }
    if !is_ready(layout)? {
        println!("without the web page, or with that of an earlier build");
        return Ok(is_built);
    }
    run(&mut npm(layout, &["run", "build", "--workspace", WORKSPACE]))?;
    ensure!(
        dist(layout).join("index.html").is_file(),
        "building the page left no {WORKSPACE}/dist/index.html"
    );
    write_if_changed(&recorded, inputs.as_bytes())?;
    Ok(true)
}

/// Where the built page is.
pub fn dist(layout: &Layout) -> PathBuf {
    layout.root.join(WORKSPACE).join("dist")
}

/// The files of a built page, by their names with slashes, sorted; those whose names begin with a dot are for the build alone.
pub fn files(dist: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for path in digest::files_below(dist)? {
        let below = path.strip_prefix(dist)?;
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        if !parts.iter().any(|part| part.starts_with('.')) {
            let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            files.push((parts.join("/"), bytes));
        }
    }
    files.sort();
    Ok(files)
}

fn inputs_digest(layout: &Layout) -> Result<String> {
    let page = layout.root.join(WORKSPACE);
    let mut own = Vec::new();
    for entry in page.read_dir().with_context(|| format!("cannot list {}", page.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !MADE.contains(&name.as_str()) {
            own.push(format!("{WORKSPACE}/{name}"));
        }
    }
    own.sort();
    let paths: Vec<_> = own.iter().map(String::as_str).chain(INPUTS).collect();
    digest::of_files(&layout.root, &paths, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(root: &Path) -> Layout {
        Layout { root: root.to_owned(), target: root.join("target") }
    }

    #[test]
    fn files_are_named_with_slashes_and_without_what_only_the_build_needs() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["index.html", "assets/b.js", "assets/a.css", ".vite/manifest.json", ".keep"] {
            write_if_changed(&dir.path().join(name), name.as_bytes()).unwrap();
        }
        let found = files(dir.path()).unwrap();
        let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["assets/a.css", "assets/b.js", "index.html"]);
        assert_eq!(found[0].1, b"assets/a.css");
    }

    #[test]
    fn a_change_of_the_sources_is_one_and_a_change_of_what_was_made_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        let write =
            |name: &str, text: &str| write_if_changed(&dir.path().join(name), text.as_bytes()).unwrap();
        write("ui/src/main.ts", "1");
        write("clients/js/src/index.ts", "1");
        let before = inputs_digest(&layout).unwrap();
        write("ui/dist/index.html", "made");
        write("ui/node_modules/.vite/x", "made");
        assert_eq!(inputs_digest(&layout).unwrap(), before);
        write("clients/js/src/index.ts", "2");
        let after = inputs_digest(&layout).unwrap();
        assert_ne!(after, before);
        write("ui/src/main.ts", "2");
        assert_ne!(inputs_digest(&layout).unwrap(), after);
    }

    #[test]
    fn what_was_built_from_the_same_sources_is_not_built_again_and_a_repository_without_it_does_without() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        assert!(!build(&layout).unwrap());
        // A script that fails: if it were run, so would this.
        let package = r#"{ "name": "page", "scripts": { "build": "false" } }"#;
        write_if_changed(&dir.path().join("ui/package.json"), package.as_bytes()).unwrap();
        write_if_changed(&dist(&layout).join("index.html"), b"built").unwrap();
        let inputs = inputs_digest(&layout).unwrap();
        write_if_changed(&layout.workdir().join("page.inputs"), inputs.as_bytes()).unwrap();
        assert!(build(&layout).unwrap());
    }
}
