"""Filtering by execution finds exactly what shows that execution, for every word, kind and strange case."""

import datetime as dt
from collections import defaultdict
from collections.abc import AsyncIterator

import pytest

from gateway.domain.states import Execution
from gateway.store.attempts import Attempt
from gateway.store.database import Database
from gateway.store.remembered import remember
from gateway.store.requests import Step
from gateway.store.sources import SourceName
from gateway.store.tasks import Task
from tests.conftest import LOADED_AT
from tests.support.asking import Asker
from tests.support.databases import DatabaseMaker, counted_statements, opened

LISTS = {"requests": "name", "steps": "key", "attempts": "key", "tasks": "jediTaskId"}
DAY = dt.timedelta(days=1)
# What the first attempt at the first of three steps in a row is, in requests that have no steps of their own.
STRANGE = {
    "PROD2025-002": ("SUBMITTED", "Pending ", LOADED_AT - DAY - dt.timedelta(seconds=1)),
    "PROD2025-003": ("SUBMITTED", "pending", LOADED_AT - DAY),
    "PROD2025-004": ("AMBIGUOUS", None, None),
    "PROD2025-005": ("SUBMITTED", "tobroken", None),
    "PROD2025-006": ("REJECTED", None, None),
}


@pytest.fixture(scope="module")
async def strange(database_maker: DatabaseMaker, world_template: str) -> AsyncIterator[Asker]:
    """The practice world with attempts in every state at steps that wait for each other."""
    async with opened(database_maker.copy_of(world_template)) as database:
        await add_strange_cases(database)
        yield Asker(database, LOADED_AT)


async def add_strange_cases(database: Database) -> None:
    async with database.transaction() as session:
        taken = {
            node["key"]
            for node in (await Asker(database, LOADED_AT)("{ steps { nodes { key } } }"))["steps"]["nodes"]
        }
        for number, (name, (state, status, modified_at)) in enumerate(STRANGE.items(), start=900):
            kinds = [kind for kind in ("GEN", "DIGI", "ANAL") if f"{name}.{kind}" not in taken]
            for position, kind in enumerate(kinds, start=11):
                above = f"{name}.{kinds[position - 12]}" if position > 11 else None
                session.add(
                    Step(
                        key=f"{name}.{kind}",
                        request_name=name,
                        kind=kind,
                        position=position,
                        parent_step_key=above,
                    )
                )
                await session.flush()
            for attempt, of_state in ((1, "CANCELLED"), (2, state)):
                session.add(
                    Attempt(
                        key=f"{name}.GEN.{attempt}",
                        step_key=f"{name}.GEN",
                        number=attempt,
                        task_name=f"{name}.GEN.{attempt}",
                        state=of_state,
                        is_live=False,
                        jedi_task_id=number if status and attempt == 2 else None,
                        origin="gateway",
                        created_at=LOADED_AT,
                    )
                )
            if status is not None:
                task = Task(jedi_task_id=number, name=name, status=status, modified_at=modified_at)
                await remember(session, [task], source=SourceName.PANDA, at=LOADED_AT)


@pytest.mark.parametrize("name", LISTS)
async def test_each_word_finds_what_shows_it(strange: Asker, name: str) -> None:
    key = LISTS[name]
    shown: defaultdict[str, list[object]] = defaultdict(list)
    data = await strange(f"{{ {name}(first: 1000) {{ nodes {{ {key} execution }} }} }}")
    for node in data[name]["nodes"]:
        shown[node["execution"]].append(node[key])

    found = {}
    for word in Execution:
        data = await strange(
            f"{{ {name}(first: 1000, filter: {{ execution: [{word.value}] }}) {{ nodes {{ {key} }} }} }}"
        )
        if data[name]["nodes"]:
            found[word.value] = [node[key] for node in data[name]["nodes"]]

    assert found == shown
    assert len(found) >= 5


async def test_the_strange_cases_are_told_apart(strange: Asker) -> None:
    data = await strange('{ steps(filter: { kind: { eq: "GEN" } }) { nodes { requestName execution } } }')

    assert {node["requestName"]: node["execution"] for node in data["steps"]["nodes"]} == {
        "PROD2025-002": "ATTENTION",
        "PROD2025-003": "QUEUED",
        "PROD2025-004": "SUBMITTING",
        "PROD2025-005": "STOPPING",
        "PROD2025-006": "FAILED",
    }


async def test_a_step_two_below_one_under_way_is_blocked(strange: Asker) -> None:
    data = await strange(
        '{ steps(filter: { execution: [BLOCKED], kind: { eq: "ANAL" } }) { nodes { requestName } } }'
    )

    assert [node["requestName"] for node in data["steps"]["nodes"]] == sorted(STRANGE)[:4]


async def test_the_filter_counts_pages_and_combines_like_any_other(strange: Asker) -> None:
    with counted_statements(strange.database) as statements:
        data = await strange(
            """
            {
              all: requests { totalCount }
              of: requests(first: 1, filter: { execution: [PARTIAL, FAILED] }) {
                totalCount nodes { name steps(filter: { execution: [COMPLETE] }) { kind } }
              }
              not: requests(first: 1, filter: { not: { execution: [PARTIAL, FAILED] } }) { totalCount }
              across: tasks(filter: { request: { execution: [FAILED], steps: { execution: [FAILED] } } }) {
                totalCount
              }
            }
            """
        )

    assert data["of"]["totalCount"] + data["not"]["totalCount"] == data["all"]["totalCount"]
    assert len(data["of"]["nodes"]) == 1
    assert len(statements) == 10


async def test_an_answer_chosen_by_execution_says_how_fresh_panda_is(strange: Asker) -> None:
    answer = await strange.answer("{ requests(filter: { execution: [COMPLETE] }) { nodes { name } } }")

    assert set(answer["extensions"]["freshness"]) == {"panda"}
