"""Global ids: every thing is found again by its own, and nothing by one that was made up."""

import base64

import pytest

from gateway.errors import IdError
from gateway.resolvers.entities import TASK
from gateway.schema.node import global_id, key_of
from gateway.schema.query import NODE_TYPES
from gateway.store.database import Database
from gateway.store.remembered import remember
from gateway.store.sites import Service
from gateway.store.sources import SourceName
from tests.conftest import LOADED_AT
from tests.support.asking import Asker

# How one thing of each type is reached.
ONE_OF = {
    "Attempt": "requests(filter: { tasks: {} }, first: 1) { nodes { steps { attempts { id } } } }",
    "Campaign": "campaigns(first: 1) { nodes { id } }",
    "Dataset": "datasets(first: 1) { nodes { id } }",
    "Downtime": "downtimes(first: 1) { nodes { id } }",
    "Finding": "findings(first: 1) { nodes { id } }",
    "Group": "groups(first: 1) { nodes { id } }",
    "Person": "people(first: 1) { nodes { id } }",
    "Queue": "queues(first: 1) { nodes { id } }",
    "Replica": "replicas(first: 1) { nodes { id } }",
    "Request": "requests(first: 1) { nodes { id } }",
    "Rule": "rules(first: 1) { nodes { id } }",
    "Service": "services(first: 1) { nodes { id } }",
    "Site": "sites(first: 1) { nodes { id } }",
    "Step": "requests(filter: { tasks: {} }, first: 1) { nodes { steps { id } } }",
    "Storage": "storages(first: 1) { nodes { id } }",
    "Task": "tasks(first: 1) { nodes { id } }",
}


def raw(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def first_id(value: object) -> str:
    """Return the first id in an answer."""
    while not isinstance(value, str):
        value = next(iter(value.values())) if isinstance(value, dict) else value[0]  # type: ignore[index]
    return value


def test_every_type_with_ids_is_tried() -> None:
    assert set(ONE_OF) == set(NODE_TYPES)


@pytest.mark.parametrize("type_name", ONE_OF)
async def test_a_thing_is_found_again_by_its_id(ask: Asker, type_name: str) -> None:
    given = first_id(await ask(f"{{ {ONE_OF[type_name]} }}"))

    data = await ask(
        "query ($id: ID!) { node(id: $id) { __typename id } nodes(ids: [$id]) { __typename id } }", id=given
    )

    assert data == {
        "node": {"__typename": type_name, "id": given},
        "nodes": [{"__typename": type_name, "id": given}],
    }


async def test_ids_are_given_back_in_order_with_null_for_what_is_not_there(ask: Asker) -> None:
    ids = [
        global_id("Task", (362,)),
        global_id("Request", ("PROD2025-999",)),
        global_id("Site", ("JINR",)),
        global_id("Task", (999,)),
        global_id("Replica", ("user.analyst:PROD2025-013.RECO.1.dimuon-skim", "SSAU_DISK")),
        global_id("Task", (362,)),
    ]

    data = await ask(
        """
        query ($ids: [ID!]!) {
          nodes(ids: $ids) {
            ... on Task { jediTaskId } ... on Site { name } ... on Replica { rseName }
          }
        }
        """,
        ids=ids,
    )

    assert data["nodes"] == [
        {"jediTaskId": 362},
        None,
        {"name": "JINR"},
        None,
        {"rseName": "SSAU_DISK"},
        {"jediTaskId": 362},
    ]


async def test_a_request_among_many_is_read_by_its_id(ask: Asker) -> None:
    data = await ask(
        "query ($id: ID!) { node(id: $id) { ... on Request { name jobs } } }",
        id=global_id("Request", ("PROD2025-013",)),
    )

    assert data == {"node": {"name": "PROD2025-013", "jobs": 10_000}}


WRONG = {
    "empty": "",
    "no base64": "!!!",
    "a letter of another script": "задача",
    "no UTF-8": base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    "no separator": raw("Task362"),
    "no such type": raw("Banana:1"),
    "a type without ids": raw("Quota:prodman|JINR_EOS"),
    "an interface": raw("Node:1"),
    "Python's own": raw("__class__:1"),
    "no number": raw("Task:abc"),
    "no key": raw("Task:"),
    "a number with a space": raw("Task: 362"),
    "a number with an underscore": raw("Task:3_62"),
    "a number of another script": raw("Task:٣٦٢"),
    "a number with zeros in front": raw("Task:0362"),
    "too large": raw(f"Task:{2**63}"),
    "far too large": raw(f"Task:{'9' * 600}"),
    "too few parts": raw("Replica:a"),
    "too many parts": raw("Task:1|2"),
    "NUL": raw("Request:PROD\0"),
    "too long": "A" * 1001,
}


@pytest.mark.parametrize("kind", WRONG)
async def test_an_id_that_is_not_ours_is_refused_with_a_code(ask: Asker, kind: str) -> None:
    given = WRONG[kind]

    one = await ask.answer("query ($id: ID!) { node(id: $id) { id } }", id=given)
    many = await ask.answer("query ($id: ID!) { nodes(ids: [$id]) { id } }", id=given)

    assert [error["extensions"]["code"] for error in one["errors"]] == ["BAD_ID"]
    assert [error["extensions"]["code"] for error in many["errors"]] == ["BAD_ID"]


def test_a_field_that_wants_one_type_takes_ids_of_that_type_only() -> None:
    assert key_of(global_id("Task", (362,)), TASK) == (362,)
    with pytest.raises(IdError, match="names a 'Request' where a Task is wanted"):
        key_of(global_id("Request", ("PROD2025-013",)), TASK)


async def test_an_id_with_nul_itself_is_refused(ask: Asker) -> None:
    answer = await ask.answer("query ($id: ID!) { node(id: $id) { id } }", id="a\0b")

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_VALUE"]


async def test_more_ids_than_a_page_holds_are_refused(ask: Asker) -> None:
    ids = [global_id("Task", (number,)) for number in range(1001)]

    answer = await ask.answer("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["LIMIT_PAGE_SIZE"]


async def test_a_name_with_the_sign_that_joins_keys_is_found_by_its_id(own_world: Database) -> None:
    async with own_world.transaction() as session:
        await remember(session, [Service(name="CE|one")], source=SourceName.CRIC, at=LOADED_AT)
    ask = Asker(own_world, LOADED_AT)

    found = await ask(
        "query ($id: ID!) { node(id: $id) { ... on Service { name } } }", id=raw("Service:CE|one")
    )

    assert found == {"node": {"name": "CE|one"}}
