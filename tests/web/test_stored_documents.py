"""A client may send the hash of a document instead of its text, when we know the text."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import orjson
import pytest

from gateway.errors import SetupError, TransportError
from gateway.web.stored_documents import StoredDocuments, document_id, read_stored_documents
from tests.web.application import sample_app
from tests.web.sample import OpenSample, sample_executor

TEXT = "query Me { me }"
DOCUMENTS = StoredDocuments({document_id(TEXT): TEXT})


@pytest.fixture
async def stored() -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an application that knows one document."""
    app = sample_app(sample_executor(OpenSample()), documents=DOCUMENTS)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app),
        base_url="http://gateway.test",
        headers={"accept": "application/graphql-response+json"},
    ) as client:
        yield client


async def test_a_stored_document_is_answered_like_its_text(stored: httpx2.AsyncClient) -> None:
    by_text = await stored.post("/graphql", json={"query": TEXT})
    by_hash = await stored.post("/graphql", json={"documentId": document_id(TEXT)})
    by_get = await stored.get("/graphql", params={"documentId": document_id(TEXT)})

    assert by_text.status_code == 200
    assert by_hash.content == by_get.content == by_text.content


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"documentId": document_id("query Other { me }")}, "DOCUMENT_NOT_FOUND"),
        ({"documentId": 5}, "BAD_REQUEST"),
        ({"documentId": document_id(TEXT), "query": TEXT}, "BAD_REQUEST"),
        ({"documentId": ""}, "DOCUMENT_NOT_FOUND"),
        ({}, "BAD_REQUEST"),
    ],
)
async def test_anything_else_is_refused_with_a_code(
    stored: httpx2.AsyncClient, body: dict[str, object], code: str
) -> None:
    answer = await stored.post("/graphql", json=body)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == code


async def test_where_only_stored_documents_are_answered_others_are_refused_unread() -> None:
    sample = OpenSample()
    only = StoredDocuments({document_id(TEXT): TEXT}, takes_others=False)
    app = sample_app(sample_executor(sample), documents=only)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app),
        base_url="http://gateway.test",
        headers={"accept": "application/graphql-response+json"},
    ) as client:
        refused = [
            await client.post("/graphql", json={"query": "query Me { me } "}),
            await client.get("/graphql", params={"query": "{ me"}),
        ]
        executed = sample.opened
        by_text = await client.post("/graphql", json={"query": TEXT})
        by_hash = await client.post("/graphql", json={"documentId": document_id(TEXT)})

    for answer in refused:
        assert answer.status_code == 403
        assert answer.json()["errors"][0]["extensions"]["code"] == "ONLY_STORED_DOCUMENTS"
    assert executed == 0
    assert by_text.json() == by_hash.json()
    assert "data" in by_text.json()


def test_documents_of_a_folder_are_known_beside_those_of_the_panel(tmp_path: Path) -> None:
    (tmp_path / "documents.json").write_bytes(orjson.dumps({document_id(TEXT): TEXT}))
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "sites.graphql").write_text("{ sites { name } }")
    (folder / "notes.txt").write_text("{ people { name } }")

    documents = read_stored_documents(tmp_path / "documents.json", folder)

    assert set(documents.values()) == {TEXT, "{ sites { name } }"}


def test_a_folder_of_documents_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="GATEWAY_STORED_DOCUMENTS"):
        read_stored_documents(tmp_path / "documents.json", tmp_path / "nowhere")


def test_an_id_that_is_not_the_hash_of_its_text_stops_the_start() -> None:
    with pytest.raises(SetupError, match="another text"):
        StoredDocuments({document_id("{ a }"): "{ b }"})


def test_a_file_of_documents_is_read(tmp_path: Path) -> None:
    file = tmp_path / "documents.json"
    file.write_bytes(orjson.dumps({document_id(TEXT): TEXT}))

    assert read_stored_documents(file) == DOCUMENTS
    assert read_stored_documents(tmp_path / "none.json") == StoredDocuments()
    with pytest.raises(TransportError):
        read_stored_documents(tmp_path / "none.json").text_of(document_id(TEXT))


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"a": 1}'])
def test_a_file_that_is_something_else_stops_the_start(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "documents.json"
    file.write_bytes(content)

    with pytest.raises(SetupError, match="build the panel anew"):
        read_stored_documents(file)
