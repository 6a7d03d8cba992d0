"""Read in batches or all at once, the same data break the same invariants."""

from sqlalchemy import update

from gateway.domain.audit import audit
from gateway.practice.generate import generate
from gateway.practice.world import load_practice_world
from gateway.store.database import Database
from gateway.store.datasets import Replica, Rule
from gateway.store.people import Person
from gateway.store.requests import Request
from gateway.store.tasks import Task
from gateway.sync.reconcile import reconcile
from tests.sync import naive
from tests.sync.factories import AT, findings

Row = tuple[str, str, str, str | None]

# The audit knows one scope of each stage, hence of one year; the made-up world has several.
OF_ONE_YEAR = {"output-in-other-scope", "orphan-dataset"}


async def expected(database: Database) -> list[Row]:
    async with database.snapshot() as session:
        world = await naive.world(session, now=AT)
    return sorted(
        (finding.code, finding.subject.key, finding.message, finding.request_name) for finding in audit(world)
    )


async def reconciled(database: Database) -> list[Row]:
    await reconcile(database, at=AT)
    return sorted(
        (row.code, row.subject_key, row.message, row.request_name) for row in await findings(database)
    )


async def test_over_the_productions_of_2025(database: Database) -> None:
    await load_practice_world(database, at=AT)

    rows = await reconciled(database)

    assert len(rows) == 29
    assert rows == await expected(database)


async def test_over_a_made_up_world_with_many_things_wrong(database: Database) -> None:
    await generate(database, 1, seed=7, at=AT)
    async with database.transaction() as session:
        for model, values in (
            (Request, {"events": Request.events + 1, "intent": "READY"}),
            (Task, {"events_reported": 1, "jobs_finished": Task.jobs_finished - 1, "seed_first": 2}),
            (Rule, {"gone_at": AT}),
            (Replica, {"gone_at": AT}),
            (Person, {"is_active": False}),
        ):
            await session.execute(update(model.__table__).values(**values))

    rows = await reconciled(database)

    assert {code for code, *_ in rows} >= {
        "event-remainder",
        "not-submitted-but-there",
        "state-contradicts-count",
        "events-do-not-match-jobs",
        "seeds-differ-in-panda",
        "registered-files-differ",
        "no-rule",
        "no-replica",
    }
    assert rows == [row for row in await expected(database) if row[0] not in OF_ONE_YEAR]
