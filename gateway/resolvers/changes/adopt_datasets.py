"""Giving datasets that no attempt wrote to a step of a request, whatever their names say."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from sqlalchemy import Table, or_, select

from gateway.domain.names import StepKind
from gateway.errors import ChangeRefusedError, InputError, MissingError
from gateway.resolvers.changes.change import Change
from gateway.resolvers.stages import read_stages
from gateway.store.adoptions import AdoptedDataset, apply_adoptions
from gateway.store.attempts import Attempt
from gateway.store.base import JsonValue
from gateway.store.datasets import Dataset
from gateway.store.requests import Request, Step
from gateway.store.upsert import upsert_rows

_REASON_LIMIT: Final = 4_000
# All outputs of some attempts that somebody lost track of.
_MOST_AT_ONCE: Final = 100


async def adopt_datasets(
    change: Change, dids: Sequence[str], request_name: str, kind: StepKind, *, reason: str
) -> Mapping[str, JsonValue]:
    """Take datasets of production scopes as outputs of a step and of no attempt; returns its `request`.

    All or none. A dataset that was adopted before is given anew. Raises MissingError for a dataset or a step
    that is not there, ChangeRefusedError for what an attempt wrote or lies in nobody's production scope,
    InputError for too many or too long a reason.
    """
    wanted = sorted(set(dids))
    if not 1 <= len(wanted) <= _MOST_AT_ONCE:
        raise InputError(f"Between 1 and {_MOST_AT_ONCE} datasets are adopted at once.")
    if not 1 <= len(reason.strip()) <= _REASON_LIMIT:
        raise InputError(f"A reason has 1 to {_REASON_LIMIT} characters.")
    step_key = f"{request_name}.{kind}"
    if not await change.rows(select(Step.key).where(Step.key == step_key).with_for_update()):
        raise MissingError(f"There is no step {step_key[:100]!r}.")
    found = {
        row.did: row
        for row in await change.rows(
            select(Dataset.did, Dataset.scope, Dataset.request_name, Dataset.step_kind, Attempt.key)
            .outerjoin(
                Attempt,
                or_(Attempt.jedi_task_id == Dataset.jedi_task_id, Attempt.key == Dataset.attempt_key),
            )
            .where(Dataset.did.in_(wanted), Dataset.gone_at.is_(None))
        )
    }
    stages = await read_stages(change.rows)
    for did in wanted:
        row = found.get(did)
        if row is None:
            raise MissingError(f"Rucio has no dataset {did[:300]!r} in its last listing.")
        if row.key is not None:
            raise ChangeRefusedError(f"{did} was written by {row.key}, and belongs to its request.")
        if not stages.is_production_scope(row.scope):
            raise ChangeRefusedError(f"{did} lies in the scope {row.scope}, which is no production's.")
    await upsert_rows(
        change.session,
        cast("Table", AdoptedDataset.__table__),
        [
            {
                "did": did,
                "request_name": request_name,
                "step_kind": str(kind),
                "adopted_at": change.now,
                "adopted_by": change.by,
                "reason": reason.strip(),
            }
            for did in wanted
        ],
    )
    await apply_adoptions(change.session, at=change.now)
    change.tell_request(request_name)
    for name in await _others(change, {row.request_name for row in found.values()} - {request_name}):
        change.tell_request(name)
    for did in wanted:
        await change.record(
            "Dataset",
            did,
            before={"request": found[did].request_name, "step": found[did].step_kind},
            after={"request": request_name, "step": str(kind)},
            reason=reason.strip(),
        )
    return {"request": request_name}


async def _others(change: Change, names: set[str | None]) -> Sequence[str]:
    """Requests that lose a dataset, of those that there are."""
    rows = await change.rows(select(Request.name).where(Request.name.in_(names)).order_by(Request.name))
    return [row.name for row in rows]
