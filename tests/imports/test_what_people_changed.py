"""An import beside people who go on with what it brought: nothing they decided is undone."""

import pytest
from sqlalchemy import delete, insert, select, update

from gateway.domain.states import Intent
from gateway.errors import InputError
from gateway.imports.drafts import Problem
from gateway.imports.report import Difference, Verdict
from gateway.imports.requests import check_importer, import_requests
from gateway.imports.talk import import_talk
from gateway.practice.talk import talk_document
from gateway.practice.world import load_practice_world
from gateway.store.attempts import Attempt
from gateway.store.audit import AuditRow
from gateway.store.requests import Request, RequestGeometry, RequestRelation, StatusChange, Step
from gateway.store.seeds import SeedRange
from tests.imports.factories import AT, LATER, TAG, row, sheet, table

NAME = "PROD2026-001"
CLONE = "Clone the request to have it otherwise."
PHYSICS = {
    "software": "spdroot-dev-4.1.7.2",
    TAG: "minbias-P8-spdroot4172-dev test",
    "geometry": "DSSD, TS, TOF, ECal, FARICH, RS, BBC, ZDC (sketch)",
    "number": "40 000 000",
    "events": "4000",
}


async def take_in(database, *rows, at=AT, by="prodman"):
    return await import_requests(database, table(*rows), imported_by=by, at=at)


async def fetch(database, *columns):
    async with database.snapshot() as session:
        return [tuple(found) for found in await session.execute(select(*columns).order_by(columns[0]))]


async def stored(database):
    """All that an import could have changed of requests."""
    async with database.snapshot() as session:
        return {
            model.__tablename__: [
                tuple(found)
                for found in await session.execute(
                    select(model.__table__).order_by(*model.__table__.primary_key)
                )
            ]
            for model in (Request, RequestGeometry, RequestRelation, StatusChange, Step, SeedRange)
        }


async def by_hand(database, **values):
    async with database.transaction() as session:
        await session.execute(update(Request).where(Request.name == NAME).values(**values))


async def with_attempt(database, state="SUBMITTED"):
    async with database.transaction() as session:
        await session.execute(
            insert(Attempt).values(
                key=f"{NAME}.SIM.1",
                step_key=f"{NAME}.SIM",
                number=1,
                task_name=f"{NAME}.SIM.1",
                state=state,
                is_live=False,
                origin="adopted",
                created_at=AT,
            )
        )


async def test_a_sheet_takes_no_seeds_from_an_accepted_production(database):
    await load_practice_world(database, at=AT)
    before = await stored(database)
    name = "PROD2025-013"

    back = await take_in(database, row(production=name, initial="70001-80000", **PHYSICS), at=LATER)
    taken = await take_in(
        database, row(production="PROD2025-099", initial="10001-20000", **PHYSICS), at=LATER
    )

    assert [(problem.column, problem.reason[:40]) for problem in back.rows[0].problems] == [
        ("Initial seed", "would change 10001-20000 to 70001-80000,"),
        ("Status", "says READY, but PROD2025-013 is ACCEPTED"),
    ]
    assert taken.count(Verdict.REJECTED) == 1
    assert await stored(database) == before


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        (
            {"initial": "11-20"},
            "Initial seed",
            f"would change 1-10 to 11-20, but {NAME} is ACCEPTED. {CLONE}",
        ),
        ({"energy": "13.5 GeV"}, "Energy", f"would change 27 to 13.5, but {NAME} is ACCEPTED. {CLONE}"),
        (
            {"status": "Running"},
            "Status",
            f"says SUBMITTED, but {NAME} is ACCEPTED and cannot become that. Possible are OBSOLETE, ON_HOLD.",
        ),
    ],
)
async def test_a_row_that_the_state_forbids_is_rejected_with_its_column(database, changes, column, reason):
    await take_in(database, row(status="Done"))
    before = await stored(database)

    report = await take_in(database, row(**{"status": "Done"} | changes), at=LATER)

    assert report.rows[0].problems == (Problem(column, reason),)
    assert await stored(database) == before


async def test_what_attempts_were_made_from_stays_whatever_the_state(database):
    await take_in(database, row())
    await with_attempt(database)
    before = await stored(database)

    moved = await take_in(database, row(initial="11-20"), at=LATER)
    given_up = await take_in(database, row(status="Cancelled"), at=LATER)

    assert moved.rows[0].problems == (
        Problem("Initial seed", f"would change 1-10 to 11-20, but {NAME} is READY and has attempts. {CLONE}"),
    )
    assert given_up.rows[0].problems == (
        Problem("Status", f"says CANCELLED, but {NAME} has attempts, whose seeds would be free again."),
    )
    assert await stored(database) == before


async def test_an_attempt_that_came_to_nothing_binds_nobody(database):
    await take_in(database, row())
    await with_attempt(database, state="CANCELLED")

    report = await take_in(database, row(initial="11-20"), at=LATER)

    assert report.rows[0].differences == (Difference("seeds", "1-10", "11-20"),)


async def test_a_list_may_go_on_from_ready_to_done_and_say_what_nobody_had_said(database):
    await take_in(database, row())
    await with_attempt(database)

    report = await take_in(database, row(status="Done") | {"Campaign": "SPD MC 2026"}, at=LATER)

    assert report.rows[0].verdict is Verdict.CHANGED
    assert await fetch(database, Request.intent, Request.campaign_name) == [("ACCEPTED", "SPD MC 2026")]


async def test_a_row_that_repeats_itself_undoes_nothing_and_says_so(database):
    await take_in(database, row() | {"Description": "first", "Priority": "3"})
    await by_hand(database, intent="APPROVED", description="better", version=3)
    async with database.transaction() as session:
        await session.execute(delete(Step).where(Step.kind == "RECO"))
    before = await stored(database)

    # Another file with the same row.
    again = await take_in(
        database,
        row() | {"Description": "first", "Priority": "3"},
        row(production="PROD2026-002", initial="11-20") | {"Description": "", "Priority": ""},
        at=LATER,
    )

    assert [line.verdict for line in again.rows] == [Verdict.UNCHANGED, Verdict.ADDED]
    assert again.rows[0].notes == (
        "says of these what it said before; they were changed here since, and stay: "
        "intent, description, steps",
    )
    after = await stored(database)
    assert [each for each in after["requests"] if each[0] == NAME] == before["requests"]
    assert [each for each in after["steps"] if each[1] == NAME] == before["steps"]


async def test_of_a_row_only_what_it_says_anew_is_taken(database):
    await take_in(database, row() | {"Description": "first", "Priority": "3"})
    await by_hand(database, description="better")

    report = await take_in(database, row() | {"Description": "first", "Priority": "4"}, at=LATER)

    assert report.rows[0].differences == (Difference("priority", "3", "4"),)
    assert await fetch(database, Request.description, Request.priority) == [("better", 4)]


async def test_a_new_column_makes_no_news_of_the_others(database):
    await take_in(database, row(production=NAME, status="Ready", priority="3"))
    await by_hand(database, priority=9, description="better")
    before = await fetch(database, Request.name, Request.priority, Request.description)

    again = {**row(production=NAME, status="Ready", priority="3"), "Folder": "look"}
    await take_in(database, again, at=LATER)
    await take_in(database, row(production=NAME, status="Ready", priority="3"), at=LATER)

    assert await fetch(database, Request.name, Request.priority, Request.description) == before


async def test_a_relation_to_a_row_that_was_rejected_is_made_by_the_same_row_later(database):
    second = row(production="PROD2026-002", description="additional to PROD2026-001", initial="501-510")
    await take_in(database, row(production=NAME, initial="no seeds"), second)
    before = await fetch(database, RequestRelation.request_name, RequestRelation.other_name)

    report = await take_in(database, row(production=NAME), second, at=LATER)

    assert before == []
    assert [each.verdict for each in report.rows] == [Verdict.ADDED, Verdict.CHANGED]
    found = await fetch(database, RequestRelation.request_name, RequestRelation.other_name)
    assert found == [("PROD2026-002", NAME)]


async def test_a_running_production_is_not_called_obsolete_by_a_list(database):
    await take_in(database, row(production=NAME, status="Submitted"))
    await with_attempt(database)

    report = await take_in(database, row(production=NAME, description="obsolete"), at=LATER)

    [only] = report.rows
    assert only.verdict is Verdict.REJECTED
    assert "has attempts, whose seeds would be free again" in str(only.problems)


async def test_a_list_without_a_status_leaves_the_state_as_it_is(database):
    await take_in(database, row())

    report = await take_in(database, {key: cell for key, cell in row().items() if key != "Status"}, at=LATER)

    assert report.rows[0].verdict is Verdict.UNCHANGED
    assert await fetch(database, Request.intent) == [("READY",)]


async def test_a_relation_that_could_not_be_made_at_first_is_made_when_it_can(database):
    second = row(production="PROD2026-002", initial="11-20") | {"Description": f"additional to {NAME}"}
    await take_in(database, second)
    await take_in(database, row())

    report = await take_in(database, second | {"Description": f" additional to {NAME}"}, at=LATER)

    assert report.rows[0].verdict is Verdict.CHANGED
    assert await fetch(database, RequestRelation.request_name, RequestRelation.other_name) == [
        ("PROD2026-002", NAME)
    ]


async def test_the_practice_world_loaded_again_changes_nothing_that_people_changed(database):
    await load_practice_world(database, at=AT)
    async with database.transaction() as session:
        await session.execute(
            update(Request)
            .where(Request.name == "PROD2025-013")
            .values(intent="OBSOLETE", description="use PROD2025-016", priority=7, version=9)
        )
        await session.execute(delete(RequestRelation))
        await session.execute(update(Step).where(Step.key == "PROD2025-013.SIM").values(description="ours"))
    before = await stored(database)

    report, _ = await load_practice_world(database, at=LATER)

    assert not report.changes_anything
    assert await stored(database) == before


async def test_the_export_completes_what_the_sheet_of_the_same_productions_began(database):
    await import_requests(database, sheet(), imported_by="prodman", at=AT)

    report = await import_talk(
        database, talk_document(), file_name="spd2025.json", imported_by=None, at=LATER
    )

    assert {line.subject for line in report.rows if line.verdict is Verdict.REJECTED} == {"PROD2025-017"}
    scripts = dict(await fetch(database, Step.key, Step.script))
    assert scripts["PROD2025-016.SIM"].endswith("/minbias-P8-spdroot4172-dev.27GeV.V02/simu.C")


async def test_the_trail_says_who_imported_what(database):
    await take_in(database, row())
    await take_in(database, row(status="Done"), at=LATER, by=None)

    entries = await fetch(
        database,
        AuditRow.number,
        AuditRow.actor,
        AuditRow.action,
        AuditRow.object_kind,
        AuditRow.object_key,
        AuditRow.reason,
    )
    changed = (await fetch(database, AuditRow.number, AuditRow.before, AuditRow.after))[3]

    assert entries == [
        (1, "prodman", "importRequests", "ImportedFile", "list.csv", None),
        (2, "prodman", "importRequests", "Request", NAME, "imported from list.csv"),
        (3, "command line", "importRequests", "ImportedFile", "list.csv", None),
        (4, "command line", "importRequests", "Request", NAME, "imported from list.csv"),
    ]
    assert changed == (4, '{"intent":"READY"}', '{"intent":"ACCEPTED"}')


async def test_who_imports_is_somebody_iam_knows_once_anybody_is_known(database):
    await check_importer(database, "nobody")
    await load_practice_world(database, at=AT)

    await check_importer(database, "prodman")
    await check_importer(database, None)
    with pytest.raises(InputError, match="IAM has no account 'nobody'"):
        await check_importer(database, "nobody")


async def test_an_import_that_is_refused_leaves_its_row_in_the_trail_of_files_only(database):
    await take_in(database, row(status="Done"))

    await take_in(database, row(status="Ready"), at=LATER)

    assert await fetch(database, AuditRow.number, AuditRow.object_key) == [
        (1, "list.csv"),
        (2, NAME),
        (3, "list.csv"),
    ]


@pytest.mark.parametrize(("status", "held_from"), [("Ready", "READY"), ("Approved", "APPROVED")])
async def test_what_a_list_holds_goes_back_to_where_it_was(database, status, held_from):
    await take_in(database, row(status=status))

    await take_in(database, row(status="On hold"), at=LATER)
    held = await fetch(database, Request.intent, Request.intent_before_hold)
    await take_in(database, row(status=status), at=LATER)

    assert held == [(Intent.ON_HOLD, held_from)]
    assert await fetch(database, Request.intent, Request.intent_before_hold) == [(status.upper(), None)]


async def test_what_is_on_hold_from_the_first_begins_anew_as_a_draft(database):
    await take_in(database, row(status="on-hold"))

    assert await fetch(database, Request.intent, Request.intent_before_hold) == [("ON_HOLD", "DRAFT")]
