"""Importing lists of requests: understood row by row, planned, shown, and written in one transaction."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Final, cast

from sqlalchemy import Table as SqlTable
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.errors import ImportFileError, InputError, SeedOverlapError
from gateway.imports.drafts import Problem, Reading
from gateway.imports.earlier import load_earlier
from gateway.imports.plan import Plan, plan_rows, plan_seeds
from gateway.imports.report import ImportReport, RowReport, Verdict
from gateway.imports.seeds import HeldRange
from gateway.imports.state import differences
from gateway.imports.stored import load_held, load_states
from gateway.imports.table import Table
from gateway.imports.understand import understand_requests, unplaced_columns
from gateway.imports.write import write_plan
from gateway.store.audit import AuditEntry, record
from gateway.store.base import JsonValue
from gateway.store.database import Database
from gateway.store.imports import ImportedFile, ImportedRow
from gateway.store.people import Person
from gateway.store.seeds import lock_spaces
from gateway.store.upsert import insert_rows

# Bound of the column that names who did it.
_FILE_NAME_LIMIT: Final = 300
# Who acts in the trail when nobody is named.
COMMAND_LINE: Final = "command line"
_ACTION: Final = "importRequests"


async def check_importer(database: Database, username: str | None) -> None:
    """Raise InputError when this is nobody's IAM user name; believed are all until people are known."""
    if username is None:
        return
    present = select(Person.username).where(Person.gone_at.is_(None))
    async with database.snapshot() as session:
        if await session.scalar(present.where(Person.username == username).limit(1)) is not None:
            return
        if await session.scalar(present.limit(1)) is not None:
            raise InputError(f"IAM has no account {username[:64]!r}. Give the user name of who imports.")


async def import_requests(
    database: Database,
    table: Table,
    *,
    imported_by: str | None,
    at: dt.datetime,
    dry_run: bool = False,
) -> ImportReport:
    """Take in a list of requests as `read_table` read it, and report row by row what that did.

    Good rows go in, bad ones are reported and kept as they were. A second import of the same file changes
    nothing, and what a file only repeats undoes nothing that was changed here since. The trail says who
    imported what. A dry run gives the same report and writes nothing. Raises ImportFileError when the table
    is no list of requests, or somebody else was changing the same requests; nothing is written then.
    """
    return await import_readings(
        database,
        understand_requests(table),
        file_name=table.file_name,
        sha256=table.sha256,
        imported_by=imported_by,
        at=at,
        dry_run=dry_run,
        unplaced=unplaced_columns(table),
        notes=table.notes,
    )


async def import_readings(
    database: Database,
    readings: Sequence[Reading],
    *,
    file_name: str,
    sha256: str,
    imported_by: str | None,
    at: dt.datetime,
    dry_run: bool,
    unplaced: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> ImportReport:
    """Take in rows that have been understood, whatever kind of file they came from; see `import_requests`."""
    if dry_run:
        async with database.snapshot() as session:
            plan = await _planned(session, readings, lock=False)
        return ImportReport(file_name, dry_run, plan.rows, unplaced, notes)
    try:
        async with database.transaction() as session:
            plan = await _planned(session, readings, lock=True)
            report = ImportReport(file_name, dry_run, plan.rows, unplaced, notes)
            if not report.changes_anything and await _is_recorded(session, sha256):
                return report
            await write_plan(
                session, plan, at=at, imported_by=imported_by, reason=f"imported from {file_name}"
            )
            for entry in _trail(report, plan, sha256=sha256, imported_by=imported_by, at=at):
                await record(session, entry)
            await _record(session, report, readings, sha256=sha256, imported_by=imported_by, at=at)
            return report
    except (IntegrityError, SeedOverlapError) as error:
        raise ImportFileError(
            f"{file_name} was not imported: somebody else was changing the same requests. Import it again."
        ) from error


async def _planned(session: AsyncSession, readings: Sequence[Reading], *, lock: bool) -> Plan:
    drafts = [reading.draft for reading in readings if reading.draft is not None]
    subjects = {reading.subject for reading in readings if reading.subject is not None}
    names = subjects.union(*(draft.extends for draft in drafts))
    states = await load_states(session, names, lock=lock)
    earlier = await load_earlier(session, readings, states)
    held: dict[str, Sequence[HeldRange]] = {}
    refused: dict[int, Problem] = {}
    while True:
        plan = plan_rows(readings, states, refused, earlier)
        new_keys = {state.physics_key for state in plan.after.values()} - held.keys()
        if lock:
            await lock_spaces(session, new_keys)
        found = await load_held(session, new_keys)
        held |= {key: found.get(key, ()) for key in new_keys}
        # Without a refused row others stay where they were, which may be where somebody wanted to go.
        plan, more = plan_seeds(plan, held, readings)
        if not more:
            return plan
        refused |= more


def _trail(
    report: ImportReport, plan: Plan, *, sha256: str, imported_by: str | None, at: dt.datetime
) -> Iterator[AuditEntry]:
    """One entry for the file, and one for each request that it adds or changes."""
    actor = imported_by or COMMAND_LINE
    counts: dict[str, JsonValue] = {verdict.lower(): report.count(verdict) for verdict in Verdict}
    yield AuditEntry(
        actor=actor,
        action=_ACTION,
        object_kind="ImportedFile",
        object_key=report.file_name,
        after={"sha256": sha256, "rows": counts},
        at=at,
    )
    for name, state in plan.after.items():
        before = plan.before.get(name)
        changed = differences(before, state)
        yield AuditEntry(
            actor=actor,
            action=_ACTION,
            object_kind="Request",
            object_key=name,
            before={each.field: each.old for each in changed} if before else None,
            after={each.field: each.new for each in changed},
            reason=f"imported from {report.file_name}",
            at=at,
        )


async def _is_recorded(session: AsyncSession, sha256: str) -> bool:
    return (
        await session.scalar(select(ImportedFile.id).where(ImportedFile.sha256 == sha256).limit(1))
    ) is not None


async def _record(
    session: AsyncSession,
    report: ImportReport,
    readings: Sequence[Reading],
    *,
    sha256: str,
    imported_by: str | None,
    at: dt.datetime,
) -> None:
    """Keep every row as it was, the rejected ones too, with what became of it."""
    file = ImportedFile(
        file_name=report.file_name[:_FILE_NAME_LIMIT], sha256=sha256, imported_at=at, imported_by=imported_by
    )
    session.add(file)
    await session.flush()
    await insert_rows(
        session,
        cast("SqlTable", ImportedRow.__table__),
        [
            {
                "file_id": file.id,
                "row_number": row.number,
                "subject": row.subject,
                "verdict": row.verdict.value,
                "cells": dict(reading.cells),
                "notes": _notes(row),
            }
            for row, reading in zip(report.rows, readings, strict=True)
        ],
    )


def _notes(row: RowReport) -> JsonValue:
    if row.verdict is Verdict.REJECTED:
        return {"problems": [asdict(problem) for problem in row.problems]}
    return {"notes": list(row.notes)} if row.notes else None
