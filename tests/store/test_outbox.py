"""An attempt is moved only by whoever knows where it is: state, number of sends and holder are compared."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from gateway.domain.submission import ONWARD, OPEN_STATES, AttemptState
from gateway.store.attempts import Attempt, AttemptChange
from gateway.store.database import Database
from gateway.store.outbox import Held, move, postpone
from tests.store.factories import AT, LATER, add_request, attempt, on_one_database

S = AttemptState
KEY = "PROD2025-013.SIM.1"


@pytest.fixture
async def planned(database: Database) -> Database:
    async with database.transaction() as session:
        await add_request(session)
        session.add(attempt(state="PLANNED"))
    return database


async def moved(database: Database, held: Held, to: S, **values: object) -> bool:
    async with database.transaction() as session:
        return await move(session, held, to, at=AT, by="a-worker", values=values)


async def now_is(database: Database) -> tuple[str, int, str | None]:
    async with database.snapshot() as session:
        row = await session.get_one(Attempt, KEY)
        return row.state, row.sends, row.owner


async def test_one_of_two_workers_gets_an_attempt(planned: Database) -> None:
    held = Held(KEY, S.PLANNED, 0)

    first = await moved(planned, held, S.SENDING, owner="one", lease_until=LATER)
    second = await moved(planned, held, S.SENDING, owner="two", lease_until=LATER)

    assert (first, second) == (True, False)
    assert await now_is(planned) == ("SENDING", 1, "one")


@pytest.mark.parametrize(
    "held",
    [
        Held(KEY, S.AMBIGUOUS, 1, "one"),
        Held(KEY, S.SENDING, 2, "one"),
        Held(KEY, S.SENDING, 0, "one"),
        Held(KEY, S.SENDING, 1, "two"),
        Held(KEY, S.SENDING, 1),
        Held("PROD2025-013.SIM.2", S.SENDING, 1, "one"),
    ],
)
async def test_whoever_believes_something_else_changes_nothing(planned: Database, held: Held) -> None:
    await moved(planned, Held(KEY, S.PLANNED, 0), S.SENDING, owner="one", lease_until=LATER)

    assert not await moved(planned, held, S.SUBMITTED, jedi_task_id=7)
    async with planned.transaction() as session:
        assert not await postpone(session, held, LATER)

    assert await now_is(planned) == ("SENDING", 1, "one")
    async with planned.snapshot() as session:
        changes = await session.scalars(select(AttemptChange.to_state))
        assert changes.all() == ["SENDING"]


async def test_a_slow_look_at_the_first_sending_cannot_plan_the_second_again(planned: Database) -> None:
    slow = Held(KEY, S.AMBIGUOUS, 1)
    await moved(planned, Held(KEY, S.PLANNED, 0), S.SENDING, owner="one", lease_until=LATER)
    await moved(planned, Held(KEY, S.SENDING, 1, "one"), S.AMBIGUOUS, settles_at=LATER)
    await moved(planned, slow, S.PLANNED)
    await moved(planned, Held(KEY, S.PLANNED, 1), S.SENDING, owner="two", lease_until=LATER)
    await moved(planned, Held(KEY, S.SENDING, 2, "two"), S.AMBIGUOUS, settles_at=LATER)

    assert not await moved(planned, slow, S.PLANNED)

    assert await now_is(planned) == ("AMBIGUOUS", 2, None)


async def test_what_a_worker_left_in_the_middle_is_never_planned_by_another(planned: Database) -> None:
    await moved(planned, Held(KEY, S.PLANNED, 0), S.SENDING, owner="one", lease_until=LATER)

    for owner in (None, "two"):
        assert not await moved(planned, Held(KEY, S.SENDING, 1, owner), S.PLANNED)

    assert await now_is(planned) == ("SENDING", 1, "one")


async def test_a_refused_attempt_is_live_no_more(planned: Database) -> None:
    await moved(planned, Held(KEY, S.PLANNED, 0), S.SENDING, owner="one", lease_until=LATER)

    async with planned.transaction() as session:
        held = Held(KEY, S.SENDING, 1, "one")
        await move(session, held, S.REJECTED, at=AT, by="one", reason="PanDA says no")

    async with planned.snapshot() as session:
        row = await session.get_one(Attempt, KEY)
        assert (row.is_live, row.reason, row.lease_until, row.owner) == (False, "PanDA says no", None, None)


async def test_a_move_that_no_attempt_makes_is_an_error(planned: Database) -> None:
    never = [(old, new) for old, new in product(S, S) if new not in ONWARD[old]]

    async with planned.transaction() as session:
        for old, new in never:
            with pytest.raises(ValueError, match="never becomes"):
                await move(session, Held(KEY, old, 0), new, at=AT, by="x")

    assert len(never) == 81 - sum(map(len, ONWARD.values()))
    assert await now_is(planned) == ("PLANNED", 0, None)


def test_every_open_state_has_a_way_on_and_no_other_has() -> None:
    assert {state for state in S if ONWARD[state]} == OPEN_STATES
    # The rule of it all: what may have been sent is planned again from two states only, and by a look-up.
    assert {state for state in S if S.PLANNED in ONWARD[state]} == {
        *(S.WAITING, S.NEEDS_LOGIN),
        *(S.SENDING,),
        *(S.AMBIGUOUS, S.STUCK),
    }


@on_one_database
@given(st.lists(st.tuples(st.sampled_from(S), st.sampled_from(["one", "two"])), max_size=12))
async def test_after_any_moves_the_record_tells_them_all(
    planned: Database, steps: list[tuple[S, str]]
) -> None:
    async with planned.transaction() as session:
        row = await session.get_one(Attempt, KEY)
        row.state, row.sends, row.owner, row.is_live = "PLANNED", 0, None, True
        before = len((await session.scalars(select(AttemptChange.id))).all())
    state, sends, owner = S.PLANNED, 0, None
    expected = []

    for to, by in steps:
        if to not in ONWARD[state]:
            continue
        taken = {"owner": by, "lease_until": LATER} if to is S.SENDING else {}
        assert await moved(planned, Held(KEY, state, sends, owner), to, **taken)
        state, sends, owner = to, sends + (to is S.SENDING), by if to is S.SENDING else None
        expected.append((to.value, sends))

    async with planned.snapshot() as session:
        changes = await session.execute(
            select(AttemptChange.to_state, AttemptChange.sends).order_by(AttemptChange.id).offset(before)
        )
        assert [(row.to_state, row.sends) for row in changes] == expected
    assert await now_is(planned) == (state.value, sends, owner)


async def test_a_life_cannot_be_rewritten(planned: Database) -> None:
    await moved(planned, Held(KEY, S.PLANNED, 0), S.SENDING, owner="one", lease_until=LATER)

    with pytest.raises(Exception, match="only ever added"):
        async with planned.transaction() as session:
            await session.execute(delete(AttemptChange))
