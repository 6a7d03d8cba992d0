"""GET /badge/PROD2025-016.svg: a production's state as a small picture, for wikis and READMEs."""

from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.auth.viewer import Viewer
from gateway.schema.execution import Executor
from gateway.web.one_request import ViewerOf, find_request, tagged

_DOCUMENT: Final = """query Badge($name: String!) {
  request(name: $name) { ... on Request { name intent execution completeness { fraction } } }
}"""
# Words and colours; each stands with its word, so that nothing is said by colour alone.
_GREEN, _BLUE, _ORANGE, _RED, _GREY = "#2b7a3d", "#2563a8", "#9a5b00", "#b3261e", "#5a5f66"
_COLOURS: Final = {
    "COMPLETE": _GREEN,
    "PARTIAL": _ORANGE,
    "ATTENTION": _ORANGE,
    "STOPPING": _ORANGE,
    "FAILED": _RED,
    "ABORTED": _RED,
    "RUNNING": _BLUE,
    "QUEUED": _BLUE,
    "SUBMITTING": _BLUE,
}
_CHARACTER_PX: Final = 6.6
_PADDING_PX: Final = 6
_HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}


def badge_routes(executor: Executor[Viewer], viewer_of: ViewerOf) -> list[Route]:
    """Return the route; a production that is not there has a badge that says so, with status 404."""

    async def badge(request: Request) -> Response:
        found = await find_request(executor, viewer_of, _DOCUMENT, request)
        if isinstance(found, Response):
            return found
        shown = found.request
        if shown is None:
            return Response(picture(found.name[:64], "unknown", _GREY), 404, _HEADERS, "image/svg+xml")
        content = picture(shown["name"], said(shown), _COLOURS.get(shown["execution"], _GREY))
        headers, is_known = tagged(request, content.encode(), _HEADERS)
        return Response(None, 304, headers) if is_known else Response(content, 200, headers, "image/svg+xml")

    return [Route("/badge/{name}.svg", badge, methods=["GET"])]


def said(request: Mapping[str, object]) -> str:
    """The state in words: what people decided, what the grid does, and how much is there."""
    words = [str(request["intent"]).lower().replace("_", " ")]
    execution = str(request["execution"]).lower().replace("_", " ")
    if execution not in {"not submitted", "unknown"}:
        words.append(execution)
    completeness = request["completeness"]
    fraction = completeness.get("fraction") if isinstance(completeness, dict) else None
    if isinstance(fraction, float | int) and 0 < fraction < 1:
        # Never rounded up to what it is not.
        words.append(f"{int(fraction * 10_000) / 100:g} %")
    return ", ".join(words)


def picture(left: str, right: str, colour: str) -> str:
    """Draw two labels side by side; screen readers are told both."""
    left_px = round(len(left) * _CHARACTER_PX) + 2 * _PADDING_PX
    right_px = round(len(right) * _CHARACTER_PX) + 2 * _PADDING_PX
    width, title = left_px + right_px, escape(f"{left}: {right}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" '
        f'aria-label="{escape(title, {chr(34): "&quot;"})}"><title>{title}</title>'
        f'<rect width="{left_px}" height="20" fill="#3c4046"/>'
        f'<rect x="{left_px}" width="{right_px}" height="20" fill="{colour}"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{_PADDING_PX}" y="14">{escape(left)}</text>'
        f'<text x="{left_px + _PADDING_PX}" y="14">{escape(right)}</text></g></svg>\n'
    )
