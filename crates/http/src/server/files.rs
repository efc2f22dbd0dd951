//! Files that hold secrets: keys of the API, and the private key of a certificate.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Bytes that such a file may have. A chain of keys in PEM has some thousand.
const MAX_SECRET_BYTES: u64 = 1 << 20;

/// Why a file with a secret is not used.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// It cannot be read, or is no text.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may read or change it.
    #[error(
        "{path} holds a secret, and others may read or change it: expected the mode 0600 or 0640, received {received:04o}; \
         run chmod 600 on it"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        received: u32,
    },
    /// It is longer than any secret.
    #[error("{path} is too long for a secret: expected at most {expected} bytes")]
    TooLong {
        /// The file.
        path: PathBuf,
        /// How many bytes it may have.
        expected: u64,
    },
    /// There is nothing in it.
    #[error("{path} is empty: expected a key")]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a text that only its owner, and at most its group, may read.
///
/// # Errors
/// See [`SecretFileError`]. Permissions are looked at where there are any: on Unix.
pub(super) fn read_secret(path: &Path) -> Result<String, SecretFileError> {
    let failed = |source| SecretFileError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    // Of the file that was opened: whatever the name means a moment later.
    check(path, &file.metadata().map_err(failed)?)?;
    let mut text = String::new();
    let read = file.take(MAX_SECRET_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
    if read as u64 > MAX_SECRET_BYTES {
        return Err(SecretFileError::TooLong { path: path.to_owned(), expected: MAX_SECRET_BYTES });
    }
    Ok(text)
}

/// A group may read it: so do systemd's credentials and Debian's `ssl-cert` group.
#[cfg(unix)]
fn check(path: &Path, metadata: &std::fs::Metadata) -> Result<(), SecretFileError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o027 != 0 {
        return Err(SecretFileError::Open { path: path.to_owned(), received: mode });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check(_: &Path, _: &std::fs::Metadata) -> Result<(), SecretFileError> {
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[cfg(unix)]
    pub(in super::super) fn set_mode(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[cfg(not(unix))]
    pub(in super::super) fn set_mode(_: &Path, _: u32) {}

    #[test]
    #[cfg(unix)]
    fn a_secret_that_others_may_read_or_change_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, "text").unwrap();
        for mode in [0o600, 0o400, 0o640, 0o440] {
            set_mode(&file, mode);
            assert_eq!(read_secret(&file).unwrap(), "text", "{mode:o}");
        }
        for mode in [0o644, 0o660, 0o604, 0o602, 0o601, 0o777] {
            set_mode(&file, mode);
            let error = read_secret(&file).unwrap_err();
            assert!(matches!(error, SecretFileError::Open { received, .. } if received == mode), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_too_long_or_no_text_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        assert!(matches!(read_secret(&file), Err(SecretFileError::Read { .. })));
        for (bytes, is_too_long) in [(vec![b'x'; 1 << 20], false), (vec![b'x'; (1 << 20) + 1], true)] {
            std::fs::write(&file, bytes).unwrap();
            set_mode(&file, 0o600);
            assert_eq!(matches!(read_secret(&file), Err(SecretFileError::TooLong { .. })), is_too_long);
        }
        std::fs::write(&file, [0xff, 0xfe]).unwrap();
        assert!(matches!(read_secret(&file), Err(SecretFileError::Read { .. })));
    }
}
