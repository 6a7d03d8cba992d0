"""Further checks of services by HTTP, as a file describes them; see `domain.health.WebCheck`."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import httpx2

from gateway.domain.health import Look, WebCheck

_READ_S: Final = 20.0
_MOST_BYTES: Final = 1024 * 1024


class WebLook:
    """One such check. Addresses are the administrator's own, so private ones are fine."""

    def __init__(self, check: WebCheck) -> None:
        self._check = check
        self.name, self.title = check.name, check.title
        self.group, self.every_s = check.group, check.every_s

    async def look(self) -> Look:
        """Ask once and judge; whatever goes wrong is a look that failed, in words."""
        began = time.monotonic()
        try:
            async with (
                httpx2.AsyncClient(timeout=_READ_S, follow_redirects=False, trust_env=False) as client,
                client.stream("GET", self._check.url) as response,
            ):
                content = b""
                async for part in response.aiter_bytes():
                    content += part
                    if len(content) > _MOST_BYTES:
                        return Look(False, f"it sent more than {_MOST_BYTES} bytes")
                status = response.status_code
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return Look(False, f"it cannot be reached: {type(error).__name__}", latency_s=_since(began))
        latency_s = _since(began)
        if status != 200:
            return Look(False, f"it answers HTTP {status}", latency_s=latency_s)
        if self._check.pointer is None:
            return Look(True, "it answers", latency_s=latency_s)
        try:
            look = self._check.judge(json.loads(content))
        except ValueError:
            return Look(False, "it sent something that is no JSON", latency_s=latency_s)
        except (RecursionError, OverflowError):
            return Look(False, "it sent JSON that is too deep or has a number too large", latency_s=latency_s)
        return replace(look, latency_s=latency_s)


def web_looks(checks: Sequence[WebCheck]) -> tuple[WebLook, ...]:
    """Make the checks ready to be looked at; nothing is asked yet."""
    return tuple(map(WebLook, checks))


def _since(began: float) -> float:
    return time.monotonic() - began
