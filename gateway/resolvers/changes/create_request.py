"""Making a request: a name nobody had, seeds nobody has, as a draft."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.domain.definitions import Definition, FieldProblem, as_json, problems_of
from gateway.domain.states import Intent
from gateway.errors import InvalidChangeError
from gateway.resolvers.changes.change import Change
from gateway.resolvers.changes.definitions import insert_requests, keep_versions, unregistered
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
    [error] = await why_not_storable(rows, [definition])
    if error is not None:
        raise error


async def why_not_storable(
    rows: Rows, definitions: Sequence[Definition]
) -> Sequence[InvalidChangeError | None]:
    """Return what `check_definition_storable` would raise for each, in as many statements as for one."""
    errors: list[InvalidChangeError | None] = []
    for definition, missing in zip(definitions, await unregistered(rows, definitions), strict=True):
        problems = problems_of(definition) or tuple(
            FieldProblem(field, message) for field, message in missing.items()
        )
        errors.append(
            InvalidChangeError(f"{problems[0].field} {problems[0].message}", problems=problems)
            if problems
            else None
        )
    return errors


async def create_request(
    change: Change, definition: Definition, *, reuse_reason: str | None = None
) -> Mapping[str, JsonValue]:
    """Make a draft; returns its `request`.

    Raises InvalidChangeError for fields that cannot be stored, SeedOverlapError for seeds that are taken.
    """
    await check_definition_storable(change.rows, definition)
    [name] = await allocate_names(change.session, year_of(definition, change.now), 1)
    await insert_new(change, [str(name)], definition, reuse_reason=reuse_reason, reason=None)
    return {"request": str(name)}


async def insert_new(
    change: Change,
    names: Sequence[str],
    definition: Definition,
    *,
    reuse_reason: str | None,
    reason: str | None,
) -> None:
    """Write drafts of one definition under names that were allocated, with their seeds and first states.

    In as many statements as one takes.
    """
    # The ledger's rows point at the request, and its first version holds its seeds.
    await insert_requests(change, names, definition, intent=Intent.DRAFT, requested_by=change.by)
    seeded = await give_seeds(change, names, definition, reuse_reason=reuse_reason)
    await keep_versions(change, 1, seeded)
    for name in names:
        change.session.add(
            StatusChange(
                request_name=name,
                to_intent=Intent.DRAFT.value,
                changed_at=change.now,
                changed_by=change.by,
                reason=reason,
            )
        )
        await change.record("Request", name, after=as_json(seeded[name]), reason=reason)
