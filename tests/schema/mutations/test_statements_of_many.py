"""However many requests are made or looked at together: nothing is read for each of them."""

from typing import Final

import pytest

from gateway.store.database import Database
from tests.conftest import LOADED_AT
from tests.schema.mutations.asking import created
from tests.schema.mutations.test_bulk_edit import EDIT, UNDO
from tests.schema.mutations.test_bulk_edit import PREVIEW as PREVIEW_EDIT
from tests.schema.mutations.test_clone_request import CLONE
from tests.schema.mutations.test_clone_request import PREVIEW as PREVIEW_CLONE
from tests.support.asking import Asker
from tests.support.databases import counted_statements

MANY: Final = 12


@pytest.fixture
def ask(own_world: Database) -> Asker:
    return Asker(own_world, LOADED_AT)


async def test_a_preview_of_many_clones_reads_what_a_preview_of_one_reads(
    own_world: Database, ask: Asker
) -> None:
    counts = []
    for times in (1, MANY):
        with counted_statements(own_world) as sent:
            answer = await ask(PREVIEW_CLONE, name="PROD2025-016", times=times, storage="JINR_EOS")
        assert len(answer["preview"]["clones"]) == times
        counts.append(len(sent))

    assert counts[0] == counts[1]


async def test_nothing_is_read_for_each_of_many_clones(own_world: Database, ask: Asker) -> None:
    await ask(CLONE, name="PROD2025-016", times=1, key="warm")
    counts = []
    for times in (1, MANY):
        with counted_statements(own_world) as sent:
            answer = await ask(CLONE, name="PROD2025-016", times=times, key=f"{times} times")
        assert len(answer["change"]["requests"]) == times
        counts.append(reads(sent))

    assert counts[0] == counts[1]


async def test_nothing_is_read_for_each_request_of_a_bulk_edit(own_world: Database, ask: Asker) -> None:
    names = [(await created(ask, f"made {number}", events=4_000))["name"] for number in range(MANY)]
    previews, edits, undos = [], [], []
    for chosen in (names[:1], names[1:]):
        with counted_statements(own_world) as sent:
            planned = await ask(PREVIEW_EDIT, names=chosen, input={"priority": 950})
        assert [each["problem"] for each in planned["previewBulkEdit"]] == [None] * len(chosen)
        previews.append(len(sent))

        with counted_statements(own_world) as sent:
            made = await ask(
                EDIT,
                requests=[{"name": name, "expectedVersion": 1} for name in chosen],
                input={"priority": 950},
                key=f"edit {len(chosen)}",
            )
        assert len(made["change"]["requests"]) == len(chosen)
        edits.append(reads(sent))

        with counted_statements(own_world) as sent:
            undone = await ask(UNDO, edit=made["change"]["edit"], key=f"undo {len(chosen)}")
        assert len(undone["change"]["requests"]) == len(chosen)
        undos.append(reads(sent))

    assert previews[0] == previews[1]
    assert edits[0] == edits[1]
    assert undos[0] == undos[1]


def reads(statements: list[str]) -> int:
    return sum(statement.lstrip().startswith(("SELECT", "WITH")) for statement in statements)
