// A session with @qdrant/js-client-rest: every family of calls, each looked at by what it answers.
// Run by tests/qdrant/run.py, in a folder with the pinned package.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { QdrantClient } from '@qdrant/js-client-rest';

const connection = { url: process.env.ROSE_FOREST_URL, apiKey: process.env.ROSE_FOREST_KEY, checkCompatibility: false };
const client = new QdrantClient(connection);
const name = `js-${randomUUID()}`;
const uuid = '6f1c0e2e-6d5c-4c0a-9d0c-6f2f3f1a7b11';
const points = [
  { id: 1, vector: [1, 0], payload: { city: 'Berlin', n: 1, at: { lon: 13.4, lat: 52.5 }, tags: ['red', 'dry'] } },
  { id: 2, vector: [2, 0], payload: { city: 'Rome', n: 2, at: { lon: 12.5, lat: 41.9 }, tags: ['white'] } },
  { id: 3, vector: [3, 1], payload: { city: 'Berlin', n: 3, when: '2026-11-21T16:30:00Z' } },
  { id: uuid, vector: [0, 4], payload: { city: 'Oslo', n: 4, gone: null } },
];

const ids = (found) => found.map((point) => point.id);
const match = (key, value) => ({ key, match: { value } });

/** All payloads by id. */
async function payloads() {
  const { points: found } = await client.scroll(name, { limit: 100 });
  return new Map(found.map((point) => [point.id, point.payload]));
}

/** Writes the points anew, and deletes what else there is. */
async function reset() {
  await client.delete(name, { wait: true, filter: { must: [] } });
  const written = await client.upsert(name, { points });
  assert.equal(written.status, 'completed');
}

before(async () => {
  assert.equal(await client.createCollection(name, { vectors: { size: 2, distance: 'Dot' } }), true);
});
after(async () => {
  await client.deleteCollection(name);
});

test('says who it is', async () => {
  const said = await client.versionInfo();
  assert.match(said.title, /rose-forest/);
  assert.match(said.version, /^\d+\.\d+\.\d+$/);
});

test('collections: listed, described, asked for, updated, refused twice, left', async () => {
  assert.deepEqual(await client.collectionExists(name), { exists: true });
  assert.deepEqual(await client.collectionExists(`${name}-not`), { exists: false });
  const { collections } = await client.getCollections();
  assert.ok(collections.some((collection) => collection.name === name));
  const info = await client.getCollection(name);
  assert.deepEqual([info.status, info.optimizer_status, info.points_count], ['green', 'ok', 0]);
  assert.equal(info.config.params.vectors.size, 2);
  assert.equal(info.config.params.vectors.distance, 'Dot');
  assert.equal(await client.updateCollection(name, { optimizers_config: { max_segment_size: 10_000 } }), true);
  await assert.rejects(client.createCollection(name, { vectors: { size: 2, distance: 'Dot' } }), /Conflict|already exists/);
  await assert.rejects(client.getCollection(`${name}-not`), /Not Found/);
  const other = `${name}-other`;
  assert.equal(await client.recreateCollection(other, { vectors: { size: 3, distance: 'Cosine' } }), true);
  assert.equal(await client.deleteCollection(other), true);
  assert.deepEqual(await client.collectionExists(other), { exists: false });
});

test('upserts rows and columns', async () => {
  await reset();
  const batch = { ids: [10, 11], vectors: [[5, 0], [6, 0]], payloads: [{ n: 10 }, null] };
  assert.equal((await client.upsert(name, { batch })).status, 'completed');
  assert.deepEqual(await client.count(name, { exact: true }), { count: 6 });
  assert.deepEqual((await payloads()).get(11), {});
  const { result } = await client.upsert(name, { wait: false, points: [points[0]] }).then((result) => ({ result }));
  assert.ok(['acknowledged', 'completed'].includes(result.status));
  await assert.rejects(client.upsert(name, { points: [{ id: 1, vector: [1, 2, 3] }] }), /Bad Request/);
});

test('retrieves points by their ids', async () => {
  await reset();
  const found = await client.retrieve(name, { ids: [uuid, 1, 99], with_vector: true });
  assert.deepEqual(ids(found), [uuid, 1]);
  assert.deepEqual(found[1].vector, [1, 0]);
  assert.deepEqual(found[0].payload, { city: 'Oslo', n: 4, gone: null });
  const part = await client.retrieve(name, { ids: [1], with_payload: ['city'] });
  assert.deepEqual(part[0].payload, { city: 'Berlin' });
  const one = await client.api().getPoint({ collection_name: name, id: 3 });
  assert.equal(one.data.result.payload.city, 'Berlin');
});

test('scrolls in pages and in orders', async () => {
  await reset();
  const first = await client.scroll(name, { limit: 3, with_payload: false });
  assert.deepEqual(ids(first.points), [1, 2, 3]);
  assert.equal(first.next_page_offset, uuid);
  const second = await client.scroll(name, { limit: 3, offset: first.next_page_offset });
  assert.deepEqual([ids(second.points), second.next_page_offset ?? null], [[uuid], null]);
  const ordered = await client.scroll(name, { order_by: { key: 'n', direction: 'desc' }, limit: 2 });
  assert.deepEqual(ids(ordered.points), [uuid, 3]);
});

test('counts, with every kind of condition', async () => {
  await reset();
  const count = async (filter) => (await client.count(name, { filter, exact: true })).count;
  const at = { lon: 13, lat: 52 };
  const ring = [{ lon: 10, lat: 50 }, { lon: 16, lat: 50 }, { lon: 13, lat: 56 }, { lon: 10, lat: 50 }];
  for (const [expected, condition] of [
    [2, match('city', 'Berlin')],
    [3, { key: 'city', match: { any: ['Berlin', 'Oslo'] } }],
    [1, { key: 'city', match: { except: ['Berlin', 'Oslo'] } }],
    [1, { key: 'tags', match: { text: 'dry' } }],
    [2, { key: 'n', range: { gt: 1, lte: 3 } }],
    [1, { key: 'when', range: { gte: '2026-11-21T17:30:00+01:00' } }],
    [1, { key: 'at', geo_radius: { center: at, radius: 100_000 } }],
    [2, { key: 'at', geo_bounding_box: { top_left: { lon: 0, lat: 60 }, bottom_right: { lon: 20, lat: 40 } } }],
    [1, { key: 'at', geo_polygon: { exterior: { points: ring } } }],
    [1, { key: 'tags', values_count: { gte: 2 } }],
    [2, { is_empty: { key: 'tags' } }],
    [1, { is_null: { key: 'gone' } }],
    [2, { has_id: [2, uuid, 77] }],
    [4, { has_vector: '' }],
    [1, { should: [match('n', 1), match('n', 9)] }],
  ]) {
    assert.equal(await count({ must: [condition] }), expected, JSON.stringify(condition));
    assert.equal(await count({ must_not: [condition] }), 4 - expected, JSON.stringify(condition));
  }
  const conditions = [match('city', 'Berlin'), match('n', 1), match('n', 3)];
  assert.equal(await count({ min_should: { conditions, min_count: 2 } }), 2);
  await client.setPayload(name, { payload: { items: [{ a: 1, b: 2 }, { a: 3, b: 4 }] }, points: [1] });
  const nested = (b) => ({ must: [{ nested: { key: 'items', filter: { must: [match('a', 1), match('b', b)] } } }] });
  assert.deepEqual([await count(nested(2)), await count(nested(4))], [1, 0]);
});

test('queries: nearest, by id, recommended, ordered, sampled, fused, diverse', async () => {
  await reset();
  const query = async (asked) => (await client.query(name, asked)).points;
  const near = await query({ query: [1, 0], limit: 2, with_payload: true, with_vector: true });
  assert.deepEqual(near.map((point) => [point.id, point.score]), [[3, 3], [2, 2]]);
  assert.deepEqual([near[0].payload.city, near[0].vector], ['Berlin', [3, 1]]);
  assert.ok(near[0].version >= 0);
  assert.deepEqual(ids(await query({ query: { nearest: [1, 0] }, limit: 1, offset: 1 })), [2]);
  assert.deepEqual(ids(await query({ query: [1, 0], score_threshold: 1.5 })), [3, 2]);
  assert.deepEqual(ids(await query({ query: [1, 0], filter: { must: [match('city', 'Rome')] } })), [2]);
  assert.deepEqual(ids(await query({ query: 1, limit: 2 })), [3, 2]);
  assert.deepEqual(ids(await query({ query: { recommend: { positive: [2], negative: [uuid] } }, limit: 1 })), [3]);
  assert.deepEqual(ids(await query({ query: { order_by: 'n' }, limit: 2 })), [1, 2]);
  assert.equal((await query({ query: { sample: 'random' }, limit: 3 })).length, 3);
  const prefetch = [{ query: [1, 0], limit: 2 }, { query: [0, 1], limit: 2 }];
  assert.deepEqual(ids(await query({ prefetch, query: { fusion: 'rrf' }, limit: 1 })), [3]);
  assert.deepEqual(ids(await query({ prefetch, query: [1, 0], limit: 9 })), [3, 2, uuid]);
  assert.equal((await query({ query: { nearest: [1, 0], mmr: { diversity: 0.5, candidates_limit: 4 } } })).length, 4);
  await assert.rejects(query({ query: [1, 2, 3] }), /Bad Request/);
});

test('queries in batches and in groups', async () => {
  await reset();
  const searches = [{ query: [1, 0], limit: 1 }, { query: [0, 1], limit: 1, with_payload: ['n'] }];
  const found = await client.queryBatch(name, { searches });
  assert.deepEqual(found.map((one) => ids(one.points)), [[3], [uuid]]);
  assert.deepEqual(found[1].points[0].payload, { n: 4 });
  const { groups } = await client.queryGroups(name, { query: [1, 0], group_by: 'city', group_size: 1, limit: 2 });
  assert.deepEqual(groups.map((group) => [group.id, ids(group.hits)]), [['Berlin', [3]], ['Rome', [2]]]);
});

test('searches as older programs do', async () => {
  await reset();
  if (client.search === undefined) return;
  const found = await client.search(name, { vector: [1, 0], limit: 2 });
  assert.deepEqual(ids(found), [3, 2]);
  assert.equal(found[0].payload.city, 'Berlin');
  const named = await client.search(name, { vector: { name: '', vector: [0, 1] }, limit: 1 });
  assert.deepEqual(ids(named), [uuid]);
});

test('edits payloads', async () => {
  await reset();
  await client.setPayload(name, { payload: { n: 7, open: true }, points: [1] });
  await client.setPayload(name, { payload: { zip: '10115' }, key: 'address', filter: { must: [match('city', 'Berlin')] } });
  let now = await payloads();
  assert.deepEqual([now.get(1).n, now.get(1).open, now.get(1).city], [7, true, 'Berlin']);
  assert.deepEqual([now.get(3).address, now.get(2).address], [{ zip: '10115' }, undefined]);
  await client.overwritePayload(name, { payload: { only: 1 }, points: [2] });
  await client.deletePayload(name, { keys: ['n', 'address.zip'], points: [1, 3] });
  await client.clearPayload(name, { points: [uuid] });
  now = await payloads();
  assert.deepEqual([now.get(2), now.get(3).address, now.get(1).n, now.get(uuid)], [{ only: 1 }, {}, undefined, {}]);
});

test('updates vectors', async () => {
  await reset();
  await client.updateVectors(name, { wait: true, points: [{ id: 1, vector: [9, 9] }] });
  const [point] = await client.retrieve(name, { ids: [1], with_vector: true });
  assert.deepEqual([point.vector, point.payload.city], [[9, 9], 'Berlin']);
});

test('writes in batches', async () => {
  await reset();
  const operations = [
    { upsert: { points: [{ id: 20, vector: [1, 1], payload: { n: 20 } }] } },
    { set_payload: { payload: { batch: true }, points: [20] } },
    { delete: { points: [1] } },
  ];
  const written = await client.batchUpdate(name, { operations });
  assert.deepEqual(written.map((one) => one.status), ['completed', 'completed', 'completed']);
  const now = await payloads();
  assert.deepEqual([now.get(20), now.has(1)], [{ n: 20, batch: true }, false]);
});

test('indexes fields, and counts their values', async () => {
  await reset();
  const made = await client.createPayloadIndex(name, { wait: true, field_name: 'city', field_schema: 'keyword' });
  assert.equal(made.status, 'completed');
  await client.createPayloadIndex(name, { wait: true, field_name: 'n', field_schema: { type: 'integer', lookup: true, range: true } });
  const info = await client.getCollection(name);
  assert.deepEqual([info.payload_schema.city.data_type, info.payload_schema.n.data_type], ['keyword', 'integer']);
  const { hits } = await client.facet(name, { key: 'city', exact: true });
  assert.deepEqual(hits[0], { value: 'Berlin', count: 2 });
  assert.equal(hits.length, 3);
  await client.deletePayloadIndex(name, 'city', { wait: true });
  assert.equal((await client.getCollection(name)).payload_schema.city, undefined);
});

test('deletes by ids and by filter', async () => {
  await reset();
  assert.equal((await client.delete(name, { wait: true, points: [1, 99] })).status, 'completed');
  await client.delete(name, { wait: true, filter: { must: [match('city', 'Berlin')] } });
  assert.deepEqual([...(await payloads()).keys()], [2, uuid]);
});

test('takes the options of reads and writes', async () => {
  await reset();
  const found = await client.query(name, { query: [1, 0], limit: 1, consistency: 1, timeout: 10 });
  assert.deepEqual(ids(found.points), [3]);
  const written = await client.upsert(name, { wait: true, ordering: 'weak', timeout: 10, points: [points[0]] });
  assert.equal(written.status, 'completed');
});

test('refuses what it does not know, and says why', async () => {
  for (const vector of ['words', 'text']) {
    const sparse = { id: 1, vector: { [vector]: { indices: [1], values: [1] } } };
    await assert.rejects(client.upsert(name, { points: [sparse] }), (error) => {
      assert.equal(error.status, 400);
      assert.match(JSON.stringify(error.data), /sparse/);
      return true;
    });
  }
});
