"""The keys that IAM signs with, kept as long as WLCG's profile says and asked for anew with restraint."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey

from gateway.errors import GatewayError, UpstreamError

log = structlog.get_logger()

# WLCG profile, section on key sets (version 1.x): asked for again after 6 hours, forgotten after 2 days.
FRESH_S: Final = 6 * 3600.0
USABLE_S: Final = 2 * 86_400.0
# An unknown key id may be a new key; who sends many must not make us hammer IAM.
BETWEEN_FETCHES_S: Final = 60.0
MAX_KEYS: Final = 50

# The key document ("jwks") as IAM sends it; it may raise UpstreamError.
FetchKeys = Callable[[], Awaitable[object]]


class SigningKeys:
    """IAM's public keys; `clock` counts seconds and never goes back."""

    def __init__(self, fetch: FetchKeys, clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._keys: KeySet | None = None
        self._fetched_at = 0.0
        self._tried_at: float | None = None

    async def now(self) -> KeySet:
        """Return the keys at hand; asks IAM when they are old. Raises UpstreamError when there are none."""
        if self._keys is not None and self._clock() - self._fetched_at < FRESH_S:
            return self._keys
        return await self.newer()

    async def newer(self) -> KeySet:
        """Return keys fetched within the last minute, unless IAM does not answer: then those at hand."""
        async with self._lock:
            now = self._clock()
            if self._tried_at is None or now - self._tried_at >= BETWEEN_FETCHES_S:
                self._tried_at = now
                await self._renew(now)
            if self._keys is None or now - self._fetched_at > USABLE_S:
                raise UpstreamError(
                    "iam", "iam's keys cannot be had now, so no token can be checked; try again"
                )
            return self._keys

    async def _renew(self, now: float) -> None:
        try:
            self._keys = _signing_keys(await self._fetch())
        except (GatewayError, JoseError, ValueError, TypeError, KeyError) as error:
            log.warning("iam's keys cannot be had", action="auth.keys", error=type(error).__name__)
            return
        self._fetched_at = now


def _signing_keys(document: object) -> KeySet:
    """Return the public RSA and elliptic keys for signatures; raises ValueError when there is none.

    One that cannot be used says so in the log and does not take the others with it.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    found: list[Key] = []
    for entry in (listed if isinstance(listed, list) else [])[:MAX_KEYS]:
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or not entry.get("kid"):
            continue
        public = {
            name: value for name, value in entry.items() if name not in {"d", "p", "q", "dp", "dq", "qi"}
        }
        try:
            match entry.get("kty"):
                case "RSA":
                    found.append(RSAKey.import_key(public))
                case "EC":
                    found.append(ECKey.import_key(public))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            log.warning(
                "a key of iam's cannot be used",
                action="auth.keys",
                kid=str(entry["kid"])[:64],
                error=type(error).__name__,
            )
    if not found:
        raise ValueError("no key for signatures")
    return KeySet(found)
