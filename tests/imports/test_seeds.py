"""What an import does with seeds that somebody has: history is cut, what is still to run is refused."""

import random

import orjson
import pytest
from sqlalchemy import insert, select, update

from gateway.domain.seeds import SeedRange, merge
from gateway.errors import SeedOverlapError
from gateway.imports.drafts import Problem
from gateway.imports.report import Verdict
from gateway.imports.requests import import_requests
from gateway.imports.talk import import_talk
from gateway.store.requests import Request, RequestRelation
from gateway.store.seeds import SeedRange as SeedRangeRow
from tests.imports.factories import AT, LATER, row, table

OLD, NEW, THIRD = "PROD2026-001", "PROD2026-002", "PROD2026-003"


async def take_in(database, *rows, at=AT, dry_run=False):
    return await import_requests(database, table(*rows), imported_by="prodman", at=at, dry_run=dry_run)


async def ranges(database):
    async with database.snapshot() as session:
        result = await session.execute(
            select(
                SeedRangeRow.request_name,
                SeedRangeRow.seed_first,
                SeedRangeRow.seed_last,
                SeedRangeRow.exempt_reason,
            ).order_by(SeedRangeRow.request_name, SeedRangeRow.seed_first)
        )
        return [tuple(found) for found in result]


def refused(shared, other, *, seeds, free):
    return Problem(
        "Initial seed",
        f"{seeds} cannot be given to what is still to run: of the same physics, {shared} by {other} are used "
        f"already. Take free seeds, such as {free}.",
    )


async def test_seeds_beside_the_shared_ones_are_held_on_both_sides(database):
    await take_in(database, row(status="Done", initial="11-20"), row(production=NEW, status="Done") | wide())

    assert await ranges(database) == [
        (OLD, 11, 20, None),
        (NEW, 1, 10, None),
        (NEW, 11, 20, "overlaps PROD2026-001"),
        (NEW, 21, 30, None),
    ]


def wide():
    return {"Initial seed": "1-30", "Number of events": "120000"}


async def test_the_database_refuses_the_held_part_of_an_overlapping_request(database):
    await take_in(database, row(status="Done"), row(production=NEW, status="Done", initial="6-15"))
    async with database.snapshot() as session:
        space_id = await session.scalar(select(SeedRangeRow.seed_space_id).limit(1))

    with pytest.raises(SeedOverlapError):
        async with database.transaction() as session:
            session.add(
                SeedRangeRow(
                    seed_space_id=space_id, request_name=None, seed_first=15, seed_last=15, created_at=AT
                )
            )


async def test_a_second_import_of_cut_seeds_changes_nothing(database):
    rows = row(status="Done"), row(production=NEW, status="Done", initial="6-15")
    await take_in(database, *rows)
    before = await ranges(database)

    # Another file, so that it is compared and not recognised.
    report = await take_in(database, *rows[::-1], at=LATER)

    assert {line.verdict for line in report.rows} == {Verdict.UNCHANGED}
    assert await ranges(database) == before


async def test_a_difference_of_cut_seeds_is_shown_in_one_piece(database):
    await take_in(database, row(status="Done"), row(production=NEW, status="Done", initial="6-15"))

    report = await take_in(database, row(production=NEW, status="Done", initial="11-20"), dry_run=True)

    assert report.rows[0].problems == (
        Problem(
            "Initial seed",
            "would change 6-15 to 11-20, but PROD2026-002 is ACCEPTED. "
            "Clone the request to have it otherwise.",
        ),
    )


@pytest.mark.parametrize("status", ["Draft", "Ready", "Approved"])
async def test_what_is_still_to_run_is_rejected_with_row_column_and_free_seeds(database, status):
    await take_in(database, row(status="Done"))

    report = await take_in(database, row(production=NEW, status=status, initial="10-19"), at=LATER)

    assert [(line.number, line.verdict) for line in report.rows] == [(2, Verdict.REJECTED)]
    assert report.rows[0].problems == (refused("10", OLD, seeds="10-19", free="11-20"),)
    assert await ranges(database) == [(OLD, 1, 10, None)]


@pytest.mark.parametrize("status", ["Running", "Done"])
async def test_what_runs_or_ran_is_never_rejected(database, status):
    await take_in(database, row(status="Done"))

    report = await take_in(database, row(production=NEW, status=status))

    assert report.rows[0].verdict is Verdict.ADDED
    assert await ranges(database) == [(OLD, 1, 10, None), (NEW, 1, 10, "overlaps PROD2026-001")]


async def test_the_row_of_a_past_production_comes_first_wherever_it_stands(database):
    report = await take_in(database, row(), row(production=NEW, status="Done"))

    assert report.rows[0].problems == (refused("1-10", NEW, seeds="1-10", free="11-20"),)
    assert await ranges(database) == [(NEW, 1, 10, None)]


async def test_seeds_used_twice_already_are_not_free_when_one_user_is_withdrawn(database):
    done = row(status="Done")
    await take_in(database, done, row(production=NEW, status="Done"))
    await take_in(database, done | {"Description": "obsolete"}, at=LATER)

    report = await take_in(database, row(production=THIRD), at=LATER)

    assert report.rows[0].problems == (refused("1-10", NEW, seeds="1-10", free="11-20"),)


async def test_seeds_of_a_test_are_free(database):
    await take_in(database, row(status="Done"))
    async with database.transaction() as session:
        await session.execute(update(Request).values(is_test=True))
        await session.execute(
            update(SeedRangeRow).values(is_exempt=True, exempt_reason="the request is a test")
        )

    report = await take_in(database, row(production=NEW), at=LATER)

    assert report.rows[0].verdict is Verdict.ADDED


@pytest.mark.parametrize("says_so", [OLD, NEW])
async def test_an_intended_repeat_may_have_the_seeds_again(database, says_so):
    await take_in(database, row(), row(production=NEW, initial="11-20"))
    async with database.transaction() as session:
        other = NEW if says_so == OLD else OLD
        await session.execute(
            insert(RequestRelation).values(
                request_name=says_so, kind="repeats", other_name=other, created_at=AT
            )
        )

    report = await take_in(database, row(production=NEW), at=LATER)

    assert report.rows[0].verdict is Verdict.CHANGED
    assert await ranges(database) == [(OLD, 1, 10, None), (NEW, 1, 10, "repeats PROD2026-001")]


async def test_who_wanted_to_go_where_a_rejected_row_stays_is_rejected_too(database):
    await take_in(
        database, row(), row(production=NEW, initial="11-20"), row(production=THIRD, initial="21-30")
    )
    before = await ranges(database)

    report = await take_in(database, row(initial="21-30"), row(production=NEW, initial="1-10"), at=LATER)

    assert [line.problems for line in report.rows] == [
        (refused("21-30", THIRD, seeds="21-30", free="31-40"),),
        (refused("1-10", OLD, seeds="1-10", free="31-40"),),
    ]
    assert await ranges(database) == before


async def test_a_past_production_cannot_be_set_back_to_run_again(database):
    await take_in(database, row(status="Done"))

    report = await take_in(database, row(status="Ready"), at=LATER)

    assert report.rows[0].problems == (
        Problem(
            "Status",
            "says READY, but PROD2026-001 is ACCEPTED and cannot become that. "
            "Possible are OBSOLETE, ON_HOLD.",
        ),
    )


async def test_a_step_whose_script_moves_its_request_onto_taken_seeds_is_rejected(database):
    script = "/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02/simu.C"
    rows = {"request": NEW, "type": "simu", "script": script}
    await take_in(database, row(status="Done"), row(production=NEW, status="Done", initial="11-20"))
    await talk(database, rows)
    await take_in(database, row(production=THIRD, initial="11-20"), at=LATER)

    report = await talk(database, rows | {"request": THIRD})

    (problem,) = report.rows[0].problems
    assert problem.reason.startswith(
        "would move its request: 11-20 cannot be given to what is still to run: of the same physics, "
        "11-20 by PROD2026-002 are used already."
    )


async def talk(database, step):
    document = orjson.dumps({"requests": [], "processings": [step]})
    return await import_talk(database, document, file_name="export.json", imported_by=None, at=LATER)


async def test_whatever_the_overlaps_every_seed_is_stored_once_for_each_who_used_it(database):
    seed = 20261125
    draw = random.Random(seed)
    wanted = {}
    for number in range(1, 41):
        first = draw.randint(1, 300)
        wanted[f"PROD2026-{number:03d}"] = SeedRange(first, first + draw.randint(0, 60))

    await take_in(
        database,
        *(row(production=name, status="Done", initial=str(seeds)) for name, seeds in wanted.items()),
    )

    stored = await ranges(database)
    for name, seeds in wanted.items():
        own = [SeedRange(first, last) for holder, first, last, _ in stored if holder == name]
        assert merge(own) == (seeds,), f"seed {seed}"
        assert sum(part.count for part in own) == seeds.count, f"seed {seed}"
    held = [SeedRange(first, last) for _, first, last, reason in stored if reason is None]
    assert sum(part.count for part in held) == sum(part.count for part in merge(wanted.values()))
