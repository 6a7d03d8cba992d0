"""Logging in with a browser: to IAM and back, an opaque cookie for the browser, everything else kept here.

Authorization code with PKCE, state and nonce through Authlib. Its two openings are closed here: it would take
the algorithms that the provider advertises ("none" is one of IAM's), and ID tokens for others.
"""

import datetime as dt
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx2
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.auth.bearer import ALGORITHMS, MAX_NAME_CHARS
from gateway.auth.recognise import Login, reference_of, viewer_of_login
from gateway.auth.roles import RoleRules, full_path
from gateway.auth.sealing import Sealer
from gateway.auth.sessions import Ended, Sessions, hash_of
from gateway.auth.standing import standing_of
from gateway.auth.vault import Vault
from gateway.errors import (
    CredentialMissingError,
    GatewayError,
    RefusedError,
    TooManyError,
    TransportError,
    UpstreamError,
)
from gateway.schema.context import Clock
from gateway.store.audit import AuditEntry, AuditOutcome, record
from gateway.store.database import Database
from gateway.web.cookies import Cookies, check_own_request
from gateway.web.throttle import Throttle

log = structlog.get_logger()

CALLBACK: Final = "/auth/callback"
# Tabs of one browser that may be on their way to IAM at once; each has a cookie, and a request's are bounded.
MAX_WAYS: Final = 4
# How Authlib names what it keeps of a way to IAM (its `StarletteIntegration`, for the name in `_app`).
_STATE_PREFIX: Final = "_state_iam_"
# How long somebody may take at IAM's pages.
LOGIN_TIME: Final = dt.timedelta(minutes=10)
IAM_TIMEOUT_S: Final = 20.0
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
_PURPOSE: Final = "login on its way"
_PAGE_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}


class _PinnedApp(StarletteOAuth2App):
    """Takes from IAM's metadata what is on IAM's host, and no algorithm that is not one of ours."""

    async def load_server_metadata(self) -> Mapping[str, Any]:
        """Return the metadata; raise UpstreamError for one that is not IAM's own, which is read anew then."""
        metadata: dict[str, Any] = await super().load_server_metadata()
        wrong = self._what_is_wrong(metadata)
        if wrong is not None:
            # The library would keep it for as long as the process lives.
            metadata.clear()
            log.error("iam's metadata cannot be used", action="auth.login", wrong=wrong)
            raise UpstreamError(
                "iam",
                f"IAM describes itself wrongly, so nobody can log in: {wrong}; its operator must look at "
                f"{self._server_metadata_url}",
            )
        offered = metadata["id_token_signing_alg_values_supported"]
        metadata["id_token_signing_alg_values_supported"] = [one for one in ALGORITHMS if one in offered]
        return metadata

    def _what_is_wrong(self, metadata: Mapping[str, Any]) -> str | None:
        home = _home_of(self._server_metadata_url)
        for name in _ENDPOINTS:
            if _home_of(metadata.get(name)) != home:
                return f"{name} is missing or on another host"
        offered = metadata.get("id_token_signing_alg_values_supported")
        if not isinstance(offered, list) or not set(ALGORITHMS) & {str(one) for one in offered}:
            return f"id_token_signing_alg_values_supported has none of {', '.join(ALGORITHMS)}"
        return None


def _home_of(address: object) -> tuple[str, str] | None:
    """Return the scheme and the host of an address, None for a text that is none."""
    try:
        parts = urlsplit(str(address))
    except ValueError:
        return None
    return parts.scheme, parts.netloc


class _PinnedOAuth(OAuth):
    oauth2_client_cls = _PinnedApp


@dataclass(frozen=True, slots=True)
class LoginSettings:
    """The login client at IAM, and where people reach the gateway (`public_url`, without a path)."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str
    public_url: str

    @property
    def redirect_uri(self) -> str:
        """Where IAM sends people back to; registered there exactly so."""
        return f"{self.public_url}{CALLBACK}"


class LoginPages:
    """The routes /auth/login, /auth/callback and /auth/logout."""

    def __init__(
        self,
        settings: LoginSettings,
        *,
        database: Database,
        sessions: Sessions,
        vault: Vault,
        sealer: Sealer,
        cookies: Cookies,
        rules: RoleRules,
        clock: Clock,
        throttle: Throttle,
    ) -> None:
        self._settings = settings
        self._database = database
        self._sessions = sessions
        self._vault = vault
        self._sealer = sealer
        self._cookies = cookies
        self._rules = rules
        self._clock = clock
        self._throttle = throttle
        self._iam = _app(settings)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/auth/login", self._said(self.login)),
            Route(CALLBACK, self._said(self.callback)),
            Route("/auth/logout", self._said(self.logout), methods=["POST"]),
        ]

    async def login(self, request: Request) -> Response:
        """Send the browser to IAM; `next` says where it shall be afterwards."""
        self._throttle.take(request)
        following = safe_next(request.query_params.get("next", "/"))
        home = urlsplit(self._settings.public_url)
        if request.url.netloc != home.netloc:
            # The cookie would be set for another name than the one that IAM sends people back to.
            return RedirectResponse(
                f"{self._settings.public_url}/auth/login?next={quote(following, safe='')}", 303
            )
        request.scope["session"] = {}
        response: Response = await self._iam.authorize_redirect(request, self._settings.redirect_uri)
        [(key, kept)] = request.session.items()
        # Where the browser was sent is not asked for again, and cookies are small.
        kept["data"].pop("url", None)
        until = (self._clock() + LOGIN_TIME).timestamp()
        way = {"next": following, "state": request.session, "until": until}
        for name in self._too_many(request):
            self._cookies.drop_login(response, name)
        state = key.removeprefix(_STATE_PREFIX)
        self._cookies.set_login(response, state, self._sealer.seal(json.dumps(way), _PURPOSE), LOGIN_TIME)
        response.status_code = 303
        return response

    async def callback(self, request: Request) -> Response:
        """Take the browser back: check what IAM says, begin a session, and go on to where `next` said."""
        self._throttle.take(request)
        state = request.query_params.get("state", "")
        way = self._way_of(request, state)
        issuer = request.query_params.get("iss")
        if issuer is not None and issuer.rstrip("/") != self._settings.issuer.rstrip("/"):
            raise RefusedError("another identity provider answered than the one that was asked")
        request.scope["session"] = way["state"]
        tokens = await self._iam.authorize_access_token(
            request,
            claims_options={
                "iss": {"essential": True, "values": _spellings(self._settings.issuer)},
                "aud": {"essential": True, "value": self._settings.client_id},
                "sub": {"essential": True},
            },
        )
        claims = tokens.get("userinfo")
        if not claims:
            raise RefusedError("IAM gave no ID token, so it does not say who you are")
        login = await self._login_of(claims, tokens)
        async with self._database.snapshot() as session:
            standing = await standing_of(session, login.subject)
        refresh_token = tokens.get("refresh_token")
        grant_id = (
            await self._vault.keep_refresh(login.subject, refresh_token)
            if isinstance(refresh_token, str) and refresh_token
            else None
        )
        try:
            viewer = viewer_of_login(login, standing, self._rules)
        except RefusedError as refused:
            if grant_id is not None:
                await self._vault.forget(grant_id)
            await self._record(login.username, "login", AuditOutcome.REFUSED, refused.message)
            raise
        if (old := self._cookies.session_of(request)) is not None:
            await self._end(old, "another login in the same browser")
        secret = await self._sessions.begin(login, grant_id)
        jti = reference_of(hash_of(secret))
        await self._record(viewer.actor, "login", AuditOutcome.DONE, jti=jti)
        response = RedirectResponse(str(way["next"]), 303)
        self._cookies.drop_login(response, self._cookies.login_name(state))
        self._cookies.set_session(response, secret, self._sessions.absolute)
        return response

    async def logout(self, request: Request) -> Response:
        """End the session and have IAM forget what it gave for it."""
        check_own_request(request, self._settings.public_url)
        secret = self._cookies.session_of(request)
        response: Response = Response(status_code=204)
        if "text/html" in request.headers.get("accept", ""):
            response = RedirectResponse("/", 303)
        if secret is not None:
            ended = await self._end(secret)
            if ended is not None:
                await self._vault.forget_unheld(ended.subject)
        self._cookies.drop_session(response)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    def _way_of(self, request: Request, state: str) -> Mapping[str, Any]:
        """Return what was kept of this way to IAM; raise RefusedError when it is not this browser's."""
        sealed = self._cookies.logins_of(request).get(self._cookies.login_name(state))
        if sealed is None:
            raise RefusedError("this login was not begun in this browser")
        way = self._opened(sealed)
        if way is None or f"{_STATE_PREFIX}{state}" not in way["state"]:
            raise RefusedError("this login was not begun here")
        if way["until"] < self._clock().timestamp():
            raise RefusedError("this login took longer than ten minutes")
        return way

    def _opened(self, sealed: str) -> Mapping[str, Any] | None:
        """Return a way to IAM, None for what we did not seal."""
        try:
            way: Mapping[str, Any] = json.loads(self._sealer.open(sealed, _PURPOSE))
        except CredentialMissingError:
            return None
        return way

    def _too_many(self, request: Request) -> list[str]:
        """Return the cookies of ways to IAM that go when one more begins: the oldest, and what is none."""
        began: list[tuple[float, str]] = []
        for name, sealed in self._cookies.logins_of(request).items():
            way = self._opened(sealed)
            began.append((-1.0 if way is None else float(way["until"]), name))
        return [name for _until, name in sorted(began, reverse=True)[MAX_WAYS - 1 :]]

    def _wanted(self, request: Request) -> str:
        """Return where the browser wanted to go, for those who try again."""
        sealed = self._cookies.logins_of(request).get(
            self._cookies.login_name(request.query_params.get("state", ""))
        )
        way = None if sealed is None else self._opened(sealed)
        return safe_next(request.query_params.get("next", "/")) if way is None else str(way["next"])

    async def _login_of(self, claims: Mapping[str, Any], tokens: Mapping[str, Any]) -> Login:
        said = dict(claims)
        if _groups_in(said) is None:
            # IAM's WLCG profile leaves groups out of ID tokens.
            about = await self._iam.userinfo(token=tokens)
            if about.get("sub") != said["sub"]:
                raise RefusedError("IAM speaks of two people in one login")
            said = {**about, **said}
        subject = _text(said, "sub")
        if subject is None:
            raise RefusedError("IAM does not say who you are")
        username = _text(said, "preferred_username") or subject
        return Login(
            subject=subject,
            username=username,
            name=_text(said, "name") or username,
            groups=_groups_in(said) or (),
            at=self._clock(),
        )

    async def _end(self, secret: str, reason: str | None = None) -> Ended | None:
        """End a session, record it and have IAM forget its grant; None when there was none."""
        ended = await self._sessions.end(secret)
        if ended is None:
            return None
        if ended.grant_id is not None:
            await self._vault.forget(ended.grant_id)
        await self._record(
            ended.username, "logout", AuditOutcome.DONE, reason, jti=reference_of(hash_of(secret))
        )
        return ended

    async def _record(
        self,
        actor: str,
        action: str,
        outcome: AuditOutcome,
        reason: str | None = None,
        jti: str | None = None,
    ) -> None:
        entry = AuditEntry(
            actor=actor, action=action, outcome=outcome, reason=reason, jti=jti, at=self._clock()
        )
        async with self._database.transaction() as session:
            await record(session, entry)

    def _said(self, answer: Any) -> Any:
        """Make a page of a refusal: what went wrong, and a way to try again; nothing sent is repeated."""

        async def respond(request: Request) -> Response:
            try:
                response: Response = await answer(request)
            except TransportError as error:
                return _problem(error.message, error.status, self._wanted(request))
            except TooManyError as error:
                response = _problem(error.message, 429, self._wanted(request))
                response.headers["Retry-After"] = str(error.retry_after_s)
                return response
            except GatewayError as error:
                status = 403 if isinstance(error, RefusedError) else 503
                return _problem(error.message, status, self._wanted(request))
            except (OAuthError, JoseError, ValueError, KeyError, TypeError) as error:
                log.warning(
                    "a login failed", action="auth.login", error=type(error).__name__, code=_code(error)
                )
                words = "IAM's answer cannot be believed, or you did not allow it"
                return _problem(words, 403, self._wanted(request))
            except httpx2.HTTPError as error:
                log.warning("iam does not answer", action="auth.login", error=type(error).__name__)
                return _problem("IAM does not answer now", 503, self._wanted(request))
            return response

        return respond


def safe_next(target: str) -> str:
    """Return the path to go on to, "/" for everything that could lead elsewhere.

    Browsers take backslashes for slashes and leave out control characters, so a path has neither.
    """
    is_path = target.startswith("/") and not target.startswith(("//", "/auth/"))
    if (
        not is_path
        or "\\" in target
        or len(target) > 2000
        or not target.isprintable()
        or not target.isascii()
    ):
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else target


def _app(settings: LoginSettings) -> _PinnedApp:
    registered: _PinnedApp = _PinnedOAuth().register(
        "iam",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        server_metadata_url=f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": settings.scope,
            "code_challenge_method": "S256",
            "timeout": IAM_TIMEOUT_S,
            "follow_redirects": False,
            "trust_env": False,
        },
    )
    return registered


def _spellings(issuer: str) -> list[str]:
    bare = issuer.rstrip("/")
    return [bare, f"{bare}/"]


def _groups_in(claims: Mapping[str, Any]) -> tuple[str, ...] | None:
    for key in ("wlcg.groups", "groups"):
        said = claims.get(key)
        if isinstance(said, list):
            return tuple(sorted({full_path(one) for one in said if isinstance(one, str) and one}))
    return None


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    is_usable = isinstance(value, str) and 0 < len(value) <= MAX_NAME_CHARS and value.isprintable()
    return value if is_usable else None


def _code(error: Exception) -> str:
    code = getattr(error, "error", "")
    return code[:40] if isinstance(code, str) and code.replace("_", "").isalpha() else ""


def _problem(message: str, status: int, following: str) -> HTMLResponse:
    again = "/auth/login" if following == "/" else f"/auth/login?next={quote(following, safe='')}"
    return HTMLResponse(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Not logged in</title></head>'
        f"<body><h1>Not logged in</h1><p>{html.escape(message)}.</p>"
        f'<p><a href="{again}">Try again</a></p></body></html>',
        status,
        _PAGE_HEADERS,
    )
