"""adoptDatasets: datasets that no attempt wrote, given to a request for good."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from gateway.store.adoptions import AdoptedDataset
from gateway.store.database import Database
from gateway.store.datasets import Dataset
from gateway.store.findings import FindingRow
from gateway.store.remembered import remember
from gateway.store.sources import SourceName
from gateway.sync.derive_names import attempt_of_dataset
from gateway.sync.reconcile import reconcile
from tests.conftest import LOADED_AT
from tests.schema.mutations.asking import rows_of_all_tables, trail
from tests.support.asking import Asker

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)

ADOPT = """mutation($dids: [String!]!, $request: String!, $kind: String!, $reason: String!, $key: String!) {
  change: adoptDatasets(
    dids: $dids, requestName: $request, kind: $kind, reason: $reason, idempotencyKey: $key
  ) {
    ... on RequestChanged { isRepeated request { name } } ... on Refusal { code message } } }"""
LISTED = """query($name: String!) { request(name: $name) { ... on Request {
  datasets(first: 50) { nodes { did dataType request { name } } } } } }"""
ORPHAN = "MC2025_S2:MC2025_S2.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-900.RECO.1.R"
OTHER = ORPHAN.replace("RECO.1.R", "RECO.1.log")
PRIVATE = "user.analyst:histograms"


@pytest.fixture
async def ask(own_world: Database) -> Asker:
    async with own_world.transaction() as session:
        rows = []
        for did in (ORPHAN, OTHER, PRIVATE):
            named, data_type = attempt_of_dataset(did)
            scope, _, name = did.partition(":")
            names = {field: getattr(named, field) for field in named.__slots__}
            rows.append(Dataset(did=did, scope=scope, name=name, data_type=data_type, file_count=3, **names))
        await remember(session, rows, source=SourceName.RUCIO, at=LOADED_AT)
    return Asker(own_world, LOADED_AT + dt.timedelta(hours=1))


async def adopt(
    ask: Asker, *dids: str, request: str = "PROD2025-016", kind: str = "RECO", **more: str
) -> Any:
    given = {"reason": "made by hand", "key": f"{len(dids)} for {request}"} | more
    return (await ask(ADOPT, dids=list(dids), request=request, kind=kind, **given))["change"]


async def orphans(ask: Asker) -> set[str]:
    async with ask.database.snapshot() as session:
        found = await session.scalars(
            select(FindingRow.subject_key).where(
                FindingRow.code == "orphan-dataset", FindingRow.resolved_at.is_(None)
            )
        )
        return set(found) & {ORPHAN, OTHER, PRIVATE}


async def listed(ask: Asker, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await ask(LISTED, name=name))["request"]["datasets"]["nodes"]
    return [one for one in found if one["did"] == ORPHAN]


async def test_an_orphan_becomes_an_output_of_the_request_and_is_no_orphan_any_more(ask: Asker) -> None:
    await reconcile(ask.database, at=LOADED_AT)
    before = await orphans(ask)

    adopted = await adopt(ask, ORPHAN, OTHER)
    again = await adopt(ask, ORPHAN, OTHER)
    await reconcile(ask.database, at=ask.now)

    assert before == {ORPHAN, OTHER}
    assert (adopted["request"]["name"], again["isRepeated"]) == ("PROD2025-016", True)
    assert await listed(ask, "PROD2025-016") == [
        {"did": ORPHAN, "dataType": "R", "request": {"name": "PROD2025-016"}}
    ]
    assert await orphans(ask) == set()
    assert [entry for entry in await trail(ask.database) if entry[0] == "adoptDatasets"] == [
        ("adoptDatasets", ORPHAN, "done"),
        ("adoptDatasets", OTHER, "done"),
    ]


async def test_what_was_adopted_by_mistake_is_given_to_another_request(ask: Asker) -> None:
    await adopt(ask, ORPHAN)
    await adopt(ask, ORPHAN, request="PROD2025-013", reason="of 013, not of 016")

    assert (await listed(ask, "PROD2025-016"), len(await listed(ask, "PROD2025-013"))) == ([], 1)
    async with ask.database.snapshot() as session:
        [adoption] = await session.scalars(select(AdoptedDataset))
    assert (adoption.request_name, adoption.reason) == ("PROD2025-013", "of 013, not of 016")


WRITTEN = "MC2025_S1:MC2025_S1.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-013.RECO.1.R"


@pytest.mark.parametrize(
    ("dids", "more", "code", "word"),
    [
        ([ORPHAN, WRITTEN], {}, "REFUSED", "was written by PROD2025-013.RECO.1"),
        ([ORPHAN, PRIVATE], {}, "REFUSED", "is no production's"),
        ([ORPHAN, f"{ORPHAN}x"], {}, "NOT_FOUND", "Rucio has no dataset"),
        ([ORPHAN], {"request": "PROD2025-999"}, "NOT_FOUND", "There is no step"),
        ([ORPHAN], {"kind": "r e c o"}, "BAD_NAME", ""),
        ([ORPHAN], {"reason": " "}, "BAD_INPUT", "A reason has"),
        ([], {}, "BAD_INPUT", "Between 1 and 100"),
        ([f"{ORPHAN}{number}" for number in range(101)], {}, "BAD_INPUT", "Between 1 and 100"),
    ],
)
async def test_what_cannot_be_adopted_is_refused_and_nothing_written(
    ask: Asker, dids: list[str], more: dict[str, str], code: str, word: str
) -> None:
    before = await rows_of_all_tables(ask.database)

    refused = await adopt(ask, *dids, **more)

    assert refused["code"] == code
    assert word in refused["message"]
    assert await rows_of_all_tables(ask.database) == before
