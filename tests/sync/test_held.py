"""Rows that were missing all at once: shown with examples, and gone only by a person's word for them."""

import random

import pytest
from sqlalchemy import select

from gateway.auth.permissions import Right
from gateway.auth.viewer import Viewer
from gateway.errors import BrokenError
from gateway.store.audit import AuditRow
from gateway.store.database import Database
from gateway.store.sync_jobs import HeldRemoval
from gateway.sync.engine import Engine
from gateway.sync.jobs import Job
from tests.support.asking import Asker
from tests.sync.test_engine import PACE, START, Bench, Clock, Upstream, queue

JOB = "cric.queues"
OPERATOR = Viewer(
    "Operator", frozenset({Right.READ, Right.OPERATE}), subject="subject of operator", username="operator"
)
HELD = """
{ sources { name holdReason isStale
            jobs { name held { section rows knownRows examples heldAt releasedAt releasedBy } } } }
"""
RELEASE = """
mutation ($job: String!) {
  releaseRemovals(source: CRIC, job: $job, reason: "the site was closed") {
    ... on RemovalsReleased { job rows sections }
    ... on NothingHeld { message }
  }
}
"""


@pytest.fixture
async def bench(database: Database) -> Bench:
    """Thirty queues, of which all but four are missing after a reading."""
    clock = Clock()
    upstream = Upstream({f"Q{n:02}": queue(f"Q{n:02}") for n in range(30)}, clock=clock)
    engine = Engine(database, {JOB: Job(upstream, PACE)}, clock=clock, owner="one", chance=random.Random(7))
    await engine.register()
    bench = Bench(database, clock, upstream, engine)
    await bench.run()
    upstream.queues = {f"Q{n:02}": queue(f"Q{n:02}") for n in range(4)}
    await bench.run()
    return bench


@pytest.fixture
def ask(bench: Bench) -> Asker:
    return Asker(bench.database, START, OPERATOR)


async def trail(database: Database) -> list[tuple[str, str, str, str, str | None]]:
    async with database.snapshot() as session:
        rows = await session.scalars(select(AuditRow).order_by(AuditRow.number))
        return [(row.actor, row.action, row.object_key, row.outcome, row.reason) for row in rows]


async def held(database: Database) -> dict[str, int]:
    async with database.snapshot() as session:
        return {row.section: row.rows for row in await session.scalars(select(HeldRemoval))}


async def test_what_is_held_is_shown_with_its_number_and_examples(ask: Asker) -> None:
    (source,) = (await ask(HELD))["sources"]

    assert source["holdReason"] == (
        "queues: 26 of 30 known rows are missing at once; nothing was marked as gone"
    )
    assert source["isStale"] is True
    assert source["jobs"] == [
        {
            "name": JOB,
            "held": [
                {
                    "section": "queues",
                    "rows": 26,
                    "knownRows": 30,
                    "examples": [f"Q{n:02}" for n in range(4, 14)],
                    "heldAt": START.isoformat(),
                    "releasedAt": None,
                    "releasedBy": None,
                }
            ],
        }
    ]


async def test_released_rows_are_gone_after_the_next_reading_and_the_trail_says_who(
    bench: Bench, ask: Asker
) -> None:
    answer = await ask(RELEASE, job=JOB)
    before = len(await bench.present())

    report = await bench.engine.run_if_due(JOB)

    assert answer == {"releaseRemovals": {"job": JOB, "rows": 26, "sections": ["queues"]}}
    assert report is not None
    assert (before, report.verdict, report.is_whole, report.outcome.gone) == (30, "OK", True, 26)
    assert await bench.present() == {"Q00", "Q01", "Q02", "Q03"}
    assert await held(bench.database) == {}
    assert (await bench.job()).hold_reason is None
    assert await trail(bench.database) == [
        ("operator", "releaseRemovals", JOB, "done", "the site was closed")
    ]


async def test_without_a_word_nothing_goes_however_often_it_is_read(bench: Bench) -> None:
    """The control of the test above."""
    verdicts = [await bench.run() for _time in range(4)]

    assert verdicts == ["HELD"] * 4
    assert len(await bench.present()) == 30


async def test_rows_that_are_back_stay_and_the_word_is_spent(bench: Bench, ask: Asker) -> None:
    await ask(RELEASE, job=JOB)
    bench.upstream.queues = {f"Q{n:02}": queue(f"Q{n:02}") for n in range(30)}
    await bench.run()
    bench.upstream.queues = {}

    await bench.run()

    assert len(await bench.present()) == 30
    assert await held(bench.database) == {"queues": 30}


async def test_a_word_is_for_the_rows_it_was_given_for(bench: Bench, ask: Asker) -> None:
    await ask(RELEASE, job=JOB)
    bench.upstream.queues = {"Q00": queue("Q00")}

    await bench.run()

    assert await bench.present() == {"Q00", "Q01", "Q02", "Q03"}
    assert await held(bench.database) == {"queues": 3}


async def test_an_error_in_between_leaves_the_word_standing(bench: Bench, ask: Asker) -> None:
    await ask(RELEASE, job=JOB)
    bench.upstream.fault = lambda: BrokenError("cric", "failed")
    await bench.run()
    bench.upstream.fault = None

    await bench.run()

    assert len(await bench.present()) == 4


async def test_without_the_right_nothing_is_released_and_the_trail_says_so(bench: Bench, ask: Asker) -> None:
    ask.viewer = Viewer("Analyst", frozenset({Right.READ}), subject="subject of analyst", username="analyst")

    answer = await ask.answer(RELEASE, job=JOB)
    await bench.run()

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert len(await bench.present()) == 30
    assert [(actor, outcome) for actor, _action, _key, outcome, _why in await trail(bench.database)] == [
        ("analyst", "refused")
    ]


@pytest.mark.parametrize("job", ["cric.sites", "rucio.rules", "nonsense"])
async def test_a_reading_that_holds_nothing_is_named(bench: Bench, ask: Asker, job: str) -> None:
    answer = await ask(RELEASE, job=job)

    assert answer["releaseRemovals"] == {"message": f"CRIC has no reading {job} that holds anything."}
    assert await held(bench.database) == {"queues": 26}
    assert await trail(bench.database) == []
