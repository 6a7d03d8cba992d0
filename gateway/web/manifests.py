"""GET /manifest/PROD2025-016.json: what a production is made from and of, for tools without GraphQL."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.auth.viewer import Viewer
from gateway.schema.answers import Problem, refusal
from gateway.schema.execution import Executor
from gateway.web.media_types import JSON
from gateway.web.one_request import ViewerOf, find_request, tagged
from gateway.web.responses import answer_response

# The version of the form; fields may be added to it, and none is taken away or changes its meaning.
FORM: Final = 1
_HEADERS: Final = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
_DOCUMENT: Final = """query Manifest($name: String!) {
  request(name: $name) {
    ... on Request {
      name version intent execution campaignName stageName softwareProject softwareVersion collisionType
      energyGev polarization tag events eventsPerFile jobs isTest requestedBy description createdAt updatedAt
      completeness { fraction missingSeeds }
      geometries { name }
      seedRanges { seedFirst seedLast }
      steps {
        key kind script execution
        parent { key }
        attempts {
          key number taskName state jediTaskId execution isLive
          datasets { did dataType fileCount sizeBytes eventCount }
        }
      }
    }
  }
}"""


def manifest_routes(executor: Executor[Viewer], viewer_of: ViewerOf) -> list[Route]:
    """Return the route for whoever may read; 404 for a production that is not there."""

    async def manifest(request: Request) -> Response:
        found = await find_request(executor, viewer_of, _DOCUMENT, request)
        if isinstance(found, Response):
            return found
        if found.request is None:
            problem = Problem(f"There is no request {found.name[:64]!r}.", "NOT_FOUND")
            response = answer_response(refusal([problem]), JSON)
            response.status_code = 404
            return response
        body = manifest_of(found.request)
        # Not of the freshness, which is another one each second.
        headers, is_known = tagged(request, orjson.dumps(body), _HEADERS)
        if is_known:
            return Response(None, 304, headers)
        body["freshness"] = found.freshness
        return Response(orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n", 200, headers, JSON)

    return [Route("/manifest/{name}.json", manifest, methods=["GET"])]


def manifest_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest of a request as GraphQL shows it."""
    return {
        "manifest": FORM,
        "production": request["name"],
        "version": request["version"],
        "state": {"intent": request["intent"], "execution": request["execution"], **request["completeness"]},
        "campaign": request["campaignName"],
        "physics": {
            "stage": request["stageName"],
            "collision": request["collisionType"],
            "energyGev": request["energyGev"],
            "polarization": request["polarization"],
            "tag": request["tag"],
        },
        "software": {"project": request["softwareProject"], "version": request["softwareVersion"]},
        "geometry": [each["name"] for each in request["geometries"]],
        "events": request["events"],
        "eventsPerFile": request["eventsPerFile"],
        "jobs": request["jobs"],
        "seeds": [[each["seedFirst"], each["seedLast"]] for each in request["seedRanges"]],
        "isTest": request["isTest"],
        "requestedBy": request["requestedBy"],
        "description": request["description"],
        "createdAt": request["createdAt"],
        "updatedAt": request["updatedAt"],
        "steps": [_step(request["name"], each) for each in request["steps"]],
    }


def _step(request: str, step: Mapping[str, Any]) -> dict[str, Any]:
    types = sorted(
        {each["dataType"] for attempt in step["attempts"] for each in attempt["datasets"] if each["dataType"]}
    )
    return {
        "kind": step["kind"],
        "script": step["script"],
        "execution": step["execution"],
        "reads": None if step["parent"] is None else step["parent"]["key"],
        "attempts": [
            {
                "number": attempt["number"],
                "task": attempt["jediTaskId"],
                "taskName": attempt["taskName"],
                "state": attempt["state"],
                "execution": attempt["execution"],
                "isLive": attempt["isLive"],
                "outputs": [
                    {
                        "did": each["did"],
                        "type": each["dataType"],
                        "files": each["fileCount"],
                        "bytes": each["sizeBytes"],
                        "events": each["eventCount"],
                    }
                    for each in attempt["datasets"]
                ],
            }
            for attempt in step["attempts"]
        ],
        "fileLists": {each: f"/files/{request}/{step['kind']}.{each}.json" for each in types},
    }
