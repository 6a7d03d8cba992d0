"""What requests and steps are doing, folded from our attempts and PanDA's tasks, never stored."""

import datetime as dt
from dataclasses import dataclass

import pytest

from gateway.store.attempts import Attempt
from gateway.store.database import Database
from gateway.store.remembered import remember
from gateway.store.sources import SourceName
from gateway.store.tasks import Task
from tests.conftest import LOADED_AT
from tests.support.asking import Asker

# Nobody has submitted any step of it.
REQUEST = "PROD2025-015"
HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Fold:
    """What the request, its simulation and its reconstruction are doing."""

    request: str
    sim: str
    reco: str


async def submit(
    database: Database, step: str, number: int, *, state: str, task_id: int | None = None
) -> None:
    async with database.transaction() as session:
        session.add(
            Attempt(
                key=f"{REQUEST}.{step}.{number}",
                step_key=f"{REQUEST}.{step}",
                number=number,
                task_name=f"{REQUEST}.{step}.{number}",
                state=state,
                is_live=False,
                jedi_task_id=task_id,
                origin="gateway",
                created_at=LOADED_AT,
            )
        )


async def run(database: Database, task_id: int, status: str, modified_at: dt.datetime | None = None) -> None:
    async with database.transaction() as session:
        task = Task(jedi_task_id=task_id, name=f"T{task_id}", status=status, modified_at=modified_at)
        await remember(session, [task], source=SourceName.PANDA, at=LOADED_AT)


async def fold(database: Database) -> Fold:
    data = await Asker(database, LOADED_AT)(
        f'{{ request(name: "{REQUEST}") {{ ... on Request {{ execution steps {{ execution }} }} }} }}'
    )
    request = data["request"]
    sim, reco = (step["execution"] for step in request["steps"])
    return Fold(request["execution"], sim, reco)


async def test_what_nobody_submitted_is_not_submitted_and_not_blocked(own_world: Database) -> None:
    assert await fold(own_world) == Fold("NOT_SUBMITTED", "NOT_SUBMITTED", "NOT_SUBMITTED")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("PLANNED", Fold("NOT_SUBMITTED", "NOT_SUBMITTED", "NOT_SUBMITTED")),
        ("SENDING", Fold("SUBMITTING", "SUBMITTING", "BLOCKED")),
        ("AMBIGUOUS", Fold("SUBMITTING", "SUBMITTING", "BLOCKED")),
        ("SUBMITTED", Fold("UNKNOWN", "UNKNOWN", "BLOCKED")),
        ("REJECTED", Fold("FAILED", "FAILED", "NOT_SUBMITTED")),
        ("CANCELLED", Fold("ABORTED", "ABORTED", "NOT_SUBMITTED")),
    ],
)
async def test_without_a_task_our_own_state_counts(own_world: Database, state: str, expected: Fold) -> None:
    await submit(own_world, "SIM", 1, state=state, task_id=900 if state == "SUBMITTED" else None)

    assert await fold(own_world) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("registered", Fold("QUEUED", "QUEUED", "BLOCKED")),
        ("running", Fold("RUNNING", "RUNNING", "BLOCKED")),
        ("exhausted", Fold("ATTENTION", "ATTENTION", "BLOCKED")),
        ("aborting", Fold("STOPPING", "STOPPING", "BLOCKED")),
        ("a-new-word", Fold("UNKNOWN", "UNKNOWN", "BLOCKED")),
        ("done", Fold("PARTIAL", "COMPLETE", "NOT_SUBMITTED")),
        ("finished", Fold("PARTIAL", "PARTIAL", "NOT_SUBMITTED")),
        ("failed", Fold("FAILED", "FAILED", "NOT_SUBMITTED")),
        ("aborted", Fold("ABORTED", "ABORTED", "NOT_SUBMITTED")),
    ],
)
async def test_with_a_task_its_status_counts(own_world: Database, status: str, expected: Fold) -> None:
    await submit(own_world, "SIM", 1, state="SUBMITTED", task_id=900)
    await run(own_world, 900, status)

    assert await fold(own_world) == expected


@pytest.mark.parametrize(
    ("since", "word"), [(None, "QUEUED"), (24 * HOUR, "QUEUED"), (25 * HOUR, "ATTENTION")]
)
async def test_a_task_that_is_pending_for_more_than_a_day_needs_a_person(
    own_world: Database, since: dt.timedelta | None, word: str
) -> None:
    await submit(own_world, "SIM", 1, state="SUBMITTED", task_id=900)
    await run(own_world, 900, "pending", None if since is None else LOADED_AT - since)

    assert (await fold(own_world)).sim == word


async def test_the_attempt_with_the_highest_number_counts(own_world: Database) -> None:
    await submit(own_world, "SIM", 1, state="SUBMITTED", task_id=900)
    await submit(own_world, "SIM", 2, state="SUBMITTED", task_id=901)
    await run(own_world, 900, "failed")
    await run(own_world, 901, "running")

    data = await Asker(own_world, LOADED_AT)(
        f"""
        {{
          request(name: "{REQUEST}") {{
            ... on Request {{
              steps {{ latestAttempt {{ number execution }} attempts {{ number execution }} }}
            }}
          }}
        }}
        """
    )

    assert data["request"]["steps"] == [
        {
            "latestAttempt": {"number": 2, "execution": "RUNNING"},
            "attempts": [{"number": 1, "execution": "FAILED"}, {"number": 2, "execution": "RUNNING"}],
        },
        {"latestAttempt": None, "attempts": []},
    ]
    assert await fold(own_world) == Fold("RUNNING", "RUNNING", "BLOCKED")


async def test_what_needs_a_person_is_told_before_what_runs(own_world: Database) -> None:
    await submit(own_world, "SIM", 1, state="SUBMITTED", task_id=900)
    await submit(own_world, "RECO", 1, state="SUBMITTED", task_id=901)
    await run(own_world, 900, "running")
    await run(own_world, 901, "failed")

    assert await fold(own_world) == Fold("FAILED", "RUNNING", "FAILED")


async def test_the_talks_requests_are_doing_what_the_talk_says(ask: Asker) -> None:
    data = await ask("{ requests { nodes { name execution } } }")

    assert {node["name"][-3:]: node["execution"] for node in data["requests"]["nodes"]} == {
        **dict.fromkeys(("001", "002", "003", "004", "005", "006"), "UNKNOWN"),
        "010": "PARTIAL",
        "011": "COMPLETE",
        "012": "PARTIAL",
        "013": "PARTIAL",
        "014": "PARTIAL",
        "015": "NOT_SUBMITTED",
        "016": "NOT_SUBMITTED",
    }
