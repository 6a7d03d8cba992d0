"""The practice CRIC keeps the rules of public instances."""

import datetime as dt

import pytest
from starlette.testclient import TestClient

from gateway.practice.cric_objects import CricState, practice_cric
from gateway.practice.cric_twin import IDENTITY_HEADER, create_cric_twin

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
QUEUES = "/api/spd/pandaqueue/query/?json"


@pytest.fixture
def state() -> CricState:
    return practice_cric(NOW)


@pytest.fixture
def client(state: CricState) -> TestClient:
    return TestClient(create_cric_twin(state, clock=lambda: NOW))


def test_a_listing_is_keyed_by_name_and_dated_by_the_clock(client: TestClient) -> None:
    answer = client.get(QUEUES)

    assert list(answer.json()) == ["JINR_SPD", "PNPI_SPD", "SSAU_SPD", "SPBSU_SPD"]
    assert answer.headers["date"] == "Sun, 01 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize(("query", "count"), [("", 3), ("&state=ANY", 4), ("&state=DISABLED", 1)])
def test_only_what_is_in_use_is_shown_unless_asked(
    client: TestClient, state: CricState, query: str, count: int
) -> None:
    state.objects["spd/pandaqueue"]["JINR_SPD"]["state"] = "DISABLED"

    assert len(client.get(QUEUES + query).json()) == count


def test_filters_are_exact_and_a_boolean_is_refused(client: TestClient) -> None:
    assert list(client.get(f"{QUEUES}&status=test").json()) == ["SPBSU_SPD"]
    assert client.get(f"{QUEUES}&status=tes").json() == {}
    assert client.get(f"{QUEUES}&is_default=true").status_code == 400


@pytest.mark.parametrize(
    ("path", "status", "media_type"),
    [
        ("/api/spd/pandaqueue/query/list/?json", 200, "application/json"),
        ("/api/spd/pandaqueue/query/", 200, "text/html; charset=utf-8"),
        ("/api/spd/castle/query/?json", 404, "text/html; charset=utf-8"),
        ("/api/atlas/pandaqueue/query/?json", 404, "text/html; charset=utf-8"),
    ],
)
def test_other_paths(client: TestClient, path: str, status: int, media_type: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (status, media_type)


@pytest.mark.parametrize(
    ("asks", "identity", "status"),
    [(True, "", 403), (True, "SUCCESS", 200), (True, "NONE", 403), (False, "", 200)],
)
def test_downtimes_may_need_an_identity(
    client: TestClient, state: CricState, asks: bool, identity: str, status: int
) -> None:
    state.asks_for_identity = asks

    answer = client.get("/api/core/downtime/query/?json", headers={IDENTITY_HEADER: identity})

    assert answer.status_code == status
