"""Every mutation by every role: whoever may not is refused, and only an entry in the trail is left of it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
)
from sqlalchemy import func, select

from gateway.auth.permissions import RIGHTS, Right, Role
from gateway.auth.viewer import Viewer
from gateway.domain.submission import Unknown
from gateway.resolvers.services import Services
from gateway.schema.build import build_schema
from gateway.schema.needs import rights_of_mutations
from gateway.store.audit import AuditRow
from gateway.store.base import Base
from gateway.store.database import Database
from tests.conftest import LOADED_AT
from tests.support.asking import Asker

SCHEMA = build_schema()
NEEDED = rights_of_mutations(SCHEMA)
# Any value of its kind: whoever is refused is refused before it is looked at.
SCALARS: Mapping[str, object] = {
    "String": "x",
    "ID": "x",
    "Int": 1,
    "BigInt": 1,
    "Float": 1.0,
    "Decimal": "1",
    "Boolean": True,
    "DateTime": "2026-03-01T12:00:00Z",
    "Json": {},
    "JSON": {},
}


def value_of(type_: Any) -> object:
    """A value that the schema takes, with as little in it as it allows."""
    match type_:
        case GraphQLNonNull():
            return value_of(type_.of_type)
        case GraphQLList():
            return [value_of(type_.of_type)]
        case GraphQLEnumType():
            return next(iter(type_.values))
        case GraphQLInputObjectType():
            return {
                name: value_of(field.type)
                for name, field in type_.fields.items()
                if isinstance(field.type, GraphQLNonNull)
            }
        case _:
            return SCALARS[type_.name]


def mutation_fields() -> dict[str, GraphQLField]:
    root = SCHEMA._schema.mutation_type
    assert isinstance(root, GraphQLObjectType)
    return dict(root.fields)


FIELDS = mutation_fields()


def document_of(name: str) -> tuple[str, dict[str, object]]:
    """A document that asks for the mutation, and its variables."""
    wanted = {
        argument: given.type
        for argument, given in FIELDS[name].args.items()
        if isinstance(given.type, GraphQLNonNull)
    }
    declared = ", ".join(f"${argument}: {type_}" for argument, type_ in wanted.items())
    passed = ", ".join(f"{argument}: ${argument}" for argument in wanted)
    head = f"mutation ({declared})" if declared else "mutation"
    call = f"{name}({passed})" if passed else name
    return f"{head} {{ {call} {{ __typename }} }}", {
        argument: value_of(type_) for argument, type_ in wanted.items()
    }


def denials() -> Iterator[tuple[str, Role]]:
    for name, right in NEEDED.items():
        for role in Role:
            if right not in RIGHTS[role]:
                yield name, role


class Listening:
    """Something at another service that writes down what it is asked to do."""

    def __init__(self, asked: list[str]) -> None:
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        async def ask(*_given: object, **_named: object) -> object:
            self._asked.append(name)
            return "a-token" if name == "token_for" else Unknown("nobody answers")

        return ask


def listening(asked: list[str]) -> Services:
    door: Any = Listening(asked)
    return Services(door, door, door, door)


async def counts(database: Database) -> dict[str, int]:
    async with database.snapshot() as session:
        return {
            table.name: await session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


@pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)
async def test_whoever_may_not_is_refused_and_leaves_an_entry_only(own_world: Database) -> None:
    before = await counts(own_world)
    expected: list[tuple[str, str, str]] = []
    sent: list[str] = []

    for name, role in denials():
        viewer = Viewer(role.value, RIGHTS[role], subject=role.value, credential="person:x")
        asker = Asker(own_world, LOADED_AT, viewer, listening(sent))
        text, variables = document_of(name)
        answer = await asker.answer(text, **variables)

        assert answer.get("data") is None, (name, role, answer)
        [error] = answer["errors"]
        right = NEEDED[name]
        assert error["extensions"]["code"] == "FORBIDDEN", (name, role, error)
        assert error["message"] == f"{role.value} may not do this: the right {right.value!r} is needed"
        expected.append((role.value, name, "refused"))

    after = await counts(own_world)
    async with own_world.snapshot() as session:
        rows = (await session.scalars(select(AuditRow).order_by(AuditRow.number))).all()[-len(expected) :]
    assert [(row.actor, row.action, row.outcome) for row in rows] == expected
    # That the trail was written is counted among the versions of tables, and is no more than that.
    changed = {name: count - before[name] for name, count in after.items() if before[name] != count}
    changed.pop("data_versions", None)
    assert changed == {"audit_entries": len(expected)}
    assert sent == []


async def test_the_same_by_somebody_who_may_is_sent(own_world: Database) -> None:
    """The control: what is listened to above does hear what is asked of other services."""
    sent: list[str] = []
    viewer = Viewer("prodman", frozenset(Right), subject="s-1", username="prodman", credential="person:s-1")

    answer = await Asker(own_world, LOADED_AT, viewer, listening(sent)).answer(
        "mutation { steerTasks(jediTaskIds: [363], command: RETRY, dryRun: false) { tasks { message } } }"
    )

    assert "command" in sent, answer


def test_every_cell_of_the_table_is_tried() -> None:
    cells = sum(right not in RIGHTS[role] for right in NEEDED.values() for role in Role)

    assert set(NEEDED) == set(FIELDS)
    assert len(list(denials())) == cells >= 5


@pytest.mark.parametrize("name", NEEDED)
async def test_strangers_change_nothing_and_leave_nothing(world: Database, name: str) -> None:
    text, variables = document_of(name)
    before = await counts(world)

    answer = await Asker(world, LOADED_AT, Viewer("anonymous", frozenset({Right.READ}))).answer(
        text, **variables
    )

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await counts(world) == before
