"""Present, absent, unknown, stale and gone are different answers, wherever something is looked for."""

import datetime as dt

import pytest
from sqlalchemy import update

from gateway.imports.snapshot import import_snapshot
from gateway.store.attempts import Attempt
from gateway.store.database import Database
from gateway.store.datasets import Dataset
from gateway.store.remembered import mark_gone
from gateway.store.requests import StepDataset
from gateway.store.sources import Source, SourceName
from gateway.store.tasks import Task
from tests.conftest import LOADED_AT
from tests.imports.snapshots import document, task
from tests.support.asking import Asker

LOOK_UPS = {
    "task": ("jediTaskId: 362", "jediTaskId: 999", "PANDA", "jediTaskId"),
    "dataset": (
        'did: "user.analyst:PROD2025-013.RECO.1.dimuon-skim"',
        'did: "MC2025_S1:nothing"',
        "RUCIO",
        "did",
    ),
    "site": ('name: "JINR"', 'name: "Nowhere"', "CRIC", "name"),
    "storage": ('name: "JINR_EOS"', 'name: "NOWHERE_EOS"', "RUCIO", "name"),
    "person": ('username: "prodman"', 'username: "nobody"', "IAM", "username"),
}
KEYS_OF_THE_MISSING = {
    "task": "999",
    "dataset": "MC2025_S1:nothing",
    "site": "Nowhere",
    "storage": "NOWHERE_EOS",
    "person": "nobody",
}


def look_up(field: str, argument: str) -> str:
    return f"""
    {{
      {field}({argument}) {{
        __typename
        ... on {field.capitalize()} {{ {LOOK_UPS[field][3]} source isStale staleReason goneAt ageSeconds }}
        ... on Absent {{ message key owner asOf isStale }}
        ... on Unknown {{ message key owner reason }}
      }}
    }}
    """


@pytest.mark.parametrize("field", LOOK_UPS)
async def test_what_our_copy_has_is_present(ask: Asker, field: str) -> None:
    argument, _, source, key = LOOK_UPS[field]

    data = await ask(look_up(field, argument))

    value = argument.partition(": ")[2].strip('"')
    assert data[field] == {
        "__typename": field.capitalize(),
        key: int(value) if value.isdigit() else value,
        "source": source,
        "isStale": False,
        "staleReason": None,
        "goneAt": None,
        "ageSeconds": 0,
    }


@pytest.mark.parametrize("field", LOOK_UPS)
async def test_what_a_complete_listing_lacked_is_absent_as_of_then(ask: Asker, field: str) -> None:
    _, argument, source, _ = LOOK_UPS[field]

    data = await ask(look_up(field, argument))

    key = KEYS_OF_THE_MISSING[field]
    assert data[field] == {
        "__typename": "Absent",
        "message": f"{source} had no {field} {key!r} in its last complete listing.",
        "key": key,
        "owner": source,
        "asOf": LOADED_AT.isoformat(),
        "isStale": False,
    }


@pytest.mark.parametrize("field", LOOK_UPS)
async def test_nobody_knows_what_a_source_has_that_was_never_listed(database: Database, field: str) -> None:
    _, argument, source, _ = LOOK_UPS[field]

    answer = await Asker(database, LOADED_AT).answer(look_up(field, argument))

    key = KEYS_OF_THE_MISSING[field]
    assert answer["data"][field] == {
        "__typename": "Unknown",
        "message": f"Nobody can say whether there is a {field} {key!r}: "
        f"{source} was never listed completely.",
        "key": key,
        "owner": source,
        "reason": "there has been no contact yet",
    }
    assert answer["extensions"]["freshness"] == {
        source.lower(): {
            "syncedAt": None,
            "ageSeconds": None,
            "isStale": True,
            "reason": "there has been no contact yet",
        }
    }


async def test_after_a_partial_listing_what_is_missing_is_still_unknown(database: Database) -> None:
    await import_snapshot(
        database,
        document(LOADED_AT, complete=False, panda_tasks=[task(362)]),
        at=LOADED_AT,
        name="a part",
    )
    ask = Asker(database, LOADED_AT)

    data = await ask("{ a: task(jediTaskId: 362) { __typename } b: task(jediTaskId: 999) { __typename } }")

    assert data == {"a": {"__typename": "Task"}, "b": {"__typename": "Unknown"}}


async def test_a_request_of_ours_is_there_or_certainly_not(ask: Asker, database: Database) -> None:
    text = """
    query ($name: String!) {
      request(name: $name) { __typename ... on Request { name } ... on Absent { message key owner isStale } }
    }
    """
    absent = {
        "__typename": "Absent",
        "message": "There is no request 'PROD2025-999'.",
        "key": "PROD2025-999",
        "owner": None,
        "isStale": False,
    }

    assert await ask(text, name="PROD2025-013") == {
        "request": {"__typename": "Request", "name": "PROD2025-013"}
    }
    assert await ask(text, name="PROD2025-999") == {"request": absent}
    assert await Asker(database, LOADED_AT)(text, name="PROD2025-999") == {"request": absent}


async def test_a_request_is_found_however_its_name_was_typed(ask: Asker) -> None:
    data = await ask('{ request(name: " prod2025-013 ") { ... on Request { name } } }')

    assert data == {"request": {"name": "PROD2025-013"}}


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ('name: "a\\u0000b"', "BAD_VALUE"),
        (f'name: "{"x" * 1001}"', "BAD_FILTER"),
        ("name: 5", "GRAPHQL_VALIDATION_FAILED"),
        ("name: null", "GRAPHQL_VALIDATION_FAILED"),
        ("", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_key_that_no_thing_can_have_is_refused(ask: Asker, argument: str, code: str) -> None:
    answer = await ask.answer(f"{{ site{argument and f'({argument})'} {{ __typename }} }}")

    assert answer["errors"][0]["extensions"]["code"] == code


# What each source promises when it was never told otherwise, seconds.
PROMISES = {"PANDA": 120, "RUCIO": 600, "CRIC": 7200, "IAM": 3600}
LISTS = {"PANDA": "tasks", "RUCIO": "datasets", "CRIC": "sites", "IAM": "people"}


@pytest.mark.parametrize("source", PROMISES)
async def test_a_copy_is_fresh_up_to_its_promise_and_stale_beyond(ask: Asker, source: str) -> None:
    text = f"{{ {LISTS[source]}(first: 1) {{ nodes {{ isStale staleReason ageSeconds syncedAt }} }} }}"
    promise = PROMISES[source]

    ask.now = LOADED_AT + dt.timedelta(seconds=promise)
    fresh = await ask.answer(text)
    ask.now += dt.timedelta(seconds=1)
    stale = await ask.answer(text)

    assert fresh["data"][LISTS[source]]["nodes"] == [
        {"isStale": False, "staleReason": None, "ageSeconds": promise, "syncedAt": LOADED_AT.isoformat()}
    ]
    assert fresh["extensions"]["freshness"][source.lower()]["isStale"] is False
    reason = f"silent for {promise + 1} s, more than the {promise} s promised"
    assert stale["data"][LISTS[source]]["nodes"] == [
        {
            "isStale": True,
            "staleReason": reason,
            "ageSeconds": promise + 1,
            "syncedAt": LOADED_AT.isoformat(),
        }
    ]
    assert stale["extensions"]["freshness"] == {
        source.lower(): {
            "syncedAt": LOADED_AT.isoformat(),
            "ageSeconds": promise + 1,
            "isStale": True,
            "reason": reason,
        }
    }


async def test_an_absence_grows_stale_too(ask: Asker) -> None:
    ask.now = LOADED_AT + dt.timedelta(days=1)

    data = await ask("{ task(jediTaskId: 999) { ... on Absent { asOf isStale } } }")

    assert data == {"task": {"asOf": LOADED_AT.isoformat(), "isStale": True}}


async def test_a_source_on_hold_is_stale_however_young(own_world: Database) -> None:
    async with own_world.transaction() as session:
        await session.execute(
            update(Source).where(Source.name == "rucio").values(hold_reason="half of it was missing")
        )

    data = await Asker(own_world, LOADED_AT)(
        '{ storage(name: "JINR_EOS") { ... on Storage { isStale staleReason } } '
        "sources { name isStale staleReason } }"
    )

    assert data["storage"] == {"isStale": True, "staleReason": "half of it was missing"}
    assert [(source["name"], source["isStale"]) for source in data["sources"]] == [
        ("CRIC", False),
        ("IAM", False),
        ("PANDA", False),
        ("RUCIO", True),
    ]


async def test_freshness_names_the_sources_that_were_read_and_no_others(ask: Asker) -> None:
    ours = await ask.answer("{ requests(first: 1) { nodes { name } } }")
    theirs = await ask.answer(
        "{ requests(first: 20) { nodes { requester { username } steps { attempts { task { status } } } } } }"
    )

    assert ours["extensions"]["freshness"] == {}
    assert set(theirs["extensions"]["freshness"]) == {"iam", "panda"}


async def test_sources_read_only_to_filter_or_to_join_are_named_too(ask: Asker) -> None:
    filtered = await ask.answer('{ requests(filter: { tasks: { status: { eq: "done" } } }) { totalCount } }')
    joined = await ask.answer('{ sites(filter: { name: { eq: "JINR" } }) { nodes { storages { name } } } }')
    within = await ask.answer("{ campaigns { nodes { requests(filter: { tasks: {} }) { totalCount } } } }")
    of_group = await ask.answer('{ people(filter: { groups: { name: { eq: "spd" } } }) { totalCount } }')
    summed = await ask.answer("{ statistics { storage(groupBy: [SITE]) { replicas } } }")

    assert set(filtered["extensions"]["freshness"]) == {"panda"}
    assert set(within["extensions"]["freshness"]) == {"panda"}
    assert set(of_group["extensions"]["freshness"]) == {"iam"}
    assert set(joined["extensions"]["freshness"]) == {"cric", "rucio"}
    assert set(summed["extensions"]["freshness"]) == {"cric", "rucio"}


async def test_a_task_that_a_later_snapshot_lacks_is_shown_as_gone(own_world: Database) -> None:
    ask = Asker(own_world, LOADED_AT)
    later = LOADED_AT + dt.timedelta(hours=1)
    everything = await ask("{ tasks { nodes { jediTaskId name status } } }")
    left = [
        task(node["jediTaskId"], node["name"], status=node["status"])
        for node in everything["tasks"]["nodes"]
        if node["jediTaskId"] != 353
    ]
    await import_snapshot(own_world, document(later, panda_tasks=left), at=later, name="later")
    ask.now = later

    data = await ask(
        """
        {
          task(jediTaskId: 353) { ... on Task { name goneAt syncedAt ageSeconds isStale } }
          tasks { totalCount }
          withGone: tasks(includeGone: true) { totalCount }
        }
        """
    )

    assert data == {
        "task": {
            "name": "MC2025_S1-003-SIM.4",
            "goneAt": later.isoformat(),
            "syncedAt": LOADED_AT.isoformat(),
            "ageSeconds": 3600,
            # Nothing was said of the jobs, and PanDA's copy is as old as the oldest of its kinds.
            "isStale": True,
        },
        "tasks": {"totalCount": 16},
        "withGone": {"totalCount": 17},
    }


async def task_presence(database: Database, attempt: str) -> object:
    data = await Asker(database, LOADED_AT)(
        """
        { requests { nodes { steps { attempts { key taskPresence task { jediTaskId goneAt } } } } } }
        """
    )
    [found] = [
        given
        for request in data["requests"]["nodes"]
        for step in request["steps"]
        for given in step["attempts"]
        if given["key"] == attempt
    ]
    return found["taskPresence"]


async def never_listed(database: Database, source: SourceName) -> None:
    async with database.transaction() as session:
        await session.execute(update(Source).where(Source.name == source.value).values(last_full_ok_at=None))


async def submit(database: Database, jedi_task_id: int | None) -> None:
    async with database.transaction() as session:
        session.add(
            Attempt(
                key="PROD2025-015.SIM.1",
                step_key="PROD2025-015.SIM",
                number=1,
                task_name="PROD2025-015.SIM.1",
                state="SUBMITTED",
                is_live=True,
                jedi_task_id=jedi_task_id,
                origin="gateway",
                created_at=LOADED_AT,
            )
        )


async def test_the_task_of_an_attempt_is_present(world: Database) -> None:
    assert await task_presence(world, "PROD2025-013.SIM.2") == "PRESENT"


async def test_no_task_is_expected_before_panda_gave_an_id(own_world: Database) -> None:
    await submit(own_world, None)

    assert await task_presence(own_world, "PROD2025-015.SIM.1") == "NOT_EXPECTED"


async def test_a_task_that_a_complete_listing_lacks_is_absent(own_world: Database) -> None:
    await submit(own_world, 999)

    assert await task_presence(own_world, "PROD2025-015.SIM.1") == "ABSENT"


async def test_a_task_is_unknown_while_panda_was_never_listed(own_world: Database) -> None:
    await submit(own_world, 999)
    await never_listed(own_world, SourceName.PANDA)

    assert await task_presence(own_world, "PROD2025-015.SIM.1") == "UNKNOWN"


async def test_a_task_that_is_gone_is_absent_and_still_shown(own_world: Database) -> None:
    async with own_world.transaction() as session:
        await mark_gone(session, Task, [(362,)], at=LOADED_AT)

    assert await task_presence(own_world, "PROD2025-013.SIM.2") == "ABSENT"


SKIM = "user.analyst:PROD2025-013.RECO.1.dimuon-skim"


async def declared(database: Database) -> dict[str, tuple[str, bool]]:
    """Return presence, and whether the dataset is shown, by DID."""
    data = await Asker(database, LOADED_AT)(
        """
        {
          request(name: "PROD2025-015") {
            ... on Request { steps { declaredDatasets { did presence dataset { did } } } }
          }
        }
        """
    )
    return {
        given["did"]: (given["presence"], given["dataset"] is not None)
        for step in data["request"]["steps"]
        for given in step["declaredDatasets"]
    }


async def declare(database: Database) -> None:
    async with database.transaction() as session:
        session.add_all(
            StepDataset(step_key="PROD2025-015.SIM", role="output", did=did) for did in (SKIM, "user.x:none")
        )


async def test_a_declared_dataset_is_present_or_absent(own_world: Database) -> None:
    await declare(own_world)

    assert await declared(own_world) == {SKIM: ("PRESENT", True), "user.x:none": ("ABSENT", False)}


async def test_a_declared_dataset_is_unknown_while_rucio_was_never_listed(own_world: Database) -> None:
    await declare(own_world)
    await never_listed(own_world, SourceName.RUCIO)

    assert await declared(own_world) == {SKIM: ("PRESENT", True), "user.x:none": ("UNKNOWN", False)}


async def test_a_declared_dataset_that_is_gone_is_absent_and_still_shown(own_world: Database) -> None:
    await declare(own_world)
    async with own_world.transaction() as session:
        await mark_gone(session, Dataset, [(SKIM,)], at=LOADED_AT)

    assert (await declared(own_world))[SKIM] == ("ABSENT", True)
