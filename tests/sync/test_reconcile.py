"""The reconciler finds each breach in stored data, follows it to its end, and claims what it knows."""

import datetime as dt

import pytest
from sqlalchemy import delete, update

from gateway.practice.generate import generate
from gateway.store.attempts import Attempt
from gateway.store.database import Database
from gateway.store.datasets import Dataset, Replica, Rule
from gateway.store.people import IdentityLink, Person
from gateway.store.registries import Stage
from gateway.store.requests import Request, RequestRelation, Step
from gateway.store.seeds import SeedRange
from gateway.store.sources import Source, SourceName
from gateway.store.tasks import Task
from gateway.sync.reconcile import NEEDS, reconcile
from tests.support.databases import counted_statements
from tests.sync import factories
from tests.sync.factories import AT, LATER, LATEST, change, did, findings, found, healthy

FIRST = "PROD2026-001"
SIM_S = did(FIRST, "SIM", "S")


async def test_nothing_is_found_where_nothing_is_wrong(database: Database) -> None:
    await healthy(database)

    report = await reconcile(database, at=AT)

    assert await found(database) == []
    assert (report.requests, report.found, report.new, report.resolved) == (1, 0, 0, 0)
    assert (report.unlisted, report.unchecked) == ((), ())


async def test_an_empty_database_has_no_findings(database: Database) -> None:
    report = await reconcile(database, at=AT)

    assert (report.requests, report.found) == (0, 0)


@pytest.mark.parametrize(
    ("model", "key", "values", "code", "subject"),
    [
        (Request, FIRST, {"events": 80_000}, "seed-count", FIRST),
        (Request, FIRST, {"events": 39_999}, "event-remainder", FIRST),
        (Request, FIRST, {"tag": "minbias-P8-spdroot4172-dev test"}, "tag-unsafe", FIRST),
        (Request, FIRST, {"beam_energy_mev": 28_000}, "energy-above-stage", FIRST),
        (Request, FIRST, {"intent": "READY"}, "not-submitted-but-there", FIRST),
        (Stage, "S2", {"required_geometry": "DSSD, TOF"}, "geometry-lacking", FIRST),
        (Stage, "S1", {"required_geometry": "DSSD"}, None, None),
        (Step, f"{FIRST}.SIM", {"dataset_pattern": "MC2026_S2:nothing*"}, "pattern-misses-outputs", FIRST),
        (Step, f"{FIRST}.RECO", {"script": "/somewhere/reco.C"}, "script-outside-grammar", FIRST),
        (Task, 1001, {"events_reported": 4_000}, "events-do-not-match-jobs", "1001"),
        (Task, 1001, {"seed_first": 11, "seed_last": 20}, "seeds-differ-in-panda", "1001"),
        (Task, 1002, {"name": "another name"}, None, None),
        (Dataset, SIM_S, {"file_count": 9}, "registered-files-differ", "1001"),
        (Dataset, SIM_S, {"size_bytes": 8_000}, "registered-output-bytes-differ", "1001"),
        (Dataset, SIM_S, {"expires_at": LATER}, "expires-soon", SIM_S),
        (Dataset, SIM_S, {"expires_at": AT + dt.timedelta(days=31)}, None, None),
        (Person, "subject of prodman", {"is_active": False}, "disabled-owner", "prodman"),
    ],
)
async def test_each_breach_is_found(
    database: Database,
    model: type,
    key: object,
    values: dict[str, object],
    code: str | None,
    subject: str | None,
) -> None:
    await healthy(database)
    await change(database, model, key, **values)

    await reconcile(database, at=AT)

    codes = await found(database)
    assert (code, subject) in codes if code else codes == []


async def test_a_dataset_without_a_rule_or_a_replica_is_found_whoever_owns_it(database: Database) -> None:
    await healthy(database)
    async with database.transaction() as session:
        await factories.dataset(session, "user.analyst:mine", 5, None)
        await session.execute(update(Rule).where(Rule.did == "user.analyst:mine").values(gone_at=AT))
        await session.execute(update(Replica).where(Replica.did == SIM_S).values(gone_at=AT))

    await reconcile(database, at=AT)

    assert await found(database) == [("no-replica", SIM_S), ("no-rule", "user.analyst:mine")]


async def test_a_dataset_ends_with_the_last_of_its_rules(database: Database) -> None:
    await healthy(database)
    async with database.transaction() as session:
        await session.execute(update(Rule).where(Rule.did == SIM_S).values(expires_at=LATER))
    await reconcile(database, at=AT)
    with_one_rule = await found(database)
    async with database.transaction() as session:
        endless = Rule(
            rule_id="0" * 32, did=SIM_S, account="prodman", rse_expression="PNPI_EOS", copies=1, state="OK"
        )
        await factories.remembered(session, SourceName.RUCIO, endless)
    await reconcile(database, at=AT)

    assert with_one_rule == [("expires-soon", SIM_S)]
    assert await found(database) == []


async def test_seeds_used_twice_are_found_in_each_piece_and_repeats_are_meant(database: Database) -> None:
    async with database.transaction() as session:
        await factories.listed(session, *SourceName)
        await factories.production(session)
        await factories.production(session, "PROD2026-002", seeds=((6, 10), (21, 25)), task_id=2001)
        await factories.person(session)
    await reconcile(database, at=AT)
    overlaps = await found(database)
    async with database.transaction() as session:
        session.add(
            RequestRelation(request_name="PROD2026-002", kind="repeats", other_name=FIRST, created_at=AT)
        )
    await reconcile(database, at=AT)

    assert overlaps == [("seed-overlap", "PROD2026-002")]
    assert await found(database) == []


async def test_a_request_whose_seeds_nobody_recorded_is_held_to_its_number_of_jobs(
    database: Database,
) -> None:
    await healthy(database)
    async with database.transaction() as session:
        await session.execute(delete(SeedRange))
        await session.execute(update(Task).where(Task.jedi_task_id == 1002).values(jobs_finished=9))

    await reconcile(database, at=AT)

    assert ("state-contradicts-count", "1002") in await found(database)
    assert "seeds-differ-in-panda" not in {code for code, _ in await found(database)}


async def test_reconstruction_of_another_requests_simulation_is_looked_up_there(database: Database) -> None:
    async with database.transaction() as session:
        await factories.listed(session, *SourceName)
        await factories.production(session)
        await factories.production(session, "PROD2026-002", seeds=((11, 20),), task_id=2001)
        await factories.person(session)
        await session.execute(
            update(Task).where(Task.jedi_task_id == 2001).values(seed_first=11, seed_last=20)
        )
        await session.execute(
            update(Task).where(Task.jedi_task_id == 2002).values(seed_first=11, seed_last=20)
        )
    await reconcile(database, at=AT)
    own = await found(database)
    await change(database, Step, "PROD2026-002.RECO", parent_step_key=f"{FIRST}.SIM")
    await reconcile(database, at=AT)

    assert own == []
    assert await found(database) == [("wrong-input", "PROD2026-002")]


async def test_what_nobody_owns_is_found(database: Database) -> None:
    await healthy(database)
    orphan = did("PROD2026-099", "SIM", "S")
    async with database.transaction() as session:
        await factories.dataset(session, orphan, 5, None)
        await factories.dataset(session, "user.analyst:mine", 5, None)
        for task_id, name in ((1, "PROD2026-099.SIM.1"), (2, "MC2026_S2-001-SIM.1"), (3, "somebody's")):
            await factories.remembered(
                session,
                SourceName.PANDA,
                Task(jedi_task_id=task_id, name=name, status="done", user_name="prodman"),
            )

    await reconcile(database, at=AT)

    assert await found(database) == [("orphan-task", "1"), ("orphan-dataset", orphan)]


async def test_an_accepted_request_whose_datasets_are_gone_is_a_widow(database: Database) -> None:
    await healthy(database)
    async with database.transaction() as session:
        await factories.dataset(session, "user.analyst:mine", 5, None)
        await session.execute(update(Dataset).where(Dataset.scope == "MC2026_S2").values(gone_at=AT))

    await reconcile(database, at=AT)

    assert await found(database) == [("widow", FIRST)]


async def test_a_gone_task_does_not_count_as_there(database: Database) -> None:
    await healthy(database)
    await change(database, Task, 1002, jobs_finished=9, status="finished")
    await reconcile(database, at=AT)
    before = await found(database)
    await change(database, Task, 1002, gone_at=LATER)
    await reconcile(database, at=LATER)

    assert ("jobs-lost", "1002") in before
    assert ("jobs-lost", "1002") not in await found(database)


async def test_names_that_iam_does_not_know_are_found_once_per_person(database: Database) -> None:
    await healthy(database)
    async with database.transaction() as session:
        await session.execute(delete(IdentityLink))

    await reconcile(database, at=AT)

    [row] = await findings(database)
    assert (row.code, row.subject_kind, row.subject_key) == ("not-in-iam", "PERSON", "prodman")
    assert row.message == "prodman acts in PanDA and Rucio but is not in IAM."


async def test_the_same_breach_of_two_steps_is_two_findings(database: Database) -> None:
    await healthy(database)
    for kind in ("SIM", "RECO"):
        await change(database, Step, f"{FIRST}.{kind}", script="/somewhere/else.C")

    await reconcile(database, at=AT)

    assert await found(database) == [("script-outside-grammar", FIRST), ("script-outside-grammar", FIRST)]


async def test_a_finding_found_again_is_the_same_one(database: Database) -> None:
    await healthy(database)
    await change(database, Request, FIRST, events=80_000)
    await reconcile(database, at=AT)

    report = await reconcile(database, at=LATER)

    [row] = [row for row in await findings(database) if row.code == "seed-count"]
    assert (row.first_found_at, row.last_found_at, row.resolved_at) == (AT, LATER, None)
    assert (report.new, report.returned, report.resolved) == (0, 0, 0)


async def test_a_finding_that_grows_says_so_and_stays_the_same_one(database: Database) -> None:
    await healthy(database)
    await change(database, Task, 1001, events_reported=4_000)
    await reconcile(database, at=AT)
    await change(database, Task, 1001, events_reported=400)
    await reconcile(database, at=LATER)

    [row] = await findings(database)
    assert row.message == "Task 1001 shows 400 events, but 10 jobs of 4000 make 40000."
    assert row.first_found_at == AT


async def test_a_finding_ends_when_it_is_no_longer_found_and_may_come_back(database: Database) -> None:
    await healthy(database)
    await change(database, Task, 1001, events_reported=4_000)
    await reconcile(database, at=AT)
    await change(database, Task, 1001, events_reported=40_000)

    ended = await reconcile(database, at=LATER)

    [row] = await findings(database)
    assert (row.last_found_at, row.resolved_at) == (AT, LATER)
    assert (ended.found, ended.resolved) == (0, 1)

    again = await reconcile(database, at=LATEST)

    [row] = await findings(database)
    assert row.resolved_at == LATER
    assert again.resolved == 0

    await change(database, Task, 1001, events_reported=4_000)
    back = await reconcile(database, at=LATEST)

    [row] = await findings(database)
    assert (row.first_found_at, row.last_found_at, row.resolved_at) == (AT, LATEST, None)
    assert (back.new, back.returned) == (0, 1)


@pytest.mark.parametrize("source", [SourceName.PANDA, SourceName.RUCIO, SourceName.IAM])
async def test_what_a_source_lacks_means_nothing_before_it_was_listed(
    database: Database, source: SourceName
) -> None:
    await healthy(database)
    async with database.transaction() as session:
        await session.execute(delete(IdentityLink))
        await session.execute(delete(Attempt))
        await session.execute(update(Request).values(intent="SUBMITTED", tag=f"{factories.TAG} test"))
        await session.execute(update(Rule).values(gone_at=AT))
    await reconcile(database, at=AT)
    listed = {code for code, _ in await found(database)}
    await change(database, Source, source.value, last_full_ok_at=None)
    async with database.transaction() as session:
        await session.execute(delete(factories.FindingRow))

    report = await reconcile(database, at=LATER)

    needing = {code for code, needed in NEEDS.items() if source in needed}
    assert listed == {
        "tag-unsafe",
        "no-usable-simulation",
        "no-rule",
        "submitted-but-nothing-there",
        "not-in-iam",
    }
    assert {code for code, _ in await found(database)} == listed - needing
    assert listed & needing
    assert report.unlisted == (source,)
    assert report.unchecked == tuple(sorted(needing))


async def test_what_cannot_be_checked_is_not_taken_for_resolved(database: Database) -> None:
    await healthy(database)
    await change(database, Task, 1001, events_reported=4_000)
    await reconcile(database, at=AT)
    await change(database, Source, "panda", last_full_ok_at=None)

    report = await reconcile(database, at=LATER)

    [row] = await findings(database)
    assert (row.last_found_at, row.resolved_at) == (AT, None)
    assert report.resolved == 0


async def test_more_data_take_no_more_statements(database: Database) -> None:
    await generate(database, 1, seed=1, at=AT)
    with counted_statements(database) as few:
        small = await reconcile(database, at=AT)
    async with database.transaction() as session:
        await session.execute(delete(factories.FindingRow))
        for number in range(1, 60):
            await factories.production(
                session,
                f"PROD2027-{number:03d}",
                seeds=((10 * number + 1, 10 * number + 10),),
                task_id=10_000 + 2 * number,
            )
    with counted_statements(database) as many:
        large = await reconcile(database, at=AT)

    assert large.requests == small.requests + 59
    assert len(many) == len(few)


async def test_requests_beyond_the_first_batch_are_looked_at_too(database: Database) -> None:
    async with database.transaction() as session:
        await factories.listed(session, *SourceName)
        await factories.registries(session)
        session.add_all(
            factories.request(f"PROD2026-{number:03d}", intent="READY", tag="no tag at all")
            for number in range(1, 502)
        )

    report = await reconcile(database, at=AT)

    assert report.requests == 501
    assert report.found_by_code["tag-unsafe"] == 501


async def test_a_failure_while_reading_changes_nothing(database: Database) -> None:
    await healthy(database)
    await change(database, Task, 1001, events_reported=4_000)
    await reconcile(database, at=AT)
    await change(database, Request, FIRST, intent="NO SUCH INTENT")

    with pytest.raises(ValueError, match="NO SUCH INTENT"):
        await reconcile(database, at=LATER)

    [row] = await findings(database)
    assert (row.last_found_at, row.resolved_at) == (AT, None)
