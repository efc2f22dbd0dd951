//! A client of a node's API, for the command line. Its JSON is that of [`crate::types`], as the server's.
//!
//! Every wait has an end, and no answer is larger than [`limits::MAX_ANSWER_BYTES`]. No redirect is followed: the key goes to
//! the node that was named, and to nobody else.

mod calls;
mod error;
mod trust;

pub use error::ClientError;

use crate::{
    limits,
    server::read_key,
    types::{Answer, Refusal},
};
use reqwest::{
    Method, RequestBuilder, Response, StatusCode, Url,
    header::{CONTENT_TYPE, HeaderValue},
    redirect::Policy,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{net::IpAddr, path::Path, time::Duration};
use tokio::time::timeout;

/// A client of one node. Copies share its connections.
#[derive(Clone)]
pub struct Client {
    url: Url,
    key: Option<HeaderValue>,
    http: reqwest::Client,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a client of {}", self.url)
    }
}

/// What is asked.
struct Call<'a> {
    method: Method,
    /// The words of the path, as they are: names may have any characters.
    path: &'a [&'a str],
    /// What stands behind the question mark.
    options: &'a [(&'a str, &'a str)],
    /// Time for the server to take the request and to begin its answer.
    patience: Duration,
}

impl Client {
    /// A client of the node at `url`, such as `http://127.0.0.1:6333`. It sends the key in `key`, and trusts the authorities
    /// in `authorities` (certificates in PEM) instead of those that the system trusts. Nothing is sent yet.
    ///
    /// # Errors
    /// What is wrong with the address or a file: see [`ClientError`].
    pub fn new(url: &str, key: Option<&Path>, authorities: Option<&Path>) -> Result<Self, ClientError> {
        let url = address(url)?;
        let key = key.map(header).transpose()?;
        let mut http = reqwest::Client::builder()
            .tls_backend_preconfigured(trust::config(url.scheme() == "https", authorities)?)
            .connect_timeout(limits::MAX_CONNECT_TIME)
            .redirect(Policy::none())
            .referer(false);
        // What is on this machine is not reached through another one.
        if is_here(&url) {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| ClientError::Client { reason: innermost(&error) })?;
        Ok(Self { url, key, http })
    }

    /// The node's address.
    pub fn url(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// Whether everybody on the way to the node can read the key.
    pub fn shows_its_key(&self) -> bool {
        self.key.is_some() && self.url.scheme() == "http" && !is_here(&self.url)
    }

    /// The result of a call without a body.
    async fn get<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, ClientError> {
        let request = self.request(&call)?;
        self.result(request, call.patience).await
    }

    /// The result of a call with this body.
    async fn send<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body).map_err(|source| ClientError::Request { source })?;
        let request = self.request(&call)?.header(CONTENT_TYPE, "application/json").body(body);
        self.result(request, call.patience).await
    }

    /// The text that answers a call without a body.
    async fn text(&self, call: Call<'_>) -> Result<String, ClientError> {
        let bytes = self.bytes(self.request(&call)?, call.patience).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn request(&self, call: &Call<'_>) -> Result<RequestBuilder, ClientError> {
        let mut url = self.url.clone();
        // These two would be taken for steps within the path.
        if let Some(name) = call.path.iter().find(|name| [".", ".."].contains(*name)) {
            return Err(ClientError::Name { name: (*name).to_owned() });
        }
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(call.path);
        }
        if !call.options.is_empty() {
            url.query_pairs_mut().extend_pairs(call.options);
        }
        let request = self.http.request(call.method.clone(), url);
        Ok(match &self.key {
            Some(key) => request.header("api-key", key.clone()),
            None => request,
        })
    }

    async fn result<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        patience: Duration,
    ) -> Result<T, ClientError> {
        let bytes = self.bytes(request, patience).await?;
        let answer: Answer<T> = serde_json::from_slice(&bytes)
            .map_err(|source| ClientError::Answer { url: self.url().to_owned(), source })?;
        Ok(answer.result)
    }

    /// What answers a request that succeeds.
    async fn bytes(&self, request: RequestBuilder, patience: Duration) -> Result<Vec<u8>, ClientError> {
        let url = || self.url().to_owned();
        let slow = |waited: Duration| ClientError::Slow { url: url(), seconds: waited.as_secs() };
        let sent = timeout(patience, request.send()).await.map_err(|_| slow(patience))?;
        let mut response = sent.map_err(|error| {
            let reason = innermost(&error);
            if error.is_connect() {
                ClientError::Unreachable { url: url(), reason }
            } else {
                ClientError::Broken { url: url(), reason }
            }
        })?;
        let mut bytes = Vec::new();
        let quiet = limits::MAX_QUIET_TIME;
        while let Some(piece) = timeout(quiet, response.chunk())
            .await
            .map_err(|_| slow(quiet))?
            .map_err(|error| ClientError::Broken { url: url(), reason: innermost(&error) })?
        {
            let max = limits::MAX_ANSWER_BYTES;
            if piece.len() > max - bytes.len() {
                return Err(ClientError::TooLarge { url: url(), max });
            }
            bytes.extend_from_slice(&piece);
        }
        if response.status() == StatusCode::OK { Ok(bytes) } else { Err(self.refused(&response, &bytes)) }
    }

    fn refused(&self, response: &Response, body: &[u8]) -> ClientError {
        let status = response.status().as_u16();
        match serde_json::from_slice::<Refusal>(body) {
            Ok(refusal) => ClientError::Refused { status, said: sentence(&refusal.status.error) },
            Err(_) => ClientError::NoApi { url: self.url().to_owned(), status },
        }
    }
}

/// Characters of what a server says that are shown.
const MAX_SAID_CHARS: usize = 2_000;

/// What a server says, without what could take over a terminal.
fn sentence(said: &str) -> String {
    said.chars().take(MAX_SAID_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The address, if it is one of a web server.
fn address(text: &str) -> Result<Url, ClientError> {
    let wrong = |reason| ClientError::Address { received: sentence(text), reason };
    let url = Url::parse(text).map_err(|_| wrong("it is none"))?;
    if !url.username().is_empty() || url.password().is_some() {
        // It is not shown: it may have a secret.
        return Err(ClientError::Credentials);
    }
    match url.scheme() {
        "http" | "https" => {}
        _ => return Err(wrong("it begins with neither http:// nor https://")),
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it goes on after its path"));
    }
    Ok(url)
}

/// Whether an address is one of this machine.
fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

fn header(file: &Path) -> Result<HeaderValue, ClientError> {
    let key = HeaderValue::from_str(&read_key(file)?);
    let mut key = key.map_err(|_| ClientError::Key { path: file.to_owned() })?;
    key.set_sensitive(true);
    Ok(key)
}

/// What it comes down to.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    sentence(&cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_a_web_server_and_holds_no_secret() {
        for text in ["http://127.0.0.1:6333", "https://node.example/forest/", "http://[::1]:6333"] {
            Client::new(text, None, None)
                .map(drop)
                .or_else(|error| match error {
                    // Where the system trusts nobody.
                    ClientError::NoAuthorities => Ok(()),
                    error => Err(error),
                })
                .unwrap();
        }
        for text in ["", "127.0.0.1:6333", "localhost:6333", "ftp://a", "http://", "http://a?b", "http://a#b"]
        {
            let error = Client::new(text, None, None).unwrap_err();
            assert!(matches!(error, ClientError::Address { .. }), "{text}: {error}");
        }
        let error = Client::new("http://me:secret@node.example", None, None).unwrap_err();
        assert!(
            matches!(error, ClientError::Credentials) && !error.to_string().contains("secret"),
            "{error}"
        );
    }

    #[test]
    fn names_stand_in_a_path_whatever_their_characters() {
        let client = Client::new("http://node.example/forest/", None, None).unwrap();
        let asked = |name: &str| {
            let (path, options) = (["collections", name], [("a", "b c")]);
            let call = Call { method: Method::GET, path: &path, options: &options, patience: Duration::MAX };
            client.request(&call).map(|request| request.build().unwrap().url().to_string())
        };
        let expected = "http://node.example/forest/collections/a%2Fb%3F%23%20%C3%A9%25?a=b+c";
        assert_eq!(asked("a/b?# é%").unwrap(), expected);
        for name in [".", ".."] {
            assert!(matches!(asked(name), Err(ClientError::Name { .. })), "{name}");
        }
    }

    #[test]
    fn this_machine_is_known_by_its_addresses() {
        let is_here = |text: &str| is_here(&address(text).unwrap());
        for text in ["http://localhost:1", "http://127.0.0.9", "https://[::1]:2"] {
            assert!(is_here(text), "{text}");
        }
        for text in ["http://192.168.1.1", "http://localhost.example", "http://[::2]"] {
            assert!(!is_here(text), "{text}");
        }
    }

    #[test]
    fn what_a_server_says_cannot_take_over_a_terminal() {
        assert_eq!(sentence("a\u{1b}[2Jb\n"), "a [2Jb ");
        assert_eq!(sentence(&"x".repeat(3_000)).len(), MAX_SAID_CHARS);
    }
}
