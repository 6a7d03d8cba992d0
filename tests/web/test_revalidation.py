"""A client that has an answer already is told so, for stored documents and as long as it says the same."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.requests import Request

from gateway.schema.answers import Answer, executed
from gateway.web.parameters import read_max_age
from gateway.web.revalidation import entity_tag
from gateway.web.stored_documents import StoredDocuments, document_id
from tests.web.application import sample_app
from tests.web.sample import OpenSample, sample_executor

TEXT = "query Me { me }"
BROKEN = "query Me { me } }"
DOCUMENTS = StoredDocuments({document_id(text): text for text in (TEXT, BROKEN)})
BY_ID = {"documentId": document_id(TEXT)}


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    app = sample_app(sample_executor(OpenSample()), documents=DOCUMENTS)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app),
        base_url="http://gateway.test",
        headers={"accept": "application/graphql-response+json"},
    ) as client:
        yield client


@pytest.mark.parametrize("given", ["{tag}", 'W/"other", {tag}', "{strong}", "*"])
async def test_who_has_the_answer_is_not_sent_it_again(client: httpx2.AsyncClient, given: str) -> None:
    first = await client.get("/graphql", params=BY_ID)
    tag = first.headers["etag"]

    second = await client.get(
        "/graphql",
        params=BY_ID,
        headers={"if-none-match": given.format(tag=tag, strong=tag.removeprefix("W/"))},
    )

    assert tag.startswith('W/"')
    assert (second.status_code, second.content) == (304, b"")
    assert "content-type" not in second.headers
    for answer in (first, second):
        assert answer.headers["etag"] == tag
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["vary"] == "Accept, Authorization"


@pytest.mark.parametrize("given", ['W/"other"', '"other"', "", "anything"])
async def test_who_has_another_answer_is_sent_this_one(client: httpx2.AsyncClient, given: str) -> None:
    answer = await client.get("/graphql", params=BY_ID, headers={"if-none-match": given})

    assert answer.status_code == 200
    assert b'"data"' in answer.content


async def test_the_same_words_in_another_media_type_have_another_tag(client: httpx2.AsyncClient) -> None:
    one = await client.get("/graphql", params=BY_ID)
    other = await client.get("/graphql", params=BY_ID, headers={"accept": "application/json"})

    assert one.headers["etag"] != other.headers["etag"]


async def test_other_requests_and_failures_have_no_tag_and_are_not_kept(client: httpx2.AsyncClient) -> None:
    answers = [
        await client.get("/graphql", params={"query": TEXT}),
        await client.post("/graphql", json=BY_ID),
        await client.get("/graphql", params={"documentId": document_id(BROKEN)}),
    ]

    for answer in answers:
        assert "etag" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"


async def test_with_cookies_a_get_is_refused_as_ever(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/graphql", params=BY_ID, headers={"cookie": "a=b", "if-none-match": "*"})

    assert answer.status_code == 403


def said(age_s: int, synced_at: str) -> Answer:
    fresh = {"syncedAt": synced_at, "ageSeconds": age_s, "isStale": False, "reason": None}
    return executed({"me": "analyst"}, (), {"freshness": {"panda": fresh}})


def test_a_tag_stands_for_when_the_source_was_read_and_not_for_how_long_ago_that_was() -> None:
    tag = entity_tag(said(5, "2026-03-01T12:00:00+00:00"), "application/json")

    assert tag == entity_tag(said(6, "2026-03-01T12:00:00+00:00"), "application/json")
    assert tag != entity_tag(said(5, "2026-03-01T12:00:01+00:00"), "application/json")


@pytest.mark.parametrize(
    ("header", "taken_s"),
    [
        (None, 0),
        ("max-age=1", 1),
        ("no-transform, Max-Age=5", 5),
        ("max-age=86400", 60),
        ("no-cache", 0),
        ("max-age=0", 0),
        ("max-age=-1", 0),
        ("max-age=1.5", 0),
        ("x-max-age=7", 0),
    ],
)
def test_how_old_an_answer_is_taken_is_said_as_in_http(header: str | None, taken_s: float) -> None:
    headers = [] if header is None else [(b"cache-control", header.encode())]
    request = Request({"type": "http", "headers": headers})

    assert read_max_age(request) == taken_s
