//! Why a call has no answer.

use crate::server::SecretFileError;
use rustls::pki_types::pem;
use std::path::PathBuf;

/// Why a call has no answer, or why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is none.
    #[error(
        "expected the address of a node's API, such as http://127.0.0.1:6333, received `{received}`: {reason}"
    )]
    Address {
        /// What was given.
        received: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is a name or a password in the address, where others see it.
    #[error("expected an address without a user's name and password: a key stands in a file")]
    Credentials,
    /// The file with the key cannot be used.
    #[error(transparent)]
    KeyFile(#[from] SecretFileError),
    /// What is in it is no key.
    #[error("{path} holds no key: expected one line of letters, digits and signs of ASCII")]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// The file with certificates cannot be read, or is no PEM.
    #[error("cannot read a certificate from {path}: {source}")]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// There is none in it that can be trusted.
    #[error("{path} holds no certificate of an authority: expected one or more in PEM")]
    NoneInFile {
        /// The file.
        path: PathBuf,
    },
    /// The system trusts nobody.
    #[error("this system has no certificates of authorities: name a file with that of the node's")]
    NoAuthorities,
    /// The client cannot be made.
    #[error("cannot make a client: {reason}")]
    Client {
        /// Why.
        reason: String,
    },
    /// A name that cannot stand in the path of an address.
    #[error("a collection named `{name}` cannot be reached over HTTP: use the end of its hash, or an alias")]
    Name {
        /// The name.
        name: String,
    },
    /// The request cannot be written.
    #[error("cannot write the request: {source}")]
    Request {
        /// Why.
        source: serde_json::Error,
    },
    /// Nobody is there, or nobody who can be trusted.
    #[error("cannot reach a node at {url}: {reason}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        reason: String,
    },
    /// Nothing came for too long. What was asked for may be done all the same.
    #[error("{url} was silent for {seconds} s; what was begun there may still be done")]
    Slow {
        /// Who.
        url: String,
        /// For how long.
        seconds: u64,
    },
    /// The connection ended in the middle. What was asked for may be done all the same.
    #[error("the connection to {url} broke: {reason}; what was begun there may still be done")]
    Broken {
        /// To whom.
        url: String,
        /// Why.
        reason: String,
    },
    /// The answer is too large.
    #[error("{url} answers with more than {max} bytes: ask for less at once")]
    TooLarge {
        /// Who.
        url: String,
        /// Bytes that an answer may have.
        max: usize,
    },
    /// The node says why not.
    #[error("{said}")]
    Refused {
        /// The status of its answer.
        status: u16,
        /// Its sentence.
        said: String,
    },
    /// Somebody else answers.
    #[error("{url} answered with the status {status}, and not as a node's API does: is there one?")]
    NoApi {
        /// Who.
        url: String,
        /// The status of the answer.
        status: u16,
    },
    /// The answer is not what was asked for.
    #[error("the answer of {url} cannot be read: {source}: is it a node, and of this version?")]
    Answer {
        /// Whose.
        url: String,
        /// Why.
        source: serde_json::Error,
    },
}
