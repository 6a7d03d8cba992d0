"""Answers that are given again are what would be read now, for whoever asks, whatever happened meanwhile."""

import asyncio
import datetime as dt
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
import pytest
from sqlalchemy import text, update

from gateway.app import create_executor
from gateway.auth.permissions import Right, Role, rights_of
from gateway.auth.viewer import Viewer
from gateway.schema.answers import Answer
from gateway.schema.execution import Executor, OperationRequest
from gateway.schema.kept import KeptAnswers
from gateway.store.database import Database
from gateway.store.remembered import remember
from gateway.store.requests import Request
from gateway.store.sources import Source, SourceName
from gateway.store.tasks import Task
from tests.conftest import LOADED_AT
from tests.schema.generated_queries import Generator, Known
from tests.schema.test_compiled_reads import QUERIES, SCHEMA, SEED, known_of, viewers
from tests.support.asking import ALL_RIGHTS

REQUEST = "PROD2025-013"
EVENTS = f'{{ request(name: "{REQUEST}") {{ ... on Request {{ name events }} }} }}'
# The same below rows of a list, which are kept by themselves.
NESTED = f"""{{ tasks(first: 50, filter: {{ name: {{ contains: "{REQUEST}" }} }}) {{
           nodes {{ name request {{ events }} }} }} }}"""
SITES = "{ sites(first: 50) { nodes { name isStale } } }"
TASKS = "{ tasks(first: 50) { nodes { name status } } }"
MIB = 1024 * 1024

# From one question to the next: less than an age needs to change, about as long, and longer.
STEPS_MS = (90, 0, 370, 500, 7_000, 123_456)

# How often another process writes while we read; more with time to spare.
WRITES = 60
PAUSE_S = 0.02


class Doors:
    """The same database with and without kept answers, at a moment that can be moved."""

    def __init__(self, database: Database, max_bytes: int = 8 * MIB) -> None:
        self.now = LOADED_AT
        self.database = database
        self.ran_s = 0.0
        self.kept = KeptAnswers(
            database,
            lambda: self.now,
            max_bytes=max_bytes,
            max_parts_bytes=max_bytes,
            monotonic=lambda: self.ran_s,
        )
        self.keeping = create_executor(database, clock=lambda: self.now, kept=self.kept)
        self.reading = create_executor(database, clock=lambda: self.now)

    async def ask(
        self, document: str, viewer: Viewer = ALL_RIGHTS, max_age_s: float = 0.0, **variables: object
    ) -> Answer:
        request = OperationRequest(document, variables=variables, max_age_s=max_age_s)
        return await self.keeping.execute(request, viewer)

    async def read(self, document: str, viewer: Viewer = ALL_RIGHTS, **variables: object) -> Answer:
        return await answer_of(self.reading, document, variables, viewer)

    @property
    def counts(self) -> tuple[int, int]:
        """How many answers were given again, and how many read."""
        return self.kept.counts.again, self.kept.counts.read


async def answer_of(
    executor: Executor[Viewer], document: str, variables: dict[str, object], viewer: Viewer
) -> Answer:
    return await executor.execute(OperationRequest(document, variables=variables), viewer)


@pytest.fixture
async def doors(own_world: Database) -> Doors:
    return Doors(own_world)


async def known(doors: Doors) -> Known:
    return await known_of(doors.reading)


async def test_generated_queries_are_given_again_as_they_would_be_read_for_every_role(doors: Doors) -> None:
    facts = await known(doors)
    everybody = list(viewers("subject-of-nobody"))

    for number in range(QUERIES // 2):
        made = Generator(SCHEMA, facts, random.Random(SEED * 7_000_003 + number)).make()
        some = [ALL_RIGHTS, everybody[number % len(everybody)], everybody[(number + 3) % len(everybody)]]
        for viewer in (*some, *some):
            expected = await answer_of(doors.reading, made.document, made.variables, viewer)
            found = await answer_of(doors.keeping, made.document, made.variables, viewer)
            doors.now += dt.timedelta(milliseconds=STEPS_MS[number % len(STEPS_MS)])
            later = await answer_of(doors.keeping, made.document, made.variables, viewer)
            expected_later = await answer_of(doors.reading, made.document, made.variables, viewer)

            assert found.body == expected.body, f"number {number}: {made.document} {made.variables}"
            assert later.body == expected_later.body, f"number {number}: {made.document} {made.variables}"

    again, _read = doors.counts
    assert again > QUERIES // 2


async def test_a_question_is_answered_while_the_versions_cannot_be_read(doors: Doors) -> None:
    if doors.database.is_sqlite:
        pytest.skip("nobody can lock readers out of SQLite")
    expected = await doors.read(TASKS)

    async with doors.database.transaction() as session:
        await session.execute(text("LOCK TABLE data_versions IN ACCESS EXCLUSIVE MODE"))
        meanwhile = await doors.ask(TASKS)
        looks = doors.database.versions.looks
        others = await asyncio.gather(
            *(doors.ask(f"{{ tasks(first: {n}) {{ totalCount }} }}") for n in range(4))
        )
        looks = doors.database.versions.looks - looks
    afterwards = await doors.ask(TASKS)

    assert (meanwhile.body, meanwhile.version) == (expected.body, None)
    assert [answer.version for answer in others] == [None] * 4
    assert looks < 4
    assert afterwards.body == expected.body
    assert afterwards.version is not None


async def test_the_same_question_is_read_once_while_nothing_changes(doors: Doors) -> None:
    first = await doors.ask(TASKS)
    second = await doors.ask(TASKS)

    assert (first.body, first.version) == (second.body, second.version)
    assert doors.counts == (1, 1)


async def test_a_committed_write_is_in_the_next_answer(doors: Doors) -> None:
    await doors.ask(EVENTS)

    async with doors.database.transaction() as session:
        await session.execute(update(Request).where(Request.name == REQUEST).values(events=7))

    assert orjson.loads((await doors.ask(EVENTS)).body)["data"]["request"]["events"] in {7, "7"}


async def test_what_is_remembered_of_a_source_is_in_the_next_answer(doors: Doors) -> None:
    await doors.ask(TASKS)

    async with doors.database.transaction() as session:
        new = Task(jedi_task_id=999_999_999, name="new", status="running")
        await remember(session, [new], source=SourceName.PANDA, at=LOADED_AT)

    assert b'"name":"new"' in (await doors.ask(TASKS)).body


async def test_a_write_that_was_rolled_back_changes_nothing(doors: Doors) -> None:
    before = await doors.ask(EVENTS)

    async def write_in_vain() -> None:
        async with doors.database.transaction() as session:
            await session.execute(update(Request).where(Request.name == REQUEST).values(events=7))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_in_vain()

    assert (await doors.ask(EVENTS)).body == before.body
    assert doors.counts == (1, 1)


async def test_a_write_elsewhere_leaves_an_answer_as_it_is(doors: Doors) -> None:
    await doors.ask(SITES)

    async with doors.database.transaction() as session:
        await session.execute(update(Request).where(Request.name == REQUEST).values(events=7))
    await doors.ask(SITES)

    assert doors.counts == (1, 1)


async def test_who_takes_an_older_answer_gets_it_until_it_is_too_old(doors: Doors) -> None:
    first = await doors.ask(EVENTS)
    async with doors.database.transaction() as session:
        await session.execute(update(Request).where(Request.name == REQUEST).values(events=7))
    doors.ran_s += 2
    doors.now += dt.timedelta(seconds=2)

    older = await doors.ask(EVENTS, max_age_s=2)
    too_old = await doors.ask(EVENTS, max_age_s=1.5)
    newest = await doors.ask(EVENTS, max_age_s=2)

    assert older.data_json == first.data_json
    assert (older.version, older.age_s) == (first.version, 2)
    for answer in (too_old, newest):
        assert answer.data_json != first.data_json
        assert (answer.version or 0) > (first.version or 0)
        assert answer.age_s == 0


async def test_an_older_answer_tells_no_age_but_its_own(doors: Doors) -> None:
    await doors.ask(TASKS)
    await doors.ask(TASKS)
    async with doors.database.transaction() as session:
        await session.execute(
            update(Source).where(Source.name == "panda").values(last_ok_at=LOADED_AT + dt.timedelta(hours=1))
        )
    doors.ran_s += 2
    doors.now += dt.timedelta(seconds=2)

    older = await doors.ask(TASKS, max_age_s=10)

    assert (freshness(older)["syncedAt"], freshness(older)["ageSeconds"]) == (LOADED_AT.isoformat(), 2)


async def test_freshness_is_said_anew_each_time(doors: Doors) -> None:
    await doors.ask(TASKS)

    doors.now += dt.timedelta(seconds=5)
    aged = await doors.ask(TASKS)
    async with doors.database.transaction() as session:
        await session.execute(
            update(Source).where(Source.name == "panda").values(last_ok_at=doors.now, error="odd")
        )
    renewed = await doors.ask(TASKS)

    assert freshness(aged)["ageSeconds"] == 5
    assert (freshness(renewed)["ageSeconds"], freshness(renewed)["syncedAt"]) == (0, doors.now.isoformat())
    assert doors.counts == (2, 1)


async def test_staleness_comes_when_it_comes(doors: Doors) -> None:
    fresh = await doors.ask(SITES)
    doors.now += dt.timedelta(days=30)
    stale = await doors.ask(SITES)
    again = await doors.ask(SITES)

    assert b'"isStale":false' in fresh.body
    assert b'"isStale":true' in orjson.dumps(orjson.loads(stale.body)["data"])
    assert again.body == stale.body
    assert doors.counts == (1, 2)


@pytest.mark.parametrize(
    "document",
    [
        "{ tasks(first: 5) { nodes { name ageSeconds } } }",
        "{ viewer { name } }",
        "{ tasks(first: 5, filter: { execution: [RUNNING] }) { nodes { name } } }",
    ],
)
async def test_what_depends_on_the_moment_or_the_person_is_not_kept(doors: Doors, document: str) -> None:
    for _ in range(2):
        assert b'"errors"' not in (await doors.ask(document)).body

    assert doors.counts == (0, 2)
    assert len(doors.kept) == 0


async def test_nobody_gets_what_was_read_for_other_rights(doors: Doors) -> None:
    document = "{ quotas(first: 5) { nodes { account } } }"
    few = Viewer("guest", rights_of([Role.VIEWER]) - {Right.READ_QUOTAS})
    many = Viewer("operator", rights_of([Role.OPERATOR]) | {Right.READ_QUOTAS})

    allowed = await doors.ask(document, many)
    refused = await doors.ask(document, few)
    same_rights = await doors.ask(document, Viewer("somebody else", many.rights))

    assert b'"errors"' not in allowed.body
    assert b"read_quotas" in refused.body
    assert same_rights.body == allowed.body
    assert doors.counts == (1, 2)


async def test_memory_stays_within_its_bound(own_world: Database) -> None:
    doors = Doors(own_world, max_bytes=20_000)

    for first in range(1, 30):
        await doors.ask("query($n: Int) { tasks(first: $n) { nodes { name } } }", n=first)
        assert doors.kept.bytes <= 20_000

    assert 1 <= len(doors.kept) < 15
    await doors.ask("{ datasets(first: 200) { nodes { id did scope dataType } } }")
    assert doors.kept.counts.not_kept["it is too large"] == 1


async def test_those_who_ask_at_once_share_one_reading(doors: Doors) -> None:
    answers = await asyncio.gather(*(doors.ask(TASKS) for _ in range(8)))

    assert len({answer.body for answer in answers}) == 1
    assert doors.counts == (7, 1)


async def test_those_who_wait_share_what_is_read_after_they_asked(doors: Doors) -> None:
    """However often rows change: whoever asks waits for two readings at most, and gets what is new."""

    async def change(events: int) -> None:
        async with doors.database.transaction() as session:
            await session.execute(update(Request).where(Request.name == REQUEST).values(events=events))

    await doors.ask(EVENTS)
    asking: list[asyncio.Task[Answer]] = []
    for events in range(1, 6):
        await change(events)
        asking += [asyncio.create_task(doors.ask(EVENTS)) for _ in range(10)]
        await asyncio.sleep(0)
    answers = await asyncio.gather(*asking)

    for number, answer in enumerate(answers):
        assert int(orjson.loads(answer.body)["data"]["request"]["events"]) >= number // 10 + 1
    _again, read = doors.counts
    assert read <= 1 + 2 * 5


async def test_what_is_each_ones_own_affair_is_never_shared(doors: Doors) -> None:
    people = [Viewer(f"person {number}", ALL_RIGHTS.rights) for number in range(10)]

    for _ in range(2):
        answers = await asyncio.gather(*(doors.ask("{ viewer { name } }", person) for person in people))

        names = [orjson.loads(answer.body)["data"]["viewer"]["name"] for answer in answers]
        assert names == [person.name for person in people]


@dataclass(frozen=True)
class Reading:
    """What a reader was told: the version the answer stated, what it said, and what was committed before."""

    version: int
    events: int
    committed_before: int


def too_old(readings: Sequence[Reading], commits: dict[int, int]) -> list[Reading]:
    """Return the readings that are older than their version says, or than what was committed before them."""
    return [
        reading
        for reading in readings
        if reading.events < reading.committed_before
        or reading.events
        < max((e for version, e in commits.items() if version <= reading.version), default=0)
    ]


async def test_no_answer_is_older_than_its_version_while_another_process_writes(doors: Doors) -> None:
    url = doors.database.url.render_as_string(hide_password=False)
    async with doors.database.transaction() as session:
        await session.execute(update(Request).where(Request.name == REQUEST).values(events=1))
    writer = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.writer", url, REQUEST, str(WRITES), str(PAUSE_S)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert writer.stdout is not None
    commits: dict[int, int] = {}
    committed = 0
    readings: list[Reading] = []

    async def follow() -> None:
        nonlocal committed
        assert writer.stdout is not None
        async for line in writer.stdout:
            events, version = map(int, line.split())
            commits[version] = committed = events

    async def read() -> None:
        while writer.returncode is None:
            for document in (EVENTS, NESTED):
                before = committed
                answer = await doors.ask(document)
                assert answer.version is not None
                readings.append(Reading(answer.version, events_in(answer), before))
            await doors.ask(SITES)
            await asyncio.sleep(0)

    await asyncio.gather(follow(), read(), read(), writer.wait())

    assert writer.returncode == 0
    assert committed == WRITES + 1
    assert len({reading.events for reading in readings}) > WRITES / 10
    assert too_old(readings, commits) == []
    # The control: the same readings, had each been one commit late.
    late = [Reading(each.version, each.events - 1, each.committed_before) for each in readings]
    assert too_old(late, commits)
    # Most were no new readings of the database.
    again, read_anew = doors.counts
    assert again > read_anew


def events_in(answer: Answer) -> int:
    data = orjson.loads(answer.body)["data"]
    if "request" in data:
        return int(data["request"]["events"])
    [events] = {int(task["request"]["events"]) for task in data["tasks"]["nodes"]}
    return events


def freshness(answer: Answer) -> dict[str, object]:
    found: dict[str, object] = orjson.loads(answer.body)["extensions"]["freshness"]["panda"]
    return found
