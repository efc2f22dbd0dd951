//! The data directory: private to its owner, and open in one program at a time.

use anyhow::{Context, Result, bail};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Paths below a data directory.
#[derive(Clone, Debug)]
pub struct DataDir {
    root: PathBuf,
}

/// Held by the program that has the directory open.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl DataDir {
    /// The directory, made if it is missing. Nobody but the owner can look into it.
    pub fn open(root: &Path) -> Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(root)
            .with_context(|| format!("cannot create the data directory {}", root.display()))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(root, std::fs::Permissions::from_mode(0o700))
                .with_context(|| format!("cannot make {} private", root.display()))?;
        }
        let root = root.canonicalize().with_context(|| format!("cannot find {}", root.display()))?;
        Ok(Self { root })
    }

    /// The default one: `$XDG_DATA_HOME/rose-forest`, or else `~/.local/share/rose-forest`.
    pub fn default_path() -> Result<PathBuf> {
        let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let data = match data {
            Some(data) => data,
            None => std::env::home_dir().context("no home directory: pass --data-dir")?.join(".local/share"),
        };
        Ok(data.join("rose-forest"))
    }

    /// Takes the directory for this program; none if another one has it.
    pub fn try_lock(&self) -> Result<Option<Lock>> {
        let path = self.root.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }

    /// Takes the directory, or says who is in the way.
    pub fn lock(&self) -> Result<Lock> {
        match self.try_lock()? {
            Some(lock) => Ok(lock),
            None => bail!(
                "another rose-forest has the data directory {} open: stop it, or pass another --data-dir",
                self.root.display()
            ),
        }
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the conductor keeps.
    pub fn conductor(&self) -> PathBuf {
        self.root.join("conductor")
    }

    /// Whether a node was ever started here.
    pub fn is_new(&self) -> bool {
        !self.conductor().join("ks/lair-keystore-config.yaml").exists()
    }

    /// Through which other programs of the owner reach the running node.
    pub fn socket(&self) -> PathBuf {
        self.root.join("control.sock")
    }

    /// How far loads got.
    pub fn journals(&self) -> PathBuf {
        self.root.join("journals")
    }

    /// What searches are answered from: derived from what the conductor keeps, and built anew if it is deleted.
    pub fn indexes(&self) -> PathBuf {
        self.root.join("indexes")
    }

    /// Writes that are not on the chain yet.
    pub fn writes(&self) -> PathBuf {
        self.root.join("writes")
    }

    /// Snapshots of collections.
    pub fn snapshots(&self) -> PathBuf {
        self.root.join("snapshots")
    }

    /// Further names of collections, for the HTTP API.
    pub fn aliases(&self) -> PathBuf {
        self.root.join("aliases.json")
    }

    /// What the node remembers beside what the conductor keeps.
    pub fn notes(&self) -> PathBuf {
        self.root.join("notes.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_opens_in_one_program_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(&dir.path().join("node")).unwrap();
        let first = data.lock().unwrap();
        let problem = data.lock().unwrap_err().to_string();
        assert!(problem.contains(&data.root().display().to_string()), "{problem}");
        drop(first);
        data.lock().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_look_into_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("node");
        std::fs::create_dir(&root).unwrap();
        std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o755)).unwrap();
        DataDir::open(&root).unwrap();
        assert_eq!(std::fs::metadata(&root).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
