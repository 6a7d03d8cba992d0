"""Media types as HTTP writes them: which one a request has, and which one its answer should have."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_TYPE = re.compile(rf"[ \t]*({_WORD})/({_WORD})[ \t]*")
_PARAMETER = re.compile(rf";[ \t]*(?:({_WORD})=({_WORD}|{_QUOTED}))?[ \t]*")
# A quote that nobody closes takes the rest: looked for from each place after it, it would cost the square.
_LIST_ITEM = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*(?:"|\\?\Z))+')
_WEIGHT = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type or range in lower case, with its parameters."""

    name: str
    parameters: Mapping[str, str]


def parse_media_type(text: str) -> MediaType | None:
    """Return the media type in a header field, None if it breaks the grammar (RFC 9110, 8.3.1)."""
    head = _TYPE.match(text)
    if head is None:
        return None
    parameters: dict[str, str] = {}
    position = head.end()
    while position < len(text):
        parameter = _PARAMETER.match(text, position)
        if parameter is None:
            return None
        position = parameter.end()
        name, value = parameter.groups()
        if name is None:
            continue
        if name.lower() in parameters:
            return None
        parameters[name.lower()] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
    return MediaType(f"{head[1]}/{head[2]}".lower(), parameters)


def is_json_in_utf8(content_type: str) -> bool:
    """Whether a Content-Type is exactly JSON in UTF-8, the one kind of body we read.

    A looser test lets another site send JSON as text/plain, for which a browser does not ask us first.
    """
    media_type = parse_media_type(content_type)
    if media_type is None or media_type.name != JSON:
        return False
    return all(name == "charset" and _is_utf8(value) for name, value in media_type.parameters.items())


def negotiate(accept: str | None, *, explicitly: bool = False) -> str | None:
    """Return the media type to answer with, None if none of ours is acceptable.

    Without the header, and for wildcards, it is application/json (GraphQL over HTTP, audits 80D8 and 47DE);
    with `explicitly` neither is enough, one of ours must be named.
    """
    if accept is None:
        return None if explicitly else JSON
    best: tuple[float, int, str] | None = None
    refused = set()
    for name, weight in _ranges(accept):
        if weight == 0:
            refused.add(name)
            continue
        match name:
            case "application/json" | "application/graphql-response+json":
                rank, answered = 1, str(name)
            case "application/*" | "*/*" if not explicitly:
                rank, answered = 0, JSON
            case _:
                continue
        # Among equals the first one listed stays: clients list what they like best first.
        if best is None or (weight, rank) > best[:2]:
            best = (weight, rank, answered)
    return best[2] if best is not None and best[2] not in refused else None


def accepts_events(accept: str | None) -> bool:
    """Whether an event stream is named as acceptable; wildcards do not name it."""
    return accept is not None and any(name == EVENT_STREAM and weight > 0 for name, weight in _ranges(accept))


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for item in _LIST_ITEM.findall(accept):
        media_type = parse_media_type(item)
        if media_type is None:
            continue
        parameters = dict(media_type.parameters)
        weight = parameters.pop("q", "1")
        if _WEIGHT.fullmatch(weight) is None:
            continue
        if any(name != "charset" or not _is_utf8(value) for name, value in parameters.items()):
            continue
        yield media_type.name, float(weight)


def _is_utf8(charset: str) -> bool:
    return charset.lower() in {"utf-8", "utf8"}
