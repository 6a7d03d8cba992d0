from dataclasses import replace

import pytest
from sqlalchemy import func, select

from gateway.errors import ImportFileError
from gateway.imports.drafts import Problem
from gateway.imports.report import Difference, Verdict, render
from gateway.imports.requests import import_requests
from gateway.store.imports import ImportedFile, ImportedRow
from gateway.store.registries import Campaign, Geometry, SoftwareRelease, Stage
from gateway.store.requests import Request, RequestGeometry, StatusChange, Step
from gateway.store.seeds import SeedRange, SeedSpace
from tests.imports.factories import AT, LATER, ROW, TAG, row, sheet, table
from tests.support.databases import counted_statements

TABLES = (
    Request,
    RequestGeometry,
    Step,
    SeedSpace,
    SeedRange,
    StatusChange,
    ImportedFile,
    ImportedRow,
    Stage,
    SoftwareRelease,
    Geometry,
    Campaign,
)


async def take_in(database, rows, *, at=AT, dry_run=False):
    return await import_requests(database, rows, imported_by="prodman", at=at, dry_run=dry_run)


async def counts(database):
    async with database.snapshot() as session:
        return {
            model.__tablename__: await session.scalar(select(func.count()).select_from(model))
            for model in TABLES
        }


async def fetch(database, statement):
    async with database.snapshot() as session:
        return (await session.execute(statement)).all()


async def test_the_sheet_of_2025_goes_in_whole(database):
    report = await take_in(database, sheet())

    assert [row.verdict for row in report.rows] == [Verdict.ADDED] * 7
    assert await counts(database) == {
        "requests": 7,
        "request_geometries": 6 + 6 * 8,
        "steps": 13,
        "seed_spaces": 2,
        "seed_ranges": 8,
        "status_changes": 7,
        "imported_files": 1,
        "imported_rows": 7,
        "stages": 2,
        "software_releases": 2,
        "geometries": 9,
        "campaigns": 0,
    }


async def test_a_request_is_stored_as_it_was_understood(database):
    await take_in(database, sheet())

    stored = await fetch(
        database,
        select(
            Request.tag,
            Request.software_project,
            Request.software_version,
            Request.beam_energy_mev,
            Request.events,
            Request.events_per_file,
            Request.intent,
            Request.origin,
            Request.version,
            Request.created_at,
        ).where(Request.name == "PROD2025-014"),
    )

    assert stored == [
        (
            "minbias-P8-spdroot4172-dev test",
            "spdroot-dev",
            "4.1.7.2",
            27_000,
            40_000_000,
            4000,
            "SUBMITTED",
            "spreadsheet",
            1,
            AT,
        )
    ]


async def test_reconstruction_follows_simulation_where_there_is_one(database):
    await take_in(database, sheet())

    steps = await fetch(database, select(Step.key, Step.position, Step.parent_step_key).order_by(Step.key))

    assert steps[:3] == [
        ("PROD2025-010.RECO", 1, None),
        ("PROD2025-011.RECO", 2, "PROD2025-011.SIM"),
        ("PROD2025-011.SIM", 1, None),
    ]


async def test_the_part_of_history_that_overlaps_is_exempt_and_the_rest_is_held(database):
    report = await take_in(database, sheet())

    ranges = await fetch(
        database,
        select(SeedRange.request_name, SeedRange.seed_first, SeedRange.seed_last, SeedRange.exempt_reason)
        .where(SeedRange.request_name == "PROD2025-012")
        .order_by(SeedRange.seed_first),
    )

    assert ranges == [
        ("PROD2025-012", 1, 1250, "overlaps PROD2025-011"),
        ("PROD2025-012", 1251, 10000, None),
    ]
    assert report.rows[2].notes == ("seeds 1-1250 are kept as exempt: overlaps PROD2025-011",)


async def test_the_stages_of_the_talk_bring_their_limits(database):
    await take_in(database, sheet())

    stages = await fetch(database, select(Stage.name, Stage.energy_max_mev, Stage.required_geometry))

    assert sorted(stages) == [("S1", 10_000, "Micromegas"), ("S2", 27_000, "DSSD")]


async def test_the_first_import_begins_the_history_of_intents(database):
    await take_in(database, table(row(status="Runnig")))

    changes = await fetch(
        database,
        select(
            StatusChange.from_intent,
            StatusChange.to_intent,
            StatusChange.changed_at,
            StatusChange.changed_by,
            StatusChange.reason,
        ),
    )

    assert changes == [(None, "SUBMITTED", AT, "prodman", "imported from list.csv")]


async def test_a_second_import_of_the_same_file_writes_nothing(database):
    await take_in(database, sheet())
    before = await counts(database)

    with counted_statements(database) as statements:
        report = await take_in(database, sheet(), at=LATER)

    assert {row.verdict for row in report.rows} == {Verdict.UNCHANGED}
    assert not [text for text in statements if not text.startswith("SELECT")]
    assert await counts(database) == before


async def test_another_file_with_the_same_content_is_recorded_and_changes_nothing(database):
    await take_in(database, table(row()))

    report = await take_in(database, table(row(number="40 000")), at=LATER)

    assert report.rows[0].verdict is Verdict.UNCHANGED
    assert await fetch(database, select(Request.version, Request.updated_at)) == [(1, AT)]
    assert len(await fetch(database, select(ImportedFile.id))) == 2


async def test_a_dry_run_says_what_would_change_and_writes_nothing(database):
    await take_in(database, table(row()))
    before = await counts(database)
    changed = table(row(status="Runnig", initial="11-20", energy="13.5 GeV"), row(production="PROD2026-002"))

    report = await take_in(database, changed, dry_run=True)

    assert [(line.subject, line.verdict) for line in report.rows] == [
        ("PROD2026-001", Verdict.CHANGED),
        ("PROD2026-002", Verdict.ADDED),
    ]
    assert report.rows[0].differences == (
        Difference("energy", "27 GeV", "13.5 GeV"),
        Difference("seeds", "1-10", "11-20"),
        Difference("intent", "READY", "SUBMITTED"),
    )
    assert report.is_dry_run
    assert await counts(database) == before


async def test_a_dry_run_reports_what_the_import_then_reports(database):
    await take_in(database, table(row()))
    changed = table(row(status="Runnig"), row(production="PROD2026-002"), row(production="x"))

    rehearsal = await take_in(database, changed, dry_run=True)

    assert replace(rehearsal, is_dry_run=False) == await take_in(database, changed)


async def test_a_changed_row_raises_the_version_and_moves_its_seeds(database):
    await take_in(database, table(row()))

    await take_in(database, table(row(status="Done", initial="11-20", geometry="DSSD, TOF")), at=LATER)

    assert await fetch(
        database, select(Request.version, Request.intent, Request.created_at, Request.updated_at)
    ) == [(2, "ACCEPTED", AT, LATER)]
    assert await fetch(database, select(SeedRange.seed_first, SeedRange.seed_last)) == [(11, 20)]
    assert await fetch(
        database,
        select(RequestGeometry.geometry_name, RequestGeometry.position).order_by(RequestGeometry.position),
    ) == [("DSSD", 1), ("TOF", 2)]
    assert await fetch(
        database, select(StatusChange.from_intent, StatusChange.to_intent).order_by(StatusChange.id)
    ) == [(None, "READY"), ("READY", "ACCEPTED")]


async def test_an_unchanged_intent_adds_no_status_change(database):
    await take_in(database, table(row()))

    await take_in(database, table(row(events="2000", initial="1-20")), at=LATER)

    assert len(await fetch(database, select(StatusChange.id))) == 1


async def test_seeds_of_an_obsolete_request_are_free_for_another(database):
    await take_in(database, table(row(status="Done")))
    await take_in(database, table(row(status="Done", Description="obsolete")), at=LATER)

    report = await take_in(database, table(row(production="PROD2026-002")), at=LATER)

    assert report.rows[0].notes == ()
    assert await fetch(
        database,
        select(SeedRange.request_name, SeedRange.exempt_reason).order_by(SeedRange.request_name),
    ) == [("PROD2026-001", "the request is obsolete"), ("PROD2026-002", None)]


async def test_seeds_may_be_exchanged_between_two_requests_in_one_file(database):
    first, second = row(), row(production="PROD2026-002", initial="11-20")
    await take_in(database, table(first, second))

    await take_in(database, table(first | {"Initial seed": "11-20"}, second | {"Initial seed": "1-10"}))

    assert await fetch(
        database,
        select(SeedRange.request_name, SeedRange.seed_first, SeedRange.is_exempt).order_by(
            SeedRange.request_name
        ),
    ) == [("PROD2026-001", 11, False), ("PROD2026-002", 1, False)]


async def test_bad_rows_are_kept_with_their_reason_while_good_ones_go_in(database):
    rows = table(
        row(), row(production="PROD2026-002", number="many"), row(production="PROD2026-003", initial="11-20")
    )

    report = await take_in(database, rows)

    assert [line.verdict for line in report.rows] == [Verdict.ADDED, Verdict.REJECTED, Verdict.ADDED]
    reason = "'many' is not a whole number above 0. Write it like 40000000 or 40 000 000."
    assert report.rows[1].problems == (Problem("Number of events", reason),)
    assert await fetch(database, select(Request.name).order_by(Request.name)) == [
        ("PROD2026-001",),
        ("PROD2026-003",),
    ]
    kept = await fetch(
        database,
        select(ImportedRow.subject, ImportedRow.cells, ImportedRow.notes).where(ImportedRow.row_number == 3),
    )
    assert kept == [
        (
            "PROD2026-002",
            row(production="PROD2026-002", number="many"),
            {"problems": [{"column": "Number of events", "reason": reason}]},
        )
    ]


async def test_a_second_row_for_a_request_is_rejected_and_names_the_first(database):
    report = await take_in(database, table(row(), row(status="Done")))

    assert report.rows[1].problems == (Problem(None, "gives PROD2026-001 again: row 2 has it already."),)
    assert await fetch(database, select(Request.intent)) == [("READY",)]


async def test_what_the_file_does_not_say_stays_as_it_was(database):
    await take_in(
        database, table(ROW | {"Description": "for the poster", "Campaign": "SPD MC 2026", "Priority": "3"})
    )

    report = await take_in(database, table(row(processing="reco")), at=LATER)

    assert report.rows[0].verdict is Verdict.UNCHANGED
    assert await fetch(database, select(Request.description, Request.campaign_name, Request.priority)) == [
        ("for the poster", "SPD MC 2026", 3)
    ]
    assert len(await fetch(database, select(Step.key))) == 2


async def test_unknown_columns_are_kept_with_the_request(database):
    report = await take_in(database, table(ROW | {"Shift": "night"}))

    assert report.unplaced_columns == ("Shift",)
    assert await fetch(database, select(Request.unplaced)) == [({"Shift": "night"},)]


async def test_seeds_that_do_not_fit_the_events_are_noted_and_kept(database):
    report = await take_in(database, table(row(number="4000000")))

    assert report.rows[0].verdict is Verdict.ADDED
    assert report.rows[0].notes == ("4000000 events in files of 4000 are 1000 jobs, not 10 seeds",)


async def test_a_refused_file_leaves_nothing_behind(database):
    with pytest.raises(ImportFileError):
        await take_in(database, table({"Status": "Ready"}))

    assert set((await counts(database)).values()) == {0}


async def test_a_physics_key_too_long_to_compare_is_rejected(database):
    many = ", ".join(f"component number {number} with a long name" for number in range(40))

    report = await take_in(database, table(row(geometry=many)))

    assert report.rows[0].verdict is Verdict.REJECTED
    assert set((await counts(database)).values()) == {0, 1}


async def test_statements_do_not_grow_with_rows(database):
    def many(count):
        return table(
            *(
                row(production=f"PROD2026-{n:03d}", initial=f"{n * 10 - 9}-{n * 10}")
                for n in range(1, count + 1)
            )
        )

    with counted_statements(database) as few:
        await take_in(database, many(3), dry_run=True)
    with counted_statements(database) as more:
        await take_in(database, many(300), dry_run=True)

    assert len(more) == len(few) == 8


async def test_the_report_can_be_read_on_a_terminal(database):
    await take_in(database, table(row()))

    report = await take_in(database, table(row(status="Runnig"), row(production="x")), dry_run=True)

    assert render(report).splitlines() == [
        "list.csv: 2 rows, 0 added, 1 changed, 0 unchanged, 1 rejected",
        "Rejected:",
        "  row 3  no name",
        "      ! Production name/ID: 'X' is not a request name: "
        "at character 1 'PROD' is expected, found 'X'. Write it like PROD2025-016.",
        "The others:",
        "  row 2  PROD2026-001  changed",
        "      Software type/version: 'spdroot-dev-4.1.7.2' was read as spdroot-dev 4.1.7.2",
        "      Status: 'Runnig' was read as SUBMITTED",
        "      Processing type: 'simu reco' was read as SIM, RECO",
        "      intent: READY -> SUBMITTED",
        "Nothing was written: this was a dry run.",
    ]


async def test_an_import_of_nothing_new_says_so(database):
    await take_in(database, table(row()))

    assert render(await take_in(database, table(row()))).splitlines() == [
        "list.csv: 1 rows, 0 added, 0 changed, 1 unchanged, 0 rejected",
        "  row 2  PROD2026-001  unchanged",
        "Nothing was changed.",
    ]


async def test_the_flag_behind_a_tag_does_not_part_two_requests(database):
    rows = table(
        row(status="Done"),
        row(production="PROD2026-002", status="Done") | {TAG: "minbias-P8-spdroot4172-dev test"},
    )

    report = await take_in(database, rows)

    assert report.rows[1].notes == ("seeds 1-10 are kept as exempt: overlaps PROD2026-001",)


async def test_a_cell_cannot_steer_the_terminal(database):
    report = await take_in(database, table(row(Campaign="SPD\x1b[2J  2026")), dry_run=True)

    assert "      Campaign: 'SPD\ufffd[2J 2026' was read as SPD\ufffd[2J 2026" in render(report).splitlines()


async def test_a_request_name_is_understood_in_any_case(database):
    report = await take_in(database, table(row(production=" prod2026-001 ")))

    assert (report.rows[0].subject, report.rows[0].verdict) == ("PROD2026-001", Verdict.ADDED)
    assert await fetch(database, select(Request.name)) == [("PROD2026-001",)]
