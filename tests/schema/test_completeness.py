"""Completeness of steps, requests and the talk's table, in a fixed number of statements."""

import pytest

from tests.support.asking import Asker
from tests.support.databases import counted_statements

AMOUNTS = "expected { files events } processed { files events } registered { files events }"


async def fractions(ask: Asker) -> dict[str, float | None]:
    data = await ask("{ requests { nodes { name completeness { fraction } } } }")
    return {node["name"][-3:]: node["completeness"]["fraction"] for node in data["requests"]["nodes"]}


async def test_the_talks_losses_are_the_known_ones(ask: Asker) -> None:
    assert await fractions(ask) == {
        **dict.fromkeys(("001", "002", "003", "004", "005", "006")),
        "010": 1244 / 1250,
        "011": 1.0,
        "012": 0.9993,
        "013": 0.9992,
        "014": 0.0,
        "015": 0.0,
        "016": 0.0,
    }


async def test_a_request_is_as_complete_as_its_least_complete_step(ask: Asker) -> None:
    data = await ask(
        f"""
        {{
          request(name: "PROD2025-013") {{
            ... on Request {{
              completeness {{ stepKey fraction reason missingSeeds {AMOUNTS} }}
              steps {{ completeness {{ stepKey fraction }} }}
            }}
          }}
        }}
        """
    )

    assert data["request"] == {
        "completeness": {
            "stepKey": "PROD2025-013.RECO",
            "fraction": 0.9992,
            "reason": None,
            "missingSeeds": "10417,11288-11290,13502,15077,17946,19313",
            "expected": {"files": 10_000, "events": 40_000_000},
            "processed": {"files": 9_992, "events": 39_968_000},
            "registered": {"files": 9_992, "events": 39_968_000},
        },
        "steps": [
            {"completeness": {"stepKey": "PROD2025-013.SIM", "fraction": 1.0}},
            {"completeness": {"stepKey": "PROD2025-013.RECO", "fraction": 0.9992}},
        ],
    }


async def test_without_steps_it_is_not_known_and_says_why(ask: Asker) -> None:
    data = await ask(
        '{ request(name: "PROD2025-002") { ... on Request { completeness { stepKey fraction reason } } } }'
    )

    assert data["request"]["completeness"] == {
        "stepKey": None,
        "fraction": None,
        "reason": "no step of it is recorded",
    }


async def test_the_talks_table_compares_each_task_with_its_request(ask: Asker) -> None:
    data = await ask(
        """
        {
          statistics {
            centralProductions(filter: { jediTaskId: { in: [359, 353] } }) {
              rows { name completeness { stepKey fraction } }
            }
          }
        }
        """
    )

    assert data["statistics"]["centralProductions"]["rows"] == [
        {"name": "PROD2025-012.RECO", "completeness": {"stepKey": "PROD2025-012.RECO", "fraction": 0.9993}},
        {"name": "MC2025_S1-003-SIM.4", "completeness": None},
    ]


@pytest.mark.parametrize("first", [1, 1000])
async def test_it_costs_the_same_for_one_and_for_many(ask: Asker, first: int) -> None:
    fields = f"completeness {{ fraction {AMOUNTS} }}"
    with counted_statements(ask.database) as of_requests:
        await ask(f"{{ requests(first: {first}, filter: {{ steps: {{}} }}) {{ nodes {{ {fields} }} }} }}")
    with counted_statements(ask.database) as of_steps:
        await ask(f"{{ steps(first: {first}) {{ nodes {{ {fields} }} }} }}")

    assert (len(of_requests), len(of_steps)) == (7, 6)
