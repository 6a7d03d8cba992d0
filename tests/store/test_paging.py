"""Walking pages by cursor meets every row once, in the order Python sorts, whatever happens meanwhile."""

import base64
import datetime as dt
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from gateway.errors import CursorError, FilterError
from gateway.store.database import Database
from gateway.store.paging import (
    DEFAULT_PAGE_ROWS,
    MAX_CURSOR_CHARS,
    MAX_PAGE_ROWS,
    Order,
    PageArguments,
    SortKey,
    beyond,
    decode_cursor,
    encode_cursor,
    order_by,
)
from gateway.store.remembered import remember
from gateway.store.sources import SourceName
from gateway.store.tasks import Task
from tests.store.factories import AT, LATER, LATEST, on_one_database, task

C = Task.__table__.c
KEY = SortKey("jedi_task_id", C.jedi_task_id, is_nullable=False)
NAME = SortKey("name", C.name, is_nullable=False)
FINISHED = SortKey("jobs_finished", C.jobs_finished, is_nullable=True)
WALLTIME = SortKey("walltime_reported", C.walltime_reported, is_nullable=True)
ENDED = SortKey("ended_at", C.ended_at, is_nullable=True)
SORTABLE = (NAME, FINISHED, WALLTIME, ENDED)


def descending(key: SortKey) -> SortKey:
    return SortKey(key.attribute, key.column, key.is_nullable, is_descending=True)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    keys = draw(st.lists(st.sampled_from(SORTABLE), unique=True, max_size=4))
    return tuple(descending(key) if draw(st.booleans()) else key for key in [*keys, KEY])


# Few different values, so that rows are equal in some of them.
contents = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["", "PROD", "prod", "Пи", "a|b", "é"]),
        "jobs_finished": st.none() | st.sampled_from([0, 1, -1, 2**63 - 1, -(2**63)]),
        "walltime_reported": st.none() | st.sampled_from([0.1, 0.30000000000000004, -1.5, 1e300]),
        "ended_at": st.none() | st.sampled_from([AT, LATER, LATEST, AT + dt.timedelta(microseconds=1)]),
    }
)


def tasks_of(contents: Sequence[dict[str, Any]], start: int = 1) -> list[Task]:
    return [task(number, **content) for number, content in enumerate(contents, start=start)]


def in_order(rows: Sequence[Task], order: Order) -> list[int]:
    """The rows' ids as Python sorts them: a stable sort per key from the last to the first, nulls behind."""
    ordered = list(rows)
    for key in reversed(order):
        values = [(row, getattr(row, key.attribute)) for row in ordered]
        known = [pair for pair in values if pair[1] is not None]
        known.sort(key=lambda pair: pair[1], reverse=key.is_descending)
        ordered = [row for row, _ in known] + [row for row, value in values if value is None]
    return [row.jedi_task_id for row in ordered]


async def fill(database: Database, rows: Sequence[Task]) -> None:
    async with database.transaction() as session:
        await session.execute(delete(Task))
        await remember(session, rows, source=SourceName.PANDA, at=AT)


async def add(database: Database, row: Task) -> None:
    async with database.transaction() as session:
        await remember(session, [row], source=SourceName.PANDA, at=AT)


async def page(
    database: Database, order: Order, rows: int, cursor: str | None, *, is_backward: bool
) -> tuple[list[int], str | None]:
    """One page in reading direction, and the cursor of its last row."""
    statement = select(Task).order_by(*order_by(order, is_backward=is_backward)).limit(rows)
    if cursor is not None:
        statement = statement.where(beyond(order, decode_cursor(order, cursor), is_backward=is_backward))
    async with database.snapshot() as session:
        found = (await session.scalars(statement)).all()
        return [row.jedi_task_id for row in found], encode_cursor(order, found[-1]) if found else None


async def walked(
    database: Database,
    order: Order,
    rows: int,
    *,
    is_backward: bool,
    arriving: Sequence[Task] = (),
) -> list[int]:
    """All rows, page by page; before each further page one of the arriving rows is added."""
    seen: list[int] = []
    cursor = None
    waiting = iter(arriving)
    while True:
        found, last = await page(database, order, rows, cursor, is_backward=is_backward)
        if not found:
            return seen
        assert len(found) <= rows
        seen += found
        cursor = last
        if (row := next(waiting, None)) is not None:
            await add(database, row)


@on_one_database
@given(contents=st.lists(contents, max_size=9), order=orders(), rows=st.integers(1, 4))
async def test_pages_forward_meet_every_row_once_in_the_order(
    database: Database, contents: list[dict[str, Any]], order: Order, rows: int
) -> None:
    tasks = tasks_of(contents)
    expected = in_order(tasks, order)
    await fill(database, tasks)

    assert await walked(database, order, rows, is_backward=False) == expected


@on_one_database
@given(contents=st.lists(contents, max_size=9), order=orders(), rows=st.integers(1, 4))
async def test_pages_backward_meet_the_same_rows_from_the_end(
    database: Database, contents: list[dict[str, Any]], order: Order, rows: int
) -> None:
    tasks = tasks_of(contents)
    expected = in_order(tasks, order)
    await fill(database, tasks)

    assert await walked(database, order, rows, is_backward=True) == expected[::-1]


@on_one_database
@given(
    there=st.lists(contents, min_size=1, max_size=7),
    arriving=st.lists(contents, min_size=1, max_size=5),
    order=orders(),
    rows=st.integers(1, 3),
    is_backward=st.booleans(),
)
async def test_rows_that_arrive_meanwhile_neither_hide_nor_repeat_others(
    database: Database,
    there: list[dict[str, Any]],
    arriving: list[dict[str, Any]],
    order: Order,
    rows: int,
    is_backward: bool,
) -> None:
    # Ids of both kinds mixed, lest every new row come last.
    old = [task(2 * number, **content) for number, content in enumerate(there, start=1)]
    new = [task(2 * number - 1, **content) for number, content in enumerate(arriving, start=1)]
    everything = in_order([*old, *new], order)[:: -1 if is_backward else 1]
    known = {row.jedi_task_id for row in old}
    await fill(database, old)

    seen = await walked(database, order, rows, is_backward=is_backward, arriving=new)

    assert [number for number in seen if number in known] == [n for n in everything if n in known]
    assert seen == [number for number in everything if number in set(seen)]
    assert len(seen) == len(set(seen))


async def test_a_row_before_the_cursor_does_not_move_the_page(database: Database) -> None:
    order = (NAME, KEY)
    await fill(database, [task(number, name=f"{number:03}") for number in (10, 20, 30, 40)])
    first, cursor = await page(database, order, 2, None, is_backward=False)
    await add(database, task(5, name="005"))

    second, _ = await page(database, order, 2, cursor, is_backward=False)

    assert (first, second) == ([10, 20], [30, 40])


async def test_the_row_of_a_cursor_may_be_gone(database: Database) -> None:
    order = (NAME, KEY)
    await fill(database, [task(number, name=f"{number:03}") for number in (10, 20, 30)])
    _, cursor = await page(database, order, 2, None, is_backward=False)
    async with database.transaction() as session:
        await session.execute(delete(Task).where(Task.jedi_task_id == 20))

    assert (await page(database, order, 2, cursor, is_backward=False))[0] == [30]


def test_a_cursor_holds_the_values_of_its_row_exactly() -> None:
    order = (NAME, FINISHED, WALLTIME, ENDED, KEY)
    in_moscow = AT.astimezone(dt.timezone(dt.timedelta(hours=3)))
    row = task(name="Пи|'\"", jobs_finished=2**63 - 1, walltime_reported=0.1, ended_at=in_moscow)

    values = decode_cursor(order, encode_cursor(order, row))

    assert values == ["Пи|'\"", 2**63 - 1, 0.1, AT, 361]


@pytest.mark.parametrize(
    "other",
    [
        (FINISHED, KEY),
        (descending(NAME), KEY),
        (KEY,),
        (NAME, FINISHED, KEY),
        (NAME, descending(KEY)),
    ],
    ids=["another column", "another direction", "a key less", "a key more", "another last direction"],
)
def test_a_cursor_of_another_order_is_refused(other: Order) -> None:
    cursor = encode_cursor((NAME, KEY), task())

    with pytest.raises(CursorError, match="belongs to another order or list"):
        decode_cursor(other, cursor)


def forged(*values: object, signature: str = "tasks.name,tasks.ended_at,tasks.jedi_task_id") -> str:
    return base64.urlsafe_b64encode(orjson.dumps([signature, *values])).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "0",
        "not base64 at all",
        "ünïcode",
        base64.urlsafe_b64encode(b"not json").decode(),
        base64.urlsafe_b64encode(b"{}").decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        "A" * (MAX_CURSOR_CHARS + 1),
        forged(),
        forged("a", None),
        forged("a", None, 1, 2),
        forged("a", None, 1, signature="another"),
        forged(None, None, 1),
        forged("a", None, None),
        forged("a", None, True),
        forged("a", None, "1"),
        forged("a", None, 1.0),
        forged("a", None, 2**63),
        forged(1, None, 1),
        forged(["a"], None, 1),
        forged({"a": 1}, None, 1),
        forged("a\x00", None, 1),
        forged("a", 5, 1),
        forged("a", "yesterday", 1),
        forged("a", "2026-01-15T09:30:00", 1),
        forged("a", "9999-12-31T23:59:59-01:00", 1),
        forged("a", "0001-01-01T00:00:00+01:00", 1),
    ],
)
def test_what_is_no_cursor_of_ours_is_refused(cursor: str) -> None:
    with pytest.raises(CursorError):
        decode_cursor((NAME, ENDED, KEY), cursor)


def test_a_forged_cursor_that_fits_is_only_a_place_to_start_at() -> None:
    values = decode_cursor((NAME, ENDED, KEY), forged("' OR 1=1 --", "2026-01-15T09:30:00Z", 1))

    assert values == ["' OR 1=1 --", AT, 1]


def test_a_cursor_of_the_longest_texts_is_still_one_of_ours() -> None:
    order = (NAME, SortKey("user_name", C.user_name, is_nullable=True), KEY)

    cursor = encode_cursor(order, task(name="П" * 256, user_name="П" * 128))

    assert decode_cursor(order, cursor) == ["П" * 256, "П" * 128, 361]


def test_a_page_without_arguments_is_the_first_of_the_usual_size() -> None:
    arguments = PageArguments.checked(first=None, after=None, last=None, before=None)

    assert arguments == PageArguments(rows=DEFAULT_PAGE_ROWS, is_backward=False, cursor=None)


def test_a_page_from_the_end_is_read_backward() -> None:
    arguments = PageArguments.checked(first=None, after=None, last=7, before="cursor")

    assert arguments == PageArguments(rows=7, is_backward=True, cursor="cursor")


@pytest.mark.parametrize("rows", [0, MAX_PAGE_ROWS])
def test_a_page_may_be_empty_or_as_large_as_the_maximum(rows: int) -> None:
    assert PageArguments.checked(first=rows, after=None, last=None, before=None).rows == rows


@pytest.mark.parametrize(
    ("first", "after", "last", "before", "reason"),
    [
        (1, None, 1, None, "give `first` or `last`, not both"),
        (None, None, None, "c", "`before` needs `last`"),
        (1, None, None, "c", "`before` needs `last`"),
        (None, "c", 1, None, "`after` cannot be used with `last`"),
        (MAX_PAGE_ROWS + 1, None, None, None, "`first` is 1001: a page has 0 to 1000 rows"),
        (-1, None, None, None, "`first` is -1"),
        (None, None, -1, None, "`last` is -1"),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(
    first: int | None, after: str | None, last: int | None, before: str | None, reason: str
) -> None:
    with pytest.raises(FilterError) as refusal:
        PageArguments.checked(first=first, after=after, last=last, before=before)

    assert reason in refusal.value.message
