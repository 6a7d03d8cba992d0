"""The schema as a subgraph: things by the keys that other graphs know, with `node`'s rights and limits."""

import dataclasses
import re
from typing import Any

import pytest
from graphql import build_schema as schema_of_text

from gateway.app import create_executor
from gateway.auth.permissions import Right
from gateway.auth.viewer import Viewer
from gateway.schema.build import build_schema
from gateway.schema.federation import KEYS, subgraph_sdl
from gateway.schema.node import global_id
from gateway.store.database import Database
from tests.conftest import LOADED_AT
from tests.support.asking import Asker
from tests.support.databases import counted_statements
from tests.support.postgres import ROOT

ONE_OF = {
    "Attempt": ("PROD2025-013.RECO.1", "key"),
    "Campaign": ("SPD MC 2025", "name"),
    "Dataset": ("MC2025_S1:MC2025_S1.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-013.RECO.1.R", "did"),
    "Person": ("prodman", "username"),
    "Request": ("PROD2025-013", "name"),
    "Site": ("JINR", "name"),
    "Step": ("PROD2025-013.SIM", "key"),
    "Storage": ("JINR_EOS", "name"),
    "Task": (362, "jediTaskId"),
}
ENTITIES = """
query ($things: [_Any!]!) {
  _entities(representations: $things) { __typename ... on Task { jediTaskId status } ... on Site { name } }
}
"""


@pytest.fixture
def ask(world: Database) -> Asker:
    """Ask a federated gateway."""
    asker = Asker(world, LOADED_AT)
    asker.executor = create_executor(world, clock=lambda: LOADED_AT, is_federated=True)
    return asker


async def entities(ask: Asker, *things: object) -> Any:
    return (await ask(ENTITIES, things=list(things)))["_entities"]


async def refusal(ask: Asker, document: str, **variables: object) -> dict[str, Any]:
    answer = await ask.answer(document, **variables)
    [error] = answer["errors"]
    return {"code": error["extensions"]["code"], "message": error["message"]}


def test_every_type_with_a_key_is_tried() -> None:
    assert set(ONE_OF) == set(KEYS)


def test_the_keys_are_told_as_they_are() -> None:
    page = (ROOT / "docs" / "federation.md").read_text()
    told = dict(re.findall(r"^\| (\w+) \| `(\w+)`, `id` \|", page, re.MULTILINE))

    assert told == {name: key.field for name, key in KEYS.items()}


@pytest.mark.parametrize("type_name", ONE_OF)
async def test_a_thing_is_found_by_its_key_and_by_its_id(ask: Asker, type_name: str) -> None:
    value, field = ONE_OF[type_name]
    document = (
        "query ($things: [_Any!]!) { _entities(representations: $things)"
        f" {{ ... on {type_name} {{ id {field} }} }} }}"
    )

    [by_key] = (await ask(document, things=[{"__typename": type_name, field: value}]))["_entities"]
    [by_id] = (await ask(document, things=[{"__typename": type_name, "id": by_key["id"]}]))["_entities"]

    assert by_key == by_id == {"id": by_key["id"], field: value}


async def test_things_are_given_in_order_with_null_for_what_is_not_there(ask: Asker) -> None:
    found = await entities(
        ask,
        {"__typename": "Task", "jediTaskId": 362},
        {"__typename": "Site", "name": "NOWHERE"},
        {"__typename": "Task", "jediTaskId": "362"},
        {"__typename": "Site", "name": "JINR"},
        {"__typename": "Task", "id": global_id("Task", (999,))},
    )

    task = {"__typename": "Task", "jediTaskId": 362, "status": "done"}
    assert found == [task, None, task, {"__typename": "Site", "name": "JINR"}, None]


async def test_many_things_take_as_many_statements_as_one(ask: Asker, world: Database) -> None:
    few = [{"__typename": "Task", "jediTaskId": 362}]
    many = [{"__typename": "Task", "jediTaskId": number} for number in range(300, 366)]

    with counted_statements(world) as of_few:
        await entities(ask, *few)
    with counted_statements(world) as of_many:
        found = await entities(ask, *many)

    assert sum(one is not None for one in found) > 10
    assert len(of_many) == len(of_few)


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        ("Task", "is an object"),
        ({"jediTaskId": 362}, "is no type with a key"),
        ({"__typename": "Finding", "id": "x"}, "is no type with a key"),
        ({"__typename": "Task"}, "named by its `jediTaskId` or its `id`"),
        ({"__typename": "Task", "jediTaskId": "many"}, "is no `jediTaskId` of a Task"),
        ({"__typename": "Task", "jediTaskId": [1]}, "is no `jediTaskId` of a Task"),
        ({"__typename": "Task", "id": global_id("Site", ("JINR",))}, "has no global ids"),
    ],
)
async def test_what_names_nothing_of_ours_is_refused(ask: Asker, thing: object, message: str) -> None:
    refused = await refusal(ask, ENTITIES, things=[thing])

    assert message in refused["message"]


async def test_as_many_things_as_a_page_and_no_more(ask: Asker) -> None:
    thing = {"__typename": "Site", "name": "JINR"}

    assert len(await entities(ask, *[thing] * 1000)) == 1000
    refused = await refusal(ask, ENTITIES, things=[thing] * 1001)

    assert refused["code"] == "LIMIT_PAGE_SIZE"


async def test_what_hangs_on_things_is_counted_for_each(ask: Asker) -> None:
    document = """
    query ($things: [_Any!]!) {
      _entities(representations: $things) { ... on Site { storages { quotas { account } } } }
    }
    """
    thing = {"__typename": "Site", "name": "JINR"}

    refused = await refusal(ask, document, things=[thing] * 900)

    assert refused["code"] == "LIMIT_COST"
    assert "objects" in refused["message"]


async def test_the_subgraph_is_shown_to_whoever_may_see_the_schema(ask: Asker) -> None:
    stranger = dataclasses.replace(ask, viewer=Viewer("someone", frozenset({Right.READ})))
    stranger.executor = ask.executor

    told = (await ask("{ _service { sdl } }"))["_service"]["sdl"]
    refused = await refusal(stranger, "{ _service { sdl } }")

    assert 'type Request implements Node @key(fields: "name") @key(fields: "id")' in told
    assert refused["code"] == "FORBIDDEN"


def test_the_subgraph_is_the_public_schema_with_keys_and_nothing_else() -> None:
    told = subgraph_sdl(build_schema(is_federated=True).as_str())
    link, _, rest = told.partition("\n\n")
    for directive in (*(f' @key(fields: "{key.field}") @key(fields: "id")' for key in KEYS.values()),):
        rest = rest.replace(directive, "")

    public = schema_of_text(build_schema().as_str())
    again = schema_of_text(rest.replace(" @shareable", ""))

    assert link.startswith("extend schema @link(url:")
    assert {name: sorted(getattr(type_, "fields", ())) for name, type_ in again.type_map.items()} == {
        name: sorted(getattr(type_, "fields", ())) for name, type_ in public.type_map.items()
    }


async def test_without_the_setting_nothing_of_it_is_there(world: Database) -> None:
    refused = await refusal(Asker(world, LOADED_AT), "{ _service { sdl } }")

    assert refused["code"] == "GRAPHQL_VALIDATION_FAILED"
