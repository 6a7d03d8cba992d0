"""File lists by HTTP: `GET /files/PROD2025-013/RECO.R.txt`, an address a line, for TChain and xrdcp."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from hashlib import blake2b
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from gateway.auth.allowance import Allowance
from gateway.auth.permissions import Right
from gateway.auth.viewer import Viewer
from gateway.domain.file_lists import Entry, StoredFile
from gateway.domain.seeds import format_seeds
from gateway.errors import (
    GatewayError,
    InputError,
    MissingError,
    RefusedError,
    TooManyError,
    TransportError,
    UnauthenticatedError,
    UpstreamError,
)
from gateway.resolvers.file_lists import FileList, FileLists, FileWish

_NAME: Final = re.compile(r"(?P<step>[A-Z][A-Z0-9]{0,15})\.(?P<output>[A-Za-z]{1,8})\.(?P<form>txt|json)")
_FORM: Final = "/files/PROD2025-013/RECO.R.txt, which ends in .txt or .json"
_ASKED: Final = ("site", "protocol", "with", "attempt")
_MOST_MATCHED: Final = 4
_TXT: Final = "txt"
# What asking for a list costs by itself, in objects: it may ask Rucio for thousands of files.
READ_COST: Final = 1000
# Lines that are sent at once.
_CHUNK: Final = 500
# A header is read by people and proxies; which seeds are missing may be a long story.
_MOST_HEADER_CHARS: Final = 1000
# So long until Rucio is worth asking again.
_RETRY_S: Final = 30


def file_list_routes(
    lists: FileLists,
    viewer_of: Callable[[Request], Awaitable[Viewer]],
    allowance: Allowance | None,
) -> list[Route]:
    """Return the route; each line of a list costs its reader what an object of GraphQL costs."""

    async def answer(request: Request) -> Response:
        form = _TXT if request.url.path.endswith(".txt") else "json"
        try:
            viewer = await viewer_of(request)
            if not viewer.may(Right.READ):
                viewer.require(Right.READ_FILES)
            wish = _wish(request)
            # Before anything is read, here and in Rucio; what the list then holds costs as well.
            if allowance is not None:
                allowance.spend(viewer, READ_COST)
            found = await lists.read(wish)
            if allowance is not None:
                allowance.owe(viewer, len(found.entries))
        except GatewayError as error:
            return _refusal(error, form)
        return await _response(request, found, form)

    return [Route("/files/{request}/{name}", answer, methods=["GET"])]


def _wish(request: Request) -> FileWish:
    named = _NAME.fullmatch(request.path_params["name"])
    if named is None:
        raise InputError(f"a list of files is asked for like {_FORM}")
    asked = request.query_params
    unknown = sorted(set(asked) - set(_ASKED))
    if unknown or len(asked.multi_items()) != len(asked):
        wrong = unknown[0][:40] if unknown else "one of them twice"
        raise InputError(f"a list takes {', '.join(_ASKED)}, and not {wrong}")
    matched = tuple(dict.fromkeys(one for one in asked.get("with", "").split(",") if one))
    if len(matched) > _MOST_MATCHED:
        raise InputError(f"a list is matched with at most {_MOST_MATCHED} others")
    attempt = asked.get("attempt")
    if attempt is not None and not (attempt.isascii() and attempt.isdigit() and 0 < len(attempt) < 10):
        raise InputError(f"attempt is a number from 1, not {attempt[:20]!r}")
    return FileWish(
        request=request.path_params["request"],
        step=named["step"],
        output=named["output"],
        scheme=asked.get("protocol", "root"),
        site=asked.get("site") or None,
        matched=matched,
        attempt=None if attempt is None else int(attempt),
    )


async def _response(request: Request, found: FileList, form: str) -> Response:
    head = _head(found)
    tag = await asyncio.to_thread(_tag, found, head, form)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"} | _counts(
        found
    )
    known = request.headers.get("if-none-match", "")
    if known.strip() == "*" or tag in [one.strip() for one in known.split(",")]:
        return Response(None, 304, headers)
    if form == _TXT:
        return StreamingResponse(_lines(found), 200, headers, "text/plain; charset=utf-8")
    head["takenAt"] = found.taken_at.isoformat()
    head["isStale"] = found.is_stale
    return StreamingResponse(_json(head, found), 200, headers, "application/json")


def _head(found: FileList) -> dict[str, object]:
    return {
        "output": found.output,
        "expected": found.expected,
        "listed": len(found.entries) - found.without_copy,
        "isComplete": found.is_complete,
        "missingSeeds": format_seeds(found.missing),
        "withoutSeed": sum(entry.seed is None for entry in found.entries),
        "withoutNumber": found.nameless,
        "withoutCopy": found.without_copy,
        "datasets": [{"did": one.did, "attempt": one.attempt, "files": one.files} for one in found.datasets],
    }


def _counts(found: FileList) -> dict[str, str]:
    missing = format_seeds(found.missing)
    if len(missing) > _MOST_HEADER_CHARS:
        missing = f"{missing[:_MOST_HEADER_CHARS].rpartition(',')[0]},..."
    return {
        "Files-Expected": str(found.expected),
        "Files-Listed": str(len(found.entries) - found.without_copy),
        "Files-Complete": "yes" if found.is_complete else "no",
        "Files-Taken-At": found.taken_at.isoformat(),
        **({"Files-Missing-Seeds": missing} if missing else {}),
        **({"Files-Stale": "rucio does not answer now"} if found.is_stale else {}),
    }


def _tag(found: FileList, head: Mapping[str, object], form: str) -> str:
    """The same for the same files, whenever they were asked for: weak, since the JSON says when."""
    digest = blake2b(orjson.dumps([form, head]), digest_size=16)
    for entry in found.entries:
        digest.update(orjson.dumps(_shown(entry)))
    return f'W/"{digest.hexdigest()}"'


def _lines(found: FileList) -> Iterator[bytes]:
    lines = [f"{entry.file.copies[0].url}\n" for entry in found.entries if entry.file.copies]
    for start in range(0, len(lines), _CHUNK):
        yield "".join(lines[start : start + _CHUNK]).encode()


def _json(head: Mapping[str, object], found: FileList) -> Iterator[bytes]:
    yield orjson.dumps(head)[:-1] + b',"files":['
    for start in range(0, len(found.entries), _CHUNK):
        part = b",\n".join(orjson.dumps(_shown(one)) for one in found.entries[start : start + _CHUNK])
        yield (b",\n" if start else b"\n") + part
    yield b"\n]}\n"


def _shown(entry: Entry) -> dict[str, object]:
    shown = {"seed": entry.seed, "attempt": entry.attempt, **_file(entry.file)}
    if entry.matched:
        shown["with"] = {output: _file(file) for output, file in entry.matched.items()}
    return shown


def _file(file: StoredFile) -> dict[str, object]:
    return {
        "name": file.name,
        "sizeBytes": file.size_bytes,
        "adler32": file.adler32,
        "url": file.copies[0].url if file.copies else None,
        "copies": [{"storage": copy.rse_name, "url": copy.url} for copy in file.copies],
    }


def _refusal(error: GatewayError, form: str) -> Response:
    """The refusal in words; as JSON in the shape of all others."""
    headers = {}
    match error:
        case TransportError():
            status = error.status
        case UnauthenticatedError():
            status, headers = 401, {"WWW-Authenticate": "Bearer"}
        case RefusedError():
            status = 403
        case MissingError():
            status = 404
        case TooManyError():
            status, headers = 429, {"Retry-After": str(error.retry_after_s)}
        case UpstreamError():
            status, headers = 503, {"Retry-After": str(_RETRY_S)}
        case InputError():
            status = 400
        case _:
            status = 500
    if form == _TXT:
        return Response(f"{error.message}\n", status, headers, "text/plain; charset=utf-8")
    body = {"errors": [{"message": error.message, "extensions": {"code": error.code}}]}
    return Response(orjson.dumps(body), status, headers, "application/json")
