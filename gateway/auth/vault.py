"""What acts for people at PanDA and Rucio: IAM's grants sealed at rest, and a token for each service in time.

A token for a service lives in this process's memory only. One refresh at a time is made with a grant, by all
processes together: an IAM that changes refresh tokens would take a second for theft.
"""

import asyncio
import contextlib
import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog
from sqlalchemy import delete, exists, or_, select, update

from gateway.auth.bearer import AccessToken
from gateway.auth.permissions import Right, rights_of
from gateway.auth.recognise import CREDENTIAL_PREFIX
from gateway.auth.roles import RoleRules
from gateway.auth.sealing import Sealer
from gateway.auth.sessions import hash_of
from gateway.auth.standing import DOUBT, Standing, standing_of
from gateway.errors import CredentialMissingError, UpstreamError
from gateway.store.database import Database
from gateway.store.logins import BrowserSession, Grant, GrantKind

log = structlog.get_logger()

# A token must outlive the call it is for, a submission's deadline included (reliability, submission rules).
ENOUGH: Final = dt.timedelta(minutes=5)
# IAM forgets refresh tokens after 30 days (its own default).
REFRESH_LIFETIME: Final = dt.timedelta(days=30)
# Whoever refreshes has so long; IAM's own deadline in our client is shorter.
BUSY: Final = dt.timedelta(seconds=150)
_WAIT_S: Final = 0.2
_WAITS: Final = 900


class Given(Protocol):
    """A token for one service, as IAM gave it."""

    @property
    def access_token(self) -> str:
        """The token."""
        ...

    @property
    def lifetime_s(self) -> float:
        """How long it is valid from now on."""
        ...

    @property
    def refresh_token(self) -> str | None:
        """The refresh token to use from now on; None for the same as before."""
        ...


class TokenOffice(Protocol):
    """What is asked of IAM; see `upstreams.iam.openid`."""

    async def refresh(self, refresh_token: str, audience: str) -> Given:
        """Return a token for a service from a refresh token."""
        ...

    async def exchange(self, access_token: str, audience: str) -> Given:
        """Return a token for a service from an access token."""
        ...

    async def revoke(self, token: str) -> None:
        """Make IAM forget a refresh token."""
        ...


@dataclass(frozen=True, slots=True)
class _Ready:
    token: str = field(repr=False)
    until: dt.datetime


class Vault:
    """Keeps grants and makes tokens of them; an implementation of `Credentials`.

    By `rules` people who left the groups that allowed them to act get no token any more.
    """

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        office: TokenOffice,
        clock: Callable[[], dt.datetime],
        rules: RoleRules | None = None,
    ) -> None:
        self._database = database
        self._rules = rules
        self._sealer = sealer
        self._office = office
        self._clock = clock
        self._ready: dict[tuple[str, str], _Ready] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._kept: set[str] = set()

    async def keep_refresh(self, subject: str, refresh_token: str) -> int:
        """Keep the refresh token of a login; return the grant's number."""
        now = self._clock()
        async with self._database.transaction() as session:
            await session.execute(delete(Grant).where(Grant.ends_at <= now))
            grant = Grant(
                subject=subject,
                kind=GrantKind.REFRESH.value,
                sealed=self._sealer.seal(refresh_token, _purpose(subject)),
                created_at=now,
                ends_at=now + REFRESH_LIFETIME,
            )
            session.add(grant)
            await session.flush()
            return grant.id

    async def keep_access(self, token: AccessToken) -> None:
        """Keep a person's access token until it expires, to exchange it; each is written once."""
        # WLCG's profile asks for a `jti`; a token without one is still one token.
        token_id = token.jti or hash_of(token.raw)
        if token_id in self._kept:
            return
        now = self._clock()
        in_a_day = now + dt.timedelta(days=1)
        async with self._database.transaction() as session:
            await session.execute(delete(Grant).where(Grant.ends_at <= now))
            known = await session.scalar(
                select(Grant.id).where(Grant.subject == token.subject, Grant.token_id == token_id)
            )
            if known is None:
                session.add(
                    Grant(
                        subject=token.subject,
                        kind=GrantKind.ACCESS.value,
                        token_id=token_id,
                        sealed=self._sealer.seal(token.raw, _purpose(token.subject)),
                        created_at=now,
                        ends_at=dt.datetime.fromtimestamp(
                            min(token.expires_at, in_a_day.timestamp()), dt.UTC
                        ),
                    )
                )
        if len(self._kept) > 10_000:
            self._kept.clear()
        self._kept.add(token_id)

    async def forget(self, grant_id: int) -> None:
        """Forget a grant and have IAM forget it; ours is gone even when IAM cannot be told."""
        async with self._database.transaction() as session:
            grant = await session.get(Grant, grant_id)
            if grant is None:
                return
            subject, kind, sealed = grant.subject, grant.kind, grant.sealed
            await session.delete(grant)
        self._forget_ready(subject)
        if kind != GrantKind.REFRESH.value:
            return
        try:
            await self._office.revoke(self._sealer.open(sealed, _purpose(subject)))
        except (UpstreamError, CredentialMissingError) as error:
            log.warning(
                "iam was not told of a logout",
                action="auth.revoke",
                subject=subject,
                error=type(error).__name__,
            )

    async def forget_unheld(self, subject: str) -> None:
        """Forget a person's logins whose browser sessions are over, as `forget` does.

        A session that ran out leaves its grant behind, so that what was queued can still be sent.
        """
        async with self._database.snapshot() as session:
            unheld = (
                await session.scalars(
                    select(Grant.id).where(
                        Grant.subject == subject,
                        Grant.kind == GrantKind.REFRESH.value,
                        ~exists().where(BrowserSession.grant_id == Grant.id),
                    )
                )
            ).all()
        for grant_id in unheld:
            await self.forget(grant_id)

    async def token_for(self, credential: str, audience: str, right: Right) -> str:
        """Return a token of the person for a service with at least five minutes to live.

        Whoever has left the groups that gave them the `right` of the deed is not acted for.
        Raises CredentialMissingError when they must log in again, are disabled in IAM, or were never known.
        """
        if not credential.startswith(CREDENTIAL_PREFIX):
            raise CredentialMissingError("nobody stands behind this; log in and do it again")
        subject = credential.removeprefix(CREDENTIAL_PREFIX)
        async with self._database.snapshot() as session:
            standing = await standing_of(session, subject)
            has_grant = await session.scalar(
                select(Grant.id).where(Grant.subject == subject, Grant.ends_at > self._clock()).limit(1)
            )
        if has_grant is None:
            # A logout may have been at another process: what is in memory here ends with it.
            self._forget_ready(subject)
        if standing is not None:
            self._check_may_act(standing, right)
        async with self._locks[subject]:
            ready = self._ready.get((subject, audience))
            if ready is None or ready.until - self._clock() < ENOUGH:
                ready = await self._made(subject, audience)
                self._ready[subject, audience] = ready
            return ready.token

    def _check_may_act(self, standing: Standing, right: Right) -> None:
        """Raise CredentialMissingError for whoever is disabled, or left the groups that allowed the deed."""
        if not standing.may_log_in:
            raise CredentialMissingError(
                f"{standing.username} is disabled in IAM, so nothing is done in that name"
            )
        if standing.is_doubtful:
            raise CredentialMissingError(f"nothing is done in the name of {standing.username}: {DOUBT}")
        # A group that our copy does not have yet is not held against anybody; one that was left is.
        lost = standing.left | standing.doubtful
        if not lost or self._rules is None:
            return
        if right not in rights_of(self._rules.of_person(standing.groups)):
            raise CredentialMissingError(
                f"{standing.username} has left {', '.join(sorted(lost))} in IAM, and with it the right "
                f"{right.value!r}, so this is not done in that name"
            )

    def _forget_ready(self, subject: str) -> None:
        for key in [key for key in self._ready if key[0] == subject]:
            del self._ready[key]

    async def _made(self, subject: str, audience: str) -> _Ready:
        """Try the person's grants, the newest login first; access tokens last."""
        now = self._clock()
        async with self._database.snapshot() as session:
            grants = (
                await session.scalars(
                    select(Grant)
                    .where(Grant.subject == subject, Grant.ends_at > now)
                    .order_by(Grant.kind.desc(), Grant.id.desc())
                )
            ).all()
        missing = CredentialMissingError("the gateway has no login of yours to act with; log in again")
        for grant in grants:
            try:
                return await self._from(grant.id, audience)
            except CredentialMissingError as error:
                missing = error
        raise missing

    async def _from(self, grant_id: int, audience: str) -> _Ready:
        """Make a token of one grant, which nobody else uses meanwhile."""
        kind, subject, sealed = await self._taken(grant_id)
        given: Given | None = None
        renewed: str | None = None
        try:
            secret = self._sealer.open(sealed, _purpose(subject))
            at = self._clock()
            if kind == GrantKind.REFRESH.value:
                given = await self._office.refresh(secret, audience)
            else:
                given = await self._office.exchange(secret, audience)
            if given.refresh_token not in (None, secret):
                renewed = self._sealer.seal(str(given.refresh_token), _purpose(subject))
            return _Ready(given.access_token, at + dt.timedelta(seconds=given.lifetime_s))
        except CredentialMissingError as error:
            if error.is_final:
                await self._drop(grant_id)
            raise
        finally:
            await self._give_back(grant_id, renewed)

    async def _taken(self, grant_id: int) -> tuple[str, str, str]:
        for _wait in range(_WAITS):
            now = self._clock()
            async with self._database.transaction() as session:
                taken = await session.execute(
                    update(Grant)
                    .where(Grant.id == grant_id, or_(Grant.busy_until.is_(None), Grant.busy_until <= now))
                    .values(busy_until=now + BUSY)
                    .returning(Grant.kind, Grant.subject, Grant.sealed)
                )
                row = taken.one_or_none()
                if row is None and await session.get(Grant, grant_id) is None:
                    raise CredentialMissingError("your login has ended; log in again")
            if row is not None:
                return row.kind, row.subject, row.sealed
            await asyncio.sleep(_WAIT_S)
        raise CredentialMissingError("your login is busy elsewhere; try again in some minutes")

    async def _give_back(self, grant_id: int, renewed: str | None) -> None:
        values: dict[str, object] = {"busy_until": None}
        if renewed is not None:
            values["sealed"] = renewed
        async with self._database.transaction() as session:
            await session.execute(update(Grant).where(Grant.id == grant_id).values(values))

    async def _drop(self, grant_id: int) -> None:
        async with self._database.transaction() as session:
            await session.execute(delete(Grant).where(Grant.id == grant_id))


def _purpose(subject: str) -> str:
    return f"grant of {subject}"


async def reseal_grants(database: Database, sealer: Sealer) -> int:
    """Seal with the first key what was sealed with another; return how many grants that were.

    What no key opens is left as it is, and its person has to log in again. SQLite wants to be alone.
    """
    done = 0
    async with database.transaction() as session:
        # Locked: what is refreshed meanwhile is sealed anew by whoever refreshes it, after us.
        for grant in (await session.scalars(select(Grant).with_for_update())).all():
            if sealer.is_current(grant.sealed):
                continue
            purpose = _purpose(grant.subject)
            with contextlib.suppress(CredentialMissingError):
                grant.sealed = sealer.seal(sealer.open(grant.sealed, purpose), purpose)
                done += 1
    return done
