"""One operation reads one moment: what others commit meanwhile is not seen until the next."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.engine import Row

from gateway.auth.viewer import Viewer
from gateway.resolvers.reading import Reading
from gateway.schema.build import SHOWN_AS, build_schema
from gateway.schema.context import Context
from gateway.schema.execution import Executor, OperationRequest
from gateway.store.database import Database
from gateway.store.remembered import remember
from gateway.store.requests import Comment
from gateway.store.sources import SourceName
from gateway.store.tasks import Task
from tests.conftest import LOADED_AT
from tests.support.asking import ALL_RIGHTS, Asker

DOCUMENT = """
{
  tasks(first: 1) { totalCount nodes { jediTaskId request { comments { body } } } }
}
"""


class PausedReading(Reading):
    """Reading that stops after its first statement, until it is told to go on."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.has_read = asyncio.Event()
        self.may_go_on = asyncio.Event()

    async def rows(
        self, statement: Executable, *, sources: Collection[SourceName] = ()
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        rows = await super().rows(statement, sources=sources)
        self.has_read.set()
        await self.may_go_on.wait()
        return rows


async def write(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Comment(request_name="PROD2025-014", author="prodman", body="new", created_at=LOADED_AT))
        new = Task(jedi_task_id=900, name="T", status="done")
        await remember(session, [new], source=SourceName.PANDA, at=LOADED_AT)


async def test_a_commit_in_the_middle_of_an_operation_is_not_seen(own_world: Database) -> None:
    readings: asyncio.Queue[PausedReading] = asyncio.Queue()

    @contextlib.asynccontextmanager
    async def paused(viewer: Viewer) -> AsyncIterator[Context]:
        async with own_world.snapshot() as session:
            reading = PausedReading(session, LOADED_AT)
            readings.put_nowait(reading)
            yield Context(viewer, reading, SHOWN_AS, own_world)

    executor = Executor(build_schema(), paused)
    operation = asyncio.ensure_future(executor.execute(OperationRequest(DOCUMENT), ALL_RIGHTS))
    reading = await readings.get()
    await reading.has_read.wait()
    await write(own_world)
    reading.may_go_on.set()
    before = (await operation).data
    after = await Asker(own_world, LOADED_AT)(DOCUMENT)

    assert before == {
        "tasks": {"totalCount": 17, "nodes": [{"jediTaskId": 364, "request": {"comments": []}}]}
    }
    assert after == {"tasks": {"totalCount": 18, "nodes": [{"jediTaskId": 900, "request": None}]}}
    comments = '{ request(name: "PROD2025-014") { ... on Request { comments { body } } } }'
    assert await Asker(own_world, LOADED_AT)(comments) == {"request": {"comments": [{"body": "new"}]}}


async def test_statements_of_one_operation_take_turns(world: Database) -> None:
    """A session that is used by two at once fails, or passes by luck: fields side by side must wait."""
    fields = " ".join(
        f"f{number}: tasks(first: {number}) {{ totalCount nodes {{ name }} }}" for number in range(1, 9)
    )

    data = await Asker(world, LOADED_AT)(f"{{ {fields} }}")

    assert [len(data[f"f{number}"]["nodes"]) for number in range(1, 9)] == [1, 2, 3, 4, 5, 6, 7, 8]
