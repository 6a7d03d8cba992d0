"""Who sends a request: a bearer token or nobody, never two answers to one question."""

from starlette.requests import Request

from gateway.auth.bearer import TokenCheck
from gateway.auth.recognise import viewer_of_token
from gateway.auth.roles import RoleRules
from gateway.auth.standing import standing_of
from gateway.auth.viewer import Viewer, anonymous
from gateway.errors import UnauthenticatedError
from gateway.store.database import Database


class Identify:
    """Makes a viewer of each request; `tokens` is None where no IAM is configured."""

    def __init__(
        self, database: Database, rules: RoleRules, tokens: TokenCheck | None, *, is_open: bool
    ) -> None:
        self._database = database
        self._rules = rules
        self._tokens = tokens
        self._is_open = is_open

    async def __call__(self, request: Request) -> Viewer:
        """Return who asks; raise UnauthenticatedError or RefusedError for whoever may not ask at all.

        May ask IAM for its keys, and reads what our copy of IAM says of the person.
        """
        given = request.headers.getlist("authorization")
        if not given:
            return self._stranger()
        if len(given) > 1:
            raise UnauthenticatedError("the request has two Authorization headers; send one")
        scheme, _space, token = given[0].partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthenticatedError("send an access token of IAM as `Authorization: Bearer <token>`")
        return await self._bearer(token.strip())

    async def _bearer(self, token: str) -> Viewer:
        if self._tokens is None:
            raise UnauthenticatedError("this gateway is connected with no IAM, so it takes no access token")
        checked = await self._tokens(token)
        if checked.is_of_client:
            return viewer_of_token(checked, None, self._rules)
        async with self._database.snapshot() as session:
            standing = await standing_of(session, checked.subject)
        return viewer_of_token(checked, standing, self._rules)

    def _stranger(self) -> Viewer:
        if not self._is_open:
            raise UnauthenticatedError("this gateway answers only people who are logged in")
        return anonymous(is_open=True)
