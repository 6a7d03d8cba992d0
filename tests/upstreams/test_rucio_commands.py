"""Commands to Rucio through its own client: told apart by class, as the person whose token it is, once."""

import asyncio
import datetime as dt
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from rucio.client.baseclient import BaseClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.domain.rules import RuleMade
from gateway.domain.submission import LoginNeeded, NotSent, Refused, Reply, Unknown
from gateway.errors import DeniedError, UnreachableError
from gateway.practice.rucio_catalogue import RucioCatalogue, practice_catalogue
from gateway.practice.rucio_twin import create_rucio_twin
from gateway.practice.world import practice_snapshot
from gateway.upstreams.rucio.commands import RucioCommands
from tests.support.serving import served

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
LOGIN = {
    "X-Rucio-Account": "prodman",
    "X-Rucio-Username": "prodman",
    "X-Rucio-Password": "secret-prodman",
}


@pytest.fixture
def catalogue() -> RucioCatalogue:
    snapshot: Any = practice_snapshot(NOW)
    return practice_catalogue(snapshot["rucio"], lambda: NOW)


@pytest.fixture
def url(catalogue: RucioCatalogue) -> Iterator[str]:
    with served(create_rucio_twin(catalogue), date_header=False) as url:
        yield url


def token_of(url: str) -> str:
    answer = httpx2.get(f"{url}/auth/userpass", headers=LOGIN, trust_env=False)
    return str(answer.headers["x-rucio-auth-token"])


def a_did(catalogue: RucioCatalogue) -> str:
    scope, name = sorted(catalogue.dids)[0]
    return f"{scope}:{name}"


async def add(url: str, token: str, did: str, **changed: object) -> Reply | RuleMade:
    commands = RucioCommands(url, connect_s=1.0, deadline_s=3.0)
    how: dict[str, Any] = {"rse_expression": "PNPI_EOS", "copies": 1, "lifetime_s": None, "comment": None}
    try:
        return await commands.add_rule(token, did, **how | changed)
    finally:
        await commands.close()


async def test_a_rule_is_added_and_removed_in_the_persons_name(url: str, catalogue: RucioCatalogue) -> None:
    token, did = token_of(url), a_did(catalogue)

    made = await add(url, token, did, lifetime_s=86_400)
    assert isinstance(made, RuleMade)
    rule = catalogue.rules[made.rule_id]
    account, before = rule["account"], rule["expires_at"]
    commands = RucioCommands(url)
    gone = await commands.delete_rule(token, made.rule_id)
    await commands.close()

    assert account == "prodman"
    assert before is not None
    assert gone == RuleMade(made.rule_id)


async def test_names_that_are_taken_are_told_from_those_that_are_free(
    url: str, catalogue: RucioCatalogue
) -> None:
    token, taken = token_of(url), a_did(catalogue)
    free = "MC2025_S2:MC2025_S2.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2026-999.SIM.1.S"
    commands = RucioCommands(url)

    found = await commands.existing(token, [taken, free])
    none = await commands.existing(token, [])
    await commands.close()

    assert (found, none) == (frozenset({taken}), frozenset())


async def test_a_token_that_is_none_asks_for_a_login(url: str, catalogue: RucioCatalogue) -> None:
    commands = RucioCommands(url)

    reply = await add(url, "not-a-token", a_did(catalogue))
    with pytest.raises(DeniedError):
        await commands.existing("not-a-token", ["MC2025_S2:x"])
    await commands.close()

    assert type(reply) is LoginNeeded


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (409, {"ExceptionClass": "DuplicateRule", "ExceptionMessage": "is there"}, Refused),
        (413, {"ExceptionClass": "InsufficientAccountLimit", "ExceptionMessage": "too much"}, Refused),
        (404, {"ExceptionClass": "DataIdentifierNotFound", "ExceptionMessage": "not there"}, Refused),
        (401, {"ExceptionClass": "AccessDenied", "ExceptionMessage": "may not"}, Refused),
        (401, {"ExceptionClass": "CannotAuthenticate", "ExceptionMessage": "who"}, LoginNeeded),
        (500, {"ExceptionClass": "DatabaseException", "ExceptionMessage": "broke"}, Unknown),
        (500, {}, Unknown),
        (200, {}, Unknown),
    ],
)
async def test_an_answer_means_what_its_class_says_and_is_asked_for_once(
    status: int, headers: dict[str, str], expected: type[Reply]
) -> None:
    seen: list[str] = []

    async def answer(request: Request) -> Response:
        seen.append(request.headers["x-rucio-auth-token"])
        return PlainTextResponse("<html>", status, headers=headers)

    with served(Starlette(routes=[Route("/rules/", answer, methods=["POST"])])) as url:
        reply = await add(url, "a-token", "MC2025_S2:x")

    assert (type(reply), seen) == (expected, ["a-token"])


async def test_silence_is_unknown_and_a_closed_port_got_nothing() -> None:
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        async with asyncio.timeout(30):
            silent = await add(url, "a-token", "MC2025_S2:x")
        over.set()
    closed = await add(url, "a-token", "MC2025_S2:x")
    commands = RucioCommands(url)
    with pytest.raises(UnreachableError):
        await commands.existing("a-token", ["MC2025_S2:x"])
    await commands.close()

    assert (type(silent), type(closed)) == (Unknown, NotSent)


async def test_nothing_is_kept_in_a_file(
    url: str, catalogue: RucioCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    token = token_of(url)

    await add(url, token, a_did(catalogue))

    assert list(tmp_path.rglob("*token*")) == []  # noqa: ASYNC240 - a test may wait


def test_the_librarys_private_methods_that_are_replaced_are_there() -> None:
    replaced = ("_BaseClient__authenticate", "_BaseClient__get_token")

    assert [name for name in replaced if not callable(vars(BaseClient).get(name))] == []
