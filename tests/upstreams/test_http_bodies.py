"""What the shared client sends as a body."""

import httpx2
import pytest

from gateway.upstreams.http import HttpUpstream


@pytest.mark.parametrize(
    ("body", "given", "media_type", "sent"),
    [
        (None, {}, None, b""),
        ({"a": 1}, {}, "application/json", b'{"a": 1}'),
        (
            b"a=1",
            {"content-type": "application/x-www-form-urlencoded"},
            "application/x-www-form-urlencoded",
            b"a=1",
        ),
    ],
    ids=["nothing", "JSON", "a form"],
)
async def test_a_body_is_json_unless_it_is_bytes(
    body: object, given: dict[str, str], media_type: str | None, sent: bytes
) -> None:
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json={})

    http = HttpUpstream("iam", "http://iam.practice.example", transport=httpx2.MockTransport(answer))

    await http.json("POST", "/token", body=body, headers=given)

    assert (seen[0].headers.get("content-type"), seen[0].content) == (media_type, sent)
    await http.close()
