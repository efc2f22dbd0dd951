//! Tokens: what they open, and when they hold.

use crate::server::{Server, author};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::hmac;
use rose_forest_api::PointId;
use rose_forest_http::{
    Config, Keys,
    backend::{Mode, NewPoint, Write},
};
use serde_json::{Value, json};

/// A token, signed by hand.
fn token(key: &str, claims: &Value) -> String {
    let message = format!(
        "{}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#),
        BASE64_URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes())))
}

impl Server {
    /// Sends a token with every request from now on.
    fn set_token(&mut self, claims: &Value) {
        self.set_headers(&format!("authorization: Bearer {}\r\n", token("all", claims)));
    }
}

/// A server with the collections `a`, `b` and `c`, each with the point 1.
async fn server() -> Server {
    let keys = Keys::default().with_full("old").with_full("all").with_read_only("see");
    let mut server = Server::start_with(Config { keys, ..Config::default() }).await;
    server.set_headers("api-key: all\r\n");
    for name in ["a", "b", "c"] {
        let new = json!({"vectors": {"size": 2, "distance": "Dot"}});
        server.put(&format!("/collections/{name}"), new).await.result();
        let points = json!({"points": [{"id": 1, "vector": [1, 0], "payload": {"role": "reader"}}]});
        server.put(&format!("/collections/{name}/points"), points).await.result();
    }
    server
}

const READS: [(&str, &str, &str); 11] = [
    ("GET", "", ""),
    ("GET", "/exists", ""),
    ("GET", "/points/1", ""),
    ("POST", "/points", r#"{"ids":[1]}"#),
    ("POST", "/points/scroll", "{}"),
    ("POST", "/points/count", "{}"),
    ("POST", "/points/query", r#"{"query":[1,0]}"#),
    ("POST", "/points/query/batch", r#"{"searches":[{"query":[1,0]}]}"#),
    ("POST", "/points/query/groups", r#"{"query":[1,0],"group_by":"role"}"#),
    ("POST", "/points/search", r#"{"vector":[1,0],"limit":1}"#),
    ("POST", "/facet", r#"{"key":"role"}"#),
];

const WRITES: [(&str, &str, &str); 10] = [
    ("PUT", "/points", r#"{"points":[{"id":2,"vector":[0,1]}]}"#),
    ("PUT", "/points/vectors", r#"{"points":[{"id":2,"vector":[1,1]}]}"#),
    ("POST", "/points/payload", r#"{"payload":{"x":1},"points":[2]}"#),
    ("PUT", "/points/payload", r#"{"payload":{"x":1,"y":2},"points":[2]}"#),
    ("POST", "/points/payload/delete", r#"{"keys":["x"],"points":[2]}"#),
    ("POST", "/points/payload/clear", r#"{"points":[2]}"#),
    ("POST", "/points/delete", r#"{"points":[2]}"#),
    ("POST", "/points/batch", r#"{"operations":[{"delete":{"points":[2]}}]}"#),
    ("PUT", "/index", r#"{"field_name":"x","field_schema":"keyword"}"#),
    ("DELETE", "/index/x", ""),
];

const MANAGES: [(&str, &str, &str); 3] =
    [("PUT", "", r#"{"vectors":{"size":2,"distance":"Dot"}}"#), ("PATCH", "", "{}"), ("DELETE", "", "")];

#[tokio::test]
async fn a_token_opens_each_route_of_its_collections_and_of_no_other() {
    let mut server = server().await;
    server.set_token(&json!({"access": [
        {"collection": "a", "access": "r"}, {"collection": "b", "access": "rw"}]}));
    let refused = async |name: &str, (method, path, body): (&str, &str, &str)| {
        let path = format!("/collections/{name}{path}");
        let answer = server.send(method, &path, body).await;
        match answer.status {
            200 => None,
            _ => Some(answer.error(403)),
        }
    };
    for route in READS {
        assert_eq!(refused("a", route).await, None, "{route:?}");
        assert_eq!(refused("b", route).await, None, "{route:?}");
        assert!(refused("c", route).await.unwrap().contains("Access to collection c"), "{route:?}");
        // Whether there is such a collection is not told either.
        assert!(refused("x", route).await.unwrap().contains("Access to collection x"), "{route:?}");
        assert!(refused("%63", route).await.unwrap().contains("Access to collection c"), "{route:?}");
    }
    for route in WRITES {
        assert!(refused("a", route).await.unwrap().contains("Write access to collection a"), "{route:?}");
        assert_eq!(refused("b", route).await, None, "{route:?}");
        assert_eq!(refused("%62", route).await, None, "{route:?}");
        assert!(refused("c", route).await.unwrap().contains("Access to collection c"), "{route:?}");
    }
    for route in MANAGES {
        for name in ["a", "b", "c", "x"] {
            assert!(refused(name, route).await.unwrap().contains("Global manage access"), "{route:?}");
        }
    }
    for path in ["/telemetry", "/metrics"] {
        assert!(server.get(path).await.error(403).contains("Global access"), "{path}");
    }
    let listed = server.get("/collections").await.result();
    assert_eq!(listed, json!({"collections": [{"name": "a"}, {"name": "b"}]}));
}

#[tokio::test]
async fn a_body_names_no_collection_that_its_token_may_not_read() {
    let mut server = server().await;
    server.set_token(
        &json!({"access": [{"collection": "a", "access": "r"}, {"collection": "b", "access": "r"}]}),
    );
    let query = |from: &str| json!({"query": 1, "lookup_from": {"collection": from}});
    for (path, body) in [
        ("query", query("c")),
        ("query", json!({"prefetch": [query("c")], "query": {"fusion": "rrf"}})),
        ("query/batch", json!({"searches": [query("b"), query("c")]})),
        ("query/groups", json!({"query": 1, "lookup_from": {"collection": "c"}, "group_by": "role"})),
    ] {
        let refused = server.post(&format!("/collections/a/points/{path}"), body).await.error(403);
        assert!(refused.contains("Access to collection c"), "{path}: {refused}");
    }
    let found = server.post("/collections/a/points/query", query("b")).await.result();
    assert_eq!(found["points"][0]["id"], 1);
}

#[tokio::test]
async fn tokens_for_everything_or_for_reading_everything() {
    let mut server = server().await;
    for claims in [json!({"access": "m"}), json!({"sub": "me"})] {
        server.set_token(&claims);
        let new = json!({"vectors": {"size": 2, "distance": "Dot"}});
        server.put("/collections/d", new).await.result();
        assert_eq!(server.delete("/collections/d").await.result(), true);
    }
    server.set_token(&json!({"access": "r"}));
    assert_eq!(server.get("/collections").await.result()["collections"].as_array().unwrap().len(), 3);
    assert_eq!(server.get("/telemetry").await.result()["collections"]["number_of_collections"], 3);
    for (method, path, body) in WRITES.into_iter().chain(MANAGES) {
        let refused = server.send(method, &format!("/collections/a{path}"), body).await.error(403);
        assert!(refused.contains("Write access is required"), "{refused}");
    }
    // As the key itself, and by a key that is one of several.
    server.set_headers(&format!("api-key: {}\r\n", token("old", &json!({"access": "r"}))));
    server.get("/collections").await.result();
}

#[tokio::test]
async fn a_token_that_does_not_hold_is_refused_with_a_reason() {
    let mut server = server().await;
    let payload = json!({"access": [{"collection": "a", "access": "r", "payload": {"role": "reader"}}]});
    for (claims, reason) in [
        (json!({"exp": 1_000_000, "access": "m"}), "exp"),
        (payload, "payload restrictions are not supported"),
        (json!({"access": "everything"}), "\"everything\""),
    ] {
        server.set_token(&claims);
        let refused = server.get("/collections").await.error(401);
        assert!(refused.contains(reason), "{refused}");
    }
    // Who may read must not make keys for others; and a key that is none signs nothing.
    for key in ["see", "none", ""] {
        let token = token(key, &json!({"access": "r"}));
        server.set_headers(&format!("authorization: Bearer {token}\r\n"));
        assert_eq!(server.get("/collections").await.error(401), "Invalid API key or JWT");
    }
    let unsigned = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let claims = BASE64_URL_SAFE_NO_PAD.encode(r#"{"access":"m"}"#);
    server.set_headers(&format!("authorization: Bearer {unsigned}.{claims}.\r\n"));
    assert_eq!(server.get("/collections").await.error(401), "Invalid API key or JWT");
}

#[tokio::test]
async fn a_token_may_hold_as_long_as_a_point_of_this_node_does() {
    let mut server = server().await;
    let claims = json!({"access": "r", "value_exists": {
        "collection": "b", "matches": [{"key": "role", "value": "admin"}, {"key": "n", "value": 7}]}});
    let key = "api-key: all\r\n";
    let token = format!("api-key: {}\r\n", token("all", &claims));
    let payload = json!({"role": "admin", "n": 7});
    let point = json!({"points": [{"id": 5, "vector": [1, 0], "payload": payload}]});
    server.set_headers(&token);
    assert!(server.get("/collections").await.error(401).contains("value_exists"));
    // Another author says so: that is nobody's token.
    let Value::Object(payload) = payload else { panic!() };
    let points = vec![NewPoint { id: PointId::Int(9), vector: vec![1.0, 0.0], payload }];
    let write = Write::Upsert { points, mode: Mode::Upsert, only: None };
    server.backend.write_as(&author(2), "b", &write).unwrap();
    server.get("/collections").await.error(401);
    server.set_headers(key);
    server.put("/collections/b/points", point).await.result();
    server.set_headers(&token);
    server.get("/collections").await.result();
    server.set_headers(key);
    server.post("/collections/b/points/delete", json!({"points": [5]})).await.result();
    server.set_headers(&token);
    server.get("/collections").await.error(401);
    server.set_headers(key);
    server.delete("/collections/b").await.result();
    server.set_headers(&token);
    server.get("/collections").await.error(401);
}
