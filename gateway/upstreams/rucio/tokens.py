"""Where the token of a request to Rucio comes from: given to us, or had by a login with a password.

Nothing here asks for or keeps a token on disk, and no message holds one.
"""

import asyncio
import datetime as dt
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Final, Protocol

from gateway.errors import DeniedError, GarbledError
from gateway.upstreams.http import HttpUpstream, error_of_status, head_of

TOKEN_HEADER: Final = "X-Rucio-Auth-Token"  # noqa: S105 - the header's name, not a token
# A token is renewed this long before its end, so that it outlives the call it is sent with.
_RENEW_BEFORE: Final = dt.timedelta(minutes=5)

Clock = Callable[[], dt.datetime]


class TokenSource(Protocol):
    """Gives the token for the next request."""

    async def token(self) -> str:
        """Return a token that should work now; raises an UpstreamError when there is none."""
        ...

    def refused(self, token: str) -> None:
        """Learn that Rucio did not accept the token, so that another is looked for."""
        ...


class GivenToken:
    """Tokens of somebody else's making, such as an IAM access token (a JWT for Rucio)."""

    def __init__(self, current: Callable[[], str]) -> None:
        self._current = current

    async def token(self) -> str:
        """Return what is given now."""
        return self._current()

    def refused(self, token: str) -> None:
        """Do nothing: whoever gives tokens gives the next."""


class PasswordLogin:
    """Rucio's own tokens, had for a user name and a password, and renewed before they end."""

    def __init__(
        self, http: HttpUpstream, *, account: str, username: str, password: str, clock: Clock
    ) -> None:
        self._http = http
        self._names = {"X-Rucio-Account": account, "X-Rucio-Username": username}
        self._password = password
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._ends_at = dt.datetime.min.replace(tzinfo=dt.UTC)

    async def token(self) -> str:
        """Return a token with minutes to live; however many ask at once, one login is made."""
        async with self._lock:
            if self._token is None or self._clock() >= self._ends_at - _RENEW_BEFORE:
                await self._log_in()
            return str(self._token)

    def refused(self, token: str) -> None:
        """Forget the token, if it is still the one in use."""
        if self._token == token:
            self._token = None

    async def _log_in(self) -> None:
        self._token = None
        headers = {**self._names, "X-Rucio-Password": self._password}
        async with self._http.open("GET", "/auth/userpass", headers=headers) as answer:
            if answer.status == 401:
                raise DeniedError("rucio", "rucio does not accept the user name and password it is given")
            if answer.status >= 400:
                raise error_of_status(answer, await head_of(answer))
            token = str(answer.headers.get(TOKEN_HEADER, ""))
            if answer.status != 200 or not token:
                raise GarbledError("rucio", "rucio answered a login without a token for one account")
            self._ends_at = _ends_at(str(answer.headers.get(f"{TOKEN_HEADER}-Expires", "")), answer.date)
            # Measured on our clock: a difference between the clocks must not make tokens look old or young.
            self._ends_at += self._clock() - answer.date
            self._token = token


def _ends_at(text: str, now: dt.datetime) -> dt.datetime:
    """When a token ends; where Rucio does not say, after the hour it gives by default."""
    try:
        # "Sun, 22 Nov 2026 12:18:41 UTC": a zone that the parser of mail dates does not know, hence UTC.
        return parsedate_to_datetime(text.replace(" UTC", " GMT")).astimezone(dt.UTC)
    except (ValueError, TypeError):
        return now + dt.timedelta(hours=1)
