//! Whom a client trusts.

use super::ClientError;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{path::Path, sync::Arc};

/// TLS with the authorities in a file, or else with those that the system trusts. Where no TLS is spoken, with nobody.
pub(super) fn config(is_spoken: bool, authorities: Option<&Path>) -> Result<ClientConfig, ClientError> {
    let roots = match authorities {
        Some(file) => of_file(file)?,
        None if is_spoken => of_system()?,
        None => RootCertStore::empty(),
    };
    // Said, because a process that links several providers has no default.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| ClientError::Client { reason: error.to_string() })?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn of_file(file: &Path) -> Result<RootCertStore, ClientError> {
    let failed = |source| ClientError::Authorities { path: file.to_owned(), source };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(failed)? {
        roots.add_parsable_certificates([certificate.map_err(failed)?]);
    }
    if roots.is_empty() { Err(ClientError::NoneInFile { path: file.to_owned() }) } else { Ok(roots) }
}

fn of_system() -> Result<RootCertStore, ClientError> {
    let mut roots = RootCertStore::empty();
    // Some files of many may be unreadable: what matters is whether anything is left.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(ClientError::NoAuthorities) } else { Ok(roots) }
}
