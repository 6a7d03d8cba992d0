"""Who sends a request: a bearer token, a browser's session, or nobody; never two answers to one question."""

from dataclasses import dataclass

from starlette.requests import Request

from gateway.auth.bearer import TokenCheck
from gateway.auth.own_tokens import PREFIX, viewer_of_secret
from gateway.auth.permissions import Right
from gateway.auth.recognise import viewer_of_login, viewer_of_token
from gateway.auth.roles import RoleRules
from gateway.auth.sessions import Sessions
from gateway.auth.standing import standing_of
from gateway.auth.vault import Vault
from gateway.auth.viewer import Viewer, anonymous
from gateway.errors import TransportError, UnauthenticatedError
from gateway.schema.context import Clock
from gateway.store.database import Database
from gateway.web.cookies import Cookies, check_own_link, check_own_query

# What is done at PanDA or Rucio in the viewer's own name, also after the request.
_IN_OWN_NAME = frozenset({Right.SUBMIT, Right.STEER, Right.MANAGE_RULES, Right.REPAIR})


@dataclass(frozen=True, slots=True)
class BrowserDoor:
    """What recognises browsers: their cookies, and the sessions behind them."""

    cookies: Cookies
    sessions: Sessions
    public_url: str


class Identify:
    """Makes a viewer of each request; without IAM there are no `tokens`, without logins no `browsers`."""

    def __init__(
        self,
        database: Database,
        rules: RoleRules,
        clock: Clock,
        *,
        is_open: bool,
        tokens: TokenCheck | None = None,
        browsers: BrowserDoor | None = None,
        vault: Vault | None = None,
    ) -> None:
        self._database = database
        self._rules = rules
        self._clock = clock
        self._is_open = is_open
        self._tokens = tokens
        self._browsers = browsers
        self._vault = vault

    async def __call__(self, request: Request) -> Viewer:
        """Return who asks; raise UnauthenticatedError or RefusedError for whoever may not ask at all.

        Raises TransportError for a session's cookie that another site's page may have sent, and for a cookie
        together with a token. May ask IAM for its keys, and reads what our copy of IAM says of the person.
        """
        return await self._who(request, is_link=False)

    async def by_link(self, request: Request) -> Viewer:
        """As a call, for a GET that only reads and that links of our own pages lead to."""
        return await self._who(request, is_link=True)

    async def _who(self, request: Request, *, is_link: bool) -> Viewer:
        given = request.headers.getlist("authorization")
        secret = self._browsers.cookies.session_of(request) if self._browsers else None
        if secret is not None and given:
            raise TransportError(400, "TWO_IDENTITIES", "send a cookie or an Authorization header, not both")
        if len(given) > 1:
            raise UnauthenticatedError("the request has two Authorization headers; send one")
        if given:
            scheme, _space, token = given[0].partition(" ")
            if scheme.lower() != "bearer":
                raise UnauthenticatedError("send an access token of IAM as `Authorization: Bearer <token>`")
            token = token.strip()
            if token.startswith(PREFIX):
                return await viewer_of_secret(self._database, self._rules, token, self._clock)
            return await self._bearer(token)
        if secret is not None and self._browsers is not None:
            if is_link:
                check_own_link(request)
            else:
                check_own_query(request, self._browsers.public_url)
            if (viewer := await self._session(self._browsers, secret)) is not None:
                return viewer
        return self._stranger()

    async def _bearer(self, token: str) -> Viewer:
        if self._tokens is None:
            raise UnauthenticatedError("this gateway is connected with no IAM, so it takes no access token")
        checked = await self._tokens(token)
        standing = None
        if not checked.is_of_client:
            async with self._database.snapshot() as session:
                standing = await standing_of(session, checked.subject)
        viewer = viewer_of_token(checked, standing, self._rules)
        if self._vault is not None and _IN_OWN_NAME & viewer.rights:
            await self._vault.keep_access(checked)
        return viewer

    async def _session(self, browsers: BrowserDoor, secret: str) -> Viewer | None:
        login = await browsers.sessions.find(secret)
        if login is None:
            return None
        async with self._database.snapshot() as session:
            standing = await standing_of(session, login.subject)
        return viewer_of_login(login, standing, self._rules)

    def _stranger(self) -> Viewer:
        if not self._is_open:
            raise UnauthenticatedError("this gateway answers only people who are logged in")
        return anonymous(is_open=True)
