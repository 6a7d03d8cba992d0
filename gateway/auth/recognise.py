"""Viewers of those who log in: roles by the rules, what our copy of IAM knows counted in."""

import datetime as dt
from dataclasses import dataclass, field, replace

from gateway.auth.bearer import AccessToken
from gateway.auth.permissions import LOOK, RIGHTS, Role, rights_of
from gateway.auth.roles import RoleRules
from gateway.auth.standing import DOUBT, Standing
from gateway.auth.viewer import Viewer
from gateway.errors import RefusedError, UnauthenticatedError

# The reference by which the vault finds what it keeps of a person.
CREDENTIAL_PREFIX = "person:"
_LATEST_S = dt.datetime(9999, 1, 1, tzinfo=dt.UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Login:
    """Who logged in with a browser, as IAM said it then."""

    subject: str
    username: str
    name: str
    groups: tuple[str, ...]
    at: dt.datetime
    until: dt.datetime | None = None
    session: str | None = field(default=None, repr=False)


def reference_of(session: str) -> str:
    """Return how the trail calls a browser's session, by the hash that is its key; it opens nothing."""
    return f"session:{session[:16]}"


def viewer_of_token(token: AccessToken, standing: Standing | None, rules: RoleRules) -> Viewer:
    """Return who stands behind an access token.

    Raises UnauthenticatedError for people who are disabled or gone in IAM, RefusedError for those, and for
    programs, who have no role here.
    """
    if token.is_of_client:
        return _program(token, rules)
    _check_may_log_in(standing)
    if token.groups is None and token.is_wlcg:
        raise RefusedError(
            "the access token names no groups, so it gives no role here; "
            "ask IAM for one with the scope 'wlcg.groups'"
        )
    known = (*standing.groups, *standing.doubtful) if standing else ()
    username = token.username or (standing.username if standing else None)
    viewer = _person(
        name=token.name or (standing.display_name if standing else None) or username or token.subject,
        subject=token.subject,
        username=username,
        groups=token.groups if token.groups is not None else known,
        standing=standing,
        rules=rules,
        jti=token.jti,
    )
    return replace(viewer, until=_moment(token.expires_at))


def viewer_of_login(login: Login, standing: Standing | None, rules: RoleRules) -> Viewer:
    """Return who stands behind a browser's session; groups joined since the login count as well.

    Raises as `viewer_of_token` does.
    """
    _check_may_log_in(standing)
    joined = (*login.groups, *((*standing.groups, *standing.doubtful) if standing else ()))
    viewer = _person(
        name=login.name,
        subject=login.subject,
        username=login.username,
        groups=joined,
        standing=standing,
        rules=rules,
        # A browser brings no token: the trail then says which login it was.
        jti=reference_of(login.session) if login.session else None,
    )
    return replace(viewer, until=login.until, session=login.session)


def _program(token: AccessToken, rules: RoleRules) -> Viewer:
    roles = rules.of_client(token.client_id)
    if not roles:
        raise RefusedError(
            f"the client {token.client_id!r} has no role here; the operator gives it one in "
            "GATEWAY_SERVICE_ROLES"
        )
    return Viewer(
        name=token.client_id,
        rights=rights_of(roles),
        roles=roles,
        subject=token.subject,
        username=token.client_id,
        jti=token.jti,
        credential=f"{CREDENTIAL_PREFIX}{token.subject}",
        until=_moment(token.expires_at),
    )


def _person(
    *,
    name: str,
    subject: str,
    username: str | None,
    groups: tuple[str, ...],
    standing: Standing | None,
    rules: RoleRules,
    jti: str | None,
) -> Viewer:
    """Return a person by the groups that are said of them, those left and those in doubt counted out."""
    left = standing.left if standing else frozenset()
    said = frozenset(groups) - left
    sure = said if standing is None else frozenset() if standing.is_doubtful else said - standing.doubtful
    roles = rules.of_person(tuple(sorted(sure)))
    # A person always has what any role of theirs has; being a member is the least of them.
    rights = rights_of(roles) | RIGHTS[Role.VIEWER] if roles else LOOK
    if not roles and not rules.of_person(tuple(sorted(said))):
        raise RefusedError(
            f"{name} is in no group of IAM that gives a role here; ask the VO administrator for membership"
        )
    return Viewer(
        name=name,
        rights=rights,
        roles=roles,
        subject=subject,
        username=username,
        groups=tuple(sorted(sure)),
        jti=jti,
        credential=f"{CREDENTIAL_PREFIX}{subject}",
        doubt=None if sure == said else DOUBT,
    )


def _moment(seconds: float) -> dt.datetime:
    # A token may say any number; a moment may not.
    return dt.datetime.fromtimestamp(min(seconds, _LATEST_S), dt.UTC)


def _check_may_log_in(standing: Standing | None) -> None:
    if standing is not None and not standing.may_log_in:
        raise UnauthenticatedError("your account is disabled in IAM; ask the VO administrator")
