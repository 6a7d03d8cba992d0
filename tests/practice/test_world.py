import datetime as dt
import json

import pytest
from sqlalchemy import func, select

from gateway.domain.names import DatasetName
from gateway.domain.seeds import SeedRange, count_seeds, parse_seeds
from gateway.imports.report import Verdict
from gateway.practice.productions import MISSING_SEEDS, SKIM_DID
from gateway.practice.requests import practice_requests
from gateway.practice.talk import talk, talk_document
from gateway.practice.world import load_practice_world, practice_snapshot
from gateway.store.attempts import Attempt
from gateway.store.datasets import Dataset, Replica, Rule
from gateway.store.history import PastVersion
from gateway.store.people import IdentityLink
from gateway.store.sites import Downtime
from gateway.store.storages import Quota, StorageUsage
from gateway.store.tasks import Task, TaskJobCount
from tests.imports.snapshots import AT, fetch

DAY = dt.timedelta(days=1)


async def test_the_world_goes_in_without_a_doubt(database):
    requests, snapshot = await load_practice_world(database, at=AT)

    assert [requests.count(verdict) for verdict in Verdict] == [13, 2, 0, 2]
    assert {section.name: section.outcome.seen for section in snapshot.sections} == {
        "tasks": 17,
        "job_counts": 43,
        "datasets": 24,
        "rules": 25,
        "replicas": 25,
        "storages": 4,
        "storage_usages": 6,
        "quotas": 6,
        "sites": 5,
        "queues": 4,
        "storage_endpoints": 4,
        "services": 10,
        "downtimes": 1,
        "people": 5,
        "groups": 5,
        "group_members": 10,
    }
    assert snapshot.quarantined == 0
    assert not any(section.unknown_fields or section.hold_reason for section in snapshot.sections)
    assert snapshot.adoption.adopted == 8
    assert snapshot.adoption.clashing_task_ids == ()


async def test_production_013_is_complete_from_request_to_replica(database):
    await load_practice_world(database, at=AT)

    attempts = select(
        Attempt.key, Attempt.jedi_task_id, Task.user_name, Task.jobs_expected, Task.jobs_finished
    )
    assert await fetch(
        database,
        attempts.join(Task, Task.jedi_task_id == Attempt.jedi_task_id)
        .where(Task.request_name == "PROD2025-013")
        .order_by(Attempt.key),
    ) == [
        ("PROD2025-013.RECO.1", 363, "prodman", 10_000, 9_992),
        ("PROD2025-013.SIM.2", 362, "prodman", 10_000, 10_000),
    ]
    assert await fetch(
        database,
        select(
            Dataset.attempt_key, Dataset.data_type, Dataset.size_bytes, Dataset.file_count, Replica.rse_name
        )
        .join(Replica, Replica.did == Dataset.did)
        .where(Dataset.request_name == "PROD2025-013")
        .order_by(Dataset.did, Replica.rse_name),
    ) == [
        ("PROD2025-013.RECO.1", "R", 18_536_200_000_000, 9_992, "JINR_EOS"),
        ("PROD2025-013.RECO.1", "R", 18_536_200_000_000, 9_992, "PNPI_EOS"),
        ("PROD2025-013.RECO.1", "log", 5_060_000_000, 9_992, "JINR_EOS"),
        ("PROD2025-013.SIM.2", "P", 91_789_750_000, 10_000, "JINR_EOS"),
        ("PROD2025-013.SIM.2", "S", 18_266_160_250_000, 10_000, "JINR_EOS"),
        ("PROD2025-013.SIM.2", "log", 1_930_000_000, 10_000, "JINR_EOS"),
    ]
    assert await fetch(
        database,
        select(Rule.rse_expression, Rule.state, Rule.locks_ok, Rule.locks_replicating)
        .where(Rule.did.like("%PROD2025-013.RECO.1.R"))
        .order_by(Rule.rse_expression),
    ) == [("JINR_EOS", "OK", 9_992, 0), ("PNPI_EOS", "REPLICATING", 6_120, 3_872)]


def test_the_eight_missing_seeds_are_seeds_of_the_request():
    missing = parse_seeds(MISSING_SEEDS)

    assert count_seeds(missing) == 10_000 - 9_992
    assert all(SeedRange(10_001, 20_000).covers(held) for held in missing)


async def test_job_counts_add_up_to_their_task(database):
    await load_practice_world(database, at=AT)

    finished = (
        select(func.coalesce(func.sum(TaskJobCount.jobs), 0))
        .where(TaskJobCount.jedi_task_id == Task.jedi_task_id, TaskJobCount.job_state == "finished")
        .scalar_subquery()
    )
    everything = (
        select(func.coalesce(func.sum(TaskJobCount.jobs), 0))
        .where(TaskJobCount.jedi_task_id == Task.jedi_task_id)
        .scalar_subquery()
    )
    rows = await fetch(
        database,
        select(Task.jobs_finished, finished, Task.jobs_expected, everything).where(
            Task.jobs_expected.is_not(None)
        ),
    )
    assert len(rows) == 10
    assert all(own == counted and expected == total for own, counted, expected, total in rows)


async def test_output_of_a_task_is_the_sum_of_its_datasets(database):
    await load_practice_world(database, at=AT)

    rows = await fetch(
        database,
        select(Task.jedi_task_id, Task.output_bytes, func.sum(Dataset.size_bytes))
        .join(Dataset, Dataset.jedi_task_id == Task.jedi_task_id)
        .where(Dataset.data_type != "log")
        .group_by(Task.jedi_task_id, Task.output_bytes),
    )
    assert len(rows) == 9
    assert all(output == total for _, output, total in rows)


async def test_what_the_talk_does_not_show_stays_null(database):
    await load_practice_world(database, at=AT)

    columns = (Task.user_name, Task.jobs_expected, Task.output_bytes, Task.started_at, Task.core_seconds)
    assert await fetch(database, select(*columns).where(Task.jedi_task_id == 347)) == [
        ("prodman", None, None, None, None)
    ]
    assert await fetch(database, select(Task.user_name).where(Task.jedi_task_id == 356)) == [(None,)]


async def test_people_are_one_person_in_all_services(database):
    await load_practice_world(database, at=AT)

    assert await fetch(
        database,
        select(IdentityLink.system, IdentityLink.name).order_by(IdentityLink.system, IdentityLink.name),
    ) == [
        ("panda", "prodman"),
        ("panda", "voadmin"),
        *(("rucio", name) for name in ("analyst", "operator", "prodman", "sampo", "voadmin")),
    ]


async def test_quotas_and_storages_count_what_lies_there(database):
    await load_practice_world(database, at=AT)

    at_jinr = await fetch(
        database, select(func.sum(Replica.size_bytes)).where(Replica.rse_name == "JINR_EOS")
    )
    used = await fetch(
        database,
        select(StorageUsage.used_bytes).where(
            StorageUsage.rse_name == "JINR_EOS", StorageUsage.usage_kind == "rucio"
        ),
    )
    quota = await fetch(
        database, select(Quota.used_bytes).where(Quota.account == "prodman", Quota.rse_name == "JINR_EOS")
    )
    assert [int(at_jinr[0][0])] == [used[0][0]] == [quota[0][0]]
    unlimited = await fetch(database, select(Quota.account).where(Quota.is_unlimited))
    assert unlimited == [("voadmin",)]


async def test_loading_twice_at_one_moment_changes_nothing(database):
    await load_practice_world(database, at=AT)

    requests, snapshot = await load_practice_world(database, at=AT)

    assert not requests.changes_anything
    assert {section.outcome.changed for section in snapshot.sections} == {0}
    assert snapshot.adoption.adopted == 0


async def test_the_next_day_only_dates_move(database):
    await load_practice_world(database, at=AT)

    _, snapshot = await load_practice_world(database, at=AT + DAY)

    assert {
        section.name: section.outcome.changed for section in snapshot.sections if section.outcome.changed
    } == {
        "datasets": 10,
        "rules": 9,
        "storage_usages": 6,
        "downtimes": 1,
        "people": 1,
    }
    assert len(await fetch(database, select(PastVersion.id))) == 27
    ((starts_at,),) = await fetch(database, select(Downtime.starts_at))
    assert starts_at == dt.datetime(2026, 1, 18, 6, tzinfo=dt.UTC)


def test_the_same_moment_gives_the_same_document():
    assert json.dumps(practice_snapshot(AT)) == json.dumps(practice_snapshot(AT))
    assert json.dumps(practice_snapshot(AT)) != json.dumps(practice_snapshot(AT + DAY))


def test_every_dataset_of_a_production_follows_the_grammar():
    dids = [record["did"] for record in practice_snapshot(AT)["rucio"]["datasets"]["records"]]

    assert [DatasetName.parse(did).did for did in dids if did != SKIM_DID] == dids[:-1]
    assert {DatasetName.parse(did).scope for did in dids[:-1]} == {"MC2025_S1"}


def test_the_talk_has_its_tasks_and_sites():
    assert [len(talk().tasks), len(talk().sites), len(talk().services)] == [17, 5, 10]
    assert json.loads(talk_document())["totals_as_stated"]["tasks"] == 55


@pytest.mark.parametrize("index", range(13))
def test_every_request_of_the_world_has_a_requester(index):
    assert practice_requests()[index].draft.requested_by == "prodman"
