"""Whether somebody who follows events, or takes a long export, still may: a login does not last for days.

To follow is not to use: a login that is not used otherwise ends in time, with the stream that hangs on it.
The panel asks now and then while its page is open, and that is use.
"""

import datetime as dt
from collections.abc import Callable

from gateway.auth.standing import standing_of
from gateway.auth.viewer import Viewer
from gateway.errors import UnauthenticatedError
from gateway.store.database import Database
from gateway.store.logins import AccessTokenRow, BrowserSession


class Renewal:
    """Looks again at whom a stream is for; a login that was not used for `idle` is over."""

    def __init__(self, database: Database, clock: Callable[[], dt.datetime], idle: dt.timedelta) -> None:
        self._database = database
        self._clock = clock
        self._idle = idle

    async def __call__(self, viewer: Viewer) -> None:
        """Return if the viewer may go on; raise UnauthenticatedError when they may not."""
        now = self._clock()
        if viewer.until is not None and now >= viewer.until:
            raise UnauthenticatedError("your login has ended; log in and connect again")
        if viewer.subject is None:
            return
        async with self._database.snapshot() as session:
            standing = await standing_of(session, viewer.subject)
            login = None if viewer.session is None else await session.get(BrowserSession, viewer.session)
            token = None if viewer.own_token is None else await session.get(AccessTokenRow, viewer.own_token)
        if viewer.session is not None and (login is None or login.last_seen_at <= now - self._idle):
            raise UnauthenticatedError("your login has ended; log in and connect again")
        if viewer.own_token is not None and (token is None or token.revoked_at is not None):
            raise UnauthenticatedError("the access token was revoked; make another one")
        if standing is not None and not standing.may_log_in:
            raise UnauthenticatedError("your account is disabled in IAM; ask the VO administrator")
        if standing is not None and (standing.left | standing.doubtful) & set(viewer.groups):
            raise UnauthenticatedError("your groups have changed in IAM; connect again")
