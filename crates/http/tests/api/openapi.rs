//! The document of the API, and the page to try it.

use crate::server::{Server, author};
use rose_forest_http::{Config, Keys, memory::Memory, router};
use serde_json::Value;
use std::{collections::BTreeSet, sync::Arc};

/// Routes that OpenAPI cannot describe, each with the reason.
const NOT_DESCRIBED: [(&str, &str); 0] = [];

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// The paths of the router, from its debug output: there is no other way to ask it. A path that is not read right is one that
/// the document lacks, or the router: the test fails.
fn paths() -> BTreeSet<String> {
    let dir = tempfile::tempdir().unwrap();
    let router = router(Arc::new(Memory::new(dir.path(), author(1))), Config::default());
    let text = format!("{router:?}");
    let quoted = text.split('"').skip(1).step_by(2);
    // The fallback is a route, too, inside.
    let paths = quoted.filter(|text| text.starts_with('/') && !text.contains("__private"));
    // What stands for the rest of a path has a star there, which OpenAPI does not know.
    paths.map(|path| path.replace("{*", "{")).collect()
}

fn with_keys() -> Config {
    Config { keys: Keys::default().with_full("full"), ..Config::default() }
}

#[tokio::test]
async fn the_document_has_every_route_and_no_other() {
    // Without the key, nothing is done: a route that is there refuses, or is open.
    let server = Server::start_with(with_keys()).await;
    let document = server.get("/openapi.json").await.body;
    let mut routed = BTreeSet::new();
    for path in paths() {
        if NOT_DESCRIBED.iter().any(|(not, _)| *not == path) {
            continue;
        }
        let asked = path.replace(['{', '}'], "");
        for method in METHODS {
            let status = server.send(&method.to_uppercase(), &asked, "{}").await.status;
            if status != 405 {
                routed.insert(format!("{method} {path}"));
                if let Some(operation) = document["paths"][&path].get(method) {
                    let is_open = operation.get("security").is_some();
                    assert_eq!(
                        is_open,
                        status != 401,
                        "{method} {path}: what needs no key has `security(())`"
                    );
                }
            }
        }
    }
    let described = document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
        item.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
    });
    let described: BTreeSet<_> = described.collect();
    let missing: Vec<_> = routed.difference(&described).collect();
    let unknown: Vec<_> = described.difference(&routed).collect();
    let how = "see crates/http/src/openapi.rs for how to add a route to the document";
    assert!(missing.is_empty(), "not described: {missing:?}: {how}");
    assert!(unknown.is_empty(), "described and not routed: {unknown:?}");
    assert!(described.len() >= 60, "{}", described.len());
}

#[tokio::test]
async fn the_document_is_open_and_asks_for_keys_where_the_server_does() {
    let document = Server::start_with(with_keys()).await.get("/openapi.json").await;
    assert_eq!(document.status, 200);
    assert!(document.head.contains("content-type: application/json"), "{}", document.head);
    assert!(document.body["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document.body["components"]["securitySchemes"]["api-key"]["name"], "api-key");
    let open = Server::start().await.get("/openapi.json").await;
    assert_eq!(open.body.get("security"), None);
}

#[tokio::test]
async fn the_page_needs_nothing_of_others() {
    let server = Server::start_with(with_keys()).await;
    let page = server.get("/docs").await;
    assert_eq!(page.status, 200);
    let policy = page.head.lines().find_map(|line| line.strip_prefix("content-security-policy: ")).unwrap();
    let (first, rest) = policy.split_once("; ").unwrap();
    assert_eq!(first, "default-src 'none'");
    for source in rest.split("; ").flat_map(|directive| directive.split(' ').skip(1)) {
        assert!(["'self'", "'none'", "'unsafe-inline'", "data:"].contains(&source), "{policy}");
    }
    let Value::String(html) = page.body else { panic!("{:?}", page.body) };
    let addresses = html.split("src=\"").skip(1).chain(html.split("href=\"").skip(1));
    let addresses: Vec<_> = addresses.filter_map(|rest| rest.split('"').next()).collect();
    let files: Vec<_> = addresses.iter().filter_map(|address| address.strip_prefix("docs/")).collect();
    assert_eq!(files, ["swagger-ui-bundle.js", "start.js", "swagger-ui.css"]);
    for address in &addresses {
        assert!(!address.contains("//"), "{address}");
    }
    for file in files {
        let got = server.get(&format!("/docs/{file}")).await;
        assert_eq!(got.status, 200, "{file}");
        let kind = if file.ends_with(".css") { "text/css" } else { "text/javascript" };
        assert!(got.head.contains(&format!("content-type: {kind}")), "{}", got.head);
    }
    server.get("/docs/index.html").await.error(404);
    server.get("/docs/..%2f..%2fCargo.toml").await.error(404);
}
