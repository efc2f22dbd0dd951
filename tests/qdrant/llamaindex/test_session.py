"""A session with LlamaIndex's Qdrant store: what a program does with it, from the first node to the last."""

import os
import uuid

import pytest
from llama_index.core import MockEmbedding, StorageContext, VectorStoreIndex
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores import FilterCondition, FilterOperator, MetadataFilter, MetadataFilters
from llama_index.core.vector_stores.types import VectorStoreQuery
from llama_index.vector_stores.qdrant import QdrantVectorStore
from qdrant_client import AsyncQdrantClient, QdrantClient

SERVER = {"url": os.environ["ROSE_FOREST_URL"], "api_key": os.environ.get("ROSE_FOREST_KEY")}
#: text, document, vector, metadata
BOOKS = [
    ("The Left Hand of Darkness", "le-guin", [1.0, 0.0, 0.0], {"year": 1969, "tags": ["snow", "ice"], "price": 8.5}),
    ("The Dispossessed", "le-guin", [0.9, 0.1, 0.0], {"year": 1974, "tags": ["moon"], "price": 9.0}),
    ("Solaris", "lem", [0.0, 1.0, 0.0], {"year": 1961, "tags": ["ocean"], "price": 7.0, "film": {"year": 1972}}),
    ("Roadside Picnic", "strugatsky", [0.0, 0.9, 0.4], {"year": 1972, "tags": [], "price": 7.5}),
    ("Kindred", "butler", [0.0, 0.0, 1.0], {"year": 1979}),
]


def nodes():
    """Fresh nodes with fresh ids."""
    made = []
    for text, document, vector, metadata in BOOKS:
        node = TextNode(id_=str(uuid.uuid4()), text=text, metadata=dict(metadata), embedding=vector)
        node.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(node_id=document)
        made.append(node)
    return made


@pytest.fixture
def client():
    client = QdrantClient(**SERVER)
    yield client
    client.close()


@pytest.fixture
def name(client):
    name = f"llamaindex-{uuid.uuid4().hex}"
    yield name
    client.delete_collection(name)


@pytest.fixture
def store(client, name):
    return QdrantVectorStore(collection_name=name, client=client)


def texts(result):
    return [node.get_content() for node in result.nodes]


def query(vector, top=5, **more):
    return VectorStoreQuery(query_embedding=vector, similarity_top_k=top, **more)


def filters(*some, condition=FilterCondition.AND):
    made = [one if isinstance(one, MetadataFilters) else MetadataFilter(key=one[0], operator=one[1], value=one[2]) for one in some]
    return MetadataFilters(filters=made, condition=condition)


def test_the_first_nodes_make_the_collection_and_a_query_finds_the_nearest(store, client, name):
    assert not client.collection_exists(name)
    added = nodes()
    assert store.add(added) == [node.node_id for node in added]
    info = client.get_collection(name)
    assert info.points_count == 5
    # The store makes this index, so that deleting a document is fast.
    assert info.payload_schema["doc_id"].data_type == "keyword"
    found = store.query(query([1.0, 0.0, 0.0], top=2))
    assert texts(found) == ["The Left Hand of Darkness", "The Dispossessed"]
    assert found.ids == [added[0].node_id, added[1].node_id]
    assert found.similarities == pytest.approx([1.0, 0.9 / (0.81 + 0.01) ** 0.5], abs=1e-4)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (filters(("year", FilterOperator.EQ, 1974)), {"The Dispossessed"}),
        (filters(("price", FilterOperator.EQ, 7.5)), {"Roadside Picnic"}),
        (filters(("year", FilterOperator.NE, 1974)), {"The Left Hand of Darkness", "Solaris", "Roadside Picnic", "Kindred"}),
        (filters(("year", FilterOperator.GT, 1972), ("year", FilterOperator.LTE, 1979)), {"The Dispossessed", "Kindred"}),
        (filters(("year", FilterOperator.GTE, 1979), ("year", FilterOperator.LT, 1962), condition=FilterCondition.OR), {"Kindred", "Solaris"}),
        (filters(("tags", FilterOperator.IN, ["ice", "ocean"])), {"The Left Hand of Darkness", "Solaris"}),
        (filters(("tags", FilterOperator.NIN, ["ice", "ocean", "snow"])), {"The Dispossessed"}),
        (filters(("price", FilterOperator.IS_EMPTY, None)), {"Kindred"}),
        (filters(("film.year", FilterOperator.EQ, 1972)), {"Solaris"}),
        (filters(("doc_id", FilterOperator.EQ, "le-guin"), condition=FilterCondition.NOT), {"Solaris", "Roadside Picnic", "Kindred"}),
        (
            filters(filters(("year", FilterOperator.EQ, 1969), ("year", FilterOperator.EQ, 1974), condition=FilterCondition.OR), ("price", FilterOperator.GT, 8.8)),
            {"The Dispossessed"},
        ),
    ],
)  # fmt: skip
def test_filters_mean_what_they_say(store, wanted, expected):
    store.add(nodes())
    assert set(texts(store.query(query([1.0, 1.0, 1.0], filters=wanted)))) == expected
    assert {node.get_content() for node in store.get_nodes(filters=wanted)} == expected


def test_text_is_matched_by_words(store):
    store.add(nodes())
    wanted = filters(("tags", FilterOperator.TEXT_MATCH, "ice"))
    assert texts(store.query(query([1.0, 0.0, 0.0], filters=wanted))) == ["The Left Hand of Darkness"]


def test_queries_can_be_about_some_documents_or_nodes(store):
    added = nodes()
    store.add(added)
    assert set(texts(store.query(query([0.0, 1.0, 0.0], doc_ids=["lem", "butler"])))) == {"Solaris", "Kindred"}
    chosen = [added[1].node_id, added[3].node_id]
    assert texts(store.query(query([0.0, 1.0, 0.0], node_ids=chosen))) == ["Roadside Picnic", "The Dispossessed"]


def test_nodes_come_back_whole_over_another_client(store, name):
    added = nodes()
    store.add(added)
    other = QdrantVectorStore(collection_name=name, client=QdrantClient(**SERVER))
    found = {node.node_id: node for node in other.get_nodes(node_ids=[node.node_id for node in added[:3]])}
    assert len(found) == 3
    for node in added[:3]:
        read = found[node.node_id]
        assert (read.get_content(), read.metadata) == (node.get_content(), node.metadata)
        assert read.ref_doc_id == node.ref_doc_id
        length = sum(x * x for x in node.embedding) ** 0.5
        # Vectors are kept at unit length under cosine, by Qdrant too.
        assert read.embedding == pytest.approx([x / length for x in node.embedding], abs=1e-6)


def test_a_node_is_overwritten_by_one_with_its_id(store):
    added = nodes()
    store.add(added)
    again = TextNode(id_=added[0].node_id, text="Another text", metadata={"year": 2026}, embedding=[0.0, 0.0, 1.0])
    store.add([again])
    (read,) = store.get_nodes(node_ids=[added[0].node_id])
    assert (read.get_content(), read.metadata) == ("Another text", {"year": 2026})
    assert len(store.get_nodes()) == 5


def test_documents_and_nodes_are_deleted(store, client, name):
    added = nodes()
    store.add(added)
    store.delete("le-guin")
    assert {node.get_content() for node in store.get_nodes()} == {"Solaris", "Roadside Picnic", "Kindred"}
    store.delete("nobody")
    store.delete_nodes(node_ids=[added[2].node_id])
    assert {node.get_content() for node in store.get_nodes()} == {"Roadside Picnic", "Kindred"}
    store.delete_nodes(filters=filters(("year", FilterOperator.GT, 1975)))
    assert {node.get_content() for node in store.get_nodes()} == {"Roadside Picnic"}
    store.clear()
    assert not client.collection_exists(name)


def test_an_index_over_the_store_retrieves(store, name):
    embedding = MockEmbedding(embed_dim=3)
    VectorStoreIndex(nodes(), storage_context=StorageContext.from_defaults(vector_store=store), embed_model=embedding)
    again = QdrantVectorStore(collection_name=name, client=QdrantClient(**SERVER))
    index = VectorStoreIndex.from_vector_store(again, embed_model=embedding)
    wanted = filters(("doc_id", FilterOperator.EQ, "lem"))
    (found,) = index.as_retriever(similarity_top_k=3, filters=wanted).retrieve("an ocean")
    assert (found.node.get_content(), found.node.metadata["year"]) == ("Solaris", 1961)
    index.delete_ref_doc("lem")
    assert len(index.as_retriever(similarity_top_k=9).retrieve("an ocean")) == 4


async def test_the_async_client_does_the_same(name):
    aclient = AsyncQdrantClient(**SERVER)
    store = QdrantVectorStore(collection_name=name, aclient=aclient)
    added = nodes()
    assert await store.async_add(added) == [node.node_id for node in added]
    found = await store.aquery(query([0.0, 0.0, 1.0], top=1))
    assert texts(found) == ["Kindred"]
    wanted = filters(("year", FilterOperator.LT, 1970))
    assert set(texts(await store.aquery(query([1.0, 0.0, 0.0], filters=wanted)))) == {"The Left Hand of Darkness", "Solaris"}
    read = await store.aget_nodes(node_ids=[added[3].node_id])
    assert [node.get_content() for node in read] == ["Roadside Picnic"]
    await store.adelete("le-guin")
    await store.adelete_nodes(node_ids=[added[4].node_id])
    assert {node.get_content() for node in await store.aget_nodes()} == {"Solaris", "Roadside Picnic"}
    await store.aclear()
    assert not await aclient.collection_exists(name)
    await aclient.close()
