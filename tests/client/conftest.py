"""A gateway on the practice world, served over HTTP as people meet it."""

import asyncio
import contextlib
import itertools
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from gateway.app import create_app
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.remembered import remember
from gateway.store.sources import SourceName
from gateway.store.tasks import Task
from tests.conftest import LOADED_AT
from tests.support.databases import DatabaseMaker
from tests.support.rucio import served_rucio
from tests.support.serving import served

# A task of nobody's, which goes on as long as the gateway is there.
CHANGING = 999


@contextlib.asynccontextmanager
async def changing(database: Database) -> AsyncIterator[None]:
    """Let one task change all the time."""

    async def change() -> None:
        for jobs in itertools.count():
            row = Task(
                jedi_task_id=CHANGING, name="MC2025_S1-099-SIM.1", status="running", jobs_finished=jobs
            )
            async with database.transaction() as session:
                await remember(session, [row], source=SourceName.PANDA, at=LOADED_AT)
            await asyncio.sleep(0.3)

    task = asyncio.ensure_future(change())
    yield
    task.cancel()
    await asyncio.wait([task])


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the gateway's log, which is written by a thread of this process, out of what commands print."""
    configured = structlog.get_config()
    with Path(os.devnull).open("w") as nowhere:
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(nowhere))
        yield
        structlog.configure(**configured)


@pytest.fixture(scope="module")
def gateway_url(
    database_maker: DatabaseMaker, world_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a gateway that is open to everybody, with a Rucio behind it and a task that changes."""
    password = tmp_path_factory.mktemp("rucio") / "password"
    with served_rucio(LOADED_AT) as rucio:
        password.write_text(rucio.catalogue.passwords["gateway"])
        database = Database(database_maker.copy_of(world_template))
        app = create_app(
            Settings.read(
                open_access=True,
                rucio_url=rucio.url,
                rucio_account="gateway",
                rucio_username="gateway",
                rucio_password_file=str(Path(password)),
            ),
            database,
            clock=lambda: LOADED_AT,
            beside=changing(database),
        )
        with quiet(), served(app, has_lifespan=True) as url:
            yield url
