//! Packing `workdir/rose_forest.webhapp`: the hApp and its page, for programs that show hApps.

use crate::layout::Layout;
use crate::manifest::WebAppManifest;
use crate::page;
use crate::stage::write_if_changed;
use anyhow::{Context, Result};
use mr_bundle::Manifest;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Where the bundle is. Its manifest, `web-happ.yaml`, stands in the repository beside `happ.yaml`.
pub fn packed(layout: &Layout) -> PathBuf {
    layout.workdir().join("rose_forest.webhapp")
}

/// Packs the built page with the packed hApp. Without a page there is nothing to pack, and none is left from earlier.
pub fn pack(layout: &Layout) -> Result<()> {
    let to = packed(layout);
    let files = page::files(&page::dist(layout))?;
    if files.is_empty() {
        println!("no {}: the web page is not built", layout.shown(&to));
        return match std::fs::remove_file(&to) {
            Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => {
                Err(problem).with_context(|| format!("cannot remove {}", to.display()))
            }
            _ => Ok(()),
        };
    }
    write_if_changed(&layout.workdir().join("ui.zip"), &zipped(&files)?)?;
    crate::pack::bundle::<WebAppManifest>(&manifest(&layout.root), &to)?;
    println!("packed {}: {} files of the page, {} kB", layout.shown(&to), files.len(), to.metadata()?.len() / 1000);
    Ok(())
}

/// The manifest's place.
fn manifest(root: &Path) -> PathBuf {
    root.join(WebAppManifest::file_name())
}

/// An archive of these files, in their order. The same files give the same bytes: nothing in it says when, by whom or where.
fn zipped(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(name.as_str(), options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mr_bundle::Bundle;
    use std::io::Read;

    fn layout(root: &Path) -> Layout {
        Layout { root: root.to_owned(), target: root.join("target") }
    }

    #[test]
    fn the_same_page_is_the_same_bundle_whenever_its_files_were_written() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        let page = |name: &str| page::dist(&layout).join(name);
        write_if_changed(&manifest(&layout.root), include_bytes!("../../web-happ.yaml")).unwrap();
        write_if_changed(&layout.workdir().join("rose_forest.happ"), b"happ").unwrap();
        write_if_changed(&page("assets/a.js"), b"export {};").unwrap();
        write_if_changed(&page("index.html"), b"here").unwrap();
        pack(&layout).unwrap();
        let first = std::fs::read(packed(&layout)).unwrap();

        std::fs::remove_dir_all(page::dist(&layout)).unwrap();
        write_if_changed(&page("index.html"), b"here").unwrap();
        write_if_changed(&page("assets/a.js"), b"export {};").unwrap();
        pack(&layout).unwrap();
        assert_eq!(std::fs::read(packed(&layout)).unwrap(), first);

        let bundle: Bundle<WebAppManifest> = Bundle::unpack(first.as_slice()).unwrap();
        assert_eq!(bundle.get_resource("rose_forest.happ").unwrap().as_ref(), b"happ");
        let ui = bundle.get_resource("ui.zip").unwrap().as_ref().to_vec();
        let mut archive = zip::ZipArchive::new(Cursor::new(ui)).unwrap();
        let names: Vec<_> = archive.file_names().map(str::to_owned).collect();
        assert_eq!(names, ["assets/a.js", "index.html"]);
        let mut text = String::new();
        archive.by_name("index.html").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "here");
    }

    #[test]
    fn without_a_page_no_bundle_is_left_that_has_one() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        pack(&layout).unwrap();
        write_if_changed(&packed(&layout), b"of yesterday").unwrap();
        pack(&layout).unwrap();
        assert!(!packed(&layout).exists());
    }
}
