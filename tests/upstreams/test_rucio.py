"""The Rucio adapter, against answers that a healthy server would not give."""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx2
import pytest

from gateway.errors import (
    BrokenError,
    BusyError,
    DeniedError,
    GarbledError,
    NotOfferedError,
    SlowError,
    UnreachableError,
    UpstreamError,
)
from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.ports import Feed, Page
from gateway.upstreams.rucio import translate
from gateway.upstreams.rucio.client import rfc1123
from gateway.upstreams.rucio.tokens import GivenToken, PasswordLogin
from gateway.upstreams.rucio.translate import TRANSFER_COUNTS
from gateway.upstreams.rucio.upstream import RucioUpstream
from tests.support.manners import HASTY, QUICK

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
DATE = {"date": "Sun, 01 Mar 2026 11:59:00 GMT"}
STREAM = DATE | {"content-type": "application/x-json-stream"}
JSON = DATE | {"content-type": "application/json"}

Answering = Callable[[httpx2.Request], httpx2.Response | Awaitable[httpx2.Response]]


def lines(*rows: object) -> httpx2.Response:
    content = "".join(f"{json.dumps(row)}\n" for row in rows)
    # An empty answer says its length too, as Rucio's does.
    return httpx2.Response(200, headers=STREAM | {"content-length": str(len(content))}, content=content)


def refusal(status: int, word: str) -> httpx2.Response:
    return httpx2.Response(
        status, headers={"ExceptionClass": word}, json={"ExceptionClass": word, "ExceptionMessage": "secret"}
    )


class Catalogue:
    """A Rucio of a few datasets whose answers a test can replace by path."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.answers: dict[str, Answering] = {}
        self.asked: list[str] = []

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        self.asked.append(path)
        if path in self.answers:
            answer = self.answers[path](request)
            return answer if isinstance(answer, httpx2.Response) else await answer
        match path:
            case "/ping":
                return httpx2.Response(200, headers=JSON, json={"version": "41.5.1"})
            case "/auth/validate":
                return httpx2.Response(200, headers=DATE, content="{'account': 'gateway'}")
            case "/scopes/":
                return httpx2.Response(200, headers=JSON, json=["test"])
            case "/dids/test/dids/search":
                return lines(*self.names)
            case "/dids/bulkmeta":
                asked = [one["name"] for one in json.loads(request.content)["dids"]]
                return lines(*({"scope": "test", "name": name} for name in asked if name in self.names))
            case "/rses/":
                return lines({"rse": "JINR_EOS"})
            case _:
                return lines()


def upstream_of(catalogue: Answering, token: Callable[[], str] = lambda: "token") -> RucioUpstream:
    http = HttpUpstream(
        "rucio", "http://rucio.test", manners=QUICK, transport=httpx2.MockTransport(catalogue)
    )
    return RucioUpstream(http, GivenToken(token), clock=lambda: NOW)


def feed_of(catalogue: Answering, name: str = "rucio.datasets") -> Feed:
    return next(feed for feed in upstream_of(catalogue).feeds if feed.name == name)


async def read(pages: AsyncIterator[Page]) -> list[Page]:
    return [page async for page in pages]


def records(pages: list[Page], section: str) -> list[object]:
    return [record for page in pages if page.section == section for record in page.records]


async def test_datasets_are_asked_for_in_bulks_of_a_thousand() -> None:
    catalogue = Catalogue([f"d{number}" for number in range(2500)])

    pages = await read(feed_of(catalogue).everything())

    assert [len(page.records) for page in pages] == [0, 1000, 1000, 500]
    assert catalogue.asked.count("/dids/bulkmeta") == 3
    assert {page.taken_at for page in pages} == {dt.datetime(2026, 3, 1, 11, 59, tzinfo=dt.UTC)}


async def test_at_most_two_bulks_are_in_flight() -> None:
    catalogue = Catalogue([f"d{number}" for number in range(5000)])
    in_flight, most = 0, 0

    async def slowly(request: httpx2.Request) -> httpx2.Response:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        await asyncio.sleep(0.01)
        in_flight -= 1
        asked = json.loads(request.content)["dids"]
        return lines(*asked)

    catalogue.answers["/dids/bulkmeta"] = slowly
    pages = await read(feed_of(catalogue).everything())

    assert len(records(pages, "datasets")) == 5000
    assert most == 2


async def test_a_dataset_left_out_of_a_bulk_answer_must_be_gone_from_the_list() -> None:
    catalogue = Catalogue(["kept", "lost"])
    catalogue.answers["/dids/bulkmeta"] = lambda _: lines({"scope": "test", "name": "kept"})

    with pytest.raises(GarbledError, match="left a dataset that it lists out"):
        await read(feed_of(catalogue).everything())

    catalogue.answers["/dids/test/dids/search"] = lambda request: lines(
        *(() if "lost" in str(request.url.query) else ("kept", "lost"))
    )
    assert len(records(await read(feed_of(catalogue).everything()), "datasets")) == 1


async def test_a_list_of_names_that_was_cut_is_made_whole_by_its_witness() -> None:
    catalogue = Catalogue(["one", "two"])
    answers = iter([lines("one"), lines("one", "two")])
    catalogue.answers["/dids/test/dids/search"] = lambda _: next(answers)

    pages = await read(feed_of(catalogue).everything())

    assert len(records(pages, "datasets")) == 2


async def test_changes_ask_for_what_was_made_and_what_was_closed_since() -> None:
    catalogue = Catalogue(["one"])
    filters: list[str] = []

    def found(request: httpx2.Request) -> httpx2.Response:
        filters.append(dict(request.url.params)["filters"])
        return lines("one")

    catalogue.answers["/dids/test/dids/search"] = found
    pages = await read(feed_of(catalogue).changes(NOW))

    assert len(records(pages, "datasets")) == 1
    assert filters == [
        "[{'created_at.gte': '2026-03-01 12:00:00'}]",
        "[{'closed_at.gte': '2026-03-01 12:00:00'}]",
    ]


async def test_rules_changed_since_are_asked_for_in_the_only_form_rucio_reads() -> None:
    catalogue = Catalogue([])
    asked: list[str] = []

    def found(request: httpx2.Request) -> httpx2.Response:
        asked.append(dict(request.url.params)["updated_after"])
        return lines({"scope": "test", "name": "one", "id": "r", "new_field": 1, "state": "WAITING_TWICE"})

    catalogue.answers["/rules/"] = found
    pages = await read(feed_of(catalogue, "rucio.rules").changes(NOW))

    assert asked == ["Sun, 01 Mar 2026 12:00:00 UTC"] == [rfc1123(NOW)]
    [record] = records(pages, "rules")
    assert isinstance(record, dict)
    assert (record["did"], record["state"], record["locks_ok"]) == ("test:one", "WAITING_TWICE", None)


@pytest.mark.parametrize("name", ["rucio.replicas", "rucio.storages"])
async def test_what_rucio_cannot_tell_is_said(name: str) -> None:
    with pytest.raises(NotOfferedError, match="cannot tell what changed"):
        await read(feed_of(Catalogue([]), name).changes(NOW))


async def test_a_storage_that_vanished_is_left_out_and_one_that_is_listed_is_not() -> None:
    catalogue = Catalogue([])
    catalogue.answers["/replicas/rse/JINR_EOS"] = lambda _: refusal(500, "RSENotFound")

    with pytest.raises(GarbledError, match="does not know a storage that it lists"):
        await read(feed_of(catalogue, "rucio.replicas").everything())

    lists = iter([lines({"rse": "JINR_EOS"}), lines()])
    catalogue.answers["/rses/"] = lambda _: next(lists)
    assert records(await read(feed_of(catalogue, "rucio.replicas").everything()), "replicas") == []


async def test_quotas_keep_no_limit_apart_from_no_quota() -> None:
    catalogue = Catalogue([])
    catalogue.answers["/rses/JINR_EOS/accounts/usage"] = lambda _: lines(
        {"account": "voadmin", "rse": "JINR_EOS", "quota_bytes": -1, "used_bytes": 0, "used_files": 0},
        {"account": "root", "rse": "JINR_EOS", "quota_bytes": None, "used_bytes": 0, "used_files": 0},
        {"account": "analyst", "rse": "JINR_EOS", "quota_bytes": None, "used_bytes": 5, "used_files": 1},
    )

    pages = await read(feed_of(catalogue, "rucio.storages").everything())

    assert records(pages, "quotas") == [
        {
            "account": "voadmin",
            "rse_name": "JINR_EOS",
            "limit_bytes": None,
            "is_unlimited": True,
            "used_bytes": 0,
            "used_files": 0,
        },
        {
            "account": "analyst",
            "rse_name": "JINR_EOS",
            "limit_bytes": None,
            "used_bytes": 5,
            "used_files": 1,
        },
    ]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(401, "AccessDenied"), DeniedError),
        (refusal(500, "AccessDenied"), DeniedError),
        (refusal(401, "CannotAuthenticate"), DeniedError),
        (refusal(503, "DatabaseException"), BusyError),
        (refusal(500, "DatabaseException"), BrokenError),
        (refusal(404, "DataIdentifierNotFound"), BrokenError),
        (refusal(406, "UnsupportedRequestedContentType"), NotOfferedError),
        (refusal(400, "NeverHeardOfException"), BrokenError),
        (httpx2.Response(404, html="<h1>Not Found</h1>"), NotOfferedError),
        (httpx2.Response(500, html="time data does not match"), BrokenError),
        (httpx2.Response(403, html="a proxy's"), DeniedError),
        (httpx2.Response(429, html="slowly"), BusyError),
        (httpx2.Response(200, html="<html>Log in</html>"), GarbledError),
        (httpx2.Response(302, headers={"location": "https://login.test"}), GarbledError),
        (httpx2.Response(204), GarbledError),
        (httpx2.Response(200, headers=STREAM, content=b'{"id": "r"}\n{"id"'), GarbledError),
        (httpx2.Response(200, headers=STREAM, content=b'{"id": "r"}\nnonsense\n'), GarbledError),
        (httpx2.Response(200, headers=STREAM, content=b'["not", "a rule"]\n'), GarbledError),
    ],
)
async def test_the_exception_class_decides_and_nothing_of_the_answer_is_quoted(
    answer: httpx2.Response, error: type[UpstreamError]
) -> None:
    catalogue = Catalogue([])
    catalogue.answers["/rules/"] = lambda _: answer

    with pytest.raises(error) as raised:
        await read(feed_of(catalogue, "rucio.rules").everything())

    assert type(raised.value) is error or error in {BrokenError, DeniedError}
    assert "secret" not in raised.value.message


async def test_a_new_token_is_tried_alone_and_once_more_before_the_others_use_it() -> None:
    catalogue = Catalogue(["one"])
    tries = iter([refusal(401, "CannotAuthenticate"), httpx2.Response(200, headers=DATE)])
    catalogue.answers["/auth/validate"] = lambda _: next(tries)
    upstream = upstream_of(catalogue)

    await asyncio.gather(*(read(feed.everything()) for feed in upstream.feeds))

    assert catalogue.asked.count("/auth/validate") == 2
    assert catalogue.asked.index("/auth/validate") < catalogue.asked.index("/rules/")


async def test_a_token_that_ends_during_a_reading_is_replaced_once() -> None:
    catalogue = Catalogue([])
    tokens = iter(["old", "new", "new", "new"])
    refused = iter([refusal(401, "CannotAuthenticate")])
    catalogue.answers["/rules/"] = lambda request: (
        next(refused) if request.headers["x-rucio-auth-token"] == "old" else lines()
    )
    upstream = upstream_of(catalogue, lambda: next(tokens))

    pages = await read(upstream.feeds[1].everything())

    assert [page.records for page in pages] == [()]
    assert catalogue.asked.count("/rules/") == 2


async def test_a_login_is_made_once_and_renewed_before_its_token_ends() -> None:
    now = NOW
    logins = 0

    def login(request: httpx2.Request) -> httpx2.Response:
        nonlocal logins
        logins += 1
        assert request.headers["x-rucio-password"] == "secret"
        headers = {
            "x-rucio-auth-token": f"token{logins}",
            "x-rucio-auth-token-expires": "Sun, 01 Mar 2026 12:59:00 UTC",
        }
        return httpx2.Response(200, headers=DATE | headers)

    http = HttpUpstream("rucio", "http://rucio.test", manners=QUICK, transport=httpx2.MockTransport(login))
    source = PasswordLogin(http, account="gateway", username="g", password="secret", clock=lambda: now)

    first = await asyncio.gather(source.token(), source.token(), source.token())
    now = NOW + dt.timedelta(minutes=54)
    still = await source.token()
    now = NOW + dt.timedelta(minutes=55)
    renewed = await source.token()

    assert (first, still, renewed) == (["token1"] * 3, "token1", "token2")


async def test_a_wrong_password_is_said_without_it() -> None:
    http = HttpUpstream(
        "rucio",
        "http://rucio.test",
        manners=QUICK,
        transport=httpx2.MockTransport(lambda _: refusal(401, "CannotAuthenticate")),
    )
    source = PasswordLogin(http, account="gateway", username="g", password="wrong", clock=lambda: NOW)

    with pytest.raises(DeniedError, match="does not accept the user name and password"):
        await source.token()


@asynccontextmanager
async def raw_server(respond: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """A server that answers the token's trial as it should and everything else byte by byte as told."""

    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            if b"/auth/validate" in request:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            else:
                await respond(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await asyncio.gather(*(task for task in serving if task is not None))


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-json-stream\r\n"
RULE = b'{"id": "r", "scope": "test", "name": "one"}\n'


async def cut_in_chunks(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(RULE), RULE))


async def cut_without_frame(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Connection: close\r\n\r\n" + RULE)


async def cut_before_its_length(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Content-Length: 999\r\n\r\n" + RULE)


async def reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3 * HASTY.read_s)


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(20):
        writer.write(b"1\r\n \r\n")
        await writer.drain()
        await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (cut_in_chunks, GarbledError),
        (cut_without_frame, GarbledError),
        (cut_before_its_length, GarbledError),
        (reset, UpstreamError),
        (hang, SlowError),
        (drip, SlowError),
    ],
)
async def test_a_stream_that_does_not_end_as_it_should_gives_no_page(
    fault: Callable[[asyncio.StreamWriter], Awaitable[None]], error: type[UpstreamError]
) -> None:
    async with raw_server(fault) as url:
        http = HttpUpstream("rucio", url, manners=HASTY if error is SlowError else QUICK)
        upstream = RucioUpstream(http, GivenToken(lambda: "token"), clock=lambda: NOW)
        seen: list[Page] = []

        async def look_at_each() -> None:
            async for page in upstream.feeds[1].everything():
                seen.append(page)  # noqa: PERF401 - what was seen before the error counts

        with pytest.raises(error):
            await look_at_each()

        await upstream.close()
    assert seen == []


async def test_a_refused_connection_is_an_unreachable_rucio_and_a_look_says_so() -> None:
    upstream = RucioUpstream(
        HttpUpstream("rucio", "http://127.0.0.1:1", manners=QUICK),
        GivenToken(lambda: "token"),
        clock=lambda: NOW,
    )

    with pytest.raises(UnreachableError):
        await read(upstream.feeds[0].everything())
    health = await upstream.look()
    await upstream.close()

    assert not health.is_ok
    assert health.advice == (
        "rucio cannot be reached: ConnectError. Look at the address of Rucio and at the network.",
    )


async def test_a_look_tells_version_clock_and_what_is_offered() -> None:
    catalogue = Catalogue([])

    good = await upstream_of(catalogue).look()
    catalogue.answers["/rses/JINR_EOS/accounts/usage"] = lambda _: httpx2.Response(404, html="no")
    older = await upstream_of(catalogue).look()

    assert (good.is_ok, good.version, good.clock_ahead_s) == (True, "41.5.1", -60.0)
    assert older.advice == ("This Rucio does not offer quotas by storage: take a newer version.",)


def test_both_forms_of_a_moment_are_read_and_anything_else_is_left_for_the_quarantine() -> None:
    assert translate.moment("Sun, 22 Nov 2026 12:18:41 UTC") == "2026-11-22T12:18:41+00:00"
    assert translate.moment("2026-11-22T12:18:41") == "2026-11-22T12:18:41+00:00"
    assert translate.moment("soon") == "soon"
    assert translate.moment(None) is None


def test_a_total_that_rucio_only_fills_in_is_not_told() -> None:
    logical = {"source": "rucio", "used": 5, "free": None, "total": 5, "files": 1}
    physical = {"source": "storage", "used": 5, "free": 7, "total": 12, "files": None}

    assert translate.usage(logical, "JINR_EOS")["total_bytes"] is None
    assert translate.usage(physical, "JINR_EOS")["total_bytes"] == 12


async def test_numbers_and_texts_that_no_column_holds_reach_the_quarantine_as_they_came() -> None:
    catalogue = Catalogue([])
    catalogue.answers["/rules/"] = lambda _: lines(
        {"id": "r", "copies": 10**30, "error": "\ud800"}, {"id": "s"}
    )

    pages = await read(feed_of(catalogue, "rucio.rules").everything())

    first, second = records(pages, "rules")
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert (first["copies"], first["error"], second["rule_id"]) == (10**30, "\ud800", "s")


async def transfers_of(answer: httpx2.Response) -> dict[str, object]:
    catalogue = Catalogue([])
    catalogue.answers["/requests/metrics"] = lambda _: answer
    (record,) = records(await read(feed_of(catalogue, "rucio.storages").everything()), "storages")
    assert isinstance(record, dict)
    return {name: record[name] for name in TRANSFER_COUNTS if record[name] != 0}


async def test_transfers_are_summed_over_the_other_ends() -> None:
    files = {"queued": {"Staging": 3}, "queued-total": 3, "done-total-6h": 7, "failed-total-6h": 2}
    link = {"dst_rse": "PNPI_EOS", "src_rse": "JINR_EOS", "files": files, "bytes": {"queued-total": 6e9}}
    back = {"dst_rse": "JINR_EOS", "src_rse": "PNPI_EOS", "distance": 1}

    assert await transfers_of(lines(link, {**link, "dst_rse": "SSAU_DISK"}, back)) == {
        "out_queued_files": 6,
        "out_queued_bytes": 12_000_000_000,
        "out_done_files": 14,
        "out_failed_files": 4,
    }


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(500, headers={**DATE, "ExceptionClass": "AccessDenied"}),
        httpx2.Response(401, headers={**DATE, "ExceptionClass": "AccessDenied"}),
        httpx2.Response(404, headers=DATE, html="no such page"),
        lines({"dst_rse": "PNPI_EOS", "src_rse": "JINR_EOS", "files": {"queued-total": "many"}}),
        lines({"dst_rse": "PNPI_EOS", "src_rse": "JINR_EOS", "files": []}),
        lines({"dst_rse": "PNPI_EOS", "src_rse": "JINR_EOS", "bytes": {"queued-total": 1e30}}),
    ],
)
async def test_transfers_that_rucio_does_not_show_are_unknown_and_not_none(answer: httpx2.Response) -> None:
    assert await transfers_of(answer) == dict.fromkeys(TRANSFER_COUNTS)


async def test_a_failure_to_show_transfers_is_a_failure() -> None:
    with pytest.raises(BrokenError):
        await transfers_of(httpx2.Response(500, headers={**DATE, "ExceptionClass": "DatabaseException"}))
