//! The doors to a node, and the control socket: other programs of the same user use the node that `serve` runs.
//!
//! A Unix socket in the data directory, for the owner alone. A frame is four bytes of length (little-endian) and
//! MessagePack: a [`Request`] one way, `Result<bytes, sentence>` the other. One request at a time on a connection.

use crate::data_dir::DataDir;
use crate::journal::remove_if_there;
use crate::load::{BULK, Portion};
use crate::node::{Node, Settings};
use crate::remote::{self, Remote};
use crate::requests::{CollectionView, Request};
use anyhow::{Context, Result, anyhow, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Mutex;

/// Bytes of a frame: several times the largest bulk insert.
const MAX_FRAME_BYTES: usize = 1 << 30;

/// How long an index is waited for that has to catch up, or is built from the beginning: some 10,000 rows a second.
const INDEX_WITHIN: Duration = Duration::from_secs(600);
/// How often to look whether that is in vain.
const LOOK_EVERY: Duration = Duration::from_secs(1);

type Answer = std::result::Result<ByteBuf, String>;

/// A way to a node: in this process, in the one that serves, or over HTTP.
pub enum Door {
    /// The node runs here.
    Here(Box<Node>),
    /// The node runs in another process.
    There(Mutex<UnixStream>),
    /// The node runs wherever it likes, and is asked over HTTP.
    Elsewhere(Remote),
}

impl Door {
    /// Opens the node of a data directory, wherever it runs. `settings` is asked for only if it has to start here.
    ///
    /// # Errors
    /// If another program has the directory open and does not serve.
    pub async fn open(dir: &DataDir, settings: impl FnOnce() -> Result<Settings>) -> Result<Self> {
        if let Some(lock) = dir.try_lock()? {
            return Ok(Self::Here(Box::new(Node::start(settings()?, lock).await?)));
        }
        Self::connect(dir).await
    }

    /// Connects to the node that serves.
    pub async fn connect(dir: &DataDir) -> Result<Self> {
        let stream = UnixStream::connect(dir.socket()).await.with_context(|| {
            format!(
                "another rose-forest has the data directory {} open and does not serve: wait for it, stop it, or \
                 pass another --data-dir",
                dir.root().display()
            )
        })?;
        Ok(Self::There(Mutex::new(stream)))
    }

    /// Has a node that runs in this process open a collection's index, as one that serves has done: what the index knows of
    /// earlier rows, the zome would have to read from all of this node's blocks for every bulk insert.
    /// Inserting goes on without it, slowly.
    pub async fn open_index(&self, collection: &CollectionView) {
        let (Self::Here(node), Some(dna_hash)) = (self, &collection.dna_hash) else { return };
        let opened = async {
            let collection = node.open_collection(&dna_hash.to_string()).await?;
            let label = collection.label();
            node.go_live(&collection, move |problem| tracing::warn!("{label}: {problem}")).await
        };
        match opened.await {
            Ok(live) => {
                let begun = Instant::now();
                while begun.elapsed() < INDEX_WITHIN
                    && !live.is_broken()
                    && !live.caught_up_within(LOOK_EVERY).await
                {}
            }
            Err(problem) => tracing::warn!("inserting without the index: {problem:#}"),
        }
    }

    /// Whether the node runs in this process.
    pub fn is_here(&self) -> bool {
        matches!(self, Self::Here(_))
    }

    /// Asks the node. `O` is what the request says it is answered with.
    pub async fn ask<O: DeserializeOwned>(&self, request: Request) -> Result<O> {
        let bytes = match self {
            Self::Here(node) => node.answer(request).await?,
            Self::There(stream) => {
                let mut stream = stream.lock().await;
                send(&mut *stream, &request).await?;
                let answer: Answer = receive(&mut *stream).await?.context("the serving node hung up")?;
                answer.map_err(|said| anyhow!(said))?.into_vec()
            }
            Self::Elsewhere(remote) => remote.answer(request).await?,
        };
        rmp_serde::from_slice(&bytes).context("the node's answer cannot be read: is it another version?")
    }

    /// The node's address, if it is asked over HTTP.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Here(_) | Self::There(_) => None,
            Self::Elsewhere(remote) => Some(remote.url()),
        }
    }

    /// What to call a collection in many requests, one after the other. Its hash, so that they mean this one whatever becomes of
    /// its name; over HTTP the name that was given, because a token may be for that alone.
    pub fn steady_name(&self, found: &CollectionView, given: &str) -> String {
        match (self, &found.dna_hash) {
            (Self::Here(_) | Self::There(_), Some(hash)) => hash.to_string(),
            (Self::Elsewhere(_), _) | (_, None) => given.to_owned(),
        }
    }

    /// How much of a load makes one insert.
    pub fn portion(&self) -> Portion {
        match self {
            Self::Here(_) | Self::There(_) => BULK,
            Self::Elsewhere(_) => remote::PORTION,
        }
    }

    /// Stops the node if it runs here.
    pub async fn close(self) -> Result<()> {
        match self {
            Self::Here(node) => node.stop().await,
            Self::There(_) | Self::Elsewhere(_) => Ok(()),
        }
    }
}

/// Listens on the control socket of a data directory that this program has locked.
pub fn listen(dir: &DataDir) -> Result<UnixListener> {
    let path = dir.socket();
    // A program that was killed leaves its socket behind; we hold the lock, so nobody listens there.
    remove_if_there(&path)?;
    let listener =
        UnixListener::bind(&path).with_context(|| format!("cannot listen on {}", path.display()))?;
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
        .with_context(|| format!("cannot make {} private", path.display()))?;
    Ok(listener)
}

/// Answers whoever connects, until this is dropped.
pub async fn serve(node: Arc<Node>, listener: UnixListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let node = node.clone();
                tokio::spawn(async move {
                    if let Err(problem) = answer_all(&node, stream).await {
                        tracing::debug!("a control connection ended: {problem:#}");
                    }
                });
            }
            Err(problem) => {
                tracing::warn!("the control socket: {problem}");
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
        }
    }
}

async fn answer_all(node: &Node, mut stream: UnixStream) -> Result<()> {
    while let Some(request) = receive::<Request>(&mut stream).await? {
        let answer = node.answer(request).await;
        let answer: Answer = answer.map(ByteBuf::from).map_err(|problem| format!("{problem:#}"));
        send(&mut stream, &answer).await?;
    }
    Ok(())
}

async fn send<T: Serialize>(to: &mut (impl AsyncWrite + Unpin), value: &T) -> Result<()> {
    let bytes = rmp_serde::to_vec_named(value).context("cannot write a frame")?;
    ensure!(bytes.len() <= MAX_FRAME_BYTES, "a frame of {} bytes is too large", bytes.len());
    to.write_all(&(bytes.len() as u32).to_le_bytes()).await.context("the other side hung up")?;
    to.write_all(&bytes).await.context("the other side hung up")?;
    to.flush().await.context("the other side hung up")
}

/// The next frame; none if the other side hung up between frames.
async fn receive<T: for<'de> Deserialize<'de>>(from: &mut (impl AsyncRead + Unpin)) -> Result<Option<T>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length).await {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error).context("the connection broke"),
    }
    let length = u32::from_le_bytes(length) as usize;
    ensure!(length <= MAX_FRAME_BYTES, "a frame of {length} bytes is too large");
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes).await.context("the connection broke in a frame")?;
    rmp_serde::from_slice(&bytes)
        .map(Some)
        .context("a frame cannot be read: is the other side another version?")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rose_forest_api::SearchInput;

    #[tokio::test]
    async fn a_request_crosses_the_socket_unchanged() {
        let (mut a, mut b) = tokio::io::duplex(64);
        let input = SearchInput { vector: vec![1, 2, 3, 4], k: 7, ..SearchInput::default() };
        let sending = tokio::spawn(async move {
            let request =
                Request::Search { collection: "notes".to_owned(), by_zome: false, input, filter: None };
            send(&mut a, &request).await.unwrap();
        });
        let Some(Request::Search { collection: name, input, .. }) = receive(&mut b).await.unwrap() else {
            panic!("another request")
        };
        assert_eq!((name.as_str(), input.vector.as_slice(), input.k), ("notes", &[1, 2, 3, 4][..], 7));
        sending.await.unwrap();
        assert!(receive::<Request>(&mut b).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_frame_that_claims_to_be_huge_is_refused() {
        let (mut a, mut b) = tokio::io::duplex(64);
        a.write_all(&u32::MAX.to_le_bytes()).await.unwrap();
        assert!(receive::<Request>(&mut b).await.is_err());
    }
}
