"""Orders by values of other rows: the request of a task, the task of an attempt, the dataset of a rule."""

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from sqlalchemy import update
from strawberry.utils.str_converters import to_camel_case

from gateway.resolvers import entities
from gateway.resolvers import relations as declared
from gateway.resolvers.entity import Entity
from gateway.schema.execution import OperationRequest
from gateway.store.database import Database
from gateway.store.remembered import remember
from gateway.store.requests import Request
from gateway.store.sources import SourceName
from gateway.store.tasks import Task
from tests.conftest import LOADED_AT
from tests.support.asking import Asker
from tests.support.databases import counted_statements

LISTS = {
    "steps": entities.STEP,
    "attempts": entities.ATTEMPT,
    "tasks": entities.TASK,
    "datasets": entities.DATASET,
    "rules": entities.RULE,
    "replicas": entities.REPLICA,
}
DIRECTIONS = ("ASC", "DESC")


@dataclass(frozen=True)
class Found:
    """A page: what each row is, with the value it is sorted by; and its place."""

    rows: list[tuple[str, object]]
    start: str
    end: str


async def in_order(ask: Asker, name: str, sort: str, direction: str, page: str) -> Found:
    to, theirs = (to_camel_case(part) for part in sort.split("."))
    by = sort.upper().replace(".", "_")
    data = await ask(
        f"""{{
          {name}({page}, sort: {{ by: {by}, direction: {direction} }}) {{
            nodes {{ id {to} {{ {theirs} }} }} pageInfo {{ startCursor endCursor }}
          }}
        }}"""
    )
    found, place = data[name]["nodes"], data[name]["pageInfo"]
    rows = [(node["id"], node[to] and node[to][theirs]) for node in found]
    return Found(rows, place["startCursor"], place["endCursor"])


def test_every_list_that_sorts_across_is_looked_at() -> None:
    every = [entity for entity in vars(entities).values() if isinstance(entity, Entity)]

    assert [entity.name for entity in every if entity.sorts_across] == [e.name for e in LISTS.values()]


@pytest.mark.parametrize("name", LISTS)
async def test_rows_come_by_the_values_of_others_and_without_one_last(ask: Asker, name: str) -> None:
    different = set()
    for sort, direction in itertools.product(LISTS[name].sorts_across, DIRECTIONS):
        found = await in_order(ask, name, sort, direction, "first: 1000")

        different.add(len({value for _, value in found.rows}))
        values = [value for _, value in found.rows if value is not None]
        assert len(found.rows) > 4
        assert values == sorted(values, reverse=direction == "DESC"), (sort, direction)
        assert [value for _, value in found.rows] == [*values, *[None] * (len(found.rows) - len(values))]
    assert max(different) > 1


@pytest.mark.parametrize("name", LISTS)
async def test_pages_both_ways_visit_every_row_once(ask: Asker, name: str) -> None:
    for sort, direction in itertools.product(LISTS[name].sorts_across, DIRECTIONS):
        whole = await in_order(ask, name, sort, direction, "first: 1000")
        first = await in_order(ask, name, sort, direction, "first: 4")
        second = await in_order(ask, name, sort, direction, f'first: 1000, after: "{first.end}"')
        back = await in_order(ask, name, sort, direction, f'last: 3, before: "{second.start}"')

        assert [*first.rows, *second.rows] == whole.rows, (sort, direction)
        assert back.rows == first.rows[-3:], (sort, direction)


async def test_a_cursor_of_another_order_is_refused(ask: Asker) -> None:
    found = await in_order(ask, "tasks", "request.priority", "ASC", "first: 2")

    answer = await ask.answer(
        f'{{ tasks(after: "{found.end}", sort: {{ by: REQUEST_ENERGY_GEV }}) {{ totalCount }} }}'
    )

    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_CURSOR"


async def test_children_are_sorted_by_others_in_one_statement_for_all_parents(own_world: Database) -> None:
    ask = Asker(own_world, LOADED_AT)
    counts = []
    for by in ("REQUEST_PRIORITY", "NAME"):
        for requests in (9, 13):
            with counted_statements(own_world) as statements:
                await ask(
                    f"{{ requests(first: {requests}) {{ nodes {{ "
                    f"tasks(first: 3, sort: {{ by: {by} }}) {{ edges {{ cursor }} }} "
                    "steps { attempts(sort: { by: TASK_ENDED_AT }) { key } } } } }"
                )
            counts.append(len(statements))

    assert counts == [counts[0]] * 4


async def test_an_order_follows_the_rows_it_is_made_from(own_world: Database) -> None:
    ask = Asker(own_world, LOADED_AT)
    query = "{ tasks(first: 1, sort: { by: REQUEST_PRIORITY, direction: DESC }) { nodes { requestName } } }"

    async def raise_priority(name: str, priority: int) -> str:
        async with own_world.transaction() as session:
            await session.execute(update(Request).where(Request.name == name).values(priority=priority))
        return str((await ask(query))["tasks"]["nodes"][0]["requestName"])

    assert await raise_priority("PROD2025-013", 990) == "PROD2025-013"
    assert await raise_priority("PROD2025-012", 991) == "PROD2025-012"


async def test_an_order_of_the_past_is_that_of_the_past(own_world: Database) -> None:
    later = LOADED_AT + dt.timedelta(days=1)
    ask = Asker(own_world, later)
    query = "attempts(sort: { by: TASK_STATUS, direction: DESC }) { nodes { task { jediTaskId } } }"

    def order(data: dict[str, Any]) -> list[int]:
        return [node["task"]["jediTaskId"] for node in data["attempts"]["nodes"] if node["task"]]

    before = order(await ask(f"{{ {query} }}"))
    async with own_world.transaction() as session:
        await remember(
            session,
            [Task(jedi_task_id=before[-1], name="T", status="waiting")],
            source=SourceName.PANDA,
            at=later,
        )

    now = order(await ask(f"{{ {query} }}"))
    request = OperationRequest(f"{{ {query} }}", extensions={"asOf": LOADED_AT.isoformat()})
    past = order(orjson.loads((await ask.executor.execute(request, ask.viewer)).body)["data"])

    assert now[0] == before[-1]
    assert past == before


def test_only_a_relation_to_one_row_of_another_table_can_be_sorted_by() -> None:
    with pytest.raises(TypeError, match=r"Task\.children does not lead to one row"):
        declared.CHILDREN_BY_TASK.value(Task.name)
