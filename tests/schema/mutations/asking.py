"""The documents that tests of changes send, and what they start from."""

from typing import Any

from sqlalchemy import Table, func, select

from gateway.store.audit import AuditRow
from gateway.store.base import Base
from gateway.store.database import Database
from gateway.store.seeds import SeedRange
from tests.support.asking import Asker

# What the talk's last batch of simulated minimum bias looks like, to be asked for anew.
MINIMUM_BIAS: dict[str, object] = {
    "campaignName": "SPD MC 2025",
    "stageName": "S2",
    "softwareProject": "spdroot-dev",
    "softwareVersion": "4.1.7.2",
    "collisionType": "pp",
    "energyGev": 27,
    "polarization": "UU",
    "tag": "minbias-P8-spdroot4172-dev",
    "events": 4_000_000,
    "eventsPerFile": 4_000,
    "geometries": ["DSSD", "TS", "TOF", "ECal", "FARICH", "RS", "BBC", "ZDC (sketch)"],
    "steps": [
        {
            "kind": "SIM",
            "script": "/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02/simu.C",
        },
        {
            "kind": "RECO",
            "reads": "SIM",
            "script": "/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02/reco.C",
        },
    ],
}

REFUSALS = """
  ... on Refusal { code message }
  ... on Conflict { key currentVersion differences { field seen present wanted isYours } }
  ... on Invalid { problems { field message } findings { code severity } }
"""
CHANGED = """
  __typename
  ... on RequestChanged {
    isRepeated
    request { name version intent events tag priority description seedRanges { seedFirst seedLast isExempt } }
  }
"""
CREATE = (
    "mutation($input: CreateRequestInput!, $key: String!) {"
    f" change: createRequest(input: $input, idempotencyKey: $key) {{ {CHANGED} {REFUSALS} }} }}"
)
UPDATE = (
    "mutation($name: String!, $version: BigInt!, $input: UpdateRequestInput!, $key: String!) {"
    " change: updateRequest(name: $name, expectedVersion: $version, input: $input, idempotencyKey: $key)"
    f" {{ {CHANGED} {REFUSALS} }} }}"
)


async def create(ask: Asker, key: str = "first", **changes: object) -> dict[str, Any]:
    """Ask for minimum bias with some fields changed; return the answer."""
    answer: dict[str, Any] = (await ask(CREATE, input=MINIMUM_BIAS | changes, key=key))["change"]
    return answer


async def created(ask: Asker, key: str = "first", **changes: object) -> dict[str, Any]:
    """Make such a request, which must succeed; return what is shown of it."""
    answer = await create(ask, key, **changes)
    assert answer["__typename"] == "RequestChanged", answer
    request: dict[str, Any] = answer["request"]
    return request


async def update(
    ask: Asker, name: str, version: int, changes: dict[str, object], key: str = "second"
) -> dict[str, Any]:
    """Ask for an edit; return the answer."""
    found = await ask(UPDATE, name=name, version=version, input=changes, key=key)
    answer: dict[str, Any] = found["change"]
    return answer


async def rows_of_all_tables(database: Database) -> dict[str, int]:
    """How many rows each table has: the same before and after a refusal."""
    async with database.snapshot() as session:
        return {
            table.name: (await session.execute(select(func.count()).select_from(table))).scalar_one()
            for table in Base.metadata.sorted_tables
            if isinstance(table, Table)
        }


async def trail(database: Database) -> list[tuple[str, str, str]]:
    """Who did what to what since the world was imported, oldest first."""
    async with database.snapshot() as session:
        rows = await session.scalars(
            select(AuditRow).where(AuditRow.action != "importRequests").order_by(AuditRow.number)
        )
        return [(row.action, row.object_key, row.outcome) for row in rows]


async def ledger(database: Database, request_name: str) -> list[tuple[int, int, str | None]]:
    """The ranges that a request holds, with why they are exempt."""
    async with database.snapshot() as session:
        rows = await session.scalars(
            select(SeedRange).where(SeedRange.request_name == request_name).order_by(SeedRange.seed_first)
        )
        return [(row.seed_first, row.seed_last, row.exempt_reason) for row in rows]
