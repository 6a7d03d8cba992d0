"""A filter follows four different relations into each other and no more, wherever they stand."""

import pytest

from tests.support.asking import Asker

FOUR = '{ replicas: { storage: { site: { queues: { name: { eq: "JINR_SPD" } } } } } }'
FIVE = "{ request: { datasets: " + FOUR + " } }"
ROUND = '{ task: { user: { tasks: { user: { username: { eq: "prodman" } } } } } }'


async def test_four_relations_are_followed(ask: Asker) -> None:
    answer = await ask(f"{{ datasets(filter: {FOUR}) {{ totalCount }} }}")

    assert answer["datasets"]["totalCount"] > 0


@pytest.mark.parametrize("filter_", [FIVE, f"{{ and: [{FIVE}] }}", f"{{ not: {FIVE} }}"])
async def test_a_fifth_is_refused_in_words(filter_: str, ask: Asker) -> None:
    answer = await ask.answer(f"{{ datasets(filter: {filter_}) {{ totalCount }} }}")

    assert answer["errors"][0]["extensions"]["code"] == "BAD_FILTER"
    assert "follows more than 4 relations" in answer["errors"][0]["message"]


async def test_going_round_is_refused_in_a_variable_too(ask: Asker) -> None:
    answer = await ask.answer(
        "query($f: DatasetFilter) { datasets(filter: $f) { totalCount } }",
        f={"task": {"user": {"tasks": {"user": {"username": {"eq": "prodman"}}}}}},
    )

    assert answer["errors"][0]["extensions"]["code"] == "BAD_FILTER"
    assert "goes round by `user`" in answer["errors"][0]["message"]


async def test_going_round_is_refused(ask: Asker) -> None:
    answer = await ask.answer(f"{{ datasets(filter: {ROUND}) {{ totalCount }} }}")

    assert answer["errors"][0]["message"] == "the filter goes round by `user`: ask in several queries"
