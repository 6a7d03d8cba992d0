"""A condition finds exactly the rows that Python's own comparison would; its values are only ever data."""

import datetime as dt
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, delete, func, select

from gateway.errors import FilterError
from gateway.store.database import Database
from gateway.store.filtering import (
    EVERYTHING,
    MAX_IN_VALUES,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    FilterField,
    Not,
    Operator,
    Related,
    to_sql,
)
from gateway.store.remembered import remember
from gateway.store.sources import SourceName
from gateway.store.tasks import Task, TaskJobCount
from tests.store.factories import AT, LATER, LATEST, on_one_database, task

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Tasks:
    """Tasks with some of their columns, and the relation to their job counts."""

    filters: Mapping[str, FilterField]

    def exists(self, relation: str, condition: Condition) -> ColumnElement[bool]:
        assert relation == "job_counts"
        inner = to_sql(condition, JOB_COUNTS)
        return (
            select(TaskJobCount.jedi_task_id)
            .where(inner, TaskJobCount.jedi_task_id == Task.jedi_task_id)
            .exists()
        )


@dataclass(frozen=True)
class JobCounts:
    """Job counts, which lead nowhere."""

    filters: Mapping[str, FilterField]

    def exists(self, relation: str, condition: Condition) -> ColumnElement[bool]:
        raise AssertionError((relation, condition))


TASKS = Tasks(
    {
        "name": FilterField(Task.__table__.c.name),
        "user": FilterField(Task.__table__.c.user_name),
        "finished": FilterField(Task.__table__.c.jobs_finished),
        "thousands": FilterField(Task.__table__.c.jobs_finished, lambda value: value * 1000),
        "ended_at": FilterField(Task.__table__.c.ended_at),
    }
)
JOB_COUNTS = JobCounts({"queue": FilterField(TaskJobCount.__table__.c.queue_name)})


async def fill(database: Database, *rows: Row) -> None:
    async with database.transaction() as session:
        await session.execute(delete(Task))
        tasks = [task(number, **row) for number, row in enumerate(rows, start=1)]
        await remember(session, tasks, source=SourceName.PANDA, at=AT)


async def found(database: Database, condition: Condition) -> list[int]:
    async with database.snapshot() as session:
        statement = select(Task.jedi_task_id).where(to_sql(condition, TASKS)).order_by(Task.jedi_task_id)
        return list(await session.scalars(statement))


async def test_a_comparison_with_nothing_known_is_not_met_except_by_its_opposite(database: Database) -> None:
    await fill(database, {"jobs_finished": 5}, {"jobs_finished": None}, {"jobs_finished": 7})

    assert await found(database, Comparison("finished", Operator.EQ, 5)) == [1]
    assert await found(database, Comparison("finished", Operator.NE, 5)) == [2, 3]
    assert await found(database, Comparison("finished", Operator.IS_NULL, True)) == [2]
    assert await found(database, Comparison("finished", Operator.IS_NULL, False)) == [1, 3]


async def test_a_value_is_compared_as_it_is_stored(database: Database) -> None:
    await fill(database, {"jobs_finished": 5000}, {"jobs_finished": 5})

    assert await found(database, Comparison("thousands", Operator.EQ, 5)) == [1]
    assert await found(database, Comparison("thousands", Operator.IN, (5, 6))) == [1]


async def test_nothing_asked_finds_everything_and_no_alternative_finds_nothing(database: Database) -> None:
    await fill(database, {}, {})

    assert await found(database, EVERYTHING) == [1, 2]
    assert await found(database, AnyOf()) == []
    assert await found(database, Not(AnyOf())) == [1, 2]
    assert await found(database, Comparison("finished", Operator.IN, ())) == []


async def test_a_related_row_counts_once_and_only_where_it_meets_the_condition(database: Database) -> None:
    await fill(database, {}, {}, {})
    async with database.transaction() as session:
        counts = [
            TaskJobCount(jedi_task_id=number, queue_name=queue, job_state=state, jobs=1)
            for number, queue, state in (
                (1, "JINR", "finished"),
                (1, "JINR", "failed"),
                (2, "PNPI", "finished"),
            )
        ]
        await remember(session, counts, source=SourceName.PANDA, at=AT)
    at_jinr = Related("job_counts", Comparison("queue", Operator.EQ, "JINR"))

    assert await found(database, at_jinr) == [1]
    assert await found(database, Not(at_jinr)) == [2, 3]
    assert await found(database, Related("job_counts", EVERYTHING)) == [1, 2]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("100%", ["100% done"]),
        ("a_b", ["a_b"]),
        ("/", ["a/b"]),
        ("\\", ["a\\b"]),
        ("%", ["100% done"]),
        ("_", ["a_b"]),
        ("'", ["it's"]),
        ("' OR '1'='1", []),
        ("%' OR 1=1 --", []),
        ("'; DROP TABLE tasks; --", []),
        (":name", [":name"]),
        ("", ["100% done", "a_b", "axb", "a/b", "a\\b", "it's", ":name"]),
    ],
)
async def test_no_character_of_a_text_has_a_meaning_of_its_own(
    database: Database, text: str, names: list[str]
) -> None:
    stored = ["100% done", "a_b", "axb", "a/b", "a\\b", "it's", ":name"]
    await fill(database, *({"name": name} for name in stored))

    numbers = await found(database, Comparison("name", Operator.CONTAINS, text))

    assert [stored[number - 1] for number in numbers] == names
    async with database.snapshot() as session:
        assert await session.scalar(select(func.count()).select_from(Task)) == len(stored)


@pytest.mark.parametrize("text", ["' OR '1'='1", "x'; DELETE FROM tasks; --", '"', "$1", "%s", ":x", "\\"])
async def test_a_text_is_compared_as_it_is(database: Database, text: str) -> None:
    await fill(database, {"name": text}, {"name": "other"})

    assert await found(database, Comparison("name", Operator.EQ, text)) == [1]
    assert await found(database, Comparison("name", Operator.IN, (text,))) == [1]
    assert await found(database, Comparison("name", Operator.STARTS_WITH, text)) == [1]
    assert await found(database, Comparison("name", Operator.NE, text)) == [2]


@pytest.mark.parametrize(
    ("stored", "text"),
    [("MinBias", "minbias"), ("minbias", "MINBIAS"), ("Пи-мезоны", "пи-МЕЗОНЫ"), ("ÉTUDE", "étude")],
)
async def test_capitals_make_no_difference_in_any_script(database: Database, stored: str, text: str) -> None:
    await fill(database, {"name": stored}, {"name": "other"}, {"name": f"the {stored}"})

    assert await found(database, Comparison("name", Operator.CONTAINS, text)) == [1, 3]
    assert await found(database, Comparison("name", Operator.STARTS_WITH, text)) == [1]


async def test_a_text_search_passes_over_rows_without_the_text(database: Database) -> None:
    await fill(database, {"user_name": None}, {"user_name": "prodman"})

    assert await found(database, Comparison("user", Operator.CONTAINS, "prod")) == [2]


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x" * 1001])
@pytest.mark.parametrize("how", [Operator.EQ, Operator.CONTAINS, Operator.STARTS_WITH, Operator.NE])
def test_texts_that_no_name_can_be_are_refused(text: str, how: Operator) -> None:
    with pytest.raises(FilterError):
        to_sql(Comparison("name", how, text), TASKS)


@pytest.mark.parametrize("values", [(2**63,), ("\x00",)])
def test_values_of_a_list_are_held_to_the_same(values: tuple[object, ...]) -> None:
    with pytest.raises(FilterError):
        to_sql(Comparison("name", Operator.IN, values), TASKS)


def test_a_list_that_is_too_long_or_none_is_refused() -> None:
    longest = tuple(range(MAX_IN_VALUES))
    to_sql(Comparison("finished", Operator.IN, longest), TASKS)

    with pytest.raises(FilterError, match="lists 1001 values, at most 1000 are allowed"):
        to_sql(Comparison("finished", Operator.IN, (*longest, 0)), TASKS)
    with pytest.raises(FilterError, match="needs a list of values"):
        to_sql(Comparison("finished", Operator.IN, 5), TASKS)


COMPARISONS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: operator.eq,
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
    Operator.CONTAINS: lambda stored, value: value.lower() in stored.lower(),
    Operator.STARTS_WITH: lambda stored, value: stored.lower().startswith(value.lower()),
}
COLUMN_OF = {"name": "name", "finished": "jobs_finished", "ended_at": "ended_at"}

letters = st.text(st.sampled_from("aAbB%_/\\'"), max_size=3)
numbers = st.integers(-2, 2) | st.sampled_from([2**63 - 1, -(2**63)])
moments = st.sampled_from([AT, LATER, LATEST, LATER.astimezone(dt.timezone(dt.timedelta(hours=3)))])
ordered = [Operator.EQ, Operator.NE, Operator.GT, Operator.GTE, Operator.LT, Operator.LTE]
comparisons = (
    st.builds(Comparison, st.just("name"), st.sampled_from([*ordered, *list(COMPARISONS)[-2:]]), letters)
    | st.builds(Comparison, st.just("finished"), st.sampled_from(ordered), numbers)
    | st.builds(Comparison, st.just("ended_at"), st.sampled_from(ordered), moments)
    | st.builds(
        Comparison, st.just("finished"), st.just(Operator.IN), st.lists(numbers, max_size=3).map(tuple)
    )
    | st.builds(
        Comparison, st.sampled_from(["finished", "ended_at"]), st.just(Operator.IS_NULL), st.booleans()
    )
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    comparisons,
    lambda inner: (
        st.builds(AllOf, st.lists(inner, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Not, inner)
    ),
    max_leaves=6,
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "name": letters,
            "jobs_finished": st.none() | numbers,
            "ended_at": st.none() | moments,
        }
    ),
    max_size=6,
)


def holds(condition: Condition, row: Row) -> bool | None:
    """SQL's three answers: yes, no, and None for a comparison with nothing known."""
    match condition:
        case AllOf(parts):
            answers = [holds(part, row) for part in parts]
            return False if False in answers else None if None in answers else True
        case AnyOf(parts):
            answers = [holds(part, row) for part in parts]
            return True if True in answers else None if None in answers else False
        case Not(part):
            answer = holds(part, row)
            return None if answer is None else not answer
        case Comparison(field, how, value):
            return compared(row[COLUMN_OF[field]], how, value)
    raise AssertionError(condition)


def compared(stored: Any, how: Operator, value: Any) -> bool | None:
    if how is Operator.IS_NULL:
        return (stored is None) == value
    if how is Operator.NE:
        return bool(stored != value)
    if how is Operator.IN and not value:
        return False
    if stored is None:
        return None
    return stored in value if how is Operator.IN else COMPARISONS[how](stored, value)


@on_one_database
@given(rows=rows, condition=conditions)
async def test_sql_finds_what_python_finds(
    database: Database, rows: Sequence[Row], condition: Condition
) -> None:
    await fill(database, *rows)

    assert await found(database, condition) == [
        number for number, row in enumerate(rows, start=1) if holds(condition, row)
    ]
