"""Whether the process lives, and whether it can answer; for supervisors and balancers, not for people."""

from collections.abc import Awaitable, Callable, Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.schema.failures import log_failure
from gateway.web.request_log import correlation_id

# Returns why the gateway cannot answer now, one sentence for each reason; nothing when it can.
ReadinessCheck = Callable[[], Awaitable[Sequence[str]]]


def health_routes(check: ReadinessCheck) -> list[Route]:
    """Return /health (200 while the process answers at all) and /ready (200, or 503 with the reasons)."""

    async def health(_request: Request) -> Response:
        return _json({"status": "alive"}, 200)

    async def ready(_request: Request) -> Response:
        try:
            reasons = list(await check())
        except Exception as error:  # noqa: BLE001 - the border: a failing check is an answer, not a failure
            log_failure(error, action="ready.failed", correlation_id=correlation_id())
            reasons = ["the check of readiness failed; the log says with what"]
        if reasons:
            return _json({"status": "not ready", "reasons": reasons}, 503)
        return _json({"status": "ready"}, 200)

    return [Route("/health", health), Route("/ready", ready)]


def _json(content: dict[str, object], status: int) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
