"""GET /metrics: figures in Prometheus' text format, which Zabbix and Grafana read as well."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway import __version__
from gateway.auth.permissions import Right
from gateway.auth.viewer import Viewer
from gateway.errors import GatewayError
from gateway.resolvers.metrics import Metric
from gateway.web.media_types import JSON
from gateway.web.responses import refusal_response

_MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def metrics_routes(
    read: Callable[[], Awaitable[Sequence[Metric]]], viewer_of: Callable[[Request], Awaitable[Viewer]]
) -> list[Route]:
    """Return /metrics for whoever may read."""

    async def metrics(request: Request) -> Response:
        try:
            viewer = await viewer_of(request)
            viewer.require(Right.READ)
        except GatewayError as error:
            return refusal_response(error, JSON)
        return Response(text_of(await read()), media_type=_MEDIA_TYPE)

    return [Route("/metrics", metrics, methods=["GET"])]


def text_of(metrics: Sequence[Metric]) -> str:
    """Write metrics in the text format, with one more that says which version runs."""
    lines = [
        "# HELP spd_gateway_info The gateway that says all this.",
        "# TYPE spd_gateway_info gauge",
        f'spd_gateway_info{{version="{_escaped(__version__)}"}} 1',
    ]
    for metric in metrics:
        lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} gauge"]
        for labels, value in sorted(metric.samples.items()):
            shown = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels)
            lines.append(f"{metric.name}{{{shown}}} {value:.17g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
