"""The practice world: the 2025 productions end to end, as rows to import and as a snapshot of other services.

Its facts are the CHEP 2025 talk's; `productions`, `grid` and `people` say what each of them had to make up so
that every join of the gateway has something to show.
"""

import datetime as dt
import json
from collections.abc import Iterable
from hashlib import sha256

from gateway.imports.report import ImportReport
from gateway.imports.requests import import_readings
from gateway.imports.snapshot import import_snapshot
from gateway.imports.snapshot_report import SnapshotReport
from gateway.practice import grid, people, productions
from gateway.practice.requests import PRODUCTION_MANAGER, practice_requests
from gateway.practice.talk import FILE_NAME, Record, talk_document
from gateway.store.database import Database


async def load_practice_world(database: Database, *, at: dt.datetime) -> tuple[ImportReport, SnapshotReport]:
    """Put the practice world into a migrated database; loaded another day, it moves on and keeps the past."""
    requests = await import_readings(
        database,
        practice_requests(),
        file_name=FILE_NAME,
        sha256=sha256(talk_document()).hexdigest(),
        imported_by=PRODUCTION_MANAGER,
        at=at,
        dry_run=False,
    )
    document = json.dumps(practice_snapshot(at)).encode()
    return requests, await import_snapshot(database, document, at=at, name="the practice snapshot")


def practice_snapshot(taken_at: dt.datetime) -> Record:
    """The world outside as it would look at that moment: a snapshot document (`docs/snapshot.md`).

    The same moment always gives the same document; expiry dates and the downtime move along by whole days.
    """
    today = taken_at.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "taken_at": taken_at.isoformat(),
        "panda": {
            "tasks": _complete(productions.tasks()),
            "job_counts": _complete(productions.job_counts()),
        },
        "rucio": {
            "datasets": _complete(productions.datasets(today)),
            "rules": _complete(productions.rules(today)),
            "replicas": _complete(productions.replicas()),
            "storages": _complete(grid.storages()),
            "storage_usages": _complete(grid.storage_usages(taken_at)),
            "quotas": _complete(grid.quotas()),
        },
        "cric": {
            "sites": _complete(grid.sites()),
            "queues": _complete(grid.queues()),
            "storage_endpoints": _complete(grid.storage_endpoints()),
            "services": _complete(grid.services()),
            "downtimes": _complete(grid.downtimes(today)),
        },
        "iam": {
            "people": _complete(people.people(today)),
            "groups": _complete(people.groups()),
            "group_members": _complete(people.group_members()),
        },
    }


def _complete(records: Iterable[Record]) -> Record:
    return {"complete": True, "records": list(records)}
