//! The client of the command line, against the server.

use crate::server::{OWN, Server, author};
use rose_forest_api::{Distance, Encoding, PointId};
use rose_forest_http::{
    Client, ClientError, Config, Keys, Serving, Tls,
    backend::{AllStart, NewCollection},
    types::{
        AllOffset, AuthorKey, Example, InviteJson, Point, PointIds, Prefetch, Query, QueryRequest,
        RetrieveRequest, ScrollAllRequest, UpdateStatus, Upsert, VectorStruct, WithPayload, WithVector,
    },
};
use serde_json::{Map, json};
use std::{path::Path, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
};

fn of(server: &Server) -> Client {
    Client::new(&format!("http://{}", server.address), None, None).unwrap()
}

fn new(dimension: usize, encoding: Encoding) -> NewCollection {
    NewCollection { dimension, distance: Distance::Dot, encoding, vector_name: String::new() }
}

fn upsert(points: &[(&str, [f32; 2])]) -> Upsert {
    let point = |(id, vector): &(&str, [f32; 2])| Point {
        id: PointId::text(*id).unwrap(),
        vector: VectorStruct::Plain(vector.to_vec()),
        payload: Some(Map::from_iter([("is".to_owned(), json!(id))])),
    };
    let points = Some(points.iter().map(point).collect());
    Upsert { points, batch: None, update_filter: None, update_mode: None }
}

/// The status and the sentence of a refusal.
#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> (u16, String) {
    match answer {
        Err(ClientError::Refused { status, said }) => (status, said),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_collection_is_made_filled_searched_paged_emptied_and_left() {
    let server = Server::start().await;
    let client = of(&server);
    // A name that means something else in a path, if it stands there as it is.
    let name = "a/b?c=%20 é";
    client.create(name, &new(2, Encoding::F16)).await.unwrap();
    assert_eq!(refused(client.create(name, &new(2, Encoding::F16)).await).0, 409);
    let found = client.collection(name).await.unwrap();
    assert_eq!((found.name.as_str(), found.dimension), (name, 2));
    assert_eq!((found.distance, found.encoding, found.hash.clone()), (Distance::Dot, Encoding::F16, None));
    assert_eq!((found.agent.as_str(), found.bootstrap.clone()), (author(OWN).to_string().as_str(), None));
    assert_eq!(client.node().await.unwrap().collections, [found]);

    let points = upsert(&[("x", [1.0, 0.0]), ("y", [0.0, 2.0]), ("7", [0.5, 0.5])]);
    let written = client.upsert(name, &points, true).await.unwrap();
    assert_eq!((written.status, written.skipped), (UpdateStatus::Completed, 0));
    let query = QueryRequest {
        query: Prefetch {
            query: Some(Query::Nearest(Example::Vector(vec![0.0, 1.0]))),
            limit: Some(2),
            filter: Some(serde_json::from_value(json!({"must_not": [{"has_id": ["7"]}]})).unwrap()),
            ..Prefetch::default()
        },
        with_payload: Some(WithPayload::Whole(true)),
        with_vector: Some(WithVector::All(true)),
        offset: None,
    };
    let points = client.query(name, &query).await.unwrap().points;
    let ids: Vec<_> = points.iter().map(|point| point.id.to_string()).collect();
    assert_eq!((ids, points[0].score), (vec!["y".to_owned(), "x".to_owned()], 2.0));
    assert_eq!(points[0].vector, Some(json!([0.0, 2.0])));
    assert_eq!(points[0].payload.as_ref().unwrap()["is"], "y");
    let provenance = points[0].provenance.as_ref().unwrap();
    assert_eq!((provenance.author.as_str(), provenance.confirmed), (author(OWN).to_string().as_str(), true));

    // A text of digits is not the number.
    let retrieve = |id| RetrieveRequest { ids: vec![id], with_payload: None, with_vector: None };
    let seven = PointId::text("7").unwrap();
    assert_eq!(client.retrieve(name, &retrieve(seven.clone())).await.unwrap()[0].id, seven);
    assert_eq!(client.retrieve(name, &retrieve(PointId::Int(7))).await.unwrap(), []);

    let (mut all, mut offset) = (Vec::new(), None);
    loop {
        let author = Some(AuthorKey(author(OWN)));
        let page = ScrollAllRequest { author, limit: Some(2), offset, ..ScrollAllRequest::default() };
        let page = client.scroll_all(name, &page).await.unwrap();
        all.extend(page.points.into_iter().map(|point| point.id));
        let Some(next) = page.next_page_offset else { break };
        offset = Some(AllOffset(AllStart::After(next.id, next.author.parse::<AuthorKey>().unwrap().0)));
    }
    assert_eq!(all.len(), 3);

    let sync = client.sync(name).await.unwrap();
    assert_eq!((sync.caught_up, sync.index.points, sync.index.in_graph), (true, 3, 3));
    assert_eq!(client.authors(name).await.unwrap().authors[0].points, 3);
    assert_eq!(client.peers(name).await.unwrap().peers, []);
    assert!(client.metrics().await.unwrap().ends_with("# EOF\n"));

    client.delete(name, &PointIds::Ids(all)).await.unwrap();
    assert_eq!(client.sync(name).await.unwrap().rows, 0);
    assert!(client.leave(name).await.unwrap());
    assert!(!client.leave(name).await.unwrap());
    let (status, said) = refused(client.collection(name).await);
    assert!(status == 404 && said.contains(name), "{said}");
}

#[tokio::test]
async fn refusals_come_out_as_their_sentences() {
    let server = Server::with_collection("Dot").await;
    let client = of(&server);
    let three = Upsert { points: None, ..upsert(&[]) };
    assert!(refused(client.upsert("c", &three, true).await).1.contains("either points or batch"));
    let (status, said) = refused(client.create("big", &new(5_000, Encoding::F32)).await);
    assert!(status == 400 && said.contains("4096"), "{said}");
    assert!(refused(client.invite("c").await).1.contains("network"));
    let invite = InviteJson { invite: "rose-forest:x".to_owned() };
    assert!(refused(client.join(&invite).await).1.contains("network"));
    server.backend.write_as(&author(7), "c", &crate::forest::points(&[(1, 1.0)])).unwrap();
    let (status, said) = refused(client.delete("c", &PointIds::Ids(vec![PointId::Int(1)])).await);
    assert!(status == 403 && said.contains(&author(7).to_string()), "{said}");
}

fn secret(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}

#[tokio::test]
async fn the_key_is_read_from_a_file_and_sent() {
    let keys = Keys::default().with_full("all").with_read_only("see");
    let server = Server::start_with(Config { keys, ..Config::default() }).await;
    let dir = tempfile::tempdir().unwrap();
    let url = format!("http://{}", server.address);
    let with = |key| Client::new(&url, Some(&secret(dir.path(), "key", key)), None);
    assert_eq!(refused(of(&server).node().await).0, 401);
    assert_eq!(refused(with("another").unwrap().node().await).0, 401);
    let reader = with("see\n").unwrap();
    reader.node().await.unwrap();
    assert_eq!(refused(reader.create("c", &new(2, Encoding::F32)).await).0, 403);
    with("all").unwrap().create("c", &new(2, Encoding::F32)).await.unwrap();
    // It is for nobody else's eyes.
    assert!(!format!("{reader:?}").contains("see") && !reader.shows_its_key());
    assert!(matches!(with("two\nlines"), Err(ClientError::Key { .. })));
    assert!(matches!(with(""), Err(ClientError::KeyFile(_))));
    let far = Client::new("http://node.example", Some(&secret(dir.path(), "key", "all")), None).unwrap();
    assert!(far.shows_its_key());
}

#[tokio::test]
async fn over_tls_only_who_is_trusted_is_asked() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let certificate = secret(dir.path(), "cert.pem", &made.cert.pem());
    let key = secret(dir.path(), "key.pem", &made.signing_key.serialize_pem());
    let tls = Some(Tls::from_files(&certificate, &key).unwrap());
    let server = Server::serving(Config::default(), Serving { tls, ..Serving::default() }).await;
    let url = format!("https://localhost:{}", server.address.port());
    let trusting = Client::new(&url, None, Some(&certificate)).unwrap();
    assert_eq!(trusting.node().await.unwrap().collections, []);
    let strange = secret(dir.path(), "other.pem", &other.cert.pem());
    let error = Client::new(&url, None, Some(&strange)).unwrap().node().await.unwrap_err();
    assert!(
        matches!(error, ClientError::Unreachable { .. }) && error.to_string().contains("certificate"),
        "{error}"
    );
    let error = Client::new(&url, None, Some(&key)).unwrap_err();
    assert!(matches!(error, ClientError::NoneInFile { .. }), "{error}");
}

/// A server that says this to whoever comes, and ends the connection, if it is to.
async fn saying(text: &'static str, ends: bool) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            stream.write_all(text.as_bytes()).await.unwrap();
            if !ends {
                open.push(stream);
            }
        }
    });
    Client::new(&format!("http://{address}"), None, None).unwrap()
}

#[tokio::test]
async fn who_is_no_node_is_called_that() {
    // A port that is taken, where nobody listens.
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap());
    let error = Client::new(&url, None, None).unwrap().node().await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }) && error.to_string().contains(&url), "{error}");

    let page = saying("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>", true).await;
    assert!(matches!(page.node().await, Err(ClientError::Answer { .. })));
    let lost = saying("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 3\r\n\r\noh!", true).await;
    assert!(matches!(lost.node().await, Err(ClientError::NoApi { status: 502, .. })));
    let moved =
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let error = saying(moved, true).await.node().await;
    assert!(matches!(error, Err(ClientError::NoApi { status: 307, .. })), "{error:?}");
    let half = saying("HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n{", true).await;
    assert!(matches!(half.node().await, Err(ClientError::Broken { .. })));
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read_to_its_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let piece = vec![b' '; 1 << 20];
        while stream.write_all(&piece).await.is_ok() {}
    });
    let error = Client::new(&url, None, None).unwrap().node().await.unwrap_err();
    assert!(matches!(error, ClientError::TooLarge { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_given_up() {
    // The clock is a test's own: it goes on when everybody waits.
    let silent = saying("", false).await;
    let begun = tokio::time::Instant::now();
    let error = silent.node().await.unwrap_err();
    assert!(matches!(error, ClientError::Slow { seconds: 75, .. }), "{error}");
    assert!(begun.elapsed() >= Duration::from_secs(75));
    let halting = saying("HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n{", false).await;
    let error = halting.node().await.unwrap_err();
    assert!(matches!(error, ClientError::Slow { seconds: 30, .. }), "{error}");
}
