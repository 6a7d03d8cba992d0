"""Rows of lists that are kept with all below them are what would be read now, whichever rows were written."""

import datetime as dt
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
import pytest
from sqlalchemy import text, update

from gateway.app import create_executor
from gateway.auth.permissions import Role, rights_of
from gateway.auth.viewer import Viewer
from gateway.schema.answers import Answer
from gateway.schema.compiled.parts import GROUP_BYTES
from gateway.schema.execution import OperationRequest
from gateway.schema.kept import KeptAnswers
from gateway.store.database import Database
from gateway.store.tasks import Task
from tests.conftest import LOADED_AT
from tests.schema.test_compiled_reads import DOCUMENTS, SEED
from tests.support.asking import ALL_RIGHTS
from tests.support.databases import counted_statements

MIB = 1024 * 1024
WRITES = int(os.environ.get("GATEWAY_TEST_RANDOM_WRITES", "40"))

QUESTIONS = (
    DOCUMENTS["page"],
    """{ campaigns { nodes { name requests(first: 3, filter: { priority: { isNull: true } }) {
         pageInfo { hasNextPage endCursor } edges { cursor node { name events stage { name } } } } } } }""",
    """{ requests(first: 9) { nodes { name tasks(first: 2, sort: { by: JEDI_TASK_ID, direction: DESC }) {
         nodes { jediTaskId status parent { jediTaskId status } children { nodes { jediTaskId } }
         user { username } jobCounts { jobState jobs queue { name site { name } } } } } } } }""",
    """{ tasks(first: 20) { nodes { jediTaskId status request { name events } datasets { did sizeBytes
         replicas(includeGone: true) { rseName state storage { name site { name state } } } } } } }""",
    """{ requests(first: 9) { nodes { name datasets(first: 2, sort: { by: TASK_STATUS }) { nodes { did } }
         steps { kind attempts(sort: [{ by: TASK_STATUS }, { by: TASK_JOBS_FAILED }]) { key } } } } }""",
    """{ datasets(first: 20, sort: { by: REQUEST_CAMPAIGN_NAME, direction: DESC }) { nodes { did } } }""",
    """{ sites(first: 20) { nodes { name isStale queues { name status } storages { name }
         downtimes { severity } } } }""",
    """{ requests(first: 20) { nodes { name requester { displayName } geometries { name }
         steps(filter: { attempts: { task: { status: { eq: "done" } } } }) { kind
         attempts { number state } } } } }""",
)


@dataclass(frozen=True)
class Written:
    """What of a table is written: its key, columns that say something, columns that lead somewhere."""

    table: str
    key: str
    says: tuple[tuple[str, Sequence[object]], ...]
    leads: tuple[str, ...] = ()
    is_dropped: bool = False


WRITTEN = (
    Written("tasks", "jedi_task_id", (("status", ["done", "running"]), ("gone_at", [None, LOADED_AT])),
            ("request_name", "parent_task_id", "attempt_key", "user_name")),
    Written("task_job_counts", "jedi_task_id", (("jobs", [1, 2, 3]),), ("queue_name",), is_dropped=True),
    Written("datasets", "did", (("size_bytes", [7, 8]), ("gone_at", [None, LOADED_AT])),
            ("attempt_key", "request_name")),
    Written("replicas", "did", (("state", ["AVAILABLE", "UNAVAILABLE"]), ("gone_at", [None, LOADED_AT])),
            ("did",), is_dropped=True),
    Written("storage_endpoints", "rse_name", (("gone_at", [None, LOADED_AT]),),
            ("site_name",), is_dropped=True),
    Written("sites", "name", (("state", ["ACTIVE", "DISABLED"]),)),
    Written("queues", "name", (("status", ["online", "offline"]),), ("site_name",), is_dropped=True),
    Written("people", "subject", (("display_name", ["A", "B"]), ("gone_at", [None, LOADED_AT]))),
    Written("requests", "name", (("events", [1, 2]),), ("campaign_name", "stage_name")),
    Written("steps", "key", (("position", [71, 72, 73]),)),
    Written("attempts", "key", (("state", ["failed"]), ("jedi_task_id", [None]))),
    Written("identity_links", "name", (("rule", ["same name", "by hand"]),), ("subject",), is_dropped=True),
)  # fmt: skip


class Doors:
    """The same database with kept parts, and without anything kept."""

    def __init__(self, database: Database, max_bytes: int = 8 * MIB) -> None:
        self.database = database
        self.now = LOADED_AT
        self.kept = KeptAnswers(database, lambda: self.now, max_bytes=MIB, max_parts_bytes=max_bytes)
        self.keeping = create_executor(database, clock=lambda: self.now, kept=self.kept)
        self.reading = create_executor(database, clock=lambda: self.now)
        assert self.kept.parts is not None
        self.parts = self.kept.parts

    async def ask(self, document: str, viewer: Viewer = ALL_RIGHTS, **variables: object) -> Answer:
        return await self.keeping.execute(OperationRequest(document, variables=variables), viewer)

    async def read(self, document: str, viewer: Viewer = ALL_RIGHTS, **variables: object) -> Answer:
        return await self.reading.execute(OperationRequest(document, variables=variables), viewer)


@pytest.fixture
def doors(own_world: Database) -> Doors:
    return Doors(own_world)


async def write_something(database: Database, chance: random.Random) -> str:
    """Write one row of one table, in one of the ways there are; return which."""
    async with database.transaction() as session:
        what = chance.choice(WRITTEN)

        async def some(table: str, column: str) -> object:
            found = await session.execute(text(f"SELECT {column} FROM {table} ORDER BY {column}"))  # noqa: S608
            # Of some nothing is left after many writes.
            return chance.choice(found.scalars().all() or [None])

        table, key = what.table, await some(what.table, what.key)
        given: dict[str, object] = {"key": key}
        where = f"{what.key} = :key"
        if what.is_dropped and chance.random() < 0.2:
            statement = f"DELETE FROM {table} WHERE {where}"  # noqa: S608
        else:
            if what.leads and chance.random() < 0.4:
                column = chance.choice(what.leads)
                given["value"] = await some(table, column)
            else:
                column, values = chance.choice(what.says)
                value = chance.choice(values)
                given["value"] = (
                    value.isoformat() if isinstance(value, dt.datetime) and database.is_sqlite else value
                )
            statement = f"UPDATE {table} SET {column} = :value WHERE {where}"  # noqa: S608
            if what.is_dropped and column in {"did", "queue_name"}:
                # Another one may be there already under the new key.
                taken = {"did": "rse_name", "queue_name": "job_state"}[column]
                other = (
                    f"SELECT 1 FROM {table} AS o WHERE o.{column} = :value AND o.{taken} = {table}.{taken}"  # noqa: S608
                )
                statement += f" AND NOT EXISTS ({other})"
        done = await session.execute(text(statement), given)
        return f"{statement} {given}: {done.rowcount} rows"  # type: ignore[attr-defined]


async def differing(doors: Doors, writes: int) -> list[str]:
    """Write at random, and return after which writes something else was answered than is there."""
    chance = random.Random(SEED)
    found: list[str] = []
    done: list[str] = []
    for _ in range(writes):
        done.append(await write_something(doors.database, chance))
        for document in QUESTIONS:
            expected, given = await doors.read(document), await doors.ask(document)
            assert b'"errors"' not in expected.body, expected.body[:500]
            if given.body != expected.body:
                found.append(f"{document} after {done}")
    return found


async def test_whatever_is_written_answers_are_as_if_nothing_was_kept(doors: Doors) -> None:
    assert await differing(doors, WRITES) == []

    # Most was not read again, and some was.
    assert doors.parts.found > doors.parts.read > len(QUESTIONS) * 10


async def test_the_comparison_finds_what_is_not_noted(doors: Doors) -> None:
    """The control: the log does not hear of some tables."""
    async with doors.database.transaction() as session:
        for table in ("tasks", "sites", "replicas", "requests"):
            on = "" if doors.database.is_sqlite else f" ON {table}"
            await session.execute(text(f"DROP TRIGGER {table}_noted_update{on}"))

    assert await differing(doors, 12) != []


async def write_task(doors: Doors, task_id: int, **values: object) -> None:
    async with doors.database.transaction() as session:
        await session.execute(update(Task).where(Task.jedi_task_id == task_id).values(**values))


async def test_only_the_row_that_changed_is_read_again(doors: Doors) -> None:
    await doors.ask(DOCUMENTS["page"])
    page = await doors.ask(DOCUMENTS["page"])
    tasks = [
        attempt["task"]["jediTaskId"]
        for node in orjson.loads(page.body)["data"]["requests"]["nodes"]
        for step in node["steps"]
        for attempt in step["attempts"]
        if attempt["task"] is not None
    ]
    read = doors.parts.read

    await write_task(doors, tasks[0], jobs_finished=12_345)
    with counted_statements(doors.database) as changed:
        again = await doors.ask(DOCUMENTS["page"])
    await write_task(doors, 999, status="running")
    with counted_statements(doors.database) as elsewhere:
        same = await doors.ask(DOCUMENTS["page"])

    assert b"12345" in again.body
    assert doors.parts.read - read == 1
    # The look, the page, what is below one row; and nothing for a task that the page does not show.
    assert len(changed) <= 14
    assert (same.body, elsewhere) == (again.body, [])


async def test_who_takes_an_older_answer_gets_it_while_its_rows_are_written(doors: Doors) -> None:
    for number in range(5):
        request = OperationRequest(QUESTIONS[3], max_age_s=1_000_000)
        answer = await doors.keeping.execute(request, ALL_RIGHTS)
        assert answer.data_json == (await doors.keeping.execute(request, ALL_RIGHTS)).data_json
        async with doors.database.transaction() as session:
            await session.execute(update(Task).values(jobs_finished=number))

    assert doors.kept.counts.read == 1


async def test_memory_stays_within_its_bound(own_world: Database) -> None:
    doors = Doors(own_world, max_bytes=100_000)

    for first in range(1, 40, 3):
        document = QUESTIONS[3].replace("20", str(first))
        assert (await doors.ask(document)).body == (await doors.read(document)).body
        assert doors.parts.bytes <= 100_000

    assert len(doors.parts) > 0
    async with doors.database.transaction() as session:
        await session.execute(text("UPDATE tasks SET priority = 1"))
        await session.execute(text("UPDATE requests SET events = 1"))
    await doors.ask("{ tasks(first: 1) { nodes { name } } }")
    groups = {part.group.key for part in doors.parts}
    assert doors.parts.bytes == sum(part.bytes for part in doors.parts) + len(groups) * GROUP_BYTES


async def test_parts_are_of_the_rights_they_were_read_with(doors: Doors) -> None:
    document = "{ storages(first: 5) { nodes { name quotas { account } } } }"
    few, many = Viewer("guest", rights_of([Role.VIEWER])), Viewer("operator", rights_of([Role.OPERATOR]))

    for viewer in (many, few, many):
        assert (await doors.ask(document, viewer)).body == (await doors.read(document, viewer)).body


async def test_parts_are_of_the_values_they_were_asked_with(doors: Doors) -> None:
    document = """query($after: String, $n: Int) { requests(first: 5, after: $after) {
                    pageInfo { endCursor } nodes { name tasks(first: $n) { nodes { name } } } } }"""
    first = await doors.ask(document, n=1)
    end = orjson.loads(first.body)["data"]["requests"]["pageInfo"]["endCursor"]
    read = doors.parts.read

    for variables in ({"n": 2}, {"n": 1, "after": end}, {"n": 1}):
        assert (await doors.ask(document, **variables)).body == (await doors.read(document, **variables)).body

    assert doors.parts.read - read == 5 + 5


async def test_what_turns_at_a_moment_is_kept_until_then(doors: Doors) -> None:
    fresh = await doors.ask(QUESTIONS[4])
    doors.now += dt.timedelta(days=30)
    stale = await doors.ask(QUESTIONS[4])

    assert b'"isStale":false' in fresh.body
    assert stale.body == (await doors.read(QUESTIONS[4])).body
    assert b'"isStale":true' in stale.body
