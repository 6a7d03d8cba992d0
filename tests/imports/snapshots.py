"""Snapshots with readable defaults, and what they left in the database."""

import datetime as dt
import json
from collections.abc import Mapping

from gateway.imports.snapshot import import_snapshot

AT = dt.datetime(2026, 1, 15, 9, 30, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(hours=1)


def task(number: int = 362, name: str = "PROD2025-013.SIM.2", **fields: object) -> dict[str, object]:
    return {"jedi_task_id": number, "name": name, "status": "done", **fields}


def person(username: str = "prodman", number: int = 1, **fields: object) -> dict[str, object]:
    return {"subject": f"subject-{number}", "username": username, "is_active": True, **fields}


def document(taken_at: dt.datetime | str = AT, *, complete: bool = True, **sections: object) -> bytes:
    """A snapshot; `panda_tasks=[...]` is the listing `tasks` of `panda`."""
    content: dict[str, object] = {"taken_at": taken_at if isinstance(taken_at, str) else taken_at.isoformat()}
    for place, records in sections.items():
        source, _, listing = place.partition("_")
        listings = content.setdefault(source, {})
        assert isinstance(listings, dict)
        listings[listing] = (
            records if isinstance(records, Mapping) else {"complete": complete, "records": records}
        )
    return json.dumps(content).encode()


async def take_in(database, taken_at=AT, *, at=None, complete=True, **sections):
    return await import_snapshot(
        database, document(taken_at, complete=complete, **sections), at=at or taken_at, name="world.json"
    )


async def fetch(database, statement):
    async with database.snapshot() as session:
        return (await session.execute(statement)).all()
