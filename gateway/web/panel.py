"""Serves the control panel, a built single-page application: each of its addresses answers with one page."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).resolve().parent.parent / "static"

# Scripts and requests to ourselves only. Styles may stand in the page: the widgets and plots set sizes and
# positions that way, and a style cannot send anything anywhere that the other lines do not allow.
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

# Names of built files carry a hash of their content, so a file never changes under its name.
_FOREVER = "public, max-age=31536000, immutable"

_NOT_BUILT = (
    "The control panel is not built in this checkout: 'make panel' builds it (it needs Node or the Python "
    "package index).\nGraphQL is served at /graphql.\n"
)


class _Assets(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["Cache-Control"] = _FOREVER
        return response


def is_built(folder: Path = STATIC) -> bool:
    """Return whether there is a panel to serve."""
    return (folder / "index.html").is_file()


def panel_routes(folder: Path = STATIC) -> list[BaseRoute]:
    """Return the panel's routes, to stand behind all others: any address a browser opens is one of its views.

    Without a built panel there is one page that says how to build it.
    """
    if not is_built(folder):
        return [Route("/", _say_not_built)]

    async def page(request: Request) -> Response:
        if "text/html" not in request.headers.get("accept", ""):
            # A script that mistook an address should not get a page that reads like success.
            return PlainTextResponse("Not Found\n", 404)
        return FileResponse(folder / "index.html", headers=_PAGE_HEADERS)

    def file(name: str) -> Route:
        async def answer(_request: Request) -> Response:
            return FileResponse(folder / name, headers={"Cache-Control": "no-cache"})

        return Route(f"/{name}", answer)

    return [
        Mount("/assets", _Assets(directory=folder / "assets")),
        *(file(one.name) for one in sorted(folder.iterdir()) if one.suffix in {".js", ".svg"}),
        Route("/{path:path}", page),
    ]


async def _say_not_built(_request: Request) -> Response:
    return PlainTextResponse(_NOT_BUILT)
