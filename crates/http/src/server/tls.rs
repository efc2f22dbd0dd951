//! Encryption: a certificate and its key, for TLS 1.2 and 1.3 by rustls.

use super::files::{SecretFileError, read_secret};
use rustls::{
    ServerConfig,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_rustls::TlsAcceptor;

/// A certificate and its key.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a certificate and its key")
    }
}

/// Why a certificate or its key is not used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate cannot be read, or is no PEM.
    #[error("cannot read a certificate from {path}: {source}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// There is none in the file.
    #[error("{path} holds no certificate: expected a chain of certificates in PEM, the server's first")]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The file with the key cannot be used.
    #[error(transparent)]
    KeyFile(#[from] SecretFileError),
    /// There is no key in it.
    #[error("{path} holds no private key in PEM: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// They do not belong together, or are of a kind that is not known.
    #[error("the certificate in {certificate} and the key in {key} cannot be used together: {source}")]
    Pair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

impl Tls {
    /// Reads a chain of certificates, the server's own first, and the server's private key (PKCS #8, PKCS #1 or SEC 1), both
    /// in PEM. They are read once: a certificate that was renewed needs a restart.
    ///
    /// # Errors
    /// See [`TlsError`]; the key's file must not be readable by others, nor writable by its group.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let failed = |source| TlsError::Certificate { path: certificate.to_owned(), source };
        let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
            .map_err(failed)?
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate { path: certificate.to_owned() });
        }
        let secret = PrivateKeyDer::from_pem_slice(read_secret(key)?.as_bytes())
            .map_err(|source| TlsError::Key { path: key.to_owned(), source })?;
        let pair =
            |source| TlsError::Pair { certificate: certificate.to_owned(), key: key.to_owned(), source };
        // Said, because a process that links several providers has no default.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(pair)?
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .map_err(pair)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config) })
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.clone())
    }
}
