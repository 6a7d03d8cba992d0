"""Queries answered level by level have the bytes of ordinary execution, whoever asks and for what."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from gateway.app import create_executor
from gateway.auth.permissions import Role, rights_of
from gateway.auth.viewer import Viewer, anonymous
from gateway.schema.build import build_schema
from gateway.schema.compiled.reads import CompiledReads
from gateway.schema.execution import Executor, OperationRequest
from gateway.store.database import Database
from tests.conftest import LOADED_AT
from tests.schema.generated_queries import Generator, Known
from tests.support.asking import ALL_RIGHTS
from tests.support.databases import counted_statements

SEED = int(os.environ.get("GATEWAY_TEST_SEED", "2025"))
QUERIES = int(os.environ.get("GATEWAY_TEST_GENERATED_QUERIES", "90"))
SCHEMA = build_schema()._schema
FILES = [*Path("bench/queries").glob("*.graphql"), *Path("docs/queries").glob("*.graphql")]
DOCUMENTS = {file.stem: file.read_text() for file in sorted(FILES)}


class Both:
    """The two ways to answer on one database, at one moment."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ordinary = create_executor(database, clock=lambda: LOADED_AT, compiled_reads=False)
        self.compiled = create_executor(database, clock=lambda: LOADED_AT)

    @property
    def reads(self) -> CompiledReads:
        reads = self.compiled._reads
        assert isinstance(reads, CompiledReads)
        return reads

    async def answers(
        self, document: str, variables: dict[str, object], viewer: Viewer = ALL_RIGHTS
    ) -> tuple[bytes, bytes]:
        """Return the bodies of both."""
        return (
            await body(self.ordinary, document, variables, viewer),
            await body(self.compiled, document, variables, viewer),
        )


async def body(
    executor: Executor[Viewer], document: str, variables: dict[str, object], viewer: Viewer
) -> bytes:
    return (await executor.execute(OperationRequest(document, variables=variables), viewer)).body


@pytest.fixture
def both(world: Database) -> Both:
    return Both(world)


def viewers(subject: str) -> Iterator[Viewer]:
    yield anonymous(is_open=True)
    yield anonymous(is_open=False)
    for role in Role:
        yield Viewer(role.value, rights_of([role]), frozenset({role}), subject=subject, username="prodman")


async def known_of(ordinary: Executor[Viewer]) -> Known:
    """Return names and ids of what the world holds."""
    text = await body(
        ordinary,
        """{
          requests(first: 30) { nodes { id name campaignName tag steps { id key kind attempts { id key } } } }
          tasks(first: 30) { nodes { id jediTaskId name status user { id username } } }
          datasets(first: 30) {
            nodes { id did scope replicas { id rseName state } rules { id ruleId account } }
          }
          sites { nodes { id name queues { id name } } }
          storages { nodes { id name } }
          people(first: 20) { nodes { id username groups { id name } } }
          findings(first: 20) { nodes { id code invariant subjectKey } }
        }""",
        {},
        ALL_RIGHTS,
    )
    values: dict[str, list[object]] = {}
    ids: list[str] = []

    def collect(found: object) -> None:
        match found:
            case dict():
                for key, value in found.items():
                    if key == "id":
                        ids.append(value)
                    elif isinstance(value, str | int):
                        values.setdefault(key, []).append(value)
                    collect(value)
            case list():
                for each in found:
                    collect(each)

    data = orjson.loads(text)["data"]
    collect(data)
    values["username"] = [node["username"] for node in data["people"]["nodes"]]
    for root, list_name in (("request", "requests"), ("site", "sites"), ("storage", "storages")):
        values[f"{root}.name"] = [node["name"] for node in data[list_name]["nodes"]]
    return Known(values, ids)


async def test_generated_queries_have_the_same_bytes_for_every_role(both: Both) -> None:
    facts = await known_of(both.ordinary)
    everybody = list(viewers("subject-of-nobody"))
    executed = 0

    for number in range(QUERIES):
        made = Generator(SCHEMA, facts, random.Random(SEED * 1_000_003 + number)).make()
        viewer = everybody[number % len(everybody)] if number % 3 else ALL_RIGHTS
        expected, found = await both.answers(made.document, made.variables, viewer)

        assert found == expected, f"seed {SEED}, number {number}: {made.document} {made.variables}"
        assert b"GRAPHQL_VALIDATION_FAILED" not in found, f"{made.document}: {found!r}"
        assert b"INTERNAL_ERROR" not in found, f"{made.document}: {found!r}"
        executed += b'"data":{' in found

    # Of little use if most were refused, or left to ordinary execution.
    assert executed > QUERIES * 0.6, executed
    assert both.reads.counts.answered > executed * 0.8, both.reads.counts


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_queries_that_people_use_are_covered(both: Both, name: str) -> None:
    variables = {"name": "PROD2025-013", "text": "PROD2025"}

    expected, found = await both.answers(DOCUMENTS[name], variables)

    assert found == expected
    assert b'"errors"' not in found
    assert (both.reads.counts.answered, both.reads.counts.left) == (1, {})


async def test_an_answer_of_rows_takes_no_more_statements_than_ordinary_execution(both: Both) -> None:
    document = DOCUMENTS["page"]

    with counted_statements(both.database) as ordinary:
        await body(both.ordinary, document, {}, ALL_RIGHTS)
    with counted_statements(both.database) as compiled:
        await body(both.compiled, document, {}, ALL_RIGHTS)

    assert len(compiled) == len(ordinary) == 13


async def test_what_is_refused_is_left_to_ordinary_execution(both: Both) -> None:
    viewer = Viewer("guest", rights_of([Role.VIEWER]))

    expected, found = await both.answers("{ quotas(first: 1) { nodes { account } } }", {}, viewer)

    assert found == expected
    assert b"read_quotas" in found
    assert both.reads.counts.left == {"a right that the viewer does not have": 1}


async def test_introspection_is_left_to_ordinary_execution(both: Both) -> None:
    expected, found = await both.answers('{ __type(name: "Task") { name } sources { name } }', {})

    assert found == expected
    assert both.reads.counts.answered == 0
