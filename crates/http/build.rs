//! Unpacks the files of the page to try the API from the archive that comes as a crate: two of some hundreds.

use std::{error::Error, fs::File, io, path::PathBuf};

const NAMES: [&str; 2] = ["swagger-ui.css", "swagger-ui-bundle.js"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let mut archive = zip::ZipArchive::new(io::Cursor::new(utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED))?;
    for name in NAMES {
        let end = format!("/dist/{name}");
        let path = archive.file_names().find(|path| path.ends_with(&end)).map(str::to_owned);
        let path = path.ok_or_else(|| format!("Swagger UI's archive has no {end}"))?;
        io::copy(&mut archive.by_name(&path)?, &mut File::create(out.join(name))?)?;
    }
    Ok(())
}
