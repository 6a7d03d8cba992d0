"""The sample schema behind the real endpoint and middleware, as `gateway.app` puts them together."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.errors import RefusedError, UnauthenticatedError
from gateway.schema.execution import Executor
from gateway.web.graphql import GraphQLEndpoint
from gateway.web.health import ReadinessCheck, health_routes
from gateway.web.request_log import RequestLog
from gateway.web.responses import http_exception_response
from gateway.web.security_headers import SecurityHeaders
from gateway.web.stored_documents import StoredDocuments
from tests.web.sample import SampleViewer, sample_executor


async def viewer_by_token(request: Request) -> SampleViewer:
    """Let the bearer token say what the test wants to happen."""
    match request.headers.get("authorization"):
        case None:
            return SampleViewer()
        case "Bearer closed":
            return SampleViewer(may_introspect=False)
        case "Bearer forbidden":
            raise RefusedError("analyst may not do this: the right 'read' is needed")
        case "Bearer crash":
            raise RuntimeError("secret internals of the login")
        case _:
            raise UnauthenticatedError("the token is not one of ours")


async def always_ready() -> list[str]:
    return []


def sample_app(
    executor: Executor[SampleViewer] | None = None,
    viewer_of: Callable[[Request], Awaitable[SampleViewer]] = viewer_by_token,
    ready: ReadinessCheck = always_ready,
    documents: StoredDocuments | None = None,
) -> ASGIApp:
    endpoint = GraphQLEndpoint(executor or sample_executor(), viewer_of, documents=documents)
    return Starlette(
        routes=[Route("/graphql", endpoint), *health_routes(ready)],
        middleware=[Middleware(SecurityHeaders), Middleware(RequestLog)],
        exception_handlers={HTTPException: http_exception_response},
    )
