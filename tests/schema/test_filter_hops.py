"""A filter follows three relations into each other and no more, wherever they stand."""

import pytest

from tests.support.asking import Asker

THREE = '{ replicas: { storage: { site: { name: { eq: "JINR" } } } } }'
FOUR = '{ replicas: { storage: { site: { queues: { name: { eq: "JINR_SPD" } } } } } }'


async def test_three_relations_are_followed(ask: Asker) -> None:
    answer = await ask(f"{{ datasets(filter: {THREE}) {{ totalCount }} }}")

    assert answer["datasets"]["totalCount"] > 0


@pytest.mark.parametrize("filter_", [FOUR, f"{{ and: [{FOUR}] }}", f"{{ not: {FOUR} }}"])
async def test_a_fourth_is_refused_in_words(filter_: str, ask: Asker) -> None:
    answer = await ask.answer(f"{{ datasets(filter: {filter_}) {{ totalCount }} }}")

    assert answer["errors"][0]["extensions"]["code"] == "BAD_FILTER"
    assert "follows more than 3 relations" in answer["errors"][0]["message"]


async def test_a_fourth_in_a_variable_is_refused_too(ask: Asker) -> None:
    answer = await ask.answer(
        "query($f: DatasetFilter) { datasets(filter: $f) { totalCount } }",
        f={"replicas": {"storage": {"site": {"queues": {"name": {"eq": "JINR_SPD"}}}}}},
    )

    assert answer["errors"][0]["extensions"]["code"] == "BAD_FILTER"
