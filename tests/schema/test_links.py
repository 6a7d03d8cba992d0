"""Links between services lead to null, never to a failure, when the other end is not in our copy."""

from gateway.store.database import Database
from gateway.store.datasets import Dataset, Replica, Rule
from gateway.store.remembered import remember
from gateway.store.sources import SourceName
from gateway.store.storages import Quota
from gateway.store.tasks import Task, TaskJobCount
from tests.conftest import LOADED_AT
from tests.support.asking import Asker


async def test_rows_whose_other_ends_are_missing_are_shown_all_the_same(own_world: Database) -> None:
    async with own_world.transaction() as session:
        for rows, source in (
            ([TaskJobCount(jedi_task_id=999, queue_name="ELSEWHERE", job_state="running", jobs=1)], "panda"),
            ([Task(jedi_task_id=900, name="T", status="done", user_name="x", parent_task_id=1)], "panda"),
            ([Dataset(did="user.x:d", scope="user.x", name="d", jedi_task_id=998)], "rucio"),
            ([rule("user.x:none")], "rucio"),
            ([Replica(did="user.x:none", rse_name="NOWHERE", state="AVAILABLE")], "rucio"),
            ([Quota(account="x", rse_name="NOWHERE")], "rucio"),
        ):
            await remember(session, rows, source=SourceName(source), at=LOADED_AT)

    data = await Asker(own_world, LOADED_AT)(
        """
        {
          queues(filter: { name: { eq: "JINR_SPD" } }) { nodes { jobCounts(first: 1) { totalCount } } }
          task(jediTaskId: 900) {
            ... on Task { user { username } parent { name } attempt { key } request { name } }
          }
          dataset(did: "user.x:d") { ... on Dataset { task { name } request { name } rules { ruleId } } }
          rules(filter: { did: { eq: "user.x:none" } }) { nodes { dataset { did } } }
          replicas(filter: { rseName: { eq: "NOWHERE" } }) { nodes { dataset { did } storage { name } } }
          quotas(filter: { rseName: { eq: "NOWHERE" } }) { nodes { storage { name } } }
        }
        """
    )

    assert data == {
        "queues": {"nodes": [{"jobCounts": {"totalCount": 10}}]},
        "task": {"user": None, "parent": None, "attempt": None, "request": None},
        "dataset": {"task": None, "request": None, "rules": []},
        "rules": {"nodes": [{"dataset": None}]},
        "replicas": {"nodes": [{"dataset": None, "storage": None}]},
        "quotas": {"nodes": [{"storage": None}]},
    }


def rule(did: str) -> Rule:
    return Rule(rule_id="0" * 32, did=did, account="x", rse_expression="A", copies=1, state="OK")


async def test_jobs_of_a_task_that_we_have_no_copy_of_are_shown(own_world: Database) -> None:
    async with own_world.transaction() as session:
        jobs = TaskJobCount(jedi_task_id=999, queue_name="JINR_SPD", job_state="running", jobs=7)
        await remember(session, [jobs], source=SourceName.PANDA, at=LOADED_AT)

    data = await Asker(own_world, LOADED_AT)(
        """
        {
          queues(filter: { name: { eq: "JINR_SPD" } }) {
            nodes { jobCounts(filter: { jobState: { eq: "running" } }) { nodes { jobs task { name } } } }
          }
        }
        """
    )

    assert data["queues"]["nodes"] == [{"jobCounts": {"nodes": [{"jobs": 7, "task": None}]}}]
