"""Access tokens of IAM, checked: signature, issuer, audience, times, and that it is an access token at all.

The algorithms are fixed here and never taken from what a token or a provider says (RFC 8725). IAM does not
mark access tokens as such (RFC 9068), so what only ID tokens have, or lack, tells the two apart.
"""

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeGuard

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jws import JWSRegistry

from gateway.auth.roles import full_path
from gateway.auth.signing_keys import SigningKeys
from gateway.errors import UnauthenticatedError

ALGORITHMS: Final = ("RS256", "ES256")
# WLCG's profile: any service. Whoever saw such a token could use it here.
ANY_AUDIENCE: Final = "https://wlcg.cern.ch/jwt/v1/any"
# WLCG's profile allows clocks to differ so much.
LEEWAY_S: Final = 60.0
# IAM's tokens with many groups have some 4 kB.
MAX_TOKEN_CHARS: Final = 8192
MAX_NAME_CHARS: Final = 255
MAX_GROUPS: Final = 500
# What a token may call itself; IAM says nothing.
_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
# Where a token could bring its own key along, or change what is signed.
_REFUSED_HEADERS: Final = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc"})
_ONLY_IN_ID_TOKENS: Final = frozenset({"nonce", "at_hash", "c_hash", "s_hash"})
_KEYS_OF_GROUPS: Final = ("wlcg.groups", "groups")


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a checked token says; `groups`, without a slash in front, are None when it names none."""

    subject: str
    client_id: str
    username: str | None
    name: str | None
    groups: tuple[str, ...] | None
    jti: str | None
    issued_at: float | None
    expires_at: float
    is_wlcg: bool
    raw: str = field(repr=False)

    @property
    def is_of_client(self) -> bool:
        """Whether a program got it for itself: nobody stands behind it."""
        return self.subject == self.client_id


class TokenCheck:
    """Checks the access tokens of one issuer for one or more names of ours."""

    def __init__(
        self,
        issuer: str,
        audiences: frozenset[str],
        keys: SigningKeys,
        clock: Callable[[], dt.datetime],
        *,
        takes_any_audience: bool = False,
    ) -> None:
        bare = issuer.rstrip("/")
        # IAM writes the slash in discovery and ID tokens, and not always in access tokens (issues 714, 1118).
        self._issuers = frozenset({bare, f"{bare}/"})
        self._audiences = audiences | ({ANY_AUDIENCE} if takes_any_audience else frozenset())
        self._keys = keys
        self._clock = clock
        self._registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)

    async def __call__(self, raw: str) -> AccessToken:
        """Return what the token says; raise UnauthenticatedError saying what is wrong, never what it held.

        May ask IAM for its keys; raises UpstreamError when they cannot be had.
        """
        if len(raw) > MAX_TOKEN_CHARS or not raw.isascii() or raw.count(".") != 2:
            raise _refused("it is not a token of IAM")
        claims = await self._verified(raw)
        self._check_origin(claims)
        expires = self._check_times(claims)
        _check_kind(claims)
        issued = claims.get("iat")
        return AccessToken(
            subject=_text(claims, "sub") or _missing("sub"),
            client_id=_text(claims, "client_id") or _missing("client_id"),
            username=_text(claims, "preferred_username"),
            name=_text(claims, "name"),
            groups=_groups(claims),
            jti=_text(claims, "jti"),
            issued_at=float(issued) if _is_moment(issued) else None,
            expires_at=expires,
            is_wlcg="wlcg.ver" in claims,
            raw=raw,
        )

    async def _verified(self, raw: str) -> Mapping[str, object]:
        try:
            try:
                token = jwt.decode(raw, await self._keys.now(), registry=self._registry)
            except InvalidKeyIdError:
                token = jwt.decode(raw, await self._keys.newer(), registry=self._registry)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _refused("its signature is not one of IAM's keys and algorithms") from error
        header = token.header
        kind = header.get("typ", "JWT")
        if _REFUSED_HEADERS & header.keys() or not header.get("kid"):
            raise _refused("its header asks for what we do not do")
        if not isinstance(kind, str) or kind.lower() not in _TYPES:
            raise _refused("it is a token of another kind")
        return token.claims

    def _check_origin(self, claims: Mapping[str, object]) -> None:
        issuer = claims.get("iss")
        if not isinstance(issuer, str) or issuer not in self._issuers:
            raise _refused("another issuer gave it")
        audience = claims.get("aud")
        named = {audience} if isinstance(audience, str) else set()
        if isinstance(audience, list):
            named = {one for one in audience if isinstance(one, str)}
        if not named & self._audiences:
            raise _refused(
                f"it is for another service; ask IAM for one with the audience {min(self._audiences)!r}"
            )

    def _check_times(self, claims: Mapping[str, object]) -> float:
        now = self._clock().timestamp()
        expires, not_before, issued = claims.get("exp"), claims.get("nbf"), claims.get("iat")
        if not _is_moment(expires) or expires + LEEWAY_S <= now:
            raise _refused("it has expired")
        for moment in (not_before, issued):
            if moment is not None and (not _is_moment(moment) or moment - LEEWAY_S > now):
                raise _refused("it is not valid yet")
        return float(expires)


def _check_kind(claims: Mapping[str, object]) -> None:
    if _ONLY_IN_ID_TOKENS & claims.keys():
        raise _refused("it is an ID token, which says who logged in elsewhere; send the access token")


def _is_moment(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _groups(claims: Mapping[str, object]) -> tuple[str, ...] | None:
    for key in _KEYS_OF_GROUPS:
        said = claims.get(key)
        if said is None:
            continue
        if not isinstance(said, list) or len(said) > MAX_GROUPS:
            raise _refused("its groups are no list of names")
        return tuple(sorted({full_path(one) for one in said if isinstance(one, str) and one}))
    return None


def _text(claims: Mapping[str, object], name: str) -> str | None:
    value = claims.get(name)
    is_usable = isinstance(value, str) and 0 < len(value) <= MAX_NAME_CHARS and value.isprintable()
    return str(value) if is_usable else None


def _missing(name: str) -> str:
    raise _refused(f"it does not say {name!r}, which access tokens of IAM do")


def _refused(why: str) -> UnauthenticatedError:
    return UnauthenticatedError(f"the access token is refused: {why}")
