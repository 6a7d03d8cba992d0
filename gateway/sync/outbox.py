"""The outbox: every planned attempt is sent to PanDA once, whatever the network and our own processes do.

A sending is committed before anything leaves, and nothing is ever sent again because an answer was lost. Such
an attempt waits until its lease and the settling time after it have passed, is then looked for by its key,
and is planned again only when PanDA, in an answer that also has what it must have, does not know it.
"""

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, cast

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from gateway.auth.credentials import Credentials
from gateway.auth.permissions import Right
from gateway.domain.states import Intent
from gateway.domain.submission import (
    Accepted,
    AttemptState,
    ChainMode,
    LoginNeeded,
    NotSent,
    Refused,
    Reply,
    Timing,
    Unknown,
)
from gateway.errors import CredentialMissingError, UpstreamError
from gateway.store.attempts import Attempt, Submission
from gateway.store.audit import AuditEntry, AuditOutcome, record
from gateway.store.database import Database
from gateway.store.outbox import Held, move, postpone
from gateway.store.requests import Request, Step
from gateway.sync.duplicates import PATIENCE, Commander, stop_duplicates
from gateway.sync.gates import open_gates
from gateway.sync.lease import Clock
from gateway.sync.settle import Finder, settle

log = structlog.get_logger()

# For whom a person's token must be meant.
AUDIENCE: Final = "panda"
# The longest pause after something that provably did not leave; it doubles with each sending.
AGAIN_AT_MOST: Final = dt.timedelta(minutes=5)
# Somebody who has to log in is asked for again this often.
LOGIN_EVERY: Final = dt.timedelta(minutes=1)
S = AttemptState


class Sender(Commander, Protocol):
    """What makes tasks, and can stop those that are too many."""

    async def submit(
        self,
        token: str,
        parameters: Mapping[str, object],
        parent_task_id: int | None,
        *,
        may_begin: Callable[[], bool],
    ) -> Reply:
        """Send one submission, once."""
        ...


@dataclass(frozen=True, slots=True)
class _Planned:
    held: Held
    parameters: Mapping[str, object]
    parent_task_id: int | None
    credential: str | None
    submitted_by: str | None
    jti: str | None
    needs: Right
    is_waiting_for_login: bool


class Outbox:
    """One process's part in sending; any number of processes may work on one database.

    `owner` names this process and no other that lives. `places` sendings run at once, and `per_second` begin.
    The clocks of the processes may differ by the margin that is within the settling time.
    """

    def __init__(
        self,
        database: Database,
        sender: Sender,
        finder: Finder,
        credentials: Credentials,
        *,
        clock: Clock,
        owner: str,
        timing: Timing | None = None,
        places: int = 4,
        per_second: float = 2.0,
        patience: dt.timedelta = PATIENCE,
    ) -> None:
        self._database = database
        self._sender = sender
        self._finder = finder
        self._credentials = credentials
        self._clock = clock
        self._owner = owner
        self._timing = timing or Timing()
        self._places = places
        self._pause_s = 1 / per_second
        self._patience = patience
        self._turn = asyncio.Lock()
        self._picking = asyncio.Lock()
        self._slots: set[asyncio.Task[None]] = set()
        self._busy: set[str] = set()
        self._working = asyncio.Lock()

    async def work(self) -> None:
        """Do what is due: recover, look for what is in doubt, open gates, and begin to send.

        It returns while sendings still run; called meanwhile, it starts more as far as there are places.
        """
        if self._working.locked():
            return
        async with self._working:
            await self._recover()
            await settle(self._database, self._finder, clock=self._clock, by=self._owner, timing=self._timing)
            await stop_duplicates(
                self._database, self._sender, self._credentials, clock=self._clock, patience=self._patience
            )
            await open_gates(self._database, at=self._clock(), by=self._owner)
            while len(self._slots) < self._places and await self._has_planned():
                slot = asyncio.create_task(self._send_all())
                self._slots.add(slot)
                slot.add_done_callback(self._slots.discard)
                await asyncio.sleep(0)

    async def drain(self) -> None:
        """Wait until nothing is being sent and nothing is due."""
        if self._slots:
            await asyncio.gather(*self._slots)

    async def close(self) -> None:
        """Wait for the sendings that run; what is not begun is not begun."""
        self._places = 0
        if self._slots:
            await asyncio.gather(*self._slots, return_exceptions=True)

    async def _recover(self) -> None:
        """Take what a dead or sleeping worker was sending: whether it left, nobody can say."""
        now = self._clock()
        async with self._database.snapshot() as session:
            found = await session.execute(
                select(Attempt.key, Attempt.sends, Attempt.owner, Attempt.lease_until).where(
                    Attempt.state == S.SENDING.value, Attempt.lease_until < now
                )
            )
            lost = found.all()
        for row in lost:
            held = Held(row.key, S.SENDING, row.sends, row.owner)
            async with self._database.transaction() as session:
                await move(
                    session,
                    held,
                    S.AMBIGUOUS,
                    at=now,
                    by=self._owner,
                    reason="whoever sent it stopped before the answer came",
                    values={"settles_at": row.lease_until + self._timing.settle},
                )

    async def _has_planned(self) -> bool:
        return await self._planned() is not None

    async def _planned(self) -> _Planned | None:
        """The attempt that is due for the longest, and that this process does not have in hand."""
        now = self._clock()
        parent = aliased(Attempt)
        statement = (
            select(Attempt, Submission, parent.jedi_task_id.label("parent_task_id"))
            .join(Submission, Submission.attempt_key == Attempt.key)
            .join(Step, Step.key == Attempt.step_key)
            .join(Request, Request.name == Step.request_name)
            .outerjoin(parent, parent.key == Submission.parent_attempt_key)
            .where(
                Attempt.state.in_([S.PLANNED.value, S.NEEDS_LOGIN.value]),
                # Of a request on hold nothing leaves until somebody lets it go on.
                Request.intent != Intent.ON_HOLD.value,
                or_(Attempt.not_before.is_(None), Attempt.not_before <= now),
                Attempt.key.not_in(self._busy),
            )
            .order_by(Submission.planned_at, Attempt.key)
            .limit(1)
        )
        async with self._database.snapshot() as session:
            row = (await session.execute(statement)).one_or_none()
        if row is None:
            return None
        attempt, submission = row[0], row[1]
        is_native = submission.mode == ChainMode.NATIVE.value
        return _Planned(
            Held(attempt.key, S(attempt.state), attempt.sends, attempt.owner),
            cast("Mapping[str, object]", submission.parameters),
            row.parent_task_id if is_native else None,
            submission.credential,
            attempt.submitted_by,
            submission.jti,
            Right(submission.needs),
            attempt.state == S.NEEDS_LOGIN.value,
        )

    async def _send_all(self) -> None:
        """One place: send what is due, one after another, until nothing is."""
        while self._places > 0:
            # Two places must not pick the same; another process's claim is seen when it is moved.
            async with self._picking:
                planned = await self._planned()
                if planned is None:
                    return
                self._busy.add(planned.held.key)
            try:
                await self._send(planned)
            finally:
                self._busy.discard(planned.held.key)

    async def _send(self, planned: _Planned) -> None:
        token = await self._token(planned)
        if token is None:
            return
        held = planned.held
        if planned.is_waiting_for_login:
            if not await self._move(held, S.PLANNED, reason=None):
                return
            held = Held(held.key, S.PLANNED, held.sends)
        await self._wait_for_turn()
        now = self._clock()
        lease_until = now + self._timing.lease
        lease = {"owner": self._owner, "lease_until": lease_until, "submitted_at": now}
        if not await self._move(held, S.SENDING, reason=None, values=lease):
            return
        sending = Held(held.key, S.SENDING, held.sends + 1, self._owner)
        # Asked in the last moment: the call may have waited for a thread, or this process slept.
        reply = await self._sender.submit(
            token,
            planned.parameters,
            planned.parent_task_id,
            may_begin=lambda: self._clock() < lease_until - self._timing.deadline,
        )
        await self._learn(sending, planned, reply, lease_until)

    async def _token(self, planned: _Planned) -> str | None:
        now = self._clock()
        if planned.credential is None:
            await self._ask_to_log_in(planned, "nobody is known in whose name it could be sent", now)
            return None
        try:
            return await self._credentials.token_for(planned.credential, AUDIENCE, planned.needs)
        except CredentialMissingError as error:
            await self._ask_to_log_in(planned, error.message, now)
        except UpstreamError as error:
            async with self._database.transaction() as session:
                await postpone(session, planned.held, now + self._timing.again_after, reason=error.message)
        return None

    async def _ask_to_log_in(self, planned: _Planned, reason: str, now: dt.datetime) -> None:
        not_before = now + LOGIN_EVERY
        if planned.is_waiting_for_login:
            async with self._database.transaction() as session:
                await postpone(session, planned.held, not_before, reason=reason)
        else:
            values = {"not_before": not_before}
            await self._move(planned.held, S.NEEDS_LOGIN, reason=reason, values=values)

    async def _wait_for_turn(self) -> None:
        async with self._turn:
            await asyncio.sleep(self._pause_s)

    async def _learn(self, sending: Held, planned: _Planned, reply: Reply, lease_until: dt.datetime) -> None:
        """Write down what the answer proves, and no more."""
        now = self._clock()
        outcome, to, values, message = AuditOutcome.DONE, S.SUBMITTED, dict[str, object](), ""
        match reply:
            case Accepted(task_id, message):
                values = {"jedi_task_id": task_id}
            case Refused(message):
                outcome, to = AuditOutcome.REFUSED, S.REJECTED
            case LoginNeeded(message):
                outcome, to = AuditOutcome.REFUSED, S.NEEDS_LOGIN
                values = {"not_before": now + LOGIN_EVERY}
            case NotSent(message):
                outcome, to = AuditOutcome.FAILED, S.PLANNED
                values = {"not_before": now + self._pause_after(sending.sends)}
            case Unknown(message):
                outcome, to = AuditOutcome.UNKNOWN, S.AMBIGUOUS
                values = {
                    "settles_at": lease_until + self._timing.settle,
                    "not_before": now + self._timing.look_every,
                }
        async with self._database.transaction() as session:
            if isinstance(reply, Accepted) and await session.scalar(
                select(Attempt.key).where(Attempt.jedi_task_id == reply.task_id, Attempt.key != sending.key)
            ):
                outcome, to, message = AuditOutcome.UNKNOWN, S.AMBIGUOUS, "PanDA gave the id of another task"
                values = {"settles_at": lease_until + self._timing.settle}
            reason = None if to is S.SUBMITTED else message
            has_moved = await move(session, sending, to, at=now, by=self._owner, reason=reason, values=values)
            if not has_moved and to is S.SUBMITTED:
                # Somebody took it for lost while the answer was on its way; the answer still is one.
                doubted = Held(sending.key, S.AMBIGUOUS, sending.sends)
                has_moved = await move(session, doubted, to, at=now, by=self._owner, values=values)
            if has_moved:
                await record(
                    session,
                    AuditEntry(
                        actor=planned.submitted_by or self._owner,
                        action="submitStep",
                        object_kind="Attempt",
                        object_key=sending.key,
                        after={"state": to.value, **_said(reply)},
                        upstream_call="panda task/submit",
                        jti=planned.jti,
                        outcome=outcome,
                        reason=message or None,
                        at=now,
                    ),
                )
        log.info(
            "an attempt was sent",
            action="outbox.sent",
            attempt=sending.key,
            sends=sending.sends,
            state=to.value,
            has_moved=has_moved,
        )

    def _pause_after(self, sends: int) -> dt.timedelta:
        doublings: int = min(sends - 1, 10)
        return min(self._timing.again_after * (1 << doublings), AGAIN_AT_MOST)

    async def _move(
        self, held: Held, to: S, *, reason: str | None, values: Mapping[str, object] | None = None
    ) -> bool:
        async with self._database.transaction() as session:
            return await move(
                session, held, to, at=self._clock(), by=self._owner, reason=reason, values=values
            )


def _said(reply: Reply) -> dict[str, int]:
    return {"jediTaskId": reply.task_id} if isinstance(reply, Accepted) else {}
