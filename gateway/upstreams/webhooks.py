"""Posting a notice to a program's address: looked up, checked and connected to as one, never redirected."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import httpx2

from gateway.domain.webhook_targets import Network, Target, parse_target, refuse_addresses, signature_of
from gateway.errors import BrokenError, DeniedError, SlowError, UnreachableError

SOURCE: Final = "webhook"
_CONNECT_S: Final = 5.0
_DEADLINE_S: Final = 20.0

# From a host and a port to the addresses behind them.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def look_up(host: str, port: int) -> Sequence[str]:
    """Ask this machine's resolver; raises UnreachableError when the name is not known."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        # UnicodeError: a name that its own encoding does not allow, xn-- with nonsense after it.
        raise UnreachableError(SOURCE, f"{host} is not known to the name service") from error
    return [str(entry[4][0]) for entry in found]


class WebhookDoor:
    """Posts signed notices. `networks` are private ones that may be reached; see `domain.webhook_targets`."""

    def __init__(self, networks: Sequence[Network], *, resolve: Resolve = look_up) -> None:
        self._networks = networks
        self._resolve = resolve
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(_DEADLINE_S, connect=_CONNECT_S),
            follow_redirects=False,
            trust_env=False,
            # Between two notices hours pass; a kept connection is a reset waiting to happen.
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    async def post(
        self, url: str, body: bytes, *, secret: str, event_id: str, kind: str, timestamp: int
    ) -> None:
        """Post once; returning means that the receiver answered 2xx.

        Raises InputError for an address that must not be connected to, else an UpstreamError. What the
        receiver answers is not read: it is nobody's here.
        """
        target = parse_target(url)
        try:
            async with asyncio.timeout(_DEADLINE_S):
                addresses = await self._resolve(target.host, target.port)
                refuse_addresses(target, addresses, self._networks)
                status = await self._posted(
                    target,
                    addresses[0],
                    body,
                    {
                        "Content-Type": "application/json",
                        "User-Agent": "spd-gateway",
                        "X-SPD-Event": kind,
                        "X-SPD-Event-Id": event_id,
                        "X-SPD-Timestamp": str(timestamp),
                        "X-SPD-Signature": f"sha256={signature_of(secret, timestamp, body)}",
                    },
                )
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise SlowError(SOURCE, f"{target.host} did not answer in {_DEADLINE_S:.0f} s") from error
        except httpx2.TransportError as error:
            raise UnreachableError(
                SOURCE, f"{target.host} cannot be reached: {type(error).__name__}"
            ) from error
        if 300 <= status < 400:
            raise BrokenError(SOURCE, f"{target.host} answers with a redirect, which is not followed")
        if status in {401, 403, 404, 410}:
            raise DeniedError(SOURCE, f"{target.host} does not take it (HTTP {status})")
        if status >= 400:
            raise BrokenError(SOURCE, f"{target.host} failed (HTTP {status})")

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _posted(self, target: Target, address: str, body: bytes, headers: dict[str, str]) -> int:
        # To the very address that was checked: asked again, the name could lead elsewhere.
        scheme = "https" if target.is_https else "http"
        place = f"[{address}]" if ":" in address else address
        default = 443 if target.is_https else 80
        host = target.host if target.port == default else f"{target.host}:{target.port}"
        if ":" in target.host:
            host = host.replace(target.host, f"[{target.host}]", 1)
        async with self._client.stream(
            "POST",
            f"{scheme}://{place}:{target.port}{target.path}",
            content=body,
            headers={**headers, "Host": host},
            extensions={"sni_hostname": target.host},
        ) as response:
            return response.status_code
