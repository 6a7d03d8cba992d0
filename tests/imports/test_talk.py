from importlib.resources import files

import pytest
from sqlalchemy import select

from gateway.errors import ImportFileError
from gateway.imports.drafts import Problem
from gateway.imports.report import Verdict
from gateway.imports.requests import import_requests
from gateway.imports.talk import import_talk
from gateway.store.imports import ImportedRow
from gateway.store.requests import Request, RequestRelation, Step, StepDataset
from gateway.store.seeds import SeedRange
from tests.imports.factories import AT, LATER, sheet

TALK = files("gateway.practice").joinpath("data/spd2025.json").read_bytes()


async def take_in(database, document=TALK, *, at=AT):
    return await import_talk(database, document, file_name="spd2025.json", imported_by="prodman", at=at)


async def fetch(database, statement):
    async with database.snapshot() as session:
        return (await session.execute(statement)).all()


async def test_thirteen_requests_go_in_and_orphaned_processings_are_kept_as_rejected(database):
    report = await take_in(database)

    assert [row.verdict for row in report.rows] == [
        *[Verdict.ADDED] * 13,
        *[Verdict.CHANGED] * 2,
        *[Verdict.REJECTED] * 2,
    ]
    unknown = Problem(None, "belongs to PROD2025-017, which is not known. Import that request first.")
    assert [row.problems for row in report.rows[15:]] == [(unknown,), (unknown,)]
    kept = await fetch(
        database,
        select(ImportedRow.subject, ImportedRow.cells)
        .where(ImportedRow.verdict == "REJECTED")
        .order_by(ImportedRow.row_number),
    )
    assert [(subject, cells["Processing ID"]) for subject, cells in kept] == [
        ("PROD2025-017", "1"),
        ("PROD2025-017", "2"),
    ]


async def test_requests_of_the_old_database_keep_their_origin_and_number(database):
    await take_in(database)

    assert await fetch(
        database,
        select(Request.name, Request.origin, Request.legacy_id, Request.campaign_name, Request.intent)
        .where(Request.name.in_(["PROD2025-001", "PROD2025-002", "PROD2025-010"]))
        .order_by(Request.name),
    ) == [
        ("PROD2025-001", "requests-db", 17, "SPD MC 2025", "OBSOLETE"),
        ("PROD2025-002", "requests-db", 16, "SPD MC 2025", "ACCEPTED"),
        ("PROD2025-010", "spreadsheet", None, None, "ACCEPTED"),
    ]


async def test_exempt_seeds_are_exactly_the_known_overlaps_and_the_obsolete_request(database):
    await take_in(database)

    assert await fetch(
        database,
        select(SeedRange.request_name, SeedRange.seed_first, SeedRange.seed_last, SeedRange.exempt_reason)
        .where(SeedRange.request_name.in_(["PROD2025-001", "PROD2025-004", "PROD2025-012"]))
        .order_by(SeedRange.request_name, SeedRange.seed_first),
    ) == [
        ("PROD2025-001", 1, 1250, "the request is obsolete"),
        ("PROD2025-004", 1, 5000, "overlaps PROD2025-002"),
        ("PROD2025-004", 5001, 10000, "overlaps PROD2025-003"),
        ("PROD2025-012", 1, 1250, "overlaps PROD2025-011"),
        ("PROD2025-012", 1251, 10000, None),
    ]
    exempt = await fetch(database, select(SeedRange.request_name).where(SeedRange.is_exempt).distinct())
    assert sorted(exempt) == [("PROD2025-001",), ("PROD2025-004",), ("PROD2025-012",)]


async def test_processings_fill_the_steps_of_their_request(database):
    await take_in(database)

    assert await fetch(
        database,
        select(Step.key, Step.script_version, Step.dataset_pattern, Step.parent_step_key)
        .where(Step.request_name == "PROD2025-016")
        .order_by(Step.position),
    ) == [
        ("PROD2025-016.SIM", "V02", "MC2025_S2:minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-016.SIM*", None),
        (
            "PROD2025-016.RECO",
            "V02",
            "MC2025_S2:minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-016.RECO*",
            "PROD2025-016.SIM",
        ),
    ]
    stem = "MC2025_S1:MC2025_S1.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-016"
    assert await fetch(database, select(StepDataset.role, StepDataset.did).order_by(StepDataset.did)) == [
        ("output", f"{stem}.{output}")
        for output in ("RECO.1.R", "RECO.1.log", "SIM.1.P", "SIM.1.S", "SIM.1.log")
    ]


async def test_additional_to_becomes_a_relation(database):
    await take_in(database)

    assert await fetch(
        database, select(RequestRelation.request_name, RequestRelation.kind, RequestRelation.other_name)
    ) == [("PROD2025-016", "extends", "PROD2025-012")]


async def test_a_second_import_changes_nothing(database):
    await take_in(database)

    report = await take_in(database, at=LATER)

    assert not report.changes_anything
    assert report.count(Verdict.UNCHANGED) == 15


async def test_the_sheet_and_the_export_agree(database):
    await take_in(database)

    report = await import_requests(database, sheet(), imported_by="prodman", at=LATER)

    assert report.count(Verdict.UNCHANGED) == 7
    scripts = await fetch(database, select(Step.script).where(Step.key == "PROD2025-016.SIM"))
    assert scripts == [("/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02/simu.C",)]


async def test_a_relation_to_an_unknown_request_is_noted_and_left_out(database):
    document = TALK.replace(b"additional to PROD2025-012", b"additional to PROD2024-012")

    report = await take_in(database, document)

    assert report.rows[13].notes == ("names PROD2024-012, which is not known: no relation was made",)
    assert await fetch(database, select(RequestRelation.other_name)) == []


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (b'{"requests": [}', "spd2025.json is not JSON: it cannot be read on from line 1, column 15. Export"),
        (b"[" * 100_000, "spd2025.json is not JSON: it is nested too deep. Export"),
        (b" \xff", "spd2025.json is not JSON: byte 2 is not UTF-8 text. Export"),
        (b"1" * 5_000, "spd2025.json is not JSON: it has a number that is too long. Export"),
        (b"[]", "spd2025.json is not an export of requests: it must be an object"),
        (b'{"requests": 7}', "spd2025.json is not an export of requests: `requests` must be a list"),
        (b" " * 6_000_000, "spd2025.json has 6,000,000 bytes"),
    ],
)
async def test_what_is_no_export_is_refused(database, document, complaint):
    with pytest.raises(ImportFileError) as refusal:
        await take_in(database, document)

    assert refusal.value.message.startswith(complaint)
    assert await fetch(database, select(Request.name)) == []
