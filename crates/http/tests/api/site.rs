//! The web page under `/ui/`.

use crate::server::Server;
use rose_forest_http::{Config, Keys, PageFile};
use serde_json::Value;

const INDEX: &str = "<!doctype html><p>here";
const SCRIPT: &str = "export const here = true;";

/// What a build leaves, shortened. Compressed bytes are no gzip here: nobody unpacks them.
static FILES: [PageFile; 3] = [
    PageFile { path: "assets/index-abc123.js", bytes: SCRIPT.as_bytes(), gzip: Some(b"squeezed") },
    PageFile { path: "icon.svg", bytes: b"<svg/>", gzip: None },
    PageFile { path: "index.html", bytes: INDEX.as_bytes(), gzip: None },
];

/// A server with the page, where the API asks for a key.
async fn server() -> Server {
    let keys = Keys::default().with_full("all");
    Server::start_with(Config { keys, page: &FILES, ..Config::default() }).await
}

#[tokio::test]
async fn the_page_needs_no_key_and_may_load_nothing_of_others() {
    let server = server().await;
    let page = server.get("/ui/").await;
    assert_eq!((page.status, page.body), (200, Value::from(INDEX)));
    for line in [
        "content-type: text/html; charset=utf-8",
        "cache-control: no-cache",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "x-frame-options: deny",
    ] {
        assert!(page.head.contains(line), "{line}: {}", page.head);
    }
    let policy = page.head.lines().find_map(|line| line.strip_prefix("content-security-policy: ")).unwrap();
    let directives: Vec<_> = policy.split(';').map(str::trim).collect();
    for expected in [
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "connect-src 'self' ws://127.0.0.1:* ws://localhost:*",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(directives.contains(&expected), "{expected}: {policy}");
    }
    server.get("/collections").await.error(401);
    let moved = server.get("/ui").await;
    assert_eq!(moved.status, 308);
    assert!(moved.head.contains("location: /ui/\r\n"), "{}", moved.head);
}

#[tokio::test]
async fn files_are_sent_as_what_they_are_and_kept_if_their_name_follows_from_their_content() {
    let mut server = server().await;
    let script = server.get("/ui/assets/index-abc123.js").await;
    assert_eq!((script.status, script.body), (200, Value::from(SCRIPT)));
    assert!(script.head.contains("content-type: text/javascript"), "{}", script.head);
    assert!(script.head.contains("cache-control: public, max-age=31536000, immutable"), "{}", script.head);
    let icon = server.get("/ui/icon.svg").await;
    assert!(icon.head.contains("content-type: image/svg+xml"), "{}", icon.head);
    assert!(icon.head.contains("cache-control: no-cache"), "{}", icon.head);

    server.set_headers("accept-encoding: gzip, br\r\n");
    let script = server.get("/ui/assets/index-abc123.js").await;
    assert_eq!(script.body, Value::from("squeezed"));
    assert!(script.head.contains("content-encoding: gzip"), "{}", script.head);
    assert!(script.head.contains("vary: accept-encoding"), "{}", script.head);
    assert!(!server.get("/ui/icon.svg").await.head.contains("content-encoding"));
}

#[tokio::test]
async fn no_path_leads_to_what_is_not_the_page() {
    let server = server().await;
    for path in
        ["/ui/nothing.js", "/ui/assets/", "/ui/../Cargo.toml", "/ui/..%2fCargo.toml", "/ui//index.html"]
    {
        server.get(path).await.error(404);
    }
    assert_eq!(server.post("/ui/", Value::Null).await.status, 405);
}

#[tokio::test]
async fn a_program_without_the_page_says_how_to_build_it() {
    let server = Server::start().await;
    let page = server.get("/ui/").await;
    assert_eq!(page.status, 404);
    let Value::String(text) = page.body else { panic!("{:?}", page.body) };
    assert!(text.contains("npm run build --workspace ui"), "{text}");
    assert!(page.head.contains("content-type: text/html"), "{}", page.head);
    server.get("/ui/index.html").await.error(404);
}

#[tokio::test]
async fn a_browser_is_sent_to_the_page_and_a_program_is_told_what_this_is() {
    let mut server = server().await;
    assert!(server.get("/").await.body["version"].is_string());
    server.set_headers("accept: application/json, text/plain, */*\r\n");
    assert!(server.get("/").await.body["version"].is_string());
    server.set_headers("accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n");
    let answer = server.get("/").await;
    assert_eq!(answer.status, 303);
    assert!(answer.head.contains("location: /ui/\r\n"), "{}", answer.head);
    assert!(answer.head.contains("vary: accept"), "{}", answer.head);
}
