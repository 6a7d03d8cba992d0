"""Whole numbers of 64 bits that no client rounds, and JSON that is shown as it was kept."""

import pytest
from sqlalchemy import update

from gateway.store.base import JsonValue
from gateway.store.database import Database
from gateway.store.remembered import remember
from gateway.store.requests import Request
from gateway.store.sources import SourceName
from gateway.store.tasks import Task
from tests.conftest import LOADED_AT
from tests.support.asking import Asker

WITH_VARIABLE = "query ($x: BigInt) { tasks(filter: { jobsFinished: { eq: $x } }) { nodes { jediTaskId } } }"
WITH_LITERAL = "{{ tasks(filter: {{ jobsFinished: {{ eq: {} }} }}) {{ nodes {{ jediTaskId }} }} }}"
LARGEST, SMALLEST = 2**63 - 1, -(2**63)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (0, 0),
        (2**53 - 1, 9007199254740991),
        (2**53, "9007199254740992"),
        (-(2**53) + 1, -9007199254740991),
        (-(2**53), "-9007199254740992"),
        (LARGEST, "9223372036854775807"),
        (SMALLEST, "-9223372036854775808"),
    ],
)
async def test_a_number_that_javascript_would_round_is_a_string(
    own_world: Database, stored: int, shown: object
) -> None:
    async with own_world.transaction() as session:
        new = Task(jedi_task_id=900, name="T", status="done", output_bytes=stored)
        await remember(session, [new], source=SourceName.PANDA, at=LOADED_AT)

    data = await Asker(own_world, LOADED_AT)("{ tasks(first: 1) { nodes { jediTaskId outputBytes } } }")

    assert data["tasks"]["nodes"] == [{"jediTaskId": 900, "outputBytes": shown}]


@pytest.mark.parametrize("value", [1244, "1244", "01244", 1244.0])
async def test_a_number_and_its_digits_mean_the_same(ask: Asker, value: object) -> None:
    data = await ask(WITH_VARIABLE, x=value)

    assert data == {"tasks": {"nodes": [{"jediTaskId": 355}]}}


@pytest.mark.parametrize("literal", ["1244", '"1244"', '"01244"'])
async def test_so_they_do_in_the_document(ask: Asker, literal: str) -> None:
    data = await ask(WITH_LITERAL.format(literal))

    assert data == {"tasks": {"nodes": [{"jediTaskId": 355}]}}


@pytest.mark.parametrize("number", [LARGEST, SMALLEST, str(LARGEST), str(SMALLEST), "-1", -1])
async def test_every_number_of_64_bits_is_taken(ask: Asker, number: object) -> None:
    assert await ask(WITH_VARIABLE, x=number) == {"tasks": {"nodes": []}}
    literal = f'"{number}"' if isinstance(number, str) else str(number)
    assert await ask(WITH_LITERAL.format(literal)) == {"tasks": {"nodes": []}}


WRONG_TEXTS = ["", "-", "--5", "+5", " 5", "5 ", "5.0", "1e3", "1_000", "٥", "５", "0x10", "five", "9" * 40]
WRONG_NUMBERS = [str(LARGEST + 1), str(SMALLEST - 1)]


@pytest.mark.parametrize("value", [*WRONG_TEXTS, *WRONG_NUMBERS, True, 1.5, [1], {}, {"value": 1}])
async def test_what_is_no_number_of_64_bits_is_refused_in_a_variable(ask: Asker, value: object) -> None:
    answer = await ask.answer(WITH_VARIABLE, x=value)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    assert "BigInt" in answer["errors"][0]["message"]
    assert "Python" not in str(answer)
    assert "base 10" not in str(answer)


@pytest.mark.parametrize("number", [LARGEST + 1, SMALLEST - 1, 10**30])
async def test_a_variable_beyond_64_bits_is_refused(ask: Asker, number: int) -> None:
    answer = await ask.answer(WITH_VARIABLE, x=number)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_VALUE"]


@pytest.mark.parametrize(
    "literal",
    [
        *(f'"{value}"' for value in [*WRONG_TEXTS, *WRONG_NUMBERS]),
        *(str(number) for number in (LARGEST + 1, SMALLEST - 1, 10**30)),
        "true",
        "1.5",
        "5.0",
        "[1]",
        "{}",
        "FIVE",
    ],
)
async def test_what_is_no_number_of_64_bits_is_refused_in_the_document(ask: Asker, literal: str) -> None:
    answer = await ask.answer(WITH_LITERAL.format(literal))

    assert {error["extensions"]["code"] for error in answer["errors"]} <= {
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_VALUE",
    }
    assert "data" not in answer


@pytest.mark.parametrize(
    "kept",
    [
        None,
        {"Column": "value", "Ещё": ["список", 1.5, None, True], "empty": {}},
        ["a", {"b": 2**53 - 1}],
        "text",
        0,
    ],
)
async def test_json_is_shown_as_it_was_kept(own_world: Database, kept: JsonValue) -> None:
    async with own_world.transaction() as session:
        await session.execute(update(Request).where(Request.name == "PROD2025-013").values(unplaced=kept))

    data = await Asker(own_world, LOADED_AT)(
        '{ request(name: "PROD2025-013") { ... on Request { unplaced } } }'
    )

    assert data == {"request": {"unplaced": kept}}
