"""What the command line has for keys, the trail, and asking as oneself; real processes."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.auth.sealing import KEY_BYTES, new_key, sealer_of
from gateway.client import Gateway, UnansweredError
from gateway.errors import InputError
from gateway.store.audit import AuditEntry, follow_chain, record
from gateway.store.logins import Grant
from tests.store.factories import AT
from tests.support.databases import DatabaseMaker, opened
from tests.support.serving import served
from tests.test_cli import gateway, one_line

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)


@pytest.fixture
def environment(database_maker: DatabaseMaker, migrated_template: str) -> dict[str, str]:
    """An environment with a migrated database of its own, and no token from outside."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GATEWAY_", "BEARER_TOKEN", "XDG_"))
    }
    return kept | {"GATEWAY_DATABASE_URL": database_maker.copy_of(migrated_template)}


async def test_the_trail_is_verified_and_an_altered_entry_found(environment: dict[str, str]) -> None:
    url = environment["GATEWAY_DATABASE_URL"]
    async with opened(url) as database:
        for number in range(3):
            async with database.transaction() as session:
                await record(session, AuditEntry(actor="prodman", action=f"change{number}", at=AT))
        async with database.snapshot() as session:
            last = (await follow_chain(session)).last_hash

    whole = gateway("audit", "verify", "--expect", last, environment=environment)
    with sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///")) as connection:
        connection.execute("DROP TRIGGER audit_entries_no_update")
        connection.execute("DROP TRIGGER audit_entries_no_delete")
        connection.execute("DELETE FROM audit_entries WHERE number = 3")
    connection.close()
    cut = gateway("audit", "verify", "--expect", last, environment=environment)
    with sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///")) as connection:
        connection.execute("UPDATE audit_entries SET actor = 'analyst' WHERE number = 2")
    connection.close()
    altered = gateway("audit", "verify", environment=environment)

    assert (whole.returncode, whole.stdout) == (0, f"3 entries hold; the last hash is {last}\n")
    assert (cut.returncode, cut.stderr) == (
        1,
        "the hash you expect is not in the trail: its end was cut off, or it was altered\n",
    )
    assert (altered.returncode, altered.stderr) == (1, "entry 2 was altered, or what was before it\n")


async def test_keys_are_made_and_changed(environment: dict[str, str]) -> None:
    made = gateway("new-key", environment=environment).stdout.strip()
    old = new_key()
    async with opened(environment["GATEWAY_DATABASE_URL"]) as database, database.transaction() as session:
        sealed = sealer_of(old, "KEYS").seal("secret", "grant of s-1")
        session.add(Grant(subject="s-1", kind="refresh", sealed=sealed, created_at=AT, ends_at=AT))
        await session.flush()
        await session.execute(update(Grant).values(ends_at=AT.replace(year=2100)))

    resealed = gateway("reseal", environment=environment | {"GATEWAY_VAULT_KEYS": f"{made},{old}"})

    async with opened(environment["GATEWAY_DATABASE_URL"]) as database, database.snapshot() as session:
        grant = await session.get(Grant, 1)
    assert len(made) == KEY_BYTES * 4 // 3 + 2
    assert resealed.stdout == "1 secrets sealed anew\n", resealed.stderr
    assert grant is not None
    assert sealer_of(made, "KEYS").open(grant.sealed, "grant of s-1") == "secret"


def test_a_key_that_is_none_is_not_shown(environment: dict[str, str]) -> None:
    refused = gateway("reseal", environment=environment | {"GATEWAY_VAULT_KEYS": "planted-secret"})

    assert "planted" not in one_line(refused)


@pytest.fixture
def echo() -> Iterator[str]:
    """A server that answers with the Authorization header it got."""

    async def answer(request: Request) -> Response:
        return JSONResponse({"data": {"authorization": request.headers.get("authorization")}})

    async def page(_request: Request) -> Response:
        return PlainTextResponse("<html>")

    routes = [
        Route("/graphql", answer, methods=["POST"]),
        Route("/page/graphql", page, methods=["POST"]),
    ]
    with served(Starlette(routes=routes)) as url:
        yield url


def test_a_gateway_is_asked_with_the_token_that_is_found(
    environment: dict[str, str], echo: str, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("of-file\n")
    given = environment | {"BEARER_TOKEN_FILE": str(file)}

    asked = gateway("query", "{ a }", "--url", f"{echo}/graphql", environment=given)

    assert asked.returncode == 0, asked.stderr
    assert '"authorization": "Bearer of-file"' in asked.stdout


@pytest.mark.parametrize("url", ["http://gateway.test/graphql", "file:///etc/passwd", "gateway.test"])
def test_a_token_is_not_sent_where_others_could_read_it(database_maker: DatabaseMaker, url: str) -> None:
    with pytest.raises(InputError, match="address begins with https://") as refused:
        Gateway(url, token="planted")

    assert "planted" not in refused.value.message


def test_what_is_no_gateway_is_told(database_maker: DatabaseMaker, echo: str) -> None:
    with Gateway(f"{echo}/page", token="") as there, pytest.raises(UnansweredError, match="is no gateway"):
        there.answer("{ a }")
