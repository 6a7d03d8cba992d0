"""Taking back an attempt of which nothing can be at PanDA."""

from collections.abc import Mapping

from sqlalchemy import select

from gateway.domain.submission import UNSENT_STATES, AttemptState
from gateway.errors import ChangeRefusedError, MissingError
from gateway.resolvers.changes.change import Change
from gateway.store.attempts import Attempt
from gateway.store.base import JsonValue
from gateway.store.outbox import Held, move
from gateway.store.requests import Step


async def cancel_attempt(change: Change, key: str, reason: str | None) -> Mapping[str, JsonValue]:
    """Cancel the attempt with this key; return its `request` and `attempts`.

    Raises MissingError, and ChangeRefusedError once it may have been sent.
    """
    found = (
        await change.session.execute(
            select(Attempt, Step.request_name)
            .join(Step, Step.key == Attempt.step_key)
            .where(Attempt.key == key)
        )
    ).one_or_none()
    if found is None:
        raise MissingError(f"There is no attempt {key[:120]!r}.")
    attempt, request = found
    state = AttemptState(attempt.state)
    held = Held(key, state, attempt.sends, attempt.owner)
    # Sent once and proved absent, it may be planned again; a request that is late could still arrive.
    if state not in UNSENT_STATES or not await move(
        change.session, held, AttemptState.CANCELLED, at=change.now, by=change.by, reason=reason
    ):
        raise ChangeRefusedError(
            f"{key} is {attempt.state.lower()}: only what was not sent can be cancelled. Kill its task "
            "instead."
        )
    await change.record(
        "Attempt", key, before={"state": state.value}, after={"state": "CANCELLED"}, reason=reason
    )
    return {"request": request, "attempts": [key], "warnings": []}
