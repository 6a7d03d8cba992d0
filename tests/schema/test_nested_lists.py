"""Lists inside a row are narrowed and sorted like those at the root, for many parents in one answer."""

import pytest

from tests.support.asking import Asker


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("steps", ["SIM", "RECO"]),
        ("steps(sort: { by: POSITION, direction: DESC })", ["RECO", "SIM"]),
        ("steps(sort: { by: KIND })", ["RECO", "SIM"]),
        ('steps(filter: { kind: { eq: "RECO" } })', ["RECO"]),
        ('steps(filter: { parent: { kind: { eq: "SIM" } } })', ["RECO"]),
        ('steps(filter: { attempts: { task: { status: { eq: "done" } } } })', ["SIM"]),
        ('steps(filter: { kind: { eq: "GEN" } })', []),
    ],
)
async def test_steps_of_a_request_are_chosen(ask: Asker, field: str, found: list[str]) -> None:
    data = await ask(f'{{ request(name: "PROD2025-013") {{ ... on Request {{ {field} {{ kind }} }} }} }}')

    assert [step["kind"] for step in data["request"]["steps"]] == found


async def test_each_parent_gets_its_own_part_of_a_choice(ask: Asker) -> None:
    data = await ask(
        """
        {
          tasks(filter: { jediTaskId: { in: [361, 362, 363, 364] } }) {
            nodes { jediTaskId datasets(filter: { dataType: { in: ["R", "S"] } }) { dataType } }
          }
        }
        """
    )

    assert {
        node["jediTaskId"]: [dataset["dataType"] for dataset in node["datasets"]]
        for node in data["tasks"]["nodes"]
    } == {364: ["S"], 363: ["R"], 362: ["S"]}


async def test_a_list_behind_a_table_of_pairs_is_sorted_by_its_rows(ask: Asker) -> None:
    data = await ask(
        """
        {
          person(username: "prodman") {
            ... on Person {
              up: groups(sort: { by: NAME }) { name }
              down: groups(sort: { by: NAME, direction: DESC }) { name }
              one: groups(filter: { name: { contains: "production" } }) { name }
            }
          }
        }
        """
    )

    names = [group["name"] for group in data["person"]["up"]]
    assert names == sorted(names)
    assert [group["name"] for group in data["person"]["down"]] == names[::-1]
    assert data["person"]["one"] == [{"name": "spd/production"}]


async def test_steps_and_attempts_are_lists_of_their_own(ask: Asker) -> None:
    data = await ask(
        """
        {
          steps(filter: { request: { energyGev: { eq: 27 } }, kind: { eq: "RECO" } }, first: 2) {
            totalCount nodes { key requestName }
          }
          attempts(
            first: 2
            filter: { step: { kind: { eq: "SIM" } } }
            sort: { by: JEDI_TASK_ID, direction: DESC }
          ) {
            nodes { key task { jediTaskId } }
          }
        }
        """
    )

    assert data == {
        "steps": {
            "totalCount": 6,
            "nodes": [
                {"key": "PROD2025-011.RECO", "requestName": "PROD2025-011"},
                {"key": "PROD2025-012.RECO", "requestName": "PROD2025-012"},
            ],
        },
        "attempts": {
            "nodes": [
                {"key": "PROD2025-014.SIM.1", "task": {"jediTaskId": 364}},
                {"key": "PROD2025-013.SIM.2", "task": {"jediTaskId": 362}},
            ]
        },
    }


async def test_more_sort_keys_than_five_are_refused_in_every_list(ask: Asker) -> None:
    keys = ", ".join(["{ by: NUMBER }"] * 6)

    answer = await ask.answer(f"{{ steps(first: 1) {{ nodes {{ attempts(sort: [{keys}]) {{ key }} }} }} }}")

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_FILTER"]
