//! Encryption.

use crate::server::Server;
use rose_forest_http::{Config, Serving, Tls};
use std::{path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer},
};

/// A certificate of localhost in a folder, as `cert.pem` and `key.pem`.
struct Made {
    dir: TempDir,
    certificate: CertificateDer<'static>,
}

impl Made {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("cert.pem"), made.cert.pem()).unwrap();
        write_secret(&dir.path().join("key.pem"), &made.signing_key.serialize_pem());
        Self { dir, certificate: made.cert.der().clone() }
    }

    fn tls(&self) -> Tls {
        Tls::from_files(&self.dir.path().join("cert.pem"), &self.dir.path().join("key.pem")).unwrap()
    }
}

fn write_secret(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

async fn server(made: &Made) -> Server {
    let short = Duration::from_millis(500);
    let serving = Serving {
        tls: Some(made.tls()),
        max_header_time: short,
        max_idle_time: short,
        max_write_time: short,
        ..Serving::default()
    };
    Server::serving(Config::default(), serving).await
}

/// A connection that trusts the certificate and speaks one of these.
async fn connect(server: &Server, made: &Made, alpn: &[&str]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(made.certificate.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(server.address).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), stream).await
}

#[tokio::test]
async fn requests_are_answered_over_tls_by_either_protocol() {
    let made = Made::new();
    let server = server(&made).await;
    for alpn in [&["http/1.1"][..], &[]] {
        let mut stream = connect(&server, &made, alpn).await.unwrap();
        let request = "GET /collections HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("collections"), "{answer}");
    }
    let stream = connect(&server, &made, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let answer = crate::slow::get_by_http2(stream, "https://localhost/healthz").await;
    assert_eq!((answer.0, answer.1.as_str()), (200, "healthz check passed"));
}

#[tokio::test]
async fn who_does_not_encrypt_has_no_answer_and_who_says_nothing_is_cut_off() {
    let made = Made::new();
    let server = server(&made).await;
    for said in ["GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", ""] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        // It ends, by whose fault ever.
        let _ = stream.read_to_end(&mut bytes).await;
        assert!(!bytes.starts_with(b"HTTP"), "{said:?}");
    }
    // Another certificate is not trusted by this client: the test would notice if none was looked at.
    assert!(connect(&server, &Made::new(), &[]).await.is_err());
}

#[test]
fn certificates_and_keys_that_cannot_be_used_are_refused() {
    let made = Made::new();
    let file = |name: &str| made.dir.path().join(name);
    let (cert, key) = (file("cert.pem"), file("key.pem"));
    let refused = |cert: &Path, key: &Path| Tls::from_files(cert, key).unwrap_err().to_string();
    assert!(refused(&file("none"), &key).contains("cannot read a certificate"));
    assert!(refused(&cert, &file("none")).contains("cannot read"));
    assert!(refused(&key, &key).contains("no certificate"));
    write_secret(&file("copy"), &std::fs::read_to_string(&cert).unwrap());
    assert!(refused(&cert, &file("copy")).contains("no private key"));
    let other = Made::new();
    assert!(refused(&cert, &other.dir.path().join("key.pem")).contains("cannot be used together"));
    std::fs::write(file("broken"), "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n").unwrap();
    assert!(refused(&file("broken"), &key).contains("cannot read a certificate"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
        let said = refused(&cert, &key);
        assert!(said.contains("0644") && said.contains("chmod 600"), "{said}");
    }
    assert!(!format!("{:?}", other.tls()).contains("BEGIN"));
}
