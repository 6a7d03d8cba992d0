"""An upsert brings rows to a content, once or many times, in few statements."""

from collections.abc import Mapping, Sequence
from typing import cast

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Table, delete, select

from gateway.store.database import Database
from gateway.store.people import IdentityLink
from gateway.store.registries import SoftwareRelease, Stage
from gateway.store.upsert import MAX_BOUND_VALUES, insert_rows, upsert_rows
from tests.store.factories import AT, LATER, on_one_database
from tests.support.databases import counted_statements

LINKS = cast("Table", IdentityLink.__table__)
STAGES = cast("Table", Stage.__table__)
RELEASES = cast("Table", SoftwareRelease.__table__)

Row = Mapping[str, object]


def link(name: str, subject: str = "someone", **changes: object) -> Row:
    return {
        "system": "panda",
        "name": name,
        "subject": subject,
        "rule": "username",
        "linked_at": AT,
        **changes,
    }


async def upserted(database: Database, *batches: Sequence[Row], keep: frozenset[str] = frozenset()) -> None:
    for batch in batches:
        async with database.transaction() as session:
            await upsert_rows(session, LINKS, batch, keep=keep)


async def stored(database: Database) -> list[Row]:
    async with database.snapshot() as session:
        result = await session.execute(select(LINKS).order_by(LINKS.c.system, LINKS.c.name))
        return [dict(row) for row in result.mappings()]


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=6)
links = st.lists(
    st.builds(link, names, names, system=st.sampled_from(["panda", "rucio"])),
    max_size=8,
    unique_by=lambda row: (row["system"], row["name"]),
)


@on_one_database
@given(before=links, rows=links)
async def test_whatever_was_there_the_rows_hold_afterwards_however_often(
    database: Database, before: list[Row], rows: list[Row]
) -> None:
    async with database.transaction() as session:
        await session.execute(delete(LINKS))
    wanted = {(row["system"], row["name"]): row for row in [*before, *rows]}
    expected = [row for _, row in sorted(wanted.items())]

    await upserted(database, before, rows)
    once = await stored(database)
    await upserted(database, rows)

    assert once == expected
    assert await stored(database) == expected


async def test_kept_columns_are_written_on_insert_only(database: Database) -> None:
    await upserted(database, [link("one")])

    await upserted(
        database,
        [link("one", "other", linked_at=LATER), link("two", linked_at=LATER)],
        keep=frozenset({"linked_at"}),
    )

    assert await stored(database) == [link("one", "other"), link("two", linked_at=LATER)]


async def test_rows_of_nothing_but_a_key_or_kept_columns_are_left_as_they_are(database: Database) -> None:
    async with database.transaction() as session:
        await upsert_rows(session, RELEASES, [{"project": "spdroot-dev", "version": "4.1.7"}])
        await upsert_rows(session, RELEASES, [{"project": "spdroot-dev", "version": "4.1.7"}])
        await upsert_rows(session, STAGES, [{"name": "S1", "description": "first"}])
        await upsert_rows(
            session, STAGES, [{"name": "S1", "description": "other"}], keep=frozenset({"description"})
        )

    async with database.snapshot() as session:
        assert (await session.execute(select(RELEASES))).all() == [("spdroot-dev", "4.1.7")]
        assert (await session.execute(select(STAGES.c.name, STAGES.c.description))).all() == [("S1", "first")]


async def test_many_rows_are_cut_to_what_a_statement_can_bind(database: Database) -> None:
    rows = [link(f"{number:05}") for number in range(2 * MAX_BOUND_VALUES // 5)]

    with counted_statements(database) as statements:
        await upserted(database, rows)

    assert len([one for one in statements if "data_versions" not in one]) == 2
    assert await stored(database) == rows


async def test_no_rows_are_no_statement(database: Database) -> None:
    with counted_statements(database) as statements:
        async with database.transaction() as session:
            await upsert_rows(session, LINKS, [])
            await insert_rows(session, LINKS, [])

    assert statements == []
