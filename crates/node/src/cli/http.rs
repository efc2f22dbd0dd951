//! The options of `serve` for its HTTP API.

use crate::http::Api;
use crate::network::Network;
use crate::node::Node;
use anyhow::{Context, Result, ensure};
use clap::Args;
use rose_forest_http::{Config, Keys};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;

/// Bytes that a key may have: what a header of it takes.
const MAX_KEY_BYTES: usize = 4_096;

/// Serve Qdrant's HTTP API, too.
#[derive(Debug, Args)]
pub(super) struct Http {
    /// Serve Qdrant's HTTP API here; port 0 takes a free one. 127.0.0.1:6333 is where Qdrant's clients look
    #[arg(long, value_name = "ADDRESS:PORT")]
    http: Option<SocketAddr>,
    /// A file with the key that the API asks for, readable by you alone. Needed for other addresses than this machine's own
    #[arg(long, value_name = "FILE", requires = "http")]
    api_key_file: Option<PathBuf>,
    /// A file with a key that may only read
    #[arg(long, value_name = "FILE", requires = "http")]
    read_only_key_file: Option<PathBuf>,
    /// Where peers of collections meet that are created through the API, or `public`. Without it, they live on this node alone
    #[arg(long, value_name = "URL", requires = "http")]
    bootstrap: Option<String>,
    /// The relay, if it is not the same server
    #[arg(long, value_name = "URL", requires = "bootstrap")]
    relay: Option<String>,
}

/// The API, before it answers.
pub(super) struct Listening {
    listener: TcpListener,
    address: SocketAddr,
    config: Config,
    network: Option<Network>,
}

impl Http {
    /// Begins to listen, if that is asked for. Nothing is answered yet.
    pub async fn listen(self) -> Result<Option<Listening>> {
        let Some(address) = self.http else { return Ok(None) };
        let mut keys = Keys::default();
        if let Some(path) = &self.api_key_file {
            keys = keys.with_full(&read_key(path)?);
        }
        if let Some(path) = &self.read_only_key_file {
            keys = keys.with_read_only(&read_key(path)?);
        }
        ensure!(
            address.ip().is_loopback() || !keys.is_open(),
            "{address} can be reached by others: pass --api-key-file, or listen on 127.0.0.1"
        );
        let network =
            self.bootstrap.map(|bootstrap| Network::new(&bootstrap, self.relay.as_deref())).transpose()?;
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr().context("the listener has no address")?;
        Ok(Some(Listening { listener, address, config: Config { keys, ..Config::default() }, network }))
    }
}

impl Listening {
    /// Where clients find it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers until `stop` is ready, and then what is being answered.
    pub async fn serve(self, node: Arc<Node>, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let api = Arc::new(Api::new(node, self.network));
        let router = rose_forest_http::router(api, self.config);
        rose_forest_http::serve(self.listener, router, stop).await.context("the HTTP API failed")
    }
}

/// A key of a file that nobody else may read.
fn read_key(path: &Path) -> Result<String> {
    use std::os::unix::fs::PermissionsExt;
    let shown = path.display();
    let meta = std::fs::metadata(path).with_context(|| format!("cannot read {shown}"))?;
    let mode = meta.permissions().mode();
    ensure!(mode & 0o077 == 0, "others may read {shown}, which holds a key: chmod 600 {shown}");
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    let key = text.trim();
    ensure!(
        !key.is_empty() && key.len() <= MAX_KEY_BYTES && key.bytes().all(|byte| byte.is_ascii_graphic()),
        "expected a key in {shown}: 1 to {MAX_KEY_BYTES} printable ASCII characters without spaces"
    );
    Ok(key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn file(content: &str, mode: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    #[test]
    fn a_key_is_read_from_a_private_file_alone() {
        assert_eq!(read_key(file("secret\n", 0o600).path()).unwrap(), "secret");
        let problem = read_key(file("secret", 0o640).path()).unwrap_err().to_string();
        assert!(problem.contains("chmod 600") && !problem.contains("secret"), "{problem}");
        for wrong in ["", " \n", "two words", "k\u{e4}se"] {
            let problem = read_key(file(wrong, 0o600).path()).unwrap_err().to_string();
            assert!(problem.contains("expected a key"), "{problem}");
        }
    }
}
