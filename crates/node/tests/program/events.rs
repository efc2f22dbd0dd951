//! Following a node's collection while points are written and deleted.

mod follow;

use super::http::{Client, HTTP, WAIT, create, point};
use crate::run::{Program, Serving};
use follow::{Follow, ServerSent, Socket};
use serde_json::{Value, json};

const EVENTS: &str = "/rose-forest/collections/places/events";
const DELETE: &str = "/collections/places/points/delete?wait=true";

/// By server-sent events, and over a websocket.
fn both(serving: &Serving, cursor: Option<&str>) -> [Box<dyn Follow>; 2] {
    let server_sent = ServerSent::open(serving, EVENTS, cursor);
    [Box::new(server_sent), Box::new(Socket::open(serving, EVENTS, cursor))]
}

fn cursor(event: &Value) -> &str {
    event["cursor"].as_str().unwrap()
}

/// What an event says of points: what became of them, and which they are.
fn said(event: &Value) -> (&str, &Value) {
    assert_eq!(event["rows"], event["ids"].as_array().unwrap().len());
    assert_eq!(event["confirmed"], true);
    (event["kind"].as_str().unwrap(), &event["ids"])
}

fn write(client: &Client, path: &str, id: impl Into<Value>) {
    client.ok("PUT", path, json!({ "points": [point(id, [1.0, 1.0], json!({}))] }));
}

#[test]
fn who_follows_hears_of_every_write_once_across_breaks_of_its_own_and_restarts_of_the_node() {
    let node = Program::new();
    let serving = node.serve_with(&HTTP);
    let client = Client::of(&serving);
    create(&client);
    let mut followers = both(&serving, None);
    let begins = followers.each_mut().map(|follower| follower.next());
    assert!(begins.iter().all(|begin| begin["kind"] == "begin"), "{begins:?}");

    // Points that are written together, one that is only in the log yet, a change of a payload, and a point that goes.
    let two = [point(1, [1.0, 0.0], json!({})), point("two", [0.0, 1.0], json!({}))];
    client.ok("PUT", WAIT, json!({ "points": two }));
    write(&client, "/collections/places/points?wait=false", 3);
    let change = json!({ "payload": { "n": 1 }, "points": [1] });
    client.ok("POST", "/collections/places/points/payload?wait=true", change);
    client.ok("POST", DELETE, json!({ "points": ["two"] }));
    let [mut heard, by_socket] = followers.each_mut().map(|follower| follower.take(4));
    assert_eq!(heard, by_socket);
    let expected = [
        ("upsert", json!([1, "two"])),
        ("upsert", json!([3])),
        ("upsert", json!([1])),
        ("delete", json!(["two"])),
    ];
    assert!(heard.iter().map(said).eq(expected.iter().map(|(kind, ids)| (*kind, ids))), "{heard:?}");
    // Each names the action, which is that of the point.
    let shown = client.get("/collections/places/points/1?provenance=true");
    for key in ["author", "action"] {
        assert_eq!((&heard[2][key], shown["provenance"][key].is_string()), (&shown["provenance"][key], true));
    }

    // They go away, and come back with where they were: what they had heard after that, and what they missed.
    drop(followers);
    client.ok("POST", DELETE, json!({ "filter": {} }));
    write(&client, WAIT, 9);
    let mut followers = both(&serving, Some(cursor(&heard[0])));
    for follower in &mut followers {
        assert_eq!(follower.next(), json!({ "kind": "begin", "cursor": heard[0]["cursor"] }));
        assert_eq!(follower.take(3), heard[1..]);
    }
    let [missed, by_socket] = followers.each_mut().map(|follower| follower.take(2));
    assert_eq!(missed, by_socket);
    assert_eq!((said(&missed[0]).0, missed[0]["rows"].as_u64()), ("delete", Some(2)));
    assert_eq!(said(&missed[1]), ("upsert", &json!([9])));
    heard.extend(missed);

    // The node ends, and says so; it goes on where it was when it runs again.
    serving.stop();
    for follower in &mut followers {
        assert_eq!(follower.next()["kind"], "end");
        assert!(follower.is_closed());
    }
    let serving = node.serve_with(&HTTP);
    let client = Client::of(&serving);
    write(&client, WAIT, 10);
    for begin in [&begins[0], &heard[5]] {
        for mut follower in both(&serving, Some(cursor(begin))) {
            assert_eq!(follower.next(), json!({ "kind": "begin", "cursor": begin["cursor"] }));
            if begin == &begins[0] {
                assert_eq!(follower.take(6), heard);
            }
            assert_eq!(said(&follower.next()), ("upsert", &json!([10])));
        }
    }

    // A cursor that is none of this node's, and a collection that is left.
    let mut strangers = both(&serving, Some("1-00000000deadbeef"));
    for stranger in &mut strangers {
        assert_eq!(stranger.next()["kind"], "lost");
    }
    client.ok("DELETE", "/collections/places", json!({}));
    for stranger in &mut strangers {
        let end = stranger.next();
        assert!(end["kind"] == "end" && end["reason"].as_str().unwrap().contains("places"), "{end}");
        assert!(stranger.is_closed());
    }
    serving.stop();
}
