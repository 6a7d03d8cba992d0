"""Nothing is shown to those without the right, and nothing of it is even read."""

import pytest
from graphql import GraphQLInputObjectType, get_named_type

from gateway.auth.permissions import Right
from gateway.auth.viewer import Viewer
from gateway.schema.build import build_schema
from gateway.store.database import Database
from tests.conftest import LOADED_AT
from tests.support.asking import Asker
from tests.support.databases import counted_statements

SCHEMA = build_schema()._schema

WITH_QUOTAS = {
    "quotas": "{ quotas { nodes { account limitBytes usedBytes } } }",
    "counted": "{ quotas { totalCount } }",
    "filtered": "{ quotas(filter: { usedBytes: { gt: 0 } }, first: 0) { pageInfo { hasNextPage } } }",
    "of a person": "{ people { nodes { username quotas { limitBytes } } } }",
    "of one person": '{ person(username: "prodman") { ... on Person { quotas { limitBytes } } } }',
    "of a storage": "{ storages { nodes { name quotas { account } } } }",
    "of the storage of a replica": "{ replicas(first: 1) { nodes { storage { quotas { account } } } } }",
}


def without(right: Right) -> Viewer:
    return Viewer("reader", frozenset(Right) - {right})


@pytest.mark.parametrize(
    "text", ["{ requests { totalCount } }", "{ viewer { name } }", "{ sources { name } }"]
)
async def test_without_read_nothing_is_answered_or_read(world: Database, text: str) -> None:
    nobody = Asker(world, LOADED_AT, without(Right.READ))

    with counted_statements(world) as statements:
        answer = await nobody.answer(text)

    assert "data" not in answer
    [error] = answer["errors"]
    assert error["message"] == "reader may not do this: the right 'read' is needed"
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert statements == []


@pytest.mark.parametrize("kind", WITH_QUOTAS)
async def test_without_the_right_no_quota_is_shown_or_read(world: Database, kind: str) -> None:
    reader = Asker(world, LOADED_AT, without(Right.READ_QUOTAS))

    with counted_statements(world) as statements:
        answer = await reader.answer(WITH_QUOTAS[kind])

    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}
    assert {error["message"] for error in answer["errors"]} == {
        "reader may not do this: the right 'read_quotas' is needed"
    }
    assert "limitBytes" not in str(answer["data"])
    assert not [statement for statement in statements if "quotas" in statement]


@pytest.mark.parametrize("kind", WITH_QUOTAS)
async def test_with_the_right_every_quota_is_shown(ask: Asker, kind: str) -> None:
    answer = await ask.answer(WITH_QUOTAS[kind])

    assert "errors" not in answer


async def test_quotas_are_those_of_rucio(ask: Asker) -> None:
    data = await ask(
        """
        {
          quotas { nodes { account rseName limitBytes isUnlimited usedBytes storage { name } } }
          person(username: "prodman") { ... on Person { quotas { rseName usedBytes } } }
        }
        """
    )

    tb = 10**12
    assert [
        (node["account"], node["rseName"], node["limitBytes"], node["isUnlimited"])
        for node in data["quotas"]["nodes"]
    ] == [
        ("analyst", "SSAU_DISK", 10 * tb, False),
        ("operator", "JINR_EOS", 5 * tb, False),
        ("prodman", "JINR_EOS", 500 * tb, False),
        ("prodman", "PNPI_EOS", 60 * tb, False),
        ("sampo", "JINR_EOS", 20 * tb, False),
        ("voadmin", "JINR_EOS", None, True),
    ]
    assert data["person"]["quotas"][0] == {"rseName": "JINR_EOS", "usedBytes": 97_340_210_000_000}


def test_no_filter_leads_to_quotas_from_elsewhere() -> None:
    leading = {
        f"{type_.name}.{name}"
        for type_ in SCHEMA.type_map.values()
        if isinstance(type_, GraphQLInputObjectType)
        for name, field in type_.fields.items()
        if get_named_type(field.type).name == "QuotaFilter"
    }

    assert leading <= {"QuotaFilter.and", "QuotaFilter.or", "QuotaFilter.not"}


@pytest.mark.parametrize(
    "text", ["{ __schema { types { name } } }", '{ __type(name: "Quota") { fields { name } } }']
)
async def test_without_introspect_the_schema_says_nothing_about_itself(world: Database, text: str) -> None:
    reader = Asker(world, LOADED_AT, without(Right.INTROSPECT))

    answer = await reader.answer(text)

    assert "data" not in answer
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert "data" in await Asker(world, LOADED_AT).answer(text)


@pytest.mark.parametrize(
    "text", ["{ request { name } }", "{ quota }", "{ requests(fitler: {}) { totalCount } }"]
)
async def test_without_introspect_mistakes_name_nothing_of_the_schema(world: Database, text: str) -> None:
    reader = Asker(world, LOADED_AT, without(Right.INTROSPECT))

    closed = await reader.answer(text)
    opened = await Asker(world, LOADED_AT).answer(text)

    assert {error["message"] for error in closed["errors"]} == {
        "this place in the document does not fit the schema"
    }
    assert "schema" not in {error["message"] for error in opened["errors"]}


async def test_without_introspect_the_type_of_a_thing_is_still_said(world: Database) -> None:
    reader = Asker(world, LOADED_AT, without(Right.INTROSPECT))

    assert await reader("{ __typename requests(first: 1) { nodes { __typename } } }") == {
        "__typename": "Query",
        "requests": {"nodes": [{"__typename": "Request"}]},
    }


async def test_the_viewer_is_told_who_they_are_and_what_they_may(world: Database) -> None:
    reader = Asker(world, LOADED_AT, Viewer("reader", frozenset({Right.READ, Right.INTROSPECT})))

    assert await reader("{ viewer { name rights } }") == {
        "viewer": {"name": "reader", "rights": ["INTROSPECT", "READ"]}
    }
