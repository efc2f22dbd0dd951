//! A web page's own way to a collection's zome, as `docs/BEYOND_QDRANT.md` has it.

use super::elsewhere::secret;
use super::http::{Client, HTTP, WAIT, create, point};
use crate::run::{Program, Serving};
use holochain_conductor_api::{AppAuthenticationRequest, AppRequest, AppResponse, ZomeCallParamsSigned};
use holochain_types::prelude::*;
use holochain_websocket::{ConnectRequest, WebsocketConfig, WebsocketSender, connect};
use rose_forest_api::{CountInput, CountOutput};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const PAGE: &str = "/rose-forest/collections/places/page";

fn bytes(text: &Value) -> Vec<u8> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    BASE64_STANDARD.decode(text.as_str().unwrap()).unwrap()
}

/// A page's connection, and what reads what comes.
struct Page {
    sender: WebsocketSender,
    _reading: tokio::task::JoinHandle<()>,
}

impl Page {
    /// Connects as a page of this origin does.
    async fn connect(access: &Value, origin: &str) -> Result<Self, String> {
        let address = access["url"].as_str().unwrap().strip_prefix("ws://").unwrap().parse().unwrap();
        let request = ConnectRequest::new(address).try_set_header("origin", origin).unwrap();
        let config = WebsocketConfig {
            default_request_timeout: Duration::from_secs(20),
            ..WebsocketConfig::CLIENT_DEFAULT
        };
        let connected = connect(Arc::new(config), request).await;
        let (sender, mut receiver) = connected.map_err(|refused| refused.to_string())?;
        let _reading = tokio::spawn(async move { while receiver.recv::<AppResponse>().await.is_ok() {} });
        Ok(Self { sender, _reading })
    }

    async fn authenticate(&self, access: &Value) {
        let token = bytes(&access["token"]);
        self.sender.authenticate(AppAuthenticationRequest { token }).await.unwrap();
    }

    /// Asks the zome how many points there are, by the credentials of one answer with the secret of another.
    async fn count(&self, access: &Value, secret: &Value) -> Result<u64, String> {
        let credentials = &access["credentials"];
        let cell_id = CellId::new(
            DnaHash::try_from(access["dna_hash"].as_str().unwrap()).unwrap(),
            AgentPubKey::try_from(access["agent"].as_str().unwrap()).unwrap(),
        );
        let secret: [u8; 64] = bytes(secret).try_into().unwrap();
        let params = ZomeCallParams {
            provenance: AgentPubKey::try_from(credentials["signing_key"].as_str().unwrap()).unwrap(),
            cell_id,
            zome_name: access["zome"].as_str().unwrap().into(),
            fn_name: "count".into(),
            cap_secret: Some(secret.into()),
            payload: ExternIO::encode(CountInput::default()).unwrap(),
            nonce: Nonce256Bits::from(rand::random::<[u8; 32]>()),
            expires_at: Timestamp::from_micros(Timestamp::now().as_micros() + 60_000_000),
        };
        let (call, hash) = params.serialize_and_hash().unwrap();
        let mut signature = [0; 64];
        let private_key: [u8; 64] = bytes(&credentials["private_key"]).try_into().unwrap();
        sodoken::sign::sign_detached(&mut signature, &hash, &private_key).unwrap();
        let call = AppRequest::CallZome(Box::new(ZomeCallParamsSigned::new(call, Signature(signature))));
        match self.sender.request(call).await {
            Ok(AppResponse::ZomeCalled(output)) => {
                Ok(ExternIO::decode::<CountOutput>(&output).unwrap().points)
            }
            Ok(other) => Err(format!("{other:?}")),
            Err(problem) => Err(format!("no answer: {problem}")),
        }
    }
}

/// A node with a point, its API, and the origin of its pages.
fn serving(node: &Program) -> (Serving, Client, String) {
    let serving = node.serve_with(&HTTP);
    let (client, origin) = (Client::of(&serving), serving.url().to_owned());
    (serving, client, origin)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_node_calls_the_zome_and_nobody_else_does() {
    let node = Program::new();
    let (running, client, origin) = serving(&node);
    create(&client);
    client.ok("PUT", WAIT, json!({ "points": [point(1, [1.0, 0.0], json!({}))] }));
    let access = client.ok("POST", PAGE, json!({}));
    assert_eq!(access["zome"], "rose_forest_coordinator");
    assert_eq!(access["expires_in_s"], 30);
    assert!(access["dna_hash"].as_str().unwrap().starts_with("uhC0k"));
    let secret = &access["credentials"]["cap_secret"];
    assert_eq!(
        bytes(&access["credentials"]["public_key"]),
        bytes(&access["credentials"]["private_key"])[32..]
    );

    // A page of another site is not let in, whatever it shows.
    for foreign in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        assert!(Page::connect(&access, foreign).await.is_err(), "{foreign}");
    }
    let page = Page::connect(&access, &origin).await.unwrap();
    page.authenticate(&access).await;
    assert_eq!(page.count(&access, secret).await, Ok(1));
    assert_eq!(page.count(&access, secret).await, Ok(1), "credentials serve more than once");
    // The right key with a secret that is another one, of as many bytes.
    assert!(page.count(&access, &access["credentials"]["private_key"]).await.is_err());

    // The token was used.
    let second = Page::connect(&access, &origin).await.unwrap();
    second.authenticate(&access).await;
    assert!(second.count(&access, secret).await.is_err());
    // Another one, for the same interface and by the same credentials: nothing more was written.
    let again = client.ok("POST", PAGE, json!({}));
    assert_ne!(again["token"], access["token"]);
    for same in ["url", "app_id", "dna_hash", "agent", "credentials"] {
        assert_eq!(again[same], access[same], "{same}");
    }
    let third = Page::connect(&again, &origin).await.unwrap();
    third.authenticate(&again).await;
    assert_eq!(third.count(&again, secret).await, Ok(1));
    running.stop();

    // The next run has new ones, and takes no earlier ones.
    let (running, client, origin) = serving(&node);
    let later = client.ok("POST", PAGE, json!({}));
    assert_ne!(later["credentials"], access["credentials"]);
    let page = Page::connect(&later, &origin).await.unwrap();
    page.authenticate(&later).await;
    assert_eq!(page.count(&later, &later["credentials"]["cap_secret"]).await, Ok(1));
    running.stop();
}

#[test]
fn the_way_to_the_zome_is_for_who_may_do_everything() {
    let node = Program::new();
    let (full, read) = (secret(&node, "full", "full-key\n"), secret(&node, "read", "read-key"));
    let keys = ["--api-key-file", &full, "--read-only-key-file", &read];
    let serving = node.serve_with(&[&HTTP[..], &keys[..]].concat());
    let mut client = Client::of(&serving);
    client.refused(401, "POST", PAGE, json!({}));
    client.key = Some("full-key");
    create(&client);
    client.ok("POST", PAGE, json!({}));
    assert!(client.refused(404, "POST", "/rose-forest/collections/x/page", json!({})).contains("`x`"));
    client.key = Some("read-key");
    client.refused(403, "POST", PAGE, json!({}));
    serving.stop();
}
