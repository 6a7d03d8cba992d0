"""Fixtures every test may use: databases of both kinds, fresh for each test."""

from collections.abc import AsyncIterator, Iterator

import pytest
from gateway.store.database import Database
from tests.support.databases import KINDS, DatabaseMaker, opened
from tests.support.postgres import running_postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A throw-away PostgreSQL server for this run."""
    with running_postgres() as url:
        yield url


@pytest.fixture(scope="session", params=KINDS)
def database_maker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> DatabaseMaker:
    """A maker of databases; every test that uses a database runs once for each kind."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    return DatabaseMaker(request.param, tmp_path_factory.mktemp("databases"), url)


@pytest.fixture(scope="session")
def migrated_template(database_maker: DatabaseMaker) -> str:
    """The URL of a migrated database to copy from."""
    return database_maker.migrated_template()


@pytest.fixture
async def database(database_maker: DatabaseMaker, migrated_template: str) -> AsyncIterator[Database]:
    """An empty migrated database for one test."""
    async with opened(database_maker.copy_of(migrated_template)) as database:
        yield database
