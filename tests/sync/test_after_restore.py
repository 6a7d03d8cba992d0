"""A database that was restored: what was sent after the backup is not sent again, what ended stays ended."""

import datetime as dt

import pytest
from sqlalchemy import select

from gateway.auth.viewer import Viewer
from gateway.domain.submission import Accepted, FoundTask, LookUp
from gateway.errors import EventsError
from gateway.resolvers.after_restore import Restored, after_restore
from gateway.store.audit import AuditRow
from gateway.store.database import Database
from gateway.store.events import EventKind, tell
from gateway.store.feed import Feed
from gateway.store.logins import AccessTokenRow, BrowserSession
from gateway.store.row_changes import RowChange
from gateway.store.versions import DataVersion
from tests.sync.test_outbox import ABSENT, CHILD, KEY, START, TIMING, World, found, life, plan, work

OPERATOR = Viewer("operator")
SETTLES_AT = START + TIMING.lease + TIMING.settle
SENT = LookUp({f"key-of-{KEY}": (FoundTask(77, "running"),)}, proves_absence=False)


async def restore(database: Database) -> Restored:
    return await after_restore(
        database, OPERATOR, reason="the disk was lost", now=START, settles_at=SETTLES_AT
    )


async def test_what_was_sent_after_the_backup_is_found_and_not_sent_again(database: Database) -> None:
    await plan(database)
    world = World(look_ups=[SENT])

    restored = await restore(database)
    await work(database, world)

    row = await found(database)
    assert restored == Restored(attempts=1, sessions=0, tokens=0)
    assert (row.state, row.jedi_task_id, world.sent) == ("SUBMITTED", 77, [])
    async with database.snapshot() as session:
        entry = (await session.scalars(select(AuditRow).where(AuditRow.action == "restored"))).one()
    assert (entry.actor, entry.reason) == ("operator", "the disk was lost")


async def test_without_the_word_it_would_be_sent_a_second_time(database: Database) -> None:
    await plan(database)
    world = World(replies=[Accepted(78)], look_ups=[SENT])

    await work(database, world)

    assert len(world.sent) == 1


async def test_what_was_not_sent_is_sent_once_its_absence_is_proved_after_the_settling_time(
    database: Database,
) -> None:
    await plan(database)
    world = World(replies=[Accepted(79)], look_ups=[ABSENT, ABSENT])
    await restore(database)

    await work(database, world)
    early = (await found(database)).state
    world.after(SETTLES_AT - START)
    await work(database, world)

    assert early == "AMBIGUOUS"
    assert ((await found(database)).jedi_task_id, len(world.sent)) == (79, 1)
    assert await life(database) == ["AMBIGUOUS", "PLANNED", "SENDING", "SUBMITTED"]


async def test_a_step_that_waited_for_another_waits_again(database: Database) -> None:
    await plan(database, state="SUBMITTED")
    await plan(database, CHILD, state="WAITING", parent=KEY, mode="GATED")
    world = World(look_ups=[ABSENT])
    restored = await restore(database)

    world.after(SETTLES_AT - START)
    await work(database, world)

    assert restored.attempts == 1
    assert ((await found(database, CHILD)).state, world.sent) == ("WAITING", [])


async def test_logins_end_and_tokens_are_revoked(database: Database) -> None:
    later = START + dt.timedelta(days=1)
    async with database.transaction() as session:
        session.add(
            BrowserSession(
                id_hash="h",
                subject="s",
                username="prodman",
                name="Production Manager",
                groups="[]",
                created_at=START,
                last_seen_at=START,
                ends_at=later,
            )
        )
        for name in ("one", "two"):
            session.add(
                AccessTokenRow(
                    subject="s", name=name, secret_hash=name, rights="READ", created_at=START, ends_at=later
                )
            )

    restored = await restore(database)

    async with database.snapshot() as session:
        ended = (await session.scalars(select(AccessTokenRow.revoked_at))).all()
        sessions = (await session.scalars(select(BrowserSession))).all()
    assert (restored.sessions, restored.tokens) == (1, 2)
    assert (sessions, set(ended)) == ([], {START})


async def versions(database: Database) -> dict[str, int]:
    async with database.snapshot() as session:
        rows = await session.execute(select(DataVersion.table_name, DataVersion.version))
        return {row.table_name: row.version for row in rows}


async def test_numbers_go_on_above_those_that_were_given(database: Database) -> None:
    async with database.transaction() as session:
        tell(session, EventKind.TASK, "361", at=START)
    before = await versions(database)

    await restore(database)
    async with database.transaction() as session:
        tell(session, EventKind.TASK, "362", at=START)

    after = await versions(database)
    assert before["events"] == 1
    assert all(after[table] > 1_000_000_000 for table in before)
    # A reader that had come further than the backup is told to read anew, and so is one that had not.
    for seen in (1, 2, 5_000):
        with pytest.raises(EventsError, match="no longer known"):
            async with Feed(database).reading(EventKind.TASK, after=seen):
                pass


async def test_numbers_of_events_that_come_do_not_collide(database: Database) -> None:
    await restore(database)

    for task in range(3):
        async with database.transaction() as session:
            tell(session, EventKind.TASK, str(task), at=START)

    async with Feed(database).reading(EventKind.TASK, after=1_000_000_000) as changes:
        assert [(await anext(changes)).number for _ in range(3)] == [1_000_000_001 + n for n in range(3)]


async def test_the_log_of_changed_rows_begins_anew(database: Database) -> None:
    async with database.transaction() as session:
        session.add(RowChange(id=10**9, table_name="stages", points='["S7"]', number=10**12))

    await restore(database)

    async with database.snapshot() as session:
        left = await session.scalars(select(RowChange.number).where(RowChange.number == 10**12))
        assert left.all() == []
