//! Random payloads and filters: what indexes find is what checking each row finds.

use crate::{
    Condition, FieldKind, FieldPath, Filter, Snapshot, Start,
    filter::check::Candidate,
    testing::{OwnedBlock, OwnedRow, TestStore, hash},
};
use proptest::{prelude::*, sample::select};
use roaring::RoaringBitmap;
use rose_forest_rules::id::PointId;
use serde_json::{Value, json};

const TIMES: [&str; 4] = ["2026-11-21T16:30:00Z", "2026-11-21T17:30:00+01:00", "2026-11-21", "1969-01-01"];
const WORDS: [&str; 4] = ["red", "Red wine", "blue", ""];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(WORDS.as_slice()).prop_map(str::to_owned),
        4 => select(TIMES.as_slice()).prop_map(str::to_owned),
        1 => select(&["x", "y"][..]).prop_map(|end| "z".repeat(600) + end),
    ]
}

fn place() -> impl Strategy<Value = Value> {
    (-3i32..=3, -3i32..=3).prop_map(|(lon, lat)| json!({"lon": lon * 50, "lat": lat * 40}))
}

/// A place that a filter may name.
fn valid_place() -> impl Strategy<Value = Value> {
    (-3i32..=3, -3i32..=3).prop_map(|(lon, lat)| json!({"lon": lon * 50 + 5, "lat": lat * 27}))
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        2 => any::<bool>().prop_map(Value::from),
        4 => (-2i64..3).prop_map(Value::from),
        2 => select(&[-0.0, 0.0, 1.0, 1.5, -2.5][..]).prop_map(Value::from),
        1 => select(&[i64::MIN, i64::MAX, (1 << 53) + 1, 1 << 53][..]).prop_map(Value::from),
        1 => Just(Value::from(u64::MAX)),
        6 => text().prop_map(Value::from),
        3 => place(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let element = prop_oneof![
        3 => scalar(),
        1 => prop::collection::vec(scalar(), 0..3).prop_map(Value::from),
    ];
    prop_oneof![3 => scalar(), 2 => prop::collection::vec(element, 0..4).prop_map(Value::from)]
}

fn object(value: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    prop::collection::btree_map(select(&["a", "b"][..]).prop_map(str::to_owned), value, 0..3)
        .prop_map(|object| Value::Object(object.into_iter().collect()))
}

fn payload() -> impl Strategy<Value = Option<String>> {
    let nested = prop_oneof![
        3 => prop::collection::vec(prop_oneof![4 => object(value()), 1 => scalar()], 0..3).prop_map(Value::from),
        1 => object(value()),
    ];
    let payload = (object(value()), prop::option::of(nested)).prop_map(|(mut payload, nested)| {
        payload.as_object_mut().unwrap().extend(nested.map(|nested| ("n".to_owned(), nested)));
        payload.to_string()
    });
    prop::option::weighted(0.95, payload)
}

fn key() -> impl Strategy<Value = &'static str> {
    select(&["a", "b", "a[]", "n", "n[].a", "n[].b[]", "n.a", "missing"][..])
}

fn bounds(bound: impl Strategy<Value = Value> + Clone + 'static) -> impl Strategy<Value = Value> {
    prop::collection::btree_map(select(&["gt", "gte", "lt", "lte"][..]).prop_map(str::to_owned), bound, 0..3)
        .prop_map(|bounds| Value::Object(bounds.into_iter().collect()))
}

/// What is asked of a field.
fn question() -> impl Strategy<Value = Value> {
    let numbers = select(&[-2.5, -1.0, 0.0, 1.0, 1.5, 9007199254740993.0, 1e19][..]).prop_map(Value::from);
    let keywords = prop::collection::vec(text().prop_map(Value::from), 0..3).prop_map(Value::from);
    let integers = prop::collection::vec((-2i64..3).prop_map(Value::from), 0..3).prop_map(Value::from);
    let values = prop_oneof![keywords, integers].boxed();
    let single = prop_oneof![
        any::<bool>().prop_map(Value::from),
        (-2i64..3).prop_map(Value::from),
        select(&[i64::MIN, i64::MAX, (1 << 53) + 1][..]).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    prop_oneof![
        4 => single.prop_map(|value| json!({"match": {"value": value}})),
        2 => values.clone().prop_map(|values| json!({"match": {"any": values}})),
        2 => values.prop_map(|values| json!({"match": {"except": values}})),
        2 => text().prop_map(|text| json!({"match": {"text": text}})),
        2 => (select(&["text_any", "phrase", "prefix", "substring"][..]), text())
            .prop_map(|(how, text)| json!({"match": {how: text}})),
        3 => bounds(numbers).prop_map(|bounds| json!({"range": bounds})),
        2 => bounds(select(TIMES.as_slice()).prop_map(Value::from)).prop_map(|bounds| json!({"range": bounds})),
        1 => bounds((0u64..4).prop_map(Value::from)).prop_map(|bounds| json!({"values_count": bounds})),
        1 => any::<bool>().prop_map(|wanted| json!({"is_empty": wanted})),
        1 => any::<bool>().prop_map(|wanted| json!({"is_null": wanted})),
        1 => (valid_place(), 0u32..20_000).prop_map(|(center, radius)| {
            json!({"geo_radius": {"center": center, "radius": f64::from(radius) * 1e3}})
        }),
        1 => (valid_place(), valid_place()).prop_map(|(a, b)| json!({"geo_bounding_box": {"top_left": a, "bottom_right": b}})),
        1 => prop::collection::vec(valid_place(), 0..5).prop_map(|points| json!({"geo_polygon": {"exterior": {"points": points}}})),
        1 => (text(), -2i64..3).prop_map(|(text, gt)| json!({"match": {"value": text}, "range": {"gt": gt}})),
    ]
}

fn condition() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        8 => (key(), question()).prop_map(|(key, mut question)| {
            question["key"] = Value::from(key);
            question
        }),
        1 => key().prop_map(|key| json!({"is_empty": {"key": key}})),
        1 => key().prop_map(|key| json!({"is_null": {"key": key}})),
        1 => prop::collection::vec(0u64..12, 0..6).prop_map(|ids| json!({"has_id": ids})),
        1 => select(&["", "other"][..]).prop_map(|name| json!({"has_vector": name})),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            2 => filter_of(inner.clone()),
            1 => filter_of(inner).prop_map(|filter| json!({"nested": {"key": "n", "filter": filter}})),
        ]
    })
    .boxed()
}

fn filter_of(condition: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let list = prop::collection::vec(condition, 0..3).boxed();
    let min_should = prop::option::weighted(0.3, (list.clone(), 0usize..3));
    (list.clone(), list.clone(), list, min_should).prop_map(|(must, should, must_not, min_should)| {
        let mut filter = json!({"must": must, "should": should, "must_not": must_not});
        if let Some((conditions, min_count)) = min_should {
            filter["min_should"] = json!({"conditions": conditions, "min_count": min_count});
        }
        filter
    })
}

fn filters() -> impl Strategy<Value = Vec<Value>> {
    let single = condition().prop_map(|condition| json!({"must": condition}));
    prop::collection::vec(prop_oneof![2 => single, 1 => filter_of(condition())], 1..12)
}

fn block() -> impl Strategy<Value = Vec<OwnedRow>> {
    let row = (0u64..12, 0i64..3, prop::option::weighted(0.9, payload())).prop_map(
        |(id, written_at_micros, payload)| OwnedRow {
            id: PointId::Int(id),
            written_at_micros,
            content: payload.map(|payload| (0, payload)),
        },
    );
    prop::collection::vec(row, 1..8).prop_map(|mut rows| {
        rows.sort_by_key(|row| (row.id.clone(), row.content.is_none()));
        rows.dedup_by_key(|row| row.id.clone());
        rows
    })
}

/// What happens to a store with indexes.
#[derive(Clone, Debug)]
enum Event {
    Apply { rows: Vec<OwnedRow>, confirmed: bool },
    Withdraw(u8),
    Create(&'static str, FieldKind),
    Build(&'static str),
    Drop(&'static str),
    Reopen,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let kind = select(FieldKind::ALL.as_slice());
    prop::collection::vec(
        prop_oneof![
            6 => (block(), any::<bool>()).prop_map(|(rows, confirmed)| Event::Apply { rows, confirmed }),
            1 => (0u8..20).prop_map(Event::Withdraw),
            6 => (key(), kind).prop_map(|(key, kind)| Event::Create(key, kind)),
            3 => key().prop_map(Event::Build),
            1 => key().prop_map(Event::Drop),
            1 => Just(Event::Reopen),
        ],
        1..24,
    )
}

fn path(key: &str) -> FieldPath {
    key.parse().unwrap()
}

fn play(events: Vec<Event>) -> TestStore {
    let mut store = TestStore::new();
    for (event, action) in events.into_iter().zip(0u8..) {
        match event {
            Event::Apply { rows, confirmed } => {
                store.apply(&OwnedBlock { action, author: action % 2, in_cell: false, confirmed, rows });
            }
            Event::Withdraw(action) => {
                store.withdraw(action);
            }
            // One that is there of another kind stays.
            Event::Create(key, kind) => drop(store.create_field_index(&path(key), kind)),
            Event::Build(key) => drop(store.build_field_index(&path(key), 3)),
            Event::Drop(key) => drop(store.drop_field_index(&path(key)).unwrap()),
            Event::Reopen => store = store.reopen(),
        }
    }
    store
}

/// The rows that fulfil a filter, each looked at.
fn naive(snapshot: &Snapshot, filter: &Filter) -> RoaringBitmap {
    let page = snapshot.scroll(&Start::First, 1_000, None).unwrap();
    let holds = |row: &&crate::Row| {
        let payload =
            row.payload.as_ref().map_or(Value::Null, |payload| serde_json::from_str(payload).unwrap());
        filter.holds(Candidate { id: Some(&row.id), payload: &payload })
    };
    page.rows.iter().filter(holds).map(|row| row.label).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn with_and_without_indexes_the_answer_is_the_same(events in events(), filters in filters()) {
        let store = play(events);
        let filters: Vec<Filter> = filters.into_iter().map(|filter| serde_json::from_value(filter).unwrap()).collect();
        let check = |store: &TestStore| {
            let snapshot = store.snapshot().unwrap();
            for filter in &filters {
                let allowed = snapshot.evaluate(filter).unwrap();
                let expected = naive(&snapshot, filter);
                prop_assert_eq!(allowed.rows(), &expected, "{}", serde_json::to_string(filter).unwrap());
                prop_assert!(snapshot.at_most(filter).unwrap() >= allowed.count());
                let narrowed = snapshot.narrow(filter).unwrap();
                prop_assert_eq!(narrowed.allowed.count(), snapshot.at_most(filter).unwrap());
                prop_assert!(!narrowed.is_exact || narrowed.allowed == allowed);
                prop_assert_eq!(&snapshot.holding(filter, narrowed.allowed.rows()).unwrap(), &allowed);
                let own = snapshot.live_of(&hash(1)).unwrap();
                let among = snapshot.evaluate_among(filter, Some(&own)).unwrap();
                prop_assert_eq!(among.into_rows(), own & expected);
            }
            Ok(())
        };
        // With indexes that are built in part, with all of them built, and with none.
        check(&store)?;
        for index in store.snapshot().unwrap().field_indexes().unwrap() {
            let done = store.finish_field_index(&index.path, |_| true).unwrap();
            prop_assert!(done.is_done());
        }
        check(&store)?;
        for index in store.snapshot().unwrap().field_indexes().unwrap() {
            prop_assert!(store.drop_field_index(&index.path).unwrap());
        }
        check(&store)?;
    }

    #[test]
    fn filters_are_read_again_as_they_are_written(filter in filter_of(condition())) {
        let filter: Filter = serde_json::from_value(filter).unwrap();
        let text = serde_json::to_string(&filter).unwrap();
        prop_assert_eq!(serde_json::from_str::<Filter>(&text).unwrap(), filter);
    }
}

/// Filters of one condition on each kind of index are answered by it, without a look at any row.
#[test]
fn indexes_answer_alone() {
    let store = TestStore::new();
    let rows = (0..10u64).map(|id| OwnedRow {
        id: PointId::Int(id),
        written_at_micros: 1,
        content: Some((0, Some(json!({"k": format!("w{id}"), "i": id, "b": id < 3, "t": TIMES[0], "g": {"lon": id, "lat": id}, "x": "some words"}).to_string()))),
    });
    store.apply(&OwnedBlock { action: 1, author: 1, in_cell: false, confirmed: true, rows: rows.collect() });
    let kinds = [
        FieldKind::Keyword,
        FieldKind::Integer,
        FieldKind::Bool,
        FieldKind::Datetime,
        FieldKind::Geo,
        FieldKind::Text,
    ];
    for (key, kind) in ["k", "i", "b", "t", "g", "x"].iter().zip(kinds) {
        store.create_field_index(&path(key), kind).unwrap();
        store.finish_field_index(&path(key), |_| true).unwrap();
    }
    let snapshot = store.snapshot().unwrap();
    for (condition, count) in [
        (json!({"key": "k", "match": {"any": ["w1", "w2", "w99"]}}), 2),
        (json!({"key": "k", "match": {"except": ["w1"]}}), 9),
        (json!({"key": "i", "range": {"gte": 4.5, "lt": 7}}), 2),
        (json!({"key": "i", "match": {"value": 4}}), 1),
        (json!({"key": "b", "match": {"value": true}}), 3),
        (json!({"key": "t", "range": {"gt": "2026-11-21"}}), 10),
        (json!({"key": "g", "geo_radius": {"center": {"lon": 2.0, "lat": 2.0}, "radius": 160_000.0}}), 3),
        (json!({"key": "x", "match": {"text": "WORDS"}}), 10),
        (json!({"is_empty": {"key": "x"}}), 0),
        (json!({"is_null": {"key": "k"}}), 0),
        (json!({"has_id": [3, 30]}), 1),
    ] {
        let condition: Condition = serde_json::from_value(condition).unwrap();
        let filter = Filter { must: vec![condition], ..Filter::default() };
        assert_eq!(snapshot.at_most(&filter).unwrap(), count, "{filter:?}");
        assert_eq!(snapshot.evaluate(&filter).unwrap().count(), count, "{filter:?}");
        let not = Filter { must_not: filter.must, ..Filter::default() };
        assert_eq!(snapshot.at_most(&not).unwrap(), 10 - count, "{not:?}");
    }
}
