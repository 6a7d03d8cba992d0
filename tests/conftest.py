"""Fixtures every test may use: databases of both kinds, fresh for each test, or one shared practice world."""

import datetime as dt
import os
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from gateway.practice.world import load_practice_world
from gateway.store.database import Database
from gateway.sync.reconcile import reconcile
from tests.support.asking import Asker
from tests.support.databases import KINDS, DatabaseMaker, opened
from tests.support.postgres import PostgresMissingError, running_postgres

# A busy machine is no reason to fail: neither an example nor making one up has a time limit.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# The console's own look draws every variable of every frame, which takes minutes for a large failure.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

# The moment at which the practice world was loaded, and at which tests ask unless they say otherwise.
LOADED_AT = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A throw-away PostgreSQL server for this run; without one, what needs it is skipped, except in CI."""
    try:
        with running_postgres() as url:
            yield url
    except PostgresMissingError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def makers() -> dict[str, DatabaseMaker]:
    """The makers of this run by kind, kept apart from `database_maker`.

    Where files are spread over processes, that fixture is set up anew whenever the kind changes; a migrated
    template and a world are too slow to make each time.
    """
    return {}


@pytest.fixture(scope="session")
def worlds() -> dict[str, str]:
    """The URLs of the practice worlds of this run by kind, kept like `makers`."""
    return {}


@pytest.fixture(scope="session", params=KINDS)
def database_maker(
    request: pytest.FixtureRequest, makers: dict[str, DatabaseMaker], tmp_path_factory: pytest.TempPathFactory
) -> DatabaseMaker:
    """A maker of databases; every test that uses a database runs once for each kind."""
    kind: str = request.param
    if kind not in makers:
        url = request.getfixturevalue("postgres_url") if kind == "postgresql" else ""
        makers[kind] = DatabaseMaker(kind, tmp_path_factory.mktemp("databases"), url)
    return makers[kind]


@pytest.fixture(scope="session")
def migrated_template(database_maker: DatabaseMaker) -> str:
    """The URL of a migrated database to copy from."""
    return database_maker.migrated_template


@pytest.fixture
async def database(database_maker: DatabaseMaker, migrated_template: str) -> AsyncIterator[Database]:
    """An empty migrated database for one test."""
    async with opened(database_maker.copy_of(migrated_template)) as database:
        yield database


@pytest.fixture(scope="session")
async def world_template(
    database_maker: DatabaseMaker, migrated_template: str, worlds: dict[str, str]
) -> str:
    """The URL of a database with the practice world and its findings as of LOADED_AT, to copy from."""
    kind = database_maker.kind
    if kind not in worlds:
        url = database_maker.copy_of(migrated_template)
        async with opened(url) as database:
            await load_practice_world(database, at=LOADED_AT)
            await reconcile(database, at=LOADED_AT)
        worlds[kind] = url
    return worlds[kind]


@pytest.fixture(scope="session")
async def world(database_maker: DatabaseMaker, world_template: str) -> AsyncIterator[Database]:
    """The practice world, shared by all tests of the run: read it, never write to it."""
    async with opened(database_maker.copy_of(world_template)) as database:
        yield database


@pytest.fixture
async def own_world(database_maker: DatabaseMaker, world_template: str) -> AsyncIterator[Database]:
    """A practice world of one's own, to change."""
    async with opened(database_maker.copy_of(world_template)) as database:
        yield database


@pytest.fixture
def ask(world: Database) -> Asker:
    """Ask the shared practice world, as somebody with every reading right, at LOADED_AT."""
    return Asker(world, LOADED_AT)
