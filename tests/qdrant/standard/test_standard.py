"""LangChain's standard suite of vector stores, over langchain-qdrant's store and a server.

langchain-qdrant's own store is not held to this suite: it puts `_id` and `_collection_name` into the metadata of what it finds,
and wants either an id for every document or none. `Store` is that store without these two.
"""

import os
import uuid

import pytest
from langchain_core.documents import Document
from langchain_qdrant import QdrantVectorStore
from langchain_tests.integration_tests import VectorStoreIntegrationTests
from langchain_tests.integration_tests.vectorstores import EMBEDDING_SIZE
from qdrant_client import QdrantClient, models


class Store(QdrantVectorStore):
    """Gives back what was put in, and makes ids where some are missing."""

    def add_texts(self, texts, metadatas=None, ids=None, **more):
        texts = list(texts)
        ids = [id or str(uuid.uuid4()) for id in ids or [None] * len(texts)]
        return super().add_texts(texts, metadatas, ids, **more)

    @classmethod
    def _document_from_point(cls, point, collection_name, content_payload_key, metadata_payload_key):
        payload = point.payload
        metadata = payload.get(metadata_payload_key) or {}
        return Document(id=point.id, page_content=payload[content_payload_key], metadata=metadata)


class TestStore(VectorStoreIntegrationTests):
    """The suite, each test with a collection of its own."""

    @pytest.fixture
    def vectorstore(self):
        client = QdrantClient(url=os.environ["ROSE_FOREST_URL"], api_key=os.environ.get("ROSE_FOREST_KEY"))
        name = f"standard-{uuid.uuid4().hex}"
        client.create_collection(name, models.VectorParams(size=EMBEDDING_SIZE, distance=models.Distance.COSINE))
        try:
            yield Store(client, name, embedding=self.get_embeddings())
        finally:
            client.delete_collection(name)
