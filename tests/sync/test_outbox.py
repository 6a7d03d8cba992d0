"""The outbox: what each answer proves, who is asked to log in, and when a chain goes on."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select, update

from gateway.auth.permissions import Right
from gateway.domain.steering import CommandKind
from gateway.domain.submission import (
    Accepted,
    FoundTask,
    LoginNeeded,
    LookUp,
    NotSent,
    Refused,
    Reply,
    Timing,
    Unknown,
)
from gateway.errors import CredentialMissingError, UnreachableError
from gateway.store.attempts import Attempt, AttemptChange, Submission, TaskCommand
from gateway.store.audit import AuditRow
from gateway.store.database import Database
from gateway.store.datasets import Dataset
from gateway.store.remembered import remember
from gateway.store.requests import Request
from gateway.store.sources import SourceName
from gateway.sync.outbox import Outbox
from tests.store.factories import add_request, attempt, task

START = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
KEY = "PROD2025-013.SIM.1"
CHILD = "PROD2025-013.RECO.1"
TIMING = Timing()
NOTHING = LookUp({}, proves_absence=False)
ABSENT = LookUp({}, proves_absence=True)


@dataclass
class World:
    """Time, PanDA's answers and people's tokens, as a test wants them."""

    now: dt.datetime = START
    replies: list[Reply] = field(default_factory=list)
    look_ups: list[LookUp | UnreachableError] = field(default_factory=list)
    token: str | CredentialMissingError | UnreachableError = "a-token"
    sent: list[tuple[str, object, int | None]] = field(default_factory=list)
    commands: list[tuple[str, int, CommandKind]] = field(default_factory=list)
    looked_for: list[set[str]] = field(default_factory=list)
    canaries: list[set[int]] = field(default_factory=list)

    async def token_for(self, credential: str, audience: str, right: Right) -> str:
        assert (credential, audience, right) == ("person-1", "panda", Right.SUBMIT)
        if isinstance(self.token, Exception):
            raise self.token
        return self.token

    async def submit(
        self,
        token: str,
        parameters: Mapping[str, object],
        parent_task_id: int | None,
        *,
        may_begin: Callable[[], bool],
    ) -> Reply:
        if not may_begin():
            return NotSent("too late")
        self.sent.append((token, parameters["taskName"], parent_task_id))
        return self.replies.pop(0)

    async def command(
        self, token: str, task_id: int, kind: CommandKind, arguments: Mapping[str, object] | None = None
    ) -> Reply:
        assert not arguments
        self.commands.append((token, task_id, kind))
        return Accepted(0)

    async def find(
        self, keys: Collection[str], *, since: dt.datetime, canaries: Mapping[int, dt.datetime]
    ) -> LookUp:
        assert since == START
        self.looked_for.append(set(keys))
        self.canaries.append(set(canaries))
        found = self.look_ups.pop(0) if self.look_ups else NOTHING
        if isinstance(found, Exception):
            raise found
        return found

    def after(self, time: dt.timedelta) -> None:
        self.now += time


async def work(database: Database, world: World, owner: str = "gateway-0") -> None:
    outbox = Outbox(
        database, world, world, world, clock=lambda: world.now, owner=owner, timing=TIMING, per_second=1000
    )
    await outbox.work()
    await outbox.drain()
    await outbox.close()


async def plan(
    database: Database,
    key: str = KEY,
    *,
    state: str = "PLANNED",
    credential: str | None = "person-1",
    parent: str | None = None,
    mode: str | None = None,
    outputs: Sequence[str] = (),
    needs: Right = Right.SUBMIT,
) -> None:
    step_key, _, number = key.rpartition(".")
    async with database.transaction() as session:
        if parent is None:
            await add_request(session)
        session.add(
            attempt(int(number), key=key, step_key="PROD2025-013.SIM", state=state, origin="gateway")
            if parent is None
            else attempt(2, key=key, task_name=step_key, state=state, origin="gateway", is_live=False)
        )
        await session.flush()
        session.add(
            Submission(
                attempt_key=key,
                submission_key=f"key-of-{key}",
                parameters={"taskName": step_key},
                parameters_hash="0" * 64,
                outputs=list(outputs),
                parent_attempt_key=parent,
                mode=mode,
                min_fraction=0.99,
                credential=credential,
                needs=needs.value,
                planned_at=START,
            )
        )


async def found(database: Database, key: str = KEY) -> Attempt:
    async with database.snapshot() as session:
        return await session.get_one(Attempt, key)


async def life(database: Database, key: str = KEY) -> list[str]:
    async with database.snapshot() as session:
        rows = await session.scalars(
            select(AttemptChange.to_state).where(AttemptChange.attempt_key == key).order_by(AttemptChange.id)
        )
        return list(rows)


async def remember_task(database: Database, jedi_task_id: int, **changes: object) -> None:
    async with database.transaction() as session:
        await remember(session, [task(jedi_task_id, **changes)], source=SourceName.PANDA, at=START)


@pytest.mark.parametrize(
    ("reply", "state", "reason", "outcome"),
    [
        (Accepted(77), "SUBMITTED", None, "done"),
        (Refused("PanDA says no"), "REJECTED", "PanDA says no", "refused"),
        (LoginNeeded("log in"), "NEEDS_LOGIN", "log in", "refused"),
        (NotSent("nobody listens"), "PLANNED", "nobody listens", "failed"),
        (Unknown("the line went dead"), "AMBIGUOUS", "the line went dead", "unknown"),
    ],
)
async def test_each_answer_leads_to_its_state_and_is_in_the_trail(
    database: Database, reply: Reply, state: str, reason: str | None, outcome: str
) -> None:
    await plan(database)
    world = World(replies=[reply])

    await work(database, world)

    row = await found(database)
    assert (row.state, row.reason, row.sends, row.owner, row.lease_until) == (state, reason, 1, None, None)
    assert row.jedi_task_id == (77 if state == "SUBMITTED" else None)
    assert world.sent == [("a-token", "PROD2025-013.SIM", None)]
    async with database.snapshot() as session:
        entry = (await session.scalars(select(AuditRow))).one()
    assert (entry.action, entry.object_key, entry.outcome) == ("submitStep", KEY, outcome)


async def test_a_lost_answer_is_not_sent_again_until_its_absence_is_proved_after_the_settling_time(
    database: Database,
) -> None:
    await plan(database)
    world = World(replies=[Unknown("lost"), Accepted(78)])
    settles = TIMING.lease + TIMING.settle

    await work(database, world)
    for look_up in (ABSENT, ABSENT):
        world.after(settles / 3)
        world.look_ups.append(look_up)
        await work(database, world)
    assert (await found(database)).state == "AMBIGUOUS"

    world.after(settles / 3 - dt.timedelta(seconds=1))
    world.look_ups.append(ABSENT)
    await work(database, world)
    assert ((await found(database)).state, len(world.sent)) == ("AMBIGUOUS", 1)

    # Late enough, but the answer may lack something: nothing is concluded.
    for unproven in (NOTHING, UnreachableError("panda", "no")):
        world.after(TIMING.look_every)
        world.look_ups.append(unproven)
        await work(database, world)
    assert ((await found(database)).state, len(world.sent)) == ("AMBIGUOUS", 1)

    world.after(TIMING.look_every)
    world.look_ups.append(ABSENT)
    await work(database, world)
    row = await found(database)
    assert (row.state, row.jedi_task_id, row.sends, len(world.sent)) == ("SUBMITTED", 78, 2, 2)
    assert await life(database) == ["SENDING", "AMBIGUOUS", "PLANNED", "SENDING", "SUBMITTED"]


async def test_a_task_with_our_key_is_taken_at_once_and_the_oldest_of_several(database: Database) -> None:
    await plan(database)
    world = World(replies=[Unknown("lost")])
    await work(database, world)
    world.after(TIMING.look_every)
    tasks = (FoundTask(81, "registered"), FoundTask(82, "registered"))
    world.look_ups.append(LookUp({f"key-of-{KEY}": tasks}, proves_absence=False))

    await work(database, world)

    row = await found(database)
    assert (row.state, row.jedi_task_id, len(world.sent)) == ("SUBMITTED", 81, 1)


async def test_a_task_that_was_read_with_all_others_settles_it_without_a_look_up(database: Database) -> None:
    await plan(database)
    world = World(replies=[Unknown("lost")])
    await work(database, world)
    await remember_task(database, 83, submission_key=f"key-of-{KEY}")
    world.after(TIMING.look_every)

    await work(database, world)

    assert (await found(database)).jedi_task_id == 83
    assert world.looked_for == []


async def test_what_a_dead_worker_was_sending_is_in_doubt_and_settles_from_the_end_of_its_lease(
    database: Database,
) -> None:
    await plan(database)
    async with database.transaction() as session:
        await session.execute(
            update(Attempt).values(
                state="SENDING", sends=1, owner="dead", lease_until=START + TIMING.lease, submitted_at=START
            )
        )
    world = World(look_ups=[ABSENT])
    world.after(TIMING.lease)
    await work(database, world)
    assert (await found(database)).state == "SENDING"

    world.after(dt.timedelta(seconds=1))
    await work(database, world)

    row = await found(database)
    assert (row.state, row.settles_at) == ("AMBIGUOUS", START + TIMING.lease + TIMING.settle)
    assert world.sent == []


async def test_an_answer_that_comes_after_the_lease_still_counts(database: Database) -> None:
    await plan(database)
    world = World()
    others = World()

    class Slow(World):
        async def submit(self, *_args: object, **_kwargs: object) -> Reply:
            others.now = world.now + TIMING.lease + dt.timedelta(seconds=1)
            await work(database, others, "gateway-1")
            return Accepted(84)

    slow = Slow()
    await work(database, slow)

    row = await found(database)
    assert (row.state, row.jedi_task_id) == ("SUBMITTED", 84)
    assert await life(database) == ["SENDING", "AMBIGUOUS", "SUBMITTED"]


async def test_a_worker_that_slept_beyond_its_time_sends_nothing(database: Database) -> None:
    await plan(database)

    class Sleepy(World):
        async def submit(self, *_args: object, may_begin: Callable[[], bool], **_kwargs: object) -> Reply:
            self.after(TIMING.lease - TIMING.deadline)
            return await super().submit("a-token", {"taskName": "x"}, None, may_begin=may_begin)

    world = Sleepy(replies=[Accepted(1)])
    await work(database, world)

    assert world.sent == []
    assert (await found(database)).state == "PLANNED"


async def test_who_has_to_log_in_is_waited_for_and_nothing_is_sent_in_another_name(
    database: Database,
) -> None:
    await plan(database)
    world = World(token=CredentialMissingError("log in again"), replies=[Accepted(85)])

    await work(database, world)
    row = await found(database)
    assert (row.state, row.reason, row.sends) == ("NEEDS_LOGIN", "log in again", 0)

    world.after(dt.timedelta(minutes=1))
    await work(database, world)
    assert ((await found(database)).state, world.sent) == ("NEEDS_LOGIN", [])

    world.token = "a-new-token"
    world.after(dt.timedelta(minutes=1))
    await work(database, world)
    assert (await found(database)).state == "SUBMITTED"
    assert world.sent == [("a-new-token", "PROD2025-013.SIM", None)]


async def test_nobodys_submission_is_not_sent(database: Database) -> None:
    await plan(database, credential=None)
    world = World()

    await work(database, world)

    assert ((await found(database)).state, world.sent) == ("NEEDS_LOGIN", [])


async def test_while_iam_is_silent_everything_stays_planned(database: Database) -> None:
    await plan(database)
    world = World(token=UnreachableError("iam", "iam cannot be reached"))

    await work(database, world)

    assert ((await found(database)).state, world.sent) == ("PLANNED", [])


async def test_of_a_request_on_hold_nothing_is_sent(database: Database) -> None:
    await plan(database)
    world = World(replies=[Accepted(87)])
    async with database.transaction() as session:
        await session.execute(update(Request).values(intent="ON_HOLD", intent_before_hold="SUBMITTED"))

    await work(database, world)
    held = (await found(database)).state
    async with database.transaction() as session:
        await session.execute(update(Request).values(intent="SUBMITTED", intent_before_hold=None))
    await work(database, world)

    assert (held, (await found(database)).state) == ("PLANNED", "SUBMITTED")


async def test_what_stays_in_doubt_for_a_day_is_for_a_person(database: Database) -> None:
    await plan(database)
    world = World(replies=[Unknown("lost")])
    await work(database, world)

    world.after(TIMING.lease + TIMING.settle + TIMING.give_up + dt.timedelta(seconds=1))
    await work(database, world)
    assert ((await found(database)).state, len(world.sent)) == ("STUCK", 1)

    # And when PanDA can tell again, nobody has to do anything.
    world.after(TIMING.look_every)
    world.look_ups.append(LookUp({f"key-of-{KEY}": (FoundTask(86, "done"),)}, proves_absence=True))
    await work(database, world)
    assert (await found(database)).jedi_task_id == 86


async def test_canaries_are_tasks_that_are_over_and_were_seen_lately(database: Database) -> None:
    await plan(database)
    recent, old = START - dt.timedelta(days=1), START - dt.timedelta(days=81)
    await remember_task(database, 1, status="done", modified_at=recent)
    await remember_task(database, 2, status="running", modified_at=recent)
    await remember_task(database, 3, status="done", modified_at=old)
    world = World(replies=[Unknown("lost")])
    await work(database, world)
    world.after(TIMING.look_every)

    await work(database, world)

    assert world.canaries == [{1}]


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        ({"status": "running"}, "WAITING"),
        ({"status": "failed"}, "WAITING"),
        ({"status": "finished", "jobs_expected": 1000, "jobs_finished": 989}, "WAITING"),
        ({"status": "finished", "jobs_expected": 1000, "jobs_finished": 990}, "PLANNED"),
        ({"status": "done"}, "PLANNED"),
    ],
)
async def test_a_gated_step_waits_for_a_good_end_of_the_one_before(
    database: Database, parent: Mapping[str, object], expected: str
) -> None:
    await plan_chain(database, "GATED")
    await remember_task(database, 90, **parent)
    await remember_outputs(database, "MC2025_S2:one", "MC2025_S2:two")
    world = World(token=UnreachableError("iam", "nothing is to be sent here"))

    await work(database, world)

    assert (await found(database, CHILD)).state == expected


async def test_a_gated_step_waits_until_rucio_has_every_output(database: Database) -> None:
    await plan_chain(database, "GATED")
    await remember_task(database, 90, status="done")
    await remember_outputs(database, "MC2025_S2:one")
    world = World(token=UnreachableError("iam", "nothing is to be sent here"))

    await work(database, world)
    before = (await found(database, CHILD)).state
    await remember_outputs(database, "MC2025_S2:two")
    await work(database, world)

    assert (before, (await found(database, CHILD)).state) == ("WAITING", "PLANNED")


async def test_a_native_step_is_sent_with_its_parent_once_panda_knows_that(database: Database) -> None:
    await plan_chain(database, "NATIVE")
    world = World(replies=[Accepted(91)])

    await work(database, world)
    assert world.sent == []
    await remember_task(database, 90, status="registered")
    await work(database, world)

    assert world.sent == [("a-token", "PROD2025-013.RECO", 90)]


async def test_a_step_whose_parent_was_refused_is_cancelled(database: Database) -> None:
    await plan_chain(database, "GATED")
    async with database.transaction() as session:
        await session.execute(
            update(Attempt).where(Attempt.key == KEY).values(state="REJECTED", jedi_task_id=None)
        )

    await work(database, World())

    row = await found(database, CHILD)
    assert (row.state, row.reason) == ("CANCELLED", f"{KEY}, which it would read, was rejected")


async def plan_chain(database: Database, mode: str) -> None:
    outputs = ("MC2025_S2:one", "MC2025_S2:two")
    await plan(database, state="SUBMITTED", outputs=outputs)
    async with database.transaction() as session:
        await session.execute(update(Attempt).values(jedi_task_id=90))
    await plan(database, CHILD, state="WAITING", parent=KEY, mode=mode)


async def remember_outputs(database: Database, *dids: str) -> None:
    rows = [Dataset(did=did, scope="MC2025_S2", name=did.rpartition(":")[2]) for did in dids]
    async with database.transaction() as session:
        await remember(session, rows, source=SourceName.RUCIO, at=START)


async def test_a_task_too_many_is_killed_in_the_submitters_name_and_not_again_at_once(
    database: Database,
) -> None:
    await plan(database)
    world = World(replies=[Accepted(95)])
    await work(database, world)
    for task_id in (95, 96):
        await remember_task(database, task_id, submission_key=f"key-of-{KEY}", status="running")
    await remember_task(database, 97, submission_key=f"key-of-{KEY}", status="aborted")

    await work(database, world)
    await work(database, world)

    assert world.commands == [("a-token", 96, CommandKind.KILL)]
    async with database.snapshot() as session:
        command = (await session.scalars(select(TaskCommand))).one()
        entry = (await session.scalars(select(AuditRow).where(AuditRow.action == "stopDuplicate"))).one()
    assert (command.state, command.asked_by) == ("TAKEN", "gateway")
    assert command.message == f"it repeats {KEY}, which is task 95"
    assert (entry.object_key, entry.outcome) == ("96", "done")


async def test_nothing_is_killed_while_the_attempt_itself_is_in_doubt(database: Database) -> None:
    await plan(database)
    world = World(replies=[Unknown("lost")])
    await work(database, world)
    for task_id in (95, 96):
        await remember_task(database, task_id, submission_key=f"key-of-{KEY}", status="running")

    await work(database, world)

    assert world.commands == []
