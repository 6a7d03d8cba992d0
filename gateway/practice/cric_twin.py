"""A practice CRIC: `/api/<plugin>/<object>/query/?json` as public instances answer it, from a state.

CRIC's own code is not public, so there is no server to compare with; the rules are those of its public
documentation, dumps and clients.
"""

from collections.abc import Mapping
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.practice.cric_objects import CricState, is_shown
from gateway.practice.dated import Clock, dated
from gateway.practice.faults import Faults, with_faults

# What a front end writes for a client whose certificate it has checked.
IDENTITY_HEADER: Final = "ssl-client-verify"
_FORBIDDEN: Final = "<html><body><h1>403 Forbidden</h1><p>Authentication is required.</p></body></html>"
_BOOLEANS: Final = frozenset({"true", "false"})


def create_cric_twin(
    state: CricState, *, clock: Clock, faults: Faults | None = None, has_switch: bool = False
) -> ASGIApp:
    """Return the application; downtimes need a client identity when the state says so, all else is open."""

    async def query(request: Request) -> Response:
        name = f"{request.path_params['plugin']}/{request.path_params['object']}"
        if "json" not in request.query_params:
            return HTMLResponse("<html><body>Choose ?json</body></html>")
        wanted = dict(request.query_params)
        if any(value.lower() in _BOOLEANS for value in wanted.values()):
            return JSONResponse({"error": "a boolean field cannot be asked for"}, 400)
        if name == "core/downtime":
            return _downtimes(state, request, wanted)
        if name not in state.objects:
            return HTMLResponse("<html><body><h1>Not Found</h1></body></html>", 404)
        found = {key: one for key, one in state.objects[name].items() if is_shown(one, wanted)}
        return JSONResponse(found)

    paths = ("/api/{plugin}/{object}/query/", "/api/{plugin}/{object}/query/list/")
    app = Starlette(routes=[Route(path, query, methods=["GET"]) for path in paths])
    return with_faults(dated(app, clock), faults or Faults(), has_switch=has_switch)


def _downtimes(state: CricState, request: Request, wanted: Mapping[str, str]) -> Response:
    if state.asks_for_identity and request.headers.get(IDENTITY_HEADER) != "SUCCESS":
        return HTMLResponse(_FORBIDDEN, 403)
    shown = {site: [one for one in group if is_shown(one, wanted)] for site, group in state.downtimes.items()}
    return JSONResponse({site: group for site, group in shown.items() if group})
