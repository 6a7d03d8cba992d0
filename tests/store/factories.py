"""Rows with readable defaults for the tests of the store, and settings for property tests on a database."""

import datetime as dt

from hypothesis import HealthCheck, settings
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.attempts import Attempt
from gateway.store.datasets import Replica
from gateway.store.registries import SoftwareRelease, Stage
from gateway.store.requests import Request, Step
from gateway.store.seeds import SeedRange, SeedSpace
from gateway.store.tasks import Task

AT = dt.datetime(2026, 1, 15, 9, 30, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(hours=1)
LATEST = AT + dt.timedelta(hours=2)

# The same examples in every run; one database serves all examples of a test, each of which empties it first.
on_one_database = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def task(jedi_task_id: int = 361, **changes: object) -> Task:
    content: dict[str, object] = {
        "jedi_task_id": jedi_task_id,
        "name": f"PROD2025-013.SIM.{jedi_task_id}",
        "status": "running",
        "jobs_finished": 10,
    }
    return Task(**content | changes)  # type: ignore[arg-type]


def replica(did: str = "MC2025_S2:one", rse_name: str = "JINR_EOS", **changes: object) -> Replica:
    content: dict[str, object] = {"did": did, "rse_name": rse_name, "state": "AVAILABLE", "file_count": 5}
    return Replica(**content | changes)  # type: ignore[arg-type]


def request(name: str = "PROD2025-013", **changes: object) -> Request:
    content: dict[str, object] = {
        "name": name,
        "stage_name": "S2",
        "software_project": "spdroot-dev",
        "software_version": "4.1.7.2",
        "collision_type": "pp",
        "beam_energy_mev": 27_000,
        "polarization": "UU",
        "tag": "minbias-P8-spdroot4172-dev",
        "events": 40_000,
        "events_per_file": 4_000,
        "intent": "READY",
        "origin": "test",
        "created_at": AT,
        "updated_at": AT,
    }
    return Request(**content | changes)  # type: ignore[arg-type]


async def add_request(session: AsyncSession, name: str = "PROD2025-013") -> str:
    """Add a request with a SIM step and what it needs; return the step's key."""
    await session.merge(Stage(name="S2"))
    await session.merge(SoftwareRelease(project="spdroot-dev", version="4.1.7.2"))
    await session.flush()
    session.add(request(name))
    await session.flush()
    step = Step(key=f"{name}.SIM", request_name=name, kind="SIM", position=1)
    session.add(step)
    await session.flush()
    return f"{name}.SIM"


def attempt(number: int = 1, **changes: object) -> Attempt:
    content: dict[str, object] = {
        "key": f"PROD2025-013.SIM.{number}",
        "step_key": "PROD2025-013.SIM",
        "number": number,
        "task_name": f"PROD2025-013.SIM.{number}",
        "state": "SUBMITTED",
        "is_live": True,
        "origin": "submitted",
        "created_at": AT,
    }
    return Attempt(**content | changes)  # type: ignore[arg-type]


async def add_seed_space(session: AsyncSession, physics_key: str = "minimum bias") -> int:
    space = SeedSpace(physics_key=physics_key)
    session.add(space)
    await session.flush()
    return space.id


def seeds(space_id: int, first: int, last: int, *, exempt: str | None = None) -> SeedRange:
    return SeedRange(
        seed_space_id=space_id,
        request_name=None,
        seed_first=first,
        seed_last=last,
        is_exempt=exempt is not None,
        exempt_reason=exempt,
        created_at=AT,
    )
