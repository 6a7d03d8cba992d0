"""A small healthy production in every table the reconciler reads, and ways to break it."""

import datetime as dt
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.states import FINAL_EXECUTIONS, execution_of
from gateway.store.attempts import Attempt
from gateway.store.base import Base, Remembered
from gateway.store.database import Database
from gateway.store.datasets import Dataset, Replica, Rule
from gateway.store.findings import FindingRow
from gateway.store.people import IdentityLink, Person
from gateway.store.registries import Geometry, SoftwareRelease, Stage
from gateway.store.remembered import remember
from gateway.store.requests import Request, RequestGeometry, Step, StepDataset
from gateway.store.seeds import SeedRange, SeedSpace
from gateway.store.sources import Source, SourceName
from gateway.store.tasks import Task
from gateway.sync.derive_names import attempt_of_dataset, attempt_of_task

AT = dt.datetime(2026, 1, 15, 9, 30, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(hours=1)
LATEST = AT + dt.timedelta(hours=2)

TAG = "minbias-P8-spdroot4172-dev"
SCRIPTS = f"/cvmfs/spd.jinr.ru/production/MC/{TAG}.27GeV.V02"
FILES = {"SIM": {"S": 9_000, "P": 1_000, "log": 100}, "RECO": {"R": 12_000, "log": 100}}


def did(request_name: str, kind: str, data_type: str, attempt: int = 1) -> str:
    scope = f"MC{request_name[4:8]}_S2"
    return f"{scope}:{scope}.{TAG}.27GeV-UU.{request_name}.{kind}.{attempt}.{data_type}"


async def listed(session: AsyncSession, *sources: SourceName) -> None:
    """Say that the sources have been listed completely."""
    for source in sources:
        await session.merge(Source(name=source.value, stale_after_s=600, last_ok_at=AT, last_full_ok_at=AT))


async def registries(session: AsyncSession) -> None:
    await session.merge(Stage(name="S1", energy_max_mev=10_000, required_geometry="Micromegas"))
    await session.merge(Stage(name="S2", energy_max_mev=27_000, required_geometry="DSSD"))
    await session.merge(SoftwareRelease(project="spdroot-dev", version="4.1.7.2"))
    await session.merge(Geometry(name="DSSD"))
    await session.merge(Geometry(name="Micromegas"))
    await session.flush()


def request(name: str, **changes: Any) -> Request:
    content: dict[str, Any] = {
        "name": name,
        "stage_name": "S2",
        "software_project": "spdroot-dev",
        "software_version": "4.1.7.2",
        "collision_type": "pp",
        "beam_energy_mev": 27_000,
        "polarization": "UU",
        "tag": TAG,
        "events": 40_000,
        "events_per_file": 4_000,
        "intent": "ACCEPTED",
        "origin": "test",
        "created_at": AT,
        "updated_at": AT,
    }
    return Request(**content | changes)


async def production(
    session: AsyncSession,
    name: str = "PROD2026-001",
    *,
    seeds: Sequence[tuple[int, int]] = ((1, 10),),
    task_id: int = 1001,
    **changes: Any,
) -> None:
    """A request of ten jobs with SIM and RECO, both done, and all their datasets kept; nothing is wrong."""
    await registries(session)
    session.add(request(name, **changes))
    await session.flush()
    session.add(RequestGeometry(request_name=name, geometry_name="DSSD", position=1))
    space = SeedSpace(physics_key=name)
    session.add(space)
    await session.flush()
    for first, last in seeds:
        session.add(
            SeedRange(
                seed_space_id=space.id, request_name=name, seed_first=first, seed_last=last, created_at=AT
            )
        )
    for position, kind in enumerate(("SIM", "RECO")):
        script = f"{SCRIPTS}/{'simu' if kind == 'SIM' else 'reco'}.C"
        parent = f"{name}.SIM" if kind == "RECO" else None
        session.add(
            Step(
                key=f"{name}.{kind}",
                request_name=name,
                kind=kind,
                position=position,
                script=script,
                parent_step_key=parent,
            )
        )
        await session.flush()
        outputs = [did(name, kind, data_type) for data_type in FILES[kind]]
        inputs = [did(name, "SIM", data_type) for data_type in ("S", "P")] if kind == "RECO" else []
        session.add_all(StepDataset(step_key=f"{name}.{kind}", role="output", did=one) for one in outputs)
        session.add_all(StepDataset(step_key=f"{name}.{kind}", role="input", did=one) for one in inputs)
        await attempt(session, name, kind, task_id + position)
        for data_type in FILES[kind]:
            await dataset(session, did(name, kind, data_type), FILES[kind][data_type], task_id + position)


async def attempt(
    session: AsyncSession, name: str, kind: str, task_id: int, number: int = 1, **changes: Any
) -> None:
    """An attempt with its task, done unless told otherwise."""
    task_name = f"{name}.{kind}.{number}"
    sizes = FILES[kind]
    content: dict[str, Any] = {
        "status": "done",
        "user_name": "prodman",
        "jobs_expected": 10,
        "jobs_finished": 10,
        "events_reported": 40_000,
        "events_per_job": 4_000,
        "output_bytes": sum(size for data_type, size in sizes.items() if data_type != "log"),
        "log_bytes": sizes["log"],
        "seed_first": 1,
        "seed_last": 10,
    }
    content |= changes
    derived = attempt_of_task(task_name)
    names = {field: getattr(derived, field) for field in derived.__slots__}
    await remembered(
        session, SourceName.PANDA, Task(jedi_task_id=task_id, name=task_name, **content, **names)
    )
    session.add(
        Attempt(
            key=task_name,
            step_key=f"{name}.{kind}",
            number=number,
            task_name=task_name,
            state="SUBMITTED",
            is_live=execution_of(content["status"]) not in FINAL_EXECUTIONS,
            jedi_task_id=task_id,
            origin="test",
            created_at=AT,
        )
    )
    await session.flush()


async def dataset(
    session: AsyncSession, one: str, size_bytes: int, task_id: int | None, **changes: Any
) -> None:
    """A dataset of ten files with a rule and a replica."""
    scope, _, name = one.partition(":")
    derived, data_type = attempt_of_dataset(one)
    names = {field: getattr(derived, field) for field in derived.__slots__}
    content: dict[str, Any] = {
        "account": "prodman",
        "size_bytes": size_bytes,
        "file_count": 10,
        "jedi_task_id": task_id,
    }
    rows: list[Remembered] = [
        Dataset(did=one, scope=scope, name=name, data_type=data_type, **names, **content | changes),
        Rule(
            rule_id=blake2b(one.encode(), digest_size=16).hexdigest(),
            did=one,
            account="prodman",
            rse_expression="JINR_EOS",
            copies=1,
            state="OK",
        ),
        Replica(did=one, rse_name="JINR_EOS", state="AVAILABLE"),
    ]
    for row in rows:
        await remembered(session, SourceName.RUCIO, row)


async def person(session: AsyncSession, username: str = "prodman", **changes: Any) -> None:
    """An IAM account that goes by its user name everywhere."""
    subject = f"subject of {username}"
    content: dict[str, Any] = {"subject": subject, "username": username, "is_active": True}
    await remembered(session, SourceName.IAM, Person(**content | changes))
    for system in ("panda", "rucio"):
        session.add(
            IdentityLink(system=system, name=username, subject=subject, rule="username", linked_at=AT)
        )
    await session.flush()


async def remembered(session: AsyncSession, source: SourceName, *rows: Remembered) -> None:
    await remember(session, rows, source=source, at=AT)


async def healthy(database: Database) -> None:
    """One production with which nothing is wrong, all sources listed."""
    async with database.transaction() as session:
        await listed(session, *SourceName)
        await production(session)
        await person(session)


async def change(database: Database, model: type[Base], key: object, **values: object) -> None:
    """Change a row by its one-column primary key, past all bookkeeping."""
    async with database.transaction() as session:
        [column] = model.__table__.primary_key.columns
        await session.execute(update(model.__table__).where(column == key).values(**values))


async def findings(database: Database) -> list[FindingRow]:
    async with database.snapshot() as session:
        rows = list(
            await session.scalars(
                select(FindingRow).order_by(FindingRow.invariant, FindingRow.subject_key, FindingRow.code)
            )
        )
        session.expunge_all()
    return rows


async def found(database: Database) -> list[tuple[str, str]]:
    """Codes and subjects of the open findings."""
    return [(row.code, row.subject_key) for row in await findings(database) if row.resolved_at is None]
