"""Over the 2025 productions the reconciler finds what is known to be wrong with them, and nothing else."""

from sqlalchemy import select

from gateway.practice.world import load_practice_world
from gateway.store.database import Database
from gateway.store.findings import FindingRow
from gateway.sync.reconcile import reconcile
from tests.sync.factories import AT


async def talk_findings(database: Database) -> list[FindingRow]:
    await load_practice_world(database, at=AT)
    await reconcile(database, at=AT)
    async with database.snapshot() as session:
        rows = list(
            await session.scalars(
                select(FindingRow).order_by(FindingRow.invariant, FindingRow.subject_key, FindingRow.message)
            )
        )
        session.expunge_all()
    return rows


def evidence(row: FindingRow, label: str) -> object:
    assert isinstance(row.evidence, list)
    [value] = [item["value"] for item in row.evidence if isinstance(item, dict) and item["label"] == label]
    return value


async def test_the_known_answers_come_out_as_rows(database: Database) -> None:
    rows = await talk_findings(database)

    found = [(row.invariant, row.code, row.subject_key) for row in rows if row.code != "expires-soon"]
    assert found == [
        *[(1, "seed-overlap", f"PROD2025-{number}") for number in ("004", "004", "012")],
        *[
            (4, "tag-unsafe", f"PROD2025-{number}")
            for number in ("001", "011", "012", "013", "014", "015", "016")
        ],
        (5, "output-in-other-scope", "PROD2025-016"),
        (5, "pattern-misses-outputs", "PROD2025-016"),
        (5, "pattern-misses-outputs", "PROD2025-016"),
        *[(12, "events-do-not-match-jobs", task) for task in ("358", "362", "364")],
        *[(13, "jobs-lost", task) for task in ("355", "359", "363")],
        *[(16, "accepted-without-completeness", f"PROD2025-{number}") for number in ("010", "012", "013")],
        (17, "orphan-task", "346"),
        (17, "orphan-task", "347"),
        # The talk shows no datasets of these five, so the practice world has none either.
        *[(17, "widow", f"PROD2025-{number}") for number in ("002", "003", "004", "005", "006")],
    ]


async def test_overlaps_name_both_requests_and_the_seeds(database: Database) -> None:
    rows = await talk_findings(database)

    overlaps = [
        (row.subject_key, evidence(row, "overlaps with"), evidence(row, "shared seeds"))
        for row in rows
        if row.code == "seed-overlap"
    ]
    assert overlaps == [
        ("PROD2025-004", "PROD2025-002", "1-5000"),
        ("PROD2025-004", "PROD2025-003", "5001-10000"),
        ("PROD2025-012", "PROD2025-011", "1-1250"),
    ]


async def test_losses_are_counted_and_named_where_panda_named_them(database: Database) -> None:
    rows = await talk_findings(database)

    losses = {
        row.request_name: (
            evidence(row, "expected jobs"),
            evidence(row, "processed jobs"),
            evidence(row, "missing seeds"),
        )
        for row in rows
        if row.code == "jobs-lost"
    }
    assert losses == {
        "PROD2025-010": ("1250", "1244", "not known"),
        "PROD2025-012": ("10000", "9993", "not known"),
        "PROD2025-013": ("10000", "9992", "10417,11288-11290,13502,15077,17946,19313"),
    }


async def test_evidence_says_what_to_look_at(database: Database) -> None:
    rows = await talk_findings(database)

    row = next(row for row in rows if row.subject_key == "PROD2025-012" and row.code == "seed-overlap")
    assert (row.severity, row.subject_kind, row.request_name) == ("BLOCKER", "REQUEST", "PROD2025-012")
    assert isinstance(row.evidence, list)
    assert row.evidence[:2] == [
        {
            "label": "overlaps with",
            "value": "PROD2025-011",
            "subject": {"kind": "REQUEST", "key": "PROD2025-011"},
        },
        {"label": "shared seeds", "value": "1-1250", "subject": None},
    ]
    assert (row.first_found_at, row.last_found_at, row.resolved_at) == (AT, AT, None)
