"""Answers tell browsers to do nothing with them; a page may say otherwise for itself."""

import httpx2
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.web.security_headers import API_HEADERS, SecurityHeaders


async def test_every_answer_has_them(client: httpx2.AsyncClient) -> None:
    for answer in (
        await client.post("/graphql", json={"query": "{ me }"}),
        await client.post("/graphql", content=b"{"),
        await client.get("/nothing"),
        await client.get("/health"),
    ):
        assert {name: answer.headers[name] for name in API_HEADERS} == dict(API_HEADERS)


async def test_answer_that_sets_one_itself_keeps_it() -> None:
    async def page(_request: Request) -> Response:
        return Response("<p>", headers={"Content-Security-Policy": "default-src 'self'"})

    app = Starlette(routes=[Route("/", page)], middleware=[Middleware(SecurityHeaders)])
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        answer = await client.get("/")

    assert answer.headers.get_list("content-security-policy") == ["default-src 'self'"]
    assert answer.headers["x-content-type-options"] == "nosniff"
