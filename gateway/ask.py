"""Asking a running gateway over HTTP, as whoever the access token says."""

from typing import Final
from urllib.parse import urlsplit

import httpx2
import orjson

from gateway.errors import InputError
from gateway.schema.execution import OperationRequest

TIMEOUT_S: Final = 60.0
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_ACCEPT: Final = "application/graphql-response+json"


def ask_server(url: str, request: OperationRequest, token: str | None) -> bytes:
    """Return the body of the answer, which is JSON; without a token nobody in particular asks.

    Raises InputError when the address is no place to send a token to, or nobody answers GraphQL there.
    """
    address = urlsplit(url)
    is_safe = address.scheme == "https" or (address.scheme == "http" and address.hostname in _LOOPBACK)
    if not is_safe:
        raise InputError(f"--url must begin with https:// (http:// only on this machine), not {url[:40]!r}")
    body = {"query": request.query, "variables": request.variables}
    headers = {"accept": _ACCEPT, **({} if token is None else {"authorization": f"Bearer {token}"})}
    try:
        answer = httpx2.post(url, json=body, headers=headers, timeout=TIMEOUT_S, follow_redirects=False)
        orjson.loads(answer.content)
    except httpx2.HTTPError as error:
        raise InputError(f"no gateway answers at {address.hostname}: {type(error).__name__}") from error
    except orjson.JSONDecodeError as error:
        raise InputError(
            f"what answers at {address.hostname} is no gateway (HTTP {answer.status_code})"
        ) from error
    return answer.content
