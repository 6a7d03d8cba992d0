"""Writing an attempt at a step with exactly what will be sent for it, in the transaction of the change."""

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import update

from gateway.auth.permissions import Right
from gateway.domain.submission import AttemptState, ChainMode
from gateway.domain.task_parameters import Json
from gateway.resolvers.changes.change import Change
from gateway.store.attempts import Attempt, AttemptChange, Submission
from gateway.store.base import JsonValue

ORIGIN: Final = "gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAttempt:
    """An attempt to be written; with a `parent` it waits for that attempt's outputs.

    `parameters` returns what is sent, given our key; it is sent while the person has the right it
    `needs`. `reason` and `trail` are for people who look later.
    """

    step_key: str
    number: int
    task_name: str
    outputs: tuple[str, ...]
    parent: str | None
    mode: ChainMode
    min_fraction: float
    parameters: Callable[[str], Mapping[str, Json]]
    needs: Right = Right.SUBMIT
    reason: str | None = None
    trail: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The attempt's key."""
        return f"{self.step_key}.{self.number}"


async def write_attempt(change: Change, planned: PlannedAttempt) -> None:
    """Write it with its submission; a worker sends it once this is committed and its parent is there."""
    key = uuid.uuid4().hex
    parameters = planned.parameters(key)
    digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
    state = AttemptState.PLANNED if planned.parent is None else AttemptState.WAITING
    # Its task is over, as the plan has seen; the next reconciliation would say so too.
    await change.session.execute(
        update(Attempt)
        .where(Attempt.step_key == planned.step_key, Attempt.is_live)
        .values(is_live=False)
        .execution_options(synchronize_session=False)
    )
    change.session.add(
        Attempt(
            key=planned.key,
            step_key=planned.step_key,
            number=planned.number,
            task_name=planned.task_name,
            state=state.value,
            is_live=True,
            origin=ORIGIN,
            submitted_by=change.by,
            created_at=change.now,
        )
    )
    await change.session.flush()
    change.session.add(
        Submission(
            attempt_key=planned.key,
            submission_key=key,
            parameters=dict(parameters),
            parameters_hash=digest,
            outputs=list(planned.outputs),
            parent_attempt_key=planned.parent,
            mode=None if planned.parent is None else planned.mode.value,
            min_fraction=planned.min_fraction,
            credential=change.asked.viewer.credential,
            jti=change.asked.viewer.jti,
            needs=planned.needs.value,
            planned_at=change.now,
        )
    )
    change.session.add(
        AttemptChange(
            attempt_key=planned.key,
            from_state=None,
            to_state=state.value,
            sends=0,
            changed_at=change.now,
            changed_by=change.by,
            reason=planned.reason,
        )
    )
    await change.session.flush()
    await change.record(
        "Attempt",
        planned.key,
        after={
            "state": state.value,
            "taskName": planned.task_name,
            "parametersHash": digest,
            "outputs": list(planned.outputs),
            **planned.trail,
        },
    )
