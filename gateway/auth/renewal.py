"""Whether somebody who follows events still may: a stream can last for days, and a login does not."""

import datetime as dt
from collections.abc import Callable

from gateway.auth.standing import standing_of
from gateway.auth.viewer import Viewer
from gateway.errors import UnauthenticatedError
from gateway.store.database import Database
from gateway.store.logins import AccessTokenRow, BrowserSession


class Renewal:
    """Looks again at whom a stream is for."""

    def __init__(self, database: Database, clock: Callable[[], dt.datetime]) -> None:
        self._database = database
        self._clock = clock

    async def __call__(self, viewer: Viewer) -> None:
        """Return if the viewer may go on; raise UnauthenticatedError when they may not."""
        if viewer.until is not None and self._clock() >= viewer.until:
            raise UnauthenticatedError("your login has ended; log in and connect again")
        if viewer.subject is None:
            return
        async with self._database.snapshot() as session:
            standing = await standing_of(session, viewer.subject)
            is_over = viewer.session is not None and await session.get(BrowserSession, viewer.session) is None
            token = None if viewer.own_token is None else await session.get(AccessTokenRow, viewer.own_token)
        if is_over:
            raise UnauthenticatedError("your login has ended; log in and connect again")
        if viewer.own_token is not None and (token is None or token.revoked_at is not None):
            raise UnauthenticatedError("the access token was revoked; make another one")
        if standing is not None and not standing.may_log_in:
            raise UnauthenticatedError("your account is disabled in IAM; ask the VO administrator")
        if standing is not None and (standing.left | standing.doubtful) & set(viewer.groups):
            raise UnauthenticatedError("your groups have changed in IAM; connect again")
