"""Supervisors learn whether the process lives and whether it can answer."""

import httpx2
import pytest
from structlog.testing import capture_logs

from gateway.web.health import ReadinessCheck
from tests.web.application import sample_app


async def get(path: str, ready: ReadinessCheck, method: str = "GET") -> httpx2.Response:
    transport = httpx2.ASGITransport(app=sample_app(ready=ready))
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        return await client.request(method, path)


async def ready() -> list[str]:
    return []


async def unready() -> list[str]:
    return ["the database is older than the code; run `gateway migrate`"]


async def failing() -> list[str]:
    raise ConnectionError("secret address of the database")


async def test_process_is_alive_whatever_it_can_do() -> None:
    answer = await get("/health", failing)

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_ready_says_so() -> None:
    answer = await get("/ready", ready)

    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


async def test_unready_says_why() -> None:
    answer = await get("/ready", unready)

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        "reasons": ["the database is older than the code; run `gateway migrate`"],
    }


async def test_check_that_fails_is_unready_without_its_message() -> None:
    with capture_logs() as logged:
        answer = await get("/ready", failing)

    assert answer.status_code == 503
    assert "secret" not in answer.text
    assert [entry["action"] for entry in logged] == ["ready.failed", "http.request"]
    assert "secret address" in logged[0]["traceback"]


@pytest.mark.parametrize("path", ["/health", "/ready"])
async def test_answers_are_not_kept_by_caches_and_nothing_is_posted(path: str) -> None:
    answer = await get(path, ready)
    posted = await get(path, ready, "POST")

    assert answer.headers["cache-control"] == "no-store"
    assert posted.status_code == 405
