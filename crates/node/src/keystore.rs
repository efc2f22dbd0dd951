//! The keystore of a data directory that was moved.
//!
//! The keystore's configuration names its files by absolute paths. If the directory has been moved, or put back from a backup
//! under another name, it would be opened where it once was: as a new one without any keys, so that nothing that this node
//! owns can be signed any more.

use anyhow::{Context, Result, anyhow};
use lair_keystore_api::config::LairServerConfigInner;
use std::io::Write as _;
use std::path::Path;

/// The folder in that of the conductor, and its configuration, as the conductor names them.
const FOLDER: &str = "ks";
const CONFIG: &str = "lair-keystore-config.yaml";

/// Has the configuration name the files that lie beside it. Changes nothing if it does, or if there is none yet.
///
/// # Errors
/// If it cannot be read or written.
pub fn settle_in(conductor: &Path) -> Result<()> {
    let folder = conductor.join(FOLDER);
    let path = folder.join(CONFIG);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let mut config = LairServerConfigInner::from_bytes(&bytes)
        .map_err(|error| anyhow!("{} is no configuration of a keystore: {error}", path.display()))?;
    if config.store_file.parent() == Some(&folder) {
        return Ok(());
    }
    let here = |file: &Path| {
        let name = file.file_name().with_context(|| format!("{} names no file", file.display()))?;
        anyhow::Ok(folder.join(name))
    };
    config.store_file = here(&config.store_file)?;
    config.pid_file = here(&config.pid_file)?;
    if config.connection_url.scheme() == "unix" {
        let socket = here(Path::new(config.connection_url.path()))?;
        config.connection_url.set_path(&socket.to_string_lossy());
    }
    let written = || -> Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&folder)?;
        file.write_all(config.to_string().as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        Ok(())
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}
