"""Execution gives up the fields beside one that failed: nothing stays behind, nobody else notices."""

import asyncio
import logging

import pytest

from gateway.store.database import Database
from tests.support.asking import Asker

NONSENSE = "not-an-id"


async def quiet() -> None:
    """Let everything run that was left behind."""
    for _ in range(20):
        await asyncio.sleep(0.005)


async def codes_of(ask: Asker, document: str) -> list[str]:
    answer = await ask.answer(document)
    await quiet()
    return [error["extensions"]["code"] for error in answer["errors"]]


async def first_id(ask: Asker) -> str:
    data = await ask("{ requests(first: 1) { nodes { id } } }")
    return str(data["requests"]["nodes"][0]["id"])


async def test_a_wrong_id_beside_a_right_one_is_said_and_no_connection_is_kept(
    ask: Asker, world: Database
) -> None:
    right = await first_id(ask)

    codes = await codes_of(ask, f'{{ nodes(ids: ["{right}", "{NONSENSE}"]) {{ id }} }}')

    assert codes == ["BAD_ID"]
    assert world.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_a_wrong_page_beside_a_right_one_is_said_and_no_connection_is_kept(
    ask: Asker, world: Database
) -> None:
    codes = await codes_of(
        ask,
        """
        {
          wrong: requests(first: -1) { nodes { name } }
          right: tasks(first: 5) { totalCount nodes { name request { name steps { key } } } }
        }
        """,
    )

    assert codes == ["BAD_FILTER"]
    assert world.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_more_failing_operations_than_connections_leave_the_gateway_answering(ask: Asker) -> None:
    right = await first_id(ask)
    document = f'{{ nodes(ids: ["{right}", "{NONSENSE}"]) {{ id }} }}'

    codes = [await codes_of(ask, document) for _ in range(7)]

    assert codes == [["BAD_ID"]] * 7
    assert await ask("{ requests { totalCount } }") == {"requests": {"totalCount": 13}}


async def test_a_value_that_a_given_up_field_waited_for_still_reaches_the_others(ask: Asker) -> None:
    answer = await ask.answer(
        """
        {
          tasks(filter: { jediTaskId: { eq: 362 } }) {
            nodes {
              broken: request { steps { key } tasks(after: "nonsense") { nodes { name } } }
              whole: request { steps { key } }
            }
          }
        }
        """
    )

    assert [error["path"] for error in answer["errors"]] == [["tasks", "nodes", 0, "broken", "tasks"]]
    assert answer["data"]["tasks"]["nodes"] == [
        {
            "broken": None,
            "whole": {"steps": [{"key": "PROD2025-013.SIM"}, {"key": "PROD2025-013.RECO"}]},
        }
    ]


async def test_failures_of_given_up_fields_are_not_logged_as_unheard(
    ask: Asker, caplog: pytest.LogCaptureFixture
) -> None:
    right = await first_id(ask)
    caplog.set_level(logging.ERROR, "asyncio")

    await codes_of(ask, f'{{ nodes(ids: ["{right}", "{NONSENSE}"]) {{ id }} }}')
    await codes_of(ask, "{ a: requests(first: -1) { nodes { name } } b: tasks { nodes { name } } }")

    assert caplog.messages == []
