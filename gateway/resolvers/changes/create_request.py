"""Making a request: a name nobody had, seeds nobody has, as a draft."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Final

from gateway.domain.definitions import Definition, FieldProblem, as_json, problems_of
from gateway.domain.states import Intent
from gateway.errors import InvalidChangeError
from gateway.resolvers.changes.change import Change
from gateway.resolvers.changes.definitions import check_registered, insert_request, keep_version
from gateway.resolvers.changes.seeds import give_seeds
from gateway.store.base import JsonValue
from gateway.store.request_names import allocate_names
from gateway.store.requests import StatusChange
from gateway.store.rows import Rows

# Campaigns are called after their year: SPD MC 2025.
_YEAR: Final = re.compile(r"(?<![0-9])20[0-9]{2}(?![0-9])")


def year_of(definition: Definition, now: dt.datetime) -> int:
    """The year in a request's name: that of its campaign, else the present one."""
    named = _YEAR.search(definition.campaign or "")
    return int(named.group()) if named else now.year


async def check_definition_storable(rows: Rows, definition: Definition) -> None:
    """Return if the definition can be stored; raise InvalidChangeError saying field by field why not."""
    problems = problems_of(definition)
    if not problems:
        missing = await check_registered(rows, definition)
        problems = tuple(FieldProblem(field, message) for field, message in missing.items())
    if problems:
        first = problems[0]
        raise InvalidChangeError(f"{first.field} {first.message}", problems=problems)


async def create_request(
    change: Change, definition: Definition, *, reuse_reason: str | None = None
) -> Mapping[str, JsonValue]:
    """Make a draft; returns its `request`.

    Raises InvalidChangeError for fields that cannot be stored, SeedOverlapError for seeds that are taken.
    """
    await check_definition_storable(change.rows, definition)
    [name] = await allocate_names(change.session, year_of(definition, change.now), 1)
    await insert_new(change, str(name), definition, reuse_reason=reuse_reason, reason=None)
    return {"request": str(name)}


async def insert_new(
    change: Change, name: str, definition: Definition, *, reuse_reason: str | None, reason: str | None
) -> Definition:
    """Write a draft under a name that was allocated, with its seeds, first state and entry in the trail."""
    # The ledger's rows point at the request, and its first version holds its seeds.
    await insert_request(change, name, definition, intent=Intent.DRAFT, requested_by=change.by)
    seeded = await give_seeds(change, name, definition, reuse_reason=reuse_reason)
    await keep_version(change, name, 1, seeded)
    change.session.add(
        StatusChange(
            request_name=name,
            to_intent=Intent.DRAFT.value,
            changed_at=change.now,
            changed_by=change.by,
            reason=reason,
        )
    )
    await change.record("Request", name, after=as_json(seeded), reason=reason)
    return seeded
