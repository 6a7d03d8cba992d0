"""Answers that a client has already need not be sent again: ETag and 304 for stored documents asked by GET.

The tag stands for what an answer says: its data, and when each source was read. Ages are no part of it; who
keeps an answer counts them from `syncedAt`. So a tag is weak: two bodies of one tag may differ in their ages.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.schema.answers import Answer

# Kept by whoever asked, for themselves, and shown again only after asking here whether it still holds.
CACHE_CONTROL: Final = "private, no-cache"
_VARY: Final = "Accept, Authorization"
_KEPT_BY_304: Final = ("Gateway-Data-Version", "Age")
_AGE: Final = "ageSeconds"
_TAG: Final = re.compile(r'(?:W/)?("[^"]*")')


def revalidated(request: Request, answer: Answer, response: Response) -> Response:
    """Return the response with its tag, or 304 without a body if the client's is the same.

    For a GET of a stored document that was answered without errors; any other response passes as it is.
    """
    is_stored = request.method == "GET" and "documentId" in request.query_params
    if not is_stored or answer.problems or answer.data_json is None:
        return response
    tag = entity_tag(answer, response.media_type or "")
    if _is_known(request.headers.getlist("if-none-match"), tag):
        kept = {name: response.headers[name] for name in _KEPT_BY_304 if name in response.headers}
        response = Response(status_code=304, headers=kept)
    response.headers.update({"ETag": tag, "Cache-Control": CACHE_CONTROL, "Vary": _VARY})
    return response


def entity_tag(answer: Answer, media_type: str) -> str:
    """Return the weak tag of an answer in a media type."""
    digest = hashlib.blake2b(answer.data_json or b"", digest_size=16)
    digest.update(orjson.dumps([media_type, _without_ages(answer.extensions)], option=orjson.OPT_SORT_KEYS))
    return f'W/"{digest.hexdigest()}"'


def _without_ages(content: object) -> object:
    if isinstance(content, Mapping):
        # A reason may count seconds of silence; that a source is stale is said beside it.
        return {key: _without_ages(value) for key, value in content.items() if key not in {_AGE, "reason"}}
    return content


def _is_known(given: list[str], tag: str) -> bool:
    text = ",".join(given)
    if text.strip() == "*":
        return True
    # Compared weakly (RFC 9110, section 13.1.2): whether either of them is weak does not matter.
    return tag.removeprefix("W/") in _TAG.findall(text)
