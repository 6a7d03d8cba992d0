"""One request asked for by its name in an address: what badges and manifests have in common."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.auth.viewer import Viewer
from gateway.errors import GatewayError
from gateway.schema.execution import Executor, OperationRequest
from gateway.web.media_types import JSON
from gateway.web.responses import refusal_response, refused_file

ViewerOf = Callable[[Request], Awaitable[Viewer]]


@dataclass(frozen=True, slots=True)
class Found:
    """What a document says of the request that an address names; `request` is None where there is none."""

    name: str
    request: Mapping[str, Any] | None
    freshness: Mapping[str, Any]


async def find_request(
    executor: Executor[Viewer], viewer_of: ViewerOf, document: str, asked: Request
) -> Found | Response:
    """Ask for the `name` of the path with a document that takes $name and selects `request`.

    A Response is the refusal of whoever may not ask, or what was wrong with the question.
    """
    try:
        viewer = await viewer_of(asked)
    except GatewayError as error:
        return refusal_response(error, JSON)
    name = asked.path_params["name"]
    operation = OperationRequest(document, variables={"name": name})
    answer = await executor.execute(operation, viewer, only_queries=True)
    if answer.problems:
        return refused_file(answer)
    content = orjson.loads(answer.body)
    request = content["data"]["request"]
    is_there = bool(request) and "name" in request
    return Found(name, request if is_there else None, content["extensions"]["freshness"])


def tagged(asked: Request, content: bytes, headers: Mapping[str, str]) -> tuple[dict[str, str], bool]:
    """Return the headers with an ETag of the content, and whether the browser has just that."""
    tag = f'"{blake2b(content, digest_size=16).hexdigest()}"'
    return {**headers, "ETag": tag}, asked.headers.get("if-none-match") == tag
