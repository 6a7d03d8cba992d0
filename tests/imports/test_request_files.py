"""Requests as YAML: what is written out reads back as it was, and applying a file twice changes nothing."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.auth.permissions import Right
from gateway.auth.viewer import Viewer
from gateway.domain.definitions import Definition, StepDefinition
from gateway.domain.names import StepKind
from gateway.domain.seeds import SeedRange
from gateway.errors import ImportFileError, MissingError
from gateway.imports.request_files import (
    Document,
    apply_documents,
    export_requests,
    read_documents,
    write_documents,
)
from gateway.store.database import Database
from tests.conftest import LOADED_AT
from tests.schema.mutations.asking import rows_of_all_tables

SOMEBODY = Viewer("prodman", frozenset(Right))

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
optional_words = st.none() | words
seed_ranges = st.tuples(st.integers(1, 10**9), st.integers(0, 10**6)).map(
    lambda pair: SeedRange(pair[0], pair[0] + pair[1])
)
step_definitions = st.builds(
    StepDefinition,
    kind=st.sampled_from([StepKind("SIM"), StepKind("RECO"), StepKind("GEN")]),
    script=optional_words,
    reads=optional_words,
    description=optional_words,
)
definitions = st.builds(
    Definition,
    stage=words,
    software_project=words,
    # Versions that YAML would take for numbers or dates, if they were not written as texts.
    software_version=words | st.sampled_from(["4.1", "2026-03-01", "1_000", "0x10", "null", "yes"]),
    collision_type=words,
    energy_gev=st.integers(1, 999_999).map(lambda mev: Decimal(mev) / 1000),
    polarization=words,
    tag=words,
    events=st.integers(1, 2**63 - 1),
    events_per_file=st.integers(1, 10**6),
    campaign=optional_words,
    geometry=st.lists(words, max_size=4).map(tuple),
    priority=st.none() | st.integers(-100, 2000),
    description=st.none() | st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])),
    is_test=st.booleans(),
    seeds=st.lists(seed_ranges, max_size=3).map(tuple),
    steps=st.lists(step_definitions, max_size=3).map(tuple),
)


@given(definition=definitions, name=optional_words, version=st.none() | st.integers(1, 10**6))
@settings(derandomize=True, deadline=None, max_examples=100)
def test_what_is_written_reads_back_as_it_was(
    definition: Definition, name: str | None, version: int | None
) -> None:
    document = Document(1, name, version, definition)

    assert read_documents(write_documents([document]).encode(), file_name="a.yaml") == [document]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff", "is no text in UTF-8"),
        (b"a: [1", "is no YAML in line 1"),
        (b"- 1", "Document 1 of a.yaml is no list of fields"),
        (b"name: 7", "`name` is a text"),
        (b"colour: red", "colour: no field of a request is called so"),
        (b"stage: S1\nsoftware_project: a\nsoftware_version: 4.1", "software_version: 4.1 is no text"),
        (b"!!python/object/apply:os.system ['true']", "is no YAML"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(content: bytes, words: str) -> None:
    with pytest.raises(ImportFileError, match=words.replace("(", r"\(")):
        read_documents(content, file_name="a.yaml")


class TestApplied:
    """What applying a file does to a database."""

    pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)

    @staticmethod
    async def applied(
        database: Database, text: str, *, dry_run: bool = False
    ) -> list[tuple[str | None, str]]:
        content = text.encode()
        outcomes = await apply_documents(
            database,
            read_documents(content, file_name="a.yaml"),
            content=content,
            viewer=SOMEBODY,
            now=LOADED_AT,
            dry_run=dry_run,
        )
        return [(outcome.name, outcome.applied.value) for outcome in outcomes]

    async def test_what_was_exported_changes_nothing_when_applied(self, own_world: Database) -> None:
        names = [f"PROD2025-{number:03d}" for number in (1, 10, 13, 16)]
        text = await export_requests(own_world, names)
        before = await rows_of_all_tables(own_world)

        assert await self.applied(own_world, text) == [(name, "unchanged") for name in names]
        assert await rows_of_all_tables(own_world) == before

    async def test_an_edited_document_is_applied_once(self, own_world: Database) -> None:
        text = await export_requests(own_world, ["PROD2025-016"])
        edited = text + "priority: 950\n"

        first, second = await self.applied(own_world, edited), await self.applied(own_world, edited)

        assert (first, second) == ([("PROD2025-016", "changed")], [("PROD2025-016", "unchanged")])
        assert "version: 2" in await export_requests(own_world, ["PROD2025-016"])

    async def test_a_document_of_an_older_version_is_refused(self, own_world: Database) -> None:
        text = await export_requests(own_world, ["PROD2025-016"])
        await self.applied(own_world, text + "priority: 950\n")
        before = await rows_of_all_tables(own_world)

        assert await self.applied(own_world, text + "priority: 10\n") == [("PROD2025-016", "refused")]
        assert await rows_of_all_tables(own_world) == before

    async def test_a_document_without_a_name_is_made_once_for_each_file(self, own_world: Database) -> None:
        lines = (await export_requests(own_world, ["PROD2025-016"])).splitlines(keepends=True)
        dropped = ("name:", "version:", "seeds:", "- 40001", "description:")
        text = "".join(line for line in lines if not line.startswith(dropped))

        first, second = await self.applied(own_world, text), await self.applied(own_world, text)

        # The spreadsheet names no campaign, so the name is of the present year.
        assert first == [("PROD2026-001", "created")]
        assert second == [("PROD2026-001", "unchanged")]

    async def test_a_dry_run_says_the_same_and_writes_nothing(self, own_world: Database) -> None:
        text = (await export_requests(own_world, ["PROD2025-016"])) + "priority: 950\n"
        before = await rows_of_all_tables(own_world)

        assert await self.applied(own_world, text, dry_run=True) == [("PROD2025-016", "changed")]
        assert await rows_of_all_tables(own_world) == before

    async def test_one_bad_document_does_not_keep_the_others_out(self, own_world: Database) -> None:
        good = (await export_requests(own_world, ["PROD2025-016"])) + "priority: 950\n"
        bad = good.replace("PROD2025-016", "PROD2025-999", 1)

        assert await self.applied(own_world, f"{bad}---\n{good}") == [
            ("PROD2025-999", "refused"),
            ("PROD2025-016", "changed"),
        ]

    async def test_a_request_that_is_not_there_cannot_be_exported(self, own_world: Database) -> None:
        with pytest.raises(MissingError, match="PROD2025-999"):
            await export_requests(own_world, ["PROD2025-999"])
