"""The cookies of a login, and how a request that carries one shows that our own page sent it."""

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import SettingError, TransportError

# Other sites cannot make a browser send this header without asking us first, and we do not allow it.
OWN_HEADER: Final = "x-gateway-panel"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def origin_of(public_url: str) -> str:
    """Return an address as browsers write it in Origin: in small letters, without the port that is usual."""
    parts = urlsplit(public_url.rstrip("/"))
    usual = {"https": ":443", "http": ":80"}.get(parts.scheme, "")
    host = parts.netloc.lower()
    return f"{parts.scheme}://{host.removesuffix(usual) if usual else host}{parts.path}"


@dataclass(frozen=True, slots=True)
class Cookies:
    """Cookies for a gateway at an address: bound to its host by `__Host-`, plain on this machine only."""

    is_secure: bool

    @classmethod
    def of(cls, public_url: str) -> "Cookies":
        """Return the cookies for an address; raise SettingError for one where others could read them."""
        parts = urlsplit(public_url)
        if parts.path or parts.query or parts.fragment or not parts.hostname:
            raise SettingError("GATEWAY_PUBLIC_URL is https://host or https://host:port, without a path")
        is_secure = parts.scheme == "https"
        if not is_secure and (parts.scheme != "http" or parts.hostname not in _LOOPBACK):
            raise SettingError("GATEWAY_PUBLIC_URL must begin with https:// (http:// only on this machine)")
        return cls(is_secure)

    @property
    def session_name(self) -> str:
        """The name of the session's cookie."""
        return "__Host-gateway" if self.is_secure else "gateway"

    @property
    def _login_prefix(self) -> str:
        return f"{self.session_name}-login-"

    def login_name(self, state: str) -> str:
        """The name of the cookie for one way to IAM and back: tabs that log in at once have one each."""
        return f"{self._login_prefix}{hashlib.sha256(state.encode()).hexdigest()[:16]}"

    def session_of(self, request: Request) -> str | None:
        """Return the session's secret, if the request carries one."""
        return _cookie(request, self.session_name)

    def logins_of(self, request: Request) -> dict[str, str]:
        """Return what was kept of the ways to IAM, by the names of the cookies."""
        return {name: value for name, value in _cookies(request) if name.startswith(self._login_prefix)}

    def set_session(self, response: Response, secret: str, lifetime: dt.timedelta) -> None:
        """Give the browser a session."""
        self._set(response, self.session_name, secret, lifetime)

    def set_login(self, response: Response, state: str, sealed: str, lifetime: dt.timedelta) -> None:
        """Give the browser what it needs for the way back from IAM."""
        self._set(response, self.login_name(state), sealed, lifetime)

    def drop_session(self, response: Response) -> None:
        """Take the session away from the browser."""
        self._set(response, self.session_name, "", dt.timedelta(0))

    def drop_login(self, response: Response, name: str) -> None:
        """Take away what was kept of one way to IAM."""
        self._set(response, name, "", dt.timedelta(0))

    def _set(self, response: Response, name: str, value: str, lifetime: dt.timedelta) -> None:
        # Lax: with Strict the page after IAM's redirect would come without it.
        response.set_cookie(
            name,
            value,
            max_age=int(lifetime.total_seconds()),
            path="/",
            secure=self.is_secure,
            httponly=True,
            samesite="lax",
        )


def _cookie(request: Request, name: str) -> str | None:
    """Return the value of a cookie of ours; the last one of a name counts."""
    return dict(_cookies(request)).get(name)


def _cookies(request: Request) -> Iterator[tuple[str, str]]:
    """Give the names and values of cookies, in order.

    Ours need no escapes. Python's reader of cookies takes the square of their length to undo those of others
    (CVE-2024-7592), for whoever sends them.
    """
    for header in request.headers.getlist("cookie"):
        for pair in header.split(";"):
            name, _, value = pair.strip(" \t").partition("=")
            yield name, value.strip('"')


def check_own_request(request: Request, public_url: str) -> None:
    """Return if a page of ours sent this; raise TransportError for what another site made the browser send.

    A browser says in Origin and Sec-Fetch-Site who asks; a form of ours has at least one of them, and what
    has neither needs our own header, which no other site can set.
    """
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    if origin is not None and origin != public_url:
        raise TransportError(403, "CROSS_SITE", "another site's page sent this with your cookie")
    if site is not None and site != "same-origin":
        raise TransportError(403, "CROSS_SITE", "another site's page sent this with your cookie")
    if origin is None and site is None and request.headers.get(OWN_HEADER) is None:
        raise TransportError(403, "CROSS_SITE", f"send the header {OWN_HEADER}: 1 with a cookie")


def check_own_query(request: Request, public_url: str) -> None:
    """As `check_own_request`, and our own header must be there whatever the browser says."""
    check_own_request(request, public_url)
    if request.headers.get(OWN_HEADER) is None:
        raise TransportError(403, "CROSS_SITE", f"send the header {OWN_HEADER}: 1 with a cookie")


def check_own_link(request: Request) -> None:
    """Return if the browser was not sent here by another site's page; for what only reads and is no page.

    Such an answer is of no use to another site, which cannot read it; a link of ours cannot set a header.
    """
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise TransportError(403, "CROSS_SITE", "another site's page sent this with your cookie")
