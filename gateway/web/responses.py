"""GraphQL answers as HTTP responses: status, media type, and the same shape for every refusal."""

import math

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import (
    GatewayError,
    InputError,
    RefusedError,
    TooManyError,
    TransportError,
    UnauthenticatedError,
)
from gateway.schema.answers import (
    BAD_USER_INPUT,
    INTERNAL_ERROR,
    PARSE_FAILED,
    VALIDATION_FAILED,
    Answer,
    Problem,
    gateway_problem,
    refusal,
)
from gateway.web.media_types import JSON

# The status of a request of which nothing was executed, by its first problem; 400 for all others.
_STATUS_BY_CODE = {
    INTERNAL_ERROR: 500,
    RefusedError.code: 403,
    UnauthenticatedError.code: 401,
    "ONLY_QUERIES": 405,
    TooManyError.code: 429,
}

# Clients that only know application/json read errors from 200 (GraphQL over HTTP, audits 572B, FDE2, 7B9B).
_STATUS_200_IN_PLAIN_JSON = frozenset({PARSE_FAILED, VALIDATION_FAILED, BAD_USER_INPUT})


def answer_response(answer: Answer, media_type: str) -> Response:
    """Return the response for an answer: 200 once anything was executed, true status codes otherwise."""
    code = answer.problems[0].code if answer.problems else ""
    if answer.is_executed or (media_type == JSON and code in _STATUS_200_IN_PLAIN_JSON):
        status = 200
    else:
        status = _status_of(code)
    headers = {"Vary": "Accept"}
    if answer.version is not None:
        headers["Gateway-Data-Version"] = str(answer.version)
        headers["Age"] = str(math.ceil(answer.age_s))
    if status == 405:
        headers["Allow"] = "POST"
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(answer.body, status, headers, f"{media_type}; charset=utf-8")


def refused_file(answer: Answer) -> Response:
    """Return the response for a file that cannot be made: never 200, which would be the file."""
    response = answer_response(answer, JSON)
    response.status_code = _status_of(answer.problems[0].code)
    return response


def _status_of(code: str) -> int:
    return _STATUS_BY_CODE.get(code, 400)


def refusal_response(error: GatewayError, media_type: str) -> Response:
    """Return the response for a request that was refused before it reached the executor."""
    response = answer_response(refusal([gateway_problem(error)]), media_type)
    if isinstance(error, TransportError):
        response.status_code = error.status
        if error.allow is not None:
            response.headers["Allow"] = error.allow
    elif isinstance(error, TooManyError):
        response.status_code = 429
        response.headers["Retry-After"] = str(error.retry_after_s)
    elif not isinstance(error, InputError | RefusedError):
        response.status_code = 503
    return response


async def http_exception_response(_request: Request, error: Exception) -> Response:
    """Return Starlette's own refusals, such as 404, in the shape of all others."""
    if not isinstance(error, HTTPException):
        raise error
    problem = Problem(error.detail, f"HTTP_{error.status_code}")
    response = answer_response(refusal([problem]), JSON)
    response.status_code = error.status_code
    response.headers.update(error.headers or {})
    return response
