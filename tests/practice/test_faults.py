"""The faults of practice services, as a client sees them over a real connection."""

import datetime as dt
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.practice.faults import SWITCH_PATH, Fault, Faults, with_faults
from tests.support.serving import served


async def _things(_request: Request) -> JSONResponse:
    return JSONResponse([1, 2, 3, 4])


APP = Starlette(routes=[Route("/things", _things), Route("/others", _things)])


@pytest.fixture(scope="module")
def faults() -> Faults:
    return Faults()


@pytest.fixture(scope="module")
def url(faults: Faults) -> Iterator[str]:
    with served(with_faults(APP, faults, has_switch=True)) as url:
        yield url


@pytest.fixture
def client(url: str, faults: Faults) -> Iterator[httpx2.Client]:
    faults.clear()
    with httpx2.Client(base_url=url, timeout=30, trust_env=False) as client:
        yield client


def test_without_a_fault_the_answer_is_the_services_own(client: httpx2.Client) -> None:
    assert client.get("/things").json() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.REFUSE, httpx2.NetworkError),
        (Fault.RESET, httpx2.NetworkError),
        (Fault.HANG, httpx2.ReadTimeout),
        (Fault.CUT_CHUNKED, httpx2.RemoteProtocolError),
    ],
)
def test_a_broken_connection_is_one_to_the_client(
    client: httpx2.Client, faults: Faults, fault: Fault, error: type[Exception]
) -> None:
    faults.plan(fault)

    with pytest.raises(error):
        client.get("/things", timeout=0.5 if fault is Fault.HANG else 30)

    faults.clear()
    assert client.get("/things").json() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        (Fault.UNAUTHORIZED, 401, '{"error":"access_denied"}'),
        (Fault.FORBIDDEN, 403, '{"error":"access_denied"}'),
        (Fault.TOO_MANY, 429, '{"error":"slow_down"}'),
        (Fault.GARBAGE, 200, '{"a": [1, 2'),
        (Fault.EMPTY_LIST, 200, "[]"),
        (Fault.HALF_LIST, 200, "[1, 2]"),
        (Fault.DOUBLED_KEYS, 200, "[1, 1, 2, 2, 3, 3, 4, 4]"),
        (Fault.DRIP, 200, "[1,2,3,4]"),
        (Fault.CUT_UNCHUNKED, 200, "[1,2"),
    ],
)
def test_a_wrong_answer_is_an_answer(
    client: httpx2.Client, faults: Faults, fault: Fault, status: int, text: str
) -> None:
    faults.plan(fault)

    answer = client.get("/things")

    assert (answer.status_code, answer.text) == (status, text)


@pytest.mark.parametrize(("fault", "status"), [(Fault.HTML_200, 200), (Fault.HTML_500, 500)])
def test_html_comes_in_place_of_json(
    client: httpx2.Client, faults: Faults, fault: Fault, status: int
) -> None:
    faults.plan(fault)

    answer = client.get("/things")

    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")


def test_a_huge_body_is_a_hundred_megabytes(client: httpx2.Client, faults: Faults) -> None:
    faults.plan(Fault.HUGE_BODY)

    with client.stream("GET", "/things") as answer:
        size = sum(len(part) for part in answer.iter_raw())

    assert size == 100 * 1024 * 1024 + 2


def test_a_wrong_clock_is_ten_minutes_ahead(client: httpx2.Client, faults: Faults) -> None:
    faults.plan(Fault.CLOCK_OFF)

    dates = client.get("/things").headers.get_list("date")

    ahead = parsedate_to_datetime(dates[-1]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(minutes=9, seconds=50) < ahead < dt.timedelta(minutes=10, seconds=10)


def test_a_fault_waits_its_turn_keeps_to_its_path_and_ends(client: httpx2.Client, faults: Faults) -> None:
    faults.plan(Fault.FORBIDDEN, path="/things", after=1, times=2)

    statuses = [
        client.get(path).status_code for path in ("/things", "/others", "/things", "/things", "/things")
    ]

    assert statuses == [200, 200, 403, 403, 200]


def test_an_expired_token_stays_expired_and_a_new_one_is_taken(client: httpx2.Client, faults: Faults) -> None:
    faults.plan(Fault.TOKEN_EXPIRY, after=1, times=1)

    statuses = [
        client.get("/things", headers={"authorization": f"Bearer {token}"}).status_code
        for token in ("old", "old", "old", "new")
    ]

    assert statuses == [200, 401, 401, 200]


def test_the_switch_plans_shows_and_clears(client: httpx2.Client) -> None:
    planned = client.post(SWITCH_PATH, json={"fault": "403", "path": "/things"}).json()
    refused = client.post(SWITCH_PATH, json={"fault": "flood"}).status_code
    status = client.get("/things").status_code
    cleared = client.delete(SWITCH_PATH).json()

    assert planned == [{"fault": "403", "path": "/things", "after": 0, "times": None}]
    assert (refused, status, cleared, client.get("/things").status_code) == (400, 403, [], 200)


def test_without_being_asked_for_there_is_no_switch() -> None:
    faults = Faults()

    with served(with_faults(APP, faults)) as url:
        status = httpx2.post(url + SWITCH_PATH, json={"fault": "403"}, trust_env=False).status_code

    assert (status, faults.planned) == (404, [])
