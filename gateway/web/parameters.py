"""The parameters of a GraphQL request, read from the body of a POST or the query string of a GET."""

import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

import orjson
from starlette.datastructures import QueryParams
from starlette.requests import Request

from gateway.errors import TransportError
from gateway.schema.execution import OperationRequest
from gateway.web.media_types import is_json_in_utf8
from gateway.web.stored_documents import StoredDocuments

# Digits of an event's number: they fit 63 bits.
LONGEST_EVENT_ID = 18

# The greatest age of an answer that was not looked after since, seconds.
MAX_AGE_S = 60.0
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})(?![\d.])", re.IGNORECASE)

# The server in front takes 64 KiB of head at most and answers more in its own words; we refuse before.
MAX_QUERY_STRING_BYTES = 48 * 1024


async def read_post(request: Request, max_body_bytes: int, documents: StoredDocuments) -> OperationRequest:
    """Return what a POST asks for; raise TransportError if its type, length or content cannot be taken."""
    content_types = request.headers.getlist("content-type")
    if len(content_types) != 1 or not is_json_in_utf8(content_types[0]):
        raise TransportError(
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            "send the request as application/json in UTF-8, and say so in Content-Type",
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise TransportError(415, "UNSUPPORTED_MEDIA_TYPE", "send the body without a content encoding")
    body = await _read_body(request, max_body_bytes)
    content = _from_json(body, "the body")
    if isinstance(content, list):
        raise TransportError(400, "BATCHING_REFUSED", "lists of requests are not answered; send one request")
    if not isinstance(content, dict):
        raise TransportError(400, "BAD_REQUEST", "the body must be a JSON object with the key 'query'")
    return _operation_request(content, documents)


def read_get(request: Request, max_query_bytes: int, documents: StoredDocuments) -> OperationRequest:
    """Return what a GET asks for; raise TransportError if its parameters cannot be read."""
    query_string: bytes = request.scope["query_string"]
    max_query_bytes = min(max_query_bytes, MAX_QUERY_STRING_BYTES)
    if len(query_string) > max_query_bytes:
        raise TransportError(
            414,
            "BODY_TOO_LARGE",
            f"the query string has {len(query_string)} bytes; the limit is {max_query_bytes}",
        )
    try:
        unquote_to_bytes(query_string).decode()
    except UnicodeDecodeError as error:
        raise TransportError(400, "BAD_REQUEST", "the query string is not UTF-8") from error
    parameters: dict[str, object] = {}
    for name in ("query", "documentId", "operationName", "variables", "extensions"):
        text = _single(request.query_params, name)
        if text is not None:
            is_json = name in {"variables", "extensions"}
            parameters[name] = _from_json(text.encode(errors="replace"), f"'{name}'") if is_json else text
    return _operation_request(parameters, documents)


def read_last_event_id(request: Request) -> int | None:
    """Return the number in Last-Event-ID, None without the header; raise TransportError for anything else."""
    text = request.headers.get("last-event-id", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_EVENT_ID):
        raise TransportError(400, "BAD_REQUEST", "Last-Event-ID is not the id of one of our events")
    return int(text)


def read_max_age(request: Request) -> float:
    """Return how old an answer the caller takes, seconds: `max-age` of Cache-Control, 0 without it.

    Nobody gets an answer older than MAX_AGE_S, whatever they would take.
    """
    found = _MAX_AGE.search(",".join(request.headers.getlist("cache-control")))
    return min(float(found[1]), MAX_AGE_S) if found else 0.0


def _single(parameters: QueryParams, name: str) -> str | None:
    values = parameters.getlist(name)
    if len(values) > 1:
        raise TransportError(400, "BAD_REQUEST", f"'{name}' is given {len(values)} times")
    return values[0] if values else None


async def _read_body(request: Request, max_body_bytes: int) -> bytes:
    """Read the body as it comes, and stop as soon as it is too long: what is refused is never held."""
    declared = request.headers.get("content-length", "0")
    if not (declared.isascii() and declared.isdecimal()):
        raise TransportError(400, "BAD_REQUEST", "the content length is not a number")
    too_large = TransportError(
        413, "BODY_TOO_LARGE", f"the body has more than {max_body_bytes} bytes; the limit is {max_body_bytes}"
    )
    # Compared by length first: Python refuses to read numbers of thousands of digits.
    if len(declared) > len(str(max_body_bytes)) + 1 or int(declared) > max_body_bytes:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_body_bytes:
            raise too_large
    return bytes(body)


def _from_json(text: bytes, what: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise TransportError(
            400, "BAD_REQUEST", f"{what} is not JSON in UTF-8: line {error.lineno}, column {error.colno}"
        ) from error


def _operation_request(parameters: Mapping[str, object], documents: StoredDocuments) -> OperationRequest:
    query = _document(parameters, documents)
    operation_name = parameters.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise TransportError(400, "BAD_REQUEST", "'operationName' must be a string or null")
    return OperationRequest(
        query=query,
        operation_name=operation_name,
        variables=_object(parameters, "variables"),
        extensions=_object(parameters, "extensions"),
    )


def _document(parameters: Mapping[str, object], documents: StoredDocuments) -> str:
    query = parameters.get("query")
    document_id = parameters.get("documentId")
    if document_id is None:
        if not isinstance(query, str) or not query:
            raise TransportError(
                400, "BAD_REQUEST", "the request must have a document in 'query', as a string"
            )
        documents.check(query)
        return query
    if query is not None:
        raise TransportError(400, "BAD_REQUEST", "give either 'query' or 'documentId', not both")
    if not isinstance(document_id, str):
        raise TransportError(400, "BAD_REQUEST", "'documentId' must be a string")
    return documents.text_of(document_id)


def _object(parameters: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = parameters.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TransportError(400, "BAD_REQUEST", f"'{name}' must be an object or null")
    return value
