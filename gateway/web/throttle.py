"""How often somebody may try: a few times at once, then one at a time, by the address they come from."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from starlette.requests import Request

from gateway.errors import TooManyError

# Addresses that are remembered; the ones that were quiet longest are forgotten first.
MAX_ADDRESSES: Final = 10_000


class Throttle:
    """Lets `burst` through at once and `per_minute` after that, for each address of its own."""

    def __init__(self, *, burst: int, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._per_s = per_minute / 60
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, request: Request) -> None:
        """Return if the address may try now; raise TooManyError saying when it may again.

        Behind a proxy this is the proxy's address unless uvicorn is told to believe it (docs/security.md).
        """
        address = request.client.host if request.client else ""
        now = self._clock()
        left, at = self._left.pop(address, (float(self._burst), now))
        left = min(self._burst, left + (now - at) * self._per_s)
        self._left[address] = (max(0.0, left - 1) if left >= 1 else left, now)
        if len(self._left) > MAX_ADDRESSES:
            self._left.popitem(last=False)
        if left < 1:
            wait_s = math.ceil((1 - left) / self._per_s)
            raise TooManyError(f"too many tries from your address; wait {wait_s} s", retry_after_s=wait_s)
