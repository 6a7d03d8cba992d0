"""The switch of a practice grid: stop and start each twin, and give it faults, by HTTP.

`GET /` shows them; `POST /rucio/stop`, `POST /rucio/start`; `POST /rucio/faults` with a `Planned` adds
a fault and `DELETE /rucio/faults` clears all.
"""

from collections.abc import Mapping

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.practice.faults import Faults, Planned
from gateway.practice.twin_servers import TwinServer


def create_switch(twins: Mapping[str, TwinServer], faults: Mapping[str, Faults]) -> ASGIApp:
    """Return the application; it runs on the loop that serves the twins."""

    def state() -> Response:
        return JSONResponse(
            {
                name: {
                    "url": twin.url,
                    "isRunning": twin.is_running,
                    "faults": [one.model_dump(mode="json") for one in faults[name].planned],
                }
                for name, twin in twins.items()
            }
        )

    async def look(_request: Request) -> Response:
        return state()

    async def change(request: Request) -> Response:
        name, what = request.path_params["twin"], request.path_params["what"]
        if name not in twins or what not in {"start", "stop"}:
            return JSONResponse({"error": f"POST /TWIN/start or /TWIN/stop; twins: {', '.join(twins)}"}, 404)
        await (twins[name].start() if what == "start" else twins[name].stop())
        return state()

    async def plan(request: Request) -> Response:
        name = request.path_params["twin"]
        if name not in twins:
            return JSONResponse({"error": f"no twin {name!r}; twins: {', '.join(twins)}"}, 404)
        if request.method == "DELETE":
            faults[name].clear()
            return state()
        try:
            faults[name].planned.append(Planned.model_validate_json(await request.body()))
        except ValidationError as error:
            said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            return JSONResponse({"error": said}, 400)
        return state()

    return Starlette(
        routes=[
            Route("/", look),
            Route("/{twin}/faults", plan, methods=["POST", "DELETE"]),
            Route("/{twin}/{what}", change, methods=["POST"]),
        ]
    )
