"""What a client must know of a GraphQL document: what it does, and how to turn the pages of its list."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.errors import InputError

# A page that is large enough to be worth a request, and far below what a gateway gives at most.
PAGE: Final = 500
CURSOR: Final = "pageCursor"

_TOKEN: Final = re.compile(
    r'(?P<text>"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*")'
    r"|(?P<skipped>[\s,\ufeff]+|#[^\n]*)"
    r"|(?P<token>\.\.\.|[$@]?[A-Za-z_]\w*|-?\d[\w.+-]*|[{}()\[\]:=!|&$@])",
    re.DOTALL,
)
_OPENING: Final = {"{": "}", "(": ")", "[": "]"}


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Paged:
    """A document whose list is read page by page: `cursor` is the variable, `field` the list's name."""

    document: str
    field: str


def kind_of(document: str) -> str:
    """Return `query`, `mutation` or `subscription`: of several operations what is not a query counts."""
    kinds = {
        token.text
        for token in _outside(_tokens(document))
        if token.text in {"query", "mutation", "subscription"}
    }
    return next((kind for kind in ("mutation", "subscription") if kind in kinds), "query")


def paged(document: str) -> Paged:
    """Return the document with what turning pages needs: the cursor, a page size, and `pageInfo`.

    Raises InputError unless it is one query for one list whose `nodes` are asked for.
    """
    tokens = _tokens(document)
    if kind_of(document) != "query":
        raise InputError("a frame is made of a query, and not of a change or a subscription")
    root = _root(tokens)
    if root is None or root + 2 >= len(tokens):
        raise InputError("this is no GraphQL query: it has no { ... }")
    field = root + 1
    name = tokens[field].text
    at = field + 1
    if tokens[at].text == ":":
        at += 2
    arguments = None
    if at < len(tokens) and tokens[at].text == "(":
        arguments = (at, _closing(tokens, at))
        at = arguments[1] + 1
    if at >= len(tokens) or tokens[at].text != "{":
        raise InputError(f"{name} is no list with `nodes`, so there are no pages to turn")
    end = _closing(tokens, at)
    selected = [token.text for token in _outside(tokens[at + 1 : end])]
    if end + 1 >= len(tokens) or tokens[end + 1].text != "}":
        raise InputError("a frame is made of one list; ask for the others in frames of their own")
    if "nodes" not in selected:
        raise InputError(f"{name} asks for no rows; write {name} {{ nodes {{ ... }} }}")
    given = set()
    if arguments is not None:
        inside = tokens[arguments[0] + 1 : arguments[1]]
        given = {token.text for token in _outside(inside)}
    if given & {"after", "before", "last"}:
        raise InputError(f"leave `after`, `before` and `last` out of {name}: the pages are turned for you")
    inserted = f"after: ${CURSOR}" + ("" if "first" in given else f" first: {PAGE}")
    edits = [
        (tokens[at].end, " pageInfo { hasNextPage endCursor }"),
        (tokens[arguments[0]].end, f"{inserted} ")
        if arguments is not None
        else (tokens[at - 1].end, f"({inserted})"),
        _declaration(tokens, root),
    ]
    for place, text in sorted(edits, reverse=True):
        document = document[:place] + text + document[place:]
    return Paged(document, name)


def _declaration(tokens: Sequence[_Token], root: int) -> tuple[int, str]:
    """Where the cursor's declaration goes in, and how it reads there."""
    head = tokens[:root]
    if not head:
        return tokens[root].start, f"query (${CURSOR}: String) "
    named = 2 if len(head) > 1 and head[1].text[0] not in "@(" else 1
    if len(head) > named and head[named].text == "(":
        return head[named].end, f"${CURSOR}: String "
    return head[named - 1].end, f"(${CURSOR}: String)"


def _root(tokens: Sequence[_Token]) -> int | None:
    """Where the operation's selection begins: the first brace that stands in no other bracket."""
    place = 0
    while place < len(tokens) and tokens[place].text != "{":
        place = _closing(tokens, place) + 1 if tokens[place].text in _OPENING else place + 1
    return place if place < len(tokens) else None


def _tokens(document: str) -> list[_Token]:
    found = []
    place = 0
    while place < len(document):
        match = _TOKEN.match(document, place)
        if match is None:
            raise InputError(f"this is no GraphQL from {document[place : place + 20]!r} on")
        if match["skipped"] is None:
            found.append(_Token(match[0], match.start(), match.end()))
        place = match.end()
    return found


def _outside(tokens: Sequence[_Token]) -> Iterator[_Token]:
    """The tokens that stand in no bracket; names of arguments and fields, not what belongs to them."""
    depth = 0
    for token in tokens:
        if token.text in _OPENING:
            depth += 1
        elif token.text in _OPENING.values():
            depth -= 1
        elif depth == 0:
            yield token


def _closing(tokens: Sequence[_Token], opening: int) -> int:
    depth = 0
    for place in range(opening, len(tokens)):
        if tokens[place].text in _OPENING:
            depth += 1
        elif tokens[place].text in _OPENING.values():
            depth -= 1
            if depth == 0:
                return place
    raise InputError(f"the {tokens[opening].text} is never closed")
