use crate::control::Door;
use crate::load::{Plan, Progress, load};
use crate::readers::{BadRow, Options};
use crate::remote::Remote;
use crate::requests::*;
use rose_forest_api::*;
use rose_forest_http::backend::{Mode, NewPoint, Write};
use rose_forest_http::{Config, Keys, memory::Memory, router, serve};
use serde_json::Map;
use std::path::{Path, PathBuf};
use std::sync::Arc as Shared;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpSocket};

/// A server over collections in memory, for as long as the runtime runs.
struct Server {
    memory: Shared<Memory>,
    url: String,
    dir: TempDir,
}

fn author(number: u8) -> AgentPubKey {
    AgentPubKey::from_raw_32(vec![number; 32])
}

const OWN: u8 = 1;

impl Server {
    async fn start(keys: Keys) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let memory = Shared::new(Memory::new(dir.path().join("indexes"), author(OWN)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = router(memory.clone(), Config { keys, ..Config::default() });
        tokio::spawn(serve(listener, router, std::future::pending()));
        Self { memory, url, dir }
    }

    fn door(&self, key: Option<&str>) -> Door {
        let file = key.map(|key| {
            use std::os::unix::fs::PermissionsExt;
            let file = self.file("key", key);
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
            file
        });
        Door::Elsewhere(Remote::new(&self.url, file.as_deref(), None).unwrap())
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

fn new(vector_name: &str) -> Request {
    Request::Create(crate::collections::NewCollection {
        name: "places".to_owned(),
        dimension: 2,
        distance: Distance::Euclid,
        encoding: Encoding::F32,
        network: None,
        vector_name: vector_name.to_owned(),
    })
}

fn places() -> String {
    "places".to_owned()
}

struct Quiet;

impl Progress for Quiet {
    fn opening(&self, _: bool) {}
    fn begin(&self, _: Option<u64>) {}
    fn rows(&self, _: u64) {}
    fn resuming(&self, _: u64) {}
    fn refused(&self, _: &str, _: &BadRow) {}
    fn settling(&self) {}
}

async fn insert(door: &Door, file: &Path, no_wait: bool) -> anyhow::Result<u64> {
    let journals = file.with_extension("journals");
    let options = Options::default();
    let plan = Plan { file, options: &options, max_errors: None, journals: &journals, anew: false, no_wait };
    Ok(load(door, "places", &plan, &Quiet).await?.inserted)
}

fn search(vector: [f32; 2], filter: Option<&str>) -> Request {
    let input =
        SearchInput { vector: floats_to_bytes(&vector), k: 2, with_vector: true, ..SearchInput::default() };
    Request::Search { collection: places(), by_zome: false, input, filter: filter.map(str::to_owned) }
}

fn get(id: PointId, author: Option<AgentPubKey>) -> Request {
    let (scope, view) = (Scope::Local, View::default());
    Request::Get(places(), GetInput { ids: vec![id], author, with_vector: true, scope, view })
}

async fn refused(door: &Door, request: Request) -> String {
    let asked = door.ask::<serde::de::IgnoredAny>(request).await;
    format!("{:#}", asked.err().unwrap_or_else(|| panic!("it was not refused")))
}

const THREE: &str = r#"{"id": 1, "vector": [1, 0], "payload": {"word": "east"}}
{"id": "north", "vector": [0, 1], "payload": {"word": "north"}}
{"id": "1", "vector": [5.5, 0.1]}
"#;

/// What is inserted comes back, whatever the collection's vector is called.
async fn everything_that_a_command_does(vector_name: &str) {
    let server = Server::start(Keys::default()).await;
    let door = server.door(None);
    let created: CollectionView = door.ask(new(vector_name)).await.unwrap();
    assert_eq!(
        (created.label().as_str(), created.agent.clone(), created.enabled),
        ("places", author(OWN), true)
    );
    let all: Vec<CollectionView> = door.ask(Request::List).await.unwrap();
    assert_eq!(all, std::slice::from_ref(&created));
    assert_eq!(door.ask::<CollectionView>(Request::Find(places())).await.unwrap(), created);
    let file = server.file("three.jsonl", THREE);
    assert_eq!(insert(&door, &file, false).await.unwrap(), 3);

    let found: Searched = door.ask(search([0.0, 0.9], None)).await.unwrap();
    let ids: Vec<_> = found.answer.hits.iter().map(|hit| hit.id.to_string()).collect();
    assert_eq!((ids, found.unconfirmed), (vec!["north".to_owned(), "1".to_owned()], vec![false, false]));
    let hit = &found.answer.hits[0];
    assert!((hit.score - 0.1).abs() < 1e-6 && found.answer.complete && found.from_memory, "{hit:?}");
    assert_eq!(hit.vector, Some(floats_to_bytes(&[0.0, 1.0])));
    assert_eq!((hit.payload.as_deref(), &hit.author), (Some(r#"{"word":"north"}"#), &author(OWN)));
    let east = r#"{"must": [{"key": "word", "match": {"value": "east"}}]}"#;
    let found: Searched = door.ask(search([0.0, 0.9], Some(east))).await.unwrap();
    assert_eq!(found.answer.hits.iter().map(|hit| hit.id.clone()).collect::<Vec<_>>(), [PointId::Int(1)]);
    assert!(refused(&door, search([0.0, 0.9], Some("{"))).await.contains("filter"));

    let text = PointId::text("1").unwrap();
    let found: GetOutput = door.ask(get(text.clone(), None)).await.unwrap();
    assert_eq!((found.points.len(), &found.points[0].payload), (1, &None), "an empty payload is none");
    assert_eq!(found.points[0].vector, Some(floats_to_bytes(&[5.5, 0.1])));
    let nobody = PointId::text("nobody").unwrap();
    let found: GetOutput = door.ask(get(nobody.clone(), None)).await.unwrap();
    assert_eq!((found.points.len(), found.unknown), (0, vec![nobody.clone()]));

    let info: Overview = door.ask(Request::Info(places())).await.unwrap();
    assert_eq!((info.collection, info.sight.arc, info.blocks.is_none()), (created.clone(), Arc::Full, true));
    assert_eq!(info.authors, [AuthorView { author: author(OWN), blocks: None, rows: 3 }]);
    assert_eq!((info.index.unwrap().points, info.waiting.writes, info.nodes.len()), (3, 0, 0));
    let node: NodeReport = door.ask(Request::Node).await.unwrap();
    assert_eq!((node.agent, node.data_dir, node.collections.len()), (Some(author(OWN)), None, 1));
    assert!(door.ask::<String>(Request::Metrics).await.unwrap().contains("# EOF"));

    let delete = |ids: &[&PointId], ignore_unknown| {
        let ids = ids.iter().map(|id| (*id).clone()).collect();
        Request::Delete(places(), DeleteInput { ids, ignore_unknown })
    };
    assert!(refused(&door, delete(&[&text, &nobody], false)).await.contains("unknown ones: nobody"));
    assert_eq!(door.ask::<Wrote>(delete(&[&text, &nobody], true)).await.unwrap().rows, 1);
    assert_eq!(door.ask::<Wrote>(delete(&[&text], true)).await.unwrap().rows, 0);
    let left: CollectionView = door.ask(Request::Leave(places())).await.unwrap();
    assert_eq!(left, CollectionView { enabled: false, ..created });
    assert!(refused(&door, Request::Find(places())).await.contains("`places`"));
}

#[tokio::test]
async fn what_is_inserted_over_http_comes_back_and_goes() {
    everything_that_a_command_does("").await;
}

#[tokio::test]
async fn a_vector_may_have_a_name() {
    everything_that_a_command_does("of words").await;
}

#[tokio::test]
async fn pages_have_everybodys_points_and_only_own_ones_are_deleted() {
    let server = Server::start(Keys::default()).await;
    let door = server.door(None);
    door.ask::<CollectionView>(new("")).await.unwrap();
    let point = |id| NewPoint { id: PointId::Int(id), vector: vec![id as f32, 0.0], payload: Map::new() };
    for (by, ids) in [(OWN, 0..1_500), (7, 1_400..1_600)] {
        let points = ids.map(point).collect();
        let write = Write::Upsert { points, mode: Mode::Upsert, only: None };
        server.memory.write_as(&author(by), "places", &write).unwrap();
    }
    let pages = async |author: Option<AgentPubKey>| {
        let (mut points, mut pages, mut cursor) = (Vec::new(), 0, None);
        loop {
            let limit = Some(2_000);
            let input = ScrollInput { cursor, limit, author: author.clone(), ..ScrollInput::default() };
            let page: ScrollOutput = door.ask(Request::Scroll(places(), input)).await.unwrap();
            (cursor, pages) = (page.next_cursor, pages + 1);
            points.extend(page.points);
            if cursor.is_none() {
                return (points, pages);
            }
        }
    };
    let (all, asked) = pages(None).await;
    assert_eq!((all.len(), asked), (1_700, 2));
    let (own, _) = pages(Some(author(OWN))).await;
    assert!(own.len() == 1_500 && own.iter().all(|point| point.author == author(OWN)));
    // Another's point is not one that can be deleted.
    let ids = vec![PointId::Int(1_599)];
    let delete = Request::Delete(places(), DeleteInput { ids, ignore_unknown: false });
    assert!(refused(&door, delete).await.contains("unknown ones: 1599"));
    let found: GetOutput = door.ask(get(PointId::Int(1_599), Some(author(OWN)))).await.unwrap();
    assert_eq!(found.unknown, [PointId::Int(1_599)]);
}

#[tokio::test]
async fn a_file_goes_in_batches_and_a_refused_batch_is_named() {
    let server = Server::start(Keys::default().with_full("all").with_read_only("see")).await;
    let door = server.door(Some("all"));
    door.ask::<CollectionView>(new("")).await.unwrap();
    let many = super::PORTION.rows as u64 + 5;
    let rows: String = (0..many).map(|i| format!("{{\"id\": {i}, \"vector\": [{i}, 0]}}\n")).collect();
    let file = server.file("many.jsonl", &rows);
    let reader = server.door(Some("see"));
    let problem = format!("{:#}", insert(&reader, &file, false).await.unwrap_err());
    assert!(problem.contains("lines 1 to 10000 failed: Forbidden"), "{problem}");
    assert_eq!(insert(&server.door(Some("all")), &file, true).await.unwrap(), many);
    let info: Overview = door.ask(Request::Info(places())).await.unwrap();
    assert_eq!(info.index.unwrap().points, many);
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let server = Server::start(Keys::default().with_full("all")).await;
    let problem = refused(&server.door(None), Request::List).await;
    assert!(problem.contains("API key") && problem.contains("--api-key-file"), "{problem}");
    let door = server.door(Some("all"));
    door.ask::<CollectionView>(new("")).await.unwrap();
    let zome = |nprobe, scope, by_zome| {
        let input = SearchInput { k: 1, vector: vec![0; 8], nprobe, scope, ..SearchInput::default() };
        Request::Search { collection: places(), by_zome, input, filter: None }
    };
    for request in [
        Request::Verify(places()),
        Request::Warrants(places()),
        Request::Pulses,
        zome(None, Scope::Local, true),
        zome(Some(3), Scope::Local, false),
        zome(None, Scope::Network, false),
    ] {
        let problem = refused(&door, request).await;
        assert!(problem.contains("the node's own machine"), "{problem}");
    }
    assert!(refused(&door, Request::Invite(places())).await.contains("takes a network"));
    assert!(refused(&door, Request::Join("rose-forest:x".to_owned())).await.contains("takes a network"));
    let network = Some(crate::network::Network::new("http://127.0.0.1:1", None).unwrap());
    let Request::Create(new) = new("") else { panic!("another request") };
    let shared = Request::Create(crate::collections::NewCollection { network, ..new });
    assert!(refused(&door, shared).await.contains("serve --bootstrap"));

    // A port that is taken, where nobody listens.
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = taken.local_addr().unwrap();
    let door = Door::Elsewhere(Remote::new(&format!("http://{nobody}"), None, None).unwrap());
    let problem = refused(&door, Request::List).await;
    assert!(problem.contains(&nobody.to_string()) && problem.contains("serve --http"), "{problem}");
}
