"""Orders with nulls last, pages in both directions, places that are kept, and counts."""

import datetime as dt

import pytest

from gateway.store.database import Database
from gateway.store.remembered import mark_gone, remember
from gateway.store.requests import Request
from gateway.store.sources import SourceName
from gateway.store.tasks import Task
from tests.conftest import LOADED_AT
from tests.support.asking import Asker

FIFTH_TASKS = [364, 363, 362, 359, 358]


async def names(ask: Asker, sort: str) -> list[str]:
    data = await ask(f"{{ requests(sort: {sort}) {{ nodes {{ name }} }} }}")
    return [node["name"].removeprefix("PROD2025-") for node in data["requests"]["nodes"]]


async def page(ask: Asker, arguments: str) -> dict[str, object]:
    data = await ask(
        f"""{{
          tasks({arguments}) {{
            nodes {{ jediTaskId }}
            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
          }}
        }}"""
    )
    tasks = data["tasks"]
    return {"ids": [node["jediTaskId"] for node in tasks["nodes"]], **tasks["pageInfo"]}


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        (
            "{ by: EVENTS, direction: DESC }",
            ["004", "012", "013", "014", "015", "016", "002", "003", "001", "005", "006", "010", "011"],
        ),
        (
            "[{ by: EVENTS }, { by: NAME, direction: DESC }]",
            ["011", "010", "006", "005", "001", "003", "002", "016", "015", "014", "013", "012", "004"],
        ),
        (
            "[{ by: CAMPAIGN_NAME }, { by: ENERGY_GEV }, { by: NAME }]",
            ["005", "001", "002", "003", "004", "006", "010", "011", "012", "013", "014", "015", "016"],
        ),
        (
            "[{ by: CAMPAIGN_NAME, direction: DESC }, { by: ENERGY_GEV }, { by: NAME }]",
            ["005", "001", "002", "003", "004", "006", "010", "011", "012", "013", "014", "015", "016"],
        ),
        (
            "[{ by: INTENT, direction: DESC }, { by: EVENTS }]",
            ["014", "015", "016", "001", "005", "006", "010", "011", "002", "003", "004", "012", "013"],
        ),
        (
            "[{ by: PRIORITY }, { by: REQUESTED_BY }, { by: STAGE_NAME, direction: DESC }]",
            ["011", "012", "013", "014", "015", "016", "001", "002", "003", "004", "005", "006", "010"],
        ),
    ],
)
async def test_requests_come_in_the_order_asked_for_nulls_last(
    ask: Asker, sort: str, found: list[str]
) -> None:
    assert await names(ask, sort) == found


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_tasks_that_did_not_start_come_last_in_both_directions(ask: Asker, direction: str) -> None:
    data = await ask(
        f"{{ tasks(sort: {{ by: STARTED_AT, direction: {direction} }}) {{ nodes {{ jediTaskId }} }} }}"
    )

    started = [353, 354, 355, 356, 357, 358, 359, 362, 363, 364]
    if direction == "DESC":
        # 353 and 354, 357 and 358 started on one day: equal values keep the order of the key.
        started = [364, 363, 362, 359, 357, 358, 356, 355, 353, 354]
    assert [node["jediTaskId"] for node in data["tasks"]["nodes"]] == [*started, *range(346, 353)]


async def test_a_sixth_sort_key_is_refused(ask: Asker) -> None:
    keys = ", ".join("{ by: NAME }" for _ in range(6))

    answer = await ask.answer(f"{{ requests(sort: [{keys}]) {{ totalCount }} }}")

    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_FILTER"
    assert error["message"] == "6 sort keys are given, at most 5 are allowed"


async def test_the_same_sort_key_twice_is_harmless(ask: Asker) -> None:
    assert (await names(ask, "[{ by: NAME, direction: DESC }, { by: NAME }]"))[:2] == ["016", "015"]


async def test_pages_forward_visit_every_row_once(ask: Asker) -> None:
    seen: list[object] = []
    after = ""
    for expected_next in (True, True, True, False):
        found = await page(ask, f"first: 5 {after and f'after: {chr(34)}{after}{chr(34)}'}")
        seen += found["ids"]  # type: ignore[operator]
        assert found["hasNextPage"] is expected_next
        assert found["hasPreviousPage"] is (after != "")
        after = str(found["endCursor"])

    assert seen == [364, 363, 362, 359, 358, 357, 356, 355, 354, 353, 352, 351, 350, 349, 348, 347, 346]


async def test_pages_backward_visit_every_row_once_in_the_same_order(ask: Asker) -> None:
    seen: list[object] = []
    before = ""
    for expected_previous in (True, True, True, False):
        found = await page(ask, f"last: 5 {before and f'before: {chr(34)}{before}{chr(34)}'}")
        seen = [*found["ids"], *seen]  # type: ignore[misc]
        assert found["hasPreviousPage"] is expected_previous
        assert found["hasNextPage"] is (before != "")
        before = str(found["startCursor"])

    assert seen == [364, 363, 362, 359, 358, 357, 356, 355, 354, 353, 352, 351, 350, 349, 348, 347, 346]


async def test_pages_cross_from_values_to_rows_without_one(ask: Asker) -> None:
    sort = "sort: [{ by: USER_NAME, direction: DESC }, { by: OUTPUT_BYTES, direction: DESC }]"
    seen: list[object] = []
    after = ""
    while True:
        found = await page(ask, f"{sort} first: 2 {after and f'after: {chr(34)}{after}{chr(34)}'}")
        seen += found["ids"]  # type: ignore[operator]
        if not found["hasNextPage"]:
            break
        after = str(found["endCursor"])

    assert seen == [
        *(353, 348, 349, 350, 351, 352),  # voadmin, five of them without a size
        *(363, 362, 355, 354, 346, 347),  # prodman, two of them without a size
        *(359, 358, 364, 357, 356),  # nobody
    ]


async def test_every_edge_holds_the_cursor_of_its_row(ask: Asker) -> None:
    data = await ask("{ tasks(first: 3) { edges { cursor node { jediTaskId } } pageInfo { endCursor } } }")
    edges = data["tasks"]["edges"]

    assert [edge["node"]["jediTaskId"] for edge in edges] == FIFTH_TASKS[:3]
    assert edges[-1]["cursor"] == data["tasks"]["pageInfo"]["endCursor"]
    assert (await page(ask, f'first: 2 after: "{edges[0]["cursor"]}"'))["ids"] == FIFTH_TASKS[1:3]


async def test_a_page_keeps_its_place_when_rows_are_inserted(own_world: Database) -> None:
    ask = Asker(own_world, LOADED_AT)
    first = await page(ask, "first: 5")

    async with own_world.transaction() as session:
        new = [Task(jedi_task_id=number, name=f"T{number}", status="done") for number in (900, 361, 345)]
        await remember(session, new, source=SourceName.PANDA, at=LOADED_AT)

    assert first["ids"] == FIFTH_TASKS
    assert (await page(ask, f'first: 4 after: "{first["endCursor"]}"'))["ids"] == [357, 356, 355, 354]
    assert (await page(ask, f'last: 3 before: "{first["endCursor"]}"'))["ids"] == [362, 361, 359]
    assert (await page(ask, "first: 2"))["ids"] == [900, 364]
    assert (await page(ask, "last: 1"))["ids"] == [345]


async def test_pages_of_parts_are_turned_for_each_whole(ask: Asker) -> None:
    document = """
    query ($after: String) {
      requests(filter: { name: { in: ["PROD2025-012", "PROD2025-013"] } }) {
        nodes { datasets(first: 3, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }
      }
    }
    """
    firsts = [node["datasets"] for node in (await ask(document))["requests"]["nodes"]]
    rest = (await ask(document, after=firsts[0]["pageInfo"]["endCursor"]))["requests"]["nodes"]

    assert [[node["name"].split(".", 4)[-1] for node in part["nodes"]] for part in firsts] == [
        ["RECO.1.R", "RECO.1.log", "SIM.1.P"],
        ["RECO.1.R", "RECO.1.log", "SIM.2.P"],
    ]
    # One cursor for both: what comes after 012's third dataset, and all of 013's.
    assert [[node["name"].split(".", 4)[-1] for node in part["datasets"]["nodes"]] for part in rest] == [
        ["SIM.1.S", "SIM.1.log"],
        ["RECO.1.R", "RECO.1.log", "SIM.2.P"],
    ]


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ("", 17),
        ("first: 0", 17),
        ("first: 3", 17),
        ('filter: { status: { eq: "aborted" } }', 4),
        ('filter: { status: { eq: "nothing" } }', 0),
    ],
)
async def test_the_count_is_of_the_whole_list(ask: Asker, arguments: str, count: int) -> None:
    arguments = arguments and f"({arguments})"

    assert await ask(f"{{ tasks{arguments} {{ totalCount }} }}") == {"tasks": {"totalCount": count}}


async def test_the_count_is_the_same_on_the_second_page(ask: Asker) -> None:
    first = await page(ask, "first: 5")

    data = await ask(f'{{ tasks(first: 5, after: "{first["endCursor"]}") {{ totalCount }} }}')

    assert data == {"tasks": {"totalCount": 17}}


@pytest.mark.parametrize(("at_most", "count"), [(0, 1), (5, 6), (16, 17), (17, 17), (1_000_000, 17)])
async def test_counting_stops_one_beyond_what_is_asked_for(ask: Asker, at_most: int, count: int) -> None:
    data = await ask(
        f"""{{
          tasks {{ totalCount(atMost: {at_most}) }}
          groups(first: 1) {{ nodes {{ members {{ totalCount(atMost: {at_most}) }} }} }}
        }}"""
    )

    assert data["tasks"]["totalCount"] == count
    assert data["groups"]["nodes"][0]["members"]["totalCount"] == min(5, at_most + 1)


@pytest.mark.parametrize("at_most", [-1, 1_000_001])
async def test_a_bound_of_counting_out_of_range_is_refused(ask: Asker, at_most: int) -> None:
    answer = await ask.answer(f"{{ tasks {{ totalCount(atMost: {at_most}) }} }}")

    assert answer["errors"][0]["message"] == f"`atMost` is {at_most}: give 0 to 1000000, or leave it out"
    assert answer["errors"][0]["extensions"]["code"] == "BAD_FILTER"


async def test_an_empty_page_has_no_cursors_and_knows_what_follows(ask: Asker) -> None:
    nothing = {"ids": [], "startCursor": None, "endCursor": None, "hasPreviousPage": False}

    assert await page(ask, "first: 0") == nothing | {"hasNextPage": True}
    assert await page(ask, 'first: 5 filter: { name: { eq: "x" } }') == nothing | {"hasNextPage": False}


async def cursor_of(ask: Asker, field: str, arguments: str = "first: 1") -> str:
    data = await ask(f"{{ {field}({arguments}) {{ pageInfo {{ endCursor }} }} }}")
    return str(data[field]["pageInfo"]["endCursor"])


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("first: 1001", "LIMIT_PAGE_SIZE", "1000"),
        ("first: -1", "BAD_FILTER", "`first` is -1: a page has 0 to 1000 rows"),
        ("last: -1", "BAD_FILTER", "`last` is -1: a page has 0 to 1000 rows"),
        ("first: 1, last: 1", "BAD_FILTER", "give `first` or `last`, not both"),
        ('before: "x"', "BAD_FILTER", "`before` needs `last`"),
        ('first: 1, before: "x"', "BAD_FILTER", "`before` needs `last`"),
        ('last: 1, after: "x"', "BAD_FILTER", "`after` cannot be used with `last`"),
        ('after: ""', "BAD_CURSOR", "not one of ours"),
        ('after: "nonsense"', "BAD_CURSOR", "not one of ours"),
        ('after: "юю"', "BAD_CURSOR", "not one of ours"),
        ('after: "W10"', "BAD_CURSOR", "another order or list"),
        (f'after: "{"A" * 5000}"', "BAD_CURSOR", "too long"),
        ("first: 2147483648", "LIMIT_PAGE_SIZE", "1000"),
        ("first: 1.5", "GRAPHQL_VALIDATION_FAILED", "Int"),
    ],
)
@pytest.mark.parametrize("nested", [False, True])
async def test_pages_that_cannot_be_are_refused_in_words(
    ask: Asker, arguments: str, code: str, words: str, nested: bool
) -> None:
    document = f"{{ tasks({arguments}) {{ nodes {{ name }} }} }}"
    if nested:
        document = f"{{ requests(first: 10) {{ nodes {{ tasks({arguments}) {{ nodes {{ name }} }} }} }} }}"

    answer = await ask.answer(document)

    error = answer["errors"][0]
    assert error["extensions"]["code"] == code
    assert words in error["message"]


async def test_a_cursor_of_another_list_or_order_is_refused(ask: Asker) -> None:
    of_requests = await cursor_of(ask, "requests")
    by_status = await cursor_of(ask, "tasks", "first: 1, sort: { by: STATUS }")

    for cursor in (of_requests, by_status):
        answer = await ask.answer(f'{{ tasks(after: "{cursor}") {{ nodes {{ name }} }} }}')
        assert answer["errors"][0]["extensions"]["code"] == "BAD_CURSOR"
        assert "another order or list" in answer["errors"][0]["message"]


async def test_gone_rows_are_hidden_from_lists_counts_and_joins_until_asked_for(own_world: Database) -> None:
    ask = Asker(own_world, LOADED_AT)
    async with own_world.transaction() as session:
        await mark_gone(session, Task, [(362,), (353,)], at=LOADED_AT)
    document = """
    query ($gone: Boolean!) {
      tasks(includeGone: $gone, first: 3) { totalCount nodes { jediTaskId goneAt } }
      request(name: "PROD2025-013") {
        ... on Request { tasks(includeGone: $gone) { totalCount nodes { jediTaskId } } }
      }
      requests(filter: { tasks: { jediTaskId: { eq: 362 } } }) { totalCount }
    }
    """

    assert await ask(document, gone=False) == {
        "tasks": {
            "totalCount": 15,
            "nodes": [{"jediTaskId": number, "goneAt": None} for number in (364, 363, 359)],
        },
        "request": {"tasks": {"totalCount": 1, "nodes": [{"jediTaskId": 363}]}},
        "requests": {"totalCount": 0},
    }
    assert await ask(document, gone=True) == {
        "tasks": {
            "totalCount": 17,
            "nodes": [
                {"jediTaskId": 364, "goneAt": None},
                {"jediTaskId": 363, "goneAt": None},
                {"jediTaskId": 362, "goneAt": LOADED_AT.isoformat()},
            ],
        },
        "request": {"tasks": {"totalCount": 2, "nodes": [{"jediTaskId": 363}, {"jediTaskId": 362}]}},
        "requests": {"totalCount": 0},
    }


async def test_requests_made_at_one_moment_are_all_visited(own_world: Database) -> None:
    ask = Asker(own_world, LOADED_AT)
    async with own_world.transaction() as session:
        session.add_all(request(f"TEST2026-{number:03}", LOADED_AT) for number in range(30))
    seen = []
    after = None
    while True:
        data = await ask(
            """
            query ($after: String) {
              requests(first: 7, after: $after, sort: { by: CREATED_AT, direction: DESC }) {
                nodes { name } pageInfo { hasNextPage endCursor }
              }
            }
            """,
            after=after,
        )
        seen += [node["name"] for node in data["requests"]["nodes"]]
        if not data["requests"]["pageInfo"]["hasNextPage"]:
            break
        after = data["requests"]["pageInfo"]["endCursor"]

    assert len(seen) == len(set(seen)) == 43


def request(name: str, at: dt.datetime) -> Request:
    """A request like all others, of the registries that the practice world has."""
    return Request(
        name=name,
        stage_name="S2",
        software_project="spdroot-dev",
        software_version="4.1.7.2",
        collision_type="pp",
        beam_energy_mev=27_000,
        polarization="UU",
        tag="minbias",
        events=1000,
        events_per_file=100,
        intent="READY",
        origin="gateway",
        created_at=at,
        updated_at=at,
    )
