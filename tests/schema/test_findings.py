"""Findings that no longer stand are out of sight unless asked for, in lists and in filters alike."""

import pytest
from sqlalchemy import update

from gateway.store.database import Database
from gateway.store.findings import FindingRow
from gateway.store.sync_jobs import SyncJob
from tests.conftest import LOADED_AT
from tests.support.asking import Asker

OVERLAPS = 'filter: { code: { eq: "seed-overlap" }, severity: [BLOCKER], subjectKind: [REQUEST] }'


@pytest.fixture
async def ask_resolved(own_world: Database) -> Asker:
    """The practice world after somebody has put the seeds of PROD2025-012 right."""
    async with own_world.transaction() as session:
        await session.execute(
            update(FindingRow)
            .where(FindingRow.code == "seed-overlap", FindingRow.subject_key == "PROD2025-012")
            .values(resolved_at=LOADED_AT)
        )
    return Asker(own_world, LOADED_AT)


async def test_lists_show_what_stands_and_the_rest_on_demand(ask_resolved: Asker) -> None:
    data = await ask_resolved(
        f"""
        {{
          open: findings({OVERLAPS}) {{ totalCount nodes {{ subjectKind subjectKey }} }}
          all: findings({OVERLAPS}, includeResolved: true) {{ totalCount }}
          over: findings(filter: {{ resolvedAt: {{ isNull: false }} }}, includeResolved: true) {{
            nodes {{ subjectKey resolvedAt }}
          }}
          request(name: "PROD2025-012") {{
            ... on Request {{
              open: findings({OVERLAPS}) {{ totalCount }}
              all: findings({OVERLAPS}, includeResolved: true) {{ totalCount }}
            }}
          }}
        }}
        """
    )

    assert data == {
        "open": {"totalCount": 2, "nodes": [{"subjectKind": "REQUEST", "subjectKey": "PROD2025-004"}] * 2},
        "all": {"totalCount": 3},
        "over": {"nodes": [{"subjectKey": "PROD2025-012", "resolvedAt": "2026-03-01T12:00:00+00:00"}]},
        "request": {"open": {"totalCount": 0}, "all": {"totalCount": 1}},
    }


async def test_requests_are_found_by_what_stands(ask_resolved: Asker) -> None:
    data = await ask_resolved(
        '{ requests(filter: { findings: { code: { eq: "seed-overlap" } } }) { nodes { name } } }'
    )

    assert data["requests"]["nodes"] == [{"name": "PROD2025-004"}]


MANNERS = "{ sources { name manners { atOnce perSecond burst connectS readS deadlineS } } }"


async def test_how_each_source_is_called_is_public(ask_resolved: Asker) -> None:
    data = await ask_resolved(MANNERS)

    usual = {
        "atOnce": 4,
        "perSecond": 2.0,
        "burst": 10,
        "connectS": 5.0,
        "readS": 30.0,
        "deadlineS": 120.0,
    }
    assert data["sources"] == [{"name": name, "manners": usual} for name in ("CRIC", "IAM", "PANDA", "RUCIO")]


async def test_the_bounds_of_the_process_that_reads_are_told(own_world: Database) -> None:
    terms = {"changes_every_s": 2.0, "whole_every_s": 60.0, "deadline_s": 60.0}
    manners = {"at_once": 4, "per_second": 50.0, "burst": 100, "connect_s": 1.0, "read_s": 2.0}
    async with own_world.transaction() as session:
        session.add(
            SyncJob(
                name="panda.tasks",
                source="panda",
                stale_after_s=30.0,
                manners={**manners, "deadline_s": 3.0},
                **terms,
            )
        )

    data = await Asker(own_world, LOADED_AT)(
        "{ sources { name manners { perSecond burst connectS readS deadlineS }"
        " jobs { changesEveryS wholeEveryS deadlineS } } }"
    )

    [panda] = [one for one in data["sources"] if one["name"] == "PANDA"]
    assert panda == {
        "name": "PANDA",
        "manners": {"perSecond": 50.0, "burst": 100, "connectS": 1.0, "readS": 2.0, "deadlineS": 3.0},
        "jobs": [{"changesEveryS": 2.0, "wholeEveryS": 60.0, "deadlineS": 60.0}],
    }
